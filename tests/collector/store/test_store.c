#include "collector/store/store.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/collector/store/fixture.h"

START_TEST(what_was_stored_is_read_back)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99);
	struct stream_position position;
	struct seen seen;

	fixture_init(&fixture);
	fixture_open(&fixture);
	ck_assert(!store_stream(fixture.store, &stream, &position));
	ck_assert_uint_eq(fixture_store(&fixture, stream, 1, 100, 3), BATCH_STORED);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 101, 50, 3), BATCH_STORED);
	ck_assert(store_stream(fixture.store, &stream, &position));
	ck_assert_uint_eq(position.stored, 150);
	ck_assert_uint_eq(position.records, 150);
	ck_assert_uint_eq(position.first, 1);
	ck_assert_uint_eq(position.crc, 101 * 31 + 50);
	ck_assert_uint_eq(store_position(fixture.store), 2);
	fixture_read(&fixture, 0, &seen);
	ck_assert_uint_eq(seen.n_records, 150);
	ck_assert_uint_eq(seen.n_commits, 2);
	ck_assert_uint_eq(seen.n_lost, 0);
	ck_assert_uint_eq(seen.position, 2);
	seen_done(&seen);
	fixture_done(&fixture);
}
END_TEST

START_TEST(a_reopened_store_goes_on)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99);
	struct stream_position position;
	struct seen seen;

	fixture_init(&fixture);
	fixture_open(&fixture);
	for (unsigned round = 0; round < 5; round++) {
		ck_assert_uint_eq(
			fixture_store(&fixture, stream, round * 10 + 1, 10, 0), BATCH_STORED);
		fixture_reopen(&fixture);
		ck_assert(store_stream(fixture.store, &stream, &position));
		ck_assert_uint_eq(position.stored, round * 10 + 10);
		ck_assert_uint_eq(position.lost, 0);
		ck_assert_uint_eq(fixture.recovery.lost_records, 0);
		ck_assert_uint_eq(fixture.recovery.undone_blocks, 0);
	}
	fixture_read(&fixture, 0, &seen);
	ck_assert_uint_eq(seen.n_records, 50);
	ck_assert_uint_eq(seen.n_commits, 5);
	ck_assert_uint_eq(seen.n_blocks, 25);
	ck_assert_uint_eq(seen.n_lost, 0);
	seen_done(&seen);
	fixture_done(&fixture);
}
END_TEST

START_TEST(duplicates_are_removed_and_the_rest_is_kept)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99);
	struct stream_position position;
	struct store_state state;
	struct seen seen;

	fixture_init(&fixture);
	fixture_open(&fixture);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 5, 10, 1), BATCH_STORED);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 5, 10, 1), BATCH_DUPLICATE);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 1, 14, 1), BATCH_DUPLICATE);

	struct batch *batch = fixture_batch(&fixture, stream, 10, 10, 0);
	ck_assert_uint_eq(fixture_submit(&fixture, batch), BATCH_STORED);
	ck_assert_uint_eq(batch->skip, 5);
	ck_assert_uint_eq(batch->stored, 19);
	fixture_free(batch);

	ck_assert(store_stream(fixture.store, &stream, &position));
	ck_assert_uint_eq(position.duplicates, 29);
	ck_assert_uint_eq(position.records, 15);
	ck_assert_uint_eq(position.first, 5);
	store_state(fixture.store, &state);
	ck_assert_uint_eq(state.duplicates, 29);
	ck_assert_uint_eq(state.records, 15);
	fixture_read(&fixture, 0, &seen);
	ck_assert_uint_eq(seen.n_records, 15);
	seen_done(&seen);
	fixture_done(&fixture);
}
END_TEST

START_TEST(what_is_ahead_is_refused)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99);

	fixture_init(&fixture);
	fixture_open(&fixture);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 1, 10, 1), BATCH_STORED);

	struct batch *batch = fixture_batch(&fixture, stream, 12, 10, 1);
	ck_assert_uint_eq(fixture_submit(&fixture, batch), BATCH_AHEAD);
	ck_assert_uint_eq(batch->stored, 10);
	fixture_free(batch);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 0, 10, 1), BATCH_AHEAD);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 11, 0, 1), BATCH_AHEAD);
	ck_assert_uint_eq(fixture_store(&fixture, stream, UINT64_MAX - 3, 10, 1), BATCH_AHEAD);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 11, 1, 1), BATCH_STORED);
	fixture_done(&fixture);
}
END_TEST

