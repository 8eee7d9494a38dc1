#include <sys/utsname.h>

#include "agent/os_name.h"
#include "agent/uplink_inner.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/loop.h"

enum { HELLOS_MAX = 4 /* in a session: each after a new epoch */ };

static struct counter n_connections =
	COUNTER("uplink.connections", "connections on which a collector answered HELLO");
static struct counter n_epochs = COUNTER("uplink.epochs", "new epochs of a lane");

static void fill_offer(
	struct uplink *uplink, enum frame_lane lane, struct frame_lane_offer *offer)
{
	struct bookmark_lane known;
	struct spool_state state;

	memset(&known, 0, sizeof(known));
	spool_lane(uplink->spool, lane, &known);
	spool_state(uplink->spool, lane, &state);
	uplink->epochs[lane] = known.epoch;
	*offer = (struct frame_lane_offer){
		.lane = (uint8_t)lane,
		.epoch = known.epoch,
		.first = state.first,
		.next = state.next,
		.acked = known.acked,
		.acked_crc = known.acked_crc,
	};
}

bool uplink_save_epochs(struct uplink *uplink, struct err *err)
{
	uint64_t old;

	for (unsigned i = 0; i < LANE_COUNT; i++)
		if (spool_unsaved(uplink->spool, (enum frame_lane)i, &old) !=
				SPOOL_EPOCH_KEPT &&
			!uplink->user.on_epoch(uplink->user.user, err))
			return err_within(err, "saving the epoch of lane %s",
				frame_lane_text((enum frame_lane)i));
	return true;
}

void uplink_send_hello(struct uplink *uplink)
{
	struct utsname host = {0};
	char os[OS_NAME_MAX];
	struct frame frame = {.type = FRAME_HELLO};

	(void)uname(&host);
	frame.hello = (struct frame_hello){
		.version_min = FRAME_VERSION,
		.version_max = FRAME_VERSION,
		.agent_version = SLICE_LIT(SOC_VERSION),
		.host_name = slice_str(host.nodename),
		.os = slice_str(os_name(os)),
		.wall_ns = clock_wall_ns(),
		.boot_id = uplink->boot_id,
		.n_lanes = LANE_COUNT,
	};
	for (unsigned i = 0; i < LANE_COUNT; i++)
		fill_offer(uplink, (enum frame_lane)i, &frame.hello.lanes[i]);
	uplink->state = GREETING;
	uplink->hellos++;
	uplink_write(uplink, &frame);
	loop_arm(uplink->timer, uplink->settings->hello_ms);
}

static const struct frame_lane_resume *find_resume(
	const struct frame_hello_ack *ack, enum frame_lane lane)
{
	for (unsigned i = 0; i < ack->n_lanes; i++)
		if (ack->lanes[i].lane == lane)
			return &ack->lanes[i];
	return NULL;
}

enum agreement { AGREED, ASK_AGAIN, NOT_AGREED };

static enum agreement choose_epoch(
	struct uplink *uplink, enum frame_lane lane, enum spool_epoch why, struct err *err)
{
	counter_add(&n_epochs, 1);
	return spool_new_epoch(uplink->spool, lane, why, err) ? ASK_AGAIN : NOT_AGREED;
}

static enum agreement agree(struct uplink *uplink, enum frame_lane lane,
	const struct frame_lane_resume *resume, struct err *err)
{
	struct spool_resume found;

	if (resume->resume == RESUME_NEW_EPOCH)
		return choose_epoch(uplink, lane, SPOOL_EPOCH_ASKED, err);
	if (!spool_compare(uplink->spool, lane, resume->stored, resume->stored_crc, &found))
		return choose_epoch(uplink, lane, SPOOL_EPOCH_DIFFERS, err);
	uplink->lanes[lane].from = found.from;
	uplink->lanes[lane].released = found.released;
	uplink->lanes[lane].flight.last = found.from - 1;
	return AGREED;
}

static enum agreement agree_on_all(
	struct uplink *uplink, const struct frame_hello_ack *ack, struct err *err)
{
	enum agreement all = AGREED;

	for (unsigned i = 0; i < LANE_COUNT; i++) {
		enum frame_lane lane = (enum frame_lane)i;
		const struct frame_lane_resume *resume = find_resume(ack, lane);

		if (resume == NULL) {
			err_set(err, "lane %u is missing in HELLO_ACK", i);
			return NOT_AGREED;
		}
		switch (agree(uplink, lane, resume, err)) {
		case AGREED:
			break;
		case ASK_AGAIN:
			all = ASK_AGAIN;
			break;
		case NOT_AGREED:
			return NOT_AGREED;
		}
	}
	return all;
}

static void begin_running(struct uplink *uplink, const struct frame_hello_ack *ack)
{
	int64_t now_ns = clock_wall_ns();

	event_del(uplink->timer);
	uplink->state = RUNNING;
	uplink->running_ms = clock_mono_ms();
	uplink->heartbeat_ms = ack->heartbeat_ms;
	uplink->window = ack->window_bytes;
	uplink->echo_wall_ns = 0;
	uplink->report.connected = true;
	counter_add(&n_connections, 1);
	uplink->report.clock_offset_ns = ack->wall_ns - now_ns;
	uplink->user.on_connected(uplink->user.user, true, NULL);
	for (unsigned i = 0; i < LANE_COUNT; i++)
		uplink->user.on_acked(uplink->user.user, (enum frame_lane)i);
	uplink_beat(uplink);
	uplink_send_more(uplink);
}

void uplink_take_hello_ack(struct uplink *uplink, const struct frame_hello_ack *ack)
{
	struct err err = {0};

	if (uplink->state != GREETING || ack->version != FRAME_VERSION) {
		uplink_say_goodbye(uplink, GOODBYE_PROTOCOL, "unexpected HELLO_ACK");
		return;
	}
	switch (agree_on_all(uplink, ack, &err)) {
	case AGREED:
		begin_running(uplink, ack);
		return;
	case ASK_AGAIN:
		if (uplink->hellos >= HELLOS_MAX) {
			err_set(&err, "no agreement on an epoch");
			break;
		}
		if (!uplink_save_epochs(uplink, &err)) {
			uplink_say_goodbye(uplink, GOODBYE_OVERLOAD, err.text);
			return;
		}
		uplink_send_hello(uplink);
		return;
	case NOT_AGREED:
		break;
	}
	uplink_say_goodbye(uplink, GOODBYE_PROTOCOL, err.text);
}
