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
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/seglog.h"
#include "common/seglog_inner.h"

struct candidate {
	uint64_t name; /* first sequence by the file's name */
	uint64_t size;
	bool regular;
	bool has_head;
	bool unread; /* the disk refused its head */
	bool blank;  /* was never written */
	bool ours;   /* of this log, and in its place */
	struct segment_head head;
};

struct opening {
	struct seglog *log;
	const struct seglog_settings *settings; /* NULL: opened for reading */
	struct seglog_damage damage;
	struct state_values state;
	bool state_known;
	struct candidate *candidates; /* by name */
	size_t n, capacity;
};

/* ---- the folder ----------------------------------------------------------- */

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

/* Short, or nothing but zeros: as a file is that was just made when the power went. */
static bool is_blank(const unsigned char *bytes, ssize_t len)
{
	for (ssize_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return len < SEGMENT_HEAD_SIZE;
	return len >= 0;
}

static bool look_into(int fd, struct candidate *candidate)
{
	unsigned char bytes[SEGMENT_HEAD_SIZE];
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;

	ssize_t n = file_read_at(fd, bytes, sizeof(bytes), 0);
	candidate->regular = true;
	candidate->size = (uint64_t)st.st_size;
	candidate->unread = n < 0;
	candidate->blank = is_blank(bytes, n);
	candidate->has_head =
		n == SEGMENT_HEAD_SIZE && segment_head_read(bytes, (size_t)n, &candidate->head);
	return true;
}

/* What is no regular file stays `regular` false; what cannot be opened now is a failure. */
static bool look_at(const struct seglog *log, struct candidate *candidate, struct err *err)
{
	int fd = seglog_open_segment(log, candidate->name);

	if (fd < 0 && (errno == ELOOP || errno == EINVAL || errno == ENXIO || errno == ENOENT))
		return true;

	bool ok = fd >= 0 && look_into(fd, candidate);
	if (!ok)
		err_sys(err, "%s: opening segment %" PRIu64, log->dir, candidate->name);
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool add_candidate(struct opening *opening, uint64_t name, struct err *err)
{
	if (opening->n == opening->capacity) {
		opening->capacity = opening->capacity * 2 + 64;
		opening->candidates = realloc(
			opening->candidates, opening->capacity * sizeof(*opening->candidates));
		if (opening->candidates == NULL)
			abort();
	}

	struct candidate *candidate = &opening->candidates[opening->n++];
	*candidate = (struct candidate){.name = name};
	return look_at(opening->log, candidate, err);
}

static int by_name(const void *a, const void *b)
{
	uint64_t x = ((const struct candidate *)a)->name;
	uint64_t y = ((const struct candidate *)b)->name;

	return (x > y) - (x < y);
}

static DIR *open_listing(const struct opening *opening, struct err *err)
{
	int fd = openat(opening->log->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (dir != NULL)
		return dir;
	err_sys(err, "listing %s", opening->log->dir);
	if (fd >= 0)
		close(fd);
	return NULL;
}

static bool list_dir(struct opening *opening, struct err *err)
{
	DIR *dir = open_listing(opening, err);
	const struct dirent *file;
	bool ok = true;

	if (dir == NULL)
		return false;
	opening->n = 0;
	while (ok && (errno = 0, file = readdir(dir)) != NULL) {
		uint64_t name;

		if (segment_name_read(file->d_name, &name))
			ok = add_candidate(opening, name, err);
	}
	if (ok && errno != 0)
		ok = err_sys(err, "listing %s", opening->log->dir);
	closedir(dir);
	if (opening->n > 0)
		qsort(opening->candidates, opening->n, sizeof(struct candidate), by_name);
	return ok;
}

/* ---- whose log is it ------------------------------------------------------ */

static bool random_id(unsigned char id[SEGLOG_ID_SIZE], struct err *err)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, id, SEGLOG_ID_SIZE) : -1;

	if (n != SEGLOG_ID_SIZE)
		err_sys(err, "reading /dev/urandom");
	if (fd >= 0)
		close(fd);
	return n == SEGLOG_ID_SIZE;
}

static int by_id(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->has_head != y->has_head)
		return y->has_head - x->has_head;
	return memcmp(x->head.id, y->head.id, SEGLOG_ID_SIZE);
}

