#include "collector/derive/derive.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "collector/derive/counting.h"
#include "collector/derive/findings.h"
#include "collector/derive/outbox_private.h"
#include "collector/derive/prune.h"
#include "collector/derive/statistics_private.h"
#include "collector/derive/waiting.h"
#include "collector/detect/detector.h"
#include "collector/record/encode.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/file.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mailbox.h"

enum {
	RETRY_FIRST_MS = 200,
	RETRY_MOST_MS = 10000,
	HOME_MS = 10,
	PROGRESS_STEPS = 1000000, /* of SQLite's machine: some 10 ms */
};

static struct counter lost_commits = COUNTER("derive.lost_commits",
	"commits that were counted and that the store lost: it is older than derive.db");
static struct counter failures =
	COUNTER("derive.failures", "steps that failed and were taken back");

struct mark {
	struct mail mail;
	int64_t row;
	bool delivered;
	char detail[160];
};

struct derive {
	struct derive_settings settings;
	struct derive_callbacks callbacks;
	struct store *store;
	struct database database;
	struct counting counting;
	struct statistics statistics;
	struct outbox outbox;
	struct prune prune;
	bool prune_failing;
	struct waiting waiting;

	pthread_t thread;
	bool started;
	struct loop *loop;
	struct mailbox *marks;
	struct mail *unmarked; /* marks that could not be written */
	int stored_fd;         /* the store has something new */
	struct event *on_stored, *step, *publish;
	bool step_is_due;

	_Atomic uint64_t read; /* the position, for others */
	int64_t given_again;   /* commits the store ever lost: it gives their numbers again */
	bool publish_is_due;   /* with the next step that catches up */
	pthread_mutex_t state_lock;
	struct derive_state state; /* under it */
	struct backoff backoff;    /* after failed steps */
	bool failing;

	struct batch findings; /* under way to the store, or free */
	atomic_bool findings_out;
	atomic_bool coming_home;            /* the writer's thread is in findings_home() */
	atomic_uint_fast64_t findings_done; /* sequences up to here are stored */
	atomic_bool findings_ahead;         /* the store lacks some before those */
};

/* ---- one step --------------------------------------------------------------- */

static bool remove_emitted(struct derive *derive, struct err *err)
{
	uint64_t done = atomic_load(&derive->findings_done);

	return done == 0 ||
	       database_run(&derive->database, err, STATEMENT_EMITS_DONE, "i", (int64_t)done);
}

static bool publish(struct derive *derive, uint64_t position, struct err *err)
{
	derive->statistics.now_ns = clock_wall_ns();
	return statistics_open_windows(&derive->statistics, err) &&
	       derive->callbacks.publish(derive->callbacks.user, &derive->statistics,
		       &derive->outbox, position + (uint64_t)derive->given_again, err);
}

/* Windows are complete only when all that is stored has been counted: till then they wait. */
static bool publish_if_due(struct derive *derive, uint64_t position, struct err *err)
{
	return !derive->publish_is_due || !derive->counting.caught_up ||
	       publish(derive, position, err);
}

/* Read as far as findings may stand that were told before. */
static bool settle_doubts(struct derive *derive, uint64_t position, struct err *err)
{
	uint64_t until = derive->counting.doubt_until;

	return until == 0 || position < until || findings_settle(&derive->database, err);
}

/* While the store takes nothing, or not all of it is counted, nobody is silent. */
static bool watch_sources(struct derive *derive, struct err *err)
{
	struct store_state state;

	if (!derive->publish_is_due)
		return true;
	store_state(derive->store, &state);
	const struct silence_moment moment = {
		.mono_ms = clock_mono_ms(),
		.wall_ns = clock_wall_ns(),
		.receives = derive->counting.caught_up && derive->counting.doubt_until == 0 &&
			    !state.refusing && !state.failed,
	};
	sources_mute(derive->counting.sources, false);
	return sources_watch(derive->counting.sources, &moment, err);
}

/* What is counted over a whole timespan ends with it, though nothing more comes. */
static bool let_time_pass(struct derive *derive, uint64_t position, struct err *err)
{
	const int64_t now_ns =
		clock_wall_ns() - (int64_t)derive->settings.watermark_ms * CLOCK_NS_PER_MS;

	return !derive->counting.caught_up ||
	       correlate_advance(derive->counting.correlate, derive->counting.detector, now_ns,
		       position <= derive->counting.doubt_until ? CORRELATE_DOUBT
								: CORRELATE_NEW,
		       err);
}

