#include "agent/inputs/file_tail.h"

#include <event2/event.h>
#include <sys/resource.h>
#include <zlib.h>

#include "agent/inputs/file_watch.h"
#include "agent/inputs/line_rule.h"
#include "agent/settings.h"
#include "common/clock.h"
#include "tests/agent/inputs/fake_intake.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

enum {
	PATIENCE_MS = 20000,
	FILE_PAUSE_US =
		FILE_WATCH_PAUSE_MS * 1200, /* what the kernel tells comes in such steps */
};

struct bench {
	struct folder folder;
	struct intake intake;
	struct event_base *base;
	char patterns[2][PATH_MAX];
	const char *paths[2];
	struct file_settings group;
	struct agent_settings settings;
	void *input;
};

static void bench_start(struct bench *bench)
{
	struct err err;

	bench->settings.files.groups = (struct setting_sections){&bench->group, 1};
	bench->input = file_input.start(&bench->settings, bench->base, &bench->intake, &err);
	ck_assert_ptr_nonnull(bench->input);
	/* From the last: one may be forgotten. */
	for (size_t i = bench->intake.n_positions; i-- > 0;)
		file_input.position(bench->input, slice_str(bench->intake.positions[i].name),
			slice_of(bench->intake.positions[i].bytes,
				bench->intake.positions[i].len));
	file_input.begin(bench->input);
}

static void bench_init(struct bench *bench, const char *pattern)
{
	memset(bench, 0, sizeof(*bench));
	folder_make(&bench->folder);
	fake_intake_init(&bench->intake);
	bench->base = event_base_new();
	snprintf(bench->patterns[0], PATH_MAX, "%s", folder_path(&bench->folder, pattern));
	bench->paths[0] = bench->patterns[0];
	bench->group = (struct file_settings){
		.paths = {bench->paths, 1},
		.format = "auto",
		.record_max = 64 << 10,
		.unfinished_ms = 60000,
		.rotated_ms = 30,
		.multiline = {.by = LINE_RULE_NONE, .lines_max = 500, .wait_ms = 60000},
	};
	bench->settings.files.open_max = 100;
	bench->settings.files.files_max = 1000;
	bench->settings.files.poll_ms = 60000;
}

static void bench_stop(struct bench *bench)
{
	if (bench->input != NULL)
		file_input.stop(bench->input);
	bench->input = NULL;
}

/* Nothing is read once more, as when the process is killed. */
static void bench_kill(struct bench *bench)
{
	bench->intake.refuse_after = 0;
	bench_stop(bench);
	fake_intake_crash(&bench->intake);
	bench->intake.refuse_after = SIZE_MAX;
}

static void bench_done(struct bench *bench)
{
	bench_stop(bench);
	event_base_free(bench->base);
	fake_intake_done(&bench->intake);
	folder_remove(&bench->folder);
}

/* Runs the loop until there are so many items; more are a failure. */
static void expect_items(struct bench *bench, size_t n)
{
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;

	while (bench->intake.n_items < n && clock_mono_ms() < end_ms)
		event_base_loop(bench->base, EVLOOP_ONCE);
	ck_assert_uint_eq(bench->intake.n_items, n);
}

static void expect_losses(struct bench *bench, size_t n)
{
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;

	while (bench->intake.n_losses < n && clock_mono_ms() < end_ms)
		event_base_loop(bench->base, EVLOOP_ONCE);
	ck_assert_uint_eq(bench->intake.n_losses, n);
}

static void expect_text(struct bench *bench, size_t i, const char *text)
{
	ck_assert_str_eq(fake_intake_text(&bench->intake, i), text);
}

/* What is there now is read; nothing is waited for. */
static void read_once(struct bench *bench)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(bench->base, EVLOOP_NONBLOCK);
}

START_TEST(lines_are_read_as_they_are_written)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "a.log", "one\ntwo\n");
	bench_start(&bench);
	expect_items(&bench, 2);
	expect_text(&bench, 0, "one");
	expect_text(&bench, 1, "two");
	ck_assert_uint_eq(bench.intake.items[1].offset, 4);
	folder_append(&bench.folder, "a.log", "three\n");
	expect_items(&bench, 3);
	expect_text(&bench, 2, "three");
	folder_append(&bench.folder, "b.log", "a new file\n");
	expect_items(&bench, 4);
	expect_text(&bench, 3, "a new file");
	ck_assert_str_eq(bench.intake.items[3].name, folder_path(&bench.folder, "b.log"));
	bench_done(&bench);
}
END_TEST

