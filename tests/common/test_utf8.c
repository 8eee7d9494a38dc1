#include "common/utf8.h"

#include "tests/support/check.h"

START_TEST(good_text_is_good)
{
	ck_assert(utf8_valid(SLICE_LIT("")));
	ck_assert(utf8_valid(SLICE_LIT("plain ascii, long enough for words")));
	ck_assert(utf8_valid(SLICE_LIT("Ủy ban nhân dân tỉnh Quảng Ninh \xf0\x9f\x9a\x80")));
	ck_assert(utf8_valid(SLICE_LIT("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf")));
}
END_TEST

START_TEST(bad_text_is_bad)
{
	static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",
		"\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xff", "\xe1\xba", "abcdefgh\xe1"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!utf8_valid(slice_str(bad[i])), "case %zu", i);
}
END_TEST

START_TEST(a_head_ends_with_a_whole_character)
{
	static const struct {
		const char *text;
		size_t max;
		const char *head;
	} cases[] = {
		{"abc", 3, "abc"},
		{"abc", 5, "abc"},
		{"abc", 2, "ab"},
		{"abc", 0, ""},
		{"a\xe1\xbb\xa6z", 3, "a"}, /* in the middle */
		{"a\xe1\xbb\xa6z", 4, "a\xe1\xbb\xa6"},
		{"\xf0\x9f\x98\x80z", 3, ""},
		{"\x80\x80\x80\x80\x80", 4, "\x80\x80\x80\x80"}, /* no characters at all */
		{"\xff\xe1\xbb", 2, "\xff\xe1"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_slice_eq(utf8_head(slice_str(cases[i].text), cases[i].max),
			slice_str(cases[i].head));
}
END_TEST

START_TEST(what_is_shown_cannot_move_the_cursor)
{
	struct strbuf out = STRBUF_INIT(256);

	utf8_show(&out, SLICE_LIT("L\xc3\xaa \033[2J\n\xff\xe2\x80\xae\xc2\x85\x7f."));
	ck_assert_str_eq(strbuf_cstr(&out),
		"L\xc3\xaa \\x1b[2J\\x0a\\xff\\xe2\\x80\\xae\\xc2\\x85\\x7f.");
	strbuf_done(&out);
}
END_TEST

TEST_MAIN("utf8", good_text_is_good, bad_text_is_bad, a_head_ends_with_a_whole_character,
	what_is_shown_cannot_move_the_cursor)