static bool same_id(const unsigned char *a, const unsigned char *b)
{
	return memcmp(a, b, SEGLOG_ID_SIZE) == 0;
}

/* A new id must not make a log foreign that the disk only refuses to show. */
static bool none_unread(const struct opening *opening, struct err *err)
{
	for (size_t i = 0; i < opening->n; i++)
		if (opening->candidates[i].unread)
			return err_set(err, "%s: no segment can be read", opening->log->dir);
	return true;
}

/*
 * The log is the one most segments belong to; the state decides between equals and where no
 * segment can say.
 */
static bool choose_id(struct opening *opening, struct err *err)
{
	struct candidate *list = opening->candidates;
	const struct candidate *best = NULL;
	size_t best_run = 0, run = 0;

	if (opening->n > 0)
		qsort(list, opening->n, sizeof(*list), by_id);
	for (size_t i = 0; i < opening->n && list[i].has_head; i++) {
		run = i > 0 && same_id(list[i].head.id, list[i - 1].head.id) ? run + 1 : 1;
		if (run > best_run || (run == best_run && opening->state_known &&
					      same_id(list[i].head.id, opening->state.id))) {
			best = &list[i];
			best_run = run;
		}
	}
	if (best == NULL && !opening->state_known)
		return none_unread(opening, err) && random_id(opening->log->id, err);
	memcpy(opening->log->id, best ? best->head.id : opening->state.id, SEGLOG_ID_SIZE);
	if (opening->n > 0)
		qsort(list, opening->n, sizeof(*list), by_name);
	return true;
}

/* ---- segments that are not what they should be ---------------------------- */

