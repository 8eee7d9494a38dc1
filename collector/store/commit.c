#include "collector/store/commit.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "collector/store/sealer.h"
#include "common/clock.h"
#include "common/log.h"

enum {
	PACK_LEVEL = 1,
	COMMIT_BATCHES_MAX = 16384,
	COMMIT_SIZE_MAX = 60 << 20,   /* bytes before packing: stays a block */
	COMMIT_RECORDS_MAX = 1 << 16, /* then no more batches */
	SEQUENCE_MAX_BITS = 63,
};

/* Nothing is acknowledged any more; the supervisor starts the program again. */
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

static void set_refusing(struct store *store, bool refusing, const char *why)
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

static struct store_class *class_of(struct store *store, uint8_t level)
{
	unsigned class = level >= 1 && level <= STORE_CLASSES ? level : 1;

	return &store->classes[class - 1];
}

/* ---- is there room ------------------------------------------------------- */

/* False when the disk does not say; then only it decides what fits. */
static bool measure_disk(struct store *store, uint64_t *disk_free, uint64_t *disk_size)
{
	struct statvfs disk;

	if (statvfs(store->dir, &disk) != 0)
		return false;
	*disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
	*disk_size = (uint64_t)disk.f_blocks * disk.f_frsize;
	return true;
}

static bool nearly_full(const struct store *store, uint64_t disk_free, uint64_t disk_size)
{
	return disk_size > 0 && (disk_size - disk_free) / 100 >=
					disk_size / 10000 * store->settings.warn_percent;
}

static void warn_when_nearly_full(struct store *store, uint64_t disk_free, uint64_t disk_size)
{
	bool full = nearly_full(store, disk_free, disk_size);

	pthread_mutex_lock(&store->lock);
	bool was = store->state.nearly_full;
	store->state.disk_free = disk_free;
	store->state.disk_size = disk_size;
	store->state.nearly_full = full;
	pthread_mutex_unlock(&store->lock);
	if (full && !was)
		log_warn("store.disk.nearly_full", "free=%llu size=%llu, storing on",
			(unsigned long long)disk_free, (unsigned long long)disk_size);
}

void commit_begin(struct store *store)
{
	uint64_t disk_free = UINT64_MAX, disk_size;

	if (measure_disk(store, &disk_free, &disk_size))
		warn_when_nearly_full(store, disk_free, disk_size);
	store->commit = (struct commit){
		.number = store->position + 1,
		.now_ns = clock_wall_ns(),
		.no_space = disk_free < store->settings.reserve_bytes,
	};
	batch_queue_init(&store->commit.batches);
	for (unsigned i = 0; i < STORE_CLASSES; i++)
		store->classes[i].in_commit = false;
}

/* ---- adding a batch ------------------------------------------------------ */

static void enter_class(struct store *store, struct store_class *class)
{
	if (class->in_commit)
		return;
	builder_reset(class->builder, BLOCK_RECORDS, class->class, class->next_record);
	class->in_commit = true;
	store->commit.size += BLOCK_HEAD_SIZE;
}

/* The batch's numbers of sources become the block's, each looked up once. */
static void map_sources(struct store *store, struct builder *builder, const struct batch *batch,
	struct columns *columns, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t source = columns[i].source;

		if (source == COLUMNS_NO_SOURCE)
			continue;
		assert(source < batch->n_sources);
		if (store->source_map[source] == COLUMNS_NO_SOURCE)
			store->source_map[source] =
				builder_source(builder, &batch->sources[source]);
		columns[i].source = store->source_map[source];
	}
}

static void forget_sources(struct store *store, const struct batch *batch)
{
	if (batch->n_sources > store->source_room) {
		free(store->source_map);
		store->source_room = batch->n_sources;
		store->source_map =
			reallocarray(NULL, store->source_room, sizeof(*store->source_map));
		if (store->source_map == NULL)
			abort();
	}
	if (batch->n_sources > 0)
		memset(store->source_map, 0xff, batch->n_sources * sizeof(*store->source_map));
}

/* Records first..last-1 of the batch, all of one class. */
static void add_run(struct store *store, const struct batch *batch, struct store_class *class,
	uint32_t first, uint32_t last)
{
	const struct columns *from = &batch->columns[first];
	size_t end =
		batch->columns[last - 1].body_at + (size_t)batch->columns[last - 1].body_size;
	struct slice bodies = slice_of(batch->encoded.ptr + from->body_at, end - from->body_at);
	uint32_t n = last - first;

	enter_class(store, class);
	uint16_t stream = (uint16_t)builder_stream(class->builder, &batch->stream);
	struct columns *columns = builder_records(class->builder, from, n, bodies);
	for (uint32_t i = 0; i < n; i++)
		columns[i].stream = stream;
	/* A source has another number in each class. */
	forget_sources(store, batch);
	map_sources(store, class->builder, batch, columns, n);
	store->commit.size += n * sizeof(*columns) + bodies.len;
}

