#include "collector/sigma_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/detect/sigma/rule_files.h"
#include "collector/rule_test_run.h"
#include "common/cli/arguments.h"
#include "common/json.h"
#include "common/utf8.h"

enum {
	MISTAKES_SIZE_MAX = 16 << 20,
	LINE_SIZE_MAX = 1 << 16,
	TESTS_MEMORY_MAX = 64 << 20, /* of one file */
};

enum outcome { PASSED, FAILED, WAITING, OUTCOMES };

static const char *const outcome_names[OUTCOMES] = {"passed", "failed", "waiting"};

struct run {
	struct rule_test_run *tests;
	const struct sigma_rule *rules;
	size_t n_rules, next; /* the rule that most likely comes next */
	bool json, quiet, strict;
	size_t n_outcomes[OUTCOMES];
	size_t n_files, n_tested, n_untested, n_one_sided, n_broken;
};

/* ---- telling ------------------------------------------------------------------- */

static void put_json(const struct sigma_rule *rule, const char *path, struct pos at,
	struct slice name, enum outcome outcome, const char *reason)
{
	struct strbuf out = STRBUF_INIT(LINE_SIZE_MAX);
	struct json json = json_into(&out);

	json_object(&json);
	json_put_text(&json, "rule", rule->id);
	json_put_text(&json, "title", rule->title);
	json_put_str(&json, "file", path);
	json_put_u64(&json, "line", at.line);
	json_put_u64(&json, "column", at.column);
	json_put_text(&json, "test", name);
	json_put_str(&json, "outcome", outcome_names[outcome]);
	if (reason[0] != '\0')
		json_put_str(&json, "reason", reason);
	json_object_end(&json);
	puts(strbuf_cstr(&out));
	strbuf_done(&out);
}

/* "rules/x.yml:30:5: failed: title: test: reason" */
static void put_line(const struct sigma_rule *rule, const char *path, struct pos at,
	struct slice name, enum outcome outcome, const char *reason)
{
	struct strbuf out = STRBUF_INIT(LINE_SIZE_MAX);

	strbuf_addf(&out, "%s:%u:%u: %s: ", path, at.line, at.column, outcome_names[outcome]);
	utf8_show(&out, rule->title);
	strbuf_add_str(&out, ": ");
	utf8_show(&out, name);
	if (reason[0] != '\0')
		strbuf_addf(&out, ": %s", reason);
	puts(strbuf_cstr(&out));
	strbuf_done(&out);
}

static void tell(struct run *run, const struct sigma_rule *rule, const char *path,
	struct pos at, struct slice name, enum outcome outcome, const char *reason)
{
	run->n_outcomes[outcome]++;
	if (run->json)
		put_json(rule, path, at, name, outcome, reason);
	else if (!run->quiet || outcome != PASSED)
		put_line(rule, path, at, name, outcome, reason);
}

static void tell_all(const struct run *run)
{
	fprintf(stderr,
		"%zu files, %zu rules tested; %zu tests passed, %zu failed, %zu waiting; "
		"%zu rules without tests, %zu without a test that matches or without one "
		"that does not\n",
		run->n_files, run->n_tested, run->n_outcomes[PASSED], run->n_outcomes[FAILED],
		run->n_outcomes[WAITING], run->n_untested, run->n_one_sided);
}

/* ---- testing ------------------------------------------------------------------- */

/* The rule that was read from there. Rules stand in the order of their files. */
static size_t find_rule(struct run *run, const char *path, unsigned line)
{
	for (size_t i = 0; i < run->n_rules; i++) {
		size_t rule = (run->next + i) % run->n_rules;

		if (run->rules[rule].line != line || strcmp(run->rules[rule].path, path) != 0)
			continue;
		run->next = rule + 1;
		return rule;
	}
	return run->n_rules;
}

