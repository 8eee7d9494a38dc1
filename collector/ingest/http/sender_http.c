/*
 * HTTP: requests one after the other, each answered when what it brought is durable.
 *
 * Who it is comes from the certificate; of those without one that we know, from the token of
 * each request, and without any from the address. A head, and each WAIT_BYTES of a body, have
 * the deadline of a frame.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>

#include "collector/ingest/http/http_credentials.h"
#include "collector/ingest/http/http_routes.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/json.h"
#include "common/log.h"

enum {
	PIECE_MAX = 16 << 10,  /* bytes looked at between two looks for room */
	WAIT_BYTES = 64 << 10, /* of a body, that have a deadline together */
	SKIPPED_MAX = 1 << 20, /* bytes of a body nobody wants, before the connection ends */
	ANSWER_MAX = 64 << 10, /* bytes of an answer of one piece */
	RETRY_AFTER_S = 5,
};

static struct counter requests = COUNTER("ingest.http_requests", "requests that were answered");
static struct counter refused = COUNTER(
	"ingest.http_refused", "requests of HTTP answered with an error; the sender knows");
static struct counter unauthorized = COUNTER("ingest.http_unauthorized",
	"requests of HTTP with no token, or one that is not good there; refused");
static struct counter no_room = COUNTER("ingest.http_no_room",
	"requests of HTTP answered 429: their sender has as much waiting as it may");
static struct counter not_stored = COUNTER("ingest.http_not_stored",
	"requests of HTTP answered 503 because what they brought could not be stored; it comes "
	"again");

struct http {
	struct http_reader *reader;
	struct receipts receipts;
	struct http_exchange exchange;
	struct http_head none; /* of what could not be read */
	enum {
		PHASE_READING,  /* a head, a body */
		PHASE_SKIPPING, /* a body nobody wants; `trouble` is the answer behind it */
		PHASE_STORING,  /* the answer waits for what was put */
		PHASE_SAYING,   /* more of the answer */
		PHASE_ENDING,   /* nothing more is read */
	} phase;
	struct http_trouble trouble;
	bool is_lost; /* some of it will never be durable */
	size_t skipped;
	int64_t begun_ms; /* when the head that is arriving began, or this part of a body */
	size_t part;      /* bytes of that */
};

static void on_settled(void *user)
{
	sender_session_settled(user);
}

static void *open(struct sender_session *session)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http == NULL)
		abort();
	http->reader = http_reader_new();
	http->receipts.on_settled = on_settled;
	http->receipts.user = session;
	return http;
}

static void end_exchange(struct http *http)
{
	struct http_exchange *exchange = &http->exchange;

	if (exchange->handler != NULL && exchange->handler->close != NULL)
		exchange->handler->close(exchange);
	*exchange = (struct http_exchange){0};
}

static void close_reader(struct sender_session *session)
{
	struct http *http = session->reader;

	end_exchange(http);
	receipts_close(&http->receipts);
	http_reader_free(http->reader);
	free(http);
}

/* ---- what is said --------------------------------------------------------------- */

