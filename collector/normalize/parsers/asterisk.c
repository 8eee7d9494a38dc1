/*
 * asterisk - Asterisk and FreePBX: who registered, called or was refused
 *
 *	[2026-03-07 10:00:00] SECURITY[77] res_security_log.c: SecurityEvent="InvalidPassword",
 *		EventTV="...",Service="PJSIP",AccountID="100",RemoteAddress="IPV4/UDP/203.0.113.9/5060"
 *	[Mar  7 10:00:00] NOTICE[77][C-00000001] chan_sip.c: Registration from '"100"
 *		<sip:100@192.0.2.1>' failed for '203.0.113.9:5060' - Wrong password
 *
 * The line of the source and its function may stand behind the file. What a caller sends stands
 * in quotes: it reaches to the last place where Asterisk goes on.
 */
#include "collector/normalize/families/device.h"
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

#define LOGIN(how)                                                                             \
	{                                                                                      \
		.action = {SLICE_BYTES("phone_login")}, .category = {ECS_AUTHENTICATION},      \
		.category2 = {ECS_NETWORK}, .type = {ECS_START}, .outcome = {                  \
			how                                                                    \
		}                                                                              \
	}
static const struct meaning let_in = LOGIN(ECS_SUCCESS);
static const struct meaning refused = LOGIN(ECS_FAILURE);
static const struct meaning denied = MEANS("phone_request_denied", .category = {ECS_NETWORK},
	.type = {ECS_DENIED}, .outcome = {ECS_FAILURE});
static const struct meaning asked =
	MEANS("phone_login_asked", .category = {ECS_NETWORK}, .type = {ECS_PROTOCOL});
static const struct meaning noted = {.category = {ECS_NETWORK}, .type = {ECS_INFO}};

static const struct phrase sentences[] = {
	{"Registration from '{user.name*}' failed for '{source:}' - {event.reason}", &refused},
	{"Request '{.request}' from '{user.name*}' failed for '{source:}' (callid: {}) - "
	 "{event.reason}",
		&refused},
	{"Request from '{user.name*}' failed for '{source:}' (callid: {}) - {event.reason}",
		&refused},
	{"Host {source:} failed to authenticate as '{user.name*}'", &refused},
	{"Host {source:} failed MD5 authentication for '{user.name*}' ({event.reason})",
		&refused},
	{"{source:} failed to authenticate as '{user.name*}'", &refused},
	{"{source:} tried to authenticate with nonexistent user '{user.name*}'", &refused},
	{"No registration for peer '{user.name*}' (from {source:})", &refused},
	{"Failed to authenticate user {user.name*};tag={}", &refused},
	{"Failed to authenticate device {user.name*};tag={}", &refused},
	{"Call from '{user.name*}' ({source:}) to extension '{.extension*}' rejected because "
	 "{event.reason}",
		&denied},
	{"Sending fake auth rejection for device {user.name*};tag={}", &refused},
	{"Login attempt by '{user.name*}' from {source:}", &asked},
	{"Manager '{user.name*}' logged on from {source:}", &let_in},
};
static struct phrases phrases = PHRASES(sentences);

/* ---- security events ----------------------------------------------------------------------
 */

