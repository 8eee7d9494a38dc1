#include <stdio.h>
#include <unistd.h>

#include "collector/derive/quality.h"
#include "collector/derive/samples.h"
#include "collector/derive/sources.h"
#include "common/clock.h"
#include "tests/collector/derive/derive_bench.h"

/* Every record of the batch from a source of its own kind: NAMES of them in turn. */
static unsigned n_names = 1;

static void name_source(struct record *record, struct batch *batch, unsigned i)
{
	if (i == 0) {
		struct record_source *sources =
			arena_alloc(&batch->arena, n_names * sizeof(*sources));

		for (unsigned n = 0; n < n_names; n++) {
			char name[32];
			int len = snprintf(name, sizeof(name), "/var/log/%u", n);

			sources[n] = (struct record_source){
				.input = SLICE_LIT("file"),
				.name = arena_copy(&batch->arena, slice_of(name, (size_t)len)),
			};
		}
		batch->sources = sources;
		batch->n_sources = n_names;
	}
	record->source = &batch->sources[i % n_names];
	record->kind = RECORD_LOG;
}

static void sshd(struct record *record, struct batch *batch, unsigned i)
{
	name_source(record, batch, i);
	record->parser = 7;
	record->status = PARSE_OK;
}

static void nobodys(struct record *record, struct batch *batch, unsigned i)
{
	name_source(record, batch, i);
	record->parser = 0;
	record->status = PARSE_UNKNOWN;
	record->created_ns = CLOCK_NONE;
}

static void of_firewall(struct record *record, struct batch *batch, unsigned i)
{
	sshd(record, batch, i);
	record->agency = 70 + i % 3;
	record->flags |= RECORD_SHARED;
}

static void note(struct record *record, struct batch *batch, unsigned i)
{
	name_source(record, batch, i);
	record->kind = RECORD_NOTE;
}

/* What is published is committed when the next thing is. */
static void wait_until_written(void)
{
	bench_wait_until_read();
	bench_wait_for_publish();
}

static struct derive *begin(unsigned names)
{
	bench_begin();
	n_names = names;
	return bench_start();
}

START_TEST(lines_are_counted_by_source_parser_and_status)
{
	struct derive *derive = begin(2);

	bench_store(1, 1, 100, 3, sshd);
	bench_store(1, 101, 20, 4, nobodys);
	bench_store(2, 1, 10, 3, sshd);
	bench_store(2, 11, 10, 3, note);
	wait_until_written();
	ck_assert_int_eq(bench_sql("SELECT count(*) FROM sources"), 4);
	ck_assert_int_eq(bench_sql("SELECT sum(lines) FROM source_hours"), 130);
	ck_assert_int_eq(bench_sql("SELECT sum(lines) FROM source_hours h JOIN sources"
				   " ON number = source WHERE host = 1 AND parser = 7"
				   " AND status = 1 AND name = '/var/log/1'"),
		50);
	ck_assert_int_eq(bench_sql("SELECT sum(lines) FROM source_hours WHERE status = 0"
				   " AND undated = lines AND bytes > lines"),
		20);
	ck_assert_int_eq(bench_sql("SELECT count(*) FROM sources WHERE agency <> 7"), 0);
	bench_end(derive);
}
END_TEST

START_TEST(a_shared_source_is_its_senders)
{
	struct derive *derive = begin(1);

	bench_store(1, 1, 99, 3, of_firewall);
	wait_until_written();
	ck_assert_int_eq(bench_sql("SELECT count(*) FROM sources"), 1);
	ck_assert_int_eq(bench_sql("SELECT agency * 100 + host FROM sources"), 701);
	ck_assert_int_eq(bench_sql("SELECT sum(lines) FROM source_hours"), 99);
	bench_end(derive);
}
END_TEST

