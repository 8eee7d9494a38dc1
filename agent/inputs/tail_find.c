#include <errno.h>

#include "agent/inputs/file_generations.h"
#include "agent/inputs/tail_inner.h"
#include "common/clock.h"

enum {
	LISTINGS_MAX = 5,    /* at once */
	MISSING_MS = 600000, /* a renamed file whose path stays empty is followed so long */
	CLOCK_STEP_NS = 2000000000, /* stamps of copies may be a little older */
};

static struct counter n_emptied =
	COUNTER("file.truncations", "files truncated under the reader");

/* The file read so far: its writer may not have noticed the rotation yet. */
static void put_aside(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	if (tail->rotated_ms == 0 || tail->source.gzip != NULL) {
		tail_close_source(tails, &tail->source);
		return;
	}
	tail_close_late(tails, tail);
	tail->late = tail->source;
	tail->late_offset = tail->position.offset;
	tail->late_until_ms = now_ms + TAIL_LATE_MS;
	tail->source = (struct file_source)FILE_SOURCE_CLOSED;
}

/* Begins with the file in `source`, known by `identity`, at `offset`. */
static void begin(struct tails *tails, struct tail *tail, const struct file_source *source,
	const struct file_identity *identity, uint64_t offset)
{
	struct stat st;

	put_aside(tails, tail, clock_mono_ms());
	tail->source = *source;
	tails->n_open++;
	tail->position.file = *identity;
	tail->position.offset = offset;
	if (file_source_stat(source, &st))
		tail->position.modified_ns = file_modified_ns(&st);
	tail->placed = true;
	tail->rotated_ms = 0;
	file_scan_start(&tail->scan, offset);
}

/* ---- what came to the path ------------------------------------------------ */

bool tail_path_names_source(const struct tail *tail)
{
	struct stat path, open;

	return stat(tail->path, &path) == 0 && file_source_stat(&tail->source, &open) &&
	       path.st_dev == open.st_dev && path.st_ino == open.st_ino;
}

static void count_from(const struct tails *tails, struct tail *tail, size_t successors)
{
	tail->successors = successors;
	tail->counted = !tails->blind;
}

bool tail_count_from_here(struct tails *tails, struct tail *tail)
{
	tails->hear(tails->user);
	if (!tail_path_names_source(tail))
		return false;
	count_from(tails, tail, 0);
	return true;
}

void tail_declare_removed(struct tails *tails, const struct tail *tail, size_t removed)
{
	if (removed == 0)
		return;
	counter_add(&tail_files_lost, removed);
	tail_declare_loss(tails, tail, GAP_ROTATED);
}

/*
 * Lists until two listings are the same (file_generations.h). What the kernel has told is heard
 * between them: of every file that they show, and of none that came later.
 */
static bool list(struct tails *tails, const struct tail *tail, struct file_generations *found)
{
	bool same = false;

	file_generations_find(tail->path, found);
	for (int i = 0; i < LISTINGS_MAX && !same; i++) {
		struct file_generations before = *found;

		tails->hear(tails->user);
		file_generations_find(tail->path, found);
		same = file_generations_same(&before, found);
		file_generations_done(&before);
	}
	if (!same)
		file_generations_done(found);
	return same;
}

/* ---- opening -------------------------------------------------------------- */

/* Opens a generation from its start. Its name may be another file's by now. */
static enum moved begin_generation(struct tails *tails, struct tail *tail,
	const struct file_generation *generation, struct err *err)
{
	struct file_source source;
	struct file_identity identity;

	if (!file_source_open(&source, generation->path, generation->packing == FILE_GZIP, err))
		return err->sys == ENOENT ? MOVE_LATER : MOVE_FAILED;
	if (!file_identify(&source, &identity)) {
		err_sys(err, "%s", generation->path);
		file_source_close(&source);
		return MOVE_FAILED;
	}
	if (identity.inode != generation->inode || identity.device != generation->device) {
		file_source_close(&source);
		return MOVE_LATER;
	}
	begin(tails, tail, &source, &identity, file_source_data(&source, 0));
	tail_tell_position(tails, tail);
	return MOVED_ON;
}

/* The first that came after the file at hand; found->n when none did. */
static size_t after(const struct file_generations *found, const struct file_position *position)
{
	for (size_t i = 0; i < found->n; i++)
		if (found->items[i].device == position->file.device &&
			found->items[i].inode == position->file.inode)
			return i + 1;
	for (size_t i = 0; i < found->n; i++)
		if (found->items[i].modified_ns > position->modified_ns)
			return i;
	return found->n;
}

