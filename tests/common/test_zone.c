#include "common/zone.h"

#include <stdio.h>

#include "common/clock.h"
#include "tests/support/check.h"

static int64_t seconds(const char *utc)
{
	int64_t ns;
	size_t used;

	ck_assert_msg(clock_parse_iso(slice_str(utc), 0, &ns, &used), "%s", utc);
	return ns / CLOCK_NS_PER_S;
}

static struct zone zone_of(const char *text)
{
	struct zone zone;

	ck_assert_msg(zone_parse(slice_str(text), &zone), "%s", text);
	return zone;
}

#define BERLIN   "CET-1CEST,M3.5.0,M10.5.0/3"
#define SYDNEY   "AEST-10AEDT,M10.1.0,M4.1.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define DUBLIN   "IST-1GMT0,M10.5.0,M3.5.0/1"
#define CHATHAM  "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45"

START_TEST(a_zone_is_an_offset_or_a_rule)
{
	ck_assert_int_eq(zone_of("Asia/Ho_Chi_Minh").seconds, 25200);
	ck_assert_int_eq(zone_of("+07:00").seconds, 25200);
	ck_assert_int_eq(zone_of("<+07>-7").seconds, 25200);
	ck_assert_int_eq(zone_of("NST3:30").seconds, -12600);
	ck_assert(!zone_of("UTC").turns);
	ck_assert(zone_of(BERLIN).turns);
	ck_assert_int_eq(zone_of(BERLIN).summer_seconds, 7200);
	ck_assert_int_eq(zone_of(DUBLIN).summer_seconds, 0);
	ck_assert_int_eq(zone_of(CHATHAM).seconds, 45900);
}
END_TEST

START_TEST(hours_after_utc_and_gmt_are_those_that_people_mean)
{
	static const struct {
		const char *text;
		int32_t seconds;
		const char *rule;
	} said[] = {
		{"UTC+7", 25200, "+07:00"},
		{"GMT+7", 25200, "+07:00"},
		{"utc+07:00", 25200, "+07:00"},
		{"Gmt+0700", 25200, "+07:00"},
		{"UTC-5", -18000, "-05:00"},
		{"GMT-3:30", -12600, "-03:30"},
		{"UTC-0:30", -1800, "-00:30"},
		{"UTC+14", 50400, "+14:00"},
		{"UTC+0", 0, "+00:00"},
	};
	static const char *const bad[] = {"UTC+", "GMT-x", "UTC+15", "UTC+7:60", "UTC+7:3",
		"UTC+7:00:00", "UTC+7 ", "UTC+-7", "UTC+700", "UTC-1CEST,M3.5.0,M10.5.0/3"};
	char rule[ZONE_RULE_MAX];
	struct err err;
	struct zone zone;

	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		ck_assert_int_eq(zone_of(said[i].text).seconds, said[i].seconds);
		ck_assert(zone_find(said[i].text, rule, &err));
		ck_assert_str_eq(rule, said[i].rule);
		ck_assert_int_eq(zone_of(rule).seconds, said[i].seconds);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!zone_parse(slice_str(bad[i]), &zone), "%s", bad[i]);
	ck_assert_int_eq(zone_of("UTC0").seconds, 0);
	ck_assert_int_eq(zone_of("ICT-7").seconds, 25200);
	ck_assert_int_eq(zone_of("EST5").seconds, -18000);
}
END_TEST

START_TEST(what_is_no_rule_is_refused)
{
	static const char *const bad[] = {"", "C", "CET", "CET-1CEST", "CET-1CEST,M3.5.0",
		"CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
		"CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J60", "CET-1CEST,J366,J60", "CET-25",
		"CET-1CEST,M3.5.0,M10.5.0/168", "<+07-7", "CET-1x",
		"CET-1CEST,M3.5.0,M10.5.0/3 ", "CET-1:60",
		"<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>-1"};
	struct zone zone = {.seconds = 5};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!zone_parse(slice_str(bad[i]), &zone), "%s", bad[i]);
	ck_assert_int_eq(zone.seconds, 5);
}
END_TEST

START_TEST(summer_begins_and_ends_to_the_second)
{
	static const struct {
		const char *zone, *utc;
		int32_t offset;
	} moments[] = {
		{BERLIN, "2026-03-29T00:59:59Z", 3600},
		{BERLIN, "2026-03-29T01:00:00Z", 7200},
		{BERLIN, "2026-10-25T00:59:59Z", 7200},
		{BERLIN, "2026-10-25T01:00:00Z", 3600},
		{NEW_YORK, "2026-03-08T06:59:59Z", -18000},
		{NEW_YORK, "2026-03-08T07:00:00Z", -14400},
		{NEW_YORK, "2026-11-01T05:59:59Z", -14400},
		{NEW_YORK, "2026-11-01T06:00:00Z", -18000},
		{SYDNEY, "2026-04-04T15:59:59Z", 39600},
		{SYDNEY, "2026-04-04T16:00:00Z", 36000},
		{SYDNEY, "2026-10-03T15:59:59Z", 36000},
		{SYDNEY, "2026-10-03T16:00:00Z", 39600},
		{SYDNEY, "2026-12-31T23:00:00Z", 39600},
		{DUBLIN, "2026-01-15T12:00:00Z", 0},
		{DUBLIN, "2026-07-15T12:00:00Z", 3600},
		{CHATHAM, "2026-07-15T12:00:00Z", 45900},
		{CHATHAM, "2026-01-15T12:00:00Z", 49500},
		{"XXX0YYY,J60/0,J300/0", "2024-02-29T23:59:59Z", 0}, /* J60 is 1 March */
		{"XXX0YYY,J60/0,J300/0", "2024-03-01T00:00:00Z", 3600},
		{"XXX0YYY,59/0,299/0", "2024-02-29T00:00:00Z", 3600},
		{"XXX0YYY,59/0,299/0", "2025-03-01T00:00:00Z", 3600},
	};

	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		struct zone zone = zone_of(moments[i].zone);

		ck_assert_msg(zone_offset(&zone, seconds(moments[i].utc)) == moments[i].offset,
			"%s at %s: %d", moments[i].zone, moments[i].utc,
			zone_offset(&zone, seconds(moments[i].utc)));
	}
}
END_TEST

