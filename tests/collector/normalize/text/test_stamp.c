#include "collector/normalize/text/stamp.h"

#include "common/clock.h"
#include "tests/support/check.h"

typedef bool take_function(
	struct slice *rest, const struct parse_context *context, int64_t *ns);

static const struct parse_context hanoi = {
	.now_ns = INT64_C(1781499600) * CLOCK_NS_PER_S, /* 2026-06-15T05:00:00Z */
	.zone_seconds = 7 * 3600,
};

static void expect(take_function *take, const char *text, const char *utc, const char *rest)
{
	char got[CLOCK_TEXT_MAX];
	struct slice left = slice_str(text);
	int64_t ns = 0;

	ck_assert_msg(take(&left, &hanoi, &ns), "%s", text);
	ck_assert_str_eq(clock_format_utc(ns, 6, got), utc);
	ck_assert_slice_eq(left, slice_str(rest));
}

static void refuse(take_function *take, const char *text)
{
	struct slice left = slice_str(text);
	int64_t ns = 42;

	ck_assert_msg(!take(&left, &hanoi, &ns), "%s", text);
	ck_assert_slice_eq(left, slice_str(text));
	ck_assert_int_eq(ns, 42);
}

START_TEST(bsd_stamps_come_in_many_forms)
{
	expect(take_stamp_bsd, "Mar  7 19:06:53 x", "2026-03-07T12:06:53.000000Z", " x");
	expect(take_stamp_bsd, "Mar 7 19:06:53", "2026-03-07T12:06:53.000000Z", "");
	expect(take_stamp_bsd, "aUG 10 2009 22:18:24.5:", "2009-08-10T15:18:24.500000Z", ":");
	refuse(take_stamp_bsd, "Mar 32 19:06:53");
	refuse(take_stamp_bsd, "Mär 3 19:06:53");
	refuse(take_stamp_bsd, "Mar  7 19:06:5");
	refuse(take_stamp_bsd, "");
}
END_TEST

START_TEST(a_missing_year_is_never_far_in_the_future)
{
	expect(take_stamp_bsd, "Jun 15 12:00:00", "2026-06-15T05:00:00.000000Z", "");
	expect(take_stamp_bsd, "Jun 22 11:59:59", "2026-06-22T04:59:59.000000Z", "");
	expect(take_stamp_bsd, "Jun 22 12:00:01", "2025-06-22T05:00:01.000000Z", "");
	expect(take_stamp_bsd, "Feb 29 12:00:00", "2024-02-29T05:00:00.000000Z", "");
}
END_TEST

START_TEST(a_year_turns_both_ways)
{
	struct parse_context context = hanoi;
	struct slice late = SLICE_LIT("Dec 31 23:59:59"), early = SLICE_LIT("Jan  1 00:00:01");
	char text[CLOCK_TEXT_MAX];
	int64_t ns;

	context.now_ns = INT64_C(1767225600) * CLOCK_NS_PER_S; /* 2026-01-01T00:00:00Z */
	context.zone_seconds = 0;
	ck_assert(take_stamp_bsd(&late, &context, &ns));
	ck_assert_str_eq(clock_format_utc(ns, 0, text), "2025-12-31T23:59:59Z");
	context.now_ns -= 2 * CLOCK_NS_PER_S;
	ck_assert(take_stamp_bsd(&early, &context, &ns));
	ck_assert_str_eq(clock_format_utc(ns, 0, text), "2026-01-01T00:00:01Z");
}
END_TEST

START_TEST(a_given_year_is_taken)
{
	struct parse_context context = hanoi;
	struct slice text = SLICE_LIT("Dec 31 23:59:59");
	char got[CLOCK_TEXT_MAX];
	int64_t ns;

	context.year = 2016;
	ck_assert(take_stamp_bsd(&text, &context, &ns));
	ck_assert_str_eq(clock_format_utc(ns, 0, got), "2016-12-31T16:59:59Z");
}
END_TEST

