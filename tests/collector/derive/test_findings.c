#include "tests/collector/derive/derive_bench.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/file.h"

static void failed_login(struct record *record, struct batch *batch, unsigned i)
{
	(void)i;
	ck_assert(record_match(record, &batch->arena, 1, SLICE_LIT("7\0001\000192.0.2.9")));
	ck_assert(record_add(record, &batch->arena, FIELD_SOURCE_IP, SLICE_LIT("192.0.2.9")));
}

static unsigned count_findings(void)
{
	struct err err = {0};
	struct store_reader *reader = store_reader_open(bench.fixture.store, 0, &err);
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
		bench_wait_for_publish();
	bench_wait_until_read();
}

START_TEST(a_sustained_brute_force_is_one_finding_even_after_restarts)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 9, 3, failed_login);
	bench_wait_until_read();
	ck_assert_uint_eq(count_findings(), 0);
	derive_stop(derive);
	derive = bench_start();
	bench_store(1, 10, 200, 3, failed_login);
	wait_for_findings(1);
	derive_stop(derive);
	derive = bench_start();
	bench_store(1, 210, 200, 3, failed_login);
	bench_wait_until_read();
	ck_assert_uint_eq(count_findings(), 1);
	bench_check_text("7/3/unauthorized-access/high:0,1,1 "
			 "quality 7:409 late=0 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
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
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 1, 3, repeated_login);
	wait_for_findings(1);
	bench_wait_until_read();
	bench_check_text(
		"7/3/unauthorized-access/low:10,0,1 7/3/unauthorized-access/high:0,1,1 "
		"quality 7:1 late=0 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
}
END_TEST

static const char *const database_files[] = {"derive.db", "derive.db-wal"};

static void remove_database(void)
{
	char path[PATH_MAX + 64];

	for (unsigned i = 0; i < ARRAY_LEN(database_files); i++) {
		snprintf(path, sizeof(path), "%s/%s", bench.derive_dir, database_files[i]);
		(void)unlink(path);
	}
}

START_TEST(a_kill_loses_and_repeats_no_finding_though_state_is_saved_seldom)
{
	bench_begin();
	bench.settings.correlation_ms = 3600 * 1000;
	bench_store(1, 1, 9, 3, failed_login);
	struct derive *derive = bench_start();
	bench_wait_until_read();
	derive = bench_kill_and_start(derive);
	bench_store(1, 10, 1, 3, failed_login);
	wait_for_findings(1);
	derive = bench_kill_and_start(derive);
	bench_store(1, 11, 200, 3, failed_login);
	bench_wait_until_read();
	derive = bench_kill_and_start(derive);
	bench_store(1, 211, 10, 3, failed_login);
	bench_wait_until_read();
	ck_assert_uint_eq(count_findings(), 1);
	bench_check_text("7/3/unauthorized-access/high:0,1,1 "
			 "quality 7:220 late=0 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
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
	bench_begin();
	bench.settings.findings_most = 5;
	struct derive *derive = bench_start();
	bench_store(1, 1, 500, 3, login_of_many);
	bench_store(2, 1, 20, 3, login_of_many);
	wait_for_findings(7);
	bench_wait_until_read();
	ck_assert_uint_eq(count_findings(), 7);
	bench_check_text("7/3/unauthorized-access/high:0,7,2 "
			 "quality 7:520 late=0 gaps=0,0 agents=2/2/0 ");
	bench_end(derive);
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
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 10, 3, login_of_another);
	wait_for_findings(1);
	bench_save_database();
	bench_store(1, 11, 20, 3, login_of_another);
	wait_for_findings(3);
	derive_stop(derive);
	bench_restore_database();
	derive = bench_start();
	bench_store(1, 31, 10, 3, login_of_another);
	wait_for_findings(4);
	derive_stop(derive);
	derive = bench_start();
	bench_store(1, 41, 10, 3, login_of_another);
	wait_for_findings(5);
	ck_assert_uint_eq(count_findings(), 5);
	bench_check_text("7/3/unauthorized-access/high:0,5,1 "
			 "quality 7:50 late=0 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
}
END_TEST

START_TEST(a_database_that_is_made_anew_repeats_no_finding)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 20, 3, login_of_another);
	wait_for_findings(2);
	derive_stop(derive);
	remove_database();
	bench.published.position = 0;
	derive = bench_start();
	bench_store(1, 21, 10, 3, login_of_another);
	wait_for_findings(3);
	bench_check_text("7/3/unauthorized-access/high:0,3,1 "
			 "quality 7:30 late=0 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
}
END_TEST

/* What it concludes again need not be what it concluded: numbers must not be given again. */
START_TEST(what_a_restored_database_finds_is_no_duplicate_of_something_else)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 10, 3, login_of_another);
	wait_for_findings(1);
	bench_save_database();
	bench_store(1, 11, 20, 3, login_of_another);
	wait_for_findings(3);
	derive_stop(derive);
	bench_restore_database();
	bench.settings.brute_force_count = 11;
	derive = bench_start();
	bench_store(1, 31, 11, 3, failed_login);
	wait_for_findings(4);
	ck_assert_uint_eq(count_findings(), 4);
	bench_end(derive);
}
END_TEST