static bool work(struct derive *derive, uint64_t *position, struct err *err)
{
	return counting_step(&derive->counting, position, err) &&
	       let_time_pass(derive, *position, err) &&
	       correlate_save(derive->counting.correlate, derive->counting.at, false, err) &&
	       watch_sources(derive, err) && remove_emitted(derive, err) &&
	       settle_doubts(derive, *position, err) &&
	       database_run(
		       &derive->database, err, STATEMENT_CURSOR_SET, "i", (int64_t)*position) &&
	       publish_if_due(derive, *position, err);
}

/* Those in force now, the whole step long. */
static bool work_with_rules(struct derive *derive, uint64_t *position, struct err *err)
{
	struct counting *counting = &derive->counting;

	counting->detector = derive->callbacks.detector(derive->callbacks.user);
	bool done = work(derive, position, err);
	detector_unref(counting->detector);
	counting->detector = NULL;
	return done;
}

/* In the store writer's thread. */
static void findings_home(struct batch *batch)
{
	struct derive *derive = batch->home;

	atomic_store(&derive->coming_home, true);
	if (batch->outcome == BATCH_STORED || batch->outcome == BATCH_DUPLICATE)
		atomic_store(&derive->findings_done, batch->stored);
	if (batch->outcome == BATCH_AHEAD)
		atomic_store(&derive->findings_ahead, true);
	atomic_store(&derive->findings_out, false);
	const uint64_t once = 1;
	(void)!write(derive->stored_fd, &once, sizeof(once));
	atomic_store(&derive->coming_home, false); /* from here on it may be freed */
}

/* The store was set back behind findings it had told stored. */
static bool leave_stream(struct derive *derive, struct err *err)
{
	log_error("derive.findings", "the store has lost some: a new stream begins");
	return findings_begin_anew(&derive->database, err);
}

static bool fill_findings(struct derive *derive, struct err *err)
{
	if (atomic_exchange(&derive->findings_ahead, false) && !leave_stream(derive, err)) {
		atomic_store(&derive->findings_ahead, true);
		return false;
	}
	batch_reset(&derive->findings);
	return findings_waiting(&derive->database, &derive->findings, err);
}

static void emit_findings(struct derive *derive)
{
	struct err err;

	if (atomic_load(&derive->findings_out))
		return;
	if (!fill_findings(derive, &err)) {
		log_error("derive.emit", "reason=\"%s\"", err.text);
		return;
	}
	if (derive->findings.n_records == 0 ||
		derive->findings.first + derive->findings.count - 1 <=
			atomic_load(&derive->findings_done) ||
		!encode_batch(&derive->findings))
		return;
	atomic_store(&derive->findings_out, true);
	derive->callbacks.emit(derive->callbacks.user, &derive->findings);
}

static struct timeval from_ms(uint64_t ms)
{
	return (struct timeval){
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000),
	};
}

static void ask_for_step(struct derive *derive, uint64_t in_ms)
{
	struct timeval wait = from_ms(in_ms);

	if (derive->step_is_due)
		return;
	derive->step_is_due = true;
	event_add(derive->step, &wait);
}

/* What cannot be told now is told as 0, and with the next step. */
static void note_state(struct derive *derive)
{
	struct correlate_state correlate = correlate_state(derive->counting.correlate);
	struct derive_state state = {
		.groups = correlate.groups,
		.groups_most = correlate.groups_most,
		.groups_forgotten = correlate.evicted,
		.sigma_groups = correlate.sigma_groups,
		.sigma_bytes = correlate.sigma_bytes,
		.sigma_forgotten = correlate.sigma_evicted,
	};
	struct err err;

	if (!database_size(&derive->database, &state.bytes, &state.bytes_free, &err) ||
		!statistics_oldest(&derive->statistics, &state.oldest_ns, &err) ||
		!prune_kept_from(&derive->database, &state.kept_from_ns, &err))
		log_warn("derive.state", "reason=\"%s\"", err.text);
	pthread_mutex_lock(&derive->state_lock);
	derive->state = state;
	pthread_mutex_unlock(&derive->state_lock);
}

static void note_failure(struct derive *derive, const struct err *failure)
{
	pthread_mutex_lock(&derive->state_lock);
	if (derive->state.failing_since_ns == 0)
		derive->state.failing_since_ns = clock_wall_ns();
	snprintf(derive->state.failure, sizeof(derive->state.failure), "%s", failure->text);
	pthread_mutex_unlock(&derive->state_lock);
}

