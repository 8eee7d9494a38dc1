#include "agent/uplink.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/flight.h"
#include "agent/link.h"
#include "agent/os_name.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"

enum {
	HELLOS_MAX = 4,         /* in a session: each after a new epoch */
	IDLE_BEATS = 3,         /* periods without a word from the collector */
	SLOW_RETRY_MS = 60000,  /* after a refusal that only people can mend */
	RETRY_MAX_MS = 3600000, /* a collector cannot ask for more */
	AGAIN_MS = 100,         /* after a goodbye of our own */
	SLICE_MS = 100,         /* of a slowed-down lane */
	GAP_SIZE = 64,          /* what a gap counts for in the window */
};

static struct counter n_sent = COUNTER("uplink.sent", "items sent");
static struct counter n_acked = COUNTER("uplink.acked", "items acknowledged");
static struct counter n_failed = COUNTER("uplink.failures", "connections that failed or broke");
static struct counter n_orders = COUNTER("uplink.orders", "orders of the collector");
static struct counter n_unknown =
	COUNTER("uplink.orders_failed", "orders that could not be carried out");
static struct counter n_epochs = COUNTER("uplink.epochs", "new epochs of a lane");

enum state {
	STOPPED,
	WAITING,    /* for the back-off to be over */
	RESOLVING,  /* the address's name */
	CONNECTING, /* TCP and TLS */
	GREETING,   /* HELLO was sent */
	RUNNING,
	LEAVING, /* GOODBYE was sent */
};

/* An entry that did not fit into the window. */
struct held {
	bool is;
	struct spool_entry entry;
	struct strbuf bytes;
};

struct uplink_lane {
	struct flight flight;
	struct held held;
	bool unreadable;   /* the disk refused the next entry */
	uint64_t released; /* sequences to be declared before anything is sent */
	uint64_t from;
};

struct uplink {
	struct event_base *base;
	const struct uplink_settings *settings;
	struct link_settings link_settings;
	SSL_CTX *tls;
	struct spool *spool;
	struct uplink_user user;
	uint64_t boot_id;
	struct resolver *resolver;
	struct link *link;
	enum state state;
	bool stopping, again_soon;
	size_t address;         /* which of settings->collector is next */
	unsigned turn;          /* which of a name's addresses */
	uint64_t not_before_ms; /* wait longer than the back-off: the collector asked */
	struct backoff backoff;
	struct event *timer, *beat, *slow, *again;
	struct uplink_lane lanes[LANE_COUNT];
	unsigned hellos;
	uint64_t epochs[LANE_COUNT]; /* offered in HELLO */
	uint32_t heartbeat_ms, window;
	int64_t heard_ms, echo_wall_ns, echo_mono_ns;
	uint64_t slow_rate; /* items/s of the bulk lane, 0 = no limit */
	int64_t slow_left;  /* items of the present slice */
	struct strbuf out;
	struct uplink_state report;
};

