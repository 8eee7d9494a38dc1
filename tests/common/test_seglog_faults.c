/*
 * What seglog does when system calls fail: every call of a scenario in turn, with every error
 * that matters; then the disk heals, the log is opened again, and what was promised is there.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/seglog.h"
#include "common/seglog_segment.h"
#include "tests/common/seglog_disk.h"
#include "tests/common/seglog_fixture.h"
#include "tests/support/check.h"

enum { SEGMENT = 3000 };

/* What the caller was told during a scenario. */
struct told {
	uint64_t durable;  /* a sync said so */
	uint64_t released; /* was asked for */
	bool failed;
	bool full;
};

static void note(struct told *told, const struct seglog *log, enum seglog_status status)
{
	told->failed |= status == SEGLOG_FAILED;
	told->full |= status == SEGLOG_FULL;
	if (seglog_durable(log) > told->durable)
		told->durable = seglog_durable(log);
}

static void append_some(struct seglog *log, struct told *told, unsigned n, size_t len)
{
	struct err err;

	for (unsigned i = 0; i < n; i++) {
		uint64_t next = seglog_next(log);
		enum seglog_status status = fixture_try_append(log, 2, len);

		note(told, log, status);
		if (status != SEGLOG_OK)
			ck_assert_uint_eq(seglog_next(log), next);
	}

	enum seglog_status status = seglog_sync(log, &err);
	note(told, log, status);
	/* Whatever happened, the log tells the truth about what it holds. */
	if (status == SEGLOG_OK || status == SEGLOG_FULL)
		ck_assert_uint_eq(seglog_next(log), seglog_durable(log) + 1);
	if (told->failed) {
		ck_assert_int_eq(fixture_try_append(log, 1, 8), SEGLOG_FAILED);
		ck_assert_int_eq(seglog_sync(log, &err), SEGLOG_FAILED);
	}
}

static void release_some(struct seglog *log, struct told *told)
{
	struct err err = {.text = ""};

	told->released = seglog_durable(log) / 2;
	if (!seglog_release(log, told->released, &err))
		ck_assert_str_ne(err.text, "");
}

/* Opens, fills several segments, rolls, releases, takes back. */
static void run_scenario(const char *dir, struct told *told)
{
	struct seglog_settings settings = {.dir = dir, .segment_size = SEGMENT};
	struct err err = {.text = ""};
	struct seglog *log = seglog_open(&settings, NULL, &err);

	if (log == NULL) {
		ck_assert_str_ne(err.text, "");
		return;
	}
	append_some(log, told, 5, 100);
	append_some(log, told, 10, 700);
	if (!told->failed)
		note(told, log, seglog_roll(log, &err));
	append_some(log, told, 3, 5000);
	release_some(log, told);
	if (fixture_try_append(log, 1, 50) == SEGLOG_OK &&
		!seglog_take_back(log, seglog_next(log) - 1, &err))
		told->failed = true;
	append_some(log, told, 2, 30);
	seglog_close(log);
}

/* All that was promised is there and nothing is called lost. */
static void check_promise(const char *dir, const struct told *told)
{
	struct seglog_damage damage;
	struct seglog *log = fixture_open_damaged(dir, SEGMENT, &damage);

	ck_assert_uint_eq(damage.lost_sequences, 0);
	ck_assert_uint_eq(damage.foreign_segments, 0);
	ck_assert_uint_ge(seglog_durable(log), told->durable);
	ck_assert_uint_le(seglog_released(log), told->released);

	struct fixture_seen seen = fixture_see(log, seglog_released(log) + 1);
	ck_assert_uint_eq(seen.lost, 0);
	ck_assert_uint_eq(seen.next, seglog_next(log));
	fixture_append(log, 1, 100);
	fixture_sync(log);
	seglog_close(log);
}

/* What an earlier run left. */
static void prepare(const char *dir, struct told *told)
{
	disk_heal();
	struct seglog *log = fixture_open(dir, SEGMENT, 0);
	append_some(log, told, 8, 500);
	seglog_close(log);
}

static void fail_each(enum disk_call call, int sys, bool stays)
{
	bool happened = true;

	for (uint64_t nth = 1; happened; nth++) {
		const char *dir = fixture_dir();
		struct told told = {0};

		prepare(dir, &told);
		disk_fail(call, nth, sys, stays);
		run_scenario(dir, &told);
		happened = disk_faults() > 0;
		disk_heal();
		fprintf(stderr, "call %d, number %llu, error %d\n", (int)call,
			(unsigned long long)nth, sys);
		check_promise(dir, &told);
		fixture_remove(dir);
		ck_assert_msg(happened || nth > 1, "call %d was never made", (int)call);
	}
}

