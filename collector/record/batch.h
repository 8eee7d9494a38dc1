/*
 * batch - the records that arrived together; the unit that travels
 *
 * One BATCH frame of one session fills one batch. The batch owns the arena
 * behind every slice of its records. It is handed from stage to stage, never
 * shared:
 *
 *	worker -> store writer -> worker (acknowledge, reset, reuse)
 *
 * Batches come from a fixed pool per worker. An empty pool is the flow
 * control: the worker stops reading until a batch comes home, and TCP slows
 * the senders. A declared gap travels as a batch without records.
 */
#ifndef COLLECTOR_RECORD_BATCH_H
#define COLLECTOR_RECORD_BATCH_H

#include "collector/record/record.h"
#include "common/arena.h"
#include "common/strbuf.h"

enum {
	BATCH_RECORDS_MAX = 4096,
	BATCH_ARENA_MAX = 32 << 20,   /* bytes: unpacked chunk, fields, masked lines */
	BATCH_FIELDS_MAX = 20 << 20,  /* of these for the chunk and the fields */
	BATCH_ENCODED_MAX = 32 << 20, /* bytes */
};

/* A stream of one sender: its sequences grow by one per record. */
struct stream {
	uint32_t agency, host;
	uint8_t lane;
	uint64_t epoch;
};

enum batch_outcome {
	BATCH_STORED,    /* durable; `stored` is the stream's position */
	BATCH_DUPLICATE, /* all of it was stored before; `stored` likewise */
	BATCH_AHEAD,   /* `first` is beyond stored + 1: something is missing; nothing stored */
	BATCH_REFUSED, /* the store is full or failed; nothing stored */
};

struct batch_gap {
	uint8_t reason; /* enum gap_reason of frame.h; 0 = this batch is no gap */
	uint64_t bytes;
	struct slice source;
};

struct batch {
	struct arena arena;
	struct stream stream;
	uint64_t first; /* sequence of the first record; of `unnumbered` set by the writer */
	/* Sequences covered; n_records of them unless it is a gap, or some came again. */
	uint32_t count;
	uint32_t crc;  /* of the chunk as sent, also of an unreadable one; 0 = sent as a gap */
	uint32_t skip; /* set by the writer: leading records that are duplicates */
	/* Its sender has no sequences (syslog): the writer gives the stream's next ones at each
	 * try. Any number of batches of such a stream may be under way; what is sent twice is
	 * stored twice, since nothing tells it from what happened twice, but for records with
	 * an id (record.id): these are left out the second time, and `count` is that of the
	 * rest. */
	bool unnumbered;
	struct batch_gap gap;
	uint32_t wire_size; /* bytes of the chunk as sent; 0 = none */
	uint32_t skew_ms;   /* |agent's clock - ours| on this session; UINT32_MAX = unknown */
	struct record *records; /* in the arena */
	unsigned n_records;
	/* What records' `source` points into: one array, in the arena. */
	const struct record_source *sources;
	unsigned n_sources;
	struct strbuf encoded;   /* bodies of the records, encode.h */
	struct columns *columns; /* n_records of them, in the arena, columns.h */

	enum batch_outcome outcome;
	uint64_t stored; /* the stream's position after the commit */

	/* The way home: called by the store writer when the outcome is known. */
	void (*send_home)(struct batch *batch);
	void *home;          /* the worker's */
	struct pulse *pulse; /* of who works on it, pulse.h; borrowed, NULL = nobody watches */
	uint64_t session;    /* the worker's token of the session; it may be gone */
	struct batch *next;  /* in whichever queue holds it */
};

void batch_init(struct batch *batch);
void batch_done(struct batch *batch);

/* Empty for the next use; memory is kept. */
void batch_reset(struct batch *batch);

#endif
