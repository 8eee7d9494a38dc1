/*
 * ingest - bytes from the network into batches, and acknowledgements back
 *
 *	listener   accepts in the main thread, hands the socket to a worker
 *	worker     a thread: event base, sessions, a fixed pool of batches
 *
 *	agents/    our own: a session each, and caps of agencies
 *	senders/   all others: listeners (doors), who may send there and whose it is
 *	           (senders), what they deliver to one worker (gate)
 *
 * and the protocols of senders, each on senders/ alone, but Windows' on http/:
 *
 *	syslog/ beats/ http/ wef/ exporters/
 *
 * A batch goes to `run` in the worker's thread and comes home by its
 * send_home() from the store writer's thread; an empty pool stops the reading.
 * Nothing of an agent is parsed before its certificate was verified, of a
 * sender before it is known who it is, and what either says about itself is
 * never used as identity.
 */
#ifndef COLLECTOR_INGEST_INGEST_H
#define COLLECTOR_INGEST_INGEST_H

#include "collector/ingest/agents/peers.h"
#include "collector/ingest/senders/senders.h"
#include "collector/ingest/settings.h"
#include "collector/ingest/wef/wef_sources.h"
#include "collector/record/batch.h"
#include "collector/store/store.h"
#include "common/err.h"
#include "common/expiry.h"

struct event_base;
struct ingest;

/*
 * Streams of senders have no sequences of their own: the store numbers them, so how much was
 * sent is unknown and nothing sent twice is found out. Their lane stands beside those of
 * frame.h, of notes and of findings; they have one epoch for ever.
 */
enum { SENDERS_LANE = 4, SENDERS_EPOCH = 1 };

enum ingest_event {
	INGEST_ONLINE,    /* an agent's HELLO was accepted */
	INGEST_OFFLINE,   /* its session ended */
	INGEST_DUPLICATE, /* a second copy of a connected agent was refused: a clone? */
	INGEST_NEW_EPOCH, /* an agent's history differs from ours: restored image? */
	INGEST_STRANGER,  /* somebody who is no sender sent something, for the first time */
};

struct ingest_callbacks {
	/* Takes the batch: fields, detection, store. In a worker's thread. */
	void (*run)(void *user, struct batch *batch);
	/* Is the agency in the register now? In a worker's thread. */
	bool (*knows)(void *user, uint32_t agency, uint32_t host);
	/* Something the log should keep. In a worker's thread. */
	void (*note)(void *user, enum ingest_event what, uint32_t agency, uint32_t host,
		const char *detail);
	void *user;
};

/* Binds and starts the workers. NULL on failure. `settings` must outlive it. */
MUST_USE struct ingest *ingest_start(const struct ingest_settings *settings,
	struct event_base *main_base, struct store *store,
	const struct ingest_callbacks *callbacks, struct err *err);

/* Stops accepting, says goodbye, waits for batches under way, joins. NULL is fine. */
void ingest_stop(struct ingest *ingest);

/* New certificates and revocation lists, a new register: for new sessions at once, of living
 * ones those that would be refused now are ended within a second. On failure the old ones stay.
 */
MUST_USE bool ingest_reload(
	struct ingest *ingest, const struct ingest_settings *settings, struct err *err);

/* Gives the agent an order of the closed list. False when it is not connected; whether it obeys
 * it says itself, by a record. Any thread. */
bool ingest_order(
	struct ingest *ingest, uint32_t agency, uint32_t host, const struct frame_order *order);

/* From when until when its certificate is good, and the one of its CRLs that expires first;
 * false: it has none. Any thread. */
MUST_USE bool ingest_validity(
	struct ingest *ingest, struct validity *certificate, struct validity *crl);

/* The same of each listener for senders that has one; `crl` NULL = none. Any thread. */
void ingest_listeners_validity(struct ingest *ingest,
	void (*visit)(void *user, unsigned number, const char *name,
		const struct validity *certificate, const struct validity *crl),
	void *user);

struct peers *ingest_peers(struct ingest *ingest);

/* The senders in force, by name; `visit` returns false to stop. Any thread. */
void ingest_senders(struct ingest *ingest,
	bool (*visit)(void *user, const struct sender *sender), void *user);

/* Who sent and is none: gives how many. Any thread. */
size_t ingest_strangers(
	struct ingest *ingest, struct sender_stranger strangers[SENDER_STRANGERS_MAX]);

/* Computers that forward their events, and how far they are (wef_sources_walk). Any thread. */
void ingest_forwarders(struct ingest *ingest,
	bool (*visit)(void *user, const struct wef_source_view *view), void *user);

/* The port listened on, for settings that ask for port 0. */
uint16_t ingest_port(const struct ingest *ingest);

/* The same of the syslog listener of that number in the settings; 0 = there is none. */
uint16_t ingest_syslog_port(const struct ingest *ingest, unsigned number);

#endif
