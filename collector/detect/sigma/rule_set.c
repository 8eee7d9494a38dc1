#include "collector/detect/sigma/rule_set.h"

#include <stdlib.h>

#include "collector/detect/sigma/prefilter.h"
#include "collector/detect/sigma/rule_loading.h"
#include "collector/detect/sigma/source_index.h"

/* Rules of one log source. */
struct source {
	struct log_source what;
	bool known; /* definitions tell all of its parts */
	uint32_t *rules;
	size_t n_rules, room;
	struct prefilter *prefilter;
};

struct rule_set {
	struct arena arena;
	struct fields fields;
	struct pipelines *pipelines;
	struct sigma_rule *rules;
	size_t n_rules;
	struct source *sources;
	size_t n_sources, sources_room;

	/* definitions of log sources, as expressions, in the order of the pipelines' */
	const struct expression **definitions;
	struct source_index *index; /* numbers its log sources as `sources` are */
	struct source all;          /* every rule: for events of no known log source */

	struct regex **regexes;
	size_t n_regexes;
	size_t regex_memory; /* bytes */
	bool keywords;
};

/* ---- log sources ------------------------------------------------------------------ */

static void read_definitions(struct rule_set *set, struct rule_loading *loading)
{
	const struct definition *definitions;
	size_t n = pipelines_definitions(set->pipelines, &definitions);

	set->definitions = calloc(n + 1, sizeof(*set->definitions));
	if (set->definitions == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		struct mistakes said = mistakes_into(loading->mistakes, definitions[i].file);
		struct detection detection =
			rule_loading_detection(loading, &definitions[i].source, &said);

		set->definitions[i] = detection_parse(&detection, definitions[i].when);
		if (set->definitions[i] == NULL) /* never: an "or" of nothing */
			set->definitions[i] =
				expression_of_parts(&set->arena, EXPRESSION_OR, NULL, 0);
		loading->keywords |= detection.keywords;
		mistakes_end(&said);
	}
}

static struct source *source_of(struct rule_set *set, const struct log_source *what)
{
	struct source *source;

	for (size_t i = 0; i < set->n_sources; i++) {
		if (log_source_eq(&set->sources[i].what, what))
			return &set->sources[i];
	}
	set->sources = room_for_one(
		set->sources, set->n_sources, &set->sources_room, sizeof(*set->sources));
	source = &set->sources[set->n_sources++];
	*source = (struct source){.what = *what, .known = source_index_add(set->index, what)};
	return source;
}

static void source_add(struct source *source, size_t rule)
{
	source->rules = room_for_one(
		source->rules, source->n_rules, &source->room, sizeof(*source->rules));
	source->rules[source->n_rules++] = (uint32_t)rule;
}

static struct prefilter *filter_of(
	const struct rule_set *set, const struct source *source, struct err *err)
{
	const struct expression **expressions =
		calloc(source->n_rules + 1, sizeof(*expressions));
	struct prefilter *made;

	if (expressions == NULL)
		abort();
	for (size_t i = 0; i < source->n_rules; i++)
		expressions[i] = set->rules[source->rules[i]].expression;
	made = prefilter_new(expressions, source->n_rules, err);
	free(expressions);
	return made;
}

static bool build(struct rule_set *set, struct err *err)
{
	set->index = source_index_new(set->pipelines, set->definitions, err);
	if (set->index == NULL)
		return false;
	for (size_t i = 0; i < set->n_rules; i++) {
		if (set->rules[i].expression == NULL || !slice_absent(set->rules[i].no_list))
			continue;
		source_add(source_of(set, &set->rules[i].source), i);
		source_add(&set->all, i);
	}
	for (size_t i = 0; i < set->n_sources; i++) {
		struct source *source = &set->sources[i];

		source->prefilter = filter_of(set, source, err);
		if (source->prefilter == NULL)
			return false;
	}
	return true;
}

static void load(struct rule_set *set, const struct rule_paths *paths, struct strbuf *mistakes)
{
	struct rule_loading loading = {.arena = &set->arena,
		.fields = &set->fields,
		.pipelines = set->pipelines,
		.mistakes = mistakes};

	read_definitions(set, &loading);
	for (size_t i = 0; i < paths->n_rules; i++)
		rule_loading_read(&loading, paths->rules[i]);
	rule_loading_end(&loading);
	set->rules = loading.rules;
	set->n_rules = loading.n_rules;
	set->regexes = loading.regexes;
	set->n_regexes = loading.n_regexes;
	set->regex_memory = loading.regex_memory;
	set->keywords = loading.keywords;
}

