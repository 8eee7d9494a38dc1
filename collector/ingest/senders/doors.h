/*
 * doors - the listeners for senders that are no agents
 *
 * A door is one listener of the settings: a TCP socket whose connections go
 * round the workers, or a datagram socket that one of them reads. Who may pass
 * is looked up in the senders in force. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_DOORS_H
#define COLLECTOR_INGEST_DOORS_H

#include <openssl/ssl.h>

#include "collector/ingest/acceptor.h"
#include "collector/ingest/senders/senders.h"

struct ingest_shared;

struct door {
	unsigned number; /* in the settings */
	const struct written_listener *settings;
	const char *input; /* "syslog-udp", "beats-tls", "netflow-udp": record_source.input */
	struct ingest_shared *shared;
	struct acceptor *acceptor;     /* of tcp and tls; the main thread's */
	int fd;                        /* of udp; its worker's from the start on; -1 = none */
	SSL_CTX *tls;                  /* replaced by a reload; under shared->tls_lock */
	struct handshakes *handshakes; /* those that are nobody's yet; NULL = none ever is */
	uint64_t handshake;            /* last number given; the main thread's */
	atomic_uint connections;
	unsigned next_worker;
};

/* Opens all of the settings into shared->doors, when the workers run. Main thread. */
MUST_USE bool doors_open(
	struct ingest_shared *shared, struct event_base *base, struct err *err);

/* No more connections; datagram sockets are the workers' to close. Main thread. */
void doors_shut(struct ingest_shared *shared);

/* When all workers are joined. */
void doors_free(struct ingest_shared *shared);

/* Reads the files of certificates again. On failure the old ones stay, all of them. Main
 * thread. */
MUST_USE bool doors_reload(struct ingest_shared *shared, struct err *err);

/* A connection is closed, or its handshake is over. Any thread. */
void door_closed(struct door *door, const struct handshake *handshake);
void door_shaken(struct door *door, const struct handshake *handshake, bool good);

/* A reference to the context in force; the caller frees it. Any thread. */
SSL_CTX *door_tls(struct door *door);

/* Counts what nobody we know sent; says so where it is the first of an address. Any thread. */
void door_stranger(struct door *door, const struct netaddr *address);

/* The port of the listener of that number; 0 = there is none. */
uint16_t doors_port(const struct ingest_shared *shared, unsigned number);

#endif