START_TEST(bytes_stay_as_they_are)
{
	static const char raw[] = "cr\r\n\0nul\0\n\xff\xfe broken\n\xef\xbb\xbf"
				  "bom\n\n";
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_write_at(&bench.folder, "a.log", slice_of(raw, sizeof(raw) - 1), O_TRUNC);
	bench_start(&bench);
	expect_items(&bench, 5);
	ck_assert_slice_eq(slice_of(bench.intake.items[0].bytes, bench.intake.items[0].len),
		SLICE_LIT("cr\r"));
	ck_assert_slice_eq(slice_of(bench.intake.items[1].bytes, bench.intake.items[1].len),
		SLICE_LIT("\0nul\0"));
	expect_text(&bench, 2, "\xff\xfe broken");
	expect_text(&bench, 3,
		"\xef\xbb\xbf"
		"bom");
	ck_assert_uint_eq(bench.intake.items[4].len, 0);
	bench_done(&bench);
}
END_TEST

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

static void gzip(struct folder *folder, const char *name, const char *text)
{
	gzFile file = gzopen(folder_path(folder, name), "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(gzwrite(file, text, (unsigned)strlen(text)), (int)strlen(text));
	ck_assert_int_eq(gzclose(file), Z_OK);
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

START_TEST(a_long_record_is_cut_and_its_length_told)
{
	struct bench bench;
	char *line = malloc(3 << 20);

	ck_assert_ptr_nonnull(line);
	memset(line, 'x', 3 << 20);
	line[(3 << 20) - 1] = '\n';
	bench_init(&bench, "*.log");
	folder_write_at(&bench.folder, "a.log", slice_of(line, 3 << 20), O_APPEND);
	folder_append(&bench.folder, "a.log", "next\n");
	bench_start(&bench);
	expect_items(&bench, 2);
	ck_assert_uint_eq(bench.intake.items[0].len, 64 << 10);
	ck_assert_uint_eq(bench.intake.items[0].whole, (3 << 20) - 1);
	ck_assert_uint_eq(bench.intake.items[0].flags, ITEM_TRUNCATED);
	expect_text(&bench, 1, "next");
	free(line);
	bench_done(&bench);
}
END_TEST

/* A hole of 1 GB costs no disk and is read as one line. */
START_TEST(a_line_of_a_gigabyte_takes_no_memory)
{
	struct bench bench;
	struct rusage before, after;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "a.log", "first\nx");
	ck_assert_int_eq(truncate(folder_path(&bench.folder, "a.log"), 1 << 30), 0);
	folder_append(&bench.folder, "a.log", "\nlast\n");
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &before), 0);
	bench_start(&bench);
	expect_items(&bench, 3);
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &after), 0);
	ck_assert_uint_eq(bench.intake.items[1].whole, (1 << 30) - 6);
	ck_assert_uint_eq(bench.intake.items[1].len, 64 << 10);
	expect_text(&bench, 2, "last");
	ck_assert_int_le(after.ru_maxrss - before.ru_maxrss, 32 << 10);
	bench_done(&bench);
}
END_TEST

START_TEST(an_unfinished_line_is_held_and_then_given_up)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "a.log", "whole\nha");
	bench_start(&bench);
	expect_items(&bench, 1);
	folder_append(&bench.folder, "a.log", "lf\n");
	expect_items(&bench, 2);
	expect_text(&bench, 1, "half");
	bench_stop(&bench);
	bench.group.unfinished_ms = 1;
	bench_start(&bench);
	folder_append(&bench.folder, "a.log", "never ended");
	expect_items(&bench, 3);
	expect_text(&bench, 2, "never ended");
	ck_assert_uint_eq(bench.intake.items[2].flags, ITEM_UNTERMINATED);
	folder_append(&bench.folder, "a.log", "of another writer\n");
	expect_items(&bench, 4);
	expect_text(&bench, 3, "of another writer");
	bench_done(&bench);
}
END_TEST

