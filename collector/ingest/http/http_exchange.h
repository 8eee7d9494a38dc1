/*
 * http_exchange - a request of a sender and its answer, as a handler sees it
 *
 * A handler is a row of a table of routes (http_routes.h). By the time it is asked the head is
 * whole, who sends is known (by certificate, token or address), there is room for
 * more, and the body's content coding is removed or, if it wants them raw, the bytes are as
 * they were sent:
 *
 *	begin() ─► body() ... ─► end() ─► all that was put is durable ─► answer() ─► close()
 *
 * begin(), body() and end() say .status 0 to go on; another status is the
 * answer, in the shape of Elasticsearch's errors, and what is left of the body is
 * skipped. A handler that answers later does nothing for it: messages are given by
 * http_put() as they are read, and answer() is called once when each of them is
 * durable, or all at once when it put none. Should the store not take them,
 * the sender hears 503 and answer() is not called: it has to send again.
 *
 * One request of a connection is read at a time: the next one waits in the socket until this
 * one's answer is written, so answers are in order and a connection holds one
 * exchange. Between pieces of a body the reading stops while there is no room.
 *
 * The worker's thread. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_HTTP_EXCHANGE_H
#define COLLECTOR_INGEST_HTTP_EXCHANGE_H

#include "collector/ingest/http/http_request.h"
#include "collector/ingest/senders/sender_session_inner.h"

struct http_exchange;

struct http_handler {
	/* Where messages come from it: without room the answer is 429, before begin(). */
	bool stores;
	bool needs_body; /* 411 without a length or chunks */
	bool wants_raw;  /* body() gets the bytes within their content coding */

	/* Each may be NULL. */
	struct http_trouble (*begin)(struct http_exchange *exchange);
	struct http_trouble (*body)(struct http_exchange *exchange, struct slice piece);
	struct http_trouble (*end)(struct http_exchange *exchange);

	/* Calls http_answer(), or http_answer_begin(). NULL: it is 200 with `fixed`. */
	void (*answer)(struct http_exchange *exchange);
	const char *fixed; /* JSON */

	/* The socket has taken what was said of an answer that was begun: http_say() more,
	 * until its length is said. */
	void (*more)(struct http_exchange *exchange);

	/* Bytes of what has come half, and is in memory. NULL: nothing that counts. */
	size_t (*held)(const struct http_exchange *exchange);

	/* The exchange is over, or its connection: frees what it holds. NULL: nothing. */
	void (*close)(struct http_exchange *exchange);
};

struct http_exchange {
	struct sender_session *session; /* ->flow->sender: who it is */
	const struct http_head *head;   /* until the answer */
	const struct http_handler *handler;
	struct receipts *receipts;
	void *state;           /* the handler's; NULL in begin() */
	uint64_t put;          /* messages */
	int64_t begun_ms;      /* monotonic */
	uint64_t unsaid;       /* bytes of a begun answer */
	bool closes;           /* the connection, behind the answer */
	const char *forwarder; /* record_source.forwarder of what is put; NULL = absent */
};

/* A message, cut to what it may have: `whole` bytes before that. `wrapped`: a JSON object of a
 * shipper, whose line the source's format is of. */
void http_put(struct http_exchange *exchange, struct slice bytes, uint64_t whole, bool wrapped);

/* The whole answer. `type` may be absent when there is no body. */
void http_answer(
	struct http_exchange *exchange, unsigned status, struct slice type, struct slice body);

/* A long one: its head now, of `length` bytes the first by http_say(), the others by more(). */
void http_answer_begin(
	struct http_exchange *exchange, unsigned status, struct slice type, uint64_t length);
void http_say(struct http_exchange *exchange, struct slice bytes);

/* In the shape of Elasticsearch's errors: {"error":{"type":...,"reason":...},"status":...}. */
void http_answer_trouble(struct http_exchange *exchange, struct http_trouble trouble);

#define HTTP_FINE    ((struct http_trouble){0})
#define HTTP_JSON    SLICE_LIT("application/json")
#define HTTP_DRAINED 65536 /* bytes said at once by more() at least, while there are */

#endif