START_TEST(a_kill_loses_and_repeats_no_line)
{
	struct derive *derive = begin(3);

	bench_store(1, 1, 100, 3, sshd);
	wait_until_written();
	derive = bench_kill_and_start(derive);
	bench_store(1, 101, 100, 3, sshd);
	wait_until_written();
	derive = bench_kill_and_start(derive);
	bench_store(1, 201, 100, 3, sshd);
	wait_until_written();
	ck_assert_int_eq(bench_sql("SELECT count(*) FROM sources"), 3);
	ck_assert_int_eq(bench_sql("SELECT sum(lines) FROM source_hours"), 300);
	bench_end(derive);
}
END_TEST

START_TEST(a_host_of_too_many_sources_has_one_without_a_name)
{
	struct derive *derive = begin(500);

	bench_store(1, 1, 1000, 3, sshd);
	bench_store(2, 1, 500, 3, sshd);
	wait_until_written();
	ck_assert_int_eq(bench_sql("SELECT count(*) FROM sources"), 2 * (64 + 1));
	ck_assert_int_eq(bench_sql("SELECT sum(lines) FROM source_hours h JOIN sources"
				   " ON number = source WHERE name = '' AND host = 1"),
		2 * (500 - 64));
	ck_assert_int_eq(bench_sql("SELECT sum(lines) FROM source_hours"), 1500);
	bench_end(derive);
}
END_TEST

START_TEST(sources_beyond_the_most_are_those_of_their_agency)
{
	bench_begin();
	bench.settings.sources_most = 10;
	n_names = 8;
	struct derive *derive = bench_start();
	bench_store(1, 1, 80, 3, sshd);
	bench_store(2, 1, 80, 3, sshd);
	wait_until_written();
	ck_assert_int_eq(bench_sql("SELECT count(*) FROM sources"), 5 + 1);
	ck_assert_int_eq(bench_sql("SELECT sum(lines) FROM source_hours h JOIN sources"
				   " ON number = source WHERE host = 0"),
		110);
	derive_stop(derive);
	derive = bench_start();
	bench_store(2, 81, 80, 3, sshd);
	wait_until_written();
	ck_assert_int_eq(bench_sql("SELECT count(*) FROM sources"), 5 + 1);
	ck_assert_int_eq(bench_sql("SELECT sum(lines) FROM source_hours"), 240);
	bench_end(derive);
}
END_TEST

struct shown {
	unsigned n;
	uint64_t lines, days;
	struct quality_reader *reader;
};

static bool add_share(void *user, const struct quality_share *share)
{
	struct shown *shown = user;

	shown->lines += share->lines;
	return true;
}

static bool add_day(void *user, const struct quality_day *day)
{
	struct shown *shown = user;

	shown->days += day->lines;
	return true;
}

static bool look_at(void *user, const struct quality_source *source)
{
	struct shown *shown = user;
	struct err err = {0};

	shown->n++;
	ck_assert_uint_eq(source->agency, AGENCY);
	ck_assert_slice_eq(source->input, SLICE_LIT("file"));
	ck_assert(quality_shares(shown->reader, source->number, 0, add_share, shown, &err));
	ck_assert(
		quality_days(shown->reader, source->number, 0, 7 * 3600, add_day, shown, &err));
	return true;
}

START_TEST(what_is_shown_is_what_was_counted)
{
	struct derive *derive = begin(3);
	struct err err = {0};
	struct shown shown = {.n = 0};

	bench_store(1, 1, 90, 3, sshd);
	bench_store(1, 91, 30, 3, nobodys);
	wait_until_written();
	shown.reader = quality_reader_open(bench.derive_dir, &err);
	ck_assert_msg(shown.reader != NULL, "%s", err.text);
	ck_assert(quality_sources(shown.reader, 0, look_at, &shown, &err));
	ck_assert_uint_eq(shown.n, 3);
	ck_assert_uint_eq(shown.lines, 120);
	ck_assert_uint_eq(shown.days, 120);
	quality_reader_close(shown.reader);
	bench_end(derive);
}
END_TEST

static int64_t hours_ago;
static bool was_right;

/* Ten minutes ahead. */
static void of_wrong_clock(struct record *record, struct batch *batch, unsigned i)
{
	sshd(record, batch, i);
	record->received_ns -= hours_ago * 3600 * CLOCK_NS_PER_S;
	record->created_ns = record->received_ns;
	if (!was_right)
		record->created_ns += 600 * CLOCK_NS_PER_S;
}

