#include "collector/ingest/agents/session_inner.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"

enum { HELLOS_MAX = 4 }; /* of one session: each new one follows a new epoch */

static struct counter sessions_accepted =
	COUNTER("ingest.sessions_accepted", "agents whose HELLO was accepted");

/* What we hold of the lane's history decides where the agent goes on. */
static void resume_lane(struct session *session, const struct frame_lane_offer *offer,
	struct frame_lane_resume *resume)
{
	const struct stream stream = {
		.agency = session->peer.agency,
		.host = session->peer.host,
		.lane = offer->lane,
		.epoch = offer->epoch,
	};
	struct stream_position position = {0};

	*resume = (struct frame_lane_resume){.lane = offer->lane, .resume = RESUME_OK};
	if (store_stream(session->shared->store, &stream, &position)) {
		bool we_hold_more = position.stored >= offer->next;
		bool differs = position.stored == offer->acked && position.crc != 0 &&
			       offer->acked_crc != 0 && position.crc != offer->acked_crc;

		resume->stored = position.stored;
		resume->stored_crc = position.crc;
		if (we_hold_more || differs)
			resume->resume = RESUME_NEW_EPOCH;
	}
	session->lanes[offer->lane] = (struct lane){
		.open = resume->resume == RESUME_OK,
		.epoch = offer->epoch,
		.stored = position.stored,
		.told = position.stored,
	};
	if (resume->resume == RESUME_NEW_EPOCH)
		session_note(session, INGEST_NEW_EPOCH);
}

static bool join_peers(struct session *session, const struct frame_hello *hello)
{
	struct ingest_shared *shared = session->shared;
	uint64_t other = 0;

	if (session->joined)
		return true;
	switch (peers_join(shared->peers, session->peer.agency, session->peer.host,
		hello->boot_id, session->number, &other)) {
	case PEERS_REPLACES:
		for (unsigned i = 0; i < shared->n_workers; i++)
			worker_end_session(shared->workers[i], other, GOODBYE_DUPLICATE);
		break;
	case PEERS_WELCOME:
		break;
	case PEERS_DUPLICATE:
		session_note(session, INGEST_DUPLICATE);
		session_refuse(
			session, GOODBYE_DUPLICATE, "this identity is connected already");
		return false;
	case PEERS_FULL:
		session_refuse(session, GOODBYE_OVERLOAD, "too many connections");
		return false;
	}
	session->joined = true;
	peers_met(shared->peers, session->peer.agency, session->peer.host, session->peer_name,
		&session->peer.validity, hello->agent_version);
	return true;
}

static void welcome(struct session *session, const struct frame_hello *hello)
{
	const struct ingest_settings *settings = session->shared->settings;
	struct frame ack = {
		.type = FRAME_HELLO_ACK,
		.hello_ack =
			{
				.version = FRAME_VERSION,
				.wall_ns = clock_wall_ns(),
				.heartbeat_ms = (uint32_t)settings->heartbeat_ms,
				.window_bytes = (uint32_t)settings->window,
				.collector_version = SLICE_LIT(SOC_VERSION),
				.n_lanes = hello->n_lanes,
			},
	};

	for (unsigned i = 0; i < hello->n_lanes; i++)
		resume_lane(session, &hello->lanes[i], &ack.hello_ack.lanes[i]);
	session_say(session, &ack);
	if (session->state == STATE_HELLO) {
		counter_add(&sessions_accepted, 1);
		session_enter(session, STATE_RUNNING);
		session_note(session, INGEST_ONLINE);
		log_debug("session.accepted", "agency=%u host=%u peer=%s version=%s",
			session->peer.agency, session->peer.host, session->peer_name,
			LOG_TEXT(hello->agent_version));
	}
}

void session_on_hello(struct session *session, const struct frame_hello *hello)
{
	if (++session->hellos > HELLOS_MAX || session->batches_out > 0) {
		session_end_for_protocol(session, "HELLO out of place");
		return;
	}
	if (hello->version_min > FRAME_VERSION || hello->version_max < FRAME_VERSION) {
		session_refuse(session, GOODBYE_VERSION, "no common protocol version");
		return;
	}
	session_greeted(session);
	session->clock_offset_ns = hello->wall_ns - clock_wall_ns();
	if (join_peers(session, hello))
		welcome(session, hello);
}
