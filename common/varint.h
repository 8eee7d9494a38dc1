/*
 * varint - numbers of 1..10 bytes in files and frames, and reading them from foreign bytes
 *
 * Seven bits a byte, the lowest first, the top bit set on all but the last
 * byte (LEB128, as in Protocol Buffers). Signed numbers are folded first
 * (zigzag: 0, -1, 1, -2 ... become 0, 1, 2, 3 ...).
 *
 * A struct varint_reader walks foreign bytes: the first thing that does not
 * fit makes it `bad`, from then on everything reads as zero or empty; so a
 * parser reads all it wants and looks once. Loops over a count that was read
 * must look inside the loop too.
 */
#ifndef COMMON_VARINT_H
#define COMMON_VARINT_H

#include "common/slice.h"

enum { VARINT_SIZE_MAX = 10 };

/* Writes at most VARINT_SIZE_MAX bytes; returns behind the last. */
static inline char *varint_put(char *to, uint64_t value)
{
	while (value >= 0x80) {
		*to++ = (char)(value | 0x80);
		value >>= 7;
	}
	*to++ = (char)value;
	return to;
}

static inline uint64_t varint_fold(int64_t value)
{
	return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t varint_unfold(uint64_t value)
{
	return (int64_t)((value >> 1) ^ (0 - (value & 1)));
}

struct varint_reader {
	const char *at, *end;
	bool bad;
};

static inline struct varint_reader varint_reader(struct slice bytes)
{
	const char *at = bytes.ptr ? bytes.ptr : "";

	return (struct varint_reader){.at = at, .end = at + bytes.len};
}

/* Of a number of more than 64 bits or a cut one: 0, and bad. */
uint64_t varint_read_long(struct varint_reader *reader);

static inline uint64_t varint_read(struct varint_reader *reader)
{
	if (reader->at < reader->end && (unsigned char)*reader->at < 0x80)
		return (unsigned char)*reader->at++;
	return varint_read_long(reader);
}

/* A number of at most `max`; else 0, and bad. */
static inline uint64_t varint_read_max(struct varint_reader *reader, uint64_t max)
{
	uint64_t value = varint_read(reader);

	if (value <= max)
		return value;
	reader->bad = true;
	reader->at = reader->end;
	return 0;
}

/* `len` bytes as they stand; empty, never absent, when there are fewer. */
static inline struct slice varint_read_bytes(struct varint_reader *reader, uint64_t len)
{
	const char *at = reader->at;

	if (len > (size_t)(reader->end - at)) {
		reader->bad = true;
		reader->at = reader->end;
		return slice_of("", 0);
	}
	reader->at += len;
	return slice_of(at, (size_t)len);
}

/* All was read, and all of it was good. */
static inline bool varint_reader_done(const struct varint_reader *reader)
{
	return !reader->bad && reader->at == reader->end;
}

#endif
