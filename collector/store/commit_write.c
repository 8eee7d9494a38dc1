/* The second half of a commit: what was put together goes to the disk, or is taken back. */
#include "collector/store/commit_parts.h"

#include <unistd.h>

#include "collector/store/sealer.h"
#include "common/clock.h"
#include "common/log.h"

enum { PACK_LEVEL = 1 }; /* of zstd */

/* Nothing is acknowledged any more; the program sees `failed` and ends, to be started again. */
static void fail(struct store *store, const struct err *err)
{
	bool failed = store->state.failed;

	pthread_mutex_lock(&store->lock);
	store->state.failed = true;
	pthread_mutex_unlock(&store->lock);
	if (!failed)
		log_error("store.failed", "reason=%s, refusing everything",
			LOG_TEXT(slice_str(err->text)));
}

void commit_set_refusing(struct store *store, bool refusing, const char *why)
{
	pthread_mutex_lock(&store->lock);
	bool was = store->state.refusing;
	store->state.refusing = refusing;
	pthread_mutex_unlock(&store->lock);
	if (refusing && !was)
		log_warn("store.full", "reason=%s, refusing until there is space",
			LOG_TEXT(slice_str(why)));
	if (!refusing && was)
		log_info("store.space", "storing again");
}

static void add_moves(void *user, const struct ledger_entry *entry)
{
	struct store *store = user;

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		struct builder *builder = store->classes[i].builder;

		if (!(entry->touched >> i & 1))
			continue;
		builder_move(builder, &(struct block_move){
					      .stream = builder_stream(builder, &entry->stream),
					      .home = entry->pending_home,
					      .from = entry->from,
					      .position = entry->pending,
				      });
	}
}

static struct block_part part_of(const struct store *store)
{
	struct block_part part = {
		.commit = store->commit.number,
		.set = commit_classes(store),
		.committed_ns = store->commit.now_ns,
	};

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		const struct store_class *class = &store->classes[i];

		part.next[i] = class->next_record +
			       (class->in_commit ? builder_n_records(class->builder) : 0);
	}
	return part;
}

static enum seglog_status append(
	struct store_class *class, const struct packed_block *packed, struct err *err)
{
	const struct slice parts[] = {
		slice_of(packed->head_bytes, BLOCK_HEAD_SIZE),
		packed->front,
		packed->bodies,
	};
	enum seglog_status status =
		seglog_append(class->log, STORE_ENTRY_BLOCK, 1, parts, ARRAY_LEN(parts), err);

	if (status == SEGLOG_OK)
		class->segment_bytes += BLOCK_HEAD_SIZE + block_tail_size(&packed->head);
	return status;
}

/* All streams as they were before this commit. */
static enum seglog_status append_snapshot(
	struct store *store, struct store_class *class, struct err *err)
{
	struct block_part part = {
		.commit = store->position,
		.committed_ns = clock_wall_ns(),
	};
	struct packed_block packed;

	memcpy(part.next, store->next, sizeof(part.next));
	builder_reset(store->snapshots, BLOCK_SNAPSHOT, class->class, class->next_record);
	ledger_snapshot(store->ledger, store->snapshots);
	builder_part(store->snapshots, &part);
	builder_pack(store->snapshots, PACK_LEVEL, &packed);

	enum seglog_status status = append(class, &packed, err);
	class->snapshot_due = status != SEGLOG_OK;
	class->snapshot_fresh = status == SEGLOG_OK;
	return status;
}

static enum seglog_status roll(struct store_class *class, struct err *err)
{
	enum seglog_status status = seglog_roll(class->log, err);

	if (status == SEGLOG_OK) {
		class->snapshot_due = true;
		class->segment_bytes = class->segment_blocks = 0;
	}
	return status;
}

static bool segment_is_full(
	const struct store *store, const struct store_class *class, size_t size)
{
	return class->segment_blocks > 0 &&
	       class->segment_bytes + size > store->settings.segment_size;
}

static bool segment_is_old(const struct store *store, const struct store_class *class)
{
	return class->segment_blocks > 0 && clock_mono_ms() - class->segment_started_ms >=
						    (int64_t)store->settings.segment_age_ms;
}

static enum seglog_status append_class(struct store *store, struct store_class *class,
	const struct block_part *part, struct err *err)
{
	struct packed_block packed;
	enum seglog_status status = SEGLOG_OK;

	builder_part(class->builder, part);
	builder_pack(class->builder, PACK_LEVEL, &packed);
	if (segment_is_full(store, class, BLOCK_HEAD_SIZE + block_tail_size(&packed.head)) ||
		segment_is_old(store, class))
		status = roll(class, err);
	if (status == SEGLOG_OK && class->snapshot_due)
		status = append_snapshot(store, class, err);
	if (status == SEGLOG_OK)
		status = append(class, &packed, err);
	return status;
}

static void take_back(struct store *store, const uint64_t from[STORE_CLASSES])
{
	struct err failure;

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		if (from[i] > 0 && !seglog_take_back(store->classes[i].log, from[i], &failure))
			fail(store, &failure);
	}
}

