#include "collector/national/shown.h"

#include <stdio.h>

#include "tests/support/check.h"

static void check_shown(struct slice text, const char *expected)
{
	ck_assert_str_eq(SHOWN(text), expected);
}

START_TEST(text_of_others_cannot_steer_a_terminal)
{
	check_shown(SLICE_LIT("Sở Y tế"), "Sở Y tế");
	check_shown(SLICE_LIT("a\x1b[2J\n\x7f\xff"), "a\\x1b[2J\\x0a\\x7f\\xff");
	check_shown(SLICE_LIT("\xe2\x80\xaegnp.exe"), "\\xe2\\x80\\xaegnp.exe");
	check_shown(SLICE_NONE, "");
}
END_TEST

START_TEST(long_text_is_cut_between_characters)
{
	char text[SHOWN_TEXT_MAX + 3];
	struct shown shown;

	for (size_t at = 0; at + 3 <= sizeof(text); at += 3)
		memcpy(text + at, "\xe1\xbb\x87", 3); /* one character */
	shown_text(&shown, slice_of(text, sizeof(text) / 3 * 3));
	ck_assert_uint_eq(strlen(shown.text), SHOWN_TEXT_MAX / 3 * 3 + 3);
	ck_assert_str_eq(shown.text + SHOWN_TEXT_MAX / 3 * 3, "...");
	memset(text, '\x01', sizeof(text)); /* as long as it can get */
	shown_text(&shown, slice_of(text, sizeof(text)));
	ck_assert_uint_eq(strlen(shown.text), SHOWN_TEXT_MAX * 4 + 3);
}
END_TEST

START_TEST(lists_are_broken_before_the_last_column)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct shown_list list = {.out = out, .indent = 4, .column = 4};

	for (unsigned i = 0; i < 10; i++)
		shown_add(&list, SLICE_LIT("name-of-ten"), SLICE_LIT("value-of-eleven"));
	shown_end(&list);
	fclose(out);
	struct slice rest = slice_of(text, len), line;
	unsigned lines = 0;
	while (slice_cut(&rest, '\n', &line) && line.len > 0) {
		ck_assert_uint_le(line.len, SHOWN_COLUMNS);
		ck_assert(lines == 0 || slice_starts(line, SLICE_LIT("    name")));
		lines++;
	}
	ck_assert_uint_eq(lines, 4);
	free(text);
}
END_TEST

START_TEST(a_list_of_nothing_says_so)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct shown_list list = {.out = out};

	shown_end(&list);
	fclose(out);
	ck_assert_str_eq(text, "nothing\n");
	free(text);
}
END_TEST

TEST_MAIN("shown", text_of_others_cannot_steer_a_terminal, long_text_is_cut_between_characters,
	lists_are_broken_before_the_last_column, a_list_of_nothing_says_so)
