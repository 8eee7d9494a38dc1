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

struct loss {
	struct strbuf source;
	uint64_t count, bytes;
	uint8_t reason;
	/* What the spool was offered and did not take: it gets the same again, because it may
	 * have it on disk after all. Part of `count` and `bytes`. */
	bool offered;
	uint32_t offered_count;
	uint64_t offered_bytes;
};

struct intake_lane {
	struct intake *intake;
	enum frame_lane number;
	struct chunk_builder *builder;
	struct bookmark_source *sources[CHUNK_SOURCES_MAX]; /* of the chunk being built */
	unsigned n_sources;
	struct bookmark_source *last; /* the source of the item before */
	struct slice sealed;          /* the spool did not take it yet */
	bool full;
	struct loss losses[INTAKE_LOSSES_MAX];
	size_t n_losses;
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
	lane->n_sources = 0;
	lane->last = NULL;
	lane->sealed = SLICE_NONE;
	chunk_builder_reset(lane->builder);
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

static void drop_loss(struct intake_lane *lane)
{
	strbuf_done(&lane->losses[0].source);
	lane->n_losses--;
	memmove(&lane->losses[0], &lane->losses[1], lane->n_losses * sizeof(lane->losses[0]));
}

/* As much as one entry can say. */
static void offer(struct loss *loss)
{
	if (loss->offered)
		return;
	loss->offered = true;
	loss->offered_count = loss->count > UINT32_MAX ? UINT32_MAX : (uint32_t)loss->count;
	loss->offered_bytes = loss->bytes;
}

/* The oldest loss, or a part of it. */
static bool store_loss(struct intake_lane *lane)
{
	struct loss *loss = &lane->losses[0];
	struct err err = {0};

	offer(loss);
	const struct frame_gap gap = {
		.count = loss->offered_count > 0 ? loss->offered_count : 1,
		.reason = loss->reason,
		.bytes = loss->offered_bytes,
		.source = strbuf_slice(&loss->source),
	};
	if (!took(lane, spool_add_gap(lane->intake->spool, lane->number, &gap, &err), &err))
		return false;
	loss->offered = false;
	loss->count -= loss->offered_count;
	loss->bytes -= loss->offered_bytes;
	if (loss->count == 0 && loss->bytes == 0)
		drop_loss(lane);
	return true;
}

/* Everything at hand, in the order it came. */
static bool store_all(struct intake_lane *lane)
{
	const struct intake_user *user = &lane->intake->user;
	bool was_full = lane->full;
	bool stored = store_chunk(lane);
	bool told = lane->n_losses > 0;

	while (stored && lane->n_losses > 0)
		stored = store_loss(lane);
	if (!stored)
		return false;
	if (told)
		user->on_durable(user->user, lane->number);
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

static struct loss *find_loss(struct intake_lane *lane, struct slice source, uint8_t reason)
{
	for (size_t i = 0; i < lane->n_losses; i++)
		if (lane->losses[i].reason == reason &&
			slice_eq(strbuf_slice(&lane->losses[i].source), source))
			return &lane->losses[i];
	return NULL;
}

static struct loss *add_loss(struct intake_lane *lane, struct slice source, uint8_t reason)
{
	struct loss *loss = &lane->losses[lane->n_losses++];

	*loss = (struct loss){.reason = reason, .source = STRBUF_INIT(FRAME_TEXT_MAX)};
	strbuf_add(&loss->source, source);
	return loss;
}

/* Room is kept for one nameless loss per reason. */
static struct loss *loss_of(struct intake_lane *lane, struct slice source, uint8_t reason)
{
	struct loss *loss = find_loss(lane, source, reason);

	if (loss != NULL)
		return loss;
	if (lane->n_losses < INTAKE_LOSSES_MAX - GAP_REASON_COUNT)
		return add_loss(lane, source, reason);
	loss = find_loss(lane, SLICE_LIT(""), reason);
	return loss != NULL ? loss : add_loss(lane, SLICE_LIT(""), reason);
}

void intake_declare(struct intake *intake, enum frame_lane number, struct slice source,
	uint64_t count, uint8_t reason, uint64_t bytes)
{
	struct intake_lane *lane = &intake->lanes[number];
	struct slice name =
		slice_head(source, source.len < FRAME_TEXT_MAX ? source.len : FRAME_TEXT_MAX);

	assert(reason > 0 && reason < GAP_REASON_COUNT);
	struct loss *loss = loss_of(lane, name, reason);
	loss->count += count;
	loss->bytes += bytes;
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
	if (!add_to_chunk(lane, item) && (!store_chunk(lane) || !add_to_chunk(lane, item)))
		return false;
	intake->state.items++;
	counter_add(&n_items, 1);
	if (is_ready(lane))
		(void)store_chunk(lane);
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

void intake_forget(struct intake *intake, struct slice input, struct slice name)
{
	struct bookmark_source *source = bookmark_find(intake->bookmark, input, name);

	if (source == NULL)
		return;
	for (size_t i = 0; i < LANE_COUNT; i++)
		source->forgotten |= in_chunk(&intake->lanes[i], source);
	if (!source->forgotten)
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
	lane->linger = evtimer_new(base, on_time, lane);
	lane->retry = evtimer_new(base, on_time, lane);
	if (lane->linger == NULL || lane->retry == NULL)
		abort();
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
	while (lane->n_losses > 0)
		drop_loss(lane);
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
