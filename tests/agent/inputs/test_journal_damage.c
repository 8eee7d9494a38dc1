#include "tests/agent/inputs/journal_bench.h"

#include <sys/resource.h>

START_TEST(rotation_loses_and_repeats_nothing)
{
	struct bench bench;

	bench_init(&bench);
	save_lines(&bench, "system.journal", 1, 5);
	bench_start(&bench);
	expect_items(&bench, 5);
	folder_rename(&bench.folder, "j/system.journal", "j/system@1.journal");
	save_more(&bench, "system.journal", "system@1.journal", 0, 6, 5);
	expect_items(&bench, 10);
	folder_rename(&bench.folder, "j/system.journal", "j/system@2.journal");
	save_more(&bench, "system.journal", "system@2.journal", 0, 11, 1);
	expect_items(&bench, 11);
	expect_lines(&bench, 1, 11);
	expect_no_more(&bench);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(what_was_vacuumed_while_we_were_down_is_counted)
{
	struct bench bench;

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 5);
	bench_start(&bench);
	expect_items(&bench, 5);
	bench_stop(&bench);
	save_more(&bench, "b.journal", "a.journal", 0, 6, 7);
	save_more(&bench, "c.journal", "b.journal", 0, 13, 2);
	ck_assert_int_eq(unlink(file_path(&bench, "a.journal")), 0);
	ck_assert_int_eq(unlink(file_path(&bench, "b.journal")), 0);
	bench_start(&bench);
	expect_items(&bench, 7);
	expect_line(&bench, 5, 13);
	expect_no_more(&bench);
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	expect_loss(&bench, 0, 7, GAP_ROTATED);
	bench_done(&bench);
}
END_TEST

START_TEST(vacuum_of_what_was_read_is_no_loss)
{
	struct bench bench;

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 5);
	bench_start(&bench);
	expect_items(&bench, 5);
	save_more(&bench, "b.journal", "a.journal", 0, 6, 2);
	ck_assert_int_eq(unlink(file_path(&bench, "a.journal")), 0);
	expect_items(&bench, 7);
	bench_stop(&bench);
	save_more(&bench, "c.journal", "b.journal", 0, 8, 2);
	ck_assert_int_eq(unlink(file_path(&bench, "b.journal")), 0);
	bench_start(&bench);
	expect_items(&bench, 9);
	expect_lines(&bench, 1, 9);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(files_removed_while_the_intake_is_full_are_still_read)
{
	struct bench bench;

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 50);
	save_more(&bench, "b.journal", "a.journal", 0, 51, 50);
	bench.intake.refuse_after = 10;
	bench_start(&bench);
	while (!bench.intake.refused)
		event_base_loop(bench.base, EVLOOP_ONCE);
	save_more(&bench, "c.journal", "b.journal", 0, 101, 5);
	ck_assert_int_eq(unlink(file_path(&bench, "a.journal")), 0);
	ck_assert_int_eq(unlink(file_path(&bench, "b.journal")), 0);
	bench.intake.refuse_after = SIZE_MAX;
	journal_input.resume(bench.input);
	expect_items(&bench, 105);
	expect_lines(&bench, 1, 105);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(what_came_and_went_while_the_intake_was_full_is_counted)
{
	struct bench bench;

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 20);
	bench.intake.refuse_after = 10;
	bench_start(&bench);
	while (!bench.intake.refused)
		event_base_loop(bench.base, EVLOOP_ONCE);
	save_more(&bench, "b.journal", "a.journal", 0, 21, 30);
	save_more(&bench, "c.journal", "b.journal", 0, 51, 5);
	ck_assert_int_eq(unlink(file_path(&bench, "a.journal")), 0);
	ck_assert_int_eq(unlink(file_path(&bench, "b.journal")), 0);
	bench.intake.refuse_after = SIZE_MAX;
	journal_input.resume(bench.input);
	expect_items(&bench, 25);
	expect_lines(&bench, 1, 20);
	expect_line(&bench, 20, 51);
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	expect_loss(&bench, 0, 30, GAP_ROTATED);
	bench_done(&bench);
}
END_TEST

START_TEST(with_matches_a_loss_has_no_number)
{
	static const char *const matches[] = {"SYSLOG_IDENTIFIER=test"};
	struct bench bench;

	bench_init(&bench);
	bench.journal.matches = (struct setting_texts){matches, 1};
	save_lines(&bench, "a.journal", 1, 5);
	bench_start(&bench);
	expect_items(&bench, 5);
	bench_stop(&bench);
	save_more(&bench, "b.journal", "a.journal", 3, 9, 2);
	ck_assert_int_eq(unlink(file_path(&bench, "a.journal")), 0);
	bench_start(&bench);
	expect_items(&bench, 7);
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	expect_loss(&bench, 0, 0, GAP_ROTATED);
	bench_done(&bench);
}
END_TEST

