/*
 * What seglog does when system calls fail: every call of a scenario in turn, with every error
 * that matters; then the disk heals, the log is opened again, and what was promised is there.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
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

START_TEST(a_cursor_waits_for_the_disk_or_passes_what_it_refuses)
{
	const char *dir = fixture_dir();
	struct err err;
	struct seglog_entry entry;

	disk_heal();
	struct seglog *log = fixture_open(dir, 16 << 20, 0);
	for (unsigned i = 0; i < 100; i++)
		fixture_append(log, 1, 1000);
	fixture_sync(log);

	struct seglog_cursor *cursor = seglog_cursor_open(log, 1, &err);
	disk_refuse_block(40960, 45056);
	uint64_t first = 1;
	while (seglog_cursor_next(cursor, &entry, &err) == SEGLOG_ENTRY)
		ck_assert_uint_eq(entry.first, first++);
	ck_assert_int_eq(err.sys, EIO);
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_READ_FAILED);

	/* The disk thinks again. */
	disk_heal();
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_ENTRY);
	ck_assert_uint_eq(entry.first, first);

	/* Or it does not: exactly the entries in that block are lost. */
	disk_refuse_block(40960, 45056);
	ck_assert(seglog_cursor_seek(cursor, 1, &err));
	for (uint64_t i = 1; i < first; i++)
		ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_ENTRY);
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_READ_FAILED);
	seglog_cursor_pass_unread(cursor);
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_LOST);
	ck_assert_uint_eq(entry.first, first);
	ck_assert_uint_ge(entry.count, 4);
	ck_assert_uint_le(entry.count, 6);
	first += entry.count;
	while (seglog_cursor_next(cursor, &entry, &err) == SEGLOG_ENTRY)
		ck_assert_uint_eq(entry.first, first++);
	ck_assert_uint_eq(first, 101);
	seglog_cursor_close(cursor);
	seglog_close(log);

	/* Opening counts what it could not read and does not write there. */
	struct seglog_damage damage;
	log = fixture_open_damaged(dir, 16 << 20, &damage);
	ck_assert_uint_ge(damage.lost_sequences, 4);
	ck_assert_uint_eq(damage.torn_bytes, 0);
	ck_assert_uint_eq(seglog_segment_first(log), 101);
	disk_heal();
	ck_assert_uint_eq(fixture_see(log, 1).lost, 0);
	seglog_close(log);
	fixture_remove(dir);
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
	a_cursor_waits_for_the_disk_or_passes_what_it_refuses)
