#include "tests/collector/derive/derive_bench.h"

#include <sqlite3.h>
#include <stdio.h>

#include "collector/derive/outbox.h"
#include "collector/detect/detector.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/file.h"

enum { ZONE = 7 * 3600 };

struct derive_bench bench = {
	.published = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER}};

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

	bench.published.n_due++;
	return statistics_published(due->statistics, window, due->err);
}

static bool on_publish(void *user, struct statistics *statistics, struct outbox *outbox,
	uint64_t position, struct err *err)
{
	struct due due = {statistics, err};

	(void)user;
	(void)outbox;
	pthread_mutex_lock(&bench.published.lock);
	describe(statistics, &bench.published.window, &bench.published.text);
	bool ok = statistics_due(statistics, take_due, &due, err);
	bench.published.position = position;
	pthread_cond_broadcast(&bench.published.changed);
	pthread_mutex_unlock(&bench.published.lock);
	return ok;
}

static void on_emit(void *user, struct batch *batch)
{
	(void)user;
	store_submit(bench.fixture.store, batch);
}

static void on_filled(void *user)
{
	(void)user;
}

struct detector *bench_detector;

static struct detector *on_detector(void *user)
{
	(void)user;
	return detector_ref(bench_detector);
}

const struct derive_callbacks bench_callbacks = {
	on_publish, on_emit, on_detector, on_filled, NULL};

struct derive *bench_start(void)
{
	struct err err = {0};
	struct derive *derive =
		derive_start(&bench.settings, bench.fixture.store, &bench_callbacks, &err);

	ck_assert_msg(derive != NULL, "%s", err.text);
	return derive;
}

void bench_wait_until_read(void)
{
	uint64_t position = store_position(bench.fixture.store);

	pthread_mutex_lock(&bench.published.lock);
	while (bench.published.position < position)
		pthread_cond_wait(&bench.published.changed, &bench.published.lock);
	pthread_mutex_unlock(&bench.published.lock);
}

void bench_wait_for_publish(void)
{
	pthread_mutex_lock(&bench.published.lock);
	pthread_cond_wait(&bench.published.changed, &bench.published.lock);
	pthread_mutex_unlock(&bench.published.lock);
}

void bench_begin(void)
{
	fixture_init(&bench.fixture);
	fixture_open(&bench.fixture);
	snprintf(bench.derive_dir, sizeof(bench.derive_dir), "%s/derive", bench.fixture.dir);
	bench.settings = (struct derive_settings){
		.dir = bench.derive_dir,
		.step_ms = 1,
		.publish_ms = 5,
		.watermark_ms = 0,
		.ahead_ms = 300000,
		.back_ms = 72 * 3600000,
		.republish_ms = 0,
		.brute_force_count = 10,
		.brute_force_ms = 300000,
		.findings_most = 60,
		.spread_agencies = 3,
		.correlation_bytes = 1 << 20,
		.sigma_correlation_bytes = 1 << 20,
		.correlation_ms = 0,
		.malware_most = 5,
		.details_kept_ms = UINT64_C(7) * 86400000,
		.messages_kept_ms = UINT64_C(35) * 86400000,
		.days_kept_ms = UINT64_C(1826) * 86400000,
		.sources_most = 1000,
		.silence_least_ms = 300000,
		.silence_lines = 12,
		.clock_wrong_ms = 120000,
		.sources_kept_ms = UINT64_C(35) * 86400000,
		.alert_window_ms = UINT64_C(24) * 3600000,
		.alert_reopen_ms = UINT64_C(7) * 86400000,
		.alert_raise = 100,
		.alerts_of_rule = 200,
		.alerts_most = 20000,
		.learning_ms = UINT64_C(14) * 86400000,
		.alert_budget = 50,
		.analysts = 2,
		.zone_seconds = ZONE,
	};
	bench.published.position = 0;
	bench.published.n_due = 0;
	bench.published.window = window_at(WINDOW_DAY, clock_wall_ns(), ZONE);
	strbuf_init(&bench.published.text, 1 << 16);
}

void bench_end(struct derive *derive)
{
	derive_stop(derive);
	fixture_done(&bench.fixture);
	strbuf_done(&bench.published.text);
}

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

