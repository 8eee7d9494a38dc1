#include "collector/ingest/wef/wef_sources.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <xxhash.h>

#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/pulse.h"

enum {
	HEADS = 1 << 14, /* of hash chains */
	OWNER_HEADS = 1 << 10,
	BOOKMARK_MAX = 32 << 10, /* bytes */
	BOOKMARKS_MAX = 256 << 20,
	ROUND_MS = 1000,
	BUSY_MS = 2000,           /* that somebody who looks at the file may hold it */
	SILENCE_GRACE_MS = 60000, /* beyond two heartbeats: what is on its way */
};

static struct counter full = COUNTER("ingest.wef_sources_full",
	"deliveries whose computer, or whose bookmark, could not be remembered: there are too "
	"many, or they are too large; it goes on from an older bookmark then, or from its "
	"newest event");
static struct counter went_silent = COUNTER("ingest.wef_silent",
	"computers that forward events and said nothing for more than two heartbeats");
static struct counter unwritten = COUNTER("ingest.wef_unwritten",
	"seconds in which the file of computers that forward could not be written");

static const int64_t KEPT_NS = INT64_C(86400) * WEF_KEPT_DAYS * CLOCK_NS_PER_S;

/* A certificate of a sender. */
struct owner {
	struct owner *next;
	unsigned n;       /* of its sources */
	size_t bookmarks; /* bytes of theirs */
	const char *certificate;
	char sender[]; /* and the other behind it */
};

struct source {
	struct source *next, *next_dirty;
	struct owner *owner;
	uint64_t hash;
	struct wef_source_view view; /* its names are in `names` */
	char *bookmark;              /* NULL = none */
	size_t bookmark_len;
	int64_t heard_ms; /* monotonic */
	bool is_dirty;
	char names[]; /* computer, subscription */
};

struct wef_sources {
	pthread_mutex_t lock;
	struct source *heads[HEADS];
	struct owner *owners[OWNER_HEADS];
	struct source **all; /* by arrival */
	size_t n, room;
	size_t bookmarks; /* bytes of all */
	struct source *dirty;

	/* The thread's, but for the start and the end. */
	sqlite3 *file; /* NULL = memory only */
	bool has_failed;
	pthread_t thread;
	pthread_cond_t wake;
	bool stops; /* under the lock */
	struct pulse pulse;
};

/* ---- finding ---------------------------------------------------------------------- */

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (memory == NULL)
		abort();
	return memory;
}

static uint64_t add_hash(uint64_t hash, const char *text)
{
	return XXH3_64bits_withSeed(text, strlen(text), hash);
}

static uint64_t hash_of_owner(const struct wef_source_key *key)
{
	return add_hash(add_hash(0, key->sender), key->certificate);
}

static uint64_t hash_of(const struct wef_source_key *key)
{
	return add_hash(add_hash(hash_of_owner(key), key->computer), key->subscription);
}

static bool is_it(const struct source *source, const struct wef_source_key *key)
{
	return strcmp(source->view.sender, key->sender) == 0 &&
	       strcmp(source->view.certificate, key->certificate) == 0 &&
	       strcmp(source->view.computer, key->computer) == 0 &&
	       strcmp(source->view.subscription, key->subscription) == 0;
}

static struct source *find(
	const struct wef_sources *sources, const struct wef_source_key *key, uint64_t hash)
{
	struct source *source = sources->heads[hash % HEADS];

	while (source != NULL && (source->hash != hash || !is_it(source, key)))
		source = source->next;
	return source;
}

static struct owner *new_owner(const struct wef_source_key *key)
{
	const size_t sender = strlen(key->sender) + 1,
		     certificate = strlen(key->certificate) + 1;
	struct owner *owner = allocate(sizeof(*owner) + sender + certificate);

	memcpy(owner->sender, key->sender, sender);
	owner->certificate = memcpy(owner->sender + sender, key->certificate, certificate);
	return owner;
}

static struct owner *owner_of(struct wef_sources *sources, const struct wef_source_key *key)
{
	struct owner **head = &sources->owners[hash_of_owner(key) % OWNER_HEADS];
	struct owner *owner = *head;

	while (owner != NULL && (strcmp(owner->sender, key->sender) != 0 ||
					strcmp(owner->certificate, key->certificate) != 0))
		owner = owner->next;
	if (owner != NULL)
		return owner;
	owner = new_owner(key);
	owner->next = *head;
	*head = owner;
	return owner;
}

