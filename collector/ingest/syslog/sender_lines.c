/* Syslog over a stream: framing into messages. Nothing is ever said to the sender. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>

#include "collector/ingest/senders/sender_session_inner.h"
#include "collector/ingest/syslog/framing.h"
#include "common/clock.h"

static void on_message(void *user, const struct framed *framed)
{
	struct sender_session *session = user;
	const bool cut = framed->whole > framed->bytes.len;

	gate_put(session->gate, session->flow,
		&(struct inflow_message){
			.origin = {session->door, session->address},
			.peer = session->peer,
			.bytes = framed->bytes,
			.whole = framed->whole,
			.received_ns = clock_wall_ns(),
			.flags = (uint16_t)((cut ? RECORD_TRUNCATED : 0) |
					    (framed->unterminated ? RECORD_UNTERMINATED : 0)),
		});
}

static void *open(struct sender_session *session)
{
	struct framing *framing = malloc(sizeof(*framing));

	if (framing == NULL)
		abort();
	framing_init(framing, (enum framing_mode)session->door->settings->framing,
		session->gate->shared->settings->syslog.message_max, on_message, session);
	return framing;
}

static void close_reader(struct sender_session *session)
{
	framing_done(session->reader);
	free(session->reader);
}

/* False when there is nothing more, or it makes no sense. */
static bool push_piece(struct sender_session *session, bool *broken)
{
	struct evbuffer *input = bufferevent_get_input(session->bev);
	struct evbuffer_iovec piece;

	if (evbuffer_peek(input, -1, NULL, &piece, 1) < 1 || piece.iov_len == 0)
		return false;
	*broken = !framing_push(session->reader, slice_of(piece.iov_base, piece.iov_len));
	evbuffer_drain(input, piece.iov_len);
	return !*broken;
}

static enum sender_taken take(struct sender_session *session, const char **why)
{
	bool broken = false;

	while (gate_has_room(session->gate, session->flow)) {
		if (!push_piece(session, &broken)) {
			*why = "no syslog message is so long";
			return broken ? SENDER_BROKEN : SENDER_TAKEN_ALL;
		}
	}
	return SENDER_NO_ROOM;
}

/* Everything that arrived is taken, whatever room there is: it is not much. */
static void finish(struct sender_session *session)
{
	bool broken = false;

	while (push_piece(session, &broken))
		;
	framing_end(session->reader);
}

/* A message has so long from its first byte on. */
static int64_t waits_since(const struct sender_session *session)
{
	if (!framing_is_within(session->reader))
		return 0;
	return session->waits_ms != 0 ? session->waits_ms : clock_mono_ms();
}

static size_t held(const struct sender_session *session)
{
	const struct framing *framing = session->reader;

	return framing->held.len;
}

const struct sender_protocol sender_lines = {
	.name = "syslog",
	.open = open,
	.close = close_reader,
	.take = take,
	.finish = finish,
	.waits_since = waits_since,
	.held = held,
};