START_TEST(web_servers_stamps)
{
	expect(take_stamp_clf, "26/Dec/2016:16:16:29 +0200]", "2016-12-26T14:16:29.000000Z",
		"]");
	expect(take_stamp_clf, "26/Dec/2016:16:16:29]", "2016-12-26T09:16:29.000000Z", "]");
	expect(take_stamp_slashed, "2016/10/25 14:49:34 [", "2016-10-25T07:49:34.000000Z",
		" [");
	expect(take_stamp_ctime, "Mon Dec 26 16:22:08.103522 2016]",
		"2016-12-26T09:22:08.103522Z", "]");
	expect(take_stamp_ctime, "Mon Dec  6 16:22:08 2016", "2016-12-06T09:22:08.000000Z", "");
	refuse(take_stamp_clf, "26/Dec/2016:16:16:29 +9900]");
	refuse(take_stamp_slashed, "2016/02/30 14:49:34");
	refuse(take_stamp_ctime, "Mon Dec 26 16:22:08 x16");
}
END_TEST

START_TEST(any_stamp_is_told_by_its_shape)
{
	static const char *const hour[] = {"Mar  7 19:06:53", "Mar 7 2026 19:06:53",
		"Mar  7 19:06:53 2026", "Sat Mar  7 19:06:53 2026",
		"Sat Mar  7 19:06:53 ICT 2026", "2026-03-07T19:06:53+07:00",
		"2026-03-07 19:06:53", "2026-3-7 19:06:53", "2026/03/07 19:06:53",
		"2026/3/7 19:06:53", "2026.03.07 19:06:53", "2026:03:07-19:06:53",
		"20260307 19:06:53", "20260307T190653", "2026 Mar  7 19:06:53",
		"07-Mar-2026 19:06:53", "07/Mar/2026:19:06:53 +0700", "7 Mar 2026 19:06:53",
		"07 Mar 19:06:53", "Sat, 07 Mar 2026 19:06:53 +0700", "07.03.2026 19:06:53",
		"03/07/2026-19:06:53", "03/07-19:06:53", "03/07/26 7:06:53 PM",
		"Mar  7 12:06:53 UTC", "Mar  7 12:06:53 GMT", "Mar  7 19:06:53 GMT+7",
		"2026-03-07 13:06:53 CET", "2026-03-07T12:06:53Z", "2026-03-07 19:06:53+07"};

	for (size_t i = 0; i < ARRAY_LEN(hour); i++)
		expect(take_stamp_any, hour[i], "2026-03-07T12:06:53.000000Z", "");
	expect(take_stamp_any, "2026-03-07 19:06:53,123 x", "2026-03-07T12:06:53.123000Z",
		" x");
	expect(take_stamp_any, "07-Mar-2026 19:06:53.5]", "2026-03-07T12:06:53.500000Z", "]");
	expect(take_stamp_any, "Mar  7 19:06:53 host", "2026-03-07T12:06:53.000000Z", " host");
	expect(take_stamp_any, "Mar  7 19:06:53 2026x", "2026-03-07T12:06:53.000000Z",
		" 2026x");
	expect(take_stamp_any, "Mar  7 19:06:53 GMTx", "2026-03-07T12:06:53.000000Z", " GMTx");
	expect(take_stamp_any, "13/07/2026 19:06:53", "2026-07-13T12:06:53.000000Z", "");
	expect(take_stamp_any, "05/06/2026 19:06:53", "2026-06-05T12:06:53.000000Z", "");
	expect(take_stamp_any, "06/05/2026 19:06:53", "2026-06-05T12:06:53.000000Z", "");
	expect(take_stamp_any, "05/06/2026-19:06:53", "2026-05-06T12:06:53.000000Z", "");
	expect(take_stamp_any, "05/06/2026, 7:06:53 PM", "2026-05-06T12:06:53.000000Z", "");
	expect(take_stamp_any, "12/31/26 12:00:00 AM", "2026-12-30T17:00:00.000000Z", "");
}
END_TEST

