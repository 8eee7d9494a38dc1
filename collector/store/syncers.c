#include "collector/store/syncers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { HELPERS = STORE_CLASSES - 1 };

struct syncers {
	pthread_t helpers[HELPERS];
	unsigned n_helpers;

	pthread_mutex_t lock; /* what is below */
	pthread_cond_t given, done;
	struct sync_job *todo[STORE_CLASSES];
	unsigned n_todo;
	unsigned n_open; /* given and not done */
	bool stopping;
};

static void run_job(struct sync_job *job)
{
	job->status = seglog_sync(job->log, &job->err);
}

/* Takes jobs until there are none; the lock is held before and after. */
static void work(struct syncers *syncers)
{
	while (syncers->n_todo > 0) {
		struct sync_job *job = syncers->todo[--syncers->n_todo];

		pthread_mutex_unlock(&syncers->lock);
		run_job(job);
		pthread_mutex_lock(&syncers->lock);
		if (--syncers->n_open == 0)
			pthread_cond_signal(&syncers->done);
	}
}

static void *help(void *user)
{
	struct syncers *syncers = user;

	(void)pthread_setname_np(pthread_self(), "syncer");
	pthread_mutex_lock(&syncers->lock);
	while (!syncers->stopping) {
		work(syncers);
		if (!syncers->stopping)
			pthread_cond_wait(&syncers->given, &syncers->lock);
	}
	pthread_mutex_unlock(&syncers->lock);
	return NULL;
}

struct syncers *syncers_start(struct err *err)
{
	struct syncers *syncers = calloc(1, sizeof(*syncers));

	if (syncers == NULL)
		abort();
	pthread_mutex_init(&syncers->lock, NULL);
	pthread_cond_init(&syncers->given, NULL);
	pthread_cond_init(&syncers->done, NULL);
	for (; syncers->n_helpers < HELPERS; syncers->n_helpers++) {
		int failed = pthread_create(
			&syncers->helpers[syncers->n_helpers], NULL, help, syncers);

		if (failed != 0) {
			err_set(err, "starting a syncer: %s", strerror(failed));
			syncers_stop(syncers);
			return NULL;
		}
	}
	return syncers;
}

void syncers_stop(struct syncers *syncers)
{
	if (syncers == NULL)
		return;
	pthread_mutex_lock(&syncers->lock);
	syncers->stopping = true;
	pthread_cond_broadcast(&syncers->given);
	pthread_mutex_unlock(&syncers->lock);
	for (unsigned i = 0; i < syncers->n_helpers; i++)
		pthread_join(syncers->helpers[i], NULL);
	pthread_cond_destroy(&syncers->done);
	pthread_cond_destroy(&syncers->given);
	pthread_mutex_destroy(&syncers->lock);
	free(syncers);
}

void syncers_run(struct syncers *syncers, struct sync_job jobs[STORE_CLASSES])
{
	struct sync_job *todo[STORE_CLASSES];
	unsigned n = 0;

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		if (jobs[i].log != NULL)
			todo[n++] = &jobs[i];
	}
	if (n == 1)
		run_job(todo[0]);
	if (n <= 1)
		return;
	pthread_mutex_lock(&syncers->lock);
	memcpy(syncers->todo, todo, sizeof(todo));
	syncers->n_todo = syncers->n_open = n;
	for (unsigned i = 1; i < n; i++)
		pthread_cond_signal(&syncers->given);
	work(syncers);
	while (syncers->n_open > 0)
		pthread_cond_wait(&syncers->done, &syncers->lock);
	pthread_mutex_unlock(&syncers->lock);
}
