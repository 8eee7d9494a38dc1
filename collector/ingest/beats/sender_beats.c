/*
 * Beats: events in windows, each acknowledged when all of it is durable.
 *
 * While a window is on its way the sender hears every few seconds how far it is,
 * as it does of Logstash: one that hears nothing for its own timeout (30 s for
 * Filebeat) gives up the connection and sends again. What was not
 * acknowledged comes again on another connection: at the end of one nothing is
 * kept of what it had begun.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>

#include "collector/ingest/beats/lumberjack.h"
#include "collector/ingest/senders/sender_session_inner.h"
#include "common/clock.h"
#include "common/counter.h"

enum {
	KEEPALIVE_MOST_MS = 5000, /* as Logstash does */
	UNREAD_MAX = 64 << 10,    /* bytes of answers that the sender has not taken */
};

static struct counter windows = COUNTER("ingest.beats_windows", "windows acknowledged");
static struct counter keepalives = COUNTER(
	"ingest.beats_keepalives", "partial acknowledgements, while a window is on its way");
static struct counter refused =
	COUNTER("ingest.beats_refused", "connections of Beats ended because what they sent "
					"could not be stored; it comes again");

struct beats {
	struct lumberjack *lumberjack;
	struct receipts receipts;
	uint32_t to_come; /* events of the window that is arriving */
	uint32_t durable; /* number of the last event of the window that is on its way */
	uint32_t told;    /* the last number of that window that was said */
	int64_t begun_ms; /* when the event that is arriving began; 0 = none is */
	int64_t said_ms;  /* when something was written last, or the window began */
	bool lost;        /* some of it will never be durable */
};

static void on_settled(void *user)
{
	sender_session_settled(user);
}

static void *open(struct sender_session *session)
{
	struct beats *beats = calloc(1, sizeof(*beats));

	if (beats == NULL)
		abort();
	beats->lumberjack = lumberjack_new(session->gate->shared->settings->syslog.event_max);
	beats->receipts.on_settled = on_settled;
	beats->receipts.user = session;
	return beats;
}

static void close_reader(struct sender_session *session)
{
	struct beats *beats = session->reader;

	receipts_close(&beats->receipts);
	lumberjack_free(beats->lumberjack);
	free(beats);
}

/* ---- acknowledging ------------------------------------------------------------ */

static void say(struct sender_session *session, uint32_t number)
{
	struct beats *beats = session->reader;
	unsigned char ack[LUMBERJACK_ACK_SIZE];

	lumberjack_ack(number, ack);
	bufferevent_write(session->bev, ack, sizeof(ack));
	beats->said_ms = clock_mono_ms();
	beats->told = number;
}

static void end_window(struct sender_session *session, uint32_t number)
{
	struct beats *beats = session->reader;

	say(session, number);
	beats->durable = 0;
	beats->told = 0;
	counter_add(&windows, 1);
}

static void take_receipt(struct sender_session *session, const struct receipt *receipt)
{
	struct beats *beats = session->reader;

	if (receipt->state == RECEIPT_REFUSED)
		beats->lost = true;
	else if (beats->lost)
		return; /* numbers acknowledge all before them */
	else if (receipt->ends_window)
		end_window(session, receipt->number);
	else
		beats->durable = receipt->number;
}

static bool owes(const struct sender_session *session)
{
	const struct beats *beats = session->reader;

	return beats->receipts.oldest != NULL;
}

/* Three times in a heartbeat of agents. */
static int64_t keepalive_ms(const struct sender_session *session)
{
	const uint64_t third_ms = session->gate->shared->settings->heartbeat_ms / 3;

	return third_ms < KEEPALIVE_MOST_MS ? (int64_t)third_ms : KEEPALIVE_MOST_MS;
}

static void keep_alive(struct sender_session *session)
{
	struct beats *beats = session->reader;
	const bool on_its_way = beats->to_come > 0 || owes(session);

	if (!on_its_way || clock_mono_ms() - beats->said_ms < keepalive_ms(session))
		return;
	say(session, beats->durable);
	counter_add(&keepalives, 1);
}

static bool answer(struct sender_session *session)
{
	struct beats *beats = session->reader;
	struct receipt *receipt;

	while ((receipt = receipts_take(&beats->receipts)) != NULL) {
		take_receipt(session, receipt);
		free(receipt);
	}
	if (beats->lost) {
		counter_add(&refused, 1);
		return false;
	}
	keep_alive(session);
	return evbuffer_get_length(bufferevent_get_output(session->bev)) <= UNREAD_MAX;
}

