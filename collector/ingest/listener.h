/*
 * listener - accepts connections and hands them to the workers
 *
 * Accepting in one thread and handing over balances long-lived sessions; a
 * listening socket per worker would balance connection attempts. Caps of
 * unfinished handshakes are checked before a byte is read. Private to ingest/;
 * the main thread only.
 */
#ifndef COLLECTOR_INGEST_LISTENER_H
#define COLLECTOR_INGEST_LISTENER_H

#include "collector/ingest/worker.h"

struct listener;

MUST_USE struct listener *listener_open(
	struct ingest_shared *shared, struct event_base *base, struct err *err);
void listener_close(struct listener *listener);
uint16_t listener_port(const struct listener *listener);

#endif
