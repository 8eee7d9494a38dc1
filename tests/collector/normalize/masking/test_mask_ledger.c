#include "collector/normalize/masking/mask_ledger.h"

#include <stdio.h>

#include "tests/support/check.h"

struct seen {
	unsigned n, of_agencies, of_others;
	uint64_t records, phones;
};

static bool see(
	void *user, const struct masked_source *source, const struct masked_counts *counts)
{
	struct seen *seen = user;

	seen->n++;
	seen->of_others += source->agency == 0;
	seen->of_agencies += source->agency != 0 && source->source[0] == '\0';
	seen->records += counts->records;
	seen->phones += counts->n[MASK_PHONES];
	return true;
}

static void count(struct mask_ledger *ledger, uint32_t agency, const char *name)
{
	const struct record_source source = {.name = slice_str(name)};
	const struct record record = {.agency = agency, .source = &source};
	const struct mask_tally tally = {.n = {[MASK_PHONES] = 2}};

	mask_ledger_count(ledger, &record, &tally);
}

START_TEST(rules_are_counted_by_agency_and_source)
{
	struct mask_ledger *ledger = mask_ledger_new();
	struct seen seen = {0};

	count(ledger, 1, "/var/log/a.log");
	count(ledger, 1, "/var/log/a.log");
	count(ledger, 1, "/var/log/b.log");
	count(ledger, 2, "/var/log/a.log");
	mask_ledger_walk(ledger, see, &seen);
	ck_assert_uint_eq(seen.n, 3);
	ck_assert_uint_eq(seen.records, 4);
	ck_assert_uint_eq(seen.phones, 8);
	mask_ledger_free(ledger);
}
END_TEST

START_TEST(there_is_an_end_to_what_is_kept_apart_but_not_to_the_counting)
{
	struct mask_ledger *ledger = mask_ledger_new();
	struct seen seen = {0};
	char name[32];

	for (unsigned i = 0; i < 3 * MASK_LEDGER_MAX; i++) {
		snprintf(name, sizeof(name), "s%u", i);
		count(ledger, i < MASK_LEDGER_MAX + 10 ? 1 : i, name);
	}
	mask_ledger_walk(ledger, see, &seen);
	ck_assert_uint_eq(seen.n, 2 * MASK_LEDGER_MAX + 1);
	ck_assert_uint_eq(seen.of_others, 1);
	ck_assert_uint_eq(seen.of_agencies, MASK_LEDGER_MAX);
	ck_assert_uint_eq(seen.records, 3 * MASK_LEDGER_MAX);
	mask_ledger_free(ledger);
}
END_TEST

START_TEST(a_long_name_is_cut_between_characters)
{
	struct mask_ledger *ledger = mask_ledger_new();
	struct seen seen = {0};
	char name[400];

	for (size_t i = 0; i + 1 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa9", 2);
	name[sizeof(name) - 2] = '\0';
	name[sizeof(name) - 1] = '\0';
	count(ledger, 1, name);
	mask_ledger_walk(ledger, see, &seen);
	ck_assert_uint_eq(seen.n, 1);
	mask_ledger_free(ledger);
}
END_TEST

TEST_MAIN("mask_ledger", rules_are_counted_by_agency_and_source,
	there_is_an_end_to_what_is_kept_apart_but_not_to_the_counting,
	a_long_name_is_cut_between_characters)
