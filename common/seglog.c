/*
 * seglog - appending, syncing, releasing
 *
 * Appended bytes wait in a buffer and go to the file when it is full or at the sync. All
 * that is not durable lies in the running segment, because a new one begins only after a
 * sync; so taking back is cutting one file.
 */
#include "common/seglog.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/crc32c.h"
#include "common/file.h"
#include "common/seglog_inner.h"

/* Bytes of the running segment with what is still in the buffer. */
static uint64_t running_end(const struct seglog *log)
{
	return log->flushed + log->buffer_len;
}

/* What the system has none of now it may have again. */
static bool is_scarcity(int sys)
{
	return sys == ENOSPC || sys == EDQUOT || sys == EMFILE || sys == ENFILE ||
	       sys == ENOMEM;
}

static void keep_failure(struct seglog *log, struct err *err, const char *what)
{
	struct err said;

	err_sys(&said, "%s in %s", what, log->dir);
	if (err != NULL)
		*err = said;
	log->failure = said;
}

/*
 * The last system call ends the log. What was never durable is cut off at once, because the
 * kernel may have dropped pages it could not write, and would show them to the next reader
 * all the same.
 */
static enum seglog_status broken(struct seglog *log, struct err *err, const char *what)
{
	keep_failure(log, err, what);
	log->failed = true;
	(void)!file_truncate(log->fd, log->durable_size);
	return SEGLOG_FAILED;
}

/* Sorts the failure of the last system call: where something is scarce the log goes on. */
static enum seglog_status failure(struct seglog *log, struct err *err, const char *what)
{
	if (!is_scarcity(errno))
		return broken(log, err, what);
	keep_failure(log, err, what);
	return SEGLOG_FULL;
}

static enum seglog_status again(struct seglog *log, enum seglog_status status, struct err *err)
{
	if (err != NULL)
		*err = log->failure;
	return status;
}

/* ---- writing -------------------------------------------------------------- */

/* Writes behind what is in the file; the file is as before when there was no space. */
static enum seglog_status write_out(
	struct seglog *log, const void *bytes, size_t len, struct err *err)
{
	if (!file_write_all_at(log->fd, bytes, len, log->flushed)) {
		enum seglog_status status = failure(log, err, "writing a segment");

		if (status == SEGLOG_FULL && !file_truncate(log->fd, log->flushed))
			status = broken(log, err, "truncating a segment");
		return status;
	}
	log->flushed += len;
	log->unsynced = true;
	return SEGLOG_OK;
}

static enum seglog_status flush(struct seglog *log, struct err *err)
{
	enum seglog_status status = write_out(log, log->buffer, log->buffer_len, err);

	if (status == SEGLOG_OK)
		log->buffer_len = 0;
	return status;
}

static enum seglog_status put(
	struct seglog *log, const void *bytes, size_t len, struct err *err)
{
	const char *from = bytes;

	while (len > 0) {
		if (log->buffer_len == SEGLOG_BUFFER_SIZE) {
			enum seglog_status status = flush(log, err);

			if (status != SEGLOG_OK)
				return status;
		}
		if (log->buffer_len == 0 && len >= SEGLOG_BUFFER_SIZE)
			return write_out(log, from, len, err);

		size_t room = SEGLOG_BUFFER_SIZE - log->buffer_len;
		size_t part = len < room ? len : room;
		memcpy(log->buffer + log->buffer_len, from, part);
		log->buffer_len += part;
		from += part;
		len -= part;
	}
	return SEGLOG_OK;
}

/* Takes the running segment back to `size` bytes, in the buffer or in the file. */
static bool cut_to(struct seglog *log, uint64_t size)
{
	if (size >= log->flushed) {
		log->buffer_len = (size_t)(size - log->flushed);
		return true;
	}
	log->buffer_len = 0;
	log->flushed = size;
	return file_truncate(log->fd, size);
}

static void add_bytes(struct seglog *log, uint64_t n)
{
	atomic_fetch_add_explicit(&log->bytes, n, memory_order_relaxed);
}