static bool exists(const struct seglog *log, const char *name)
{
	return faccessat(log->dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool rename_file(
	const struct seglog *log, const char *from, const char *to, struct err *err)
{
	if (renameat(log->dir_fd, from, log->dir_fd, to) != 0)
		return err_sys(err, "%s: renaming %s to %s", log->dir, from, to);
	return true;
}

static bool set_aside(struct opening *opening, const char *name, struct err *err)
{
	char aside[NAME_MAX + 1];

	snprintf(aside, sizeof(aside), "%s.bad", name);
	for (unsigned i = 2; exists(opening->log, aside); i++)
		snprintf(aside, sizeof(aside), "%s.%u.bad", name, i);
	opening->damage.foreign_segments++;
	return rename_file(opening->log, name, aside, err);
}

/*
 * Whether any entry of this log can be read from a segment whose head cannot. What the disk
 * refuses today it may give tomorrow: such a segment stays, too.
 */
static bool holds_entries(const struct seglog *log, const struct candidate *candidate)
{
	struct segment_reader reader;
	struct segment_entry_head head;
	struct slice payload;
	int fd = seglog_open_segment(log, candidate->name);

	if (fd < 0)
		return true;
	segment_reader_init(&reader);
	reader.pass_unread = true;
	segment_reader_start(&reader, fd, log->seed, candidate->name, candidate->size);
	bool found = segment_next(&reader, 0, &head, &payload, NULL) == SEGMENT_ENTRY ||
		     reader.unread > 0;
	segment_reader_done(&reader);
	return found;
}

/* Puts a segment that carries another segment's name where it belongs: on the way to it. */
static bool move_away(struct opening *opening, struct candidate *candidate, struct err *err)
{
	char name[SEGMENT_NAME_SIZE], moving[SEGMENT_NAME_SIZE + sizeof(".moving")];
	char own[SEGMENT_NAME_SIZE];

	segment_name(candidate->name, name);
	segment_name(candidate->head.first, own);
	snprintf(moving, sizeof(moving), "%s.moving", own);
	if (exists(opening->log, moving))
		return set_aside(opening, name, err);
	return rename_file(opening->log, name, moving, err);
}

/* The second half of the move, also of one that was interrupted. */
static bool settle_moving(struct opening *opening, bool *moved, struct err *err)
{
	DIR *dir = open_listing(opening, err);
	const struct dirent *file;
	bool ok = true;

	if (dir == NULL)
		return false;
	while (ok && (file = readdir(dir)) != NULL) {
		char own[SEGMENT_NAME_SIZE] = "";
		uint64_t first;

		if (strlen(file->d_name) != SEGMENT_NAME_SIZE - 1 + strlen(".moving"))
			continue;
		memcpy(own, file->d_name, SEGMENT_NAME_SIZE - 1);
		if (!segment_name_read(own, &first) ||
			!slice_ends(slice_str(file->d_name), SLICE_LIT(".moving")))
			continue;
		*moved = true;
		ok = exists(opening->log, own)
			     ? set_aside(opening, file->d_name, err)
			     : rename_file(opening->log, file->d_name, own, err);
	}
	closedir(dir);
	return ok;
}

/* Decides about one file; those that stay are `ours`. */
static bool sort_out_one(
	struct opening *opening, struct candidate *candidate, bool last, struct err *err)
{
	const struct seglog *log = opening->log;
	bool mine = candidate->has_head && same_id(candidate->head.id, log->id);
	char name[SEGMENT_NAME_SIZE];

	candidate->ours = candidate->regular &&
			  ((mine && candidate->head.first == candidate->name) ||
				  (!candidate->has_head && holds_entries(log, candidate)));
	if (candidate->ours || log->read_only)
		return true;
	if (mine)
		return move_away(opening, candidate, err);
	segment_name(candidate->name, name);
	if (!last || !candidate->blank)
		return set_aside(opening, name, err);
	opening->damage.torn_bytes += candidate->size;
	if (unlinkat(log->dir_fd, name, 0) != 0)
		return err_sys(err, "removing %s/%s", log->dir, name);
	return true;
}

static bool sort_out(struct opening *opening, struct err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < opening->n; i++) {
		if (!sort_out_one(opening, &opening->candidates[i], i + 1 == opening->n, err))
			return false;
		if (opening->candidates[i].ours)
			opening->candidates[kept++] = opening->candidates[i];
	}
	opening->n = kept;
	return true;
}

static bool find_segments(struct opening *opening, struct err *err)
{
	struct seglog *log = opening->log;
	bool moved = false;

	if (!list_dir(opening, err) || !choose_id(opening, err))
		return false;
	log->seed = segment_seed(log->id);
	opening->state_known = opening->state_known && same_id(opening->state.id, log->id);
	if (!sort_out(opening, err))
		return false;
	if (log->read_only)
		return true;
	if (!settle_moving(opening, &moved, err))
		return false;
	return !moved || (list_dir(opening, err) && sort_out(opening, err));
}

/* ---- the end of the log --------------------------------------------------- */

struct tail {
	uint64_t durable; /* sequences up to here were durable for certain */
	uint64_t end;     /* bytes to keep */
	uint64_t next;    /* sequence behind the last entry kept */
	bool whole;       /* nothing damaged at all */
	bool unread;      /* the disk refused a part */
};

/* What was released is not missed. */
static void add_lost(struct opening *opening, uint64_t first, uint64_t last)
{
	uint64_t released = atomic_load(&opening->log->released);

	if (first <= released)
		first = released + 1;
	if (first > last)
		return;
	opening->damage.lost_ranges++;
	opening->damage.lost_sequences += last - first + 1;
}

static bool start_reading(struct segment_reader *reader, const struct seglog *log,
	const struct candidate *last, struct err *err)
{
	int fd = seglog_open_segment(log, last->name);

	if (fd < 0)
		return err_sys(err, "%s: opening segment %" PRIu64, log->dir, last->name);
	segment_reader_init(reader);
	reader->pass_unread = true;
	segment_reader_start(reader, fd, log->seed, last->name, last->size);
	return true;
}

/* Reads to the end and learns how far the log was durable. */
static void read_marks(struct segment_reader *reader, struct tail *tail)
{
	struct segment_entry_head head;
	struct slice payload;

	tail->whole = reader->offset > 0;
	while (segment_next(reader, 0, &head, &payload, NULL) == SEGMENT_ENTRY) {
		uint64_t mark = head.first - 1 - head.undurable;

		if (head.undurable < UINT32_MAX && mark > tail->durable)
			tail->durable = mark;
		tail->whole = tail->whole && head.first == tail->next;
		tail->next = head.first + head.count;
		tail->end = reader->offset;
	}
	tail->whole = tail->whole && reader->skipped == 0;
	tail->unread = reader->unread > 0;
}

/* Keeps what lies before the first gap that was not durable, and counts the gaps before. */
static void measure(struct opening *opening, struct segment_reader *reader, uint64_t first,
	struct tail *tail)
{
	struct segment_entry_head head;
	struct slice payload;
	uint64_t skipped = 0;

	tail->next = first;
	tail->end = reader->offset;
	while (segment_next(reader, 0, &head, &payload, NULL) == SEGMENT_ENTRY) {
		if (head.first > tail->next && head.first - 1 > tail->durable)
			break;
		if (head.first > tail->next)
			add_lost(opening, tail->next, head.first - 1);
		tail->next = head.first + head.count;
		tail->end = reader->offset;
		skipped = reader->skipped;
	}
	/* Where nothing was durable yet, a head that is not there was never there. */
	if (tail->durable < first)
		opening->damage.torn_bytes += skipped;
	else
		opening->damage.skipped_bytes += skipped;
}

/* Whether the disk gave anything at all: what it will give again is not damaged. */
static bool anything_read(const struct opening *opening)
{
	bool any = opening->state_known;

	for (size_t i = 0; i < opening->n; i++)
		any |= opening->candidates[i].has_head;
	return any;
}

static bool read_tail(struct opening *opening, const struct candidate *last, struct tail *tail,
	struct err *err)
{
	struct segment_reader reader;

	tail->next = last->name;
	if (last->name - 1 > tail->durable)
		tail->durable = last->name - 1;
	if (!start_reading(&reader, opening->log, last, err))
		return false;
	tail->end = reader.offset;
	read_marks(&reader, tail);
	bool nothing = last->size > 0 && reader.unread >= last->size;
	segment_reader_done(&reader);
	if (nothing && !anything_read(opening))
		return err_set(err, "%s: segment %" PRIu64 " cannot be read", opening->log->dir,
			last->name);
	if (tail->whole)
		return true;
	if (!start_reading(&reader, opening->log, last, err))
		return false;
	measure(opening, &reader, last->name, tail);
	segment_reader_done(&reader);
	return true;
}

/* ---- opening -------------------------------------------------------------- */

static uint64_t greatest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
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

/* Where the log may go on at the earliest, less one. */
static uint64_t known_durable(const struct opening *opening)
{
	const struct seglog_settings *settings = opening->settings;
	uint64_t durable = atomic_load(&opening->log->released);

	if (opening->state_known)
		durable = greatest(durable, opening->state.next - 1);
	if (settings != NULL && settings->known_id != NULL &&
		same_id(settings->known_id, opening->log->id))
		durable = greatest(durable, settings->known_durable);
	return durable;
}

/* What the page cache shows may never have reached the disk: write it, then really read. */
static bool drop_cache(const struct seglog *log, const struct candidate *last, struct err *err)
{
	int fd = seglog_open_segment(log, last->name);
	bool ok = fd >= 0 && file_sync_data(fd);

	if (!ok)
		err_sys(err, "%s: syncing segment %" PRIu64, log->dir, last->name);
	else
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool cut_tail(struct seglog *log, uint64_t first, uint64_t end, struct err *err)
{
	char name[SEGMENT_NAME_SIZE];

	segment_name(first, name);
	log->fd = openat(log->dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (log->fd < 0)
		return err_sys(err, "%s: opening %s for writing", log->dir, name);
	if (!file_truncate(log->fd, end) || !file_sync_data(log->fd))
		return err_sys(err, "%s: cutting the tail of %s", log->dir, name);
	log->flushed = log->durable_size = end;
	return true;
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

/* A last segment of which nothing is kept makes room for one that starts the same. */
static bool give_up_last(struct opening *opening, const struct candidate *last,
	const struct tail *tail, struct err *err)
{
	struct seglog *log = opening->log;
	char name[SEGMENT_NAME_SIZE];

	log->n_segments--;
	atomic_fetch_sub(&log->bytes, last->size);
	segment_name(last->name, name);
	if (tail->unread)
		return set_aside(opening, name, err);
	if (unlinkat(log->dir_fd, name, 0) != 0)
		return err_sys(err, "removing %s/%s", log->dir, name);
	return true;
}

static bool continue_behind(struct opening *opening, const struct candidate *last,
	const struct tail *tail, struct err *err)
{
	struct seglog *log = opening->log;

	if (log->read_only)
		return true;
	if (log->next == last->name && !give_up_last(opening, last, tail, err))
		return false;
	return seglog_start_segment(log, log->next, err) == SEGLOG_OK;
}

/* Goes on in the last segment, or in a new one when its end is damaged. */
static bool continue_log(struct opening *opening, const struct candidate *last,
	const struct tail *tail, struct err *err)
{
	struct seglog *log = opening->log;
	uint64_t rest = last->size - tail->end;
	bool lost = tail->next <= tail->durable;

	if (lost)
		add_lost(opening, tail->next, tail->durable);
	if (lost || tail->unread)
		opening->damage.skipped_bytes += rest;
	else
		opening->damage.torn_bytes += rest;
	log->next = greatest(tail->next, tail->durable + 1);
	atomic_store(&log->durable, log->next - 1);
	if (lost || tail->unread || !last->has_head || tail->end < SEGMENT_HEAD_SIZE)
		return continue_behind(opening, last, tail, err);
	log->segments[log->n_segments - 1].size = tail->end;
	atomic_fetch_sub(&log->bytes, rest);
	return log->read_only || cut_tail(log, last->name, tail->end, err);
}

static bool recover_end(struct opening *opening, struct err *err)
{
	struct seglog *log = opening->log;
	struct tail tail = {.durable = known_durable(opening)};

	if (opening->n == 0) {
		atomic_store(&log->durable, tail.durable);
		return log->read_only ||
		       seglog_start_segment(log, tail.durable + 1, err) == SEGLOG_OK;
	}

	const struct candidate *last = &opening->candidates[opening->n - 1];
	if (!log->read_only && !drop_cache(log, last, err))
		return false;
	return read_tail(opening, last, &tail, err) && continue_log(opening, last, &tail, err);
}

/* A log without its first segments, when nobody released them, has lost them. */
static void count_missing_start(struct opening *opening)
{
	const struct seglog *log = opening->log;
	uint64_t released = atomic_load(&log->released);

	if (log->n_segments > 0 && log->segments[0].first > released + 1)
		add_lost(opening, released + 1, log->segments[0].first - 1);
}

static bool recover(struct opening *opening, struct err *err)
{
	struct seglog *log = opening->log;

	if (!find_segments(opening, err))
		return false;
	atomic_store(&log->released, released_before(opening));
	list_segments(opening);
	if (!recover_end(opening, err))
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
	return !exists(log, name);
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
