#include "collector/ingest/session.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <inttypes.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/ingest/intake.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/tls.h"

enum {
	HELLOS_MAX = 4,    /* of one session: each new one follows a new epoch */
	LEAVING_MS = 2000, /* for the goodbye to get out */
	REPLY_MAX = 4096,  /* bytes of anything we say */
	IDLE_HEARTBEATS = 3,
};

static struct counter handshakes_failed = COUNTER(
	"ingest.handshakes_failed", "TLS handshakes that ended without a verified certificate");
static struct counter sessions_refused = COUNTER("ingest.sessions_refused",
	"verified agents that were turned away: unknown, duplicate, caps");
static struct counter sessions_accepted =
	COUNTER("ingest.sessions_accepted", "agents whose HELLO was accepted");
static struct counter frames_refused = COUNTER(
	"ingest.frames_refused", "frames that broke the protocol; the session was ended");
static struct counter chunks_unreadable = COUNTER("ingest.chunks_unreadable",
	"chunks that arrived whole and could not be unpacked; declared as gaps");
static struct counter deadlines_passed =
	COUNTER("ingest.deadlines_passed", "sessions ended by a deadline");

enum state {
	STATE_HANDSHAKE,
	STATE_HELLO,
	STATE_RUNNING,
	STATE_LEAVING,
};

struct lane {
	bool open; /* was in a HELLO */
	uint64_t epoch;
	uint64_t stored; /* last sequence that came home stored or declared */
	uint64_t told;   /* the same as last sent in an ACK */
};

struct session {
	struct session_links links;
	struct worker *worker;
	struct ingest_shared *shared;
	struct bufferevent *bev;
	uint64_t number;
	enum state state;
	unsigned address_slot;
	char peer_name[INGEST_NAME_MAX];
	struct tls_peer peer;
	struct ingest_place place;
	struct lane lanes[LANE_COUNT];
	unsigned hellos;
	unsigned batches_out;
	unsigned tls_generation; /* the certificate was good under */
	bool counted;            /* among the unfinished handshakes */
	bool joined;             /* has its place among the peers */

	int64_t since_ms;       /* when the state began */
	int64_t heard_ms;       /* last byte */
	int64_t said_ms;        /* last frame written */
	int64_t frame_ms;       /* when the frame now arriving began; 0 = none */
	int64_t write_ms;       /* since when the peer takes nothing; 0 = nothing to take */
	int64_t pause_until_ms; /* the agency's rate; 0 = no pause */
	size_t unwritten;       /* bytes at the last look */

	int64_t peer_wall_ns;    /* of its last heartbeat */
	int64_t peer_heard_ns;   /* monotonic, when that came */
	int64_t clock_offset_ns; /* its clock minus ours */
};

uint64_t session_number(const struct session *session)
{
	return session->number;
}

struct session_links *session_links(struct session *session)
{
	return &session->links;
}

static int64_t now_ms(const struct session *session)
{
	return worker_now_ms(session->worker);
}

static void enter(struct session *session, enum state state)
{
	session->state = state;
	session->since_ms = now_ms(session);
}

static void stop_counting_handshake(struct session *session)
{
	if (session->counted)
		ingest_shared_count_handshake(session->shared, session->address_slot, false);
	session->counted = false;
}

/* ---- saying ----------------------------------------------------------------- */

static void say(struct session *session, const struct frame *frame)
{
	struct strbuf out = STRBUF_INIT(REPLY_MAX);

	frame_write(&out, frame);
	bufferevent_write(session->bev, out.ptr, out.len);
	session->said_ms = now_ms(session);
	strbuf_done(&out);
}

static void leave_peers(struct session *session)
{
	if (!session->joined)
		return;
	session->joined = false;
	if (!peers_leave(session->shared->peers, session->peer.agency, session->peer.host,
		    session->number))
		return;
	session->shared->callbacks.note(session->shared->callbacks.user, INGEST_OFFLINE,
		session->peer.agency, session->peer.host, session->peer_name);
}

void session_drop(struct session *session)
{
	SSL *ssl = bufferevent_openssl_get_ssl(session->bev);

	leave_peers(session);
	stop_counting_handshake(session);
	worker_forget(session->worker, session);
	/* bufferevent_free() sends no close_notify; a peer that gets none sees an error. */
	if (SSL_is_init_finished(ssl)) {
		SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
		(void)SSL_shutdown(ssl);
		ERR_clear_error();
	}
	bufferevent_free(session->bev);
	free(session);
}