static bool commit_step(struct derive *derive, struct err *err)
{
	uint64_t position = derive->counting.position;

	if (derive->counting.reader == NULL &&
		!counting_begin(&derive->counting, derive->store, err))
		return false;
	if (!database_begin(&derive->database, err))
		return false;
	if (!work_with_rules(derive, &position, err) ||
		!database_commit(&derive->database, err)) {
		database_rollback(&derive->database);
		return false;
	}
	derive->counting.position = position;
	if (position >= derive->counting.doubt_until)
		derive->counting.doubt_until = 0;
	note_state(derive);
	atomic_store(&derive->read, position);
	return true;
}

/* Everything is as after the last commit; it is tried again, slower each time. */
static void step_failed(struct derive *derive, const struct err *failure)
{
	struct err err;

	counter_add(&failures, 1);
	derive->counting.caught_up = false;
	if (!derive->failing)
		log_error("derive.step", "reason=\"%s\", taken back, trying again",
			failure->text);
	derive->failing = true;
	note_failure(derive, failure);
	if (!counting_begin(&derive->counting, derive->store, &err))
		log_error("derive.step", "reason=\"%s\", trying again", err.text);
	ask_for_step(derive, backoff_next(&derive->backoff));
}

static void step_done(struct derive *derive)
{
	if (derive->failing)
		log_info("derive.step", "going on at position %llu",
			(unsigned long long)derive->counting.position);
	derive->failing = false;
	if (derive->counting.caught_up)
		derive->publish_is_due = false;
	backoff_reset(&derive->backoff);
	if (derive->outbox.filled)
		derive->callbacks.outbox_filled(derive->callbacks.user);
	emit_findings(derive);
	if (!derive->counting.caught_up)
		ask_for_step(derive, 0);
}

static void step(struct derive *derive)
{
	struct err err = {0};

	derive->outbox.filled = false;
	if (commit_step(derive, &err))
		step_done(derive);
	else
		step_failed(derive, &err);
}

/* ---- events ----------------------------------------------------------------- */

static void on_stored(evutil_socket_t fd, short what, void *user)
{
	struct derive *derive = user;
	uint64_t times;

	(void)what;
	(void)!read(fd, &times, sizeof(times));
	if (!derive->failing)
		ask_for_step(derive, derive->settings.step_ms);
}

static void on_step(evutil_socket_t fd, short what, void *user)
{
	struct derive *derive = user;

	(void)fd;
	(void)what;
	derive->step_is_due = false;
	step(derive);
}

static void on_marks(void *user, struct mail *oldest)
{
	struct derive *derive = user;
	struct err err;

	while (oldest != NULL) {
		struct mark *mark = (struct mark *)oldest; /* mail is first */

		oldest = oldest->next;
		if (database_run(&derive->database, &err, STATEMENT_OUTBOX_MARK, "iiit",
			    mark->row, (int64_t)(mark->delivered ? 1 : 2), clock_wall_ns(),
			    slice_str(mark->detail))) {
			free(mark);
			continue;
		}
		if (derive->unmarked == NULL)
			log_error("derive.mark", "row=%lld reason=\"%s\", tried again",
				(long long)mark->row, err.text);
		mark->mail.next = derive->unmarked;
		derive->unmarked = &mark->mail;
	}
}

/* Of rows that were sent while the database took nothing. */
static void mark_again(struct derive *derive)
{
	struct mail *unmarked = derive->unmarked;

	derive->unmarked = NULL;
	on_marks(derive, unmarked);
}

/* A little at a time, and nothing else depends on it. */
static void remove_old(struct derive *derive)
{
	struct err err;
	bool failed = !prune_step(&derive->prune, &err);

	if (failed && !derive->prune_failing)
		log_error("derive.prune", "reason=\"%s\", trying again", err.text);
	derive->prune_failing = failed;
	if (!derive->prune.sources_removed || derive->counting.sources == NULL)
		return;
	derive->prune.sources_removed = !sources_reload(derive->counting.sources, &err);
	if (derive->prune.sources_removed)
		log_error("derive.sources", "reason=\"%s\", trying again", err.text);
}

static void look_what_waits(struct derive *derive)
{
	struct err err;
	unsigned n;

	if (!waiting_look(&derive->waiting, clock_mono_ms(), clock_wall_ns(), &n, &err))
		log_warn("derive.waiting", "reason=\"%s\"", err.text);
}

