/*
 * syslog_drops - which of the kernel's drops are declared already
 *
 * The kernel counts from the day a socket was made. One that the service manager holds outlives
 * the agent, and its count what the agent knows: how much of it was declared is therefore
 * kept, as a position, in the bookmark, next to the losses themselves. What a crash keeps
 * of one it keeps of the other: drops are declared at least once, also those of the time
 * in which no agent ran, and twice only when the agent dies before it saved.
 *
 * The position, a text: the host's boot id, a blank, the socket's inode, a blank, drops
 * declared. One thread.
 */
#ifndef AGENT_INPUTS_SYSLOG_DROPS_H
#define AGENT_INPUTS_SYSLOG_DROPS_H

#include "common/slice.h"

enum { SYSLOG_DROPS_MAX = 112 }; /* bytes of a position, with its NUL */

struct syslog_drops {
	char socket[64];         /* boot id and inode; "" = it does not outlive us */
	uint64_t told, declared; /* since the socket was made */
};

/* Of a socket that outlives us. A zeroed one is right for any other. */
void syslog_drops_init(struct syslog_drops *drops, int fd);

/* `position` is what was kept of a life before, perhaps of another socket. */
void syslog_drops_recall(struct syslog_drops *drops, struct slice position);

/* The kernel told of `more` drops; at first of all since the socket was made. How many of
 * them are to be declared. */
MUST_USE uint64_t syslog_drops_declare(struct syslog_drops *drops, uint64_t more);

/* To be kept with what was declared; empty when there is nothing to keep. Lies in `text`. */
struct slice syslog_drops_position(
	const struct syslog_drops *drops, char text[SYSLOG_DROPS_MAX]);

#endif
