#include "collector/ingest/senders/doors.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/ingest/worker.h"
#include "common/counter.h"
#include "common/datagrams.h"
#include "common/log.h"
#include "common/tls.h"

static struct counter taken =
	COUNTER("ingest.sender_connections", "TCP connections of senders that were taken");
static struct counter gave_way = COUNTER("ingest.sender_handshakes_dropped",
	"connections of senders that gave way to newer ones: still in their TLS "
	"handshake, or nobody's before their first request");
static struct counter too_many = COUNTER("ingest.sender_connections_refused",
	"connections of senders that were closed: more than the settings allow");

static const char *const inputs[][3] = {
	[PROTOCOL_SYSLOG] = {[TRANSPORT_UDP] = "syslog-udp",
		[TRANSPORT_TCP] = "syslog-tcp",
		[TRANSPORT_TLS] = "syslog-tls"},
	[PROTOCOL_HTTP] = {[TRANSPORT_TCP] = "http", [TRANSPORT_TLS] = "https"},
	[PROTOCOL_WEF] = {[TRANSPORT_TLS] = "wef"},
	[PROTOCOL_NETFLOW] = {[TRANSPORT_UDP] = "netflow-udp"},
	[PROTOCOL_SFLOW] = {[TRANSPORT_UDP] = "sflow-udp"},
	[PROTOCOL_BEATS] = {[TRANSPORT_TCP] = "beats-tcp", [TRANSPORT_TLS] = "beats-tls"},
};

/* ---- who comes --------------------------------------------------------------- */

void door_stranger(struct door *door, const struct netaddr *address)
{
	const struct ingest_callbacks *callbacks = &door->shared->callbacks;
	char text[NETADDR_TEXT_MAX], detail[INGEST_NAME_MAX + NETADDR_TEXT_MAX];

	if (!sender_book_stranger(door->shared->book, address, door->settings->name))
		return;
	netaddr_format(address, text);
	log_warn("senders.unknown", "listener=%s address=%s, what it sends is refused",
		LOG_TEXT(slice_str(door->settings->name)), text);
	snprintf(detail, sizeof(detail), "%s %s", door->settings->name, text);
	callbacks->note(callbacks->user, INGEST_STRANGER, 0, 0, detail);
}

static bool may_come(struct door *door, const struct netaddr *address)
{
	struct senders *senders = ingest_shared_senders(door->shared);
	bool may = senders_may_come(senders, door->number, address);

	senders_unref(senders);
	return may;
}

/* A place for it among the unfinished ones; silent ones give way. */
static void begin_handshake(struct door *door, struct accepted *accepted, unsigned worker)
{
	accepted->handshake = (struct handshake){
		.session = ++door->handshake,
		.address = handshakes_address(door->handshakes, &accepted->address),
		.worker = worker,
	};
	struct handshake gone = handshakes_begin(door->handshakes, &accepted->handshake);
	if (gone.session == 0)
		return;
	counter_add(&gave_way, 1);
	worker_drop_sender(door->shared->workers[gone.worker], door, gone.session);
}

void door_shaken(struct door *door, const struct handshake *handshake, bool good)
{
	if (handshake->session != 0)
		handshakes_end(door->handshakes, handshake, good);
}

void door_closed(struct door *door, const struct handshake *handshake)
{
	door_shaken(door, handshake, false);
	atomic_fetch_sub(&door->connections, 1);
}

static void on_accept(void *user, const struct accepted *accepted)
{
	struct door *door = user;
	struct ingest_shared *shared = door->shared;

	if (!may_come(door, &accepted->address)) {
		door_stranger(door, &accepted->address);
		close(accepted->fd);
		return;
	}
	if (atomic_load(&door->connections) >= door->settings->connections_max) {
		counter_add(&too_many, 1);
		close(accepted->fd);
		return;
	}
	atomic_fetch_add(&door->connections, 1);
	counter_add(&taken, 1);
	struct accepted one = *accepted;
	const unsigned worker = door->next_worker++ % shared->n_workers;
	if (door->handshakes != NULL)
		begin_handshake(door, &one, worker);
	worker_take_sender(shared->workers[worker], door, &one);
}

/* ---- opening ------------------------------------------------------------------- */

static SSL_CTX *load_tls(const struct written_listener *settings, struct err *err)
{
	const struct tls_settings files = {
		.ca_file = settings->ca,
		.crl_file = settings->crl,
		.cert_file = settings->certificate,
		.key_file = settings->key,
	};
	SSL_CTX *tls = tls_devices_new(&files, (enum tls_clients)settings->clients, err);

	if (tls == NULL)
		err_within(err, "listener %s", settings->name);
	return tls;
}

static void widen_buffer(const struct door *door)
{
	const uint64_t wanted = door->settings->receive_buffer;
	const uint64_t got = datagrams_widen(door->fd, wanted);

	if (got < wanted)
		log_warn("senders.buffer",
			"listener=%s wanted=%llu got=%llu, raise net.core.rmem_max",
			LOG_TEXT(slice_str(door->settings->name)), (unsigned long long)wanted,
			(unsigned long long)got);
}

