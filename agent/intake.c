#include "agent/intake.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>

#include "common/counter.h"
#include "common/loop.h"

static struct counter n_items = COUNTER("intake.items", "items taken from inputs");
static struct counter n_chunks = COUNTER("intake.chunks", "chunks made durable in the spool");
static struct counter n_refused =
	COUNTER("intake.refused", "items refused: the spool was full");
static struct counter n_dropped = COUNTER("intake.dropped", "items declared lost by inputs");

/* What the chunk being built has of a source. */
struct content {
	uint32_t items;
	uint64_t bytes;
};

struct intake_lane {
	struct intake *intake;
	enum frame_lane number;
	struct chunk_builder *builder;
	struct bookmark_source *sources[CHUNK_SOURCES_MAX]; /* of the chunk being built */
	struct content contents[CHUNK_SOURCES_MAX];
	unsigned n_sources;
	struct bookmark_source *last; /* the source of the item before */
	struct slice sealed;          /* the spool did not take it yet */
	bool full;
	struct losses *losses; /* the bookmark's */
	struct event *linger, *retry;
};

struct intake {
	struct spool *spool;
	struct bookmark *bookmark;
	struct intake_user user;
	struct intake_state state;
	int64_t known_ns;
	struct intake_lane lanes[LANE_COUNT];
};

/* ---- room ----------------------------------------------------------------- */

/* A timer that waits keeps its time. */
static void arm(struct event *timer, unsigned ms)
{
	if (!event_pending(timer, EV_TIMEOUT, NULL))
		loop_arm(timer, ms);
}

/* Takes the spool's answer; true when it took the entry. */
static bool took(struct intake_lane *lane, enum spool_status status, const struct err *err)
{
	const struct intake_user *user = &lane->intake->user;

	if (status == SPOOL_OK)
		return true;
	arm(lane->retry, INTAKE_RETRY_MS);
	if (!lane->full) {
		lane->full = true;
		user->on_full(
			user->user, lane->number, status == SPOOL_FAILED ? err->text : NULL);
	}
	return false;
}

/* ---- chunks --------------------------------------------------------------- */

static void seal(struct intake_lane *lane)
{
	for (unsigned i = 0; i < lane->n_sources; i++)
		if (lane->sources[i]->pending.len > 0)
			chunk_builder_position(
				lane->builder, i, strbuf_slice(&lane->sources[i]->pending));
	lane->sealed = chunk_builder_seal(lane->builder);
}

/* Push inputs have no positions. */
static void settle_position(struct bookmark_source *source)
{
	struct strbuf old = source->position;

	if (source->pending.len == 0)
		return;
	source->position = source->pending;
	source->pending = old;
	strbuf_reset(&source->pending);
}

static void begin_chunk(struct intake_lane *lane)
{
	lane->n_sources = 0;
	lane->last = NULL;
	lane->sealed = SLICE_NONE;
	chunk_builder_reset(lane->builder);
}

/* The chunk is durable: so are its positions. */
static void commit(struct intake_lane *lane)
{
	struct bookmark *bookmark = lane->intake->bookmark;

	for (unsigned i = 0; i < lane->n_sources; i++) {
		if (lane->sources[i]->forgotten)
			bookmark_drop(bookmark, lane->sources[i]);
		else
			settle_position(lane->sources[i]);
	}
	lane->intake->state.moves++;
	begin_chunk(lane);
	counter_add(&n_chunks, 1);
	lane->intake->user.on_durable(lane->intake->user.user, lane->number);
}

/* True when nothing is left in the builder. */
static bool store_chunk(struct intake_lane *lane)
{
	unsigned n = chunk_builder_items(lane->builder);
	struct err err = {0};

	if (n == 0)
		return true;
	if (slice_absent(lane->sealed))
		seal(lane);
	event_del(lane->linger);
	if (!took(lane,
		    spool_add_chunk(lane->intake->spool, lane->number, lane->sealed, n, &err),
		    &err))
		return false;
	commit(lane);
	return true;
}

/* ---- losses --------------------------------------------------------------- */

/* The oldest loss, or a part of it. */
static bool store_loss(struct intake_lane *lane)
{
	const struct frame_gap gap = losses_offer(lane->losses);
	struct err err = {0};

	if (!took(lane, spool_add_gap(lane->intake->spool, lane->number, &gap, &err), &err))
		return false;
	losses_taken(lane->losses);
	return true;
}

static bool store_losses(struct intake_lane *lane)
{
	const struct intake_user *user = &lane->intake->user;
	bool any = lane->losses->n > 0, stored = true;

	while (stored && lane->losses->n > 0)
		stored = store_loss(lane);
	if (any && stored)
		user->on_durable(user->user, lane->number);
	return stored;
}

