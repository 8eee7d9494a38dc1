/*
 * handshakes - connections in the middle of their TLS handshake, and who gives way
 *
 * Anybody may connect and say nothing until the deadline. The newcomer always
 * gets a place, because a handshake that is meant takes a moment and a silent
 * one takes its time: when an address has too many the oldest of it goes; when
 * all are too many the oldest one of the address with the most. A quarter of
 * the places is kept for addresses from which an agent has come in before.
 *
 * Addresses are told apart by a seeded hash (IPv6 by its /64: a client has that
 * many addresses for nothing). Two that fall together share the cap of one.
 *
 * Private to ingest/. Any thread; a lock held for a look through 4,096 counts
 * at most.
 */
#ifndef COLLECTOR_INGEST_HANDSHAKES_H
#define COLLECTOR_INGEST_HANDSHAKES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/attr.h"
#include "common/netaddr.h"

struct handshakes;

struct handshakes_limits {
	unsigned all, address; /* at least 1 */
};

struct handshake {
	uint64_t session; /* its number; ever larger, 0 = none */
	uint64_t address; /* from handshakes_address() */
	unsigned worker;
	unsigned place; /* set by handshakes_begin() */
};

MUST_USE struct handshakes *handshakes_new(const struct handshakes_limits *limits);
void handshakes_free(struct handshakes *handshakes);

uint64_t handshakes_address(const struct handshakes *handshakes, const struct netaddr *address);

/* Gives it a place. The one that has to go for it: .session 0 when there was room. It has left
 * its place already; the caller ends it. */
MUST_USE struct handshake handshakes_begin(
	struct handshakes *handshakes, struct handshake *handshake);

/* It is over; `good`: the peer has a certificate that our CA issued and no list revokes,
 * whatever comes of its session. Nothing but that happens when it had to go before. */
void handshakes_end(
	struct handshakes *handshakes, const struct handshake *handshake, bool good);

#endif
