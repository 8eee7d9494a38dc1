#include "collector/store/store.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/store/segments.h"
#include "collector/store/verify.h"
#include "common/file.h"
#include "tests/collector/store/fixture.h"

static void init(struct fixture *fixture)
{
	fixture_init(fixture);
	fixture->settings.segment_size = 4096;
	fixture_open(fixture);
}

/* `n` commits of 20 records of one class, behind those that are there. */
static void store_more(struct fixture *fixture, unsigned n, uint8_t level)
{
	struct stream stream = fixture_stream(level, 99);
	struct stream_position position = {0};

	for (unsigned i = 0; i < n; i++) {
		(void)!store_stream(fixture->store, &stream, &position);
		ck_assert_uint_eq(
			fixture_store(fixture, stream, position.stored + 1, 20, level),
			BATCH_STORED);
	}
}

static unsigned count_files(const struct fixture *fixture, uint8_t class, const char *ending)
{
	char dir[PATH_MAX];
	unsigned n = 0;
	struct dirent *entry;

	snprintf(dir, sizeof(dir), "%.*s/class-%u", PATH_MAX - 32, fixture->dir, class);
	DIR *open = opendir(dir);
	ck_assert_ptr_nonnull(open);
	while ((entry = readdir(open)) != NULL)
		n += slice_ends(slice_str(entry->d_name), slice_str(ending));
	closedir(open);
	return n;
}

static void expect_all(struct fixture *fixture, uint64_t position, uint64_t n_records)
{
	struct seen seen;

	fixture_read(fixture, position, &seen);
	ck_assert_uint_eq(seen.n_records, n_records);
	ck_assert_uint_eq(seen.n_lost, 0);
	ck_assert_uint_eq(seen.n_bad_bodies, 0);
	ck_assert_uint_eq(seen.position, store_position(fixture->store));
	ck_assert_uint_eq(seen.n_commits, seen.position - position);
	seen_done(&seen);
	fixture_read_dir(fixture->dir, position, &seen);
	ck_assert_uint_eq(seen.n_records, n_records);
	ck_assert_uint_eq(seen.n_lost, 0);
	seen_done(&seen);
}

START_TEST(closed_segments_are_sealed_and_read_the_same)
{
	struct fixture fixture;
	struct store_chain_head heads[STORE_CLASSES];

	init(&fixture);
	store_more(&fixture, 30, 2);
	store_more(&fixture, 5, 3);
	store_more(&fixture, 10, 2);
	store_settle(fixture.store);
	ck_assert_uint_gt(count_files(&fixture, 2, ".sealed"), 2);
	ck_assert_uint_eq(count_files(&fixture, 2, ".tmp"), 0);
	store_chain_heads(fixture.store, heads);
	ck_assert_uint_gt(heads[1].commit, 0);
	ck_assert_uint_eq(heads[0].commit, 0);
	for (uint64_t position = 0; position <= 45; position += 3)
		expect_all(&fixture, position, (45 - position) * 20);
	fixture_reopen(&fixture);
	store_settle(fixture.store);
	expect_all(&fixture, 0, 900);
	fixture_done(&fixture);
}
END_TEST

START_TEST(a_reader_goes_on_while_its_segments_are_sealed)
{
	struct fixture fixture;
	struct seen seen = {0};
	struct store_block block;
	struct err err;

	init(&fixture);
	store_more(&fixture, 3, 2);
	struct store_reader *reader = store_reader_open(fixture.store, 0, &err);
	ck_assert_uint_eq(store_reader_next(reader, &block, &err), STORE_BLOCK);
	ck_assert_uint_eq(store_reader_next(reader, &block, &err), STORE_COMMIT);
	for (unsigned round = 0; round < 5; round++) {
		store_more(&fixture, 12, 2);
		store_more(&fixture, 1, 4);
		store_settle(fixture.store);
	}
	fixture_read_on(reader, &seen);
	ck_assert_uint_eq(seen.n_records, 67 * 20);
	ck_assert_uint_eq(seen.n_lost, 0);
	store_more(&fixture, 20, 2);
	store_settle(fixture.store);
	fixture_read_on(reader, &seen);
	ck_assert_uint_eq(seen.n_records, 87 * 20);
	ck_assert_uint_eq(seen.n_lost, 0);
	store_reader_close(reader);
	seen_done(&seen);
	fixture_done(&fixture);
}
END_TEST

