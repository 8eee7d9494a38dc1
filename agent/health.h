/*
 * health - how the agent is: memory, processor time, and its clock
 *
 * One thread.
 */
#ifndef AGENT_HEALTH_H
#define AGENT_HEALTH_H

#include "agent/intake.h"
#include "agent/spool.h"

struct health {
	int64_t clocks_ns; /* wall clock minus time since boot when last looked at; 0 = not yet
			    */
};

/* All but the clocks and the versions. */
void health_heartbeat(
	const struct spool *spool, const struct intake *intake, struct frame_heartbeat *beat);

/* Says so when the wall clock jumped since the last call; to have slept is no jump. Call it
 * about every second. */
void health_watch_clock(struct health *health, struct intake *intake);

#endif