/* For the chunk that found none before. */
static enum seglog_room room_for_chunk(const struct intake_lane *lane)
{
	if (!lane->full || slice_absent(lane->sealed))
		return SEGLOG_ROOM;
	return spool_room(lane->intake->spool, lane->number, lane->sealed.len);
}

/*
 * The losses first, because positions in the chunk may lie behind them; but a chunk that fits
 * only when nothing else is there must not wait for a time without losses. Without room
 * losses are merged, not stored one by one.
 */
static bool store_both(struct intake_lane *lane)
{
	switch (room_for_chunk(lane)) {
	case SEGLOG_NO_ROOM:
		arm(lane->retry, INTAKE_RETRY_MS);
		return false;
	case SEGLOG_ROOM_FOR_ONE:
		return store_chunk(lane) && store_losses(lane);
	case SEGLOG_ROOM:
		break;
	}
	return store_losses(lane) && store_chunk(lane);
}

/* Everything at hand. */
static bool store_all(struct intake_lane *lane)
{
	const struct intake_user *user = &lane->intake->user;
	bool was_full = lane->full;

	if (!store_both(lane))
		return false;
	lane->full = false;
	if (was_full)
		user->on_room(user->user, lane->number);
	return true;
}

static void on_time(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	(void)store_all(user);
}

void intake_declare(struct intake *intake, enum frame_lane number, struct slice source,
	uint64_t count, uint8_t reason, uint64_t bytes)
{
	struct intake_lane *lane = &intake->lanes[number];

	losses_add(lane->losses, source, reason, count, bytes);
	intake->state.losses++;
	intake->state.dropped += count;
	counter_add(&n_dropped, count);
	if (!lane->full)
		arm(lane->linger, INTAKE_BULK_LINGER_MS);
}

/* ---- items ---------------------------------------------------------------- */

static bool in_chunk(const struct intake_lane *lane, const struct bookmark_source *source)
{
	unsigned i = source->number[lane->number];

	return i < lane->n_sources && lane->sources[i] == source;
}

static struct bookmark_source *find_source(
	struct intake_lane *lane, const struct chunk_source *of)
{
	struct bookmark_source *last = lane->last;

	if (last != NULL && slice_eq(last->name, of->name) && slice_eq(last->input, of->input))
		return last;
	return bookmark_source(lane->intake->bookmark, of->input, of->name);
}

/* False when the chunk has all the sources it may have. */
static bool join_chunk(
	struct intake_lane *lane, struct bookmark_source *source, const struct chunk_source *of)
{
	if (in_chunk(lane, source))
		return true;

	unsigned number = chunk_builder_source(lane->builder, of);
	if (number == CHUNK_SOURCES_MAX)
		return false;
	assert(number == lane->n_sources);
	source->number[lane->number] = number;
	lane->contents[number] = (struct content){0};
	lane->sources[lane->n_sources++] = source;
	return true;
}

static void set_bytes(struct strbuf *to, struct slice bytes)
{
	strbuf_reset(to);
	strbuf_add(to, bytes);
}

static bool add_to_chunk(struct intake_lane *lane, const struct intake_item *item)
{
	struct bookmark_source *source = find_source(lane, &item->source);
	struct chunk_item numbered = item->item;

	if (!join_chunk(lane, source, &item->source))
		return false;
	numbered.source = source->number[lane->number];
	if (!chunk_builder_add(lane->builder, &numbered))
		return false;
	set_bytes(&source->pending, item->source.position);
	lane->contents[numbered.source].items++;
	lane->contents[numbered.source].bytes += item->item.whole;
	source->forgotten = false;
	lane->last = source;
	return true;
}

static bool is_ready(const struct intake_lane *lane)
{
	return chunk_builder_raw_size(lane->builder) >= CHUNK_RAW_AIM ||
	       chunk_builder_items(lane->builder) >= CHUNK_ITEMS_MAX;
}

bool intake_add(struct intake *intake, const struct intake_item *item)
{
	struct intake_lane *lane = &intake->lanes[item->lane];

	if (lane->full) {
		counter_add(&n_refused, 1);
		return false;
	}
	if (item->item.bytes.len > CHUNK_ITEM_MAX) {
		intake_declare(intake, item->lane, item->source.name, 1, GAP_OVERSIZE,
			item->item.bytes.len);
		intake_position(intake, item->lane, &item->source);
		return true;
	}
	if (!add_to_chunk(lane, item) && (!store_all(lane) || !add_to_chunk(lane, item)))
		return false;
	intake->state.items++;
	counter_add(&n_items, 1);
	if (is_ready(lane))
		(void)store_all(lane);
	else
		arm(lane->linger, lane->number == LANE_URGENT ? INTAKE_URGENT_LINGER_MS
							      : INTAKE_BULK_LINGER_MS);
	return true;
}

