#include "agent/inputs/tail.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/inputs/file_generations.h"
#include "agent/state_item.h"
#include "common/clock.h"
#include "common/log.h"

enum {
	RETRY_MS = 2000,     /* after a file could not be opened or read */
	MISSING_MS = 600000, /* a renamed file whose path stays empty is followed so long */
	DOUBT_MS = 1500, /* a file that seems to have been removed has to be missed so long */
	TOLD_MAX = 20,   /* failures told to the collector in a minute */
	LATE_MS = 60000, /* a rotated file is looked at often so long after it was written */
	CLOCK_STEP_NS = 2000000000, /* stamps of copies may be a little older */
};

static struct counter n_records = COUNTER("file.records", "log records read from files");
static struct counter n_bytes = COUNTER("file.bytes", "bytes of log records read from files");
static struct counter n_truncated =
	COUNTER("file.records_cut", "records longer than the maximum, cut");
static struct counter n_rotated = COUNTER("file.rotations", "files replaced by rotation");
static struct counter n_emptied =
	COUNTER("file.truncations", "files truncated under the reader");
static struct counter n_lost =
	COUNTER("file.lost", "files whose rest could not be found again");
static struct counter n_failed = COUNTER("file.failures", "files not opened or read");

struct tail *tail_new(const char *path)
{
	struct tail *tail = calloc(1, sizeof(*tail));

	if (tail == NULL || (tail->path = strdup(path)) == NULL)
		abort();
	tail->source.fd = -1;
	tail->late.fd = -1;
	return tail;
}

static void close_source(struct tails *tails, struct file_source *source)
{
	tails->n_open -= file_source_is_open(source);
	file_source_close(source);
}

void tail_place(struct tail *tail, const struct file_position *position)
{
	tail->position = *position;
	tail->placed = true;
	file_scan_start(&tail->scan, position->offset);
}

/* ---- giving to the intake ------------------------------------------------- */

static struct chunk_source source_at(
	const struct tail *tail, uint64_t offset, char encoded[FILE_POSITION_SIZE])
{
	struct file_position position = tail->position;

	position.offset = offset;
	file_position_write(&position, encoded);
	return (struct chunk_source){
		.input = SLICE_LIT("file"),
		.name = slice_str(tail->path),
		.format = slice_str(tail->settings->format),
		.position = slice_of(encoded, FILE_POSITION_SIZE),
	};
}

static void tell_position(struct tails *tails, const struct tail *tail)
{
	char encoded[FILE_POSITION_SIZE];
	struct chunk_source source = source_at(tail, tail->position.offset, encoded);

	intake_position(tails->intake, LANE_BULK, &source);
}

static void declare_loss(struct tails *tails, const struct tail *tail, uint8_t reason)
{
	intake_declare(tails->intake, LANE_BULK, slice_str(tail->path), 0, reason, 0);
}

/* What a slow writer put into the rotated file and will not be read any more, is lost. */
static void close_late(struct tails *tails, struct tail *tail)
{
	struct stat st;

	if (!file_source_is_open(&tail->late))
		return;
	if (file_source_stat(&tail->late, &st) && (uint64_t)st.st_size > tail->late_offset)
		intake_declare(tails->intake, LANE_BULK, slice_str(tail->path), 0, GAP_ROTATED,
			(uint64_t)st.st_size - tail->late_offset);
	close_source(tails, &tail->late);
}

void tail_close(struct tails *tails, struct tail *tail)
{
	close_source(tails, &tail->source);
	close_late(tails, tail);
}

void tail_free(struct tails *tails, struct tail *tail)
{
	tail_close(tails, tail);
	free(tail->path);
	free(tail);
}

/* The first bytes of a record that is longer than a block. */
static struct slice read_long(
	struct tails *tails, struct file_source *source, uint64_t start, size_t len)
{
	if (tails->long_record_size < len) {
		tails->long_record = realloc(tails->long_record, len);
		if (tails->long_record == NULL)
			abort();
		tails->long_record_size = len;
	}
	ssize_t n = file_source_read(source, tails->long_record, len, start);
	return slice_of(tails->long_record, n < 0 ? 0 : (size_t)n);
}

static struct slice record_bytes(struct tails *tails, const struct tail *tail,
	struct file_source *source, struct slice block, uint64_t at,
	const struct file_record *record)
{
	uint64_t max = tail->settings->record_max;
	size_t len = (size_t)(record->len < max ? record->len : max);

	if (record->start >= at && record->start + len <= at + block.len)
		return slice_of(block.ptr + (record->start - at), len);
	return read_long(tails, source, record->start, len);
}

