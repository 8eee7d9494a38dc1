#include "collector/ingest/ingest.h"

#include <stdlib.h>
#include <unistd.h>

#include "collector/ingest/descriptors.h"
#include "collector/ingest/listener.h"
#include "collector/ingest/senders/doors.h"
#include "common/log.h"
#include "common/tls.h"

enum { ALIVE_HEARTBEATS = 2 };

struct ingest {
	struct ingest_settings settings;
	struct ingest_shared shared;
	struct listener *listener;
};

static SSL_CTX *load_tls(const struct ingest_settings *settings, struct err *err)
{
	const struct tls_settings files = {
		.ca_file = settings->ca,
		.crl_file = settings->crl,
		.cert_file = settings->certificate,
		.key_file = settings->key,
	};

	return tls_server_new(&files, err);
}

static unsigned count_workers(const struct ingest_settings *settings)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (settings->workers > 0)
		return settings->workers;
	return processors > 0 ? (unsigned)processors : 1;
}

static bool start_workers(struct ingest *ingest, struct err *err)
{
	struct ingest_shared *shared = &ingest->shared;
	unsigned n = count_workers(&ingest->settings);

	shared->workers = calloc(n, sizeof(struct worker *));
	if (shared->workers == NULL)
		abort();
	while (shared->n_workers < n) {
		struct worker *worker = worker_start(shared, shared->n_workers, err);

		if (worker == NULL)
			return false;
		shared->workers[shared->n_workers++] = worker;
	}
	return true;
}

/* Where computers forward their events: what they have to deliver, and how far they are. */
static bool start_forwarding(struct ingest_shared *shared, struct err *err)
{
	const struct sender_settings *settings = &shared->settings->syslog;

	shared->subscriptions = wef_subscriptions_new(settings, err);
	if (shared->subscriptions == NULL)
		return false;
	if (!sender_settings_speak(settings, PROTOCOL_WEF))
		return true;
	shared->sources = wef_sources_open(settings->forwarders, err);
	return shared->sources != NULL;
}

static bool start(struct ingest *ingest, struct event_base *main_base, struct err *err)
{
	ingest->shared.tls = load_tls(&ingest->settings, err);
	if (ingest->shared.tls == NULL || !start_forwarding(&ingest->shared, err) ||
		!start_workers(ingest, err))
		return false;
	ingest->listener = listener_open(&ingest->shared, main_base, err);
	return ingest->listener != NULL && doors_open(&ingest->shared, main_base, err);
}

struct ingest *ingest_start(const struct ingest_settings *settings,
	struct event_base *main_base, struct store *store,
	const struct ingest_callbacks *callbacks, struct err *err)
{
	struct ingest *ingest = calloc(1, sizeof(*ingest));

	if (ingest == NULL)
		abort();
	ingest->settings = *settings;
	descriptors_fit(&ingest->settings);
	ingest->shared.settings = &ingest->settings;
	ingest->shared.callbacks = *callbacks;
	ingest->shared.store = store;
	pthread_mutex_init(&ingest->shared.tls_lock, NULL);
	ingest->shared.handshakes = handshakes_new(&(struct handshakes_limits){
		ingest->settings.handshakes_max, settings->address_handshakes_max});
	ingest->shared.peers = peers_new(&(struct peers_limits){
		.connections = ingest->settings.connections_max,
		.agency_connections = settings->agency_connections_max,
		.agency_rate = settings->agency_rate,
		.alive_ms = ALIVE_HEARTBEATS * settings->heartbeat_ms,
	});
	ingest->shared.book = sender_book_new();
	ingest->shared.senders = senders_new(&settings->syslog, ingest->shared.book);
	if (!start(ingest, main_base, err)) {
		ingest_stop(ingest);
		return NULL;
	}
	return ingest;
}

void ingest_stop(struct ingest *ingest)
{
	struct ingest_shared *shared;

	if (ingest == NULL)
		return;
	shared = &ingest->shared;
	listener_close(ingest->listener);
	doors_shut(shared);
	for (unsigned i = 0; i < shared->n_workers; i++)
		worker_stop(shared->workers[i]);
	for (unsigned i = 0; i < shared->n_workers; i++)
		worker_join(shared->workers[i]);
	for (unsigned i = 0; i < shared->n_workers; i++)
		worker_free(shared->workers[i]);
	free(shared->workers);
	doors_free(shared);
	senders_unref(shared->senders);
	wef_subscriptions_unref(shared->subscriptions);
	wef_sources_close(shared->sources);
	sender_book_free(shared->book);
	SSL_CTX_free(shared->tls);
	pthread_mutex_destroy(&shared->tls_lock);
	peers_free(shared->peers);
	handshakes_free(shared->handshakes);
	free(ingest);
}

