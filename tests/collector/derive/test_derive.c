#include "collector/derive/derive.h"

#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>

#include "collector/derive/outbox.h"
#include "collector/derive/statistics.h"
#include "common/clock.h"
#include "common/file.h"
#include "tests/collector/store/fixture.h"

enum { AGENCY = 7, ZONE = 7 * 3600 };

static struct fixture fixture;
static struct derive_settings settings;
static char derive_dir[PATH_MAX + 16];

/* What the newest publish saw, for the thread of the test. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t position;
	struct window window; /* to look at */
	struct strbuf text;
	unsigned n_due;
} published = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static bool put_count(void *user, const struct statistics_count *count)
{
	strbuf_addf(user, "%u/%u/%s/%s%s:%llu,%llu,%llu ", count->agency, count->level,
		attack_class_name((enum attack_class)count->attack),
		severity_name((enum severity)count->severity),
		count->status == COUNT_RESOLVED ? "/resolved" : "",
		(unsigned long long)count->events, (unsigned long long)count->findings,
		(unsigned long long)count->hosts);
	return true;
}

static bool put_malware(void *user, const struct statistics_malware *malware)
{
	strbuf_addf(user, "malware %.*s/%.*s:%llu,%llu,%llu ", SLICE_FMT(malware->name),
		SLICE_FMT(malware->type), (unsigned long long)malware->hits,
		(unsigned long long)malware->hosts, (unsigned long long)malware->files);
	return true;
}

static bool put_sum(void *user, const struct statistics_malware_sum *sum)
{
	strbuf_addf(user, "hits %u:%llu,%llu ", sum->agency, (unsigned long long)sum->hits,
		(unsigned long long)sum->names);
	return true;
}

static bool put_quality(void *user, const struct statistics_quality *quality)
{
	if (quality->test > 0)
		strbuf_addf(user, "test %u:%llu ", quality->agency,
			(unsigned long long)quality->test);
	strbuf_addf(user, "quality %u:%llu late=%llu gaps=%llu,%llu agents=%llu/%llu/%llu ",
		quality->agency, (unsigned long long)quality->records,
		(unsigned long long)quality->late, (unsigned long long)quality->gaps,
		(unsigned long long)quality->missing,
		(unsigned long long)quality->agents_enrolled,
		(unsigned long long)quality->agents_online,
		(unsigned long long)quality->agents_stale);
	return true;
}

static void describe(
	struct statistics *statistics, const struct window *window, struct strbuf *text)
{
	struct err err = {0};

	strbuf_reset(text);
	ck_assert_msg(
		statistics_counts(statistics, window, put_count, text, &err) &&
			statistics_malware_sums(statistics, window, put_sum, text, &err) &&
			statistics_malware(
				statistics, window, AGENCY, 100, put_malware, text, &err) &&
			statistics_quality(statistics, window, put_quality, text, &err),
		"%s", err.text);
}

struct due {
	struct statistics *statistics;
	struct err *err;
};

static bool take_due(void *user, const struct window *window)
{
	struct due *due = user;

	published.n_due++;
	return statistics_published(due->statistics, window, due->err);
}

static bool on_publish(void *user, struct statistics *statistics, struct outbox *outbox,
	uint64_t position, struct err *err)
{
	struct due due = {statistics, err};

	(void)user;
	(void)outbox;
	pthread_mutex_lock(&published.lock);
	describe(statistics, &published.window, &published.text);
	bool ok = statistics_due(statistics, take_due, &due, err);
	published.position = position;
	pthread_cond_broadcast(&published.changed);
	pthread_mutex_unlock(&published.lock);
	return ok;
}

static void on_emit(void *user, struct batch *batch)
{
	(void)user;
	store_submit(fixture.store, batch);
}

static void on_filled(void *user)
{
	(void)user;
}

static struct derive *start(void)
{
	const struct derive_callbacks callbacks = {on_publish, on_emit, on_filled, NULL};
	struct err err = {0};
	struct derive *derive = derive_start(&settings, fixture.store, &callbacks, &err);

	ck_assert_msg(derive != NULL, "%s", err.text);
	return derive;
}

