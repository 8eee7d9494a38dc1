#include <event2/bufferevent_ssl.h>

#include "collector/ingest/agents/session_inner.h"
#include "common/clock.h"
#include "common/counter.h"

enum {
	LEAVING_MS = 2000, /* for the goodbye to get out */
	IDLE_HEARTBEATS = 3,
};

static struct counter deadlines_passed =
	COUNTER("ingest.deadlines_passed", "sessions ended by a deadline");

static bool certificate_is_refused(struct session *session)
{
	SSL_CTX *tls = ingest_shared_tls(session->shared);
	struct err err;
	bool refused =
		!tls_peer_still_good(tls, bufferevent_openssl_get_ssl(session->bev), &err);

	SSL_CTX_free(tls);
	return refused;
}

/* Why it would not be let in now; NULL when it would. All is looked at again after a reload. */
static const char *why_unwelcome(struct session *session)
{
	unsigned generation = atomic_load(&session->shared->generation);

	if (clock_wall_ns() > session->peer.validity.until_ns)
		return "the certificate has expired";
	if (generation == session->generation)
		return NULL;
	session->generation = generation;
	if (certificate_is_refused(session))
		return "the certificate is no longer accepted";
	return session_is_known(session) ? NULL : "the agency is no longer in the register";
}

/* Since when the peer takes nothing of what waits for it: what we add is no progress of its. */
static void watch_output(struct session *session)
{
	size_t waiting = evbuffer_get_length(bufferevent_get_output(session->bev));
	bool took = waiting < session->unwritten + session->said_bytes;

	if (waiting == 0)
		session->write_ms = 0;
	else if (session->write_ms == 0 || took)
		session->write_ms = session_now_ms(session);
	session->unwritten = waiting;
	session->said_bytes = 0;
}

static bool passed(const struct session *session, int64_t since_ms, uint64_t limit_ms)
{
	return since_ms != 0 && session_now_ms(session) - since_ms >= (int64_t)limit_ms;
}

static bool is_too_late(const struct session *session)
{
	const struct ingest_settings *settings = session->shared->settings;

	switch (session->state) {
	case STATE_HANDSHAKE:
	case STATE_HELLO:
		return passed(session, session->since_ms, settings->handshake_ms);
	case STATE_RUNNING:
		return passed(session, session->frame_ms, settings->frame_ms) ||
		       passed(session, session->write_ms, settings->write_ms) ||
		       passed(session, session->heard_ms,
			       IDLE_HEARTBEATS * settings->heartbeat_ms);
	case STATE_LEAVING:
		return true;
	}
	return true;
}

/* Reading goes on when the agency's allowance is paid; the pool's turn comes by itself. */
static void end_pause(struct session *session)
{
	if (session->pause_until_ms == 0 || session_now_ms(session) < session->pause_until_ms)
		return;
	session->pause_until_ms = 0;
	if (!session->links.is_waiting)
		session_go_on(session);
}

static void check_running(struct session *session)
{
	/* While we do not read, its silence is ours. */
	if (session->pause_until_ms != 0 || session->links.is_waiting)
		session->heard_ms = session_now_ms(session);
	watch_output(session);
	const char *why = why_unwelcome(session);
	if (why != NULL) {
		session_end(session, GOODBYE_IDENTITY, why);
		return;
	}
	if (is_too_late(session)) {
		counter_add(&deadlines_passed, 1);
		session_end(session, GOODBYE_IDLE, "a deadline passed");
		return;
	}
	if (passed(session, session->said_ms, session->shared->settings->heartbeat_ms))
		session_say_heartbeat(session);
	end_pause(session);
}

static void check_leaving(struct session *session)
{
	bool said = evbuffer_get_length(bufferevent_get_output(session->bev)) == 0;

	if (said || passed(session, session->since_ms, LEAVING_MS))
		session_drop(session);
}

void session_check(struct session *session)
{
	switch (session->state) {
	case STATE_HANDSHAKE:
	case STATE_HELLO:
		if (is_too_late(session)) {
			counter_add(&deadlines_passed, 1);
			session_drop(session);
		}
		break;
	case STATE_RUNNING:
		check_running(session);
		break;
	case STATE_LEAVING:
		check_leaving(session);
		break;
	}
}
