/*
 * rule - one Sigma rule: what it says of itself, and its expression
 *
 * Sigma rules specification 2.1. Only "detection" with its "condition" is
 * needed to match; what is missing of the rest is absent. Correlations and
 * filters are rules too, with what they say of themselves.
 */
#ifndef COLLECTOR_DETECT_SIGMA_RULE_H
#define COLLECTOR_DETECT_SIGMA_RULE_H

#include "collector/detect/sigma/correlation.h"
#include "collector/detect/sigma/detection.h"
#include "collector/detect/sigma/log_source.h"

enum { RULE_SEARCHES_MAX = 1000, RULE_TAGS_MAX = 100, RULE_CONDITIONS_MAX = 100 };

enum sigma_kind {
	SIGMA_DETECTION,
	SIGMA_CORRELATION, /* looks at matches of other rules: correlator.h */
	SIGMA_FILTER,      /* is in the expressions of the rules it names */
};

struct sigma_rule {
	enum sigma_kind kind;
	const char *path;
	unsigned line; /* where its document begins */
	struct slice id, name, title, level, status;
	const struct slice *tags; /* "attack.t1059.001" */
	size_t n_tags;
	struct log_source source;
	const struct expression *expression; /* of a detection; NULL: refused */
	struct correlation *correlation;     /* of a correlation; NULL: refused */
	bool silent; /* correlations look at it, and none has "generate: true": a match of it
			is no finding by itself */
	uint32_t version; /* hash of its meaning, with its filters and the rules it refers to */
	struct slice reason;  /* why it was refused: its first mistake */
	struct slice no_list; /* a placeholder without a list: the rule is not evaluated */
	bool keywords;
};

/* What it goes by: its id, without one its name, else its title. */
static inline struct slice sigma_rule_key(const struct sigma_rule *rule)
{
	if (rule->id.len > 0)
		return rule->id;
	return rule->name.len > 0 ? rule->name : rule->title;
}

/* Sigma's levels in order; one that says none is medium. */
enum sigma_level {
	SIGMA_INFORMATIONAL,
	SIGMA_LOW,
	SIGMA_MEDIUM,
	SIGMA_HIGH,
	SIGMA_CRITICAL,
};
enum sigma_level sigma_rule_level(const struct sigma_rule *rule);

static inline bool sigma_rule_is_loaded(const struct sigma_rule *rule)
{
	return slice_absent(rule->reason);
}

/*
 * Reads one document that has "detection". `detection->user` is for its calls; `source` of the
 * rule is read before any of them. False after mistakes; what was read of the rule stays.
 */
MUST_USE bool sigma_rule_read(
	const struct tree_node *document, struct detection *detection, struct sigma_rule *rule);

/* A mapping of searches and their condition; the key `besides` is none of them. NULL after a
 * mistake. */
const struct expression *sigma_searches_read(
	const struct tree_node *map, struct detection *detection, const char *besides);

/* Title, id and the like alone, of any kind of document. */
MUST_USE bool sigma_rule_read_head(const struct tree_node *document, struct arena *arena,
	struct sigma_rule *rule, struct mistakes *mistakes);

#endif
