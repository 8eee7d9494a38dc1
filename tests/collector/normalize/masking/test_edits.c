#include "collector/normalize/masking/edits.h"

#include <stdlib.h>

#include "tests/support/check.h"

START_TEST(pieces_are_replaced_in_any_order)
{
	struct edits edits = {0};
	struct slice text = SLICE_LIT("one two three four");
	struct arena arena;

	arena_init(&arena, 1 << 10);
	ck_assert_int_eq(edits_add(&edits, 8, 13, SLICE_LIT("3")), EDITS_TAKEN);
	ck_assert_int_eq(edits_add(&edits, 0, 3, SLICE_LIT("eleven")), EDITS_TAKEN);
	ck_assert_int_eq(edits_add(&edits, 14, 18, SLICE_LIT("")), EDITS_TAKEN);
	ck_assert_int_eq(edits_add(&edits, 2, 5, SLICE_LIT("x")), EDITS_OVERLAP);
	ck_assert_int_eq(edits_add(&edits, 3, 9, SLICE_LIT("x")), EDITS_OVERLAP);
	ck_assert(edits_have(&edits, 2) && !edits_have(&edits, 3) && edits_have(&edits, 8));
	ck_assert(edits_apply(&edits, &arena, &text));
	ck_assert_slice_eq(text, SLICE_LIT("eleven two 3 "));
	arena_done(&arena);
}
END_TEST

START_TEST(places_are_found_again)
{
	struct edits edits = {0}; /* "one two three" -> "eleven two 3" */

	ck_assert_int_eq(edits_add(&edits, 0, 3, SLICE_LIT("eleven")), EDITS_TAKEN);
	ck_assert_int_eq(edits_add(&edits, 8, 13, SLICE_LIT("3")), EDITS_TAKEN);
	ck_assert_uint_eq(edits_place(&edits, 0, false), 0);
	ck_assert_uint_eq(edits_place(&edits, 1, false), 0);
	ck_assert_uint_eq(edits_place(&edits, 1, true), 6);
	ck_assert_uint_eq(edits_place(&edits, 3, false), 6);
	ck_assert_uint_eq(edits_place(&edits, 4, false), 7);
	ck_assert_uint_eq(edits_place(&edits, 8, false), 11);
	ck_assert_uint_eq(edits_place(&edits, 10, true), 12);
	ck_assert_uint_eq(edits_place(&edits, 13, true), 12);
}
END_TEST

START_TEST(there_is_an_end_to_them)
{
	struct edits edits = {0};

	for (size_t i = EDITS_MAX; i-- > 0;)
		ck_assert_int_eq(
			edits_add(&edits, i * 2, i * 2 + 1, SLICE_LIT("-")), EDITS_TAKEN);
	ck_assert_int_eq(edits_add(&edits, 1000, 1001, SLICE_LIT("-")), EDITS_FULL);
	for (unsigned i = 1; i < EDITS_MAX; i++)
		ck_assert_uint_lt(edits.items[i - 1].from, edits.items[i].from);
}
END_TEST

START_TEST(without_room_nothing_is_changed)
{
	struct edits edits = {0};
	struct slice text = SLICE_LIT("one");
	struct arena arena;

	arena_init(&arena, 4);
	ck_assert_int_eq(edits_add(&edits, 0, 3, SLICE_LIT("eleven")), EDITS_TAKEN);
	ck_assert(!edits_apply(&edits, &arena, &text));
	ck_assert_slice_eq(text, SLICE_LIT("one"));
	arena_done(&arena);
}
END_TEST

TEST_MAIN("edits", pieces_are_replaced_in_any_order, places_are_found_again,
	there_is_an_end_to_them, without_room_nothing_is_changed)
