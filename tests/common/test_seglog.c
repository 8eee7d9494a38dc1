#include "common/seglog.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/seglog_segment.h"
#include "tests/common/seglog_fixture.h"
#include "tests/support/check.h"

enum { SMALL_SEGMENT = 4096, BIG_SEGMENT = 16 << 20 };

static unsigned count_segments(const char *dir)
{
	unsigned n = 0;

	for (uint64_t first = 1; first < 10000; first++)
		n += access(fixture_segment(dir, first), F_OK) == 0;
	return n;
}

static void release(struct seglog *log, uint64_t sequence)
{
	struct err err;

	ck_assert_msg(seglog_release(log, sequence, &err), "%s", err.text);
}

START_TEST(what_was_appended_is_read_after_the_sync_only)
{
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, BIG_SEGMENT, 0);
	struct err err;
	struct seglog_cursor *cursor = seglog_cursor_open(log, 1);
	struct seglog_entry entry;

	ck_assert_uint_eq(seglog_first(log), 1);
	ck_assert_uint_eq(seglog_next(log), 1);
	ck_assert_uint_eq(seglog_durable(log), 0);
	fixture_append(log, 1, 100);
	fixture_append(log, 5, 10);
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_END);
	fixture_sync(log);
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_ENTRY);
	ck_assert(entry.first == 1 && entry.count == 1 && entry.payload.len == 100);
	ck_assert(fixture_right(&entry));
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_ENTRY);
	ck_assert(entry.first == 2 && entry.count == 5 && fixture_right(&entry));
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_END);
	fixture_append(log, 1, 8);
	fixture_sync(log);
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_ENTRY);
	ck_assert_uint_eq(entry.first, 7);
	seglog_cursor_close(cursor);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(a_reopened_log_goes_on_where_it_was)
{
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, SMALL_SEGMENT, 0);
	unsigned char id[SEGLOG_ID_SIZE];
	uint64_t bytes;
	struct seglog_damage damage;

	for (unsigned i = 0; i < 100; i++)
		fixture_append(log, 1 + i % 3, 50 + i);
	fixture_sync(log);
	memcpy(id, seglog_id(log), sizeof(id));
	bytes = seglog_bytes(log);
	seglog_close(log);

	log = fixture_open_damaged(dir, SMALL_SEGMENT, &damage);
	ck_assert_mem_eq(&damage, &(struct seglog_damage){0}, sizeof(damage));
	ck_assert_mem_eq(seglog_id(log), id, sizeof(id));
	ck_assert_uint_eq(seglog_bytes(log), bytes);
	ck_assert_uint_eq(seglog_next(log), 200);
	ck_assert_uint_eq(seglog_durable(log), 199);
	fixture_append(log, 1, 20);
	fixture_sync(log);

	struct fixture_seen seen = fixture_see(log, 1);
	ck_assert_uint_eq(seen.entries, 101);
	ck_assert_uint_eq(seen.sequences, 200);
	ck_assert_uint_eq(seen.lost, 0);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(files_and_folder_are_for_the_owner_only)
{
	const char *base = fixture_dir();
	char dir[256];
	struct stat st;

	snprintf(dir, sizeof(dir), "%s/log", base);
	struct seglog *log = fixture_open(dir, SMALL_SEGMENT, 0);
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	const char *const files[] = {
		fixture_segment(dir, 1), fixture_path(dir, "state"), fixture_path(dir, "lock")};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		ck_assert_int_eq(stat(files[i], &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0600);
	}
	seglog_close(log);
	fixture_remove(dir);
	rmdir(base);
}
END_TEST

START_TEST(two_never_append_to_the_same_log)
{
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, SMALL_SEGMENT, 0);
	struct seglog_settings settings = {.dir = dir, .segment_size = SMALL_SEGMENT};
	struct err err;

	ck_assert_ptr_null(seglog_open(&settings, NULL, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "in use"));
	seglog_close(log);
	seglog_close(fixture_open(dir, SMALL_SEGMENT, 0));
	fixture_remove(dir);
}
END_TEST

