/*
 * core - the running store as its own files see it
 *
 * Threads: the writer (writer.c) owns the logs, the ledger's pending side and
 * the builders; the sealer (sealer.c) owns sealed files being written; readers
 * belong to their users. They meet in what is marked so below.
 *
 *	DIR/lock              held while the store runs
 *	DIR/undone            undone.h
 *	DIR/age               age.h
 *	DIR/class-N/          seglog of the class: segments not sealed yet ("….seg", "state")
 *	DIR/class-N/….sealed  sealed segments, named after their first commit
 *	DIR/class-N/removed   what retention removed, an entry a segment
 */
#ifndef COLLECTOR_STORE_CORE_H
#define COLLECTOR_STORE_CORE_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "collector/store/builder.h"
#include "collector/store/ledger.h"
#include "collector/store/segments.h"
#include "collector/store/store.h"
#include "collector/store/syncers.h"
#include "collector/store/undone.h"
#include "common/pulse.h"
#include "common/seglog.h"

enum { STORE_ENTRY_BLOCK = 1 }; /* kind of a seglog entry */

struct store_class {
	uint8_t class; /* 1..5 */
	struct seglog *log;
	struct segments *segments; /* sealed ones */
	struct builder *builder;   /* of the commit being put together */
	bool in_commit;            /* it holds something */
	uint64_t next_record;      /* durable; pending ones are counted by the builder */

	uint64_t segment_bytes;     /* appended to the running segment */
	uint64_t segment_blocks;    /* likewise, without snapshots */
	int64_t segment_started_ms; /* monotonic; of its first block */
	bool snapshot_due;          /* the running segment has none yet */
	bool snapshot_fresh;        /* it has one that is not durable yet */
};

struct batch_queue {
	struct batch *head, **tail;
};

/* The commit being put together. */
struct commit {
	uint64_t number;
	int64_t now_ns; /* wall clock when it began */
	struct batch_queue batches;
	size_t size; /* bytes before packing */
	unsigned n_batches;
	bool no_space; /* the reserve is touched: nothing is stored */
};

struct store {
	struct store_settings settings;
	char dir[PATH_MAX];
	int lock_fd;
	struct store_class classes[STORE_CLASSES];
	struct ledger *ledger;
	struct undone undone; /* changes only while the store opens */
	struct builder *snapshots;
	struct commit commit;
	struct resent *resent; /* the writer's */
	uint32_t *source_map;  /* of the batch being added: its number -> the block's */
	size_t source_room;

	struct sealer *sealer;
	struct syncers *syncers;
	pthread_t writer;
	bool writer_runs;
	struct pulse pulse;         /* the writer's */
	pthread_mutex_t queue_lock; /* queue, stopping, woken */
	pthread_cond_t queue_filled;
	struct batch_queue queue;
	bool stopping, woken;

	pthread_mutex_t lock; /* what is below; any thread */
	uint64_t position;    /* last durable commit */
	uint64_t next[STORE_CLASSES];
	struct store_state state;
	struct store_reader *readers; /* open ones, reader.c */
	int *notify;                  /* eventfds to wake after a commit */
	size_t n_notify;
};

/* Lets the writer look at what the sealer has done. Any thread. */
void store_wake(struct store *store);

/* Last commit that the slowest open reader was given; UINT64_MAX without readers. Any thread.
 */
uint64_t store_slowest_reader(struct store *store);

static inline void batch_queue_init(struct batch_queue *queue)
{
	queue->head = NULL;
	queue->tail = &queue->head;
}

static inline void batch_queue_add(struct batch_queue *queue, struct batch *batch)
{
	batch->next = NULL;
	*queue->tail = batch;
	queue->tail = &batch->next;
}

static inline struct batch *batch_queue_take(struct batch_queue *queue)
{
	struct batch *batch = queue->head;

	if (batch == NULL)
		return NULL;
	queue->head = batch->next;
	if (queue->head == NULL)
		queue->tail = &queue->head;
	return batch;
}

#endif