static const struct value_meaning events[] = {
	VALUE("SuccessfulAuth", .action = {SLICE_BYTES("phone_login")},
		.category = {ECS_AUTHENTICATION}, .category2 = {ECS_NETWORK},
		.type = {ECS_START}, .outcome = {ECS_SUCCESS}),
	VALUE("InvalidPassword", .action = {SLICE_BYTES("phone_login")},
		.category = {ECS_AUTHENTICATION}, .category2 = {ECS_NETWORK},
		.type = {ECS_START}, .outcome = {ECS_FAILURE}),
	VALUE("InvalidAccountID", .action = {SLICE_BYTES("phone_login")},
		.category = {ECS_AUTHENTICATION}, .category2 = {ECS_NETWORK},
		.type = {ECS_START}, .outcome = {ECS_FAILURE}),
	VALUE("ChallengeResponseFailed", .action = {SLICE_BYTES("phone_login")},
		.category = {ECS_AUTHENTICATION}, .category2 = {ECS_NETWORK},
		.type = {ECS_START}, .outcome = {ECS_FAILURE}),
	VALUE("FailedACL", .action = {SLICE_BYTES("phone_login")},
		.category = {ECS_AUTHENTICATION}, .category2 = {ECS_NETWORK},
		.type = {ECS_START}, .outcome = {ECS_FAILURE}),
	VALUE("AuthMethodNotAllowed", .action = {SLICE_BYTES("phone_login")},
		.category = {ECS_AUTHENTICATION}, .category2 = {ECS_NETWORK},
		.type = {ECS_START}, .outcome = {ECS_FAILURE}),
	VALUE("UnexpectedAddress", .action = {SLICE_BYTES("phone_login")},
		.category = {ECS_AUTHENTICATION}, .category2 = {ECS_NETWORK},
		.type = {ECS_START}, .outcome = {ECS_FAILURE}),
	VALUE("ChallengeSent", .action = {SLICE_BYTES("phone_login_asked")},
		.category = {ECS_NETWORK}, .type = {ECS_PROTOCOL}),
	VALUE("RequestNotAllowed", .action = {SLICE_BYTES("phone_request_denied")},
		.category = {ECS_NETWORK}, .type = {ECS_DENIED}, .outcome = {ECS_FAILURE}),
	VALUE("RequestNotSupported", .action = {SLICE_BYTES("phone_request_denied")},
		.category = {ECS_NETWORK}, .type = {ECS_DENIED}, .outcome = {ECS_FAILURE}),
	VALUE("RequestBadFormat", .action = {SLICE_BYTES("phone_request_denied")},
		.category = {ECS_NETWORK}, .type = {ECS_DENIED}, .outcome = {ECS_FAILURE}),
	VALUE("InvalidTransport", .action = {SLICE_BYTES("phone_request_denied")},
		.category = {ECS_NETWORK}, .type = {ECS_DENIED}, .outcome = {ECS_FAILURE}),
};

static const struct name_entry entries[] = {
	NAME("SecurityEvent", FIELD_EVENT_CODE),
	NAME("EventTV", NAME_DROPPED), /* the line's own, which need not be there */
	NAME("Severity", NAME_DROPPED),
	NAME("EventVersion", NAME_DROPPED),
	NAME("Service", NAME_DROPPED),
	NAME("AccountID", FIELD_USER_NAME),
	NAME("LocalAddress", NAME_DROPPED),
	NAME("RemoteAddress", NAME_DROPPED),
	NAME("Challenge", NAME_DROPPED),
	NAME("Response", NAME_DROPPED),
	NAME("ExpectedResponse", NAME_DROPPED),
	NAME("ReceivedChallenge", NAME_DROPPED),
	NAME("ReceivedHash", NAME_DROPPED),
};
static struct name_table names = NAME_TABLE(entries);

/* "IPV4/UDP/203.0.113.9/5060" */
static void put_end(struct record *record, struct parse_context *context,
	const struct endpoint_fields *fields, struct slice text)
{
	struct slice family, transport, address;

	if (!take_until(&text, '/', &family) || !take_until(&text, '/', &transport) ||
		!take_until(&text, '/', &address))
		return;
	put_address(record, context, fields->ip, fields->other, address);
	put_digits(record, context, fields->port, text);
	if (fields == &endpoint_source)
		put_transport(record, context, transport);
}

static bool read_event(struct record *record, struct parse_context *context, struct slice text)
{
	struct pairs *pairs = context->pairs;

	pairs_read_keyvalue(pairs, text, context->arena);
	if (pairs->state != PAIRS_WHOLE || !pairs_have(pairs, SLICE_LIT("SecurityEvent")))
		return false;
	context->full = context->full || pairs->full;
	const struct meaning *meaning = meaning_of_value(
		events, ARRAY_LEN(events), pairs_get_lit(pairs, "SecurityEvent"));
	int64_t ns = record->created_ns;
	(void)document_put(record, context, &names);
	record->created_ns = ns;
	put_meaning(record, context, meaning ? meaning : &noted);
	put_lower(record, context, FIELD_NETWORK_PROTOCOL, pairs_get_lit(pairs, "Service"));
	put_end(record, context, &endpoint_source, pairs_get_lit(pairs, "RemoteAddress"));
	put_end(record, context, &endpoint_destination, pairs_get_lit(pairs, "LocalAddress"));
	return true;
}

