#include "collector/derive/prune.h"

#include <stdio.h>

#include "collector/derive/outbox_private.h"
#include "collector/derive/statistics_private.h"
#include "common/clock.h"
#include "tests/support/check.h"

enum { DAY_S = 86400, WINDOW_S = 300, ZONE = 7 * 3600 };

/* Midnight of the province. */
#define TODAY (INT64_C(20000) * DAY_S - ZONE)

static struct database database;
static const struct derive_settings settings = {
	.dir = "/nonexistent",
	.back_ms = UINT64_C(3) * DAY_S * 1000,
	.details_kept_ms = UINT64_C(7) * DAY_S * 1000,
	.messages_kept_ms = UINT64_C(35) * DAY_S * 1000,
	.days_kept_ms = UINT64_C(1826) * DAY_S * 1000,
	.sources_kept_ms = UINT64_C(35) * DAY_S * 1000,
	.zone_seconds = ZONE,
};
static struct prune prune;

static void begin(void)
{
	struct err err = {0};

	ck_assert_msg(database_open(&database, NULL, &err), "%s", err.text);
	ck_assert_msg(prune_init(&prune, &settings, &database, &err), "%s", err.text);
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

static void run(const char *format, int64_t at_s)
{
	char sql[512];

	for (const char *next = format; *next != '\0';) {
		const char *end = strchr(next, ';');
		size_t len = end ? (size_t)(end - next) : strlen(next);
		char part[256];

		ck_assert_uint_lt(len, sizeof(part));
		memcpy(part, next, len);
		part[len] = '\0';
		snprintf(sql, sizeof(sql), "WITH at(s) AS (VALUES(%lld)) %s", (long long)at_s,
			part);
		(void)run_sql(sql);
		next += len + (end != NULL);
	}
}

/* What one window of an attack on two hosts, one with a file of malware, leaves behind. */
static void count_at(int64_t at_s)
{
	run("INSERT INTO counts SELECT s, 7, 3, 4, 2, 0, 10, 1 FROM at;"
	    "INSERT INTO hosts SELECT s, 7, 3, 4, 2, 0, 1 FROM at;"
	    "INSERT INTO hosts SELECT s, 7, 3, 4, 2, 0, 2 FROM at;"
	    "INSERT INTO quality SELECT s, 7, 100, 5, 0, 0, 0, 0, 0, 0, 1, 2, 30, 0 FROM at;"
	    "INSERT INTO seen SELECT s, 7, 1 FROM at;"
	    "INSERT OR IGNORE INTO days SELECT 7, 1, (s + 25200) / 86400 * 86400 - 25200, s "
	    "FROM at;"
	    "INSERT OR IGNORE INTO agents SELECT 7, 1, s FROM at;"
	    "INSERT INTO listed SELECT s, 7, 1, 1 FROM at;"
	    "INSERT INTO hits SELECT NULL, s, randomblob(16), 7, 7, 1, 0, s, 'EICAR', 'test',"
	    " '', '/a', '', '', '', '', '', x'', 0, 1 FROM at;"
	    "INSERT INTO malware SELECT s, 7, 7, 1, (SELECT max(row) FROM hits), 3 FROM at;"
	    "INSERT INTO windows SELECT 0, s, s + 300, 0, s FROM at",
		at_s);
}

static void reported(void)
{
	run("INSERT OR REPLACE INTO meta SELECT 'malware.hit', (SELECT max(row) FROM hits)"
	    " FROM at",
		0);
}

/* Until there is nothing to do; how many steps that took. */
static unsigned prune_at(int64_t now_s)
{
	struct err err = {0};
	unsigned n = 0;
	bool more = true;

	for (; more && n < 1000; n++)
		ck_assert_msg(prune_step_at(&prune, now_s * CLOCK_NS_PER_S, &more, &err), "%s",
			err.text);
	return n;
}

START_TEST(a_day_becomes_daily_counts_when_it_is_old)
{
	begin();
	count_at(TODAY - 8 * DAY_S);
	count_at(TODAY - 8 * DAY_S + WINDOW_S);
	count_at(TODAY - 6 * DAY_S);
	reported();
	(void)prune_at(TODAY + 60);
	ck_assert_int_eq(run_sql("SELECT events FROM daily_counts"), 20);
	ck_assert_int_eq(run_sql("SELECT findings FROM daily_counts"), 2);
	ck_assert_int_eq(run_sql("SELECT hosts FROM daily_counts"), 2);
	ck_assert_int_eq(run_sql("SELECT records FROM daily_quality"), 200);
	ck_assert_int_eq(run_sql("SELECT missing FROM daily_quality"), 4);
	ck_assert_int_eq(run_sql("SELECT online FROM daily_quality"), 1);
	ck_assert_int_eq(run_sql("SELECT hits FROM daily_malware WHERE name = 'EICAR'"), 6);
	ck_assert_int_eq(run_sql("SELECT hosts FROM daily_malware"), 1);
	database_close(&database);
}
END_TEST

START_TEST(details_go_with_their_day_and_younger_ones_stay)
{
	static const char *const tables[] = {
		"counts", "hosts", "quality", "seen", "listed", "hits", "malware"};
	char sql[64];

	begin();
	count_at(TODAY - 400 * DAY_S);
	count_at(TODAY - 8 * DAY_S);
	count_at(TODAY - 7 * DAY_S);
	reported();
	(void)prune_at(TODAY + 60);
	for (unsigned i = 0; i < ARRAY_LEN(tables); i++) {
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", tables[i]);
		ck_assert_msg(
			run_sql(sql) == (strcmp(tables[i], "hosts") == 0 ? 2 : 1), "%s", sql);
	}
	/* A window is kept as long as messages; an agent and its days a little longer. */
	ck_assert_int_eq(run_sql("SELECT count(*) FROM windows"), 2);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM days"), 2);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM agents"), 1);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM daily_counts"), 2);
	database_close(&database);
}
END_TEST

