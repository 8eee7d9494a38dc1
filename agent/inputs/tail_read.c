#include <stdlib.h>

#include "agent/inputs/file_columns.h"
#include "agent/inputs/tail_inner.h"
#include "common/clock.h"

static struct counter n_records = COUNTER("file.records", "log records read from files");
static struct counter n_bytes = COUNTER("file.bytes", "bytes of log records read from files");
static struct counter n_truncated =
	COUNTER("file.records_cut", "records longer than the maximum, cut");

/* ---- giving to the intake ------------------------------------------------- */

static struct chunk_source source_at(const struct tail *tail, enum charset charset,
	uint64_t offset, char encoded[FILE_POSITION_SIZE])
{
	struct file_position position = tail->position;

	position.offset = offset;
	file_position_write(&position, encoded);
	return (struct chunk_source){
		.input = SLICE_LIT("file"),
		.name = slice_str(tail->path),
		.format = slice_str(source_words_get(tail->words, charset)),
		.position = slice_of(encoded, FILE_POSITION_SIZE),
	};
}

void tail_tell_position(struct tails *tails, const struct tail *tail)
{
	char encoded[FILE_POSITION_SIZE];
	struct chunk_source source =
		source_at(tail, tail->charset, tail->position.offset, encoded);

	intake_position(tails->intake, LANE_BULK, &source);
}

