#include "collector/derive/silence.h"

#include <stdio.h>

#include "common/clock.h"
#include "tests/support/check.h"

enum { ZONE = 7 * 3600, MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400, WEEK_S = 7 * DAY_S };

/* Monday 2026-06-01, midnight in the zone. */
#define BEGIN_S (INT64_C(1780272000) - ZONE)

static const char *const holiday_names[] = {"06-24", "2026-06-25"};
static const struct derive_settings settings = {
	.zone_seconds = ZONE,
	.publish_ms = 5000,
	.silence_least_ms = 300000,
	.silence_lines = 12,
	.holidays = {holiday_names, 2},
};

/* Sources with the pace of each, in a province whose clock the test turns. */
struct plan {
	struct silence_source source;
	unsigned (*lines)(int64_t local_s); /* in the minute that begins then */
	uint32_t place;
	int64_t from_s, to_s; /* it is broken meanwhile */
};

static struct {
	struct database database;
	struct silence *silence;
	int64_t now_s, mono_s; /* since BEGIN_S; a second clock that nobody sets */
	int64_t wall_off_s;
	unsigned told;
	int64_t told_s; /* when the newest was */
	bool stopped, refuses;
} world;

static unsigned hash_of(int64_t s)
{
	return (unsigned)((uint64_t)s * UINT64_C(0x9E3779B97F4A7C15) >> 40);
}

/* A line every 20 seconds, day and night. */
static unsigned always(int64_t s)
{
	(void)s;
	return 3;
}

/* On workdays, from a quarter to eight on at the latest to five: some 60 an hour, in bursts
 * with pauses. */
static unsigned workdays(int64_t s)
{
	const int64_t day = s / DAY_S, of_day = s % DAY_S;
	const int64_t begin = 7 * HOUR_S + hash_of(day) % (45 * MINUTE_S);

	if (day % 7 >= 5 || of_day < begin || of_day > 17 * HOUR_S)
		return 0;
	return hash_of(s) % 5 == 0 ? 5 : 0;
}

static unsigned once_a_day(int64_t s)
{
	return s % DAY_S == 2 * HOUR_S;
}

static int64_t wall_s(void)
{
	return BEGIN_S + world.now_s + world.wall_off_s;
}

static void open_silence(void)
{
	struct err err = {0};

	world.silence = silence_new(&settings, &world.database, &err);
	ck_assert_msg(world.silence != NULL, "%s", err.text);
}

static void begin(struct plan *plans, unsigned n)
{
	struct err err = {0};

	world.now_s = world.wall_off_s = 0;
	world.mono_s = 1000;
	world.told = 0;
	world.stopped = world.refuses = false;
	ck_assert(database_open(&world.database, NULL, &err));
	open_silence();
	for (unsigned i = 0; i < n; i++)
		plans[i].place = silence_place(world.silence, &plans[i].source);
}

static void end(void)
{
	silence_free(world.silence);
	database_close(&world.database);
}

static void hear(const struct plan *plan)
{
	const int64_t local_s = world.now_s; /* BEGIN_S is midnight */
	struct err err = {0};

	if (world.stopped || world.refuses || (local_s >= plan->from_s && local_s < plan->to_s))
		return;
	const unsigned n = plan->lines(local_s);
	if (n > 0)
		ck_assert_msg(
			silence_heard(world.silence, plan->place, (wall_s() + ZONE) / HOUR_S, n,
				wall_s() * CLOCK_NS_PER_S, &err),
			"%s", err.text);
}

static void look(void)
{
	struct silence_moment moment = {
		.mono_ms = world.mono_s * 1000,
		.wall_ns = wall_s() * CLOCK_NS_PER_S,
		.receives = !world.refuses,
	};
	struct err err = {0};
	unsigned n;

	if (world.stopped || world.now_s % (2 * MINUTE_S) != 0)
		return;
	ck_assert_msg(silence_watch(world.silence, &moment, &n, &err), "%s", err.text);
	if (n > 0)
		world.told_s = world.now_s;
	world.told += n;
}

