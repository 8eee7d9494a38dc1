#include "collector/normalize/masking/edits.h"

/* The first edit that ends behind `at`. */
static unsigned find(const struct edits *edits, size_t at)
{
	unsigned low = 0, high = edits->n;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (edits->items[middle].to <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool edits_have(const struct edits *edits, size_t at)
{
	unsigned i = find(edits, at);

	return i < edits->n && edits->items[i].from <= at;
}

enum edits_result edits_add(struct edits *edits, size_t from, size_t to, struct slice with)
{
	unsigned at = find(edits, from);

	if (at < edits->n && edits->items[at].from < to)
		return EDITS_OVERLAP;
	if (edits->n == EDITS_MAX)
		return EDITS_FULL;
	memmove(&edits->items[at + 1], &edits->items[at],
		(edits->n - at) * sizeof(*edits->items));
	edits->items[at] = (struct edit){from, to, with};
	edits->n++;
	return EDITS_TAKEN;
}

static size_t size_after(const struct edits *edits, size_t len)
{
	for (unsigned i = 0; i < edits->n; i++)
		len = len - (edits->items[i].to - edits->items[i].from) +
		      edits->items[i].with.len;
	return len;
}

static char *put(char *to, const char *from, size_t len)
{
	memcpy(to, from, len);
	return to + len;
}

bool edits_apply(const struct edits *edits, struct arena *arena, struct slice *text)
{
	size_t len = size_after(edits, text->len), at = 0;
	char *copy = arena_alloc(arena, len), *to = copy;

	if (copy == NULL)
		return false;
	for (unsigned i = 0; i < edits->n; i++) {
		const struct edit *edit = &edits->items[i];

		to = put(to, text->ptr + at, edit->from - at);
		to = put(to, edit->with.ptr, edit->with.len);
		at = edit->to;
	}
	(void)put(to, text->ptr + at, text->len - at);
	*text = slice_of(copy, len);
	return true;
}

size_t edits_place(const struct edits *edits, size_t at, bool is_end)
{
	size_t taken = 0, put_in = 0;

	for (unsigned i = 0; i < edits->n && edits->items[i].from < at; i++) {
		const struct edit *edit = &edits->items[i];

		if (edit->to > at)
			return edit->from - taken + put_in + (is_end ? edit->with.len : 0);
		taken += edit->to - edit->from;
		put_in += edit->with.len;
	}
	return at - taken + put_in;
}