START_TEST(gaps_move_the_stream_and_are_read)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99);
	struct stream_position position;
	struct store_block block;
	struct err err;

	fixture_init(&fixture);
	fixture_open(&fixture);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 1, 10, 4), BATCH_STORED);
	struct batch *gap = fixture_gap(&fixture, stream, 8, 10); /* 8..10 are there */
	ck_assert_uint_eq(fixture_submit(&fixture, gap), BATCH_STORED);
	fixture_free(gap);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 18, 1, 4), BATCH_STORED);
	fixture_reopen(&fixture);

	ck_assert(store_stream(fixture.store, &stream, &position));
	ck_assert_uint_eq(position.stored, 18);
	ck_assert_uint_eq(position.records, 11);
	ck_assert_uint_eq(position.declared, 7);
	struct store_reader *reader = store_reader_open(fixture.store, 1, &err);
	ck_assert_uint_eq(store_reader_next(reader, &block, &err), STORE_BLOCK);
	ck_assert_uint_eq(block.class, 4);
	ck_assert_uint_eq(block.n_records, 0);
	ck_assert_uint_eq(block.n_gaps, 1);
	ck_assert_uint_eq(block.gaps[0].first, 11);
	ck_assert_uint_eq(block.gaps[0].count, 7);
	ck_assert_uint_eq(block.gaps[0].bytes, 1000);
	ck_assert_uint_eq(block.gaps[0].stream.epoch, 99);
	ck_assert_slice_eq(block.gaps[0].source, SLICE_LIT("/var/log/syslog"));
	ck_assert_uint_eq(store_reader_next(reader, &block, &err), STORE_COMMIT);
	store_reader_close(reader);
	fixture_done(&fixture);
}
END_TEST

START_TEST(a_reader_goes_on_from_any_commit)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99);
	struct seen seen;

	fixture_init(&fixture);
	fixture_open(&fixture);
	for (unsigned i = 0; i < 20; i++)
		ck_assert_uint_eq(
			fixture_store(&fixture, stream, i * 7 + 1, 7, (uint8_t)(1 + i % 3)),
			BATCH_STORED);
	for (uint64_t position = 0; position <= 20; position++) {
		fixture_read(&fixture, position, &seen);
		ck_assert_uint_eq(seen.n_records, (20 - position) * 7);
		ck_assert_uint_eq(seen.n_lost, 0);
		ck_assert_uint_eq(seen.position, 20);
		seen_done(&seen);
	}
	fixture_done(&fixture);
}
END_TEST

START_TEST(a_reader_follows_and_another_process_reads_too)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99);
	struct seen seen = {0}, other;
	struct err err;

	fixture_init(&fixture);
	fixture_open(&fixture);
	struct store_reader *reader = store_reader_open(fixture.store, 0, &err);
	fixture_read_on(reader, &seen);
	ck_assert_uint_eq(seen.n_records, 0);
	for (unsigned i = 0; i < 10; i++) {
		ck_assert_uint_eq(
			fixture_store(&fixture, stream, i * 3 + 1, 3, 0), BATCH_STORED);
		fixture_read_on(reader, &seen);
		ck_assert_uint_eq(seen.n_records, (i + 1) * 3);
		fixture_read_dir(fixture.dir, i / 2, &other);
		ck_assert_uint_eq(other.n_records, (i + 1 - i / 2) * 3);
		seen_done(&other);
	}
	store_reader_close(reader);
	seen_done(&seen);
	fixture_done(&fixture);
}
END_TEST

