/* Any text: what is found in it lies in it, in order of its ends, and is one to itself. */
#include <assert.h>

#include "collector/normalize/masking/personal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct search {
	struct slice text;
	size_t behind; /* what was found last */
	unsigned n;
};

static bool on_found(void *user, enum personal_kind kind, size_t from, size_t to)
{
	struct search *search = user;
	char once[PERSONAL_EMAIL_MAX], twice[PERSONAL_EMAIL_MAX];

	assert(kind < PERSONAL_KINDS);
	assert(from < to && to > search->behind && to <= search->text.len);
	search->behind = to;
	const struct slice value =
		personal_canonical(kind, slice_of(search->text.ptr + from, to - from), once);
	assert(value.len <= PERSONAL_EMAIL_MAX);
	assert(slice_eq(personal_canonical(kind, value, twice), value));
	return ++search->n < 1000;
}

static void check_behind(struct slice text, size_t at)
{
	size_t from, to;

	if (!personal_number_behind(text, at, 40, 9, 12, &from, &to))
		return;
	assert(from >= at && from - at <= 40 && from < to && to <= text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct personal personal = {.wanted = {true, true, true, true}, .year = 2026};
	const struct slice text = slice_of(size ? (const void *)data : "", size);
	struct search search = {.text = text};

	assert(personal_add_phone_prefix(&personal, SLICE_LIT("091")) &&
		personal_add_phone_prefix(&personal, SLICE_LIT("0203")));
	(void)personal_find_numbers(&personal, text, on_found, &search);
	search = (struct search){.text = text};
	(void)personal_find_emails(text, on_found, &search);
	for (size_t at = 0; at <= size; at += size / 16 + 1)
		check_behind(text, at);
	return 0;
}