static void run_test(
	struct run *run, size_t number, const char *path, const struct rule_test *test)
{
	const struct sigma_rule *rule = &run->rules[number];
	struct strbuf reason = STRBUF_INIT(LINE_SIZE_MAX);
	struct pos at = test->at;
	struct err err = {0};
	enum outcome outcome = PASSED;

	if (!sigma_rule_is_loaded(rule)) {
		outcome = FAILED;
		strbuf_add_str(&reason, "the rule is refused: ");
		strbuf_add(&reason, rule->reason);
	} else if (!slice_absent(rule->no_list)) {
		outcome = WAITING;
		strbuf_add_str(&reason, "no pipeline has a list for %");
		strbuf_add(&reason, rule->no_list);
		strbuf_add_byte(&reason, '%');
	} else if (!rule_test_passes(run->tests, number, test, &at, &err)) {
		outcome = FAILED;
		strbuf_add_str(&reason, err.text);
	}
	tell(run, rule, path, outcome == FAILED ? at : test->at, test->name, outcome,
		strbuf_cstr(&reason));
	strbuf_done(&reason);
}

/* A correlation that others look at concludes nothing that could be seen. */
static bool is_seen(const struct sigma_rule *rule)
{
	return rule->kind == SIGMA_DETECTION || !rule->silent;
}

static void name_lacking(
	struct run *run, const struct sigma_rule *rule, const struct rule_tests *tests)
{
	if ((tests->positive && tests->negative) || rule->kind == SIGMA_FILTER ||
		!is_seen(rule))
		return;
	if (tests->n == 0)
		run->n_untested++;
	else
		run->n_one_sided++;
	if (run->json && !run->strict)
		return;
	fprintf(stderr, "%s:%u: %s\n", rule->path, rule->line,
		tests->n == 0     ? "the rule has no tests"
		: tests->positive ? "no test says what the rule must not match"
				  : "no test says what the rule must match");
}

static void test_document(struct run *run, const char *path, const struct tree_node *document,
	struct arena *arena, struct mistakes *mistakes)
{
	struct rule_tests tests;
	size_t rule;

	if (document->kind != TREE_MAP)
		return;
	rule = find_rule(run, path, document->line);
	if (rule == run->n_rules || !rule_tests_read(document, arena, &tests, mistakes))
		return;
	run->n_tested += tests.n > 0;
	name_lacking(run, &run->rules[rule], &tests);
	for (size_t i = 0; i < tests.n; i++)
		run_test(run, rule, path, &tests.tests[i]);
}

static void test_file(void *user, const char *path, struct slice text, struct strbuf *said)
{
	struct run *run = user;
	struct mistakes mistakes = mistakes_into(said, path);
	struct tree *tree = tree_parse_documents(text, &mistakes);
	struct arena arena;

	arena_init(&arena, TESTS_MEMORY_MAX);
	run->n_files++;
	for (size_t i = 0; tree != NULL && i < tree_documents(tree); i++)
		test_document(run, path, tree_document(tree, i), &arena, &mistakes);
	run->n_broken += !mistakes_end(&mistakes);
	tree_free(tree);
	arena_done(&arena);
}

static bool test_files(struct run *run, const struct rule_paths *paths, struct err *err)
{
	struct strbuf mistakes = STRBUF_INIT(MISTAKES_SIZE_MAX);
	bool lacking;

	for (size_t i = 0; i < paths->n_rules; i++)
		rule_files_read(paths->rules[i], test_file, run, &mistakes);
	fputs(strbuf_cstr(&mistakes), stderr);
	run->n_broken += mistakes.len > 0;
	strbuf_done(&mistakes);
	tell_all(run);
	if (fflush(stdout) != 0)
		return err_sys(err, "writing the outcomes");
	if (run->n_outcomes[FAILED] > 0 || run->n_broken > 0)
		return err_set(err, "not all tests passed");
	lacking = run->n_untested > 0 || run->n_one_sided > 0;
	return !run->strict || !lacking || err_set(err, "rules lack tests");
}

/* ---- the command ----------------------------------------------------------------- */