static void arm(struct event *event, uint64_t ms)
{
	const struct timeval in = {
		.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

	event_add(event, &in);
}

/* ---- between connections -------------------------------------------------- */

static void forget_session(struct uplink *uplink)
{
	for (size_t i = 0; i < LANE_COUNT; i++) {
		flight_reset(&uplink->lanes[i].flight);
		uplink->lanes[i].held.is = false;
		uplink->lanes[i].released = 0;
	}
	uplink->slow_rate = 0;
	uplink->hellos = 0;
	event_del(uplink->beat);
	event_del(uplink->slow);
	event_del(uplink->again);
	event_del(uplink->timer);
}

/* Who left of its own will comes back soon. */
static void wait_for_next(struct uplink *uplink)
{
	uint64_t ms = uplink->again_soon ? AGAIN_MS : backoff_next(&uplink->backoff);

	if (ms < uplink->not_before_ms)
		ms = uplink->not_before_ms;
	uplink->not_before_ms = 0;
	uplink->again_soon = false;
	uplink->state = WAITING;
	arm(uplink->timer, ms);
}

static void drop_attempt(struct uplink *uplink)
{
	link_close(uplink->link);
	uplink->link = NULL;
	resolver_cancel(uplink->resolver);
	forget_session(uplink);
}

static void note_failure(struct uplink *uplink, const char *why)
{
	counter_add(&n_failed, 1);
	uplink->report.failures++;
	snprintf(uplink->report.why, sizeof(uplink->report.why), "%s", why);
}

/* The connection is over, or never was. */
static void hang_up(struct uplink *uplink, const char *why)
{
	struct err err;

	if (uplink->state != LEAVING)
		note_failure(uplink, why);
	err_set(&err, "%s", uplink->report.why);
	drop_attempt(uplink);
	uplink->report.connected = false;
	if (uplink->stopping)
		uplink->state = STOPPED;
	else
		wait_for_next(uplink);
	uplink->user.on_connected(uplink->user.user, false, err.text);
}

static void say_goodbye(struct uplink *uplink, enum goodbye_reason reason, const char *text)
{
	struct frame frame = {
		.type = FRAME_GOODBYE,
		.goodbye = {.reason = (uint8_t)reason, .text = slice_str(text)},
	};

	strbuf_reset(&uplink->out);
	frame_write(&uplink->out, &frame);
	link_write(uplink->link, strbuf_slice(&uplink->out));
	uplink->state = LEAVING;
	if (reason == GOODBYE_PROTOCOL)
		note_failure(uplink, text);
	else
		snprintf(uplink->report.why, sizeof(uplink->report.why), "%s", text);
	uplink->again_soon = reason == GOODBYE_RELOAD;
	link_finish(uplink->link);
}

/* ---- sending -------------------------------------------------------------- */

static void write_frame(struct uplink *uplink, const struct frame *frame)
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

	write_frame(uplink, &frame);
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
	if (lane == LANE_BULK)
		uplink->slow_left -= entry->count;
	uplink->report.sent_items += entry->count;
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
	arm(uplink->again, SPOOL_RETRY_MS);
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

	if (number == LANE_BULK && uplink->slow_rate > 0 && uplink->slow_left <= 0)
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
static void send_more(struct uplink *uplink)
{
	while (uplink->state == RUNNING && link_has_room(uplink->link) &&
		(send_one(uplink, LANE_URGENT) || send_one(uplink, LANE_BULK)))
		;
}

static void on_again(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	send_more(user);
}

static void on_slice(evutil_socket_t fd, short what, void *user)
{
	struct uplink *uplink = user;

	(void)fd;
	(void)what;
	uplink->slow_left += (int64_t)(uplink->slow_rate * SLICE_MS / 1000 + 1);
	if (uplink->slow_left > (int64_t)uplink->slow_rate)
		uplink->slow_left = (int64_t)uplink->slow_rate;
	arm(uplink->slow, SLICE_MS);
	send_more(uplink);
}

static void slow_down(struct uplink *uplink, uint64_t rate)
{
	uplink->slow_rate = rate < INT32_MAX ? rate : INT32_MAX;
	uplink->slow_left = 0;
	if (rate == 0) {
		event_del(uplink->slow);
		send_more(uplink);
		return;
	}
	arm(uplink->slow, SLICE_MS);
}

/* ---- heartbeats ----------------------------------------------------------- */

static void send_heartbeat(struct uplink *uplink)
{
	struct frame frame = {.type = FRAME_HEARTBEAT};
	struct frame_heartbeat *beat = &frame.heartbeat;

	uplink->user.on_heartbeat(uplink->user.user, beat);
	beat->wall_ns = clock_wall_ns();
	beat->echo_wall_ns = uplink->echo_wall_ns;
	beat->echo_hold_ns = uplink->echo_wall_ns != 0
				     ? (uint64_t)(clock_mono_ns() - uplink->echo_mono_ns)
				     : 0;
	write_frame(uplink, &frame);
}

static void on_beat(evutil_socket_t fd, short what, void *user)
{
	struct uplink *uplink = user;

	(void)fd;
	(void)what;
	if (clock_mono_ms() - uplink->heard_ms > (int64_t)uplink->heartbeat_ms * IDLE_BEATS) {
		hang_up(uplink, "the collector is silent");
		return;
	}
	send_heartbeat(uplink);
	arm(uplink->beat, uplink->heartbeat_ms);
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

/* ---- hello ---------------------------------------------------------------- */

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

static void send_hello(struct uplink *uplink)
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
	write_frame(uplink, &frame);
	arm(uplink->timer, uplink->settings->hello_ms);
}

static const struct frame_lane_resume *find_resume(
	const struct frame_hello_ack *ack, enum frame_lane lane)
{
	for (unsigned i = 0; i < ack->n_lanes; i++)
		if (ack->lanes[i].lane == lane)
			return &ack->lanes[i];
	return NULL;
}

static bool choose_epoch(
	struct uplink *uplink, enum frame_lane lane, const char *why, struct err *err)
{
	uint64_t old = uplink->epochs[lane];

	counter_add(&n_epochs, 1);
	return spool_new_epoch(uplink->spool, lane, err) &&
	       uplink->user.on_epoch(uplink->user.user, lane, old, why, err);
}

enum agreement { AGREED, ASK_AGAIN, NOT_AGREED };

static enum agreement agree(struct uplink *uplink, enum frame_lane lane,
	const struct frame_lane_resume *resume, struct err *err)
{
	struct spool_resume found;
	bool asked = resume->resume == RESUME_NEW_EPOCH;

	if (asked ||
		!spool_compare(uplink->spool, lane, resume->stored, resume->stored_crc, &found))
		return choose_epoch(uplink, lane,
			       asked ? "asked by collector" : "history differs", err)
			       ? ASK_AGAIN
			       : NOT_AGREED;
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
	backoff_reset(&uplink->backoff);
	uplink->state = RUNNING;
	uplink->heartbeat_ms = ack->heartbeat_ms;
	uplink->window = ack->window_bytes;
	uplink->echo_wall_ns = 0;
	uplink->report.connected = true;
	uplink->report.connections++;
	uplink->report.clock_offset_ns = ack->wall_ns - now_ns;
	uplink->user.on_connected(uplink->user.user, true, NULL);
	for (unsigned i = 0; i < LANE_COUNT; i++)
		uplink->user.on_acked(uplink->user.user, (enum frame_lane)i);
	send_heartbeat(uplink);
	arm(uplink->beat, uplink->heartbeat_ms);
	send_more(uplink);
}

static void take_hello_ack(struct uplink *uplink, const struct frame_hello_ack *ack)
{
	struct err err = {0};

	if (uplink->state != GREETING || ack->version != FRAME_VERSION) {
		say_goodbye(uplink, GOODBYE_PROTOCOL, "unexpected HELLO_ACK");
		return;
	}
	switch (agree_on_all(uplink, ack, &err)) {
	case AGREED:
		begin_running(uplink, ack);
		return;
	case ASK_AGAIN:
		if (uplink->hellos < HELLOS_MAX) {
			send_hello(uplink);
			return;
		}
		err_set(&err, "no agreement on an epoch");
		break;
	case NOT_AGREED:
		break;
	}
	say_goodbye(uplink, GOODBYE_PROTOCOL, err.text);
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
		say_goodbye(uplink, GOODBYE_PROTOCOL, "ACK of what was not sent");
		return;
	}
	spool_state(uplink->spool, (enum frame_lane)ack->lane, &before);
	spool_ack(uplink->spool, (enum frame_lane)ack->lane, ack->stored, crc);
	spool_state(uplink->spool, (enum frame_lane)ack->lane, &after);
	uplink->report.acked_items += after.acked - before.acked;
	counter_add(&n_acked, after.acked - before.acked);
	uplink->user.on_acked(uplink->user.user, (enum frame_lane)ack->lane);
}

