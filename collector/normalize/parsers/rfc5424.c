/*
 * rfc5424 - "<PRI>VERSION STAMP HOST APP PROCID MSGID [SD] MESSAGE" (RFC 5424 §6)
 *
 * What follows the damage is left unread: a header that lies about one field
 * is not believed about the next. Fields before the damage stand.
 */
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"

/* RFC 5424 §6: the longest a field may be. */
enum {
	HOSTNAME_MAX = 255,
	APP_NAME_MAX = 48,
	PROCID_MAX = 128,
	MSGID_MAX = 32,
	SD_NAME_MAX = 32,
	VERSION_MAX = 3 /* digits */
};

/* "<0>".."<191>" without leading zeros. */
static bool take_priority(struct slice *rest, struct slice *digits, unsigned *priority)
{
	uint64_t value;

	if (!skip_byte(rest, '<') || !take_until(rest, '>', digits) || digits->len > 3)
		return false;
	if (digits->len > 1 && digits->ptr[0] == '0')
		return false;
	if (!slice_to_u64(*digits, 191, &value))
		return false;
	*priority = (unsigned)value;
	return true;
}

/* "1".."999"; RFC 5424 §9.1 reserves "1", later ones read the same so far. */
static bool take_version(struct slice *rest, struct slice *version)
{
	size_t len = 0;

	while (len < rest->len && len < VERSION_MAX && is_digit(rest->ptr[len]))
		len++;
	if (len == 0 || rest->ptr[0] == '0')
		return false;
	*version = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return true;
}

/* A header field of printable ASCII and the blank behind it; "-" is given as absent. */
static bool take_field(struct slice *rest, size_t max, struct slice *field)
{
	size_t len = 0;

	while (len < rest->len && rest->ptr[len] > ' ' && rest->ptr[len] < 0x7f)
		len++;
	if (len == 0 || len > max || len == rest->len || rest->ptr[len] != ' ')
		return false;
	*field = len == 1 && rest->ptr[0] == '-' ? SLICE_NONE : slice_head(*rest, len);
	*rest = slice_from(*rest, len + 1);
	return true;
}

/* The structured data that Junos's message is made of: "[junos@2636.1.1.1.2.129 name="value"]".
 */
#define JUNOS_ELEMENT SLICE_BYTES("[junos@2636.")

/* Its stamps may lack the zone. */
static bool is_of_junos(struct slice rest)
{
	return slice_search(rest, (struct slice){JUNOS_ELEMENT}) < rest.len;
}

/* Check Point's may have a blank between date and time: "<134>1 2026-03-07 10:00:00 gw-1
 * CheckPoint 26144 - [action:...". */
static bool is_of_checkpoint(struct slice rest)
{
	enum { HEADER_MAX = 300 };

	rest = slice_head(rest, rest.len < HEADER_MAX ? rest.len : HEADER_MAX);
	return rest.ptr[10] == ' ' && slice_search(rest, SLICE_LIT(" CheckPoint ")) < rest.len;
}

/* The stamp of §6.2.3 is stricter than ISO 8601: upper-case T and Z, at most six digits. */
static bool take_time(struct slice *rest, struct parse_context *context, int64_t *ns)
{
	struct slice stamp = *rest;
	int64_t moment;

	if (skip_lit(rest, "- "))
		return true;
	if (rest->len < 20)
		return false;
	const bool blank = is_of_checkpoint(*rest);
	if ((rest->ptr[10] != 'T' && !blank) || !take_stamp_iso(rest, context, &moment))
		return false;
	stamp.len -= rest->len;
	bool zoned = stamp.ptr[stamp.len - 1] == 'Z' || stamp.ptr[stamp.len - 6] == '+' ||
		     stamp.ptr[stamp.len - 6] == '-';
	if ((!zoned && !blank && !is_of_junos(*rest)) ||
		stamp.len > sizeof("2003-08-24T05:14:15.000003-07:00") - 1)
		return false;
	*ns = moment;
	return skip_byte(rest, ' ');
}

/* SD-NAME of §6.3.2 */
static bool skip_name(struct slice *rest)
{
	size_t len = 0;

	while (len < rest->len && rest->ptr[len] > ' ' && rest->ptr[len] < 0x7f &&
		rest->ptr[len] != '=' && rest->ptr[len] != ']' && rest->ptr[len] != '"')
		len++;
	if (len == 0 || len > SD_NAME_MAX)
		return false;
	*rest = slice_from(*rest, len);
	return true;
}

/* A quoted value; ']' , '"' and '\' stand behind a backslash (§6.3.3). */
static bool skip_value(struct slice *rest)
{
	if (!skip_byte(rest, '"'))
		return false;
	for (size_t i = 0; i < rest->len; i++) {
		if (rest->ptr[i] == '\\') {
			i++;
		} else if (rest->ptr[i] == '"') {
			*rest = slice_from(*rest, i + 1);
			return true;
		} else if (rest->ptr[i] == ']') {
			return false;
		}
	}
	return false;
}

/* *good is behind what was whole: the name, each parameter, the element. */
static bool skip_element(struct slice *rest, struct slice *good)
{
	if (!skip_byte(rest, '[') || !skip_name(rest))
		return false;
	*good = *rest;
	while (skip_byte(rest, ' ')) {
		if (!skip_name(rest) || !skip_byte(rest, '='))
			return false;
		skip_blanks(rest); /* seen in the field: name= "value" */
		if (!skip_value(rest))
			return false;
		*good = *rest;
	}
	if (!skip_byte(rest, ']'))
		return false;
	*good = *rest;
	return true;
}

/* Up to `good`; an element that was damaged is closed there. */
static struct slice data_before(
	struct parse_context *context, struct slice start, struct slice good, bool whole)
{
	struct slice data = slice_head(start, start.len - good.len);