START_TEST(a_store_that_lost_findings_gets_the_next_ones_all_the_same)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 10, 3, login_of_another);
	wait_for_findings(1);
	derive_stop(derive);
	(void)bench_sql("UPDATE sqlite_sequence SET seq = seq + 5 WHERE name = 'emits'");
	derive = bench_start();
	bench_store(1, 11, 10, 3, login_of_another);
	wait_for_findings(2);
	bench_check_text("7/3/unauthorized-access/high:0,2,1 "
			 "quality 7:20 late=0 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
}
END_TEST

static bool is_published(const char *part)
{
	pthread_mutex_lock(&bench.published.lock);
	const bool is = strstr(strbuf_cstr(&bench.published.text), part) != NULL;
	pthread_mutex_unlock(&bench.published.lock);
	return is;
}

START_TEST(a_store_that_lost_its_tail_is_counted_on_from_there)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 10, 3, login_of_another);
	wait_for_findings(1);
	derive_stop(derive);
	/* As if there had been a hundred commits more, muted after a restoration. */
	(void)bench_sql("UPDATE meta SET value = value + 100 WHERE name LIKE '%position'");
	(void)bench_sql("UPDATE meta SET value = 1000 WHERE name = 'findings-muted'");
	derive = bench_start();
	ck_assert_uint_eq(derive_position(derive), store_position(bench.fixture.store));
	bench.published.position = 0;
	bench_store(1, 11, 10, 3, login_of_another);
	wait_for_findings(2);
	ck_assert_uint_gt(bench.published.position, 102);
	/* Positions are beyond the store's: they do not tell that the finding was counted. */
	while (!is_published("high:0,2,1"))
		bench_wait_for_publish();
	bench_check_text("7/3/unauthorized-access/high:0,2,1 "
			 "quality 7:20 late=0 gaps=0,0 agents=1/1/0 ");
	ck_assert_int_eq(
		bench_sql("SELECT count(DISTINCT value) FROM meta WHERE name LIKE '%position'"),
		1);
	bench_end(derive);
}
END_TEST

/* Told: the first of host 1. The second, and that of host 3, while nothing was derived. */
static void leave_a_backlog(void)
{
	struct derive *derive = bench_start();

	bench_store(9, 1, 1, 3, scan);
	bench_wait_until_read();
	bench_save_database();
	bench_store(1, 1, 10, 3, login_of_another);
	wait_for_findings(1);
	derive_stop(derive);
	bench_store(3, 1, 10, 3, failed_login);
	bench_store(1, 11, 10, 3, login_of_another);
	bench.published.position = 0;
}

START_TEST(what_nobody_derived_before_a_restored_database_is_told)
{
	bench_begin();
	leave_a_backlog();
	bench_restore_database();
	struct derive *derive = bench_start();
	wait_for_findings(3);
	bench_store(1, 21, 10, 3, login_of_another);
	wait_for_findings(4);
	bench_check_text("7/3/unauthorized-access/high:0,4,2 7/3/recon/low:1,0,1 "
			 "quality 7:41 late=0 gaps=0,0 agents=3/3/0 ");
	bench_end(derive);
}
END_TEST

START_TEST(what_nobody_derived_before_a_database_made_anew_is_told)
{
	bench_begin();
	leave_a_backlog();
	remove_database();
	struct derive *derive = bench_start();
	wait_for_findings(3);
	derive = bench_kill_and_start(derive);
	bench_store(1, 21, 10, 3, login_of_another);
	wait_for_findings(4);
	bench_check_text("7/3/unauthorized-access/high:0,4,2 7/3/recon/low:1,0,1 "
			 "quality 7:41 late=0 gaps=0,0 agents=3/3/0 ");
	bench_end(derive);
}
END_TEST

START_TEST(a_start_that_fails_half_way_leaves_a_restored_database_as_it_was)
{
	struct err err = {0};

	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 10, 3, login_of_another);
	wait_for_findings(1);
	bench_save_database();
	bench_store(1, 11, 20, 3, login_of_another);
	wait_for_findings(3);
	derive_stop(derive);
	bench_restore_database();
	(void)bench_sql("CREATE TRIGGER stuck BEFORE UPDATE ON meta WHEN new.name ="
			" 'findings-muted' BEGIN SELECT RAISE(ABORT, 'stuck'); END");
	ck_assert_ptr_null(
		derive_start(&bench.settings, bench.fixture.store, &bench_callbacks, &err));
	ck_assert_int_eq(bench_sql("SELECT seq FROM sqlite_sequence WHERE name = 'emits'"), 1);
	(void)bench_sql("DROP TRIGGER stuck");
	bench.published.position = 0;
	derive = bench_start();
	bench_store(1, 31, 10, 3, login_of_another);
	wait_for_findings(4);
	bench_check_text("7/3/unauthorized-access/high:0,4,1 "
			 "quality 7:40 late=0 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
}
END_TEST

