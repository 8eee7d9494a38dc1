#include "collector/store/ledger.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <xxhash.h>

enum { BUCKETS_FIRST = 1024, NOBODY = UINT32_MAX };

struct ledger {
	pthread_mutex_t lock; /* held to change what other threads read */
	struct ledger_entry *entries;
	uint32_t n_entries, room;
	uint32_t *buckets; /* first entry; all epochs of a lane are in one bucket */
	uint32_t n_buckets;
	uint32_t *pending; /* entries of the pending commit */
	uint32_t n_pending, pending_room;
	atomic_uint_fast64_t forgotten;
};

static void *resized(void *ptr, size_t n, size_t size)
{
	void *bigger = reallocarray(ptr, n, size);

	if (bigger == NULL)
		abort();
	return bigger;
}

struct ledger *ledger_new(void)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	if (ledger == NULL)
		abort();
	pthread_mutex_init(&ledger->lock, NULL);
	ledger->n_buckets = BUCKETS_FIRST;
	ledger->buckets = resized(NULL, ledger->n_buckets, sizeof(*ledger->buckets));
	memset(ledger->buckets, 0xff, ledger->n_buckets * sizeof(*ledger->buckets));
	return ledger;
}

void ledger_free(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	pthread_mutex_destroy(&ledger->lock);
	free(ledger->entries);
	free(ledger->buckets);
	free(ledger->pending);
	free(ledger);
}

static uint32_t *bucket_of(const struct ledger *ledger, const struct stream *stream)
{
	uint64_t words[2] = {(uint64_t)stream->agency << 32 | stream->host, stream->lane};

	return &ledger->buckets[XXH3_64bits(words, sizeof(words)) & (ledger->n_buckets - 1)];
}

static bool same_lane(const struct stream *a, const struct stream *b)
{
	return a->agency == b->agency && a->host == b->host && a->lane == b->lane;
}

static struct ledger_entry *find(const struct ledger *ledger, const struct stream *stream)
{
	for (uint32_t at = *bucket_of(ledger, stream); at != (uint32_t)NOBODY;) {
		struct ledger_entry *entry = &ledger->entries[at];

		if (entry->stream.epoch == stream->epoch && same_lane(&entry->stream, stream))
			return entry;
		at = entry->next;
	}
	return NULL;
}

/* The lane's entry that was silent for longest, when the lane has as many as it may. */
static bool oldest_epoch(
	const struct ledger *ledger, const struct stream *stream, struct ledger_entry **oldest)
{
	unsigned n = 0;

	*oldest = NULL;
	for (uint32_t at = *bucket_of(ledger, stream); at != (uint32_t)NOBODY;) {
		struct ledger_entry *entry = &ledger->entries[at];

		at = entry->next;
		if (!same_lane(&entry->stream, stream))
			continue;
		n++;
		if (!entry->pending_move &&
			(*oldest == NULL || entry->durable.last_received_ns <
						    (*oldest)->durable.last_received_ns))
			*oldest = entry;
	}
	return n >= LEDGER_EPOCHS_MAX;
}

static void link_entry(struct ledger *ledger, uint32_t number)
{
	uint32_t *bucket = bucket_of(ledger, &ledger->entries[number].stream);

	ledger->entries[number].next = *bucket;
	*bucket = number;
}

static void grow(struct ledger *ledger)
{
	ledger->room = ledger->room ? ledger->room * 2 : BUCKETS_FIRST;
	ledger->entries = resized(ledger->entries, ledger->room, sizeof(*ledger->entries));
	ledger->n_buckets = ledger->room;
	ledger->buckets = resized(ledger->buckets, ledger->n_buckets, sizeof(*ledger->buckets));
	memset(ledger->buckets, 0xff, ledger->n_buckets * sizeof(*ledger->buckets));
	for (uint32_t i = 0; i < ledger->n_entries; i++)
		link_entry(ledger, i);
}

static struct ledger_entry *append(struct ledger *ledger, const struct stream *stream)
{
	if (ledger->n_entries == ledger->room)
		grow(ledger);

	uint32_t number = ledger->n_entries++;
	ledger->entries[number] = (struct ledger_entry){.stream = *stream};
	link_entry(ledger, number);
	return &ledger->entries[number];
}

/* The new epoch takes the place of the oldest, in the same bucket. */
static struct ledger_entry *replace(
	struct ledger *ledger, struct ledger_entry *oldest, const struct stream *stream)
{
	if (oldest->durable.stored > 0)
		atomic_fetch_add(&ledger->forgotten, 1);
	*oldest = (struct ledger_entry){.stream = *stream, .next = oldest->next};
	return oldest;
}

struct ledger_entry *ledger_entry(struct ledger *ledger, const struct stream *stream)
{
	struct ledger_entry *entry = find(ledger, stream), *oldest;

