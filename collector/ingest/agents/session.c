#include "collector/ingest/agents/session.h"

#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/ingest/agents/session_inner.h"
#include "common/counter.h"
#include "common/log.h"

enum { REPLY_MAX = 4096 }; /* bytes of anything we say */

static struct counter handshakes_failed = COUNTER(
	"ingest.handshakes_failed", "TLS handshakes that ended without a verified certificate");
static struct counter sessions_refused = COUNTER("ingest.sessions_refused",
	"verified agents that were turned away: unknown, duplicate, caps");
static struct counter orders_given =
	COUNTER("ingest.orders_given", "orders of the closed list that were sent to agents");
static struct counter frames_refused = COUNTER(
	"ingest.frames_refused", "frames that broke the protocol; the session was ended");

uint64_t session_number(const struct session *session)
{
	return session->number;
}

struct session_links *session_links(struct session *session)
{
	return &session->links;
}

int64_t session_now_ms(const struct session *session)
{
	return worker_now_ms(session->worker);
}

void session_enter(struct session *session, enum state state)
{
	session->state = state;
	session->since_ms = session_now_ms(session);
}

static void end_handshake(struct session *session, bool good)
{
	if (session->counted)
		handshakes_end(session->shared->handshakes, &session->handshake, good);
	session->counted = false;
}

/* ---- saying ----------------------------------------------------------------- */

void session_say(struct session *session, const struct frame *frame)
{
	struct strbuf out = STRBUF_INIT(REPLY_MAX);

	frame_write(&out, frame);
	bufferevent_write(session->bev, out.ptr, out.len);
	session->said_ms = session_now_ms(session);
	session->said_bytes += out.len;
	strbuf_done(&out);
}

void session_note(struct session *session, enum ingest_event what)
{
	const struct ingest_callbacks *callbacks = &session->shared->callbacks;

	callbacks->note(callbacks->user, what, session->peer.agency, session->peer.host,
		session->peer_name);
}

void session_greeted(struct session *session)
{
	if (session->greeting)
		peers_greeted(session->shared->peers, session->peer.agency, session->peer.host);
	session->greeting = false;
}

void session_leave_peers(struct session *session)
{
	session_greeted(session);
	if (!session->joined)
		return;
	session->joined = false;
	if (!peers_leave(session->shared->peers, session->peer.agency, session->peer.host,
		    session->number))
		return;
	session_note(session, INGEST_OFFLINE);
}

void session_drop(struct session *session)
{
	SSL *ssl = bufferevent_openssl_get_ssl(session->bev);

	session_leave_peers(session);
	end_handshake(session, false);
	worker_forget(session->worker, session);
	tls_bye(ssl); /* bufferevent_free() does not */
	bufferevent_free(session->bev);
	free(session);
}

void session_drop_handshake(struct session *session)
{
	if (session->state == STATE_HANDSHAKE)
		session_drop(session);
}

void session_end(struct session *session, uint8_t reason, const char *text)
{
	enum { RETRY_MS = 5000 };
	bool later = reason == GOODBYE_OVERLOAD || reason == GOODBYE_DUPLICATE;

	if (session->state == STATE_LEAVING)
		return;
	session_leave_peers(session);
	bufferevent_disable(session->bev, EV_READ);
	if (session->state != STATE_HANDSHAKE)
		session_say(session, &(struct frame){
					     .type = FRAME_GOODBYE,
					     .goodbye = {.reason = reason,
						     .retry_ms = later ? RETRY_MS : 0,
						     .text = slice_str(text)},
				     });
	session_enter(session, STATE_LEAVING);
}

/* Batches that were under way come home after the first of them ended the session. */
void session_end_for_protocol(struct session *session, const char *text)
{
	if (session->state == STATE_LEAVING)
		return;
	counter_add(&frames_refused, 1);
	log_warn("session.protocol", "agency=%u host=%u peer=%s reason=\"%s\"",
		session->peer.agency, session->peer.host, session->peer_name, text);
	session_end(session, GOODBYE_PROTOCOL, text);
}

void session_refuse(struct session *session, uint8_t reason, const char *text)
{
	counter_add(&sessions_refused, 1);
	log_warn("session.refused", "agency=%u host=%u peer=%s reason=\"%s\"",
		session->peer.agency, session->peer.host, session->peer_name, text);
	session_end(session, reason, text);
}

void session_order(struct session *session, const struct frame_order *order)
{
	if (session->state != STATE_RUNNING)
		return;
	session_say(session, &(struct frame){.type = FRAME_ORDER, .order = *order});
	counter_add(&orders_given, 1);
	log_info("session.order", "agency=%u host=%u order=%u argument=%" PRIu64,
		session->peer.agency, session->peer.host, order->order, order->argument);
}

/* ---- batches come home ------------------------------------------------------ */

