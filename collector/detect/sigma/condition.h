/*
 * condition - the "condition" of a rule: which of its searches must fit
 *
 * Sigma rules specification 2.1, "Condition":
 *
 *	or    = and *( "or" and )
 *	and   = not *( "and" not )
 *	not   = [ "not" ] item            (any number of "not")
 *	item  = "(" or ")" / count "of" ( "them" / NAME ) / NAME
 *	count = NUMBER / "all" / "any"
 *
 * A NAME after "of" may hold '*'; "them" and such names leave out those that
 * begin with '_', unless the name itself does. Words are read in either case,
 * names as they are written. The old "| count() ..." is refused: correlation
 * rules say it now.
 */
#ifndef COLLECTOR_DETECT_SIGMA_CONDITION_H
#define COLLECTOR_DETECT_SIGMA_CONDITION_H

#include "collector/detect/sigma/expression.h"
#include "common/mistakes.h"

enum {
	CONDITION_SIZE_MAX = 64 << 10, /* bytes */
	CONDITION_DEPTH_MAX = 50,      /* brackets and nots within each other */
};

/* A search-identifier and what it asks. */
struct search {
	struct slice name;
	const struct expression *expression;
};

/* NULL after a mistake. `at` is where the text stands; columns of mistakes count from there. */
const struct expression *condition_parse(struct arena *arena, struct slice text, struct pos at,
	const struct search *searches, size_t n_searches, struct mistakes *mistakes);

#endif
