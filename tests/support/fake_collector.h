/*
 * fake_collector - a collector for tests of the agent: TLS, the protocol, no store
 *
 * Keeps, per lane, what the real one's ledger would: an epoch, what is stored,
 * the CRC of the chunk that ended with it. Removes duplicates by the rules of
 * agent/README.md and refuses what begins too late. Misbehaves on order. Runs
 * in the test's own event base.
 */
#ifndef TESTS_SUPPORT_FAKE_COLLECTOR_H
#define TESTS_SUPPORT_FAKE_COLLECTOR_H

#include <event2/event.h>

#include "common/chunk.h"
#include "common/frame.h"
#include "common/tls.h"

struct fake_lane {
	uint64_t epoch, stored;
	uint32_t crc;
	uint64_t declared, duplicates;
	struct strbuf text; /* all items, a line each */
	unsigned n_gaps;
	struct frame_gap gap; /* the last one; its source is not kept */
};

struct fake_collector {
	/* What it does; set before or while it runs. */
	bool mute;             /* never answers HELLO */
	bool hold_acks;        /* stores, says nothing */
	bool no_heartbeats;    /* and nothing else after HELLO_ACK */
	bool stop_reading;     /* after HELLO_ACK */
	bool trickle;          /* after HELLO_ACK reads so little that it takes for ever */
	bool ask_new_epoch;    /* once, for each lane */
	unsigned goodbye;      /* reason: said instead of HELLO_ACK; 0 = not */
	uint32_t retry_ms;     /* of that GOODBYE */
	unsigned cut_after;    /* so many BATCHes of a connection are stored, then it cuts the
				* connection without an ACK; 0 = never */
	bool forgets;          /* what it stored, at each new connection */
	bool half_frame;       /* answers HELLO with half a HELLO_ACK and is silent */
	bool wrong_frame;      /* answers HELLO with bytes that are no frame */
	bool ack_too_much;     /* acknowledges what was never sent */
	uint32_t heartbeat_ms; /* in HELLO_ACK */
	uint32_t window;

	/* What it saw. */
	struct fake_lane lanes[LANE_COUNT];
	struct frame_heartbeat heartbeat; /* the last one */
	struct frame_hello hello;         /* the last one, its texts are not kept */
	unsigned n_connections, n_hellos, n_heartbeats, n_goodbyes, n_batches;
	unsigned n_after_goodbye; /* frames */
	unsigned n_broken;        /* connections that ended with an error, not an end */
	uint64_t under_way, under_way_most; /* BATCH bytes not acknowledged */
	uint8_t goodbye_reason;
	int port;

	/* Its own. */
	struct event_base *base;
	struct evconnlistener *listener;
	SSL_CTX *tls;
	struct bufferevent *bev; /* one connection at a time: a new one replaces it */
	struct chunk_reader *reader;
	struct ev_token_bucket_cfg *slowly;
	struct arena arena;
	unsigned batches_here;
	bool greeted, parted;
};

/* `fake` is zeroed but for the orders. Listens on 127.0.0.1. */
void fake_collector_open(struct fake_collector *fake, struct event_base *base, SSL_CTX *tls);
void fake_collector_close(struct fake_collector *fake);

/* Stops listening, or starts again at the same port; breaks the connection. */
void fake_collector_listen(struct fake_collector *fake, bool on);

void fake_collector_cut(struct fake_collector *fake);
void fake_collector_send(struct fake_collector *fake, const struct frame *frame);

/* Acknowledges what is stored. */
void fake_collector_ack(struct fake_collector *fake);

#endif
