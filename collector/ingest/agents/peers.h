/*
 * peers - which agents are connected, what they last said, and the caps they share
 *
 * One table for all workers: a session registers when its HELLO is accepted
 * and leaves when it ends. One identity has one session (design decision 6,
 * fault F29): a second one of the same start of the same agent replaces a dead
 * connection, another one is a clone and is refused while the first is alive.
 *
 * Any thread; a lock held for short look-ups only, once a session or a batch.
 */
#ifndef COLLECTOR_INGEST_PEERS_H
#define COLLECTOR_INGEST_PEERS_H

#include "common/expiry.h"
#include "common/frame.h"

struct peers;

struct peers_limits {
	uint32_t connections;        /* all */
	uint32_t agency_connections; /* of one agency */
	uint64_t agency_rate;        /* bytes a second; 0 = no limit */
	uint64_t alive_ms;           /* a session heard from within is alive */
};

MUST_USE struct peers *peers_new(const struct peers_limits *limits);
void peers_free(struct peers *peers);

enum peers_verdict {
	PEERS_WELCOME,
	PEERS_REPLACES,  /* welcome; the session in *other is of the same start and must end */
	PEERS_DUPLICATE, /* another copy of this agent is connected */
	PEERS_FULL,      /* the cap of the agency or of all */
};

/* A connection with the certificate of (agency, host) that has not said HELLO; false when there
 * are too many already. */
MUST_USE bool peers_arrive(struct peers *peers, uint32_t agency, uint32_t host);

/* It has, or is gone. */
void peers_greeted(struct peers *peers, uint32_t agency, uint32_t host);

/* A session of (agency, host) wants in. `session` is its number, unique in the process. */
MUST_USE enum peers_verdict peers_join(struct peers *peers, uint32_t agency, uint32_t host,
	uint64_t boot_id, uint64_t session, uint64_t *other);

/* Its number while it is connected; 0 = it is not. */
uint64_t peers_session(struct peers *peers, uint32_t agency, uint32_t host);

/* When the agent came: where from, its certificate, its version (bytes of its own, cut). */
void peers_met(struct peers *peers, uint32_t agency, uint32_t host, const char *address,
	const struct validity *certificate, struct slice version);

/* The session ended. False, and nothing happens, when another one took its place. */
bool peers_leave(struct peers *peers, uint32_t agency, uint32_t host, uint64_t session);

/* Something was heard; `heartbeat` NULL when it was no heartbeat. */
void peers_heard(struct peers *peers, uint32_t agency, uint32_t host,
	const struct frame_heartbeat *heartbeat, int64_t clock_offset_ns);

/* Takes `bytes` from the agency's allowance; the milliseconds to wait before reading on. */
uint32_t peers_spend(struct peers *peers, uint32_t agency, size_t bytes);

enum { PEER_ADDRESS_MAX = 64, PEER_VERSION_MAX = 32 };

struct peer_view {
	uint32_t agency, host;
	bool online;
	char address[PEER_ADDRESS_MAX]; /* "192.0.2.1:40000" */
	char version[PEER_VERSION_MAX]; /* printable ASCII */
	struct validity certificate;    /* it came with */
	int64_t since_ns, heard_ns;     /* wall clock */
	int64_t clock_offset_ns;        /* the agent's clock minus ours; CLOCK_NONE = unknown */
	struct frame_heartbeat heartbeat;
};

/* Every agent seen since the start, a copy; `visit` returns false to stop. It is called without
 * the lock, and may take its time. */
void peers_walk(struct peers *peers, bool (*visit)(void *user, const struct peer_view *view),
	void *user);

/* The same of parts [from, to) of PEERS_PARTS. An agent stays in its part, and they are about
 * as large as each other. */
enum { PEERS_PARTS = 4096 };
void peers_walk_parts(struct peers *peers, unsigned from, unsigned to,
	bool (*visit)(void *user, const struct peer_view *view), void *user);

#endif