START_TEST(every_call_may_fail_with_an_io_error)
{
	for (enum disk_call call = DISK_PWRITE; call < DISK_RENAMEAT; call++) {
		fail_each(call, EIO, false);
		fail_each(call, EIO, true);
	}
}
END_TEST

START_TEST(every_call_may_find_no_space)
{
	static const enum disk_call calls[] = {
		DISK_PWRITE, DISK_FDATASYNC, DISK_FSYNC, DISK_OPENAT};

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		fail_each(calls[i], ENOSPC, false);
		fail_each(calls[i], EDQUOT, true);
	}
}
END_TEST

START_TEST(short_and_interrupted_calls_change_nothing)
{
	const char *dir = fixture_dir();
	struct told told = {0};

	disk_heal();
	disk_stutter(true);
	run_scenario(dir, &told);
	ck_assert(!told.failed && !told.full);
	ck_assert_uint_gt(disk_faults(), 20);
	check_promise(dir, &told);
	disk_heal();
	fixture_remove(dir);
}
END_TEST

START_TEST(a_full_disk_refuses_until_there_is_room)
{
	for (uint64_t limit = 9000; limit < 40000; limit += 97) {
		const char *dir = fixture_dir();
		struct told told = {0};
		struct err err;

		disk_heal();
		struct seglog *log = fixture_open(dir, SEGMENT, 0);
		disk_limit(limit);
		for (unsigned i = 0; i < 40 && !told.full; i++)
			append_some(log, &told, 1 + i % 3, 900);
		ck_assert(told.full && !told.failed);

		uint64_t next = seglog_next(log);
		ck_assert_int_ne(fixture_try_append(log, 1, 90000), SEGLOG_FAILED);
		ck_assert_int_ne(seglog_sync(log, &err), SEGLOG_FAILED);
		ck_assert_uint_eq(seglog_next(log), next);
		disk_heal();
		told.full = false;
		append_some(log, &told, 3, 900);
		ck_assert(!told.full && !told.failed);
		ck_assert_uint_eq(fixture_see(log, 1).lost, 0);
		seglog_close(log);
		check_promise(dir, &told);
		fixture_remove(dir);
	}
}
END_TEST

static uint64_t size_on_disk(const char *dir)
{
	struct stat st;

	ck_assert_int_eq(stat(fixture_segment(dir, 1), &st), 0);
	return (uint64_t)st.st_size;
}

/* The disk fills up in the buffer's flush, in the middle of the entry, at its end. */
START_TEST(a_failed_append_leaves_those_before_it)
{
	enum { LARGE = 900000, BEFORE = 150000 };
	static const uint64_t limits[] = {1000, 200000, 300000, 700000, LARGE + BEFORE};
	char *bytes = calloc(1, LARGE);
	struct slice large = slice_of(bytes, LARGE);

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		const char *dir = fixture_dir();
		struct err err;

		disk_heal();
		struct seglog *log = fixture_open(dir, 16 << 20, 0);
		fixture_append(log, 1, 100);
		fixture_append(log, 1, BEFORE);
		disk_limit(limits[i]);
		uint64_t held = seglog_bytes(log);
		ck_assert_int_eq(seglog_append(log, 1, 1, &large, 1, &err), SEGLOG_FULL);
		ck_assert_uint_eq(seglog_bytes(log), held);
		ck_assert_uint_eq(seglog_next(log), 3);
		/* Nothing half-written stays behind. */
		ck_assert_uint_eq(size_on_disk(dir), i < 2 ? SEGMENT_HEAD_SIZE : held);
		disk_heal();
		ck_assert_int_eq(seglog_sync(log, &err), SEGLOG_OK);
		ck_assert_uint_eq(size_on_disk(dir), held);
		ck_assert_uint_eq(fixture_see(log, 1).entries, 2);
		seglog_close(log);
		fixture_remove(dir);
	}
	free(bytes);
}
END_TEST

