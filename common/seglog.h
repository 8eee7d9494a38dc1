/*
 * seglog - an append-only log in segment files: the agent's spool, the collector's store
 *
 * An entry is a payload that covers `count` consecutive sequence numbers (an
 * agent's entry is a chunk of lines, a store's entry a block of records).
 * Sequences start at 1 and grow for ever. On disk an entry carries length,
 * first sequence, count, kind and CRC32C of header and payload; a segment file
 * is named after its first sequence (20 decimal digits, ".seg") and starts
 * with a header of its own that names the log's id, so that a file of another
 * log is not mistaken for ours. The format is written down in common/README.md.
 *
 * Promises:
 *   - after seglog_sync() returned true, what was appended before survives
 *     kill -9 and power loss;
 *   - the state is derived from the segments; the two-slot state file
 *     ("state") is only a hint, and may be old, torn or gone: then entries that
 *     were released may be given again;
 *   - a torn tail is cut off and counted; a flipped, zeroed or missing part
 *     inside is skipped to the next good entry and *declared* as an exact
 *     range of lost sequences; one bad entry never stops the log;
 *   - a number that was durable is never given again. The one exception is
 *     damage to entries of the very last sync before a crash: nothing tells
 *     them from a torn tail (a user that told others of a number compares
 *     seglog_next() with what they heard);
 *   - the first failure of a write or sync makes the segment suspect: nothing
 *     is retried on it, the log reports SEGLOG_FAILED until it is reopened;
 *     what is scarce (space, quota of the disk, descriptors, memory) is
 *     SEGLOG_FULL: an append then changed nothing, a sync took back what was
 *     not durable, and both may be tried again;
 *   - what the disk refuses to give at one place in three tries over at least
 *     a second, while it gives other parts of the log, counts as damage and is
 *     declared, like other damage: one bad block never stops a reader;
 *   - the released position is durable before a segment is unlinked.
 *
 * One process at a time appends (a lock on the file "lock"); small appends cost
 * one write together.
 *
 * Threads: one thread appends, syncs and releases; cursors may live in other
 * threads, one thread each. Cursors see only what is durable.
 */
#ifndef COMMON_SEGLOG_H
#define COMMON_SEGLOG_H

#include "common/err.h"
#include "common/slice.h"

enum {
	SEGLOG_PAYLOAD_MAX = 64 << 20, /* bytes */
	SEGLOG_ID_SIZE = 16,           /* random bytes that name a log */
};

#define SEGLOG_SEQUENCE_MAX INT64_MAX /* the last number; at 10^9 a second, in 292 years */

struct seglog;
struct seglog_cursor;

struct seglog_settings {
	const char *dir;       /* created 0700 when missing; copied */
	uint64_t segment_size; /* bytes; a segment is closed when an entry would pass it */
	uint64_t quota;        /* bytes of all segments; 0 = no limit. One entry may always
				* be held, however small it is */

	/* What the user knows from elsewhere: sequences up to `known_durable` of the log
	 * `known_id` were durable. Those that are not there any more are lost and declared,
	 * not a torn tail. NULL: nothing is known. */
	const unsigned char *known_id;
	uint64_t known_durable;
};

/*
 * What opening found; all zero = intact. Opening reads the last segment and the heads of the
 * others; cursors find and declare what is damaged inside those.
 */
struct seglog_damage {
	uint64_t torn_bytes;       /* cut off at the tail; were never durable */
	uint64_t lost_ranges;      /* ... of sequences; a cursor declares them, too */
	uint64_t lost_sequences;   /* sum of their lengths */
	uint64_t skipped_bytes;    /* damaged bytes between good entries and at the end */
	uint64_t foreign_segments; /* set aside as *.bad: another log's, or nothing readable */
};

enum seglog_status {
	SEGLOG_OK,
	SEGLOG_FULL,   /* quota, disk, descriptors; try again after a release, or later */
	SEGLOG_FAILED, /* the disk failed; err has the words; reopen to go on */
};

struct seglog_entry {
	uint64_t first;       /* first sequence */
	uint32_t count;       /* sequences covered, at least 1 */
	uint8_t kind;         /* the user's */
	uint32_t crc;         /* CRC32C of the payload, verified */
	struct slice payload; /* borrowed until the next call on the cursor */
};

/* Recovers what an earlier run left and opens for appending. NULL on failure. */
MUST_USE struct seglog *seglog_open(
	const struct seglog_settings *settings, struct seglog_damage *damage, struct err *err);

/*
 * Opens for cursors alone and changes nothing, even while another process appends (recount,
 * verify, export). Shows the log as it was at that moment; what is released meanwhile
 * becomes SEGLOG_LOST. NULL when there is no log. `damage` may be NULL.
 */
MUST_USE struct seglog *seglog_open_reading(
	const char *dir, struct seglog_damage *damage, struct err *err);

/* Of a log opened for cursors alone: its newest segment has been removed meanwhile, so there
 * is a newer one, which this log does not show. */
bool seglog_overtaken(const struct seglog *log);

