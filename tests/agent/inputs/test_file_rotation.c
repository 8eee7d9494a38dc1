#include "tests/agent/inputs/tail_bench.h"

#include <zlib.h>

#include "agent/inputs/file_watch.h"
#include "common/clock.h"

enum {
	FILE_PAUSE_US =
		FILE_WATCH_PAUSE_MS * 1200, /* what the kernel tells comes in such steps */
};

START_TEST(a_renamed_file_is_read_to_its_end_before_the_next)
{
	struct bench bench;

	bench_init(&bench, "*");
	folder_append(&bench.folder, "a.log", "1\n");
	bench_start(&bench);
	expect_items(&bench, 1);
	folder_append(&bench.folder, "a.log", "2\n");
	folder_rename(&bench.folder, "a.log", "a.log.1");
	folder_append(&bench.folder, "a.log", "4\n");
	folder_append(&bench.folder, "a.log.1", "3\n");
	expect_items(&bench, 4);
	for (size_t i = 0; i < 4; i++)
		expect_text(&bench, i, (char[]){(char)('1' + i), 0});
	ck_assert_str_eq(bench.intake.items[2].name, folder_path(&bench.folder, "a.log"));
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_writer_slow_to_notice_rotation_loses_nothing)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "a.log", "1\n");
	bench_start(&bench);
	expect_items(&bench, 1);
	folder_rename(&bench.folder, "a.log", "a.log.1");
	folder_append(&bench.folder, "a.log", "2\n");
	expect_items(&bench, 2);
	folder_append(&bench.folder, "a.log.1", "late\n");
	expect_items(&bench, 3);
	expect_text(&bench, 2, "late");
	bench_done(&bench);
}
END_TEST

START_TEST(several_generations_are_found_after_a_start)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "a.log", "1\n2\n");
	bench_start(&bench);
	expect_items(&bench, 2);
	fake_intake_commit(&bench.intake);
	bench_kill(&bench);
	folder_append(&bench.folder, "a.log", "3\n");
	for (int i = 0; i < 3; i++) {
		char line[16];

		usleep(20000); /* stamps of files must differ */
		if (i == 2)
			folder_rename(&bench.folder, "a.log.2", "a.log.3");
		if (i >= 1)
			folder_rename(&bench.folder, "a.log.1", "a.log.2");
		folder_rename(&bench.folder, "a.log", "a.log.1");
		snprintf(line, sizeof(line), "%d\n", 4 + i);
		folder_append(&bench.folder, "a.log", line);
	}
	bench_start(&bench);
	expect_items(&bench, 6);
	for (size_t i = 0; i < 6; i++)
		expect_text(&bench, i, (char[]){(char)('1' + i), 0});
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

static void gzip_bytes(struct folder *folder, const char *name, struct slice text)
{
	gzFile file = gzopen(folder_path(folder, name), "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(gzwrite(file, text.ptr, (unsigned)text.len), (int)text.len);
	ck_assert_int_eq(gzclose(file), Z_OK);
}

static void gzip(struct folder *folder, const char *name, const char *text)
{
	gzip_bytes(folder, name, slice_str(text));
}

START_TEST(a_packed_generation_is_read_on)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "a.log", "1 the first line\n");
	bench_start(&bench);
	expect_items(&bench, 1);
	fake_intake_commit(&bench.intake);
	bench_kill(&bench);
	gzip(&bench.folder, "a.log.1.gz", "1 the first line\n2\n3\n");
	folder_append(&bench.folder, "tmp", "4\n");
	folder_rename(&bench.folder, "tmp", "a.log");
	bench_start(&bench);
	expect_items(&bench, 4);
	expect_text(&bench, 1, "2");
	expect_text(&bench, 3, "4");
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

