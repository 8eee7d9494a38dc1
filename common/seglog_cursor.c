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

#include "common/clock.h"
#include "common/file.h"
#include "common/seglog.h"
#include "common/seglog_inner.h"

enum {
	/* A disk is asked so often, over so long, before what it refuses counts as damage. */
	PATIENCE_TRIES = 3,
	PATIENCE_MS = 1000,
	WAIT_MS = 350,              /* between the tries of a cursor that waits */
	FORGET_MS = 10 * 60 * 1000, /* a try so long ago does not count */
};

#define NO_OFFSET UINT64_MAX /* a segment that cannot even be opened */

struct seglog_cursor {
	struct seglog *log;
	struct segment_reader reader;
	bool inside;             /* a segment is being read */
	struct seglog_view view; /* of that segment */
	uint64_t expected;       /* all sequences below were given or declared lost */
	bool waits;              /* for the disk, up to PATIENCE_MS */
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

struct seglog_cursor *seglog_cursor_open(struct seglog *log, uint64_t sequence)
{
	struct seglog_cursor *cursor = calloc(1, sizeof(*cursor));

	if (cursor == NULL)
		abort();
	cursor->log = log;
	cursor->waits = log->read_only;
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

void seglog_cursor_wait(struct seglog_cursor *cursor)
{
	cursor->waits = true;
}

void seglog_cursor_seek(struct seglog_cursor *cursor, uint64_t sequence)
{
	if (sequence == 0)
		sequence = 1;
	/* Forward inside the segment the reader goes on; else it starts again. */
	if (cursor->held || sequence < cursor->reader.expected ||
		(sequence > cursor->view.last && !cursor->view.running))
		cursor->inside = false;
	cursor->held = false;
	cursor->expected = sequence;
}

/* ---- what the disk refuses ------------------------------------------------ */

/* The note on a place, a new one when there is none; the oldest makes room. Under the lock. */
static struct refused *refused_at(struct seglog *log, uint64_t first, uint64_t offset)
{
	for (unsigned i = 0; i < REFUSED_MAX; i++) {
		struct refused *one = &log->refused[i];

		if (one->first == first && one->offset == offset)
			return one;
	}
	struct refused *one = &log->refused[log->next_refused++ % REFUSED_MAX];
	*one = (struct refused){.first = first, .offset = offset};
	return one;
}

/* Counts a try; true when the disk was asked often and long enough. The log remembers, so
 * it may be another cursor each time. */
static bool patience_is_over(struct seglog *log, uint64_t first, uint64_t offset)
{
	int64_t now_ms = clock_mono_ms();

	pthread_mutex_lock(&log->lock);
	struct refused *one = refused_at(log, first, offset);
	if (one->tries == 0 || now_ms - one->last_ms > FORGET_MS)
		*one = (struct refused){.first = first, .offset = offset, .since_ms = now_ms};
	one->last_ms = now_ms;
	bool over = ++one->tries >= PATIENCE_TRIES && now_ms - one->since_ms >= PATIENCE_MS;
	pthread_mutex_unlock(&log->lock);
	return over;
}

/* Reads a byte from the disk itself, not from the page cache. */
static bool gives_byte(int fd, uint64_t offset)
{
	char byte;

	(void)posix_fadvise(fd, (off_t)offset, 1, POSIX_FADV_DONTNEED);
	return file_read_at(fd, &byte, 1, offset) >= 0;
}

static bool state_answers(const struct seglog *log)
{
	int fd = openat(log->dir_fd, "state", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	bool answers = fd >= 0 && file_sync_data(fd) &&
		       (gives_byte(fd, 0) || gives_byte(fd, STATE_SLOT_SIZE));

	if (fd >= 0)
		close(fd);
	return answers;
}

static bool segment_answers(const struct seglog *log, uint64_t first)
{
	int fd = seglog_open_segment(log, first);
	bool answers = fd >= 0 && gives_byte(fd, 0);

	if (fd >= 0)
		close(fd);
	return answers;
}

/* A disk that is gone refuses everything. What it will give when it is back is not lost. */
static bool disk_answers(struct seglog *log)
{
	return state_answers(log) || segment_answers(log, seglog_view_at(log, 0).first) ||
	       segment_answers(log, seglog_view_at(log, UINT64_MAX).first);
}

static void wait_a_little(void)
{
	const struct timespec time = {.tv_nsec = WAIT_MS * CLOCK_NS_PER_MS};

	(void)nanosleep(&time, NULL);
}

enum refusal { REFUSED, REFUSED_ASK_AGAIN, REFUSED_FOR_GOOD };

/* Reading at `offset` of the segment failed with errno `sys`. */
static enum refusal judge_refusal(struct seglog_cursor *cursor, uint64_t offset, int sys)
{
	if (!file_is_refused(sys))
		return REFUSED;
	if (patience_is_over(cursor->log, cursor->view.first, offset))
		return disk_answers(cursor->log) ? REFUSED_FOR_GOOD : REFUSED;
	if (!cursor->waits)
		return REFUSED;
	wait_a_little();
	return REFUSED_ASK_AGAIN;
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

/* Looks for the segment that holds the expected sequence; -1 with errno. */
static int open_expected(struct seglog_cursor *cursor)
{
	struct seglog *log = cursor->log;

	cursor->view = seglog_view_at(log, cursor->expected);
	for (;;) {
		int fd = seglog_open_segment(log, cursor->view.first);
		int sys = errno;

		if (fd >= 0 || sys != ENOENT)
			return fd;

		struct seglog_view other = seglog_view_at(log, cursor->expected);
		bool released_meanwhile = other.first != cursor->view.first;
		cursor->view = other;
		errno = sys;
		if (!released_meanwhile)
			return -1;
	}
}

/* Opens that segment. What is gone, or refused for good, is missing; an appender's running one
 * is not. */
static enum entered enter(struct seglog_cursor *cursor, struct err *err)
{
	enum refusal refusal = REFUSED_ASK_AGAIN;
	int fd = -1;

	while (fd < 0 && refusal == REFUSED_ASK_AGAIN) {
		fd = open_expected(cursor);
		/* Who only reads does not hear that the running one was closed and released. */
		if (fd < 0 && errno == ENOENT &&
			(!cursor->view.running || cursor->log->read_only))
			return ENTERED_MISSING;
		if (fd < 0) {
			err_sys(err, "%s: opening segment %" PRIu64, cursor->log->dir,
				cursor->view.first);
			refusal = judge_refusal(cursor, NO_OFFSET, err->sys);
		}
	}
	if (fd < 0 && refusal == REFUSED_FOR_GOOD && !cursor->view.running)
		return ENTERED_MISSING;
	if (fd < 0)
		return ENTERED_FAILED;
	segment_reader_start(
		&cursor->reader, fd, cursor->log->seed, cursor->view.first, cursor->view.size);
	cursor->reader.last = cursor->view.last;
	cursor->reader.pass_unread = false;
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

static enum seglog_read give_failure(const struct err *said, struct err *err)
{
	if (err != NULL)
		*err = *said;
	return SEGLOG_READ_FAILED;
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

/* What is refused for good is passed over up to the next entry that can be read. */
static bool may_go_on(struct seglog_cursor *cursor, int sys)
{
	enum refusal refusal = judge_refusal(cursor, cursor->reader.offset, sys);

	if (refusal == REFUSED_FOR_GOOD)
		cursor->reader.pass_unread = true;
	return refusal != REFUSED;
}

enum seglog_read seglog_cursor_next(
	struct seglog_cursor *cursor, struct seglog_entry *entry, struct err *err)
{
	struct err said = {0};

	while (!cursor->held) {
		struct segment_entry_head head;
		struct slice payload;
		enum entered entered = cursor->inside ? ENTERED : enter(cursor, &said);

		if (entered == ENTERED_FAILED)
			return give_failure(&said, err);
		if (entered == ENTERED_MISSING)
			return cursor->expected <= cursor->view.last
				       ? give_lost(cursor, cursor->view.last, entry)
				       : SEGLOG_END;
		cursor->looked_from = cursor->reader.offset;
		switch (segment_next(
			&cursor->reader, cursor->expected, &head, &payload, &said)) {
		case SEGMENT_READ_FAILED:
			if (may_go_on(cursor, said.sys))
				break;
			return give_failure(&said, err);
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

/* The file that holds what was given, or held it: a missing one as it was called. */
static uint64_t name_of(const struct seglog_cursor *cursor, const struct seglog_entry *entry)
{
	return entry->first < cursor->view.first ? entry->first : cursor->view.first;
}

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
	cursor = seglog_cursor_open(log, from);
	while (more && (what = seglog_cursor_next(cursor, &entry, err)) != SEGLOG_END &&
		what != SEGLOG_READ_FAILED) {
		uint64_t offset = cursor->looked_from;
		char name[SEGMENT_NAME_SIZE];

		if (what == SEGLOG_ENTRY)
			offset = cursor->reader.offset - SEGMENT_ENTRY_HEAD_SIZE -
				 entry.payload.len;
		segment_name(name_of(cursor, &entry), name);
		more = visit(user, name, offset, what, &entry);
	}
	seglog_cursor_close(cursor);
	seglog_close(log);
	return what != SEGLOG_READ_FAILED;
}
