/* The writer thread: takes what was submitted, a commit at a time. */
#include "collector/store/writer.h"

#include <pthread.h>

#include "collector/store/commit.h"
#include "collector/store/sealer.h"
#include "common/clock.h"
#include "common/log.h"

/* Moves everything submitted behind `todo`. */
static void take_all(struct store *store, struct batch_queue *todo)
{
	if (store->queue.head == NULL)
		return;
	*todo->tail = store->queue.head;
	todo->tail = store->queue.tail;
	batch_queue_init(&store->queue);
}

/* Until the deadline or something came, or it is time for a sign of life. */
static void wait_until(struct store *store, int64_t deadline_ms)
{
	const int64_t beat_ms = clock_mono_ms() + PULSE_EVERY_MS;
	const int64_t until_ms = deadline_ms < beat_ms ? deadline_ms : beat_ms;
	const struct timespec at = {
		.tv_sec = until_ms / 1000,
		.tv_nsec = until_ms % 1000 * CLOCK_NS_PER_MS,
	};

	pulse_beat(&store->pulse);
	pthread_cond_timedwait(&store->queue_filled, &store->queue_lock, &at);
}

/* Waits for something to do; false when the store stops and everything is done. */
static bool wait_for_batches(struct store *store, struct batch_queue *todo)
{
	int64_t housekeeping_ms = clock_mono_ms() + (int64_t)store->settings.segment_age_ms / 4;

	pthread_mutex_lock(&store->queue_lock);
	while (store->queue.head == NULL && !store->stopping && !store->woken &&
		clock_mono_ms() < housekeeping_ms)
		wait_until(store, housekeeping_ms);
	store->woken = false;
	take_all(store, todo);
	bool go_on = todo->head != NULL || !store->stopping;
	pthread_mutex_unlock(&store->queue_lock);
	return go_on;
}

/* More company for the commit; false when its time is over. */
static bool wait_for_more(struct store *store, struct batch_queue *todo, int64_t deadline_ms)
{
	pthread_mutex_lock(&store->queue_lock);
	while (store->queue.head == NULL && !store->stopping && clock_mono_ms() < deadline_ms)
		wait_until(store, deadline_ms);
	take_all(store, todo);
	pthread_mutex_unlock(&store->queue_lock);
	return todo->head != NULL;
}

static void run_commit(struct store *store, struct batch_queue *todo)
{
	int64_t deadline_ms = clock_mono_ms() + (int64_t)store->settings.commit_ms;

	commit_begin(store);
	do {
		while (todo->head != NULL && !commit_ready(store)) {
			struct batch *batch = batch_queue_take(todo);

			pulse_beat(&store->pulse);
			if (!commit_add(store, batch)) {
				batch->next = todo->head;
				todo->head = batch;
				if (batch->next == NULL)
					todo->tail = &batch->next;
				commit_finish(store);
				return;
			}
		}
	} while (!commit_ready(store) && wait_for_more(store, todo, deadline_ms));
	commit_finish(store);
}

/* Lets go of running segments that are sealed by now. */
static void release_sealed(struct store *store)
{
	struct err err;

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		uint64_t sequence = sealer_release(store->sealer, i);

		if (sequence == 0)
			continue;
		if (!seglog_release(store->classes[i].log, sequence, &err))
			log_warn("store.release.failed", "reason=%s, again with the next one",
				LOG_TEXT(slice_str(err.text)));
		sealer_release_done(store->sealer, i, sequence);
	}
}

void *store_writer_run(void *user)
{
	struct store *store = user;
	struct batch_queue todo;

	(void)pthread_setname_np(pthread_self(), "writer");
	batch_queue_init(&todo);
	pulse_begin(&store->pulse, "writer");
	while (wait_for_batches(store, &todo)) {
		while (todo.head != NULL)
			run_commit(store, &todo);
		commit_roll_old(store);
		release_sealed(store);
	}
	pulse_end(&store->pulse);
	return NULL;
}
