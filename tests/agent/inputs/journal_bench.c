#include "tests/agent/inputs/journal_bench.h"

#include <stdio.h>
#include <sys/stat.h>

enum { MESON_SKIP = 77 };

void bench_init(struct bench *bench)
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

void bench_start(struct bench *bench)
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

void bench_stop(struct bench *bench)
{
	if (bench->input != NULL)
		journal_input.stop(bench->input);
	bench->input = NULL;
}

void bench_kill(struct bench *bench)
{
	bench->intake.refuse_after = 0;
	bench_stop(bench);
	fake_intake_crash(&bench->intake);
	bench->intake.refuse_after = SIZE_MAX;
}

void bench_done(struct bench *bench)
{
	bench_stop(bench);
	event_base_free(bench->base);
	fake_intake_done(&bench->intake);
	journal_text_done(&bench->text);
	folder_remove(&bench->folder);
}

const char *file_path(struct bench *bench, const char *name)
{
	char below[64];

	snprintf(below, sizeof(below), "j/%s", name);
	return folder_path(&bench->folder, below);
}

void save_lines(struct bench *bench, const char *name, int first, int n)
{
	journal_lines(&bench->text, first, n);
	journal_save(&bench->text, file_path(bench, name));
}

void save_more(struct bench *bench, const char *name, const char *before, uint64_t gap,
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

void run_until(struct bench *bench, const size_t *number, size_t n)
{
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;

	while (*number < n && clock_mono_ms() < end_ms)
		event_base_loop(bench->base, EVLOOP_ONCE);
	ck_assert_uint_eq(*number, n);
}

void expect_items(struct bench *bench, size_t n)
{
	run_until(bench, &bench->intake.n_items, n);
}

void expect_no_more(struct bench *bench)
{
	size_t n = bench->intake.n_items;

	bench_stop(bench);
	ck_assert_uint_eq(bench->intake.n_items, n);
}

void expect_line(const struct bench *bench, size_t i, int number)
{
	char want[64];

	snprintf(want, sizeof(want), "\"MESSAGE\":\"line %d\"", number);
	ck_assert_msg(strstr(fake_intake_text(&bench->intake, i), want) != NULL,
		"item %zu: want %s in %s", i, want, fake_intake_text(&bench->intake, i));
}

void expect_lines(const struct bench *bench, int first, int n)
{
	for (int i = 0; i < n; i++)
		expect_line(bench, (size_t)(first - 1 + i), first + i);
}

void expect_loss(const struct bench *bench, size_t i, uint64_t count, unsigned reason)
{
	ck_assert_uint_lt(i, bench->intake.n_losses);
	ck_assert_str_eq(bench->intake.losses[i].name, "test");
	ck_assert_uint_eq(bench->intake.losses[i].count, count);
	ck_assert_uint_eq(bench->intake.losses[i].reason, reason);
}

int journal_main(const char *name, const TTest *const *tests, size_t n)
{
	if (journal_tool_missing()) {
		printf("%s is not installed\n", JOURNAL_REMOTE);
		return MESON_SKIP;
	}
	return test_run(name, tests, n);
}
