/*
 * pulse - signs of life of a process's threads
 *
 * A thread that may be watched has a pulse: it beats as it goes round, at least
 * every PULSE_EVERY_MS, whether it works or waits for work. Whoever watches
 * looks every now and then how long the quietest of all has been silent. One
 * that hangs in a lock, in a call or in a loop of its own beats no more,
 * whatever the others do.
 *
 * A thread with a loop asks the loop to beat (loop_pulse()).
 */
#ifndef COMMON_PULSE_H
#define COMMON_PULSE_H

#include <stdatomic.h>
#include <stdint.h>

enum { PULSE_EVERY_MS = 1000, PULSE_LOOK_MOST_MS = 2000 };

struct pulse {
	const char *name;    /* borrowed */
	atomic_uint beats;   /* changes with each */
	unsigned seen;       /* at the last look */
	uint64_t silence_ms; /* over how many looks it did not change */
	struct pulse *next;
};

/* From here on it has to beat; any thread may begin it. `pulse` stays until pulse_end(). */
void pulse_begin(struct pulse *pulse, const char *name);

/* It need not any more. One that never began is fine. Any thread. */
void pulse_end(struct pulse *pulse);

/* Any thread. */
void pulse_beat(struct pulse *pulse);

/*
 * Looks at all: how long the quietest has been silent, and its name; 0 and NULL when there is
 * none. Between two looks count PULSE_LOOK_MOST_MS at most: a process that was stopped as a
 * whole did not hang. One thread.
 */
uint64_t pulse_look(const char **name);

#endif
