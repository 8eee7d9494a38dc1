#include "agent/intake.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/wait.h>

#include "agent/inputs/file_tail.h"
#include "agent/inputs/line_rule.h"
#include "common/clock.h"
#include "tests/common/seglog_disk.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

enum { PATIENCE_MS = 20000 };

struct bench {
	struct folder folder;
	struct spool_settings settings;
	struct event_base *base;
	struct bookmark *bookmark;
	struct bookmark_lane lanes[LANE_COUNT];
	struct spool *spool;
	struct intake *intake;
	unsigned n_durable, n_full, n_room;
	bool disk_fails;
};

static void on_durable(void *user, enum frame_lane lane)
{
	struct bench *bench = user;

	(void)lane;
	bench->n_durable++;
}

static void on_full(void *user, enum frame_lane lane, const char *failed)
{
	struct bench *bench = user;

	(void)lane;
	ck_assert_int_eq(failed != NULL, bench->disk_fails);
	bench->n_full++;
}

static void on_room(void *user, enum frame_lane lane)
{
	struct bench *bench = user;

	(void)lane;
	bench->n_room++;
}

/* As the agent starts. */
static void bench_open(struct bench *bench)
{
	const struct intake_user user = {.on_durable = on_durable,
		.on_full = on_full,
		.on_room = on_room,
		.user = bench};
	struct spool_report report[LANE_COUNT];
	struct err err = {0};

	bench->bookmark = bookmark_new();
	memset(bench->lanes, 0, sizeof(bench->lanes));
	ck_assert_int_le(bookmark_load(bench->bookmark, folder_path(&bench->folder, "bookmark"),
				 bench->lanes, &err),
		BOOKMARK_MISSING);
	bench->spool = spool_open(folder_path(&bench->folder, "spool"), &bench->settings,
		bench->lanes, report, &err);
	ck_assert_msg(bench->spool != NULL, "%s", err.text);
	for (unsigned i = 0; i < LANE_COUNT; i++)
		ck_assert(spool_replay(bench->spool, (enum frame_lane)i,
			report[i].epoch == SPOOL_EPOCH_KEPT ? bench->lanes[i].covered : 0,
			bench->bookmark, &err));
	bench->base = event_base_new();
	bench->intake = intake_new(bench->base, bench->spool, bench->bookmark, &user);
}

static void bench_close(struct bench *bench)
{
	intake_free(bench->intake);
	spool_close(bench->spool);
	bookmark_free(bench->bookmark);
	event_base_free(bench->base);
}

static void bench_init(struct bench *bench, uint64_t bulk_size)
{
	memset(bench, 0, sizeof(*bench));
	folder_make(&bench->folder);
	bench->settings = (struct spool_settings){
		.urgent_size = 1 << 20, .bulk_size = bulk_size, .segment_size = 256 << 10};
	bench_open(bench);
}

static void bench_done(struct bench *bench)
{
	bench_close(bench);
	folder_remove(&bench->folder);
}

static void bench_save(struct bench *bench)
{
	struct err err;

	for (unsigned i = 0; i < LANE_COUNT; i++)
		spool_lane(bench->spool, (enum frame_lane)i, &bench->lanes[i]);
	ck_assert(bookmark_save(
		bench->bookmark, folder_path(&bench->folder, "bookmark"), bench->lanes, &err));
}

static bool add_line(
	struct bench *bench, const char *source, const char *position, struct slice line)
{
	const struct intake_item item = {
		.lane = LANE_BULK,
		.source = {.input = SLICE_LIT("file"),
			.name = slice_str(source),
			.format = SLICE_LIT(""),
			.position = slice_str(position)},
		.item = {.kind = ITEM_LINE, .read_ns = 1, .whole = line.len, .bytes = line},
	};

	return intake_add(bench->intake, &item);
}

static void expect_position(struct bench *bench, const char *name, const char *want)
{
	struct bookmark_source *source =
		bookmark_find(bench->bookmark, SLICE_LIT("file"), slice_str(name));

	ck_assert_slice_eq(
		source ? strbuf_slice(&source->position) : SLICE_LIT("none"), slice_str(want));
}

