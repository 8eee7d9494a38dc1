#include "collector/ingest/acceptor.h"

#include <event2/listener.h>
#include <event2/util.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/shed.h"

enum { BACKLOG = 1024 };

struct acceptor {
	struct evconnlistener *socket;
	struct shed shed;
	void (*take)(void *user, const struct accepted *accepted);
	void *user;
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

uint64_t acceptor_peer(const struct sockaddr *address)
{
	struct netaddr parsed = {0};

	(void)!netaddr_from_sockaddr(address, &parsed);
	return (parsed.high ^ parsed.low) * UINT64_C(0x9e3779b97f4a7c15) + port_of(address);
}

static void on_accept(struct evconnlistener *from, evutil_socket_t fd, struct sockaddr *address,
	int len, void *user)
{
	struct acceptor *acceptor = user;
	struct accepted accepted = {.fd = fd};

	(void)from;
	(void)len;
	(void)!netaddr_from_sockaddr(address, &accepted.address); /* of these families it is */
	accepted.peer = acceptor_peer(address);
	shed_taken(&acceptor->shed);
	name_peer(&accepted.address, port_of(address), accepted.name, sizeof(accepted.name));
	acceptor->take(acceptor->user, &accepted);
}

static void on_accept_error(struct evconnlistener *from, void *user)
{
	struct acceptor *acceptor = user;

	(void)from;
	shed_error(&acceptor->shed);
}

/* "192.0.2.1:6514", "[::]:6514" */
static struct addrinfo *resolve(const char *listen, int type, struct err *err)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = type,
	};
	struct slice host = slice_str(listen);
	const char *colon = strrchr(listen, ':');
	char text[ACCEPTOR_PEER_MAX];
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

static bool listen_on(struct acceptor *acceptor, struct event_base *base, const char *listen,
	const char *name, struct err *err)
{
	const int on = 1;
	struct addrinfo *address = resolve(listen, SOCK_STREAM, err);

	if (address == NULL)
		return false;
	acceptor->socket = evconnlistener_new_bind(base, on_accept, acceptor,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, BACKLOG,
		address->ai_addr, (int)address->ai_addrlen);
	freeaddrinfo(address);
	if (acceptor->socket == NULL)
		return err_sys(err, "listening on %s", listen);
	if (!shed_begin(&acceptor->shed, acceptor->socket, name, base, err))
		return false;
	evconnlistener_set_error_cb(acceptor->socket, on_accept_error);
	/* Accepted sockets inherit it: an acknowledgement never waits for another one. */
	(void)setsockopt(evconnlistener_get_fd(acceptor->socket), IPPROTO_TCP, TCP_NODELAY, &on,
		sizeof(on));
	return true;
}

struct acceptor *acceptor_open(struct event_base *base, const char *listen, const char *name,
	void (*take)(void *user, const struct accepted *accepted), void *user, struct err *err)
{
	struct acceptor *acceptor = calloc(1, sizeof(*acceptor));

	if (acceptor == NULL)
		abort();
	acceptor->take = take;
	acceptor->user = user;
	if (listen_on(acceptor, base, listen, name, err))
		return acceptor;
	acceptor_close(acceptor);
	return NULL;
}

void acceptor_close(struct acceptor *acceptor)
{
	if (acceptor == NULL)
		return;
	shed_end(&acceptor->shed);
	if (acceptor->socket != NULL)
		evconnlistener_free(acceptor->socket);
	free(acceptor);
}

void acceptor_pause(struct acceptor *acceptor)
{
	evconnlistener_disable(acceptor->socket);
}

void acceptor_go_on(struct acceptor *acceptor)
{
	evconnlistener_enable(acceptor->socket);
}

uint16_t acceptor_port_of(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return 0;
	return (uint16_t)port_of((const struct sockaddr *)&address);
}

uint16_t acceptor_port(const struct acceptor *acceptor)
{
	return acceptor_port_of(evconnlistener_get_fd(acceptor->socket));
}

int acceptor_bind_datagrams(const char *listen, struct err *err)
{
	struct addrinfo *address = resolve(listen, SOCK_DGRAM, err);

	if (address == NULL)
		return -1;
	int fd = socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, address->ai_addr, address->ai_addrlen) != 0) {
		err_sys(err, "receiving at %s", listen);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(address);
	return fd;
}
