/*
 * findings - what correlation concluded, as records of the log
 *
 * Conclusions are rows in the step's transaction; from there they go to the
 * store as records of a stream of their own, whose duplicates it removes, and
 * the rows go when the store has them. Private to derive/; derive's thread.
 */
#ifndef COLLECTOR_DERIVE_FINDINGS_H
#define COLLECTOR_DERIVE_FINDINGS_H

#include "collector/derive/database.h"
#include "collector/record/batch.h"
#include "collector/store/store.h"

/* The store lost what is behind `position`: what comes there now is not muted. */
MUST_USE bool findings_set_back(struct database *database, uint64_t position, struct err *err);

/*
 * At the start, in a transaction. The stream of findings is a history of its own: a database
 * that starts anew starts another. One that is older than the store, because it was restored,
 * goes on behind what is stored. What either concludes from commits up to *muted_until stands
 * in the store already: it must not be told twice, nor taken for a duplicate of something else.
 */
MUST_USE bool findings_begin(
	struct database *database, struct store *store, uint64_t *muted_until, struct err *err);

/* The store has less of the stream than was told stored: what waits goes into another one. */
MUST_USE bool findings_begin_anew(struct database *database, struct err *err);

/* What waits to be emitted, oldest first, as records of `batch` in the stream of findings;
 * none leaves batch->n_records 0. */
MUST_USE bool findings_waiting(struct database *database, struct batch *batch, struct err *err);

#endif
