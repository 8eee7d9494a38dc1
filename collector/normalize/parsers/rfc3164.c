/*
 * rfc3164 - BSD syslog, on the wire ("<PRI>Mmm dd hh:mm:ss host tag: text") and in files
 *
 * The RFC describes what was seen, not what must be, so this reads what is sent:
 *
 *	Jun  1 00:00:00 host tag[12]: text          files, without priority
 *	<13>2026-06-01T00:00:00+07:00 host tag: text
 *	<13>Jun  1 2026 00:00:00 host : %ASA-6-302013: text
 *	<189>45: router: *Jun  1 00:00:00.123 UTC: %SYS-5-CONFIG_I: text
 *	<189>: 2026 Jun  1 00:00:00 ICT: %ETHPORT-5-IF_UP: text
 *	Jun  1 00:00:00 host sshd[12]: [ID 800047 auth.info] text          Solaris
 *	Jun  1 00:00:00 host auth|security:info sshd[12]: text             AIX
 *	Jun  1 00:00:00 <auth.info> host sshd[12]: text                    FreeBSD
 *	Mon Jun  1 00:00:00 2026 daemon.info dnsmasq[12]: text             OpenWrt
 *	<14> Jun  1 00:00:00 10.1.1.1 00076 ports: text                    ProCurve
 *	<132>wlc1: *task: Jun  1 00:00:00.123: %LWAPP-3-AP_DEL: text       AireOS
 *	<189>Jun  1 00:00:00 relay 45: *Jun  1 00:00:00.123 UTC: %SYS-5-CONFIG_I: text
 *	Jun  1 00:00:00 relay Jun  1 00:00:00 host tag: text               relays
 *
 * and lines without stamp, without host, without tag.
 */
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"

enum { TAG_MAX = 128, YEAR_MIN = 1970, YEAR_MAX = 2199 };

/* What stands before the text. */
struct header {
	struct slice priority; /* digits, absent without */
	unsigned value;
	struct slice host, tag, pid;
	int facility, severity; /* from words in the line; -1 = none */
	bool stamped;
	bool loose; /* the stamp is one that other programs write too */
	int64_t ns;
};

/* Without PRI the digits stay absent. False when it is there and wrong. */
static bool take_priority(struct slice *rest, struct header *header)
{
	uint64_t value;

	if (!skip_byte(rest, '<'))
		return true;
	if (!take_until(rest, '>', &header->priority) ||
		!slice_to_u64(header->priority, 191, &value))
		return false;
	while (header->priority.len > 1 && header->priority.ptr[0] == '0')
		header->priority = slice_from(header->priority, 1);
	header->value = (unsigned)value;
	return true;
}

/* ---- facility and severity in words ------------------------------------------ */

static const struct {
	struct slice name;
	int code;
} facilities[] =
	{
		{{SLICE_BYTES("kern")}, 0},
		{{SLICE_BYTES("user")}, 1},
		{{SLICE_BYTES("mail")}, 2},
		{{SLICE_BYTES("daemon")}, 3},
		{{SLICE_BYTES("auth")}, 4},
		{{SLICE_BYTES("security")}, 4},
		{{SLICE_BYTES("syslog")}, 5},
		{{SLICE_BYTES("lpr")}, 6},
		{{SLICE_BYTES("news")}, 7},
		{{SLICE_BYTES("uucp")}, 8},
		{{SLICE_BYTES("cron")}, 9},
		{{SLICE_BYTES("authpriv")}, 10},
		{{SLICE_BYTES("ftp")}, 11},
		{{SLICE_BYTES("ntp")}, 12},
		{{SLICE_BYTES("audit")}, 13},
		{{SLICE_BYTES("console")}, 14},
		{{SLICE_BYTES("local0")}, 16},
		{{SLICE_BYTES("local1")}, 17},
		{{SLICE_BYTES("local2")}, 18},
		{{SLICE_BYTES("local3")}, 19},
		{{SLICE_BYTES("local4")}, 20},
		{{SLICE_BYTES("local5")}, 21},
		{{SLICE_BYTES("local6")}, 22},
		{{SLICE_BYTES("local7")}, 23},
},
  severities[] = {
	  {{SLICE_BYTES("emerg")}, 0},
	  {{SLICE_BYTES("panic")}, 0},
	  {{SLICE_BYTES("alert")}, 1},
	  {{SLICE_BYTES("crit")}, 2},
	  {{SLICE_BYTES("err")}, 3},
	  {{SLICE_BYTES("error")}, 3},
	  {{SLICE_BYTES("warning")}, 4},
	  {{SLICE_BYTES("warn")}, 4},
	  {{SLICE_BYTES("notice")}, 5},
	  {{SLICE_BYTES("info")}, 6},
	  {{SLICE_BYTES("debug")}, 7},
};

