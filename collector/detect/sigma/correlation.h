/*
 * correlation - a rule that looks at matches of other rules over time
 *
 * Sigma correlation rules specification 2.1. Read in two steps: what one
 * document says (here), and, when all are read, which rules it refers to
 * (references.h).
 *
 *	type       when it concludes, of a group of events of one timespan
 *	event_count       so many events
 *	value_count       so many distinct values of `field`; of several fields,
 *	                  combinations of them
 *	value_sum         the sum of the numbers in `field`
 *	value_avg         their average
 *	value_percentile  a value of `field` whose share of the events, in percent,
 *	                  is as the condition says ("lte: 1": the rare ones)
 *	temporal          so many of its rules, all without a condition
 *	temporal_ordered  likewise, in the order written; at one time in any order
 *
 * A condition that more events cannot undo (gt or gte, of a count, a sum or
 * rules) is concluded by the event that fulfils it, of any timespan that ends
 * with it. Every other one is known when the timespan is over, counted from
 * the first event of the group on (`closes`).
 *
 * Timespans are "15m": s, m, h, d, w; beyond the specification M (30.436875
 * days) and y (365.2425 days), the mean of the Gregorian calendar. Without
 * "group-by" all events are one group. Immutable once resolved.
 */
#ifndef COLLECTOR_DETECT_SIGMA_CORRELATION_H
#define COLLECTOR_DETECT_SIGMA_CORRELATION_H

#include "collector/detect/sigma/expression.h"
#include "common/arena.h"
#include "common/tree.h"

enum {
	CORRELATION_RULES_MAX = 64,
	CORRELATION_GROUP_MAX = 16,    /* fields of group-by */
	CORRELATION_FIELDS_MAX = 8,    /* of the condition */
	CORRELATION_LIMITS_MAX = 6,    /* gt, gte, lt, lte, eq, neq, each once */
	CORRELATION_ALIASES_MAX = 64,  /* names of rules and fields in "aliases" */
	CORRELATION_DEPTH_MAX = 8,     /* correlations of correlations */
	CORRELATION_SOURCES_MAX = 256, /* rules whose events reach it, however far below */
	CORRELATION_VALUES_MAX = 4096, /* distinct values that are told apart in a group */
	CORRELATION_SECONDS_MAX = 31556952 * 2,
};

enum correlation_type {
	CORRELATION_EVENT_COUNT,
	CORRELATION_VALUE_COUNT,
	CORRELATION_VALUE_SUM,
	CORRELATION_VALUE_AVG,
	CORRELATION_VALUE_PERCENTILE,
	CORRELATION_TEMPORAL,
	CORRELATION_TEMPORAL_ORDERED,
	CORRELATION_TYPES,
};

extern const char *const correlation_type_names[CORRELATION_TYPES];

/* neq is written as COMPARE_EQ that must not hold. */
struct correlation_limit {
	enum comparison comparison;
	bool negated;
	double value;
};

/* Whose events come by way of one of its rules, and where their values are. */
struct correlation_source {
	uint32_t rule; /* its number: a detection, or a correlation that closes */
	/* of group_by, then of values: of a detection numbers in the event's table; of what
	 * closes, places in its group_by */
	const uint16_t *fields;
};

/* An entry of "rules". */
struct correlation_rule {
	struct slice name; /* id or name, as written */
	struct pos at;
	uint32_t rule; /* its number in the rule set, once resolved */
	const struct correlation_source *sources;
	size_t n_sources;
};

struct correlation_alias {
	struct slice alias, rule, field;
	struct pos at;
};

struct correlation {
	enum correlation_type type;
	bool closes;
	bool generate; /* its rules are told of by themselves, too */
	bool across;   /* it names soc.agency: events of all scopes are counted together */
	int64_t timespan_ns;
	struct correlation_rule *rules; /* n_rules */
	size_t n_rules;
	struct slice group_by[CORRELATION_GROUP_MAX];
	size_t n_group;
	struct slice values[CORRELATION_FIELDS_MAX]; /* "field" of the condition */
	size_t n_values;
	struct correlation_limit limits[CORRELATION_LIMITS_MAX]; /* all must hold */
	size_t n_limits;
	struct correlation_alias *aliases;
	size_t n_aliases;
	unsigned height; /* 1: its rules are detections */
};

/* Reads one document that has "correlation"; texts live in `arena`. NULL after mistakes. */
MUST_USE struct correlation *correlation_read(
	const struct tree_node *document, struct arena *arena, struct mistakes *mistakes);

/* What the field is called in events of the entry: its alias, or its own name. */
struct slice correlation_field(const struct correlation *correlation,
	const struct correlation_rule *of, struct slice name);

/* Whether a count, sum, average or share is as the condition says. */
bool correlation_holds(const struct correlation *correlation, double value);

/* The count that fulfils it, at least 1, of those that do not close. */
double correlation_least(const struct correlation *correlation);

#endif
