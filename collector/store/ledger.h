/*
 * ledger - how far every stream is stored, and what is known to be missing
 *
 * Positions move in two steps: ledger_move() and its kind change what is
 * *pending* while a commit is put together; ledger_commit() makes it so once
 * the commit is durable, ledger_undo() forgets it. Lookups by other threads
 * see only what is durable.
 *
 * Bounded: a lane of a host keeps LEDGER_EPOCHS_MAX epochs. One more pushes
 * out the one that was silent for longest, which is counted: should that
 * history ever come back, its sender is told that nothing of it is stored.
 *
 * The writer thread changes it; the functions that say so are for any thread.
 */
#ifndef COLLECTOR_STORE_LEDGER_H
#define COLLECTOR_STORE_LEDGER_H

#include "collector/store/block.h"
#include "collector/store/builder.h"

enum { LEDGER_EPOCHS_MAX = 8 };

struct ledger_entry {
	struct stream stream;
	struct stream_position durable, pending; /* pending.stored 0: nothing known */
	uint64_t from;                           /* first sequence of the pending commit */
	uint8_t home, pending_home;              /* class of its last record; 0 = none yet */
	uint8_t touched;                         /* bit class - 1: classes it moved in */
	bool pending_move;
	uint32_t next; /* entry of the same bucket */
};

struct ledger;

MUST_USE struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger); /* NULL is fine */

/* The entry of a stream, made when it is new; good until the next one is made. NULL when all
 * epochs of the lane belong to the pending commit. */
MUST_USE struct ledger_entry *ledger_entry(struct ledger *ledger, const struct stream *stream);

/* Marks the entry as part of the pending commit; `pending` may then be changed. */
void ledger_touch(struct ledger *ledger, struct ledger_entry *entry);

/* Counts removed duplicates: at once, and durable with the stream's next move. */
void ledger_duplicates(struct ledger *ledger, struct ledger_entry *entry, uint64_t n);

void ledger_commit(struct ledger *ledger);
void ledger_undo(struct ledger *ledger);

/* Walks the entries of the pending commit. */
void ledger_pending(struct ledger *ledger,
	void (*visit)(void *user, const struct ledger_entry *entry), void *user);

/* All streams, as moves of the block under construction. */
void ledger_snapshot(const struct ledger *ledger, struct builder *builder);

/*
 * At start-up: what a block or snapshot says of a stream, in the order of commits. Sequences
 * that an earlier block must have held and that were not seen are counted as lost.
 */
void ledger_restore(
	struct ledger *ledger, const struct stream *stream, const struct block_move *move);

uint64_t ledger_forgotten(const struct ledger *ledger); /* epochs pushed out; any thread */

/* Any thread. */
MUST_USE bool ledger_get(
	struct ledger *ledger, const struct stream *stream, struct stream_position *position);
void ledger_walk(struct ledger *ledger,
	bool (*visit)(void *user, const struct stream *stream,
		const struct stream_position *position),
	void *user);

#endif
