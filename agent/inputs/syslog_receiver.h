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
	int fd; /* non-blocking */
	struct syslog_queue *queue;
	size_t datagram_max; /* bytes; longer ones are cut */
	bool is_udp;
	bool outlives_us; /* it stays open when we end, for whoever comes next */
};

/* `wake_fd`: an eventfd that becomes readable when a queue's taker has to be woken. */
MUST_USE struct syslog_receiver *syslog_receiver_start(
	const struct syslog_inlet *inlets, size_t n, int wake_fd, struct err *err);

/*
 * Ends the thread and frees it. Before, the sockets are shut, so that everything that was
 * sent can be read: who sends later gets an error (unix), or the kernel counts what it drops
 * (UDP), which is in the queue's losses. Of a socket that outlives us some is read; the rest is
 * for the next reader. NULL is fine.
 */
void syslog_receiver_stop(struct syslog_receiver *receiver);

#endif
