#include "collector/derive/statistics_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/support/check.h"

enum { DAY_S = 86400, WINDOW_S = 300, GROUPS = 4 };

static struct database database;
static const struct derive_settings settings = {0};
static struct statistics statistics = {.database = &database, .settings = &settings};
static const struct window day = {
	.kind = WINDOW_DAY, .start_ns = 0, .end_ns = DAY_S * CLOCK_NS_PER_S};

static void run(enum statement which, const char *types, int64_t a, int64_t b, int64_t c,
	int64_t d, int64_t e, int64_t f, int64_t g, int64_t h)
{
	struct err err = {0};

	ck_assert_msg(database_run(&database, &err, which, types, a, b, c, d, e, f, g, h), "%s",
		err.text);
}

/* A day in which every host of every agency was attacked in each of `windows` windows. */
static void fill(unsigned agencies, unsigned hosts, unsigned windows)
{
	for (unsigned at = 0; at < agencies * hosts * windows; at++) {
		int64_t start = at / hosts / agencies % windows * WINDOW_S;
		int64_t agency = 1 + at / hosts % agencies, host = 1 + at % hosts;
		int64_t attack = 1 + host % GROUPS;

		run(STATEMENT_COUNT_ADD, "iiiiiiii", start, agency, 3, attack, 1, 0, 2, 0);
		run(STATEMENT_HOST_ADD, "iiiiiii", start, agency, 3, attack, 1, 0, host, 0);
		run(STATEMENT_SEEN_ADD, "iii", start, agency, host, 0, 0, 0, 0, 0);
		run(STATEMENT_DAY_ADD, "iiii", agency, host, 0, start, 0, 0, 0, 0);
		run(STATEMENT_AGENT_ADD, "iii", agency, host, start, 0, 0, 0, 0, 0);
	}
}

static void begin(unsigned agencies, unsigned hosts, unsigned windows)
{
	struct err err = {0};

	ck_assert_msg(database_open(&database, NULL, &err) && database_begin(&database, &err),
		"%s", err.text);
	fill(agencies, hosts, windows);
}

struct sums {
	uint64_t rows, events, hosts, enrolled, online, stale;
};

static bool add_count(void *user, const struct statistics_count *count)
{
	struct sums *sums = user;

	sums->rows++;
	sums->events += count->events;
	sums->hosts += count->hosts;
	return true;
}

static bool add_quality(void *user, const struct statistics_quality *quality)
{
	struct sums *sums = user;

	sums->rows++;
	sums->enrolled += quality->agents_enrolled;
	sums->online += quality->agents_online;
	sums->stale += quality->agents_stale;
	return true;
}

static struct sums read_counts(void)
{
	struct sums sums = {0};
	struct err err = {0};

	ck_assert_msg(
		statistics_counts(&statistics, &day, add_count, &sums, &err), "%s", err.text);
	return sums;
}

static struct sums read_quality(const struct window *window)
{
	struct sums sums = {0};
	struct err err = {0};

	ck_assert_msg(statistics_quality(&statistics, window, add_quality, &sums, &err), "%s",
		err.text);
	return sums;
}

/* What it took, in steps of SQLite's machine: the same on every computer. */
static int64_t steps_of(enum statement which)
{
	return sqlite3_stmt_status(database.prepared[which], SQLITE_STMTSTATUS_VM_STEP, 1);
}

START_TEST(hosts_of_a_day_are_distinct_and_sums_are_of_all_windows)
{
	begin(3, 8, 5);
	struct sums sums = read_counts();
	ck_assert_uint_eq(sums.rows, 3 * GROUPS);
	ck_assert_uint_eq(sums.hosts, 3 * 8);
	ck_assert_uint_eq(sums.events, 3 * 8 * 5 * 2);
	sums = read_quality(&day);
	ck_assert_uint_eq(sums.online, 3 * 8);
	ck_assert_uint_eq(sums.enrolled, 3 * 8);
	database_close(&database);
}
END_TEST

static int64_t steps_for(enum statement which, unsigned agencies, unsigned windows)
{
	begin(agencies, 8, windows);
	if (which == STATEMENT_COUNTS)
		(void)read_counts();
	else
		(void)read_quality(&day);
	int64_t steps = steps_of(which);
	database_close(&database);
	return steps;
}

START_TEST(a_day_of_four_times_the_agencies_takes_four_times_the_steps)
{
	static const enum statement each[] = {STATEMENT_COUNTS, STATEMENT_QUALITY};

	for (unsigned i = 0; i < ARRAY_LEN(each); i++) {
		int64_t few = steps_for(each[i], 10, 4), many = steps_for(each[i], 40, 4);

		ck_assert_int_gt(few, 0);
		ck_assert_int_lt(many, few * 5);
	}
}
END_TEST