static unsigned record_flags(
	const struct tail *tail, const struct file_record *record, size_t kept)
{
	return (kept < record->len ? ITEM_TRUNCATED : 0) |
	       (record->unterminated ? ITEM_UNTERMINATED : 0) |
	       (record->lines > 1 ? ITEM_JOINED : 0) | (tail->settings->test ? ITEM_TEST : 0);
}

/* `behind`: the position after it. */
static bool give(struct tails *tails, const struct tail *tail, struct slice bytes,
	const struct file_record *record, uint64_t behind, int64_t read_ns)
{
	char encoded[FILE_POSITION_SIZE];
	struct intake_item item = {
		.lane = LANE_BULK,
		.source = source_at(tail, behind, encoded),
		.item = {.kind = ITEM_LINE,
			.flags = record_flags(tail, record, bytes.len),
			.read_ns = read_ns,
			.offset = record->start,
			.whole = record->len,
			.bytes = bytes},
	};

	if (!intake_add(tails->intake, &item))
		return false;
	counter_add(&n_records, 1);
	counter_add(&n_bytes, bytes.len);
	if (bytes.len < record->len)
		counter_add(&n_truncated, 1);
	return true;
}

/* ---- reading -------------------------------------------------------------- */

enum reading { READ_MORE, READ_END, READ_REFUSED, READ_FAILED, READ_TRUNCATED };

static enum reading give_records(
	struct tails *tails, struct tail *tail, struct slice block, uint64_t at, int64_t now_ms)
{
	struct file_scan before = tail->scan;
	struct file_record record;
	int64_t read_ns = clock_wall_ns();

	if (at + block.len > tail->scan.seen)
		tail->grown_ms = now_ms;
	while (file_scan_next(&tail->scan, tail->rule, block, at, &record)) {
		struct slice bytes =
			record_bytes(tails, tail, &tail->source, block, at, &record);

		if (!give(tails, tail, bytes, &record, record.next, read_ns)) {
			tail->scan = before;
			return READ_REFUSED;
		}
		tail->position.offset = record.next;
		before = tail->scan;
	}
	return block.len == FILE_BLOCK_SIZE ? READ_MORE : READ_END;
}

/* After reading, not before: what was read is then known to be of this file. */
static bool still_the_same(struct tail *tail)
{
	struct stat st;

	if (tail->source.gzip != NULL)
		return true;
	if (!file_source_stat(&tail->source, &st) || (uint64_t)st.st_size < tail->scan.seen ||
		!file_head_check(&tail->position.file, &tail->source))
		return false;
	tail->position.modified_ns = file_modified_ns(&st);
	return true;
}

static enum reading read_on(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	const struct file_scan *scan = &tail->scan;
	bool short_record = scan->seen - scan->start <= FILE_BLOCK_SIZE / 2;
	uint64_t at = short_record ? scan->start : file_scan_needs(scan);
	ssize_t n = file_source_read(&tail->source, tails->block, FILE_BLOCK_SIZE, at);

	if (n < 0)
		return READ_FAILED;
	if (!still_the_same(tail))
		return READ_TRUNCATED;
	if (at + (uint64_t)n < scan->seen)
		return READ_TRUNCATED;
	return give_records(tails, tail, slice_of(tails->block, (size_t)n), at, now_ms);
}

/* Gives what is unfinished as it is. False when the intake refuses. */
static bool flush(struct tails *tails, struct tail *tail)
{
	struct file_scan before = tail->scan;
	struct file_record record;

	while (file_scan_flush(&tail->scan, &record)) {
		struct slice bytes = record_bytes(
			tails, tail, &tail->source, slice_of(tails->block, 0), 0, &record);

		if (!give(tails, tail, bytes, &record, record.next, clock_wall_ns())) {
			tail->scan = before;
			return false;
		}
		tail->position.offset = record.next;
		before = tail->scan;
	}
	return true;
}

/* ---- which file ----------------------------------------------------------- */