/* Those of new settings, at the listeners that are open: they stay as they are until a restart,
 * whatever stands in their places now. */
static struct senders *new_senders(
	const struct ingest_shared *shared, const struct sender_settings *settings)
{
	struct sender_settings taken = *settings;

	taken.listeners = shared->settings->syslog.listeners;
	return senders_new(&taken, shared->book);
}

static void use_senders(struct ingest_shared *shared, struct senders *senders)
{
	pthread_mutex_lock(&shared->tls_lock);
	struct senders *old = shared->senders;
	shared->senders = senders;
	pthread_mutex_unlock(&shared->tls_lock);
	senders_unref(old);
}

/* What is in force stays when a file of the new ones cannot be read. */
static bool use_subscriptions(
	struct ingest_shared *shared, const struct sender_settings *settings, struct err *err)
{
	struct wef_subscriptions *subscriptions = wef_subscriptions_new(settings, err);

	if (subscriptions == NULL)
		return false;
	pthread_mutex_lock(&shared->tls_lock);
	struct wef_subscriptions *old = shared->subscriptions;
	shared->subscriptions = subscriptions;
	pthread_mutex_unlock(&shared->tls_lock);
	wef_subscriptions_unref(old);
	return true;
}

static bool use_certificates(
	struct ingest_shared *shared, const struct ingest_settings *settings, struct err *err)
{
	SSL_CTX *tls = load_tls(settings, err);

	if (tls == NULL)
		return false;
	pthread_mutex_lock(&shared->tls_lock);
	SSL_CTX *old = shared->tls;
	shared->tls = tls;
	pthread_mutex_unlock(&shared->tls_lock);
	SSL_CTX_free(old);
	return true;
}

bool ingest_reload(
	struct ingest *ingest, const struct ingest_settings *settings, struct err *err)
{
	struct ingest_shared *shared = &ingest->shared;
	const bool good = use_certificates(shared, settings, err) && doors_reload(shared, err);

	const bool both = use_subscriptions(shared, &settings->syslog, good ? err : NULL);
	use_senders(shared, new_senders(shared, &settings->syslog));
	atomic_fetch_add(&shared->generation, 1); /* the register may be new all the same */
	return good && both;
}

bool ingest_order(
	struct ingest *ingest, uint32_t agency, uint32_t host, const struct frame_order *order)
{
	struct ingest_shared *shared = &ingest->shared;
	uint64_t session = peers_session(shared->peers, agency, host);

	for (unsigned i = 0; session != 0 && i < shared->n_workers; i++)
		worker_order(shared->workers[i], session, order);
	return session != 0;
}

bool ingest_validity(struct ingest *ingest, struct validity *certificate, struct validity *crl)
{
	SSL_CTX *tls = ingest_shared_tls(&ingest->shared);

	*certificate = tls_own_validity(tls);
	bool has_crl = tls_crl_validity(tls, crl);
	SSL_CTX_free(tls);
	return has_crl;
}

void ingest_listeners_validity(struct ingest *ingest,
	void (*visit)(void *user, unsigned number, const char *name,
		const struct validity *certificate, const struct validity *crl),
	void *user)
{
	struct ingest_shared *shared = &ingest->shared;

	for (unsigned i = 0; i < shared->n_doors; i++) {
		struct door *door = &shared->doors[i];
		SSL_CTX *tls = door->tls != NULL ? door_tls(door) : NULL;
		struct validity certificate, crl;

		if (tls == NULL)
			continue;
		certificate = tls_own_validity(tls);
		visit(user, i, door->settings->name, &certificate,
			tls_crl_validity(tls, &crl) ? &crl : NULL);
		SSL_CTX_free(tls);
	}
}

struct peers *ingest_peers(struct ingest *ingest)
{
	return ingest->shared.peers;
}

void ingest_senders(struct ingest *ingest,
	bool (*visit)(void *user, const struct sender *sender), void *user)
{
	struct senders *senders = ingest_shared_senders(&ingest->shared);

	senders_walk(senders, visit, user);
	senders_unref(senders);
}

void ingest_forwarders(struct ingest *ingest,
	bool (*visit)(void *user, const struct wef_source_view *view), void *user)
{
	if (ingest->shared.sources != NULL)
		wef_sources_walk(ingest->shared.sources, visit, user);
}

size_t ingest_strangers(
	struct ingest *ingest, struct sender_stranger strangers[SENDER_STRANGERS_MAX])
{
	return sender_book_strangers(ingest->shared.book, strangers);
}

uint16_t ingest_syslog_port(const struct ingest *ingest, unsigned number)
{
	return doors_port(&ingest->shared, number);
}

uint16_t ingest_port(const struct ingest *ingest)
{
	return listener_port(ingest->listener);
}
