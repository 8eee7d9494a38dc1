/*
 * store - every record, durable before it is acknowledged
 *
 * One writer thread removes duplicates, commits batches in groups and keeps
 * the ledger of every stream; everything else follows by cursor. A commit is
 * one block per retention class (the level 1..5 of the information system) in
 * that class's seglog, each carrying columns, bodies (zstd) and the positions
 * of the streams it moved; it counts only when all its blocks are durable.
 * Every segment starts with a snapshot of all streams' positions. Closed
 * segments are sealed: small blocks merged to about 1 MiB and chained by
 * SHA-256 (chain.h). Formats in collector/README.md.
 *
 * A position in the store is the number of a commit, 1.., opaque to others.
 */
#ifndef COLLECTOR_STORE_STORE_H
#define COLLECTOR_STORE_STORE_H

#include "collector/record/batch.h"
#include "collector/record/columns.h"
#include "common/err.h"
#include "common/setting.h"

enum { STORE_CLASSES = 5 };

struct store;

struct store_class_settings {
	uint64_t keep_ms;    /* retention by age; 0 = by bytes only */
	uint64_t keep_bytes; /* retention by size; 0 = by age only */
};

struct store_settings {
	const char *dir;         /* created 0700 when missing */
	uint64_t segment_size;   /* bytes of an open segment before it is sealed */
	uint64_t segment_age_ms; /* an open segment older than this is sealed */
	uint64_t commit_ms;      /* a commit waits at most so long for company */
	uint64_t commit_bytes;   /* and starts at once with so many encoded bytes */
	uint64_t reserve_bytes;  /* free space of the disk below which batches are refused */
	uint32_t warn_percent;   /* of the disk in use: warn */
	struct store_class_settings classes[STORE_CLASSES];
};

extern const struct setting store_settings_table[];

/* What opening found; all zero = intact. */
struct store_recovery {
	uint64_t undone_blocks; /* of a commit that was never whole; nothing of it was
				   acknowledged */
	uint64_t torn_bytes;    /* cut off at tails, likewise */
	uint64_t lost_records;  /* damaged inside: declared in the ledger */
	uint64_t lost_ranges;
};

/* Recovers and starts the writer thread. */
MUST_USE struct store *store_open(const struct store_settings *settings,
	struct store_recovery *recovery, struct err *err);

/* Commits what was submitted, stops the threads, closes. NULL is fine. */
void store_close(struct store *store);

/* Any thread. The batch goes home (batch->send_home, in the writer thread) with its outcome. */
void store_submit(struct store *store, struct batch *batch);

struct stream_position {
	uint64_t stored;   /* last sequence stored or declared; 0 = none */
	uint32_t crc;      /* of the chunk that ended with it; 0 = the sender declared a gap */
	uint64_t records;  /* stored */
	uint64_t declared; /* sequences declared missing */
	uint64_t duplicates; /* removed */
	uint64_t lost;       /* sequences stored once and found damaged later */
	uint64_t first;      /* first sequence of the stream */
	int64_t last_received_ns;
};

/* What is stored of a stream; false when it is unknown. Any thread. */
MUST_USE bool store_stream(
	struct store *store, const struct stream *stream, struct stream_position *position);

/* Walks the ledger, a copy of the moment. `visit` returns false to stop. Any thread. */
void store_ledger(struct store *store,
	bool (*visit)(void *user, const struct stream *stream,
		const struct stream_position *position),
	void *user);

/* Last durable commit; any thread. */
uint64_t store_position(struct store *store);

/* The end of a class's chain: everything sealed up to there is bound by the hash. */
struct store_chain_head {
	uint64_t commit; /* last one sealed; 0 = none yet */
	uint64_t next_record;
	unsigned char sha256[32];
};

void store_chain_heads(
	struct store *store, struct store_chain_head heads[STORE_CLASSES]); /* any thread */

/* Seals closed segments and applies retention now instead of when its time comes; returns when
 * that is done. Not the writer thread. */
void store_settle(struct store *store);

struct store_state {
	uint64_t commits, records, duplicates, refused_batches;
	uint64_t bytes[STORE_CLASSES];
	uint64_t disk_free, disk_size;
	uint64_t forgotten_epochs; /* of lanes that had too many; their positions are gone */
	bool nearly_full;          /* the disk is used beyond warn_percent */
	bool retention_held;       /* the clock jumped ahead: retention by age waits */
	bool refusing;             /* the reserve is touched or the disk full; ends by itself */
	bool failed; /* the disk failed: nothing is stored until the store is reopened */
};

void store_state(struct store *store, struct store_state *state); /* any thread */

/* ---- reading -------------------------------------------------------------- */

/* One block of one commit, as a reader sees it. Borrowed until the next call on the reader. */
struct store_block {
	uint64_t commit;
	uint8_t class;  /* 1..5 */
	uint64_t first; /* number of the first record in its class; evidence ids are made of it
			 */
	unsigned n_records;
	const struct columns *columns;
	const struct stream *streams; /* columns[i].stream is a number in this table */
	unsigned n_streams;
	const struct record_source *sources; /* columns[i].source is a number in this one */
	unsigned n_sources;
	const struct store_block_gap *gaps;
	unsigned n_gaps;
};

/* Sequences a sender declared missing, or that were found damaged. */
struct store_block_gap {
	struct stream stream;
	uint64_t first;
	uint32_t count;
	uint8_t reason; /* enum gap_reason */
	uint64_t bytes;
	int64_t received_ns;
	struct slice source;
};

struct store_reader;

enum store_read {
	STORE_BLOCK,
	STORE_COMMIT, /* all blocks of block->commit were given: a place for a cursor */
	STORE_LOST,   /* block->class, ->first, ->n_records: damaged or already deleted */
	STORE_END,    /* nothing durable beyond */
	STORE_READ_FAILED,
};

/* Reads commits after `position` in order; 0 = from the oldest. Own thread allowed. */
MUST_USE struct store_reader *store_reader_open(
	struct store *store, uint64_t position, struct err *err);

/* The same without a running store: another process, read only (recount, verify, export). */
MUST_USE struct store_reader *store_reader_open_dir(
	const char *dir, uint64_t position, struct err *err);
void store_reader_close(struct store_reader *reader);

MUST_USE enum store_read store_reader_next(
	struct store_reader *reader, struct store_block *block, struct err *err);

/* Body of record `i` of the block given last; unpacks the block's bodies at the first call.
 * SLICE_NONE when they are damaged. */
struct slice store_reader_body(struct store_reader *reader, unsigned i);

/* Adds 1 to `event_fd` (an eventfd, the caller's) after every commit, until
 * store_notify_stop(). Any thread. */
void store_notify(struct store *store, int event_fd);
void store_notify_stop(struct store *store, int event_fd);

#endif