START_TEST(a_stamp_may_always_reach_back_to_what_is_kept)
{
	struct derive_settings short_kept = settings;

	begin();
	short_kept.details_kept_ms = 0;
	short_kept.messages_kept_ms = 0;
	prune.settings = &short_kept;
	count_at(TODAY - 5 * DAY_S);
	count_at(TODAY - 6 * DAY_S);
	(void)prune_at(TODAY + DAY_S - 1);
	ck_assert_int_eq(run_sql("SELECT min(start) FROM counts"), TODAY - 5 * DAY_S);
	ck_assert_int_eq(run_sql("SELECT min(start) FROM windows"), TODAY - 5 * DAY_S);
	database_close(&database);
}
END_TEST

START_TEST(findings_of_malware_wait_until_they_were_reported)
{
	begin();
	count_at(TODAY - 30 * DAY_S);
	(void)prune_at(TODAY);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM hits"), 1);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM malware"), 0);
	reported();
	(void)prune_at(TODAY + DAY_S);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM hits"), 0);
	database_close(&database);
}
END_TEST

START_TEST(what_comes_for_a_day_that_is_rolled_up_is_added_and_not_published)
{
	struct err err = {0};

	begin();
	count_at(TODAY - 8 * DAY_S);
	(void)prune_at(TODAY);
	count_at(TODAY - 8 * DAY_S + WINDOW_S);
	ck_assert_msg(database_run(&database, &err, STATEMENT_WINDOW_DIRTY, "iii",
			      (int64_t)WINDOW_DAY, TODAY - 8 * DAY_S, TODAY - 7 * DAY_S),
		"%s", err.text);
	(void)prune_at(TODAY + DAY_S);
	ck_assert_int_eq(run_sql("SELECT events FROM daily_counts"), 20);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM counts"), 0);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM windows WHERE dirty"), 0);
	ck_assert_msg(database_run(&database, &err, STATEMENT_WINDOW_DIRTY, "iii",
			      (int64_t)WINDOW_DAY, TODAY - 5 * DAY_S, TODAY - 4 * DAY_S),
		"%s", err.text);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM windows WHERE dirty"), 1);
	database_close(&database);
}
END_TEST

