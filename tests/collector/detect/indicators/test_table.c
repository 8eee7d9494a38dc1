#include <stdio.h>

#include "collector/detect/indicators/table.h"
#include "tests/support/check.h"

static struct indicator_key key;

static struct slice key_of(const char *text)
{
	ck_assert_ptr_null(indicator_read(INDICATOR_ANY, slice_str(text), &key));
	return indicator_key_bytes(&key);
}

static struct indicator_table *new_table(size_t most, size_t memory)
{
	return indicator_table_new((struct table_limits){most, memory});
}

START_TEST(many_are_found_and_others_are_not)
{
	struct indicator_table *table = new_table(100000, 64 << 20);
	struct indicator_fact fact = {.confidence = 50};
	char text[64];

	for (unsigned i = 0; i < 50000; i++) {
		snprintf(text, sizeof(text), "host%u.evil.example", i);
		(void)key_of(text);
		ck_assert_int_eq(indicator_table_add(table, &key, &fact, false), TABLE_ADDED);
	}
	indicator_table_finish(table);
	ck_assert_uint_eq(indicator_table_count(table), 50000);
	for (unsigned i = 0; i < 50100; i++) {
		struct slice bytes;

		snprintf(text, sizeof(text), "host%u.evil.example", i);
		bytes = key_of(text);
		ck_assert_int_eq(indicator_table_find(table, INDICATOR_DOMAIN, bytes) != NULL,
			i < 50000);
		ck_assert_ptr_null(indicator_table_find(table, INDICATOR_URL, bytes));
	}
	ck_assert_uint_le(indicator_table_memory(table) / 50000, 64);
	indicator_table_free(table);
}
END_TEST

START_TEST(the_surest_of_several_counts)
{
	struct indicator_table *table = new_table(10, 1 << 20);
	struct indicator_fact low = {.source = 1, .confidence = 20, .label = SLICE_LIT("low")};
	struct indicator_fact high = {
		.source = 2, .confidence = 80, .label = SLICE_LIT("high")};
	struct indicator_fact longer = high;
	const struct indicator_entry *entry;

	high.until_s = 1000;
	longer.source = 3;
	longer.until_s = 0; /* for ever */
	(void)key_of("evil.example");
	ck_assert_int_eq(indicator_table_add(table, &key, &low, false), TABLE_ADDED);
	ck_assert_int_eq(indicator_table_add(table, &key, &high, false), TABLE_KNOWN);
	ck_assert_int_eq(indicator_table_add(table, &key, &low, false), TABLE_KNOWN);
	entry = indicator_table_entry(table, 0);
	ck_assert_uint_eq(indicator_entry_origin(table, entry)->source, 2);
	ck_assert_uint_eq(entry->until_s, 1000);
	ck_assert_int_eq(indicator_table_add(table, &key, &longer, false), TABLE_KNOWN);
	ck_assert_int_eq(indicator_table_add(table, &key, &high, false), TABLE_KNOWN);
	indicator_table_finish(table);
	entry = indicator_table_find(table, INDICATOR_DOMAIN, indicator_key_bytes(&key));
	ck_assert_uint_eq(indicator_entry_origin(table, entry)->source, 3);
	ck_assert_slice_eq(indicator_origin_label(table, indicator_entry_origin(table, entry)),
		SLICE_LIT("high"));
	indicator_table_free(table);
}
END_TEST

START_TEST(limits_refuse_what_is_beyond)
{
	struct indicator_table *table = new_table(2, 1 << 20);
	struct indicator_fact fact = {0};
	char text[64];
	size_t n = 0;

	(void)key_of("a.example");
	ck_assert_int_eq(indicator_table_add(table, &key, &fact, false), TABLE_ADDED);
	(void)key_of("b.example");
	ck_assert_int_eq(indicator_table_add(table, &key, &fact, false), TABLE_ADDED);
	(void)key_of("c.example");
	ck_assert_int_eq(indicator_table_add(table, &key, &fact, false), TABLE_FULL);
	(void)key_of("b.example");
	ck_assert_int_eq(indicator_table_add(table, &key, &fact, false), TABLE_KNOWN);
	indicator_table_free(table);

	table = new_table(1000000, 1 << 20);
	do {
		snprintf(text, sizeof(text), "host%zu.evil.example", n++);
		(void)key_of(text);
	} while (indicator_table_add(table, &key, &fact, false) == TABLE_ADDED);
	indicator_table_finish(table);
	ck_assert_uint_gt(n, 10000);
	ck_assert_uint_le(indicator_table_memory(table), 1 << 20);
	indicator_table_free(table);
}
END_TEST

START_TEST(the_longest_prefix_that_no_list_covers_counts)
{
	struct indicator_table *table = new_table(10, 1 << 20);
	struct indicator_fact fact = {0};
	struct netaddr addr, other;
	static const char *const prefixes[] = {
		"198.51.0.0/16", "198.51.100.0/24", "198.51.100.128/25"};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		(void)key_of(prefixes[i]);
		ck_assert_int_eq(indicator_table_add(table, &key, &fact, false), TABLE_ADDED);
	}
	indicator_table_entry(table, 2)->list = 1;
	indicator_table_finish(table);
	ck_assert(netaddr_parse(SLICE_LIT("198.51.100.200"), &addr));
	ck_assert(netaddr_parse(SLICE_LIT("198.52.0.1"), &other));
	ck_assert_ptr_eq(
		indicator_table_find_prefix(table, &addr), indicator_table_entry(table, 1));
	ck_assert_ptr_null(indicator_table_find_prefix(table, &other));
	indicator_table_free(table);
}
END_TEST

TEST_MAIN("indicator table", many_are_found_and_others_are_not, the_surest_of_several_counts,
	limits_refuse_what_is_beyond, the_longest_prefix_that_no_list_covers_counts)
