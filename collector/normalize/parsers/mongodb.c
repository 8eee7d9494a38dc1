/*
 * mongodb - the server log of MongoDB, as text until version 4.2 and as JSON since
 *
 *	2026-03-07T10:00:00.123+0700 I NETWORK  [conn5] connection accepted from 192.0.2.1:4711
 *	{"t":{"$date":"2026-03-07T10:00:00.123+07:00"},"s":"I","c":"ACCESS","id":20249,
 *	 "ctx":"conn5","msg":"Authentication failed","attr":{"remote":"192.0.2.1:4711",...}}
 */
#include "collector/normalize/families/database.h"
#include "collector/normalize/text/stamp.h"

struct line {
	struct slice severity, component, context, text;
	struct slice user, remote, id;
	int64_t ns;
};

static bool holds(struct slice text, struct slice words)
{
	return slice_search(text, words) < text.len;
}

static const struct meaning *meaning_of(const struct line *line)
{
	bool access = slice_eq(line->component, SLICE_LIT("ACCESS"));

	if (access && holds(line->text, SLICE_LIT("uthentication failed")))
		return &database_refused;
	if (access &&
		(slice_starts(line->text, SLICE_LIT("Authentication succeeded")) ||
			slice_starts(line->text, SLICE_LIT("Successfully authenticated"))))
		return &database_let_in;
	if (slice_starts(line->text, SLICE_LIT("connection accepted from ")) ||
		slice_starts(line->text, SLICE_LIT("Connection accepted")))
		return &database_connected;
	if (slice_eq(line->severity, SLICE_LIT("E")) ||
		slice_eq(line->severity, SLICE_LIT("F")))
		return &database_error;
	return &database_noted;
}

static void put_remote(
	struct record *record, struct parse_context *context, struct slice remote)
{
	struct slice host, port;

	if (cut_last(remote, SLICE_LIT(":"), &host, &port) && all_digits(port)) {
		put_digits(record, context, FIELD_SOURCE_PORT, port);
		remote = host;
	}
	if (remote.len > 0)
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, remote);
}

static void put_line(
	struct record *record, struct parse_context *context, const struct line *line)
{
	record->created_ns = line->ns;
	put_meaning(record, context, meaning_of(line));
	put(record, context, FIELD_LOG_LEVEL, line->severity);
	put_some(record, context, FIELD_LOG_LOGGER, line->component);
	put_some(record, context, FIELD_EVENT_CODE, line->id);
	if (line->context.len > 0)
		put_other(record, context, FIELD_OTHER, SLICE_LIT("context"), line->context);
	put_some(record, context, FIELD_USER_NAME, line->user);
	put_remote(record, context, line->remote);
	put_over(record, context, FIELD_MESSAGE, line->text);
}

/* ---- text ------------------------------------------------------------------------------- */

static bool is_component(struct slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		if ((word.ptr[i] < 'A' || word.ptr[i] > 'Z') && word.ptr[i] != '_' &&
			word.ptr[i] != '-')
			return false;
	}
	return word.len > 0;
}

/* The word behind `before`. */
static struct slice word_behind(struct slice text, struct slice before)
{
	size_t at = slice_search(text, before);

	if (at == text.len)
		return SLICE_NONE;
	text = slice_from(text, at + before.len);
	text = take_word(&text);
	return slice_head(text, slice_find(text, ')'));
}

static bool read_text(struct slice rest, const struct parse_context *context, struct line *line)
{
	struct slice stamp = take_word(&rest);

	if (stamp.len < 20 || !skip_byte(&rest, ' '))
		return false;
	line->severity = take_word(&rest);
	if (line->severity.len > 2 || line->severity.len == 0 ||
		slice_find(SLICE_LIT("FEWID"), line->severity.ptr[0]) == 5 ||
		!take_stamp_iso(&stamp, context, &line->ns) || stamp.len > 0 ||
		!skip_byte(&rest, ' '))
		return false;
	line->component = take_word(&rest);
	skip_blanks(&rest);
	if (!is_component(line->component) || !skip_byte(&rest, '[') ||
		!take_until(&rest, ']', &line->context))
		return false;
	(void)skip_byte(&rest, ' ');
	line->text = rest;
	line->user = word_behind(rest, SLICE_LIT("authentication failed for "));
	if (slice_absent(line->user))
		line->user = word_behind(rest, SLICE_LIT(" as principal "));
	line->remote = word_behind(rest, SLICE_LIT("from client "));
	if (slice_absent(line->remote))
		line->remote = word_behind(rest, SLICE_LIT("connection accepted from "));
	return true;
}

/* ---- JSON ------------------------------------------------------------------------------- */

static struct slice either(struct slice one, struct slice other)
{
	return slice_absent(one) ? other : one;
}

static bool read_json(struct parse_context *context, struct line *line)
{
	struct pairs *pairs = context->pairs;
	struct slice stamp;

	pairs_read_json(pairs, context->message, context->arena);
	stamp = pairs_get_lit(pairs, "t.$date");
	line->severity = pairs_get_lit(pairs, "s");
	line->component = pairs_get_lit(pairs, "c");
	line->context = pairs_get_lit(pairs, "ctx");
	line->text = pairs_get_lit(pairs, "msg");
	if (pairs->state != PAIRS_WHOLE || slice_absent(line->component) ||
		slice_absent(line->context) || slice_absent(line->text) ||
		!take_stamp_iso(&stamp, context, &line->ns))
		return false;
	line->id = pairs_get_lit(pairs, "id");
	line->remote = either(
		pairs_get_lit(pairs, "attr.remote"), pairs_get_lit(pairs, "attr.client"));
	line->user = either(
		pairs_get_lit(pairs, "attr.principalName"), pairs_get_lit(pairs, "attr.user"));
	return true;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	struct line line = {0};

	if (rest.len > 0 && is_digit(rest.ptr[0]) ? !read_text(rest, context, &line)
						  : !read_json(context, &line))
		return PARSED_NOT_MINE;
	put_line(record, context, &line);
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"mongod", "mongos", NULL};

const struct parser parser_mongodb = {
	.number = 37,
	.roles = PARSER_ENVELOPE,
	.name = "mongodb",
	.module = "mongodb",
	.summary = "MongoDB: server log, text and JSON",
	.source = "MongoDB Manual, Log Messages, versions 3.0 to 8.0",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS FIRST_BYTES_JSON,
	.digits = DIGITS(ISO_T),
	.parse = parse,
};