static void append(struct wef_sources *sources, struct source *source)
{
	if (sources->n == sources->room) {
		sources->room = sources->room > 0 ? 2 * sources->room : 64;
		sources->all =
			reallocarray(sources->all, sources->room, sizeof(struct source *));
		if (sources->all == NULL)
			abort();
	}
	sources->all[sources->n++] = source;
}

/* NULL when there are too many. */
static struct source *add(
	struct wef_sources *sources, const struct wef_source_key *key, uint64_t hash)
{
	const size_t computer = strlen(key->computer) + 1,
		     subscription = strlen(key->subscription) + 1;
	struct owner *owner;

	if (sources->n == WEF_SOURCES_MAX)
		return NULL;
	owner = owner_of(sources, key);
	if (owner->n == WEF_COMPUTERS_MAX)
		return NULL;
	owner->n++;
	struct source *source = allocate(sizeof(*source) + computer + subscription);
	memcpy(source->names, key->computer, computer);
	memcpy(source->names + computer, key->subscription, subscription);
	source->hash = hash;
	source->owner = owner;
	source->view.sender = owner->sender;
	source->view.certificate = owner->certificate;
	source->view.computer = source->names;
	source->view.subscription = source->names + computer;
	source->next = sources->heads[hash % HEADS];
	sources->heads[hash % HEADS] = source;
	append(sources, source);
	return source;
}

static struct source *find_or_add(struct wef_sources *sources, const struct wef_source_key *key)
{
	const uint64_t hash = hash_of(key);
	struct source *source = find(sources, key, hash);

	return source != NULL ? source : add(sources, key, hash);
}

/* ---- noting ----------------------------------------------------------------------- */

static bool has_room(const struct wef_sources *sources, const struct source *source, size_t len)
{
	const size_t was = source->bookmark_len;

	return len <= BOOKMARK_MAX && sources->bookmarks - was + len <= BOOKMARKS_MAX &&
	       source->owner->bookmarks - was + len <= WEF_BOOKMARKS_MAX;
}

/* The older one stays when there is no room: events come twice then, and none is lost. */
static void keep_bookmark(
	struct wef_sources *sources, struct source *source, struct slice bookmark)
{
	if (slice_absent(bookmark))
		return;
	if (!has_room(sources, source, bookmark.len)) {
		counter_add(&full, 1);
		return;
	}
	char *copy = allocate(bookmark.len + 1);
	memcpy(copy, bookmark.ptr, bookmark.len);
	free(source->bookmark);
	sources->bookmarks += bookmark.len - source->bookmark_len;
	source->owner->bookmarks += bookmark.len - source->bookmark_len;
	source->bookmark = copy;
	source->bookmark_len = bookmark.len;
}

static void mark_dirty(struct wef_sources *sources, struct source *source)
{
	if (source->is_dirty)
		return;
	source->is_dirty = true;
	source->next_dirty = sources->dirty;
	sources->dirty = source;
}

static void count(struct wef_source_view *view, enum wef_source_event what, uint64_t events)
{
	switch (what) {
	case WEF_SOURCE_ASKED:
		break;
	case WEF_SOURCE_HEARTBEAT:
		view->heartbeats++;
		view->heartbeat_ns = view->heard_ns;
		break;
	case WEF_SOURCE_DELIVERED:
		view->deliveries++;
		view->events += events;
		view->delivered_ns = view->heard_ns;
		break;
	case WEF_SOURCE_ENDED:
		break;
	}
	view->has_ended = what == WEF_SOURCE_ENDED;
}

static void hear(struct source *source)
{
	source->heard_ms = clock_mono_ms();
	source->view.heard_ns = clock_wall_ns();
	if (source->view.is_silent)
		log_info("wef.heard_again", "sender=%s computer=%s",
			LOG_TEXT(slice_str(source->view.sender)),
			LOG_TEXT(slice_str(source->view.computer)));
	source->view.is_silent = false;
}

