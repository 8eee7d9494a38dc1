/*
 * One byte that says how, then the stream: as it is, or as what a compressed frame holds. Split
 * anywhere it gives the same events, each within its limit, and the same verdict.
 */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <zlib.h>

#include "collector/ingest/beats/lumberjack.h"
#include "common/crc32c.h"

enum { MAX = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was heard, as a sum over it. */
struct heard {
	uint32_t sum;
	unsigned n;
};

static void hear(struct heard *heard, uint32_t number, struct slice bytes, uint64_t whole)
{
	assert(bytes.len <= MAX && whole >= bytes.len);
	heard->sum = crc32c(heard->sum, &number, sizeof(number));
	heard->sum = crc32c(heard->sum, bytes.ptr, bytes.len);
	heard->sum = crc32c(heard->sum, &whole, sizeof(whole));
	heard->n++;
}

/* False when it is broken. */
static bool push(struct lumberjack *lumberjack, struct slice bytes, struct heard *heard)
{
	struct lumberjack_event event;
	uint32_t window;

	for (;;) {
		switch (lumberjack_next(lumberjack, &bytes, &event, &window)) {
		case LUMBERJACK_MORE:
			assert(bytes.len == 0);
			return true;
		case LUMBERJACK_WINDOW:
			hear(heard, window, SLICE_LIT(""), 0);
			break;
		case LUMBERJACK_EVENT:
			assert(event.bytes.len > 0);
			hear(heard, event.number, event.bytes, event.whole);
			break;
		case LUMBERJACK_BROKEN:
			assert(lumberjack_trouble(lumberjack) != LUMBERJACK_FINE);
			return false;
		}
	}
}

static bool run(struct slice bytes, size_t piece, struct heard *heard)
{
	struct lumberjack *lumberjack = lumberjack_new(MAX);
	bool good = true;

	*heard = (struct heard){0};
	while (good && bytes.len > 0) {
		const size_t n = piece < bytes.len ? piece : bytes.len;

		good = push(lumberjack, slice_head(bytes, n), heard);
		bytes = slice_from(bytes, n);
	}
	lumberjack_free(lumberjack);
	return good;
}

static void check(struct slice bytes, size_t piece)
{
	struct heard whole, split;
	const bool good = run(bytes, bytes.len, &whole);

	assert(run(bytes, 1, &split) == good);
	assert(split.n == whole.n && split.sum == whole.sum);
	assert(run(bytes, piece, &split) == good);
	assert(split.n == whole.n && split.sum == whole.sum);
}

static void check_packed(struct slice frames, size_t piece)
{
	uLongf size = compressBound(frames.len);
	unsigned char *out = malloc(size + 6);

	if (out == NULL || compress(out + 6, &size, (const Bytef *)frames.ptr, frames.len))
		abort();
	out[0] = '2';
	out[1] = 'C';
	for (unsigned i = 0; i < 4; i++)
		out[2 + i] = (unsigned char)(size >> (24 - 8 * i));
	check(slice_of(out, size + 6), piece);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;

	const struct slice bytes = slice_of(data + 1, size - 1);
	const size_t piece = data[0] / 2 + 1;
	if (data[0] % 2)
		check_packed(bytes, piece);
	else
		check(bytes, piece);
	return 0;
}
