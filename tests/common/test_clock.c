#include "common/clock.h"

#include <time.h>

#include "tests/support/check.h"

START_TEST(civil_time_agrees_with_the_c_library)
{
	for (int64_t seconds = -9000000000; seconds < 9000000000; seconds += 86399 * 13) {
		time_t when = (time_t)seconds;
		struct tm tm;
		struct civil civil;
		int64_t back;

		gmtime_r(&when, &tm);
		clock_to_civil(seconds * CLOCK_NS_PER_S, 0, &civil);
		ck_assert_int_eq(civil.year, tm.tm_year + 1900);
		ck_assert_uint_eq(civil.month, (unsigned)tm.tm_mon + 1);
		ck_assert_uint_eq(civil.day, (unsigned)tm.tm_mday);
		ck_assert_uint_eq(civil.hour, (unsigned)tm.tm_hour);
		ck_assert_uint_eq(civil.second, (unsigned)tm.tm_sec);
		ck_assert(clock_from_civil(&civil, &back));
		ck_assert_int_eq(back, seconds * CLOCK_NS_PER_S);
	}
}
END_TEST

static int64_t parse(const char *text)
{
	int64_t ns;
	size_t used;

	ck_assert_msg(clock_parse_iso(slice_str(text), 7 * 3600, &ns, &used), "%s", text);
	ck_assert_uint_eq(used, strlen(text));
	return ns;
}

START_TEST(iso_forms_mean_the_same_moment)
{
	int64_t want = INT64_C(1795309323) * CLOCK_NS_PER_S + 120000000;

	ck_assert_int_eq(parse("2026-11-22T01:02:03.12Z"), want);
	ck_assert_int_eq(parse("2026-11-22 08:02:03,12"), want);
	ck_assert_int_eq(parse("2026-11-22T08:02:03.120000000999+07:00"), want);
	ck_assert_int_eq(parse("2026-11-22T08:02:03.12+0700"), want);
	ck_assert_int_eq(parse("2026-11-21T20:02:03.12-05"), want);
	ck_assert_int_eq(parse("2026-12-31T23:59:60Z"), parse("2027-01-01T00:00:00Z"));
}
END_TEST

START_TEST(what_is_no_time_is_refused)
{
	static const char *const bad[] = {"", "2026", "2026-13-01T00:00:00Z",
		"2026-02-29T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T00:61:00Z",
		"2026-11-22T00:00:61Z", "2026-11-22T00:00:00.Z", "0001-01-01T00:00:00Z",
		"9999-01-01T00:00:00Z", "2026-11-22T00:00:00+25:00", "2026/11/22 00:00:00"};
	int64_t ns = 5;
	size_t used;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!clock_parse_iso(slice_str(bad[i]), 0, &ns, &used), "%s", bad[i]);
	ck_assert_int_eq(ns, 5);
}
END_TEST

START_TEST(times_are_written_with_fraction_and_zone)
{
	char out[CLOCK_TEXT_MAX];

	ck_assert_str_eq(clock_format_utc(1500000000, 3, out), "1970-01-01T00:00:01.500Z");
	ck_assert_str_eq(clock_format_utc(-1, 9, out), "1969-12-31T23:59:59.999999999Z");
	ck_assert_str_eq(clock_format(0, 0, 7 * 3600, out), "1970-01-01T07:00:00+07:00");
	ck_assert_str_eq(clock_format(0, 0, -12600, out), "1969-12-31T20:30:00-03:30");
}
END_TEST

START_TEST(zones_are_read_by_name_and_offset)
{
	static const struct {
		const char *text;
		int32_t seconds;
	} good[] = {{"UTC", 0}, {"Z", 0}, {"Asia/Ho_Chi_Minh", 25200}, {"Asia/Saigon", 25200},
		{"+07:00", 25200}, {"-0330", -12600}, {"+07", 25200}};
	static const char *const bad[] = {
		"", "Hanoi", "07:00", "+7", "+25:00", "+07:00x", "Asia/Ho_Chi_Minh "};
	int32_t seconds = 5;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ck_assert_msg(
			clock_zone(slice_str(good[i].text), &seconds), "%s", good[i].text);
		ck_assert_int_eq(seconds, good[i].seconds);
	}
	seconds = 5;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!clock_zone(slice_str(bad[i]), &seconds), "%s", bad[i]);
	ck_assert_int_eq(seconds, 5);
}
END_TEST

TEST_MAIN("clock", zones_are_read_by_name_and_offset, civil_time_agrees_with_the_c_library,
	iso_forms_mean_the_same_moment, what_is_no_time_is_refused,
	times_are_written_with_fraction_and_zone)
