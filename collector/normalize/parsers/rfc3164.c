/*
 * rfc3164 - BSD syslog, on the wire ("<PRI>Mmm dd hh:mm:ss host tag: text") and in files
 *
 * The RFC describes what was seen, not what must be, so this reads what is
 * sent: no priority (files), ISO stamps (rsyslog's high precision files),
 * years (Cisco, old Snare), a colon behind the stamp, no stamp at all, no host
 * (nothing but a tag), tags without colon, "last message repeated".
 */
#include "collector/normalize/extract.h"
#include "collector/normalize/stamp.h"

enum { TAG_MAX = 48 };

/* Without PRI *digits stays absent. False when it is there and wrong. */
static bool take_priority(struct slice *rest, struct slice *digits, unsigned *priority)
{
	uint64_t value;

	if (!skip_byte(rest, '<'))
		return true;
	if (!take_until(rest, '>', digits) || !slice_to_u64(*digits, 191, &value))
		return false;
	while (digits->len > 1 && digits->ptr[0] == '0')
		*digits = slice_from(*digits, 1);
	*priority = (unsigned)value;
	return true;
}

static bool take_stamp(struct slice *rest, struct parse_context *context, int64_t *ns)
{
	skip_blanks(rest);
	if (!take_stamp_bsd(rest, context, ns) && !take_stamp_iso(rest, context, ns))
		return false;
	(void)skip_byte(rest, ':');
	return rest->len == 0 || rest->ptr[0] == ' ';
}

static bool is_tag_byte(char byte)
{
	return byte > ' ' && byte != ':' && byte != '[' && (unsigned char)byte < 0x7f;
}

/*
 * "tag: ", "tag[pid]: ", "tag[pid] ", "tag ": the name, and what stands in the brackets.
 * `marked` tells whether a colon or bracket ended it.
 */
static bool take_tag(struct slice *rest, struct slice *name, struct slice *pid, bool *marked)
{
	struct slice at = *rest;
	size_t len = 0;

	while (len < at.len && is_tag_byte(at.ptr[len]))
		len++;
	if (len == 0 || len > TAG_MAX)
		return false;
	*name = slice_head(at, len);
	at = slice_from(at, len);
	*marked = false;
	if (skip_byte(&at, '[')) {
		if (!take_until(&at, ']', pid))
			return false;
		*marked = true;
	}
	if (skip_byte(&at, ':'))
		*marked = true;
	if (at.len > 0 && at.ptr[0] != ' ' && !*marked)
		return false;
	*rest = at;
	return true;
}

static void put_tag(struct record *record, struct parse_context *context, struct slice name,
	struct slice pid)
{
	put(record, context, FIELD_PROCESS_NAME, name);
	context->program = name;
	if (all_digits(pid))
		put_digits(record, context, FIELD_PROCESS_PID, pid);
	else
		put_some(record, context, FIELD_LOG_SYSLOG_PROCID, pid);
}

static bool is_host_byte(char byte)
{
	return byte > ' ' && byte != '[' && byte != '(' && byte != '"' && byte != '=';
}

/* The word behind the stamp, unless it looks like a tag ("sshd[8317]:", "last"). */
static bool take_host(struct slice *rest, struct slice *host)
{
	size_t len = 0;

	while (len < rest->len && is_host_byte(rest->ptr[len]))
		len++;
	if (len == 0 || (len < rest->len && rest->ptr[len] != ' '))
		return false;
	if (rest->ptr[len - 1] == ':' && len < rest->len)
		return false;
	*host = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return true;
}

/* Behind the stamp: " host tag: text"; two blanks or a dash say that there is no host. */
static void take_origin(
	struct record *record, struct parse_context *context, struct slice *rest, bool stamped)
{
	struct slice host = SLICE_NONE, name = SLICE_NONE, pid = SLICE_NONE, tag;
	bool marked = false;

	bool hostless = !stamped || slice_starts(*rest, SLICE_LIT("  ")) ||
			slice_starts(*rest, SLICE_LIT(" last message repeated ")) ||
			slice_starts(*rest, SLICE_LIT(" --- last "));
	skip_blanks(rest);
	if (!hostless && take_host(rest, &host))
		put_some(record, context, FIELD_HOST_HOSTNAME, host);
	else if (!stamped && rest->len == 0)
		return;

	tag = *rest;
	skip_blanks(&tag);
	/* A tag without mark is believed only behind a host that stood where it belongs. */
	if (take_tag(&tag, &name, &pid, &marked) && (marked || !slice_absent(host)) &&
		!slice_starts(*rest, SLICE_LIT("  "))) {
		put_tag(record, context, name, pid);
		*rest = tag;
	}
}

static bool is_printable(struct slice text)
{
	return text.len > 0 && (unsigned char)text.ptr[0] >= ' ';
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, digits = SLICE_NONE;
	unsigned priority = 0;

	if (!take_priority(&rest, &digits, &priority))
		return PARSED_NOT_MINE;
	bool stamped = take_stamp(&rest, context, &record->created_ns);
	if (!stamped && (slice_absent(digits) || !is_printable(rest)))
		return PARSED_NOT_MINE;
	if (!slice_absent(digits))
		put_priority(record, context, digits, priority);
	take_origin(record, context, &rest, stamped);

	(void)skip_byte(&rest, ' ');
	context->message = SLICE_NONE;
	if (rest.len > 0) {
		put(record, context, FIELD_MESSAGE, rest);
		context->message = rest;
	}
	return rest.len > 0 ? PARSED_PARTLY : PARSED;
}

const struct parser parser_rfc3164 = {
	.number = 2,
	.roles = PARSER_ENVELOPE,
	.name = "rfc3164",
	.module = "syslog",
	.summary = "BSD syslog on the wire and in files, with its dialects",
	.source = "RFC 3164; rsyslog's and syslog-ng's file formats",
	.parse = parse,
};
