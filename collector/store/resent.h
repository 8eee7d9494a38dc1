/*
 * resent - the events that were committed last, by their ids
 *
 * Of senders that have no sequences and send at least once (record.id): an
 * event that is among the last RESENT_MOST is one that came again. What is
 * added in a commit counts at once, so that both copies of one commit are told
 * apart, and is taken back when the commit fails.
 *
 * For each new one beyond RESENT_MOST one is forgotten: the oldest of the sender
 * (agency and host) that has the most of them. So a flood of one sender takes
 * nothing from those that have less than it: each keeps its last RESENT_MOST / senders at
 * least. Memory, 12 MiB and 32 bytes a sender, is taken with the first id.
 *
 * All is forgotten when the program ends. What that costs: events that were durable and whose
 * acknowledgement did not reach their sender come again, and are stored twice: at most what
 * that sends without waiting, for each of its connections (Filebeat: two windows of 2,048).
 *
 * Private to store/; the writer's thread.
 */
#ifndef COLLECTOR_STORE_RESENT_H
#define COLLECTOR_STORE_RESENT_H

#include "collector/record/record.h"

enum { RESENT_MOST = 1 << 18 };

struct resent;

MUST_USE struct resent *resent_new(void);
void resent_free(struct resent *resent); /* NULL is fine */

/* False, and nothing else happens, when it is there already, whoever it came from. No id is
 * never there. */
MUST_USE bool resent_add(
	struct resent *resent, uint32_t agency, uint32_t host, struct event_id id);

/* Of the commit: it is durable, or it failed. What was forgotten for it stays so. */
void resent_keep(struct resent *resent);
void resent_undo(struct resent *resent);

#endif
