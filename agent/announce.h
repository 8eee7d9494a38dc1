/*
 * announce - what the agent says about itself, to the collector and in its log
 *
 * Items of kind "state" (README.md, What items say). One thread.
 */
#ifndef AGENT_ANNOUNCE_H
#define AGENT_ANNOUNCE_H

#include "agent/intake.h"
#include "agent/spool.h"
#include "agent/uplink.h"

/* `action`: "started", "stopping". */
void announce_life(struct intake *intake, const char *action, uint64_t boot_id);

/* `action`: "settings-loaded", "settings-refused"; `why` NULL = nothing to explain. */
void announce_settings(
	struct intake *intake, const char *action, uint64_t version, const char *why);

void announce_input_failed(struct intake *intake, const char *input, const char *why);

void announce_order(struct intake *intake, const struct frame_order *order, bool done);

/* All counters of the program (common/counter.h) that are not zero, since its start. */
void announce_counters(struct intake *intake, const struct uplink_state *uplink);

/* `action`: "spool-full", "spool-has-room". */
void announce_room(struct intake *intake, const struct spool *spool, enum frame_lane lane,
	const char *action);

/* `old` 0: there was none. */
void announce_epoch(struct intake *intake, const struct spool *spool, enum frame_lane lane,
	uint64_t old, const char *why);

/* Nothing when there is none. */
void announce_damage(
	struct intake *intake, enum frame_lane lane, const struct seglog_damage *damage);

#endif