static bool names_path(const struct file_generations *found, const struct tail *tail, size_t i)
{
	return strcmp(found->items[i].path, tail->path) == 0;
}

/* Goes on with the oldest readable generation from `*i` on, and says which that was; passing
 * over unreadable ones is a loss. */
static enum moved move_on(struct tails *tails, struct tail *tail,
	const struct file_generations *found, size_t *i, struct err *err)
{
	size_t passed = *i, to = *i;
	enum moved moved = MOVED_NOWHERE;

	while (to < found->n && found->items[to].packing == FILE_PACKED_OTHERWISE)
		to++;
	if (to < found->n)
		moved = begin_generation(tails, tail, &found->items[to], err);
	if (moved == MOVE_FAILED || moved == MOVE_LATER)
		return moved;
	for (; passed < to; passed++)
		tail_declare_removed(tails, tail, 1);
	*i = to;
	return moved;
}

/* The path itself, when no generation is known to be newer. */
static size_t at_least_the_path(
	const struct file_generations *found, const struct tail *tail, size_t i)
{
	bool there = found->n > 0 && names_path(found, tail, found->n - 1);

	return i == found->n && there ? found->n - 1 : i;
}

static bool try_generation(struct tails *tails, struct tail *tail,
	const struct file_generation *generation, enum file_match wanted)
{
	struct file_position position = tail->position;
	struct file_source source;
	struct file_identity identity = position.file;

	if (!file_source_open(
		    &source, generation->path, generation->packing == FILE_GZIP, NULL))
		return false;
	if (file_compare(&identity, &source) != wanted ||
		(wanted == FILE_COPY && !file_identify(&source, &identity))) {
		file_source_close(&source);
		return false;
	}
	begin(tails, tail, &source, &identity, position.offset);
	tail_tell_position(tails, tail);
	return true;
}

/* A packed one does not tell how much it holds. */
static bool holds_offset(const struct file_generation *generation, uint64_t offset)
{
	return generation->packing != FILE_PLAIN || generation->size >= offset;
}

static bool find_same(
	struct tails *tails, struct tail *tail, const struct file_generations *found)
{
	for (size_t i = found->n; i-- > 0;) {
		const struct file_generation *item = &found->items[i];

		if (item->inode == tail->position.file.inode &&
			item->device == tail->position.file.device &&
			holds_offset(item, tail->position.offset) &&
			try_generation(tails, tail, item, FILE_SAME))
			return true;
	}
	return false;
}

/*
 * What the path names may be a copy only when it surely begins alike: files of one program
 * often begin with the same line. Elsewhere a wrong guess can at most pass over that line.
 */
static bool may_be_copy(const struct file_generations *found, const struct tail *tail, size_t i)
{
	const struct file_generation *item = &found->items[i];

	if (item->packing == FILE_PACKED_OTHERWISE ||
		!holds_offset(item, tail->position.offset) ||
		item->modified_ns < tail->position.modified_ns - CLOCK_STEP_NS)
		return false;
	return !names_path(found, tail, i) || tail->position.file.head_len == FILE_HEAD_MAX;
}

static bool find_copy(
	struct tails *tails, struct tail *tail, const struct file_generations *found)
{
	for (size_t i = found->n; i-- > 0;)
		if (may_be_copy(found, tail, i) &&
			try_generation(tails, tail, &found->items[i], FILE_COPY))
			return true;
	return false;
}

static bool path_was_truncated(const struct file_generations *found, const struct tail *tail)
{
	const struct file_generation *last = found->n ? &found->items[found->n - 1] : NULL;

	return last != NULL && names_path(found, tail, found->n - 1) &&
	       last->device == tail->position.file.device &&
	       last->inode == tail->position.file.inode;
}

/* The folder may not be mounted yet, the next file not yet made. */
bool tail_still_patient(struct tail *tail, int64_t now_ms)
{
	if (tail->rotated_ms == 0)
		tail->rotated_ms = now_ms;
	return now_ms - tail->rotated_ms < MISSING_MS;
}

