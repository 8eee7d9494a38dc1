#include "collector/ingest/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/netaddr.h"
#include "common/shed.h"

enum { BACKLOG = 1024, TELL_MS = 60000, REST_MS = 20 };

static struct counter accepted = COUNTER("ingest.connections", "TCP connections accepted");
static struct counter gave_way = COUNTER("ingest.handshakes_dropped",
	"unfinished handshakes that gave way to newer ones: more than the settings allow");
static struct counter rests = COUNTER("ingest.accept_rests",
	"times nobody was let in because workers had as many as handshakes-max to come to");

struct listener {
	struct ingest_shared *shared;
	struct evconnlistener *socket;
	struct shed shed;
	struct event *rest_over;
	unsigned next_worker;
	int64_t told_ms; /* of the last flood */
};

static unsigned port_of(const struct sockaddr *address)
{
	return ntohs(address->sa_family == AF_INET6
			     ? ((const struct sockaddr_in6 *)(const void *)address)->sin6_port
			     : ((const struct sockaddr_in *)(const void *)address)->sin_port);
}

static void name_peer(const struct netaddr *peer, unsigned port, char *name, size_t name_size)
{
	char host[NETADDR_TEXT_MAX];

	netaddr_format(peer, host);
	snprintf(name, name_size, netaddr_is_v4(peer) ? "%s:%u" : "[%s]:%u", host, port);
}

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
	evconnlistener_disable(listener->socket);
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
		evconnlistener_enable(listener->socket);
}

/* ---- accepting -------------------------------------------------------------- */

static void on_accept(struct evconnlistener *from, evutil_socket_t fd, struct sockaddr *address,
	int len, void *user)
{
	struct listener *listener = user;
	struct ingest_shared *shared = listener->shared;
	struct ingest_socket socket = {.fd = fd};
	struct netaddr peer = {0};
	const unsigned worker = listener->next_worker++ % shared->n_workers;

	(void)from;
	(void)len;
	(void)!netaddr_from_sockaddr(address, &peer); /* of these families it always is */
	counter_add(&accepted, 1);
	shed_taken(&listener->shed);
	begin_handshake(listener, &socket, &peer, worker);
	name_peer(&peer, port_of(address), socket.peer_name, sizeof(socket.peer_name));
	worker_take_socket(shared->workers[worker], &socket);
	if (workers_are_behind(listener))
		rest(listener);
}

static void on_accept_error(struct evconnlistener *from, void *user)
{
	struct listener *listener = user;

	(void)from;
	shed_error(&listener->shed);
}

/* "192.0.2.1:6514", "[::]:6514" */
static struct addrinfo *resolve(const char *listen, struct err *err)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	struct slice host = slice_str(listen);
	const char *colon = strrchr(listen, ':');
	char text[INGEST_NAME_MAX];
	struct addrinfo *found;

	if (colon == NULL) {
		err_set(err, "listen: '%s' has no port", listen);
		return NULL;
	}
	host.len = (size_t)(colon - listen);
	if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = slice_of(host.ptr + 1, host.len - 2);
	snprintf(text, sizeof(text), "%.*s", SLICE_FMT(host));
	int failed = getaddrinfo(text, colon + 1, &hints, &found);
	if (failed != 0) {
		err_set(err, "listen: '%s': %s", listen, gai_strerror(failed));
		return NULL;
	}
	return found;
}

struct listener *listener_open(
	struct ingest_shared *shared, struct event_base *base, struct err *err)
{
	const int on = 1;
	struct addrinfo *address = resolve(shared->settings->listen, err);
	struct listener *listener = calloc(1, sizeof(*listener));

	if (listener == NULL)
		abort();
	if (address == NULL) {
		free(listener);
		return NULL;
	}
	listener->shared = shared;
	listener->socket = evconnlistener_new_bind(base, on_accept, listener,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, BACKLOG,
		address->ai_addr, (int)address->ai_addrlen);
	freeaddrinfo(address);
	if (listener->socket == NULL) {
		err_sys(err, "listening on %s", shared->settings->listen);
		listener_close(listener);
		return NULL;
	}
	listener->rest_over = event_new(base, -1, 0, on_rest_over, listener);
	if (listener->rest_over == NULL)
		err_set(err, "creating the listener's timer");
	if (listener->rest_over == NULL ||
		!shed_begin(&listener->shed, listener->socket, "agents", base, err)) {
		listener_close(listener);
		return NULL;
	}
	evconnlistener_set_error_cb(listener->socket, on_accept_error);
	/* Accepted sockets inherit it: an acknowledgement never waits for another one. */
	(void)setsockopt(evconnlistener_get_fd(listener->socket), IPPROTO_TCP, TCP_NODELAY, &on,
		sizeof(on));
	return listener;
}

void listener_close(struct listener *listener)
{
	if (listener == NULL)
		return;
	shed_end(&listener->shed);
	if (listener->rest_over != NULL)
		event_free(listener->rest_over);
	if (listener->socket != NULL)
		evconnlistener_free(listener->socket);
	free(listener);
}

uint16_t listener_port(const struct listener *listener)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(evconnlistener_get_fd(listener->socket), (struct sockaddr *)&address,
		    &len) != 0)
		return 0;
	return (uint16_t)port_of((const struct sockaddr *)&address);
}
