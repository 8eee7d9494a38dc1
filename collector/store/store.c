#include "collector/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "collector/store/commit.h"
#include "collector/store/recover.h"
#include "collector/store/resent.h"
#include "collector/store/sealer.h"
#include "collector/store/writer.h"
#include "common/file.h"
#include "common/log.h"

static const struct setting class_table[] = {
	{
		.key = "keep",
		.kind = SETTING_DURATION,
		.offset = offsetof(struct store_class_settings, keep_ms),
		.standard = "365d",
		.help = "Records older than this are removed; 0s = never by age.",
	},
	{
		.key = "keep-bytes",
		.kind = SETTING_BYTES,
		.offset = offsetof(struct store_class_settings, keep_bytes),
		.standard = "0B",
		.help = "The oldest records are removed beyond this size on disk; 0B = never "
			"by size.",
	},
	{0},
};

#define CLASS_SETTING(number, text)                                                            \
	{                                                                                      \
		.key = "level-" #number, .kind = SETTING_SECTION,                              \
		.offset = offsetof(struct store_settings, classes[(number)-1]),                \
		.help = (text), .table = class_table                                           \
	}

const struct setting store_settings_table[] = {
	{
		.key = "dir",
		.kind = SETTING_PATH,
		.offset = offsetof(struct store_settings, dir),
		.standard = "/var/lib/soc-collector/store",
		.help = "Folder of the store.",
	},
	{
		.key = "segment-size",
		.kind = SETTING_BYTES,
		.offset = offsetof(struct store_settings, segment_size),
		.standard = "64MiB",
		.min = 1 << 20,
		.max = 1 << 30,
		.help = "A segment file of this size is closed and sealed. Starting reads the "
			"newest one of each level.",
	},
	{
		.key = "segment-age",
		.kind = SETTING_DURATION,
		.offset = offsetof(struct store_settings, segment_age_ms),
		.standard = "1h",
		.min = 1000,
		.max = UINT64_C(31) * 24 * 3600 * 1000,
		.help = "A segment older than this is closed and sealed.",
	},
	{
		.key = "commit-delay",
		.kind = SETTING_DURATION,
		.offset = offsetof(struct store_settings, commit_ms),
		.standard = "20ms",
		.max = 1000,
		.help = "A batch waits at most so long for others to be committed with.",
	},
	{
		.key = "commit-bytes",
		.kind = SETTING_BYTES,
		.offset = offsetof(struct store_settings, commit_bytes),
		.standard = "4MiB",
		.min = 1 << 12,
		.max = 16 << 20,
		.help = "So many waiting bytes are committed at once.",
	},
	{
		.key = "reserve",
		.kind = SETTING_BYTES,
		.offset = offsetof(struct store_settings, reserve_bytes),
		.standard = "1GiB",
		.help = "Space of the disk left free: with less, agents are told to wait.",
	},
	{
		.key = "warn-percent",
		.kind = SETTING_COUNT,
		.offset = offsetof(struct store_settings, warn_percent),
		.standard = "85",
		.min = 1,
		.max = 100,
		.help = "Warn when so much of the disk is used.",
	},
	CLASS_SETTING(1, "Retention of systems of level 1, and of records of no known system."),
	CLASS_SETTING(2, "Retention of systems of level 2 (TCVN 14423: at least 1 month)."),
	CLASS_SETTING(3, "Retention of systems of level 3 (at least 3 months)."),
	CLASS_SETTING(4, "Retention of systems of level 4 (at least 6 months)."),
	CLASS_SETTING(5, "Retention of systems of level 5 (at least 12 months)."),
	{0},
};

static struct store *new_store(const struct store_settings *settings)
{
	struct store *store = calloc(1, sizeof(*store));
	pthread_condattr_t monotonic;

	if (store == NULL)
		abort();
	store->settings = *settings;
	store->lock_fd = -1;
	store->ledger = ledger_new();
	store->snapshots = builder_new();
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		store->classes[i].class = (uint8_t)(i + 1);
		store->classes[i].builder = builder_new();
	}
	pthread_mutex_init(&store->lock, NULL);
	pthread_mutex_init(&store->queue_lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&store->queue_filled, &monotonic);
	pthread_condattr_destroy(&monotonic);
	batch_queue_init(&store->queue);
	batch_queue_init(&store->commit.batches);
	store->resent = resent_new();
	return store;
}

static void free_store(struct store *store)
{
	syncers_stop(store->syncers);
	for (unsigned i = 0; i < STORE_CLASSES; i++) {
		seglog_close(store->classes[i].log);
		segments_close(store->classes[i].segments);
		builder_free(store->classes[i].builder);
	}
	builder_free(store->snapshots);
	ledger_free(store->ledger);
	pthread_cond_destroy(&store->queue_filled);
	pthread_mutex_destroy(&store->queue_lock);
	pthread_mutex_destroy(&store->lock);
	undone_done(&store->undone);
	resent_free(store->resent);
	free(store->source_map);
	free(store->notify);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	free(store);
}