/* Its mark is before where the reading goes on. */
START_TEST(a_packed_generation_of_utf_16_is_read_on_as_such)
{
	static const char text[] = "\xff\xfe"
				   "1\0\n\0" /* U+0A0A holds no end of a line */
				   "\x0a\x0a\n\0"
				   "3\0\n\0";
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_write_at(&bench.folder, "a.log", slice_of(text, 6), O_TRUNC);
	bench_start(&bench);
	expect_items(&bench, 1);
	fake_intake_commit(&bench.intake);
	bench_kill(&bench);
	gzip_bytes(&bench.folder, "a.log.1.gz", slice_of(text, sizeof(text) - 1));
	folder_append(&bench.folder, "tmp", "4\n");
	folder_rename(&bench.folder, "tmp", "a.log");
	bench_start(&bench);
	expect_items(&bench, 4);
	ck_assert_slice_eq(slice_of(bench.intake.items[1].bytes, bench.intake.items[1].len),
		SLICE_LIT("\x0a\x0a"));
	ck_assert_str_eq(bench.intake.items[2].format, "auto;charset=utf-16le");
	ck_assert_str_eq(bench.intake.items[3].format, "auto");
	expect_text(&bench, 3, "4");
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(what_rotated_away_is_declared)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "a.log", "1\n");
	bench_start(&bench);
	expect_items(&bench, 1);
	fake_intake_commit(&bench.intake);
	bench_kill(&bench);
	folder_append(&bench.folder, "a.log", "2\n");
	folder_append(&bench.folder, "tmp", "3\n");
	folder_rename(&bench.folder, "tmp", "a.log");
	bench_start(&bench);
	expect_losses(&bench, 1);
	ck_assert_int_eq(bench.intake.losses[0].reason, GAP_ROTATED);
	expect_items(&bench, 2);
	expect_text(&bench, 1, "3");
	bench_done(&bench);
}
END_TEST

static void rotate_keeping_two(struct bench *bench, const char *text)
{
	usleep(20000); /* stamps of files must differ */
	if (access(folder_path(&bench->folder, "a.log.1"), F_OK) == 0)
		folder_rename(&bench->folder, "a.log.1", "a.log.2");
	folder_rename(&bench->folder, "a.log", "a.log.1");
	folder_append(&bench->folder, "a.log", text);
}

START_TEST(what_rotated_away_while_nothing_could_be_read_is_declared)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "a.log", "1\n2\n");
	bench.intake.refuse_after = 1;
	bench_start(&bench);
	expect_items(&bench, 1);
	rotate_keeping_two(&bench, "3\n");
	rotate_keeping_two(&bench, "4\n");
	rotate_keeping_two(&bench, "5\n");
	rotate_keeping_two(&bench, "6\n"); /* 3 is gone unseen; 1 and 2 are still open */
	bench.intake.refuse_after = SIZE_MAX;
	file_input.resume(bench.input);
	expect_items(&bench, 5);
	expect_text(&bench, 1, "2");
	expect_text(&bench, 2, "4");
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	ck_assert_int_eq(bench.intake.losses[0].reason, GAP_ROTATED);
	rotate_keeping_two(&bench, "7\n");
	expect_items(&bench, 6);
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	bench_done(&bench);
}
END_TEST

/* What is there when reading begins is known before anything is read. */
START_TEST(a_log_that_rotates_before_its_first_line_is_read_is_read_whole)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "a.log", "1\n");
	bench_start(&bench);
	folder_rename(&bench.folder, "a.log", "a.log.1");
	folder_append(&bench.folder, "a.log", "2\n");
	expect_items(&bench, 2);
	expect_text(&bench, 0, "1");
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

static void hear_what_happened(struct bench *bench)
{
	usleep(FILE_PAUSE_US);
	read_once(bench);
}

START_TEST(a_new_log_that_rotates_while_nothing_can_be_read_is_read_whole)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "b.log", "b\n");
	bench.intake.refuse_after = 0;
	bench_start(&bench);
	hear_what_happened(&bench);
	folder_append(&bench.folder, "a.log", "1\n");
	hear_what_happened(&bench);
	rotate_keeping_two(&bench, "2\n");
	rotate_keeping_two(&bench, "3\n");
	hear_what_happened(&bench);
	rotate_keeping_two(&bench, "4\n"); /* 1 is gone, but open */
	bench.intake.refuse_after = SIZE_MAX;
	file_input.resume(bench.input);
	expect_items(&bench, 5);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

/* Nothing in the bookmark tells of it; but it came after that was saved. */
START_TEST(a_log_that_came_and_rotated_while_the_agent_was_down_is_read_whole)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	bench.group.begin = FILE_BEGIN_END;
	folder_append(&bench.folder, "a.log", "1\n");
	rotate_keeping_two(&bench, "2\n");
	bench.intake.known_ns = clock_wall_ns() - 60 * CLOCK_NS_PER_S;
	bench_start(&bench);
	expect_items(&bench, 2);
	expect_text(&bench, 0, "1");
	bench_done(&bench);
}
END_TEST

