/*
 * syncers - makes several logs durable at the same time
 *
 * A commit has a log for each level in it, and a disk takes the syncs of five
 * files in the time of one or two. One thread calls; the helpers sleep
 * between.
 */
#ifndef COLLECTOR_STORE_SYNCERS_H
#define COLLECTOR_STORE_SYNCERS_H

#include "collector/store/store.h"
#include "common/seglog.h"

struct syncers;

/* NULL on failure. */
MUST_USE struct syncers *syncers_start(struct err *err);
void syncers_stop(struct syncers *syncers); /* NULL is fine */

struct sync_job {
	struct seglog *log; /* NULL: nothing to do */
	enum seglog_status status;
	struct err err; /* unless SEGLOG_OK */
};

/* seglog_sync() of each job's log; returns when all are done. Who calls may use the logs before
 * and after as its own. */
void syncers_run(struct syncers *syncers, struct sync_job jobs[STORE_CLASSES]);

#endif
