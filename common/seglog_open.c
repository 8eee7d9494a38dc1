/*
 * seglog_open - what an earlier run left behind becomes a log again
 *
 * Only heads of older segments are read; the last segment is read whole. What
 * is known to have been durable and cannot be read is lost and stays
 * declared: the numbering never goes back over it. What comes after it is the
 * torn tail and is cut. Known to be durable is what the state says, what a
 * later entry says (each carries how much was durable when it was appended),
 * and everything before the last segment.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/file.h"
#include "common/seglog_open_inner.h"

static bool lock_dir(struct seglog *log, struct err *err)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;

	log->lock_fd = openat(log->dir_fd, "lock", flags, 0600);
	if (log->lock_fd < 0)
		return err_sys(err, "%s: opening its lock", log->dir);
	if (flock(log->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return err_sys(err, "%s: in use by another process", log->dir);
	return true;
}

static bool open_dir(struct seglog *log, struct err *err)
{
	if (!log->read_only && !file_make_dirs(log->dir, 0700, err))
		return false;
	log->dir_fd = open(log->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (log->dir_fd < 0)
		return err_sys(err, "%s", log->dir);
	return log->read_only || lock_dir(log, err);
}

static uint64_t released_before(const struct opening *opening)
{
	uint64_t released = opening->state_known ? opening->state.released : 0;

	for (size_t i = 0; i < opening->n; i++)
		if (opening->candidates[i].has_head)
			released = greatest(released, opening->candidates[i].head.released);
	if (!opening->state_known && opening->n > 0)
		released = greatest(released, opening->candidates[0].name - 1);
	return released;
}

static void list_segments(struct opening *opening)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < opening->n; i++) {
		const struct candidate *one = &opening->candidates[i];

		seglog_list_segment(opening->log, one->name, one->size);
		bytes += one->size;
	}
	atomic_store(&opening->log->bytes, bytes);
}

/* A log without its first segments, when nobody released them, has lost them. */
static void count_missing_start(struct opening *opening)
{
	const struct seglog *log = opening->log;
	uint64_t released = atomic_load(&log->released);

	if (log->n_segments > 0 && log->segments[0].first > released + 1)
		opening_add_lost(opening, released + 1, log->segments[0].first - 1);
}

static bool recover(struct opening *opening, struct err *err)
{
	struct seglog *log = opening->log;

	if (!opening_find(opening, err))
		return false;
	atomic_store(&log->released, released_before(opening));
	list_segments(opening);
	if (!opening_recover_end(opening, err))
		return false;
	count_missing_start(opening);
	return true;
}

static bool open_for_appending(struct opening *opening, struct err *err)
{
	struct seglog *log = opening->log;

	log->buffer = malloc(SEGLOG_BUFFER_SIZE);
	if (log->buffer == NULL)
		abort();
	if (!open_dir(log, err) ||
		!state_open(&log->state, log->dir_fd, &opening->state, &opening->state_known,
			err) ||
		!recover(opening, err))
		return false;

	struct state_values values = seglog_state_values(log);
	if (seglog_sync(log, err) != SEGLOG_OK || !state_keep(&log->state, &values, err))
		return false;
	if (!file_sync(log->dir_fd))
		return err_sys(err, "syncing %s", log->dir);
	return seglog_drop_released(log, err);
}

/* The newest segment may be closed, released and unlinked between listing and reading it. */
static bool recover_beside(struct opening *opening, struct err *err)
{
	enum { TRIES = 100 };
	struct seglog *log = opening->log;

	for (unsigned tries = 0; tries < TRIES; tries++) {
		opening->damage = (struct seglog_damage){0};
		opening->state_known = state_peek(log->dir_fd, &opening->state);
		log->n_segments = 0;
		if (recover(opening, err))
			return true;
		if (err->sys != ENOENT)
			return false;
	}
	return false;
}

static bool open_for_reading(struct opening *opening, struct err *err)
{
	struct seglog *log = opening->log;

	if (!open_dir(log, err) || !recover_beside(opening, err))
		return false;
	return log->n_segments > 0 || err_set(err, "%s: no log is there", log->dir);
}

bool seglog_overtaken(const struct seglog *log)
{
	char name[SEGMENT_NAME_SIZE];

	segment_name(seglog_segment_first(log), name);
	return !opening_file_exists(log, name);
}

static struct seglog *new_log(const char *dir)
{
	struct seglog *log = calloc(1, sizeof(*log));

	if (log == NULL || (log->dir = strdup(dir)) == NULL)
		abort();
	log->dir_fd = log->lock_fd = log->fd = log->state.fd = -1;
	pthread_mutex_init(&log->lock, NULL);
	return log;
}

static void free_log(struct seglog *log)
{
	const int fds[] = {log->fd, log->dir_fd, log->lock_fd};

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	state_close(&log->state);
	pthread_mutex_destroy(&log->lock);
	free(log->segments);
	free(log->removals);
	free(log->buffer);
	free(log->dir);
	free(log);
}

/* The log when `ok`, else nothing; the damage is told when the log opened. */
static struct seglog *finish(struct opening *opening, bool ok, struct seglog_damage *damage)
{
	free(opening->candidates);
	if (!ok) {
		free_log(opening->log);
		return NULL;
	}
	if (damage != NULL)
		*damage = opening->damage;
	return opening->log;
}

struct seglog *seglog_open(
	const struct seglog_settings *settings, struct seglog_damage *damage, struct err *err)
{
	struct opening opening = {.log = new_log(settings->dir), .settings = settings};

	opening.log->segment_size = settings->segment_size;
	opening.log->quota = settings->quota;
	return finish(&opening, open_for_appending(&opening, err), damage);
}

struct seglog *seglog_open_reading(
	const char *dir, struct seglog_damage *damage, struct err *err)
{
	struct opening opening = {.log = new_log(dir)};

	opening.log->read_only = true;
	return finish(&opening, open_for_reading(&opening, err), damage);
}

void seglog_close(struct seglog *log)
{
	if (log == NULL)
		return;
	if (!log->read_only) {
		(void)!seglog_sync(log, NULL);

		struct state_values values = seglog_state_values(log);
		(void)!state_keep(&log->state, &values, NULL);
	}
	free_log(log);
}
