#include "agent/state_folder.h"

#include <event2/event.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/check.h"
#include "tests/support/folder.h"

struct bench {
	struct folder folder;
	struct event_base *base;
	struct state_folder state;
	struct spool_report report[LANE_COUNT];
	struct intake *intake;
};

static void on_lane(void *user, enum frame_lane lane)
{
	(void)user;
	(void)lane;
}

static void on_full(void *user, enum frame_lane lane, const char *failed)
{
	(void)failed;
	on_lane(user, lane);
}

static void bench_open(struct bench *bench)
{
	const struct spool_settings settings = {
		.urgent_size = 1 << 20, .bulk_size = 1 << 20, .segment_size = 64 << 10};
	const struct intake_user user = {
		.on_durable = on_lane, .on_full = on_full, .on_room = on_lane};
	struct err err = {0};

	bench->state = (struct state_folder)STATE_FOLDER_CLOSED;
	ck_assert_msg(state_folder_open(&bench->state, bench->folder.path, &settings,
			      bench->report, &err),
		"%s", err.text);
	bench->base = event_base_new();
	bench->intake =
		intake_new(bench->base, bench->state.spool, bench->state.bookmark, &user);
}

static void bench_close(struct bench *bench)
{
	intake_free(bench->intake);
	state_folder_close(&bench->state);
	event_base_free(bench->base);
}

static void read_on(struct bench *bench, const char *position)
{
	const struct intake_item item = {
		.lane = LANE_BULK,
		.source = {.input = SLICE_LIT("file"),
			.name = SLICE_LIT("a"),
			.format = SLICE_LIT(""),
			.position = slice_str(position)},
		.item = {.kind = ITEM_LINE, .read_ns = 1, .whole = 1, .bytes = SLICE_LIT("x")},
	};

	ck_assert(intake_add(bench->intake, &item));
	ck_assert(intake_flush(bench->intake));
}

static void save(struct bench *bench)
{
	struct err err = {0};

	ck_assert_msg(state_folder_save(&bench->state, bench->intake, &err), "%s", err.text);
}

static void expect_position(struct bench *bench, const char *want)
{
	struct bookmark_source *source =
		bookmark_find(bench->state.bookmark, SLICE_LIT("file"), SLICE_LIT("a"));

	ck_assert_ptr_nonnull(source);
	ck_assert_slice_eq(strbuf_slice(&source->position), slice_str(want));
}

static void damage(struct bench *bench, const char *name)
{
	struct err err;

	ck_assert(file_replace(
		folder_path(&bench->folder, name), SLICE_LIT("damaged"), 0600, &err));
}

START_TEST(a_damaged_bookmark_is_replaced_by_the_one_before)
{
	struct bench bench;

	folder_make(&bench.folder);
	bench_open(&bench);
	read_on(&bench, "1");
	save(&bench);
	read_on(&bench, "2");
	save(&bench);
	bench_close(&bench);
	damage(&bench, "bookmark");
	bench_open(&bench);
	ck_assert_int_eq(bench.report[LANE_BULK].epoch, SPOOL_EPOCH_KEPT);
	expect_position(&bench, "2"); /* the spool has it */
	save(&bench);
	bench_close(&bench);
	bench_open(&bench);
	expect_position(&bench, "2");
	bench_close(&bench);
	folder_remove(&bench.folder);
}
END_TEST

START_TEST(two_damaged_ones_begin_a_new_epoch)
{
	struct bench bench;

	folder_make(&bench.folder);
	bench_open(&bench);
	read_on(&bench, "1");
	save(&bench);
	save(&bench);
	bench_close(&bench);
	damage(&bench, "bookmark");
	damage(&bench, "bookmark.old");
	bench_open(&bench);
	ck_assert_int_eq(bench.report[LANE_BULK].epoch, SPOOL_EPOCH_LOST);
	expect_position(&bench, "1");
	bench_close(&bench);
	folder_remove(&bench.folder);
}
END_TEST

static void save_twice(struct bench *bench)
{
	read_on(bench, "1");
	save(bench);
	read_on(bench, "2");
	save(bench);
}

