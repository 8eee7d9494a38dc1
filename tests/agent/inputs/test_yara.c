/* Scans as the agent runs them; this program is its own scanner. */
#include "agent/inputs/yara.h"

#include <event2/event.h>

#include "agent/settings.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "tests/agent/inputs/fake_intake.h"
#include "tests/support/folder.h"

enum { PATIENCE_MS = 30000 };

struct bench {
	struct folder rules, tree, state;
	struct intake intake;
	struct event_base *base;
	const char *rules_path, *tree_path;
	struct yara_scan_settings scan;
	struct agent_settings settings;
	void *input;
};

static void bench_init(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	folder_make(&bench->rules);
	folder_make(&bench->tree);
	folder_make(&bench->state);
	fake_intake_init(&bench->intake);
	bench->base = event_base_new();
	bench->rules_path = bench->rules.path;
	bench->tree_path = bench->tree.path;
	bench->scan = (struct yara_scan_settings){.name = "system",
		.paths = {&bench->tree_path, 1},
		.every_ms = 3600000,
		.size_max = 1 << 20,
		.timeout_ms = 20000,
		.cpu_percent = 100,
		.depth_max = 100};
	bench->settings.state_dir = bench->state.path;
	bench->settings.yara = (struct yara_settings){.rules = {&bench->rules_path, 1},
		.memory_max = 1 << 30,
		.silence_ms = 20000,
		.scans = {&bench->scan, 1}};
	folder_replace(&bench->rules, "r.yar",
		"rule marker { strings: $m = \"MARK\" condition: $m }\n");
}

static void bench_start(struct bench *bench)
{
	struct err err = {0};

	bench->input = yara_input.start(&bench->settings, bench->base, &bench->intake, &err);
	ck_assert_msg(bench->input != NULL, "%s", err.text);
}

static void bench_done(struct bench *bench)
{
	if (bench->input != NULL)
		yara_input.stop(bench->input);
	event_base_free(bench->base);
	fake_intake_done(&bench->intake);
	folder_remove(&bench->rules);
	folder_remove(&bench->tree);
	folder_remove(&bench->state);
}

static bool has_items(const struct bench *bench, size_t n)
{
	return bench->intake.n_items >= n;
}

static bool is_refused(const struct bench *bench, size_t n)
{
	(void)n;
	return bench->intake.refused;
}

static bool has_position(const struct bench *bench, size_t n)
{
	return bench->intake.n_positions >= n &&
	       bench->intake.positions[0].len == YARA_POSITION_SIZE;
}

static bool says(const struct bench *bench, const char *text)
{
	return strstr(bench->intake.state, text) != NULL;
}

static bool is_finished(const struct bench *bench, size_t n)
{
	(void)n;
	return says(bench, "\"scan-finished\"");
}

static bool has_refused_rules(const struct bench *bench, size_t n)
{
	(void)n;
	return says(bench, "\"rules-refused\"");
}

static void run_until(
	struct bench *bench, bool (*done)(const struct bench *bench, size_t n), size_t n)
{
	int64_t until_ms = clock_mono_ms() + PATIENCE_MS;

	while (!done(bench, n)) {
		ck_assert_msg(
			clock_mono_ms() < until_ms, "last state: %s", bench->intake.state);
		struct timeval slice = {.tv_usec = 20000};
		event_base_loopexit(bench->base, &slice);
		event_base_loop(bench->base, EVLOOP_ONCE);
	}
}