START_TEST(a_journal_replaced_while_we_were_down_is_read_and_the_loss_declared)
{
	struct bench bench;

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 5);
	bench_start(&bench);
	expect_items(&bench, 5);
	bench_stop(&bench);
	ck_assert_int_eq(unlink(file_path(&bench, "a.journal")), 0);
	bench.text.boot = "ff112233445566778899aabbccddeeff";
	save_lines(&bench, "b.journal", 6, 3);
	bench_start(&bench);
	expect_items(&bench, 8);
	expect_lines(&bench, 1, 8);
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	expect_loss(&bench, 0, 0, GAP_ROTATED);
	bench_done(&bench);
}
END_TEST

static const char *this_boot(char *digits)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	size_t n = 0;

	ck_assert_ptr_nonnull(file);
	for (int byte; (byte = fgetc(file)) != EOF && n < 32;)
		if (byte != '-')
			digits[n++] = (char)byte;
	digits[n] = '\0';
	fclose(file);
	return digits;
}

START_TEST(a_clock_set_back_with_a_boot_hides_nothing)
{
	struct bench bench;
	char boot[33];

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 5);
	bench_start(&bench);
	expect_items(&bench, 5);
	bench_stop(&bench);
	ck_assert_int_eq(unlink(file_path(&bench, "a.journal")), 0);
	bench.text.boot = this_boot(boot);
	bench.text.realtime_us -= UINT64_C(86400000000);
	bench.text.monotonic_us = 5;
	save_lines(&bench, "b.journal", 6, 3);
	bench_start(&bench);
	expect_items(&bench, 8);
	expect_lines(&bench, 1, 8);
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	expect_loss(&bench, 0, 0, GAP_ROTATED);
	save_lines(&bench, "b.journal", 9, 1);
	expect_items(&bench, 9);
	expect_no_more(&bench);
	bench_done(&bench);
}
END_TEST

START_TEST(an_empty_journal_is_waited_for)
{
	struct bench bench;

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 5);
	bench_start(&bench);
	expect_items(&bench, 5);
	bench_stop(&bench);
	save_more(&bench, "b.journal", "a.journal", 2, 8, 1);
	folder_rename(&bench.folder, "j/b.journal", "b.journal");
	ck_assert_int_eq(unlink(file_path(&bench, "a.journal")), 0);
	bench_start(&bench);
	event_base_loop(bench.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	folder_rename(&bench.folder, "b.journal", "j/b.journal");
	expect_items(&bench, 6);
	expect_line(&bench, 5, 8);
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	expect_loss(&bench, 0, 2, GAP_ROTATED);
	bench_done(&bench);
}
END_TEST

static void add_repeat(struct bench *bench, bool stamped)
{
	uint64_t realtime_us = bench->text.realtime_us, monotonic_us = bench->text.monotonic_us;

	for (int i = 0; i < 2; i++) {
		bench->text.realtime_us = realtime_us;
		bench->text.monotonic_us = monotonic_us;
		journal_entry_begin(&bench->text);
		strbuf_add_str(&bench->text.export, "MESSAGE=twice\n");
		if (stamped)
			strbuf_add_str(
				&bench->text.export, "_SOURCE_REALTIME_TIMESTAMP=1234567\n");
		journal_entry_end(&bench->text);
	}
}

START_TEST(an_entry_journald_wrote_twice_is_read_once)
{
	struct bench bench;

	bench_init(&bench);
	add_repeat(&bench, true);
	journal_lines(&bench.text, 2, 1);
	add_repeat(&bench, false);
	journal_lines(&bench.text, 5, 1);
	journal_save(&bench.text, file_path(&bench, "a.journal"));
	bench_start(&bench);
	expect_items(&bench, 5);
	expect_line(&bench, 1, 2);
	expect_line(&bench, 4, 5);
	expect_no_more(&bench);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

struct spoiling {
	int number; /* of the entry, from 0 */
	int seen;
};

static void spoil(void *user, struct strbuf *bytes, size_t at)
{
	struct spoiling *spoiling = user;

	if (spoiling->seen++ == spoiling->number)
		bytes->ptr[at] = 0; /* no type of object */
}

START_TEST(a_damaged_entry_is_declared)
{
	struct bench bench;
	struct strbuf bytes;
	struct spoiling spoiling = {.number = 4};

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 10);
	journal_read_file(file_path(&bench, "a.journal"), &bytes);
	journal_each_entry(&bytes, spoil, &spoiling);
	journal_write_file(file_path(&bench, "a.journal"), &bytes);
	strbuf_done(&bytes);
	bench_start(&bench);
	expect_items(&bench, 9);
	expect_line(&bench, 3, 4);
	expect_line(&bench, 4, 6);
	ck_assert_uint_eq(bench.intake.n_losses, 1);
	expect_loss(&bench, 0, 1, GAP_DAMAGED);
	bench_done(&bench);
}
END_TEST