static int facility_of(struct slice name)
{
	name = slice_head(name, slice_find(name, '|')); /* "auth|security" */
	for (size_t i = 0; i < ARRAY_LEN(facilities); i++) {
		if (slice_eq(facilities[i].name, name))
			return facilities[i].code;
	}
	return -1;
}

static int severity_of(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(severities); i++) {
		if (slice_eq(severities[i].name, name))
			return severities[i].code;
	}
	return -1;
}

static bool is_facility_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || is_digit(byte) || byte == '|';
}

/* "auth.info", "auth|security:info" */
static bool is_level(struct slice word, struct header *header)
{
	size_t at = 0;

	while (at < word.len && is_facility_byte(word.ptr[at]))
		at++;
	if (at + 1 >= word.len || (word.ptr[at] != '.' && word.ptr[at] != ':'))
		return false;
	int facility = facility_of(slice_head(word, at));
	int severity = severity_of(slice_from(word, at + 1));
	if (facility < 0 || severity < 0)
		return false;
	header->facility = facility;
	header->severity = severity;
	return true;
}

/* " auth.info", " <auth.info>" where a host would stand. */
static void take_level(struct slice *rest, struct header *header)
{
	struct slice at = *rest, word;

	if (!skip_byte(&at, ' '))
		return;
	if (skip_byte(&at, '<')) {
		if (take_until(&at, '>', &word) && is_level(word, header))
			*rest = at;
		return;
	}
	word = take_word(&at);
	if (word.len > 0 && word.ptr[0] >= 'a' && is_level(word, header))
		*rest = at;
}

/* " info httpd[12]:" of F5's BIG-IP, behind the host: the priority has said so. */
static void skip_severity(struct slice *rest)
{
	struct slice at = *rest, word;

	if (!skip_byte(&at, ' ') || severity_of(take_word(&at)) < 0)
		return;
	struct slice tagged = at;
	skip_blanks(&at);
	word = take_word(&at);
	if (word.len > 3 && slice_ends(word, SLICE_LIT("]:")))
		*rest = tagged;
}

/* "[ID 800047 auth.info] " */
static void skip_message_id(struct slice *rest, struct header *header)
{
	struct slice at = *rest, id, level;

	if (!skip_lit(&at, "[ID ") || !take_digits(&at, &id) || !skip_byte(&at, ' ') ||
		!take_until(&at, ']', &level) || !is_level(level, header))
		return;
	skip_blanks(&at);
	*rest = at;
}

/* ---- stamp -------------------------------------------------------------------- */

static bool ends_stamp(struct slice rest)
{
	return rest.len == 0 || rest.ptr[0] == ' ' || rest.ptr[0] == ':';
}

/* "Mar 7, 2026 10:00:00 AM ": Java's own loggers. */
static bool is_java_stamp(struct slice text)
{
	struct slice head = slice_head(text, text.len < 26 ? text.len : 26);
	size_t comma = slice_find(head, ',');

	return !slice_absent(head) && comma < head.len && (comma == 5 || comma == 6) &&
	       head.ptr[3] == ' ' &&
	       (slice_search(head, SLICE_LIT(" AM ")) < head.len ||
		       slice_search(head, SLICE_LIT(" PM ")) < head.len);
}

