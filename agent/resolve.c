#include "agent/resolve.h"

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_MAX_SIZE = 256, PORT_MAX_SIZE = 6 };

struct question {
	struct resolver *resolver; /* NULL: cancelled */
};

struct resolver {
	struct event_base *base;
	struct evdns_base *dns;
	struct resolver_user user;
	struct question *question; /* under way */
	struct evdns_getaddrinfo_request *request;
};

bool address_split(const char *text, struct slice *host, struct slice *port, struct err *err)
{
	const char *colon = strrchr(text, ':');
	uint64_t number;

	if (colon == NULL || colon == text)
		return err_set(err, "'%s' is not host:port", text);
	*host = slice_of(text, (size_t)(colon - text));
	*port = slice_str(colon + 1);
	if (!slice_to_u64(*port, 65535, &number) || number == 0)
		return err_set(err, "'%s': the port is not a number from 1 to 65535", text);
	if (host->ptr[0] == '[' && host->ptr[host->len - 1] == ']')
		*host = slice_of(host->ptr + 1, host->len - 2);
	else if (slice_find(*host, ':') < host->len)
		return err_set(err, "'%s': IPv6 addresses stand in [ ]", text);
	if (host->len == 0 || host->len >= NAME_MAX_SIZE)
		return err_set(err, "'%s': the host's name has %zu bytes", text, host->len);
	return true;
}

struct resolver *resolver_new(struct event_base *base, const struct resolver_user *user)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	if (resolver == NULL)
		abort();
	resolver->base = base;
	resolver->user = *user;
	return resolver;
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	resolver_cancel(resolver);
	if (resolver->dns != NULL)
		evdns_base_free(resolver->dns, 1);
	free(resolver);
}

static void answer(
	struct resolver *resolver, const struct address *found, size_t n, const char *why)
{
	resolver->user.on_done(resolver->user.user, found, n, why);
}

static size_t copy_addresses(const struct evutil_addrinfo *from, struct address to[RESOLVE_MAX])
{
	size_t n = 0;

	for (; from != NULL && n < RESOLVE_MAX; from = from->ai_next) {
		if (from->ai_addrlen > sizeof(to[n].bytes))
			continue;
		memcpy(&to[n].bytes, from->ai_addr, from->ai_addrlen);
		to[n++].len = from->ai_addrlen;
	}
	return n;
}

static void on_answer(int result, struct evutil_addrinfo *list, void *user)
{
	struct question *question = user;
	struct resolver *resolver = question->resolver;
	struct address found[RESOLVE_MAX];
	size_t n = copy_addresses(list, found);

	free(question);
	if (list != NULL)
		evutil_freeaddrinfo(list);
	if (resolver == NULL)
		return;
	resolver->question = NULL;
	resolver->request = NULL;
	answer(resolver, found, n, n > 0 ? NULL : evutil_gai_strerror(result));
}

/* A new one for each look-up knows today's name servers. */
static bool open_dns(struct resolver *resolver)
{
	if (resolver->dns != NULL)
		evdns_base_free(resolver->dns, 1);
	resolver->dns = evdns_base_new(resolver->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (resolver->dns == NULL)
		return false;
	(void)evdns_base_resolv_conf_parse(resolver->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
	return true;
}

static void ask(struct resolver *resolver, const char *host, const char *port)
{
	const struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP,
		.ai_flags = EVUTIL_AI_ADDRCONFIG};
	struct question *question;

	if (!open_dns(resolver)) {
		answer(resolver, NULL, 0, "no resolver");
		return;
	}
	question = calloc(1, sizeof(*question));
	if (question == NULL)
		abort();
	question->resolver = resolver;
	resolver->question = question;

	struct evdns_getaddrinfo_request *request =
		evdns_getaddrinfo(resolver->dns, host, port, &hints, on_answer, question);
	if (resolver->question == question) /* not answered at once */
		resolver->request = request;
}

static bool is_numeric(const char *text, struct address *address)
{
	int len = sizeof(address->bytes);

	if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&address->bytes, &len) != 0)
		return false;
	address->len = (socklen_t)len;
	return true;
}

void resolver_start(struct resolver *resolver, const char *name)
{
	char host[NAME_MAX_SIZE], port[PORT_MAX_SIZE];
	struct slice host_part, port_part;
	struct address address;
	struct err err;

	resolver_cancel(resolver);
	if (is_numeric(name, &address)) {
		answer(resolver, &address, 1, NULL);
		return;
	}
	if (!address_split(name, &host_part, &port_part, &err)) {
		answer(resolver, NULL, 0, err.text);
		return;
	}
	snprintf(host, sizeof(host), "%.*s", SLICE_FMT(host_part));
	snprintf(port, sizeof(port), "%.*s", SLICE_FMT(port_part));
	ask(resolver, host, port);
}

void resolver_cancel(struct resolver *resolver)
{
	struct evdns_getaddrinfo_request *request = resolver->request;

	if (resolver->question == NULL)
		return;
	resolver->question->resolver = NULL; /* freed by its answer */
	resolver->question = NULL;
	resolver->request = NULL;
	if (request != NULL)
		evdns_getaddrinfo_cancel(request);
}
