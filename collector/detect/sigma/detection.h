/*
 * detection - a search of a rule, as written, into an expression
 *
 * Sigma rules specification 2.1, "Detection": a map is an "and" of its items,
 * a list an "or" of its entries; texts without a field are keywords, looked for
 * anywhere in the event. What a field's number is, and what a placeholder
 * stands for, the caller knows.
 */
#ifndef COLLECTOR_DETECT_SIGMA_DETECTION_H
#define COLLECTOR_DETECT_SIGMA_DETECTION_H

#include "collector/detect/sigma/expression.h"
#include "common/tree.h"

enum {
	DETECTION_VALUES_MAX = 100000,  /* atoms of a rule, placeholders written out */
	DETECTION_DEPTH_MAX = 20,       /* lists and maps within each other */
	DETECTION_MEMORY_MAX = 8 << 20, /* bytes of a rule */
};

struct detection {
	struct arena *arena; /* of the expression */
	struct mistakes *mistakes;
	void *user;
	/* FIELD_NUMBER_ANY after a mistake that was reported. */
	unsigned (*field)(void *user, struct slice name, struct pos at);
	/* The list of %name%, with how many; NULL when there is none of the name. */
	const struct slice *(*placeholder)(void *user, struct slice name, size_t *n);
	/* Takes over the regular expression, which lives as long as the arena. False: there is
	 * no room for one more. */
	bool (*keep)(void *user, struct regex *regex);
	size_t arena_start; /* arena->used when the rule was begun */
	struct slice
		no_list; /* set to the first placeholder that has no list; it matches nothing */
	unsigned n_values; /* so far */
	bool keywords;     /* set when one was met */
};

/* NULL after a mistake. */
const struct expression *detection_parse(
	struct detection *detection, const struct tree_node *search);

#endif