START_TEST(a_scan_without_a_past_begins_and_its_hits_are_items)
{
	struct bench bench;
	struct frame_heartbeat beat = {0};

	bench_init(&bench);
	folder_replace(&bench.tree, "bad", "a MARK");
	bench_start(&bench);
	yara_input.begin(bench.input);
	run_until(&bench, is_finished, 0);
	ck_assert_uint_eq(bench.intake.n_items, 1);
	ck_assert_int_eq(bench.intake.items[0].kind, ITEM_HIT);
	ck_assert_int_eq(bench.intake.items[0].lane, LANE_URGENT);
	ck_assert_str_eq(bench.intake.items[0].name, "system");
	ck_assert_uint_eq(bench.intake.items[0].flags, 0);
	const char *text = fake_intake_text(&bench.intake, 0);
	ck_assert_ptr_nonnull(strstr(text, "\"rule.name\":\"marker\""));
	ck_assert_ptr_nonnull(strstr(text, "\"soc.scan.reason\":\"schedule\""));
	ck_assert(says(&bench, "\"event.outcome\":\"success\""));
	ck_assert(says(&bench, "\"soc.scan.hits\":1"));
	ck_assert(has_position(&bench, 1));
	yara_input.heartbeat(bench.input, &beat);
	ck_assert_uint_ne(beat.rules_version, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(a_scan_that_was_done_lately_waits)
{
	struct bench bench;
	char position[YARA_POSITION_SIZE];

	bench_init(&bench);
	bench.scan.test = true;
	folder_replace(&bench.tree, "bad", "a MARK");
	bench_start(&bench);
	bytes_put_u64(position, (uint64_t)(clock_wall_ns() / CLOCK_NS_PER_S) - 10);
	yara_input.position(bench.input, SLICE_LIT("system"), slice_of(position, 8));
	yara_input.begin(bench.input);
	/* The rules are tried; nothing is scanned until it is ordered. */
	while (!says(&bench, "\"rules-loaded\""))
		event_base_loop(bench.base, EVLOOP_ONCE);
	ck_assert_uint_eq(bench.intake.n_items, 0);
	ck_assert(!yara_input.order(bench.input, &(struct frame_order){.order = ORDER_REPORT}));
	ck_assert(yara_input.order(bench.input, &(struct frame_order){.order = ORDER_SCAN}));
	run_until(&bench, is_finished, 0);
	ck_assert_uint_eq(bench.intake.n_items, 1);
	ck_assert_uint_eq(bench.intake.items[0].flags, ITEM_TEST);
	ck_assert_ptr_nonnull(
		strstr(fake_intake_text(&bench.intake, 0), "\"soc.scan.reason\":\"order\""));
	bench_done(&bench);
}
END_TEST

START_TEST(a_full_spool_makes_the_scan_wait_and_loses_nothing)
{
	struct bench bench;
	char name[32];
	enum { FILES = 400 };

	bench_init(&bench);
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "%d", i);
		folder_replace(&bench.tree, name, "MARK");
	}
	bench.intake.refuse_after = 3;
	bench_start(&bench);
	yara_input.begin(bench.input);
	run_until(&bench, is_refused, 0);
	bench.intake.refuse_after = SIZE_MAX;
	yara_input.resume(bench.input);
	run_until(&bench, has_items, FILES);
	run_until(&bench, is_finished, 0);
	ck_assert_uint_eq(bench.intake.n_items, FILES);
	ck_assert_uint_eq(bench.intake.n_losses, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(rules_that_do_not_compile_are_reported_at_the_start)
{
	struct bench bench;
	struct frame_heartbeat beat = {0};

	bench_init(&bench);
	folder_replace(&bench.rules, "r.yar", "rule a { condition: $x }");
	bench.scan.jitter_ms = 0;
	bench_start(&bench);
	yara_input.begin(bench.input);
	run_until(&bench, has_refused_rules, 0);
	yara_input.heartbeat(bench.input, &beat);
	ck_assert_uint_eq(beat.rules_version, 0);
	bench_done(&bench);
}
END_TEST

START_TEST(own_folders_are_left_out)
{
	struct bench bench;

	bench_init(&bench);
	bench.rules_path = bench.tree.path; /* the rules lie in the tree: they hold the mark */
	folder_replace(
		&bench.tree, "r.yar", "rule marker { strings: $m = \"MARK\" condition: $m }\n");
	bench_start(&bench);
	yara_input.begin(bench.input);
	run_until(&bench, is_finished, 0);
	ck_assert_uint_eq(bench.intake.n_items, 0);
	ck_assert(says(&bench, "\"excluded\":1"));
	bench_done(&bench);
}
END_TEST

START_TEST(stopping_ends_a_scan_at_once)
{
	struct bench bench;
	char name[32];

	bench_init(&bench);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "%d", i);
		folder_replace(&bench.tree, name, "MARK");
	}
	bench.scan.cpu_percent = 1;
	bench_start(&bench);
	yara_input.begin(bench.input);
	run_until(&bench, has_items, 1);
	yara_input.stop(bench.input);
	bench.input = NULL;
	ck_assert_uint_le(bench.intake.n_items, 200);
	ck_assert(!has_position(&bench, 1));
	bench_done(&bench);
}
END_TEST

START_TEST(no_scan_in_the_settings_is_no_input)
{
	struct bench bench;
	struct err err = {0};

	bench_init(&bench);
	bench.settings.yara.scans.n = 0;
	ck_assert_ptr_null(yara_input.start(&bench.settings, bench.base, &bench.intake, &err));
	ck_assert_str_eq(err.text, "");
	bench_done(&bench);
}
END_TEST

#include "tests/support/scan_program.h"

int main(int argc, char **argv)
{
	const TTest *const tests[] = {a_scan_without_a_past_begins_and_its_hits_are_items,
		a_scan_that_was_done_lately_waits,
		a_full_spool_makes_the_scan_wait_and_loses_nothing,
		rules_that_do_not_compile_are_reported_at_the_start, own_folders_are_left_out,
		stopping_ends_a_scan_at_once, no_scan_in_the_settings_is_no_input};

	if (argc > 1 && strcmp(argv[1], "scan") == 0)
		return scan_program(argc, argv);
	return test_run("yara", tests, ARRAY_LEN(tests));
}