/* What a clock shows, written as if it were UTC; near which moment; which moment it is. */
static void expect(const char *rule, const char *shown, const char *near, const char *utc)
{
	struct zone zone = zone_of(rule);
	int64_t moment = zone_moment(&zone, seconds(shown), seconds(near));

	ck_assert_msg(moment == seconds(utc), "%s shows %s: off by %lld s", rule, shown,
		(long long)(moment - seconds(utc)));
}

START_TEST(an_hour_that_never_comes_is_read_by_the_clock_before)
{
	expect(BERLIN, "2026-03-29T01:59:59Z", "2026-03-29T12:00:00Z", "2026-03-29T00:59:59Z");
	expect(BERLIN, "2026-03-29T02:30:00Z", "2026-03-29T12:00:00Z", "2026-03-29T01:30:00Z");
	expect(BERLIN, "2026-03-29T03:00:00Z", "2026-03-29T12:00:00Z", "2026-03-29T01:00:00Z");
	expect(NEW_YORK, "2026-03-08T02:30:00Z", "2026-03-08T12:00:00Z",
		"2026-03-08T07:30:00Z");
	expect(SYDNEY, "2026-10-04T02:30:00Z", "2026-10-04T12:00:00Z", "2026-10-03T16:30:00Z");
	expect(DUBLIN, "2026-03-29T01:30:00Z", "2026-03-29T12:00:00Z", "2026-03-29T01:30:00Z");
}
END_TEST

START_TEST(an_hour_that_comes_twice_is_the_nearer_one)
{
	expect(BERLIN, "2026-10-25T02:30:00Z", "2026-10-25T00:31:00Z", "2026-10-25T00:30:00Z");
	expect(BERLIN, "2026-10-25T02:30:00Z", "2026-10-25T01:31:00Z", "2026-10-25T01:30:00Z");
	expect(NEW_YORK, "2026-11-01T01:15:00Z", "2026-11-01T05:15:02Z",
		"2026-11-01T05:15:00Z");
	expect(NEW_YORK, "2026-11-01T01:15:00Z", "2026-11-01T06:15:02Z",
		"2026-11-01T06:15:00Z");
	expect(BERLIN, "2026-10-25T03:00:00Z", "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z");
}
END_TEST

START_TEST(every_hour_of_some_years_comes_back)
{
	static const char *const rules[] = {
		BERLIN, SYDNEY, NEW_YORK, DUBLIN, CHATHAM, "+07:00"};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		struct zone zone = zone_of(rules[i]);

		for (int64_t at = seconds("2023-12-31T00:00:00Z");
			at < seconds("2027-01-02T00:00:00Z"); at += 3600) {
			int64_t shown = at + zone_offset(&zone, at);

			ck_assert_int_eq(zone_moment(&zone, shown, at), at);
		}
	}
}
END_TEST

START_TEST(a_file_of_zones_ends_with_its_rule)
{
	const char footer[] = "\n" BERLIN "\n";
	char whole[128] = "TZif2";

	memcpy(whole + 88, footer, sizeof(footer) - 1);
	ck_assert_slice_eq(
		zone_footer(slice_of(whole, 88 + sizeof(footer) - 1)), SLICE_LIT(BERLIN));
	ck_assert(slice_absent(zone_footer(slice_of(whole, 88))));
	ck_assert(slice_absent(zone_footer(SLICE_LIT(""))));
	ck_assert(slice_absent(zone_footer(SLICE_LIT("TZif\n\n"))));
	whole[4] = '\0'; /* the first version has none */
	ck_assert(slice_absent(zone_footer(slice_of(whole, 88 + sizeof(footer) - 1))));
}
END_TEST

START_TEST(names_stay_inside_of_the_systems_folder)
{
	static const char *const bad[] = {"../../etc/passwd", "/etc/localtime", "Europe/../x",
		"Nowhere/Town", "", "Europe", "a b", "posixrules\n"};
	char rule[ZONE_RULE_MAX];
	struct err err;

	ck_assert(zone_find("UTC", rule, &err));
	ck_assert_str_eq(rule, "UTC");
	ck_assert(zone_find(BERLIN, rule, &err));
	ck_assert_str_eq(rule, BERLIN);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!zone_find(bad[i], rule, &err), "%s", bad[i]);
}
END_TEST

START_TEST(names_of_the_system_are_known_where_it_has_them)
{
	FILE *there = fopen("/usr/share/zoneinfo/Europe/Berlin", "r");
	char rule[ZONE_RULE_MAX];
	struct err err;

	if (there == NULL)
		return;
	fclose(there);
	ck_assert_msg(zone_find("Europe/Berlin", rule, &err), "%s", err.text);
	ck_assert_str_eq(rule, BERLIN);
}
END_TEST

TEST_MAIN("zone", a_zone_is_an_offset_or_a_rule,
	hours_after_utc_and_gmt_are_those_that_people_mean, what_is_no_rule_is_refused,
	summer_begins_and_ends_to_the_second,
	an_hour_that_never_comes_is_read_by_the_clock_before,
	an_hour_that_comes_twice_is_the_nearer_one, every_hour_of_some_years_comes_back,
	a_file_of_zones_ends_with_its_rule, names_stay_inside_of_the_systems_folder,
	names_of_the_system_are_known_where_it_has_them)
