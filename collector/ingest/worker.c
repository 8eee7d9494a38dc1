#include "collector/ingest/worker.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/ingest/agents/session.h"
#include "collector/ingest/senders/gate.h"
#include "common/chunk.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/loop.h"

enum {
	SESSION_BUCKETS = 2048,
	/* Under way to the store: what comes last waits for all of them. More lines make no
	 * commit cheaper, and many small batches are few lines. */
	LINES_OUT_MOST = 4 * BATCH_RECORDS_MAX,
	GOODBYE_MS = 2000, /* for sessions to end */
	GATE_MS = 8000,    /* and longer for the store to take what senders delivered */
};

/* A request from another thread. */
struct errand {
	struct mail mail;
	enum {
		ERRAND_SOCKET,
		ERRAND_END_SESSION,
		ERRAND_DROP_HANDSHAKE,
		ERRAND_ORDER,
		ERRAND_SENDER,
		ERRAND_DROP_SENDER,
		ERRAND_DATAGRAMS,
		ERRAND_STOP
	} what;
	struct ingest_socket socket;
	uint64_t session;
	uint8_t reason;
	struct frame_order order;
	struct door *door;
	struct accepted accepted;
};

struct worker {
	struct ingest_shared *shared;
	unsigned number;
	pthread_t thread;
	struct loop *loop;
	struct event *tick;
	struct mailbox *errands;
	struct mailbox *homecoming;
	struct chunk_reader *chunk_reader;
	struct gate *gate;

	struct worker_batch *batches; /* settings->batches of them */
	struct batch *free_batches;
	unsigned batches_out, lines_out;

	struct session *sessions;
	struct session *by_number[SESSION_BUCKETS];
	struct session *waiting, **waiting_end; /* for a batch, first come first served */
	struct session *acking;
	unsigned n_sessions;
	bool stopping;
	int64_t stop_by_ms;
};

SSL_CTX *ingest_shared_tls(struct ingest_shared *shared)
{
	pthread_mutex_lock(&shared->tls_lock);
	SSL_CTX *tls = shared->tls;
	SSL_CTX_up_ref(tls);
	pthread_mutex_unlock(&shared->tls_lock);
	return tls;
}

struct senders *ingest_shared_senders(struct ingest_shared *shared)
{
	pthread_mutex_lock(&shared->tls_lock);
	struct senders *senders = senders_ref(shared->senders);
	pthread_mutex_unlock(&shared->tls_lock);
	return senders;
}

struct wef_subscriptions *ingest_shared_subscriptions(struct ingest_shared *shared)
{
	pthread_mutex_lock(&shared->tls_lock);
	struct wef_subscriptions *subscriptions = wef_subscriptions_ref(shared->subscriptions);
	pthread_mutex_unlock(&shared->tls_lock);
	return subscriptions;
}

struct event_base *worker_base(struct worker *worker)
{
	return loop_base(worker->loop);
}

struct ingest_shared *worker_shared(struct worker *worker)
{
	return worker->shared;
}

struct chunk_reader *worker_chunk_reader(struct worker *worker)
{
	return worker->chunk_reader;
}

int64_t worker_now_ms(const struct worker *worker)
{
	(void)worker;
	return clock_mono_ms();
}

/* ---- sessions --------------------------------------------------------------- */

static struct session **bucket_of(struct worker *worker, uint64_t number)
{
	return &worker->by_number[number % SESSION_BUCKETS];
}

static void remember(struct worker *worker, struct session *session)
{
	struct session_links *links = session_links(session);
	struct session **bucket = bucket_of(worker, session_number(session));

	links->next = worker->sessions;
	if (worker->sessions != NULL)
		session_links(worker->sessions)->prev = session;
	worker->sessions = session;
	links->hashed = *bucket;
	*bucket = session;
	worker->n_sessions++;
}

static struct session *find(struct worker *worker, uint64_t number)
{
	struct session *session = *bucket_of(worker, number);

	while (session != NULL && session_number(session) != number)
		session = session_links(session)->hashed;
	return session;
}

static void leave_bucket(struct worker *worker, struct session *session)
{
	struct session **at = bucket_of(worker, session_number(session));

	while (*at != session)
		at = &session_links(*at)->hashed;
	*at = session_links(session)->hashed;
}

