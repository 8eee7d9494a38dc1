/*
 * cisco-ios - IOS, IOS-XE and NX-OS of Cisco's routers and switches
 *
 *	%SEC-6-IPACCESSLOGP: list 102 denied tcp 203.0.113.9(40000) -> 192.0.2.7(22), 1 packet
 *	%SYS-SW1_STBY-5-CONFIG_I: Configured from console by an on vty0 (192.0.2.50)
 *	%DAEMON-3-SYSTEM_MSG: error: PAM: Authentication failure for an from 192.0.2.50 - sshd
 *
 * FACILITY-SEVERITY-MNEMONIC; a part of a stack may stand between facility and severity.
 */
#include "collector/normalize/families/device_phrases.h"
#include "collector/normalize/text/extract.h"

enum { CODE_MAX = 80 };

static const struct device_phrase messages[] = {
#include "collector/normalize/families/ios_messages.def"
};
static struct device_phrases phrases = DEVICE_PHRASES(messages);

static const struct device device = {
	{SLICE_BYTES("Cisco")}, {SLICE_BYTES("IOS")}, {SLICE_BYTES("router")}};

struct head {
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

/* An envelope took the head for a tag, or the line begins with it. */
static bool take_head(struct parse_context *context, struct head *head)
{
	struct slice rest = context->message, tag;

	if (read_head(context->program, head))
		return true;
	if (!take_until(&rest, ':', &tag) || !read_head(tag, head))
		return false;
	skip_blanks(&rest);
	context->message = rest;
	return true;
}

/* Without the part of a stack: the messages are the same. */
static bool read_message(
	struct record *record, struct parse_context *context, const struct head *head)
{
	struct slice facility = slice_head(head->facility, slice_find(head->facility, '-'));
	size_t len = facility.len;
	char code[CODE_MAX + 1];

	memcpy(code, facility.ptr, len);
	code[len++] = '-';
	memcpy(code + len, head->mnemonic.ptr, head->mnemonic.len);
	len += head->mnemonic.len;
	return device_phrases_read(&phrases, record, context, slice_of(code, len),
		       context->message) != NULL;
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

	if (!take_head(context, &head))
		return PARSED_NOT_MINE;
	if (slice_eq(record_get(record, FIELD_PROCESS_NAME), context->program))
		take_out(record, FIELD_PROCESS_NAME);
	put_device(record, context, &device);
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
	.summary = "Cisco IOS, IOS-XE and NX-OS",
	.source = "Cisco IOS and IOS-XE System Message Guides; NX-OS System Messages Reference",
	.programs = programs,
	.first_bytes = "%",
	.parse = parse,
};