/* What is durable of a window that will not be whole does not have to come again. */
static void part(struct sender_session *session)
{
	const struct beats *beats = session->reader;

	if (!beats->lost && beats->durable > beats->told)
		say(session, beats->durable);
}

/* ---- events -------------------------------------------------------------------- */

/* One that is shorter than it said ends with what there is of it. */
static void begin_window(struct sender_session *session, uint32_t size)
{
	struct beats *beats = session->reader;

	if (beats->to_come > 0 && !receipts_end_window(&beats->receipts) && beats->durable > 0)
		end_window(session, beats->durable);
	beats->to_come = size;
	if (!owes(session))
		beats->said_ms = clock_mono_ms();
}

/* False: nobody said that it would come. */
static bool take_event(struct sender_session *session, const struct lumberjack_event *event)
{
	struct beats *beats = session->reader;

	if (beats->to_come == 0)
		return false;
	beats->to_come--;
	gate_put(session->gate, session->flow,
		&(struct inflow_message){
			.origin = {session->door, session->address, .wrapped = true},
			.peer = session->peer,
			.bytes = event->bytes,
			.whole = event->whole,
			.received_ns = clock_wall_ns(),
			.flags = event->whole > event->bytes.len ? RECORD_TRUNCATED : 0,
			.receipts = &beats->receipts,
			.number = event->number,
			.ends_window = beats->to_come == 0,
		});
	return true;
}

/* What there is in a run of bytes; how many of them were taken. */
static enum sender_taken take_bytes(
	struct sender_session *session, struct slice *bytes, const char **why)
{
	struct beats *beats = session->reader;
	struct lumberjack_event event;
	uint32_t window;

	while (gate_has_room(session->gate, session->flow)) {
		switch (lumberjack_next(beats->lumberjack, bytes, &event, &window)) {
		case LUMBERJACK_MORE:
			return SENDER_TAKEN_ALL;
		case LUMBERJACK_WINDOW:
			beats->begun_ms = 0;
			begin_window(session, window);
			break;
		case LUMBERJACK_EVENT:
			beats->begun_ms = 0;
			if (take_event(session, &event))
				break;
			*why = "more events than the window has";
			return SENDER_BROKEN;
		case LUMBERJACK_BROKEN:
			*why = lumberjack_trouble_text(lumberjack_trouble(beats->lumberjack));
			return SENDER_BROKEN;
		}
	}
	beats->begun_ms = 0; /* we keep it waiting */
	return SENDER_NO_ROOM;
}

static enum sender_taken take(struct sender_session *session, const char **why)
{
	struct evbuffer *input = bufferevent_get_input(session->bev);
	enum sender_taken taken;
	struct slice bytes;
	size_t len;

	do {
		struct evbuffer_iovec piece = {0};

		(void)evbuffer_peek(input, -1, NULL, &piece, 1);
		len = piece.iov_len;
		bytes = slice_of(piece.iov_base, len);
		taken = take_bytes(session, &bytes, why);
		evbuffer_drain(input, len - bytes.len);
	} while (taken == SENDER_TAKEN_ALL && len > 0);
	return taken;
}

static void finish(struct sender_session *session)
{
	(void)session; /* what was not acknowledged comes again */
}

/* An event has so long from its first byte on. A window may take its time on a slow line, but
 * not stand still. */
static int64_t waits_since(const struct sender_session *session)
{
	struct beats *beats = session->reader;

	if (!lumberjack_is_within(beats->lumberjack)) {
		beats->begun_ms = 0;
		return beats->to_come > 0 ? clock_mono_ms() : 0;
	}
	if (beats->begun_ms == 0)
		beats->begun_ms = clock_mono_ms();
	return beats->begun_ms;
}

static size_t held(const struct sender_session *session)
{
	const struct beats *beats = session->reader;

	return lumberjack_held(beats->lumberjack);
}

const struct sender_protocol sender_beats = {
	.name = "beats",
	.open = open,
	.close = close_reader,
	.take = take,
	.finish = finish,
	.waits_since = waits_since,
	.held = held,
	.answer = answer,
	.owes = owes,
	.part = part,
};