START_TEST(small_blocks_are_merged_and_large_ones_kept)
{
	struct fixture fixture;
	struct sealed_reader *reader;
	struct sealed_block block;
	struct err err;
	uint64_t first_commit;
	unsigned n_merged = 0, n_snapshots = 0;

	fixture_init(&fixture);
	fixture.settings.segment_size = 8192;
	fixture_open(&fixture);
	store_more(&fixture, 60, 2);
	store_settle(fixture.store);
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/class-2", fixture.dir);
	struct segments *segments = segments_open(path, 2, false, &err);
	ck_assert(segments_at(segments, 0, &first_commit));
	ck_assert_int_eq(sealed_reader_open(path, first_commit, 2, &reader, &err), SEALED_OPEN);
	while (sealed_reader_next(reader, &block) == SEALED_BLOCK) {
		n_snapshots += block.head.kind == BLOCK_SNAPSHOT;
		n_merged += block.head.n_parts > 10;
	}
	ck_assert_uint_eq(n_snapshots, 1);
	ck_assert_uint_eq(n_merged, 1);
	sealed_reader_close(reader);
	segments_close(segments);
	fixture_done(&fixture);
}
END_TEST

START_TEST(retention_by_bytes_removes_the_oldest)
{
	struct fixture fixture;
	struct seen seen;
	struct store_state state;

	fixture_init(&fixture);
	fixture.settings.segment_size = 4096;
	fixture.settings.classes[1].keep_bytes = 8000;
	fixture_open(&fixture);
	store_more(&fixture, 60, 2);
	store_settle(fixture.store);
	store_state(fixture.store, &state);
	ck_assert_uint_le(state.bytes[1], 8000 + 4096);
	fixture_read(&fixture, 0, &seen);
	ck_assert_uint_gt(seen.n_records, 0);
	ck_assert_uint_lt(seen.n_records, 1200);
	ck_assert_uint_eq(seen.n_lost, 0); /* from the oldest there is */
	uint64_t left = seen.n_records;
	seen_done(&seen);
	/* Who had read the first commit is told exactly what is gone. */
	fixture_read(&fixture, 1, &seen);
	ck_assert_uint_eq(seen.n_records, left);
	ck_assert_uint_le(seen.n_lost, 1200 - left);
	ck_assert_uint_ge(seen.n_lost, 1200 - left - 20);
	seen_done(&seen);
	fixture_reopen(&fixture);
	store_more(&fixture, 1, 2);
	fixture_read_dir(fixture.dir, 0, &seen);
	ck_assert_uint_eq(seen.n_records, left + 20);
	seen_done(&seen);
	fixture_done(&fixture);
}
END_TEST

START_TEST(retention_of_one_class_leaves_the_others)
{
	struct fixture fixture;
	struct seen seen;

	fixture_init(&fixture);
	fixture.settings.segment_size = 4096;
	fixture.settings.classes[0].keep_ms = 1;
	fixture_open(&fixture);
	store_more(&fixture, 20, 1);
	store_more(&fixture, 20, 5);
	store_more(&fixture, 20, 1);
	store_settle(fixture.store);
	/* The first 20 commits are gone and nobody misses them; those after 40 are missed. */
	fixture_read(&fixture, 0, &seen);
	uint64_t left = seen.n_records;
	ck_assert_uint_gt(seen.n_lost, 0);
	ck_assert_uint_eq(seen.lost_of[0], seen.n_lost);
	ck_assert_uint_eq(left + seen.n_lost, 40 * 20);
	seen_done(&seen);
	/* From the middle of what class 5 still has, the loss in class 1 is exact. */
	fixture_read(&fixture, 25, &seen);
	ck_assert_uint_eq(seen.n_records, left - 5 * 20);
	ck_assert_uint_eq(seen.lost_of[0], 35 * 20 - seen.n_records);
	seen_done(&seen);
	fixture_done(&fixture);
}
END_TEST