/*
 * Syncs, writes the state hint, frees. NULL is fine. Sync first to learn whether that works.
 */
void seglog_close(struct seglog *log);

/*
 * Appends one entry whose payload is the parts one after the other (1 byte .. PAYLOAD_MAX).
 * It gets the sequences seglog_next() .. +count-1 and is durable after the next sync. FULL:
 * nothing changed, neither for this entry nor for those before.
 */
MUST_USE enum seglog_status seglog_append(struct seglog *log, uint8_t kind, uint32_t count,
	const struct slice *parts, size_t n_parts, struct err *err);

/*
 * Makes everything appended durable (fdatasync, and the folder after a new segment). FULL:
 * what was not durable has been taken back, seglog_next() is seglog_durable() + 1; who
 * appended it still has it, or asks its source again.
 */
MUST_USE enum seglog_status seglog_sync(struct seglog *log, struct err *err);

/*
 * Writes out what was appended, without making it durable: who commits to several logs learns
 * of a full disk before the first of them is synced. FULL: nothing changed, what was appended
 * still waits.
 */
MUST_USE enum seglog_status seglog_flush(struct seglog *log, struct err *err);

/*
 * Takes back appended entries from sequence `from` on that were never durable (a commit over
 * several logs failed half-way). False also when no undurable entry starts there: an
 * append that began a new segment has made those before it durable.
 */
MUST_USE bool seglog_take_back(struct seglog *log, uint64_t from, struct err *err);

/*
 * Closes the running segment, so that the next entry starts a new one; what was appended is
 * durable then. Nothing happens when it is empty. FULL: nothing changed.
 */
MUST_USE enum seglog_status seglog_roll(struct seglog *log, struct err *err);

/*
 * Whether an entry of so many payload bytes goes into the running segment; else appending it
 * starts a new one. A user who wants to be first in every segment asks before, and rolls.
 */
bool seglog_fits(const struct seglog *log, size_t payload_size);

/* Whether the quota has room for such an entry now; the disk may have none all the same. */
enum seglog_room {
	SEGLOG_NO_ROOM,
	SEGLOG_ROOM_FOR_ONE, /* the log holds nothing: for one, however large it is */
	SEGLOG_ROOM,
};

enum seglog_room seglog_room(const struct seglog *log, size_t payload_size);

/*
 * Everything up to and including `sequence` (at most seglog_durable()) is no longer needed:
 * whole closed segments below are removed, the position kept durably first. Never goes back.
 * False: the position or a removal is not on disk; releasing again tries again.
 */
MUST_USE bool seglog_release(struct seglog *log, uint64_t sequence, struct err *err);

uint64_t seglog_first(const struct seglog *log);    /* oldest sequence still held */
uint64_t seglog_next(const struct seglog *log);     /* what the next entry gets */
uint64_t seglog_durable(const struct seglog *log);  /* last durable sequence; any thread */
uint64_t seglog_released(const struct seglog *log); /* by seglog_release(); any thread */
uint64_t seglog_bytes(const struct seglog *log);    /* on disk; any thread */
const unsigned char *seglog_id(const struct seglog *log);

/* Sequence the running segment starts with: a user writes its snapshot when this changes. */
uint64_t seglog_segment_first(const struct seglog *log);

enum seglog_read {
	SEGLOG_ENTRY,
	SEGLOG_LOST, /* entry->first, ->count: sequences that cannot be read any more; a longer
		      * range comes in several pieces */
	SEGLOG_END,  /* nothing durable beyond; later calls may find more */
	SEGLOG_READ_FAILED, /* err has the words; a later call tries again, also one of another
			     * cursor, until what is refused counts as damage */
};

/*
 * Reads from the entry that holds `sequence` on (the first held one when it is gone already:
 * the gap is reported as SEGLOG_LOST). The log must outlive the cursor.
 */
MUST_USE struct seglog_cursor *seglog_cursor_open(struct seglog *log, uint64_t sequence);
void seglog_cursor_close(struct seglog_cursor *cursor);

/*
 * The cursor waits for the disk itself, about a second for each place that is refused: at the
 * start of a program, when nothing can be done meanwhile. Cursors of a log that was opened for
 * reading do so anyway.
 */
void seglog_cursor_wait(struct seglog_cursor *cursor);

MUST_USE enum seglog_read seglog_cursor_next(
	struct seglog_cursor *cursor, struct seglog_entry *entry, struct err *err);

/* Goes on at the entry that holds `sequence`, forward or back. */
void seglog_cursor_seek(struct seglog_cursor *cursor, uint64_t sequence);

/*
 * Walks a folder as seglog_open_reading() sees it (verify-store), from the first sequence
 * held or not released. `offset` is where the entry, or the damage, begins in `file`, which
 * may be missing. `visit` returns false to stop.
 */
MUST_USE bool seglog_walk(const char *dir,
	bool (*visit)(void *user, const char *file, uint64_t offset, enum seglog_read what,
		const struct seglog_entry *entry),
	void *user, struct err *err);

#endif
