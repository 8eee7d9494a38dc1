/* correlator_inner - what correlator.c and state.c know of each other */
#ifndef COLLECTOR_DETECT_CORRELATOR_CORRELATOR_INNER_H
#define COLLECTOR_DETECT_CORRELATOR_CORRELATOR_INNER_H

#include "collector/detect/correlator/groups.h"
#include "collector/detect/correlator/routes.h"
#include "common/strbuf.h"

struct correlator {
	struct groups groups;
	struct routes routes;
	conclusion_made *made;
	void *user;
	struct correlator_figures figures;
	uint64_t turn;     /* numbers events */
	int64_t walked_ns; /* correlator_advance() looked at all groups */
	struct strbuf folded;
};

static inline const struct correlation *correlation_of_group(
	const struct correlator *correlator, const struct group *group)
{
	return correlator->routes.rules[group->rule].correlation;
}

#endif
