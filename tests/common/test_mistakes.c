#include "common/mistakes.h"

#include "tests/support/check.h"

START_TEST(a_mistake_is_a_line_with_its_place)
{
	struct strbuf out = STRBUF_INIT(4096);
	struct mistakes mistakes = mistakes_into(&out, "x.yaml");

	ck_assert(mistakes_end(&mistakes));
	mistake_add(&mistakes, (struct pos){.line = 3, .column = 9}, "no %s", "good");
	mistake_add(&mistakes, (struct pos){0}, "empty");
	ck_assert(!mistakes_end(&mistakes));
	ck_assert_str_eq(strbuf_cstr(&out), "x.yaml:3:9: no good\nx.yaml: empty\n");
	strbuf_done(&out);
}
END_TEST

static void check_quoted(const char *text, const char *expected)
{
	ck_assert_str_eq(MISTAKE_TEXT(slice_str(text)), expected);
}

START_TEST(text_of_the_file_cannot_play_tricks)
{
	check_quoted("", "''");
	check_quoted("Tỉnh", "'Tỉnh'");
	check_quoted("a\x1b[2J\n", "'a\\x1b[2J\\x0a'");
	check_quoted("a\xff", "'a\\xff'");
	check_quoted("\xc2\x9b"
		     "31m",
		"'\\xc2\\x9b31m'");
	check_quoted("a\xe2\x80\xae"
		     "b",
		"'a\\xe2\\x80\\xae"
		"b'");
	check_quoted("\xe2\x81\xa6", "'\\xe2\\x81\\xa6'");
}
END_TEST

START_TEST(long_text_is_cut_between_characters)
{
	char text[MISTAKE_TEXT_MAX + 2];

	memset(text, 'a', sizeof(text));
	struct slice whole = slice_of(text, MISTAKE_TEXT_MAX);
	ck_assert_uint_eq(strlen(MISTAKE_TEXT(whole)), MISTAKE_TEXT_MAX + 2);
	memcpy(text + MISTAKE_TEXT_MAX - 1, "\xe1\xba\xa1", 3);
	const char *shown = MISTAKE_TEXT(slice_of(text, sizeof(text)));
	ck_assert_uint_eq(strlen(shown), MISTAKE_TEXT_MAX - 1 + 5);
	ck_assert_str_eq(shown + MISTAKE_TEXT_MAX - 1, "a...'");
	memset(text, 0x01, sizeof(text));
	ck_assert_uint_eq(
		strlen(MISTAKE_TEXT(slice_of(text, sizeof(text)))), 4 * MISTAKE_TEXT_MAX + 5);
}
END_TEST

TEST_MAIN("mistakes", a_mistake_is_a_line_with_its_place, text_of_the_file_cannot_play_tricks,
	long_text_is_cut_between_characters)