static void on_publish(evutil_socket_t fd, short what, void *user)
{
	struct derive *derive = user;

	(void)fd;
	(void)what;
	mark_again(derive);
	derive->publish_is_due = true;
	if (!derive->failing)
		step(derive);
	if (derive->counting.caught_up)
		remove_old(derive);
	look_what_waits(derive);
}

void derive_mark_sent(struct derive *derive, int64_t row, bool delivered, const char *detail)
{
	struct mark *mark = calloc(1, sizeof(*mark));

	if (mark == NULL)
		abort();
	mark->row = row;
	mark->delivered = delivered;
	snprintf(mark->detail, sizeof(mark->detail), "%s", detail);
	mailbox_put(derive->marks, &mark->mail);
}

uint64_t derive_position(const struct derive *derive)
{
	return atomic_load(&derive->read);
}

struct derive_state derive_state(struct derive *derive)
{
	pthread_mutex_lock(&derive->state_lock);
	struct derive_state state = derive->state;
	pthread_mutex_unlock(&derive->state_lock);
	return state;
}

/* ---- life ------------------------------------------------------------------- */

static void *run(void *user)
{
	struct derive *derive = user;

	(void)pthread_setname_np(pthread_self(), "derive");
	loop_run(derive->loop);
	return NULL;
}

static const struct slice given_again_name = {SLICE_BYTES("commits-given-again")};

/* The store was restored, or lost its tail, and gives these numbers once more: what it stores
 * from now on is new. What was counted of the lost ones stays counted. */
static bool set_back(struct derive *derive, int64_t counted, uint64_t stored, struct err *err)
{
	struct database *database = &derive->database;
	uint64_t n = (uint64_t)counted - stored;

	log_error("derive.store_lost",
		"counted=%lld stored=%llu: the store lost %llu commits, which stay counted; "
		"counting goes on behind %llu",
		(long long)counted, (unsigned long long)stored, (unsigned long long)n,
		(unsigned long long)stored);
	counter_add(&lost_commits, n);
	derive->given_again += (int64_t)n;
	return database_run(database, err, STATEMENT_META_SET, "ti", given_again_name,
		       derive->given_again) &&
	       database_run(database, err, STATEMENT_CURSOR_SET, "i", (int64_t)stored) &&
	       database_run(database, err, STATEMENT_META_LOWER, "ti",
		       SLICE_LIT("correlation-position"), (int64_t)stored) &&
	       findings_set_back(database, stored, err);
}

static bool read_cursor(struct derive *derive, struct err *err)
{
	uint64_t stored = store_position(derive->store);
	int64_t position = 0;

	if (!database_number(&derive->database,
		    database_select(&derive->database, err, STATEMENT_CURSOR, ""), &position,
		    err) ||
		!database_meta(&derive->database, given_again_name, &derive->given_again, err))
		return false;
	if ((uint64_t)position > stored) {
		if (!set_back(derive, position, stored, err))
			return false;
		position = (int64_t)stored;
	}
	derive->counting.position = (uint64_t)position;
	atomic_store(&derive->read, derive->counting.position);
	return true;
}

/* A kill in the middle of it leaves all as it was. */
static bool agree_with_store(struct derive *derive, struct err *err)
{
	struct database *database = &derive->database;

	if (!database_begin(database, err))
		return false;
	if (read_cursor(derive, err) &&
		findings_begin(database, derive->store, &derive->counting.doubt_until, err) &&
		database_commit(database, err))
		return true;
	database_rollback(database);
	return false;
}

static bool open_parts(struct derive *derive, struct err *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/derive.db", derive->settings.dir);
	if (!file_make_dirs(derive->settings.dir, 0700, err) ||
		!database_open(&derive->database, path, err))
		return false;
	derive->outbox.database = &derive->database;
	derive->waiting.database = &derive->database;
	derive->waiting.settings = &derive->settings;
	derive->statistics.database = &derive->database;
	derive->statistics.settings = &derive->settings;
	return agree_with_store(derive, err) &&
	       prune_init(&derive->prune, &derive->settings, &derive->database, err) &&
	       counting_begin(&derive->counting, derive->store, err);
}

/* A long statement that goes on is no thread that hangs. */
static int on_progress(void *user)
{
	pulse_beat(user);
	return 0;
}