START_TEST(what_only_looks_like_a_stamp_is_none)
{
	static const char *const texts[] = {"", "1", "12:34:56", "10.11.12.13 10:00:00",
		"192.0.2.1 10:00:00", "2026-02-30 10:00:00", "2026-03-07", "2026-03-07 10:00",
		"2026-03-07 10:00:0", "Mar 7", "March 7 10:00:00", "7 Mars 10:00:00",
		"03/07/1 10:00:00", "31/31/2026 10:00:00", "2026-13-01 10:00:00", "Sat",
		"Sat, x", "99999999 10:00:00", "07-Mar-2026", "+07:00"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		refuse(take_stamp_any, texts[i]);
}
END_TEST

static void expect_zone(const char *text, int32_t seconds, const char *rest)
{
	struct slice left = slice_str(text);
	int32_t got = -1;

	ck_assert_msg(take_zone(&left, &got), "%s", text);
	ck_assert_int_eq(got, seconds);
	ck_assert_slice_eq(left, slice_str(rest));
}

START_TEST(zones_are_offsets_or_names_of_one_offset)
{
	static const char *const none[] = {
		"", "+", "x", "CST", "UTCx", "+99:00", "+16:00", "+1234567"};

	expect_zone("Z x", 0, " x");
	expect_zone("+07:00", 25200, "");
	expect_zone("-0330", -12600, "");
	expect_zone("+7]", 25200, "]");
	expect_zone("GMT+7", 25200, "");
	expect_zone("UTC: x", 0, ": x");
	expect_zone("ICT", 25200, "");
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		struct slice left = slice_str(none[i]);
		int32_t got;

		ck_assert_msg(!take_zone(&left, &got), "%s", none[i]);
		ck_assert_slice_eq(left, slice_str(none[i]));
	}
}
END_TEST

static void expect_epoch(const char *text, const char *utc)
{
	char got[CLOCK_TEXT_MAX];
	int64_t ns;

	ck_assert_msg(stamp_from_epoch(slice_str(text), &ns), "%s", text);
	ck_assert_str_eq(clock_format_utc(ns, 9, got), utc);
}

START_TEST(an_epoch_tells_its_unit_by_size)
{
	int64_t ns;

	expect_epoch("1700000000", "2023-11-14T22:13:20.000000000Z");
	expect_epoch("1700000000.25", "2023-11-14T22:13:20.250000000Z");
	expect_epoch("1700000000123", "2023-11-14T22:13:20.123000000Z");
	expect_epoch("1700000000123456", "2023-11-14T22:13:20.123456000Z");
	expect_epoch("1700000000123456789", "2023-11-14T22:13:20.123456789Z");
	expect_epoch("1700000000.123456789", "2023-11-14T22:13:20.123456789Z");
	expect_epoch("1700000000123.456789", "2023-11-14T22:13:20.123456789Z");
	expect_epoch("1700000000123456.789", "2023-11-14T22:13:20.123456789Z");
	expect_epoch("100000000", "1973-03-03T09:46:40.000000000Z");
	expect_epoch("1.7e9", "2023-11-14T22:13:20.000000000Z");
	expect_epoch("1.7000000005E+9", "2023-11-14T22:13:20.500000000Z");
	expect_epoch("1.700000000123e12", "2023-11-14T22:13:20.123000000Z");
	expect_epoch("17e8", "2023-11-14T22:13:20.000000000Z");
	ck_assert(!stamp_from_epoch(SLICE_LIT("1.7e"), &ns));
	ck_assert(!stamp_from_epoch(SLICE_LIT("e9"), &ns));
	ck_assert(!stamp_from_epoch(SLICE_LIT("1.7e99"), &ns));
	ck_assert(!stamp_from_epoch(SLICE_LIT("1.7e-9"), &ns));
	ck_assert(!stamp_from_epoch(SLICE_LIT("1.7e9e9"), &ns));
	ck_assert(!stamp_from_epoch(SLICE_LIT("17"), &ns));
	ck_assert(!stamp_from_epoch(SLICE_LIT("99999999999999999999"), &ns));
	ck_assert(!stamp_from_epoch(SLICE_LIT("1700000000.x"), &ns));
}
END_TEST

/* ---- zones that turn, years, leaps ------------------------------------------------ */

#define BERLIN   "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"

static int64_t moment(const char *utc)
{
	int64_t ns;
	size_t used;

	ck_assert_msg(clock_parse_iso(slice_str(utc), 0, &ns, &used), "%s", utc);
	return ns;
}

struct reading_case {
	take_function *take;
	const char *zone, *received, *stamp, *utc;
};