START_TEST(a_segment_ends_before_an_entry_would_pass_its_size)
{
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, SMALL_SEGMENT, 0);
	const size_t room = SMALL_SEGMENT - SEGMENT_HEAD_SIZE - 2 * SEGMENT_ENTRY_HEAD_SIZE;
	struct stat st;

	fixture_append(log, 1, 1000);
	ck_assert(seglog_fits(log, room - 1000));
	ck_assert(!seglog_fits(log, room - 1000 + 1));
	fixture_append(log, 1, room - 1000);
	ck_assert_uint_eq(seglog_segment_first(log), 1);
	fixture_append(log, 1, 8);
	ck_assert_uint_eq(seglog_segment_first(log), 3);
	ck_assert_int_eq(stat(fixture_segment(dir, 1), &st), 0);
	ck_assert_int_eq(st.st_size, SMALL_SEGMENT);
	/* One that is larger than a segment has one to itself. */
	fixture_append(log, 1, 3 * SMALL_SEGMENT);
	ck_assert_uint_eq(seglog_segment_first(log), 4);
	fixture_append(log, 1, 8);
	ck_assert_uint_eq(seglog_segment_first(log), 5);
	fixture_sync(log);
	ck_assert_uint_eq(fixture_see(log, 1).entries, 5);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(an_entry_may_be_larger_than_every_buffer)
{
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, BIG_SEGMENT, 0);
	const size_t size = 5 << 20;
	char *large = malloc(size);
	struct err err;
	struct seglog_entry entry;

	for (size_t i = 0; i < size; i++)
		large[i] = (char)(i * 2654435761u >> 24);
	struct slice parts[] = {slice_of(large, 3), slice_of(large + 3, size - 3)};
	fixture_append(log, 1, 100);
	ck_assert_int_eq(seglog_append(log, 7, 1, parts, 2, &err), SEGLOG_OK);
	fixture_append(log, 1, 100);
	fixture_sync(log);

	struct seglog_cursor *cursor = seglog_cursor_open(log, 2);
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_ENTRY);
	ck_assert(entry.first == 2 && entry.kind == 7);
	ck_assert_slice_eq(entry.payload, slice_of(large, size));
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_ENTRY);
	ck_assert(fixture_right(&entry));
	seglog_cursor_close(cursor);
	seglog_close(log);
	free(large);
	fixture_remove(dir);
}
END_TEST

