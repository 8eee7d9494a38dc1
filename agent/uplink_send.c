#include "agent/uplink_inner.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/loop.h"

enum {
	SLICE_MS = 100,  /* of a slowed-down lane */
	PER_ITEM = 1000, /* credit of an item: one millisecond at one a second gives 1 */
	GAP_SIZE = 64,   /* what a gap counts for in the window */
};

static struct counter n_sent = COUNTER("uplink.sent", "items sent");

void uplink_write(struct uplink *uplink, const struct frame *frame)
{
	strbuf_reset(&uplink->out);
	frame_write(&uplink->out, frame);
	link_write(uplink->link, strbuf_slice(&uplink->out));
}

static void write_gap(
	struct uplink *uplink, enum frame_lane lane, const struct spool_entry *entry)
{
	const struct frame frame = {
		.type = FRAME_GAP,
		.gap = {.lane = (uint8_t)lane,
			.epoch = uplink->epochs[lane],
			.first = entry->first,
			.count = entry->count,
			.reason = entry->reason,
			.bytes = entry->bytes,
			.source = entry->source},
	};

	uplink_write(uplink, &frame);
}

static void write_batch(
	struct uplink *uplink, enum frame_lane lane, const struct spool_entry *entry)
{
	const struct frame_batch batch = {
		.lane = (uint8_t)lane,
		.epoch = uplink->epochs[lane],
		.first = entry->first,
		.count = entry->count,
		.crc = entry->crc,
		.chunk = entry->chunk,
	};

	strbuf_reset(&uplink->out);
	frame_write_batch_head(&uplink->out, &batch);
	link_write(uplink->link, strbuf_slice(&uplink->out));
	link_write(uplink->link, entry->chunk);
}

static void send_entry(
	struct uplink *uplink, enum frame_lane lane, const struct spool_entry *entry)
{
	const struct flight_entry sent = {
		.last = entry->first + entry->count - 1,
		.crc = entry->gap ? 0 : entry->crc,
		.size = entry->gap ? GAP_SIZE : (uint32_t)entry->chunk.len,
	};

	if (entry->gap)
		write_gap(uplink, lane, entry);
	else
		write_batch(uplink, lane, entry);
	flight_sent(&uplink->lanes[lane].flight, &sent);
	if (lane == LANE_BULK && uplink->slow_rate > 0)
		uplink->slow_credit -= (int64_t)entry->count * PER_ITEM;
	counter_add(&n_sent, entry->count);
}

static bool fits_window(const struct uplink *uplink, const struct spool_entry *entry)
{
	uint64_t under_way = 0;

	for (size_t i = 0; i < LANE_COUNT; i++)
		under_way += uplink->lanes[i].flight.bytes;
	return under_way == 0 || under_way + entry->chunk.len <= uplink->window;
}

/* What the spool gives is valid until its log moves; so it is copied. */
static void hold(struct held *held, const struct spool_entry *entry)
{
	if (held->is)
		return;
	held->is = true;
	held->entry = *entry;
	strbuf_reset(&held->bytes);
	strbuf_add(&held->bytes, entry->gap ? entry->source : entry->chunk);
	if (entry->gap)
		held->entry.source = strbuf_slice(&held->bytes);
	else
		held->entry.chunk = strbuf_slice(&held->bytes);
}

/* Sequences that are gone here and missing there, in pieces a frame can say. */
static bool next_released(struct uplink_lane *lane, struct spool_entry *entry)
{
	uint32_t count = lane->released > UINT32_MAX ? UINT32_MAX : (uint32_t)lane->released;

	if (count == 0)
		return false;
	*entry = (struct spool_entry){
		.first = lane->from - lane->released,
		.count = count,
		.gap = true,
		.reason = GAP_RELEASED,
	};
	lane->released -= count;
	return true;
}

static void note_refusal(struct uplink *uplink, enum frame_lane number, const struct err *err)
{
	struct uplink_lane *lane = &uplink->lanes[number];

	if (!lane->unreadable)
		log_error("spool.unreadable", "lane=%s reason=%s instead=trying-again",
			frame_lane_text(number), LOG_TEXT(slice_str(err->text)));
	lane->unreadable = true;
	loop_arm(uplink->again, SPOOL_RETRY_MS);
}

static void note_lost(enum frame_lane number, const struct spool_entry *entry)
{
	log_error("spool.lost", "lane=%s first=%llu items=%u instead=declared",
		frame_lane_text(number), (unsigned long long)entry->first, entry->count);
}

static bool read_entry(struct uplink *uplink, enum frame_lane number, struct spool_entry *entry)
{
	struct err err;

	switch (spool_next(uplink->spool, number, entry, &err)) {
	case SPOOL_ENTRY:
		if (entry->lost)
			note_lost(number, entry);
		break;
	case SPOOL_END:
		return false;
	case SPOOL_READ_FAILED:
		note_refusal(uplink, number, &err);
		return false;
	}
	uplink->lanes[number].unreadable = false;
	return true;
}

static bool next_entry(struct uplink *uplink, enum frame_lane number, struct spool_entry *entry)
{
	struct uplink_lane *lane = &uplink->lanes[number];

	/* What was held comes before what is released behind it. */
	if (lane->held.is) {
		*entry = lane->held.entry;
		return true;
	}
	return next_released(lane, entry) || read_entry(uplink, number, entry);
}

static bool send_one(struct uplink *uplink, enum frame_lane number)
{
	struct spool_entry entry;

	if (number == LANE_BULK && uplink->slow_rate > 0 && uplink->slow_credit <= 0)
		return false;
	if (!next_entry(uplink, number, &entry))
		return false;
	if (!fits_window(uplink, &entry)) {
		hold(&uplink->lanes[number].held, &entry);
		return false;
	}
	send_entry(uplink, number, &entry);
	uplink->lanes[number].held.is = false;
	return true;
}

/* The urgent lane goes first between two entries. */
void uplink_send_more(struct uplink *uplink)
{
	while (uplink->state == RUNNING && link_has_room(uplink->link) &&
		(send_one(uplink, LANE_URGENT) || send_one(uplink, LANE_BULK)))
		;
}

void uplink_on_again(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	uplink_send_more(user);
}

void uplink_on_slice(evutil_socket_t fd, short what, void *user)
{
	struct uplink *uplink = user;
	int64_t second = (int64_t)uplink->slow_rate * PER_ITEM;

	(void)fd;
	(void)what;
	uplink->slow_credit += (int64_t)uplink->slow_rate * SLICE_MS;
	if (uplink->slow_credit > second)
		uplink->slow_credit = second;
	loop_arm(uplink->slow, SLICE_MS);
	uplink_send_more(uplink);
}

void uplink_slow_down(struct uplink *uplink, uint64_t rate)
{
	uplink->slow_rate = rate < INT32_MAX ? rate : INT32_MAX;
	uplink->slow_credit = 0;
	if (rate == 0) {
		event_del(uplink->slow);
		uplink_send_more(uplink);
		return;
	}
	loop_arm(uplink->slow, SLICE_MS);
}