static void take_bytes(struct seglog *log, uint64_t n)
{
	atomic_fetch_sub_explicit(&log->bytes, n, memory_order_relaxed);
}

/* ---- durable -------------------------------------------------------------- */

static void publish(struct seglog *log)
{
	log->durable_size = log->flushed;
	pthread_mutex_lock(&log->lock);
	log->segments[log->n_segments - 1].size = log->durable_size;
	atomic_store(&log->durable, log->next - 1);
	pthread_mutex_unlock(&log->lock);
}

/* The running segment's file and name; what they hold is not yet called durable. */
static enum seglog_status sync_files(struct seglog *log, struct err *err)
{
	if (log->unsynced && !file_sync_data(log->fd)) {
		log->doomed = log->suspect = true;
		return failure(log, err, "syncing a segment");
	}
	log->unsynced = false;
	if (log->dir_changed && !file_sync(log->dir_fd)) {
		log->doomed = true;
		return failure(log, err, "syncing the folder");
	}
	log->dir_changed = false;
	return SEGLOG_OK;
}

static enum seglog_status sync_running(struct seglog *log, struct err *err)
{
	enum seglog_status status = flush(log, err);

	if (status == SEGLOG_OK)
		status = sync_files(log, err);
	if (status == SEGLOG_OK)
		publish(log);
	return status;
}

/* Takes back all that is not durable. */
static enum seglog_status take_back_all(struct seglog *log, struct err *err)
{
	uint64_t end = running_end(log);

	if (!cut_to(log, log->durable_size))
		return broken(log, err, "truncating a segment");
	take_bytes(log, end - log->durable_size);
	log->next = atomic_load(&log->durable) + 1;
	log->doomed = false;
	return SEGLOG_FULL;
}

enum seglog_status seglog_sync(struct seglog *log, struct err *err)
{
	if (log->failed)
		return again(log, SEGLOG_FAILED, err);

	enum seglog_status status =
		log->doomed ? again(log, SEGLOG_FULL, err) : sync_running(log, err);
	return status == SEGLOG_FULL ? take_back_all(log, err) : status;
}

enum seglog_status seglog_flush(struct seglog *log, struct err *err)
{
	if (log->failed)
		return again(log, SEGLOG_FAILED, err);
	return log->doomed ? again(log, SEGLOG_FULL, err) : flush(log, err);
}

/* ---- segments ------------------------------------------------------------- */

void seglog_list_segment(struct seglog *log, uint64_t first, uint64_t size)
{
	pthread_mutex_lock(&log->lock);
	if (log->n_segments == log->segments_capacity) {
		log->segments_capacity = log->segments_capacity * 2 + 16;
		log->segments =
			realloc(log->segments, log->segments_capacity * sizeof(*log->segments));
		if (log->segments == NULL)
			abort();
	}
	log->segments[log->n_segments++] = (struct segment){.first = first, .size = size};
	pthread_mutex_unlock(&log->lock);
}

static bool write_head(const struct seglog *log, int fd, uint64_t first)
{
	struct segment_head head = {.first = first, .released = atomic_load(&log->released)};
	unsigned char bytes[SEGMENT_HEAD_SIZE];

	memcpy(head.id, log->id, sizeof(head.id));
	segment_head_write(&head, bytes);
	return file_write_all_at(fd, bytes, sizeof(bytes), 0);
}

static int create_segment(const struct seglog *log, uint64_t first)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	char name[SEGMENT_NAME_SIZE];

	segment_name(first, name);
	int fd = openat(log->dir_fd, name, flags, 0600);
	if (fd >= 0 && !write_head(log, fd, first)) {
		int sys = errno;

		close(fd);
		(void)unlinkat(log->dir_fd, name, 0);
		errno = sys;
		return -1;
	}
	return fd;
}

enum seglog_status seglog_start_segment(struct seglog *log, uint64_t first, struct err *err)
{
	int fd = create_segment(log, first);