/* An address may begin with four digits and a colon. */
static bool ends_year(struct slice rest)
{
	return rest.len == 0 || rest.ptr[0] == ' ' || slice_starts(rest, SLICE_LIT(": "));
}

/* "Mar  7 10:00:00 2026": the year behind the stamp that began at `start`. */
static void take_year(struct slice *rest, struct slice start,
	const struct parse_context *context, struct header *header)
{
	struct slice at = *rest, digits;
	uint64_t year;

	if (!skip_byte(&at, ' ') || !take_digits(&at, &digits) || digits.len != 4 ||
		!slice_to_u64(digits, YEAR_MAX, &year) || year < YEAR_MIN || !ends_year(at))
		return;
	struct parse_context known = *context;
	known.year = (int)year;
	if (take_stamp_bsd(&start, &known, &header->ns))
		*rest = at;
}

static bool take_stamp(struct slice *rest, struct parse_context *context, struct header *header)
{
	struct slice at = *rest, start;

	header->loose = false;
	skip_blanks(&at);
	start = at;
	if (take_stamp_bsd(&at, context, &header->ns) && ends_stamp(at)) {
		take_year(&at, start, context, header);
	} else {
		at = start;
		header->loose = !skip_byte(&at, '*') &&
				!skip_byte(&at, '.') /* Cisco: not set */
				&& at.len > 10 && is_digit(at.ptr[0]) && at.ptr[10] != 'T';
		if (at.len == 0 || !take_stamp_any(&at, context, &header->ns) ||
			!ends_stamp(at))
			return false;
	}
	*rest = at;
	return true;
}

/* Between " UTC" or " +07:00" of the stamp and the colon or the next word. Where the zone's
 * name could be a host's, only the known ones are taken: take_stamp_any() has done so. A stamp
 * in BSD form has not been asked yet. */
static void take_bsd_zone(
	struct slice *rest, struct parse_context *context, struct header *header)
{
	struct slice at = *rest;
	int32_t seconds;

	if (!skip_byte(&at, ' ') || !take_zone(&at, &seconds) || at.len == 0 || !ends_stamp(at))
		return;
	header->ns = stamp_in_zone(context, header->ns, seconds);
	*rest = at;
}

/* "1w2d", "00:12:33", "3y4w": since it was started, where no clock is set */
static bool is_uptime(struct slice text)
{
	if (text.len < 2 || !is_digit(text.ptr[0]))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.ptr[i]) && slice_find(SLICE_LIT("ywdhms:."), text.ptr[i]) ==
						      sizeof("ywdhms:.") - 1)
			return false;
	}
	return true;
}

enum { PART_MAX = 260 }; /* bytes: a host's name, a colon */

/* One of the parts that Cisco puts before "%FACILITY-": a stamp, a number, an uptime, a host.
 */
static bool take_part(struct slice *rest, struct parse_context *context, struct header *header)
{
	struct slice word = *rest;

	if (!header->stamped && take_stamp(rest, context, header)) {
		header->stamped = true;
		take_bsd_zone(rest, context, header);
		(void)skip_byte(rest, ':');
		return true;
	}
	skip_blanks(&word);
	size_t blank =
		slice_find(slice_head(word, word.len < PART_MAX ? word.len : PART_MAX), ' ');
	if (blank == 0 || blank == word.len || word.ptr[blank] != ' ' ||
		word.ptr[blank - 1] != ':')
		return false;
	*rest = slice_from(word, blank);
	word = slice_head(word, blank - 1);
	if (word.len == 0 || all_digits(word) || is_uptime(word) || word.ptr[0] == '*')
		return true; /* "*spamApTask0": a task of AireOS */
	if (!slice_absent(header->host))
		return false;
	header->host = word;
	return true;
}

