#include "collector/ingest/senders/sender_session.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/ingest/senders/sender_session_inner.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/tls.h"

enum {
	KEEPALIVE_S = 60,
	LINGER_MS = 2000, /* for a peer that was left to close */
};

static struct counter handshakes_failed = COUNTER("ingest.sender_handshakes_failed",
	"TLS handshakes of senders that failed, or named nobody we know");
static struct counter streams_broken = COUNTER("ingest.sender_streams_broken",
	"connections of senders ended because their bytes were no messages");
static struct counter deadlines_passed =
	COUNTER("ingest.sender_deadlines_passed", "connections of senders ended by a deadline");
static struct counter too_many = COUNTER("ingest.sender_own_connections_refused",
	"connections closed because their sender had as many as it may");

static const struct sender_protocol *const protocols[] = {
	[PROTOCOL_SYSLOG] = &sender_lines,
	[PROTOCOL_BEATS] = &sender_beats,
	[PROTOCOL_HTTP] = &sender_http,
	[PROTOCOL_WEF] = &sender_http,
};

static struct counter too_much_half = COUNTER("ingest.sender_halves_refused",
	"connections of senders ended because messages that had come half took too much");

/* ---- life ---------------------------------------------------------------------- */

static void leave_stopped(struct sender_session *session)
{
	if (!session->is_stopped)
		return;
	struct sender_session **at = &session->flow->stopped;
	while (*at != session)
		at = &(*at)->next_stopped;
	*at = session->next_stopped;
	session->is_stopped = false;
}

static void leave_settled(struct sender_session *session)
{
	struct sender_session **at = &session->gate->settled;

	if (!session->is_settled)
		return;
	while (*at != session)
		at = &(*at)->next_settled;
	*at = session->next_settled;
	session->is_settled = false;
}

/* What has come half is memory that no queue counts. */
static void count_held(struct sender_session *session, size_t held)
{
	struct sender_state *state = session->flow->sender->state;

	atomic_fetch_sub(&state->held, session->held);
	atomic_fetch_sub(&session->gate->shared->held, session->held);
	atomic_fetch_add(&state->held, held);
	atomic_fetch_add(&session->gate->shared->held, held);
	session->held = held;
}

static void leave_flow(struct sender_session *session)
{
	if (session->flow == NULL)
		return;
	count_held(session, 0);
	leave_stopped(session);
	session->flow->users--;
	atomic_fetch_sub(&session->flow->sender->state->connections, 1);
	session->flow = NULL;
}

static void drop(struct sender_session *session)
{
	SSL *ssl = bufferevent_openssl_get_ssl(session->bev);

	leave_flow(session);
	leave_settled(session);
	if (ssl != NULL)
		tls_bye(ssl);
	if (session->prev != NULL)
		session->prev->next = session->next;
	else
		session->gate->sessions = session->next;
	if (session->next != NULL)
		session->next->prev = session->prev;
	door_closed(session->door, &session->handshake);
	session->protocol->close(session);
	bufferevent_free(session->bev);
	free(session);
}

static void finish(struct sender_session *session)
{
	if (session->flow != NULL)
		session->protocol->finish(session);
	drop(session);
}

void sender_session_log_broken(
	const struct sender_session *session, const struct sender *sender, const char *why)
{
	if (sender_may_tell(&sender->state->broken_told_ms))
		log_warn("senders.broken", "sender=%s peer=%s listener=%s, %s",
			LOG_TEXT(slice_str(sender->name)), session->name,
			LOG_TEXT(slice_str(session->door->settings->name)), why);
}

static void end_broken(struct sender_session *session, const char *why)
{
	counter_add(&streams_broken, 1);
	sender_session_log_broken(session, session->flow->sender, why);
	drop(session);
}

static void stop_reading(struct sender_session *session)
{
	bufferevent_disable(session->bev, EV_READ);
	session->waits_ms = 0; /* we keep it waiting, not the peer us */
	session->is_stopped = true;
	session->next_stopped = session->flow->stopped;
	session->flow->stopped = session;
}

static void hold(struct sender_session *session)
{
	bufferevent_disable(session->bev, EV_READ);
	session->waits_ms = 0;
	session->is_held = true;
}

static void leave(struct sender_session *session);

static bool is_beyond(uint64_t held, uint64_t limit)
{
	return limit != 0 && held > limit;
}

/* False: it holds more of half messages than before, and that is too much. */
static bool may_hold(struct sender_session *session)
{
	const struct sender_settings *settings = &session->gate->shared->settings->syslog;
	const size_t before = session->held;

	if (session->flow == NULL || session->protocol->held == NULL)
		return true;
	count_held(session, session->protocol->held(session));
	return session->held <= before ||
	       (!is_beyond(
			atomic_load(&session->flow->sender->state->held), settings->half_max) &&
		       !is_beyond(atomic_load(&session->gate->shared->held),
			       settings->halves_max));
}

