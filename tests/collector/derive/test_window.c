#include "collector/derive/statistics_private.h"

#include "common/clock.h"
#include "tests/support/check.h"

enum { VIETNAM = 7 * 3600 };

static int64_t at(const char *text)
{
	int64_t ns;
	size_t used;

	ck_assert(clock_parse_iso(slice_str(text), 0, &ns, &used));
	return ns;
}

static void check_window(
	enum window_kind kind, const char *moment, const char *start, const char *end)
{
	struct window window = window_at(kind, at(moment), VIETNAM);

	ck_assert_int_eq(window.start_ns, at(start));
	ck_assert_int_eq(window.end_ns, at(end));
}

START_TEST(windows_follow_the_zone_of_the_province)
{
	check_window(WINDOW_5M, "2026-11-22T01:04:59.999999999Z", "2026-11-22T01:00:00Z",
		"2026-11-22T01:05:00Z");
	check_window(WINDOW_5M, "2026-11-22T01:05:00Z", "2026-11-22T01:05:00Z",
		"2026-11-22T01:10:00Z");
	check_window(WINDOW_HOUR, "2026-11-22T01:59:59Z", "2026-11-22T01:00:00Z",
		"2026-11-22T02:00:00Z");
	check_window(WINDOW_DAY, "2026-11-22T16:59:59Z", "2026-11-21T17:00:00Z",
		"2026-11-22T17:00:00Z");
	check_window(WINDOW_DAY, "2026-11-22T17:00:00Z", "2026-11-22T17:00:00Z",
		"2026-11-23T17:00:00Z");
}
END_TEST

START_TEST(moments_before_1970_have_windows_too)
{
	check_window(WINDOW_DAY, "1969-12-31T12:00:00Z", "1969-12-30T17:00:00Z",
		"1969-12-31T17:00:00Z");
}
END_TEST

/* ---- which are opened, which are due ---------------------------------------- */

static struct database database;
static const struct derive_settings settings = {
	.watermark_ms = 120000,
	.republish_ms = 900000,
	.zone_seconds = VIETNAM,
};
static struct statistics statistics = {.database = &database, .settings = &settings};

static void begin(const char *moment)
{
	struct err err;

	ck_assert_msg(database_open(&database, NULL, &err), "%s", err.text);
	statistics.now_ns = at(moment);
}

static void open_at(const char *moment)
{
	struct err err = {0};

	statistics.now_ns = at(moment);
	ck_assert_msg(statistics_open_windows(&statistics, &err), "%s", err.text);
}

static int64_t run_sql(const char *sql)
{
	sqlite3_stmt *row;
	int64_t value = -1;

	ck_assert_msg(sqlite3_prepare_v2(database.handle, sql, -1, &row, NULL) == SQLITE_OK,
		"%s", sqlite3_errmsg(database.handle));
	if (sqlite3_step(row) == SQLITE_ROW)
		value = sqlite3_column_int64(row, 0);
	ck_assert_int_eq(sqlite3_finalize(row), SQLITE_OK);
	return value;
}

/* Something was counted at that moment. */
static void count_at(const char *moment)
{
	struct err err = {0};

	for (unsigned kind = 0; kind < WINDOW_KINDS; kind++) {
		struct window window = window_at((enum window_kind)kind, at(moment), VIETNAM);

		ck_assert_msg(database_run(&database, &err, STATEMENT_WINDOW_DIRTY, "iii",
				      (int64_t)kind, window.start_ns / CLOCK_NS_PER_S,
				      window.end_ns / CLOCK_NS_PER_S),
			"%s", err.text);
	}
}

static bool publish(void *user, const struct window *window)
{
	unsigned *n = user;
	struct err err;

	*n += 1;
	return statistics_published(&statistics, window, &err);
}

/* How many were due; then none is. */
static unsigned publish_at(const char *moment)
{
	struct err err = {0};
	unsigned n = 0, before;

	statistics.now_ns = at(moment);
	do {
		before = n;
		ck_assert_msg(statistics_due(&statistics, publish, &n, &err), "%s", err.text);
	} while (n > before);
	return n;
}

#define N_OF_5M "SELECT count(*) FROM windows WHERE kind = 0"

START_TEST(after_a_pause_every_window_of_it_is_opened)
{
	begin("2026-11-22T01:02:00Z");
	open_at("2026-11-22T01:02:00Z");
	ck_assert_int_eq(run_sql(N_OF_5M), 1);
	count_at("2026-11-22T01:07:00Z"); /* stamped ahead, just before the pause */
	open_at("2026-11-22T03:02:00Z");
	ck_assert_int_eq(run_sql(N_OF_5M), 25);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM windows WHERE kind = 1"), 3);
	ck_assert_uint_eq(publish_at("2026-11-22T03:02:00Z"), 24 + 2);
	database_close(&database);
}
END_TEST

