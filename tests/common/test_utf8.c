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

START_TEST(repair_replaces_each_bad_byte_and_nothing_else)
{
	struct strbuf out = STRBUF_INIT(100);

	utf8_repair(&out, SLICE_LIT("a\xffỦ\xe1\xba"));
	ck_assert_slice_eq(
		strbuf_slice(&out), SLICE_LIT("a\xef\xbf\xbdỦ\xef\xbf\xbd\xef\xbf\xbd"));
	strbuf_done(&out);
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

TEST_MAIN("utf8", good_text_is_good, bad_text_is_bad,
	repair_replaces_each_bad_byte_and_nothing_else, what_is_shown_cannot_move_the_cursor)
