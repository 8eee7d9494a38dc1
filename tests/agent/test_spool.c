#include "agent/spool.h"

#include <signal.h>
#include <sys/resource.h>

#include "common/chunk.h"
#include "common/crc32c.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

struct bench {
	struct folder folder;
	struct spool_settings settings;
	struct bookmark_lane lanes[LANE_COUNT];
	struct spool_report report[LANE_COUNT];
	struct spool *spool;
	struct err err;
};

static void bench_open(struct bench *bench)
{
	bench->spool = spool_open(folder_path(&bench->folder, "spool"), &bench->settings,
		bench->lanes, bench->report, &bench->err);
	ck_assert_msg(bench->spool != NULL, "%s", bench->err.text);
}

static void bench_init(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	folder_make(&bench->folder);
	bench->settings = (struct spool_settings){
		.urgent_size = 1 << 20, .bulk_size = 1 << 20, .segment_size = 64 << 10};
	bench_open(bench);
}

/* As the agent does: what is known of the lanes is saved, then the process ends. */
static void bench_again(struct bench *bench)
{
	for (unsigned i = 0; i < LANE_COUNT; i++)
		spool_lane(bench->spool, (enum frame_lane)i, &bench->lanes[i]);
	spool_close(bench->spool);
	bench_open(bench);
}

static void bench_done(struct bench *bench)
{
	spool_close(bench->spool);
	folder_remove(&bench->folder);
}

static void add(struct bench *bench, const char *text, uint32_t count)
{
	ck_assert_int_eq(
		spool_add_chunk(bench->spool, LANE_BULK, slice_str(text), count, &bench->err),
		SPOOL_OK);
}

static void expect_chunk(struct bench *bench, uint64_t first, const char *text)
{
	struct spool_entry entry;

	ck_assert_int_eq(spool_next(bench->spool, LANE_BULK, &entry, &bench->err), SPOOL_ENTRY);
	ck_assert(!entry.gap);
	ck_assert_uint_eq(entry.first, first);
	ck_assert_slice_eq(entry.chunk, slice_str(text));
	ck_assert_uint_eq(entry.crc, crc32c(0, text, strlen(text)));
}

static void expect_end(struct bench *bench)
{
	struct spool_entry entry;

	ck_assert_int_eq(spool_next(bench->spool, LANE_BULK, &entry, &bench->err), SPOOL_END);
}

static uint32_t crc_of(const char *text)
{
	return crc32c(0, text, strlen(text));
}

START_TEST(entries_come_out_as_they_went_in)
{
	struct bench bench;
	struct spool_entry entry;
	const struct frame_gap gap = {.count = 7,
		.reason = GAP_QUEUE_FULL,
		.bytes = 99,
		.source = SLICE_LIT("/dev/log")};

	bench_init(&bench);
	ck_assert_int_eq(bench.report[LANE_BULK].epoch, SPOOL_EPOCH_FIRST);
	add(&bench, "one", 3);
	ck_assert_int_eq(spool_add_gap(bench.spool, LANE_BULK, &gap, &bench.err), SPOOL_OK);
	add(&bench, "two", 1);
	expect_chunk(&bench, 1, "one");
	ck_assert_int_eq(spool_next(bench.spool, LANE_BULK, &entry, &bench.err), SPOOL_ENTRY);
	ck_assert(entry.gap);
	ck_assert_uint_eq(entry.first, 4);
	ck_assert_uint_eq(entry.count, 7);
	ck_assert_uint_eq(entry.bytes, 99);
	ck_assert_int_eq(entry.reason, GAP_QUEUE_FULL);
	ck_assert_slice_eq(entry.source, gap.source);
	expect_chunk(&bench, 11, "two");
	expect_end(&bench);
	add(&bench, "three", 1);
	expect_chunk(&bench, 12, "three");
	bench_done(&bench);
}
END_TEST