static long file_size(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return (long)st.st_size;
}

static void flip_byte(const char *path, long at)
{
	FILE *file = fopen(path, "r+b");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, at, SEEK_SET), 0);
	int byte = fgetc(file);
	ck_assert_int_eq(fseek(file, at, SEEK_SET), 0);
	ck_assert_int_eq(fputc(byte ^ 0x10, file), byte ^ 0x10);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(damage_in_a_sealed_segment_is_lost_exactly)
{
	struct fixture fixture;
	struct seen seen;
	char path[PATH_MAX];

	init(&fixture);
	store_more(&fixture, 40, 2);
	store_settle(fixture.store);
	ck_assert(fixture_file(&fixture, 2, ".sealed", path));
	long size = file_size(path);
	for (long at = 0; at < size; at += size / 97) {
		flip_byte(path, at);
		fixture_read(&fixture, 0, &seen);
		ck_assert_uint_eq(seen.n_records + seen.n_lost, 800);
		ck_assert_uint_eq(seen.position, store_position(fixture.store));
		ck_assert(at < SEALED_HEAD_SIZE || at >= size - SEALED_FOOT_SIZE ||
			  seen.n_lost > 0 || seen.n_bad_bodies > 0 || seen.n_records == 800);
		seen_done(&seen);
		flip_byte(path, at);
	}
	/* A head or a foot that cannot be read does not hold up a start. */
	flip_byte(path, 20);
	flip_byte(path, size - 20);
	fixture_reopen(&fixture);
	store_more(&fixture, 20, 2);
	store_settle(fixture.store);
	expect_all(&fixture, 0, 1200);
	fixture_done(&fixture);
}
END_TEST

static void copy_file(const char *from, const char *to)
{
	struct strbuf content = STRBUF_INIT(64 << 20);
	struct err err;

	ck_assert(file_read(from, &content, &err));
	ck_assert(file_replace(to, strbuf_slice(&content), 0600, &err));
	strbuf_done(&content);
}

static void set_aside(const char *path, char aside[PATH_MAX + 96])
{
	snprintf(aside, PATH_MAX + 96, "%s.copy", path);
	copy_file(path, aside);
}

static void expect_no_fault(void *user, const struct store_fault *fault)
{
	(void)user;
	ck_abort_msg(
		"%s:%llu: %s", fault->file, (unsigned long long)fault->offset, fault->what);
}

static void expect_intact(const struct fixture *fixture)
{
	const struct store_verify_user user = {expect_no_fault, NULL, NULL};
	struct store_verified verified;
	struct err err;

	ck_assert(store_verify(fixture->dir, &user, &verified, &err));
}

START_TEST(what_an_interrupted_sealing_left_is_swept_up)
{
	struct fixture fixture;
	char path[PATH_MAX + 64];

	init(&fixture);
	store_more(&fixture, 20, 2);
	fixture_close(&fixture);
	snprintf(path, sizeof(path), "%s/class-2/%020u.sealed.tmp", fixture.dir, 9u);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fclose(file), 0);
	fixture_open(&fixture);
	ck_assert_uint_eq(count_files(&fixture, 2, ".tmp"), 0);
	expect_all(&fixture, 0, 400);
	fixture_done(&fixture);
}
END_TEST