static void run_until(struct bench *bench, const unsigned *what, unsigned n)
{
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;

	while (*what < n && clock_mono_ms() < end_ms)
		event_base_loop(bench->base, EVLOOP_ONCE);
	ck_assert_uint_ge(*what, n);
}

START_TEST(positions_are_known_once_their_items_are_durable)
{
	struct bench bench;

	bench_init(&bench, 1 << 20);
	ck_assert(add_line(&bench, "a", "1", SLICE_LIT("x")));
	ck_assert(add_line(&bench, "b", "1", SLICE_LIT("x")));
	ck_assert(add_line(&bench, "a", "2", SLICE_LIT("x")));
	expect_position(&bench, "a", "");
	run_until(&bench, &bench.n_durable, 1);
	expect_position(&bench, "a", "2");
	expect_position(&bench, "b", "1");
	bench_close(&bench);
	bench_open(&bench);
	expect_position(&bench, "a", "2");
	bench_done(&bench);
}
END_TEST

START_TEST(a_bookmark_and_newer_chunks_make_the_positions)
{
	struct bench bench;

	bench_init(&bench, 1 << 20);
	ck_assert(add_line(&bench, "a", "1", SLICE_LIT("x")));
	ck_assert(add_line(&bench, "b", "1", SLICE_LIT("x")));
	ck_assert(intake_flush(bench.intake));
	bench_save(&bench);
	ck_assert(add_line(&bench, "a", "2", SLICE_LIT("x")));
	ck_assert(intake_flush(bench.intake));
	ck_assert(add_line(&bench, "a", "3", SLICE_LIT("never durable")));
	bench_close(&bench);
	bench_open(&bench);
	expect_position(&bench, "a", "2");
	expect_position(&bench, "b", "1");
	bench_done(&bench);
}
END_TEST

START_TEST(a_position_moves_without_an_item)
{
	struct bench bench;
	const struct chunk_source moved = {.input = SLICE_LIT("file"),
		.name = SLICE_LIT("a"),
		.position = SLICE_LIT("moved")};

	bench_init(&bench, 1 << 20);
	intake_position(bench.intake, LANE_BULK, &moved);
	expect_position(&bench, "a", "moved");
	ck_assert(add_line(&bench, "a", "2", SLICE_LIT("x")));
	intake_position(bench.intake, LANE_BULK, &moved);
	expect_position(&bench, "a", "moved");
	ck_assert(intake_flush(bench.intake));
	expect_position(&bench, "a", "moved");
	ck_assert(add_line(&bench, "a", "3", SLICE_LIT("x")));
	intake_forget(bench.intake, SLICE_LIT("file"), SLICE_LIT("a"));
	ck_assert(intake_flush(bench.intake));
	expect_position(&bench, "a", "none");
	bench_done(&bench);
}
END_TEST

/* Until the spool takes no more; how many. */
static uint64_t fill_spool(struct bench *bench, const char *source, const char *position)
{
	char line[4096];
	unsigned seed = 1;
	uint64_t taken = 0;

	for (;; taken++) {
		for (size_t i = 0; i < sizeof(line); i++)
			line[i] = (char)rand_r(&seed); /* does not compress */
		if (!add_line(bench, source, position, slice_of(line, sizeof(line))))
			return taken;
	}
}

/* Everything was sent and acknowledged. */
static void empty_spool(struct bench *bench)
{
	struct spool_state state;
	struct err err;

	spool_state(bench->spool, LANE_BULK, &state);
	spool_ack(bench->spool, LANE_BULK, state.next - 1, 0);
	ck_assert(spool_release(bench->spool, LANE_BULK, state.next - 1, &err));
}

struct found {
	uint64_t items, lost, lost_bytes;
};

/* What is in the spool and not acknowledged. */
static struct found look_into(struct bench *bench)
{
	struct found found = {0};
	struct spool_entry entry;
	struct err err;

	while (spool_next(bench->spool, LANE_BULK, &entry, &err) == SPOOL_ENTRY) {
		found.items += entry.gap ? 0 : entry.count;
		found.lost += entry.gap ? entry.count : 0;
		found.lost_bytes += entry.bytes;
	}
	return found;
}

static void bench_restart(struct bench *bench)
{
	bench_close(bench);
	bench_open(bench);
}