START_TEST(segments_roll_and_each_starts_with_a_snapshot)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99), other = fixture_stream(2, 5);
	struct stream_position position;
	struct seen seen;

	fixture_init(&fixture);
	fixture.settings.segment_size = 4096;
	fixture_open(&fixture);
	ck_assert_uint_eq(fixture_store(&fixture, other, 1, 10, 5), BATCH_STORED);
	for (unsigned i = 0; i < 60; i++)
		ck_assert_uint_eq(
			fixture_store(&fixture, stream, i * 20 + 1, 20, 2), BATCH_STORED);
	fixture_reopen(&fixture);
	ck_assert(store_stream(fixture.store, &other, &position));
	ck_assert_uint_eq(position.stored, 10);
	ck_assert(store_stream(fixture.store, &stream, &position));
	ck_assert_uint_eq(position.stored, 1200);
	ck_assert_uint_eq(position.lost, 0);
	fixture_read(&fixture, 0, &seen);
	ck_assert_uint_eq(seen.n_records, 1210);
	ck_assert_uint_eq(seen.n_lost, 0);
	seen_done(&seen);
	fixture_done(&fixture);
}
END_TEST

static void cut_file(const char *path, off_t by)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(truncate(path, st.st_size - by), 0);
}

START_TEST(a_commit_that_was_not_whole_is_undone)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99);
	struct stream_position position;
	struct seen seen;
	char path[PATH_MAX];

	fixture_init(&fixture);
	fixture_open(&fixture);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 1, 10, 0), BATCH_STORED);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 11, 10, 0), BATCH_STORED);
	fixture_close(&fixture);
	ck_assert(fixture_file(&fixture, 4, ".seg", path));
	cut_file(path, 5);
	/* The state says that it was durable; a crash would not have come to write that. */
	ck_assert(fixture_file(&fixture, 4, "state", path));
	ck_assert_int_eq(unlink(path), 0);

	fixture_read_dir(fixture.dir, 0, &seen); /* before the start undoes it */
	ck_assert_uint_eq(seen.n_records, 10);
	seen_done(&seen);
	fixture_open(&fixture);
	ck_assert_uint_eq(fixture.recovery.undone_blocks, 4);
	ck_assert(store_stream(fixture.store, &stream, &position));
	ck_assert_uint_eq(position.stored, 10);
	fixture_read(&fixture, 0, &seen);
	ck_assert_uint_eq(seen.n_records, 10);
	ck_assert_uint_eq(seen.n_lost, 0);
	seen_done(&seen);
	fixture_reopen(&fixture);
	ck_assert_uint_eq(fixture.recovery.undone_blocks, 0);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 11, 10, 0), BATCH_STORED);
	fixture_reopen(&fixture);
	fixture_read(&fixture, 0, &seen);
	ck_assert_uint_eq(seen.n_records, 20);
	ck_assert_uint_eq(seen.n_lost, 0);
	seen_done(&seen);
	fixture_done(&fixture);
}
END_TEST

static void flip_byte(const char *path, long at)
{
	FILE *file = fopen(path, "r+b");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
	int byte = fgetc(file);
	ck_assert_int_eq(fseek(file, -1, SEEK_CUR), 0);
	ck_assert_int_eq(fputc(byte ^ 0x40, file), byte ^ 0x40);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_damaged_block_is_lost_exactly_and_the_rest_is_read)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99);
	struct stream_position position;
	struct seen seen;
	struct stat st;
	char path[PATH_MAX];

	fixture_init(&fixture);
	fixture_open(&fixture);
	for (unsigned i = 0; i < 9; i++)
		ck_assert_uint_eq(
			fixture_store(&fixture, stream, i * 10 + 1, 10, 0), BATCH_STORED);
	fixture_close(&fixture);
	ck_assert(fixture_file(&fixture, 2, ".seg", path));
	ck_assert_int_eq(stat(path, &st), 0);
	flip_byte(path, st.st_size / 2);
	fixture_open(&fixture);
	ck_assert_uint_eq(fixture.recovery.lost_records, 2);
	fixture_read(&fixture, 0, &seen);
	ck_assert_uint_eq(seen.n_lost, 2);
	ck_assert_uint_eq(seen.lost_of[1], 2);
	ck_assert_uint_eq(seen.n_records, 88);
	ck_assert_uint_eq(seen.n_commits, 9);
	seen_done(&seen);
	/* The other classes' blocks say how far the stream was. */
	ck_assert(store_stream(fixture.store, &stream, &position));
	ck_assert_uint_eq(position.stored, 90);
	ck_assert_uint_eq(position.lost, 0);
	fixture_done(&fixture);
}
END_TEST