void wef_sources_note(struct wef_sources *sources, const struct wef_source_key *key,
	enum wef_source_event what, uint64_t events, uint64_t heartbeat_ms,
	struct slice bookmark)
{
	pthread_mutex_lock(&sources->lock);
	struct source *source = find_or_add(sources, key);
	if (source != NULL) {
		hear(source);
		count(&source->view, what, events);
		source->view.heartbeat_ms = heartbeat_ms;
		keep_bookmark(sources, source, bookmark);
		mark_dirty(sources, source);
	} else {
		counter_add(&full, 1);
	}
	pthread_mutex_unlock(&sources->lock);
}

bool wef_sources_bookmark(
	struct wef_sources *sources, const struct wef_source_key *key, struct strbuf *out)
{
	pthread_mutex_lock(&sources->lock);
	const struct source *source = find(sources, key, hash_of(key));
	const bool has = source != NULL && source->bookmark != NULL;
	if (has)
		strbuf_add(out, slice_of(source->bookmark, source->bookmark_len));
	pthread_mutex_unlock(&sources->lock);
	return has;
}

void wef_sources_walk(struct wef_sources *sources,
	bool (*visit)(void *user, const struct wef_source_view *view), void *user)
{
	pthread_mutex_lock(&sources->lock);
	for (size_t i = 0; i < sources->n && visit(user, &sources->all[i]->view); i++)
		;
	pthread_mutex_unlock(&sources->lock);
}

/* ---- silence ---------------------------------------------------------------------- */

static void look_at(struct source *source, int64_t now_ms)
{
	const int64_t most = 2 * (int64_t)source->view.heartbeat_ms + SILENCE_GRACE_MS;

	if (source->view.is_silent || source->view.has_ended ||
		now_ms - source->heard_ms < most)
		return;
	source->view.is_silent = true;
	counter_add(&went_silent, 1);
	log_warn("wef.silent",
		"sender=%s computer=%s subscription=%s, it has said nothing for "
		"more than two heartbeats",
		LOG_TEXT(slice_str(source->view.sender)),
		LOG_TEXT(slice_str(source->view.computer)),
		LOG_TEXT(slice_str(source->view.subscription)));
}

void wef_sources_look(struct wef_sources *sources, int64_t now_ms)
{
	pthread_mutex_lock(&sources->lock);
	for (size_t i = 0; i < sources->n; i++)
		look_at(sources->all[i], now_ms);
	pthread_mutex_unlock(&sources->lock);
}

/* ---- the file --------------------------------------------------------------------- */

static const char schema[] =
	"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
	"CREATE TABLE IF NOT EXISTS forwarders (sender TEXT NOT NULL, certificate TEXT NOT "
	"NULL,"
	" computer TEXT NOT NULL, subscription TEXT NOT NULL, bookmark TEXT,"
	" heartbeat_ms INTEGER NOT NULL, heard_ns INTEGER NOT NULL,"
	" PRIMARY KEY (sender, certificate, computer, subscription)) WITHOUT ROWID;";

static bool execute(sqlite3 *file, const char *text)
{
	return sqlite3_exec(file, text, NULL, NULL, NULL) == SQLITE_OK;
}

static bool bind_text(sqlite3_stmt *row, int at, const char *text, size_t len)
{
	return text == NULL
		       ? sqlite3_bind_null(row, at) == SQLITE_OK
		       : sqlite3_bind_text(row, at, text, (int)len, SQLITE_STATIC) == SQLITE_OK;
}

/* Under the lock: it is what stands there now, and the page cache takes it. */
static bool write_row(sqlite3_stmt *row, const struct source *source)
{
	const struct wef_source_view *view = &source->view;
	const bool good =
		bind_text(row, 1, view->sender, strlen(view->sender)) &&
		bind_text(row, 2, view->certificate, strlen(view->certificate)) &&
		bind_text(row, 3, view->computer, strlen(view->computer)) &&
		bind_text(row, 4, view->subscription, strlen(view->subscription)) &&
		bind_text(row, 5, source->bookmark, source->bookmark_len) &&
		sqlite3_bind_int64(row, 6, (sqlite3_int64)view->heartbeat_ms) == SQLITE_OK &&
		sqlite3_bind_int64(row, 7, view->heard_ns) == SQLITE_OK &&
		sqlite3_step(row) == SQLITE_DONE;

	return sqlite3_reset(row) == SQLITE_OK && good;
}

