/*
 * syslog_socket - a local socket that programs of this host log to
 *
 * A unix datagram socket (as /dev/log is) or UDP on a loopback address. Who
 * writes to it never waits for the collector, the network, the spool or the
 * disk: a thread of its own reads the sockets empty (syslog_receiver.h) into
 * bounded buffers. What neither spool nor buffer has room for is dropped, newest
 * first, and declared (queue_full) with its exact number; what the kernel
 * dropped (UDP; SO_RXQ_OVFL) is declared as well.
 *
 * A datagram is one record, whatever it holds; line ends and NULs at its end
 * are cut off. An empty one is counted and is no record. Records have no position:
 * what arrives while the agent is stopped is not heard.
 *
 * A socket handed over by the service manager (LISTEN_FDS, sd_listen_fds(3))
 * is taken instead of made anew when its address is the one asked for; it
 * stays when the agent stops; what is sent meanwhile waits in it, and what the
 * kernel dropped of that is declared (syslog_drops.h).
 */
#ifndef AGENT_INPUTS_SYSLOG_SOCKET_H
#define AGENT_INPUTS_SYSLOG_SOCKET_H

#include <stdbool.h>

#include "agent/input.h"

enum { SYSLOG_SOCKETS_MAX = 8 };

/* One socket; exactly one of `path` and `udp` is not empty. */
struct syslog_socket_settings {
	const char *path;
	const char *udp;   /* "127.0.0.1:514", "[::1]:514" */
	const char *mode;  /* octal */
	const char *owner; /* name or number; "" = the agent's */
	const char *group;
	const char *format;  /* parser's name, or "auto" */
	const char *zone;    /* of stamps without one; "" = the province's */
	const char *charset; /* "" = utf-8 */
	uint64_t buffer;     /* bytes held while the spool takes nothing; the kernel's, too */
	uint64_t datagram_max;
	bool test; /* records are marked as test or drill */
};

struct syslog_settings {
	struct setting_sections sockets; /* struct syslog_socket_settings */
};

extern const struct setting syslog_settings_table[];

/* What a table cannot say. */
MUST_USE bool syslog_settings_check(
	const struct syslog_socket_settings *settings, struct err *err);

extern const struct input syslog_input;

#endif
