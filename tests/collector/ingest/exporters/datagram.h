/* datagram - export datagrams put together by hand, and what is read of them */
#ifndef TESTS_COLLECTOR_INGEST_EXPORTERS_DATAGRAM_H
#define TESTS_COLLECTOR_INGEST_EXPORTERS_DATAGRAM_H

#include "collector/ingest/exporters/exporters.h"
#include "common/clock.h"
#include "common/strbuf.h"
#include "tests/support/check.h"

enum { DATAGRAM_SIZE = 65535 };

struct bytes {
	unsigned char at[DATAGRAM_SIZE];
	size_t n;
};

static inline void put8(struct bytes *bytes, uint64_t value)
{
	ck_assert_uint_lt(bytes->n, DATAGRAM_SIZE);
	bytes->at[bytes->n++] = (unsigned char)value;
}

static inline void put16(struct bytes *bytes, uint64_t value)
{
	put8(bytes, value >> 8);
	put8(bytes, value);
}

static inline void put32(struct bytes *bytes, uint64_t value)
{
	put16(bytes, value >> 16);
	put16(bytes, value);
}

static inline void put64(struct bytes *bytes, uint64_t value)
{
	put32(bytes, value >> 32);
	put32(bytes, value);
}

static inline void put_text(struct bytes *bytes, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put8(bytes, i < strlen(text) ? (unsigned char)text[i] : 0);
}

/* Set begins with a length that is not known yet: where it stands. */
static inline size_t begin_set(struct bytes *bytes, unsigned id)
{
	put16(bytes, id);
	put16(bytes, 0);
	return bytes->n - 4;
}

static inline void end_set(struct bytes *bytes, size_t at)
{
	const size_t len = bytes->n - at;

	bytes->at[at + 2] = (unsigned char)(len >> 8);
	bytes->at[at + 3] = (unsigned char)len;
}

/* Of IPFIX: the length of it all. */
static inline void end_message(struct bytes *bytes)
{
	end_set(bytes, 0);
}

static inline struct slice slice_of_bytes(const struct bytes *bytes)
{
	return slice_of(bytes->at, bytes->n);
}

/* Lines that were heard, each with a line end. */
static struct strbuf heard = STRBUF_INIT(8 << 20);
static unsigned n_heard;

static inline void hear(void *user, const struct export_line *line)
{
	(void)user;
	n_heard++;
	strbuf_add(&heard, line->json);
	strbuf_add_byte(&heard, '\n');
}

static inline int64_t read_of(struct exporters *exporters, const void *owner,
	const char *exporter, struct slice bytes, int64_t now_ms)
{
	struct export_datagram datagram = {
		.owner = owner,
		.bytes = bytes,
		.received_ns = 1,
		.now_ms = now_ms,
	};

	ck_assert(netaddr_parse(slice_str(exporter), &datagram.exporter));
	strbuf_reset(&heard);
	n_heard = 0;
	return exporters_read(exporters, &datagram);
}

static inline int64_t read_at(
	struct exporters *exporters, const char *exporter, struct slice bytes, int64_t now_ms)
{
	return read_of(exporters, NULL, exporter, bytes, now_ms);
}

static inline int64_t read_bytes(struct exporters *exporters, const struct bytes *bytes)
{
	return read_at(exporters, "192.0.2.1", slice_of_bytes(bytes), 1000);
}

static inline void check_heard(const char *wanted)
{
	ck_assert_str_eq(strbuf_cstr(&heard), wanted);
}

#endif