/* The next one to be written, NULL = none is. It stays dirty for whoever changes it next. */
static bool write_next(struct wef_sources *sources, sqlite3_stmt *row, bool *good)
{
	pthread_mutex_lock(&sources->lock);
	struct source *source = sources->dirty;
	if (source != NULL) {
		*good = write_row(row, source);
		if (*good) {
			sources->dirty = source->next_dirty;
			source->is_dirty = false;
		}
	}
	pthread_mutex_unlock(&sources->lock);
	return source != NULL && *good;
}

static bool write_rows(struct wef_sources *sources)
{
	sqlite3_stmt *row = NULL;
	bool good = sqlite3_prepare_v2(sources->file,
			    "INSERT OR REPLACE INTO forwarders VALUES (?, ?, ?, ?, ?, ?, ?)",
			    -1, &row, NULL) == SQLITE_OK;

	while (good && write_next(sources, row, &good))
		;
	sqlite3_finalize(row);
	return good;
}

static bool has_dirty(struct wef_sources *sources)
{
	pthread_mutex_lock(&sources->lock);
	const bool has = sources->dirty != NULL;
	pthread_mutex_unlock(&sources->lock);
	return has;
}

static void say_change(struct wef_sources *sources, bool good)
{
	if (!good)
		counter_add(&unwritten, 1);
	if (!good && !sources->has_failed)
		log_error("wef.unwritten", "%s, bookmarks stay in memory",
			sqlite3_errmsg(sources->file));
	if (good && sources->has_failed)
		log_info("wef.written", "bookmarks are in the file again");
	sources->has_failed = !good;
}

/* Rows of a transaction that fails stay behind as they were before: older, which is safe; what
 * is known is written again with the next change. */
static void write_file(struct wef_sources *sources)
{
	if (sources->file == NULL || !has_dirty(sources))
		return;
	const bool good = execute(sources->file, "BEGIN IMMEDIATE") && write_rows(sources) &&
			  execute(sources->file, "COMMIT");
	say_change(sources, good);
	if (!good && !sqlite3_get_autocommit(sources->file))
		(void)execute(sources->file, "ROLLBACK");
}

/* ---- the thread ------------------------------------------------------------------- */

static struct timespec round_end(void)
{
	const int64_t at = clock_mono_ns() + ROUND_MS * CLOCK_NS_PER_MS;

	return (struct timespec){.tv_sec = at / CLOCK_NS_PER_S, .tv_nsec = at % CLOCK_NS_PER_S};
}

/* False: it was told to end. */
static bool wait_a_round(struct wef_sources *sources)
{
	const struct timespec until = round_end();
	int waited = 0;

	pthread_mutex_lock(&sources->lock);
	while (!sources->stops && waited == 0)
		waited = pthread_cond_timedwait(&sources->wake, &sources->lock, &until);
	const bool stops = sources->stops;
	pthread_mutex_unlock(&sources->lock);
	return !stops;
}

static void *run(void *user)
{
	struct wef_sources *sources = user;

	while (wait_a_round(sources)) {
		pulse_beat(&sources->pulse);
		write_file(sources);
		wef_sources_look(sources, clock_mono_ms());
	}
	write_file(sources);
	return NULL;
}

static void start_thread(struct wef_sources *sources)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&sources->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pulse_begin(&sources->pulse, "forwarders");
	if (pthread_create(&sources->thread, NULL, run, sources) != 0)
		abort();
}

/* ---- opening ---------------------------------------------------------------------- */

static const char *column(sqlite3_stmt *row, int at)
{
	const char *text = (const char *)sqlite3_column_text(row, at);

	return text != NULL ? text : "";
}

static void load_row(struct wef_sources *sources, sqlite3_stmt *row)
{
	const struct wef_source_key key = {
		column(row, 0), column(row, 1), column(row, 2), column(row, 3)};
	struct source *source = find_or_add(sources, &key);

	if (source == NULL)
		return;
	if (sqlite3_column_type(row, 4) == SQLITE_TEXT)
		keep_bookmark(sources, source,
			slice_of(sqlite3_column_text(row, 4),
				(size_t)sqlite3_column_bytes(row, 4)));
	source->view.heartbeat_ms = (uint64_t)sqlite3_column_int64(row, 5);
	source->view.heard_ns = sqlite3_column_int64(row, 6);
	source->heard_ms = clock_mono_ms();
	source->view.is_silent = sqlite3_column_int(row, 7) != 0; /* told long ago */
}