static const char *phrase_of(unsigned status)
{
	static const struct {
		unsigned status;
		const char *phrase;
	} phrases[] = {
		{200, "OK"},
		{201, "Created"},
		{204, "No Content"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{411, "Length Required"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{417, "Expectation Failed"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return "Other";
}

/* The `type` of Elasticsearch's errors, as its clients know them. */
static const char *type_of(unsigned status)
{
	switch (status) {
	case 401:
	case 403:
		return "security_exception";
	case 404:
		return "resource_not_found_exception";
	case 413:
		return "content_too_long_exception";
	case 429:
		return "es_rejected_execution_exception";
	case 503:
		return "unavailable_shards_exception";
	default:
		return "illegal_argument_exception";
	}
}

static void add_methods(struct strbuf *out, unsigned methods)
{
	static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};
	const char *comma = "Allow: ";

	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		if ((methods & 1U << i) == 0)
			continue;
		strbuf_add_str(out, comma);
		strbuf_add_str(out, names[i]);
		comma = ", ";
	}
	strbuf_add_str(out, "\r\n");
}

/* Fields that some statuses need. */
static void add_fields(
	struct strbuf *out, const struct http_exchange *exchange, unsigned status)
{
	const struct sender_session *session = exchange->session;

	if (status == 401)
		strbuf_add_str(out,
			"WWW-Authenticate: Basic realm=\"soc\", charset=\"UTF-8\"\r\n"
			"WWW-Authenticate: Bearer realm=\"soc\"\r\n"
			"WWW-Authenticate: ApiKey\r\n");
	if (status == 405)
		add_methods(
			out, http_route_find(
				     (enum listener_protocol)session->door->settings->protocol,
				     exchange->head->method, exchange->head->path)
				     .methods);
	if (status == 429 || status == 503)
		strbuf_addf(out, "Retry-After: %d\r\n", RETRY_AFTER_S);
}

static void say(struct http_exchange *exchange, struct slice bytes)
{
	bufferevent_write(exchange->session->bev, bytes.ptr, bytes.len);
}

void http_answer_begin(
	struct http_exchange *exchange, unsigned status, struct slice type, uint64_t length)
{
	struct strbuf out = STRBUF_INIT(ANSWER_MAX);

	counter_add(&requests, 1);
	if (status >= 400)
		counter_add(&refused, 1);
	strbuf_addf(&out, "HTTP/1.1 %u %s\r\nX-Elastic-Product: Elasticsearch\r\n", status,
		phrase_of(status));
	if (!slice_absent(type))
		strbuf_addf(&out, "Content-Type: %.*s\r\n", SLICE_FMT(type));
	if (status != 204)
		strbuf_addf(&out, "Content-Length: %llu\r\n", (unsigned long long)length);
	add_fields(&out, exchange, status);
	if (exchange->closes)
		strbuf_add_str(&out, "Connection: close\r\n");
	strbuf_add_str(&out, "\r\n");
	say(exchange, strbuf_slice(&out));
	strbuf_done(&out);
	exchange->unsaid = exchange->head->method == HTTP_HEAD ? 0 : length;
}

void http_say(struct http_exchange *exchange, struct slice bytes)
{
	if (exchange->head->method == HTTP_HEAD)
		return;
	exchange->unsaid -= bytes.len;
	say(exchange, bytes);
}

void http_answer(
	struct http_exchange *exchange, unsigned status, struct slice type, struct slice body)
{
	http_answer_begin(exchange, status, type, body.len);
	http_say(exchange, body);
}

void http_answer_trouble(struct http_exchange *exchange, struct http_trouble trouble)
{
	struct strbuf out = STRBUF_INIT(ANSWER_MAX);
	struct json json = json_into(&out);

	json_object(&json);
	json_key(&json, SLICE_LIT("error"));
	json_object(&json);
	json_put_str(&json, "type", type_of(trouble.status));
	json_put_str(&json, "reason", trouble.why);
	json_object_end(&json);
	json_put_u64(&json, "status", trouble.status);
	json_put_u64(&json, "stored", exchange->put);
	json_object_end(&json);
	http_answer(exchange, trouble.status, HTTP_JSON, strbuf_slice(&out));
	strbuf_done(&out);
}

/* ---- answering --------------------------------------------------------------------- */

static void take_receipts(struct http *http)
{
	struct receipt *receipt;

	while ((receipt = receipts_take(&http->receipts)) != NULL) {
		http->is_lost |= receipt->state == RECEIPT_REFUSED;
		free(receipt);
	}
}

static void say_answer(struct http *http)
{
	struct http_exchange *exchange = &http->exchange;

	if (http->is_lost) {
		exchange->put = 0;
		http->trouble = (struct http_trouble){503, "not stored: send it again"};
		counter_add(&not_stored, 1);
	}
	if (http->trouble.status != 0)
		http_answer_trouble(exchange, http->trouble);
	else if (exchange->handler->answer == NULL)
		http_answer(exchange, 200, HTTP_JSON, slice_str(exchange->handler->fixed));
	else
		exchange->handler->answer(exchange);
}

/* All is said: the next one. */
static void next_request(struct http *http)
{
	const bool closes = http->exchange.closes;

	end_exchange(http);
	http->phase = closes ? PHASE_ENDING : PHASE_READING;
	http->trouble = HTTP_FINE;
	http->is_lost = false;
	http->skipped = http->part = 0;
	http->begun_ms = 0;
}

static void answer_if_durable(struct http *http)
{
	take_receipts(http);
	if (http->phase != PHASE_STORING || http->receipts.oldest != NULL)
		return;
	say_answer(http);
	http->phase = PHASE_SAYING;
	if (http->exchange.unsaid == 0)
		next_request(http);
}

static bool answer(struct sender_session *session)
{
	answer_if_durable(session->reader);
	return true;
}

static void written(struct sender_session *session)
{
	struct http *http = session->reader;
	struct http_exchange *exchange = &http->exchange;

	if (http->phase != PHASE_SAYING)
		return;
	exchange->handler->more(exchange);
	if (exchange->unsaid == 0)
		next_request(http);
}

static bool owes(const struct sender_session *session)
{
	const struct http *http = session->reader;

	return http->phase == PHASE_STORING || http->phase == PHASE_SAYING;
}

/* ---- who it is ------------------------------------------------------------------------ */

static const struct http_trouble stranger = {401, "no token, and no address, of a sender"},
				 wrong_token = {401, "the token is nobody's"},
				 wrong_place = {403, "the token is not good from there"},
				 too_many_connections = {
					 503, "its sender has as many connections as it may"};

static struct http_trouble find_by_token(struct sender_session *session,
	struct slice authorization, const struct sender **sender)
{
	const struct senders *senders = session->gate->senders;

	session->has_token = http_token_hash(authorization, session->token);
	if (!session->has_token || senders_with_token(senders, session->token) == NULL)
		return wrong_token;
	*sender = senders_by_token(
		senders, session->door->number, &session->address, session->token);
	return *sender == NULL ? wrong_place : HTTP_FINE;
}

/* A certificate that is known counts alone; else a token, if one is shown, has to be good. */
static struct http_trouble find_sender(struct sender_session *session,
	const struct http_head *head, const struct sender **sender)
{
	*sender = sender_session_certified(session);
	if (*sender != NULL)
		return HTTP_FINE;
	if (!slice_absent(head->authorization))
		return find_by_token(session, head->authorization, sender);
	session->has_token = false;
	*sender = senders_by_address(
		session->gate->senders, session->door->number, &session->address);
	return *sender == NULL ? stranger : HTTP_FINE;
}

static struct http_trouble identify(
	struct sender_session *session, const struct http_head *head)
{
	const struct sender *sender;

	(void)gate_refresh(session->gate);
	const struct http_trouble trouble = find_sender(session, head, &sender);
	if (trouble.status != 0) {
		counter_add(&unauthorized, 1);
		door_stranger(session->door, &session->address);
		return trouble;
	}
	return sender_session_is(session, sender) ? HTTP_FINE : too_many_connections;
}

/* ---- requests -------------------------------------------------------------------------- */

static struct http_trouble find_handler(
	struct sender_session *session, struct http_exchange *exchange)
{
	const struct http_found found =
		http_route_find((enum listener_protocol)session->door->settings->protocol,
			exchange->head->method, exchange->head->path);

	exchange->handler = found.handler;
	if (found.methods == 0)
		return (struct http_trouble){404, "there is nothing at that path"};
	return found.handler == NULL
		       ? (struct http_trouble){405, "that method is not for this path"}
		       : HTTP_FINE;
}

static struct http_trouble check_body(struct http *http)
{
	const struct http_handler *handler = http->exchange.handler;

	if (handler->needs_body && http->exchange.head->framing == HTTP_NO_BODY)
		return (struct http_trouble){411, "a body without a length"};
	if (!handler->wants_raw && !http_reader_unpack(http->reader))
		return (struct http_trouble){
			415, "a content coding that is not gzip, deflate or zstd"};
	return HTTP_FINE;
}

static struct http_trouble check_room(
	struct sender_session *session, const struct http_handler *handler)
{
	if (!handler->stores || gate_has_room(session->gate, session->flow))
		return HTTP_FINE;
	counter_add(&no_room, 1);
	return (struct http_trouble){429, "no room before others are stored"};
}

static struct http_trouble begin_handler(struct sender_session *session)
{
	struct http *http = session->reader;
	struct http_exchange *exchange = &http->exchange;
	struct http_trouble trouble = identify(session, exchange->head);

	if (trouble.status != 0) {
		exchange->closes = true;
		return trouble;
	}
	trouble = find_handler(session, exchange);
	if (trouble.status == 0)
		trouble = check_body(http);
	if (trouble.status == 0)
		trouble = check_room(session, exchange->handler);
	if (trouble.status == 0 && exchange->handler->begin != NULL)
		trouble = exchange->handler->begin(exchange);
	return trouble;
}

/* What is left of it is nobody's; too much of that and the connection ends instead. */
static void refuse(struct http *http, struct http_trouble trouble)
{
	http->trouble = trouble;
	http->phase = http->exchange.closes ? PHASE_STORING : PHASE_SKIPPING;
}

static void begin_request(struct sender_session *session)
{
	struct http *http = session->reader;
	const struct http_head *head = http_reader_head(http->reader);

	http->begun_ms = 0;
	http->exchange = (struct http_exchange){
		.session = session,
		.head = head,
		.receipts = &http->receipts,
		.begun_ms = clock_mono_ms(),
		.closes = !head->keeps_alive,
	};
	const struct http_trouble trouble = begin_handler(session);
	if (trouble.status != 0) {
		/* It may send its body, or not. */
		http->exchange.closes |= head->expects_continue;
		refuse(http, trouble);
	} else if (head->expects_continue && head->framing != HTTP_NO_BODY) {
		say(&http->exchange, SLICE_LIT("HTTP/1.1 100 Continue\r\n\r\n"));
	}
}

static void skip(struct http *http, size_t len)
{
	http->skipped += len;
	if (http->skipped <= SKIPPED_MAX)
		return;
	http->exchange.closes = true;
	http->phase = PHASE_STORING;
}

static void take_piece(struct http *http, struct slice piece)
{
	struct http_exchange *exchange = &http->exchange;

	if (http->phase == PHASE_SKIPPING) {
		skip(http, piece.len);
		return;
	}
	if (exchange->handler->body == NULL)
		return;
	const struct http_trouble trouble = exchange->handler->body(exchange, piece);
	if (trouble.status != 0)
		refuse(http, trouble);
}

static void end_request(struct http *http)
{
	struct http_exchange *exchange = &http->exchange;

	if (http->phase == PHASE_READING && exchange->handler->end != NULL)
		http->trouble = exchange->handler->end(exchange);
	http->phase = PHASE_STORING;
}

/* Who shows no token may be anybody. */
static void log_broken(const struct sender_session *session, const char *why)
{
	const struct sender *sender =
		session->flow != NULL ? session->flow->sender
				      : senders_by_address(session->gate->senders,
						session->door->number, &session->address);

	if (sender == NULL)
		door_stranger(session->door, &session->address);
	else
		sender_session_log_broken(session, sender, why);
}

/* It makes no sense: where the next one would begin is not known. */
static void break_off(struct sender_session *session)
{
	struct http *http = session->reader;
	struct http_exchange *exchange = &http->exchange;
	const struct http_trouble trouble = http_reader_trouble(http->reader);

	exchange->session = session;
	if (exchange->head == NULL)
		exchange->head = &http->none;
	exchange->closes = true;
	if (http->phase == PHASE_READING)
		http->trouble = trouble;
	http->phase = PHASE_STORING;
	log_broken(session, trouble.why);
}

static void take_got(struct sender_session *session, enum http_got got, struct slice piece)
{
	struct http *http = session->reader;

	switch (got) {
	case HTTP_GOT_HEAD:
		begin_request(session);
		break;
	case HTTP_GOT_BODY:
		take_piece(http, piece);
		break;
	case HTTP_GOT_END:
		end_request(http);
		break;
	case HTTP_GOT_BROKEN:
		break_off(session);
		break;
	case HTTP_GOT_NOTHING:
		break;
	}
	answer_if_durable(http);
}

/* ---- bytes ----------------------------------------------------------------------------------
 */

static bool has_room(const struct sender_session *session)
{
	const struct http *http = session->reader;

	return session->flow == NULL || http->phase != PHASE_READING ||
	       !http_reader_is_in_body(http->reader) ||
	       gate_has_room(session->gate, session->flow);
}

static void count_part(struct http *http, size_t len)
{
	http->part += len;
	if (http->part < WAIT_BYTES || !http_reader_is_in_body(http->reader))
		return;
	http->part = 0;
	http->begun_ms = 0;
}

/* One step; false when there is nothing to do before more arrives. */
static bool take_some(struct sender_session *session)
{
	struct http *http = session->reader;
	struct evbuffer *input = bufferevent_get_input(session->bev);
	struct evbuffer_iovec run = {0};
	struct slice piece;

	(void)evbuffer_peek(input, PIECE_MAX, NULL, &run, 1);
	const size_t len = run.iov_len < PIECE_MAX ? run.iov_len : PIECE_MAX;
	struct slice bytes = slice_of(run.iov_base, len);
	const enum http_got got = http_reader_next(http->reader, &bytes, &piece);
	count_part(http, len - bytes.len);
	take_got(session, got, piece);
	evbuffer_drain(input, len - bytes.len);
	return got != HTTP_GOT_NOTHING || len > 0;
}

static enum sender_taken take(struct sender_session *session, const char **why)
{
	struct http *http = session->reader;

	(void)why;
	for (;;) {
		if (http->phase == PHASE_ENDING)
			return SENDER_ENDS;
		if (owes(session))
			return SENDER_OWES;
		if (!has_room(session))
			break;
		if (!take_some(session))
			return SENDER_TAKEN_ALL;
	}
	http->begun_ms = 0; /* we keep it waiting */
	return SENDER_NO_ROOM;
}

/* 503, and not the 408 of RFC 9110 §15.5.9: outputs that send again after 503 lose the records
 * after any 4xx, as rsyslog's omhttp. What it put before counts, when it is durable, as the
 * answer says. */
static void late(struct sender_session *session)
{
	struct http *http = session->reader;
	struct http_exchange *exchange = &http->exchange;

	if (!http_reader_is_within(http->reader) || http->phase > PHASE_SKIPPING)
		return;
	exchange->session = session;
	if (!http_reader_is_in_body(http->reader))
		exchange->head = &http->none;
	exchange->closes = true;
	if (http->phase == PHASE_READING)
		http->trouble =
			(struct http_trouble){503, "it did not come in time: send it again"};
	http->phase = PHASE_STORING;
	answer_if_durable(http);
}

static void finish(struct sender_session *session)
{
	(void)session; /* what was not answered comes again */
}

static int64_t waits_since(const struct sender_session *session)
{
	struct http *http = session->reader;

	if (!http_reader_is_within(http->reader))
		http->begun_ms = 0;
	else if (http->begun_ms == 0)
		http->begun_ms = clock_mono_ms();
	return http->begun_ms;
}

void http_put(struct http_exchange *exchange, struct slice bytes, uint64_t whole, bool wrapped)
{
	struct sender_session *session = exchange->session;

	exchange->put++;
	gate_put(session->gate, session->flow,
		&(struct inflow_message){
			.origin = {session->door, session->address, wrapped,
				exchange->forwarder},
			.peer = session->peer,
			.bytes = bytes,
			.whole = whole,
			.received_ns = clock_wall_ns(),
			.flags = whole > bytes.len ? RECORD_TRUNCATED : 0,
			.receipts = exchange->receipts,
		});
}

static size_t held(const struct sender_session *session)
{
	const struct http *http = session->reader;
	const struct http_exchange *exchange = &http->exchange;
	const bool has_parts = exchange->state != NULL && exchange->handler->held != NULL;

	return http_reader_held(http->reader) +
	       (has_parts ? exchange->handler->held(exchange) : 0);
}

const struct sender_protocol sender_http = {
	.name = "http",
	.open = open,
	.close = close_reader,
	.take = take,
	.finish = finish,
	.waits_since = waits_since,
	.answer = answer,
	.written = written,
	.owes = owes,
	.late = late,
	.held = held,
};
