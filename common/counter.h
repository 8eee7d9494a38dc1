/*
 * counter - what happened, how often
 *
 * A counter is a static object of the room that counts, with a dotted name
 * *room.what* and one line of help. Rooms count once a batch, not once a
 * record, so one atomic per counter is cheap enough for every thread.
 *
 *	static struct counter refused = COUNTER("ingest.refused_frames", "frames refused");
 *	counter_add(&refused, 1);
 *
 * A counter appears in counter_walk() once it was registered or added to.
 * Any thread.
 */
#ifndef COMMON_COUNTER_H
#define COMMON_COUNTER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct counter {
	const char *name;
	const char *help;
	_Atomic uint64_t value;
	atomic_bool known;
	struct counter *next;
};

#define COUNTER(dotted, text)                                                                  \
	{                                                                                      \
		.name = (dotted), .help = (text)                                               \
	}

void counter_register(struct counter *counter);

static inline void counter_add(struct counter *counter, uint64_t n)
{
	if (!atomic_load_explicit(&counter->known, memory_order_relaxed))
		counter_register(counter);
	atomic_fetch_add_explicit(&counter->value, n, memory_order_relaxed);
}

static inline uint64_t counter_value(const struct counter *counter)
{
	return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

/* In order of first use. */
void counter_walk(void (*visit)(void *user, const struct counter *counter), void *user);

#endif