START_TEST(a_full_spool_refuses_and_takes_again)
{
	struct bench bench;
	struct found found, more;

	bench_init(&bench, 2 << 20);
	uint64_t taken = fill_spool(&bench, "a", "x");
	ck_assert_uint_gt(taken, 300);
	ck_assert_uint_eq(bench.n_full, 1);
	intake_declare(bench.intake, LANE_BULK, SLICE_LIT("s"), 5, GAP_QUEUE_FULL, 50);
	intake_declare(bench.intake, LANE_BULK, SLICE_LIT("s"), 6, GAP_QUEUE_FULL, 60);
	ck_assert(!intake_flush(bench.intake));
	found = look_into(&bench);
	empty_spool(&bench);
	intake_retry(bench.intake);
	ck_assert_uint_eq(bench.n_room, 1);
	ck_assert(add_line(&bench, "a", "more", SLICE_LIT("x")));
	ck_assert(intake_flush(bench.intake));
	more = look_into(&bench);
	ck_assert_uint_eq(found.lost + more.lost, 11);
	ck_assert_uint_eq(found.lost_bytes + more.lost_bytes, 110);
	ck_assert_uint_eq(found.items + more.items, taken + 1);
	bench_done(&bench);
}
END_TEST

START_TEST(what_a_full_spool_does_not_take_at_the_end_is_declared_by_the_next_life)
{
	struct bench bench;
	struct found before, after;

	bench_init(&bench, 2 << 20);
	ck_assert(add_line(&bench, "file", "1", SLICE_LIT("can be read again")));
	uint64_t given = 1 + fill_spool(&bench, "socket", "");
	intake_declare(bench.intake, LANE_BULK, SLICE_LIT("socket"), 5, GAP_QUEUE_FULL, 50);
	ck_assert(!intake_is_empty(bench.intake));
	intake_give_up(bench.intake);
	bench_save(&bench);
	before = look_into(&bench);
	ck_assert_uint_lt(before.items, given);
	bench_restart(&bench);
	empty_spool(&bench);
	ck_assert(intake_flush(bench.intake));
	ck_assert(intake_is_empty(bench.intake));
	after = look_into(&bench);
	ck_assert_uint_eq(after.items, 0);
	ck_assert_uint_eq(before.items + before.lost + after.lost, given + 5);
	ck_assert_uint_eq(
		(given - before.items) * 4096 + 50, before.lost_bytes + after.lost_bytes);
	bench_done(&bench);
}
END_TEST

/* Hours of it are one entry, not one a second. */
START_TEST(losses_are_merged_as_long_as_the_spool_is_full)
{
	struct bench bench;
	struct spool_state before, after;

	bench_init(&bench, 2 << 20);
	(void)fill_spool(&bench, "file", "x");
	spool_state(bench.spool, LANE_BULK, &before);
	for (int i = 0; i < 10; i++) {
		intake_declare(bench.intake, LANE_BULK, SLICE_LIT("s"), 1, GAP_QUEUE_FULL, 1);
		intake_retry(bench.intake);
	}
	spool_state(bench.spool, LANE_BULK, &after);
	ck_assert_uint_eq(after.next, before.next);
	empty_spool(&bench);
	ck_assert(intake_flush(bench.intake));
	ck_assert_uint_eq(look_into(&bench).lost, 10);
	bench_done(&bench);
}
END_TEST

/* It fits only into an empty spool, and something is lost all the time. */
START_TEST(a_chunk_as_large_as_the_spool_does_not_wait_for_ever)
{
	struct bench bench;
	char *line = malloc(CHUNK_ITEM_MAX);
	unsigned seed = 1;
	uint64_t items = 0;

	ck_assert_ptr_nonnull(line);
	for (size_t i = 0; i < CHUNK_ITEM_MAX; i++)
		line[i] = (char)rand_r(&seed); /* does not compress */
	bench_init(&bench, 1 << 20);
	for (int i = 0; i < 2; i++)
		ck_assert(add_line(&bench, "a", "x", slice_of(line, CHUNK_ITEM_MAX)));
	ck_assert_uint_eq(bench.n_full, 1);
	for (int i = 0; i < 5; i++) {
		intake_declare(bench.intake, LANE_BULK, SLICE_LIT("s"), 1, GAP_QUEUE_FULL, 1);
		items += look_into(&bench).items;
		empty_spool(&bench);
		intake_retry(bench.intake);
	}
	ck_assert_uint_eq(items, 2);
	ck_assert(intake_flush(bench.intake));
	free(line);
	bench_done(&bench);
}
END_TEST