struct rule_set *rule_set_load(
	const struct rule_paths *paths, struct strbuf *mistakes, struct err *err)
{
	struct rule_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		abort();
	arena_init(&set->arena, RULE_SET_MEMORY_MAX);
	fields_init(&set->fields, &set->arena);
	set->pipelines = pipelines_load(paths->pipelines, &set->arena, mistakes);
	load(set, paths, mistakes);
	if (build(set, err))
		return set;
	rule_set_free(set);
	return NULL;
}

static void source_done(struct source *source)
{
	free(source->rules);
	prefilter_free(source->prefilter);
}

void rule_set_free(struct rule_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->n_sources; i++)
		source_done(&set->sources[i]);
	source_done(&set->all);
	for (size_t i = 0; i < set->n_regexes; i++)
		regex_free(set->regexes[i]);
	source_index_free(set->index);
	pipelines_free(set->pipelines);
	fields_done(&set->fields);
	free(set->definitions);
	free(set->regexes);
	free(set->sources);
	free(set->rules);
	arena_done(&set->arena);
	free(set);
}

void rule_set_event_init(const struct rule_set *set, struct sigma_event *event)
{
	sigma_event_init(event, &set->fields, false);
}

size_t rule_set_rules(const struct rule_set *set, const struct sigma_rule **rules)
{
	*rules = set->rules;
	return set->n_rules;
}

const struct fields *rule_set_fields(const struct rule_set *set)
{
	return &set->fields;
}

bool rule_set_has_source(const struct rule_set *set, size_t rule)
{
	for (size_t i = 0; i < set->n_sources; i++) {
		if (log_source_eq(&set->sources[i].what, &set->rules[rule].source))
			return set->sources[i].known;
	}
	return false;
}

struct slice rule_set_field(const struct rule_set *set, unsigned field)
{
	return set->fields.names[field];
}

size_t rule_set_names(const struct rule_set *set, size_t rule, unsigned field,
	struct arena *arena, struct slice *names)
{
	return pipelines_names(set->pipelines, &set->rules[rule].source,
		set->fields.names[field], arena, names);
}

struct rule_set_figures rule_set_figures(const struct rule_set *set)
{
	struct rule_set_figures figures = {
		.sources = set->n_sources,
		.memory = set->arena.used + set->regex_memory,
	};

	for (size_t i = 0; i < set->n_rules; i++) {
		figures.loaded += sigma_rule_is_loaded(&set->rules[i]);
		figures.refused += !sigma_rule_is_loaded(&set->rules[i]);
		figures.correlations += set->rules[i].correlation != NULL;
		figures.filters += set->rules[i].kind == SIGMA_FILTER &&
				   sigma_rule_is_loaded(&set->rules[i]);
		figures.without_list += !slice_absent(set->rules[i].no_list);
	}

	for (size_t i = 0; i < set->n_sources; i++) {
		const struct source *source = &set->sources[i];

		figures.without_source += source->known ? 0 : source->n_rules;
		figures.witnesses += prefilter_witnesses(source->prefilter);
		figures.always += prefilter_always(source->prefilter);
		figures.memory += prefilter_size(source->prefilter);
	}
	return figures;
}

/* ---- matching ------------------------------------------------------------------- */

struct rule_matcher {
	const struct rule_set *set;
	struct prefilter_scratch *scratch;
	struct sigma_event event;
	struct prefilter *all; /* of every rule, or NULL */
	struct source_finder *finder;
	uint32_t *matches;
	size_t n_matches;
	struct rule_costs *costs; /* borrowed; NULL: nothing is timed */
	uint64_t n_events;
};

/* The rules of all log sources in one scanner; only who wants it pays for it. */
static bool fit_all(struct rule_matcher *matcher, struct err *err)
{
	matcher->all = filter_of(matcher->set, &matcher->set->all, err);
	return matcher->all != NULL &&
	       prefilter_scratch_fit(matcher->scratch, matcher->all, err);
}