START_TEST(a_day_waits_for_its_windows_and_gives_up_those_that_are_held)
{
	begin();
	count_at(TODAY - 8 * DAY_S);
	(void)run_sql("UPDATE windows SET dirty = 1");
	ck_assert_uint_eq(prune_at(TODAY), 1000);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM counts"), 1);
	(void)run_sql("INSERT INTO held SELECT 'statistics', '5m/' ||"
		      " strftime('%Y-%m-%dT%H:%M:%SZ', start, 'unixepoch'), unixepoch(), 9,"
		      " unixepoch() + 1800, 'no' FROM windows");
	ck_assert_uint_lt(prune_at(TODAY), 10);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM counts"), 0);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM windows WHERE dirty"), 0);
	database_close(&database);
}
END_TEST

START_TEST(a_day_that_waits_keeps_nothing_else_and_a_type_that_is_held_keeps_no_day)
{
	begin();
	count_at(TODAY - 8 * DAY_S);
	(void)run_sql("UPDATE windows SET dirty = 1");
	run("INSERT INTO daily_counts SELECT s, 7, 3, 4, 2, 0, 1, 0, 1 FROM at",
		TODAY - 2000 * DAY_S);
	(void)prune_at(TODAY);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM daily_counts"), 0);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM hosts"), 2);
	(void)run_sql("INSERT INTO held VALUES('statistics', '', unixepoch(), 9,"
		      " unixepoch() + 1800, 'no')");
	ck_assert_uint_lt(prune_at(TODAY), 10);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM counts"), 0);
	database_close(&database);
}
END_TEST

static bool take_stale(void *user, const struct statistics_quality *quality)
{
	*(uint64_t *)user = quality->agents_stale;
	return true;
}

START_TEST(who_was_heard_is_known_as_long_as_a_recount_may_ask)
{
	struct err err = {0};
	struct statistics statistics = {.database = &database, .settings = &settings};
	struct window window = {WINDOW_DAY, (TODAY - 34 * DAY_S) * CLOCK_NS_PER_S,
		(TODAY - 33 * DAY_S) * CLOCK_NS_PER_S};
	uint64_t stale = 1000;

	begin();
	run("INSERT INTO agents SELECT 7, 1, s - 86400 FROM at;"
	    "INSERT INTO days SELECT 7, 1, s, s FROM at",
		TODAY - 48 * DAY_S);
	(void)prune_at(TODAY);
	ck_assert(statistics_quality(&statistics, &window, take_stale, &stale, &err));
	ck_assert_uint_eq(stale, 0);
	(void)prune_at(TODAY + 4 * DAY_S);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM days"), 0);
	database_close(&database);
}
END_TEST

static void put(struct outbox *outbox, const char *key, uint64_t revision, int64_t at_s)
{
	struct outbox_message message = {
		.type = SLICE_LIT("statistics"),
		.key = slice_str(key),
		.revision = revision,
		.schema = SLICE_LIT("s"),
		.content_type = SLICE_LIT("c"),
		.message_id = SLICE_LIT("m"),
		.body = SLICE_LIT("body"),
		.created_ns = at_s * CLOCK_NS_PER_S,
	};
	struct err err = {0};

	ck_assert_msg(outbox_put(outbox, &message, &err), "%s", err.text);
}

