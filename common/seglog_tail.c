/* seglog_tail - how far the last segment of a log can be read, and where the log goes on */
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "common/file.h"
#include "common/seglog_open_inner.h"

struct tail {
	uint64_t durable; /* sequences up to here were durable for certain */
	uint64_t end;     /* bytes to keep */
	uint64_t next;    /* sequence behind the last entry kept */
	bool whole;       /* nothing damaged at all */
	bool unread;      /* the disk refused a part */
};

/* What was released is not missed. */
void opening_add_lost(struct opening *opening, uint64_t first, uint64_t last)
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
			opening_add_lost(opening, tail->next, head.first - 1);
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
		return opening_set_aside(opening, name, err);
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
		opening_add_lost(opening, tail->next, tail->durable);
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

bool opening_recover_end(struct opening *opening, struct err *err)
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
