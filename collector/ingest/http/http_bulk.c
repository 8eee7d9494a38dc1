/*
 * _bulk of Elasticsearch, as outputs of Beats, Logstash, Fluent Bit and Vector use it: each
 * document is a record, as it was sent. The answer tells of each in order, when all of them are
 * durable; it is written as the socket takes it.
 */
#include <stdlib.h>

#include "collector/ingest/http/bulk.h"
#include "collector/ingest/http/http_filter.h"
#include "collector/ingest/http/http_routes.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/json.h"

enum { ITEM_MAX = 4096, ACTIONS = BULK_DELETE + 1 };

/* What an answer tells of an item. */
enum fact { FACT_INDEX, FACT_RESULT, FACT_STATUS, FACT_TYPE, FACT_REASON, FACTS };

static struct counter refused = COUNTER("ingest.bulk_refused",
	"documents of _bulk that were refused, each in its answer: too long, empty, updates, "
	"deletes");

struct bulk_state {
	struct http_items items;
	struct bulk *bulk;
	struct strbuf filter;
	bool wanted[ACTIONS][FACTS]; /* by the filter */

	/* The answer. */
	size_t run;     /* that is being said */
	uint32_t said;  /* of it */
	bool has_begun; /* an item is said */
	struct strbuf
		text; /* of one of the run's items; empty when no client wants any of it */
};

static const struct {
	const char *name;
	const char *paths[FACTS]; /* for filters */
} actions[] = {
#define FACTS_OF(action)                                                                       \
	{                                                                                      \
		action,                                                                        \
		{                                                                              \
			"items." action "._index", "items." action ".result",                  \
				"items." action ".status", "items." action ".error.type",      \
				"items." action ".error.reason"                                \
		}                                                                              \
	}
	[BULK_INDEX] = FACTS_OF("index"),
	[BULK_CREATE] = FACTS_OF("create"),
	[BULK_UPDATE] = FACTS_OF("update"),
	[BULK_DELETE] = FACTS_OF("delete"),
#undef FACTS_OF
};

static const struct {
	unsigned status;
	const char *type, *reason;
} outcomes[] = {
	[BULK_STORED] = {201, NULL, NULL},
	[BULK_TOO_LONG] = {413, "content_too_long_exception", "longer than event-max"},
	[BULK_EMPTY] = {400, "mapper_parsing_exception", "there is no document"},
	[BULK_REFUSED] = {400, "illegal_argument_exception", "what is stored does not change"},
};

/* Of "/logs/_bulk"; absent where the path names none. */
static struct slice index_of(struct slice path)
{
	struct slice first;

	path = slice_from(path, 1);
	(void)slice_cut(&path, '/', &first);
	return slice_starts(first, SLICE_LIT("_")) ? SLICE_NONE : first;
}

static bool wants(const struct bulk_state *state, const char *path)
{
	return http_filter_wants(strbuf_slice(&state->filter), slice_str(path));
}

/* Once: a request may have as many runs as lines. False: it is beyond limits. */
static bool read_filter(struct bulk_state *state, struct slice list)
{
	if (!http_filter_decode(list, &state->filter))
		return false;
	for (unsigned action = 0; action < ACTIONS; action++) {
		for (unsigned fact = 0; fact < FACTS; fact++)
			state->wanted[action][fact] = wants(state, actions[action].paths[fact]);
	}
	return true;
}

static struct http_trouble begin(struct http_exchange *exchange)
{
	struct bulk_state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		abort();
	exchange->state = state;
	http_items_init(&state->items,
		exchange->session->gate->shared->settings->syslog.event_max, ITEMS_OF_LINES);
	state->bulk = bulk_new(index_of(exchange->head->path));
	strbuf_init(&state->filter, HTTP_FILTER_MAX);
	strbuf_init(&state->text, ITEM_MAX);
	return read_filter(
		       state, http_query_value(exchange->head->query, SLICE_LIT("filter_path")))
		       ? HTTP_FINE
		       : (struct http_trouble){400, "filter_path is beyond limits"};
}

static void close_bulk(struct http_exchange *exchange)
{
	struct bulk_state *state = exchange->state;

	if (state == NULL)
		return;
	http_items_done(&state->items);
	bulk_free(state->bulk);
	strbuf_done(&state->filter);
	strbuf_done(&state->text);
	free(state);
}

/* ---- the body --------------------------------------------------------------------- */

static struct http_trouble take_item(
	struct http_exchange *exchange, const struct http_item *item)
{
	struct bulk_state *state = exchange->state;

	switch (bulk_take(state->bulk, item)) {
	case BULK_TOOK:
		break;
	case BULK_DOCUMENT:
		http_put(exchange, item->bytes, item->whole, true);
		break;
	case BULK_NO_ACTION:
		return (struct http_trouble){400,
			"Malformed action/metadata line: no index, create, update, delete"};
	case BULK_TOO_MANY:
		return (struct http_trouble){413, "too many different actions in one request"};
	}
	return HTTP_FINE;
}

static struct http_trouble body(struct http_exchange *exchange, struct slice piece)
{
	struct bulk_state *state = exchange->state;
	struct http_trouble trouble = HTTP_FINE;
	struct http_item item;

	while (trouble.status == 0 &&
		http_items_next(&state->items, &piece, &item) == ITEMS_ITEM)
		trouble = take_item(exchange, &item);
	return trouble;
}

static struct http_trouble end(struct http_exchange *exchange)
{
	struct bulk_state *state = exchange->state;
	struct http_trouble trouble = HTTP_FINE;
	struct http_item item;
	size_t n;

