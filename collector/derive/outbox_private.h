/* outbox_private - the writing side, made by derive.c. Private to derive/. */
#ifndef COLLECTOR_DERIVE_OUTBOX_PRIVATE_H
#define COLLECTOR_DERIVE_OUTBOX_PRIVATE_H

#include "collector/derive/database.h"
#include "collector/derive/outbox.h"

struct outbox {
	struct database *database;
	bool filled; /* something was put since the step began */
};

#endif