/* Until everything stored so far was read and looked at. */
static void wait_until_read(void)
{
	uint64_t position = store_position(fixture.store);

	pthread_mutex_lock(&published.lock);
	while (published.position < position)
		pthread_cond_wait(&published.changed, &published.lock);
	pthread_mutex_unlock(&published.lock);
}

static void wait_for_next_publish(void)
{
	pthread_mutex_lock(&published.lock);
	pthread_cond_wait(&published.changed, &published.lock);
	pthread_mutex_unlock(&published.lock);
}

static void begin(void)
{
	fixture_init(&fixture);
	fixture_open(&fixture);
	snprintf(derive_dir, sizeof(derive_dir), "%s/derive", fixture.dir);
	settings = (struct derive_settings){
		.dir = derive_dir,
		.step_ms = 1,
		.publish_ms = 5,
		.watermark_ms = 0,
		.ahead_ms = 300000,
		.back_ms = 72 * 3600000,
		.republish_ms = 0,
		.brute_force_count = 10,
		.brute_force_ms = 300000,
		.findings_most = 60,
		.correlation_bytes = 1 << 20,
		.correlation_ms = 0,
		.malware_most = 5,
		.details_kept_ms = UINT64_C(7) * 86400000,
		.messages_kept_ms = UINT64_C(35) * 86400000,
		.days_kept_ms = UINT64_C(1826) * 86400000,
		.zone_seconds = ZONE,
	};
	published.position = 0;
	published.n_due = 0;
	published.window = window_at(WINDOW_DAY, clock_wall_ns(), ZONE);
	strbuf_init(&published.text, 1 << 16);
}

static void end(struct derive *derive)
{
	derive_stop(derive);
	fixture_done(&fixture);
	strbuf_done(&published.text);
}

/* Over a connection of the test's own. */
static int64_t run_sql(const char *sql)
{
	char path[PATH_MAX + 32];
	sqlite3_stmt *row;
	sqlite3 *handle;
	int64_t value = 0;

	snprintf(path, sizeof(path), "%s/derive.db", derive_dir);
	ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
	sqlite3_busy_timeout(handle, 20000);
	ck_assert_msg(sqlite3_prepare_v2(handle, sql, -1, &row, NULL) == SQLITE_OK, "%s",
		sqlite3_errmsg(handle));
	if (sqlite3_step(row) == SQLITE_ROW)
		value = sqlite3_column_int64(row, 0);
	ck_assert_int_eq(sqlite3_finalize(row), SQLITE_OK);
	sqlite3_close(handle);
	return value;
}

typedef void (*shape)(struct record *record, struct batch *batch, unsigned i);

/* Records of a host, changed by `change` before they are encoded again. */
static void store_records(
	uint32_t host, uint64_t first, uint32_t n, uint8_t level, shape change)
{
	struct stream stream = {.agency = AGENCY, .host = host, .lane = 1, .epoch = host};
	struct batch *batch = fixture_batch(&fixture, stream, first, n, level);

	for (unsigned i = 0; i < n; i++) {
		batch->records[i].created_ns = batch->records[i].received_ns;
		change(&batch->records[i], batch, i);
	}
	strbuf_reset(&batch->encoded);
	ck_assert(encode_batch(batch));
	ck_assert_int_eq(fixture_submit(&fixture, batch), BATCH_STORED);
	fixture_free(batch);
}

static void scan(struct record *record, struct batch *batch, unsigned i)
{
	(void)batch;
	if (i % 2 == 0) {
		record->attack = CLASS_RECON;
		record->severity = SEVERITY_LOW;
	}
}

static void drill(struct record *record, struct batch *batch, unsigned i)
{
	scan(record, batch, i);
	record->flags |= RECORD_TEST;
}

static void clock_of_2036(struct record *record, struct batch *batch, unsigned i)
{
	(void)batch;
	(void)i;
	record->created_ns += INT64_C(10) * 365 * 86400 * CLOCK_NS_PER_S;
}

static void hit(struct record *record, struct batch *batch, unsigned i)
{
	static const struct slice files[] = {SLICE_LIT("/a"), SLICE_LIT("/b"), SLICE_LIT("/a")};

	record->kind = RECORD_HIT;
	record->attack = CLASS_MALWARE;
	record->severity = SEVERITY_HIGH;
	ck_assert(record_add(record, &batch->arena, FIELD_RULE_NAME, SLICE_LIT("EICAR")));
	ck_assert(record_add(record, &batch->arena, FIELD_FILE_PATH, files[i % 3]));
}

