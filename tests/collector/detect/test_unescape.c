#include "collector/detect/unescape.h"

#include "tests/support/check.h"

static void expect(const char *url, const char *opened)
{
	char out[64];

	ck_assert_slice_eq(url_unescape(slice_str(url), out, sizeof(out)), slice_str(opened));
}

START_TEST(escapes_are_opened_twice)
{
	expect("%2e%2E/", "../");
	expect("%252e%252e%252f", "../");
	expect("%25252e", "%2e");
	expect("\\x2e\\x2E", "..");
}
END_TEST

START_TEST(broken_escapes_stay)
{
	expect("%", "%");
	expect("%2", "%2");
	expect("%zz%2", "%zz%2");
	expect("\\x", "\\x");
	expect("\\x2", "\\x2");
	expect("100%", "100%");
}
END_TEST

START_TEST(blanks_of_all_kinds_become_one)
{
	expect("a+%20\t\r\n+b", "a b");
	expect("a/**/b/* x */c", "a b c");
	expect("a/* no end", "a/* no end");
	expect("/*/", "/*/");
}
END_TEST

START_TEST(what_does_not_fit_is_left_out)
{
	char out[4];

	ck_assert_slice_eq(url_unescape(SLICE_LIT("%41%42%43%44%45"), out, sizeof(out)),
		SLICE_LIT("ABCD"));
	ck_assert_uint_eq(url_unescape(SLICE_LIT(""), out, sizeof(out)).len, 0);
}
END_TEST

START_TEST(plain_urls_need_nothing)
{
	ck_assert(!url_is_escaped(SLICE_LIT("/a/b?c=d&e=f")));
	ck_assert(url_is_escaped(SLICE_LIT("/a%20b")));
	ck_assert(url_is_escaped(SLICE_LIT("/a/**/b")));
}
END_TEST

TEST_MAIN("unescape", escapes_are_opened_twice, broken_escapes_stay,
	blanks_of_all_kinds_become_one, what_does_not_fit_is_left_out, plain_urls_need_nothing)