START_TEST(flipped_bytes_neither_crash_nor_hang)
{
	struct bench bench;
	struct strbuf bytes;
	unsigned seed = 1;

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 200);
	journal_read_file(file_path(&bench, "a.journal"), &bytes);
	size_t end = (size_t)bytes_get_u64(bytes.ptr + JOURNAL_AT_TAIL_OBJECT);
	for (int round = 0; round < 60; round++) {
		size_t at = (size_t)rand_r(&seed) % end;
		char old = bytes.ptr[at];

		bytes.ptr[at] = (char)(old ^ (1 << rand_r(&seed) % 8));
		journal_write_file(file_path(&bench, "a.journal"), &bytes);
		bytes.ptr[at] = old;
		bench_start(&bench);
		bench_kill(&bench); /* without items */
		bench_start(&bench);
		bench_stop(&bench);
		ck_assert_uint_le(bench.intake.n_items, 200);
		fake_intake_crash(&bench.intake);
	}
	strbuf_done(&bytes);
	bench_done(&bench);
}
END_TEST

START_TEST(a_file_cut_off_under_its_reader_is_survived)
{
	struct bench bench;
	char whole[PATH_MAX];

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 500);
	save_more(&bench, "b.journal", "a.journal", 0, 501, 2);
	snprintf(whole, sizeof(whole), "%s", folder_path(&bench.folder, "b.journal"));
	ck_assert_int_eq(rename(file_path(&bench, "b.journal"), whole), 0);
	bench.intake.refuse_after = 10;
	bench_start(&bench);
	while (!bench.intake.refused)
		event_base_loop(bench.base, EVLOOP_ONCE);
	ck_assert_int_eq(truncate(file_path(&bench, "a.journal"), 4096), 0);
	ck_assert_int_eq(rename(whole, file_path(&bench, "b.journal")), 0);
	bench.intake.refuse_after = SIZE_MAX;
	journal_input.resume(bench.input);
	run_until(&bench, &bench.intake.n_losses, 1);
	expect_line(&bench, 0, 1);
	expect_line(&bench, 9, 10);
	size_t read = bench.intake.n_items;
	expect_items(&bench, read > 11 ? read : 13);
	expect_line(&bench, bench.intake.n_items - 1, 502);
	ck_assert_uint_eq(bench.intake.losses[0].count + bench.intake.n_items, 502);
	bench_done(&bench);
}
END_TEST

START_TEST(a_journal_that_is_not_there_is_tried_again)
{
	struct bench bench;
	struct rusage before, after;

	bench_init(&bench);
	ck_assert_int_eq(rmdir(bench.dir), 0);
	bench_start(&bench);
	getrusage(RUSAGE_SELF, &before);
	event_base_loop(bench.base, EVLOOP_ONCE); /* a failed try */
	ck_assert_int_eq(mkdir(bench.dir, 0700), 0);
	save_lines(&bench, "a.journal", 1, 2);
	ck_assert_uint_eq(bench.intake.n_states, 1);
	ck_assert_ptr_nonnull(strstr(bench.intake.state, "input-failed"));
	expect_items(&bench, 2);
	run_until(&bench, &bench.intake.n_states, 2);
	ck_assert_ptr_nonnull(strstr(bench.intake.state, "input-recovered"));
	getrusage(RUSAGE_SELF, &after);
	ck_assert_int_lt(after.ru_utime.tv_sec - before.ru_utime.tv_sec, 2);
	bench_done(&bench);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {rotation_loses_and_repeats_nothing,
		what_was_vacuumed_while_we_were_down_is_counted,
		vacuum_of_what_was_read_is_no_loss,
		files_removed_while_the_intake_is_full_are_still_read,
		what_came_and_went_while_the_intake_was_full_is_counted,
		with_matches_a_loss_has_no_number,
		a_journal_replaced_while_we_were_down_is_read_and_the_loss_declared,
		a_clock_set_back_with_a_boot_hides_nothing, an_empty_journal_is_waited_for,
		an_entry_journald_wrote_twice_is_read_once, a_damaged_entry_is_declared,
		flipped_bytes_neither_crash_nor_hang,
		a_file_cut_off_under_its_reader_is_survived,
		a_journal_that_is_not_there_is_tried_again};

	return journal_main("journal_damage", tests, ARRAY_LEN(tests));
}
