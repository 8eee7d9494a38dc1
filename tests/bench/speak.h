/*
 * speak - the agent protocol as far as loaders need it, on blocking connections
 */
#ifndef TESTS_BENCH_SPEAK_H
#define TESTS_BENCH_SPEAK_H

#include "common/frame.h"
#include "tests/bench/load.h"

enum { SPEAK_BUFFER = 64 * 1024 };

/* The next frame; it points into `buffer`. A GOODBYE ends the program. */
void speak_get(struct load_connection *connection, char *buffer, struct frame *frame);

/* HELLO with an empty bulk lane and its answer; returns the collector's window in bytes. */
uint64_t speak_hello(struct load_connection *connection, char *buffer, uint64_t epoch);

void speak_heartbeat(struct load_connection *connection);

#endif
