#include "collector/derive/offsets.h"

#include "common/clock.h"
#include "tests/support/check.h"

#define NOON_NS (INT64_C(1782882000) * CLOCK_NS_PER_S)

/* An hour of `n` lines that take from `way_ms` up to a minute more. */
static void hour(struct offsets *offsets, unsigned n, int64_t way_ms, int64_t behind_ms)
{
	for (unsigned i = 0; i < n; i++) {
		const int64_t late_ms = way_ms + (int64_t)(i * 7919 % 60) * 1000;

		offsets_add(
			offsets, NOON_NS, NOON_NS - (late_ms + behind_ms) * CLOCK_NS_PER_MS);
	}
	offsets_turn(offsets);
}

START_TEST(an_offset_is_told_from_the_lines_that_came_at_once)
{
	struct offsets offsets = {.n = 0};
	int32_t ms = 0;

	ck_assert_int_eq(offsets_tell(&offsets, &ms), OFFSETS_UNKNOWN);
	hour(&offsets, 60, 100, 180000);
	ck_assert_int_eq(offsets_tell(&offsets, &ms), OFFSETS_LOW);
	hour(&offsets, 60, 100, 180000);
	hour(&offsets, 60, 100, 180000);
	ck_assert_int_eq(offsets_tell(&offsets, &ms), OFFSETS_HIGH);
	ck_assert_int_ge(ms, 180000);
	ck_assert_int_le(ms, 184000);
}
END_TEST

START_TEST(a_clock_that_is_ahead_is_told_however_late_lines_come)
{
	struct offsets offsets = {.n = 0};
	int32_t ms = 0;

	for (unsigned i = 0; i < OFFSETS_HOURS; i++)
		hour(&offsets, 60, 1000, -3600000);
	ck_assert_int_eq(offsets_tell(&offsets, &ms), OFFSETS_HIGH);
	ck_assert_int_le(ms, -3590000);
}
END_TEST

START_TEST(a_backlog_that_is_delivered_is_no_wrong_clock)
{
	struct offsets offsets = {.n = 0};
	int32_t ms = 0;

	hour(&offsets, 60, 9 * 3600000, 0);
	hour(&offsets, 60, 5 * 3600000, 0);
	hour(&offsets, 60, 1 * 3600000, 0);
	ck_assert_int_eq(offsets_tell(&offsets, &ms), OFFSETS_LOW);
}
END_TEST

START_TEST(lines_that_come_late_among_others_change_nothing)
{
	struct offsets offsets = {.n = 0};
	int32_t ms = 0;

	for (unsigned i = 0; i < OFFSETS_HOURS; i++) {
		for (unsigned n = 0; n < 1000; n++)
			offsets_add(
				&offsets, NOON_NS, NOON_NS - INT64_C(3600) * CLOCK_NS_PER_S);
		hour(&offsets, 200, 0, 0);
	}
	ck_assert_int_eq(offsets_tell(&offsets, &ms), OFFSETS_HIGH);
	ck_assert_int_le(ms, 60000);
}
END_TEST

START_TEST(a_stamp_of_something_else_is_no_clock)
{
	struct offsets offsets = {.n = 0};
	int32_t ms = 0;

	for (unsigned i = 0; i < OFFSETS_HOURS; i++) {
		for (unsigned n = 0; n < 3; n++)
			offsets_add(&offsets, NOON_NS, INT64_MAX);
		hour(&offsets, 100, 0, 0);
	}
	ck_assert_int_eq(offsets_tell(&offsets, &ms), OFFSETS_HIGH);
	ck_assert_int_ge(ms, 0);
}
END_TEST

/* Wherever in the hour they stand. */
static void hour_with_chosen(struct offsets *offsets, unsigned n, unsigned n_chosen)
{
	for (unsigned i = 0; i < n; i++) {
		const bool chosen = i % (n / n_chosen) == 7;

		offsets_add(
			offsets, NOON_NS + i, NOON_NS + (chosen ? 3600 : -1) * CLOCK_NS_PER_S);
	}
	offsets_turn(offsets);
}