static sqlite3 *open_database(void)
{
	char path[PATH_MAX + 32];
	sqlite3 *handle;

	snprintf(path, sizeof(path), "%s/derive.db", bench.derive_dir);
	ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
	sqlite3_busy_timeout(handle, 20000);
	return handle;
}

/* Nobody commits meanwhile: the two files belong together. */
void bench_save_database(void)
{
	char path[PATH_MAX + 64], saved[PATH_MAX + 64];
	sqlite3 *handle = open_database();

	ck_assert_int_eq(sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	for (unsigned i = 0; i < ARRAY_LEN(database_files); i++) {
		snprintf(path, sizeof(path), "%s/%s", bench.derive_dir, database_files[i]);
		snprintf(saved, sizeof(saved), "%s/saved.%s", bench.derive_dir,
			database_files[i]);
		copy_file(path, saved);
	}
	ck_assert_int_eq(sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
}

void bench_restore_database(void)
{
	char path[PATH_MAX + 64], saved[PATH_MAX + 64];

	for (unsigned i = 0; i < ARRAY_LEN(database_files); i++) {
		snprintf(path, sizeof(path), "%s/%s", bench.derive_dir, database_files[i]);
		snprintf(saved, sizeof(saved), "%s/saved.%s", bench.derive_dir,
			database_files[i]);
		ck_assert_int_eq(rename(saved, path), 0);
	}
}

/* derive.db as kill -9 leaves it: what it is now is there at the next start. */
struct derive *bench_kill_and_start(struct derive *derive)
{
	bench_save_database();
	derive_stop(derive);
	bench_restore_database();
	return bench_start();
}

int64_t bench_sql(const char *sql)
{
	sqlite3 *handle = open_database();
	sqlite3_stmt *row;
	int64_t value = 0;

	ck_assert_msg(sqlite3_prepare_v2(handle, sql, -1, &row, NULL) == SQLITE_OK, "%s",
		sqlite3_errmsg(handle));
	if (sqlite3_step(row) == SQLITE_ROW)
		value = sqlite3_column_int64(row, 0);
	ck_assert_int_eq(sqlite3_finalize(row), SQLITE_OK);
	sqlite3_close(handle);
	return value;
}

void bench_store(uint32_t host, uint64_t first, uint32_t n, uint8_t level, record_change change)
{
	struct stream stream = {.agency = AGENCY, .host = host, .lane = 1, .epoch = host};
	struct batch *batch = fixture_batch(&bench.fixture, stream, first, n, level);

	for (unsigned i = 0; i < n; i++) {
		batch->records[i].created_ns = batch->records[i].received_ns;
		change(&batch->records[i], batch, i);
	}
	strbuf_reset(&batch->encoded);
	ck_assert(encode_batch(batch));
	ck_assert_int_eq(fixture_submit(&bench.fixture, batch), BATCH_STORED);
	fixture_free(batch);
}

void scan(struct record *record, struct batch *batch, unsigned i)
{
	(void)batch;
	if (i % 2 == 0) {
		record->attack = CLASS_RECON;
		record->severity = SEVERITY_LOW;
	}
}

void clock_of_2036(struct record *record, struct batch *batch, unsigned i)
{
	(void)batch;
	(void)i;
	record->created_ns += INT64_C(10) * 365 * 86400 * CLOCK_NS_PER_S;
}

void bench_check_recount(void)
{
	struct strbuf text = STRBUF_INIT(1 << 16);
	struct err err = {0};

	struct statistics *again = statistics_recount(&bench.settings, bench.fixture.dir,
		bench.published.window.start_ns, bench.published.window.end_ns, &err);
	ck_assert_msg(again != NULL, "%s", err.text);
	describe(again, &bench.published.window, &text);
	pthread_mutex_lock(&bench.published.lock);
	ck_assert_str_eq(strbuf_cstr(&text), strbuf_cstr(&bench.published.text));
	pthread_mutex_unlock(&bench.published.lock);
	statistics_free(again);
	strbuf_done(&text);
}

void bench_check_text(const char *want)
{
	bench_wait_until_read();
	pthread_mutex_lock(&bench.published.lock);
	ck_assert_str_eq(strbuf_cstr(&bench.published.text), want);
	pthread_mutex_unlock(&bench.published.lock);
	bench_check_recount();
}
