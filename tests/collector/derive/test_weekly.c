#include "collector/derive/weekly.h"

#include <string.h>

#include "common/clock.h"
#include "tests/support/check.h"

static bool reads(const char *text)
{
	const struct setting_texts texts = {&text, 1};
	struct holidays holidays;
	struct err err;

	return holidays_read(&holidays, &texts, 0, &err) && holidays.n == 1;
}

START_TEST(a_holiday_is_a_day_there_is)
{
	ck_assert(reads("09-02"));
	ck_assert(reads("02-29"));
	ck_assert(reads("2027-02-06"));
	ck_assert(!reads("2027-02-29"));
	ck_assert(!reads("0000-02-06"));
	ck_assert(!reads("13-01"));
	ck_assert(!reads("9-2"));
	ck_assert(!reads("09-02 "));
	ck_assert(!reads("09/02"));
	ck_assert(!reads("2027-02-061"));
	ck_assert(!reads(""));
}
END_TEST

START_TEST(hours_of_the_week_begin_on_monday_and_holidays_are_sundays)
{
	const char *const names[] = {"06-24", "2026-06-25"};
	const struct setting_texts texts = {names, 2};
	struct holidays holidays;
	struct err err;

	ck_assert(holidays_read(&holidays, &texts, 0, &err));
	const int64_t monday = clock_days(2026, 6, 1) * 24;
	ck_assert_uint_eq(holidays_week_hour(&holidays, monday), 0);
	ck_assert_uint_eq(holidays_week_hour(&holidays, monday + 167), 167);
	ck_assert_uint_eq(
		holidays_week_hour(&holidays, clock_days(2026, 6, 24) * 24 + 9), 6 * 24 + 9);
	ck_assert_uint_eq(
		holidays_week_hour(&holidays, clock_days(2026, 6, 25) * 24 + 9), 6 * 24 + 9);
	ck_assert_uint_eq(
		holidays_week_hour(&holidays, clock_days(2027, 6, 24) * 24 + 9), 6 * 24 + 9);
	ck_assert_uint_eq(
		holidays_week_hour(&holidays, clock_days(2027, 6, 25) * 24 + 9), 4 * 24 + 9);
}
END_TEST

START_TEST(a_pace_is_learnt_in_weeks_and_a_burst_is_cut)
{
	struct weekly weekly = {.mean = 0};

	for (unsigned week = 0; week < 4; week++) {
		for (unsigned hour = 0; hour < WEEK_HOURS; hour++)
			weekly_learn(&weekly, hour, 100);
	}
	ck_assert(weekly.rate[50] > 90 && weekly.rate[50] < 101);
	weekly_learn(&weekly, 50, 1000000);
	ck_assert(weekly.rate[50] < 250);
	weekly_learn(&weekly, 51, 0);
	ck_assert(weekly.rate[51] > 70 && weekly.rate[51] < 80);
}
END_TEST

START_TEST(what_is_told_makes_silences_longer_but_not_at_once)
{
	struct weekly weekly = {.mean = 0};

	ck_assert(weekly_limit(&weekly, 9, 12) == 12);
	weekly_heard(&weekly, 9, 10, false);
	ck_assert(weekly_limit(&weekly, 9, 12) == 20);
	ck_assert(weekly_limit(&weekly, 10, 12) == 20);
	ck_assert(weekly_limit(&weekly, 11, 12) == 12);
	weekly_heard(&weekly, 9, 100000, true);
	ck_assert(weekly_limit(&weekly, 9, 12) == 80);
}
END_TEST

START_TEST(what_is_saved_is_loaded_and_what_is_damaged_is_nothing)
{
	struct weekly one = {.mean = 0}, two;
	char saved[WEEKLY_SIZE];

	for (unsigned hour = 0; hour < 1000; hour++)
		weekly_learn(&one, hour % WEEK_HOURS, hour);
	weekly_heard(&one, 3, 7, false);
	weekly_save(&one, saved);
	weekly_load(&two, slice_of(saved, sizeof(saved)));
	ck_assert_mem_eq(one.rate, two.rate, sizeof(one.rate));
	ck_assert_mem_eq(one.usual, two.usual, sizeof(one.usual));
	ck_assert_mem_eq(one.weeks, two.weeks, sizeof(one.weeks));
	ck_assert(one.mean == two.mean && one.hours == two.hours);
	memset(saved, 0xff, sizeof(saved));
	weekly_load(&two, slice_of(saved, sizeof(saved)));
	ck_assert(two.rate[0] == 0 && two.mean == 0);
	weekly_load(&two, slice_of(saved, 5));
	ck_assert(two.rate[5] == 0 && two.hours == 0);
}
END_TEST

TEST_MAIN("weekly", a_holiday_is_a_day_there_is,
	hours_of_the_week_begin_on_monday_and_holidays_are_sundays,
	a_pace_is_learnt_in_weeks_and_a_burst_is_cut,
	what_is_told_makes_silences_longer_but_not_at_once,
	what_is_saved_is_loaded_and_what_is_damaged_is_nothing)
