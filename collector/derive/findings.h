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

/* The stream of findings is a history of its own: a database that starts anew starts
 * another. */
MUST_USE bool findings_choose_epoch(struct database *database, struct err *err);

/* What waits to be emitted, oldest first, as records of `batch` in the stream of findings;
 * none leaves batch->n_records 0. */
MUST_USE bool findings_waiting(struct database *database, struct batch *batch, struct err *err);

#endif