	if (slice_absent(data) || data.len == 0)
		return SLICE_NONE;
	if (whole || data.ptr[data.len - 1] == ']')
		return data;
	char *closed = arena_alloc(context->arena, data.len + 1);
	if (closed == NULL) {
		context->full = true;
		return SLICE_NONE;
	}
	memcpy(closed, data.ptr, data.len);
	closed[data.len] = ']';
	return slice_of(closed, data.len + 1);
}

/* One or more elements, or "-" given as absent; false when one is damaged. */
static bool take_structured_data(
	struct slice *rest, struct parse_context *context, struct slice *data)
{
	struct slice start = *rest, good = *rest;
	bool whole;

	if (skip_byte(rest, '-'))
		return true;
	do
		whole = skip_element(rest, &good);
	while (whole && rest->len > 0 && rest->ptr[0] == '[');
	*data = data_before(context, start, good, whole);
	return whole;
}

static void put_process(
	struct record *record, struct parse_context *context, struct slice procid)
{
	if (all_digits(procid))
		put_digits(record, context, FIELD_PROCESS_PID, procid);
	else
		put(record, context, FIELD_LOG_SYSLOG_PROCID, procid);
}

/* QRadar's and ArcSight's senders stop behind the host: "<13>1 STAMP HOST LEEF:1.0|..." */
static bool is_payload(struct slice rest)
{
	return slice_starts(rest, SLICE_LIT("LEEF:")) || slice_starts(rest, SLICE_LIT("CEF:"));
}

/* Check Point puts its message where structured data stand: "[action:"Drop"; src:"...; ]" */
static bool is_in_brackets(struct slice rest)
{
	size_t len = 1;

	while (len < rest.len && len <= SD_NAME_MAX && rest.ptr[len] > ' ' &&
		rest.ptr[len] != ':' && rest.ptr[len] != '=' && rest.ptr[len] != ']')
		len++;
	return len > 1 && rest.ptr[0] == '[' &&
	       slice_starts(slice_from(rest, len), SLICE_LIT(":\""));
}

static bool take_header(
	struct record *record, struct parse_context *context, struct slice *rest)
{
	struct slice host = SLICE_NONE, app = SLICE_NONE, procid = SLICE_NONE;
	struct slice msgid = SLICE_NONE;

	if (!take_time(rest, context, &record->created_ns) ||
		!take_field(rest, HOSTNAME_MAX, &host))
		return false;
	put_outer(record, context, FIELD_HOST_HOSTNAME, host);
	context->header_host = host;
	if (is_payload(*rest))
		return true;
	if (!take_field(rest, APP_NAME_MAX, &app))
		return false;
	put_outer(record, context, FIELD_PROCESS_NAME, app);
	context->program = app;
	if (!take_field(rest, PROCID_MAX, &procid))
		return false;
	put_process(record, context, procid);
	/* Pensando's cards leave it empty. */
	if (!(slice_starts(*rest, SLICE_LIT(" - [{")) && skip_byte(rest, ' ')) &&
		!take_field(rest, MSGID_MAX, &msgid))
		return false;
	put(record, context, FIELD_LOG_SYSLOG_MSGID, msgid);
	return true;
}

static bool take_rest(struct record *record, struct parse_context *context, struct slice rest)
{
	static const struct slice byte_order_mark = {SLICE_BYTES("\xef\xbb\xbf")};
	struct slice data = SLICE_NONE;

	if (!take_header(record, context, &rest))
		return false;
	bool bare = is_payload(rest) || is_in_brackets(rest);
	bool whole = bare || take_structured_data(&rest, context, &data);
	put(record, context, FIELD_LOG_SYSLOG_STRUCTURED_DATA, data);
	if (!whole)
		return false;
	const bool junos = slice_starts(data, (struct slice){JUNOS_ELEMENT});
	if (rest.len > 0 && !skip_byte(&rest, ' ') && !bare)
		return false;
	(void)skip_text(&rest, byte_order_mark);
	if (rest.len > 0) {
		put_outer(record, context, FIELD_MESSAGE, rest);
		context->message = rest;
	}
	if (junos) /* with the text behind it */
		context->message = slice_of(data.ptr, (size_t)(rest.ptr + rest.len - data.ptr));
	return true;
}

/* "1772852400.123456789 MX84 ": seconds since 1970, of Cisco's Meraki */
static bool is_of_meraki(struct slice rest)
{
	enum { SECONDS_LEN = 10 };
	struct slice digits;

	return take_digits(&rest, &digits) && digits.len == SECONDS_LEN &&
	       skip_byte(&rest, '.');
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, digits, version;
	unsigned priority;

	if (!take_priority(&rest, &digits, &priority) || !take_version(&rest, &version))
		return PARSED_NOT_MINE;
	/* A digit may begin the text of an older message, unless the settings say otherwise. */
	bool spaced = skip_byte(&rest, ' ');
	if ((!spaced || is_of_meraki(rest)) && !context->named)
		return PARSED_NOT_MINE;
	context->message = SLICE_NONE;
	put_priority(record, context, digits, priority);
	put(record, context, FIELD_LOG_SYSLOG_VERSION, version);
	if (!spaced || !take_rest(record, context, rest))
		return PARSED_DAMAGED;
	return slice_absent(context->message) ? PARSED : PARSED_PARTLY;
}

const struct parser parser_rfc5424 = {
	.number = 1,
	.roles = PARSER_ENVELOPE,
	.name = "rfc5424",
	.module = "syslog",
	.summary = "syslog protocol with structured data",
	.source = "RFC 5424",
	.first_bytes = "<",
	.parse = parse,
};
