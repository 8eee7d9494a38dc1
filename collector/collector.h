/*
 * collector - the ingest role: builds the rooms in order, runs them, takes them down
 *
 *	register, store, normalizer -> pipeline -> derive -> forward -> ingest
 *
 * The main thread has the signals, the listener, a tick a second and the
 * control socket; workers, the store's writer, derive and forward are threads
 * of their own rooms.
 */
#ifndef COLLECTOR_COLLECTOR_H
#define COLLECTOR_COLLECTOR_H

#include "common/err.h"

struct collector;

/* Opens and starts everything but listening. NULL on failure. */
MUST_USE struct collector *collector_new(const char *config, struct err *err);

/* Listens, tells the supervisor, runs until SIGTERM. */
MUST_USE bool collector_run(struct collector *collector, struct err *err);

/* Drains and frees in the opposite order. NULL is fine. */
void collector_free(struct collector *collector);

#endif