/* " %LINK-3-UPDOWN", " %%01SHELL/5/LOGIN" */
static bool is_device_tag(struct slice text)
{
	size_t at = 2;

	if (!slice_starts(text, SLICE_LIT(" %")))
		return false;
	if (slice_starts(text, SLICE_LIT(" %%")))
		return true;
	while (at < text.len && ((text.ptr[at] >= 'A' && text.ptr[at] <= 'Z') ||
					text.ptr[at] == '_' || is_digit(text.ptr[at])))
		at++;
	return at > 2 && at < text.len && text.ptr[at] == '-';
}

/*
 * "45: ", "000045: router: 000046: *Mar  7 10:00:00.123 UTC: " of Cisco's IOS, ": " of NX-OS:
 * up to the stamp, or without one up to the tag. Only a tag tells that a host came first.
 */
static bool take_sequence(
	struct slice *rest, struct parse_context *context, struct header *header)
{
	enum { PARTS_MAX = 6 };
	struct slice at = *rest;
	struct header found = *header;

	skip_blanks(&at);
	const bool counted = at.len > 0 && (is_digit(at.ptr[0]) || at.ptr[0] == ':');
	if (at.len == 0 || at.ptr[0] == '%')
		return false;
	for (unsigned i = 0; !found.stamped && !is_device_tag(at); i++) {
		if (i == PARTS_MAX || !take_part(&at, context, &found))
			return false;
	}
	if (!counted && !(found.stamped && is_device_tag(at)))
		return false;
	*header = found;
	*rest = at;
	return true;
}

/* Where no stamp is: a word with a colon, or blanks before one. */
static bool begins_with_part(struct slice text)
{
	size_t blank =
		slice_find(slice_head(text, text.len < PART_MAX ? text.len : PART_MAX), ' ');

	return blank == 0 || text.ptr[blank - 1] == ':';
}

/* Behind the host that a relay wrote, whose stamp is kept: its clock was set. */
static void skip_sequence(struct slice *rest, struct parse_context *context)
{
	struct header inner = {.stamped = false};
	struct slice at = *rest;

	skip_blanks(&at);
	if (at.len == 0 || slice_find(SLICE_LIT("0123456789:*."), at.ptr[0]) == 13)
		return;
	if (take_sequence(&at, context, &inner) && is_device_tag(at))
		*rest = at;
}

/* ---- host and tag -------------------------------------------------------------- */

/* Printable bytes that end a host or a tag; others than printable ASCII end both. */
enum { ENDS_HOST = 1, ENDS_TAG = 2 };

static const unsigned char ends[128] = {
	['['] = ENDS_HOST | ENDS_TAG,
	['"'] = ENDS_HOST | ENDS_TAG,
	['='] = ENDS_HOST | ENDS_TAG,
	['{'] = ENDS_HOST | ENDS_TAG,
	['<'] = ENDS_HOST | ENDS_TAG,
	['|'] = ENDS_HOST | ENDS_TAG,
	[','] = ENDS_HOST | ENDS_TAG,
	['('] = ENDS_HOST,
	[':'] = ENDS_TAG,
	[';'] = ENDS_TAG,
	['\''] = ENDS_TAG,
};

static bool is_inside(char byte, unsigned end)
{
	unsigned code = (unsigned char)byte;

	return code > ' ' && code < 0x7f && !(ends[code] & end);
}

/* The word behind the stamp, unless it looks like a tag ("sshd[8317]:", "last"). */
static bool take_host(struct slice *rest, struct slice *host)
{
	size_t len = 0;

	while (len < rest->len && is_inside(rest->ptr[len], ENDS_HOST))
		len++;
	if (len == 0 || (len < rest->len && rest->ptr[len] != ' '))
		return false;
	if (rest->ptr[len - 1] == ':' && len < rest->len)
		return false;
	if (rest->ptr[0] == '%') /* %ASA-6-302013 */
		return false;
	*host = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return true;
}