static void failed_login(struct record *record, struct batch *batch, unsigned i)
{
	(void)i;
	ck_assert(record_match(record, &batch->arena, 1, SLICE_LIT("7\0001\000192.0.2.9")));
	ck_assert(record_add(record, &batch->arena, FIELD_SOURCE_IP, SLICE_LIT("192.0.2.9")));
}

static void check_recount(void)
{
	struct strbuf text = STRBUF_INIT(1 << 16);
	struct err err = {0};

	struct statistics *again = statistics_recount(&settings, fixture.dir,
		published.window.start_ns, published.window.end_ns, &err);
	ck_assert_msg(again != NULL, "%s", err.text);
	describe(again, &published.window, &text);
	pthread_mutex_lock(&published.lock);
	ck_assert_str_eq(strbuf_cstr(&text), strbuf_cstr(&published.text));
	pthread_mutex_unlock(&published.lock);
	statistics_free(again);
	strbuf_done(&text);
}

static void check_text(const char *want)
{
	wait_until_read();
	pthread_mutex_lock(&published.lock);
	ck_assert_str_eq(strbuf_cstr(&published.text), want);
	pthread_mutex_unlock(&published.lock);
	check_recount();
}

START_TEST(attacks_are_counted_by_class_and_drills_are_not)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 100, 3, scan);
	store_records(2, 1, 10, 3, scan);
	store_records(2, 11, 10, 4, scan);
	store_records(3, 1, 50, 3, drill);
	check_text("7/3/recon/low:55,0,2 7/4/recon/low:5,0,1 "
		   "test 7:50 quality 7:120 late=0 gaps=0,0 agents=2/2/0 ");
	end(derive);
}
END_TEST

START_TEST(a_host_whose_clock_says_2036_is_counted_when_it_was_received)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 10, 3, clock_of_2036);
	check_text("quality 7:10 late=10 gaps=0,0 agents=1/1/0 ");
	end(derive);
}
END_TEST

START_TEST(malware_is_counted_by_name_with_hosts_and_files)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 3, 2, hit);
	store_records(2, 1, 1, 2, hit);
	check_text("7/2/malware/high:4,0,2 hits 7:4,1 malware EICAR/Unknown:4,2,3 "
		   "quality 7:4 late=0 gaps=0,0 agents=2/2/0 ");
	end(derive);
}
END_TEST

/* 32 files on two hosts, which may have five each. */
static void many_hits(struct record *record, struct batch *batch, unsigned i)
{
	struct strbuf path = STRBUF_INIT(32);

	record->kind = RECORD_HIT;
	record->attack = CLASS_RANSOMWARE;
	record->severity = SEVERITY_HIGH;
	strbuf_addf(&path, "/%u", i % 16);
	ck_assert(record_add(record, &batch->arena, FIELD_THREAT_NAME, SLICE_LIT("X")));
	ck_assert(record_add(record, &batch->arena, FIELD_FILE_PATH,
		arena_copy(&batch->arena, strbuf_slice(&path))));
	strbuf_done(&path);
}

START_TEST(hits_of_a_host_that_has_too_many_are_counted_without_a_name)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 32, 2, many_hits);
	wait_until_read();
	store_records(2, 1, 32, 2, many_hits);
	store_records(1, 33, 32, 2, many_hits);
	check_text("7/2/ransomware/high:96,0,2 hits 7:96,1 malware X/Unknown:30,2,10 "
		   "quality 7:96 late=0 gaps=0,0 agents=2/2/0 ");
	end(derive);
}
END_TEST

/* A line of a web server, whatever was asked for, is no finding of malware; nor is what a
 * product finds when it is marked as a drill. */
static void probe(struct record *record, struct batch *batch, unsigned i)
{
	hit(record, batch, i);
	record->kind = RECORD_LOG;
	if (i == 1)
		record->flags |= RECORD_MALWARE | RECORD_RESOLVED;
	if (i == 2)
		record->flags |= RECORD_MALWARE | RECORD_TEST;
}