START_TEST(what_is_read_again_is_not_declared)
{
	struct bench bench;
	struct found found;

	bench_init(&bench, 2 << 20);
	(void)fill_spool(&bench, "file", "x");
	intake_give_up(bench.intake);
	ck_assert(intake_is_empty(bench.intake));
	found = look_into(&bench);
	ck_assert_uint_eq(found.lost, 0);
	bench_done(&bench);
}
END_TEST

/* A source that is gone for good cannot be read again either. */
START_TEST(what_nobody_can_read_again_is_declared)
{
	struct bench bench;
	struct found found;

	bench_init(&bench, 2 << 20);
	uint64_t given = fill_spool(&bench, "file", "x");
	intake_forget(bench.intake, SLICE_LIT("file"), SLICE_LIT("file"));
	found = look_into(&bench);
	intake_give_up(bench.intake);
	uint64_t lost = look_into(&bench).lost;
	empty_spool(&bench);
	ck_assert(intake_flush(bench.intake));
	ck_assert_uint_eq(found.items + lost + look_into(&bench).lost, given);
	expect_position(&bench, "file", "none");
	bench_done(&bench);
}
END_TEST

/* Killed while losses wait, and again when the spool has them but the bookmark does not know.
 */
START_TEST(losses_that_were_saved_are_declared_once_whenever_one_is_killed)
{
	struct bench bench;
	struct found found;

	bench_init(&bench, 2 << 20);
	(void)fill_spool(&bench, "file", "x");
	intake_declare(bench.intake, LANE_BULK, SLICE_LIT("s"), 5, GAP_QUEUE_FULL, 50);
	bench_save(&bench);
	bench_restart(&bench);
	empty_spool(&bench);
	intake_declare(bench.intake, LANE_BULK, SLICE_LIT("s"), 6, GAP_QUEUE_FULL, 60);
	ck_assert(intake_flush(bench.intake));
	bench_restart(&bench); /* by the old bookmark */
	ck_assert(intake_is_empty(bench.intake));
	intake_declare(bench.intake, LANE_BULK, SLICE_LIT("s"), 7, GAP_QUEUE_FULL, 70);
	ck_assert(intake_flush(bench.intake));
	spool_seek(bench.spool, LANE_BULK, bench.lanes[LANE_BULK].covered + 1);
	found = look_into(&bench);
	ck_assert_uint_eq(found.lost, 5 + 6 + 7);
	ck_assert_uint_eq(found.lost_bytes, 50 + 60 + 70);
	bench_done(&bench);
}
END_TEST

/* Or a crash between the two would leave a position behind a loss that nobody declares. */
START_TEST(a_loss_is_durable_before_what_was_read_behind_it)
{
	struct bench bench;
	struct spool_entry entry;
	struct err err;

	bench_init(&bench, 1 << 20);
	ck_assert(add_line(&bench, "a", "1", SLICE_LIT("x")));
	intake_declare(bench.intake, LANE_BULK, SLICE_LIT("a"), 0, GAP_ROTATED, 0);
	ck_assert(add_line(&bench, "a", "2", SLICE_LIT("x")));
	ck_assert(intake_flush(bench.intake));
	ck_assert_int_eq(spool_next(bench.spool, LANE_BULK, &entry, &err), SPOOL_ENTRY);
	ck_assert(entry.gap);
	ck_assert_int_eq(spool_next(bench.spool, LANE_BULK, &entry, &err), SPOOL_ENTRY);
	ck_assert(!entry.gap);
	bench_done(&bench);
}
END_TEST

