#include "collector/store/sealer.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collector/store/age.h"
#include "collector/store/seal.h"
#include "common/clock.h"
#include "common/log.h"

enum { NICE = 10, RETRY_MS = 60 * 1000 };

struct sealer {
	struct store *store;
	pthread_t thread;
	struct chain *chain;
	struct age age;
	struct seal seals[STORE_CLASSES];
	bool trouble[STORE_CLASSES]; /* the last try failed: said once */

	pthread_mutex_t lock; /* what is below */
	pthread_cond_t changed;
	bool stopping;
	uint64_t asked, settled;                                /* rounds */
	uint64_t closed[STORE_CLASSES], release[STORE_CLASSES]; /* sequences */
	struct store_chain_head heads[STORE_CLASSES];
};

static void note_head(struct sealer *sealer, unsigned class)
{
	const struct segments_end *end = &sealer->seals[class].end;
	struct store_chain_head *head = &sealer->heads[class];

	pthread_mutex_lock(&sealer->lock);
	head->commit = end->last_commit;
	head->next_record = end->next_record;
	memcpy(head->sha256, &end->chain, sizeof(head->sha256));
	pthread_mutex_unlock(&sealer->lock);
}

static bool stopping(struct sealer *sealer)
{
	pthread_mutex_lock(&sealer->lock);
	bool stop = sealer->stopping;
	pthread_mutex_unlock(&sealer->lock);
	return stop;
}

/* ---- sealing -------------------------------------------------------------------- */

static void note_trouble(struct sealer *sealer, unsigned class, const struct err *err)
{
	if (!sealer->trouble[class])
		log_warn("store.seal.failed", "level=%u reason=%s, trying again in a minute",
			class + 1, LOG_TEXT(slice_str(err->text)));
	sealer->trouble[class] = true;
}

static void note_sealed(struct sealer *sealer, unsigned class, uint64_t released)
{
	struct seal *seal = &sealer->seals[class];

	if (seal->n_lost > 0)
		log_error("store.block.lost", "level=%u blocks=%" PRIu64 ", damaged on disk",
			class + 1, seal->n_lost);
	seal->n_lost = 0;
	sealer->trouble[class] = false;
	pthread_mutex_lock(&sealer->lock);
	sealer->release[class] = released;
	pthread_mutex_unlock(&sealer->lock);
	note_head(sealer, class);
	store_wake(sealer->store);
}

static void seal_class(struct sealer *sealer, unsigned class, int64_t now_ns)
{
	uint64_t released = 1;
	struct err err;

	while (released > 0 && !stopping(sealer)) {
		pthread_mutex_lock(&sealer->lock);
		uint64_t closed = sealer->closed[class];
		pthread_mutex_unlock(&sealer->lock);
		if (!seal_next(&sealer->seals[class], closed, now_ns, &released, &err)) {
			note_trouble(sealer, class, &err);
			return;
		}
		if (released > 0)
			note_sealed(sealer, class, released);
	}
}

/* ---- retention -------------------------------------------------------------------- */

static void note_removed(struct sealer *sealer, unsigned class, const struct removed *removed)
{
	log_info("store.removed", "level=%u commits=%" PRIu64 "-%" PRIu64 " records=%" PRIu64,
		class + 1, removed->first_commit, removed->last_commit,
		removed->next_record - removed->first_record);
	if (store_slowest_reader(sealer->store) < removed->last_commit)
		log_warn("store.removed.unread",
			"level=%u commits=%" PRIu64 "-%" PRIu64 ", a reader is further behind",
			class + 1, removed->first_commit, removed->last_commit);
}

static bool too_large(struct sealer *sealer, unsigned class)
{
	uint64_t keep = sealer->store->settings.classes[class].keep_bytes;
	const struct store_class *one = &sealer->store->classes[class];

	return keep > 0 && segments_bytes(one->segments) + seglog_bytes(one->log) > keep;
}

static bool too_old(
	struct sealer *sealer, unsigned class, struct segments *segments, int64_t now_ns)
{
	uint64_t keep_ms = sealer->store->settings.classes[class].keep_ms;
	int64_t last_ns;

	if (keep_ms == 0 || !segments_oldest_ns(segments, &last_ns))
		return false;
	int64_t age_ms = (now_ns - last_ns) / CLOCK_NS_PER_MS;
	return age_ms > 0 && (uint64_t)age_ms > keep_ms;
}

/* What is sealed but not yet released would still be read from the log. */
static bool is_released(const struct sealer *sealer, unsigned class)
{
	return seglog_released(sealer->store->classes[class].log) >=
	       sealer->seals[class].sealed_to;
}

static void retain_class(struct sealer *sealer, unsigned class, int64_t now_ns)
{
	struct segments *segments = sealer->store->classes[class].segments;
	struct removed removed;
	struct err err;

	while (segments_count(segments) > 0 && !stopping(sealer) &&
		is_released(sealer, class) &&
		(too_large(sealer, class) || too_old(sealer, class, segments, now_ns))) {
		if (!segments_remove(segments, clock_wall_ns(), &removed, &err)) {
			note_trouble(sealer, class, &err);
			return;
		}
		note_removed(sealer, class, &removed);
	}
}

/* ---- the thread ------------------------------------------------------------------- */

