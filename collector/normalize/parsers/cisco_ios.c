/*
 * cisco-ios - IOS, IOS-XE and NX-OS of Cisco's routers and switches
 *
 *	%SEC-6-IPACCESSLOGP: list 102 denied tcp 203.0.113.9(40000) -> 192.0.2.7(22), 1 packet
 *	%SYS-SW1_STBY-5-CONFIG_I: Configured from console by an on vty0 (192.0.2.50)
 *	%DAEMON-3-SYSTEM_MSG: error: PAM: Authentication failure for an from 192.0.2.50 - sshd
 *	RP/0/RSP0/CPU0:Mar  7 10:00:00.123 ICT: ifmgr[230]: %PKT_INFRA-LINK-3-UPDOWN : ...
 *
 * FACILITY-SEVERITY-MNEMONIC; a part of a stack may stand between facility and severity.
 */
#include "collector/normalize/families/device_phrases.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"

enum { CODE_MAX = 80 };

static const struct device_phrase messages[] = {
#include "collector/normalize/families/ios_messages.def"
};
static struct device_phrases phrases = DEVICE_PHRASES(messages);

static const struct device ios = {
	{SLICE_BYTES("Cisco")}, {SLICE_BYTES("IOS")}, {SLICE_BYTES("router")}};
static const struct device ios_xr = {
	{SLICE_BYTES("Cisco")}, {SLICE_BYTES("IOS-XR")}, {SLICE_BYTES("router")}};

struct head {
	const struct device *device;
	struct slice facility, severity, mnemonic;
};

static bool is_facility(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.ptr[i];

		if (!is_digit(byte) && (byte < 'A' || byte > 'Z') && byte != '_' && byte != '-')
			return false;
	}
	return text.len > 1 && text.ptr[0] >= 'A';
}

static bool is_mnemonic(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.ptr[i];

		if (!is_digit(byte) && (byte < 'A' || byte > 'Z') &&
			(byte < 'a' || byte > 'z') && byte != '_')
			return false;
	}
	return text.len > 1;
}

static bool read_head(struct slice tag, struct head *head)
{
	struct slice before;

	if (!skip_byte(&tag, '%') || !cut_last(tag, SLICE_LIT("-"), &before, &head->mnemonic) ||
		!cut_last(before, SLICE_LIT("-"), &head->facility, &head->severity))
		return false;
	return head->severity.len == 1 && head->severity.ptr[0] >= '0' &&
	       head->severity.ptr[0] <= '7' && is_facility(head->facility) &&
	       is_mnemonic(head->mnemonic) &&
	       head->facility.len + head->mnemonic.len < CODE_MAX;
}

/* An envelope took the head for a tag, or the line begins with it; IOS-XR puts a blank before
 * the colon. */
static bool take_head(struct parse_context *context, struct head *head)
{
	struct slice rest = context->message, tag;

	head->device = &ios;
	if (read_head(context->program, head)) {
		(void)skip_lit(&context->message, ": ");
		return true;
	}
	if (!take_until(&rest, ':', &tag) || !read_head(slice_trim(tag), head))
		return false;
	skip_blanks(&rest);
	context->message = rest;
	return true;
}

/* "RP/0/RSP0/CPU0:", "LC/0/1/CPU0:", "0/RP0/ADMIN0:": the node of a chassis that wrote it */
static bool take_node(struct slice *rest)
{
	enum { NODE_MAX = 24, SLASHES = 2 };
	struct slice node = slice_head(*rest, rest->len < NODE_MAX ? rest->len : NODE_MAX);
	unsigned slashes = 0;

	node = slice_head(node, slice_find(node, ':'));
	if (node.len == 0 || node.len == rest->len || node.len == NODE_MAX)
		return false;
	for (size_t i = 0; i < node.len; i++) {
		if (node.ptr[i] == '/')
			slashes++;
		else if (!is_digit(node.ptr[i]) && (node.ptr[i] < 'A' || node.ptr[i] > 'Z'))
			return false;
	}
	*rest = slice_from(*rest, node.len + 1);
	return slashes >= SLASHES;
}

/* "May 10 11:50:48.123 ICT: ", behind the name of the host where it is written */
static bool take_moment(
	struct slice *rest, struct record *record, struct parse_context *context)
{
	struct slice at = *rest, host;
	int32_t seconds;
	int64_t ns;

