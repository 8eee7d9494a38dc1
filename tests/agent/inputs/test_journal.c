#include "tests/agent/inputs/journal_bench.h"

#include <systemd/sd-journal.h>

#include "agent/inputs/journal_library.h"
#include "common/conf.h"

/* ---- reading --------------------------------------------------------------------- */

START_TEST(entries_become_lines_of_json)
{
	struct bench bench;

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 2);
	bench_start(&bench);
	expect_items(&bench, 2);
	ck_assert_str_eq(fake_intake_text(&bench.intake, 1),
		"{\"__REALTIME_TIMESTAMP\":\"1700000000001000\","
		"\"__MONOTONIC_TIMESTAMP\":\"1001000\",\"MESSAGE\":\"line 2\","
		"\"PRIORITY\":\"6\",\"SYSLOG_IDENTIFIER\":\"test\","
		"\"_BOOT_ID\":\"00112233445566778899aabbccddeeff\",\"_PID\":\"2\"}");
	ck_assert_str_eq(bench.intake.items[1].name, "test");
	ck_assert_uint_eq(bench.intake.items[1].offset, 2);
	ck_assert_uint_eq(bench.intake.items[1].whole, bench.intake.items[1].len);
	ck_assert_uint_eq(bench.intake.items[1].lane, LANE_BULK);
	ck_assert_uint_eq(bench.intake.items[1].kind, ITEM_LINE);
	expect_no_more(&bench);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(bytes_of_values_stay_as_they_are)
{
	struct bench bench;
	char big[100000];

	memset(big, 'x', sizeof(big)); /* journald keeps this compressed */
	bench_init(&bench);
	bench.journal.record_max = 200 << 10;
	journal_entry_begin(&bench.text);
	journal_field(&bench.text, "MESSAGE", SLICE_LIT("\0a\n\xff\x80\x1b[0m\""));
	journal_field(&bench.text, "BIG", slice_of(big, sizeof(big)));
	journal_entry_end(&bench.text);
	journal_save(&bench.text, file_path(&bench, "a.journal"));
	bench_start(&bench);
	expect_items(&bench, 1);
	ck_assert_uint_gt(bench.intake.items[0].len, sizeof(big));
	ck_assert_ptr_nonnull(strstr(bench.intake.items[0].bytes,
		"\"MESSAGE\":\"\\u0000a\\n\xff\x80\\u001b[0m\\\"\""));
	ck_assert_uint_eq(bench.intake.items[0].flags, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_huge_entry_is_cut_and_its_length_told)
{
	struct bench bench;
	struct strbuf huge = STRBUF_INIT(8 << 20);

	for (int i = 0; i < 3 << 20; i++)
		strbuf_add_byte(&huge, (char)('a' + i % 7));
	bench_init(&bench);
	bench.journal.test = true;
	journal_entry_begin(&bench.text);
	journal_field(&bench.text, "MESSAGE", strbuf_slice(&huge));
	journal_entry_end(&bench.text);
	journal_lines(&bench.text, 2, 1);
	journal_save(&bench.text, file_path(&bench, "a.journal"));
	bench_start(&bench);
	expect_items(&bench, 2);
	ck_assert_uint_eq(bench.intake.items[0].flags, ITEM_TRUNCATED | ITEM_TEST);
	ck_assert_uint_le(bench.intake.items[0].len, 64 << 10);
	ck_assert_uint_gt(bench.intake.items[0].len, 60 << 10);
	ck_assert_uint_ge(bench.intake.items[0].whole, 1 << 20);
	expect_line(&bench, 1, 2);
	ck_assert_uint_eq(bench.intake.items[1].flags, ITEM_TEST);
	strbuf_done(&huge);
	bench_done(&bench);
}
END_TEST

START_TEST(what_is_appended_is_read)
{
	struct bench bench;

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 3);
	bench_start(&bench);
	expect_items(&bench, 3);
	save_lines(&bench, "a.journal", 4, 2);
	expect_items(&bench, 5);
	expect_lines(&bench, 1, 5);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(only_what_matches_is_read)
{
	static const char *const units[] = {"a.service", "b.service"};
	static const char *const matches[] = {"PRIORITY=3"};
	struct bench bench;

	bench_init(&bench);
	bench.journal.units = (struct setting_texts){units, 2};
	bench.journal.matches = (struct setting_texts){matches, 1};
	for (int i = 0; i < 12; i++) {
		journal_entry_begin(&bench.text);
		strbuf_addf(&bench.text.export, "MESSAGE=%d\n_SYSTEMD_UNIT=%c.service\n", i,
			'a' + i % 3);
		strbuf_addf(&bench.text.export, "PRIORITY=%d\n", i < 6 ? 3 : 6);
		journal_entry_end(&bench.text);
	}
	journal_save(&bench.text, file_path(&bench, "a.journal"));
	bench_start(&bench);
	expect_items(&bench, 4);
	expect_no_more(&bench);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_first_start_reads_no_older_than_asked)
{
	struct bench bench;

	bench_init(&bench);
	bench.journal.since_ms = 3600 * 1000;
	save_lines(&bench, "a.journal", 1, 3);
	bench_start(&bench);
	bench_stop(&bench);
	ck_assert_uint_eq(bench.intake.n_items, 0);
	ck_assert_uint_eq(bench.intake.n_positions, 1);
	bench.text.realtime_us = (uint64_t)clock_wall_ns() / 1000 - 1000000;
	save_lines(&bench, "a.journal", 4, 1);
	bench_start(&bench);
	expect_items(&bench, 1);
	expect_line(&bench, 0, 4);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(files_can_be_named)
{
	struct bench bench;
	char path[PATH_MAX];
	const char *paths[] = {path};

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 3);
	save_lines(&bench, "b.journal", 4, 3);
	snprintf(path, sizeof(path), "%s", file_path(&bench, "b.journal"));
	bench.journal.directory = "";
	bench.journal.files = (struct setting_texts){paths, 1};
	bench_start(&bench);
	expect_items(&bench, 3);
	expect_line(&bench, 0, 4);
	bench_done(&bench);
}
END_TEST

START_TEST(a_long_reading_loses_and_repeats_nothing)
{
	enum { ENTRIES = 400, LONG = 50000 };
	struct bench bench;
	char text[LONG];

	memset(text, 'x', sizeof(text));
	bench_init(&bench);
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(text, sizeof(text), "number %d", i);
		text[strlen(text)] = ' ';
		journal_entry_begin(&bench.text);
		journal_field(&bench.text, "MESSAGE", slice_of(text, sizeof(text)));
		journal_entry_end(&bench.text);
	}
	journal_save(&bench.text, file_path(&bench, "a.journal"));
	bench_start(&bench); /* opened anew twice on the way */
	expect_items(&bench, ENTRIES);
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(text, sizeof(text), "\"number %d ", i);
		ck_assert_ptr_nonnull(strstr(fake_intake_text(&bench.intake, (size_t)i), text));
	}
	expect_no_more(&bench);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

