#include "collector/ingest/agents/peers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"

enum {
	BUCKETS = PEERS_PARTS,
	AGENCY_BUCKETS = 1024,
	BURST_MS = 2000,
	GREETING_MAX = 2, /* connections of one agent before their HELLO */
};

struct peer {
	struct peer *next; /* in its bucket */
	struct peer_view view;
	uint64_t boot_id;
	uint64_t session;  /* 0 = not connected */
	unsigned greeting; /* connections that have not said HELLO */
	int64_t heard_mono_ms;
};

struct agency {
	struct agency *next;
	uint32_t number;
	uint32_t connections;
	int64_t paid_until_us; /* monotonic; ahead of now by what was overspent */
};

struct peers {
	pthread_mutex_t lock;
	struct peers_limits limits;
	uint32_t connections;
	struct peer *peers[BUCKETS];
	struct agency *agencies[AGENCY_BUCKETS];
};

struct peers *peers_new(const struct peers_limits *limits)
{
	struct peers *peers = calloc(1, sizeof(*peers));

	if (peers == NULL)
		abort();
	pthread_mutex_init(&peers->lock, NULL);
	peers->limits = *limits;
	return peers;
}

void peers_free(struct peers *peers)
{
	if (peers == NULL)
		return;
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (peers->peers[i] != NULL) {
			struct peer *peer = peers->peers[i];
			peers->peers[i] = peer->next;
			free(peer);
		}
	}
	for (unsigned i = 0; i < AGENCY_BUCKETS; i++) {
		while (peers->agencies[i] != NULL) {
			struct agency *agency = peers->agencies[i];
			peers->agencies[i] = agency->next;
			free(agency);
		}
	}
	pthread_mutex_destroy(&peers->lock);
	free(peers);
}

/* Numbers are given out by the register one after the other: mixing spreads them. */
static unsigned bucket_of(uint32_t agency, uint32_t host, unsigned n)
{
	uint64_t key = ((uint64_t)agency << 32 | host) * UINT64_C(0x9e3779b97f4a7c15);

	return (unsigned)(key >> 40) % n;
}

static void *zeroed(size_t size)
{
	void *memory = calloc(1, size);

	if (memory == NULL)
		abort();
	return memory;
}

static struct peer *find_peer(struct peers *peers, uint32_t agency, uint32_t host)
{
	struct peer *peer = peers->peers[bucket_of(agency, host, BUCKETS)];

	while (peer != NULL && (peer->view.agency != agency || peer->view.host != host))
		peer = peer->next;
	return peer;
}

/* Certificates of ours are the only way into these tables: they are bounded by the register. */
static struct peer *peer_at(struct peers *peers, uint32_t agency, uint32_t host)
{
	struct peer **slot = &peers->peers[bucket_of(agency, host, BUCKETS)];
	struct peer *peer = find_peer(peers, agency, host);

	if (peer != NULL)
		return peer;
	peer = zeroed(sizeof(*peer));
	peer->view.agency = agency;
	peer->view.host = host;
	peer->view.clock_offset_ns = CLOCK_NONE;
	peer->next = *slot;
	*slot = peer;
	return peer;
}

static struct agency *agency_at(struct peers *peers, uint32_t number)
{
	struct agency **slot = &peers->agencies[bucket_of(number, 0, AGENCY_BUCKETS)];

	for (struct agency *agency = *slot; agency != NULL; agency = agency->next) {
		if (agency->number == number)
			return agency;
	}

	struct agency *agency = zeroed(sizeof(*agency));
	agency->number = number;
	agency->next = *slot;
	*slot = agency;
	return agency;
}

static bool is_alive(const struct peers *peers, const struct peer *peer)
{
	return peer->session != 0 &&
	       clock_mono_ms() - peer->heard_mono_ms < (int64_t)peers->limits.alive_ms;
}

static enum peers_verdict judge(struct peers *peers, const struct peer *peer,
	const struct agency *agency, uint64_t boot_id)
{
	if (peer->session != 0)
		return peer->boot_id != boot_id && is_alive(peers, peer) ? PEERS_DUPLICATE
									 : PEERS_REPLACES;
	if (peers->connections >= peers->limits.connections ||
		agency->connections >= peers->limits.agency_connections)
		return PEERS_FULL;
	return PEERS_WELCOME;
}

static void take_seat(
	struct peers *peers, struct peer *peer, uint64_t boot_id, uint64_t session)
{
	if (peer->session == 0) {
		peers->connections++;
		agency_at(peers, peer->view.agency)->connections++;
	}
	peer->session = session;
	peer->boot_id = boot_id;
	peer->heard_mono_ms = clock_mono_ms();
	peer->view.online = true;
	peer->view.since_ns = peer->view.heard_ns = clock_wall_ns();
}

bool peers_arrive(struct peers *peers, uint32_t agency, uint32_t host)
{
	pthread_mutex_lock(&peers->lock);
	struct peer *peer = peer_at(peers, agency, host);
	bool welcome = peer->greeting < GREETING_MAX;
	peer->greeting += welcome;
	pthread_mutex_unlock(&peers->lock);
	return welcome;
}

void peers_greeted(struct peers *peers, uint32_t agency, uint32_t host)
{
	pthread_mutex_lock(&peers->lock);
	peer_at(peers, agency, host)->greeting--;
	pthread_mutex_unlock(&peers->lock);
}

