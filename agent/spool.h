/*
 * spool - what was read and is not acknowledged yet
 *
 * Two lanes, each a seglog with a byte quota, an epoch and a position up to
 * which the collector has acknowledged. An entry is a sealed chunk or a
 * declared gap; both take sequences of the lane and are durable when the call
 * that appends them says so. What is found damaged when it is read comes out
 * as a gap of exactly its sequences.
 *
 * After an error of the disk the lane's log is opened again when it is needed
 * next. Whether the entry that failed is on disk after all is looked up
 * then, so that trying again never stores it twice.
 *
 * One thread.
 */
#ifndef AGENT_SPOOL_H
#define AGENT_SPOOL_H

#include "agent/bookmark.h"
#include "agent/settings.h"
#include "common/chunk.h"

struct spool;

/* Why a lane has its epoch. */
enum spool_epoch {
	SPOOL_EPOCH_KEPT,
	SPOOL_EPOCH_FIRST,   /* a first start */
	SPOOL_EPOCH_LOST,    /* the log is another one than the bookmark knows */
	SPOOL_EPOCH_ASKED,   /* the collector wants a new one */
	SPOOL_EPOCH_DIFFERS, /* the collector has another history under the old one */
};

const char *spool_epoch_text(enum spool_epoch epoch);

struct spool_report {
	struct seglog_damage damage;
	enum spool_epoch epoch;
};

/* `known` is what the bookmark has of the lanes, all zero at a first start. NULL on failure. */
MUST_USE struct spool *spool_open(const char *dir, const struct spool_settings *settings,
	const struct bookmark_lane known[LANE_COUNT], struct spool_report report[LANE_COUNT],
	struct err *err);

/* NULL is fine. */
void spool_close(struct spool *spool);

enum spool_status {
	SPOOL_OK,
	SPOOL_FULL,   /* quota or disk: nothing changed, try again later with the same */
	SPOOL_FAILED, /* the disk failed: err; try again later with the same */
};

MUST_USE enum spool_status spool_add_chunk(struct spool *spool, enum frame_lane lane,
	struct slice chunk, uint32_t count, struct err *err);

/* Whether the quota has room for so large a chunk now. */
enum seglog_room spool_room(const struct spool *spool, enum frame_lane lane, size_t size);

/* frame_gap without lane, epoch and first; count 1 at least. */
MUST_USE enum spool_status spool_add_gap(struct spool *spool, enum frame_lane lane,
	const struct frame_gap *gap, struct err *err);

/* What is to be saved in the bookmark. While the log is failed, id and .covered stay as they
 * are in *known. */
void spool_lane(const struct spool *spool, enum frame_lane lane, struct bookmark_lane *known);

/* While the log is failed: as it was when it failed, but for acknowledgements. */
struct spool_state {
	uint64_t first; /* oldest sequence of the epoch still held */
	uint64_t next;
	uint64_t acked;  /* of any epoch: nothing up to here will be sent again */
	uint64_t bytes;  /* on disk */
	uint64_t queued; /* sequences not acknowledged */
};

void spool_state(const struct spool *spool, enum frame_lane lane, struct spool_state *state);

/* ---- sending -------------------------------------------------------------- */

struct spool_entry {
	uint64_t first;
	uint32_t count;
	bool gap;
	bool lost;    /* a gap that nobody declared: its entries cannot be read any more */
	uint32_t crc; /* of the chunk */
	struct slice chunk;
	/* Of a gap. */
	uint8_t reason; /* enum gap_reason */
	uint64_t bytes;
	struct slice source;
};

enum { SPOOL_RETRY_MS = 500 };

enum spool_read {
	SPOOL_ENTRY,
	SPOOL_END,
	SPOOL_READ_FAILED, /* err; ask again in SPOOL_RETRY_MS. What the disk goes on to refuse
			    * comes as a gap then (common/seglog.h) */
};

/* The next entry of the lane, valid until the next call for this lane. */
MUST_USE enum spool_read spool_next(
	struct spool *spool, enum frame_lane lane, struct spool_entry *entry, struct err *err);

/* spool_next() goes on at the entry that holds `sequence`. */
void spool_seek(struct spool *spool, enum frame_lane lane, uint64_t sequence);

struct spool_resume {
	uint64_t from;     /* the first sequence to send */
	uint64_t released; /* that many before it are gone here and missing there */
};

/*
 * What the collector says it has stored of this epoch, against what is here (the table in
 * agent/README.md). True: spool_next() goes on at resume->from. False: another history; choose
 * a new epoch.
 */
MUST_USE bool spool_compare(struct spool *spool, enum frame_lane lane, uint64_t stored,
	uint32_t stored_crc, struct spool_resume *resume);

/* A new epoch for what is not acknowledged. False: no random numbers; the old one stays. */
MUST_USE bool spool_new_epoch(
	struct spool *spool, enum frame_lane lane, enum spool_epoch why, struct err *err);

/*
 * An epoch must be on disk before it is offered to a collector: one that a crash takes back
 * would leave its records stored, and sent again under the old one. KEPT: it is saved. Else
 * why it was chosen; *old is the one that was saved before, 0 = none.
 */
enum spool_epoch spool_unsaved(const struct spool *spool, enum frame_lane lane, uint64_t *old);

/* What spool_lane() says of the lane now is on disk. */
void spool_saved(struct spool *spool, enum frame_lane lane);

/* The collector has everything up to `sequence`; crc 0 = unknown. */
void spool_ack(struct spool *spool, enum frame_lane lane, uint64_t sequence, uint32_t crc);

/* Frees the disk up to the acknowledged position, but not beyond `covered`, which the bookmark
 * on disk has. */
MUST_USE bool spool_release(
	struct spool *spool, enum frame_lane lane, uint64_t covered, struct err *err);

/* ---- start ---------------------------------------------------------------- */

/* Puts the positions of all chunks behind `covered` that can be read into the bookmark, and
 * takes the gaps behind it off the losses that wait there; waits about a second for each place
 * the disk refuses. */
MUST_USE bool spool_replay(struct spool *spool, enum frame_lane lane, uint64_t covered,
	struct bookmark *bookmark, struct err *err);

#endif
