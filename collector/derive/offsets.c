#include "collector/derive/offsets.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "common/bytes.h"
#include "common/clock.h"

enum {
	LINES_A_LIE = 20, /* one of so many may carry a stamp of something else */
	AGREE_MS = 30000, /* hours agree when they differ by no more ... */
	AGREE_PART = 10,  /* ... or than a tenth */
	MOST_MS = 24 * 86400 * 1000,
};

static int32_t bounded(int64_t ms)
{
	if (ms > MOST_MS)
		return MOST_MS;
	return ms < -MOST_MS ? -MOST_MS : (int32_t)ms;
}

static unsigned n_kept(const struct offsets *offsets)
{
	return offsets->n < OFFSETS_KEPT ? offsets->n : OFFSETS_KEPT;
}

/* One of 0..n, each as likely; the same again when the same line is read again. */
static uint64_t pick(uint32_t n, int64_t received_ns)
{
	const uint64_t hash = XXH3_64bits_withSeed(&received_ns, sizeof(received_ns), n);

	return (hash >> 32) * ((uint64_t)n + 1) >> 32;
}

void offsets_add(struct offsets *offsets, int64_t received_ns, int64_t created_ns)
{
	const int64_t behind_ns = clock_foreign(received_ns) - clock_foreign(created_ns);
	const uint32_t n = offsets->n;
	const uint64_t at = n < OFFSETS_KEPT ? n : pick(n, received_ns);

	if (at < OFFSETS_KEPT)
		offsets->kept[at] = bounded(behind_ns / CLOCK_NS_PER_MS);
	if (n < UINT32_MAX)
		offsets->n++;
}

static int compare(const void *a, const void *b)
{
	const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

void offsets_turn(struct offsets *offsets)
{
	if (offsets->n >= OFFSETS_LINES_MIN) {
		const unsigned n = n_kept(offsets);

		qsort(offsets->kept, n, sizeof(offsets->kept[0]), compare);
		memmove(offsets->hours + 1, offsets->hours,
			(OFFSETS_HOURS - 1) * sizeof(offsets->hours[0]));
		memmove(offsets->lines + 1, offsets->lines,
			(OFFSETS_HOURS - 1) * sizeof(offsets->lines[0]));
		offsets->hours[0] = offsets->kept[n / LINES_A_LIE];
		offsets->lines[0] = offsets->n;
	}
	offsets->n = 0;
}

static int64_t distance(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

static bool agree(int64_t a, int64_t b)
{
	const int64_t apart = distance(a, b);

	return apart <= AGREE_MS || apart <= distance(a, 0) / AGREE_PART;
}

enum offsets_confidence offsets_tell(const struct offsets *offsets, int32_t *ms)
{
	if (offsets->lines[0] == 0)
		return OFFSETS_UNKNOWN;
	*ms = offsets->hours[0];
	for (unsigned i = 1; i < OFFSETS_HOURS; i++) {
		if (offsets->lines[i] == 0 || !agree(offsets->hours[i], *ms))
			return OFFSETS_LOW;
	}
	return OFFSETS_HIGH;
}

void offsets_save(const struct offsets *offsets, char out[OFFSETS_SIZE])
{
	for (unsigned i = 0; i < OFFSETS_KEPT; i++, out += 4)
		bytes_put_u32(out, (uint32_t)offsets->kept[i]);
	bytes_put_u32(out, offsets->n);
	for (unsigned i = 0; i < OFFSETS_HOURS; i++) {
		bytes_put_u32(out + 4 + 8 * i, (uint32_t)offsets->hours[i]);
		bytes_put_u32(out + 8 + 8 * i, offsets->lines[i]);
	}
}

void offsets_load(struct offsets *offsets, struct slice bytes)
{
	const char *from = bytes.ptr;

	*offsets = (struct offsets){.n = 0};
	if (bytes.len != OFFSETS_SIZE)
		return;
	for (unsigned i = 0; i < OFFSETS_KEPT; i++, from += 4)
		offsets->kept[i] = (int32_t)bytes_get_u32(from);
	offsets->n = bytes_get_u32(from);
	for (unsigned i = 0; i < OFFSETS_HOURS; i++) {
		offsets->hours[i] = (int32_t)bytes_get_u32(from + 4 + 8 * i);
		offsets->lines[i] = bytes_get_u32(from + 8 + 8 * i);
	}
}