static bool open_events(struct derive *derive, struct err *err)
{
	struct timeval often = from_ms(derive->settings.publish_ms);
	struct event_base *base;

	derive->loop = loop_new(err);
	if (derive->loop == NULL)
		return false;
	base = loop_base(derive->loop);
	derive->stored_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (derive->stored_fd < 0)
		return err_sys(err, "creating an eventfd");
	derive->marks = mailbox_new(base, on_marks, derive, err);
	if (derive->marks == NULL)
		return false;
	derive->on_stored =
		event_new(base, derive->stored_fd, EV_READ | EV_PERSIST, on_stored, derive);
	derive->step = event_new(base, -1, 0, on_step, derive);
	derive->publish = event_new(base, -1, EV_PERSIST, on_publish, derive);
	if (!derive->on_stored || !derive->step || !derive->publish ||
		event_add(derive->on_stored, NULL) != 0 ||
		event_add(derive->publish, &often) != 0)
		return err_set(err, "creating derive's events");
	ask_for_step(derive, 0);
	store_notify(derive->store, derive->stored_fd);
	sqlite3_progress_handler(derive->database.handle, PROGRESS_STEPS, on_progress,
		loop_own_pulse(derive->loop));
	return loop_pulse(derive->loop, "derive", err);
}

struct derive *derive_start(const struct derive_settings *settings, struct store *store,
	const struct derive_callbacks *callbacks, struct err *err)
{
	struct derive *derive = calloc(1, sizeof(*derive));

	if (derive == NULL)
		abort();
	derive->settings = *settings;
	derive->callbacks = *callbacks;
	derive->store = store;
	derive->stored_fd = -1;
	counting_init(&derive->counting, &derive->settings, &derive->database);
	pthread_mutex_init(&derive->state_lock, NULL);
	backoff_init(&derive->backoff, RETRY_FIRST_MS, RETRY_MOST_MS);
	batch_init(&derive->findings);
	derive->findings.send_home = findings_home;
	derive->findings.home = derive;
	if (!open_parts(derive, err) || !open_events(derive, err)) {
		err_within(err, "derive");
		derive_stop(derive);
		return NULL;
	}
	int failed = pthread_create(&derive->thread, NULL, run, derive);
	if (failed != 0) {
		err_set(err, "starting derive: %s", strerror(failed));
		derive_stop(derive);
		return NULL;
	}
	derive->started = true;
	return derive;
}

/* Findings under way must come home before their batch is freed: the store's writer still runs.
 */
static void wait_for_findings(struct derive *derive)
{
	struct pollfd home = {.fd = derive->stored_fd, .events = POLLIN};
	uint64_t times;

	while (atomic_load(&derive->findings_out) || atomic_load(&derive->coming_home)) {
		(void)poll(&home, 1, HOME_MS);
		(void)!read(derive->stored_fd, &times, sizeof(times));
	}
}

/* So that the next start reads nothing again. A failure costs just that. */
static void save_last(struct derive *derive)
{
	struct err err;

	if (derive->counting.correlate == NULL || !database_begin(&derive->database, &err))
		return;
	if (!correlate_save(derive->counting.correlate, derive->counting.at, true, &err) ||
		!database_commit(&derive->database, &err)) {
		log_warn("derive.correlation",
			"reason=\"%s\", the next start reads a little again", err.text);
		database_rollback(&derive->database);
	}
}

static void free_marks(struct derive *derive)
{
	mark_again(derive);
	while (derive->unmarked != NULL) {
		struct mail *mark = derive->unmarked;

		derive->unmarked = mark->next;
		free(mark); /* mail is first */
	}
}

static void free_events(struct derive *derive)
{
	struct event *events[] = {derive->on_stored, derive->step, derive->publish};

	for (unsigned i = 0; i < ARRAY_LEN(events); i++) {
		if (events[i] != NULL)
			event_free(events[i]);
	}
}

void derive_stop(struct derive *derive)
{
	if (derive == NULL)
		return;
	if (derive->started) {
		store_notify_stop(derive->store, derive->stored_fd);
		loop_stop(derive->loop);
		pthread_join(derive->thread, NULL);
		wait_for_findings(derive);
		save_last(derive);
	}
	if (derive->marks != NULL)
		on_marks(derive, mailbox_take(derive->marks));
	free_marks(derive); /* what they are of is sent again */
	free_events(derive);
	mailbox_free(derive->marks);
	loop_free(derive->loop);
	if (derive->stored_fd >= 0)
		close(derive->stored_fd);
	counting_done(&derive->counting);
	database_close(&derive->database);
	batch_done(&derive->findings);
	pthread_mutex_destroy(&derive->state_lock);
	free(derive);
}
