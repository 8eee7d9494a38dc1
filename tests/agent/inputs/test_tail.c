#include "agent/inputs/tail.h"

#include "agent/inputs/file_settings.h"
#include "common/clock.h"
#include "tests/agent/inputs/fake_intake.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

enum { STEPS_MAX = 8, TURNS_MAX = 200 };

/* What the kernel tells is told by the test: nothing here depends on time. */
struct bench {
	struct folder folder;
	struct intake intake;
	struct file_settings settings;
	struct tails tails;
	struct tail *tail;
	void (*steps[STEPS_MAX])(struct bench *bench); /* one each time news are asked for */
	size_t n_steps, at;
	void (*meanwhile)(struct bench *bench); /* once, when another tail is asked for */
	unsigned lines;
};

static void hear(void *user)
{
	struct bench *bench = user;

	if (bench->at < bench->n_steps)
		bench->steps[bench->at++](bench);
}

static struct tail *find(void *user, const struct tail *self, uint64_t device, uint64_t inode)
{
	struct bench *bench = user;
	void (*meanwhile)(struct bench * bench) = bench->meanwhile;

	(void)self;
	(void)device;
	(void)inode;
	bench->meanwhile = NULL;
	if (meanwhile != NULL)
		meanwhile(bench);
	return NULL;
}

static void bench_init(struct bench *bench)
{
	*bench = (struct bench){0};
	folder_make(&bench->folder);
	fake_intake_init(&bench->intake);
	bench->settings = (struct file_settings){
		.format = "auto",
		.zone = "",
		.charset = "",
		.record_max = 1024,
		.unfinished_ms = 60000,
		.multiline = {.lines_max = 500, .wait_ms = 60000},
	};
	bench->tails = (struct tails){
		.intake = &bench->intake,
		.block = malloc(FILE_BLOCK_SIZE),
		.beginning = true,
		.history_ns = clock_wall_ns() - CLOCK_NS_PER_S,
		.find = find,
		.hear = hear,
		.user = bench,
	};
	ck_assert_ptr_nonnull(bench->tails.block);
	bench->tail = tail_new(folder_path(&bench->folder, "a.log"));
	bench->tail->settings = &bench->settings;
	static const struct source_words words = {.of = {{"auto"}, {"auto"}, {"auto"}}};
	bench->tail->words = &words;
}

static void bench_done(struct bench *bench)
{
	tail_free(&bench->tails, bench->tail);
	ck_assert_uint_eq(bench->tails.n_open, 0);
	free(bench->tails.block);
	fake_intake_done(&bench->intake);
	folder_remove(&bench->folder);
}

/* Stamps that differ, whatever the clock's ticks are: each file is a second newer. */
static void stamp(struct bench *bench, const char *name)
{
	int64_t at_ns = bench->tails.history_ns + (bench->lines + 1) * CLOCK_NS_PER_S;
	const struct timespec at = {.tv_sec = (time_t)(at_ns / CLOCK_NS_PER_S)};
	const struct timespec times[2] = {at, at};

	ck_assert_int_eq(utimensat(AT_FDCWD, folder_path(&bench->folder, name), times, 0), 0);
}

/* Lines are numbered. */
static void write_line(struct bench *bench, const char *name)
{
	char line[16];

	snprintf(line, sizeof(line), "%u\n", ++bench->lines);
	folder_append(&bench->folder, name, line);
	stamp(bench, name);
}

static bool exists(struct bench *bench, const char *name)
{
	return access(folder_path(&bench->folder, name), F_OK) == 0;
}

/* Keeps three generations; tells of the new file at once. */
static void rotate(struct bench *bench)
{
	if (exists(bench, "a.log.2"))
		folder_rename(&bench->folder, "a.log.2", "a.log.3");
	if (exists(bench, "a.log.1"))
		folder_rename(&bench->folder, "a.log.1", "a.log.2");
	folder_rename(&bench->folder, "a.log", "a.log.1");
	tail_left(bench->tail);
	write_line(bench, "a.log");
	tail_came(bench->tail);
}

static enum tail_turn turns(struct bench *bench)
{
	enum tail_turn turn = TAIL_MORE;

	for (int i = 0; i < TURNS_MAX && turn == TAIL_MORE; i++)
		turn = tail_turn(&bench->tails, bench->tail, clock_mono_ms());
	return turn;
}

/* All lines were read, in order. */
static void expect_all(struct bench *bench)
{
	ck_assert_uint_eq(bench->intake.n_items, bench->lines);
	for (unsigned i = 0; i < bench->lines; i++) {
		char line[16];

		snprintf(line, sizeof(line), "%u", i + 1);
		ck_assert_str_eq(fake_intake_text(&bench->intake, i), line);
	}
}

static void read_first(struct bench *bench)
{
	write_line(bench, "a.log");
	ck_assert_int_eq(turns(bench), TAIL_IDLE);
	bench->tails.beginning = false;
	expect_all(bench);
}

static void remove_file(struct bench *bench, const char *name)
{
	ck_assert_int_eq(unlink(folder_path(&bench->folder, name)), 0);
}