static void expect_case(const struct reading_case *expected)
{
	struct slice rest = slice_str(expected->stamp);
	char got[CLOCK_TEXT_MAX];
	struct zone zone;
	int64_t ns;

	ck_assert(zone_parse(slice_str(expected->zone), &zone));
	const struct parse_context context = {
		.now_ns = moment(expected->received),
		.zone_seconds = zone_offset(&zone, moment(expected->received) / CLOCK_NS_PER_S),
		.zone = zone.turns ? &zone : NULL,
	};
	ck_assert_msg(expected->take(&rest, &context, &ns), "%s", expected->stamp);
	clock_format_utc(ns, 3, got);
	ck_assert_msg(strcmp(got, expected->utc) == 0, "%s in %s received %s: %s, not %s",
		expected->stamp, expected->zone, expected->received, got, expected->utc);
}

START_TEST(stamps_are_of_the_sources_zone_in_summer_and_in_winter)
{
	static const struct reading_case cases[] = {
		{take_stamp_bsd, BERLIN, "2026-07-01T12:00:00Z", "Jul  1 13:59:59",
			"2026-07-01T11:59:59.000Z"},
		/* received in summer, of winter */
		{take_stamp_bsd, BERLIN, "2026-07-01T12:00:00Z", "Jan  1 13:00:00",
			"2026-01-01T12:00:00.000Z"},
		{take_stamp_iso, BERLIN, "2026-07-01T12:00:00Z", "2026-01-01 13:00:00.250",
			"2026-01-01T12:00:00.250Z"},
		{take_stamp_iso, BERLIN, "2026-01-01T12:00:00Z", "2026-07-01T14:00:00",
			"2026-07-01T12:00:00.000Z"},
		{take_stamp_iso, BERLIN, "2026-01-01T12:00:00Z", "2026-07-01T14:00:00+07:00",
			"2026-07-01T07:00:00.000Z"},
		{take_stamp_iso, BERLIN, "2026-01-01T12:00:00Z", "1969-07-01T14:00:00.5",
			"1969-07-01T12:00:00.500Z"},
		{take_stamp_any, BERLIN, "2026-01-01T12:00:00Z", "2026/07/01 14:00:00",
			"2026-07-01T12:00:00.000Z"},
		{take_stamp_any, BERLIN, "2026-01-01T12:00:00Z", "Jul  1 2026 14:00:00 UTC",
			"2026-07-01T14:00:00.000Z"},
		{take_stamp_clf, BERLIN, "2026-01-01T12:00:00Z", "01/Jul/2026:14:00:00",
			"2026-07-01T12:00:00.000Z"},
		{take_stamp_slashed, NEW_YORK, "2026-01-01T12:00:00Z", "2026/07/01 08:00:00",
			"2026-07-01T12:00:00.000Z"},
		{take_stamp_ctime, NEW_YORK, "2026-07-01T12:00:00Z",
			"Thu Jan  1 07:00:00.5 2026", "2026-01-01T12:00:00.500Z"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_case(&cases[i]);
}
END_TEST

START_TEST(hours_that_never_come_or_come_twice_have_a_moment)
{
	static const struct reading_case cases[] = {
		{take_stamp_bsd, BERLIN, "2026-03-29T01:31:00Z", "Mar 29 02:30:00",
			"2026-03-29T01:30:00.000Z"},
		{take_stamp_bsd, BERLIN, "2026-10-25T00:31:00Z", "Oct 25 02:30:00",
			"2026-10-25T00:30:00.000Z"},
		{take_stamp_bsd, BERLIN, "2026-10-25T01:31:00Z", "Oct 25 02:30:00",
			"2026-10-25T01:30:00.000Z"},
		{take_stamp_iso, BERLIN, "2026-10-25T00:31:00Z", "2026-10-25 02:30:00",
			"2026-10-25T00:30:00.000Z"},
		{take_stamp_iso, BERLIN, "2026-10-25T01:31:00Z", "2026-10-25 02:30:00",
			"2026-10-25T01:30:00.000Z"},
		{take_stamp_iso, NEW_YORK, "2026-03-08T07:31:00Z", "2026-03-08 02:30:00",
			"2026-03-08T07:30:00.000Z"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_case(&cases[i]);
}
END_TEST

START_TEST(a_year_is_completed_in_the_sources_zone)
{
	static const struct reading_case cases[] = {
		/* In Ha Noi it is 2027 for seven hours while it is 2026 in Greenwich. */
		{take_stamp_bsd, "+07:00", "2026-12-31T17:00:01Z", "Jan  1 00:00:00",
			"2026-12-31T17:00:00.000Z"},
		{take_stamp_bsd, "+07:00", "2026-12-31T17:00:01Z", "Dec 31 23:59:59",
			"2026-12-31T16:59:59.000Z"},
		/* A clock that is ahead. */
		{take_stamp_bsd, "+07:00", "2026-12-31T16:59:00Z", "Jan  1 00:01:00",
			"2026-12-31T17:01:00.000Z"},
		{take_stamp_bsd, NEW_YORK, "2027-01-01T04:59:30Z", "Dec 31 23:59:29",
			"2027-01-01T04:59:29.000Z"},
		{take_stamp_bsd, NEW_YORK, "2027-01-01T04:59:30Z", "Jan  1 00:00:10",
			"2027-01-01T05:00:10.000Z"},
		{take_stamp_any, NEW_YORK, "2027-01-01T04:59:30Z", "31 Dec 23:59:29",
			"2027-01-01T04:59:29.000Z"},
		/* A day late is this year's, eleven months late too. */
		{take_stamp_bsd, "UTC", "2027-01-01T00:00:05Z", "Jan 31 00:00:00",
			"2026-01-31T00:00:00.000Z"},
		{take_stamp_bsd, "UTC", "2024-03-01T00:00:05Z", "Feb 29 23:59:59",
			"2024-02-29T23:59:59.000Z"},
		{take_stamp_bsd, "UTC", "2027-03-01T00:00:05Z", "Feb 29 23:59:59",
			"2024-02-29T23:59:59.000Z"},
		{take_stamp_bsd, "UTC", "2028-02-28T23:59:55Z", "Feb 29 00:00:05",
			"2028-02-29T00:00:05.000Z"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_case(&cases[i]);
}
END_TEST

START_TEST(a_leap_second_is_the_first_of_the_next_minute)
{
	static const struct reading_case cases[] = {
		{take_stamp_bsd, "UTC", "2017-01-01T00:00:05Z", "Dec 31 23:59:60",
			"2017-01-01T00:00:00.000Z"},
		{take_stamp_bsd, "+07:00", "2017-01-01T00:00:05Z", "Jan  1 06:59:60.5",
			"2017-01-01T00:00:00.500Z"},
		{take_stamp_iso, "UTC", "2017-01-01T00:00:05Z", "2016-12-31T23:59:60Z",
			"2017-01-01T00:00:00.000Z"},
		{take_stamp_iso, BERLIN, "2017-01-01T00:00:05Z", "2017-01-01 00:59:60.25",
			"2017-01-01T00:00:00.250Z"},
		{take_stamp_any, "UTC", "2017-01-01T00:00:05Z", "31-Dec-2016 23:59:60",
			"2017-01-01T00:00:00.000Z"},
		{take_stamp_clf, "UTC", "2017-01-01T00:00:05Z", "31/Dec/2016:23:59:60 +0000",
			"2017-01-01T00:00:00.000Z"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_case(&cases[i]);
	refuse(take_stamp_bsd, "Dec 31 23:59:61");
	refuse(take_stamp_iso, "2016-12-31T23:59:61Z");
}
END_TEST

TEST_MAIN("normalize/stamp", stamps_are_of_the_sources_zone_in_summer_and_in_winter,
	hours_that_never_come_or_come_twice_have_a_moment,
	a_year_is_completed_in_the_sources_zone, a_leap_second_is_the_first_of_the_next_minute,
	any_stamp_is_told_by_its_shape, what_only_looks_like_a_stamp_is_none,
	zones_are_offsets_or_names_of_one_offset, bsd_stamps_come_in_many_forms,
	a_missing_year_is_never_far_in_the_future, a_year_turns_both_ways,
	a_given_year_is_taken, web_servers_stamps, an_epoch_tells_its_unit_by_size)