START_TEST(an_epoch_lives_as_long_as_its_log)
{
	struct bench bench;
	uint64_t epoch;

	bench_init(&bench);
	add(&bench, "one", 1);
	bench_again(&bench);
	epoch = bench.lanes[LANE_BULK].epoch;
	ck_assert_int_eq(bench.report[LANE_BULK].epoch, SPOOL_EPOCH_KEPT);
	bench_again(&bench);
	ck_assert_uint_eq(bench.lanes[LANE_BULK].epoch, epoch);
	memset(bench.lanes, 0, sizeof(bench.lanes));
	bench_again(&bench);
	spool_close(bench.spool);
	bench.lanes[LANE_BULK].log_id[0] ^= 1;
	bench_open(&bench);
	ck_assert_int_eq(bench.report[LANE_BULK].epoch, SPOOL_EPOCH_LOST);
	spool_lane(bench.spool, LANE_BULK, &bench.lanes[LANE_BULK]);
	ck_assert_uint_ne(bench.lanes[LANE_BULK].epoch, epoch);
	expect_chunk(&bench, 1, "one");
	bench_done(&bench);
}
END_TEST

START_TEST(acknowledged_entries_are_not_read_again)
{
	struct bench bench;
	struct spool_state state;

	bench_init(&bench);
	add(&bench, "one", 2);
	add(&bench, "two", 2);
	spool_ack(bench.spool, LANE_BULK, 2, crc_of("one"));
	bench_again(&bench);
	expect_chunk(&bench, 3, "two");
	spool_state(bench.spool, LANE_BULK, &state);
	ck_assert_uint_eq(state.acked, 2);
	ck_assert_uint_eq(state.queued, 2);
	ck_assert_uint_eq(state.next, 5);
	bench_done(&bench);
}
END_TEST

START_TEST(a_full_lane_has_room_after_a_release)
{
	struct bench bench;
	char chunk[8192];
	uint64_t n = 0;
	enum spool_status status;

	bench_init(&bench);
	memset(chunk, 'x', sizeof(chunk));
	do {
		status = spool_add_chunk(
			bench.spool, LANE_BULK, slice_of(chunk, sizeof(chunk)), 1, &bench.err);
		n += status == SPOOL_OK;
	} while (status == SPOOL_OK);
	ck_assert_int_eq(status, SPOOL_FULL);
	ck_assert_uint_gt(n, 100);
	ck_assert_int_eq(spool_add_chunk(bench.spool, LANE_URGENT, SLICE_LIT("other lane"), 1,
				 &bench.err),
		SPOOL_OK);
	spool_ack(bench.spool, LANE_BULK, n, 0);
	ck_assert(spool_release(bench.spool, LANE_BULK, 1, &bench.err));
	ck_assert_int_eq(spool_add_chunk(bench.spool, LANE_BULK, slice_of(chunk, sizeof(chunk)),
				 1, &bench.err),
		SPOOL_FULL);
	ck_assert(spool_release(bench.spool, LANE_BULK, n, &bench.err));
	ck_assert_int_eq(spool_add_chunk(bench.spool, LANE_BULK, slice_of(chunk, sizeof(chunk)),
				 1, &bench.err),
		SPOOL_OK);
	bench_done(&bench);
}
END_TEST

/* The smallest lane and the largest chunks. */
START_TEST(a_lane_that_holds_nothing_never_stands_still)
{
	struct bench bench;
	char *chunk = calloc(1, CHUNK_SIZE_MAX);

	bench_init(&bench);
	for (uint64_t n = 1; n <= 4; n++) {
		const struct slice bytes = slice_of(chunk, n < 4 ? 700000 : CHUNK_SIZE_MAX);

		ck_assert_int_eq(spool_add_chunk(bench.spool, LANE_BULK, bytes, 1, &bench.err),
			SPOOL_OK);
		ck_assert_int_eq(spool_add_chunk(bench.spool, LANE_BULK, bytes, 1, &bench.err),
			SPOOL_FULL);
		spool_ack(bench.spool, LANE_BULK, n, 0);
		ck_assert(spool_release(bench.spool, LANE_BULK, n, &bench.err));
	}
	free(chunk);
	bench_done(&bench);
}
END_TEST

