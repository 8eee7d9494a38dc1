/*
 * POST / and /ingest: a record for each line, whatever its format, or for each object or
 * element of an array of JSON, as Vector's and Fluent Bit's HTTP outputs send them. 200 says
 * that all of it is durable; a line beyond the limit is refused with 413, and the others are
 * stored.
 *
 * /INDEX/_doc and _create of Elasticsearch take one document, which all of the body is, and are
 * answered as its clients expect: what sends no bulks sends each document by itself.
 */
#include <stdlib.h>

#include "collector/ingest/http/http_items.h"
#include "collector/ingest/http/http_routes.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/json.h"

enum { ANSWER_MAX = 4096 };

static struct counter too_long = COUNTER("ingest.http_lines_too_long",
	"lines and documents of HTTP beyond event-max; refused, and their sender told");

struct lines {
	struct http_items items;
	uint64_t too_long, first_too_long; /* its number */
};

/* In any case of letters (RFC 9110 §8.3.1). */
static bool has_part(struct slice type, const char *part)
{
	const size_t len = strlen(part);

	for (size_t at = 0; type.len >= len && at <= type.len - len; at++) {
		if (slice_eq_nocase(slice_head(slice_from(type, at), len), slice_str(part)))
			return true;
	}
	return false;
}

/* A '[' may begin a line of text, and does begin many of Apache's. */
static bool is_json(struct slice type)
{
	return has_part(type, "json") && !has_part(type, "ndjson");
}

/* What outputs send when nobody told them to send JSON. */
static bool is_binary(struct slice type)
{
	static const char *const parts[] = {
		"msgpack", "protobuf", "avro", "cbor", "multipart/"};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (has_part(type, parts[i]))
			return true;
	}
	return false;
}

static struct http_trouble begin(struct http_exchange *exchange, enum http_items_of of)
{
	if (is_binary(exchange->head->content_type))
		return (struct http_trouble){
			415, "neither text nor JSON: set its format to json"};
	struct lines *lines = calloc(1, sizeof(*lines));

	if (lines == NULL)
		abort();
	http_items_init(
		&lines->items, exchange->session->gate->shared->settings->syslog.event_max, of);
	exchange->state = lines;
	return HTTP_FINE;
}

static struct http_trouble begin_lines(struct http_exchange *exchange)
{
	return begin(exchange,
		is_json(exchange->head->content_type) ? ITEMS_OF_JSON : ITEMS_OF_LINES);
}

static struct http_trouble begin_document(struct http_exchange *exchange)
{
	return begin(exchange, ITEMS_OF_ALL);
}

static void close_lines(struct http_exchange *exchange)
{
	struct lines *lines = exchange->state;

	if (lines == NULL)
		return;
	http_items_done(&lines->items);
	free(lines);
}

static void take_item(struct http_exchange *exchange, const struct http_item *item)
{
	struct lines *lines = exchange->state;

	if (item->whole == item->bytes.len) {
		http_put(exchange, item->bytes, item->whole, item->bytes.ptr[0] == '{');
		return;
	}
	if (lines->too_long++ == 0)
		lines->first_too_long = item->number;
	counter_add(&too_long, 1);
}

static const struct http_trouble no_array = {400, "no whole JSON array"};

static struct http_trouble body(struct http_exchange *exchange, struct slice piece)
{
	struct lines *lines = exchange->state;
	enum http_items_got got;
	struct http_item item;

	while ((got = http_items_next(&lines->items, &piece, &item)) == ITEMS_ITEM)
		take_item(exchange, &item);
	return got == ITEMS_BROKEN ? no_array : HTTP_FINE;
}

static struct http_trouble end(struct http_exchange *exchange)
{
	struct lines *lines = exchange->state;
	struct http_item item;
	const enum http_items_got got = http_items_end(&lines->items, &item);

	if (got == ITEMS_ITEM)
		take_item(exchange, &item);
	return got == ITEMS_BROKEN ? no_array : HTTP_FINE;
}

static void answer(struct http_exchange *exchange)
{
	const struct lines *lines = exchange->state;
	const unsigned status = lines->too_long > 0 ? 413 : 200;
	struct strbuf out = STRBUF_INIT(ANSWER_MAX);
	struct json json = json_into(&out);

	json_object(&json);
	json_put_u64(&json, "took", (uint64_t)(clock_mono_ms() - exchange->begun_ms));
	json_put_u64(&json, "stored", exchange->put);
	if (lines->too_long > 0) {
		json_put_u64(&json, "too_long", lines->too_long);
		json_put_u64(&json, "first_too_long", lines->first_too_long);
	}
	json_put_u64(&json, "status", status);
	json_object_end(&json);
	http_answer(exchange, status, HTTP_JSON, strbuf_slice(&out));
	strbuf_done(&out);
}

static const struct http_trouble document_too_long = {413, "longer than event-max"},
				 no_document = {400, "there is no document"};

/* "/INDEX/_doc/ID": both as they were sent, an ID that was not is empty: no document can be
 * asked for. */
static void say_created(struct http_exchange *exchange)
{
	struct slice path = slice_from(exchange->head->path, 1), index, action, id = SLICE_NONE;
	struct strbuf out = STRBUF_INIT(ANSWER_MAX + JSON_ESCAPED_MAX * path.len);
	struct json json = json_into(&out);

	(void)slice_cut(&path, '/', &index);
	(void)slice_cut(&path, '/', &action);
	(void)slice_cut(&path, '/', &id);
	json_object(&json);
	json_put_text(&json, "_index", index);
	json_put_text(&json, "_id", slice_absent(id) ? SLICE_LIT("") : id);
	json_put_u64(&json, "_version", 1);
	json_put_str(&json, "result", "created");
	json_key(&json, SLICE_LIT("_shards"));
	json_raw(&json, SLICE_LIT("{\"total\":1,\"successful\":1,\"failed\":0}"));
	json_put_u64(&json, "_seq_no", 0);
	json_put_u64(&json, "_primary_term", 1);
	json_object_end(&json);
	http_answer(exchange, 201, HTTP_JSON, strbuf_slice(&out));
	strbuf_done(&out);
}

static void answer_document(struct http_exchange *exchange)
{
	const struct lines *lines = exchange->state;

	if (lines->too_long > 0)
		http_answer_trouble(exchange, document_too_long);
	else if (exchange->put == 0)
		http_answer_trouble(exchange, no_document);
	else
		say_created(exchange);
}

static size_t held(const struct http_exchange *exchange)
{
	const struct lines *lines = exchange->state;

	return http_items_held(&lines->items);
}

const struct http_handler http_lines = {
	.stores = true,
	.needs_body = true,
	.begin = begin_lines,
	.body = body,
	.end = end,
	.answer = answer,
	.held = held,
	.close = close_lines,
};

const struct http_handler http_document = {
	.stores = true,
	.needs_body = true,
	.begin = begin_document,
	.body = body,
	.end = end,
	.answer = answer_document,
	.held = held,
	.close = close_lines,
};