/*
 * "tag: ", "tag[pid]: ", "tag[pid] ", "tag ": the name, and what stands in the brackets.
 * `marked` tells whether a colon or bracket ended it.
 */
static bool take_tag(struct slice *rest, struct header *header, bool *marked)
{
	struct slice at = *rest, pid = SLICE_NONE;
	size_t len = 0;

	for (bool opened = false; len < at.len; len++) { /* "polkitd(authority=local)" */
		opened = opened || at.ptr[len] == '(';
		if (!is_inside(at.ptr[len], ENDS_TAG) && !(opened && at.ptr[len] == '='))
			break;
	}
	if (len == 0 || len > TAG_MAX)
		return false;
	struct slice tag = slice_head(at, len);
	at = slice_from(at, len);
	*marked = false;
	if (skip_byte(&at, '[')) {
		if (!take_until(&at, ']', &pid))
			return false;
		if (slice_find(pid, '[') < pid.len && skip_byte(&at, ']'))
			pid.len++; /* "sssd[be[example.vn]]:" */
		*marked = true;
	}
	if (skip_byte(&at, ':'))
		*marked = true;
	if (at.len > 0 && at.ptr[0] != ' ' && !*marked)
		return false;
	header->tag = tag;
	header->pid = pid;
	*rest = at;
	return true;
}

/* A number where a tag stands is the event's code if a tag follows: "00076 ports: text". */
static void take_code(struct record *record, struct parse_context *context, struct slice *rest)
{
	struct slice at = *rest, digits, word;

	if (!take_digits(&at, &digits) || !skip_byte(&at, ' '))
		return;
	skip_blanks(&at);
	*rest = at;
	word = take_word(&at);
	if (word.len < 2 || word.ptr[word.len - 1] != ':')
		*rest = slice_of(digits.ptr, (size_t)(rest->ptr - digits.ptr) + rest->len);
	else
		put(record, context, FIELD_EVENT_CODE, digits);
}

/* AIX: "Message forwarded from host: " */
static void take_forwarded(struct slice *rest, struct header *header)
{
	struct slice at = *rest, host;

	skip_blanks(&at);
	if (!skip_lit(&at, "Message forwarded from ") || !take_until(&at, ':', &host))
		return;
	header->host = host;
	*rest = at;
}

/* A relay put its own header before the line's. */
static bool is_line(struct slice text, const struct parse_context *context)
{
	struct slice digits;
	int64_t ns;

	if (text.len > 2 && text.ptr[0] == '<' && is_digit(text.ptr[1]))
		return skip_byte(&text, '<') && take_digits(&text, &digits) &&
		       digits.len <= 3 && skip_byte(&text, '>');
	return text.len > 15 && text.ptr[3] == ' ' && take_stamp_bsd(&text, context, &ns) &&
	       text.len > 1 && text.ptr[0] == ' ';
}

/* Two blanks, a dash or "last message repeated" say that there is no host. */
static bool is_hostless(struct slice rest, const struct header *header)
{
	return !header->stamped || !slice_absent(header->host) ||
	       slice_starts(rest, SLICE_LIT("  ")) ||
	       slice_starts(rest, SLICE_LIT(" last message repeated ")) ||
	       slice_starts(rest, SLICE_LIT(" --- last "));
}

/* Behind the stamp: " host tag: text" */
static void take_origin(struct record *record, struct parse_context *context,
	struct slice *rest, struct header *header)
{
	bool hostless = is_hostless(*rest, header), marked = false;

	skip_blanks(rest);
	if (!hostless && take_host(rest, &header->host)) {
		context->header_host = header->host;
		take_forwarded(rest, header);
		(void)(slice_starts(*rest, SLICE_LIT(" : ")) && skip_lit(rest, " :"));
		take_level(rest, header);
		skip_severity(rest);
		skip_sequence(rest, context);
	}
	struct slice tag = *rest;
	skip_blanks(&tag);
	if (is_line(tag, context)) {
		*rest = tag;
		return;
	}
	take_code(record, context, &tag);
	/* A tag without mark is believed only behind a host that stood where it belongs. */
	if (take_tag(&tag, header, &marked) && (marked || !slice_absent(header->host)) &&
		!slice_starts(*rest, SLICE_LIT("  ")))
		*rest = tag;
	else
		header->tag = header->pid = SLICE_NONE;
	(void)skip_byte(rest, ' ');
	skip_message_id(rest, header);
}