static void leave_waiting(struct worker *worker, struct session *session)
{
	struct session **at = &worker->waiting;

	while (*at != session)
		at = &session_links(*at)->waiting;
	*at = session_links(session)->waiting;
	if (worker->waiting_end == &session_links(session)->waiting)
		worker->waiting_end = at;
}

static void leave_acking(struct worker *worker, struct session *session)
{
	struct session **at = &worker->acking;

	while (*at != session)
		at = &session_links(*at)->acking;
	*at = session_links(session)->acking;
}

void worker_forget(struct worker *worker, struct session *session)
{
	struct session_links *links = session_links(session);

	if (links->is_waiting)
		leave_waiting(worker, session);
	if (links->is_acking)
		leave_acking(worker, session);
	leave_bucket(worker, session);
	if (links->prev != NULL)
		session_links(links->prev)->next = links->next;
	else
		worker->sessions = links->next;
	if (links->next != NULL)
		session_links(links->next)->prev = links->prev;
	worker->n_sessions--;
}

/* ---- batches ---------------------------------------------------------------- */

static struct worker_batch *seat_of(struct batch *batch)
{
	return (struct worker_batch *)((char *)batch - offsetof(struct worker_batch, batch));
}

/* In the store writer's thread. */
static void send_home(struct batch *batch)
{
	struct worker *worker = batch->home;

	mailbox_put(worker->homecoming, &seat_of(batch)->mail);
}

static bool has_batch(const struct worker *worker)
{
	return worker->free_batches != NULL && worker->lines_out < LINES_OUT_MOST;
}

struct batch *worker_take_batch(struct worker *worker)
{
	struct batch *batch = worker->free_batches;

	if (!has_batch(worker))
		return NULL;
	worker->free_batches = batch->next;
	worker->batches_out++;
	batch->next = NULL;
	return batch;
}

struct batch *worker_take_flow_batch(struct worker *worker, struct flow *flow)
{
	struct batch *batch = worker_take_batch(worker);

	if (batch != NULL)
		seat_of(batch)->flow = flow;
	return batch;
}

struct receipt_list *worker_batch_receipts(struct batch *batch)
{
	return &seat_of(batch)->receipts;
}

void worker_count_lines(struct worker *worker, const struct batch *batch)
{
	worker->lines_out += batch->n_records;
}

/* The last one used is used next: memory it holds is as much as is under way. */
void worker_give_batch_back(struct worker *worker, struct batch *batch)
{
	worker->lines_out -= batch->n_records;
	batch_reset(batch);
	seat_of(batch)->flow = NULL;
	batch->next = worker->free_batches;
	worker->free_batches = batch;
	worker->batches_out--;
}

void worker_wait_for_batch(struct worker *worker, struct session *session)
{
	struct session_links *links = session_links(session);

	if (links->is_waiting)
		return;
	links->is_waiting = true;
	links->waiting = NULL;
	*worker->waiting_end = session;
	worker->waiting_end = &links->waiting;
}

static void wake_waiting(struct worker *worker)
{
	while (worker->waiting != NULL && has_batch(worker)) {
		struct session *session = worker->waiting;

		leave_waiting(worker, session);
		session_links(session)->is_waiting = false;
		session_go_on(session);
	}
}

static void session_batch_came_home(struct worker *worker, struct batch *batch)
{
	struct session *session = find(worker, batch->session);

	if (session != NULL) {
		struct session_links *links = session_links(session);

		session_batch_done(session, batch);
		if (!links->is_acking) {
			links->is_acking = true;
			links->acking = worker->acking;
			worker->acking = session;
		}
	}
}

static void batch_came_home(struct worker *worker, struct batch *batch)
{
	struct flow *flow = seat_of(batch)->flow;

	if (flow != NULL && gate_batch_home(worker->gate, flow, batch))
		return;
	if (flow == NULL)
		session_batch_came_home(worker, batch);
	worker_give_batch_back(worker, batch);
}

static void flush_acks(struct worker *worker)
{
	while (worker->acking != NULL) {
		struct session *session = worker->acking;

		worker->acking = session_links(session)->acking;
		session_links(session)->is_acking = false;
		session_flush_acks(session);
	}
}