/* What there is of a message is kept where the protocol does so. */
static void end_half(struct sender_session *session)
{
	counter_add(&too_much_half, 1);
	session->protocol->finish(session);
	if (sender_may_tell(&session->flow->sender->state->half_told_ms))
		log_warn("senders.half",
			"sender=%s peer=%s listener=%s, messages that have come half "
			"take more memory than they may",
			LOG_TEXT(slice_str(session->flow->sender->name)), session->name,
			LOG_TEXT(slice_str(session->door->settings->name)));
	drop(session);
}

/* Takes what has arrived, as far as there is room for it. */
static void read_on(struct sender_session *session)
{
	const char *why = "";

	switch (session->protocol->take(session, &why)) {
	case SENDER_TAKEN_ALL:
		session->waits_ms = session->protocol->waits_since(session);
		if (!may_hold(session) || (session->holds_too_much && session->held > 0))
			end_half(session);
		else
			session->holds_too_much = false;
		break;
	case SENDER_NO_ROOM:
		session->holds_too_much |= !may_hold(session);
		stop_reading(session);
		break;
	case SENDER_OWES:
		(void)may_hold(session); /* it is whole: only counted */
		hold(session);
		break;
	case SENDER_ENDS:
		leave(session);
		break;
	case SENDER_BROKEN:
		end_broken(session, why);
		break;
	}
}

static void let_go(struct sender_session *session)
{
	session->is_held = false;
	bufferevent_enable(session->bev, EV_READ);
	read_on(session);
}

/* ---- what it has to be told ------------------------------------------------------- */

void sender_session_settled(struct sender_session *session)
{
	if (session->is_settled)
		return;
	session->is_settled = true;
	session->next_settled = session->gate->settled;
	session->gate->settled = session;
}

static bool owes(const struct sender_session *session)
{
	return session->flow != NULL && session->protocol->owes != NULL &&
	       session->protocol->owes(session);
}

/* Has the socket all that there is to say? */
static bool has_parted(struct sender_session *session)
{
	if (session->flow != NULL && session->protocol->part != NULL)
		session->protocol->part(session);
	return evbuffer_get_length(bufferevent_get_output(session->bev)) == 0;
}

/* When all is said and the socket has it: the peer closes then, and hears no reset because of
 * what it had sent meanwhile. */
static void leave_if_done(struct sender_session *session)
{
	SSL *ssl = bufferevent_openssl_get_ssl(session->bev);

	if (session->has_left || owes(session) || !has_parted(session))
		return;
	session->has_left = true;
	session->since_ms = clock_mono_ms();
	if (ssl != NULL)
		tls_bye(ssl);
	(void)shutdown(bufferevent_getfd(session->bev), SHUT_WR);
	bufferevent_enable(session->bev, EV_READ);
}

/* No more is read; what was is still answered. */
static void leave(struct sender_session *session)
{
	if (!owes(session) && has_parted(session)) {
		finish(session);
		return;
	}
	leave_stopped(session);
	bufferevent_disable(session->bev, EV_READ);
	session->waits_ms = 0;
	session->is_leaving = true;
}

static void end_unanswered(struct sender_session *session)
{
	log_warn("senders.ended", "sender=%s peer=%s listener=%s, it has to send again",
		LOG_TEXT(slice_str(session->flow->sender->name)), session->name,
		LOG_TEXT(slice_str(session->door->settings->name)));
	drop(session);
}

static void answer(struct sender_session *session)
{
	if (session->flow == NULL || session->has_left || session->protocol->answer == NULL)
		return;
	if (!session->protocol->answer(session))
		end_unanswered(session);
	else if (session->is_leaving)
		leave_if_done(session);
	else if (session->is_held && !owes(session))
		let_go(session);
}

void sender_sessions_answer(struct gate *gate)
{
	while (gate->settled != NULL) {
		struct sender_session *session = gate->settled;

		gate->settled = session->next_settled;
		session->is_settled = false;
		answer(session);
	}
}

void sender_session_go_on(struct sender_session *session)
{
	leave_stopped(session);
	bufferevent_enable(session->bev, EV_READ);
	read_on(session);
}

/* ---- who it is -------------------------------------------------------------------- */

struct search {
	const struct sender_session *session;
	const struct sender *found;
};

static bool is_sender(void *user, struct slice name)
{
	struct search *search = user;
	const struct sender_session *session = search->session;

	search->found = senders_by_certificate(
		session->gate->senders, session->door->number, &session->address, name);
	return search->found != NULL;
}

