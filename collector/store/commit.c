#include "collector/store/commit.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "collector/store/commit_parts.h"
#include "collector/store/resent.h"
#include "common/clock.h"
#include "common/log.h"

enum {
	COMMIT_SIZE_MAX = 60 << 20,   /* bytes before packing: stays a block */
	COMMIT_RECORDS_MAX = 1 << 16, /* then no more batches */
	SEQUENCE_MAX_BITS = 63,
};

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
	size_t before = builder_size(class->builder);
	uint16_t stream = (uint16_t)builder_stream(class->builder, &batch->stream);
	struct columns *columns = builder_records(class->builder, from, n, bodies);
	for (uint32_t i = 0; i < n; i++)
		columns[i].stream = stream;
	/* A source has another number in each class. */
	forget_sources(store, batch);
	map_sources(store, class->builder, batch, columns, n);
	store->commit.size += builder_size(class->builder) - before;
}

static bool is_gap(const struct batch *batch)
{
	return batch->gap.reason != 0;
}

static bool resends(const struct batch *batch)
{
	for (unsigned i = 0; i < batch->n_sources; i++) {
		if (batch->sources[i].resends)
			return true;
	}
	return false;
}

/* Left out: `count` is that of the others. */
static bool is_resent(const struct batch *batch, uint32_t i)
{
	return batch->count < batch->n_records && batch->records[i].resent;
}

/* What came again gets no number. */
static void number_records(struct batch *batch)
{
	uint64_t next = batch->first;

	for (uint32_t i = 0; i < batch->n_records; i++) {
		if (!is_resent(batch, i))
			batch->columns[i].sequence = next++;
	}
}

/* How many of them its sender sends for the first time: batch->count from then on. */
static uint32_t count_new(struct store *store, struct batch *batch)
{
	uint32_t n = 0;

	if (!batch->unnumbered || is_gap(batch) || !resends(batch))
		return batch->count;
	for (uint32_t i = 0; i < batch->n_records; i++) {
		struct record *record = &batch->records[i];

		record->resent = !resent_add(
			store->resent, batch->stream.agency, batch->stream.host, record->id);
		n += !record->resent;
	}
	return n;
}

static uint32_t first_new(const struct batch *batch, uint32_t i)
{
	while (i < batch->n_records && is_resent(batch, i))
		i++;
	return i;
}

static void add_records(
	struct store *store, const struct batch *batch, struct ledger_entry *entry)
{
	uint32_t first = first_new(batch, batch->skip);

	while (first < batch->n_records) {
		struct store_class *class = class_of(store, batch->columns[first].level);
		uint32_t last = first + 1;

		while (last < batch->n_records && !is_resent(batch, last) &&
			class_of(store, batch->columns[last].level) == class)
			last++;
		add_run(store, batch, class, first, last);
		entry->touched |= (uint8_t)(1u << (class->class - 1));
		entry->pending_home = class->class;
		first = first_new(batch, last);
	}
	entry->pending.records += batch->count - batch->skip;
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
	size_t before = builder_size(class->builder);
	builder_gap(class->builder, builder_stream(class->builder, &batch->stream), &gap);
	entry->touched |= (uint8_t)(1u << (class->class - 1));
	entry->pending.declared += gap.count;
	store->commit.size += builder_size(class->builder) - before;
}

static void take_batch(struct store *store, struct batch *batch, struct ledger_entry *entry)
{
	ledger_touch(store->ledger, entry);
	if (batch->unnumbered)
		number_records(batch);
	if (batch->n_records > batch->count)
		ledger_duplicates(store->ledger, entry, batch->n_records - batch->count);

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
	entry->pending.crc = batch->crc;
	entry->pending.last_received_ns = store->commit.now_ns;
}

/* As far as it did not come before. */
static void take_new(struct store *store, struct batch *batch, struct ledger_entry *entry)
{
	const uint32_t n = count_new(store, batch);

	if (n == 0) {
		batch->outcome = BATCH_DUPLICATE;
		ledger_duplicates(store->ledger, entry, batch->n_records);
		return;
	}
	batch->count = n;
	take_batch(store, batch, entry);
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
	if (batch->unnumbered)
		batch->first = stored + 1;
	/* Numbers no sender can have. */
	if (batch->count == 0 || batch->first == 0 || batch->first >> SEQUENCE_MAX_BITS != 0)
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

unsigned commit_records(const struct store *store)
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
	       commit_records(store) >= COMMIT_RECORDS_MAX;
}

bool commit_add(struct store *store, struct batch *batch)
{
	struct ledger_entry *entry;
	size_t size = batch_size(batch);

	if (batch->unnumbered && !is_gap(batch))
		batch->count = batch->n_records; /* of a batch that was refused: anew */
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
		take_new(store, batch, entry);
	batch_queue_add(&store->commit.batches, batch);
	store->commit.n_batches++;
	return true;
}

uint8_t commit_classes(const struct store *store)
{
	uint8_t set = 0;

	for (unsigned i = 0; i < STORE_CLASSES; i++)
		set |= (uint8_t)(store->classes[i].in_commit << i);
	return set;
}

/* ---- the way home ----------------------------------------------------------- */

/* Of a batch of a commit that is over. What was a duplicate within the commit alone is none
 * when that failed. */
static void settle(struct store *store, struct batch *batch, bool failed)
{
	struct stream_position position = {0};

	if (!ledger_get(store->ledger, &batch->stream, &position))
		position = (struct stream_position){0};
	batch->stored = position.stored;
	if (failed && (batch->outcome == BATCH_STORED ||
			      (batch->outcome == BATCH_DUPLICATE &&
				      position.stored < batch->first + batch->count - 1)))
		batch->outcome = BATCH_REFUSED;
}

static uint32_t n_left_out(const struct batch *batch)
{
	const uint32_t n = is_gap(batch) ? batch->count : batch->n_records;

	return batch->skip + n - batch->count;
}

static void send_home(struct store *store, bool failed)
{
	uint64_t duplicates = 0, refused = 0;

	for (struct batch *batch = store->commit.batches.head; batch; batch = batch->next) {
		settle(store, batch, failed);
		duplicates += batch->outcome == BATCH_DUPLICATE ? batch->count : 0;
		duplicates += batch->outcome == BATCH_STORED ? n_left_out(batch) : 0;
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
	/* Nothing to write is no failure: all of it came before. */
	bool is_empty = commit_classes(store) == 0;
	bool durable = !is_empty && commit_write(store);

	if (store->commit.no_space)
		commit_set_refusing(store, true, "the reserve of the disk");
	if (!durable)
		ledger_undo(store->ledger);
	if (durable)
		resent_keep(store->resent);
	else
		resent_undo(store->resent);
	send_home(store, !is_empty && !durable);
}
