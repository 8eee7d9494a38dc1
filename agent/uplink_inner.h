/* uplink_inner - what the parts of the uplink (uplink.h) are to each other */
#ifndef AGENT_UPLINK_INNER_H
#define AGENT_UPLINK_INNER_H

#include <event2/event.h>

#include "agent/flight.h"
#include "agent/link.h"
#include "agent/uplink.h"
#include "common/backoff.h"

enum uplink_phase {
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
	enum uplink_phase state;
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
	int64_t running_ms;  /* since when; monotonic */
	uint64_t slow_rate;  /* items/s of the bulk lane, 0 = no limit */
	int64_t slow_credit; /* what may be sent, in thousandths of an item */
	struct strbuf out;
	struct uplink_state report;
};

/* ---- uplink.c: connections ------------------------------------------------- */

/* The connection is over, or never was. */
void uplink_hang_up(struct uplink *uplink, const char *why);

/* GOODBYE, then the connection ends. */
void uplink_say_goodbye(struct uplink *uplink, enum goodbye_reason reason, const char *text);

/* ---- uplink_hello.c: agreeing with the collector where to go on ------------- */

/* Epochs are on disk before they are offered. */
MUST_USE bool uplink_save_epochs(struct uplink *uplink, struct err *err);

void uplink_send_hello(struct uplink *uplink);
void uplink_take_hello_ack(struct uplink *uplink, const struct frame_hello_ack *ack);

/* ---- uplink_send.c: entries of the spool, within the window ----------------- */

void uplink_write(struct uplink *uplink, const struct frame *frame);
void uplink_send_more(struct uplink *uplink);

/* `rate`: items a second of the bulk lane; 0 = as many as go. */
void uplink_slow_down(struct uplink *uplink, uint64_t rate);

/* Timers; `user` is the uplink. */
void uplink_on_slice(evutil_socket_t fd, short what, void *user);
void uplink_on_again(evutil_socket_t fd, short what, void *user);

/* ---- uplink_receive.c: what the collector says, and heartbeats both ways ---- */

void uplink_take_frame(struct uplink *uplink, const struct frame *frame);

/* Sends a heartbeat, now and each period. */
void uplink_beat(struct uplink *uplink);

/* Timer; `user` is the uplink. */
void uplink_on_beat(evutil_socket_t fd, short what, void *user);

#endif