	if (fd < 0)
		return failure(log, err, "creating a segment");
	if (log->fd >= 0)
		close(log->fd);
	log->fd = fd;
	log->next = first;
	log->flushed = log->durable_size = SEGMENT_HEAD_SIZE;
	log->buffer_len = 0;
	log->dir_changed = log->unsynced = true;
	log->suspect = false;
	add_bytes(log, SEGMENT_HEAD_SIZE);
	seglog_list_segment(log, first, SEGMENT_HEAD_SIZE);
	return SEGLOG_OK;
}

static bool running_is_empty(const struct seglog *log)
{
	return log->next == seglog_segment_first(log);
}

static enum seglog_status roll(struct seglog *log, struct err *err)
{
	enum seglog_status status = sync_running(log, err);

	return status == SEGLOG_OK ? seglog_start_segment(log, log->next, err) : status;
}

enum seglog_status seglog_roll(struct seglog *log, struct err *err)
{
	if (log->failed)
		return again(log, SEGLOG_FAILED, err);
	if (log->doomed)
		return again(log, SEGLOG_FULL, err);
	return running_is_empty(log) ? SEGLOG_OK : roll(log, err);
}

bool seglog_fits(const struct seglog *log, size_t payload_size)
{
	if (running_is_empty(log))
		return true;
	return !log->suspect &&
	       running_end(log) + SEGMENT_ENTRY_HEAD_SIZE + payload_size <= log->segment_size;
}

/* ---- appending ------------------------------------------------------------ */

static size_t payload_size(const struct slice *parts, size_t n_parts)
{
	size_t size = 0;

	for (size_t i = 0; i < n_parts; i++) {
		assert(parts[i].len <= SEGLOG_PAYLOAD_MAX - size);
		size += parts[i].len;
	}
	return size;
}

