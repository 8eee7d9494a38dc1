/*
 * routes - which correlations look at matches of a rule
 *
 * And what a correlation goes by over reloads and restarts: a hash of its key
 * and version. Private to correlator/.
 */
#ifndef COLLECTOR_DETECT_CORRELATOR_ROUTES_H
#define COLLECTOR_DETECT_CORRELATOR_ROUTES_H

#include "collector/detect/sigma/rule_set.h"
#include "common/table.h"

struct route {
	uint32_t correlation; /* its number in the rule set */
	uint32_t entry;       /* of its "rules" */
	uint32_t next;        /* route of the same rule, + 1; 0 = none */
};

struct routes {
	const struct sigma_rule *rules;
	size_t n_rules;
	struct route *list;
	size_t n, room;
	uint32_t *first;      /* by rule, + 1 */
	uint64_t *identities; /* by rule */
	struct table by_identity;
};

void routes_init(struct routes *routes, const struct rule_set *set);
void routes_done(struct routes *routes);

/* NULL when there is none. */
const struct route *routes_first(const struct routes *routes, uint32_t rule);
const struct route *routes_next(const struct routes *routes, const struct route *route);

/* 0, which none has, of ROUTES_NONE. */
static inline uint64_t routes_identity(const struct routes *routes, uint32_t rule)
{
	return rule < routes->n_rules ? routes->identities[rule] : 0;
}

/* The number of a rule that is loaded, or ROUTES_NONE. */
#define ROUTES_NONE UINT32_MAX
uint32_t routes_find(const struct routes *routes, uint64_t identity);

#endif