START_TEST(sequences_of_a_damaged_block_are_in_the_ledger)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99);
	struct stream_position position;
	struct seen seen;
	struct stat st;
	char path[PATH_MAX];

	fixture_init(&fixture);
	fixture_open(&fixture);
	for (unsigned i = 0; i < 9; i++)
		ck_assert_uint_eq(
			fixture_store(&fixture, stream, i * 10 + 1, 10, 2), BATCH_STORED);
	fixture_close(&fixture);
	ck_assert(fixture_file(&fixture, 2, ".seg", path));
	ck_assert_int_eq(stat(path, &st), 0);
	flip_byte(path, st.st_size / 2);
	for (unsigned round = 0; round < 3; round++) {
		fixture_open(&fixture);
		ck_assert(store_stream(fixture.store, &stream, &position));
		ck_assert_uint_eq(position.lost, 10);
		ck_assert_uint_eq(position.stored, 90 + round);
		fixture_read(&fixture, 0, &seen);
		ck_assert_uint_eq(seen.n_lost, 10);
		ck_assert_uint_eq(seen.n_records, 80 + round);
		seen_done(&seen);
		ck_assert_uint_eq(
			fixture_store(&fixture, stream, 91 + round, 1, 2), BATCH_STORED);
		fixture_close(&fixture);
	}
	fixture_done(&fixture);
}
END_TEST

START_TEST(a_lane_keeps_so_many_epochs)
{
	struct fixture fixture;
	struct store_state state;
	struct stream_position position;
	struct stream stream = fixture_stream(1, 1);

	fixture_init(&fixture);
	fixture_open(&fixture);
	for (uint64_t epoch = 1; epoch <= 20; epoch++)
		ck_assert_uint_eq(fixture_store(&fixture, fixture_stream(1, epoch), 1, 5, 1),
			BATCH_STORED);
	store_state(fixture.store, &state);
	ck_assert_uint_eq(state.forgotten_epochs, 12);
	ck_assert(!store_stream(fixture.store, &stream, &position));
	stream.epoch = 20;
	ck_assert(store_stream(fixture.store, &stream, &position));
	fixture_done(&fixture);
}
END_TEST

START_TEST(without_the_reserve_batches_are_refused)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99);
	struct store_state state;

	fixture_init(&fixture);
	fixture_open(&fixture);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 1, 5, 1), BATCH_STORED);
	fixture_close(&fixture);
	fixture.settings.reserve_bytes = UINT64_MAX / 2;
	fixture_open(&fixture);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 6, 5, 1), BATCH_REFUSED);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 1, 5, 1), BATCH_DUPLICATE);
	store_state(fixture.store, &state);
	ck_assert(state.refusing);
	ck_assert_uint_eq(state.refused_batches, 1);
	ck_assert_uint_eq(store_position(fixture.store), 1);
	fixture_done(&fixture);
}
END_TEST

enum { FAILING_BATCHES = 60 };

/* Submits until a file cannot grow any more; returns how many were stored. Nothing is asserted
 * meanwhile, because Check writes files, too. */
static unsigned submit_with_limit(struct fixture *fixture, struct batch **batches)
{
	struct rlimit before, small;
	unsigned n = 0;

	signal(SIGXFSZ, SIG_IGN);
	(void)getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){.rlim_cur = 8192, .rlim_max = before.rlim_max};
	(void)setrlimit(RLIMIT_FSIZE, &small);
	while (n < FAILING_BATCHES && fixture_submit(fixture, batches[n]) == BATCH_STORED)
		n++;
	(void)setrlimit(RLIMIT_FSIZE, &before);
	return n;
}

