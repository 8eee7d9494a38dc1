#include "common/needles.h"

#include <assert.h>
#include <stdlib.h>

enum { BUCKETS = 4096, LAST = 0xffff, LANES_MIN = 3 * NEEDLE_MAX / 2 };

struct needle {
	struct slice text; /* folded */
	uint16_t next;     /* with the same pair under the window's end; LAST = none */
};

struct needles {
	size_t window; /* bytes: length of the shortest */
	size_t n;
	uint8_t jump[BUCKETS];   /* by the pair at the window's end */
	uint16_t first[BUCKETS]; /* needles that may stand when the jump is 0 */
	struct needle *items;
	char *texts;
};

static unsigned char fold(char byte)
{
	return (unsigned char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
}

/* The same for a pair in either case; some other pairs share it, which only costs time. */
static inline unsigned bucket_of(const char *pair)
{
	unsigned a = (unsigned char)pair[0] | 0x20u, b = (unsigned char)pair[1] | 0x20u;

	return (a << 5 ^ b) % BUCKETS;
}

static void copy_texts(struct needles *needles, const struct slice *texts)
{
	size_t size = 0;

	for (size_t i = 0; i < needles->n; i++)
		size += texts[i].len;
	needles->texts = malloc(size ? size : 1);
	if (needles->texts == NULL)
		abort();

	char *to = needles->texts;
	for (size_t i = 0; i < needles->n; i++) {
		needles->items[i].text = slice_of(to, texts[i].len);
		for (size_t at = 0; at < texts[i].len; at++)
			*to++ = (char)fold(texts[i].ptr[at]);
	}
}

/* A pair that ends `distance` bytes before the window's end lets it jump no further. */
static void add_pairs(struct needles *needles, size_t number)
{
	struct needle *needle = &needles->items[number];

	for (size_t end = 2; end <= needles->window; end++) {
		unsigned bucket = bucket_of(needle->text.ptr + end - 2);
		size_t distance = needles->window - end;

		if (distance < needles->jump[bucket])
			needles->jump[bucket] = (uint8_t)distance;
		if (distance == 0) {
			needle->next = needles->first[bucket];
			needles->first[bucket] = (uint16_t)number;
		}
	}
}

struct needles *needles_new(const struct slice *texts, size_t n)
{
	struct needles *needles = calloc(1, sizeof(*needles));

	assert(n <= NEEDLES_MAX);
	if (needles == NULL)
		abort();
	needles->n = n;
	needles->items = calloc(n ? n : 1, sizeof(*needles->items));
	if (needles->items == NULL)
		abort();
	needles->window = NEEDLE_MAX;
	for (size_t i = 0; i < n; i++) {
		assert(texts[i].len >= NEEDLE_MIN && texts[i].len <= NEEDLE_MAX);
		if (texts[i].len < needles->window)
			needles->window = texts[i].len;
	}
	memset(needles->jump, (int)(needles->window - 1), sizeof(needles->jump));
	memset(needles->first, 0xff, sizeof(needles->first));
	copy_texts(needles, texts);
	for (size_t i = n; i-- > 0;)
		add_pairs(needles, i);
	return needles;
}

void needles_free(struct needles *needles)
{
	if (needles == NULL)
		return;
	free(needles->texts);
	free(needles->items);
	free(needles);
}

static bool stands_at(const struct needle *needle, struct slice text, size_t at)
{
	if (text.len - at < needle->text.len)
		return false;
	for (size_t i = 0; i < needle->text.len; i++) {
		if (fold(text.ptr[at + i]) != (unsigned char)needle->text.ptr[i])
			return false;
	}
	return true;
}

static bool try_at(const struct needles *needles, unsigned bucket, struct slice text, size_t at,
	needles_function *on_hit, void *user)
{
	for (uint16_t i = needles->first[bucket]; i != LAST; i = needles->items[i].next) {
		if (stands_at(&needles->items[i], text, at) && !on_hit(user, i, at))
			return false;
	}
	return true;
}

struct scan {
	const struct needles *needles;
	struct slice text;
	needles_function *on_hit;
	void *user;
	bool ended; /* by on_hit */
};

/* One step of a lane: the place of its window's next end. */
static inline size_t step(struct scan *scan, size_t end)
{
	const struct needles *needles = scan->needles;
	unsigned bucket = bucket_of(scan->text.ptr + end - 2);
	size_t jump = needles->jump[bucket];

	if (jump != 0)
		return end + jump;
	if (!try_at(needles, bucket, scan->text, end - needles->window, scan->on_hit,
		    scan->user))
		scan->ended = true;
	return end + 1;
}

/* Windows that end before `stop`. */
static void scan_lane(struct scan *scan, size_t end, size_t stop)
{
	while (end < stop && !scan->ended)
		end = step(scan, end);
}

/*
 * Each step waits for the loads of the one before it. Four lanes, a quarter of the windows
 * each, wait at the same time.
 */
static void scan_lanes(struct scan *scan)
{
	size_t a = scan->needles->window, quarter = (scan->text.len + 1 - a) / 4;
	size_t b = a + quarter, c = b + quarter, d = c + quarter;
	const size_t stop_a = b, stop_b = c, stop_c = d, stop_d = scan->text.len + 1;

	while (a < stop_a && b < stop_b && c < stop_c && d < stop_d && !scan->ended) {
		a = step(scan, a);
		b = step(scan, b);
		c = step(scan, c);
		d = step(scan, d);
	}
	scan_lane(scan, a, stop_a);
	scan_lane(scan, b, stop_b);
	scan_lane(scan, c, stop_c);
	scan_lane(scan, d, stop_d);
}

bool needles_scan(
	const struct needles *needles, struct slice text, needles_function *on_hit, void *user)
{
	struct scan scan = {needles, text, on_hit, user, false};

	if (needles->n == 0 || text.len < needles->window)
		return true;
	if (text.len < LANES_MIN)
		scan_lane(&scan, needles->window, text.len + 1);
	else
		scan_lanes(&scan);
	return !scan.ended;
}