START_TEST(what_was_removed_while_reading_waited_is_declared)
{
	struct bench bench;
	char line[16];

	bench_init(&bench, "*.log");
	bench.intake.refuse_after = 1;
	folder_append(&bench.folder, "a.log", "1\n2\n");
	bench_start(&bench);
	expect_items(&bench, 1);
	for (int i = 3; i <= 6; i++) {
		usleep(20000); /* stamps of files must differ */
		snprintf(line, sizeof(line), "a.log-2026112%d", i);
		folder_rename(&bench.folder, "a.log", line);
		snprintf(line, sizeof(line), "%d\n", i);
		folder_append(&bench.folder, "a.log", line);
		read_once(&bench);
		usleep(FILE_PAUSE_US);
		read_once(&bench);
	}
	ck_assert_int_eq(unlink(folder_path(&bench.folder, "a.log-20261123")), 0);
	ck_assert_int_eq(unlink(folder_path(&bench.folder, "a.log-20261124")), 0);
	ck_assert_int_eq(unlink(folder_path(&bench.folder, "a.log-20261125")), 0);
	bench.intake.refuse_after = SIZE_MAX;
	file_input.resume(bench.input);
	expect_items(&bench, 4);
	expect_text(&bench, 1, "2");
	expect_text(&bench, 2, "5");
	expect_text(&bench, 3, "6");
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	ck_assert_int_eq(bench.intake.losses[0].reason, GAP_ROTATED);
	bench_done(&bench);
}
END_TEST

START_TEST(truncation_is_noticed_and_declared)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "a.log", "1 long enough\n");
	bench_start(&bench);
	expect_items(&bench, 1);
	folder_replace(&bench.folder, "a.log", "2\n");
	expect_items(&bench, 2);
	expect_text(&bench, 1, "2");
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	ck_assert_int_eq(bench.intake.losses[0].reason, GAP_TRUNCATED);
	bench_done(&bench);
}
END_TEST

START_TEST(truncation_is_noticed_when_the_file_has_grown_again)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "a.log", "1\n");
	bench_start(&bench);
	expect_items(&bench, 1);
	folder_replace(&bench.folder, "a.log", "2 which is longer\n3\n");
	expect_items(&bench, 3);
	expect_text(&bench, 1, "2 which is longer");
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	bench_done(&bench);
}
END_TEST

START_TEST(a_copy_beside_a_truncated_file_is_read_to_its_end)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "a.log", "1 abcdefgh\n");
	bench_start(&bench);
	expect_items(&bench, 1);
	folder_append(&bench.folder, "a.log.1", "1 abcdefgh\n2\n");
	folder_append(&bench.folder, "a.log", "2\n");
	folder_replace(&bench.folder, "a.log", "3\n");
	expect_items(&bench, 3);
	expect_text(&bench, 1, "2");
	expect_text(&bench, 2, "3");
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	bench_done(&bench);
}
END_TEST

START_TEST(a_used_again_inode_is_another_file)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	for (int i = 0; i < 5; i++) {
		char line[32];

		snprintf(line, sizeof(line), "content %d\n", i);
		folder_append(&bench.folder, "a.log", line);
		if (i == 0)
			bench_start(&bench);
		expect_items(&bench, (size_t)i + 1);
		expect_text(&bench, (size_t)i, (line[9] = 0, line));
		ck_assert_int_eq(unlink(folder_path(&bench.folder, "a.log")), 0);
	}
	bench_done(&bench);
}
END_TEST

/* ---- storms: each number once and in order, whatever happens meanwhile ----- */

struct storm {
	struct bench bench;
	unsigned next;
	unsigned seed;
	unsigned rotations;
};

static unsigned chance(struct storm *storm, unsigned of)
{
	return (unsigned)rand_r(&storm->seed) % of;
}

static void write_some(struct storm *storm)
{
	for (unsigned n = chance(storm, 40); n > 0; n--) {
		char line[32];

		snprintf(line, sizeof(line), "%u\n", storm->next++);
		folder_append(&storm->bench.folder, "a.log", line);
	}
}

static void shift_generations(struct storm *storm)
{
	for (int i = 50; i > 0; i--) {
		char from[32], to[32];

		snprintf(from, sizeof(from), "a.log.%d", i);
		snprintf(to, sizeof(to), "a.log.%d", i + 1);
		if (access(folder_path(&storm->bench.folder, from), F_OK) == 0)
			folder_rename(&storm->bench.folder, from, to);
	}
}