	if (http_items_end(&state->items, &item) == ITEMS_ITEM)
		trouble = take_item(exchange, &item);
	if (trouble.status != 0)
		return trouble;
	if (!bulk_is_whole(state->bulk))
		return (struct http_trouble){400, "the last action has no document"};
	(void)bulk_runs(state->bulk, &n);
	return n == 0 ? (struct http_trouble){400, "request body is required"} : HTTP_FINE;
}

static void count_refused(const struct bulk *bulk)
{
	size_t n;
	const struct bulk_run *runs = bulk_runs(bulk, &n);

	for (size_t i = 0; i < n; i++) {
		if (runs[i].outcome != BULK_STORED)
			counter_add(&refused, runs[i].count);
	}
}

/* ---- the answer ------------------------------------------------------------------- */

static void put_error(struct json *json, enum bulk_outcome outcome, const bool *wanted)
{
	if (!wanted[FACT_TYPE] && !wanted[FACT_REASON])
		return;
	json_key(json, SLICE_LIT("error"));
	json_object(json);
	if (wanted[FACT_TYPE])
		json_put_str(json, "type", outcomes[outcome].type);
	if (wanted[FACT_REASON])
		json_put_str(json, "reason", outcomes[outcome].reason);
	json_object_end(json);
}

static void put_facts(struct bulk_state *state, const struct bulk_run *run, struct json *json)
{
	const bool is_stored = run->outcome == BULK_STORED;
	const bool *wanted = state->wanted[run->action];

	json_object(json);
	if (wanted[FACT_INDEX])
		json_put_text(json, "_index", bulk_index_name(state->bulk, run->index));
	if (is_stored && wanted[FACT_RESULT])
		json_put_str(json, "result", "created");
	if (wanted[FACT_STATUS])
		json_put_u64(json, "status", outcomes[run->outcome].status);
	if (!is_stored)
		put_error(json, (enum bulk_outcome)run->outcome, wanted);
	json_object_end(json);
}

/* An item of it; "" when the filter leaves nothing of that. */
static void make_text(struct bulk_state *state, const struct bulk_run *run)
{
	struct json json = json_into(&state->text);

	strbuf_reset(&state->text);
	json_object(&json);
	json_key(&json, slice_str(actions[run->action].name));
	const size_t empty = state->text.len + 2;
	put_facts(state, run, &json);
	if (state->text.len == empty)
		strbuf_reset(&state->text);
	else
		json_object_end(&json);
}

/* Bytes of all items, with a comma behind each. */
static uint64_t measure(struct bulk_state *state)
{
	uint64_t length = 0;
	size_t n;
	const struct bulk_run *runs = bulk_runs(state->bulk, &n);

	for (size_t i = 0; i < n; i++) {
		make_text(state, &runs[i]);
		if (state->text.len > 0)
			length += (uint64_t)runs[i].count * (state->text.len + 1);
	}
	return length;
}

/* Into `text`; false: there are no more. */
static bool next_item(struct bulk_state *state)
{
	size_t n;
	const struct bulk_run *runs = bulk_runs(state->bulk, &n);

	while (state->run < n) {
		if (state->said == 0)
			make_text(state, &runs[state->run]);
		if (state->text.len > 0 && state->said < runs[state->run].count) {
			state->said++;
			return true;
		}
		state->run++;
		state->said = 0;
	}
	return false;
}

static void more(struct http_exchange *exchange)
{
	struct bulk_state *state = exchange->state;
	struct strbuf out = STRBUF_INIT(HTTP_DRAINED + 2 * ITEM_MAX);
	bool has_next = true;

	while (out.len < HTTP_DRAINED && (has_next = next_item(state))) {
		if (state->has_begun)
			strbuf_add_byte(&out, ',');
		state->has_begun = true;
		strbuf_add(&out, strbuf_slice(&state->text));
	}
	if (!has_next)
		strbuf_add_str(&out, "]}");
	http_say(exchange, strbuf_slice(&out));
	strbuf_done(&out);
}

static void begin_answer(struct http_exchange *exchange, struct json *json, uint64_t length)
{
	json_key(json, SLICE_LIT("items"));
	json_array(json);
	/* A comma less, and "]}". */
	http_answer_begin(exchange, 200, HTTP_JSON, json->out->len + length + 1);
	http_say(exchange, strbuf_slice(json->out));
	more(exchange);
}

static void answer(struct http_exchange *exchange)
{
	struct bulk_state *state = exchange->state;
	struct strbuf out = STRBUF_INIT(ITEM_MAX);
	struct json json = json_into(&out);
	const uint64_t length = measure(state);

	count_refused(state->bulk);
	json_object(&json);
	if (wants(state, "took"))
		json_put_u64(&json, "took", (uint64_t)(clock_mono_ms() - exchange->begun_ms));
	if (wants(state, "errors"))
		json_put_bool(&json, "errors", bulk_has_errors(state->bulk));
	if (length > 0) {
		begin_answer(exchange, &json, length);
	} else {
		json_object_end(&json);
		http_answer(exchange, 200, HTTP_JSON, strbuf_slice(&out));
	}
	strbuf_done(&out);
}

static size_t held(const struct http_exchange *exchange)
{
	const struct bulk_state *state = exchange->state;
	size_t n_runs;

	(void)bulk_runs(state->bulk, &n_runs);
	return http_items_held(&state->items) + n_runs * sizeof(struct bulk_run);
}

const struct http_handler http_bulk = {
	.stores = true,
	.needs_body = true,
	.begin = begin,
	.body = body,
	.end = end,
	.answer = answer,
	.more = more,
	.held = held,
	.close = close_bulk,
};