START_TEST(a_failing_disk_acknowledges_nothing)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 99);
	struct store_state state;
	struct stream_position position;
	struct batch *batches[FAILING_BATCHES];
	struct seen seen;

	fixture_init(&fixture);
	fixture_open(&fixture);
	for (unsigned i = 0; i < FAILING_BATCHES; i++)
		batches[i] = fixture_batch(&fixture, stream, i * 50 + 1, 50, 0);
	unsigned n = submit_with_limit(&fixture, batches);
	uint64_t stored = n * 50;
	ck_assert_uint_lt(n, FAILING_BATCHES);
	ck_assert_uint_eq(batches[n]->outcome, BATCH_REFUSED);
	ck_assert_uint_eq(batches[n]->stored, stored);
	store_state(fixture.store, &state);
	ck_assert(state.failed);
	ck_assert_uint_eq(fixture_store(&fixture, stream, stored + 1, 50, 0), BATCH_REFUSED);
	ck_assert_uint_eq(fixture_store(&fixture, stream, 1, 50, 0), BATCH_DUPLICATE);
	fixture_reopen(&fixture);
	ck_assert(store_stream(fixture.store, &stream, &position));
	ck_assert_uint_eq(position.stored, stored);
	ck_assert_uint_eq(fixture_store(&fixture, stream, stored + 1, 50, 0), BATCH_STORED);
	fixture_read(&fixture, 0, &seen);
	ck_assert_uint_eq(seen.n_records, stored + 50);
	ck_assert_uint_eq(seen.n_lost, 0);
	seen_done(&seen);
	for (unsigned i = 0; i < FAILING_BATCHES; i++)
		fixture_free(batches[i]);
	fixture_done(&fixture);
}
END_TEST

START_TEST(one_process_at_a_time)
{
	struct fixture fixture;
	struct store_recovery recovery;
	struct err err;

	fixture_init(&fixture);
	fixture_open(&fixture);
	ck_assert_ptr_null(store_open(&fixture.settings, &recovery, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "another process uses this store"));
	fixture_done(&fixture);
}
END_TEST

/* Names of sources are not among the encoded records, and pack to almost nothing. */
static struct batch *batch_with_long_sources(struct fixture *fixture, uint32_t host)
{
	enum { N = 256, NAME_SIZE = 4096 };
	struct batch *batch = fixture_batch(fixture, fixture_stream(host, 1), 1, N, 3);
	struct record_source *sources = arena_alloc(&batch->arena, N * sizeof(*sources));

	for (unsigned i = 0; i < N; i++) {
		char *name = arena_alloc(&batch->arena, NAME_SIZE);

		memset(name, 'a', NAME_SIZE);
		snprintf(name, 32, "%u/%u", host, i);
		sources[i] = batch->sources[batch->columns[i].source];
		sources[i].name = slice_of(name, NAME_SIZE);
		batch->columns[i].source = i;
	}
	batch->sources = sources;
	batch->n_sources = N;
	return batch;
}

START_TEST(blocks_stay_readable_however_long_the_names_of_sources_are)
{
	enum { BATCHES = 110 };
	struct batch *batches[BATCHES];
	struct fixture fixture;
	struct seen seen;

	fixture_init(&fixture);
	fixture.settings.commit_ms = 500; /* all of them together */
	fixture.settings.commit_bytes = 4 << 20;
	fixture_open(&fixture);
	for (uint32_t i = 0; i < BATCHES; i++)
		batches[i] = batch_with_long_sources(&fixture, i + 1);
	for (uint32_t i = 0; i < BATCHES; i++)
		fixture_send(&fixture, batches[i]);
	fixture_wait(&fixture);
	for (const struct batch *batch = fixture.home; batch != NULL; batch = batch->next)
		ck_assert_int_eq(batch->outcome, BATCH_STORED);
	fixture_read(&fixture, 0, &seen);
	ck_assert_uint_eq(seen.n_records, BATCHES * 256);
	ck_assert_uint_eq(seen.n_lost, 0);
	ck_assert_uint_gt(seen.n_commits, 1);
	seen_done(&seen);
	fixture_done(&fixture);
}
END_TEST

/* As its records' texts say it has to be numbered. */
static struct batch *unnumbered_batch(
	struct fixture *fixture, struct stream stream, uint64_t expected, uint32_t count)
{
	struct batch *batch = fixture_batch(fixture, stream, expected, count, 0);

	batch->unnumbered = true;
	batch->first = 0;
	for (uint32_t i = 0; i < count; i++)
		batch->columns[i].sequence = 0;
	return batch;
}

