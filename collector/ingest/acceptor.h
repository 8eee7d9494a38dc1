/*
 * acceptor - a listening socket, and addresses as settings write them
 *
 * Out of descriptors it stops accepting for a moment and never spins
 * (common/shed.h). Private to ingest/; the thread of its base only.
 */
#ifndef COLLECTOR_INGEST_ACCEPTOR_H
#define COLLECTOR_INGEST_ACCEPTOR_H

#include <event2/event.h>
#include <sys/socket.h>

#include "collector/ingest/handshakes.h"
#include "common/err.h"
#include "common/netaddr.h"

struct acceptor;

enum { ACCEPTOR_PEER_MAX = 64 };

struct accepted {
	int fd; /* the callback's then */
	struct netaddr address;
	uint64_t peer;                /* acceptor_peer() */
	char name[ACCEPTOR_PEER_MAX]; /* "192.0.2.1:40000" */
	struct handshake
		handshake; /* .session 0: it has none to do; whoever takes it sets it */
};

/*
 * Listens on `listen` ("192.0.2.1:6514", "[::]:6514"; port 0 is any free one). `name` is for
 * the log, a literal or as long-lived as the acceptor. NULL on failure.
 */
MUST_USE struct acceptor *acceptor_open(struct event_base *base, const char *listen,
	const char *name, void (*take)(void *user, const struct accepted *accepted), void *user,
	struct err *err);
void acceptor_close(struct acceptor *acceptor); /* NULL is fine */

uint16_t acceptor_port(const struct acceptor *acceptor);

/* Who comes meanwhile waits in the kernel's queue. */
void acceptor_pause(struct acceptor *acceptor);
void acceptor_go_on(struct acceptor *acceptor);

/* A socket bound to `listen`, non-blocking; -1 on failure. */
MUST_USE int acceptor_bind_datagrams(const char *listen, struct err *err);

/* A number for an address with its port, to tell peers apart: others have others, nearly
 * always. */
uint64_t acceptor_peer(const struct sockaddr *address);

/* The port a socket is bound to; 0 when it is none. */
uint16_t acceptor_port_of(int fd);

#endif