/* However many windows the agents were heard in, and days. */
START_TEST(the_agents_of_a_day_take_a_step_for_each_agent_not_for_each_word_of_it)
{
	ck_assert_int_lt(steps_for(STATEMENT_QUALITY, 10, 40),
		steps_for(STATEMENT_QUALITY, 10, 4) * 3 / 2);

	begin(10, 8, 1);
	(void)read_quality(&day);
	int64_t young = steps_of(STATEMENT_QUALITY);
	for (int64_t back = 1; back <= 400; back++) {
		for (int64_t host = 0; host < 80; host++)
			run(STATEMENT_DAY_ADD, "iiii", 1 + host / 8, 1 + host % 8,
				-back * DAY_S, -back * DAY_S, 0, 0, 0, 0);
	}
	(void)read_quality(&day);
	ck_assert_int_lt(steps_of(STATEMENT_QUALITY), young * 3 / 2);
	database_close(&database);
}
END_TEST

static struct window five_minutes_at(int64_t start_s)
{
	return (struct window){
		.kind = WINDOW_5M,
		.start_ns = start_s * CLOCK_NS_PER_S,
		.end_ns = (start_s + WINDOW_S) * CLOCK_NS_PER_S,
	};
}

START_TEST(an_agent_is_enrolled_from_its_first_window_and_stale_after_fifteen_days)
{
	begin(0, 1, 0);
	run(STATEMENT_DAY_ADD, "iiii", 1, 1, 0, 3 * WINDOW_S, 0, 0, 0, 0);
	run(STATEMENT_AGENT_ADD, "iii", 1, 1, 3 * WINDOW_S, 0, 0, 0, 0, 0);
	run(STATEMENT_SEEN_ADD, "iii", 3 * WINDOW_S, 1, 1, 0, 0, 0, 0, 0);
	const struct {
		int64_t start_s;
		uint64_t enrolled, online, stale;
	} cases[] = {
		{2 * WINDOW_S, 0, 0, 0},
		{3 * WINDOW_S, 1, 1, 0},
		{4 * WINDOW_S, 1, 0, 0},
		{15 * DAY_S - WINDOW_S, 1, 0, 0},
		{15 * DAY_S, 1, 0, 1},
	};
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct window window = five_minutes_at(cases[i].start_s);
		struct sums sums = read_quality(&window);

		ck_assert_uint_eq(sums.enrolled, cases[i].enrolled);
		ck_assert_uint_eq(sums.online, cases[i].online);
		ck_assert_uint_eq(sums.stale, cases[i].stale);
	}
	database_close(&database);
}
END_TEST

/* A reader leaves its two files beside it. */
static void remove_database(const char *dir)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char path[64];

	for (unsigned i = 0; i < ARRAY_LEN(suffixes); i++) {
		snprintf(path, sizeof(path), "%s/derive.db%s", dir, suffixes[i]);
		(void)unlink(path);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

/* Retention took the records of an agent away, what derive.db knows of it stays true. */
START_TEST(a_recount_takes_agents_whose_records_are_gone_from_derive_db)
{
	char dir[] = "/tmp/soc-statistics-XXXXXX", path[64];
	struct err err = {0};

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/derive.db", dir);
	ck_assert_msg(database_open(&database, path, &err), "%s", err.text);
	for (int64_t host = 1; host <= 2; host++) {
		run(STATEMENT_DAY_ADD, "iiii", 1, host, (host - 1) * DAY_S, host * DAY_S - 600,
			0, 0, 0, 0);
		run(STATEMENT_AGENT_ADD, "iii", 1, host, host * DAY_S - 600, 0, 0, 0, 0, 0);
	}
	database_close(&database);
	begin(0, 1, 0);
	ck_assert_msg(statistics_ask_for(&statistics, path, 0, 30 * DAY_S * CLOCK_NS_PER_S,
			      DAY_S * CLOCK_NS_PER_S, &err),
		"%s", err.text);
	struct window window = five_minutes_at(20 * DAY_S);
	ck_assert_uint_eq(read_quality(&window).enrolled, 1);
	ck_assert_uint_eq(read_quality(&window).stale, 1);
	window = five_minutes_at(10 * DAY_S);
	ck_assert_uint_eq(read_quality(&window).stale, 0);
	database_close(&database);
	remove_database(dir);
}
END_TEST

TEST_MAIN("statistics", hosts_of_a_day_are_distinct_and_sums_are_of_all_windows,
	a_day_of_four_times_the_agencies_takes_four_times_the_steps,
	the_agents_of_a_day_take_a_step_for_each_agent_not_for_each_word_of_it,
	an_agent_is_enrolled_from_its_first_window_and_stale_after_fifteen_days,
	a_recount_takes_agents_whose_records_are_gone_from_derive_db)
