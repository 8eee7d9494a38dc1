/*
 * seglog_cursor - reading
 *
 * A cursor has a descriptor and a buffer of its own and takes the log's lock only to learn
 * what is durable and which segments there are. It keeps reading a segment that was removed
 * meanwhile; what it missed shows as a jump to the next one and is declared.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/seglog.h"
#include "common/seglog_inner.h"

struct seglog_cursor {
	struct seglog *log;
	struct segment_reader reader;
	bool inside;             /* a segment is being read */
	struct seglog_view view; /* of that segment */
	uint64_t expected;       /* all sequences below were given or declared lost */
	bool held;               /* `entry` was found behind a gap that is declared first */
	struct seglog_entry entry;
	uint64_t looked_from; /* offset where the search for the last entry began */
};

/* ---- what a cursor may see ------------------------------------------------ */

/* Number of segments that start at `sequence` or before. */
static size_t count_up_to(const struct seglog *log, uint64_t sequence)
{
	size_t low = 0, high = log->n_segments;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (log->segments[middle].first <= sequence)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct seglog_view view_segment(struct seglog *log, size_t i)
{
	bool running = i + 1 == log->n_segments;

	return (struct seglog_view){
		.first = log->segments[i].first,
		.size = log->segments[i].size,
		.last = running ? atomic_load(&log->durable) : log->segments[i + 1].first - 1,
		.running = running,
	};
}

struct seglog_view seglog_view_at(struct seglog *log, uint64_t sequence)
{
	pthread_mutex_lock(&log->lock);
	size_t n = count_up_to(log, sequence);
	struct seglog_view view = view_segment(log, n > 0 ? n - 1 : 0);
	pthread_mutex_unlock(&log->lock);
	return view;
}

struct seglog_view seglog_view_again(struct seglog *log, uint64_t first)
{
	struct seglog_view view = {.first = first, .size = UINT64_MAX};

	pthread_mutex_lock(&log->lock);
	size_t n = count_up_to(log, first);
	if (n > 0 && log->segments[n - 1].first == first)
		view = view_segment(log, n - 1);
	else
		view.last = log->segments[n].first - 1; /* unlinked, so never the last one */
	pthread_mutex_unlock(&log->lock);
	return view;
}

int seglog_open_segment(const struct seglog *log, uint64_t first)
{
	char name[SEGMENT_NAME_SIZE];
	struct stat st;

	segment_name(first, name);
	int fd = openat(
		log->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

/* ---- life ----------------------------------------------------------------- */

struct seglog_cursor *seglog_cursor_open(struct seglog *log, uint64_t sequence, struct err *err)
{
	struct seglog_cursor *cursor = calloc(1, sizeof(*cursor));

	(void)err;
	if (cursor == NULL)
		abort();
	cursor->log = log;
	segment_reader_init(&cursor->reader);
	cursor->expected = sequence > 0 ? sequence : 1;
	return cursor;
}

void seglog_cursor_close(struct seglog_cursor *cursor)
{
	if (cursor == NULL)
		return;
	segment_reader_done(&cursor->reader);
	free(cursor);
}

bool seglog_cursor_seek(struct seglog_cursor *cursor, uint64_t sequence, struct err *err)
{
	(void)err;
	if (sequence == 0)
		sequence = 1;
	/* Forward inside the segment the reader goes on; else it starts again. */
	if (cursor->held || sequence < cursor->reader.expected ||
		(sequence > cursor->view.last && !cursor->view.running))
		cursor->inside = false;
	cursor->held = false;
	cursor->expected = sequence;
	return true;
}

void seglog_cursor_pass_unread(struct seglog_cursor *cursor)
{
	cursor->reader.pass_unread = true;
}

/* ---- reading -------------------------------------------------------------- */

/* Takes over what the segment looks like now. */
static void look_again(struct seglog_cursor *cursor)
{
	struct seglog_view view = seglog_view_again(cursor->log, cursor->view.first);
	struct stat st;

	/* A segment that was closed and unlinked meanwhile: its file ends where it ended. */
	if (view.size == UINT64_MAX)
		view.size = fstat(cursor->reader.fd, &st) == 0 ? (uint64_t)st.st_size
							       : cursor->view.size;
	cursor->view = view;
	cursor->reader.limit = view.size;
	cursor->reader.last = view.last;
}

enum entered { ENTERED, ENTERED_MISSING, ENTERED_FAILED };

/* Opens the segment that holds the expected sequence. */
static enum entered enter(struct seglog_cursor *cursor, struct err *err)
{
	struct seglog *log = cursor->log;
	struct seglog_view view = seglog_view_at(log, cursor->expected);
	int fd = seglog_open_segment(log, view.first);

	while (fd < 0 && errno == ENOENT) { /* released meanwhile? */
		struct seglog_view other = seglog_view_at(log, cursor->expected);

		if (other.first == view.first)
			break;
		view = other;
		fd = seglog_open_segment(log, view.first);
	}
	cursor->view = view;
	if (fd < 0 && errno == ENOENT && !view.running)
		return ENTERED_MISSING;
	if (fd < 0) {
		err_sys(err, "%s: opening segment %" PRIu64, log->dir, view.first);
		return ENTERED_FAILED;
	}
	segment_reader_start(&cursor->reader, fd, log->seed, view.first, view.size);
	cursor->reader.last = view.last;
	cursor->inside = true;
	return ENTERED;
}

/* Declares the sequences up to `last`, or as many as fit into one piece. */
static enum seglog_read give_lost(
	struct seglog_cursor *cursor, uint64_t last, struct seglog_entry *entry)
{
	uint64_t n = last - cursor->expected + 1;

	*entry = (struct seglog_entry){
		.first = cursor->expected,
		.count = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX,
	};
	cursor->expected += entry->count;
	return SEGLOG_LOST;
}

static enum seglog_read give_held(struct seglog_cursor *cursor, struct seglog_entry *entry)
{
	if (cursor->expected < cursor->entry.first)
		return give_lost(cursor, cursor->entry.first - 1, entry);
	cursor->held = false;
	cursor->expected = cursor->entry.first + cursor->entry.count;
	*entry = cursor->entry;
	return SEGLOG_ENTRY;
}

static void hold(struct seglog_cursor *cursor, const struct segment_entry_head *head,
	struct slice payload)
{
	cursor->held = true;
	cursor->entry = (struct seglog_entry){
		.first = head->first,
		.count = head->count,
		.kind = head->kind,
		.crc = head->crc,
		.payload = payload,
	};
}

/* Whether there is more to read after the view was renewed, here or in the next segment. */
static bool goes_on(struct seglog_cursor *cursor)
{
	look_again(cursor);
	if (cursor->reader.offset < cursor->reader.limit)
		return true;
	if (cursor->view.running || cursor->expected <= cursor->view.last)
		return false;
	cursor->inside = false;
	return true;
}

enum seglog_read seglog_cursor_next(
	struct seglog_cursor *cursor, struct seglog_entry *entry, struct err *err)
{
	while (!cursor->held) {
		struct segment_entry_head head;
		struct slice payload;
		enum entered entered = cursor->inside ? ENTERED : enter(cursor, err);

		if (entered == ENTERED_FAILED)
			return SEGLOG_READ_FAILED;
		if (entered == ENTERED_MISSING)
			return give_lost(cursor, cursor->view.last, entry);
		cursor->looked_from = cursor->reader.offset;
		switch (segment_next(&cursor->reader, cursor->expected, &head, &payload, err)) {
		case SEGMENT_READ_FAILED:
			return SEGLOG_READ_FAILED;
		case SEGMENT_ENTRY:
			cursor->reader.pass_unread = false;
			hold(cursor, &head, payload);
			break;
		case SEGMENT_END:
			if (goes_on(cursor))
				break;
			if (cursor->expected <= cursor->view.last)
				return give_lost(cursor, cursor->view.last, entry);
			return SEGLOG_END;
		}
	}
	return give_held(cursor, entry);
}

/* ---- walking -------------------------------------------------------------- */

bool seglog_walk(const char *dir,
	bool (*visit)(void *user, const char *file, uint64_t offset, enum seglog_read what,
		const struct seglog_entry *entry),
	void *user, struct err *err)
{
	struct seglog *log = seglog_open_reading(dir, NULL, err);
	struct seglog_cursor *cursor;
	struct seglog_entry entry = {0};
	enum seglog_read what = SEGLOG_END;
	bool more = true;

	if (log == NULL)
		return false;
	uint64_t from = seglog_released(log) + 1;
	if (seglog_first(log) < from)
		from = seglog_first(log);
	cursor = seglog_cursor_open(log, from, err);
	while (more && (what = seglog_cursor_next(cursor, &entry, err)) != SEGLOG_END &&
		what != SEGLOG_READ_FAILED) {
		uint64_t offset = cursor->looked_from;
		char name[SEGMENT_NAME_SIZE];

		if (what == SEGLOG_ENTRY)
			offset = cursor->reader.offset - SEGMENT_ENTRY_HEAD_SIZE -
				 entry.payload.len;
		segment_name(cursor->view.first, name);
		more = visit(user, name, offset, what, &entry);
	}
	seglog_cursor_close(cursor);
	seglog_close(log);
	return what != SEGLOG_READ_FAILED;
}