static enum moved give_up_rest(struct tails *tails, struct tail *tail,
	const struct file_generations *found, int64_t now_ms, struct err *err)
{
	bool truncated = path_was_truncated(found, tail);
	size_t next = truncated ? found->n - 1
				: at_least_the_path(found, tail, after(found, &tail->position));

	if (next == found->n && !tail->at_rest && tail_still_patient(tail, now_ms))
		return MOVE_LATER;

	enum moved moved = move_on(tails, tail, found, &next, err);
	if (moved == MOVE_FAILED || moved == MOVE_LATER || tail->at_rest)
		return moved;
	counter_add(truncated ? &n_emptied : &tail_files_lost, 1);
	tail_declare_loss(tails, tail, truncated ? GAP_TRUNCATED : GAP_ROTATED);
	return moved;
}

static bool go_on_in_copy(
	struct tails *tails, struct tail *tail, const struct file_generations *found)
{
	bool truncated = path_was_truncated(found, tail);

	if (!find_copy(tails, tail, found))
		return false;
	if (truncated) {
		counter_add(&n_emptied, 1);
		tail_declare_loss(tails, tail, GAP_TRUNCATED);
	}
	return true;
}

/* Nearly always; and reading a folder of thousands of files for each of them would be slow. */
static bool path_is_same(struct tails *tails, struct tail *tail)
{
	const struct file_generation itself = {.path = tail->path, .packing = FILE_PLAIN};
	struct stat st;

	return stat(tail->path, &st) == 0 && st.st_ino == tail->position.file.inode &&
	       st.st_dev == tail->position.file.device &&
	       (uint64_t)st.st_size >= tail->position.offset &&
	       try_generation(tails, tail, &itself, FILE_SAME);
}

enum moved tail_locate(struct tails *tails, struct tail *tail, int64_t now_ms, struct err *err)
{
	struct file_generations found;
	enum moved moved = MOVED_ON;

	tail->counted = false;
	if (path_is_same(tails, tail)) {
		(void)tail_count_from_here(tails, tail);
		return MOVED_ON;
	}
	if (!list(tails, tail, &found))
		return MOVE_LATER;
	if (!find_same(tails, tail, &found) && !go_on_in_copy(tails, tail, &found))
		moved = give_up_rest(tails, tail, &found, now_ms, err);
	if (moved == MOVED_ON)
		count_from(tails, tail, found.n - after(&found, &tail->position));
	file_generations_done(&found);
	return moved;
}

/* ---- a new path ----------------------------------------------------------- */

static bool is_named_by(const char *path, uint64_t device, uint64_t inode)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

/* Another tail reads this file: under a second name, or under the name it had before; then this
 * one goes on with it. */
static bool taken(struct tails *tails, struct tail *tail, const struct file_source *source,
	const struct file_identity *identity)
{
	struct tail *other = tails->find(tails->user, tail, identity->device, identity->inode);

	if (other == NULL || file_compare(&other->position.file,
				     &(struct file_source){.fd = source->fd}) != FILE_SAME)
		return false;
	if (is_named_by(other->path, identity->device, identity->inode))
		return true;
	begin(tails, tail, source, &other->position.file, other->position.offset);
	tail_close_source(tails, &other->source);
	other->placed = false;
	tail_tell_position(tails, tail);
	return true;
}

static enum moved begin_with_path(struct tails *tails, struct tail *tail, struct err *err)
{
	struct file_source source;
	struct file_identity identity;
	struct stat st;

	if (!file_source_open(&source, tail->path, false, err))
		return err->sys == ENOENT ? MOVED_NOWHERE : MOVE_FAILED;
	if (!file_identify(&source, &identity) || !file_source_stat(&source, &st)) {
		err_sys(err, "%s", tail->path);
		file_source_close(&source);
		return MOVE_FAILED;
	}
	if (taken(tails, tail, &source, &identity)) {
		if (tail->source.fd != source.fd)
			file_source_close(&source);
		return MOVED_ON;
	}
	bool old = tails->beginning || file_modified_ns(&st) <= tails->history_ns;
	begin(tails, tail, &source, &identity,
		tail->from_end && old ? (uint64_t)st.st_size : 0);
	tail->head_due = tail->position.offset > 0;
	tail->head_at = 0;
	tail_tell_position(tails, tail);
	return MOVED_ON;
}

/* What was begun is not the first. */
static enum moved begin_again(struct tails *tails, struct tail *tail)
{
	tail_close_source(tails, &tail->source);
	tail->placed = false;
	return MOVE_LATER;
}

/* Nothing but the file that the path names came to it, as far as one was told. */
static bool came_alone(const struct tails *tails, const struct tail *tail)
{
	return !tail->left && tail->successors == (tails->beginning ? 0 : 1);
}