/* Minute by minute. */
static void run_until(int64_t end_s, struct plan *plans, unsigned n)
{
	for (; world.now_s < end_s; world.now_s += MINUTE_S, world.mono_s += MINUTE_S) {
		for (unsigned i = 0; i < n; i++)
			hear(&plans[i]);
		look();
	}
}

static void restart(struct plan *plans, unsigned n)
{
	silence_free(world.silence);
	open_silence();
	for (unsigned i = 0; i < n; i++)
		plans[i].place = silence_place(world.silence, &plans[i].source);
}

static int64_t rows(const char *sql)
{
	sqlite3_stmt *row;
	int64_t n;

	ck_assert_int_eq(
		sqlite3_prepare_v2(world.database.handle, sql, -1, &row, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
	n = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return n;
}

#define FOUND "SELECT count(*) FROM emits WHERE rule = 'source-silent' AND NOT resolved"
#define ENDED "SELECT count(*) FROM emits WHERE rule = 'source-silent' AND resolved"

static struct plan server(
	uint32_t agency, uint32_t host, uint32_t source, unsigned (*lines)(int64_t local_s))
{
	return (struct plan){
		.source = {.agency = agency, .host = host, .source = source, .level = 3},
		.lines = lines,
	};
}

START_TEST(workdays_nights_weekends_and_holidays_are_no_silence)
{
	struct plan plans[] = {server(1, 1, 1, workdays), server(2, 1, 2, workdays),
		server(3, 1, 3, always), server(3, 2, 4, once_a_day)};

	/* The fourth week has two holidays. */
	/* One source works on them, and rests on the Sunday behind them. */
	plans[0].from_s = 3 * WEEK_S + 2 * DAY_S;
	plans[0].to_s = 3 * WEEK_S + 4 * DAY_S;
	begin(plans, ARRAY_LEN(plans));
	run_until(5 * WEEK_S, plans, ARRAY_LEN(plans));
	ck_assert_uint_eq(world.told, 0);
	ck_assert_int_eq(rows("SELECT count(*) FROM emits"), 0);
	end();
}
END_TEST

START_TEST(a_workday_without_lines_is_told_once_and_ends)
{
	struct plan plans[] = {server(1, 1, 1, workdays), server(2, 1, 2, always)};
	const int64_t monday_s = 3 * WEEK_S;

	plans[0].from_s = monday_s;
	plans[0].to_s = monday_s + 12 * HOUR_S;
	begin(plans, ARRAY_LEN(plans));
	run_until(monday_s, plans, ARRAY_LEN(plans));
	ck_assert_uint_eq(world.told, 0);
	run_until(monday_s + DAY_S, plans, ARRAY_LEN(plans));
	ck_assert_uint_eq(world.told, 1);
	ck_assert_int_gt(world.told_s, monday_s + 7 * HOUR_S);
	ck_assert_int_lt(world.told_s, monday_s + 10 * HOUR_S);
	ck_assert_int_eq(rows(FOUND " AND agency = 1 AND host = 1"), 1);
	run_until(monday_s + 2 * DAY_S, plans, ARRAY_LEN(plans));
	ck_assert_int_eq(rows(FOUND), 1);
	ck_assert_int_eq(rows(ENDED), 1);
	ck_assert_int_eq(
		rows("SELECT sum(agency = 1 AND host = 1 AND attack = 0) FROM emits"), 2);
	end();
}
END_TEST

START_TEST(a_busy_source_is_told_within_minutes)
{
	struct plan plans[] = {server(1, 1, 1, always), server(1, 1, 2, always)};
	const int64_t at_s = 2 * WEEK_S + 3 * DAY_S + 3 * HOUR_S;

	plans[0].from_s = at_s;
	plans[0].to_s = INT64_MAX;
	begin(plans, ARRAY_LEN(plans));
	run_until(at_s + HOUR_S, plans, ARRAY_LEN(plans));
	ck_assert_uint_eq(world.told, 1);
	ck_assert_int_le(world.told_s, at_s + 8 * MINUTE_S);
	run_until(at_s + 2 * WEEK_S, plans, ARRAY_LEN(plans));
	ck_assert_uint_eq(world.told, 1);
	end();
}
END_TEST

START_TEST(a_host_an_agency_and_all_of_them_are_one_finding_each)
{
	struct plan plans[12];
	const int64_t at_s = 3 * WEEK_S + 2 * DAY_S + 9 * HOUR_S;

	for (uint32_t i = 0; i < 12; i++) /* three agencies of two hosts of two sources */
		plans[i] = server(1 + i / 4, 1 + i / 2, 1 + i, i % 2 ? always : workdays);
	begin(plans, 12);
	for (unsigned i = 0; i < 2; i++) {
		plans[i].from_s = at_s;
		plans[i].to_s = at_s + 2 * HOUR_S;
	}
	run_until(at_s + 3 * HOUR_S, plans, 12);
	ck_assert_int_eq(rows(FOUND " AND agency = 1 AND host = 1"), 1);
	ck_assert_int_eq(rows(FOUND), 1);
	for (unsigned i = 0; i < 4; i++) {
		plans[i].from_s = at_s + 3 * HOUR_S;
		plans[i].to_s = at_s + 5 * HOUR_S + i * MINUTE_S; /* one after the other */
	}
	run_until(at_s + 6 * HOUR_S, plans, 12);
	ck_assert_int_eq(rows(FOUND " AND agency = 1 AND host = 0"), 1);
	ck_assert_int_eq(rows(FOUND), 2);
	for (unsigned i = 0; i < 12; i++) {
		plans[i].from_s = at_s + DAY_S;
		plans[i].to_s = at_s + DAY_S + 3 * HOUR_S;
	}
	run_until(at_s + 2 * DAY_S, plans, 12);
	ck_assert_int_eq(rows(FOUND " AND agency = 0"), 1);
	ck_assert_int_eq(rows(FOUND), 3);
	ck_assert_int_eq(rows(ENDED), 3);
	end();
}
END_TEST

START_TEST(an_outage_of_the_collector_makes_nobody_silent)
{
	struct plan plans[] = {server(1, 1, 1, workdays), server(2, 1, 2, always)};
	const int64_t at_s = 3 * WEEK_S + 2 * DAY_S + 9 * HOUR_S;

	begin(plans, ARRAY_LEN(plans));
	run_until(at_s, plans, ARRAY_LEN(plans));
	world.stopped = true;
	run_until(at_s + 5 * HOUR_S, plans, ARRAY_LEN(plans));
	world.stopped = false;
	restart(plans, ARRAY_LEN(plans));
	run_until(at_s + 2 * DAY_S, plans, ARRAY_LEN(plans));
	ck_assert_uint_eq(world.told, 0);
	end();
}
END_TEST

START_TEST(a_store_that_takes_nothing_makes_nobody_silent)
{
	struct plan plans[] = {server(1, 1, 1, workdays), server(2, 1, 2, always)};
	const int64_t at_s = 3 * WEEK_S + 2 * DAY_S + 9 * HOUR_S;

	begin(plans, ARRAY_LEN(plans));
	run_until(at_s, plans, ARRAY_LEN(plans));
	world.refuses = true;
	run_until(at_s + 3 * HOUR_S, plans, ARRAY_LEN(plans));
	world.refuses = false;
	run_until(at_s + DAY_S, plans, ARRAY_LEN(plans));
	ck_assert_uint_eq(world.told, 0);
	end();
}
END_TEST

START_TEST(a_kill_in_the_middle_of_a_silence_delays_it_by_as_much_at_most)
{
	struct plan plans[] = {server(1, 1, 1, workdays), server(2, 1, 2, always)};
	const int64_t at_s = 3 * WEEK_S + 2 * DAY_S + 9 * HOUR_S;

	plans[1].from_s = at_s;
	plans[1].to_s = INT64_MAX;
	begin(plans, ARRAY_LEN(plans));
	for (int64_t s = 0; s < at_s; s += 11 * HOUR_S) { /* and all the time before */
		run_until(s, plans, ARRAY_LEN(plans));
		restart(plans, ARRAY_LEN(plans));
	}
	run_until(at_s + 4 * MINUTE_S, plans, ARRAY_LEN(plans));
	ck_assert_uint_eq(world.told, 0);
	restart(plans, ARRAY_LEN(plans));
	run_until(at_s + 12 * MINUTE_S, plans, ARRAY_LEN(plans));
	ck_assert_uint_eq(world.told, 1);
	ck_assert_int_le(world.told_s, at_s + 8 * MINUTE_S);
	restart(plans, ARRAY_LEN(plans));
	run_until(at_s + 2 * DAY_S, plans, ARRAY_LEN(plans));
	ck_assert_uint_eq(world.told, 1);
	end();
}
END_TEST

static unsigned with_a_burst(int64_t s)
{
	if (s >= 2 * WEEK_S + DAY_S + 10 * HOUR_S && s < 2 * WEEK_S + DAY_S + 11 * HOUR_S)
		return 100000;
	return s / MINUTE_S % 10 == 0;
}

START_TEST(a_burst_does_not_make_the_usual_pace_a_silence)
{
	struct plan plans[] = {server(1, 1, 1, with_a_burst)};

	begin(plans, ARRAY_LEN(plans));
	run_until(5 * WEEK_S, plans, ARRAY_LEN(plans));
	ck_assert_uint_eq(world.told, 0);
	end();
}
END_TEST

START_TEST(a_clock_of_ours_that_jumps_makes_nobody_silent)
{
	struct plan plans[] = {server(1, 1, 1, workdays), server(2, 1, 2, always),
		server(3, 1, 3, once_a_day)};

	begin(plans, ARRAY_LEN(plans));
	run_until(3 * WEEK_S + 2 * DAY_S, plans, ARRAY_LEN(plans));
	world.wall_off_s = 400 * DAY_S; /* to a Wednesday night of another year, and back */
	run_until(3 * WEEK_S + 2 * DAY_S + 6 * HOUR_S, plans, ARRAY_LEN(plans));
	world.wall_off_s = -3 * HOUR_S;
	run_until(3 * WEEK_S + 2 * DAY_S + 10 * HOUR_S, plans, ARRAY_LEN(plans));
	world.wall_off_s = 0;
	run_until(4 * WEEK_S, plans, ARRAY_LEN(plans));
	ck_assert_uint_eq(world.told, 0);
	end();
}
END_TEST

START_TEST(a_new_source_is_told_by_its_longest_silence_so_far)
{
	struct plan plans[] = {server(1, 1, 1, always), server(2, 1, 2, workdays)};
	const int64_t at_s = 4 * DAY_S;

	plans[0].from_s = at_s;
	plans[0].to_s = INT64_MAX;
	begin(plans, ARRAY_LEN(plans));
	run_until(at_s + 2 * HOUR_S, plans, ARRAY_LEN(plans));
	ck_assert_uint_eq(world.told, 1);
	ck_assert_int_ge(world.told_s, at_s + HOUR_S - 4 * MINUTE_S);
	run_until(at_s + 9 * DAY_S, plans, ARRAY_LEN(plans)); /* the weekend of the other */
	ck_assert_uint_eq(world.told, 1);
	end();
}
END_TEST

TEST_MAIN("silence", workdays_nights_weekends_and_holidays_are_no_silence,
	a_workday_without_lines_is_told_once_and_ends, a_busy_source_is_told_within_minutes,
	a_host_an_agency_and_all_of_them_are_one_finding_each,
	an_outage_of_the_collector_makes_nobody_silent,
	a_store_that_takes_nothing_makes_nobody_silent,
	a_kill_in_the_middle_of_a_silence_delays_it_by_as_much_at_most,
	a_burst_does_not_make_the_usual_pace_a_silence,
	a_clock_of_ours_that_jumps_makes_nobody_silent,
	a_new_source_is_told_by_its_longest_silence_so_far)