void tail_declare_loss(struct tails *tails, const struct tail *tail, uint8_t reason)
{
	intake_declare(tails->intake, LANE_BULK, slice_str(tail->path), 0, reason, 0);
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
	enum charset charset, struct file_source *source, struct slice block, uint64_t at,
	const struct file_record *record)
{
	uint64_t max = tail->settings->record_max;
	size_t len = (size_t)(record->len < max ? record->len : max);

	len -= len % charset_unit(charset);

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
static bool give(struct tails *tails, const struct tail *tail, enum charset charset,
	struct slice bytes, const struct file_record *record, uint64_t behind, int64_t read_ns)
{
	char encoded[FILE_POSITION_SIZE];
	struct intake_item item = {
		.lane = LANE_BULK,
		.source = source_at(tail, charset, behind, encoded),
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

static enum tail_reading give_records(
	struct tails *tails, struct tail *tail, struct slice block, uint64_t at, int64_t now_ms)
{
	struct file_scan before = tail->scan;
	struct file_record record;
	int64_t read_ns = clock_wall_ns();

	/* The half of a unit that may have been there before is not seen. */
	if (at + block.len >= tail->scan.seen + charset_unit(tail->charset))
		tail->grown_ms = now_ms;
	while (file_scan_next(&tail->scan, tail->rule, tail->charset, block, at, &record)) {
		struct slice bytes = record_bytes(
			tails, tail, tail->charset, &tail->source, block, at, &record);

		if (!give(tails, tail, tail->charset, bytes, &record, record.next, read_ns)) {
			tail->scan = before;
			return READ_REFUSED;
		}
		tail->position.offset = record.next;
		before = tail->scan;
	}
	return block.len == FILE_BLOCK_SIZE ? READ_MORE : READ_END;
}

/* Files of Windows programs often begin with the mark of UTF-16. A packed one is wound back for
 * it once; a plain one may be written anew under us. */
static enum charset charset_of(const struct tail *tail, struct file_source *source)
{
	const enum charset declared = tail->words->declared;
	char head[2];

	if (declared != CHARSET_UTF_8)
		return declared;
	if (source->gzip == NULL || !source->knows_mark) {
		const ssize_t n = file_source_read(source, head, sizeof(head), 0);

		source->mark = charset_of_mark(slice_of(head, n < 0 ? 0 : (size_t)n));
		source->knows_mark = n >= 0;
	}
	return source->mark != CHARSET_COUNT ? source->mark : declared;
}

/*
 * What names the columns of a file that is begun behind its head is given first, as the lines
 * it is, in their places; only then can the lines to come be read. Like all records once: the
 * position that comes with it is where the file is begun, so that a restart does not give it
 * again.
 */
static bool give_head(struct tails *tails, struct tail *tail)
{
	char bytes[FILE_COLUMNS_MAX];
	const uint64_t end = tail->position.offset;
	const ssize_t n = file_source_read(
		&tail->source, bytes, end < sizeof(bytes) ? (size_t)end : sizeof(bytes), 0);
	const struct slice head = slice_of(bytes, n > 0 ? (size_t)n : 0);
	struct file_record record;

	while (charset_unit(tail->charset) == 1 &&
		file_columns_next(head, tail->head_at, &record)) {
		const struct slice line = record_bytes(
			tails, tail, tail->charset, &tail->source, head, 0, &record);

		if (!give(tails, tail, tail->charset, line, &record, end, clock_wall_ns()))
			return false;
		tail->head_at = record.next;
	}
	tail->head_due = false;
	return true;
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

enum tail_reading tail_read(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	const struct file_scan *scan = &tail->scan;
	bool short_record = scan->seen - scan->start <= FILE_BLOCK_SIZE / 2;
	uint64_t at = short_record ? scan->start : file_scan_needs(scan);
	ssize_t n = file_source_read(&tail->source, tails->block, FILE_BLOCK_SIZE, at);

	if (n < 0)
		return READ_FAILED;
	tail->charset = charset_of(tail, &tail->source);
	if (!still_the_same(tail))
		return READ_TRUNCATED;
	if (at + (uint64_t)n < scan->seen)
		return READ_TRUNCATED;
	if (tail->head_due && !give_head(tails, tail))
		return READ_REFUSED;
	return give_records(tails, tail, slice_of(tails->block, (size_t)n), at, now_ms);
}

/* Gives what is unfinished as it is. False when the intake refuses. */
bool tail_flush(struct tails *tails, struct tail *tail)
{
	struct file_scan before = tail->scan;
	struct file_record record;

	while (file_scan_flush(&tail->scan, tail->charset, &record)) {
		struct slice bytes = record_bytes(tails, tail, tail->charset, &tail->source,
			slice_of(tails->block, 0), 0, &record);

		if (!give(tails, tail, tail->charset, bytes, &record, record.next,
			    clock_wall_ns())) {
			tail->scan = before;
			return false;
		}
		tail->position.offset = record.next;
		before = tail->scan;
	}
	return true;
}

/* ---- the rotated file before ---------------------------------------------- */

/* What a slow writer put into the rotated file and will not be read any more, is lost. */
void tail_close_late(struct tails *tails, struct tail *tail)
{
	struct stat st;

	if (!file_source_is_open(&tail->late))
		return;
	if (file_source_stat(&tail->late, &st) && (uint64_t)st.st_size > tail->late_offset)
		intake_declare(tails->intake, LANE_BULK, slice_str(tail->path), 0, GAP_ROTATED,
			(uint64_t)st.st_size - tail->late_offset);
	tail_close_source(tails, &tail->late);
}

static bool give_late(struct tails *tails, struct tail *tail, enum charset charset,
	const struct file_record *record, struct slice block, uint64_t at)
{
	struct slice bytes = record_bytes(tails, tail, charset, &tail->late, block, at, record);

	if (!give(tails, tail, charset, bytes, record, tail->position.offset, clock_wall_ns()))
		return false;
	tail->late_offset = record->next;
	return true;
}

/* Looked at often for a while, then when the others are polled. False when the intake refuses.
 */
bool tail_read_late(struct tails *tails, struct tail *tail, int64_t now_ms)
{
	bool patient = now_ms < tail->late_until_ms;
	uint64_t at = tail->late_offset;
	ssize_t n = file_source_read(&tail->late, tails->block, FILE_BLOCK_SIZE, at);
	struct slice block = slice_of(tails->block, n < 0 ? 0 : (size_t)n);
	struct file_scan scan;
	struct file_record record;

	const enum charset charset = charset_of(tail, &tail->late);
	file_scan_start(&scan, at);
	while (file_scan_next(&scan, tail->rule, charset, block, at, &record))
		if (!give_late(tails, tail, charset, &record, block, at))
			return false;
	while ((!patient || block.len == FILE_BLOCK_SIZE) &&
		file_scan_flush(&scan, charset, &record))
		if (!give_late(tails, tail, charset, &record, block, at))
			return false;
	if (tail->late_offset > at)
		tail->late_until_ms = now_ms + TAIL_LATE_MS;
	return true;
}
