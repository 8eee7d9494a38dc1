/* statistics_private - what derive.c and statistics.c share. Private to derive/. */
#ifndef COLLECTOR_DERIVE_STATISTICS_PRIVATE_H
#define COLLECTOR_DERIVE_STATISTICS_PRIVATE_H

#include "collector/derive/database.h"
#include "collector/derive/derive.h"
#include "collector/derive/outbox_private.h"
#include "collector/derive/statistics.h"
#include "common/arena.h"

struct statistics {
	struct database *database;
	const struct derive_settings *settings;
	int64_t now_ns;
	struct database own;  /* of a recount */
	struct outbox outbox; /* over `own` */
};

/*
 * Every window of every kind up to now exists, empty ones too: zeros are published. Of a pause
 * longer than 31 days of five-minute windows (a year of hours) nothing is claimed, nor of what
 * has no details any more. When our own clock was ahead by more than a day, what was left out
 * meanwhile is opened, and what was published then is due again once it is reached; after less
 * than a day only what something is counted in is published again.
 */
MUST_USE bool statistics_open_windows(struct statistics *statistics, struct err *err);

/* Start of the oldest day there is a window of; 0 = there is none. */
MUST_USE bool statistics_oldest(
	struct statistics *statistics, int64_t *start_ns, struct err *err);

/* The windows within [from, to), and no others, are to be published: those that something was
 * counted in, and those that derive.db has opened, empty ones too. Agents that were heard
 * before `removed_ns`, when retention left no record of it, are taken from there as well. */
MUST_USE bool statistics_ask_for(struct statistics *statistics, const char *derived_path,
	int64_t from_ns, int64_t to_ns, int64_t removed_ns, struct err *err);

#endif
