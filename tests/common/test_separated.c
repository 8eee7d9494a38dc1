#include "common/separated.h"

#include <stdio.h>

#include "tests/support/check.h"

/* The values of a line, in brackets; "!" where it cannot be read further. */
static const char *values_of(const char *line, char divider)
{
	static char text[256];
	struct slice rest = slice_str(line), value;
	size_t len = 0;

	text[0] = '\0';
	while (separated_take(&rest, divider, &value))
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "[%.*s]", SLICE_FMT(value));
	if (!slice_absent(rest))
		snprintf(text + len, sizeof(text) - len, "!");
	return text;
}

START_TEST(values_are_divided_and_quoted_ones_hold_dividers)
{
	ck_assert_str_eq(values_of("a,b,,c", ','), "[a][b][][c]");
	ck_assert_str_eq(values_of("a, \"b,c\" ,d", ','), "[a][b,c][d]");
	ck_assert_str_eq(values_of("\"a \"\"b\"\"\",c", ','), "[a \"\"b\"\"][c]");
	ck_assert_str_eq(values_of("\"\"", ','), "[]");
	ck_assert_str_eq(values_of("", ','), "[]");
	ck_assert_str_eq(values_of("a,", ','), "[a][]");
}
END_TEST

START_TEST(quotes_without_an_end_and_what_stands_behind_one_are_no_values)
{
	ck_assert_str_eq(values_of("a,\"b,c", ','), "[a]!");
	ck_assert_str_eq(values_of("\"a\"\"", ','), "!");
	ck_assert_str_eq(values_of("\"a\"b,c", ','), "!");
}
END_TEST

START_TEST(the_first_row_says_what_divides)
{
	ck_assert_int_eq(separated_divider(SLICE_LIT("a,b;c;d")), ';');
	ck_assert_int_eq(separated_divider(SLICE_LIT("\"a;b;c;d\",e")), ',');
	ck_assert_int_eq(separated_divider(SLICE_LIT("a\tb")), '\t');
	ck_assert_int_eq(separated_divider(SLICE_LIT("")), ',');
}
END_TEST

START_TEST(a_row_of_names_can_be_the_first)
{
	ck_assert(separated_names(SLICE_LIT("time,user,src_ip")));
	ck_assert(
		separated_names(SLICE_LIT("\xef\xbb\xbfTime,\"User full name\",Origin (UTC)")));
	ck_assert(separated_names(SLICE_LIT("Thời gian;Tài khoản;Địa chỉ IP")));
	ck_assert(!separated_names(SLICE_LIT("time,user")));
	ck_assert(!separated_names(SLICE_LIT("time,user,")));
	ck_assert(!separated_names(SLICE_LIT("2026-11-22,an,192.0.2.1")));
	ck_assert(!separated_names(SLICE_LIT("Nov 22 08:00:01 web01 sshd[7]: a, b, c")));
	ck_assert(!separated_names(SLICE_LIT("a,b,c\0d")));
}
END_TEST

TEST_MAIN("separated", values_are_divided_and_quoted_ones_hold_dividers,
	quotes_without_an_end_and_what_stands_behind_one_are_no_values,
	the_first_row_says_what_divides, a_row_of_names_can_be_the_first)