START_TEST(messages_that_are_done_go_and_those_that_wait_stay)
{
	struct outbox outbox = {.database = &database};
	int64_t from_ns = 0;
	struct err err = {0};

	begin();
	put(&outbox, "waits", 1, TODAY - 100 * DAY_S);
	put(&outbox, "sent", 1, TODAY - 100 * DAY_S);
	put(&outbox, "refused", 1, TODAY - 100 * DAY_S);
	put(&outbox, "replaced", 1, TODAY - 100 * DAY_S);
	put(&outbox, "replaced", 2, TODAY - 90 * DAY_S);
	put(&outbox, "young", 1, TODAY - 34 * DAY_S);
	(void)run_sql("UPDATE outbox SET state = 1, done = created WHERE key IN ('sent', "
		      "'young')");
	(void)run_sql("UPDATE outbox SET state = 2, done = created WHERE key = 'refused'");
	(void)prune_at(TODAY);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM outbox"), 3);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM outbox WHERE key = 'waits'"), 1);
	ck_assert_int_eq(run_sql("SELECT revision FROM outbox WHERE key = 'replaced'"), 2);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM outbox WHERE key = 'young'"), 1);
	ck_assert(prune_kept_from(&database, &from_ns, &err));
	ck_assert_int_eq(from_ns, (TODAY - 35 * DAY_S) * CLOCK_NS_PER_S);
	database_close(&database);
}
END_TEST

START_TEST(daily_counts_go_after_five_years)
{
	begin();
	count_at(TODAY - 2000 * DAY_S);
	count_at(TODAY - 1000 * DAY_S);
	(void)prune_at(TODAY);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM daily_counts"), 1);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM daily_malware"), 1);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM daily_quality"), 1);
	database_close(&database);
}
END_TEST

/* However much there is to do: other things of derive wait for a step. */
START_TEST(a_step_removes_no_more_than_some_thousand_rows)
{
	struct err err = {0};
	bool more = true;

	begin();
	for (int64_t i = 0; i < 2000; i++)
		run("INSERT INTO seen WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
		    " SELECT i + 1 FROM n WHERE i < 20) SELECT s, 7, i FROM n, at",
			TODAY - 100 * DAY_S + i * WINDOW_S);
	for (int64_t left = 40000; more; left = run_sql("SELECT count(*) FROM seen")) {
		ck_assert(prune_step_at(&prune, TODAY * CLOCK_NS_PER_S, &more, &err));
		ck_assert_int_ge(run_sql("SELECT count(*) FROM seen"), left - 6000);
	}
	ck_assert_int_eq(run_sql("SELECT count(*) FROM seen"), 0);
	database_close(&database);
}
END_TEST

START_TEST(names_beyond_the_most_become_one_row)
{
	begin();
	for (int64_t i = 0; i < 300; i++) {
		run("INSERT INTO hits SELECT NULL, 0, randomblob(16), 7, 7, 1, 0, 0,"
		    " 'name ' || s, 't', '', '/a', '', '', '', '', '', x'', 0, 1 FROM at;"
		    "INSERT INTO malware SELECT s, 7, 7, 1, max(row), 1 + (max(row) > 100)"
		    " FROM hits, at",
			TODAY - 8 * DAY_S + i);
	}
	(void)prune_at(TODAY);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM daily_malware"), 201);
	ck_assert_int_eq(run_sql("SELECT hits FROM daily_malware WHERE name = ''"), 100);
	ck_assert_int_eq(run_sql("SELECT sum(hits) FROM daily_malware"), 500);
	database_close(&database);
}
END_TEST

TEST_MAIN("prune", a_day_that_waits_keeps_nothing_else_and_a_type_that_is_held_keeps_no_day,
	who_was_heard_is_known_as_long_as_a_recount_may_ask,
	a_day_becomes_daily_counts_when_it_is_old,
	details_go_with_their_day_and_younger_ones_stay,
	a_stamp_may_always_reach_back_to_what_is_kept,
	findings_of_malware_wait_until_they_were_reported,
	what_comes_for_a_day_that_is_rolled_up_is_added_and_not_published,
	a_day_waits_for_its_windows_and_gives_up_those_that_are_held,
	messages_that_are_done_go_and_those_that_wait_stay, daily_counts_go_after_five_years,
	a_step_removes_no_more_than_some_thousand_rows, names_beyond_the_most_become_one_row)