START_TEST(a_rotation_beside_the_listing_is_seen_whole)
{
	struct bench bench;

	bench_init(&bench);
	read_first(&bench);
	rotate(&bench);
	bench.steps[0] = rotate;
	bench.steps[1] = rotate;
	bench.n_steps = 2;
	bench.at = 0;
	(void)turns(&bench);
	ck_assert_uint_eq(bench.at, 2);
	expect_all(&bench);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_folder_that_does_not_come_to_rest_is_waited_for)
{
	struct bench bench;

	bench_init(&bench);
	read_first(&bench);
	rotate(&bench);
	bench.at = 0;
	bench.n_steps = STEPS_MAX;
	for (int i = 0; i < STEPS_MAX; i++)
		bench.steps[i] = rotate;
	ck_assert_int_eq(turns(&bench), TAIL_WAITING);
	ck_assert_uint_eq(bench.intake.n_items, 1);
	bench.at = bench.n_steps;
	(void)turns(&bench);
	ck_assert_uint_gt(bench.intake.n_items, 1);
	bench_done(&bench);
}
END_TEST

START_TEST(a_late_word_of_the_file_at_hand_is_no_other_file)
{
	struct bench bench;

	bench_init(&bench);
	read_first(&bench);
	tail_came(bench.tail);
	ck_assert_int_eq(turns(&bench), TAIL_IDLE);
	rotate(&bench);
	(void)turns(&bench);
	expect_all(&bench);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(what_came_and_is_not_there_was_removed)
{
	struct bench bench;

	bench_init(&bench);
	read_first(&bench);
	for (int i = 0; i < 3; i++)
		rotate(&bench);
	remove_file(&bench, "a.log.2"); /* the second line; the first is .3, and at hand */
	(void)turns(&bench);
	ck_assert_uint_eq(bench.intake.n_items, 3);
	ck_assert_str_eq(fake_intake_text(&bench.intake, 1), "3");
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	ck_assert_int_eq(bench.intake.losses[0].reason, GAP_ROTATED);
	rotate(&bench);
	(void)turns(&bench);
	ck_assert_uint_eq(bench.intake.n_items, 4);
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	bench_done(&bench);
}
END_TEST

/* It is read to its end through its descriptor; what came after it is all there. */
START_TEST(the_file_at_hand_may_be_removed)
{
	struct bench bench;

	bench_init(&bench);
	read_first(&bench);
	for (int i = 0; i < 3; i++)
		rotate(&bench);
	remove_file(&bench, "a.log.3");
	(void)turns(&bench);
	expect_all(&bench);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(what_came_last_and_is_not_there_is_declared_when_nothing_else_comes)
{
	struct bench bench;

	bench_init(&bench);
	read_first(&bench);
	rotate(&bench);
	remove_file(&bench, "a.log");
	remove_file(&bench, "a.log.1");
	ck_assert_int_eq(turns(&bench), TAIL_GONE);
	ck_assert_uint_eq(bench.intake.n_items, 1);
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	bench_done(&bench);
}
END_TEST

/* Where nobody tells what came. */
START_TEST(an_oldest_one_that_is_newer_means_a_loss_when_not_all_was_told)
{
	struct bench bench;

	bench_init(&bench);
	bench.tails.blind = true;
	read_first(&bench);
	for (int i = 0; i < 3; i++)
		rotate(&bench);
	bench.tail->successors = 0;
	remove_file(&bench, "a.log.3");
	remove_file(&bench, "a.log.2");
	(void)turns(&bench);
	ck_assert_uint_eq(bench.intake.n_items, 3);
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	bench_done(&bench);
}
END_TEST

START_TEST(one_that_cannot_be_unpacked_is_one_loss)
{
	struct bench bench;

	bench_init(&bench);
	read_first(&bench);
	rotate(&bench);
	rotate(&bench);
	folder_rename(&bench.folder, "a.log.1", "a.log.1.xz");
	(void)turns(&bench);
	ck_assert_uint_eq(bench.intake.n_items, 2);
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	rotate(&bench);
	(void)turns(&bench);
	ck_assert_uint_eq(bench.intake.n_items, 3);
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	bench_done(&bench);
}
END_TEST

/* The kernel tells of the first file when it is a rotated one already. */
START_TEST(a_new_log_that_rotated_at_once_is_read_from_its_first_file)
{
	struct bench bench;

	bench_init(&bench);
	bench.tails.beginning = false;
	write_line(&bench, "a.log");
	tail_came(bench.tail);
	rotate(&bench);
	rotate(&bench);
	(void)turns(&bench);
	expect_all(&bench);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

static void tell_of_rotation(struct bench *bench)
{
	tail_left(bench->tail);
	tail_came(bench->tail);
}

/* ... or has rotated when it is opened, but that is told later. */
START_TEST(a_new_log_that_rotates_before_it_is_opened_is_read_from_its_first_file)
{
	struct bench bench;

	bench_init(&bench);
	bench.tails.beginning = false;
	write_line(&bench, "a.log");
	tail_came(bench.tail);
	folder_rename(&bench.folder, "a.log", "a.log.1");
	write_line(&bench, "a.log");
	bench.steps[0] = tell_of_rotation;
	bench.n_steps = 1;
	(void)turns(&bench);
	expect_all(&bench);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

/* Its name is given to another file between listing and opening. */
START_TEST(a_generation_is_opened_by_what_it_is)
{
	struct bench bench;

	bench_init(&bench);
	bench.tails.beginning = false;
	write_line(&bench, "a.log");
	tail_came(bench.tail);
	rotate(&bench);
	bench.meanwhile = rotate;
	for (int i = 0; i < 3; i++)
		(void)turns(&bench);
	expect_all(&bench);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

static void finish_and_rotate(void *user)
{
	struct bench *bench = user;

	bench->intake.on_item = NULL;
	folder_append(&bench->folder, "a.log", "f\n");
	rotate(bench);
}

START_TEST(a_line_that_is_finished_just_before_the_renaming_is_one_line)
{
	struct bench bench;

	bench_init(&bench);
	read_first(&bench);
	bench.intake.on_item = finish_and_rotate;
	bench.intake.user = &bench;
	folder_append(&bench.folder, "a.log", "whole\nhal");
	(void)turns(&bench);
	ck_assert_str_eq(fake_intake_text(&bench.intake, 1), "whole");
	ck_assert_str_eq(fake_intake_text(&bench.intake, 2), "half");
	ck_assert_uint_eq(bench.intake.n_items, 4);
	bench_done(&bench);
}
END_TEST

/* ... or rotates after it was told, before it is opened, or just then. */
START_TEST(a_new_log_that_rotates_while_it_is_opened_is_read_from_its_first_file)
{
	struct bench bench;

	bench_init(&bench);
	bench.tails.beginning = false;
	write_line(&bench, "a.log");
	tail_came(bench.tail);
	folder_rename(&bench.folder, "a.log", "a.log.1");
	write_line(&bench, "a.log");
	bench.steps[0] = rotate; /* tells that one left and one came, as that did before */
	bench.n_steps = 1;
	(void)turns(&bench);
	expect_all(&bench);
	bench_done(&bench);
}
END_TEST

START_TEST(a_first_file_that_is_gone_before_it_was_seen_is_declared)
{
	struct bench bench;

	bench_init(&bench);
	bench.tails.beginning = false;
	write_line(&bench, "a.log");
	tail_came(bench.tail);
	rotate(&bench);
	remove_file(&bench, "a.log.1");
	(void)turns(&bench);
	ck_assert_uint_eq(bench.intake.n_items, 1);
	ck_assert_str_eq(fake_intake_text(&bench.intake, 0), "2");
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	bench_done(&bench);
}
END_TEST

/* After a start: the bookmark does not know the path, and was saved before the last two. */
START_TEST(what_rotated_before_the_bookmark_was_saved_is_history)
{
	struct bench bench;

	bench_init(&bench);
	bench.tails.beginning = false;
	folder_append(&bench.folder, "a.log.1", "old\n");
	bench.lines = 1;
	stamp(&bench, "a.log.1");
	bench.tails.history_ns += 2 * CLOCK_NS_PER_S;
	folder_rename(&bench.folder, "a.log.1", "a.log.2");
	bench.lines = 0;
	write_line(&bench, "a.log.1");
	write_line(&bench, "a.log");
	(void)turns(&bench);
	expect_all(&bench);
	bench_done(&bench);
}
END_TEST

START_TEST(only_what_is_history_may_be_begun_at_its_end)
{
	struct bench bench;

	bench_init(&bench);
	bench.tails.beginning = false;
	bench.tail->from_end = true;
	write_line(&bench, "a.log");
	(void)turns(&bench);
	expect_all(&bench);
	bench_done(&bench);

	bench_init(&bench);
	bench.tail->from_end = true;
	write_line(&bench, "a.log");
	(void)turns(&bench);
	ck_assert_uint_eq(bench.intake.n_items, 0);
	bench_done(&bench);
}
END_TEST

TEST_MAIN("tail", a_rotation_beside_the_listing_is_seen_whole,
	a_folder_that_does_not_come_to_rest_is_waited_for,
	a_late_word_of_the_file_at_hand_is_no_other_file,
	what_came_and_is_not_there_was_removed, the_file_at_hand_may_be_removed,
	what_came_last_and_is_not_there_is_declared_when_nothing_else_comes,
	an_oldest_one_that_is_newer_means_a_loss_when_not_all_was_told,
	one_that_cannot_be_unpacked_is_one_loss,
	a_new_log_that_rotated_at_once_is_read_from_its_first_file,
	a_new_log_that_rotates_before_it_is_opened_is_read_from_its_first_file,
	a_generation_is_opened_by_what_it_is,
	a_line_that_is_finished_just_before_the_renaming_is_one_line,
	a_new_log_that_rotates_while_it_is_opened_is_read_from_its_first_file,
	a_first_file_that_is_gone_before_it_was_seen_is_declared,
	what_rotated_before_the_bookmark_was_saved_is_history,
	only_what_is_history_may_be_begun_at_its_end)