static void wait_until_counted(struct derive *derive)
{
	uint64_t position = store_position(bench.fixture.store);

	while (derive_position(derive) < position)
		bench_wait_for_publish();
}

START_TEST(more_addresses_than_memory_are_forgotten_and_counted)
{
	bench_begin();
	bench.settings.correlation_bytes = 1000;
	struct derive *derive = bench_start();
	bench_store(1, 1, 500, 3, login_of_many);
	wait_until_counted(derive);
	struct derive_state state = derive_state(derive);
	ck_assert_uint_le(state.groups, state.groups_most);
	ck_assert_uint_gt(state.groups_forgotten, 0);
	bench_end(derive);
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
	bench_begin();
	bench.settings.brute_force_ms = 1000;
	struct derive *derive = bench_start();
	bench_store(1, 1, 1, 3, login_in_2036);
	for (unsigned i = 0; i < 12; i++) {
		struct timespec pause = {.tv_nsec = 150 * CLOCK_NS_PER_MS};

		nanosleep(&pause, NULL);
		bench_store(1, 2 + i, 1, 3, failed_login);
	}
	bench_wait_until_read();
	ck_assert_uint_eq(count_findings(), 0);
	bench_end(derive);
}
END_TEST

/* ---- sign-ins --------------------------------------------------------------------- */

static void add_match(struct record *record, struct batch *batch, unsigned rule,
	struct slice group, enum field_id id, struct slice subject)
{
	ck_assert(record_match(record, &batch->arena, rule, group));
	ck_assert(record_add(record, &batch->arena, id, subject));
}

/* One attempt a record, told by two programs. */
static void guess_at_two_voices(struct record *record, struct batch *batch, unsigned i)
{
	static const struct slice groups[] = {
		{SLICE_BYTES("7\0"
			     "1\0"
			     "radius\0"
			     "login\0"
			     "192.0.2.9")},
		{SLICE_BYTES("7\0"
			     "1\0"
			     "openvpn\0"
			     "vpn_login\0"
			     "192.0.2.9")},
	};

	add_match(record, batch, MATCH_FAILED_SIGN_IN, groups[i % 2], FIELD_SOURCE_IP,
		SLICE_LIT("192.0.2.9"));
}

static void guess_at_account(struct record *record, struct batch *batch, unsigned i)
{
	(void)i;
	add_match(record, batch, MATCH_FAILED_SIGN_IN_OF_USER,
		SLICE_LIT("7\0"
			  "1\0"
			  "windows\0"
			  "logon-failed\0"
			  "an"),
		FIELD_USER_NAME, SLICE_LIT("An"));
}

static void enter(struct record *record, struct batch *batch, unsigned i)
{
	(void)i;
	add_match(record, batch, MATCH_SIGN_IN,
		SLICE_LIT("7\0"
			  "1\0"
			  "192.0.2.9"),
		FIELD_SOURCE_IP, SLICE_LIT("192.0.2.9"));
}

START_TEST(attempts_that_two_programs_tell_of_are_not_added_up)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 18, 3, guess_at_two_voices); /* nine attempts */
	bench_wait_until_read();
	ck_assert_uint_eq(count_findings(), 0);
	bench_store(1, 19, 40, 3, guess_at_two_voices);
	wait_for_findings(1);
	bench_wait_until_read();
	ck_assert_uint_eq(count_findings(), 1);
	bench_end(derive);
}
END_TEST

START_TEST(guessing_at_an_account_without_an_address_is_found)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 30, 3, guess_at_account);
	wait_for_findings(1);
	bench_wait_until_read();
	bench_check_text("7/3/unauthorized-access/medium:0,1,1 "
			 "quality 7:30 late=0 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
}
END_TEST

START_TEST(a_sign_in_behind_guessing_is_told_once_and_others_are_not)
{
	bench_begin();
	struct derive *derive = bench_start();
	bench_store(1, 1, 3, 3, enter); /* nobody guessed before */
	bench_store(1, 4, 18, 3, guess_at_two_voices);
	bench_store(1, 22, 1, 3, enter); /* nor often enough */
	bench_wait_until_read();
	ck_assert_uint_eq(count_findings(), 0);
	bench_store(1, 23, 20, 3, guess_at_two_voices);
	wait_for_findings(1);
	derive_stop(derive);
	derive = bench_start();
	bench_store(1, 43, 5, 3, enter);
	wait_for_findings(2);
	bench_wait_until_read();
	bench_check_text("7/3/unauthorized-access/high:0,1,1 "
			 "7/3/unauthorized-access/critical:0,1,1 "
			 "quality 7:47 late=0 gaps=0,0 agents=1/1/0 ");
	bench_end(derive);
}
END_TEST

TEST_MAIN("findings", a_sustained_brute_force_is_one_finding_even_after_restarts,
	a_line_that_says_it_was_repeated_counts_so_often,
	attempts_that_two_programs_tell_of_are_not_added_up,
	guessing_at_an_account_without_an_address_is_found,
	a_sign_in_behind_guessing_is_told_once_and_others_are_not,
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
	a_pace_is_measured_where_statistics_count)