/* The file read so far: its writer may not have noticed the rotation yet. */
static void put_aside(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	if (tail->rotated_ms == 0 || tail->source.gzip != NULL) {
		close_source(tails, &tail->source);
		return;
	}
	close_late(tails, tail);
	tail->late = tail->source;
	tail->late_offset = tail->position.offset;
	tail->late_until_ms = now_ms + LATE_MS;
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

static void say(
	struct tails *tails, const struct tail *tail, const char *action, const char *why)
{
	struct state_item item;

	state_item_begin(&item, action);
	json_put_str(&item.json, "soc.input", "file");
	json_put_text(&item.json, "soc.source", slice_str(tail->path));
	state_item_reason(&item, why);
	state_item_give(&item, tails->intake);
}

/* Whoever can make files must not be able to fill the urgent lane with them. */
static bool may_tell(struct tails *tails, int64_t now_ms)
{
	if (now_ms - tails->told_ms >= 60000) {
		tails->told_ms = now_ms;
		tails->told = 0;
	}
	return tails->told++ < TOLD_MAX;
}

static enum tail_turn fail(
	struct tails *tails, struct tail *tail, int64_t now_ms, const struct err *err)
{
	tail->retry_ms = now_ms + RETRY_MS;
	if (tail->failing || err->sys == ENOENT)
		return TAIL_WAITING;
	tail->failing = true;
	counter_add(&n_failed, 1);
	log_warn("file.failed", "path=%s reason=%s", LOG_TEXT(slice_str(tail->path)),
		LOG_TEXT(slice_str(err->text)));
	tail->told = may_tell(tails, now_ms);
	if (tail->told)
		say(tails, tail, "input-failed", err->text);
	return TAIL_WAITING;
}

static void works_again(struct tails *tails, struct tail *tail)
{
	if (tail->told)
		say(tails, tail, "input-recovered", NULL);
	tail->failing = false;
	tail->told = false;
}

/* Opens a generation from its start. */
static bool begin_generation(struct tails *tails, struct tail *tail,
	const struct file_generation *generation, struct err *err)
{
	struct file_source source;
	struct file_identity identity;

	if (!file_source_open(&source, generation->path, generation->packing == FILE_GZIP, err))
		return false;
	if (!file_identify(&source, &identity)) {
		err_sys(err, "%s", generation->path);
		file_source_close(&source);
		return false;
	}
	begin(tails, tail, &source, &identity, file_source_data(&source, 0));
	tell_position(tails, tail);
	return true;
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

enum moved {
	MOVED_ON,
	MOVED_NOWHERE, /* there is nothing to go on with */
	MOVE_LATER,    /* ... now */
	MOVE_FAILED,
};

/* Goes on with the oldest readable generation from `i` on; passing over unreadable ones is a
 * loss. */
static enum moved move_on(struct tails *tails, struct tail *tail,
	const struct file_generations *found, size_t i, struct err *err)
{
	size_t passed = i;

	while (i < found->n && found->items[i].packing == FILE_PACKED_OTHERWISE)
		i++;
	if (i < found->n && !begin_generation(tails, tail, &found->items[i], err))
		return MOVE_FAILED;
	for (; passed < i; passed++) {
		counter_add(&n_lost, 1);
		declare_loss(tails, tail, GAP_ROTATED);
	}
	return i < found->n ? MOVED_ON : MOVED_NOWHERE;
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
	tell_position(tails, tail);
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
static bool still_patient(struct tail *tail, int64_t now_ms)
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

	if (next == found->n && !tail->at_rest && still_patient(tail, now_ms))
		return MOVE_LATER;

	enum moved moved = move_on(tails, tail, found, next, err);
	if (moved == MOVE_FAILED || tail->at_rest)
		return moved;
	counter_add(truncated ? &n_emptied : &n_lost, 1);
	declare_loss(tails, tail, truncated ? GAP_TRUNCATED : GAP_ROTATED);
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
		declare_loss(tails, tail, GAP_TRUNCATED);
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

/* What is in the folder is counted; it may be told of again, by events still under way. */
static void note_newest(struct tail *tail, const struct file_generations *found)
{
	if (found->n > 0)
		tail->newest_inode = found->items[found->n - 1].inode;
}

/* Finds the file of the position again. */
static enum moved locate(
	struct tails *tails, struct tail *tail, int64_t now_ms, struct err *err)
{
	struct file_generations found;
	enum moved moved = MOVED_ON;

	if (path_is_same(tails, tail))
		return MOVED_ON;
	file_generations_find(tail->path, &found);
	if (!find_same(tails, tail, &found) && !go_on_in_copy(tails, tail, &found))
		moved = give_up_rest(tails, tail, &found, now_ms, err);
	tail->successors = (unsigned)(found.n - after(&found, &tail->position));
	note_newest(tail, &found);
	file_generations_done(&found);
	return moved;
}

/* Another tail reads this file: under a second name, or under the name it had before. */
static bool taken(struct tails *tails, struct tail *tail, const struct file_source *source,
	const struct file_identity *identity)
{
	struct tail *other = tails->find(tails->user, tail, identity->device, identity->inode);
	struct stat st;

	if (other == NULL || file_compare(&other->position.file,
				     &(struct file_source){.fd = source->fd}) != FILE_SAME)
		return false;
	if (stat(other->path, &st) == 0 && st.st_dev == identity->device &&
		st.st_ino == identity->inode)
		return true;
	begin(tails, tail, source, &other->position.file, other->position.offset);
	close_source(tails, &other->source);
	other->placed = false;
	tell_position(tails, tail);
	return true;
}

static enum moved begin_new(struct tails *tails, struct tail *tail, struct err *err)
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
	begin(tails, tail, &source, &identity, tail->from_end ? (uint64_t)st.st_size : 0);
	tell_position(tails, tail);
	return MOVED_ON;
}

/* ---- at the end ----------------------------------------------------------- */

static bool path_names_source(const struct tail *tail)
{
	struct stat path, open;

	return stat(tail->path, &path) == 0 && file_source_stat(&tail->source, &open) &&
	       path.st_dev == open.st_dev && path.st_ino == open.st_ino;
}

/* The writer is done with the rotated file at hand, as far as one can tell. */
static bool is_settled(const struct tail *tail, int64_t now_ms)
{
	int64_t silent_ms = (int64_t)tail->settings->rotated_ms;
	int64_t since_ms =
		tail->rotated_ms > tail->grown_ms ? tail->rotated_ms : tail->grown_ms;
	int64_t age_ms = (clock_wall_ns() - tail->position.modified_ns) / CLOCK_NS_PER_MS;

	return now_ms - since_ms >= silent_ms || age_ms > silent_ms;
}

static enum tail_turn end_of_current(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	bool partial = file_scan_partial(&tail->scan);
	uint64_t patience =
		partial ? tail->settings->unfinished_ms : tail->settings->multiline.wait_ms;

	tail->rotated_ms = 0;
	tail->successors = 0;
	tail->newest_inode = tail->position.file.inode;
	if (!file_scan_pending(&tail->scan))
		return now_ms < tail->late_until_ms ? TAIL_WAITING : TAIL_IDLE;
	if (now_ms - tail->grown_ms < (int64_t)patience)
		return TAIL_WAITING;
	return flush(tails, tail) ? TAIL_WAITING : TAIL_BLOCKED;
}

static enum tail_turn end_without_path(struct tail *tail, int64_t now_ms)
{
	struct stat st;
	bool deleted = !file_source_stat(&tail->source, &st) || st.st_nlink == 0;

	return !deleted && still_patient(tail, now_ms) ? TAIL_WAITING : TAIL_GONE;
}

/* An empty new file proves nothing: many writers go on with the old one until told. */
static bool is_empty_path(
	const struct file_generations *found, const struct tail *tail, size_t i)
{
	return i < found->n && names_path(found, tail, i) && found->items[i].size == 0;
}

/*
 * How many generations are known to have been removed unread. One at least when generations
 * are kept here and even the oldest is newer than the file at hand, which is gone: others may
 * have gone unseen. Where only the path is there nothing is kept, and every rotation looks like
 * that.
 */
static size_t removed_unread(
	const struct tail *tail, const struct file_generations *found, size_t next)
{
	size_t there = found->n - next;

	if (tail->successors > there)
		return tail->successors - there;
	return next == 0 && found->n > 1;
}

/* A folder whose files are being renamed may be listed with some left out: what is missing has
 * to stay missing for a while. */
static bool is_doubtful(struct tail *tail, size_t removed, int64_t now_ms)
{
	if (removed == 0) {
		tail->doubt_ms = 0;
		return false;
	}
	if (tail->doubt_ms == 0)
		tail->doubt_ms = now_ms;
	return now_ms - tail->doubt_ms < DOUBT_MS;
}

/* Goes on with generation `next`; those that should lie in between and do not are a loss. */
static enum moved pass_on(struct tails *tails, struct tail *tail,
	const struct file_generations *found, size_t next, struct err *err)
{
	size_t there = found->n - next;
	size_t removed = removed_unread(tail, found, next);
	enum moved moved = move_on(tails, tail, found, next, err);

	if (moved == MOVE_FAILED || moved == MOVED_NOWHERE)
		return moved;
	if (removed > 0) {
		counter_add(&n_lost, removed);
		declare_loss(tails, tail, GAP_ROTATED);
	}
	tail->successors = there > 0 ? (unsigned)there - 1 : 0;
	tail->doubt_ms = 0;
	note_newest(tail, found);
	return moved;
}

static enum tail_turn leave(struct tails *tails, struct tail *tail,
	const struct file_generations *found, int64_t now_ms)
{
	size_t next = at_least_the_path(found, tail, after(found, &tail->position));
	struct err err = {0};

	if (is_empty_path(found, tail, next) ||
		is_doubtful(tail, removed_unread(tail, found, next), now_ms))
		return TAIL_WAITING;
	if (!flush(tails, tail))
		return TAIL_BLOCKED;
	switch (pass_on(tails, tail, found, next, &err)) {
	case MOVED_ON:
		works_again(tails, tail);
		return TAIL_MORE;
	case MOVED_NOWHERE:
	case MOVE_LATER:
		return end_without_path(tail, now_ms);
	case MOVE_FAILED:
		break;
	}
	return fail(tails, tail, now_ms, &err);
}

static enum tail_turn next_file(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	struct file_generations found;

	file_generations_find(tail->path, &found);
	enum tail_turn turn = leave(tails, tail, &found, now_ms);
	file_generations_done(&found);
	return turn;
}

static enum tail_turn at_end(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	if (path_names_source(tail))
		return end_of_current(tails, tail, now_ms);
	if (tail->rotated_ms == 0) {
		tail->rotated_ms = now_ms;
		counter_add(&n_rotated, 1);
	}
	return is_settled(tail, now_ms) ? next_file(tails, tail, now_ms) : TAIL_WAITING;
}

/* ---- the rotated file before ---------------------------------------------- */

static bool give_late(struct tails *tails, struct tail *tail, const struct file_record *record,
	struct slice block, uint64_t at)
{
	struct slice bytes = record_bytes(tails, tail, &tail->late, block, at, record);

	if (!give(tails, tail, bytes, record, tail->position.offset, clock_wall_ns()))
		return false;
	tail->late_offset = record->next;
	return true;
}

/* Looked at often for a while, then when the others are polled. False when the intake refuses.
 */
static bool read_late(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	bool patient = now_ms < tail->late_until_ms;
	uint64_t at = tail->late_offset;
	ssize_t n = file_source_read(&tail->late, tails->block, FILE_BLOCK_SIZE, at);
	struct slice block = slice_of(tails->block, n < 0 ? 0 : (size_t)n);
	struct file_scan scan;
	struct file_record record;

	file_scan_start(&scan, at);
	while (file_scan_next(&scan, tail->rule, block, at, &record))
		if (!give_late(tails, tail, &record, block, at))
			return false;
	while ((!patient || block.len == FILE_BLOCK_SIZE) && file_scan_flush(&scan, &record))
		if (!give_late(tails, tail, &record, block, at))
			return false;
	if (tail->late_offset > at)
		tail->late_until_ms = now_ms + LATE_MS;
	return true;
}

/* ---- a turn --------------------------------------------------------------- */

static enum tail_turn open_again(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	struct err err = {0};
	enum moved moved =
		tail->placed ? locate(tails, tail, now_ms, &err) : begin_new(tails, tail, &err);

	switch (moved) {
	case MOVED_ON:
		works_again(tails, tail);
		return file_source_is_open(&tail->source) ? TAIL_MORE : TAIL_IDLE;
	case MOVED_NOWHERE:
		return TAIL_GONE;
	case MOVE_LATER:
		return TAIL_WAITING;
	case MOVE_FAILED:
		break;
	}
	return fail(tails, tail, now_ms, &err);
}

static enum tail_turn read_failed(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	struct err err;
	bool damaged = errno == EBADMSG;

	err_sys(&err, "reading");
	if (!damaged) {
		close_source(tails, &tail->source);
		return fail(tails, tail, now_ms, &err);
	}
	enum tail_turn turn = next_file(tails, tail, now_ms);
	if (!tail->failing) {
		counter_add(&n_lost, 1);
		declare_loss(tails, tail, GAP_DAMAGED);
	}
	return turn;
}

enum tail_turn tail_turn(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	if (now_ms < tail->retry_ms)
		return TAIL_WAITING;
	if (file_source_is_open(&tail->late) && !read_late(tails, tail, now_ms))
		return TAIL_BLOCKED;
	if (!file_source_is_open(&tail->source)) {
		enum tail_turn turn = open_again(tails, tail, now_ms);

		if (turn != TAIL_MORE)
			return turn;
	}

	switch (read_on(tails, tail, now_ms)) {
	case READ_MORE:
		return TAIL_MORE;
	case READ_END:
		works_again(tails, tail);
		return at_end(tails, tail, now_ms);
	case READ_REFUSED:
		return TAIL_BLOCKED;
	case READ_TRUNCATED:
		tail->at_rest = false;
		close_source(tails, &tail->source);
		return TAIL_MORE;
	case READ_FAILED:
		break;
	}
	return read_failed(tails, tail, now_ms);
}