/* It put the damaged one aside and saved nothing: no first start comes behind it. */
START_TEST(a_life_that_ends_before_it_saved_leaves_the_one_before)
{
	struct bench bench;

	folder_make(&bench.folder);
	bench_open(&bench);
	save_twice(&bench);
	bench_close(&bench);
	damage(&bench, "bookmark");
	for (int life = 0; life < 3; life++) {
		bench_open(&bench);
		ck_assert_int_eq(bench.report[LANE_BULK].epoch, SPOOL_EPOCH_KEPT);
		ck_assert(bookmark_loaded_ns(bench.state.bookmark) > 0);
		expect_position(&bench, "2");
		bench_close(&bench);
	}
	folder_remove(&bench.folder);
}
END_TEST

static void occupy(struct bench *bench, const char *name)
{
	ck_assert_int_eq(mkdir(folder_path(&bench->folder, name), 0700), 0);
}

static void leave(struct bench *bench, const char *name)
{
	ck_assert_int_eq(rmdir(folder_path(&bench->folder, name)), 0);
}

static void fail_to_save(struct bench *bench)
{
	struct err err = {0};

	ck_assert(!state_folder_save(&bench->state, bench->intake, &err));
}

START_TEST(what_cannot_be_saved_leaves_the_one_before)
{
	struct bench bench;

	folder_make(&bench.folder);
	bench_open(&bench);
	save_twice(&bench);
	bench_close(&bench);
	damage(&bench, "bookmark");
	bench_open(&bench);
	occupy(&bench, "bookmark");
	fail_to_save(&bench);
	leave(&bench, "bookmark");
	bench_close(&bench);
	bench_open(&bench);
	ck_assert_int_eq(bench.report[LANE_BULK].epoch, SPOOL_EPOCH_KEPT);
	expect_position(&bench, "2");
	bench_close(&bench);
	folder_remove(&bench.folder);
}
END_TEST

static ino_t file_of(struct bench *bench, const char *name)
{
	struct stat st;

	return stat(folder_path(&bench->folder, name), &st) == 0 ? st.st_ino : 0;
}

START_TEST(the_one_before_is_kept_at_each_save_and_leaves_no_third)
{
	struct bench bench;

	folder_make(&bench.folder);
	bench_open(&bench);
	save(&bench);
	for (int i = 0; i < 3; i++) {
		ino_t before = file_of(&bench, "bookmark");

		if (i == 1) { /* the one before is then the same file */
			occupy(&bench, "bookmark.new");
			fail_to_save(&bench);
			leave(&bench, "bookmark.new");
		}
		save(&bench);
		ck_assert(file_of(&bench, "bookmark.old") == before);
		ck_assert(file_of(&bench, "bookmark") != before);
		ck_assert(file_of(&bench, "bookmark.next") == 0);
	}
	bench_close(&bench);
	folder_remove(&bench.folder);
}
END_TEST

/* Losses alone do not make it write without end; at the end they are not forgotten. */
START_TEST(losses_are_saved_now_and_then)
{
	struct bench bench;

	folder_make(&bench.folder);
	bench_open(&bench);
	save(&bench);
	intake_declare(bench.intake, LANE_BULK, SLICE_LIT("s"), 5, GAP_QUEUE_FULL, 50);
	ck_assert(state_folder_changed(&bench.state, bench.intake));
	state_folder_keep(&bench.state, bench.intake);
	ck_assert(state_folder_changed(&bench.state, bench.intake));
	bench.state.saved_ms = 0; /* long ago */
	state_folder_keep(&bench.state, bench.intake);
	ck_assert(!state_folder_changed(&bench.state, bench.intake));
	bench_close(&bench);
	bench_open(&bench);
	ck_assert(!intake_is_empty(bench.intake));
	ck_assert(intake_flush(bench.intake));
	ck_assert(intake_is_empty(bench.intake));
	bench_close(&bench);
	folder_remove(&bench.folder);
}
END_TEST

TEST_MAIN("state_folder", a_damaged_bookmark_is_replaced_by_the_one_before,
	two_damaged_ones_begin_a_new_epoch,
	a_life_that_ends_before_it_saved_leaves_the_one_before,
	what_cannot_be_saved_leaves_the_one_before,
	the_one_before_is_kept_at_each_save_and_leaves_no_third, losses_are_saved_now_and_then)
