/*
 * gate - what senders that are no agents deliver to one worker
 *
 *	sender_session   a TCP or TLS connection; by its listener's protocol
 *	sender_lines     syslog: bytes -> framing -> messages
 *	sender_beats     Beats: bytes -> lumberjack -> messages; acknowledges
 *	sender_http      HTTP: bytes -> requests -> handlers -> messages; answers
 *	sender_datagrams a UDP socket -> messages; flow records by way of exporters/
 *	flow             messages of one sender, gathered into batches
 *
 * A flow sends what it has as soon as nothing of it is under way, and full
 * parcels beside that: little traffic is stored at once, much of it in large
 * batches, and no timer is needed. Flows take turns; one that a reload made
 * waits for its sender's older one, so that a connection's messages stay in
 * order. The gate has at most half of the worker's batches, so agents always
 * have the other half.
 *
 * Syslog acknowledges nothing, so nothing that was read may be given back: a
 * batch that the store refuses is kept and submitted again, before anything
 * else, until it is taken. Events of Beats and requests of HTTP are
 * acknowledged when their batches came home (receipts.h). Meanwhile flows fill up. A full one
 *stops the reading of its connections, and TCP slows the sender; datagrams are dropped, the
 *newest, and declared as a gap in the stream.
 *
 * Private to ingest/; the worker's thread only.
 */
#ifndef COLLECTOR_INGEST_GATE_H
#define COLLECTOR_INGEST_GATE_H

#include "collector/ingest/senders/doors.h"
#include "collector/ingest/senders/inflow.h"
#include "collector/ingest/worker.h"

struct gate;
struct flow;

MUST_USE struct gate *gate_new(struct worker *worker);
void gate_free(struct gate *gate); /* NULL is fine */

/* The descriptor is the gate's then. */
void gate_take_connection(
	struct gate *gate, struct door *door, const struct accepted *accepted);

/* The connection is still in its handshake, or it is not this one: then nothing happens. */
void gate_drop_handshake(struct gate *gate, const struct door *door, uint64_t handshake);

void gate_take_datagrams(struct gate *gate, struct door *door);

/* There may be free batches. */
void gate_go_on(struct gate *gate);

/* A batch of a flow came home; true: the gate keeps it, to be tried again. */
MUST_USE bool gate_batch_home(struct gate *gate, struct flow *flow, struct batch *batch);

/* Once a second. */
void gate_check(struct gate *gate);

/* Closes what brings messages in, after reading what has arrived. */
void gate_shut(struct gate *gate);

/* Nothing waits and nothing is under way. */
bool gate_is_empty(const struct gate *gate);

/* The time to stop is over: what the store did not take is lost, counted and logged. */
void gate_give_up(struct gate *gate);

#endif