START_TEST(only_findings_of_products_are_hits)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 10, 2, probe);
	check_text("7/2/malware/high:8,0,1 7/2/malware/high/resolved:1,0,1 hits 7:1,1 malware "
		   "EICAR/Unknown:1,1,1 test 7:1 "
		   "quality 7:9 late=0 gaps=0,0 agents=1/1/0 ");
	end(derive);
}
END_TEST

START_TEST(a_restart_goes_on_where_the_last_step_ended)
{
	begin();
	struct derive *derive = start();
	for (unsigned round = 0; round < 5; round++) {
		store_records(1, 1 + round * 100, 100, 3, scan);
		if (round % 2 == 0)
			wait_until_read();
		derive_stop(derive);
		derive = start();
	}
	check_text("7/3/recon/low:250,0,1 quality 7:500 late=0 gaps=0,0 agents=1/1/0 ");
	end(derive);
}
END_TEST

static unsigned count_findings(void)
{
	struct err err = {0};
	struct store_reader *reader = store_reader_open(fixture.store, 0, &err);
	struct store_block block;
	unsigned n = 0;

	for (enum store_read got;
		(got = store_reader_next(reader, &block, &err)) != STORE_END;) {
		for (unsigned i = 0; got == STORE_BLOCK && i < block.n_records; i++)
			n += block.columns[i].kind == RECORD_FINDING;
	}
	store_reader_close(reader);
	return n;
}

static void wait_for_findings(unsigned n)
{
	while (count_findings() < n)
		wait_for_next_publish();
	wait_until_read();
}

START_TEST(a_sustained_brute_force_is_one_finding_even_after_restarts)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 9, 3, failed_login);
	wait_until_read();
	ck_assert_uint_eq(count_findings(), 0);
	derive_stop(derive);
	derive = start();
	store_records(1, 10, 200, 3, failed_login);
	wait_for_findings(1);
	derive_stop(derive);
	derive = start();
	store_records(1, 210, 200, 3, failed_login);
	wait_until_read();
	ck_assert_uint_eq(count_findings(), 1);
	check_text("7/3/unauthorized-access/high:0,1,1 "
		   "quality 7:409 late=0 gaps=0,0 agents=1/1/0 ");
	end(derive);
}
END_TEST

/* "message repeated 10 times: [ Failed password ... ]" */
static void repeated_login(struct record *record, struct batch *batch, unsigned i)
{
	failed_login(record, batch, i);
	record->attack = CLASS_UNAUTHORIZED_ACCESS;
	record->severity = SEVERITY_LOW;
	record->repeats = 9;
}

START_TEST(a_line_that_says_it_was_repeated_counts_so_often)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 1, 3, repeated_login);
	wait_for_findings(1);
	wait_until_read();
	check_text("7/3/unauthorized-access/low:10,0,1 7/3/unauthorized-access/high:0,1,1 "
		   "quality 7:1 late=0 gaps=0,0 agents=1/1/0 ");
	end(derive);
}
END_TEST

static void copy_file(const char *from, const char *to)
{
	struct strbuf bytes = STRBUF_INIT(64 << 20);
	struct err err = {0};
	FILE *file;

	ck_assert_msg(file_read(from, &bytes, &err), "%s", err.text);
	file = fopen(to, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes.ptr ? bytes.ptr : "", 1, bytes.len, file), bytes.len);
	ck_assert_int_eq(fclose(file), 0);
	strbuf_done(&bytes);
}

static const char *const database_files[] = {"derive.db", "derive.db-wal"};

static void save_database(void)
{
	char path[PATH_MAX + 64], saved[PATH_MAX + 64];

	for (unsigned i = 0; i < ARRAY_LEN(database_files); i++) {
		snprintf(path, sizeof(path), "%s/%s", derive_dir, database_files[i]);
		snprintf(saved, sizeof(saved), "%s/saved.%s", derive_dir, database_files[i]);
		copy_file(path, saved);
	}
}