static enum moved begin_alone(struct tails *tails, struct tail *tail, struct err *err)
{
	enum moved moved = begin_with_path(tails, tail, err);

	if (moved != MOVED_ON || !file_source_is_open(&tail->source))
		return moved;
	tails->hear(tails->user);
	if (!came_alone(tails, tail) || !tail_path_names_source(tail))
		return begin_again(tails, tail);
	count_from(tails, tail, 0);
	return MOVED_ON;
}

/* The oldest file that is not history and not another log's; the path's at the latest. */
static size_t first_of_ours(
	struct tails *tails, const struct tail *tail, const struct file_generations *found)
{
	size_t i = 0;

	while (i < found->n && !names_path(found, tail, i) &&
		(found->items[i].modified_ns <= tails->history_ns ||
			tails->find(tails->user, tail, found->items[i].device,
				found->items[i].inode) != NULL))
		i++;
	return i;
}

static enum moved begin_with_listed(struct tails *tails, struct tail *tail,
	const struct file_generations *found, size_t *first, struct err *err)
{
	if (*first < found->n && !names_path(found, tail, *first))
		return move_on(tails, tail, found, first, err);

	enum moved moved = begin_with_path(tails, tail, err);
	bool is_listed =
		*first < found->n && tail->position.file.inode == found->items[*first].inode;
	if (moved == MOVED_ON && file_source_is_open(&tail->source) && !is_listed)
		return begin_again(tails, tail);
	return moved;
}

/* Some may have rotated before they could be looked at. */
static enum moved begin_with_oldest(struct tails *tails, struct tail *tail,
	const struct file_generations *found, struct err *err)
{
	size_t came = tail->successors, first = first_of_ours(tails, tail, found);
	size_t there = found->n - first;
	enum moved moved = begin_with_listed(tails, tail, found, &first, err);

	if (moved != MOVED_ON || !file_source_is_open(&tail->source))
		return moved;
	tail_declare_removed(tails, tail, came > there ? came - there : 0);
	count_from(tails, tail, found->n - first - 1);
	return MOVED_ON;
}

enum moved tail_begin_new(struct tails *tails, struct tail *tail, struct err *err)
{
	struct file_generations found;
	enum moved moved = MOVE_LATER;

	if (came_alone(tails, tail))
		moved = begin_alone(tails, tail, err);
	if (moved != MOVE_LATER || !list(tails, tail, &found))
		return moved;
	moved = begin_with_oldest(tails, tail, &found, err);
	file_generations_done(&found);
	return moved;
}

/* ---- the next one --------------------------------------------------------- */

/* An empty new file proves nothing: many writers go on with the old one until told. */
static bool is_empty_path(
	const struct file_generations *found, const struct tail *tail, size_t i)
{
	return i < found->n && names_path(found, tail, i) && found->items[i].size == 0;
}

/* How many of those that came were removed unread; tail.h says how that is known. */
static size_t removed_unread(
	const struct tail *tail, const struct file_generations *found, size_t next)
{
	size_t there = found->n - next;

	if (!tail->counted)
		return next == 0 && there > 1;
	return tail->successors > there ? tail->successors - there : 0;
}

/* Goes on with generation `next`; those that should lie in between and do not are a loss. */
static enum moved pass_on(struct tails *tails, struct tail *tail,
	const struct file_generations *found, size_t next, struct err *err)
{
	size_t removed = removed_unread(tail, found, next);
	enum moved moved = move_on(tails, tail, found, &next, err);

	if (moved != MOVED_ON)
		return moved;
	tail_declare_removed(tails, tail, removed);
	count_from(tails, tail, found->n - next - 1);
	return MOVED_ON;
}

static enum moved go_on(struct tails *tails, struct tail *tail,
	const struct file_generations *found, struct err *err)
{
	size_t next = at_least_the_path(found, tail, after(found, &tail->position));

	if (is_empty_path(found, tail, next))
		return MOVE_LATER;
	if (!tail_flush(tails, tail))
		return MOVE_BLOCKED;
	return pass_on(tails, tail, found, next, err);
}

enum moved tail_next(struct tails *tails, struct tail *tail, struct err *err)
{
	struct file_generations found;

	if (!list(tails, tail, &found))
		return MOVE_LATER;
	enum moved moved = go_on(tails, tail, &found, err);
	file_generations_done(&found);
	return moved;
}