START_TEST(a_rolled_segment_is_followed_by_a_new_one)
{
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, BIG_SEGMENT, 0);
	struct err err;

	ck_assert_int_eq(seglog_roll(log, &err), SEGLOG_OK);
	ck_assert_uint_eq(seglog_segment_first(log), 1);
	fixture_append(log, 3, 50);
	ck_assert_int_eq(seglog_roll(log, &err), SEGLOG_OK);
	ck_assert_uint_eq(seglog_durable(log), 3);
	ck_assert_uint_eq(seglog_segment_first(log), 4);
	ck_assert_int_eq(seglog_roll(log, &err), SEGLOG_OK);
	ck_assert_uint_eq(count_segments(dir), 2);
	fixture_append(log, 1, 50);
	fixture_sync(log);
	ck_assert_uint_eq(fixture_see(log, 1).sequences, 4);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(released_segments_go_and_the_position_stays)
{
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, SMALL_SEGMENT, 0);
	struct err err;

	for (unsigned i = 0; i < 40; i++)
		fixture_append(log, 10, 1000);
	fixture_sync(log);

	uint64_t bytes = seglog_bytes(log);
	unsigned before = count_segments(dir);
	release(log, 25); /* in the middle of the first segment */
	ck_assert_uint_eq(seglog_first(log), 1);
	release(log, 65);
	ck_assert_uint_eq(seglog_first(log), 61);
	ck_assert_uint_lt(seglog_bytes(log), bytes);
	ck_assert_uint_eq(count_segments(dir), before - 2);
	release(log, 5);
	ck_assert_uint_eq(seglog_released(log), 65);
	ck_assert(!seglog_release(log, 401, &err));
	seglog_close(log);

	log = fixture_open(dir, SMALL_SEGMENT, 0);
	ck_assert_uint_eq(seglog_released(log), 65);
	ck_assert_uint_eq(seglog_first(log), 61);

	/* Who comes too late learns exactly what is gone. */
	struct fixture_seen seen = fixture_see(log, 8);
	ck_assert_uint_eq(seen.lost, 53);
	ck_assert_uint_eq(seen.ranges, 1);
	ck_assert_uint_eq(seen.sequences, 340);
	release(log, 400);
	seglog_close(log);

	/* All released: the numbers go on. */
	log = fixture_open(dir, SMALL_SEGMENT, 0);
	ck_assert_uint_eq(seglog_next(log), 401);
	ck_assert_uint_eq(count_segments(dir), 1);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(a_quota_refuses_and_a_release_makes_room)
{
	const char *dir = fixture_dir();
	const uint64_t quota = 20000;
	struct seglog *log = fixture_open(dir, SMALL_SEGMENT, quota);
	unsigned n = 0;

	while (fixture_try_append(log, 1, 500) == SEGLOG_OK) {
		n++;
		ck_assert_uint_le(seglog_bytes(log), quota);
	}
	ck_assert_uint_gt(seglog_bytes(log), quota - 500 - 200);
	ck_assert_uint_eq(seglog_next(log), n + 1);
	ck_assert_int_eq(fixture_try_append(log, 1, 500), SEGLOG_FULL);
	ck_assert_int_eq(seglog_room(log, 500), SEGLOG_NO_ROOM);
	fixture_sync(log);
	release(log, n / 2);
	ck_assert_int_eq(seglog_room(log, 500), SEGLOG_ROOM);
	fixture_append(log, 1, 500);
	fixture_sync(log);
	ck_assert_uint_eq(fixture_see(log, n / 2 + 1).next, n + 2);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(taken_back_entries_are_gone_and_their_numbers_used_again)
{
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, BIG_SEGMENT, 0);
	struct err err;

	fixture_append(log, 2, 100);
	fixture_sync(log);
	uint64_t bytes = seglog_bytes(log);
	ck_assert(!seglog_take_back(log, 1, &err)); /* durable */
	/* Enough that the first are in the file already, the last in the buffer. */
	for (unsigned i = 0; i < 10; i++)
		fixture_append(log, 2, 100000);
	ck_assert(!seglog_take_back(log, 6, &err)); /* in the middle of an entry */
	ck_assert(seglog_take_back(log, 23, &err)); /* nothing */
	ck_assert(seglog_take_back(log, 21, &err)); /* in the buffer */
	ck_assert_uint_eq(seglog_next(log), 21);
	ck_assert(seglog_take_back(log, 5, &err)); /* in the file */
	ck_assert_uint_eq(seglog_next(log), 5);
	ck_assert_uint_eq(seglog_bytes(log), bytes + 100000 + SEGMENT_ENTRY_HEAD_SIZE);
	fixture_append(log, 1, 30);
	fixture_sync(log);
	ck_assert_uint_eq(fixture_see(log, 1).entries, 3);
	fixture_append(log, 1, 100);
	ck_assert(seglog_take_back(log, 6, &err));
	seglog_close(log);

	log = fixture_open(dir, BIG_SEGMENT, 0);
	ck_assert_uint_eq(seglog_next(log), 6);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(a_cursor_seeks_forward_and_back)
{
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, 64 * 1024, 0);
	struct err err;
	struct seglog_entry entry;

	for (unsigned i = 0; i < 300; i++)
		fixture_append(log, 10, i % 7 == 0 ? 20000 : 60);
	fixture_sync(log);

	struct seglog_cursor *cursor = seglog_cursor_open(log, 1);
	const uint64_t places[] = {1, 9, 11, 1500, 1501, 1512, 2990, 3000, 44, 45, 2000, 1};
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		uint64_t first = (places[i] - 1) / 10 * 10 + 1;

		seglog_cursor_seek(cursor, places[i]);
		ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_ENTRY);
		ck_assert_uint_eq(entry.first, first);
		ck_assert(fixture_right(&entry));
	}
	seglog_cursor_seek(cursor, 3001);
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_END);
	seglog_cursor_seek(cursor, 3011); /* one that is still to come */
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_END);
	fixture_append(log, 10, 100);
	fixture_append(log, 10, 100);
	fixture_sync(log);
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_ENTRY);
	ck_assert_uint_eq(entry.first, 3011);
	seglog_cursor_close(cursor);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(a_cursor_reads_its_segment_to_the_end_after_the_release)
{
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, SMALL_SEGMENT, 0);
	struct err err;
	struct seglog_entry entry;
	struct seglog_cursor *cursor = seglog_cursor_open(log, 1);

	for (unsigned i = 0; i < 2; i++)
		fixture_append(log, 1, 1000);
	fixture_sync(log);
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_ENTRY);
	/* The segment grows, is closed, and goes, and so do two more. */
	for (unsigned i = 0; i < 9; i++)
		fixture_append(log, 1, 1000);
	fixture_sync(log);
	release(log, 9);
	ck_assert_uint_eq(seglog_first(log), 10);
	for (uint64_t first = 2; first <= 3; first++) {
		ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_ENTRY);
		ck_assert(entry.first == first && fixture_right(&entry));
	}
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_LOST);
	ck_assert(entry.first == 4 && entry.count == 6);
	ck_assert_int_eq(seglog_cursor_next(cursor, &entry, &err), SEGLOG_ENTRY);
	ck_assert(entry.first == 10 && fixture_right(&entry));
	seglog_cursor_close(cursor);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(a_long_gap_comes_in_pieces)
{
	const uint64_t far = 10000000000;
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, SMALL_SEGMENT, 0);
	unsigned char id[SEGLOG_ID_SIZE];
	struct err err;

	memcpy(id, seglog_id(log), sizeof(id));
	seglog_close(log);
	log = seglog_open(&(struct seglog_settings){.dir = dir,
				  .segment_size = SMALL_SEGMENT,
				  .known_id = id,
				  .known_durable = far - 1},
		NULL, &err);
	ck_assert_msg(log != NULL, "%s", err.text);
	fixture_append(log, UINT32_MAX, 10);
	fixture_sync(log);

	struct fixture_seen seen = fixture_see(log, 1);
	ck_assert_uint_eq(seen.lost, far - 1);
	ck_assert_uint_eq(seen.ranges, 1);
	ck_assert_uint_eq(seen.next, far + UINT32_MAX);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(a_log_that_holds_nothing_takes_one_entry_whatever_the_quota)
{
	const char *dir = fixture_dir();
	const uint64_t quota = 10000;
	struct seglog *log = fixture_open(dir, SMALL_SEGMENT, quota);

	for (uint64_t i = 1; i <= 5; i++) {
		/* The second one would fit if the first were gone, the last never does. */
		const size_t len = i < 5 ? 7000 : 70000;

		fixture_append(log, 1, len);
		fixture_sync(log);
		ck_assert_int_eq(fixture_try_append(log, 1, 7000), SEGLOG_FULL);
		ck_assert_int_eq(seglog_room(log, 7000), SEGLOG_NO_ROOM);
		ck_assert_uint_eq(fixture_see(log, i).entries, 1);
		release(log, i);
		ck_assert_int_eq(seglog_room(log, 70000), SEGLOG_ROOM_FOR_ONE);
		ck_assert_uint_eq(count_segments(dir), 1);
	}
	fixture_append(log, 1, 100);
	ck_assert_uint_lt(seglog_bytes(log), 1000);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

START_TEST(another_process_reads_while_this_one_appends)
{
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, SMALL_SEGMENT, 0);
	struct err err;

	for (unsigned i = 0; i < 20; i++)
		fixture_append(log, 1, 500);
	fixture_sync(log);

	struct seglog *reading = seglog_open_reading(dir, NULL, &err);
	ck_assert_ptr_nonnull(reading);
	release(log, 8);
	ck_assert_uint_gt(seglog_first(log), 1);
	struct fixture_seen seen = fixture_see(reading, 1);
	ck_assert_uint_eq(seen.next, 21);
	ck_assert_uint_eq(seen.lost, seglog_first(log) - 1);
	seglog_close(reading);
	seglog_close(log);
	fixture_remove(dir);
	ck_assert_ptr_null(seglog_open_reading(dir, NULL, &err));
}
END_TEST