const struct sender *sender_session_certified(struct sender_session *session)
{
	SSL *ssl = bufferevent_openssl_get_ssl(session->bev);
	struct search search = {.session = session};

	return ssl != NULL && tls_peer_names(ssl, is_sender, &search) ? search.found : NULL;
}

static const struct sender *look_up(struct sender_session *session)
{
	const struct senders *senders = session->gate->senders;
	const struct sender *sender = sender_session_certified(session);

	if (sender != NULL)
		return sender;
	return session->has_token
		       ? senders_by_token(senders, session->door->number, &session->address,
				 session->token)
		       : senders_by_address(senders, session->door->number, &session->address);
}

static bool join_flow(struct sender_session *session, const struct sender *sender)
{
	if (atomic_fetch_add(&sender->state->connections, 1) >= sender->connections_max) {
		atomic_fetch_sub(&sender->state->connections, 1);
		atomic_fetch_add(&sender->state->refused, 1);
		counter_add(&too_many, 1);
		return false;
	}
	session->flow = gate_flow(session->gate, sender);
	session->flow->users++;
	return true;
}

static void end_handshake(struct sender_session *session, bool good)
{
	door_shaken(session->door, &session->handshake, good);
	session->handshake.session = 0;
}

bool sender_session_is(struct sender_session *session, const struct sender *sender)
{
	end_handshake(session, true);
	if (session->flow != NULL && session->flow->sender == sender)
		return true;
	leave_flow(session);
	return join_flow(session, sender);
}

/* It is connected, and verified where that is asked for. False: it is gone. */
static bool let_in(struct sender_session *session)
{
	(void)gate_refresh(session->gate);
	session->is_connected = true;
	if (protocol_introduces(session->door->settings->protocol)) {
		bufferevent_enable(session->bev, EV_READ);
		return true;
	}
	const struct sender *sender = look_up(session);
	end_handshake(session, sender != NULL);
	if (sender == NULL)
		door_stranger(session->door, &session->address);
	if (sender == NULL || !join_flow(session, sender)) {
		drop(session);
		return false;
	}
	bufferevent_enable(session->bev, EV_READ);
	return true;
}

static bool certificate_is_refused(struct sender_session *session)
{
	SSL *ssl = bufferevent_openssl_get_ssl(session->bev);
	struct err err;

	if (ssl == NULL || SSL_get0_peer_certificate(ssl) == NULL)
		return false;
	SSL_CTX *tls = door_tls(session->door);
	bool refused = !tls_peer_still_good(tls, ssl, &err);
	SSL_CTX_free(tls);
	return refused;
}

/* After a reload: the same sender may be another one, or none. */
static void look_again(struct sender_session *session)
{
	const struct sender *sender = look_up(session);

	session->generation = session->gate->generation;
	if (sender == NULL || certificate_is_refused(session)) {
		log_warn("senders.ended", "peer=%s, it is no sender any more", session->name);
		finish(session);
		return;
	}
	const bool was_stopped = session->is_stopped;
	leave_flow(session);
	if (!join_flow(session, sender))
		drop(session);
	else if (was_stopped)
		sender_session_go_on(session);
}

/* ---- events ------------------------------------------------------------------------ */

static void on_read(struct bufferevent *bev, void *user)
{
	struct sender_session *session = user;
	struct gate *gate = session->gate;

	if (session->is_leaving)
		evbuffer_drain(bufferevent_get_input(bev), SIZE_MAX);
	else if (!session->is_stopped && !session->is_held)
		read_on(session);
	gate_go_on(gate);
}

static void on_written(struct bufferevent *bev, void *user)
{
	struct sender_session *session = user;
	struct gate *gate = session->gate;

	(void)bev;
	session->unread_ms = 0;
	if (session->protocol->written != NULL && !session->has_left)
		session->protocol->written(session);
	if (session->is_leaving)
		leave_if_done(session);
	else if (session->is_held && !owes(session))
		let_go(session);
	gate_go_on(gate);
}

static void log_failed_handshake(struct sender_session *session)
{
	struct err err;

	counter_add(&handshakes_failed, 1);
	tls_handshake_err(bufferevent_openssl_get_ssl(session->bev),
		bufferevent_get_openssl_error(session->bev), &err);
	log_warn("senders.handshake_failed", "listener=%s peer=%s reason=\"%s\"",
		LOG_TEXT(slice_str(session->door->settings->name)), session->name, err.text);
}

static void on_event(struct bufferevent *bev, short what, void *user)
{
	struct sender_session *session = user;
	struct gate *gate = session->gate;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		if (let_in(session))
			read_on(session);
	} else {
		if (!session->is_connected)
			log_failed_handshake(session);
		finish(session);
	}
	gate_go_on(gate);
}

