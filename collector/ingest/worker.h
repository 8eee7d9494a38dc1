/*
 * worker - a thread that serves sessions
 *
 * It owns its event base, its sessions, its gate, its pool of batches and its
 * chunk reader. From other threads come new sockets, batches on their way home, and
 * requests to end a session: by mailbox. Once a second it looks after the
 * deadlines of its sessions.
 *
 * Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_WORKER_H
#define COLLECTOR_INGEST_WORKER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "collector/ingest/handshakes.h"
#include "collector/ingest/ingest.h"
#include "collector/ingest/senders/doors.h"
#include "collector/ingest/senders/receipts.h"
#include "collector/ingest/wef/wef_subscriptions.h"
#include "common/mailbox.h"

struct flow;
struct session;
struct worker;

enum { INGEST_NAME_MAX = 64 };

/* A connection just accepted. */
struct ingest_socket {
	int fd;
	struct handshake handshake;
	char peer_name[INGEST_NAME_MAX]; /* "192.0.2.1:40000" */
};

/* What all workers share. */
struct ingest_shared {
	const struct ingest_settings *settings;
	struct ingest_callbacks callbacks;
	struct store *store;
	struct peers *peers;
	pthread_mutex_t tls_lock;      /* of all that a reload replaces */
	SSL_CTX *tls;                  /* for agents; under tls_lock */
	atomic_uint generation;        /* counts reloads */
	struct handshakes *handshakes; /* unfinished ones */
	atomic_uint untaken;           /* sockets handed over that no worker has come to yet */
	uint64_t session;              /* last number given; the listener's */
	struct worker **workers;       /* n_workers */
	unsigned n_workers;
	struct door *doors; /* n_doors */
	unsigned n_doors;
	struct senders *senders; /* in force; replaced by a reload; under tls_lock */
	struct sender_book *book;
	struct wef_subscriptions *subscriptions; /* in force, as the senders */
	struct wef_sources *sources;             /* NULL = nobody forwards here */
	atomic_size_t queued; /* bytes of senders that wait for a batch, all workers together */
	atomic_size_t held;   /* the same of messages that have come half */
};

/* A reference to the senders in force; the caller gives it back. Any thread. */
struct senders *ingest_shared_senders(struct ingest_shared *shared);

/* The same of subscriptions. */
struct wef_subscriptions *ingest_shared_subscriptions(struct ingest_shared *shared);

/* A reference to the context in force; the caller frees it. Any thread. */
SSL_CTX *ingest_shared_tls(struct ingest_shared *shared);

/* A batch and its place in the worker's pool and mailbox. */
struct worker_batch {
	struct mail mail;
	struct batch batch;
	struct flow *flow; /* of the gate's it holds messages of; NULL = it is a session's */
	struct receipt_list receipts; /* of these messages; the gate's */
};

MUST_USE struct worker *worker_start(
	struct ingest_shared *shared, unsigned number, struct err *err);

/* Asks it to say goodbye to all and end when the batches are home. */
void worker_stop(struct worker *worker);
void worker_join(struct worker *worker);

/* When all workers are joined: they write to each other. */
void worker_free(struct worker *worker);

/* Any thread. The worker owns the descriptor then. */
void worker_take_socket(struct worker *worker, const struct ingest_socket *socket);

/* Any thread: a connection of a sender. The worker owns the descriptor then. */
void worker_take_sender(
	struct worker *worker, struct door *door, const struct accepted *accepted);

/* Any thread: drop the sender's connection of this handshake if it is one of this worker and
 * still in it. */
void worker_drop_sender(struct worker *worker, struct door *door, uint64_t handshake);

/* Any thread: the datagrams of door->fd. The worker owns that then. */
void worker_take_datagrams(struct worker *worker, struct door *door);

/* Any thread: end the session of this number if it is one of this worker. */
void worker_end_session(struct worker *worker, uint64_t session, uint8_t reason);

/* Any thread: drop the session of this number if it is one of this worker and still in its
 * handshake. */
void worker_drop_handshake(struct worker *worker, uint64_t session);

/* Any thread: an order for the session of this number if it is one of this worker. */
void worker_order(struct worker *worker, uint64_t session, const struct frame_order *order);

/* ---- for sessions, in the worker's thread --------------------------------- */

struct event_base *worker_base(struct worker *worker);
struct ingest_shared *worker_shared(struct worker *worker);
struct chunk_reader *worker_chunk_reader(struct worker *worker);

/* NULL when all are under way, or enough lines; worker_wait_for_batch() then. */
struct batch *worker_take_batch(struct worker *worker);
struct batch *worker_take_flow_batch(struct worker *worker, struct flow *flow);
struct receipt_list *worker_batch_receipts(struct batch *batch);
void worker_give_batch_back(struct worker *worker, struct batch *batch);

/* It goes to the store with what it holds now. */
void worker_count_lines(struct worker *worker, const struct batch *batch);

/* The session is told by session_go_on() when a batch came home. */
void worker_wait_for_batch(struct worker *worker, struct session *session);

/* The session ended and frees itself. */
void worker_forget(struct worker *worker, struct session *session);

int64_t worker_now_ms(const struct worker *worker); /* monotonic, of this turn of the loop */

#endif