START_TEST(histories_are_compared)
{
	static const struct {
		uint64_t stored;
		const char *chunk; /* NULL: CRC 0 */
		bool same;
		uint64_t from;
	} cases[] = {
		{0, NULL, true, 1},     /* a stream the collector does not know */
		{2, "one", true, 3},    /* in step */
		{2, NULL, false, 0},    /* a chunk here, a gap there */
		{4, "two", true, 5},    /* an ACK was lost */
		{4, "other", false, 0}, /* another history */
		{3, "two", false, 0},   /* inside an entry */
		{6, NULL, true, 7},     /* a gap on both sides */
		{6, "one", false, 0},   /* a gap here, a chunk there */
		{7, "three", true, 8},  /* all of it */
		{8, "four", false, 0},  /* more than there ever was */
		{100, "x", false, 0},
	};
	const struct frame_gap gap = {.count = 2, .reason = GAP_ROTATED};
	struct bench bench;
	struct spool_resume resume;

	bench_init(&bench);
	add(&bench, "one", 2);
	add(&bench, "two", 2);
	ck_assert_int_eq(spool_add_gap(bench.spool, LANE_BULK, &gap, &bench.err), SPOOL_OK);
	add(&bench, "three", 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool same = spool_compare(bench.spool, LANE_BULK, cases[i].stored,
			cases[i].chunk ? crc_of(cases[i].chunk) : 0, &resume);

		ck_assert_msg(same == cases[i].same, "case %zu", i);
		if (same) {
			ck_assert_uint_eq(resume.from, cases[i].from);
			ck_assert_uint_eq(resume.released, 0);
		}
	}
	ck_assert(spool_compare(bench.spool, LANE_BULK, 2, crc_of("one"), &resume));
	expect_chunk(&bench, 3, "two");
	bench_done(&bench);
}
END_TEST

START_TEST(what_the_collector_lost_after_its_acknowledgement_is_declared)
{
	struct bench bench;
	struct spool_resume resume;
	struct spool_state state;
	char chunk[8192];

	bench_init(&bench);
	memset(chunk, 'x', sizeof(chunk));
	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(spool_add_chunk(bench.spool, LANE_BULK,
					 slice_of(chunk, sizeof(chunk)), 1, &bench.err),
			SPOOL_OK);
	spool_ack(bench.spool, LANE_BULK, 40, 0);
	ck_assert(spool_release(bench.spool, LANE_BULK, 40, &bench.err));
	spool_state(bench.spool, LANE_BULK, &state);
	ck_assert_uint_gt(state.first, 5);
	ck_assert(spool_compare(bench.spool, LANE_BULK, 4, 0, &resume));
	ck_assert_uint_eq(resume.from, state.first);
	ck_assert_uint_eq(resume.released, state.first - 5);
	spool_state(bench.spool, LANE_BULK, &state);
	ck_assert_uint_eq(state.acked, 4);
	bench_done(&bench);
}
END_TEST

START_TEST(a_new_epoch_begins_with_what_is_not_acknowledged)
{
	struct bench bench;
	struct spool_state state;
	struct spool_resume resume;

	bench_init(&bench);
	add(&bench, "one", 2);
	add(&bench, "two", 2);
	spool_ack(bench.spool, LANE_BULK, 2, crc_of("one"));
	ck_assert(spool_new_epoch(bench.spool, LANE_BULK, SPOOL_EPOCH_ASKED, &bench.err));
	bench_again(&bench);
	ck_assert_int_eq(bench.report[LANE_BULK].epoch, SPOOL_EPOCH_KEPT);
	ck_assert_uint_eq(bench.lanes[LANE_BULK].acked, 0);
	spool_state(bench.spool, LANE_BULK, &state);
	ck_assert_uint_eq(state.first, 3);
	ck_assert(spool_compare(bench.spool, LANE_BULK, 0, 0, &resume));
	ck_assert_uint_eq(resume.from, 3);
	ck_assert_uint_eq(resume.released, 0);
	expect_chunk(&bench, 3, "two");
	expect_end(&bench);
	bench_done(&bench);
}
END_TEST