START_TEST(lines_are_joined_by_their_rule)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	bench.group.multiline.by = LINE_RULE_START;
	bench.group.multiline.start = "^\\d{4}-";
	bench.group.multiline.wait_ms = 1;
	folder_append(&bench.folder, "a.log", "2026-1 boom\n at x\n\n at y\n2026-2 fine\n");
	bench_start(&bench);
	expect_items(&bench, 2);
	expect_text(&bench, 0, "2026-1 boom\n at x\n\n at y");
	ck_assert_uint_eq(bench.intake.items[0].flags, ITEM_JOINED);
	expect_text(&bench, 1, "2026-2 fine");
	ck_assert_uint_eq(bench.intake.items[1].flags, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_full_intake_stops_reading_where_it_is)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	bench.intake.refuse_after = 2;
	folder_append(&bench.folder, "a.log", "1\n2\n3\n4\n");
	folder_append(&bench.folder, "b.log", "1\n2\n3\n4\n");
	bench_start(&bench);
	expect_items(&bench, 2);
	read_once(&bench);
	ck_assert_uint_eq(bench.intake.n_items, 2);
	bench.intake.refuse_after = SIZE_MAX;
	file_input.resume(bench.input);
	expect_items(&bench, 8);
	bench_done(&bench);
}
END_TEST

START_TEST(only_regular_files_are_opened)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	ck_assert_int_eq(mkfifo(folder_path(&bench.folder, "fifo.log"), 0600), 0);
	ck_assert_int_eq(mkdir(folder_path(&bench.folder, "dir.log"), 0700), 0);
	ck_assert_int_eq(symlink("/dev/zero", folder_path(&bench.folder, "zero.log")), 0);
	ck_assert_int_eq(symlink("/proc/self/status", folder_path(&bench.folder, "p.log")), 0);
	folder_append(&bench.folder, "target", "through a link\n");
	ck_assert_int_eq(symlink("target", folder_path(&bench.folder, "link.log")), 0);
	bench_start(&bench);
	expect_items(&bench, 1);
	read_once(&bench);
	expect_text(&bench, 0, "through a link");
	ck_assert_uint_eq(bench.intake.n_items, 1);
	ck_assert_uint_eq(bench.intake.n_states, 4); /* each was told */
	bench_done(&bench);
}
END_TEST

START_TEST(a_link_made_by_somebody_else_is_not_followed)
{
	struct bench bench;

	if (geteuid() != 0)
		return;
	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "secret", "of root\n");
	ck_assert_int_eq(symlink("secret", folder_path(&bench.folder, "a.log")), 0);
	ck_assert_int_eq(lchown(folder_path(&bench.folder, "a.log"), 65534, 65534), 0);
	folder_append(&bench.folder, "b.log", "allowed\n");
	bench_start(&bench);
	expect_items(&bench, 1);
	read_once(&bench);
	expect_text(&bench, 0, "allowed");
	ck_assert_uint_eq(bench.intake.n_items, 1);
	bench_done(&bench);
}
END_TEST

/* The kernel does not tell of writes through another folder. */
START_TEST(changes_nobody_tells_of_are_found_by_polling)
{
	struct bench bench;
	struct folder other;
	char target[PATH_MAX];

	folder_make(&other);
	folder_append(&other, "real", "1\n");
	snprintf(target, sizeof(target), "%s", folder_path(&other, "real"));
	bench_init(&bench, "*.log");
	bench.settings.files.poll_ms = 20;
	ck_assert_int_eq(symlink(target, folder_path(&bench.folder, "a.log")), 0);
	bench_start(&bench);
	expect_items(&bench, 1);
	read_once(&bench);
	folder_append(&other, "real", "2\n");
	expect_items(&bench, 2);
	bench_done(&bench);
	folder_remove(&other);
}
END_TEST

START_TEST(a_file_that_was_read_and_is_deleted_is_no_loss)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	bench.settings.files.open_max = 1;
	for (int i = 0; i < 20; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d.log", i);
		folder_append(&bench.folder, name, "x\n");
	}
	bench_start(&bench);
	expect_items(&bench, 20);
	read_once(&bench);
	for (int i = 0; i < 20; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d.log", i);
		ck_assert_int_eq(unlink(folder_path(&bench.folder, name)), 0);
	}
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;
	while (bench.intake.n_positions > 0 && clock_mono_ms() < end_ms)
		event_base_loop(bench.base, EVLOOP_ONCE);
	ck_assert_uint_eq(bench.intake.n_positions, 0);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_second_name_of_a_file_is_not_read_again)
{
	struct bench bench;
	char old[PATH_MAX];

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "a.log", "1\n");
	bench_start(&bench);
	expect_items(&bench, 1);
	snprintf(old, sizeof(old), "%s", folder_path(&bench.folder, "a.log"));
	ck_assert_int_eq(link(old, folder_path(&bench.folder, "b.log")), 0);
	folder_rename(&bench.folder, "a.log", "c.log");
	folder_append(&bench.folder, "c.log", "2\n");
	expect_items(&bench, 2);
	expect_text(&bench, 1, "2");
	read_once(&bench);
	ck_assert_uint_eq(bench.intake.n_items, 2);
	bench_done(&bench);
}
END_TEST

