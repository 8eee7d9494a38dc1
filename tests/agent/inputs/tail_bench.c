#include "tests/agent/inputs/tail_bench.h"

#include "agent/inputs/line_rule.h"
#include "common/clock.h"

void bench_start(struct bench *bench)
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

void bench_init(struct bench *bench, const char *pattern)
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
		.zone = "",
		.charset = "",
		.record_max = 64 << 10,
		.unfinished_ms = 60000,
		.rotated_ms = 30,
		.multiline = {.by = LINE_RULE_NONE, .lines_max = 500, .wait_ms = 60000},
	};
	bench->settings.files.open_max = 100;
	bench->settings.files.files_max = 1000;
	bench->settings.files.poll_ms = 60000;
}

void bench_stop(struct bench *bench)
{
	if (bench->input != NULL)
		file_input.stop(bench->input);
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
	folder_remove(&bench->folder);
}

void expect_items(struct bench *bench, size_t n)
{
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;

	while (bench->intake.n_items < n && clock_mono_ms() < end_ms)
		event_base_loop(bench->base, EVLOOP_ONCE);
	ck_assert_uint_eq(bench->intake.n_items, n);
}

void expect_losses(struct bench *bench, size_t n)
{
	int64_t end_ms = clock_mono_ms() + PATIENCE_MS;

	while (bench->intake.n_losses < n && clock_mono_ms() < end_ms)
		event_base_loop(bench->base, EVLOOP_ONCE);
	ck_assert_uint_eq(bench->intake.n_losses, n);
}

void expect_text(struct bench *bench, size_t i, const char *text)
{
	ck_assert_str_eq(fake_intake_text(&bench->intake, i), text);
}

void read_once(struct bench *bench)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(bench->base, EVLOOP_NONBLOCK);
}
