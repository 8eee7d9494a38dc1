#include "collector/ingest/listener.h"

#include <stdlib.h>

#include "collector/ingest/acceptor.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/loop.h"

enum { TELL_MS = 60000, REST_MS = 20 };

static struct counter connections = COUNTER("ingest.connections", "TCP connections accepted");
static struct counter gave_way = COUNTER("ingest.handshakes_dropped",
	"unfinished handshakes that gave way to newer ones: more than the settings allow");
static struct counter rests = COUNTER("ingest.accept_rests",
	"times nobody was let in because workers had as many as handshakes-max to come to");

struct listener {
	struct ingest_shared *shared;
	struct acceptor *acceptor;
	struct event *rest_over;
	unsigned next_worker;
	int64_t told_ms; /* of the last flood */
};

/* Told at most once a minute: a flood must not fill the log as well. */
static void tell_flood(struct listener *listener)
{
	const int64_t now_ms = clock_mono_ms();

	counter_add(&gave_way, 1);
	if (listener->told_ms != 0 && now_ms - listener->told_ms < TELL_MS)
		return;
	listener->told_ms = now_ms;
	log_warn("listener.flood",
		"more unfinished handshakes than handshakes-max or address-handshakes-max, "
		"silent ones give way");
}

/* A place for it among the unfinished handshakes. */
static void begin_handshake(struct listener *listener, struct ingest_socket *socket,
	const struct netaddr *peer, unsigned worker)
{
	struct ingest_shared *shared = listener->shared;

	socket->handshake = (struct handshake){
		.session = ++shared->session,
		.address = handshakes_address(shared->handshakes, peer),
		.worker = worker,
	};
	struct handshake gone = handshakes_begin(shared->handshakes, &socket->handshake);
	if (gone.session == 0)
		return;
	tell_flood(listener);
	worker_drop_handshake(shared->workers[gone.worker], gone.session);
}

/* ---- workers that do not keep up -------------------------------------------- */

static bool workers_are_behind(const struct listener *listener)
{
	return listener->shared->untaken >= listener->shared->settings->handshakes_max;
}

/* Who comes waits in the kernel's queue, which costs no descriptor. */
static void rest(struct listener *listener)
{
	counter_add(&rests, 1);
	acceptor_pause(listener->acceptor);
	loop_arm(listener->rest_over, REST_MS);
}

static void on_rest_over(evutil_socket_t fd, short what, void *user)
{
	struct listener *listener = user;

	(void)fd;
	(void)what;
	if (workers_are_behind(listener))
		loop_arm(listener->rest_over, REST_MS);
	else
		acceptor_go_on(listener->acceptor);
}

/* ---- accepting -------------------------------------------------------------- */

static void on_accept(void *user, const struct accepted *accepted)
{
	struct listener *listener = user;
	struct ingest_shared *shared = listener->shared;
	struct ingest_socket socket = {.fd = accepted->fd};
	const unsigned worker = listener->next_worker++ % shared->n_workers;

	counter_add(&connections, 1);
	begin_handshake(listener, &socket, &accepted->address, worker);
	memcpy(socket.peer_name, accepted->name, sizeof(socket.peer_name));
	worker_take_socket(shared->workers[worker], &socket);
	if (workers_are_behind(listener))
		rest(listener);
}

struct listener *listener_open(
	struct ingest_shared *shared, struct event_base *base, struct err *err)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (listener == NULL)
		abort();
	listener->shared = shared;
	listener->rest_over = event_new(base, -1, 0, on_rest_over, listener);
	if (listener->rest_over == NULL)
		err_set(err, "creating the listener's timer");
	else
		listener->acceptor = acceptor_open(
			base, shared->settings->listen, "agents", on_accept, listener, err);
	if (listener->acceptor != NULL)
		return listener;
	listener_close(listener);
	return NULL;
}

void listener_close(struct listener *listener)
{
	if (listener == NULL)
		return;
	acceptor_close(listener->acceptor);
	if (listener->rest_over != NULL)
		event_free(listener->rest_over);
	free(listener);
}

uint16_t listener_port(const struct listener *listener)
{
	return acceptor_port(listener->acceptor);
}