START_TEST(streams_without_numbers_get_the_next_ones)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 1);
	struct stream_position position;
	struct seen seen;

	fixture_init(&fixture);
	fixture.settings.commit_ms = 200; /* two of them together */
	fixture_open(&fixture);
	fixture_send(&fixture, unnumbered_batch(&fixture, stream, 1, 10));
	fixture_send(&fixture, unnumbered_batch(&fixture, stream, 11, 10));
	fixture_wait(&fixture);
	fixture_free_home(&fixture);
	fixture_reopen(&fixture);

	struct batch *batch = unnumbered_batch(&fixture, stream, 21, 5);
	ck_assert_int_eq(fixture_submit(&fixture, batch), BATCH_STORED);
	ck_assert_uint_eq(batch->first, 21);
	ck_assert_uint_eq(batch->stored, 25);
	fixture_free(batch);
	struct batch *gap = fixture_gap(&fixture, stream, 0, 7);
	gap->unnumbered = true;
	ck_assert_int_eq(fixture_submit(&fixture, gap), BATCH_STORED);
	ck_assert_uint_eq(gap->first, 26);
	fixture_free(gap);
	fixture_send(&fixture, unnumbered_batch(&fixture, stream, 33, 3));
	fixture_wait(&fixture);
	fixture_free_home(&fixture);

	ck_assert(store_stream(fixture.store, &stream, &position));
	ck_assert_uint_eq(position.records, 28);
	ck_assert_uint_eq(position.declared, 7);
	ck_assert_uint_eq(position.stored, 35);
	ck_assert_uint_eq(position.duplicates, 0);
	fixture_read(&fixture, 0, &seen);
	ck_assert_uint_eq(seen.n_records, 28);
	for (uint64_t i = 1; i <= 25; i++)
		ck_assert_uint_eq(seen_count(&seen, stream, i), 1);
	ck_assert_uint_eq(seen_count(&seen, stream, 33), 1);
	seen_done(&seen);
	fixture_done(&fixture);
}
END_TEST

START_TEST(what_is_refused_uses_up_no_numbers)
{
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 1);

	fixture_init(&fixture);
	fixture.settings.reserve_bytes = UINT64_MAX / 2;
	fixture_open(&fixture);
	struct batch *batch = unnumbered_batch(&fixture, stream, 1, 10);
	ck_assert_int_eq(fixture_submit(&fixture, batch), BATCH_REFUSED);
	fixture_close(&fixture);
	fixture.settings.reserve_bytes = 0;
	fixture_open(&fixture);
	ck_assert_int_eq(fixture_submit(&fixture, batch), BATCH_STORED);
	ck_assert_uint_eq(batch->first, 1);
	ck_assert_uint_eq(batch->stored, 10);
	fixture_free(batch);
	fixture_done(&fixture);
}
END_TEST

/* ---- what comes again ------------------------------------------------------------- */

static struct batch *resending_batch(struct fixture *fixture, struct stream stream,
	uint64_t text, uint32_t count, const uint64_t *ids)
{
	static const struct record_source again[] = {
		{.input = {SLICE_BYTES("beats")}, .name = {SLICE_BYTES("a")}, .resends = true},
		{.input = {SLICE_BYTES("beats")}, .name = {SLICE_BYTES("b")}, .resends = true},
	};
	struct batch *batch = fixture_batch(fixture, stream, text, count, 1);

	batch->unnumbered = true;
	batch->first = 0;
	batch->sources = again;
	batch->n_sources = ARRAY_LEN(again);
	for (uint32_t i = 0; i < count; i++)
		batch->records[i].id = (struct event_id){ids[i], ids[i]};
	return batch;
}

/* The records that are stored, by the number that their texts have, in order. */
static void check_stored(struct fixture *fixture, const uint64_t *texts, size_t n)
{
	struct err err = {0};
	struct store_reader *reader = store_reader_open(fixture->store, 0, &err);
	struct store_block block;
	size_t at = 0;

	ck_assert_ptr_nonnull(reader);
	for (enum store_read got;
		(got = store_reader_next(reader, &block, &err)) != STORE_END;) {
		ck_assert_int_ne(got, STORE_READ_FAILED);
		for (unsigned i = 0; got == STORE_BLOCK && i < block.n_records; i++, at++) {
			ck_assert_uint_lt(at, n);
			ck_assert_uint_eq(block.columns[i].sequence, at + 1);
			ck_assert_int_eq(block.columns[i].created_ns,
				1700000000000000000 + (int64_t)texts[at]);
		}
	}
	ck_assert_uint_eq(at, n);
	store_reader_close(reader);
}

