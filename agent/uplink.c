#include "agent/uplink.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/uplink_inner.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/loop.h"

enum { AGAIN_MS = 100 }; /* after a goodbye of our own */

static struct counter n_failed = COUNTER("uplink.failures", "connections that failed or broke");

/* ---- between connections -------------------------------------------------- */

/* Who left of its own will comes back soon. */
static void wait_for_next(struct uplink *uplink)
{
	uint64_t ms = uplink->again_soon ? AGAIN_MS : backoff_next(&uplink->backoff);

	if (ms < uplink->not_before_ms)
		ms = uplink->not_before_ms;
	uplink->not_before_ms = 0;
	uplink->again_soon = false;
	uplink->state = WAITING;
	loop_arm(uplink->timer, ms);
}

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
	snprintf(uplink->report.why, sizeof(uplink->report.why), "%s", why);
}

/* The connection is over, or never was. */
void uplink_hang_up(struct uplink *uplink, const char *why)
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

void uplink_say_goodbye(struct uplink *uplink, enum goodbye_reason reason, const char *text)
{
	struct frame frame = {
		.type = FRAME_GOODBYE,
		.goodbye = {.reason = (uint8_t)reason, .text = slice_str(text)},
	};

	strbuf_reset(&uplink->out);
	frame_write(&uplink->out, &frame);
	link_write(uplink->link, strbuf_slice(&uplink->out));
	uplink->state = LEAVING;
	event_del(uplink->beat);
	if (reason == GOODBYE_PROTOCOL)
		note_failure(uplink, text);
	else
		snprintf(uplink->report.why, sizeof(uplink->report.why), "%s", text);
	uplink->again_soon = reason == GOODBYE_RELOAD;
	link_finish(uplink->link);
}

/* ---- connecting ----------------------------------------------------------- */

static void on_frame(void *user, const struct frame *frame)
{
	uplink_take_frame(user, frame);
}

static void on_open(void *user)
{
	struct uplink *uplink = user;

	uplink->heard_ms = clock_mono_ms();
	uplink_send_hello(uplink);
}

static void on_room(void *user)
{
	uplink_send_more(user);
}

static void on_closed(void *user, const char *why)
{
	uplink_hang_up(user, why);
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
		uplink_hang_up(uplink, err.text);
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
	struct err err;

	if (!uplink_save_epochs(uplink, &err)) {
		uplink_hang_up(uplink, err.text);
		return;
	}
	uplink->address++;
	uplink->state = RESOLVING;
	loop_arm(uplink->timer, uplink->settings->connect_ms);
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
		uplink_hang_up(uplink, "looking up the collector takes too long");
		return;
	case GREETING:
		uplink_hang_up(uplink, "the collector does not answer HELLO");
		return;
	case STOPPED:
	case CONNECTING:
	case RUNNING:
	case LEAVING:
		return;
	}
}

/* ---- life ----------------------------------------------------------------- */

static void use_tls(struct uplink *uplink, SSL_CTX *tls)
{
	SSL_CTX_up_ref(tls);
	SSL_CTX_free(uplink->tls);
	uplink->tls = tls;
}

static void take_settings(
	struct uplink *uplink, const struct uplink_settings *settings, SSL_CTX *tls)
{
	use_tls(uplink, tls);
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
	uplink->beat = evtimer_new(base, uplink_on_beat, uplink);
	uplink->slow = evtimer_new(base, uplink_on_slice, uplink);
	uplink->again = evtimer_new(base, uplink_on_again, uplink);
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
	uplink_send_more(uplink);
}

void uplink_tell(struct uplink *uplink)
{
	if (uplink->state == RUNNING)
		uplink_beat(uplink);
}

void uplink_trust(struct uplink *uplink, SSL_CTX *tls)
{
	struct err err;

	use_tls(uplink, tls);
	if (uplink->link == NULL || uplink->state == LEAVING ||
		link_is_trusted(uplink->link, tls, &err))
		return;
	uplink_hang_up(uplink, err.text);
}

void uplink_reload(struct uplink *uplink, const struct uplink_settings *settings, SSL_CTX *tls)
{
	take_settings(uplink, settings, tls);
	uplink->address = 0;
	if (uplink->state == GREETING || uplink->state == RUNNING) {
		uplink_say_goodbye(uplink, GOODBYE_RELOAD, "new settings");
	} else if (uplink->state != LEAVING && uplink->state != STOPPED) {
		drop_attempt(uplink);
		connect_next(uplink);
	}
}

void uplink_stop(struct uplink *uplink)
{
	uplink->stopping = true;
	if (uplink->state == GREETING || uplink->state == RUNNING) {
		uplink_say_goodbye(uplink, GOODBYE_STOPPING, "the agent stops");
	} else if (uplink->state != LEAVING) {
		uplink->state = LEAVING;
		uplink_hang_up(uplink, "the agent stops");
	}
}

void uplink_state(const struct uplink *uplink, struct uplink_state *state)
{
	*state = uplink->report;
}
