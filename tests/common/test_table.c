#include "common/table.h"

#include "tests/support/check.h"

START_TEST(counts_are_kept_per_key)
{
	struct table table;

	table_init(&table, sizeof(uint32_t), sizeof(uint64_t), 100000);
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t key = 0; key < 5000; key++) {
			bool is_new;
			uint64_t *value = table_put(&table, &key, &is_new);

			ck_assert_ptr_nonnull(value);
			ck_assert(is_new == (round == 0));
			*value += key;
		}
	}
	ck_assert_uint_eq(table.n, 5000);
	for (uint32_t key = 0; key < 5000; key++)
		ck_assert_uint_eq(*(uint64_t *)table_get(&table, &key), 3 * (uint64_t)key);
	uint32_t other = 5000;
	ck_assert_ptr_null(table_get(&table, &other));
	table_done(&table);
}
END_TEST

START_TEST(a_full_table_refuses_and_a_cleared_one_starts_over)
{
	struct table table;
	char key;

	table_init(&table, 1, 4, 3);
	for (key = 0; key < 3; key++)
		ck_assert_ptr_nonnull(table_put(&table, &key, NULL));
	ck_assert_ptr_null(table_put(&table, &key, NULL));
	key = 1;
	ck_assert_ptr_nonnull(table_put(&table, &key, NULL));
	table_clear(&table);
	ck_assert_ptr_null(table_get(&table, &key));
	ck_assert_ptr_nonnull(table_put(&table, &key, NULL));
	ck_assert_uint_eq(table.n, 1);
	table_done(&table);
}
END_TEST

TEST_MAIN("table", counts_are_kept_per_key, a_full_table_refuses_and_a_cleared_one_starts_over)
