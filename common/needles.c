#include "common/needles.h"

#include <assert.h>
#include <stdlib.h>

#include "common/needles_blocks.h"

enum { BUCKETS = 4096, LAST = 0xffff };

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
	bool in_blocks; /* the processor can */
	struct needles_blocks blocks;
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
	needles_blocks_init(&needles->blocks);
	for (size_t i = n; i-- > 0;) {
		add_pairs(needles, i);
		needles_blocks_add(&needles->blocks, needles->items[i].text);
	}
	needles->in_blocks = needles_blocks_possible();
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

struct scan {
	const struct needles *needles;
	struct slice text;
	needles_function *on_hit;
	void *user;
};

/* The needles that may stand at `at` by the pair at the window's end. */
static bool try_at(const struct scan *scan, unsigned bucket, size_t at)
{
	const struct needles *needles = scan->needles;

	for (uint16_t i = needles->first[bucket]; i != LAST; i = needles->items[i].next) {
		if (stands_at(&needles->items[i], scan->text, at) &&
			!scan->on_hit(scan->user, i, at))
			return false;
	}
	return true;
}

/* Windows that end at `end` and behind it, in jumps. */
static bool scan_jumps(const struct scan *scan, size_t end)
{
	const struct needles *needles = scan->needles;

	while (end <= scan->text.len) {
		unsigned bucket = bucket_of(scan->text.ptr + end - 2);
		size_t jump = needles->jump[bucket];

		if (jump == 0 && !try_at(scan, bucket, end - needles->window))
			return false;
		end += jump ? jump : 1;
	}
	return true;
}

/* The needles that begin at the places of a block. */
static bool try_places(const struct scan *scan, size_t block, unsigned places)
{
	for (; places != 0; places &= places - 1) {
		size_t at = block + (unsigned)__builtin_ctz(places);
		const char *end = scan->text.ptr + at + scan->needles->window;

		if (at + scan->needles->window <= scan->text.len &&
			!try_at(scan, bucket_of(end - 2), at))
			return false;
	}
	return true;
}

/* Block after block; the last one again covers places that were looked at. */
static bool scan_blocks(const struct scan *scan)
{
	const struct needles_blocks *blocks = &scan->needles->blocks;
	const char *text = scan->text.ptr;
	size_t last = scan->text.len - BLOCK_READ, at = 0;

	for (; at < last; at += BLOCK)
		if (!try_places(scan, at, needles_blocks_look(blocks, text + at)))
			return false;
	unsigned places = needles_blocks_look(blocks, text + last) >> (at - last);
	return try_places(scan, at, places) &&
	       scan_jumps(scan, last + BLOCK + scan->needles->window);
}

bool needles_scan(
	const struct needles *needles, struct slice text, needles_function *on_hit, void *user)
{
	const struct scan scan = {needles, text, on_hit, user};

	if (needles->n == 0 || text.len < needles->window)
		return true;
	if (needles->in_blocks && text.len >= BLOCK_READ)
		return scan_blocks(&scan);
	return scan_jumps(&scan, needles->window);
}
