/*
 * A rule file, a NUL, an event as JSON: nothing of both ends the program, and the rules that
 * are found by their texts are those that fit. What its correlations conclude of the event,
 * many times, is the same when their state is saved and loaded in between.
 */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collector/detect/correlator/correlator.h"
#include "collector/detect/sigma/expression.h"
#include "collector/detect/sigma/json_event.h"
#include "collector/detect/sigma/rule_set.h"
#include "common/clock.h"
#include "common/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rule_set *load(struct slice text, struct strbuf *mistakes)
{
	char path[64];
	struct rule_paths paths = {.rules = {path}, .n_rules = 1, .pipelines = "/dev/null"};
	struct err err;
	struct rule_set *set;
	int fd = memfd_create("rules", MFD_CLOEXEC);

	if (fd < 0 || !file_write_all(fd, text.ptr, text.len))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	set = rule_set_load(&paths, mistakes, &err);
	close(fd);
	return set;
}

static bool is_among(uint32_t rule, const uint32_t *matches, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (matches[i] == rule)
			return true;
	}
	return false;
}

static void check(const struct rule_set *set, struct rule_matcher *matcher)
{
	struct sigma_event *event = rule_matcher_event(matcher);
	const struct sigma_rule *rules;
	const uint32_t *matches;
	size_t n_rules = rule_set_rules(set, &rules);
	size_t n = rule_matcher_match(matcher, &matches);

	if (event->n_left_out > 0 || event->n_given_up > 0)
		return; /* what was looked at depends on the order */
	for (uint32_t i = 0; i < n_rules; i++) {
		const struct expression *expression = rules[i].expression;

		if (expression == NULL || !slice_absent(rules[i].no_list))
			continue;
		bool fits = expression_holds(expression, event) &&
			    expression_touches(expression, event);
		if (event->n_left_out > 0 || event->n_given_up > 0)
			return;
		assert(fits == is_among(i, matches, n));
	}
}

enum { TIMES = 40, CORRELATOR_SIZE = 1 << 20, BLOB_MAX = 16 << 20 };

static void write_down(void *user, const struct conclusion *conclusion)
{
	uint64_t *sum = user;

	*sum = *sum * 31 + conclusion->rule;
	*sum = *sum * 31 + (uint64_t)conclusion->last_ns + conclusion->n_evidence;
	*sum = *sum * 31 + conclusion->events + conclusion->n_values;
	assert(conclusion->n_evidence <= CONCLUSION_EVIDENCE_MAX);
}

static struct correlator *saved_and_loaded(
	struct correlator *correlator, const struct rule_set *set, uint64_t *sum)
{
	struct strbuf blob = STRBUF_INIT(BLOB_MAX);
	struct correlator *made = correlator_new(set, CORRELATOR_SIZE, write_down, sum);

	correlator_save(correlator, &blob);
	if (!correlator_load(made, strbuf_slice(&blob)))
		abort();
	assert(correlator_figures(made).groups == correlator_figures(correlator).groups);
	correlator_free(correlator);
	strbuf_done(&blob);
	return made;
}

static void correlate(const struct rule_set *set, struct rule_matcher *matcher, size_t seed)
{
	uint64_t once = 0, parts = 0;
	const uint32_t *rules;
	size_t n = rule_matcher_match(matcher, &rules);
	struct correlator *whole, *cut;
	struct correlator_event event = {
		.value = correlator_sigma_value, .user = rule_matcher_event(matcher)};

	if (rule_set_figures(set).correlations == 0)
		return;
	whole = correlator_new(set, CORRELATOR_SIZE, write_down, &once);
	cut = correlator_new(set, CORRELATOR_SIZE, write_down, &parts);
	for (unsigned i = 0; i < TIMES; i++) {
		event.ref = i;
		event.time_ns = (int64_t)(i * 7 + seed * i % 11) * CLOCK_NS_PER_S;
		correlator_take(whole, &event, rules, n);
		correlator_take(cut, &event, rules, n);
		if (i % 8 == 0)
			cut = saved_and_loaded(cut, set, &parts);
	}
	correlator_finish(whole);
	correlator_finish(cut);
	assert(once == parts);
	correlator_free(whole);
	correlator_free(cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20);
	struct slice json = slice_of(data, size), rule = SLICE_NONE;
	struct rule_matcher *matcher = NULL;
	struct rule_set *set;
	struct err err;
	yyjson_doc *doc;

	if (size == 0 || !slice_cut(&json, '\0', &rule) || slice_absent(json))
		return 0;
	set = load(rule, &mistakes);
	doc = yyjson_read(json.ptr, json.len, YYJSON_READ_NUMBER_AS_RAW);
	if (set != NULL)
		matcher = rule_matcher_new(set, true, &err);
	if (matcher != NULL && doc != NULL) {
		sigma_event_begin(rule_matcher_event(matcher));
		json_event_add(rule_matcher_event(matcher), yyjson_doc_get_root(doc));
		check(set, matcher);
		correlate(set, matcher, size);
	}
	yyjson_doc_free(doc);
	rule_matcher_free(matcher);
	rule_set_free(set);
	strbuf_done(&mistakes);
	return 0;
}