static void restore_database(void)
{
	char path[PATH_MAX + 64], saved[PATH_MAX + 64];

	for (unsigned i = 0; i < ARRAY_LEN(database_files); i++) {
		snprintf(path, sizeof(path), "%s/%s", derive_dir, database_files[i]);
		snprintf(saved, sizeof(saved), "%s/saved.%s", derive_dir, database_files[i]);
		ck_assert_int_eq(rename(saved, path), 0);
	}
}

static void remove_database(void)
{
	char path[PATH_MAX + 64];

	for (unsigned i = 0; i < ARRAY_LEN(database_files); i++) {
		snprintf(path, sizeof(path), "%s/%s", derive_dir, database_files[i]);
		(void)unlink(path);
	}
}

/* derive.db as kill -9 leaves it: what it is now is there at the next start. */
static struct derive *kill_and_start(struct derive *derive)
{
	save_database();
	derive_stop(derive);
	restore_database();
	return start();
}

START_TEST(a_kill_loses_and_repeats_no_finding_though_state_is_saved_seldom)
{
	begin();
	settings.correlation_ms = 3600 * 1000;
	store_records(1, 1, 9, 3, failed_login);
	struct derive *derive = start();
	wait_until_read();
	derive = kill_and_start(derive);
	store_records(1, 10, 1, 3, failed_login);
	wait_for_findings(1);
	derive = kill_and_start(derive);
	store_records(1, 11, 200, 3, failed_login);
	wait_until_read();
	derive = kill_and_start(derive);
	store_records(1, 211, 10, 3, failed_login);
	wait_until_read();
	ck_assert_uint_eq(count_findings(), 1);
	check_text("7/3/unauthorized-access/high:0,1,1 "
		   "quality 7:220 late=0 gaps=0,0 agents=1/1/0 ");
	end(derive);
}
END_TEST

/* Ten in a row come from one address. */
static void login_of_many(struct record *record, struct batch *batch, unsigned i)
{
	char group[32];
	int len = snprintf(group, sizeof(group), "7/%u/%u", record->host, i / 10);
	struct slice copy = arena_copy(&batch->arena, slice_of(group, (size_t)len));

	ck_assert(record_match(record, &batch->arena, 1, copy));
	ck_assert(record_add(record, &batch->arena, FIELD_SOURCE_IP, copy));
}

START_TEST(a_flood_of_addresses_is_a_limited_number_of_findings)
{
	begin();
	settings.findings_most = 5;
	struct derive *derive = start();
	store_records(1, 1, 500, 3, login_of_many);
	store_records(2, 1, 20, 3, login_of_many);
	wait_for_findings(7);
	wait_until_read();
	ck_assert_uint_eq(count_findings(), 7);
	check_text("7/3/unauthorized-access/high:0,7,2 "
		   "quality 7:520 late=0 gaps=0,0 agents=2/2/0 ");
	end(derive);
}
END_TEST

/* Ten of one address each time, another one than before. */
static void login_of_another(struct record *record, struct batch *batch, unsigned i)
{
	char group[32];
	int len = snprintf(group, sizeof(group), "7/%u", (unsigned)(record->sequence - 1) / 10);
	struct slice copy = arena_copy(&batch->arena, slice_of(group, (size_t)len));

	(void)i;
	ck_assert(record_match(record, &batch->arena, 1, copy));
	ck_assert(record_add(record, &batch->arena, FIELD_SOURCE_IP, copy));
}

START_TEST(a_database_that_was_restored_loses_and_repeats_no_finding)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 10, 3, login_of_another);
	wait_for_findings(1);
	save_database();
	store_records(1, 11, 20, 3, login_of_another);
	wait_for_findings(3);
	derive_stop(derive);
	restore_database();
	derive = start();
	store_records(1, 31, 10, 3, login_of_another);
	wait_for_findings(4);
	derive_stop(derive);
	derive = start();
	store_records(1, 41, 10, 3, login_of_another);
	wait_for_findings(5);
	ck_assert_uint_eq(count_findings(), 5);
	check_text("7/3/unauthorized-access/high:0,5,1 "
		   "quality 7:50 late=0 gaps=0,0 agents=1/1/0 ");
	end(derive);
}
END_TEST