static uint32_t undurable(const struct seglog *log)
{
	uint64_t n = log->next - 1 - atomic_load_explicit(&log->durable, memory_order_relaxed);

	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static enum seglog_status put_entry(struct seglog *log, const struct segment_entry_head *head,
	const struct slice *parts, size_t n_parts, struct err *err)
{
	unsigned char bytes[SEGMENT_ENTRY_HEAD_SIZE];

	segment_entry_head_write(head, log->seed, bytes);
	enum seglog_status status = put(log, bytes, sizeof(bytes), err);
	for (size_t i = 0; i < n_parts && status == SEGLOG_OK; i++)
		status = put(log, parts[i].ptr, parts[i].len, err);
	return status;
}

static bool fits_quota(const struct seglog *log, size_t payload)
{
	uint64_t head = seglog_fits(log, payload) ? 0 : SEGMENT_HEAD_SIZE;
	uint64_t size = head + SEGMENT_ENTRY_HEAD_SIZE + payload;

	return log->quota == 0 || seglog_bytes(log) + size <= log->quota;
}

static bool holds_nothing(const struct seglog *log)
{
	return atomic_load(&log->released) + 1 == log->next;
}

enum seglog_room seglog_room(const struct seglog *log, size_t payload_size)
{
	if (fits_quota(log, payload_size))
		return SEGLOG_ROOM;
	return holds_nothing(log) ? SEGLOG_ROOM_FOR_ONE : SEGLOG_NO_ROOM;
}

/*
 * The quota is used up. The running segment is never removed, so what is released of it
 * counts; when all of it is, an empty one takes its place, and that has room for one entry
 * whatever the quota is: a log that holds nothing must not stand still.
 */
static enum seglog_status begin_anew(struct seglog *log, struct err *err)
{
	enum seglog_status status = SEGLOG_OK;

	if (!holds_nothing(log)) {
		err_set(err, "%s: its quota of %" PRIu64 " bytes is used up", log->dir,
			log->quota);
		return SEGLOG_FULL;
	}
	if (!running_is_empty(log))
		status = roll(log, err);
	if (status == SEGLOG_OK && !seglog_drop_released(log, err))
		status = log->failed ? SEGLOG_FAILED : SEGLOG_FULL;
	return status;
}

/* Room for `payload` more bytes: in the quota and in the running segment. */
static enum seglog_status make_room(struct seglog *log, size_t payload, struct err *err)
{
	if (log->failed)
		return again(log, SEGLOG_FAILED, err);
	if (log->doomed)
		return again(log, SEGLOG_FULL, err);
	if (!fits_quota(log, payload))
		return begin_anew(log, err);
	return seglog_fits(log, payload) ? SEGLOG_OK : roll(log, err);
}

enum seglog_status seglog_append(struct seglog *log, uint8_t kind, uint32_t count,
	const struct slice *parts, size_t n_parts, struct err *err)
{
	size_t size = payload_size(parts, n_parts);

	assert(count > 0 && size > 0 && !log->read_only);
	enum seglog_status status = make_room(log, size, err);
	if (status != SEGLOG_OK)
		return status;

	struct segment_entry_head head = {
		.first = log->next,
		.count = count,
		.length = (uint32_t)size,
		.undurable = undurable(log),
		.kind = kind,
	};
	for (size_t i = 0; i < n_parts; i++)
		head.crc = crc32c(head.crc, parts[i].ptr, parts[i].len);

	uint64_t start = running_end(log);
	status = put_entry(log, &head, parts, n_parts, err);
	if (status == SEGLOG_OK) {
		log->next += count;
		add_bytes(log, SEGMENT_ENTRY_HEAD_SIZE + size);
	} else if (status == SEGLOG_FULL && !cut_to(log, start)) {
		status = broken(log, err, "truncating a segment");
	}
	return status;
}

/* ---- taking back ---------------------------------------------------------- */

/* Bytes of the running segment, from the file and the buffer. */
static bool copy_running(struct seglog *log, uint64_t at, unsigned char *to, size_t len)
{
	uint64_t in_file = at < log->flushed ? log->flushed - at : 0;
	size_t part = len < in_file ? len : (size_t)in_file;

	if (file_read_at(log->fd, to, part, at) != (ssize_t)part)
		return false;
	if (part < len)
		memcpy(to + part, log->buffer + (at + part - log->flushed), len - part);
	return true;
}

/* Where the entry that starts with `sequence` is, among those not yet durable. */
static bool find_undurable(struct seglog *log, uint64_t sequence, uint64_t *offset)
{
	uint64_t at = log->durable_size;
	uint64_t reached = atomic_load(&log->durable) + 1;

	while (reached < sequence) {
		unsigned char bytes[SEGMENT_ENTRY_HEAD_SIZE];
		struct segment_entry_head head;

		if (!copy_running(log, at, bytes, sizeof(bytes)) ||
			!segment_entry_head_read(bytes, log->seed, &head))
			return false;
		at += SEGMENT_ENTRY_HEAD_SIZE + head.length;
		reached = head.first + head.count;
	}
	*offset = at;
	return reached == sequence;
}

/* A cut in the file is made durable, lest a crash bring the entries back. */
static bool cut_durably(struct seglog *log, uint64_t offset)
{
	bool in_file = offset < log->flushed;

	return cut_to(log, offset) && (!in_file || file_sync_data(log->fd));
}

bool seglog_take_back(struct seglog *log, uint64_t from, struct err *err)
{
	uint64_t end = running_end(log);
	uint64_t offset;

	if (log->failed) {
		again(log, SEGLOG_FAILED, err);
		return false;
	}
	if (from >= log->next)
		return true;
	if (from <= atomic_load(&log->durable) || !find_undurable(log, from, &offset))
		return err_set(
			err, "%s: no undurable entry starts with %" PRIu64, log->dir, from);
	if (!cut_durably(log, offset)) {
		broken(log, err, "truncating a segment");
		return false;
	}
	take_bytes(log, end - offset);
	log->next = from;
	return true;
}

/* ---- releasing ------------------------------------------------------------ */

struct state_values seglog_state_values(const struct seglog *log)
{
	struct state_values values = {
		.released = atomic_load(&log->released),
		.next = atomic_load(&log->durable) + 1,
	};

	memcpy(values.id, log->id, sizeof(values.id));
	return values;
}

/* How many closed segments at the front are wholly released. */
static size_t count_released(const struct seglog *log)
{
	uint64_t released = atomic_load(&log->released);
	size_t n = 0;

	while (n + 1 < log->n_segments && log->segments[n + 1].first - 1 <= released)
		n++;
	return n;
}

static void grow_removals(struct seglog *log, size_t n)
{
	size_t size = (log->n_removals + n) * sizeof(*log->removals);
	struct segment *removals = realloc(log->removals, size);

	if (removals == NULL)
		abort();
	log->removals = removals;
}

/* The list is changed before the files, so that a cursor that misses a file looks again. */
static void unlist_first(struct seglog *log, size_t n)
{
	grow_removals(log, n);
	memcpy(log->removals + log->n_removals, log->segments, n * sizeof(*log->segments));
	log->n_removals += n;
	pthread_mutex_lock(&log->lock);
	log->n_segments -= n;
	memmove(log->segments, log->segments + n, log->n_segments * sizeof(*log->segments));
	pthread_mutex_unlock(&log->lock);
}

/* What cannot be removed now stays to be removed, and counts for the quota. */
static bool remove_files(struct seglog *log, struct err *err)
{
	size_t kept = 0;
	bool ok = true;

	for (size_t i = 0; i < log->n_removals; i++) {
		char name[SEGMENT_NAME_SIZE];

		segment_name(log->removals[i].first, name);
		if (unlinkat(log->dir_fd, name, 0) == 0 || errno == ENOENT) {
			take_bytes(log, log->removals[i].size);
		} else {
			ok = err_sys(err, "removing %s/%s", log->dir, name);
			log->removals[kept++] = log->removals[i];
		}
	}
	log->n_removals = kept;
	return ok;
}

static bool sync_removals(struct seglog *log, struct err *err)
{
	log->removed = !file_sync(log->dir_fd);
	return !log->removed || err_sys(err, "syncing %s", log->dir);
}

/* The numbering hangs on the segments that stay: the newest must be on disk. */
static bool keep_running(struct seglog *log, struct err *err)
{
	if (!log->dir_changed)
		return true;
	if (log->failed) {
		again(log, SEGLOG_FAILED, err);
		return false;
	}
	return sync_files(log, err) == SEGLOG_OK;
}

bool seglog_drop_released(struct seglog *log, struct err *err)
{
	size_t n = count_released(log);

	if (n == 0 && log->n_removals == 0)
		return !log->removed || sync_removals(log, err);
	if (!keep_running(log, err))
		return false;

	struct state_values values = seglog_state_values(log);
	if (!state_keep(&log->state, &values, err))
		return false;
	if (n > 0)
		unlist_first(log, n);
	bool ok = remove_files(log, err);
	return sync_removals(log, ok ? err : NULL) && ok;
}

static bool note_released(struct seglog *log, struct err *err)
{
	struct state_values values = seglog_state_values(log);

	log->unnoted = !state_note(&log->state, &values, err);
	return !log->unnoted;
}

bool seglog_release(struct seglog *log, uint64_t sequence, struct err *err)
{
	if (sequence > atomic_load(&log->durable))
		return err_set(err, "%s: cannot release %" PRIu64 ", durable is %" PRIu64,
			log->dir, sequence, atomic_load(&log->durable));
	if (sequence > atomic_load(&log->released)) {
		atomic_store(&log->released, sequence);
		log->unnoted = true;
	}
	if (log->unnoted && !note_released(log, err))
		return false;
	return seglog_drop_released(log, err);
}

/* ---- looking -------------------------------------------------------------- */

uint64_t seglog_first(const struct seglog *log)
{
	return log->segments[0].first;
}

uint64_t seglog_next(const struct seglog *log)
{
	return log->next;
}

uint64_t seglog_durable(const struct seglog *log)
{
	return atomic_load(&log->durable);
}

uint64_t seglog_released(const struct seglog *log)
{
	return atomic_load(&log->released);
}

uint64_t seglog_bytes(const struct seglog *log)
{
	return atomic_load_explicit(&log->bytes, memory_order_relaxed);
}

const unsigned char *seglog_id(const struct seglog *log)
{
	return log->id;
}

uint64_t seglog_segment_first(const struct seglog *log)
{
	return log->segments[log->n_segments - 1].first;
}