void session_end(struct session *session, uint8_t reason, const char *text)
{
	enum { RETRY_MS = 5000 };
	bool later = reason == GOODBYE_OVERLOAD || reason == GOODBYE_DUPLICATE;

	if (session->state == STATE_LEAVING)
		return;
	leave_peers(session);
	bufferevent_disable(session->bev, EV_READ);
	if (session->state != STATE_HANDSHAKE)
		say(session, &(struct frame){
				     .type = FRAME_GOODBYE,
				     .goodbye = {.reason = reason,
					     .retry_ms = later ? RETRY_MS : 0,
					     .text = slice_str(text)},
			     });
	enter(session, STATE_LEAVING);
}

/* Batches that were under way come home after the first of them ended the session. */
static void end_for_protocol(struct session *session, const char *text)
{
	if (session->state == STATE_LEAVING)
		return;
	counter_add(&frames_refused, 1);
	log_warn("session.protocol", "agency=%u host=%u peer=%s reason=\"%s\"",
		session->peer.agency, session->peer.host, session->peer_name, text);
	session_end(session, GOODBYE_PROTOCOL, text);
}

static void refuse(struct session *session, uint8_t reason, const char *text)
{
	counter_add(&sessions_refused, 1);
	log_warn("session.refused", "agency=%u host=%u peer=%s reason=\"%s\"",
		session->peer.agency, session->peer.host, session->peer_name, text);
	session_end(session, reason, text);
}

/* ---- HELLO ------------------------------------------------------------------ */

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
		session->shared->callbacks.note(session->shared->callbacks.user,
			INGEST_NEW_EPOCH, session->peer.agency, session->peer.host,
			session->peer_name);
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
		shared->callbacks.note(shared->callbacks.user, INGEST_DUPLICATE,
			session->peer.agency, session->peer.host, session->peer_name);
		refuse(session, GOODBYE_DUPLICATE, "this identity is connected already");
		return false;
	case PEERS_FULL:
		refuse(session, GOODBYE_OVERLOAD, "too many connections");
		return false;
	}
	session->joined = true;
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
	say(session, &ack);
	if (session->state == STATE_HELLO) {
		counter_add(&sessions_accepted, 1);
		enter(session, STATE_RUNNING);
		session->shared->callbacks.note(session->shared->callbacks.user, INGEST_ONLINE,
			session->peer.agency, session->peer.host, session->peer_name);
		log_debug("session.accepted", "agency=%u host=%u peer=%s version=%s",
			session->peer.agency, session->peer.host, session->peer_name,
			LOG_TEXT(hello->agent_version));
	}
}

static void on_hello(struct session *session, const struct frame_hello *hello)
{
	if (++session->hellos > HELLOS_MAX || session->batches_out > 0) {
		end_for_protocol(session, "HELLO out of place");
		return;
	}
	if (hello->version_min > FRAME_VERSION || hello->version_max < FRAME_VERSION) {
		refuse(session, GOODBYE_VERSION, "no common protocol version");
		return;
	}
	session->clock_offset_ns = hello->wall_ns - clock_wall_ns();
	if (join_peers(session, hello))
		welcome(session, hello);
}

/* ---- BATCH and GAP ---------------------------------------------------------- */

enum taken { TAKEN, TAKEN_LATER, TAKEN_NOT };

static uint32_t skew_ms(const struct session *session)
{
	int64_t skew = session->clock_offset_ns / CLOCK_NS_PER_MS;

	if (skew < 0)
		skew = -skew;
	return skew < UINT32_MAX ? (uint32_t)skew : UINT32_MAX - 1;
}

static struct batch *begin_batch(
	struct session *session, uint8_t lane, uint64_t epoch, uint64_t first, uint32_t count)
{
	struct batch *batch = worker_take_batch(session->worker);

	if (batch == NULL)
		return NULL;
	batch->stream = (struct stream){
		.agency = session->peer.agency,
		.host = session->peer.host,
		.lane = lane,
		.epoch = epoch,
	};
	batch->first = first;
	batch->count = count;
	batch->skew_ms = skew_ms(session);
	batch->session = session->number;
	return batch;
}

