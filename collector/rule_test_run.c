#include "collector/rule_test_run.h"

#include <stdlib.h>

#include "collector/detect/correlator/correlator.h"
#include "collector/detect/sigma/json_event.h"
#include "collector/normalize/normalize.h"
#include "collector/record/encode.h"
#include "common/clock.h"

enum {
	ARENA_SIZE_MAX = 32 << 20, /* bytes of one event */
	TEXT_SIZE_MAX = 16 << 20,
	NAME_SIZE_MAX = 4096,
	CORRELATOR_SIZE = 16 << 20,
};

/* 2026-01-05T09:00:00+07:00, a Monday: when the first event of every test is. */
#define TEST_BEGINS_NS (INT64_C(1767578400) * CLOCK_NS_PER_S)

struct rule_test_run {
	const struct rule_set *set;
	struct normalizer *normalizer;
	struct rule_matcher *matcher;
	struct arena arena; /* of the event at hand */
	struct strbuf text; /* the event as JSON */
	struct strbuf name; /* of the field at hand */
	char number[24];    /* of the repetition at hand; "" = it is not repeated */
	yyjson_doc *document;
	size_t rule; /* that is tested */
	uint32_t concluded;
};

static struct zone viet_nam(void)
{
	return (struct zone){.seconds = 7 * 3600};
}

struct rule_test_run *rule_test_run_new(
	const struct rule_set *set, const struct own_formats *formats, struct err *err)
{
	struct rule_test_run *run = calloc(1, sizeof(*run));
	const struct normalize_settings settings = {.formats = formats, .zone = viet_nam()};

	if (run == NULL)
		abort();
	run->set = set;
	run->normalizer = normalizer_new(&settings);
	run->matcher = rule_matcher_new(set, false, err);
	arena_init(&run->arena, ARENA_SIZE_MAX);
	strbuf_init(&run->text, TEXT_SIZE_MAX);
	strbuf_init(&run->name, NAME_SIZE_MAX);
	if (run->matcher != NULL)
		return run;
	rule_test_run_free(run);
	return NULL;
}

void rule_test_run_free(struct rule_test_run *run)
{
	if (run == NULL)
		return;
	yyjson_doc_free(run->document);
	normalizer_free(run->normalizer);
	rule_matcher_free(run->matcher);
	arena_done(&run->arena);
	strbuf_done(&run->text);
	strbuf_done(&run->name);
	free(run);
}

/* ---- events -------------------------------------------------------------------- */

/* With "{n}" as the number of the repetition. */
static struct slice fill_in(struct rule_test_run *run, struct slice text)
{
	const struct slice mark = SLICE_LIT("{n}");
	struct strbuf out = STRBUF_INIT(TEXT_SIZE_MAX);
	struct slice filled;

	if (run->number[0] == '\0')
		return text;
	for (size_t i = 0; i < text.len;) {
		if (slice_starts(slice_from(text, i), mark)) {
			strbuf_add_str(&out, run->number);
			i += mark.len;
		} else {
			strbuf_add_byte(&out, text.ptr[i++]);
		}
	}
	filled = arena_copy(&run->arena, strbuf_slice(&out));
	strbuf_done(&out);
	return filled;
}

static bool normalize_line(
	struct rule_test_run *run, const struct rule_test_event *event, struct err *err)
{
	const struct record_source source = {.input = SLICE_LIT("file")};
	struct record record = {.raw = fill_in(run, event->line),
		.received_ns = TEST_BEGINS_NS,
		.created_ns = CLOCK_NONE,
		.read_ns = CLOCK_NONE,
		.source = &source,
		.kind = RECORD_LOG};
	const struct parser *format = NULL;

	if (event->format.len > 0 && !slice_eq(event->format, SLICE_LIT("auto"))) {
		format = normalizer_parser(run->normalizer, event->format);
		if (format == NULL)
			return err_set(
				err, "format %.*s is not known", SLICE_FMT(event->format));
	}
	record.whole = record.raw.len;
	normalize_record(run->normalizer, format, &run->arena, &record);
	const struct parser *parser = normalizer_numbered(run->normalizer, record.parser);
	encode_json(&run->text, &record, parser ? slice_str(parser->name) : SLICE_NONE);
	run->document = yyjson_read(
		strbuf_slice(&run->text).ptr, run->text.len, YYJSON_READ_NUMBER_AS_RAW);
	return run->document != NULL || err_set(err, "a line of too many bytes");
}