START_TEST(a_database_that_is_made_anew_repeats_no_finding)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 20, 3, login_of_another);
	wait_for_findings(2);
	derive_stop(derive);
	remove_database();
	published.position = 0;
	derive = start();
	store_records(1, 21, 10, 3, login_of_another);
	wait_for_findings(3);
	check_text("7/3/unauthorized-access/high:0,3,1 "
		   "quality 7:30 late=0 gaps=0,0 agents=1/1/0 ");
	end(derive);
}
END_TEST

/* What it concludes again need not be what it concluded: numbers must not be given again. */
START_TEST(what_a_restored_database_finds_is_no_duplicate_of_something_else)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 10, 3, login_of_another);
	wait_for_findings(1);
	save_database();
	store_records(1, 11, 20, 3, login_of_another);
	wait_for_findings(3);
	derive_stop(derive);
	restore_database();
	settings.brute_force_count = 11;
	derive = start();
	store_records(1, 31, 11, 3, failed_login);
	wait_for_findings(4);
	ck_assert_uint_eq(count_findings(), 4);
	end(derive);
}
END_TEST

START_TEST(a_store_that_lost_findings_gets_the_next_ones_all_the_same)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 10, 3, login_of_another);
	wait_for_findings(1);
	derive_stop(derive);
	(void)run_sql("UPDATE sqlite_sequence SET seq = seq + 5 WHERE name = 'emits'");
	derive = start();
	store_records(1, 11, 10, 3, login_of_another);
	wait_for_findings(2);
	check_text("7/3/unauthorized-access/high:0,2,1 "
		   "quality 7:20 late=0 gaps=0,0 agents=1/1/0 ");
	end(derive);
}
END_TEST

START_TEST(a_store_that_lost_its_tail_is_counted_on_from_there)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 10, 3, login_of_another);
	wait_for_findings(1);
	derive_stop(derive);
	/* As if there had been a hundred commits more, muted after a restoration. */
	(void)run_sql("UPDATE meta SET value = value + 100 WHERE name LIKE '%position'");
	(void)run_sql("UPDATE meta SET value = 1000 WHERE name = 'findings-muted'");
	derive = start();
	ck_assert_uint_eq(derive_position(derive), store_position(fixture.store));
	published.position = 0;
	store_records(1, 11, 10, 3, login_of_another);
	wait_for_findings(2);
	ck_assert_uint_gt(published.position, 102);
	check_text("7/3/unauthorized-access/high:0,2,1 "
		   "quality 7:20 late=0 gaps=0,0 agents=1/1/0 ");
	ck_assert_int_eq(
		run_sql("SELECT count(DISTINCT value) FROM meta WHERE name LIKE '%position'"),
		1);
	end(derive);
}
END_TEST

/* Told: the first of host 1. The second, and that of host 3, while nothing was derived. */
static void leave_a_backlog(void)
{
	struct derive *derive = start();

	store_records(9, 1, 1, 3, scan);
	wait_until_read();
	save_database();
	store_records(1, 1, 10, 3, login_of_another);
	wait_for_findings(1);
	derive_stop(derive);
	store_records(3, 1, 10, 3, failed_login);
	store_records(1, 11, 10, 3, login_of_another);
	published.position = 0;
}

START_TEST(what_nobody_derived_before_a_restored_database_is_told)
{
	begin();
	leave_a_backlog();
	restore_database();
	struct derive *derive = start();
	wait_for_findings(3);
	store_records(1, 21, 10, 3, login_of_another);
	wait_for_findings(4);
	check_text("7/3/unauthorized-access/high:0,4,2 7/3/recon/low:1,0,1 "
		   "quality 7:41 late=0 gaps=0,0 agents=3/3/0 ");
	end(derive);
}
END_TEST

START_TEST(what_nobody_derived_before_a_database_made_anew_is_told)
{
	begin();
	leave_a_backlog();
	remove_database();
	struct derive *derive = start();
	wait_for_findings(3);
	derive = kill_and_start(derive);
	store_records(1, 21, 10, 3, login_of_another);
	wait_for_findings(4);
	check_text("7/3/unauthorized-access/high:0,4,2 7/3/recon/low:1,0,1 "
		   "quality 7:41 late=0 gaps=0,0 agents=3/3/0 ");
	end(derive);
}
END_TEST