/* All blocks or none; what is appended is not durable yet. */
static enum seglog_status append_all(
	struct store *store, uint64_t appended[STORE_CLASSES], struct err *err)
{
	const struct block_part part = part_of(store);

	ledger_pending(store->ledger, add_moves, store);
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		struct store_class *class = &store->classes[i];

		if (!class->in_commit)
			continue;
		enum seglog_status status = append_class(store, class, &part, err);
		if (status != SEGLOG_OK) {
			take_back(store, appended);
			return status;
		}
		appended[i] = seglog_next(class->log) - 1;
	}
	return SEGLOG_OK;
}

/* All that was appended is in the files: a full disk shows here, before anything is durable. */
static enum seglog_status flush_all(
	struct store *store, const uint64_t appended[STORE_CLASSES], struct err *err)
{
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		if (!store->classes[i].in_commit)
			continue;
		enum seglog_status status = seglog_flush(store->classes[i].log, err);
		if (status != SEGLOG_OK) {
			take_back(store, appended);
			return status;
		}
	}
	return SEGLOG_OK;
}

/* What a sync had no space for is gone from the log. Segments before one whose snapshot is
 * durable are closed for good. */
static void note_synced(
	struct store *store, struct store_class *class, enum seglog_status status)
{
	if (status == SEGLOG_FULL)
		class->snapshot_due |= class->snapshot_fresh;
	if (status == SEGLOG_OK && class->snapshot_fresh)
		sealer_closed(
			store->sealer, class->class - 1u, seglog_segment_first(class->log) - 1);
	class->snapshot_fresh = false;
}

/*
 * All classes at the same time. Without space for any, the commit is taken back; when some are
 * durable already and others are not, it stays cut, and the next start undoes it.
 */
static enum seglog_status sync_all(struct store *store, struct err *err)
{
	struct sync_job jobs[STORE_CLASSES] = {0};
	unsigned n[SEGLOG_FAILED + 1] = {0};

	for (unsigned i = 0; i < STORE_CLASSES; i++)
		jobs[i].log = store->classes[i].in_commit ? store->classes[i].log : NULL;
	syncers_run(store->syncers, jobs);
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		if (jobs[i].log == NULL)
			continue;
		note_synced(store, &store->classes[i], jobs[i].status);
		if (jobs[i].status != SEGLOG_OK)
			*err = jobs[i].err;
		n[jobs[i].status]++;
	}
	if (n[SEGLOG_FULL] + n[SEGLOG_FAILED] == 0)
		return SEGLOG_OK;
	return n[SEGLOG_OK] + n[SEGLOG_FAILED] == 0 ? SEGLOG_FULL : SEGLOG_FAILED;
}

static void note_blocks(struct store *store)
{
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		struct store_class *class = &store->classes[i];

		if (!class->in_commit)
			continue;
		class->next_record += builder_n_records(class->builder);
		if (class->segment_blocks++ == 0)
			class->segment_started_ms = clock_mono_ms();
	}
}

static void publish(struct store *store)
{
	uint64_t n_records = commit_records(store), one = 1;

	note_blocks(store);
	ledger_commit(store->ledger);
	pthread_mutex_lock(&store->lock);
	store->position = store->commit.number;
	store->state.commits++;
	store->state.records += n_records;
	for (unsigned i = 0; i < STORE_CLASSES; i++)
		store->next[i] = store->classes[i].next_record;
	for (size_t i = 0; i < store->n_notify; i++)
		(void)!write(store->notify[i], &one, sizeof(one));
	pthread_mutex_unlock(&store->lock);
}

/* Whether what was taken in is durable now. */
bool commit_write(struct store *store)
{
	struct err err = {0};
	uint64_t appended[STORE_CLASSES] = {0}; /* sequence of each block; 0 = none */
	enum seglog_status status = append_all(store, appended, &err);

	if (status == SEGLOG_OK)
		status = flush_all(store, appended, &err);
	if (status == SEGLOG_OK)
		status = sync_all(store, &err);
	switch (status) {
	case SEGLOG_OK:
		commit_set_refusing(store, false, NULL);
		publish(store);
		return true;
	case SEGLOG_FULL:
		commit_set_refusing(store, true, err.text);
		return false;
	case SEGLOG_FAILED:
		fail(store, &err);
		return false;
	}
	return false;
}
void commit_roll_old(struct store *store)
{
	struct err err = {0};

	for (unsigned i = 0; i < STORE_CLASSES && !store->state.failed; i++) {
		struct store_class *class = &store->classes[i];
		enum seglog_status status = SEGLOG_OK;

		if (!segment_is_old(store, class))
			continue;
		status = roll(class, &err);
		if (status == SEGLOG_OK)
			status = append_snapshot(store, class, &err);
		if (status == SEGLOG_OK) {
			status = seglog_sync(class->log, &err);
			note_synced(store, class, status);
		}
		if (status == SEGLOG_FAILED)
			fail(store, &err);
	}
}