/* What stands in the log of a rule: "ACTION level resolved". */
static unsigned read_states(struct strbuf *text)
{
	struct err err = {0};
	struct store_reader *reader = store_reader_open(bench.fixture.store, 0, &err);
	struct store_block block;
	struct arena arena;
	unsigned n = 0;

	arena_init(&arena, 1 << 20);
	strbuf_reset(text);
	for (enum store_read got;
		(got = store_reader_next(reader, &block, &err)) != STORE_END;) {
		for (unsigned i = 0; got == STORE_BLOCK && i < block.n_records; i++) {
			const struct columns *columns = &block.columns[i];
			struct record record;

			if (columns->kind != RECORD_FINDING)
				continue;
			ck_assert(decode_record(
				store_reader_body(reader, i), columns, &arena, &record));
			ck_assert_slice_eq(record_get(&record, FIELD_RULE_NAME),
				SLICE_LIT("source-clock"));
			ck_assert(slice_absent(record_get(&record, FIELD_SOURCE_IP)));
			strbuf_addf(text, "%.*s %u/%u/%u %d ",
				SLICE_FMT(record_get(&record, FIELD_EVENT_ACTION)),
				columns->agency, columns->host, columns->level,
				(columns->flags & RECORD_RESOLVED) != 0);
			n++;
		}
	}
	store_reader_close(reader);
	arena_done(&arena);
	return n;
}

static void wait_for_states(struct strbuf *text, unsigned n)
{
	while (read_states(text) < n)
		bench_wait_for_publish();
	wait_until_written();
	ck_assert_uint_eq(read_states(text), n);
}

static void remove_database(void)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	char path[PATH_MAX + 64];

	for (unsigned i = 0; i < ARRAY_LEN(endings); i++) {
		snprintf(path, sizeof(path), "%s/derive.db%s", bench.derive_dir, endings[i]);
		(void)unlink(path);
	}
}

START_TEST(a_wrong_clock_is_a_finding_of_its_host_until_it_is_right)
{
	struct derive *derive = begin(2);
	struct strbuf text = STRBUF_INIT(4096);
	uint64_t first = 1;

	was_right = false;
	for (hours_ago = 12; hours_ago > 6; hours_ago--, first += 40)
		bench_store(9, first, 40, 3, of_wrong_clock);
	wait_for_states(&text, 1);
	ck_assert_str_eq(strbuf_cstr(&text), "source-clock-wrong 7/9/3 0 ");
	derive_stop(derive);
	derive = bench_start();
	was_right = true;
	for (; hours_ago > 0; hours_ago--, first += 40)
		bench_store(9, first, 40, 3, of_wrong_clock);
	wait_for_states(&text, 2);
	ck_assert_str_eq(
		strbuf_cstr(&text), "source-clock-wrong 7/9/3 0 source-clock-right 7/9/3 1 ");
	derive_stop(derive);
	remove_database();
	derive = bench_start(); /* what it reads again was told */
	wait_until_written();
	ck_assert_int_eq(bench_sql("SELECT sum(lines) FROM source_hours"), (int64_t)first - 1);
	ck_assert_int_eq(bench_sql("SELECT seq FROM sqlite_sequence WHERE name = 'emits'"), 0);
	ck_assert_uint_eq(read_states(&text), 2);
	strbuf_done(&text);
	bench_end(derive);
}
END_TEST

static void with_user(struct record *record, struct batch *batch, unsigned i)
{
	sshd(record, batch, i);
	ck_assert(record_add(record, &batch->arena, FIELD_SOURCE_IP, SLICE_LIT("192.0.2.1")));
	if (record->host != 3)
		ck_assert(record_add(record, &batch->arena, FIELD_USER_NAME, SLICE_LIT("an")));
}