void session_batch_done(struct session *session, const struct batch *batch)
{
	struct lane *lane = &session->lanes[batch->stream.lane];

	session->batches_out--;
	session->bytes_out -= batch->wire_size;
	switch (batch->outcome) {
	case BATCH_STORED:
	case BATCH_DUPLICATE:
		if (lane->epoch == batch->stream.epoch && batch->stored > lane->stored)
			lane->stored = batch->stored;
		break;
	case BATCH_AHEAD:
		session_end_for_protocol(session, "sequences are missing before this batch");
		break;
	case BATCH_REFUSED:
		session_end(session, GOODBYE_OVERLOAD, "the store takes nothing now");
		break;
	}
}

void session_flush_acks(struct session *session)
{
	struct frame frame = {.type = FRAME_ACK};

	if (session->state != STATE_RUNNING)
		return;
	for (unsigned i = 0; i < LANE_COUNT; i++) {
		struct lane *lane = &session->lanes[i];

		if (!lane->open || lane->stored == lane->told)
			continue;
		frame.ack.lanes[frame.ack.n_lanes].lane = (uint8_t)i;
		frame.ack.lanes[frame.ack.n_lanes].epoch = lane->epoch;
		frame.ack.lanes[frame.ack.n_lanes].stored = lane->stored;
		frame.ack.n_lanes++;
		lane->told = lane->stored;
	}
	if (frame.ack.n_lanes > 0)
		session_say(session, &frame);
}

/* ---- TLS -------------------------------------------------------------------- */

bool session_is_known(const struct session *session)
{
	const struct ingest_callbacks *callbacks = &session->shared->callbacks;

	return callbacks->knows(callbacks->user, session->peer.agency, session->peer.host);
}

static void on_connected(struct session *session)
{
	SSL *ssl = bufferevent_openssl_get_ssl(session->bev);
	struct ingest_shared *shared = session->shared;
	struct err err;

	end_handshake(session, true);
	if (session->state != STATE_HANDSHAKE)
		return; /* it was told to go meanwhile */
	session_enter(session, STATE_HELLO);
	if (!tls_peer(ssl, &session->peer, &err) || session->peer.kind != TLS_PEER_AGENT) {
		session_refuse(session, GOODBYE_IDENTITY, "the certificate names no agent");
		return;
	}
	if (!session_is_known(session)) {
		session_refuse(session, GOODBYE_IDENTITY, "the agency is not in the register");
		return;
	}
	if (!peers_arrive(shared->peers, session->peer.agency, session->peer.host)) {
		session_refuse(session, GOODBYE_OVERLOAD, "too many connections of one agent");
		return;
	}
	session->greeting = true;
	bufferevent_enable(session->bev, EV_READ);
	session_read_frames(session);
}

static void log_failed_handshake(struct session *session)
{
	struct err err;

	counter_add(&handshakes_failed, 1);
	tls_handshake_err(bufferevent_openssl_get_ssl(session->bev),
		bufferevent_get_openssl_error(session->bev), &err);
	log_warn("session.handshake_failed", "peer=%s reason=\"%s\"", session->peer_name,
		err.text);
}

static void on_read(struct bufferevent *bev, void *user)
{
	struct session *session = user;

	(void)bev;
	session->heard_ms = session_now_ms(session);
	session_read_frames(session);
}

static void on_event(struct bufferevent *bev, short what, void *user)
{
	struct session *session = user;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		on_connected(session);
		return;
	}
	if (session->state == STATE_HANDSHAKE)
		log_failed_handshake(session);
	session_drop(session);
}

struct session *session_new(struct worker *worker, const struct ingest_socket *socket)
{
	struct ingest_shared *shared = worker_shared(worker);
	SSL_CTX *tls = ingest_shared_tls(shared);
	SSL *ssl = SSL_new(tls);
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		abort();
	SSL_CTX_free(tls);
	session->bev = ssl ? bufferevent_openssl_socket_new(worker_base(worker), socket->fd,
				     ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE)
			   : NULL;
	if (session->bev == NULL) {
		SSL_free(ssl);
		close(socket->fd);
		free(session);
		handshakes_end(shared->handshakes, &socket->handshake, false);
		return NULL;
	}
	session->worker = worker;
	session->shared = shared;
	session->number = socket->handshake.session;
	session->counted = true;
	session->generation = atomic_load(&shared->generation);
	session->said_ms = session->heard_ms = session_now_ms(session);
	session->handshake = socket->handshake;
	memcpy(session->peer_name, socket->peer_name, sizeof(session->peer_name));
	session_enter(session, STATE_HANDSHAKE);
	bufferevent_setcb(session->bev, on_read, NULL, on_event, session);
	bufferevent_enable(session->bev, EV_WRITE);
	return session;
}