static void add_records(
	struct store *store, const struct batch *batch, struct ledger_entry *entry)
{
	uint32_t first = batch->skip;

	while (first < batch->n_records) {
		struct store_class *class = class_of(store, batch->columns[first].level);
		uint32_t last = first + 1;

		while (last < batch->n_records &&
			class_of(store, batch->columns[last].level) == class)
			last++;
		add_run(store, batch, class, first, last);
		entry->touched |= (uint8_t)(1u << (class->class - 1));
		entry->pending_home = class->class;
		first = last;
	}
	entry->pending.records += batch->n_records - batch->skip;
}

/* A gap lies where the stream's last record does, and lives as long. */
static void add_gap(struct store *store, const struct batch *batch, struct ledger_entry *entry)
{
	struct store_class *class = class_of(store, entry->pending_home);
	struct store_block_gap gap = {
		.stream = batch->stream,
		.first = batch->first + batch->skip,
		.count = batch->count - batch->skip,
		.reason = batch->gap.reason,
		.bytes = batch->gap.bytes,
		.received_ns = store->commit.now_ns,
		.source = batch->gap.source,
	};

	enter_class(store, class);
	builder_gap(class->builder, builder_stream(class->builder, &batch->stream), &gap);
	entry->touched |= (uint8_t)(1u << (class->class - 1));
	entry->pending.declared += gap.count;
	store->commit.size += gap.source.len + sizeof(gap);
}

static bool is_gap(const struct batch *batch)
{
	return batch->gap.reason != 0;
}

static void take_batch(struct store *store, struct batch *batch, struct ledger_entry *entry)
{
	ledger_touch(store->ledger, entry);

	uint64_t stored = entry->pending.stored;
	batch->skip = stored >= batch->first ? (uint32_t)(stored - batch->first + 1) : 0;
	if (batch->skip > 0)
		ledger_duplicates(store->ledger, entry, batch->skip);
	if (entry->from == 0)
		entry->from = batch->first + batch->skip;
	if (entry->pending.first == 0)
		entry->pending.first = entry->from;
	if (is_gap(batch))
		add_gap(store, batch, entry);
	else
		add_records(store, batch, entry);
	entry->pending.stored = batch->first + batch->count - 1;
	entry->pending.crc = is_gap(batch) ? 0 : batch->crc;
	entry->pending.last_received_ns = store->commit.now_ns;
}

/* Where a batch stands to what its stream has; `entry` is set when it is known. */
static enum batch_outcome judge(
	struct store *store, struct batch *batch, struct ledger_entry **entry)
{
	*entry = ledger_entry(store->ledger, &batch->stream);
	if (*entry == NULL)
		return BATCH_REFUSED;

	uint64_t stored =
		(*entry)->pending_move ? (*entry)->pending.stored : (*entry)->durable.stored;
	if (batch->first == 0 || batch->first >> SEQUENCE_MAX_BITS != 0)
		return BATCH_AHEAD;
	if (stored > 0 && batch->first + batch->count - 1 <= stored)
		return BATCH_DUPLICATE;
	if (stored > 0 && batch->first > stored + 1)
		return BATCH_AHEAD;
	return BATCH_STORED;
}

static size_t batch_size(const struct batch *batch)
{
	size_t size = batch->encoded.len + batch->n_records * sizeof(struct columns) +
		      batch->gap.source.len;

	for (unsigned i = 0; i < batch->n_sources; i++)
		size += batch->sources[i].input.len + batch->sources[i].name.len +
			batch->sources[i].format.len + 3 * sizeof(uint32_t);
	return size;
}

static unsigned records_in(const struct store *store)
{
	unsigned n = 0;

	for (unsigned i = 0; i < STORE_CLASSES; i++)
		n += store->classes[i].in_commit ? builder_n_records(store->classes[i].builder)
						 : 0;
	return n;
}

bool commit_ready(const struct store *store)
{
	return store->commit.size >= store->settings.commit_bytes ||
	       store->commit.n_batches >= COMMIT_BATCHES_MAX ||
	       records_in(store) >= COMMIT_RECORDS_MAX;
}

