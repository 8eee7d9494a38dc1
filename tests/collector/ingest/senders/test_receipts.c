#include "collector/ingest/senders/receipts.h"

#include <stdlib.h>

#include "tests/support/check.h"

static unsigned n_settled;

static void on_settled(void *user)
{
	(void)user;
	n_settled++;
}

/* Number of the next one that is settled; 0 = none is. `*ends` when a window does there. */
static uint32_t take(struct receipts *receipts, bool *ends)
{
	struct receipt *receipt = receipts_take(receipts);
	uint32_t number = 0;

	if (receipt != NULL) {
		number = receipt->number;
		*ends = receipt->ends_window;
		free(receipt);
	}
	return number;
}

START_TEST(runs_of_events_share_a_receipt)
{
	struct receipts one = {.on_settled = on_settled}, other = {.on_settled = on_settled};
	struct receipt_list list = {0};
	bool ends;

	n_settled = 0;
	for (uint32_t number = 1; number <= 5; number++)
		receipt_list_add(&list, &one, number, number == 3);
	receipt_list_add(&list, &other, 1, true);
	ck_assert_uint_eq(take(&one, &ends), 0);
	receipts_settle(&list, true);
	ck_assert_uint_eq(n_settled, 3);
	ck_assert_uint_eq(take(&one, &ends), 3);
	ck_assert(ends);
	ck_assert_uint_eq(take(&one, &ends), 5);
	ck_assert(!ends);
	ck_assert_uint_eq(take(&one, &ends), 0);
	ck_assert_uint_eq(take(&other, &ends), 1);
}
END_TEST

START_TEST(what_comes_home_first_waits_for_what_was_before)
{
	struct receipts one = {.on_settled = on_settled};
	struct receipt_list first = {0}, second = {0};
	bool ends;

	receipt_list_add(&first, &one, 1, false);
	receipt_list_add(&second, &one, 2, true);
	receipts_settle(&second, true);
	ck_assert_uint_eq(take(&one, &ends), 0);
	receipts_settle(&first, true);
	ck_assert_uint_eq(take(&one, &ends), 1);
	ck_assert_uint_eq(take(&one, &ends), 2);
	ck_assert_ptr_null(one.newest);
}
END_TEST

START_TEST(either_may_end_first)
{
	struct receipts one = {.on_settled = on_settled};
	struct receipt_list home = {0}, under_way = {0};

	n_settled = 0;
	receipt_list_add(&under_way, &one, 1, false);
	receipt_list_add(&home, &one, 2, true);
	receipts_settle(&home, true);
	receipts_close(&one);
	ck_assert_uint_eq(n_settled, 1);
	receipts_settle(&under_way, true); /* frees it; nobody hears */
	ck_assert_uint_eq(n_settled, 1);
	ck_assert_ptr_null(under_way.first);
}
END_TEST

START_TEST(a_window_may_end_before_it_is_full)
{
	struct receipts one = {.on_settled = on_settled};
	struct receipt_list list = {0};
	bool ends = false;

	ck_assert(!receipts_end_window(&one));
	receipt_list_add(&list, &one, 1, false);
	ck_assert(receipts_end_window(&one));
	receipt_list_add(&list, &one, 1, false);
	receipts_settle(&list, false);
	ck_assert_uint_eq(take(&one, &ends), 1);
	ck_assert(ends);
	struct receipt *last = receipts_take(&one);
	ck_assert_int_eq(last->state, RECEIPT_REFUSED);
	free(last);
}
END_TEST

TEST_MAIN("receipts", runs_of_events_share_a_receipt,
	what_comes_home_first_waits_for_what_was_before, either_may_end_first,
	a_window_may_end_before_it_is_full)