/* The disk fails when the gap is written already; more is lost until it works again. */
START_TEST(a_loss_is_counted_once_whatever_the_disk_does)
{
	struct bench bench;
	struct spool_entry entry;
	struct err err;
	uint64_t lost = 0, bytes = 0;

	bench_init(&bench, 1 << 20);
	bench.disk_fails = true;
	intake_declare(bench.intake, LANE_BULK, SLICE_LIT("s"), 3, GAP_QUEUE_FULL, 30);
	disk_fail(DISK_FDATASYNC, 1, EIO, true);
	disk_fail(DISK_FTRUNCATE, 1, EIO, true);
	ck_assert(!intake_flush(bench.intake));
	intake_declare(bench.intake, LANE_BULK, SLICE_LIT("s"), 4, GAP_QUEUE_FULL, 40);
	ck_assert(!intake_flush(bench.intake));
	disk_heal();
	ck_assert(intake_flush(bench.intake));
	while (spool_next(bench.spool, LANE_BULK, &entry, &err) == SPOOL_ENTRY) {
		ck_assert(entry.gap && !entry.lost);
		lost += entry.count;
		bytes += entry.bytes;
	}
	ck_assert_uint_eq(lost, 7);
	ck_assert_uint_eq(bytes, 70);
	bench_done(&bench);
}
END_TEST

START_TEST(an_oversize_item_is_declared)
{
	struct bench bench;
	struct spool_entry entry;
	struct err err;
	char *line = calloc(1, CHUNK_ITEM_MAX + 1);

	bench_init(&bench, 1 << 20);
	ck_assert(add_line(&bench, "a", "behind it", slice_of(line, CHUNK_ITEM_MAX + 1)));
	ck_assert(intake_flush(bench.intake));
	ck_assert_int_eq(spool_next(bench.spool, LANE_BULK, &entry, &err), SPOOL_ENTRY);
	ck_assert(entry.gap);
	ck_assert_int_eq(entry.reason, GAP_OVERSIZE);
	ck_assert_uint_eq(entry.bytes, CHUNK_ITEM_MAX + 1);
	expect_position(&bench, "a", "behind it");
	free(line);
	bench_done(&bench);
}
END_TEST

START_TEST(more_sources_than_a_chunk_may_have_are_no_problem)
{
	struct bench bench;
	char name[16];

	bench_init(&bench, 1 << 20);
	for (int i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ck_assert(add_line(&bench, name, name, SLICE_LIT("x")));
	}
	ck_assert(intake_flush(bench.intake));
	ck_assert_uint_eq(bench.n_durable, 3);
	for (int i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "%d", i);
		expect_position(&bench, name, name);
	}
	bench_done(&bench);
}
END_TEST

/* ---- killed at random: each line exactly once in the spool ----------------- */

enum { KILLS = 15, LINES_PER_LIFE = 3000 };

static void give_position(void *user, const struct bookmark_source *source)
{
	file_input.position(user, source->name, strbuf_slice(&source->position));
}

/* The life of an agent that is killed: reads, and saves its bookmark now and then. */
static void live(struct bench *bench, const struct agent_settings *settings)
{
	struct err err;

	bench_open(bench);
	void *input = file_input.start(settings, bench->base, bench->intake, &err);
	ck_assert_ptr_nonnull(input);
	bookmark_walk(bench->bookmark, give_position, input);
	file_input.begin(input);
	for (unsigned saved = 0;; saved = bench->n_durable) {
		event_base_loop(bench->base, EVLOOP_ONCE);
		if (bench->n_durable > saved + 3)
			bench_save(bench);
	}
}

static void kill_after(struct bench *bench, const struct agent_settings *settings, unsigned us)
{
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		live(bench, settings);
		_exit(0);
	}
	usleep(us);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
}

static unsigned count_lines(const struct chunk *chunk, unsigned next)
{
	for (unsigned i = 0; i < chunk->n_items; i++) {
		uint64_t number;

		ck_assert(slice_to_u64(chunk->items[i].bytes, UINT32_MAX, &number));
		ck_assert_uint_eq(number, next);
		next++;
	}
	return next;
}

