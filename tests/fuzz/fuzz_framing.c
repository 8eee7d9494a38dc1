/*
 * One byte of mode and of where it is split, then the stream. Split anywhere it gives the same
 * messages, each within its limit, none empty, and the same verdict.
 */
#include <assert.h>
#include <stddef.h>

#include "collector/ingest/syslog/framing.h"
#include "common/crc32c.h"

enum { MAX = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was heard, as a sum over it. */
struct heard {
	uint32_t sum;
	unsigned n;
};

static void hear(void *user, const struct framed *framed)
{
	struct heard *heard = user;

	assert(framed->bytes.len > 0 && framed->bytes.len <= MAX);
	assert(framed->whole >= framed->bytes.len);
	heard->sum = crc32c(heard->sum, framed->bytes.ptr, framed->bytes.len);
	heard->sum = crc32c(heard->sum, &framed->whole, sizeof(framed->whole));
	heard->sum = crc32c(heard->sum, &framed->unterminated, sizeof(framed->unterminated));
	heard->n++;
}

static bool run(enum framing_mode mode, struct slice bytes, size_t piece, struct heard *heard)
{
	struct framing framing;
	bool good = true;

	*heard = (struct heard){0};
	framing_init(&framing, mode, MAX, hear, heard);
	while (good && bytes.len > 0) {
		const size_t n = piece < bytes.len ? piece : bytes.len;

		good = framing_push(&framing, slice_head(bytes, n));
		bytes = slice_from(bytes, n);
	}
	if (good)
		framing_end(&framing);
	framing_done(&framing);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct heard whole, split;

	if (size == 0)
		return 0;

	const enum framing_mode mode = (enum framing_mode)(data[0] % 3);
	const struct slice bytes = slice_of(data + 1, size - 1);
	const bool good = run(mode, bytes, bytes.len, &whole);
	assert(run(mode, bytes, 1, &split) == good);
	assert(split.n == whole.n && split.sum == whole.sum);
	assert(run(mode, bytes, data[0] / 3 + 1, &split) == good);
	assert(split.n == whole.n && split.sum == whole.sum);
	return 0;
}
