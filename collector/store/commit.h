/*
 * commit - batches into one commit, and the commit to the disk
 *
 *	commit_begin(); commit_add() for each batch; commit_finish()
 *
 * Every batch that was added has its outcome after commit_finish() and goes
 * home there. Writer thread only.
 */
#ifndef COLLECTOR_STORE_COMMIT_H
#define COLLECTOR_STORE_COMMIT_H

#include "collector/store/core.h"

void commit_begin(struct store *store);

/* False when the commit is full: finish it, then add the batch to the next. */
MUST_USE bool commit_add(struct store *store, struct batch *batch);

/* Whether it is large enough to be finished at once. */
MUST_USE bool commit_ready(const struct store *store);

void commit_finish(struct store *store);

/* Starts a new segment where the running one is old; does nothing inside a commit. */
void commit_roll_old(struct store *store);

#endif
