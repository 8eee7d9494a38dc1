/*
 * offsets - how far the clock of a source is from ours, told from its stamps
 *
 * Of each line with a stamp it is known when it was received and when, by the
 * source's clock, it happened. The difference is how long the line was under
 * way plus how far the source's clock is behind ours. A way can be long (an
 * agent that was cut off, a device that sends its buffer) but never negative,
 * and among the lines of an hour some come at once: so small differences of an
 * hour are told, not their middle. Not the very smallest: of 20 lines one may lie.
 *
 * Of an hour OFFSETS_KEPT lines are kept, chosen at random among all of it, and
 * which ones no sender can know. The fourth smallest of them is told: whoever
 * chooses the stamps of one line in a hundred decides it in one hour of 250,
 * eight lines of 10,000 never.
 *
 * Delayed delivery is told from a wrong clock by its constancy: a backlog
 * shrinks or grows, a wrong clock stays. "Wrong" needs three hours in a row with
 * enough lines whose offsets agree. A source that keeps all it has for hours,
 * always equally long, is taken for one with a wrong clock: nothing in its lines
 * tells otherwise.
 *
 * Private to derive/; one thread.
 */
#ifndef COLLECTOR_DERIVE_OFFSETS_H
#define COLLECTOR_DERIVE_OFFSETS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/slice.h"

enum {
	OFFSETS_KEPT = 64,
	OFFSETS_HOURS = 3,
	OFFSETS_LINES_MIN = 5, /* with a stamp, in an hour, or it says nothing */
	OFFSETS_SIZE = 4 * (OFFSETS_KEPT + 1 + 2 * OFFSETS_HOURS), /* bytes when saved */
};

/* Milliseconds the source is behind us; ahead is negative. Beyond 24 days: 24 days. */
struct offsets {
	int32_t kept[OFFSETS_KEPT];    /* of this hour */
	uint32_t n;                    /* lines of this hour */
	int32_t hours[OFFSETS_HOURS];  /* of former hours that said something, newest first */
	uint32_t lines[OFFSETS_HOURS]; /* they were made of; 0 = there is none */
};

enum offsets_confidence {
	OFFSETS_UNKNOWN, /* no hour had enough lines with a stamp */
	OFFSETS_LOW,     /* fewer than three hours, or they differ: lines may come late */
	OFFSETS_HIGH,    /* three hours agree */
};

void offsets_add(struct offsets *offsets, int64_t received_ns, int64_t created_ns);

/* The hour is over. */
void offsets_turn(struct offsets *offsets);

/* *ms is set unless it is unknown. */
enum offsets_confidence offsets_tell(const struct offsets *offsets, int32_t *ms);

void offsets_save(const struct offsets *offsets, char out[OFFSETS_SIZE]);
/* What is no such bytes is nothing known. */
void offsets_load(struct offsets *offsets, struct slice bytes);

#endif