bool commit_add(struct store *store, struct batch *batch)
{
	struct ledger_entry *entry;
	size_t size = batch_size(batch);

	assert(is_gap(batch) ? batch->n_records == 0 : batch->n_records == batch->count);
	if (store->commit.n_batches > 0 && store->commit.size + size > COMMIT_SIZE_MAX)
		return false;
	batch->skip = 0;
	batch->outcome = judge(store, batch, &entry);
	if (batch->outcome == BATCH_DUPLICATE)
		ledger_duplicates(store->ledger, entry, batch->count);
	if (batch->outcome == BATCH_STORED &&
		(store->commit.no_space || store->state.failed || size > COMMIT_SIZE_MAX))
		batch->outcome = BATCH_REFUSED;
	if (batch->outcome == BATCH_STORED)
		take_batch(store, batch, entry);
	batch_queue_add(&store->commit.batches, batch);
	store->commit.n_batches++;
	return true;
}

/* ---- to the disk --------------------------------------------------------- */

static uint8_t classes_in(const struct store *store)
{
	uint8_t set = 0;

	for (unsigned i = 0; i < STORE_CLASSES; i++)
		set |= (uint8_t)(store->classes[i].in_commit << i);
	return set;
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
		.set = classes_in(store),
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

/* What a sync had no space for is gone from the log. Segments before one whose snapshot is
 * durable are closed for good. */
static enum seglog_status sync_class(
	struct store *store, struct store_class *class, struct err *err)
{
	enum seglog_status status = seglog_sync(class->log, err);

	if (status == SEGLOG_FULL)
		class->snapshot_due |= class->snapshot_fresh;
	if (status == SEGLOG_OK && class->snapshot_fresh)
		sealer_closed(
			store->sealer, class->class - 1u, seglog_segment_first(class->log) - 1);
	class->snapshot_fresh = false;
	return status;
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

/*
 * When the first class has no space, the others are taken back. When a later one has none,
 * the earlier ones are durable already: the commit stays cut, and the next start undoes it.
 */
static enum seglog_status sync_all(
	struct store *store, const uint64_t appended[STORE_CLASSES], struct err *err)
{
	bool any_durable = false;

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		if (!store->classes[i].in_commit)
			continue;
		enum seglog_status status = sync_class(store, &store->classes[i], err);
		if (status == SEGLOG_FULL && !any_durable) {
			take_back(store, appended);
			return SEGLOG_FULL;
		}
		if (status != SEGLOG_OK)
			return SEGLOG_FAILED;
		any_durable = true;
	}
	return SEGLOG_OK;
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
	uint64_t n_records = records_in(store), one = 1;

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
static bool write_commit(struct store *store)
{
	struct err err = {0};
	uint64_t appended[STORE_CLASSES] = {0}; /* sequence of each block; 0 = none */
	enum seglog_status status = append_all(store, appended, &err);

	if (status == SEGLOG_OK)
		status = flush_all(store, appended, &err);
	if (status == SEGLOG_OK)
		status = sync_all(store, appended, &err);
	switch (status) {
	case SEGLOG_OK:
		set_refusing(store, false, NULL);
		publish(store);
		return true;
	case SEGLOG_FULL:
		set_refusing(store, true, err.text);
		return false;
	case SEGLOG_FAILED:
		fail(store, &err);
		return false;
	}
	return false;
}

/* Of a batch of a commit that is over. What was a duplicate within the commit alone is none
 * when that failed. */
static void settle(struct store *store, struct batch *batch, bool durable)
{
	struct stream_position position = {0};

	if (!ledger_get(store->ledger, &batch->stream, &position))
		position = (struct stream_position){0};
	batch->stored = position.stored;
	if (!durable && (batch->outcome == BATCH_STORED ||
				(batch->outcome == BATCH_DUPLICATE &&
					position.stored < batch->first + batch->count - 1)))
		batch->outcome = BATCH_REFUSED;
}

static void send_home(struct store *store, bool durable)
{
	uint64_t duplicates = 0, refused = 0;

	for (struct batch *batch = store->commit.batches.head; batch; batch = batch->next) {
		settle(store, batch, durable);
		duplicates += batch->outcome == BATCH_DUPLICATE ? batch->count : 0;
		duplicates += batch->outcome == BATCH_STORED ? batch->skip : 0;
		refused += batch->outcome == BATCH_REFUSED;
	}
	pthread_mutex_lock(&store->lock);
	store->state.duplicates += duplicates;
	store->state.refused_batches += refused;
	pthread_mutex_unlock(&store->lock);
	for (struct batch *batch; (batch = batch_queue_take(&store->commit.batches)) != NULL;)
		batch->send_home(batch);
}

void commit_finish(struct store *store)
{
	bool durable = classes_in(store) != 0 && write_commit(store);

	if (store->commit.no_space)
		set_refusing(store, true, "the reserve of the disk");
	if (!durable)
		ledger_undo(store->ledger);
	send_home(store, durable);
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
		if (status == SEGLOG_OK)
			status = sync_class(store, class, &err);
		if (status == SEGLOG_FAILED)
			fail(store, &err);
	}
}
