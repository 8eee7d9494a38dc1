#include <event2/event.h>
#include <inttypes.h>

#include "collector/ingest/agents/intake.h"
#include "collector/ingest/agents/session_inner.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"

static struct counter chunks_unreadable = COUNTER("ingest.chunks_unreadable",
	"chunks that arrived whole and could not be unpacked; declared as gaps");

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

/* What the agent may have under way; half of it is grace, and one entry always may be. */
static bool exceeds_window(const struct session *session, size_t more)
{
	return session->batches_out > 0 &&
	       session->bytes_out + more > 2 * session->shared->settings->window;
}

static bool is_open(const struct session *session, uint8_t lane, uint64_t epoch)
{
	return lane < LANE_COUNT && session->lanes[lane].open &&
	       session->lanes[lane].epoch == epoch;
}

static void hand_over(struct session *session, struct batch *batch)
{
	worker_count_lines(session->worker, batch);
	session->batches_out++;
	session->bytes_out += batch->wire_size;
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

/* What it costs to look into, whatever it was compressed to. */
static uint64_t unpacked_size(const struct batch *batch)
{
	uint64_t size = 0;

	for (unsigned i = 0; i < batch->n_records; i++)
		size += batch->records[i].raw.len;
	return size;
}

static enum taken on_batch(struct session *session, const struct frame_batch *frame)
{
	if (!is_open(session, frame->lane, frame->epoch)) {
		session_end_for_protocol(
			session, "BATCH of a lane or epoch that was not offered");
		return TAKEN_NOT;
	}

	if (exceeds_window(session, frame->chunk.len)) {
		session_end_for_protocol(session,
			"more than twice the window is under way without an acknowledgement");
		return TAKEN_NOT;
	}

	struct batch *batch =
		begin_batch(session, frame->lane, frame->epoch, frame->first, frame->count);
	if (batch == NULL)
		return TAKEN_LATER;
	batch->crc = frame->crc;
	batch->wire_size = (uint32_t)frame->chunk.len;

	const struct intake_facts facts = {
		.agency = session->peer.agency,
		.host = session->peer.host,
		.received_ns = clock_wall_ns(),
	};
	const char *trouble = intake_unpack(
		batch, worker_chunk_reader(session->worker), frame->chunk, &facts);
	if (trouble != NULL)
		declare_unreadable(session, batch, frame, trouble);
	else
		session->cost = unpacked_size(batch);
	hand_over(session, batch);
	return TAKEN;
}

static enum taken on_gap(struct session *session, const struct frame_gap *frame)
{
	if (!is_open(session, frame->lane, frame->epoch)) {
		session_end_for_protocol(
			session, "GAP of a lane or epoch that was not offered");
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

/* The agency's allowance, of what arrived or what came out of it: reading goes on when it is
 * paid for. */
static void spend(struct session *session, size_t bytes)
{
	const uint64_t cost = session->cost > bytes ? session->cost : bytes;
	uint32_t wait_ms = peers_spend(session->shared->peers, session->peer.agency, cost);

	if (wait_ms > 0)
		session->pause_until_ms = session_now_ms(session) + wait_ms;
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

void session_say_heartbeat(struct session *session)
{
	session_say(session,
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
		session_end_for_protocol(session, "the first frame must be HELLO");
		return TAKEN_NOT;
	}
	switch (frame->type) {
	case FRAME_HELLO:
		session_on_hello(session, &frame->hello);
		return session->state == STATE_RUNNING ? TAKEN : TAKEN_NOT;
	case FRAME_BATCH:
		return on_batch(session, &frame->batch);
	case FRAME_GAP:
		return on_gap(session, &frame->gap);
	case FRAME_HEARTBEAT:
		on_heartbeat(session, &frame->heartbeat);
		return TAKEN;
	case FRAME_GOODBYE:
		session_leave_peers(session);
		session_enter(session, STATE_LEAVING);
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
		session_end_for_protocol(session, frame_status_text(status));
		return false;
	}
	if (!frame_allowed(header.type, FRAME_AGENT)) {
		session_end_for_protocol(session, "a frame only collectors send");
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
		session_end_for_protocol(session, frame_status_text(status));
		return TAKEN_NOT;
	}
	return on_frame(session, &frame);
}

static void stop_reading(struct session *session)
{
	bufferevent_disable(session->bev, EV_READ);
	session->frame_ms = 0; /* we keep it waiting, not the peer us */
}

void session_read_frames(struct session *session)
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

		session->cost = 0;
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
		session->frame_ms = session_now_ms(session);
}

void session_go_on(struct session *session)
{
	if (session->state != STATE_RUNNING)
		return;
	bufferevent_enable(session->bev, EV_READ);
	session->heard_ms = session_now_ms(session);
	session_read_frames(session);
}
