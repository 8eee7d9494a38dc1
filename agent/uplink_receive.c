#include "agent/uplink_inner.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/loop.h"

enum {
	IDLE_BEATS = 3,         /* periods without a word from the collector */
	SLOW_RETRY_MS = 60000,  /* after a refusal that only people can mend */
	RETRY_MAX_MS = 3600000, /* a collector cannot ask for more */
	STABLE_MS = 60000,      /* a connection that lived so long was a good one */
};

static struct counter n_acked = COUNTER("uplink.acked", "items acknowledged");
static struct counter n_orders = COUNTER("uplink.orders", "orders of the collector");
static struct counter n_unknown =
	COUNTER("uplink.orders_failed", "orders that could not be carried out");

/* ---- heartbeats ----------------------------------------------------------- */

void uplink_beat(struct uplink *uplink)
{
	struct frame frame = {.type = FRAME_HEARTBEAT};
	struct frame_heartbeat *beat = &frame.heartbeat;

	uplink->user.on_heartbeat(uplink->user.user, beat);
	beat->wall_ns = clock_wall_ns();
	beat->echo_wall_ns = uplink->echo_wall_ns;
	beat->echo_hold_ns = uplink->echo_wall_ns != 0
				     ? (uint64_t)(clock_mono_ns() - uplink->echo_mono_ns)
				     : 0;
	uplink_write(uplink, &frame);
	loop_arm(uplink->beat, uplink->heartbeat_ms);
}

void uplink_on_beat(evutil_socket_t fd, short what, void *user)
{
	struct uplink *uplink = user;

	(void)fd;
	(void)what;
	if (clock_mono_ms() - uplink->heard_ms > (int64_t)uplink->heartbeat_ms * IDLE_BEATS) {
		uplink_hang_up(uplink, "the collector is silent");
		return;
	}
	if (clock_mono_ms() - uplink->running_ms >= STABLE_MS)
		backoff_reset(&uplink->backoff);
	uplink_beat(uplink);
}

static void take_heartbeat(struct uplink *uplink, const struct frame_heartbeat *beat)
{
	int64_t now_ns = clock_wall_ns();
	int64_t round_ns = now_ns - beat->echo_wall_ns - (int64_t)beat->echo_hold_ns;
	bool known = beat->echo_wall_ns != 0 && round_ns > 0 && round_ns < 60 * CLOCK_NS_PER_S;

	uplink->echo_wall_ns = beat->wall_ns;
	uplink->echo_mono_ns = clock_mono_ns();
	uplink->report.clock_offset_ns = beat->wall_ns + (known ? round_ns / 2 : 0) - now_ns;
}

/* ---- what the collector says ---------------------------------------------- */

static void take_ack_of_lane(struct uplink *uplink, const struct frame_ack_lane *ack)
{
	struct flight *flight = &uplink->lanes[ack->lane].flight;
	struct spool_state before, after;
	uint32_t crc;

	if (ack->epoch != uplink->epochs[ack->lane])
		return;
	if (!flight_acked(flight, ack->stored, &crc)) {
		uplink_say_goodbye(uplink, GOODBYE_PROTOCOL, "ACK of what was not sent");
		return;
	}
	spool_state(uplink->spool, (enum frame_lane)ack->lane, &before);
	spool_ack(uplink->spool, (enum frame_lane)ack->lane, ack->stored, crc);
	spool_state(uplink->spool, (enum frame_lane)ack->lane, &after);
	if (after.acked > before.acked)
		backoff_reset(&uplink->backoff);
	counter_add(&n_acked, after.acked - before.acked);
	uplink->user.on_acked(uplink->user.user, (enum frame_lane)ack->lane);
}

static void take_ack(struct uplink *uplink, const struct frame_ack *ack)
{
	for (unsigned i = 0; i < ack->n_lanes && uplink->state == RUNNING; i++)
		if (ack->lanes[i].lane < LANE_COUNT)
			take_ack_of_lane(uplink, &ack->lanes[i]);
	uplink_send_more(uplink);
}

static void take_order(struct uplink *uplink, const struct frame_order *order)
{
	counter_add(&n_orders, 1);
	switch ((enum frame_order_kind)order->order) {
	case ORDER_SLOW_DOWN:
		uplink_slow_down(uplink, order->argument);
		return;
	case ORDER_RESEND:
		uplink_say_goodbye(uplink, GOODBYE_RELOAD, "resend was ordered");
		return;
	case ORDER_FETCH_BUNDLE:
	case ORDER_REPORT:
	case ORDER_SCAN:
	case ORDER_KIND_COUNT:
		break;
	}
	if (!uplink->user.on_order(uplink->user.user, order))
		counter_add(&n_unknown, 1);
}

static void take_goodbye(struct uplink *uplink, const struct frame_goodbye *goodbye)
{
	bool hopeless =
		goodbye->reason == GOODBYE_VERSION || goodbye->reason == GOODBYE_IDENTITY;
	uint64_t retry_ms = goodbye->retry_ms < RETRY_MAX_MS ? goodbye->retry_ms : RETRY_MAX_MS;
	struct log_quote quote;
	struct err err;

	uplink->not_before_ms = hopeless && retry_ms < SLOW_RETRY_MS ? SLOW_RETRY_MS : retry_ms;
	err_set(&err, "the collector said goodbye (%s): %s",
		goodbye_reason_text((enum goodbye_reason)goodbye->reason),
		log_text(&quote, goodbye->text));
	uplink_hang_up(uplink, err.text);
}

static void refuse_early(struct uplink *uplink, const struct frame *frame)
{
	struct err err;

	err_set(&err, "%s before HELLO_ACK", frame_type_text(frame->type));
	uplink_say_goodbye(uplink, GOODBYE_PROTOCOL, err.text);
}

void uplink_take_frame(struct uplink *uplink, const struct frame *frame)
{
	uplink->heard_ms = clock_mono_ms();
	if (frame->type == FRAME_GOODBYE) {
		take_goodbye(uplink, &frame->goodbye);
		return;
	}
	if (frame->type == FRAME_HELLO_ACK) {
		uplink_take_hello_ack(uplink, &frame->hello_ack);
		return;
	}
	if (uplink->state != RUNNING) {
		if (uplink->state == GREETING)
			refuse_early(uplink, frame);
		return;
	}
	if (frame->type == FRAME_ACK)
		take_ack(uplink, &frame->ack);
	else if (frame->type == FRAME_HEARTBEAT)
		take_heartbeat(uplink, &frame->heartbeat);
	else if (frame->type == FRAME_ORDER)
		take_order(uplink, &frame->order);
}
