/* What the spool says and does when its disk errs. */
#include <errno.h>
#include <time.h>

#include "agent/spool.h"
#include "common/seglog_segment.h"
#include "tests/common/seglog_disk.h"
#include "tests/common/seglog_fixture.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

enum { CHUNK = 8192, ITEMS = 10, BLOCK = 4096 };

static const struct spool_settings settings = {
	.urgent_size = 1 << 20, .bulk_size = 1 << 20, .segment_size = 256 << 10};

struct bench {
	struct folder folder;
	struct bookmark_lane lanes[LANE_COUNT];
	struct spool_report report[LANE_COUNT];
	struct spool *spool;
	struct err err;
};

static struct slice chunk_of(unsigned number)
{
	static char bytes[CHUNK];

	memset(bytes, 'a' + (int)number, sizeof(bytes));
	return slice_of(bytes, sizeof(bytes));
}

static void bench_open(struct bench *bench, const char *dir)
{
	bench->spool = spool_open(folder_path(&bench->folder, dir), &settings, bench->lanes,
		bench->report, &bench->err);
	ck_assert_msg(bench->spool != NULL, "%s", bench->err.text);
}

static void bench_init(struct bench *bench)
{
	disk_heal();
	memset(bench, 0, sizeof(*bench));
	folder_make(&bench->folder);
	bench_open(bench, "spool");
}

static void bench_done(struct bench *bench)
{
	disk_heal();
	spool_close(bench->spool);
	folder_remove(&bench->folder);
}

static void save(struct bench *bench)
{
	for (unsigned i = 0; i < LANE_COUNT; i++)
		spool_lane(bench->spool, (enum frame_lane)i, &bench->lanes[i]);
}

static enum spool_status try_add(struct bench *bench, unsigned number)
{
	return spool_add_chunk(bench->spool, LANE_BULK, chunk_of(number), ITEMS, &bench->err);
}

static void add_chunks(struct bench *bench, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(try_add(bench, i), SPOOL_OK);
}

/* The next entry, as often as the disk has to be asked. */
static enum spool_read next(struct bench *bench, struct spool_entry *entry)
{
	const struct timespec time = {.tv_nsec = SPOOL_RETRY_MS * 1000000};
	enum spool_read read;

	for (unsigned tries = 0; tries < 10; tries++) {
		read = spool_next(bench->spool, LANE_BULK, entry, &bench->err);
		if (read != SPOOL_READ_FAILED)
			return read;
		ck_assert_int_eq(bench->err.sys, EIO);
		nanosleep(&time, NULL);
	}
	return SPOOL_READ_FAILED;
}

static void expect_chunk(struct bench *bench, unsigned number)
{
	struct spool_entry entry;

	ck_assert_int_eq(next(bench, &entry), SPOOL_ENTRY);
	ck_assert(!entry.gap && !entry.lost);
	ck_assert_uint_eq(entry.first, 1 + number * ITEMS);
	ck_assert_slice_eq(entry.chunk, chunk_of(number));
}

static void expect_lost(struct bench *bench, unsigned number)
{
	struct spool_entry entry;

	ck_assert_int_eq(next(bench, &entry), SPOOL_ENTRY);
	ck_assert(entry.gap && entry.lost);
	ck_assert_int_eq(entry.reason, GAP_DAMAGED);
	ck_assert_uint_eq(entry.first, 1 + number * ITEMS);
	ck_assert_uint_eq(entry.count, ITEMS);
}

static void expect_end(struct bench *bench)
{
	struct spool_entry entry;

	ck_assert_int_eq(next(bench, &entry), SPOOL_END);
}

/* A block that lies in this entry alone. */
static void refuse_inside(unsigned number)
{
	uint64_t start =
		SEGMENT_HEAD_SIZE + number * (uint64_t)(SEGMENT_ENTRY_HEAD_SIZE + CHUNK);
	uint64_t at = (start + CHUNK / 2) / BLOCK * BLOCK;

	disk_refuse_block(at, at + 512);
}

START_TEST(a_refused_block_becomes_a_gap_and_the_lane_goes_on)
{
	struct bench bench;

	bench_init(&bench);
	add_chunks(&bench, 7);
	refuse_inside(4);
	for (unsigned i = 0; i < 7; i++) {
		if (i == 4)
			expect_lost(&bench, i);
		else
			expect_chunk(&bench, i);
	}
	expect_end(&bench);
	bench_done(&bench);
}
END_TEST

START_TEST(positions_are_learnt_past_a_refused_block)
{
	struct bench bench;
	struct bookmark *bookmark = bookmark_new();

	bench_init(&bench);
	add_chunks(&bench, 7);
	refuse_inside(4);
	ck_assert(spool_replay(bench.spool, LANE_BULK, 0, bookmark, &bench.err));
	bookmark_free(bookmark);
	bench_done(&bench);
}
END_TEST