START_TEST(a_start_that_fails_half_way_leaves_a_restored_database_as_it_was)
{
	const struct derive_callbacks callbacks = {on_publish, on_emit, on_filled, NULL};
	struct err err = {0};

	begin();
	struct derive *derive = start();
	store_records(1, 1, 10, 3, login_of_another);
	wait_for_findings(1);
	save_database();
	store_records(1, 11, 20, 3, login_of_another);
	wait_for_findings(3);
	derive_stop(derive);
	restore_database();
	(void)run_sql("CREATE TRIGGER stuck BEFORE UPDATE ON meta WHEN new.name ="
		      " 'findings-muted' BEGIN SELECT RAISE(ABORT, 'stuck'); END");
	ck_assert_ptr_null(derive_start(&settings, fixture.store, &callbacks, &err));
	ck_assert_int_eq(run_sql("SELECT seq FROM sqlite_sequence WHERE name = 'emits'"), 1);
	(void)run_sql("DROP TRIGGER stuck");
	published.position = 0;
	derive = start();
	store_records(1, 31, 10, 3, login_of_another);
	wait_for_findings(4);
	check_text("7/3/unauthorized-access/high:0,4,1 "
		   "quality 7:40 late=0 gaps=0,0 agents=1/1/0 ");
	end(derive);
}
END_TEST

static void wait_until_counted(struct derive *derive)
{
	uint64_t position = store_position(fixture.store);

	while (derive_position(derive) < position)
		wait_for_next_publish();
}

START_TEST(more_addresses_than_memory_are_forgotten_and_counted)
{
	begin();
	settings.correlation_bytes = 1000;
	struct derive *derive = start();
	store_records(1, 1, 500, 3, login_of_many);
	wait_until_counted(derive);
	struct derive_state state = derive_state(derive);
	ck_assert_uint_le(state.groups, state.groups_most);
	ck_assert_uint_gt(state.groups_forgotten, 0);
	end(derive);
}
END_TEST

static void login_in_2036(struct record *record, struct batch *batch, unsigned i)
{
	clock_of_2036(record, batch, i);
	failed_login(record, batch, i);
}

/* A clock that was wrong once must not hold a window open for ten years. */
START_TEST(a_pace_is_measured_where_statistics_count)
{
	begin();
	settings.brute_force_ms = 1000;
	struct derive *derive = start();
	store_records(1, 1, 1, 3, login_in_2036);
	for (unsigned i = 0; i < 12; i++) {
		struct timespec pause = {.tv_nsec = 150 * CLOCK_NS_PER_MS};

		nanosleep(&pause, NULL);
		store_records(1, 2 + i, 1, 3, failed_login);
	}
	wait_until_read();
	ck_assert_uint_eq(count_findings(), 0);
	end(derive);
}
END_TEST

static void ten_minutes_old(struct record *record, struct batch *batch, unsigned i)
{
	scan(record, batch, i);
	record->created_ns -= 600 * CLOCK_NS_PER_S;
}

START_TEST(complete_windows_are_published_once_and_again_when_they_change)
{
	begin();
	published.window = window_at(WINDOW_5M, clock_wall_ns() - 600 * CLOCK_NS_PER_S, ZONE);
	struct derive *derive = start();
	store_records(1, 1, 2, 3, ten_minutes_old);
	wait_until_read();
	wait_until_read();
	pthread_mutex_lock(&published.lock);
	unsigned first = published.n_due;
	pthread_mutex_unlock(&published.lock);
	ck_assert_uint_ge(first, 1);
	store_records(1, 3, 2, 3, ten_minutes_old);
	wait_until_read();
	pthread_mutex_lock(&published.lock);
	ck_assert_uint_gt(published.n_due, first);
	pthread_mutex_unlock(&published.lock);
	end(derive);
}
END_TEST

