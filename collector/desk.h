/*
 * desk - what people do about alerts, on its way into the log
 *
 * Acts (derive/acts.h) of one request are one batch: all of them are stored,
 * or none. Who asked is answered when they are durable. DESK_JOBS_MAX requests
 * are on their way at a time. Main thread only.
 */
#ifndef COLLECTOR_DESK_H
#define COLLECTOR_DESK_H

#include "collector/derive/acts.h"
#include "collector/store/store.h"
#include "common/err.h"

enum { DESK_JOBS_MAX = 16, DESK_ACTS_MAX = 1000 };

struct desk;
struct desk_job;
struct event_base;

MUST_USE struct desk *desk_new(struct store *store, struct event_base *base, struct err *err);

/* Waits for what is on its way; nobody is told of it any more. The store must still run and the
 * loop have ended. NULL is fine. */
void desk_free(struct desk *desk);

/* NULL: too many are on their way. Otherwise desk_submit() or desk_drop() follows. */
struct desk_job *desk_begin(struct desk *desk);

/* False, and nothing added, beyond DESK_ACTS_MAX. */
MUST_USE bool desk_add(struct desk_job *job, const struct act *act);
unsigned desk_count(const struct desk_job *job);
void desk_drop(struct desk_job *job);

/* `done` is called once, in the main thread: stored or not, durable if so. The job is gone
 * then. False, and the job is dropped, when the acts are too large for a batch. */
typedef void desk_done(void *user, bool stored);
MUST_USE bool desk_submit(struct desk_job *job, desk_done *done, void *user);

#endif
