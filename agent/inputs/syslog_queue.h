/*
 * syslog_queue - datagrams on their way from the thread that receives to the agent's
 *
 * Bounded in bytes. What finds no room is dropped, the newest, and counted, so that whoever
 * sends never waits for the agent. One thread puts in, another takes out; neither
 * waits for what the other does with a datagram.
 */
#ifndef AGENT_INPUTS_SYSLOG_QUEUE_H
#define AGENT_INPUTS_SYSLOG_QUEUE_H

#include "common/slice.h"

struct syslog_queue;

struct syslog_datagram {
	struct slice bytes; /* without what was cut off */
	uint64_t whole;     /* bytes that were sent */
	int64_t read_ns;    /* wall clock */
};

struct syslog_lost {
	uint64_t count, bytes; /* found no room here */
	uint64_t kernel;       /* ... and in the kernel's buffer */
};

/* `limit`: bytes of datagrams and 24 more for each; twice as much memory at worst. */
struct syslog_queue *syslog_queue_new(size_t limit);
void syslog_queue_free(struct syslog_queue *queue);

/* In order; also what the kernel says it dropped before. True when the taker has to be woken.
 */
MUST_USE bool syslog_queue_put(struct syslog_queue *queue,
	const struct syslog_datagram *datagrams, unsigned n, uint64_t kernel_drops);

/* The oldest, valid until it is popped. False when there is none: the next one wakes. */
MUST_USE bool syslog_queue_next(struct syslog_queue *queue, struct syslog_datagram *datagram);
void syslog_queue_pop(struct syslog_queue *queue);

/* What was lost since the last call. */
void syslog_queue_take_lost(struct syslog_queue *queue, struct syslog_lost *lost);

#endif
