/*
 * One byte of type, then a body; header and check sums are put right here, since no fuzzer
 * finds those. What reads must write, and read again, to the same. Any other type byte: the
 * rest is a header as it comes.
 */
#include <assert.h>
#include <stddef.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/frame.h"

enum {
	OUT_MAX = 6 << 20,
	BATCH_CRC_AT = 21,
	BATCH_CHUNK_AT = 25,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The body, the CRC of its chunk put right when it is a BATCH. */
static void add_body(struct strbuf *out, enum frame_type type, struct slice body)
{
	size_t at = out->len;

	strbuf_add(out, body);
	if (type == FRAME_BATCH && body.len > BATCH_CHUNK_AT)
		bytes_put_u32(out->ptr + at + BATCH_CRC_AT,
			crc32c(0, body.ptr + BATCH_CHUNK_AT, body.len - BATCH_CHUNK_AT));
}

static void check_body(enum frame_type type, struct slice bytes)
{
	const struct frame_header header = {type, (uint32_t)bytes.len};
	struct strbuf body = STRBUF_INIT(OUT_MAX), once = STRBUF_INIT(OUT_MAX);
	struct strbuf twice = STRBUF_INIT(OUT_MAX);
	struct frame_header again_header;
	struct frame frame, again;

	add_body(&body, type, bytes);
	if (frame_read_body(&header, strbuf_slice(&body), &frame) == FRAME_OK) {
		frame_write(&once, &frame);
		assert(!once.overflow && once.len <= FRAME_HEADER_SIZE + bytes.len);
		assert(frame_read_header(strbuf_slice(&once), &again_header) == FRAME_OK);
		assert(again_header.type == type);
		assert(frame_read_body(&again_header,
			       slice_from(strbuf_slice(&once), FRAME_HEADER_SIZE),
			       &again) == FRAME_OK);
		frame_write(&twice, &again);
		assert(slice_eq(strbuf_slice(&once), strbuf_slice(&twice)));
	}
	strbuf_done(&body);
	strbuf_done(&once);
	strbuf_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_header header;

	if (size == 0)
		return 0;

	struct slice rest = slice_of(data + 1, size - 1);
	if (data[0] >= FRAME_HELLO && data[0] <= FRAME_GOODBYE)
		check_body((enum frame_type)data[0], rest);
	else if (frame_read_header(rest, &header) == FRAME_OK)
		assert(header.body_size <= FRAME_BODY_MAX);
	return 0;
}