/* Twenty shapes; the first ones come more often. */
static void of_shapes(struct record *record, struct batch *batch, unsigned i)
{
	char text[512];
	const unsigned shape = i % 40 < 20 ? i % 40 : i % 4;
	int len = snprintf(text, sizeof(text), "%c%c: job %u of %s failed %0400d",
		(char)('a' + shape), 'x', i, "user1", 7);

	nobodys(record, batch, i);
	record->raw = arena_copy(&batch->arena, slice_of(text, (size_t)len));
	record->whole = record->raw.len;
}

static bool add_text(void *user, const struct quality_sample *sample)
{
	ck_assert_uint_eq(sample->status, PARSE_UNKNOWN);
	ck_assert_uint_le(sample->line.len, 240);
	strbuf_addf(user, "%.2s:%llu ", sample->line.ptr, (unsigned long long)sample->times);
	return true;
}

static bool add_missing(void *user, const struct quality_missing *missing)
{
	strbuf_addf(user, "%u %.*s %u/%u ", missing->parser,
		SLICE_FMT(field_name(missing->field)), missing->others, missing->of);
	return true;
}

START_TEST(lines_that_nobody_reads_are_kept_by_shape)
{
	struct derive *derive = begin(1);
	struct strbuf text = STRBUF_INIT(4096);
	struct err err = {0};

	bench_store(1, 1, 40, 3, of_shapes);
	wait_until_written();
	derive = bench_kill_and_start(derive);
	bench_store(1, 41, 40, 3, of_shapes);
	wait_until_written();
	ck_assert_int_eq(bench_sql("SELECT count(*) FROM source_samples"), 8);
	struct quality_reader *reader = quality_reader_open(bench.derive_dir, &err);
	ck_assert_ptr_nonnull(reader);
	ck_assert(quality_samples(reader, 1, add_text, &text, &err));
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&text), "ax:12 "));
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&text), "dx:12 "));
	quality_reader_close(reader);
	for (uint64_t first = 81; first < 1000; first += 40)
		bench_store(1, first, 40, 3, of_shapes);
	wait_until_written();
	ck_assert_int_le(bench_sql("SELECT sum(times) FROM source_samples"), 2 * 128 + 40);
	ck_assert_int_eq(bench_sql("SELECT count(*) FROM source_samples"), 8);
	strbuf_done(&text);
	bench_end(derive);
}
END_TEST

START_TEST(a_field_that_others_fill_is_missing)
{
	struct derive *derive = begin(1);
	struct strbuf text = STRBUF_INIT(4096);
	struct err err = {0};
	char seen[FIELD_ID_MAX / 8];

	for (uint32_t host = 1; host <= 3; host++)
		bench_store(host, 1, 5, 3, with_user);
	wait_until_written();
	struct quality_reader *reader = quality_reader_open(bench.derive_dir, &err);
	ck_assert_ptr_nonnull(reader);
	ck_assert(quality_fields(reader, 3, seen, add_missing, &text, &err));
	ck_assert_str_eq(strbuf_cstr(&text), "7 user.name 2/2 ");
	ck_assert(seen[FIELD_SOURCE_IP / 8] >> FIELD_SOURCE_IP % 8 & 1);
	strbuf_reset(&text);
	ck_assert(quality_fields(reader, 1, seen, add_missing, &text, &err));
	ck_assert_str_eq(strbuf_cstr(&text), "");
	quality_reader_close(reader);
	strbuf_done(&text);
	bench_end(derive);
}
END_TEST

START_TEST(shapes_are_the_same_but_for_words_with_digits_and_case)
{
	const uint64_t shape = samples_shape(SLICE_LIT("user an42 from 10.0.0.1 failed"));

	ck_assert(shape != 0);
	ck_assert(shape == samples_shape(SLICE_LIT("User b1nh7 from 192.168.10.20 FAILED")));
	ck_assert(shape != samples_shape(SLICE_LIT("user an42 from 10.0.0.1 passed")));
	ck_assert(shape != samples_shape(SLICE_LIT("user an42 from 10.0.0.1")));
	ck_assert(samples_shape(SLICE_LIT("")) != 0);
}
END_TEST

/* ---- without a thread; the test turns the clock ------------------------------- */

#define BEGIN_S INT64_C(1780246800) /* Monday 2026-06-01, midnight in the zone */