/* ---- the record ----------------------------------------------------------------- */

static void put_level(
	struct record *record, struct parse_context *context, const struct header *header)
{
	if (!slice_absent(header->priority))
		put_priority(record, context, header->priority, header->value);
	else if (header->facility >= 0)
		put_facility(record, context, (unsigned)header->facility,
			(unsigned)header->severity);
}

static void put_header(
	struct record *record, struct parse_context *context, const struct header *header)
{
	record->created_ns = header->stamped ? header->ns : record->created_ns;
	put_level(record, context, header);
	if (slice_absent(context->header_host))
		context->header_host = header->host;
	if (header->host.len > 1 || !slice_eq(header->host, SLICE_LIT("-")))
		put_outer(record, context, FIELD_HOST_HOSTNAME, header->host);
	if (slice_absent(header->tag))
		return;
	put_outer(record, context, FIELD_PROCESS_NAME, header->tag);
	context->program = header->tag;
	if (all_digits(header->pid))
		put_digits(record, context, FIELD_PROCESS_PID, header->pid);
	else
		put_some(record, context, FIELD_LOG_SYSLOG_PROCID, header->pid);
}

static bool is_printable(struct slice text)
{
	return text.len > 0 && (unsigned char)text.ptr[0] >= ' ';
}

/* The stamp in the first place or behind a sequence number, with the colon that may follow. */
static void take_time(struct slice *rest, struct parse_context *context, struct header *header)
{
	header->stamped = take_stamp(rest, context, header);
	if (!header->stamped) {
		if (begins_with_part(*rest))
			(void)take_sequence(rest, context, header);
		return;
	}
	take_bsd_zone(rest, context, header);
	(void)skip_byte(rest, ':');
}

/* "2026-06-01 00:00:00 host tag[12]: text" with a stamp of any kind is syslog; without host or
 * process number the line could be anybody's. */
static bool is_certain(const struct header *header)
{
	return !slice_absent(header->priority) ||
	       (!slice_absent(header->host) && !slice_absent(header->pid));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct header header = {.facility = -1, .severity = -1};
	struct slice rest = context->message;

	if (!take_priority(&rest, &header))
		return PARSED_NOT_MINE;
	if (slice_absent(header.priority) && is_java_stamp(rest))
		return PARSED_NOT_MINE;
	take_time(&rest, context, &header);
	if (!header.stamped && (slice_absent(header.priority) || !is_printable(rest)))
		return PARSED_NOT_MINE;
	if (header.stamped)
		take_level(&rest, &header);
	take_origin(record, context, &rest, &header);
	if (header.loose && !is_certain(&header))
		return PARSED_NOT_MINE;
	put_header(record, context, &header);
	context->message = SLICE_NONE;
	if (rest.len == 0)
		return PARSED;
	put_outer(record, context, FIELD_MESSAGE, rest);
	context->message = rest;
	context->whole_line = slice_absent(header.tag) && is_line(rest, context);
	return PARSED_PARTLY;
}

const struct parser parser_rfc3164 = {
	.number = 2,
	.roles = PARSER_ENVELOPE,
	.name = "rfc3164",
	.module = "syslog",
	.summary = "BSD syslog on the wire and in files, with its dialects",
	.source = "RFC 3164; rsyslog's and syslog-ng's file formats; Cisco IOS, NX-OS and ASA, "
		  "AIX, Solaris, FreeBSD, OpenWrt, HP ProCurve on their headers",
	.parse = parse,
};
