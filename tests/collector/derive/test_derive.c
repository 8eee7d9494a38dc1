#include "tests/collector/derive/derive_bench.h"

#include <poll.h>
#include <stdio.h>

#include "common/clock.h"

enum { ZONE = 7 * 3600 };

static void drill(struct record *record, struct batch *batch, unsigned i)
{
	scan(record, batch, i);
	record->flags |= RECORD_TEST;
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

START_TEST(attacks_are_counted_by_class_and_drills_are_not)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 100, 3, scan);
	bench_store(2, 1, 10, 3, scan);
	bench_store(2, 11, 10, 4, scan);
	bench_store(3, 1, 50, 3, drill);
	bench_check_text("7/3/recon/low:55,0,2 7/4/recon/low:5,0,1 "
			 "test 7:50 quality 7:120 late=0 gaps=0,0 agents=2/2/0 ");
	bench_end(derive);
}
END_TEST

START_TEST(a_host_whose_clock_says_2036_is_counted_when_it_was_received)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 10, 3, clock_of_2036);
	bench_check_text("quality 7:10 late=10 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
}
END_TEST

START_TEST(malware_is_counted_by_name_with_hosts_and_files)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 3, 2, hit);
	bench_store(2, 1, 1, 2, hit);
	bench_check_text("7/2/malware/high:4,0,2 hits 7:4,1 malware EICAR/Unknown:4,2,3 "
			 "quality 7:4 late=0 gaps=0,0 agents=2/2/0 ");
	bench_end(derive);
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
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 32, 2, many_hits);
	bench_wait_until_read();
	bench_store(2, 1, 32, 2, many_hits);
	bench_store(1, 33, 32, 2, many_hits);
	bench_check_text("7/2/ransomware/high:96,0,2 hits 7:96,1 malware X/Unknown:30,2,10 "
			 "quality 7:96 late=0 gaps=0,0 agents=2/2/0 ");
	bench_end(derive);
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
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 10, 2, probe);
	bench_check_text(
		"7/2/malware/high:8,0,1 7/2/malware/high/resolved:1,0,1 hits 7:1,1 malware "
		"EICAR/Unknown:1,1,1 test 7:1 "
		"quality 7:9 late=0 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
}
END_TEST

START_TEST(a_restart_goes_on_where_the_last_step_ended)
{
	bench_begin();
	struct derive *derive = bench_start();
	for (unsigned round = 0; round < 5; round++) {
		bench_store(1, 1 + round * 100, 100, 3, scan);
		if (round % 2 == 0)
			bench_wait_until_read();
		derive_stop(derive);
		derive = bench_start();
	}
	bench_check_text("7/3/recon/low:250,0,1 quality 7:500 late=0 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
}
END_TEST

static void ten_minutes_old(struct record *record, struct batch *batch, unsigned i)
{
	scan(record, batch, i);
	record->created_ns -= 600 * CLOCK_NS_PER_S;
}

START_TEST(complete_windows_are_published_once_and_again_when_they_change)
{
	bench_begin();
	bench.published.window =
		window_at(WINDOW_5M, clock_wall_ns() - 600 * CLOCK_NS_PER_S, ZONE);
	struct derive *derive = bench_start();
	bench_store(1, 1, 2, 3, ten_minutes_old);
	bench_wait_until_read();
	bench_wait_until_read();
	pthread_mutex_lock(&bench.published.lock);
	unsigned first = bench.published.n_due;
	pthread_mutex_unlock(&bench.published.lock);
	ck_assert_uint_ge(first, 1);
	bench_store(1, 3, 2, 3, ten_minutes_old);
	bench_wait_until_read();
	pthread_mutex_lock(&bench.published.lock);
	ck_assert_uint_gt(bench.published.n_due, first);
	pthread_mutex_unlock(&bench.published.lock);
	bench_end(derive);
}
END_TEST

START_TEST(a_delivery_that_could_not_be_noted_is_noted_later)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_wait_for_publish();
	(void)bench_sql(
		"INSERT INTO outbox VALUES(1, 'k', 1, 't', 's', 'c', 'm', 0, 0, 0, 0, '',"
		" x'00')");
	(void)bench_sql("CREATE TRIGGER stuck BEFORE UPDATE ON outbox BEGIN"
			" SELECT RAISE(ABORT, 'stuck'); END");
	derive_mark_sent(derive, 1, true, "there");
	for (unsigned i = 0; i < 3; i++)
		bench_wait_for_publish();
	ck_assert_int_eq(bench_sql("SELECT state FROM outbox"), 0);
	(void)bench_sql("DROP TRIGGER stuck");
	while (bench_sql("SELECT state FROM outbox") == 0)
		bench_wait_for_publish();
	ck_assert_int_eq(bench_sql("SELECT state FROM outbox"), 1);
	bench_end(derive);
}
END_TEST

START_TEST(what_is_old_leaves_the_database_while_it_runs)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 10, 3, scan);
	bench_wait_until_read();
	(void)bench_sql(
		"INSERT INTO counts VALUES(unixepoch() - 30 * 86400, 7, 3, 4, 2, 0, 5, 0)");
	derive_stop(derive);
	derive = bench_start();
	while (bench_sql("SELECT count(*) FROM counts WHERE start < unixepoch() - 20 * 86400") >
		0)
		bench_wait_for_publish();
	ck_assert_int_eq(bench_sql("SELECT events FROM daily_counts"), 5);
	while (derive_state(derive).kept_from_ns == 0)
		bench_wait_for_publish();
	ck_assert_int_lt(derive_state(derive).kept_from_ns,
		clock_wall_ns() - 34 * 86400 * CLOCK_NS_PER_S);
	bench_check_text("7/3/recon/low:5,0,1 quality 7:10 late=0 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
}
END_TEST

START_TEST(a_step_that_fails_is_told_and_ends_when_it_goes_on)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 1, 3, scan);
	bench_wait_until_read();
	ck_assert_int_eq(derive_state(derive).failing_since_ns, 0);
	(void)bench_sql("CREATE TRIGGER stuck BEFORE INSERT ON counts BEGIN"
			" SELECT RAISE(ABORT, 'stuck'); END");
	bench_store(1, 2, 1, 3, scan);
	while (derive_state(derive).failing_since_ns == 0)
		(void)poll(NULL, 0, 1);
	ck_assert_ptr_nonnull(strstr(derive_state(derive).failure, "stuck"));
	(void)bench_sql("DROP TRIGGER stuck");
	bench_wait_until_read();
	while (derive_state(derive).failing_since_ns != 0)
		bench_wait_for_publish();
	bench_check_text("7/3/recon/low:2,0,1 quality 7:2 late=0 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
}
END_TEST

TEST_MAIN("derive", a_delivery_that_could_not_be_noted_is_noted_later,
	attacks_are_counted_by_class_and_drills_are_not,
	a_host_whose_clock_says_2036_is_counted_when_it_was_received,
	malware_is_counted_by_name_with_hosts_and_files,
	hits_of_a_host_that_has_too_many_are_counted_without_a_name,
	only_findings_of_products_are_hits, a_restart_goes_on_where_the_last_step_ended,
	what_is_old_leaves_the_database_while_it_runs,
	a_step_that_fails_is_told_and_ends_when_it_goes_on,
	complete_windows_are_published_once_and_again_when_they_change)
