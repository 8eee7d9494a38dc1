/*
 * syslog_receiver - a thread that reads sockets empty, whatever the agent does meanwhile
 *
 * The agent's own thread waits for its disk at times; a program whose datagram
 * finds the kernel's queue full (net.unix.max_dgram_qlen, 10 where nobody
 * raised it) would wait with it. This thread does nothing but receive and put
 * into queues, which never make it wait.
 */
#ifndef AGENT_INPUTS_SYSLOG_RECEIVER_H
#define AGENT_INPUTS_SYSLOG_RECEIVER_H

#include "agent/inputs/syslog_queue.h"
#include "common/err.h"

struct syslog_receiver;

/* A socket to be read; both are borrowed. */
struct syslog_inlet {
	int fd;
	struct syslog_queue *queue;
	size_t datagram_max; /* bytes; longer ones are cut */
};

/* `wake_fd`: an eventfd that becomes readable when a queue's taker has to be woken. */
MUST_USE struct syslog_receiver *syslog_receiver_start(
	const struct syslog_inlet *inlets, size_t n, int wake_fd, struct err *err);

/* Reads what was sent until now, ends the thread and frees it. NULL is fine. */
void syslog_receiver_stop(struct syslog_receiver *receiver);

#endif
