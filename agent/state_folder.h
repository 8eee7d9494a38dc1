/*
 * state_folder - what an agent keeps on disk: bookmark and spool, in step
 *
 * One agent at a time (a lock). At start the bookmark's positions are brought
 * up to what the spool holds; entries of the spool are released only up to
 * what the bookmark on disk covers (bookmark.h has the argument). One thread.
 */
#ifndef AGENT_STATE_FOLDER_H
#define AGENT_STATE_FOLDER_H

#include <limits.h>

#include "agent/bookmark.h"
#include "agent/intake.h"
#include "agent/reserve.h"
#include "agent/spool.h"

struct state_folder {
	struct bookmark *bookmark; /* owned, as the spool */
	struct spool *spool;
	/* its own */
	int lock;
	char bookmark_path[PATH_MAX];
	struct reserve reserve;                 /* the bookmark can be saved on a full disk */
	struct bookmark_lane lanes[LANE_COUNT]; /* as they were saved last */
	uint64_t saved_moves, saved_losses;
	int64_t saved_ms; /* when; monotonic */
	bool save_failed;
};

#define STATE_FOLDER_CLOSED                                                                    \
	{                                                                                      \
		.lock = -1                                                                     \
	}

/* Makes it when it is missing. On failure what is open stays so until state_folder_close(). */
MUST_USE bool state_folder_open(struct state_folder *state, const char *dir,
	const struct spool_settings *settings, struct spool_report report[LANE_COUNT],
	struct err *err);
void state_folder_close(struct state_folder *state);

/* The bookmark is on disk when true; epochs that were not before are announced. */
MUST_USE bool state_folder_save(
	struct state_folder *state, struct intake *intake, struct err *err);

/* Since it was saved; of losses that wait for room also those of the last seconds. */
bool state_folder_changed(const struct state_folder *state, const struct intake *intake);

/* Saves what changed and releases what that covers; says once that it failed. Call it again and
 * again. */
void state_folder_keep(struct state_folder *state, struct intake *intake);

#endif
