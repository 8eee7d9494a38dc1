#include "agent/state_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "agent/announce.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"

enum { LOSSES_MS = 5000 };

/* ---- opening -------------------------------------------------------------- */

/* Two agents on one spool would destroy it. */
static bool lock_state(struct state_folder *state, const char *dir, struct err *err)
{
	char path[PATH_MAX];

	if (!file_make_dirs(dir, 0700, err))
		return false;
	snprintf(path, sizeof(path), "%s/lock", dir);
	state->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (state->lock < 0)
		return err_sys(err, "%s", path);
	if (flock(state->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno == EWOULDBLOCK)
		return err_set(err, "%s: another agent runs here", path);
	return err_sys(err, "%s", path);
}

enum { BESIDE_MAX = PATH_MAX + 8 };

static const char *beside(
	const struct state_folder *state, const char *end, char to[BESIDE_MAX])
{
	snprintf(to, BESIDE_MAX, "%s%s", state->bookmark_path, end);
	return to;
}

static bool put_aside(const struct state_folder *state, struct err *err)
{
	char aside[BESIDE_MAX];

	if (rename(state->bookmark_path, beside(state, ".bad", aside)) != 0)
		return err_sys(err, "renaming to %s", aside);
	log_error("bookmark.damaged", "kept=%s", LOG_TEXT(slice_str(aside)));
	return true;
}

/*
 * The one that was saved before; without it only what the spool holds is known. Also for one
 * that is missing: the life that put it aside may have ended before it saved another.
 */
static bool load_older(
	struct state_folder *state, struct bookmark_lane lanes[LANE_COUNT], struct err *err)
{
	char older[BESIDE_MAX];

	switch (bookmark_load(state->bookmark, beside(state, ".old", older), lanes, err)) {
	case BOOKMARK_READ:
		log_error("bookmark.older", "instead=the-one-before");
		break;
	case BOOKMARK_DAMAGED:
		log_error("bookmark.lost", "instead=positions-from-the-spool");
		break;
	case BOOKMARK_MISSING:
		break;
	case BOOKMARK_FAILED:
		return false;
	}
	return true;
}

static bool load_bookmark(
	struct state_folder *state, struct bookmark_lane lanes[LANE_COUNT], struct err *err)
{
	state->bookmark = bookmark_new();
	switch (bookmark_load(state->bookmark, state->bookmark_path, lanes, err)) {
	case BOOKMARK_READ:
		return true;
	case BOOKMARK_FAILED:
		return false;
	case BOOKMARK_DAMAGED:
		if (!put_aside(state, err))
			return false;
		break;
	case BOOKMARK_MISSING:
		break;
	}
	return load_older(state, lanes, err);
}

static bool open_spool(struct state_folder *state, const char *dir,
	const struct spool_settings *settings, struct spool_report report[LANE_COUNT],
	struct err *err)
{
	struct bookmark_lane known[LANE_COUNT] = {0};
	char spool[PATH_MAX];

	if (!load_bookmark(state, known, err))
		return false;
	snprintf(spool, sizeof(spool), "%s/spool", dir);
	state->spool = spool_open(spool, settings, known, report, err);
	for (unsigned i = 0; i < LANE_COUNT && state->spool != NULL; i++) {
		bool kept = report[i].epoch == SPOOL_EPOCH_KEPT;

		if (kept)
			state->lanes[i] = known[i];
		if (!spool_replay(state->spool, (enum frame_lane)i, kept ? known[i].covered : 0,
			    state->bookmark, err))
			return false;
	}
	return state->spool != NULL;
}

bool state_folder_open(struct state_folder *state, const char *dir,
	const struct spool_settings *settings, struct spool_report report[LANE_COUNT],
	struct err *err)
{
	snprintf(state->bookmark_path, sizeof(state->bookmark_path), "%s/bookmark", dir);
	reserve_init(&state->reserve, dir);
	return lock_state(state, dir, err) && open_spool(state, dir, settings, report, err);
}

void state_folder_close(struct state_folder *state)
{
	spool_close(state->spool);
	bookmark_free(state->bookmark);
	if (state->lock >= 0)
		close(state->lock);
	*state = (struct state_folder)STATE_FOLDER_CLOSED;
}

/* ---- keeping -------------------------------------------------------------- */

static bool is_full(int sys)
{
	return sys == ENOSPC || sys == EDQUOT;
}

/*
 * As far as the file system can: only damage of the disk asks for it. At no time there is none,
 * and none is given up for a bookmark that is missing.
 */
static void keep_older(const struct state_folder *state)
{
	char older[BESIDE_MAX], next[BESIDE_MAX];

	(void)unlink(beside(state, ".next", next));
	if (link(state->bookmark_path, next) != 0)
		return;
	(void)!rename(next, beside(state, ".old", older));
	(void)unlink(next); /* rename() leaves a second name of the same file */
}

static bool write_bookmark(struct state_folder *state,
	const struct bookmark_lane lanes[LANE_COUNT], struct err *err)
{
	struct err first = {0};

	keep_older(state);
	bool ok = bookmark_save(state->bookmark, state->bookmark_path, lanes, &first);

	if (!ok && is_full(first.sys) && reserve_spend(&state->reserve))
		ok = bookmark_save(state->bookmark, state->bookmark_path, lanes, &first);
	if (!ok && err != NULL)
		*err = first;
	if (ok)
		reserve_keep(&state->reserve, state->bookmark_path);
	return ok;
}

static void tell_epochs(struct state_folder *state, struct intake *intake)
{
	for (unsigned i = 0; i < LANE_COUNT; i++) {
		enum frame_lane lane = (enum frame_lane)i;
		uint64_t old;
		enum spool_epoch why = spool_unsaved(state->spool, lane, &old);

		if (why == SPOOL_EPOCH_KEPT)
			continue;
		spool_saved(state->spool, lane);
		announce_epoch(intake, state->spool, lane, old, spool_epoch_text(why));
	}
}

/* `lanes` is only what is on disk: release may trust it. */
bool state_folder_save(struct state_folder *state, struct intake *intake, struct err *err)
{
	struct bookmark_lane now[LANE_COUNT];
	struct intake_state taken;

	memcpy(now, state->lanes, sizeof(now));
	for (unsigned i = 0; i < LANE_COUNT; i++)
		spool_lane(state->spool, (enum frame_lane)i, &now[i]);
	if (!write_bookmark(state, now, err))
		return false;
	memcpy(state->lanes, now, sizeof(now));
	intake_state(intake, &taken);
	state->saved_moves = taken.moves;
	state->saved_losses = taken.losses;
	state->saved_ms = clock_mono_ms();
	tell_epochs(state, intake);
	return true;
}

static bool same_lane(const struct bookmark_lane *a, const struct bookmark_lane *b)
{
	return memcmp(a->log_id, b->log_id, sizeof(a->log_id)) == 0 && a->epoch == b->epoch &&
	       a->begin == b->begin && a->acked == b->acked && a->acked_crc == b->acked_crc &&
	       a->covered == b->covered;
}

static bool has_moved(const struct state_folder *state, const struct intake_state *taken)
{
	struct bookmark_lane lane;

	if (taken->moves != state->saved_moves)
		return true;
	for (unsigned i = 0; i < LANE_COUNT; i++) {
		lane = state->lanes[i];
		spool_lane(state->spool, (enum frame_lane)i, &lane);
		if (!same_lane(&lane, &state->lanes[i]))
			return true;
	}
	return false;
}

static void release(struct state_folder *state)
{
	struct err err;

	for (unsigned i = 0; i < LANE_COUNT; i++)
		if (!spool_release(
			    state->spool, (enum frame_lane)i, state->lanes[i].covered, &err))
			log_error("spool.not_released", "lane=%s reason=%s",
				frame_lane_text((enum frame_lane)i),
				LOG_TEXT(slice_str(err.text)));
}

bool state_folder_changed(const struct state_folder *state, const struct intake *intake)
{
	struct intake_state taken;

	intake_state(intake, &taken);
	return taken.losses != state->saved_losses || has_moved(state, &taken);
}

/* A socket may lose something at any moment: that alone is saved now and then. */
static bool is_due(const struct state_folder *state, const struct intake *intake)
{
	struct intake_state taken;

	intake_state(intake, &taken);
	return has_moved(state, &taken) ||
	       (taken.losses != state->saved_losses &&
		       clock_mono_ms() - state->saved_ms >= LOSSES_MS);
}

void state_folder_keep(struct state_folder *state, struct intake *intake)
{
	struct err err;

	if (!is_due(state, intake))
		return;
	bool failed = !state_folder_save(state, intake, &err);
	if (failed && !state->save_failed)
		log_error("bookmark.not_saved", "reason=%s instead=trying-again",
			LOG_TEXT(slice_str(err.text)));
	state->save_failed = failed;
	release(state);
	intake_retry(intake);
}