static void maybe_finish(struct worker *worker)
{
	const int64_t now_ms = worker_now_ms(worker);

	if (!worker->stopping)
		return;
	if (now_ms >= worker->stop_by_ms + GATE_MS)
		gate_give_up(worker->gate);
	if (worker->batches_out == 0 && gate_is_empty(worker->gate) &&
		(worker->n_sessions == 0 || now_ms >= worker->stop_by_ms))
		loop_stop(worker->loop);
}

static void on_homecoming(void *user, struct mail *oldest)
{
	struct worker *worker = user;

	while (oldest != NULL) {
		struct worker_batch *seat = (struct worker_batch *)oldest; /* mail is first */

		oldest = oldest->next;
		batch_came_home(worker, &seat->batch);
	}
	flush_acks(worker);
	gate_go_on(worker->gate);
	wake_waiting(worker);
	maybe_finish(worker);
}

/* ---- errands ---------------------------------------------------------------- */

static void begin_session(struct worker *worker, const struct errand *errand)
{
	worker->shared->untaken--;
	if (worker->stopping) {
		handshakes_end(worker->shared->handshakes, &errand->socket.handshake, false);
		close(errand->socket.fd);
		return;
	}
	struct session *session = session_new(worker, &errand->socket);
	if (session != NULL)
		remember(worker, session);
}

static void end_all(struct worker *worker)
{
	worker->stopping = true;
	worker->stop_by_ms = worker_now_ms(worker) + GOODBYE_MS;
	for (struct session *session = worker->sessions, *next; session != NULL;
		session = next) {
		next = session_links(session)->next;
		session_end(session, GOODBYE_STOPPING, "collector stops");
	}
	gate_shut(worker->gate);
	maybe_finish(worker);
}

static void run_errand(struct worker *worker, const struct errand *errand)
{
	struct session *session;

	switch (errand->what) {
	case ERRAND_SOCKET:
		begin_session(worker, errand);
		break;
	case ERRAND_END_SESSION:
		session = find(worker, errand->session);
		if (session != NULL)
			session_end(session, errand->reason, "another session took its place");
		break;
	case ERRAND_DROP_HANDSHAKE:
		session = find(worker, errand->session);
		if (session != NULL)
			session_drop_handshake(session);
		break;
	case ERRAND_ORDER:
		session = find(worker, errand->session);
		if (session != NULL)
			session_order(session, &errand->order);
		break;
	case ERRAND_SENDER:
		gate_take_connection(worker->gate, errand->door, &errand->accepted);
		break;
	case ERRAND_DROP_SENDER:
		gate_drop_handshake(worker->gate, errand->door, errand->session);
		break;
	case ERRAND_DATAGRAMS:
		gate_take_datagrams(worker->gate, errand->door);
		break;
	case ERRAND_STOP:
		end_all(worker);
		break;
	}
}

static void on_errands(void *user, struct mail *oldest)
{
	while (oldest != NULL) {
		struct errand *errand = (struct errand *)oldest; /* mail is first */

		oldest = oldest->next;
		run_errand(user, errand);
		free(errand);
	}
}

static void send_errand(struct worker *worker, const struct errand *errand)
{
	struct errand *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		abort();
	*copy = *errand;
	mailbox_put(worker->errands, &copy->mail);
}

void worker_take_socket(struct worker *worker, const struct ingest_socket *socket)
{
	worker->shared->untaken++;
	send_errand(worker, &(struct errand){
				    .what = ERRAND_SOCKET,
				    .socket = *socket,
			    });
}

void worker_end_session(struct worker *worker, uint64_t session, uint8_t reason)
{
	send_errand(worker,
		&(struct errand){
			.what = ERRAND_END_SESSION, .session = session, .reason = reason});
}

void worker_drop_handshake(struct worker *worker, uint64_t session)
{
	send_errand(
		worker, &(struct errand){.what = ERRAND_DROP_HANDSHAKE, .session = session});
}

void worker_order(struct worker *worker, uint64_t session, const struct frame_order *order)
{
	send_errand(worker,
		&(struct errand){.what = ERRAND_ORDER, .session = session, .order = *order});
}

void worker_take_sender(
	struct worker *worker, struct door *door, const struct accepted *accepted)
{
	send_errand(worker,
		&(struct errand){.what = ERRAND_SENDER, .door = door, .accepted = *accepted});
}