static void check_resending(struct fixture *fixture, struct batch *batch,
	enum batch_outcome outcome, uint64_t first, uint32_t count)
{
	ck_assert_int_eq(fixture_submit(fixture, batch), outcome);
	if (outcome == BATCH_STORED) {
		ck_assert_uint_eq(batch->first, first);
		ck_assert_uint_eq(batch->count, count);
		ck_assert_uint_eq(batch->stored, first + count - 1);
	}
	fixture_free(batch);
}

START_TEST(an_event_that_comes_again_is_stored_once)
{
	/* The middle of three; nobody's id is never the same. */
	static const uint64_t some[] = {11, 12, 13, 0}, more[] = {21, 12, 22, 0};
	static const uint64_t texts[] = {1, 2, 3, 4, 5, 7, 8};
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 1);
	struct stream_position position;

	fixture_init(&fixture);
	fixture_open(&fixture);
	check_resending(
		&fixture, resending_batch(&fixture, stream, 1, 4, some), BATCH_STORED, 1, 4);
	check_resending(
		&fixture, resending_batch(&fixture, stream, 5, 4, more), BATCH_STORED, 5, 3);
	check_resending(
		&fixture, resending_batch(&fixture, stream, 5, 3, more), BATCH_DUPLICATE, 0, 0);
	ck_assert(store_stream(fixture.store, &stream, &position));
	ck_assert_uint_eq(position.records, 7);
	ck_assert_uint_eq(position.stored, 7);
	ck_assert_uint_eq(position.duplicates, 4);
	fixture_reopen(&fixture);
	check_stored(&fixture, texts, ARRAY_LEN(texts));
	fixture_done(&fixture);
}
END_TEST

/* Both copies in one commit; and one that failed left nothing behind. */
START_TEST(what_was_refused_did_not_come_before)
{
	static const uint64_t ids[] = {1, 2, 3, 4, 5};
	struct fixture fixture;
	struct stream stream = fixture_stream(1, 1);
	struct batch *batches[2];

	fixture_init(&fixture);
	fixture.settings.commit_ms = 200;
	fixture_open(&fixture);
	fixture_send(&fixture, resending_batch(&fixture, stream, 1, 5, ids));
	fixture_send(&fixture, resending_batch(&fixture, stream, 1, 5, ids));
	fixture_wait(&fixture);
	fixture_free_home(&fixture);
	fixture_close(&fixture);

	fixture.settings.commit_ms = 1;
	fixture.settings.reserve_bytes = UINT64_MAX / 2;
	fixture_open(&fixture);
	for (unsigned i = 0; i < 2; i++) {
		batches[i] = resending_batch(&fixture, stream, 6, 5, ids);
		ck_assert_int_eq(fixture_submit(&fixture, batches[i]), BATCH_REFUSED);
	}
	fixture_close(&fixture);
	fixture.settings.reserve_bytes = 0;
	fixture_open(&fixture);
	check_resending(&fixture, batches[0], BATCH_STORED, 6, 5);
	check_resending(&fixture, batches[1], BATCH_DUPLICATE, 0, 0);
	fixture_done(&fixture);
}
END_TEST

TEST_MAIN("store", what_was_stored_is_read_back, a_reopened_store_goes_on,
	duplicates_are_removed_and_the_rest_is_kept, what_is_ahead_is_refused,
	gaps_move_the_stream_and_are_read, a_reader_goes_on_from_any_commit,
	a_reader_follows_and_another_process_reads_too,
	segments_roll_and_each_starts_with_a_snapshot, a_commit_that_was_not_whole_is_undone,
	a_damaged_block_is_lost_exactly_and_the_rest_is_read,
	sequences_of_a_damaged_block_are_in_the_ledger, a_lane_keeps_so_many_epochs,
	without_the_reserve_batches_are_refused, a_failing_disk_acknowledges_nothing,
	blocks_stay_readable_however_long_the_names_of_sources_are, one_process_at_a_time,
	streams_without_numbers_get_the_next_ones, what_is_refused_uses_up_no_numbers,
	an_event_that_comes_again_is_stored_once, what_was_refused_did_not_come_before)
