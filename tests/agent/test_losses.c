#include "agent/losses.h"

#include <stdio.h>

#include "tests/support/check.h"

static void expect_offer(
	struct losses *losses, const char *source, uint32_t count, uint64_t bytes)
{
	struct frame_gap gap = losses_offer(losses);

	ck_assert_slice_eq(gap.source, slice_str(source));
	ck_assert_uint_eq(gap.count, count);
	ck_assert_uint_eq(gap.bytes, bytes);
}

START_TEST(losses_are_merged_by_source_and_reason)
{
	struct losses losses = {0};

	losses_add(&losses, SLICE_LIT("a"), GAP_QUEUE_FULL, 1, 10);
	losses_add(&losses, SLICE_LIT("b"), GAP_QUEUE_FULL, 2, 20);
	losses_add(&losses, SLICE_LIT("a"), GAP_ROTATED, 4, 40);
	losses_add(&losses, SLICE_LIT("a"), GAP_QUEUE_FULL, 8, 80);
	ck_assert_uint_eq(losses.n, 3);
	expect_offer(&losses, "a", 9, 90);
	losses_taken(&losses);
	expect_offer(&losses, "b", 2, 20);
	losses_taken(&losses);
	expect_offer(&losses, "a", 4, 40);
	losses_taken(&losses);
	ck_assert_uint_eq(losses.n, 0);
}
END_TEST

START_TEST(what_is_offered_stays_the_same_until_it_is_taken)
{
	struct losses losses = {0};

	losses_add(&losses, SLICE_LIT("a"), GAP_QUEUE_FULL, 3, 30);
	expect_offer(&losses, "a", 3, 30);
	losses_add(&losses, SLICE_LIT("a"), GAP_QUEUE_FULL, 4, 40);
	expect_offer(&losses, "a", 3, 30);
	losses_taken(&losses);
	expect_offer(&losses, "a", 4, 40);
	losses_taken(&losses);
	ck_assert_uint_eq(losses.n, 0);
}
END_TEST

START_TEST(bytes_alone_take_one_sequence)
{
	struct losses losses = {0};

	losses_add(&losses, SLICE_LIT("a"), GAP_TRUNCATED, 0, 0);
	losses_add(&losses, SLICE_LIT("b"), GAP_TRUNCATED, 0, 7);
	expect_offer(&losses, "a", 1, 0);
	losses_taken(&losses);
	expect_offer(&losses, "b", 1, 7);
	losses_taken(&losses);
	ck_assert_uint_eq(losses.n, 0);
}
END_TEST

START_TEST(more_than_an_entry_can_say_comes_in_pieces)
{
	struct losses losses = {0};

	losses_add(&losses, SLICE_LIT("a"), GAP_QUEUE_FULL, UINT64_C(5) << 32, 1);
	for (int i = 0; i < 5; i++) {
		expect_offer(&losses, "a", UINT32_MAX, i == 0);
		losses_taken(&losses);
	}
	expect_offer(&losses, "a", 5, 0);
	losses_taken(&losses);
	ck_assert_uint_eq(losses.n, 0);
}
END_TEST

START_TEST(too_many_sources_are_merged_by_reason)
{
	struct losses losses = {0};
	char name[16];
	uint64_t sum = 0;

	for (unsigned reason = 1; reason < GAP_REASON_COUNT; reason++)
		for (int i = 0; i < 100; i++) {
			snprintf(name, sizeof(name), "%d", i);
			losses_add(&losses, slice_str(name), (uint8_t)reason, 1, 1);
		}
	ck_assert_uint_le(losses.n, LOSSES_MAX);
	while (losses.n > 0) {
		sum += losses_offer(&losses).count;
		losses_taken(&losses);
	}
	ck_assert_uint_eq(sum, 100 * (GAP_REASON_COUNT - 1));
}
END_TEST

START_TEST(long_names_are_cut)
{
	struct losses losses = {0};
	char name[FRAME_TEXT_MAX + 9] = {0};

	losses_add(&losses, slice_of(name, sizeof(name)), GAP_QUEUE_FULL, 1, 1);
	losses_settle(&losses, slice_of(name, sizeof(name) - 1), GAP_QUEUE_FULL, 1, 1);
	ck_assert_uint_eq(losses.n, 0);
}
END_TEST

START_TEST(what_the_spool_has_is_settled)
{
	struct losses losses = {0};

	losses_add(&losses, SLICE_LIT("a"), GAP_QUEUE_FULL, 5, 50);
	losses_add(&losses, SLICE_LIT("b"), GAP_TRUNCATED, 0, 9);
	losses_settle(&losses, SLICE_LIT("c"), GAP_QUEUE_FULL, 5, 50);
	losses_settle(&losses, SLICE_LIT("a"), GAP_ROTATED, 5, 50);
	ck_assert_uint_eq(losses.n, 2);
	losses_settle(&losses, SLICE_LIT("a"), GAP_QUEUE_FULL, 2, 20);
	expect_offer(&losses, "a", 3, 30);
	/* More came to it before it was stored. */
	losses_settle(&losses, SLICE_LIT("a"), GAP_QUEUE_FULL, 10, 100);
	losses_settle(&losses, SLICE_LIT("b"), GAP_TRUNCATED, 1, 9);
	ck_assert_uint_eq(losses.n, 0);
	losses_add(&losses, SLICE_LIT("d"), GAP_QUEUE_FULL, 1, 1);
	losses_done(&losses);
	ck_assert_uint_eq(losses.n, 0);
}
END_TEST

TEST_MAIN("losses", losses_are_merged_by_source_and_reason,
	what_is_offered_stays_the_same_until_it_is_taken, bytes_alone_take_one_sequence,
	more_than_an_entry_can_say_comes_in_pieces, too_many_sources_are_merged_by_reason,
	long_names_are_cut, what_the_spool_has_is_settled)