static bool are_there(const struct rule_paths *paths, struct err *err)
{
	for (size_t i = 0; i < paths->n_rules; i++) {
		if (access(paths->rules[i], R_OK) != 0)
			return err_sys(err, "%s", paths->rules[i]);
	}
	if (paths->pipelines != NULL && access(paths->pipelines, R_OK) != 0)
		return err_sys(err, "--pipelines %s", paths->pipelines);
	return true;
}

static bool test_set(const struct arguments *arguments, const struct rule_paths *paths,
	const struct rule_set *set, const struct own_formats *formats, struct err *err)
{
	struct run run = {.json = arguments_flag(arguments, "json"),
		.quiet = arguments_flag(arguments, "quiet"),
		.strict = arguments_flag(arguments, "strict")};
	bool good;

	run.n_rules = rule_set_rules(set, &run.rules);
	if (run.n_rules == 0)
		return err_set(err, "there is no rule");
	run.tests = rule_test_run_new(set, formats, err);
	good = run.tests != NULL && test_files(&run, paths, err);
	rule_test_run_free(run.tests);
	return good;
}

static bool test_rules(const struct arguments *arguments, const struct rule_paths *paths,
	const struct own_formats *formats, struct err *err)
{
	struct strbuf mistakes = STRBUF_INIT(MISTAKES_SIZE_MAX);
	struct rule_set *set =
		are_there(paths, err) ? rule_set_load(paths, &mistakes, err) : NULL;
	bool told = mistakes.len > 0;
	bool good;

	fputs(strbuf_cstr(&mistakes), stderr);
	strbuf_done(&mistakes);
	good = set != NULL && test_set(arguments, paths, set, formats, err);
	rule_set_free(set);
	return good && (!told || err_set(err, "not all rules could be read"));
}

static int run_sigma_test(const struct arguments *arguments)
{
	struct rule_paths paths = {.pipelines = arguments_text(arguments, "pipelines")};
	const char *folder = arguments_text(arguments, "parsers");
	struct strbuf mistakes = STRBUF_INIT(MISTAKES_SIZE_MAX);
	struct own_formats *formats =
		folder != NULL ? own_formats_load(folder, NULL, &mistakes) : NULL;
	struct err err = {0};
	bool good;

	for (size_t i = 0; i < arguments->n_operands; i++)
		paths.rules[paths.n_rules++] = arguments->operands[i];
	fputs(strbuf_cstr(&mistakes), stderr);
	good = mistakes.len == 0 ? test_rules(arguments, &paths, formats, &err)
				 : err_set(&err, "--parsers %s: there are mistakes", folder);
	if (!good)
		fprintf(stderr, "soc-collector sigma test: %s\n", err.text);
	own_formats_free(formats);
	strbuf_done(&mistakes);
	return good ? EXIT_DONE : EXIT_FAILED;
}

static const struct option_spec test_options[] = {
	{.name = "pipelines",
		.value = "DIR",
		.help = "what log sources and fields are called in events (those that are "
			"built in)"},
	{.name = "parsers", .value = "DIR", .help = "own formats that lines of tests are in"},
	{.name = "strict",
		.help = "fail for a rule without a test that matches, or one that does not"},
	{.name = "quiet", .letter = 'q', .help = "say only what did not pass"},
	{.name = "json", .help = "one JSON object a test"},
	{0},
};

const struct command sigma_commands[] = {
	{.group = "sigma",
		.name = "test",
		.operands = "DIR...",
		.operands_min = 1,
		.operands_max = RULE_PATHS_MAX,
		.summary = "run the tests that rules carry",
		.details = "Tests stand in the rule's file, under `tests` of its document; "
			   "the form is\ndescribed in configs/sigma/README.md. One line a "
			   "test, with its place: passed,\nfailed and why, or waiting for a "
			   "list that no pipeline has. All folders are\none set of rules. "
			   "Exit status: 0 all passed, 1 not.",
		.options = test_options,
		.run = run_sigma_test},
	{0},
};
