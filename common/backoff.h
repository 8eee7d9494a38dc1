/*
 * backoff - how long to wait before the next try
 *
 * Exponential with full jitter: a random time between half the step and the
 * step, the step doubling from `first` to `most`. A thousand agents that lost
 * the same collector do not come back in the same second.
 *
 * Not thread-safe; no clock of its own: the caller arms a timer.
 */
#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

#include <stdint.h>

struct backoff {
	uint32_t first_ms, most_ms;
	uint32_t step_ms; /* of the next wait; 0 = none was asked for yet */
	uint64_t random;  /* state of a small generator, seeded by the system */
};

void backoff_init(struct backoff *backoff, uint32_t first_ms, uint32_t most_ms);

/* The next wait in milliseconds, and doubles the step. */
uint32_t backoff_next(struct backoff *backoff);

/* It worked: begin again with the first step. */
void backoff_reset(struct backoff *backoff);

#endif
