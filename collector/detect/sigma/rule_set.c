#include "collector/detect/sigma/rule_set.h"

#include <stdlib.h>

#include "collector/detect/sigma/prefilter.h"
#include "collector/detect/sigma/rule_loading.h"

enum { NEEDED_MAX = 4 };

/* Fields of which an event of a definition has one or more; n 0 = nothing is known. */
struct needed {
	uint16_t fields[NEEDED_MAX];
	size_t n;
};

/* A definition of a log source; those behind it that are no first one are alternatives to it.
 */
struct source_part {
	uint32_t definition; /* number in set->definitions */
	bool first;
};

/* Rules of one log source. */
struct source {
	struct log_source what;
	struct source_part *parts; /* of each first one and its alternatives one must hold */
	size_t n_parts;
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
	struct needed *needed; /* of each */
	size_t n_definitions;
	struct prefilter *definition_filter;
	struct source all; /* every rule: for events of no known log source */

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
	set->needed = calloc(n + 1, sizeof(*set->needed));
	if (set->definitions == NULL || set->needed == NULL)
		abort();
	set->n_definitions = n;
	for (size_t i = 0; i < n; i++) {
		struct mistakes said = mistakes_into(loading->mistakes, definitions[i].file);
		struct detection detection =
			rule_loading_detection(loading, &definitions[i].source, &said);

		set->definitions[i] = detection_parse(&detection, definitions[i].when);
		if (set->definitions[i] == NULL) /* never: an "or" of nothing */
			set->definitions[i] =
				expression_of_parts(&set->arena, EXPRESSION_OR, NULL, 0);
		set->needed[i].n = expression_needs(
			set->definitions[i], set->needed[i].fields, NEEDED_MAX);
		loading->keywords |= detection.keywords;
		mistakes_end(&said);
	}
}

/* Parts of `what` that the definition tells, as bits. */
static unsigned tells(const struct definition *definition, const struct log_source *what)
{
	unsigned bits = 0;

	if (!log_source_holds(&definition->source, what))
		return 0;
	for (unsigned i = 0; i < LOG_SOURCE_PARTS; i++)
		bits |= (unsigned)!slice_absent(definition->source.parts[i]) << i;
	return bits;
}

/* The definition and those of the same log source: they are alternatives. */
static void add_alternatives(
	struct source *source, const struct definition *definitions, size_t n, size_t first)
{
	for (size_t i = first; i < n; i++) {
		if (log_source_eq(&definitions[i].source, &definitions[first].source))
			source->parts[source->n_parts++] = (struct source_part){
				.definition = (uint32_t)i, .first = i == first};
	}
}

/* The definitions that tell most of the log source first, then those that tell what is still
 * missing. */
static void resolve(struct rule_set *set, struct source *source)
{
	const struct definition *definitions;
	size_t n = pipelines_definitions(set->pipelines, &definitions);
	unsigned told = 0, all = 0;

	for (unsigned i = 0; i < LOG_SOURCE_PARTS; i++)
		all |= (unsigned)!slice_absent(source->what.parts[i]) << i;
	source->parts = calloc(LOG_SOURCE_PARTS * n + 1, sizeof(*source->parts));
	if (source->parts == NULL)
		abort();
	for (int parts = LOG_SOURCE_PARTS; parts > 0; parts--) {
		for (size_t i = 0; i < n; i++) {
			unsigned bits = tells(&definitions[i], &source->what);

			if (__builtin_popcount(bits) != parts || (bits & ~told) == 0)
				continue;
			told |= bits;
			add_alternatives(source, definitions, n, i);
		}
	}
	source->known = told == all;
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
	*source = (struct source){.what = *what};
	resolve(set, source);
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
	set->definition_filter = prefilter_new(set->definitions, set->n_definitions, err);
	return set->definition_filter != NULL;
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
	free(source->parts);
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
	prefilter_free(set->definition_filter);
	pipelines_free(set->pipelines);
	fields_done(&set->fields);
	free(set->definitions);
	free(set->needed);
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
	bool *holds;           /* by definition */
	uint32_t *matches;
	size_t n_matches;
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

	if (!prefilter_scratch_fit(matcher->scratch, set->definition_filter, err))
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
	matcher->holds = calloc(set->n_definitions + 1, sizeof(*matcher->holds));
	matcher->matches = calloc(set->n_rules + 1, sizeof(*matcher->matches));
	if (matcher->holds == NULL || matcher->matches == NULL)
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
	prefilter_free(matcher->all);
	free(matcher->holds);
	free(matcher->matches);
	free(matcher);
}

struct sigma_event *rule_matcher_event(struct rule_matcher *matcher)
{
	return &matcher->event;
}

static bool has_needed(const struct sigma_event *event, const struct needed *needed)
{
	for (size_t i = 0; i < needed->n; i++) {
		if (event->of_field[needed->fields[i]].first != 0)
			return true;
	}
	return needed->n == 0;
}

static bool find_definitions(struct rule_matcher *matcher)
{
	const struct rule_set *set = matcher->set;
	const uint32_t *candidates;
	size_t n = prefilter_scan(set->definition_filter, matcher->scratch,
		strbuf_slice(&matcher->event.folded), &candidates);
	bool any = false;

	memset(matcher->holds, 0, set->n_definitions * sizeof(*matcher->holds));
	for (size_t i = 0; i < n; i++) {
		matcher->holds[candidates[i]] =
			has_needed(&matcher->event, &set->needed[candidates[i]]) &&
			expression_holds(set->definitions[candidates[i]], &matcher->event);
		any |= matcher->holds[candidates[i]];
	}
	return any;
}

static bool is_of_source(const struct rule_matcher *matcher, const struct source *source)
{
	bool holds = true;

	if (!source->known)
		return false;
	for (size_t i = 0; i < source->n_parts; i++) {
		const struct source_part *part = &source->parts[i];

		if (part->first && !holds)
			return false;
		holds = (holds && !part->first) || matcher->holds[part->definition];
	}
	return holds;
}

static void match_rules(struct rule_matcher *matcher, const struct prefilter *prefilter,
	const struct source *source)
{
	const uint32_t *candidates;
	size_t n = prefilter_scan(
		prefilter, matcher->scratch, strbuf_slice(&matcher->event.folded), &candidates);

	for (size_t i = 0; i < n; i++) {
		uint32_t rule = source->rules[candidates[i]];
		const struct expression *expression = matcher->set->rules[rule].expression;

		/* what asks for nothing but absence says nothing about an event of anywhere */
		if (expression_holds(expression, &matcher->event) &&
			(source != &matcher->set->all ||
				expression_touches(expression, &matcher->event)))
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

	matcher->n_matches = 0;
	if (!find_definitions(matcher) && matcher->all != NULL) {
		match_rules(matcher, matcher->all, &set->all);
	} else {
		for (size_t i = 0; i < set->n_sources; i++) {
			if (is_of_source(matcher, &set->sources[i]))
				match_rules(
					matcher, set->sources[i].prefilter, &set->sources[i]);
		}
		qsort(matcher->matches, matcher->n_matches, sizeof(*matcher->matches),
			by_number);
	}
	*rules = matcher->matches;
	return matcher->n_matches;
}
