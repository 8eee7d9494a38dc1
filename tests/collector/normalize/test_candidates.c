#include "collector/normalize/candidates.h"

#include "collector/normalize/parsers.h"
#include "tests/support/check.h"

static const struct {
	const char *text;
	enum digits_form form;
} beginnings[] = {
	{"2026-03-07T19:06:53", DIGITS_ISO_T},
	{"2026-03-07 19:06:53", DIGITS_ISO_BLANK},
	{"2026-03-07", DIGITS_REST},
	{"2026-03-07-19", DIGITS_REST},
	{"2026-3-07 19", DIGITS_REST},
	{"2026/03/07", DIGITS_SLASHED},
	{"2026.03.07", DIGITS_YEAR},
	{"2026 Mar  7", DIGITS_YEAR},
	{"2026:03:07-19:06:53", DIGITS_REST},
	{"2001:db8::1 - -", DIGITS_REST},
	{"07-Mar-2026", DIGITS_DAY},
	{"3/7/26", DIGITS_DAY},
	{"7 Mar 2026", DIGITS_DAY},
	{"192.0.2.1 - -", DIGITS_DOTTED},
	{"07.03.2026", DIGITS_DOTTED},
	{"260307  9:46:45", DIGITS_RUN},
	{"20260307 19:06:53", DIGITS_RUN},
	{"1772859600.123", DIGITS_RUN},
	{"812:M 07 Mar", DIGITS_REST},
	{"1,2026/03/07", DIGITS_REST},
	{"2", DIGITS_REST},
	{"2026", DIGITS_REST},
	{"123456", DIGITS_RUN},
};

START_TEST(forms_are_told_by_the_first_bytes)
{
	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++)
		ck_assert_msg(
			digits_form_of(slice_str(beginnings[i].text)) == beginnings[i].form,
			"%s", beginnings[i].text);
}
END_TEST

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	(void)record;
	(void)context;
	return PARSED_NOT_MINE;
}

static const struct parser any = {.number = 2, .parse = parse};
static const struct parser iso = {.number = 1,
	.first_bytes = FIRST_BYTES_DIGITS "[",
	.digits = DIGITS(ISO_T) | DIGITS(ISO_BLANK),
	.parse = parse};
static const struct parser brace = {.number = 3, .first_bytes = "{", .parse = parse};
static const struct parser digit = {
	.number = 4, .first_bytes = FIRST_BYTES_DIGITS, .parse = parse};

/* Numbers of those that are asked, in order. */
static void assert_asked(
	const struct candidates *candidates, const char *text, const char *numbers)
{
	const struct parser *const *parser = candidates_of(candidates, slice_str(text));

	for (; *parser != NULL; parser++, numbers++)
		ck_assert_msg(*numbers == '0' + (*parser)->number, "%s", text);
	ck_assert_msg(*numbers == '\0', "%s", text);
}

START_TEST(only_those_that_can_claim_a_text_are_asked)
{
	struct candidates *candidates = calloc(1, sizeof(*candidates));

	ck_assert_ptr_nonnull(candidates);
	candidates_add(candidates, &iso);
	candidates_add(candidates, &any);
	candidates_add(candidates, &brace);
	candidates_add(candidates, &digit);
	assert_asked(candidates, "2026-03-07T10", "124");
	assert_asked(candidates, "2026-03-07 10", "124");
	assert_asked(candidates, "2026/03/07", "24");
	assert_asked(candidates, "192.0.2.1", "24");
	assert_asked(candidates, "[", "12");
	assert_asked(candidates, "{}", "23");
	assert_asked(candidates, "x", "2");
	assert_asked(candidates, "", "2");
	assert_asked(candidates, "\xff", "2");
	free(candidates);
}
END_TEST

TEST_MAIN("candidates", forms_are_told_by_the_first_bytes,
	only_those_that_can_claim_a_text_are_asked)