/* As old as they are to the newest one, or to now when that is earlier: a clock that is wrong
 * at the start does not make all of them old, nor one that was wrong before. */
#define IS_OLD "heard_ns < min(%lld, (SELECT max(heard_ns) FROM forwarders)) - %lld"

static bool load(struct wef_sources *sources)
{
	sqlite3_stmt *row = NULL;
	char text[512];
	int step;

	snprintf(text, sizeof(text),
		"SELECT sender, certificate, computer, subscription, bookmark,"
		" heartbeat_ms, heard_ns, " IS_OLD " FROM forwarders",
		(long long)clock_wall_ns(), (long long)KEPT_NS);
	if (sqlite3_prepare_v2(sources->file, text, -1, &row, NULL) != SQLITE_OK)
		return false;
	while ((step = sqlite3_step(row)) == SQLITE_ROW)
		load_row(sources, row);
	return sqlite3_finalize(row) == SQLITE_OK && step == SQLITE_DONE;
}

static bool forget_old(struct wef_sources *sources)
{
	char text[512];

	snprintf(text, sizeof(text),
		"DELETE FROM forwarders WHERE " IS_OLD
		" AND ((SELECT count(*) FROM forwarders) > %d"
		" OR (sender, certificate) IN (SELECT sender, certificate FROM forwarders"
		" GROUP BY sender, certificate HAVING count(*) > %d))",
		(long long)clock_wall_ns(), (long long)KEPT_NS, WEF_SOURCES_MAX / 2,
		WEF_COMPUTERS_MAX / 2);
	return execute(sources->file, text);
}

static bool open_file(struct wef_sources *sources, const char *path, struct err *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	if (sqlite3_open_v2(path, &sources->file, flags, NULL) == SQLITE_OK &&
		sqlite3_busy_timeout(sources->file, BUSY_MS) == SQLITE_OK &&
		execute(sources->file, schema) && forget_old(sources) && load(sources))
		return true;
	err_set(err, "%s: %s", path,
		sources->file != NULL ? sqlite3_errmsg(sources->file) : "no memory");
	return false;
}

static bool is_damaged(const struct wef_sources *sources)
{
	const int code = sources->file != NULL ? sqlite3_errcode(sources->file) & 0xff : 0;

	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

/* One that cannot be read is set aside: computers without a bookmark go on from now on, which
 * is better than not at all. */
static bool open_or_begin_anew(struct wef_sources *sources, const char *path, struct err *err)
{
	char aside[4096];

	if (open_file(sources, path, err))
		return true;
	if (!is_damaged(sources))
		return false;
	sqlite3_close(sources->file);
	sources->file = NULL;
	snprintf(aside, sizeof(aside), "%s.bad", path);
	log_error("wef.damaged",
		"%s, it is now %s: computers that forward go on from their "
		"newest events",
		err->text, LOG_TEXT(slice_str(aside)));
	if (rename(path, aside) != 0)
		return err_sys(err, "%s", path);
	return open_file(sources, path, err);
}

static void free_all(struct wef_sources *sources)
{
	for (size_t i = 0; i < sources->n; i++) {
		free(sources->all[i]->bookmark);
		free(sources->all[i]);
	}
	for (size_t i = 0; i < OWNER_HEADS; i++) {
		while (sources->owners[i] != NULL) {
			struct owner *owner = sources->owners[i];

			sources->owners[i] = owner->next;
			free(owner);
		}
	}
	free(sources->all);
	sqlite3_close(sources->file);
	pthread_mutex_destroy(&sources->lock);
	free(sources);
}

struct wef_sources *wef_sources_open(const char *path, struct err *err)
{
	struct wef_sources *sources = allocate(sizeof(*sources));

	pthread_mutex_init(&sources->lock, NULL);
	if (path != NULL && !open_or_begin_anew(sources, path, err)) {
		free_all(sources);
		return NULL;
	}
	start_thread(sources);
	return sources;
}

void wef_sources_close(struct wef_sources *sources)
{
	if (sources == NULL)
		return;
	pthread_mutex_lock(&sources->lock);
	sources->stops = true;
	pthread_cond_signal(&sources->wake);
	pthread_mutex_unlock(&sources->lock);
	pthread_join(sources->thread, NULL);
	pulse_end(&sources->pulse);
	pthread_cond_destroy(&sources->wake);
	free_all(sources);
}