static bool lock_dir(struct store *store, struct err *err)
{
	char path[PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s/lock", store->dir);
	store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock_fd < 0)
		return err_sys(err, "%s", path);
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno == EWOULDBLOCK)
		return err_set(err, "%s: another process uses this store", store->dir);
	return err_sys(err, "%s", path);
}

static bool open_store(struct store *store, struct store_recovery *recovery, struct err *err)
{
	const char *dir = store->settings.dir;

	if ((size_t)snprintf(store->dir, sizeof(store->dir), "%s", dir) >= sizeof(store->dir))
		return err_set(err, "%s: name too long", dir);
	store->settings.dir = store->dir;
	return file_make_dirs(store->dir, 0700, err) && lock_dir(store, err) &&
	       store_recover(store, recovery, err);
}

void store_wake(struct store *store)
{
	pthread_mutex_lock(&store->queue_lock);
	store->woken = true;
	pthread_cond_signal(&store->queue_filled);
	pthread_mutex_unlock(&store->queue_lock);
}

static bool start_writer(struct store *store, struct err *err)
{
	int status = pthread_create(&store->writer, NULL, store_writer_run, store);

	store->writer_runs = status == 0;
	errno = status;
	return store->writer_runs || err_sys(err, "starting the store's writer");
}

struct store *store_open(
	const struct store_settings *settings, struct store_recovery *recovery, struct err *err)
{
	struct store *store = new_store(settings);

	*recovery = (struct store_recovery){0};
	if (open_store(store, recovery, err) && (store->syncers = syncers_start(err)) != NULL &&
		(store->sealer = sealer_start(store, err)) != NULL && start_writer(store, err))
		return store;
	sealer_stop(store->sealer);
	free_store(store);
	err_within(err, "opening the store");
	return NULL;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	pthread_mutex_lock(&store->queue_lock);
	store->stopping = true;
	pthread_cond_signal(&store->queue_filled);
	pthread_mutex_unlock(&store->queue_lock);
	pthread_join(store->writer, NULL);
	sealer_stop(store->sealer);
	free_store(store);
}

void store_submit(struct store *store, struct batch *batch)
{
	pthread_mutex_lock(&store->queue_lock);
	bool was_empty = store->queue.head == NULL;
	batch_queue_add(&store->queue, batch);
	if (was_empty)
		pthread_cond_signal(&store->queue_filled);
	pthread_mutex_unlock(&store->queue_lock);
}

bool store_stream(
	struct store *store, const struct stream *stream, struct stream_position *position)
{
	return ledger_get(store->ledger, stream, position);
}

void store_ledger(struct store *store,
	bool (*visit)(void *user, const struct stream *stream,
		const struct stream_position *position),
	void *user)
{
	ledger_walk(store->ledger, visit, user);
}

uint64_t store_position(struct store *store)
{
	pthread_mutex_lock(&store->lock);
	uint64_t position = store->position;
	pthread_mutex_unlock(&store->lock);
	return position;
}

void store_state(struct store *store, struct store_state *state)
{
	pthread_mutex_lock(&store->lock);
	*state = store->state;
	pthread_mutex_unlock(&store->lock);
	state->forgotten_epochs = ledger_forgotten(store->ledger);
	state->retention_held = sealer_held(store->sealer);
	for (unsigned i = 0; i < STORE_CLASSES; i++)
		state->bytes[i] = seglog_bytes(store->classes[i].log) +
				  segments_bytes(store->classes[i].segments);
}

void store_chain_heads(struct store *store, struct store_chain_head heads[STORE_CLASSES])
{
	sealer_heads(store->sealer, heads);
}

void store_settle(struct store *store)
{
	sealer_settle(store->sealer);
}

void store_notify(struct store *store, int event_fd)
{
	pthread_mutex_lock(&store->lock);
	store->notify = reallocarray(store->notify, store->n_notify + 1, sizeof(int));
	if (store->notify == NULL)
		abort();
	store->notify[store->n_notify++] = event_fd;
	pthread_mutex_unlock(&store->lock);
}

void store_notify_stop(struct store *store, int event_fd)
{
	pthread_mutex_lock(&store->lock);
	for (size_t i = 0; i < store->n_notify; i++) {
		if (store->notify[i] == event_fd)
			store->notify[i] = store->notify[--store->n_notify];
	}
	pthread_mutex_unlock(&store->lock);
}