static bool fit_scratch(struct rule_matcher *matcher, bool unknown_sources, struct err *err)
{
	const struct rule_set *set = matcher->set;

	matcher->finder = source_finder_new(set->index, matcher->scratch, err);
	if (matcher->finder == NULL)
		return false;
	for (size_t i = 0; i < set->n_sources; i++) {
		if (!prefilter_scratch_fit(matcher->scratch, set->sources[i].prefilter, err))
			return false;
	}
	return !unknown_sources || fit_all(matcher, err);
}

struct rule_matcher *rule_matcher_new(
	const struct rule_set *set, bool unknown_sources, struct err *err)
{
	struct rule_matcher *matcher = calloc(1, sizeof(*matcher));

	if (matcher == NULL)
		abort();
	matcher->set = set;
	matcher->scratch = prefilter_scratch_new();
	matcher->matches = calloc(set->n_rules + 1, sizeof(*matcher->matches));
	if (matcher->matches == NULL)
		abort();
	sigma_event_init(&matcher->event, &set->fields, set->keywords);
	if (fit_scratch(matcher, unknown_sources, err))
		return matcher;
	rule_matcher_free(matcher);
	return NULL;
}

void rule_matcher_free(struct rule_matcher *matcher)
{
	if (matcher == NULL)
		return;
	sigma_event_done(&matcher->event);
	prefilter_scratch_free(matcher->scratch);
	source_finder_free(matcher->finder);
	prefilter_free(matcher->all);
	free(matcher->matches);
	free(matcher);
}

void rule_matcher_time(struct rule_matcher *matcher, struct rule_costs *costs)
{
	matcher->costs = costs;
}

struct sigma_event *rule_matcher_event(struct rule_matcher *matcher)
{
	return &matcher->event;
}

/* `anywhere`: the event is of no known log source. What asks for nothing but absence says
 * nothing about it. */
static bool holds(struct rule_matcher *matcher, uint32_t rule, bool anywhere)
{
	const struct expression *expression = matcher->set->rules[rule].expression;

	return expression_holds(expression, &matcher->event) &&
	       (!anywhere || expression_touches(expression, &matcher->event));
}

static bool fits(struct rule_matcher *matcher, uint32_t rule, bool anywhere)
{
	if (matcher->costs == NULL)
		return holds(matcher, rule, anywhere);
	if (rule_costs_is_off(matcher->costs, rule))
		return false;
	if (matcher->n_events % RULE_COSTS_SAMPLE != 0)
		return holds(matcher, rule, anywhere);
	const int64_t begun_ns = rule_costs_begin(matcher->costs);
	const bool fit = holds(matcher, rule, anywhere);
	rule_costs_end(matcher->costs, rule, begun_ns);
	return fit;
}

static void match_rules(struct rule_matcher *matcher, const struct prefilter *prefilter,
	const struct source *source)
{
	const uint32_t *candidates;
	size_t n = prefilter_scan(
		prefilter, matcher->scratch, strbuf_slice(&matcher->event.folded), &candidates);

	for (size_t i = 0; i < n; i++) {
		uint32_t rule = source->rules[candidates[i]];

		if (fits(matcher, rule, source == &matcher->set->all))
			matcher->matches[matcher->n_matches++] = rule;
	}
}

static int by_number(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, two = *(const uint32_t *)b;

	return one < two ? -1 : one > two;
}

size_t rule_matcher_match(struct rule_matcher *matcher, const uint32_t **rules)
{
	const struct rule_set *set = matcher->set;
	const uint32_t *sources;
	bool any;
	size_t n = source_finder_find(matcher->finder, &matcher->event, &sources, &any);

	matcher->n_events++;
	matcher->n_matches = 0;
	if (!any && matcher->all != NULL) {
		match_rules(matcher, matcher->all, &set->all);
	} else {
		for (size_t i = 0; i < n; i++)
			match_rules(matcher, set->sources[sources[i]].prefilter,
				&set->sources[sources[i]]);
		qsort(matcher->matches, matcher->n_matches, sizeof(*matcher->matches),
			by_number);
	}
	*rules = matcher->matches;
	return matcher->n_matches;
}