struct walked {
	unsigned entries;
	uint64_t sequences;
	bool stop;
};

static bool on_walked(void *user, const char *file, uint64_t offset, enum seglog_read what,
	const struct seglog_entry *entry)
{
	struct walked *walked = user;
	uint64_t first;

	ck_assert(segment_name_read(file, &first) && first <= entry->first);
	ck_assert_uint_ge(offset, SEGMENT_HEAD_SIZE);
	ck_assert_int_eq(what, SEGLOG_ENTRY);
	ck_assert(fixture_right(entry));
	walked->entries++;
	walked->sequences += entry->count;
	return !walked->stop;
}

START_TEST(a_walk_visits_every_entry_and_stops_when_told)
{
	const char *dir = fixture_dir();
	struct seglog *log = fixture_open(dir, SMALL_SEGMENT, 0);
	struct walked walked = {0};
	struct err err;

	for (unsigned i = 0; i < 20; i++)
		fixture_append(log, 2, 500);
	fixture_sync(log);
	ck_assert(seglog_walk(dir, on_walked, &walked, &err));
	ck_assert(walked.entries == 20 && walked.sequences == 40);
	walked = (struct walked){.stop = true};
	ck_assert(seglog_walk(dir, on_walked, &walked, &err));
	ck_assert_uint_eq(walked.entries, 1);
	seglog_close(log);
	fixture_remove(dir);
}
END_TEST

TEST_MAIN("seglog", what_was_appended_is_read_after_the_sync_only,
	a_reopened_log_goes_on_where_it_was, files_and_folder_are_for_the_owner_only,
	two_never_append_to_the_same_log, a_segment_ends_before_an_entry_would_pass_its_size,
	an_entry_may_be_larger_than_every_buffer, a_rolled_segment_is_followed_by_a_new_one,
	released_segments_go_and_the_position_stays, a_quota_refuses_and_a_release_makes_room,
	taken_back_entries_are_gone_and_their_numbers_used_again,
	a_log_that_holds_nothing_takes_one_entry_whatever_the_quota,
	a_cursor_seeks_forward_and_back,
	a_cursor_reads_its_segment_to_the_end_after_the_release, a_long_gap_comes_in_pieces,
	another_process_reads_while_this_one_appends,
	a_walk_visits_every_entry_and_stops_when_told)
