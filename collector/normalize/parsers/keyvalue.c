/*
 * keyvalue - name=value pairs with blanks between: logfmt, FortiGate, many appliances
 *
 *	date=2026-05-10 time=11:50:48 devname="FG" srcip=192.0.2.1 action="deny"
 *	2026-05-10 11:50:48 fw-1 src=192.0.2.1 dst=192.0.2.2 action=deny
 *	[10/May/2026:11:50:48 +0700] src=192.0.2.1 dst=192.0.2.2 action=deny
 *
 * The whole text must be pairs (pairs_keyvalue.c), three at least and one with
 * a known name; a stamp of any kind and the name of a host may stand before them.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/sign_in.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

enum { KNOWN_MIN = 1, NAMES_MIN = 3 };

/* A sentence with an '=' in it is no such line, unless the settings say so. */
static bool is_enough(const struct pairs *pairs, bool named)
{
	unsigned known = 0;

	if (named)
		return true;
	for (unsigned i = 0; i < pairs->n && known < KNOWN_MIN; i++)
		known += name_meaning_hashed(pairs->items[i].name, pairs->items[i].hash) !=
			 NAME_UNKNOWN;
	return pairs->n >= NAMES_MIN && known >= KNOWN_MIN;
}

/* What a line of a file begins with. */
struct head {
	struct slice host; /* or absent */
	int64_t ns;
};

enum { EPOCH_DIGITS_MIN = 10 };

/* "1772852400.123 " */
static bool take_epoch(struct slice *rest, int64_t *ns)
{
	struct slice at = *rest, word = take_word(&at);

	if (word.len < EPOCH_DIGITS_MIN || !stamp_from_epoch(word, ns))
		return false;
	*rest = at;
	return true;
}

/* "2026-05-10 11:50:48 fw-1 ", "[2026-05-10 11:50:48] "; false when there is none. */
static bool take_head(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	struct slice at = *rest, word;

	if (at.len == 0 || (!is_digit(at.ptr[0]) && at.ptr[0] != '[') ||
		slice_find(at, '=') == at.len)
		return false;
	bool bracket = skip_byte(&at, '[');
	if (!take_epoch(&at, &head->ns) && !take_stamp_any(&at, context, &head->ns))
		return false;
	if (bracket && !skip_byte(&at, ']'))
		return false;
	(void)skip_byte(&at, ':');
	if (!skip_byte(&at, ' '))
		return false;
	skip_blanks(&at);
	*rest = at;
	word = take_word(&at);
	head->host = SLICE_NONE;
	if (slice_find(word, '=') == word.len && skip_byte(&at, ' ')) {
		head->host = word;
		*rest = at;
	}
	return true;
}

/* What the text of a proxy or a server in Go says beside its pairs. Traefik 1 to 2, pkg/tcp and
 * pkg/udp; Navidrome 0.4x, server/middlewares.go. */
static const struct meaning proxied = MEANS("connection_proxied", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_START});
static const struct phrase said_sentences[] = {
	{"Handling {transport+} connection from {source:} to {destination:}", &proxied},
	{"Handling {transport+} stream from {source:} to {destination:}", &proxied},
	{"Handling connection from {source:} to {destination:}", &proxied},
	{"HTTP: {http.request.method+} {url}", NULL},
};
static struct phrases said = PHRASES(said_sentences);

static void put_said(struct record *record, struct parse_context *context)
{
	static const enum field_id said_fields[] = {FIELD_HTTP_REQUEST_METHOD,
		FIELD_URL_ORIGINAL, FIELD_URL_PATH, FIELD_SOURCE_PORT, FIELD_DESTINATION_IP};
	const struct slice text = record_get(record, FIELD_MESSAGE);

	for (size_t i = 0; i < ARRAY_LEN(said_fields); i++) {
		if (!slice_absent(record_get(record, said_fields[i])))
			return;
	}
	if (!slice_absent(text))
		(void)phrases_read(&said, record, context, text);
}

/* By the names, by the text, or by a request that was answered 401. */
static void put_sign_in(struct record *record, struct parse_context *context)
{
	if (slice_absent(record_get(record, FIELD_EVENT_CATEGORY)) &&
		!sign_in_put_pairs(record, context, context->pairs) &&
		!sign_in_take(record, context, record_get(record, FIELD_MESSAGE)) &&
		!access_log_put_refused_login(record, context) &&
		!slice_absent(record_get(record, FIELD_HTTP_REQUEST_METHOD)))
		access_log_put_outcome(
			record, context, record_get(record, FIELD_HTTP_RESPONSE_STATUS_CODE));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};
	struct slice text = context->message;
	struct head head;
	bool headed = slice_absent(context->program) && take_head(&text, context, &head);

	pairs_read_keyvalue(pairs, text, context->arena);
	if (pairs->state != PAIRS_WHOLE || !is_enough(pairs, context->named))
		return PARSED_NOT_MINE;
	context->full = context->full || pairs->full;
	if (headed) {
		record->created_ns = head.ns;
		put_some(record, context, FIELD_HOST_HOSTNAME, head.host);
	}
	for (unsigned i = 0; i < pairs->n; i++)
		named_put_pair(
			record, context, &values, &pairs->items[i], FIELD_OTHER_KEYVALUE);
	named_put_wrapped(record, context, pairs, &values, FIELD_OTHER_KEYVALUE);
	put_connection(record, context, record_get(record, FIELD_EVENT_ACTION));
	named_finish(record, context, &values);
	put_said(record, context);
	put_sign_in(record, context);
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_keyvalue = {
	.number = 17,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "keyvalue",
	.module = "keyvalue",
	.summary = "name=value pairs: logfmt, FortiGate and other appliances",
	.source = "logfmt as Go's log/slog writes it; FortiOS Log Reference",
	.parse = parse,
};