/* It was declared lost, the acknowledgement did not arrive, and the disk gives it again. */
START_TEST(what_was_declared_lost_is_no_other_history_when_it_is_back)
{
	const uint64_t stored = 3 * ITEMS;
	struct bench bench;
	struct spool_resume resume;

	bench_init(&bench);
	add_chunks(&bench, 4);
	refuse_inside(2);
	expect_chunk(&bench, 0);
	expect_chunk(&bench, 1);
	expect_lost(&bench, 2);
	disk_heal();
	ck_assert(spool_compare(bench.spool, LANE_BULK, stored, 0, &resume));
	ck_assert_uint_eq(resume.from, stored + 1);
	/* The chunk before it was not declared. */
	ck_assert(!spool_compare(bench.spool, LANE_BULK, stored - ITEMS, 0, &resume));
	bench_done(&bench);
}
END_TEST

START_TEST(a_failed_lane_says_what_it_holds_and_is_read_when_the_disk_is_back)
{
	struct bench bench;
	struct spool_state before, state;

	bench_init(&bench);
	add_chunks(&bench, 3);
	spool_state(bench.spool, LANE_BULK, &before);
	disk_fail(DISK_FDATASYNC, 1, EIO, true);
	ck_assert_int_eq(try_add(&bench, 3), SPOOL_FAILED);
	spool_state(bench.spool, LANE_BULK, &state);
	ck_assert_uint_eq(state.queued, 3 * ITEMS);
	ck_assert_uint_eq(state.next, before.next);
	ck_assert_uint_eq(state.first, before.first);
	spool_ack(bench.spool, LANE_BULK, ITEMS, 0);
	spool_state(bench.spool, LANE_BULK, &state);
	ck_assert_uint_eq(state.queued, 2 * ITEMS);
	ck_assert_uint_eq(state.acked, ITEMS);
	disk_heal();
	expect_chunk(&bench, 1);
	expect_chunk(&bench, 2);
	expect_end(&bench);
	bench_done(&bench);
}
END_TEST

/* Killed after the bookmark was saved; then the last entry is damaged on the disk. */
START_TEST(what_the_bookmark_covers_is_declared_when_it_is_gone)
{
	struct bench bench;
	char from[PATH_MAX];

	bench_init(&bench);
	add_chunks(&bench, 3);
	save(&bench);
	ck_assert_int_eq(mkdir(folder_path(&bench.folder, "image"), 0700), 0);
	for (unsigned i = 0; i < LANE_COUNT; i++) {
		const char *lane = i == LANE_BULK ? "bulk" : "urgent";
		char name[32];

		snprintf(name, sizeof(name), "spool/%s", lane);
		snprintf(from, sizeof(from), "%s", folder_path(&bench.folder, name));
		snprintf(name, sizeof(name), "image/%s", lane);
		ck_assert_int_eq(mkdir(folder_path(&bench.folder, name), 0700), 0);
		fixture_copy_dir(from, folder_path(&bench.folder, name));
	}
	spool_close(bench.spool);
	ck_assert_int_eq(
		truncate(folder_path(&bench.folder, "image/bulk/00000000000000000001.seg"),
			3 * CHUNK),
		0);
	bench_open(&bench, "image");
	ck_assert_int_eq(bench.report[LANE_BULK].epoch, SPOOL_EPOCH_KEPT);
	ck_assert_uint_eq(bench.report[LANE_BULK].damage.lost_sequences, ITEMS);
	expect_chunk(&bench, 0);
	expect_chunk(&bench, 1);
	expect_lost(&bench, 2);
	ck_assert_int_eq(try_add(&bench, 3), SPOOL_OK);
	expect_chunk(&bench, 3);
	expect_end(&bench);
	bench_done(&bench);
}
END_TEST

START_TEST(a_lane_goes_on_when_descriptors_are_back)
{
	struct bench bench;
	unsigned n = 0;

	bench_init(&bench);
	disk_fail(DISK_OPENAT, 1, EMFILE, true);
	while (try_add(&bench, n) == SPOOL_OK)
		n++;
	ck_assert_int_eq(bench.err.sys, EMFILE);
	ck_assert_int_eq(try_add(&bench, n), SPOOL_FULL);
	disk_heal();
	ck_assert_int_eq(try_add(&bench, n), SPOOL_OK);
	for (unsigned i = 0; i <= n; i++)
		expect_chunk(&bench, i);
	expect_end(&bench);
	bench_done(&bench);
}
END_TEST

TEST_MAIN("spool_faults", a_refused_block_becomes_a_gap_and_the_lane_goes_on,
	positions_are_learnt_past_a_refused_block,
	what_was_declared_lost_is_no_other_history_when_it_is_back,
	a_failed_lane_says_what_it_holds_and_is_read_when_the_disk_is_back,
	what_the_bookmark_covers_is_declared_when_it_is_gone,
	a_lane_goes_on_when_descriptors_are_back)
