/*
 * keyvalue - name=value pairs with blanks between: logfmt, FortiGate, many appliances
 *
 *	date=2026-05-10 time=11:50:48 devname="FG" srcip=192.0.2.1 action="deny"
 *
 * The whole text must be pairs, three at least and one with a known name:
 * a sentence with an '=' in it is no such line.
 */
#include "collector/normalize/extract.h"
#include "collector/normalize/names.h"

enum { PAIRS_MIN = 3, PAIRS_MAX = 256 };

struct pair {
	struct slice name, value;
	bool escaped; /* the value holds backslashes */
};

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || is_digit(byte) ||
	       byte == '_' || byte == '.' || byte == '-' || byte == '@' || byte == '/';
}

/* Behind the opening quote; what follows the closing one must be a blank or the end. */
static bool take_quoted(struct slice *rest, struct pair *pair)
{
	for (size_t i = 0; i < rest->len; i++) {
		if (rest->ptr[i] == '\\') {
			pair->escaped = true;
			i++;
		} else if (rest->ptr[i] == '"') {
			pair->value = slice_head(*rest, i);
			*rest = slice_from(*rest, i + 1);
			return rest->len == 0 || rest->ptr[0] == ' ' || rest->ptr[0] == ',';
		}
	}
	return false;
}

static bool take_pair(struct slice *rest, struct pair *pair)
{
	size_t len = 0;

	*pair = (struct pair){0};
	while (len < rest->len && is_name_byte(rest->ptr[len]))
		len++;
	if (len == 0 || len == rest->len || rest->ptr[len] != '=')
		return false;
	pair->name = slice_head(*rest, len);
	*rest = slice_from(*rest, len + 1);
	if (skip_byte(rest, '"'))
		return take_quoted(rest, pair);
	pair->value = take_word(rest);
	if (pair->value.len > 0 && pair->value.ptr[pair->value.len - 1] == ',')
		pair->value.len--;
	return true;
}

/* Whether all of it is pairs, and enough of them. */
static bool is_pairs(struct slice text)
{
	struct pair pair;
	unsigned n = 0, known = 0;

	while (text.len > 0) {
		if (++n > PAIRS_MAX || !take_pair(&text, &pair))
			return false;
		known += name_meaning(pair.name) != NAME_UNKNOWN;
		(void)skip_byte(&text, ',');
		skip_blanks(&text);
	}
	return n >= PAIRS_MIN && known > 0;
}

/* \" and \\ stand for themselves. */
static struct slice unescape(struct parse_context *context, struct slice escaped)
{
	char *start = arena_alloc(context->arena, escaped.len), *to = start;

	if (start == NULL) {
		context->full = true;
		return SLICE_NONE;
	}
	for (size_t i = 0; i < escaped.len; i++) {
		if (escaped.ptr[i] == '\\' && i + 1 < escaped.len)
			i++;
		*to++ = escaped.ptr[i];
	}
	return slice_of(start, (size_t)(to - start));
}

static void put_pair(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair)
{
	unsigned meaning = name_meaning(pair->name);

	if (meaning == NAME_UNKNOWN || meaning == FIELD_EVENT_MODULE ||
		slice_starts(pair->name, SLICE_LIT("soc.")))
		return;
	named_put(record, context, values, meaning,
		pair->escaped ? unescape(context, pair->value) : pair->value);
}

/* A connection that a device let through or not. */
static void put_connection(struct record *record, struct parse_context *context)
{
	static const struct meaning connection = {
		.category = {ECS_NETWORK}, .type = {ECS_CONNECTION}};
	static const char *const no[] = {
		"deny", "denied", "drop", "dropped", "block", "blocked", "reject"};
	struct slice action = record_get(record, FIELD_EVENT_ACTION);

	if (slice_absent(record_get(record, FIELD_SOURCE_IP)) ||
		slice_absent(record_get(record, FIELD_DESTINATION_IP)))
		return;
	put_meaning(record, context, &connection);
	for (size_t i = 0; i < ARRAY_LEN(no); i++) {
		if (slice_eq(action, slice_str(no[i])))
			put(record, context, FIELD_EVENT_TYPE, SLICE_LIT("denied"));
	}
	if (slice_eq(action, SLICE_LIT("accept")) || slice_eq(action, SLICE_LIT("allow")))
		put(record, context, FIELD_EVENT_TYPE, SLICE_LIT("allowed"));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	struct named_values values = {0};
	struct pair pair;

	skip_blanks(&rest);
	if (!is_pairs(rest))
		return PARSED_NOT_MINE;
	while (rest.len > 0 && take_pair(&rest, &pair)) {
		put_pair(record, context, &values, &pair);
		(void)skip_byte(&rest, ',');
		skip_blanks(&rest);
	}
	put_connection(record, context);
	named_finish(record, context, &values);
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