START_TEST(sealed_but_not_released_is_neither_read_nor_sealed_twice)
{
	struct fixture fixture;
	char running[PATH_MAX], aside[PATH_MAX + 96], state[PATH_MAX];

	fixture_init(&fixture);
	fixture_open(&fixture);
	store_more(&fixture, 20, 2);
	fixture_close(&fixture);
	ck_assert(fixture_file(&fixture, 2, ".seg", running));
	set_aside(running, aside);
	fixture.settings.segment_size = 1024;
	fixture_open(&fixture);
	store_more(&fixture, 1, 2);
	store_settle(fixture.store);
	fixture_close(&fixture);
	ck_assert_int_ne(access(running, F_OK), 0);
	unsigned n_sealed = count_files(&fixture, 2, ".sealed");
	ck_assert_uint_eq(n_sealed, 1);

	/* As after a crash between the two. */
	copy_file(aside, running);
	ck_assert_int_eq(unlink(aside), 0);
	ck_assert(fixture_file(&fixture, 2, "state", state));
	ck_assert_int_eq(unlink(state), 0);
	fixture.settings.segment_size = 1 << 20;
	fixture_open(&fixture);
	expect_all(&fixture, 0, 21 * 20);
	expect_all(&fixture, 7, 14 * 20);
	store_settle(fixture.store);
	ck_assert_uint_eq(count_files(&fixture, 2, ".sealed"), n_sealed);
	expect_all(&fixture, 0, 21 * 20);
	expect_intact(&fixture);
	fixture_done(&fixture);
}
END_TEST

START_TEST(a_removal_that_was_interrupted_is_finished_once)
{
	struct fixture fixture;
	char oldest[PATH_MAX + 64], aside[PATH_MAX + 96], removed[PATH_MAX];

	init(&fixture);
	store_more(&fixture, 40, 2);
	store_settle(fixture.store);
	fixture_close(&fixture);
	snprintf(oldest, sizeof(oldest), "%s/class-2/%020u.sealed", fixture.dir, 1u);
	set_aside(oldest, aside);
	fixture.settings.classes[1].keep_bytes = 6000;
	fixture_open(&fixture);
	store_settle(fixture.store);
	fixture_close(&fixture);
	ck_assert_int_ne(access(oldest, F_OK), 0);
	ck_assert(fixture_file(&fixture, 2, "removed", removed));
	long size = file_size(removed);

	copy_file(aside, oldest);
	ck_assert_int_eq(unlink(aside), 0);
	fixture_open(&fixture);
	store_settle(fixture.store);
	ck_assert_int_ne(access(oldest, F_OK), 0);
	ck_assert_int_eq(file_size(removed), size);
	expect_intact(&fixture);
	fixture_done(&fixture);
}
END_TEST

START_TEST(positions_survive_a_damaged_snapshot)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(2, 99), silent = fixture_stream(77, 5);
	struct stream_position position;
	char path[PATH_MAX];

	init(&fixture);
	ck_assert_uint_eq(fixture_store(&fixture, silent, 1, 9, 2), BATCH_STORED);
	store_more(&fixture, 40, 2);
	store_settle(fixture.store);
	fixture_close(&fixture);
	ck_assert(fixture_file(&fixture, 2, ".seg", path));
	flip_byte(path, 128 + 36 + BLOCK_HEAD_SIZE + 10);
	fixture_open(&fixture);
	ck_assert_uint_eq(store_position(fixture.store), 41);
	ck_assert(store_stream(fixture.store, &silent, &position));
	ck_assert_uint_eq(position.stored, 9);
	ck_assert_uint_eq(position.lost, 0);
	ck_assert(store_stream(fixture.store, &stream, &position));
	ck_assert_uint_eq(position.stored, 800);
	ck_assert_uint_eq(position.lost, 0);
	store_more(&fixture, 20, 2);
	store_settle(fixture.store);
	expect_all(&fixture, 0, 1209);
	fixture_done(&fixture);
}
END_TEST

TEST_MAIN("sealing", closed_segments_are_sealed_and_read_the_same,
	a_reader_goes_on_while_its_segments_are_sealed,
	small_blocks_are_merged_and_large_ones_kept, retention_by_bytes_removes_the_oldest,
	retention_of_one_class_leaves_the_others, damage_in_a_sealed_segment_is_lost_exactly,
	what_an_interrupted_sealing_left_is_swept_up,
	sealed_but_not_released_is_neither_read_nor_sealed_twice,
	a_removal_that_was_interrupted_is_finished_once, positions_survive_a_damaged_snapshot)