/* ---- lines --------------------------------------------------------------------------------
 */

/* "NOTICE[77][C-00000001] ", "NOTICE[77]: " */
static bool take_level(struct slice *rest, struct slice *level, struct slice *pid)
{
	static const char *const levels[] = {
		"NOTICE", "WARNING", "ERROR", "SECURITY", "VERBOSE", "DEBUG", "DTMF", "FAX"};
	struct slice at = *rest, call;
	bool known = false;

	if (!take_until(&at, '[', level))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(levels) && !known; i++)
		known = slice_eq(*level, slice_str(levels[i]));
	if (!known || !take_until(&at, ']', pid) || !all_digits(*pid))
		return false;
	if (skip_byte(&at, '[') && !take_until(&at, ']', &call))
		return false;
	(void)skip_byte(&at, ':');
	if (!skip_byte(&at, ' '))
		return false;
	*rest = at;
	return true;
}

/* "chan_sip.c: ", "res_security_log.c:114 security_event_stasis_cb: ", "pbx.c:1 in f: " */
static bool take_origin(struct slice *rest, struct slice *file)
{
	struct slice at = *rest;
	size_t end = slice_search(at, SLICE_LIT(": "));

	*file = slice_head(at, slice_search(at, SLICE_LIT(".c")));
	if (end == at.len || file->len + 2 > end || slice_find(*file, ' ') < file->len)
		return false;
	*rest = slice_from(at, end + 2);
	return true;
}

/* "[2026-03-07 10:00:00] ", "[Mar  7 10:00:00] " */
static bool take_time(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct slice at = *rest;

	if (!skip_byte(&at, '[') || !take_stamp_any(&at, context, ns) || !skip_lit(&at, "] "))
		return false;
	*rest = at;
	return true;
}

/* "\"100\" <sip:100@192.0.2.1>" is the user 100. */
static void shorten_user(struct record *record, struct parse_context *context)
{
	struct slice user = record_get(record, FIELD_USER_NAME), before, uri;

	if (!cut_last(user, SLICE_LIT("<sip:"), &before, &uri) &&
		!cut_last(user, SLICE_LIT("<sips:"), &before, &uri))
		return;
	uri = slice_head(uri, slice_find(uri, '>'));
	if (slice_find(uri, '@') < uri.len)
		put_over(record, context, FIELD_USER_NAME,
			slice_head(uri, slice_find(uri, '@')));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, level, pid, file;
	bool is_program = slice_eq(context->program, SLICE_LIT("asterisk"));
	int64_t ns = record->created_ns;

	if (!is_program && !take_time(&rest, context, &ns))
		return PARSED_NOT_MINE;
	if (!take_level(&rest, &level, &pid) || !take_origin(&rest, &file))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put(record, context, FIELD_LOG_LEVEL, level);
	put(record, context, FIELD_LOG_LOGGER, file);
	put_over(record, context, FIELD_MESSAGE, rest);
	enum parse_result result = PARSED;
	if (!read_event(record, context, rest))
		result = phrases_put(&phrases, record, context, rest, &noted);
	shorten_user(record, context);
	context->message = SLICE_NONE;
	return result;
}

static const char *const programs[] = {"asterisk", NULL};

const struct parser parser_asterisk = {
	.number = 139,
	.roles = PARSER_ENVELOPE,
	.name = "asterisk",
	.module = "asterisk",
	.summary = "Asterisk, FreePBX: security events, refused registrations and calls",
	.source = "Asterisk documentation, Asterisk Security Event Logger, Logging "
		  "configuration; channels/chan_sip.c, res/res_pjsip/pjsip_distributor.c",
	.programs = programs,
	.first_bytes = "[",
	.parse = parse,
};