/* Read by one worker, so that the messages of a sender stay in order. */
static bool open_datagrams(struct door *door, struct err *err)
{
	struct ingest_shared *shared = door->shared;

	door->fd = acceptor_bind_datagrams(door->settings->listen, err);
	if (door->fd < 0)
		return false;
	widen_buffer(door);
	datagrams_count_drops(door->fd);
	worker_take_datagrams(shared->workers[door->number % shared->n_workers], door);
	return true;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Half of the connections at most, so that silent ones never take the place of others. */
static void limit_handshakes(struct door *door)
{
	const struct ingest_settings *settings = door->shared->settings;
	const unsigned half = door->settings->connections_max / 2 + 1;

	door->handshakes = handshakes_new(
		&(struct handshakes_limits){least(settings->handshakes_max, half),
			least(settings->address_handshakes_max, half)});
}

static bool open_door(struct door *door, struct event_base *base, struct err *err)
{
	const struct written_listener *settings = door->settings;

	if (settings->transport == TRANSPORT_UDP)
		return open_datagrams(door, err);
	if (settings->transport == TRANSPORT_TLS) {
		door->tls = load_tls(settings, err);
		if (door->tls == NULL)
			return false;
	}
	if (settings->transport == TRANSPORT_TLS || protocol_introduces(settings->protocol))
		limit_handshakes(door);
	door->acceptor =
		acceptor_open(base, settings->listen, settings->name, on_accept, door, err);
	return door->acceptor != NULL;
}

static void warn_clear_tokens(const struct door *door)
{
	const struct written_listener *settings = door->settings;

	if (settings->protocol == PROTOCOL_HTTP && settings->transport == TRANSPORT_TCP)
		log_warn("senders.clear",
			"listener=%s, tokens and records can be read on their way: use tls",
			LOG_TEXT(slice_str(settings->name)));
}

bool doors_open(struct ingest_shared *shared, struct event_base *base, struct err *err)
{
	const struct setting_sections *written = &shared->settings->syslog.listeners;
	const struct written_listener *listeners = written->items;

	shared->doors = calloc(written->n + 1, sizeof(*shared->doors));
	if (shared->doors == NULL)
		abort();
	for (unsigned i = 0; i < written->n; i++) {
		struct door *door = &shared->doors[shared->n_doors++];

		door->number = i;
		door->settings = &listeners[i];
		door->input = inputs[door->settings->protocol][door->settings->transport];
		door->shared = shared;
		door->fd = -1;
		if (!open_door(door, base, err))
			return false;
		warn_clear_tokens(door);
		log_info("senders.listening", "listener=%s address=%s",
			LOG_TEXT(slice_str(door->settings->name)), door->settings->listen);
	}
	return true;
}

void doors_shut(struct ingest_shared *shared)
{
	for (unsigned i = 0; i < shared->n_doors; i++) {
		acceptor_close(shared->doors[i].acceptor);
		shared->doors[i].acceptor = NULL;
	}
}

void doors_free(struct ingest_shared *shared)
{
	for (unsigned i = 0; i < shared->n_doors; i++) {
		SSL_CTX_free(shared->doors[i].tls);
		handshakes_free(shared->doors[i].handshakes);
	}
	free(shared->doors);
}

uint16_t doors_port(const struct ingest_shared *shared, unsigned number)
{
	if (number >= shared->n_doors)
		return 0;
	const struct door *door = &shared->doors[number];
	return door->acceptor != NULL ? acceptor_port(door->acceptor)
				      : acceptor_port_of(door->fd);
}

/* ---- certificates --------------------------------------------------------------- */

SSL_CTX *door_tls(struct door *door)
{
	pthread_mutex_lock(&door->shared->tls_lock);
	SSL_CTX *tls = door->tls;
	SSL_CTX_up_ref(tls);
	pthread_mutex_unlock(&door->shared->tls_lock);
	return tls;
}

/* Files that the new settings name elsewhere hold after a restart, like the rest of a
 * listener; these are the same ones, read again. */
static bool load_all(struct ingest_shared *shared, SSL_CTX *loaded[], struct err *err)
{
	for (unsigned i = 0; i < shared->n_doors; i++) {
		if (shared->doors[i].tls == NULL)
			continue;
		loaded[i] = load_tls(shared->doors[i].settings, err);
		if (loaded[i] == NULL)
			return false;
	}
	return true;
}

bool doors_reload(struct ingest_shared *shared, struct err *err)
{
	SSL_CTX *loaded[LISTENERS_MAX] = {0};
	const bool good = load_all(shared, loaded, err);

	pthread_mutex_lock(&shared->tls_lock);
	for (unsigned i = 0; good && i < shared->n_doors; i++) {
		SSL_CTX *old = shared->doors[i].tls;

		shared->doors[i].tls = loaded[i];
		loaded[i] = old;
	}
	pthread_mutex_unlock(&shared->tls_lock);
	for (unsigned i = 0; i < shared->n_doors; i++)
		SSL_CTX_free(loaded[i]);
	return good;
}
