#include "common/needles.h"

#include <assert.h>
#include <stdlib.h>

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

bool needles_scan(
	const struct needles *needles, struct slice text, needles_function *on_hit, void *user)
{
	size_t window = needles->window;

	if (needles->n == 0)
		return true;
	for (size_t end = window; end <= text.len;) {
		unsigned bucket = bucket_of(text.ptr + end - 2);
		size_t jump = needles->jump[bucket];

		if (jump == 0) {
			if (!try_at(needles, bucket, text, end - window, on_hit, user))
				return false;
			jump = 1;
		}
		end += jump;
	}
	return true;
}
