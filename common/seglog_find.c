/* seglog_find - which of the files in a log's folder are its segments; others are set aside */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/seglog_open_inner.h"

/* ---- the folder ----------------------------------------------------------- */

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

bool opening_file_exists(const struct seglog *log, const char *name)
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

bool opening_set_aside(struct opening *opening, const char *name, struct err *err)
{
	char aside[NAME_MAX + 1];

	snprintf(aside, sizeof(aside), "%s.bad", name);
	for (unsigned i = 2; opening_file_exists(opening->log, aside); i++)
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
	if (opening_file_exists(opening->log, moving))
		return opening_set_aside(opening, name, err);
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
		ok = opening_file_exists(opening->log, own)
			     ? opening_set_aside(opening, file->d_name, err)
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
		return opening_set_aside(opening, name, err);
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

bool opening_find(struct opening *opening, struct err *err)
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