START_TEST(a_delivery_that_could_not_be_noted_is_noted_later)
{
	begin();
	struct derive *derive = start();
	wait_for_next_publish();
	(void)run_sql("INSERT INTO outbox VALUES(1, 'k', 1, 't', 's', 'c', 'm', 0, 0, 0, 0, '',"
		      " x'00')");
	(void)run_sql("CREATE TRIGGER stuck BEFORE UPDATE ON outbox BEGIN"
		      " SELECT RAISE(ABORT, 'stuck'); END");
	derive_mark_sent(derive, 1, true, "there");
	for (unsigned i = 0; i < 3; i++)
		wait_for_next_publish();
	ck_assert_int_eq(run_sql("SELECT state FROM outbox"), 0);
	(void)run_sql("DROP TRIGGER stuck");
	while (run_sql("SELECT state FROM outbox") == 0)
		wait_for_next_publish();
	ck_assert_int_eq(run_sql("SELECT state FROM outbox"), 1);
	end(derive);
}
END_TEST

START_TEST(what_is_old_leaves_the_database_while_it_runs)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 10, 3, scan);
	wait_until_read();
	(void)run_sql(
		"INSERT INTO counts VALUES(unixepoch() - 30 * 86400, 7, 3, 4, 2, 0, 5, 0)");
	derive_stop(derive);
	derive = start();
	while (run_sql("SELECT count(*) FROM counts WHERE start < unixepoch() - 20 * 86400") >
		0)
		wait_for_next_publish();
	ck_assert_int_eq(run_sql("SELECT events FROM daily_counts"), 5);
	while (derive_state(derive).kept_from_ns == 0)
		wait_for_next_publish();
	ck_assert_int_lt(derive_state(derive).kept_from_ns,
		clock_wall_ns() - 34 * 86400 * CLOCK_NS_PER_S);
	check_text("7/3/recon/low:5,0,1 quality 7:10 late=0 gaps=0,0 agents=1/1/0 ");
	end(derive);
}
END_TEST

START_TEST(a_step_that_fails_is_told_and_ends_when_it_goes_on)
{
	begin();
	struct derive *derive = start();
	store_records(1, 1, 1, 3, scan);
	wait_until_read();
	ck_assert_int_eq(derive_state(derive).failing_since_ns, 0);
	(void)run_sql("CREATE TRIGGER stuck BEFORE INSERT ON counts BEGIN"
		      " SELECT RAISE(ABORT, 'stuck'); END");
	store_records(1, 2, 1, 3, scan);
	while (derive_state(derive).failing_since_ns == 0)
		(void)poll(NULL, 0, 1);
	ck_assert_ptr_nonnull(strstr(derive_state(derive).failure, "stuck"));
	(void)run_sql("DROP TRIGGER stuck");
	wait_until_read();
	while (derive_state(derive).failing_since_ns != 0)
		wait_for_next_publish();
	check_text("7/3/recon/low:2,0,1 quality 7:2 late=0 gaps=0,0 agents=1/1/0 ");
	end(derive);
}
END_TEST

TEST_MAIN("derive", a_delivery_that_could_not_be_noted_is_noted_later,
	attacks_are_counted_by_class_and_drills_are_not,
	a_host_whose_clock_says_2036_is_counted_when_it_was_received,
	malware_is_counted_by_name_with_hosts_and_files,
	hits_of_a_host_that_has_too_many_are_counted_without_a_name,
	only_findings_of_products_are_hits, a_restart_goes_on_where_the_last_step_ended,
	a_sustained_brute_force_is_one_finding_even_after_restarts,
	a_line_that_says_it_was_repeated_counts_so_often,
	a_kill_loses_and_repeats_no_finding_though_state_is_saved_seldom,
	a_database_that_was_restored_loses_and_repeats_no_finding,
	a_database_that_is_made_anew_repeats_no_finding,
	what_a_restored_database_finds_is_no_duplicate_of_something_else,
	a_store_that_lost_findings_gets_the_next_ones_all_the_same,
	a_store_that_lost_its_tail_is_counted_on_from_there,
	a_start_that_fails_half_way_leaves_a_restored_database_as_it_was,
	what_nobody_derived_before_a_restored_database_is_told,
	what_nobody_derived_before_a_database_made_anew_is_told,
	a_flood_of_addresses_is_a_limited_number_of_findings,
	more_addresses_than_memory_are_forgotten_and_counted,
	a_pace_is_measured_where_statistics_count,
	what_is_old_leaves_the_database_while_it_runs,
	a_step_that_fails_is_told_and_ends_when_it_goes_on,
	complete_windows_are_published_once_and_again_when_they_change)