START_TEST(after_a_failed_sync_nothing_undurable_comes_back)
{
	const int errors[] = {EIO, ENOSPC};

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		const char *dir = fixture_dir();
		struct err err;
		enum seglog_status want = errors[i] == EIO ? SEGLOG_FAILED : SEGLOG_FULL;

		disk_heal();
		struct seglog *log = fixture_open(dir, 16 << 20, 0);
		fixture_append(log, 1, 100);
		fixture_sync(log);
		fixture_append(log, 1, 100);
		disk_fail(DISK_FDATASYNC, 1, errors[i], false);
		ck_assert_int_eq(seglog_sync(log, &err), want);
		ck_assert_int_eq(err.sys, errors[i]);
		/* The next sync would succeed: it must not be believed. */
		disk_heal();
		seglog_close(log);
		log = fixture_open(dir, 16 << 20, 0);
		ck_assert_uint_eq(seglog_durable(log), 1);
		seglog_close(log);
		fixture_remove(dir);
	}
}
END_TEST

START_TEST(after_a_sync_without_space_entries_go_to_a_new_segment)
{
	const char *dir = fixture_dir();
	struct err err;

	disk_heal();
	struct seglog *log = fixture_open(dir, 16 << 20, 0);
	fixture_append(log, 1, 100);
	fixture_sync(log);
	fixture_append(log, 1, 100);
	disk_fail(DISK_FDATASYNC, 1, ENOSPC, false);
	/* Rolling finds out; the append that wanted it leaves all as it was. */
	ck_assert_int_eq(seglog_roll(log, &err), SEGLOG_FULL);
	ck_assert_uint_eq(seglog_next(log), 3);
	disk_heal();
	ck_assert_int_eq(fixture_try_append(log, 1, 100), SEGLOG_FULL);
	ck_assert_int_eq(seglog_sync(log, &err), SEGLOG_FULL);
	ck_assert_uint_eq(seglog_next(log), 2);
	fixture_append(log, 1, 100);
	ck_assert_uint_eq(seglog_segment_first(log), 2);
	fixture_sync(log);
	ck_assert_uint_eq(fixture_see(log, 1).entries, 2);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

/* A log of 100 entries of 1000 bytes in one segment. */
static struct seglog *open_hundred(const char *dir)
{
	disk_heal();
	struct seglog *log = fixture_open(dir, 16 << 20, 0);
	for (unsigned i = 0; i < 100; i++)
		fixture_append(log, 1, 1000);
	fixture_sync(log);
	return log;
}

static uint64_t last_lost; /* sequences of the last piece that was lost */

/* Reads on at `first` until something else than an entry comes. */
static enum seglog_read read_entries(struct seglog_cursor *cursor, uint64_t *first)
{
	struct seglog_entry entry;
	struct err err = {0};
	enum seglog_read what;

	while ((what = seglog_cursor_next(cursor, &entry, &err)) == SEGLOG_ENTRY)
		ck_assert_uint_eq(entry.first, (*first)++);
	if (what == SEGLOG_READ_FAILED)
		ck_assert_int_eq(err.sys, EIO);
	if (what == SEGLOG_LOST) {
		ck_assert_uint_eq(entry.first, *first);
		*first += entry.count;
		last_lost = entry.count;
	}
	return what;
}

START_TEST(a_cursor_tries_again_what_the_disk_refused)
{
	const char *dir = fixture_dir();
	struct seglog *log = open_hundred(dir);
	struct seglog_cursor *cursor = seglog_cursor_open(log, 1);
	uint64_t first = 1;

	disk_refuse_block(40960, 45056);
	ck_assert_int_eq(read_entries(cursor, &first), SEGLOG_READ_FAILED);
	ck_assert_int_eq(read_entries(cursor, &first), SEGLOG_READ_FAILED);
	disk_heal();
	ck_assert_int_eq(read_entries(cursor, &first), SEGLOG_END);
	ck_assert_uint_eq(first, 101);
	seglog_cursor_close(cursor);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

static void let_a_second_pass(void)
{
	const struct timespec time = {.tv_sec = 1, .tv_nsec = 20000000};

	nanosleep(&time, NULL);
}

/* The first two tries were made by another cursor. */
START_TEST(a_block_that_stays_refused_costs_the_entries_in_it)
{
	const char *dir = fixture_dir();
	struct seglog *log = open_hundred(dir);
	struct seglog_cursor *cursor = seglog_cursor_open(log, 1);
	uint64_t first = 1;

	disk_refuse_block(40960, 45056);
	ck_assert_int_eq(read_entries(cursor, &first), SEGLOG_READ_FAILED);
	let_a_second_pass();
	ck_assert_int_eq(read_entries(cursor, &first), SEGLOG_READ_FAILED);
	seglog_cursor_close(cursor);

	cursor = seglog_cursor_open(log, first);
	ck_assert_int_eq(read_entries(cursor, &first), SEGLOG_LOST);
	ck_assert_uint_ge(last_lost, 4);
	ck_assert_uint_le(last_lost, 6);
	ck_assert_int_eq(read_entries(cursor, &first), SEGLOG_END);
	ck_assert_uint_eq(first, 101);

	/* What comes behind it later is read. */
	fixture_append(log, 1, 1000);
	fixture_sync(log);
	ck_assert_int_eq(read_entries(cursor, &first), SEGLOG_END);
	ck_assert_uint_eq(first, 102);
	seglog_cursor_close(cursor);
	seglog_close(log);

	/* Opening counts what it could not read and does not write there. */
	struct seglog_damage damage;
	log = fixture_open_damaged(dir, 16 << 20, &damage);
	ck_assert_uint_ge(damage.lost_sequences, 4);
	ck_assert_uint_eq(damage.torn_bytes, 0);
	ck_assert_uint_eq(seglog_segment_first(log), 102);
	disk_heal();
	ck_assert_uint_eq(fixture_see(log, 1).lost, 0);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(a_cursor_that_waits_passes_what_stays_refused)
{
	const char *dir = fixture_dir();
	struct seglog *log = open_hundred(dir);
	struct seglog_cursor *cursor = seglog_cursor_open(log, 1);
	uint64_t first = 1;

	seglog_cursor_wait(cursor);
	disk_refuse_block(40960, 45056);
	ck_assert_int_eq(read_entries(cursor, &first), SEGLOG_LOST);
	ck_assert_int_eq(read_entries(cursor, &first), SEGLOG_END);
	ck_assert_uint_eq(first, 101);
	seglog_cursor_close(cursor);
	disk_heal();
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

/* A disk that is gone may come back: nothing on it is called lost. */
START_TEST(a_disk_that_refuses_everything_is_waited_for)
{
	const char *dir = fixture_dir();
	struct seglog *log = open_hundred(dir);
	struct seglog_cursor *cursor = seglog_cursor_open(log, 1);
	uint64_t first = 1;

	seglog_cursor_wait(cursor);
	disk_fail(DISK_PREAD, 1, EIO, true);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(read_entries(cursor, &first), SEGLOG_READ_FAILED);
	disk_heal();
	ck_assert_int_eq(read_entries(cursor, &first), SEGLOG_END);
	ck_assert_uint_eq(first, 101);
	seglog_cursor_close(cursor);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(a_log_opens_whatever_block_the_disk_refuses)
{
	static const char *const names[] = {
		"state", "00000000000000000001.seg", "00000000000000000004.seg"};
	static const struct {
		unsigned name;
		uint64_t from, to;
		uint64_t lost; /* sequences */
	} cases[] = {
		{0, 0, 4096, 0}, {0, 4096, 8192, 0}, {0, 0, 8192, 0}, /* both slots */
		{1, 0, 4096, 3}, /* an older segment, whole */
		{2, 0, 4096, 2}, /* the last one, whole */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *dir = fixture_dir();
		struct seglog_damage damage;

		disk_heal();
		struct seglog *log = fixture_open(dir, SEGMENT, 0);
		for (unsigned n = 0; n < 5; n++)
			fixture_append(log, 1, 900);
		seglog_close(log);
		disk_refuse_file(
			fixture_path(dir, names[cases[i].name]), cases[i].from, cases[i].to);
		log = fixture_open_damaged(dir, SEGMENT, &damage);
		ck_assert_uint_eq(seglog_next(log), 6);

		struct seglog_cursor *cursor = seglog_cursor_open(log, 1);
		uint64_t first = 1, lost = 0;
		seglog_cursor_wait(cursor);
		for (enum seglog_read what = SEGLOG_ENTRY; what != SEGLOG_END;) {
			what = read_entries(cursor, &first);
			ck_assert_int_ne(what, SEGLOG_READ_FAILED);
			lost += what == SEGLOG_LOST ? last_lost : 0;
		}
		ck_assert_uint_eq(lost, cases[i].lost);
		ck_assert_uint_eq(first, 6);
		seglog_cursor_close(cursor);
		disk_heal();
		seglog_close(log);
		fixture_remove(dir);
	}
}
END_TEST

START_TEST(descriptors_and_memory_that_run_out_end_no_log)
{
	const int errors[] = {EMFILE, ENFILE, ENOMEM};

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		const char *dir = fixture_dir();
		struct err err;

		disk_heal();
		struct seglog *log = fixture_open(dir, SEGMENT, 0);
		for (unsigned n = 0; n < 3; n++)
			fixture_append(log, 1, 900);
		fixture_sync(log);
		disk_fail(DISK_OPENAT, 1, errors[i], true);
		ck_assert_int_eq(fixture_try_append(log, 1, 900), SEGLOG_FULL);
		ck_assert_int_eq(seglog_roll(log, &err), SEGLOG_FULL);
		ck_assert_int_eq(err.sys, errors[i]);
		ck_assert_uint_eq(seglog_next(log), 4);
		disk_heal();
		fixture_append(log, 1, 900);
		fixture_sync(log);
		ck_assert_uint_eq(fixture_see(log, 1).entries, 4);
		seglog_close(log);
		fixture_remove(dir);
	}
}
END_TEST

static uint64_t size_of_all(const char *dir)
{
	uint64_t size = 0;
	struct stat st;

	for (uint64_t first = 1; first <= 20; first++)
		if (stat(fixture_segment(dir, first), &st) == 0)
			size += (uint64_t)st.st_size;
	return size;
}

START_TEST(a_release_that_failed_is_done_by_the_next)
{
	static const struct {
		enum disk_call call;
		uint64_t nth;
	} cases[] = {{DISK_UNLINKAT, 1}, {DISK_UNLINKAT, 2}, {DISK_FSYNC, 1},
		{DISK_FDATASYNC, 1}, {DISK_FDATASYNC, 2}, {DISK_PWRITE, 1}, {DISK_PWRITE, 3}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *dir = fixture_dir();
		struct err err;

		disk_heal();
		struct seglog *log = fixture_open(dir, SEGMENT, 0);
		for (unsigned n = 0; n < 10; n++)
			fixture_append(log, 1, 900);
		fixture_sync(log);
		uint64_t held = seglog_bytes(log);
		disk_fail(cases[i].call, cases[i].nth, EIO, false);
		ck_assert(!seglog_release(log, 6, &err));
		ck_assert_int_eq(err.sys, EIO);
		disk_fail(cases[i].call, 0, 0, false);
		ck_assert(seglog_release(log, 6, &err));
		ck_assert_uint_gt(disk_count(cases[i].call), 0);
		disk_heal();
		ck_assert_uint_lt(seglog_bytes(log), held - 5000);
		ck_assert_uint_eq(size_of_all(dir), seglog_bytes(log));
		ck_assert_uint_eq(seglog_first(log), 7);
		seglog_close(log);
		fixture_remove(dir);
	}
}
END_TEST

START_TEST(a_log_that_cannot_be_read_is_not_begun_anew)
{
	enum { LARGE = 1 << 20 };
	const char *dir = fixture_dir();
	struct seglog_settings settings = {.dir = dir, .segment_size = LARGE};
	struct err err;

	disk_heal();
	struct seglog *log = fixture_open(dir, LARGE, 0);
	for (unsigned i = 0; i < 10; i++)
		fixture_append(log, 1, 1000);
	seglog_close(log);
	disk_fail(DISK_PREAD, 1, EIO, true);
	ck_assert_ptr_null(seglog_open(&settings, NULL, &err));
	/* A new state tells nothing, and the segments cannot. */
	disk_heal();
	unlink(fixture_path(dir, "state"));
	disk_refuse_block(0, SEGMENT_HEAD_SIZE);
	ck_assert_ptr_null(seglog_open(&settings, NULL, &err));
	disk_heal();
	struct seglog_damage damage;
	log = fixture_open_damaged(dir, LARGE, &damage);
	ck_assert_uint_eq(damage.foreign_segments, 0);
	ck_assert_uint_eq(fixture_see(log, 1).entries, 10);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

TEST_MAIN("seglog_faults", a_log_that_cannot_be_read_is_not_begun_anew,
	every_call_may_fail_with_an_io_error, every_call_may_find_no_space,
	short_and_interrupted_calls_change_nothing, a_full_disk_refuses_until_there_is_room,
	a_failed_append_leaves_those_before_it,
	after_a_failed_sync_nothing_undurable_comes_back,
	after_a_sync_without_space_entries_go_to_a_new_segment,
	a_cursor_tries_again_what_the_disk_refused,
	a_block_that_stays_refused_costs_the_entries_in_it,
	a_cursor_that_waits_passes_what_stays_refused,
	a_disk_that_refuses_everything_is_waited_for,
	a_log_opens_whatever_block_the_disk_refuses,
	descriptors_and_memory_that_run_out_end_no_log,
	a_release_that_failed_is_done_by_the_next)
