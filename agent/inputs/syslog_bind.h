/*
 * syslog_bind - the socket of a syslog input: taken over or made
 *
 * Blocking calls, at start and stop only.
 */
#ifndef AGENT_INPUTS_SYSLOG_BIND_H
#define AGENT_INPUTS_SYSLOG_BIND_H

#include <limits.h>
#include <sys/types.h>

#include "agent/inputs/syslog_socket.h"

struct syslog_bound {
	int fd; /* non-blocking; -1 = none */
	bool is_udp;
	bool inherited;  /* from the service manager: its file is not ours to remove */
	uint64_t buffer; /* bytes of data the kernel holds at most; UDP only */
	dev_t device;    /* of the socket's file, to know it again */
	ino_t inode;
	char path[PATH_MAX];
};

/*
 * A stale socket's file is replaced. Refused: a file that is no socket, a socket somebody
 * listens on, a UDP address that is not of this host alone.
 */
MUST_USE bool syslog_bind(const struct syslog_socket_settings *settings,
	struct syslog_bound *bound, struct err *err);

/* Removes the socket's file when it is still the one made. */
void syslog_unbind(struct syslog_bound *bound);

#endif