static bool is_open(const struct session *session, uint8_t lane, uint64_t epoch)
{
	return lane < LANE_COUNT && session->lanes[lane].open &&
	       session->lanes[lane].epoch == epoch;
}

static void hand_over(struct session *session, struct batch *batch)
{
	session->batches_out++;
	peers_heard(session->shared->peers, session->peer.agency, session->peer.host, NULL, 0);
	session->shared->callbacks.run(session->shared->callbacks.user, batch);
}

/*
 * It arrived as it was sent, so it would arrive like that for ever: its sequences become a gap
 * that analysts see, and the lane goes on.
 */
static void declare_unreadable(struct session *session, struct batch *batch,
	const struct frame_batch *frame, const char *trouble)
{
	counter_add(&chunks_unreadable, 1);
	log_warn("session.unreadable",
		"agency=%u host=%u peer=%s lane=%u first=%" PRIu64 " count=%" PRIu32
		" reason=\"%s\"",
		session->peer.agency, session->peer.host, session->peer_name, frame->lane,
		frame->first, frame->count, trouble);
	batch->gap = (struct batch_gap){
		.reason = GAP_UNREADABLE,
		.bytes = frame->chunk.len,
		.source = SLICE_LIT(""),
	};
}

static enum taken on_batch(struct session *session, const struct frame_batch *frame)
{
	if (!is_open(session, frame->lane, frame->epoch)) {
		end_for_protocol(session, "BATCH of a lane or epoch that was not offered");
		return TAKEN_NOT;
	}

	struct batch *batch =
		begin_batch(session, frame->lane, frame->epoch, frame->first, frame->count);
	if (batch == NULL)
		return TAKEN_LATER;
	batch->crc = frame->crc;

	const struct intake_facts facts = {
		.agency = session->peer.agency,
		.host = session->peer.host,
		.place = session->place,
		.received_ns = clock_wall_ns(),
	};
	const char *trouble = intake_unpack(
		batch, worker_chunk_reader(session->worker), frame->chunk, &facts);
	if (trouble != NULL)
		declare_unreadable(session, batch, frame, trouble);
	hand_over(session, batch);
	return TAKEN;
}

static enum taken on_gap(struct session *session, const struct frame_gap *frame)
{
	if (!is_open(session, frame->lane, frame->epoch)) {
		end_for_protocol(session, "GAP of a lane or epoch that was not offered");
		return TAKEN_NOT;
	}

	struct batch *batch =
		begin_batch(session, frame->lane, frame->epoch, frame->first, frame->count);
	if (batch == NULL)
		return TAKEN_LATER;
	batch->gap = (struct batch_gap){
		.reason = frame->reason,
		.bytes = frame->bytes,
		.source = arena_copy(&batch->arena, frame->source),
	};
	hand_over(session, batch);
	return TAKEN;
}

/* The agency's allowance: reading goes on when it is paid for. */
static void spend(struct session *session, size_t bytes)
{
	uint32_t wait_ms = peers_spend(session->shared->peers, session->peer.agency, bytes);

	if (wait_ms > 0)
		session->pause_until_ms = now_ms(session) + wait_ms;
}

/* ---- HEARTBEAT -------------------------------------------------------------- */

/*
 * The agent echoes our stamp (our clock) and how long it held it; half of the rest of the
 * round trip is taken as the way here.
 */
static int64_t clock_offset(const struct frame_heartbeat *heartbeat, int64_t now_ns)
{
	int64_t way_ns = 0;

	if (heartbeat->echo_wall_ns != 0) {
		int64_t round_ns = now_ns - heartbeat->echo_wall_ns -
				   (int64_t)(heartbeat->echo_hold_ns & INT64_MAX);

		if (round_ns > 0 && round_ns < 60 * CLOCK_NS_PER_S)
			way_ns = round_ns / 2;
	}
	return heartbeat->wall_ns + way_ns - now_ns;
}

static void on_heartbeat(struct session *session, const struct frame_heartbeat *heartbeat)
{
	session->peer_wall_ns = heartbeat->wall_ns;
	session->peer_heard_ns = clock_mono_ns();
	session->clock_offset_ns = clock_offset(heartbeat, clock_wall_ns());
	peers_heard(session->shared->peers, session->peer.agency, session->peer.host, heartbeat,
		session->clock_offset_ns);
}

