/*
 * sldc_writer - packs as ECMA-321 says, for tests
 *
 * The longest match in the history, by trying each; what is asked for besides is written as
 * control symbols.
 */
#ifndef TESTS_COLLECTOR_INGEST_SLDC_WRITER_H
#define TESTS_COLLECTOR_INGEST_SLDC_WRITER_H

#include "common/strbuf.h"

enum sldc_symbol {
	SLDC_FLUSH,
	SLDC_SCHEME_1,
	SLDC_SCHEME_2,
	SLDC_FILE_MARK,
	SLDC_RECORD_END,
	SLDC_RESET_1,
	SLDC_RESET_2,
	SLDC_END = 15,
};

struct sldc_writer {
	struct strbuf *out;
	unsigned n_bits; /* of the last byte in use; 0 = all */
	char ring[1024];
	size_t written; /* since the reset */
	bool passes;    /* scheme 2 */
};

static inline void sldc_put_bits(struct sldc_writer *writer, unsigned value, unsigned n)
{
	while (n > 0) {
		if (writer->n_bits == 0)
			strbuf_add_byte(writer->out, 0);
		char *last = &writer->out->ptr[writer->out->len - 1];
		*last = (char)((unsigned char)*last | (value >> --n & 1)
							      << (7 - writer->n_bits));
		writer->n_bits = (writer->n_bits + 1) % 8;
	}
}

static inline void sldc_pad(struct sldc_writer *writer, unsigned unit)
{
	while (writer->n_bits != 0 || writer->out->len % unit != 0)
		sldc_put_bits(writer, 0, 1);
}

static inline void sldc_put_symbol(struct sldc_writer *writer, enum sldc_symbol symbol)
{
	sldc_put_bits(writer, 0x1ff0 | (unsigned)symbol, 13);
	if (symbol == SLDC_RESET_1 || symbol == SLDC_RESET_2)
		writer->written = 0;
	if (symbol == SLDC_RESET_1 || symbol == SLDC_SCHEME_1)
		writer->passes = false;
	if (symbol == SLDC_RESET_2 || symbol == SLDC_SCHEME_2)
		writer->passes = true;
	if (symbol == SLDC_FLUSH)
		sldc_pad(writer, 4);
}

static inline void sldc_remember(struct sldc_writer *writer, char byte)
{
	writer->ring[writer->written++ % sizeof(writer->ring)] = byte;
}

/* `position`, `count`: of a copy as they are written, whether they make sense or not. */
static inline void sldc_put_copy(struct sldc_writer *writer, unsigned position, unsigned count)
{
	sldc_put_bits(writer, 1, 1);
	if (count < 4)
		sldc_put_bits(writer, count - 2, 2);
	else if (count < 8)
		sldc_put_bits(writer, 0x8 | (count - 4), 4);
	else if (count < 16)
		sldc_put_bits(writer, 0x30 | (count - 8), 6);
	else if (count < 32)
		sldc_put_bits(writer, 0xe0 | (count - 16), 8);
	else
		sldc_put_bits(writer, 0xf00 | (count - 32), 12);
	sldc_put_bits(writer, position, 10);
}

/* Bytes that match from `distance` bytes back on, which may reach into themselves. */
static inline unsigned sldc_match(
	const struct sldc_writer *writer, struct slice rest, size_t distance)
{
	const size_t size = sizeof(writer->ring);
	unsigned n = 0;

	while (n < 271 && n < rest.len) {
		const char byte =
			n < distance ? writer->ring[(writer->written - distance + n) % size]
				     : rest.ptr[n - distance];

		if (rest.ptr[n] != byte)
			break;
		n++;
	}
	return n;
}

static inline unsigned sldc_best(
	const struct sldc_writer *writer, struct slice rest, size_t *distance)
{
	const size_t held = writer->written < 1024 ? writer->written : 1024;
	unsigned best = 1;

	for (size_t back = 1; back <= held; back++) {
		const unsigned n = sldc_match(writer, rest, back);

		if (n > best) {
			best = n;
			*distance = back;
		}
	}
	return best;
}

static inline void sldc_put_byte(struct sldc_writer *writer, char byte)
{
	sldc_put_bits(writer, (unsigned char)byte, writer->passes ? 8 : 9);
	if (writer->passes && byte == (char)0xff)
		sldc_put_bits(writer, 0, 1);
	sldc_remember(writer, byte);
}

static inline void sldc_put(struct sldc_writer *writer, struct slice bytes)
{
	while (bytes.len > 0) {
		size_t distance = 0;
		const unsigned n = writer->passes ? 1 : sldc_best(writer, bytes, &distance);

		if (n == 1)
			sldc_put_byte(writer, bytes.ptr[0]);
		else
			sldc_put_copy(writer,
				(unsigned)((writer->written - distance) % sizeof(writer->ring)),
				n);
		for (unsigned i = 0; n > 1 && i < n; i++)
			sldc_remember(writer, bytes.ptr[i]);
		bytes = slice_from(bytes, n);
	}
}

/* As Windows does: one record. `out` is empty. */
static inline void sldc_pack(struct slice bytes, struct strbuf *out)
{
	struct sldc_writer writer = {.out = out};

	sldc_put_symbol(&writer, SLDC_RESET_1);
	sldc_put(&writer, bytes);
	sldc_put_symbol(&writer, SLDC_RECORD_END);
	sldc_pad(&writer, 2);
}

#endif
