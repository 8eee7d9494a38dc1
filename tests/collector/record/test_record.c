#include "collector/record/record.h"

#include "tests/support/check.h"

START_TEST(fields_grow_and_keep_their_order)
{
	struct arena arena;
	struct record record = {0};

	arena_init(&arena, 1 << 20);
	for (unsigned i = 0; i < RECORD_FIELDS_MAX; i++)
		ck_assert(record_add(&record, &arena, FIELD_MESSAGE, SLICE_LIT("x")));
	ck_assert(!record_add(&record, &arena, FIELD_MESSAGE, SLICE_LIT("x")));
	ck_assert_uint_eq(record.n_fields, RECORD_FIELDS_MAX);
	arena_done(&arena);
}
END_TEST

START_TEST(set_replaces_the_first)
{
	struct arena arena;
	struct record record = {0};

	arena_init(&arena, 1 << 16);
	ck_assert(record_add(&record, &arena, FIELD_USER_NAME, SLICE_LIT("a")));
	ck_assert(record_set(&record, &arena, FIELD_USER_NAME, SLICE_LIT("b")));
	ck_assert_uint_eq(record.n_fields, 1);
	ck_assert_slice_eq(record_get(&record, FIELD_USER_NAME), SLICE_LIT("b"));
	ck_assert(slice_absent(record_get(&record, FIELD_SOURCE_IP)));
	arena_done(&arena);
}
END_TEST

START_TEST(an_arena_at_its_limit_refuses)
{
	struct arena arena;
	struct record record = {0};

	arena_init(&arena, 64);
	ck_assert(!record_add(&record, &arena, FIELD_USER_NAME, SLICE_LIT("a")));
	ck_assert_uint_eq(record.n_fields, 0);
	arena_done(&arena);
}
END_TEST

START_TEST(names_go_both_ways)
{
	for (unsigned id = 1; id < FIELD_ID_MAX; id++) {
		struct slice name = field_name(id);

		if (!slice_absent(name))
			ck_assert_uint_eq(field_by_name(name), id);
	}
	ck_assert_slice_eq(field_name(FIELD_SOURCE_IP), SLICE_LIT("source.ip"));
	ck_assert_uint_eq(field_type(FIELD_SOURCE_PORT), FIELD_LONG);
	ck_assert_uint_eq(field_by_name(SLICE_LIT("no.such")), FIELD_NONE);
}
END_TEST

TEST_MAIN("record", fields_grow_and_keep_their_order, set_replaces_the_first,
	an_arena_at_its_limit_refuses, names_go_both_ways)
