/*
 * rule_set - all rules, ready to be matched
 *
 * Rules are sorted by log source. Of an event it is found first which log
 * sources it belongs to (pipelines.h), then one scan for each of them finds
 * the rules that may fit (prefilter.h), and these alone are evaluated.
 *
 * A rule set is immutable; every worker uses the same one, each with a matcher
 * of its own. A reload makes another.
 */
#ifndef COLLECTOR_DETECT_SIGMA_RULE_SET_H
#define COLLECTOR_DETECT_SIGMA_RULE_SET_H

#include "collector/detect/sigma/event.h"
#include "collector/detect/sigma/rule.h"
#include "collector/detect/sigma/rule_costs.h"

enum {
	RULE_SET_RULES_MAX = 50000,
	RULE_SET_MEMORY_MAX = 1 << 30,  /* bytes, of texts and expressions */
	RULE_SET_REGEX_MAX = 256 << 20, /* bytes, of regular expressions as programs */
	RULE_PATHS_MAX = 64,
};

struct rule_paths {
	const char *rules[RULE_PATHS_MAX]; /* folders or files */
	size_t n_rules;
	const char *pipelines; /* folder, or NULL: those that are built in */
};

struct rule_set;

/* Mistakes are added a line each; the rules that are right work. NULL, with the reason, only
 * when no scanner can be built. The caller frees. */
MUST_USE struct rule_set *rule_set_load(
	const struct rule_paths *paths, struct strbuf *mistakes, struct err *err);
void rule_set_free(struct rule_set *set); /* NULL is fine */

/* All that were read, refused ones too, in the order of their files. */
size_t rule_set_rules(const struct rule_set *set, const struct sigma_rule **rules);

/* The fields its rules ask for, and how events call them. */
const struct fields *rule_set_fields(const struct rule_set *set);

/* Whether some pipeline tells which events are of the rule's log source; without, it is tried
 * on events of which no log source is known. */
bool rule_set_has_source(const struct rule_set *set, size_t rule);

/* What rules call the field of this number (an atom's, expression.h). */
struct slice rule_set_field(const struct rule_set *set, unsigned field);

/* The names that events may have for it when this rule asks, as pipelines_names(): at most
 * PIPELINE_NAMES_MAX, its own first; how many. */
size_t rule_set_names(const struct rule_set *set, size_t rule, unsigned field,
	struct arena *arena, struct slice *names);

struct rule_set_figures {
	size_t loaded, refused;       /* without_list of those loaded are not evaluated */
	size_t correlations, filters; /* of those loaded */
	size_t without_list, without_source;
	size_t sources, witnesses,
		always; /* always: rules that no text of an event rules out */
	size_t memory;  /* bytes, with the scanners */
};
struct rule_set_figures rule_set_figures(const struct rule_set *set);

/* An event that is not to be matched: for the values of fields, by their numbers. */
void rule_set_event_init(const struct rule_set *set, struct sigma_event *event);

struct rule_matcher;

/* Of one thread. `unknown_sources`: an event of no known log source is tried on all rules. */
MUST_USE struct rule_matcher *rule_matcher_new(
	const struct rule_set *set, bool unknown_sources, struct err *err);
void rule_matcher_free(struct rule_matcher *matcher); /* NULL is fine */

/* Evaluations of rules are charged there from now on, and rules that are off left out; it
 * outlives the matcher. */
void rule_matcher_time(struct rule_matcher *matcher, struct rule_costs *costs);

/* To be filled: sigma_event_begin(), then sigma_event_add(). */
struct sigma_event *rule_matcher_event(struct rule_matcher *matcher);

/* Numbers of the rules that fit the event, growing, valid until the next call; how many. */
size_t rule_matcher_match(struct rule_matcher *matcher, const uint32_t **rules);

#endif
