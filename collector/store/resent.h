/*
 * resent - the events that were committed last, by their ids
 *
 * Of senders that have no sequences and send at least once (record.id): an
 * event that is among the last RESENT_MOST is one that came again. What is
 * added in a commit counts at once, so that both copies of one commit are told
 * apart, and is taken back when the commit fails. Older ones are forgotten, one
 * for each new one; so is all of it when the program ends. Memory is taken with
 * the first id.
 *
 * Private to store/; the writer's thread.
 */
#ifndef COLLECTOR_STORE_RESENT_H
#define COLLECTOR_STORE_RESENT_H

#include "collector/record/record.h"

enum { RESENT_MOST = 1 << 18 }; /* 6 MiB */

struct resent;

MUST_USE struct resent *resent_new(void);
void resent_free(struct resent *resent); /* NULL is fine */

/* False, and nothing else happens, when it is there already. No id is never there. */
MUST_USE bool resent_add(struct resent *resent, struct event_id id);

/* Of the commit: it is durable, or it failed. */
void resent_keep(struct resent *resent);
void resent_undo(struct resent *resent);

#endif