START_TEST(a_first_start_may_begin_at_the_end)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	bench.group.begin = FILE_BEGIN_END;
	folder_append(&bench.folder, "a.log", "old\n");
	bench_start(&bench);
	read_once(&bench);
	folder_append(&bench.folder, "a.log", "new\n");
	folder_append(&bench.folder, "b.log", "from its start\n");
	expect_items(&bench, 2);
	expect_text(&bench, 0, "new");
	expect_text(&bench, 1, "from its start");
	bench_done(&bench);
}
END_TEST

START_TEST(positions_of_what_is_gone_and_not_wanted_are_forgotten)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_append(&bench.folder, "gone.log", "x\n");
	folder_append(&bench.folder, "there.log", "x\n");
	folder_append(&bench.folder, "wanted.log", "x\n");
	bench_start(&bench);
	expect_items(&bench, 3);
	bench_stop(&bench);
	ck_assert_uint_eq(bench.intake.n_positions, 3);
	snprintf(bench.patterns[0], PATH_MAX, "%s", folder_path(&bench.folder, "wanted.log"));
	ck_assert_int_eq(unlink(folder_path(&bench.folder, "gone.log")), 0);
	bench_start(&bench);
	bench_stop(&bench);
	ck_assert_uint_eq(bench.intake.n_positions, 2);
	for (size_t i = 0; i < 2; i++)
		ck_assert_ptr_null(strstr(bench.intake.positions[i].name, "gone.log"));
	bench_done(&bench);
}
END_TEST

START_TEST(descriptors_are_bounded)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	bench.settings.files.open_max = 5;
	for (int i = 0; i < 200; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%d.log", i);
		folder_append(&bench.folder, name, "x\n");
	}
	bench_start(&bench);
	expect_items(&bench, 200);
	int fd = dup(0);
	ck_assert_int_lt(fd, 30);
	close(fd);
	for (int i = 0; i < 200; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%d.log", i);
		folder_append(&bench.folder, name, "y\n");
	}
	expect_items(&bench, 400);
	bench_done(&bench);
}
END_TEST

START_TEST(files_beyond_the_limit_are_left_out_and_told_once)
{
	struct bench bench;

	bench_init(&bench, "*.log");
	bench.settings.files.files_max = 10;
	for (int i = 0; i < 30; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%02d.log", i);
		folder_append(&bench.folder, name, "x\n");
	}
	bench_start(&bench);
	expect_items(&bench, 10);
	ck_assert_uint_eq(bench.intake.n_states, 1);
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

TEST_MAIN("file_tail", positions_of_what_is_gone_and_not_wanted_are_forgotten,
	lines_are_read_as_they_are_written, bytes_stay_as_they_are,
	a_renamed_file_is_read_to_its_end_before_the_next,
	a_writer_slow_to_notice_rotation_loses_nothing,
	several_generations_are_found_after_a_start, a_packed_generation_is_read_on,
	what_rotated_away_is_declared,
	a_log_that_rotates_before_its_first_line_is_read_is_read_whole,
	a_new_log_that_rotates_while_nothing_can_be_read_is_read_whole,
	a_log_that_came_and_rotated_while_the_agent_was_down_is_read_whole,
	what_rotated_away_while_nothing_could_be_read_is_declared,
	what_was_removed_while_reading_waited_is_declared, truncation_is_noticed_and_declared,
	truncation_is_noticed_when_the_file_has_grown_again,
	a_copy_beside_a_truncated_file_is_read_to_its_end, a_used_again_inode_is_another_file,
	a_long_record_is_cut_and_its_length_told, a_line_of_a_gigabyte_takes_no_memory,
	an_unfinished_line_is_held_and_then_given_up, lines_are_joined_by_their_rule,
	a_full_intake_stops_reading_where_it_is, only_regular_files_are_opened,
	a_link_made_by_somebody_else_is_not_followed,
	changes_nobody_tells_of_are_found_by_polling,
	a_file_that_was_read_and_is_deleted_is_no_loss,
	a_second_name_of_a_file_is_not_read_again, a_first_start_may_begin_at_the_end,
	descriptors_are_bounded, files_beyond_the_limit_are_left_out_and_told_once,
	rotation_storms_lose_and_repeat_nothing,
	copytruncate_storms_lose_nothing_that_was_copied)