/* How many lines are in the spool; each number once and in order. */
static unsigned check_spool(struct bench *bench)
{
	struct chunk_reader *reader = chunk_reader_new();
	struct arena arena;
	struct spool_entry entry;
	struct chunk chunk;
	struct err err;
	unsigned next = 0;

	arena_init(&arena, 64 << 20);
	while (spool_next(bench->spool, LANE_BULK, &entry, &err) == SPOOL_ENTRY) {
		ck_assert(!entry.gap);
		ck_assert_int_eq(chunk_read(reader, entry.chunk, &arena, &chunk), CHUNK_OK);
		next = count_lines(&chunk, next);
		arena_reset(&arena);
	}
	arena_done(&arena);
	chunk_reader_free(reader);
	return next;
}

static void write_lines(struct folder *folder, unsigned from)
{
	struct strbuf lines = STRBUF_INIT(1 << 20);

	for (unsigned i = 0; i < LINES_PER_LIFE; i++)
		strbuf_addf(&lines, "%u\n", from + i);
	folder_write_at(folder, "a.log", strbuf_slice(&lines), O_APPEND);
	strbuf_done(&lines);
}

static void read_the_rest(
	struct bench *bench, const struct agent_settings *settings, unsigned lines)
{
	struct intake_state state;
	struct err err;
	struct spool_state spool;

	bench_open(bench);
	void *input = file_input.start(settings, bench->base, bench->intake, &err);
	bookmark_walk(bench->bookmark, give_position, input);
	file_input.begin(input);
	spool_state(bench->spool, LANE_BULK, &spool);
	do {
		event_base_loop(bench->base, EVLOOP_ONCE);
		intake_state(bench->intake, &state);
	} while (state.items + spool.next - 1 < lines);
	file_input.stop(input);
	ck_assert(intake_flush(bench->intake));
	ck_assert_uint_eq(check_spool(bench), lines);
	bench_close(bench);
}

START_TEST(killed_at_random_each_line_is_spooled_once)
{
	struct bench bench = {0};
	char pattern[PATH_MAX];
	const char *paths[1] = {pattern};
	const struct file_settings group = {
		.paths = {paths, 1},
		.format = "auto",
		.zone = "",
		.charset = "",
		.record_max = 64 << 10,
		.unfinished_ms = 60000,
		.rotated_ms = 10,
		.multiline = {.by = LINE_RULE_NONE},
	};
	const struct agent_settings settings = {.files = {.open_max = 10,
							.files_max = 100,
							.poll_ms = 60000,
							.groups = {&group, 1}}};
	unsigned seed = 7, lines = 0;

	folder_make(&bench.folder);
	bench.settings = (struct spool_settings){
		.urgent_size = 1 << 20, .bulk_size = 64 << 20, .segment_size = 64 << 10};
	snprintf(pattern, sizeof(pattern), "%s", folder_path(&bench.folder, "*.log"));
	write_lines(&bench.folder, lines);
	lines += LINES_PER_LIFE;
	read_the_rest(&bench, &settings, lines); /* the log is known */
	for (int i = 0; i < KILLS; i++) {
		write_lines(&bench.folder, lines);
		lines += LINES_PER_LIFE;
		kill_after(&bench, &settings, (unsigned)rand_r(&seed) % 60000);
		if (i % 4 == 3) {
			char rotated[32];

			snprintf(rotated, sizeof(rotated), "a.log-202611%02d", i);
			folder_rename(&bench.folder, "a.log", rotated);
		}
	}
	write_lines(&bench.folder, lines);
	read_the_rest(&bench, &settings, lines + LINES_PER_LIFE);
	folder_remove(&bench.folder);
}
END_TEST

TEST_MAIN("intake", positions_are_known_once_their_items_are_durable,
	a_bookmark_and_newer_chunks_make_the_positions, a_position_moves_without_an_item,
	a_full_spool_refuses_and_takes_again,
	what_a_full_spool_does_not_take_at_the_end_is_declared_by_the_next_life,
	losses_are_merged_as_long_as_the_spool_is_full,
	a_chunk_as_large_as_the_spool_does_not_wait_for_ever,
	what_is_read_again_is_not_declared, what_nobody_can_read_again_is_declared,
	losses_that_were_saved_are_declared_once_whenever_one_is_killed,
	a_loss_is_durable_before_what_was_read_behind_it,
	a_loss_is_counted_once_whatever_the_disk_does, an_oversize_item_is_declared,
	more_sources_than_a_chunk_may_have_are_no_problem,
	killed_at_random_each_line_is_spooled_once)