/* Names within each other are joined by dots, as in JSON events. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void add_node(struct rule_test_run *run, const struct tree_node *node)
{
	size_t before = run->name.len;

	if (node->kind == TREE_LIST) {
		for (size_t i = 0; i < node->n; i++)
			add_node(run, node->items[i]);
		return;
	}
	if (node->kind == TREE_TEXT) {
		if (!tree_is_null(node))
			sigma_event_add(rule_matcher_event(run->matcher),
				arena_copy(&run->arena, strbuf_slice(&run->name)),
				fill_in(run, node->text));
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		if (before > 0)
			strbuf_add_byte(&run->name, '.');
		strbuf_add(&run->name, tree_key(node, i)->text);
		add_node(run, tree_value(node, i));
		strbuf_cut(&run->name, before);
	}
}

/* The rules that fit, or false when the event cannot be made. */
static bool match_event(struct rule_test_run *run, const struct rule_test_event *event,
	const uint32_t **rules, size_t *n, struct err *err)
{
	yyjson_doc_free(run->document);
	run->document = NULL;
	arena_reset(&run->arena);
	strbuf_reset(&run->text);
	strbuf_reset(&run->name);
	sigma_event_begin(rule_matcher_event(run->matcher));
	if (event->fields != NULL) {
		add_node(run, event->fields);
	} else {
		if (!normalize_line(run, event, err))
			return false;
		json_event_add(
			rule_matcher_event(run->matcher), yyjson_doc_get_root(run->document));
	}
	*n = rule_matcher_match(run->matcher, rules);
	return true;
}

/* ---- tests --------------------------------------------------------------------- */

static bool is_among(const uint32_t *rules, size_t n, size_t rule)
{
	for (size_t i = 0; i < n; i++) {
		if (rules[i] == rule)
			return true;
	}
	return false;
}

static void number_repetition(
	struct rule_test_run *run, const struct rule_test_event *event, uint32_t i)
{
	run->number[0] = '\0';
	if (event->times > 1)
		snprintf(run->number, sizeof(run->number), "%u", i + 1);
}

/* Every event fits, or none does. */
static bool test_detection(struct rule_test_run *run, size_t rule, const struct rule_test *test,
	struct pos *at, struct err *err)
{
	for (size_t i = 0; i < test->n_events; i++) {
		const struct rule_test_event *event = &test->events[i];

		*at = event->at;
		for (uint32_t k = 0; k < event->times; k++) {
			const uint32_t *rules;
			size_t n;

			number_repetition(run, event, k);
			if (!match_event(run, event, &rules, &n, err))
				return false;
			if (is_among(rules, n, rule) != test->match)
				return err_set(err, test->match
							    ? "the rule does not fit this event"
							    : "the rule fits this event");
		}
	}
	return true;
}

static void count_conclusion(void *user, const struct conclusion *conclusion)
{
	struct rule_test_run *run = user;

	run->concluded += conclusion->rule == run->rule;
}

static bool take_event(struct rule_test_run *run, struct correlator *correlator,
	const struct rule_test_event *event, int64_t at_ns, struct err *err)
{
	const struct correlator_event given = {.time_ns = at_ns,
		.value = correlator_sigma_value,
		.user = rule_matcher_event(run->matcher)};
	const uint32_t *rules;
	size_t n;

	if (!match_event(run, event, &rules, &n, err))
		return false;
	correlator_advance(correlator, at_ns);
	correlator_take(correlator, &given, rules, n);
	return true;
}

static bool take_events(struct rule_test_run *run, struct correlator *correlator,
	const struct rule_test *test, struct pos *at, struct err *err)
{
	int64_t at_ns = TEST_BEGINS_NS;

	for (size_t i = 0; i < test->n_events; i++) {
		const struct rule_test_event *event = &test->events[i];

		*at = event->at;
		at_ns += event->after_ns;
		for (uint32_t k = 0; k < event->times; k++) {
			number_repetition(run, event, k);
			if (!take_event(run, correlator, event, at_ns, err))
				return false;
			at_ns += event->every_ns;
		}
	}
	return true;
}

static bool is_as_expected(
	const struct rule_test_run *run, const struct rule_test *test, struct err *err)
{
	if (test->counted ? run->concluded == test->conclusions
			  : (run->concluded > 0) == test->match)
		return true;
	if (test->counted)
		return err_set(err, "%u conclusions where %u should be", run->concluded,
			test->conclusions);
	return err_set(err, "%u conclusions where there should be %s", run->concluded,
		test->match ? "one" : "none");
}

static bool test_correlation(struct rule_test_run *run, size_t rule,
	const struct rule_test *test, struct pos *at, struct err *err)
{
	struct correlator *correlator =
		correlator_new(run->set, CORRELATOR_SIZE, count_conclusion, run);
	bool taken;

	run->rule = rule;
	run->concluded = 0;
	taken = take_events(run, correlator, test, at, err);
	correlator_finish(correlator);
	correlator_free(correlator);
	if (taken)
		*at = test->at;
	return taken && is_as_expected(run, test, err);
}

bool rule_test_passes(struct rule_test_run *run, size_t rule, const struct rule_test *test,
	struct pos *at, struct err *err)
{
	const struct sigma_rule *rules;

	rule_set_rules(run->set, &rules);
	if (rules[rule].kind == SIGMA_CORRELATION)
		return test_correlation(run, rule, test, at, err);
	return test_detection(run, rule, test, at, err);
}