	if (!take_stamp_any(&at, context, &ns)) {
		at = *rest;
		if (!take_until(&at, ':', &host) || !take_stamp_any(&at, context, &ns))
			return false;
		put_outer(record, context, FIELD_HOST_HOSTNAME, host);
	}
	struct slice zone = at;
	if (skip_byte(&zone, ' ') && take_zone(&zone, &seconds)) {
		ns = stamp_in_zone(context, ns, seconds);
		at = zone;
	}
	skip_blanks(&at);
	if (!skip_byte(&at, ':'))
		return false;
	skip_blanks(&at);
	record->created_ns = ns;
	*rest = at;
	return true;
}

/*
 * IOS-XR: "RP/0/RSP0/CPU0:May 10 11:50:48.123 ICT: config[65755]: %MGBL-CONFIG-6-DB_COMMIT : "
 * Before it may stand a number, which an envelope took for a tag.
 */
static bool take_xr_head(
	struct record *record, struct parse_context *context, struct head *head)
{
	struct slice rest = context->message, name, tag;

	head->device = &ios_xr;
	if (!take_node(&rest) || !take_moment(&rest, record, context) ||
		!take_until(&rest, ':', &name))
		return false;
	struct slice process = slice_head(name, slice_find(name, '['));
	skip_blanks(&rest);
	if (!take_until(&rest, ':', &tag) || !read_head(slice_trim(tag), head))
		return false;
	skip_blanks(&rest);
	take_out(record, FIELD_PROCESS_NAME);
	put_some(record, context, FIELD_PROCESS_NAME, process);
	context->message = rest;
	return true;
}

static bool read_coded(struct record *record, struct parse_context *context,
	struct slice facility, struct slice mnemonic)
{
	char code[CODE_MAX + 1];
	size_t len = facility.len;

	memcpy(code, facility.ptr, len);
	code[len++] = '-';
	memcpy(code + len, mnemonic.ptr, mnemonic.len);
	len += mnemonic.len;
	return device_phrases_read(&phrases, record, context, slice_of(code, len),
		       context->message) != NULL;
}

/* IOS-XR's facilities have two parts; a part of a stack behind others is left out: the messages
 * are the same. */
static bool read_message(
	struct record *record, struct parse_context *context, const struct head *head)
{
	struct slice first = slice_head(head->facility, slice_find(head->facility, '-'));

	if (first.len < head->facility.len &&
		read_coded(record, context, head->facility, head->mnemonic))
		return true;
	return read_coded(record, context, first, head->mnemonic);
}
/* "FACILITY-SEVERITY-MNEMONIC" without the '%', as Cisco's guides are sorted. */
static struct slice code_of(const struct head *head)
{
	const char *end = head->mnemonic.ptr + head->mnemonic.len;

	return slice_of(head->facility.ptr, (size_t)(end - head->facility.ptr));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct head head;

	if (!take_head(context, &head) && !take_xr_head(record, context, &head))
		return PARSED_NOT_MINE;
	if (slice_eq(record_get(record, FIELD_PROCESS_NAME), context->program))
		take_out(record, FIELD_PROCESS_NAME);
	put_device(record, context, head.device);
	put(record, context, FIELD_EVENT_CODE, code_of(&head));
	put(record, context, FIELD_EVENT_SEVERITY, head.severity);
	put(record, context, FIELD_EVENT_PROVIDER, head.facility);
	put_over(record, context, FIELD_MESSAGE, context->message);
	bool known = read_message(record, context, &head);
	put_totals(record, context);
	context->message = SLICE_NONE;
	return known ? PARSED : PARSED_PARTLY;
}

static const char *const programs[] = {"%", NULL};

const struct parser parser_cisco_ios = {
	.number = 62,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "cisco-ios",
	.module = "cisco",
	.summary = "Cisco IOS, IOS-XE, IOS-XR, NX-OS and AireOS",
	.source =
		"Cisco IOS and IOS-XE System Message Guides; NX-OS System Messages Reference; "
		"IOS-XR System Error Message Reference Guide; Wireless LAN Controller "
		"System Message Guide",
	.programs = programs,
	.first_bytes = "%RLSD0",
	.parse = parse,
};
