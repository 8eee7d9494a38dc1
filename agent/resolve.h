/*
 * resolve - a collector's address as the settings write it, into socket addresses
 *
 * "host:port", "192.0.2.7:6514" or "[2001:db8::7]:6514". Names are looked up by
 * libevent's own resolver, so the agent never stands still for a name server.
 * /etc/resolv.conf and /etc/hosts are read again for each look-up.
 *
 * One thread, that of the event base.
 */
#ifndef AGENT_RESOLVE_H
#define AGENT_RESOLVE_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "common/err.h"
#include "common/slice.h"

enum { RESOLVE_MAX = 16 }; /* addresses of one name that are used */

struct event_base;
struct resolver;

struct address {
	struct sockaddr_storage bytes;
	socklen_t len;
};

/* `user`'s `on_done` gets n addresses, or n = 0 and why. Not called after resolver_cancel(). */
struct resolver_user {
	void (*on_done)(void *user, const struct address *found, size_t n, const char *why);
	void *user;
};

struct resolver *resolver_new(struct event_base *base, const struct resolver_user *user);
void resolver_free(struct resolver *resolver);

/* One look-up at a time. May answer before it returns. */
void resolver_start(struct resolver *resolver, const char *name);
void resolver_cancel(struct resolver *resolver);

/* Splits host and port; false with the reason. For the check of the settings, too. */
MUST_USE bool address_split(
	const char *text, struct slice *host, struct slice *port, struct err *err);

#endif
