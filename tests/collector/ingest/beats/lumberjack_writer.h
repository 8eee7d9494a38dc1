/* lumberjack_writer - frames of the Beats protocol, as a sender writes them */
#ifndef TESTS_COLLECTOR_INGEST_LUMBERJACK_WRITER_H
#define TESTS_COLLECTOR_INGEST_LUMBERJACK_WRITER_H

#include <stdlib.h>
#include <zlib.h>

#include "common/strbuf.h"
#include "tests/support/check.h"

static inline void write_u32(struct strbuf *out, uint32_t number)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		strbuf_add_byte(out, (char)(number >> shift));
}

static inline void write_window(struct strbuf *out, uint32_t size)
{
	strbuf_add_str(out, "2W");
	write_u32(out, size);
}

static inline void write_event(struct strbuf *out, uint32_t number, struct slice bytes)
{
	strbuf_add_str(out, "2J");
	write_u32(out, number);
	write_u32(out, (uint32_t)bytes.len);
	strbuf_add(out, bytes);
}

/* `frames` in a compressed frame. */
static inline void write_compressed(struct strbuf *out, struct slice frames)
{
	uLongf size = compressBound(frames.len);
	Bytef *packed = malloc(size);

	ck_assert_int_eq(compress(packed, &size, (const Bytef *)frames.ptr, frames.len), Z_OK);
	strbuf_add_str(out, "2C");
	write_u32(out, (uint32_t)size);
	strbuf_add(out, slice_of(packed, size));
	free(packed);
}

#endif
