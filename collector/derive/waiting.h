/*
 * waiting - says when national messages pile up because nothing takes them
 *
 * Messages that were not sent stay in derive.db with their bodies until they
 * are: on the disk of the store. A topic that is not authorized for months
 * would fill it. Private to derive/; derive's thread.
 */
#ifndef COLLECTOR_DERIVE_WAITING_H
#define COLLECTOR_DERIVE_WAITING_H

#include "collector/derive/database.h"
#include "collector/derive/derive.h"

struct waiting {
	const struct derive_settings *settings;
	struct database *database;
	int64_t next_ms; /* monotonic: when it looks again; 0 = now */
};

/* Looks once a minute; while more than `waiting_warn` of a type wait, or one longer than
 * `waiting_warn_ms`, it is a warning once an hour. *n_warned: types that were warned of. */
MUST_USE bool waiting_look(struct waiting *waiting, int64_t mono_ms, int64_t wall_ns,
	unsigned *n_warned, struct err *err);

#endif
