/*
 * correlate - matches over time into findings
 *
 * One thread, bounded state: CORRELATE_GROUPS_MAX groups (rule and group-by
 * values of a match); when full, the half that was quiet longest is forgotten
 * and counted. Each group is a leaky bucket in event time: it fills by one a
 * match and drains `count` in `window`; full means the pace was sustained. One
 * finding an episode, and one an hour while it goes on: what an attacker can
 * repeat fast costs no database row each (decision 9).
 *
 * State is saved in the same transaction as the cursor, what it concludes as
 * rows to emit: a restart loses nothing and repeats nothing. Private to
 * derive/.
 */
#ifndef COLLECTOR_DERIVE_CORRELATE_H
#define COLLECTOR_DERIVE_CORRELATE_H

#include "collector/derive/database.h"
#include "collector/derive/derive.h"

enum { CORRELATE_GROUPS_MAX = 1 << 16 };

struct correlate;

/* Loads the state. NULL on failure. */
MUST_USE struct correlate *correlate_new(
	const struct derive_settings *settings, struct database *database, struct err *err);
void correlate_free(struct correlate *correlate);

/* The matches of a record. Inside the step's transaction. */
MUST_USE bool correlate_record(struct correlate *correlate, const struct columns *columns,
	const struct record *record, struct err *err);

/* Saves what changed. Inside the step's transaction. */
MUST_USE bool correlate_save(struct correlate *correlate, struct err *err);

/* What waits to be emitted, oldest first, as records of `batch` in the stream of findings;
 * none leaves batch->n_records 0. */
MUST_USE bool correlate_emits(struct database *database, struct batch *batch, struct err *err);

#endif