enum peers_verdict peers_join(struct peers *peers, uint32_t agency, uint32_t host,
	uint64_t boot_id, uint64_t session, uint64_t *other)
{
	pthread_mutex_lock(&peers->lock);
	struct peer *peer = peer_at(peers, agency, host);
	enum peers_verdict verdict = judge(peers, peer, agency_at(peers, agency), boot_id);
	if (verdict == PEERS_REPLACES)
		*other = peer->session;
	if (verdict == PEERS_REPLACES || verdict == PEERS_WELCOME)
		take_seat(peers, peer, boot_id, session);
	pthread_mutex_unlock(&peers->lock);
	return verdict;
}

uint64_t peers_session(struct peers *peers, uint32_t agency, uint32_t host)
{
	pthread_mutex_lock(&peers->lock);
	const struct peer *peer = find_peer(peers, agency, host);
	uint64_t session = peer != NULL ? peer->session : 0;
	pthread_mutex_unlock(&peers->lock);
	return session;
}

static void copy_printable(char out[PEER_VERSION_MAX], struct slice text)
{
	size_t n = 0;

	for (; n < text.len && n < PEER_VERSION_MAX - 1; n++)
		out[n] = text.ptr[n] > ' ' && text.ptr[n] < 0x7f ? text.ptr[n] : '?';
	out[n] = '\0';
}

void peers_met(struct peers *peers, uint32_t agency, uint32_t host, const char *address,
	const struct validity *certificate, struct slice version)
{
	pthread_mutex_lock(&peers->lock);
	struct peer *peer = peer_at(peers, agency, host);
	snprintf(peer->view.address, sizeof(peer->view.address), "%s", address);
	peer->view.certificate = *certificate;
	copy_printable(peer->view.version, version);
	pthread_mutex_unlock(&peers->lock);
}

bool peers_leave(struct peers *peers, uint32_t agency, uint32_t host, uint64_t session)
{
	pthread_mutex_lock(&peers->lock);
	struct peer *peer = peer_at(peers, agency, host);
	bool had_seat = peer->session == session;
	if (had_seat) {
		peer->session = 0;
		peer->view.online = false;
		peers->connections--;
		agency_at(peers, agency)->connections--;
	}
	pthread_mutex_unlock(&peers->lock);
	return had_seat;
}

void peers_heard(struct peers *peers, uint32_t agency, uint32_t host,
	const struct frame_heartbeat *heartbeat, int64_t clock_offset_ns)
{
	pthread_mutex_lock(&peers->lock);
	struct peer *peer = peer_at(peers, agency, host);
	peer->heard_mono_ms = clock_mono_ms();
	peer->view.heard_ns = clock_wall_ns();
	if (heartbeat != NULL) {
		peer->view.heartbeat = *heartbeat;
		peer->view.clock_offset_ns = clock_offset_ns;
	}
	pthread_mutex_unlock(&peers->lock);
}

/* A leaky bucket in time: spending moves the agency's account into the future. */
uint32_t peers_spend(struct peers *peers, uint32_t agency, size_t bytes)
{
	if (peers->limits.agency_rate == 0)
		return 0;

	int64_t now_us = clock_mono_ns() / 1000;
	int64_t cost_us = (int64_t)(bytes * UINT64_C(1000000) / peers->limits.agency_rate);

	pthread_mutex_lock(&peers->lock);
	struct agency *account = agency_at(peers, agency);
	if (account->paid_until_us < now_us - BURST_MS * 1000)
		account->paid_until_us = now_us - BURST_MS * 1000;
	account->paid_until_us += cost_us;
	int64_t ahead_us = account->paid_until_us - now_us;
	pthread_mutex_unlock(&peers->lock);
	return ahead_us > 0 ? (uint32_t)(ahead_us / 1000 + 1) : 0;
}

/* ---- looking ---------------------------------------------------------------- */

struct views {
	struct peer_view *all;
	size_t n, room;
};

static void add_view(struct views *views, const struct peer_view *view)
{
	if (views->n == views->room) {
		views->room = views->room > 0 ? 2 * views->room : 64;
		views->all = realloc(views->all, views->room * sizeof(*views->all));
		if (views->all == NULL)
			abort();
	}
	views->all[views->n++] = *view;
}

static void copy_bucket(struct peers *peers, unsigned bucket, struct views *views)
{
	views->n = 0;
	pthread_mutex_lock(&peers->lock);
	for (const struct peer *peer = peers->peers[bucket]; peer != NULL; peer = peer->next) {
		if (peer->view.since_ns != 0)
			add_view(views, &peer->view);
	}
	pthread_mutex_unlock(&peers->lock);
}

void peers_walk_parts(struct peers *peers, unsigned from, unsigned to,
	bool (*visit)(void *user, const struct peer_view *view), void *user)
{
	struct views views = {0};
	bool more = true;

	for (unsigned bucket = from; more && bucket < to; bucket++) {
		copy_bucket(peers, bucket, &views);
		for (size_t i = 0; more && i < views.n; i++)
			more = visit(user, &views.all[i]);
	}
	free(views.all);
}

void peers_walk(struct peers *peers, bool (*visit)(void *user, const struct peer_view *view),
	void *user)
{
	peers_walk_parts(peers, 0, PEERS_PARTS, visit, user);
}
