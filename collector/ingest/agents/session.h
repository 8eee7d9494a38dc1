/*
 * session - one agent's connection
 *
 *	HANDSHAKE -> HELLO -> RUNNING -> LEAVING
 *
 * No byte is looked at before the TLS handshake is finished, the certificate
 * is verified and its identity is known to the register. Every wait has a
 * deadline. Private to ingest/; its worker's thread only.
 */
#ifndef COLLECTOR_INGEST_SESSION_H
#define COLLECTOR_INGEST_SESSION_H

#include "collector/ingest/worker.h"

struct session;

/* Takes the descriptor. NULL when TLS could not begin (then it is closed). */
struct session *session_new(struct worker *worker, const struct ingest_socket *socket);

/* Says goodbye with the reason, flushes what it can, closes soon. */
void session_end(struct session *session, uint8_t reason, const char *text);

/* Passes an order of the closed list on, while the session runs. */
void session_order(struct session *session, const struct frame_order *order);

/* Closes at once and frees, unless its handshake is over. */
void session_drop_handshake(struct session *session);

/* Closes at once and frees. */
void session_drop(struct session *session);

/* Once a second. May free the session. */
void session_check(struct session *session);

/* A batch of this session came home with its outcome. */
void session_batch_done(struct session *session, const struct batch *batch);

/* Sends the acknowledgements of what came home in this turn. */
void session_flush_acks(struct session *session);

/* There is a free batch again. */
void session_go_on(struct session *session);

uint64_t session_number(const struct session *session);

/* Neighbours in the worker's lists. */
struct session_links {
	struct session *prev, *next; /* all sessions of the worker */
	struct session *waiting;     /* next one that waits for a batch */
	struct session *hashed;      /* next in its bucket */
	struct session *acking;      /* next one with acknowledgements to send */
	bool is_waiting, is_acking;
};
struct session_links *session_links(struct session *session);

#endif
