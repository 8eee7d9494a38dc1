/*
 * sender_datagrams - UDP sockets: a datagram is a message (RFC 5426), or flow
 * records, each of which is one (exporters/)
 *
 * Always read, whatever the store does, so that what is lost is lost here and
 * known by its sender. What the kernel dropped is nobody's: a gap of the
 * collector's own stream of senders, under the listener's name.
 *
 * Private to ingest/; its gate's thread only.
 */
#ifndef COLLECTOR_INGEST_SENDER_DATAGRAMS_H
#define COLLECTOR_INGEST_SENDER_DATAGRAMS_H

#include "collector/ingest/senders/gate_inner.h"

/* Takes door->fd. */
void sender_datagrams_begin(struct gate *gate, struct door *door);

/* Once a second: drops behind the last datagram. */
void sender_datagrams_check(struct gate *gate);

/* Reads what has arrived and closes. */
void sender_datagrams_close(struct gate *gate);

#endif