static void say_heartbeat(struct session *session)
{
	say(session,
		&(struct frame){
			.type = FRAME_HEARTBEAT,
			.heartbeat =
				{
					.wall_ns = clock_wall_ns(),
					.echo_wall_ns = session->peer_wall_ns,
					.echo_hold_ns =
						session->peer_wall_ns == 0
							? 0
							: (uint64_t)(clock_mono_ns() -
								     session->peer_heard_ns),
				},
		});
}

/* ---- frames ----------------------------------------------------------------- */

static enum taken on_frame(struct session *session, const struct frame *frame)
{
	if (session->state == STATE_HELLO && frame->type != FRAME_HELLO &&
		frame->type != FRAME_GOODBYE) {
		end_for_protocol(session, "the first frame must be HELLO");
		return TAKEN_NOT;
	}
	switch (frame->type) {
	case FRAME_HELLO:
		on_hello(session, &frame->hello);
		return session->state == STATE_RUNNING ? TAKEN : TAKEN_NOT;
	case FRAME_BATCH:
		return on_batch(session, &frame->batch);
	case FRAME_GAP:
		return on_gap(session, &frame->gap);
	case FRAME_HEARTBEAT:
		on_heartbeat(session, &frame->heartbeat);
		return TAKEN;
	case FRAME_GOODBYE:
		leave_peers(session);
		enter(session, STATE_LEAVING);
		return TAKEN_NOT;
	case FRAME_HELLO_ACK:
	case FRAME_ACK:
	case FRAME_ORDER:
		break; /* next_frame() refused them */
	}
	return TAKEN_NOT;
}

/* The next whole frame of the input, in one piece; false when more bytes are needed or the
 * session was ended. */
static bool next_frame(struct session *session, struct evbuffer *input, struct slice *bytes)
{
	unsigned char head[FRAME_HEADER_SIZE];
	struct frame_header header;
	size_t have = evbuffer_get_length(input);

	if (have < sizeof(head))
		return false;
	evbuffer_copyout(input, head, sizeof(head));
	enum frame_status status = frame_read_header(slice_of(head, sizeof(head)), &header);
	if (status != FRAME_OK) {
		end_for_protocol(session, frame_status_text(status));
		return false;
	}
	if (!frame_allowed(header.type, FRAME_AGENT)) {
		end_for_protocol(session, "a frame only collectors send");
		return false;
	}

	size_t size = FRAME_HEADER_SIZE + (size_t)header.body_size;
	if (have < size)
		return false;
	*bytes = slice_of(evbuffer_pullup(input, (ev_ssize_t)size), size);
	return true;
}

static enum taken take_frame(struct session *session, struct slice bytes)
{
	struct frame_header header;
	struct frame frame;

	enum frame_status status = frame_read_header(bytes, &header);
	if (status == FRAME_OK)
		status = frame_read_body(&header, slice_from(bytes, FRAME_HEADER_SIZE), &frame);
	if (status != FRAME_OK) {
		end_for_protocol(session, frame_status_text(status));
		return TAKEN_NOT;
	}
	return on_frame(session, &frame);
}

static void stop_reading(struct session *session)
{
	bufferevent_disable(session->bev, EV_READ);
	session->frame_ms = 0; /* we keep it waiting, not the peer us */
}

static void read_frames(struct session *session)
{
	struct evbuffer *input = bufferevent_get_input(session->bev);
	struct slice bytes;

	while (session->state == STATE_HELLO || session->state == STATE_RUNNING) {
		if (session->pause_until_ms != 0) {
			stop_reading(session);
			return;
		}
		if (!next_frame(session, input, &bytes))
			break;

		enum taken taken = take_frame(session, bytes);
		if (taken == TAKEN_LATER) {
			stop_reading(session);
			worker_wait_for_batch(session->worker, session);
			return;
		}
		if (taken == TAKEN)
			spend(session, bytes.len);
		evbuffer_drain(input, bytes.len);
		session->frame_ms = 0;
	}
	if (session->frame_ms == 0 && evbuffer_get_length(input) > 0)
		session->frame_ms = now_ms(session);
}

static void on_read(struct bufferevent *bev, void *user)
{
	struct session *session = user;

	(void)bev;
	session->heard_ms = now_ms(session);
	read_frames(session);
}

void session_go_on(struct session *session)
{
	if (session->state != STATE_RUNNING)
		return;
	bufferevent_enable(session->bev, EV_READ);
	session->heard_ms = now_ms(session);
	read_frames(session);
}