static void take_ack(struct uplink *uplink, const struct frame_ack *ack)
{
	for (unsigned i = 0; i < ack->n_lanes && uplink->state == RUNNING; i++)
		if (ack->lanes[i].lane < LANE_COUNT)
			take_ack_of_lane(uplink, &ack->lanes[i]);
	send_more(uplink);
}

static void take_order(struct uplink *uplink, const struct frame_order *order)
{
	counter_add(&n_orders, 1);
	switch ((enum frame_order_kind)order->order) {
	case ORDER_SLOW_DOWN:
		slow_down(uplink, order->argument);
		return;
	case ORDER_RESEND:
		say_goodbye(uplink, GOODBYE_RELOAD, "resend was ordered");
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
	hang_up(uplink, err.text);
}

static void refuse_early(struct uplink *uplink, const struct frame *frame)
{
	struct err err;

	err_set(&err, "%s before HELLO_ACK", frame_type_text(frame->type));
	say_goodbye(uplink, GOODBYE_PROTOCOL, err.text);
}

static void on_frame(void *user, const struct frame *frame)
{
	struct uplink *uplink = user;

	uplink->heard_ms = clock_mono_ms();
	if (frame->type == FRAME_GOODBYE) {
		take_goodbye(uplink, &frame->goodbye);
		return;
	}
	if (frame->type == FRAME_HELLO_ACK) {
		take_hello_ack(uplink, &frame->hello_ack);
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

/* ---- connecting ----------------------------------------------------------- */

static void on_open(void *user)
{
	struct uplink *uplink = user;

	uplink->heard_ms = clock_mono_ms();
	send_hello(uplink);
}

static void on_room(void *user)
{
	send_more(user);
}

static void on_closed(void *user, const char *why)
{
	hang_up(user, why);
}

static void on_resolved(void *user, const struct address *found, size_t n, const char *why)
{
	struct uplink *uplink = user;
	const struct link_user link_user = {.on_open = on_open,
		.on_frame = on_frame,
		.on_room = on_room,
		.on_closed = on_closed,
		.user = uplink};
	struct err err;

	event_del(uplink->timer);
	if (n == 0) {
		err_set(&err, "looking up the collector: %s", why);
		hang_up(uplink, err.text);
		return;
	}
	uplink->state = CONNECTING;
	uplink->link = link_open(uplink->base, uplink->tls,
		&found[uplink->turn / uplink->settings->collector.n % n],
		&uplink->link_settings, &link_user);
	uplink->turn++;
}

static void connect_next(struct uplink *uplink)
{
	const struct setting_texts *addresses = &uplink->settings->collector;
	const char *address = addresses->items[uplink->address % addresses->n];

	uplink->address++;
	uplink->state = RESOLVING;
	arm(uplink->timer, uplink->settings->connect_ms);
	resolver_start(uplink->resolver, address);
}

static void on_timer(evutil_socket_t fd, short what, void *user)
{
	struct uplink *uplink = user;

	(void)fd;
	(void)what;
	switch (uplink->state) {
	case WAITING:
		connect_next(uplink);
		return;
	case RESOLVING:
		hang_up(uplink, "looking up the collector takes too long");
		return;
	case GREETING:
		hang_up(uplink, "the collector does not answer HELLO");
		return;
	case STOPPED:
	case CONNECTING:
	case RUNNING:
	case LEAVING:
		return;
	}
}

/* ---- life ----------------------------------------------------------------- */

static void take_settings(
	struct uplink *uplink, const struct uplink_settings *settings, SSL_CTX *tls)
{
	SSL_CTX_up_ref(tls);
	SSL_CTX_free(uplink->tls);
	uplink->tls = tls;
	uplink->settings = settings;
	uplink->link_settings = (struct link_settings){
		.name = settings->name,
		.connect_ms = settings->connect_ms,
		.write_ms = settings->write_ms,
	};
	backoff_init(&uplink->backoff, (uint32_t)settings->retry_first_ms,
		(uint32_t)settings->retry_most_ms);
}

struct uplink *uplink_new(struct event_base *base, const struct uplink_settings *settings,
	SSL_CTX *tls, struct spool *spool, uint64_t boot_id, const struct uplink_user *user)
{
	struct uplink *uplink = calloc(1, sizeof(*uplink));

	if (uplink == NULL)
		abort();
	uplink->base = base;
	uplink->spool = spool;
	uplink->boot_id = boot_id;
	uplink->user = *user;
	uplink->resolver = resolver_new(
		base, &(struct resolver_user){.on_done = on_resolved, .user = uplink});
	uplink->timer = evtimer_new(base, on_timer, uplink);
	uplink->beat = evtimer_new(base, on_beat, uplink);
	uplink->slow = evtimer_new(base, on_slice, uplink);
	uplink->again = evtimer_new(base, on_again, uplink);
	if (uplink->timer == NULL || uplink->beat == NULL || uplink->slow == NULL ||
		uplink->again == NULL)
		abort();
	strbuf_init(&uplink->out, FRAME_HEADER_SIZE + FRAME_BODY_MAX);
	for (size_t i = 0; i < LANE_COUNT; i++)
		strbuf_init(&uplink->lanes[i].held.bytes, SEGLOG_PAYLOAD_MAX);
	take_settings(uplink, settings, tls);
	return uplink;
}

void uplink_free(struct uplink *uplink)
{
	if (uplink == NULL)
		return;
	link_close(uplink->link);
	resolver_free(uplink->resolver);
	event_free(uplink->timer);
	event_free(uplink->beat);
	event_free(uplink->slow);
	event_free(uplink->again);
	for (size_t i = 0; i < LANE_COUNT; i++) {
		flight_done(&uplink->lanes[i].flight);
		strbuf_done(&uplink->lanes[i].held.bytes);
	}
	strbuf_done(&uplink->out);
	SSL_CTX_free(uplink->tls);
	free(uplink);
}

void uplink_start(struct uplink *uplink)
{
	connect_next(uplink);
}

void uplink_wake(struct uplink *uplink)
{
	send_more(uplink);
}

void uplink_reload(struct uplink *uplink, const struct uplink_settings *settings, SSL_CTX *tls)
{
	take_settings(uplink, settings, tls);
	uplink->address = 0;
	if (uplink->state == GREETING || uplink->state == RUNNING) {
		say_goodbye(uplink, GOODBYE_RELOAD, "new settings");
	} else if (uplink->state != LEAVING && uplink->state != STOPPED) {
		drop_attempt(uplink);
		connect_next(uplink);
	}
}

void uplink_stop(struct uplink *uplink)
{
	uplink->stopping = true;
	if (uplink->state == GREETING || uplink->state == RUNNING) {
		say_goodbye(uplink, GOODBYE_STOPPING, "the agent stops");
	} else if (uplink->state != LEAVING) {
		uplink->state = LEAVING;
		hang_up(uplink, "the agent stops");
	}
}

void uplink_state(const struct uplink *uplink, struct uplink_state *state)
{
	*state = uplink->report;
}
