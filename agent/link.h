/*
 * link - one TLS connection to a collector, frames in and out
 *
 * Opens the connection, verifies who is at the other end, and hands over
 * decoded frames. What goes wrong is told once, with words (on_closed); then
 * nothing more comes and the user closes. A write that the peer does not take
 * for `write_ms` is a failure; silence is the user's business.
 *
 * Callbacks may close the link. One thread, that of the event base.
 */
#ifndef AGENT_LINK_H
#define AGENT_LINK_H

#include "agent/resolve.h"
#include "common/frame.h"
#include "common/tls.h"

enum {
	LINK_OUTPUT_MAX = 1 << 20,   /* bytes waiting to be written; ask link_has_room() */
	LINK_OUTPUT_LOW = 256 << 10, /* on_room is called when no more are left */
};

struct link;

struct link_user {
	void (*on_open)(
		void *user); /* the handshake is over, the peer is a collector of ours */
	void (*on_frame)(void *user, const struct frame *frame);
	void (*on_room)(void *user);
	void (*on_closed)(void *user, const char *why);
	void *user;
};

struct link_settings {
	const char *name; /* the collector's in its certificate; "" = any */
	uint64_t connect_ms, write_ms;
};

/* Never fails at once: on_closed tells. The settings are borrowed. */
struct link *link_open(struct event_base *base, SSL_CTX *tls, const struct address *to,
	const struct link_settings *settings, const struct link_user *user);

/* Says close_notify, drops what is not written. NULL is fine. */
void link_close(struct link *link);

/*
 * False with the reason when `tls` would not believe the other end now. A connection that is
 * not open yet was judged by the context it was opened with: it is not trusted either.
 */
MUST_USE bool link_is_trusted(const struct link *link, SSL_CTX *tls, struct err *err);

bool link_has_room(const struct link *link);

void link_write(struct link *link, struct slice bytes);

/*
 * Nothing more is to be said: frames of the collector are not given any more. on_closed comes
 * when all is written and the collector has closed its side too, lest what it still sends
 * throw away what we said last (a reset). It waits at most two seconds for that, and at most
 * write_ms in all.
 */
void link_finish(struct link *link);

#endif
