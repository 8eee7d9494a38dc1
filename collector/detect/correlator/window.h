/*
 * window - what a group counts, and what its condition is held against
 *
 * Of what does not close, the window ends with the group's newest event and
 * reaches back a timespan. Of what closes, everything since first_ns. Private
 * to correlator/.
 */
#ifndef COLLECTOR_DETECT_CORRELATOR_WINDOW_H
#define COLLECTOR_DETECT_CORRELATOR_WINDOW_H

#include "collector/detect/correlator/groups.h"

enum {
	WINDOW_TIMES_MAX = 1024, /* of event_count and value_sum */
	WINDOW_ORDER_MAX = 256,  /* events of temporal_ordered */
};

/* One thing to count, in a group. */
struct sight {
	int64_t time_ns;
	uint64_t ref;
	uint64_t what; /* as cell.what */
	double weight; /* 1, or the number of value_sum and value_avg */
};

/* `trimmed` counts what found no place of its own. The window stands at newest_ns already. */
void window_add(struct group *group, const struct correlation *correlation,
	const struct sight *sight, uint64_t *trimmed);

/* What the condition is held against. Not of value_percentile. */
double window_value(struct group *group, const struct correlation *correlation);

/* Whether the value's share of the group's events is as the condition says. */
bool window_share_holds(const struct group *group, const struct correlation *correlation,
	const struct cell *cell);

/* Keeps it among the newest; of many of one rule the oldest goes. */
void window_keep_evidence(struct group *group, const struct conclusion_evidence *evidence);

/* Keeps a value among the newest distinct ones. */
void window_keep_shown(struct group *group, uint64_t what, int64_t time_ns, struct slice text);

/* Forgets evidence and values before `since_ns`. */
void window_forget(struct group *group, int64_t since_ns);

#endif