static void damage_second_entry(struct bench *bench)
{
	struct strbuf bytes = STRBUF_INIT(1 << 20);
	char path[PATH_MAX];
	struct err err;
	int fd;

	snprintf(path, sizeof(path), "%s",
		folder_path(&bench->folder, "spool/bulk/00000000000000000001.seg"));
	ck_assert_msg(file_read(path, &bytes, &err), "%s", err.text);
	size_t at = slice_search(strbuf_slice(&bytes), SLICE_LIT("second"));
	ck_assert_uint_lt(at, bytes.len);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, "X", 1, (off_t)at), 1);
	close(fd);
	strbuf_done(&bytes);
}

START_TEST(a_damaged_entry_becomes_a_gap_of_its_sequences)
{
	struct bench bench;
	struct spool_entry entry;

	bench_init(&bench);
	add(&bench, "first", 2);
	add(&bench, "second", 5);
	add(&bench, "third", 1);
	damage_second_entry(&bench);
	bench_again(&bench);
	expect_chunk(&bench, 1, "first");
	ck_assert_int_eq(spool_next(bench.spool, LANE_BULK, &entry, &bench.err), SPOOL_ENTRY);
	ck_assert(entry.gap);
	ck_assert_int_eq(entry.reason, GAP_DAMAGED);
	ck_assert_uint_eq(entry.first, 3);
	ck_assert_uint_eq(entry.count, 5);
	expect_chunk(&bench, 8, "third");
	bench_done(&bench);
}
END_TEST

/* The disk fails in the middle of an append, and works again. */
START_TEST(an_append_that_failed_is_stored_once)
{
	struct bench bench;
	struct rlimit limit, tight;
	char chunk[50000];
	enum spool_status status;

	bench_init(&bench);
	memset(chunk, 'x', sizeof(chunk));
	add(&bench, "before", 1);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	tight = limit;
	tight.rlim_cur = 20000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	for (int i = 0; i < 3; i++) {
		status = spool_add_chunk(
			bench.spool, LANE_BULK, slice_of(chunk, sizeof(chunk)), 7, &bench.err);
		ck_assert_int_ne(status, SPOOL_OK);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(spool_add_chunk(bench.spool, LANE_BULK, slice_of(chunk, sizeof(chunk)),
				 7, &bench.err),
		SPOOL_OK);
	add(&bench, "after", 1);
	expect_chunk(&bench, 1, "before");
	struct spool_entry entry;
	ck_assert_int_eq(spool_next(bench.spool, LANE_BULK, &entry, &bench.err), SPOOL_ENTRY);
	ck_assert_uint_eq(entry.first, 2);
	ck_assert_uint_eq(entry.chunk.len, sizeof(chunk));
	expect_chunk(&bench, 9, "after");
	expect_end(&bench);
	signal(SIGXFSZ, SIG_DFL);
	bench_done(&bench);
}
END_TEST

TEST_MAIN("spool", an_append_that_failed_is_stored_once, entries_come_out_as_they_went_in,
	an_epoch_lives_as_long_as_its_log, acknowledged_entries_are_not_read_again,
	a_full_lane_has_room_after_a_release, a_lane_that_holds_nothing_never_stands_still,
	histories_are_compared, what_the_collector_lost_after_its_acknowledgement_is_declared,
	a_new_epoch_begins_with_what_is_not_acknowledged,
	a_damaged_entry_becomes_a_gap_of_its_sequences)
