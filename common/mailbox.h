/*
 * mailbox - things handed into another thread's event loop
 *
 * Any thread puts mail in; the thread of the event base gets it, in order of
 * arrival per sender, in one call per wake-up. Mail is intrusive: put a
 * `struct mail` into what is handed over. Nothing is allocated and nothing
 * refused: the number of things that travel is bounded by their pool.
 */
#ifndef COMMON_MAILBOX_H
#define COMMON_MAILBOX_H

#include "common/err.h"

struct event_base;
struct mailbox;

struct mail {
	struct mail *next;
};

/* `on_mail` gets the oldest, the rest by ->next; it owns them then. */
MUST_USE struct mailbox *mailbox_new(struct event_base *base,
	void (*on_mail)(void *user, struct mail *oldest), void *user, struct err *err);

/* In the thread of the base, or when that has ended. Undelivered mail is not touched: the
 * caller takes it with mailbox_take(). NULL is fine. */
void mailbox_free(struct mailbox *mailbox);

/* Any thread. */
void mailbox_put(struct mailbox *mailbox, struct mail *mail);

/* What is in it now, oldest first; NULL when it is empty. Any thread. */
struct mail *mailbox_take(struct mailbox *mailbox);

#endif
