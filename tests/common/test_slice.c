#include "common/slice.h"

#include "tests/support/check.h"

START_TEST(cut_visits_every_part)
{
	struct slice rest = SLICE_LIT("a::b"), part;

	ck_assert(slice_cut(&rest, ':', &part));
	ck_assert_slice_eq(part, SLICE_LIT("a"));
	ck_assert(slice_cut(&rest, ':', &part));
	ck_assert_slice_eq(part, SLICE_LIT(""));
	ck_assert(slice_cut(&rest, ':', &part));
	ck_assert_slice_eq(part, SLICE_LIT("b"));
	ck_assert(!slice_cut(&rest, ':', &part));
}
END_TEST

START_TEST(cut_keeps_a_last_empty_part)
{
	struct slice rest = SLICE_LIT("a:"), part;

	ck_assert(slice_cut(&rest, ':', &part));
	ck_assert(slice_cut(&rest, ':', &part) && part.len == 0);
	ck_assert(!slice_cut(&rest, ':', &part));
}
END_TEST

START_TEST(a_part_is_within_by_its_place_and_not_by_its_bytes)
{
	char bytes[] = "abcabc";
	struct slice whole = slice_of(bytes + 1, 4);

	ck_assert(slice_is_within(whole, whole));
	ck_assert(slice_is_within(slice_of(bytes + 2, 3), whole));
	ck_assert(slice_is_within(slice_of(bytes + 5, 0), whole));
	ck_assert(!slice_is_within(slice_of(bytes, 1), whole));
	ck_assert(!slice_is_within(slice_of(bytes + 4, 2), whole));
	ck_assert(!slice_is_within(slice_of(bytes + 6, 0), whole));
	ck_assert(!slice_is_within(SLICE_LIT("bca"), whole));
	ck_assert(!slice_is_within(slice_of(bytes + 2, SIZE_MAX), whole));
}
END_TEST

START_TEST(numbers_stop_at_their_limit)
{
	uint64_t n = 7;

	ck_assert(slice_to_u64(SLICE_LIT("65535"), UINT16_MAX, &n) && n == 65535);
	ck_assert(!slice_to_u64(SLICE_LIT("65536"), UINT16_MAX, &n) && n == 65535);
	ck_assert(!slice_to_u64(SLICE_LIT(""), 9, &n));
	ck_assert(!slice_to_u64(SLICE_LIT("-1"), 9, &n));
	ck_assert(!slice_to_u64(SLICE_LIT("9"), 5, &n));
	ck_assert(slice_to_u64(SLICE_LIT("18446744073709551615"), UINT64_MAX, &n));
	ck_assert(n == UINT64_MAX);
	ck_assert(!slice_to_u64(SLICE_LIT("18446744073709551616"), UINT64_MAX, &n));
}
END_TEST

START_TEST(search_finds_the_first_or_the_end)
{
	struct slice text = SLICE_LIT("ab\0cab");

	ck_assert_uint_eq(slice_search(text, SLICE_LIT("cab")), 3);
	ck_assert_uint_eq(slice_search(text, SLICE_LIT("x")), text.len);
	ck_assert_uint_eq(slice_search(text, SLICE_LIT("")), 0);
	ck_assert_uint_eq(slice_find(text, '\0'), 2);
	ck_assert_uint_eq(slice_find(SLICE_NONE, 'a'), 0);
}
END_TEST

START_TEST(ends_and_case)
{
	ck_assert(slice_starts(SLICE_LIT("abc"), SLICE_LIT("ab")));
	ck_assert(!slice_starts(SLICE_LIT("a"), SLICE_LIT("ab")));
	ck_assert(slice_ends(SLICE_LIT("abc"), SLICE_LIT("bc")));
	ck_assert(slice_eq_nocase(SLICE_LIT("SSHd"), SLICE_LIT("sshD")));
	ck_assert(!slice_eq_nocase(SLICE_LIT("\xc3\x80"), SLICE_LIT("\xc3\xa0")));
	ck_assert_slice_eq(slice_trim(SLICE_LIT(" \ta b\t ")), SLICE_LIT("a b"));
	ck_assert_slice_eq(slice_trim(SLICE_LIT("  ")), SLICE_LIT(""));
}
END_TEST

TEST_MAIN("slice", cut_visits_every_part, cut_keeps_a_last_empty_part,
	a_part_is_within_by_its_place_and_not_by_its_bytes, numbers_stop_at_their_limit,
	search_finds_the_first_or_the_end, ends_and_case)