/* Waits until something changed or it is time to look at ages again. */
static bool wait_for_work(struct sealer *sealer, uint64_t *round)
{
	int64_t deadline_ms = clock_mono_ms() + RETRY_MS;
	struct timespec at = {
		.tv_sec = deadline_ms / 1000,
		.tv_nsec = deadline_ms % 1000 * CLOCK_NS_PER_MS,
	};

	pthread_mutex_lock(&sealer->lock);
	while (!sealer->stopping && sealer->asked == *round &&
		pthread_cond_timedwait(&sealer->changed, &sealer->lock, &at) == 0)
		;
	*round = sealer->asked;
	bool go_on = !sealer->stopping;
	pthread_mutex_unlock(&sealer->lock);
	return go_on;
}

static void *sealer_run(void *user)
{
	struct sealer *sealer = user;
	uint64_t round = 0;

	(void)pthread_setname_np(pthread_self(), "sealer");
	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
	do {
		int64_t now_ns = age_now(&sealer->age);

		for (unsigned i = 0; i < STORE_CLASSES; i++) {
			seal_class(sealer, i, now_ns);
			retain_class(sealer, i, now_ns);
		}
		pthread_mutex_lock(&sealer->lock);
		sealer->settled = round;
		pthread_cond_broadcast(&sealer->changed);
		pthread_mutex_unlock(&sealer->lock);
	} while (wait_for_work(sealer, &round));
	return NULL;
}

static void free_sealer(struct sealer *sealer)
{
	for (unsigned i = 0; i < STORE_CLASSES; i++)
		seal_done(&sealer->seals[i]);
	chain_free(sealer->chain);
	pthread_cond_destroy(&sealer->changed);
	pthread_mutex_destroy(&sealer->lock);
	free(sealer);
}

static bool init_seals(struct sealer *sealer, struct err *err)
{
	struct store *store = sealer->store;

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		struct store_class *class = &store->classes[i];

		if (!seal_init(&sealer->seals[i], class->class, class->log, class->segments,
			    &store->undone, sealer->chain, err))
			return false;
		note_head(sealer, i);
		if (!class->snapshot_due)
			sealer->closed[i] = seglog_segment_first(class->log) - 1;
	}
	return true;
}

/* When the newest commit that is sealed was made; 0 = none is. */
static int64_t newest_ns(const struct sealer *sealer)
{
	int64_t newest = 0;

	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		if (sealer->seals[i].end.last_ns > newest)
			newest = sealer->seals[i].end.last_ns;
	}
	return newest;
}

static void init_locks(struct sealer *sealer)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&sealer->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&sealer->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

struct sealer *sealer_start(struct store *store, struct err *err)
{
	struct sealer *sealer = calloc(1, sizeof(*sealer));

	if (sealer == NULL)
		abort();
	sealer->store = store;
	sealer->chain = chain_new();
	init_locks(sealer);
	if (init_seals(sealer, err)) {
		age_open(&sealer->age, store->dir, newest_ns(sealer));
		errno = pthread_create(&sealer->thread, NULL, sealer_run, sealer);
		if (errno == 0)
			return sealer;
		err_sys(err, "starting the sealer");
	}
	free_sealer(sealer);
	return NULL;
}

void sealer_stop(struct sealer *sealer)
{
	if (sealer == NULL)
		return;
	pthread_mutex_lock(&sealer->lock);
	sealer->stopping = true;
	pthread_cond_broadcast(&sealer->changed);
	pthread_mutex_unlock(&sealer->lock);
	pthread_join(sealer->thread, NULL);
	free_sealer(sealer);
}

void sealer_closed(struct sealer *sealer, unsigned class, uint64_t sequence)
{
	pthread_mutex_lock(&sealer->lock);
	if (sequence > sealer->closed[class]) {
		sealer->closed[class] = sequence;
		sealer->asked++;
		pthread_cond_broadcast(&sealer->changed);
	}
	pthread_mutex_unlock(&sealer->lock);
}

uint64_t sealer_release(struct sealer *sealer, unsigned class)
{
	pthread_mutex_lock(&sealer->lock);
	uint64_t release = sealer->release[class];
	pthread_mutex_unlock(&sealer->lock);
	return release;
}

void sealer_release_done(struct sealer *sealer, unsigned class, uint64_t sequence)
{
	pthread_mutex_lock(&sealer->lock);
	if (sealer->release[class] == sequence)
		sealer->release[class] = 0;
	sealer->asked++;
	pthread_cond_broadcast(&sealer->changed);
	pthread_mutex_unlock(&sealer->lock);
}

static bool is_busy(const struct sealer *sealer)
{
	bool busy = sealer->settled < sealer->asked;

	for (unsigned i = 0; i < STORE_CLASSES; i++)
		busy |= sealer->release[i] > 0;
	return busy && !sealer->stopping;
}

void sealer_settle(struct sealer *sealer)
{
	pthread_mutex_lock(&sealer->lock);
	sealer->asked++;
	pthread_cond_broadcast(&sealer->changed);
	while (is_busy(sealer))
		pthread_cond_wait(&sealer->changed, &sealer->lock);
	pthread_mutex_unlock(&sealer->lock);
}

bool sealer_held(const struct sealer *sealer)
{
	return age_held(&sealer->age);
}

void sealer_heads(struct sealer *sealer, struct store_chain_head heads[STORE_CLASSES])
{
	pthread_mutex_lock(&sealer->lock);
	memcpy(heads, sealer->heads, sizeof(sealer->heads));
	pthread_mutex_unlock(&sealer->lock);
}
