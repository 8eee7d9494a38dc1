#include "agent/inputs/journal.h"

#include <event2/event.h>
#include <sys/resource.h>
#include <systemd/sd-journal.h>

#include "agent/inputs/journal_library.h"
#include "agent/settings.h"
#include "common/clock.h"
#include "common/conf.h"
#include "tests/agent/inputs/fake_intake.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"
#include "tests/support/journal.h"

enum { PATIENCE_MS = 20000, MESON_SKIP = 77 };

struct bench {
	struct folder folder;
	struct intake intake;
	struct event_base *base;
	struct journal_text text;
	char dir[PATH_MAX];
	struct journal_settings journal;
	struct agent_settings settings;
	void *input;
};

static void bench_init(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	folder_make(&bench->folder);
	fake_intake_init(&bench->intake);
	bench->base = event_base_new();
	journal_text_init(&bench->text);
	snprintf(bench->dir, sizeof(bench->dir), "%s", folder_path(&bench->folder, "j"));
	ck_assert_int_eq(mkdir(bench->dir, 0700), 0);
	bench->journal = (struct journal_settings){
		.name = "test",
		.directory = bench->dir,
		.name_space = "",
		.since_ms = UINT64_C(315360000000), /* ten years */
		.record_max = 64 << 10,
	};
	bench->settings.journal.journals = (struct setting_sections){&bench->journal, 1};
}

static void bench_start(struct bench *bench)
{
	struct err err;

	bench->input = journal_input.start(&bench->settings, bench->base, &bench->intake, &err);
	ck_assert_msg(bench->input != NULL, "%s", err.text);
	for (size_t i = 0; i < bench->intake.n_positions; i++)
		journal_input.position(bench->input, slice_str(bench->intake.positions[i].name),
			slice_of(bench->intake.positions[i].bytes,
				bench->intake.positions[i].len));
	journal_input.begin(bench->input);
}

static void bench_stop(struct bench *bench)
{
	if (bench->input != NULL)
		journal_input.stop(bench->input);
	bench->input = NULL;
}

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
	journal_text_done(&bench->text);
	folder_remove(&bench->folder);
}

static const char *file_path(struct bench *bench, const char *name)
{
	char below[64];

	snprintf(below, sizeof(below), "j/%s", name);
	return folder_path(&bench->folder, below);
}

/* Entries of the file `name` of the journal, from "line FIRST" on. */
static void save_lines(struct bench *bench, const char *name, int first, int n)
{
	journal_lines(&bench->text, first, n);
	journal_save(&bench->text, file_path(bench, name));
}

/* The same, in a file that continues the numbering of another; it appears whole. */
static void save_more(struct bench *bench, const char *name, const char *before, uint64_t gap,
	int first, int n)
{
	char made[PATH_MAX], other[PATH_MAX];

	journal_lines(&bench->text, first, n);
	snprintf(made, sizeof(made), "%s", folder_path(&bench->folder, "new.journal"));
	snprintf(other, sizeof(other), "%s", file_path(bench, before));
	journal_save(&bench->text, made);
	journal_continue(made, other, gap);
	ck_assert_int_eq(rename(made, file_path(bench, name)), 0);
}

static void run_until(struct bench *bench, const size_t *number, size_t n)
{
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;

	while (*number < n && clock_mono_ms() < end_ms)
		event_base_loop(bench->base, EVLOOP_ONCE);
	ck_assert_uint_eq(*number, n);
}

static void expect_items(struct bench *bench, size_t n)
{
	run_until(bench, &bench->intake.n_items, n);
}

/* Stops, which reads what is there; nothing more may have come. */
static void expect_no_more(struct bench *bench)
{
	size_t n = bench->intake.n_items;

	bench_stop(bench);
	ck_assert_uint_eq(bench->intake.n_items, n);
}

static void expect_line(const struct bench *bench, size_t i, int number)
{
	char want[64];

	snprintf(want, sizeof(want), "\"MESSAGE\":\"line %d\"", number);
	ck_assert_msg(strstr(fake_intake_text(&bench->intake, i), want) != NULL,
		"item %zu: want %s in %s", i, want, fake_intake_text(&bench->intake, i));
}

static void expect_lines(const struct bench *bench, int first, int n)
{
	for (int i = 0; i < n; i++)
		expect_line(bench, (size_t)(first - 1 + i), first + i);
}

static void expect_loss(const struct bench *bench, size_t i, uint64_t count, unsigned reason)
{
	ck_assert_uint_lt(i, bench->intake.n_losses);
	ck_assert_str_eq(bench->intake.losses[i].name, "test");
	ck_assert_uint_eq(bench->intake.losses[i].count, count);
	ck_assert_uint_eq(bench->intake.losses[i].reason, reason);
}

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

/* ---- rotation, vacuum, damage ------------------------------------------------------ */

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
		rotation_loses_and_repeats_nothing,
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
		a_journal_that_is_not_there_is_tried_again,
		functions_have_the_types_of_the_library,
		a_host_without_the_library_is_told_apart, settings_that_cannot_be_are_refused,
		no_settings_are_no_input, settings_are_read_by_their_table};

	if (journal_tool_missing()) {
		printf("%s is not installed\n", JOURNAL_REMOTE);
		return MESON_SKIP;
	}
	return test_run("journal", tests, ARRAY_LEN(tests));
}