/* ---- batches come home ------------------------------------------------------ */

void session_batch_done(struct session *session, const struct batch *batch)
{
	struct lane *lane = &session->lanes[batch->stream.lane];

	session->batches_out--;
	switch (batch->outcome) {
	case BATCH_STORED:
	case BATCH_DUPLICATE:
		if (lane->epoch == batch->stream.epoch && batch->stored > lane->stored)
			lane->stored = batch->stored;
		break;
	case BATCH_AHEAD:
		end_for_protocol(session, "sequences are missing before this batch");
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
		say(session, &frame);
}

/* ---- TLS -------------------------------------------------------------------- */

static void on_connected(struct session *session)
{
	SSL *ssl = bufferevent_openssl_get_ssl(session->bev);
	struct ingest_shared *shared = session->shared;
	struct err err;

	stop_counting_handshake(session);
	enter(session, STATE_HELLO);
	if (!tls_peer(ssl, &session->peer, &err) || session->peer.kind != TLS_PEER_AGENT) {
		refuse(session, GOODBYE_IDENTITY, "the certificate names no agent");
		return;
	}
	if (!shared->callbacks.place(shared->callbacks.user, session->peer.agency,
		    session->peer.host, &session->place)) {
		refuse(session, GOODBYE_IDENTITY, "the agency is not in the register");
		return;
	}
	bufferevent_enable(session->bev, EV_READ);
	read_frames(session);
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

struct session *session_new(
	struct worker *worker, const struct ingest_socket *socket, uint64_t number)
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
		ingest_shared_count_handshake(shared, socket->address_slot, false);
		return NULL;
	}
	session->worker = worker;
	session->shared = shared;
	session->number = number;
	session->counted = true;
	session->tls_generation = atomic_load(&shared->tls_generation);
	session->said_ms = session->heard_ms = now_ms(session);
	session->address_slot = socket->address_slot;
	memcpy(session->peer_name, socket->peer_name, sizeof(session->peer_name));
	enter(session, STATE_HANDSHAKE);
	bufferevent_setcb(session->bev, on_read, NULL, on_event, session);
	bufferevent_enable(session->bev, EV_WRITE);
	return session;
}

/* ---- deadlines -------------------------------------------------------------- */

static bool certificate_is_refused(struct session *session)
{
	struct ingest_shared *shared = session->shared;
	unsigned generation = atomic_load(&shared->tls_generation);
	bool refused = clock_wall_ns() > session->peer.not_after_ns;
	struct err err;

	if (!refused && generation != session->tls_generation) {
		SSL_CTX *tls = ingest_shared_tls(shared);

		refused = !tls_peer_still_good(
			tls, bufferevent_openssl_get_ssl(session->bev), &err);
		SSL_CTX_free(tls);
		session->tls_generation = generation;
	}
	return refused;
}

/* Since when the peer takes nothing of what waits for it. */
static void watch_output(struct session *session)
{
	size_t waiting = evbuffer_get_length(bufferevent_get_output(session->bev));

	if (waiting == 0)
		session->write_ms = 0;
	else if (session->write_ms == 0 || waiting != session->unwritten)
		session->write_ms = now_ms(session);
	session->unwritten = waiting;
}

static bool passed(const struct session *session, int64_t since_ms, uint64_t limit_ms)
{
	return since_ms != 0 && now_ms(session) - since_ms >= (int64_t)limit_ms;
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
	if (session->pause_until_ms == 0 || now_ms(session) < session->pause_until_ms)
		return;
	session->pause_until_ms = 0;
	if (!session->links.is_waiting)
		session_go_on(session);
}

static void check_running(struct session *session)
{
	/* While we do not read, its silence is ours. */
	if (session->pause_until_ms != 0 || session->links.is_waiting)
		session->heard_ms = now_ms(session);
	watch_output(session);
	if (certificate_is_refused(session)) {
		session_end(session, GOODBYE_IDENTITY, "the certificate is no longer accepted");
		return;
	}
	if (is_too_late(session)) {
		counter_add(&deadlines_passed, 1);
		session_end(session, GOODBYE_IDLE, "a deadline passed");
		return;
	}
	if (passed(session, session->said_ms, session->shared->settings->heartbeat_ms))
		say_heartbeat(session);
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