	if (entry != NULL)
		return entry;
	pthread_mutex_lock(&ledger->lock);
	if (!oldest_epoch(ledger, stream, &oldest))
		entry = append(ledger, stream);
	else if (oldest != NULL)
		entry = replace(ledger, oldest, stream);
	pthread_mutex_unlock(&ledger->lock);
	return entry;
}

void ledger_touch(struct ledger *ledger, struct ledger_entry *entry)
{
	if (entry->pending_move)
		return;
	if (ledger->n_pending == ledger->pending_room) {
		ledger->pending_room = ledger->pending_room ? ledger->pending_room * 2 : 64;
		ledger->pending = resized(
			ledger->pending, ledger->pending_room, sizeof(*ledger->pending));
	}
	ledger->pending[ledger->n_pending++] = (uint32_t)(entry - ledger->entries);
	entry->pending_move = true;
	entry->pending = entry->durable;
	entry->pending_home = entry->home;
	entry->touched = 0;
	entry->from = 0;
}

void ledger_duplicates(struct ledger *ledger, struct ledger_entry *entry, uint64_t n)
{
	pthread_mutex_lock(&ledger->lock);
	entry->durable.duplicates += n;
	if (entry->pending_move)
		entry->pending.duplicates += n;
	pthread_mutex_unlock(&ledger->lock);
}

void ledger_commit(struct ledger *ledger)
{
	pthread_mutex_lock(&ledger->lock);
	for (uint32_t i = 0; i < ledger->n_pending; i++) {
		struct ledger_entry *entry = &ledger->entries[ledger->pending[i]];

		entry->durable = entry->pending;
		entry->home = entry->pending_home;
		entry->pending_move = false;
	}
	ledger->n_pending = 0;
	pthread_mutex_unlock(&ledger->lock);
}

void ledger_undo(struct ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->n_pending; i++) {
		struct ledger_entry *entry = &ledger->entries[ledger->pending[i]];

		entry->pending = entry->durable;
		entry->pending_move = false;
	}
	ledger->n_pending = 0;
}

void ledger_pending(struct ledger *ledger,
	void (*visit)(void *user, const struct ledger_entry *entry), void *user)
{
	for (uint32_t i = 0; i < ledger->n_pending; i++)
		visit(user, &ledger->entries[ledger->pending[i]]);
}

void ledger_snapshot(const struct ledger *ledger, struct builder *builder)
{
	for (uint32_t i = 0; i < ledger->n_entries; i++) {
		const struct ledger_entry *entry = &ledger->entries[i];

		if (entry->durable.stored == 0)
			continue;
		builder_move(builder, &(struct block_move){
					      .stream = builder_stream(builder, &entry->stream),
					      .home = entry->home,
					      .position = entry->durable,
				      });
	}
}

void ledger_restore(
	struct ledger *ledger, const struct stream *stream, const struct block_move *move)
{
	struct ledger_entry *entry = ledger_entry(ledger, stream);
	struct stream_position *known = &entry->durable;
	uint64_t lost = known->lost;

	assert(ledger->n_pending == 0);
	if (move->position.stored <= known->stored)
		return;
	if (known->stored > 0 && move->from > known->stored + 1)
		lost += move->from - known->stored - 1;
	pthread_mutex_lock(&ledger->lock);
	*known = move->position;
	if (known->lost < lost)
		known->lost = lost;
	entry->home = move->home;
	entry->pending = *known;
	pthread_mutex_unlock(&ledger->lock);
}

uint64_t ledger_forgotten(const struct ledger *ledger)
{
	return atomic_load(&ledger->forgotten);
}

bool ledger_get(
	struct ledger *ledger, const struct stream *stream, struct stream_position *position)
{
	pthread_mutex_lock(&ledger->lock);
	const struct ledger_entry *entry = find(ledger, stream);
	bool known = entry != NULL && entry->durable.stored > 0;

	if (known)
		*position = entry->durable;
	pthread_mutex_unlock(&ledger->lock);
	return known;
}

struct ledger_line {
	struct stream stream;
	struct stream_position position;
};

static struct ledger_line *copy_lines(struct ledger *ledger, uint32_t *n)
{
	pthread_mutex_lock(&ledger->lock);
	*n = ledger->n_entries;
	struct ledger_line *lines = resized(NULL, *n + 1u, sizeof(*lines));
	for (uint32_t i = 0; i < *n; i++) {
		lines[i].stream = ledger->entries[i].stream;
		lines[i].position = ledger->entries[i].durable;
	}
	pthread_mutex_unlock(&ledger->lock);
	return lines;
}

void ledger_walk(struct ledger *ledger,
	bool (*visit)(void *user, const struct stream *stream,
		const struct stream_position *position),
	void *user)
{
	uint32_t n;
	struct ledger_line *lines = copy_lines(ledger, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (lines[i].position.stored > 0 &&
			!visit(user, &lines[i].stream, &lines[i].position))
			break;
	}
	free(lines);
}
