/*
 * datagrams - many datagrams by one system call, and those the kernel dropped
 *
 * The kernel says with each datagram how many it dropped on that socket since
 * it was made (SO_RXQ_OVFL); what it dropped behind the last one only
 * SO_MEMINFO tells (Linux 4.12). Both counts wrap.
 *
 * One thread. The room for datagrams is allocated once; pages of it that were
 * never used cost nothing.
 */
#ifndef COMMON_DATAGRAMS_H
#define COMMON_DATAGRAMS_H

#include <sys/socket.h>

#include "common/slice.h"

enum { DATAGRAMS_BATCH = 64 };

struct datagram {
	struct slice bytes;          /* without what was cut off; until the next call */
	uint64_t whole;              /* bytes that were sent */
	const struct sockaddr *from; /* AF_UNSPEC when the sender's socket has no name */
};

struct datagrams;

/* `size_max`: bytes of a datagram that are kept. */
MUST_USE struct datagrams *datagrams_new(size_t size_max);
void datagrams_free(struct datagrams *datagrams); /* NULL is fine */

/* Asks for so many bytes of room in the kernel, beyond what net.core.rmem_max allows where we
 * may. Gives how many it is; 0 = unknown. */
uint64_t datagrams_widen(int fd, uint64_t size);

/* Asks the kernel to count what it drops on this socket; before the first datagram. */
void datagrams_count_drops(int fd);

/*
 * Takes what waits, at most DATAGRAMS_BATCH, without waiting; fewer when no more wait.
 * `kernel_drops`: as the kernel counts on this socket, the caller's, 0 in the beginning;
 * *drops: how many more it tells of now.
 */
unsigned datagrams_read(
	struct datagrams *datagrams, int fd, uint32_t *kernel_drops, uint64_t *drops);

const struct datagram *datagrams_at(const struct datagrams *datagrams, unsigned i);

/* Those behind the last datagram. */
uint64_t datagrams_last_drops(int fd, uint32_t *kernel_drops);

#endif