static struct {
	struct derive_settings settings;
	struct database database;
	struct sources *sources;
	uint64_t commit;
	int64_t now_s;      /* since BEGIN_S */
	unsigned countdown; /* operations of the database before it fails */
} lab;

static void open_lab(uint32_t sources_most)
{
	struct err err = {0};

	lab.settings = (struct derive_settings){
		.zone_seconds = 7 * 3600,
		.publish_ms = 5000,
		.silence_least_ms = 300000,
		.silence_lines = 12,
		.sources_most = sources_most,
	};
	lab.now_s = 0;
	ck_assert(database_open(&lab.database, NULL, &err));
	lab.sources = sources_new(&lab.settings, &lab.database, &err);
	ck_assert_msg(lab.sources != NULL, "%s", err.text);
}

static void close_lab(void)
{
	sources_free(lab.sources);
	database_close(&lab.database);
}

static int64_t lab_sql(const char *sql)
{
	sqlite3_stmt *row;

	ck_assert_int_eq(
		sqlite3_prepare_v2(lab.database.handle, sql, -1, &row, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
	const int64_t value = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return value;
}

static int64_t lab_ns(void)
{
	return (BEGIN_S + lab.now_s) * CLOCK_NS_PER_S;
}

static void hear_line(uint32_t agency, uint32_t host, const char *name, int64_t ahead_s)
{
	const struct columns columns = {
		.received_ns = lab_ns(),
		.created_ns = lab_ns() + ahead_s * CLOCK_NS_PER_S,
		.agency = agency,
		.host = host,
		.level = 3,
		.kind = RECORD_LOG,
		.parser = 7,
		.status = PARSE_OK,
		.skew_ms = UINT32_MAX,
	};
	const struct stream stream = {.agency = agency, .host = host};
	const struct record_source from = {.input = SLICE_LIT("file"), .name = slice_str(name)};
	const struct store_block block = {
		.commit = ++lab.commit,
		.class = 3,
		.n_records = 1,
		.columns = &columns,
		.streams = &stream,
		.n_streams = 1,
		.sources = &from,
		.n_sources = 1,
	};
	struct err err = {0};
	bool looks;

	ck_assert_msg(sources_record(lab.sources, &block, 0, &looks, &err) &&
			      sources_flush(lab.sources, &err),
		"%s", err.text);
}

static void reload(void)
{
	struct err err = {0};

	ck_assert_msg(sources_reload(lab.sources, &err), "%s", err.text);
}

/* A line every eight hours, as long as it is heard. */
static void run_days(unsigned days, bool heard)
{
	const int64_t end_s = lab.now_s + days * INT64_C(86400);
	struct err err = {0};

	for (; lab.now_s < end_s; lab.now_s += 120) {
		const struct silence_moment moment = {
			.mono_ms = 1000000 + lab.now_s * 1000,
			.wall_ns = lab_ns(),
			.receives = true,
		};

		if (heard && lab.now_s % (8 * 3600) == 0)
			hear_line(7, 1, "/var/log/a", 0);
		if (lab.now_s % 86400 == 0)
			reload();
		ck_assert_msg(sources_watch(lab.sources, &moment, &err), "%s", err.text);
	}
}

/* Twelve lines are four days; each day some source is forgotten. */
START_TEST(a_silence_goes_on_while_others_are_forgotten)
{
	open_lab(1000);
	run_days(21, true);
	ck_assert_int_eq(lab_sql("SELECT count(*) FROM emits"), 0);
	run_days(3, false);
	ck_assert_int_eq(lab_sql("SELECT count(*) FROM emits"), 0);
	run_days(3, false);
	ck_assert_int_eq(lab_sql("SELECT count(*) FROM emits WHERE rule = 'source-silent'"), 1);
	close_lab();
}
END_TEST

static int fail_then(void *user)
{
	(void)user;
	return lab.countdown == 0 || --lab.countdown == 0;
}

static void hear_three(void)
{
	hear_line(7, 1, "/var/log/a", 0);
	hear_line(7, 1, "/var/log/b", 0);
	hear_line(8, 2, "/var/log/a", 0);
}

/* Wherever it fails. */
START_TEST(a_reload_that_fails_leaves_everything_as_it_was)
{
	struct err err = {0};
	unsigned failures = 0;

	open_lab(1000);
	hear_three();
	for (bool done = false; !done; failures += !done) {
		lab.countdown = failures + 1;
		sqlite3_progress_handler(lab.database.handle, 1, fail_then, NULL);
		done = sources_reload(lab.sources, &err);
		sqlite3_progress_handler(lab.database.handle, 0, NULL, NULL);
		ck_assert_uint_eq(sources_count(lab.sources), 3);
		hear_three();
	}
	ck_assert_uint_gt(failures, 10);
	ck_assert_int_eq(lab_sql("SELECT count(*) FROM sources"), 3);
	ck_assert_int_eq(lab_sql("SELECT count(*) FROM silences WHERE level = 0"), 3);
	ck_assert_int_eq(lab_sql("SELECT sum(lines) FROM source_hours"), 3 * (failures + 2));
	close_lab();
}
END_TEST

START_TEST(no_agency_takes_the_places_of_the_others)
{
	char name[32];

	open_lab(16);
	for (unsigned i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "/var/log/%u", i);
		hear_line(1, 1 + i % 5, name, 0);
	}
	for (unsigned again = 0; again < 2; again++) {
		ck_assert_int_eq(
			lab_sql("SELECT count(*) FROM sources WHERE agency = 1 AND host > 0"),
			8);
		hear_line(2, 9, "/var/log/a", 0);
		hear_line(2, 9, "/var/log/b", 0);
		hear_line(3, 9, "/var/log/a", 0);
		hear_line(1, 1, "/var/log/new", 0);
		ck_assert_int_eq(
			lab_sql("SELECT count(*) FROM sources WHERE agency > 1 AND name <> ''"),
			3);
		ck_assert_int_eq(lab_sql("SELECT count(*) FROM sources"), 8 + 1 + 3);
		reload();
	}
	close_lab();
}
END_TEST

static int64_t newest_s(void)
{
	return lab_sql("SELECT created FROM sources") / CLOCK_NS_PER_S;
}

START_TEST(a_stamp_far_ahead_is_not_the_newest_for_ever)
{
	const int64_t century_s = INT64_C(100) * 365 * 86400;

	open_lab(16);
	hear_line(7, 1, "/var/log/a", -5);
	hear_line(7, 1, "/var/log/a", century_s);
	ck_assert_int_eq(newest_s(), BEGIN_S - 5);
	hear_line(7, 1, "/var/log/a", 3600);
	ck_assert_int_eq(newest_s(), BEGIN_S + 3600);
	hear_line(7, 1, "/var/log/a", 0);
	ck_assert_int_eq(newest_s(), BEGIN_S + 3600);
	/* One that was kept by a former version. */
	ck_assert_int_eq(
		sqlite3_exec(lab.database.handle,
			"UPDATE sources SET created = 9223372036854775807", NULL, NULL, NULL),
		SQLITE_OK);
	reload();
	hear_line(7, 1, "/var/log/a", 0);
	ck_assert_int_eq(newest_s(), BEGIN_S);
	close_lab();
}
END_TEST

TEST_MAIN("sources", a_silence_goes_on_while_others_are_forgotten,
	a_reload_that_fails_leaves_everything_as_it_was,
	no_agency_takes_the_places_of_the_others, a_stamp_far_ahead_is_not_the_newest_for_ever,
	lines_that_nobody_reads_are_kept_by_shape, a_field_that_others_fill_is_missing,
	shapes_are_the_same_but_for_words_with_digits_and_case,
	a_wrong_clock_is_a_finding_of_its_host_until_it_is_right,
	lines_are_counted_by_source_parser_and_status, a_shared_source_is_its_senders,
	a_kill_loses_and_repeats_no_line, a_host_of_too_many_sources_has_one_without_a_name,
	sources_beyond_the_most_are_those_of_their_agency, what_is_shown_is_what_was_counted)
