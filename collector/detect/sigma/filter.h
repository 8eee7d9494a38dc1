/*
 * filter - what is taken out of the matches of other rules
 *
 * Sigma filters specification 2.1. "filter" has "rules", searches as a
 * detection has them, and their condition. It says which events are left out,
 * as the specification's example does:
 *
 *	condition: selection         left out is what the selection fits
 *	condition: not selection     left out is what the selection fits, too
 *
 * The second is how others write it, where the condition must hold as well as
 * the rule's: so a "not" that stands before all of the condition stays as it
 * is, and every other condition gets one. A rule of another log source than
 * the filter's is left as it is, and that is said. Private to sigma/.
 */
#ifndef COLLECTOR_DETECT_SIGMA_FILTER_H
#define COLLECTOR_DETECT_SIGMA_FILTER_H

#include "collector/detect/sigma/rule.h"

enum { FILTER_RULES_MAX = 1000 };

struct rule_loading;
struct rule_names;

struct filter {
	uint32_t rule; /* its own number */
	uint64_t meaning;
	struct log_source source;
	const struct tree_node *rules;     /* a list of names */
	const struct tree_node *detection; /* searches and condition, "rules" among them */
};

/* Reads one document that has "filter"; nodes are its tree's. NULL after a mistake. */
MUST_USE struct filter *filter_read(
	const struct tree_node *document, struct arena *arena, struct mistakes *mistakes);

/* Puts it to the rules it names. */
void filter_apply(const struct filter *filter, const struct rule_names *names,
	struct rule_loading *loading);

#endif
