/*
 * shed - a listening socket whose process runs out of descriptors
 *
 * accept() fails then, the connection stays in the queue, and a loop that is
 * told of it again and again does nothing else. So the socket rests, longer
 * each time; and because who waits in the queue would hear nothing at all, one
 * is taken with a descriptor kept for that and closed: it comes back later, or
 * tries elsewhere.
 *
 * In the thread of the socket's loop.
 */
#ifndef COMMON_SHED_H
#define COMMON_SHED_H

#include <event2/listener.h>

#include "common/backoff.h"
#include "common/err.h"

struct event;

struct shed {
	struct evconnlistener *socket; /* borrowed */
	const char *name;              /* for the log */
	struct event *rest_over;
	struct backoff backoff;
	int kept_fd;     /* -1 = there is none now */
	int64_t told_ms; /* when it was logged last, monotonic */
};

/* Zero it before. False: no timer, nothing to end. */
MUST_USE bool shed_begin(struct shed *shed, struct evconnlistener *socket, const char *name,
	struct event_base *base, struct err *err);

/* Before the socket is freed. One that never began is fine. */
void shed_end(struct shed *shed);

/* From the socket's error callback (evconnlistener_set_error_cb). */
void shed_error(struct shed *shed);

/* A connection was taken. */
void shed_taken(struct shed *shed);

#endif