/* ---- going on -------------------------------------------------------------------- */

START_TEST(a_restart_goes_on_behind_the_last_entry)
{
	struct bench bench;

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 5);
	bench_start(&bench);
	expect_items(&bench, 5);
	bench_stop(&bench);
	bench_start(&bench);
	expect_no_more(&bench);
	save_lines(&bench, "a.journal", 6, 3);
	bench_start(&bench);
	expect_items(&bench, 8);
	expect_lines(&bench, 1, 8);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_crash_repeats_only_what_was_not_durable)
{
	struct bench bench;

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 5);
	bench_start(&bench);
	expect_items(&bench, 5);
	fake_intake_commit(&bench.intake);
	save_lines(&bench, "a.journal", 6, 5);
	expect_items(&bench, 10);
	bench_kill(&bench);
	ck_assert_uint_eq(bench.intake.n_items, 5);
	bench_start(&bench);
	expect_items(&bench, 10);
	expect_lines(&bench, 1, 10);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_full_intake_stops_reading_where_it_is)
{
	struct bench bench;

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 1000);
	bench.intake.refuse_after = 400;
	bench_start(&bench);
	expect_items(&bench, 400);
	while (!bench.intake.refused)
		event_base_loop(bench.base, EVLOOP_ONCE);
	bench.intake.n_offered = 0;
	event_base_loop(bench.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(bench.intake.n_offered, 0);
	journal_input.resume(bench.input); /* there is no room yet */
	event_base_loop(bench.base, EVLOOP_NONBLOCK);
	bench.intake.refuse_after = SIZE_MAX;
	journal_input.resume(bench.input);
	expect_items(&bench, 1000);
	expect_lines(&bench, 1, 1000);
	bench_done(&bench);
}
END_TEST