/* A peer that lost its power says nothing: the kernel asks. */
static void keep_alive(int fd)
{
	const int on = 1, seconds = KEEPALIVE_S;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof(seconds));
}

static struct bufferevent *open_plain(struct gate *gate, int fd)
{
	return bufferevent_socket_new(worker_base(gate->worker), fd, BEV_OPT_CLOSE_ON_FREE);
}

static struct bufferevent *open_tls(struct gate *gate, struct door *door, int fd)
{
	SSL_CTX *tls = door_tls(door);
	SSL *ssl = SSL_new(tls);
	struct bufferevent *bev = NULL;

	SSL_CTX_free(tls);
	if (ssl != NULL)
		bev = bufferevent_openssl_socket_new(worker_base(gate->worker), fd, ssl,
			BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL)
		SSL_free(ssl);
	return bev;
}

static struct sender_session *new_session(
	struct gate *gate, struct door *door, const struct accepted *accepted)
{
	struct sender_session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		abort();
	session->gate = gate;
	session->door = door;
	session->address = accepted->address;
	session->peer = accepted->peer;
	session->handshake = accepted->handshake;
	session->generation = gate->generation; /* or older than what it is shaken by */
	session->since_ms = clock_mono_ms();
	memcpy(session->name, accepted->name, sizeof(session->name));
	session->protocol = protocols[door->settings->protocol];
	session->reader = session->protocol->open(session);
	session->next = gate->sessions;
	if (gate->sessions != NULL)
		gate->sessions->prev = session;
	gate->sessions = session;
	return session;
}

void sender_session_begin(struct gate *gate, struct door *door, const struct accepted *accepted)
{
	const bool is_tls = door->settings->transport == TRANSPORT_TLS;
	struct bufferevent *bev =
		is_tls ? open_tls(gate, door, accepted->fd) : open_plain(gate, accepted->fd);

	if (bev == NULL) {
		close(accepted->fd);
		door_closed(door, &accepted->handshake);
		return;
	}
	struct sender_session *session = new_session(gate, door, accepted);
	session->bev = bev;
	keep_alive(accepted->fd);
	bufferevent_setcb(bev, on_read, on_written, on_event, session);
	bufferevent_enable(bev, EV_WRITE);
	if (!is_tls)
		(void)let_in(session);
}

void sender_session_drop_handshake(
	struct gate *gate, const struct door *door, uint64_t handshake)
{
	struct sender_session *session = gate->sessions;

	while (session != NULL &&
		(session->door != door || session->handshake.session != handshake))
		session = session->next;
	if (session != NULL)
		drop(session);
}

/* ---- time, and the end ----------------------------------------------------------------- */

/* Since when the peer has not taken what was written to it; 0 = it has. */
static void note_unread(struct sender_session *session)
{
	if (evbuffer_get_length(bufferevent_get_output(session->bev)) == 0)
		session->unread_ms = 0;
	else if (session->unread_ms == 0)
		session->unread_ms = clock_mono_ms();
}

static bool passed(int64_t since_ms, uint64_t limit_ms)
{
	return since_ms != 0 && clock_mono_ms() - since_ms >= (int64_t)limit_ms;
}

static void end_late(struct sender_session *session, bool is_unread)
{
	if (session->is_leaving || is_unread) {
		finish(session);
		return;
	}
	if (session->flow != NULL && session->protocol->late != NULL)
		session->protocol->late(session);
	leave(session);
}

static void check(struct sender_session *session)
{
	const struct ingest_settings *settings = session->gate->shared->settings;
	const bool too_late = session->flow == NULL
				      ? passed(session->since_ms, settings->handshake_ms)
				      : passed(session->waits_ms, settings->frame_ms) ||
						passed(session->unread_ms, settings->write_ms);

	note_unread(session);
	if (session->has_left) {
		if (passed(session->since_ms, LINGER_MS))
			drop(session);
	} else if (too_late) {
		counter_add(&deadlines_passed, 1);
		end_late(session, passed(session->unread_ms, settings->write_ms));
	} else if (session->flow != NULL && session->generation != session->gate->generation) {
		look_again(session);
	} else {
		answer(session);
	}
}

void sender_sessions_check(struct gate *gate)
{
	for (struct sender_session *session = gate->sessions, *next; session != NULL;
		session = next) {
		next = session->next;
		check(session);
	}
}

void sender_sessions_leave(struct gate *gate)
{
	for (struct sender_session *session = gate->sessions, *next; session != NULL;
		session = next) {
		next = session->next;
		leave(session);
	}
}

void sender_sessions_drop(struct gate *gate)
{
	for (struct sender_session *session = gate->sessions, *next; session != NULL;
		session = next) {
		next = session->next;
		drop(session);
	}
}
