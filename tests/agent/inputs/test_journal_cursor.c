#include "agent/inputs/journal_cursor.h"

#include "tests/support/check.h"

#define ID "c6d3cae49c824a10b9196b4958b61421"

static const char whole[] = "s=" ID ";i=1a;b=00112233445566778899aabbccddeeff;m=f4240;"
			    "t=60a24181e4000;x=32dfdb8b5b2a9f";

START_TEST(parts_of_a_cursor_are_read)
{
	struct journal_cursor cursor = journal_cursor_read(slice_str(whole));

	ck_assert_uint_eq(cursor.parts, CURSOR_WHOLE);
	ck_assert_uint_eq(cursor.seqnum, 26);
	ck_assert_uint_eq(cursor.seqnum_id.bytes[0], 0xc6);
	ck_assert_uint_eq(cursor.boot_id.bytes[15], 0xff);
	ck_assert_uint_eq(cursor.monotonic_us, 1000000);
	ck_assert_uint_eq(cursor.realtime_us, 1700000000000000);
	ck_assert_uint_eq(cursor.xor_hash, 0x32dfdb8b5b2a9f);
}
END_TEST

START_TEST(a_moment_and_unknown_parts_are_read)
{
	ck_assert_uint_eq(journal_cursor_read(SLICE_LIT("t=5")).parts, CURSOR_REALTIME);
	ck_assert_uint_eq(journal_cursor_read(SLICE_LIT("t=5;z=new thing;i=2")).parts,
		CURSOR_REALTIME | CURSOR_SEQNUM);
}
END_TEST

START_TEST(another_form_has_no_parts)
{
	static const char *const wrong[] = {"", ";", "t=", "t", "t=5;", "t=5;t=5", "t=5g",
		"t=12345678901234567", "s=12", "b=0", "s=" ID "0", "=5", "T5=5"};
	char longest[2 * JOURNAL_CURSOR_MAX];

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		ck_assert_msg(
			journal_cursor_read(slice_str(wrong[i])).parts == 0, "%s", wrong[i]);
	memset(longest, '0', sizeof(longest));
	memcpy(longest, "z=", 2);
	ck_assert_uint_eq(journal_cursor_read(slice_of(longest, sizeof(longest))).parts, 0);
}
END_TEST

START_TEST(an_entry_copied_under_another_number_is_the_same)
{
	struct journal_cursor a = journal_cursor_read(slice_str(whole)), b = a;

	b.seqnum++;
	b.seqnum_id.bytes[3]++;
	ck_assert(journal_cursor_same(&a, &b));
	b.xor_hash++;
	ck_assert(!journal_cursor_same(&a, &b));
	b = a;
	b.monotonic_us++;
	ck_assert(!journal_cursor_same(&a, &b));
	b = a;
	b.boot_id.bytes[7]++;
	ck_assert(!journal_cursor_same(&a, &b));
	b = a;
	b.realtime_us++;
	ck_assert(!journal_cursor_same(&a, &b));
	b = a;
	b.parts &= ~(unsigned)CURSOR_HASH;
	ck_assert(!journal_cursor_same(&a, &b));
}
END_TEST

START_TEST(numbers_compare_within_one_numbering)
{
	struct journal_cursor a = journal_cursor_read(slice_str(whole)), b = a;
	uint64_t n = 99;

	ck_assert(!journal_cursor_between(&a, &b, &n));
	b.seqnum += 1;
	ck_assert(journal_cursor_between(&a, &b, &n));
	ck_assert_uint_eq(n, 0);
	b.seqnum += 7;
	ck_assert(journal_cursor_between(&a, &b, &n));
	ck_assert_uint_eq(n, 7);
	ck_assert(!journal_cursor_between(&b, &a, &n));
	b.seqnum_id.bytes[0]++;
	ck_assert(!journal_cursor_between(&a, &b, &n));
}
END_TEST

TEST_MAIN("journal_cursor", parts_of_a_cursor_are_read, a_moment_and_unknown_parts_are_read,
	another_form_has_no_parts, an_entry_copied_under_another_number_is_the_same,
	numbers_compare_within_one_numbering)