START_TEST(a_clock_ten_years_ahead_opens_no_ten_years_and_leaves_no_hole_behind)
{
	begin("2026-11-22T01:02:00Z");
	open_at("2026-11-22T01:02:00Z");
	open_at("2036-11-22T01:02:00Z");
	ck_assert_int_eq(run_sql(N_OF_5M), 2);
	open_at("2026-11-22T02:02:00Z");
	ck_assert_int_eq(run_sql(N_OF_5M), 1 + 13);
	open_at("2026-11-22T02:07:00Z");
	ck_assert_int_eq(run_sql(N_OF_5M), 1 + 14);
	ck_assert_uint_eq(publish_at("2026-11-22T02:07:00Z"), 13 + 1);
	database_close(&database);
}
END_TEST

START_TEST(what_was_published_by_a_clock_that_was_ahead_is_due_again)
{
	begin("2026-11-22T01:02:00Z");
	open_at("2026-11-22T01:02:00Z");
	ck_assert_uint_ge(publish_at("2036-11-22T01:00:00Z"), 1);
	count_at("2026-11-22T01:02:00Z");
	ck_assert_uint_eq(publish_at("2026-11-22T01:08:00Z"), 1);
	count_at("2026-11-22T01:02:00Z");
	ck_assert_uint_eq(publish_at("2026-11-22T01:09:00Z"), 0); /* the republish time */
	ck_assert_uint_eq(publish_at("2026-11-22T01:24:00Z"), 1);
	database_close(&database);
}
END_TEST

START_TEST(zeros_of_the_future_are_published_again_when_it_is_there)
{
	begin("2026-11-22T01:02:00Z");
	open_at("2026-11-22T01:02:00Z");
	open_at("2026-11-24T01:02:00Z");
	(void)publish_at("2026-11-24T01:02:00Z");
	open_at("2026-11-22T01:12:00Z");
	(void)publish_at("2026-11-22T01:12:00Z");
	ck_assert_uint_eq(publish_at("2026-11-22T01:17:00Z"), 1);
	open_at("2026-11-22T01:17:00Z");
	ck_assert_uint_eq(publish_at("2026-11-22T01:23:00Z"), 1);
	database_close(&database);
}
END_TEST

START_TEST(what_was_left_out_stays_so_when_a_clock_that_was_ahead_goes_back)
{
	begin("2026-08-01T01:02:00Z");
	open_at("2026-08-01T01:02:00Z");
	open_at("2026-11-20T01:02:00Z");
	ck_assert_int_eq(run_sql(N_OF_5M), 2);
	open_at("2026-11-22T01:02:00Z");
	ck_assert_int_eq(run_sql(N_OF_5M), 2 + 2 * 288);
	open_at("2026-11-20T02:02:00Z");
	ck_assert_int_eq(run_sql(N_OF_5M), 2 + 2 * 288);
	database_close(&database);
}
END_TEST

START_TEST(windows_whose_details_are_gone_are_not_opened)
{
	begin("2026-11-22T01:02:00Z");
	open_at("2026-11-22T01:02:00Z");
	(void)run_sql("INSERT INTO meta VALUES('rolled-up', unixepoch('2026-11-22T01:30:00'))");
	open_at("2026-11-22T01:42:00Z");
	ck_assert_int_eq(run_sql(N_OF_5M), 1 + 3);
	database_close(&database);
}
END_TEST

START_TEST(a_clock_set_back_a_little_is_waited_for)
{
	begin("2026-11-22T01:02:00Z");
	open_at("2026-11-22T01:02:00Z");
	open_at("2026-11-22T01:42:00Z");
	ck_assert_int_eq(run_sql(N_OF_5M), 9);
	open_at("2026-11-22T01:22:00Z");
	open_at("2026-11-22T01:47:00Z");
	ck_assert_int_eq(run_sql(N_OF_5M), 10);
	database_close(&database);
}
END_TEST

TEST_MAIN("window", windows_follow_the_zone_of_the_province,
	moments_before_1970_have_windows_too, after_a_pause_every_window_of_it_is_opened,
	a_clock_ten_years_ahead_opens_no_ten_years_and_leaves_no_hole_behind,
	what_was_published_by_a_clock_that_was_ahead_is_due_again,
	zeros_of_the_future_are_published_again_when_it_is_there,
	a_clock_set_back_a_little_is_waited_for,
	what_was_left_out_stays_so_when_a_clock_that_was_ahead_goes_back,
	windows_whose_details_are_gone_are_not_opened)
