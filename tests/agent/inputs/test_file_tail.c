#include "tests/agent/inputs/tail_bench.h"

#include <sys/resource.h>

#include "agent/inputs/file_watch.h"
#include "agent/inputs/line_rule.h"
#include "common/clock.h"

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

START_TEST(a_file_that_begins_with_the_mark_of_utf_16_has_its_lines)
{
	/* "a", U+0A0A, then "b"; the file grows by halves of a character. */
	static const char start[] = "\xff\xfe"
				    "a\0\n\0\x0a\x0a\n",
			  rest[] = "\0b\0\n\0";
	struct bench bench;

	bench_init(&bench, "*.log");
	folder_write_at(&bench.folder, "a.log", slice_of(start, sizeof(start) - 1), O_TRUNC);
	bench_start(&bench);
	expect_items(&bench, 1);
	folder_write_at(&bench.folder, "a.log", slice_of(rest, sizeof(rest) - 1), O_APPEND);
	expect_items(&bench, 3);
	ck_assert_slice_eq(slice_of(bench.intake.items[0].bytes, bench.intake.items[0].len),
		SLICE_LIT("\xff\xfe"
			  "a\0"));
	ck_assert_slice_eq(slice_of(bench.intake.items[1].bytes, bench.intake.items[1].len),
		SLICE_LIT("\x0a\x0a"));
	ck_assert_slice_eq(slice_of(bench.intake.items[2].bytes, bench.intake.items[2].len),
		SLICE_LIT("b\0"));
	ck_assert_str_eq(bench.intake.items[2].format, "auto;charset=utf-16le");
	ck_assert_uint_eq(bench.intake.items[2].offset, 10);
	bench_done(&bench);
}
END_TEST

START_TEST(half_a_character_at_the_end_does_not_hold_what_is_before_it)
{
	static const char text[] = "\xff\xfe"
				   "a\0\n\0b\0x";
	struct bench bench;

	bench_init(&bench, "*.log");
	bench.group.unfinished_ms = 1;
	folder_write_at(&bench.folder, "a.log", slice_of(text, sizeof(text) - 1), O_TRUNC);
	bench_start(&bench);
	expect_items(&bench, 2);
	ck_assert_slice_eq(slice_of(bench.intake.items[1].bytes, bench.intake.items[1].len),
		SLICE_LIT("b\0"));
	ck_assert_uint_eq(bench.intake.items[1].flags, ITEM_UNTERMINATED);
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

TEST_MAIN("file_tail", positions_of_what_is_gone_and_not_wanted_are_forgotten,
	lines_are_read_as_they_are_written, bytes_stay_as_they_are,
	a_long_record_is_cut_and_its_length_told,
	a_file_that_begins_with_the_mark_of_utf_16_has_its_lines,
	half_a_character_at_the_end_does_not_hold_what_is_before_it,
	a_line_of_a_gigabyte_takes_no_memory, an_unfinished_line_is_held_and_then_given_up,
	lines_are_joined_by_their_rule, a_full_intake_stops_reading_where_it_is,
	only_regular_files_are_opened, a_link_made_by_somebody_else_is_not_followed,
	changes_nobody_tells_of_are_found_by_polling,
	a_file_that_was_read_and_is_deleted_is_no_loss,
	a_second_name_of_a_file_is_not_read_again, a_first_start_may_begin_at_the_end,
	descriptors_are_bounded, files_beyond_the_limit_are_left_out_and_told_once)