void worker_drop_sender(struct worker *worker, struct door *door, uint64_t handshake)
{
	send_errand(worker,
		&(struct errand){
			.what = ERRAND_DROP_SENDER, .door = door, .session = handshake});
}

void worker_take_datagrams(struct worker *worker, struct door *door)
{
	send_errand(worker, &(struct errand){.what = ERRAND_DATAGRAMS, .door = door});
}

void worker_stop(struct worker *worker)
{
	send_errand(worker, &(struct errand){.what = ERRAND_STOP});
}

/* ---- life ------------------------------------------------------------------- */

static void on_tick(evutil_socket_t fd, short what, void *user)
{
	struct worker *worker = user;

	(void)fd;
	(void)what;
	for (struct session *session = worker->sessions, *next; session != NULL;
		session = next) {
		next = session_links(session)->next;
		session_check(session);
	}
	gate_check(worker->gate);
	maybe_finish(worker);
}

static void *run(void *user)
{
	struct worker *worker = user;

	(void)pthread_setname_np(pthread_self(), "worker");
	loop_run(worker->loop);
	return NULL;
}

static void fill_pool(struct worker *worker)
{
	unsigned n = worker->shared->settings->batches;

	worker->batches = calloc(n, sizeof(*worker->batches));
	if (worker->batches == NULL)
		abort();
	for (unsigned i = 0; i < n; i++) {
		struct batch *batch = &worker->batches[i].batch;

		batch_init(batch);
		batch->send_home = send_home;
		batch->home = worker;
		batch->pulse = loop_own_pulse(worker->loop);
		batch->next = worker->free_batches;
		worker->free_batches = batch;
	}
}

void worker_free(struct worker *worker)
{
	while (worker->sessions != NULL)
		session_drop(worker->sessions);
	gate_free(worker->gate);
	if (worker->errands != NULL) {
		for (struct mail *mail = mailbox_take(worker->errands), *next; mail;
			mail = next) {
			struct errand *errand = (struct errand *)mail;

			next = mail->next;
			if (errand->what == ERRAND_SOCKET)
				close(errand->socket.fd);
			if (errand->what == ERRAND_SENDER)
				close(errand->accepted.fd);
			if (errand->what == ERRAND_DATAGRAMS)
				close(errand->door->fd);
			free(errand);
		}
	}
	mailbox_free(worker->errands);
	mailbox_free(worker->homecoming);
	if (worker->tick != NULL)
		event_free(worker->tick);
	loop_free(worker->loop);
	chunk_reader_free(worker->chunk_reader);
	for (unsigned i = 0; worker->batches && i < worker->shared->settings->batches; i++)
		batch_done(&worker->batches[i].batch);
	free(worker->batches);
	free(worker);
}

static bool prepare(struct worker *worker, struct err *err)
{
	static const struct timeval second = {.tv_sec = 1};

	worker->loop = loop_new(err);
	if (worker->loop == NULL)
		return false;
	worker->errands = mailbox_new(loop_base(worker->loop), on_errands, worker, err);
	worker->homecoming = mailbox_new(loop_base(worker->loop), on_homecoming, worker, err);
	if (worker->errands == NULL || worker->homecoming == NULL)
		return false;
	worker->tick = event_new(loop_base(worker->loop), -1, EV_PERSIST, on_tick, worker);
	if (worker->tick == NULL || event_add(worker->tick, &second) != 0)
		return err_set(err, "adding the worker's timer");
	worker->chunk_reader = chunk_reader_new();
	worker->gate = gate_new(worker);
	fill_pool(worker);
	return loop_pulse(worker->loop, "worker", err);
}

struct worker *worker_start(struct ingest_shared *shared, unsigned number, struct err *err)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (worker == NULL)
		abort();
	worker->shared = shared;
	worker->number = number;
	worker->waiting_end = &worker->waiting;
	if (!prepare(worker, err)) {
		worker_free(worker);
		return NULL;
	}
	int failed = pthread_create(&worker->thread, NULL, run, worker);
	if (failed != 0) {
		err_set(err, "starting worker %u: %s", number, strerror(failed));
		worker_free(worker);
		return NULL;
	}
	return worker;
}

void worker_join(struct worker *worker)
{
	pthread_join(worker->thread, NULL);
}
