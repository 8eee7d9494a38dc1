/* outbox_private - the writing side, made by derive.c. Private to derive/. */
#ifndef COLLECTOR_DERIVE_OUTBOX_PRIVATE_H
#define COLLECTOR_DERIVE_OUTBOX_PRIVATE_H

#include "collector/derive/database.h"
#include "collector/derive/outbox.h"

struct outbox {
	struct database *database;
	bool filled; /* something was put since the step began */
};

/* As outbox_reader_waiting(), over a connection that is there. */
MUST_USE bool outbox_waiting_walk(struct database *database,
	bool (*visit)(void *user, const struct outbox_waiting *waiting), void *user,
	struct err *err);

#endif