void intake_position(
	struct intake *intake, enum frame_lane number, const struct chunk_source *source)
{
	struct bookmark_source *known =
		bookmark_source(intake->bookmark, source->input, source->name);

	known->forgotten = false;
	intake->state.moves++;
	set_bytes(in_chunk(&intake->lanes[number], known) ? &known->pending : &known->position,
		source->position);
}

static unsigned chunks_with(const struct intake *intake, const struct bookmark_source *source)
{
	unsigned n = 0;

	for (size_t i = 0; i < LANE_COUNT; i++)
		n += in_chunk(&intake->lanes[i], source);
	return n;
}

void intake_forget(struct intake *intake, struct slice input, struct slice name)
{
	struct bookmark_source *source = bookmark_find(intake->bookmark, input, name);

	if (source == NULL)
		return;

	unsigned n = chunks_with(intake, source);
	assert(n <=
		1); /* else the first chunk to be durable would drop it from under the other */
	source->forgotten = n > 0;
	if (n == 0)
		bookmark_drop(intake->bookmark, source);
	intake->state.moves++;
}

/* ---- life ----------------------------------------------------------------- */

static void open_lane(struct intake *intake, enum frame_lane number, struct event_base *base)
{
	struct intake_lane *lane = &intake->lanes[number];

	lane->intake = intake;
	lane->number = number;
	lane->builder = chunk_builder_new();
	lane->losses = bookmark_losses(intake->bookmark, number);
	lane->linger = evtimer_new(base, on_time, lane);
	lane->retry = evtimer_new(base, on_time, lane);
	if (lane->linger == NULL || lane->retry == NULL)
		abort();
	if (lane->losses->n > 0) /* of the life before */
		arm(lane->linger, INTAKE_BULK_LINGER_MS);
}

struct intake *intake_new(struct event_base *base, struct spool *spool,
	struct bookmark *bookmark, const struct intake_user *user)
{
	struct intake *intake = calloc(1, sizeof(*intake));

	if (intake == NULL)
		abort();
	intake->spool = spool;
	intake->bookmark = bookmark;
	intake->user = *user;
	for (unsigned i = 0; i < LANE_COUNT; i++)
		open_lane(intake, (enum frame_lane)i, base);
	return intake;
}

static void close_lane(struct intake_lane *lane)
{
	event_free(lane->linger);
	event_free(lane->retry);
	chunk_builder_free(lane->builder);
}

void intake_free(struct intake *intake)
{
	if (intake == NULL)
		return;
	for (size_t i = 0; i < LANE_COUNT; i++)
		close_lane(&intake->lanes[i]);
	free(intake);
}

void intake_set_known(struct intake *intake, int64_t wall_ns)
{
	intake->known_ns = wall_ns;
}

int64_t intake_known_ns(const struct intake *intake)
{
	return intake->known_ns;
}

bool intake_flush(struct intake *intake)
{
	bool all = true;

	for (size_t i = 0; i < LANE_COUNT; i++)
		all &= store_all(&intake->lanes[i]);
	return all;
}

/* What has a position, and is there still, is read again; the rest is lost. */
static void give_up_source(
	struct intake_lane *lane, struct bookmark_source *source, const struct content *content)
{
	if (source->pending.len == 0 || source->forgotten)
		intake_declare(lane->intake, lane->number, source->name, content->items,
			GAP_QUEUE_FULL, content->bytes);
	strbuf_reset(&source->pending);
	if (source->forgotten)
		bookmark_drop(lane->intake->bookmark, source);
}

static void give_up(struct intake_lane *lane)
{
	for (unsigned i = 0; i < lane->n_sources; i++)
		give_up_source(lane, lane->sources[i], &lane->contents[i]);
	begin_chunk(lane);
}

void intake_give_up(struct intake *intake)
{
	for (size_t i = 0; i < LANE_COUNT; i++) {
		struct intake_lane *lane = &intake->lanes[i];

		if (!store_all(lane)) {
			give_up(lane);
			(void)store_all(lane); /* what is declared takes less room */
		}
	}
}

bool intake_is_empty(const struct intake *intake)
{
	bool empty = true;

	for (size_t i = 0; i < LANE_COUNT; i++)
		empty &= chunk_builder_items(intake->lanes[i].builder) == 0 &&
			 intake->lanes[i].losses->n == 0;
	return empty;
}

void intake_retry(struct intake *intake)
{
	for (size_t i = 0; i < LANE_COUNT; i++)
		if (intake->lanes[i].full)
			(void)store_all(&intake->lanes[i]);
}

void intake_state(const struct intake *intake, struct intake_state *state)
{
	*state = intake->state;
}