START_TEST(one_line_in_a_hundred_decides_no_clock)
{
	static const unsigned chosen[] = {8, 20, 100};
	int32_t ms = 0;

	for (unsigned i = 0; i < ARRAY_LEN(chosen); i++) {
		struct offsets offsets = {.n = 0};

		for (unsigned n = 0; n < OFFSETS_HOURS; n++)
			hour_with_chosen(&offsets, 10000, chosen[i]);
		ck_assert_int_eq(offsets_tell(&offsets, &ms), OFFSETS_HIGH);
		ck_assert_int_eq(ms, 1000);
	}
}
END_TEST

/* What is kept is of the whole hour, not of its beginning or its end. */
START_TEST(each_line_of_an_hour_is_kept_as_likely)
{
	enum { LINES = 16000, PARTS = 16 };
	unsigned n[PARTS] = {0};

	for (int64_t hour = 0; hour < 50; hour++) {
		struct offsets offsets = {.n = 0};

		for (int i = 0; i < LINES; i++) {
			const int64_t at_ns = NOON_NS + hour * 7919 + i;

			offsets_add(&offsets, at_ns, at_ns - i * CLOCK_NS_PER_MS);
		}
		for (unsigned i = 0; i < OFFSETS_KEPT; i++)
			n[offsets.kept[i] / (LINES / PARTS)]++;
	}
	for (unsigned i = 0; i < PARTS; i++) { /* 200 are to be expected */
		ck_assert_uint_gt(n[i], 140);
		ck_assert_uint_lt(n[i], 260);
	}
}
END_TEST

START_TEST(an_hour_of_few_lines_says_nothing)
{
	struct offsets offsets = {.n = 0};
	int32_t ms = 0;

	hour(&offsets, OFFSETS_LINES_MIN - 1, 0, 7200000);
	ck_assert_int_eq(offsets_tell(&offsets, &ms), OFFSETS_UNKNOWN);
	hour(&offsets, OFFSETS_LINES_MIN, 0, 0);
	ck_assert_int_eq(offsets_tell(&offsets, &ms), OFFSETS_LOW);
	ck_assert_int_le(ms, 1000);
}
END_TEST

START_TEST(what_is_saved_goes_on_as_if_nothing_had_been)
{
	struct offsets one = {.n = 0}, two;
	char saved[OFFSETS_SIZE];
	int32_t a = 0, b = 0;

	hour(&one, 60, 100, 180000);
	offsets_add(&one, NOON_NS, NOON_NS - 5 * CLOCK_NS_PER_S);
	offsets_save(&one, saved);
	offsets_load(&two, slice_of(saved, sizeof(saved)));
	ck_assert_mem_eq(&one, &two, sizeof(one));
	hour(&one, 30, 0, 0);
	hour(&two, 30, 0, 0);
	ck_assert_int_eq(offsets_tell(&one, &a), offsets_tell(&two, &b));
	ck_assert_int_eq(a, b);
	offsets_load(&two, slice_of(saved, sizeof(saved) - 1));
	ck_assert_int_eq(offsets_tell(&two, &b), OFFSETS_UNKNOWN);
}
END_TEST

TEST_MAIN("offsets", an_offset_is_told_from_the_lines_that_came_at_once,
	a_clock_that_is_ahead_is_told_however_late_lines_come,
	a_backlog_that_is_delivered_is_no_wrong_clock, one_line_in_a_hundred_decides_no_clock,
	each_line_of_an_hour_is_kept_as_likely,
	lines_that_come_late_among_others_change_nothing, a_stamp_of_something_else_is_no_clock,
	an_hour_of_few_lines_says_nothing, what_is_saved_goes_on_as_if_nothing_had_been)