static void rotate(struct storm *storm)
{
	if (access(folder_path(&storm->bench.folder, "a.log"), F_OK) != 0)
		return;
	usleep(5000); /* stamps of files must differ */
	shift_generations(storm);
	folder_rename(&storm->bench.folder, "a.log", "a.log.1");
	storm->rotations++;
}

static void copy_and_truncate(struct storm *storm)
{
	struct strbuf bytes = STRBUF_INIT(1 << 20);
	struct err err;

	if (access(folder_path(&storm->bench.folder, "a.log"), F_OK) != 0)
		return;
	usleep(5000);
	ck_assert(file_read(folder_path(&storm->bench.folder, "a.log"), &bytes, &err));
	shift_generations(storm);
	folder_write_at(&storm->bench.folder, "a.log.1", strbuf_slice(&bytes), O_TRUNC);
	folder_replace(&storm->bench.folder, "a.log", "");
	strbuf_done(&bytes);
	storm->rotations++;
}

static void crash(struct storm *storm)
{
	bench_kill(&storm->bench);
	if (chance(storm, 2) == 0)
		write_some(storm);
	if (chance(storm, 2) == 0)
		rotate(storm);
	if (chance(storm, 2) == 0)
		write_some(storm);
	bench_start(&storm->bench);
}

static void check_order(const struct storm *storm)
{
	for (unsigned i = 0; i < storm->next; i++) {
		char want[32];

		snprintf(want, sizeof(want), "%u", i);
		ck_assert_str_eq(fake_intake_text(&storm->bench.intake, i), want);
	}
}

static void run_storm(unsigned seed, void (*roll)(struct storm *storm))
{
	struct storm storm = {.seed = seed};

	bench_init(&storm.bench, "*.log");
	storm.bench.group.rotated_ms = 3;
	bench_start(&storm.bench);
	folder_append(&storm.bench.folder, "a.log", "0\n");
	storm.next = 1;
	expect_items(&storm.bench, 1);
	fake_intake_commit(&storm.bench.intake); /* the log is known */
	for (int step = 0; step < 150; step++) {
		write_some(&storm);
		if (chance(&storm, 3) == 0)
			event_base_loop(storm.bench.base, EVLOOP_NONBLOCK);
		if (chance(&storm, 6) == 0 && storm.rotations < 40)
			roll(&storm);
		if (chance(&storm, 4) == 0)
			fake_intake_commit(&storm.bench.intake);
		if (chance(&storm, 12) == 0)
			crash(&storm);
	}
	write_some(&storm);
	folder_append(&storm.bench.folder, "a.log", "end\n");
	expect_items(&storm.bench, storm.next + 1);
	check_order(&storm);
	ck_assert(roll != rotate || storm.bench.intake.n_losses == 0);
	bench_done(&storm.bench);
}

START_TEST(rotation_storms_lose_and_repeat_nothing)
{
	for (unsigned seed = 1; seed <= 6; seed++)
		run_storm(seed, rotate);
}
END_TEST

START_TEST(copytruncate_storms_lose_nothing_that_was_copied)
{
	for (unsigned seed = 1; seed <= 3; seed++)
		run_storm(seed, copy_and_truncate);
}
END_TEST

TEST_MAIN("file_rotation", a_renamed_file_is_read_to_its_end_before_the_next,
	a_writer_slow_to_notice_rotation_loses_nothing,
	several_generations_are_found_after_a_start, a_packed_generation_is_read_on,
	a_packed_generation_of_utf_16_is_read_on_as_such, what_rotated_away_is_declared,
	a_log_that_rotates_before_its_first_line_is_read_is_read_whole,
	a_new_log_that_rotates_while_nothing_can_be_read_is_read_whole,
	a_log_that_came_and_rotated_while_the_agent_was_down_is_read_whole,
	what_rotated_away_while_nothing_could_be_read_is_declared,
	what_was_removed_while_reading_waited_is_declared, truncation_is_noticed_and_declared,
	truncation_is_noticed_when_the_file_has_grown_again,
	a_copy_beside_a_truncated_file_is_read_to_its_end, a_used_again_inode_is_another_file,
	rotation_storms_lose_and_repeat_nothing,
	copytruncate_storms_lose_nothing_that_was_copied)