START_TEST(one_turn_is_bounded)
{
	struct bench bench;

	bench_init(&bench);
	save_lines(&bench, "a.journal", 1, 2000);
	bench_start(&bench);
	for (size_t seen = 0; seen < 2000; seen = bench.intake.n_items) {
		event_base_loop(bench.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		ck_assert_uint_le(bench.intake.n_items - seen, 256);
	}
	bench_done(&bench);
}
END_TEST

/* ---- library and settings ---------------------------------------------------------- */

START_TEST(functions_have_the_types_of_the_library)
{
	struct journal_library library;
	struct err err;

	/* The compiler compares. */
	library.open = sd_journal_open;
	library.open_directory = sd_journal_open_directory;
	library.open_files = sd_journal_open_files;
	library.open_namespace = sd_journal_open_namespace;
	library.close = sd_journal_close;
	library.set_data_threshold = sd_journal_set_data_threshold;
	library.add_match = sd_journal_add_match;
	library.add_disjunction = sd_journal_add_disjunction;
	library.add_conjunction = sd_journal_add_conjunction;
	library.seek_tail = sd_journal_seek_tail;
	library.seek_realtime_usec = sd_journal_seek_realtime_usec;
	library.seek_cursor = sd_journal_seek_cursor;
	library.previous = sd_journal_previous;
	library.next = sd_journal_next;
	library.get_cursor = sd_journal_get_cursor;
	library.restart_data = sd_journal_restart_data;
	library.enumerate_data = sd_journal_enumerate_data;
	library.enumerate_available_data = sd_journal_enumerate_available_data;
	library.get_fd = sd_journal_get_fd;
	library.reliable_fd = sd_journal_reliable_fd;
	library.process = sd_journal_process;
	ck_assert_uint_eq(sizeof(sd_id128_t), sizeof(union journal_id));
	ck_assert_int_eq(SD_JOURNAL_LOCAL_ONLY, JOURNAL_LOCAL_ONLY);
	ck_assert_int_eq(SD_JOURNAL_INVALIDATE, JOURNAL_INVALIDATE);
	ck_assert_msg(
		journal_library_load(JOURNAL_LIBRARY_NAME, &library, &err), "%s", err.text);
	ck_assert_ptr_nonnull(library.process);
}
END_TEST

START_TEST(a_host_without_the_library_is_told_apart)
{
	struct journal_library library = {0};
	struct err err;

	ck_assert(!journal_library_load("libno-such-thing.so.9", &library, &err));
	ck_assert_msg(strstr(err.text, "libno-such-thing") != NULL, "%s", err.text);
	ck_assert(!journal_library_load("libc.so.6", &library, &err));
	ck_assert_msg(strstr(err.text, "sd_journal_open") != NULL, "%s", err.text);
	ck_assert_ptr_null(library.open);
}
END_TEST

static void expect_refused(const struct journal_settings *journals, size_t n, const char *words)
{
	const struct journals_settings settings = {{journals, n}};
	struct err err;

	ck_assert(!journal_settings_check(&settings, n - 1, &err));
	ck_assert_msg(strstr(err.text, words) != NULL, "%s", err.text);
}

START_TEST(settings_that_cannot_be_are_refused)
{
	static const char *const match[] = {"_TRANSPORT"};
	struct journal_settings two[2] = {{.name = "a", .directory = "", .name_space = ""},
		{.name = "b", .directory = "/d", .name_space = ""}};
	const struct journals_settings settings = {{two, 2}};
	struct err err;

	ck_assert(journal_settings_check(&settings, 0, &err));
	ck_assert(journal_settings_check(&settings, 1, &err));
	two[1].name_space = "x";
	expect_refused(two, 2, "exclude");
	two[1].name_space = "";
	two[1].name = "a";
	expect_refused(two, 2, "two journals");
	two[1].name = "b";
	two[1].matches = (struct setting_texts){match, 1};
	expect_refused(two, 2, "FIELD=value");
}
END_TEST

START_TEST(no_settings_are_no_input)
{
	struct agent_settings settings = {0};
	struct err err;

	ck_assert_ptr_null(journal_input.start(&settings, NULL, NULL, &err));
	ck_assert_str_eq(err.text, "");
}
END_TEST

START_TEST(settings_are_read_by_their_table)
{
	struct journals_settings settings = {0};
	struct strbuf mistakes = STRBUF_INIT(4096);
	struct conf *conf = conf_parse("/etc/agent.yaml",
		SLICE_LIT("journals:\n- units: [ssh.service]\n  since: 0\n"
			  "- name: box\n  directory: box\n"),
		journals_settings_table, &settings, &mistakes);

	ck_assert_msg(conf != NULL, "%s", strbuf_cstr(&mistakes));
	const struct journal_settings *journals = settings.journals.items;
	ck_assert_uint_eq(settings.journals.n, 2);
	ck_assert_str_eq(journals[0].name, "journal");
	ck_assert_str_eq(journals[0].directory, "");
	ck_assert_uint_eq(journals[0].units.n, 1);
	ck_assert_uint_eq(journals[0].since_ms, 0);
	ck_assert_str_eq(journals[1].directory, "/etc/box");
	ck_assert_uint_eq(journals[1].since_ms, 86400000);
	conf_free(conf);
	strbuf_done(&mistakes);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {entries_become_lines_of_json,
		bytes_of_values_stay_as_they_are, a_huge_entry_is_cut_and_its_length_told,
		what_is_appended_is_read, only_what_matches_is_read,
		a_first_start_reads_no_older_than_asked, files_can_be_named,
		a_long_reading_loses_and_repeats_nothing,
		a_restart_goes_on_behind_the_last_entry,
		a_crash_repeats_only_what_was_not_durable,
		a_full_intake_stops_reading_where_it_is, one_turn_is_bounded,
		functions_have_the_types_of_the_library,
		a_host_without_the_library_is_told_apart, settings_that_cannot_be_are_refused,
		no_settings_are_no_input, settings_are_read_by_their_table};

	return journal_main("journal", tests, ARRAY_LEN(tests));
}
