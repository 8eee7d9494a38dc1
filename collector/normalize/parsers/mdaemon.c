/*
 * mdaemon - MDaemon's session logs: SMTP, POP3, IMAP, and its screening
 *
 *	Sat 2026-03-07 10:00:00.123: 05: [12:1] Accepting SMTP connection from 203.0.113.9:51000
 *		to 192.0.2.1:25
 *	Sat 2026-03-07 10:00:00.123: [12:1] <-- AUTH LOGIN
 *	Sat 2026-03-07 10:00:01.123: 02: [12:1] --> 535 5.7.8 Authentication failed
 *
 * The number of the level and the session stand there or not, as is set; milliseconds too.
 */
#include "collector/normalize/families/device.h"
#include "collector/normalize/families/mail.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct meaning connected = MEANS("mail_client_connected",
	.category = {ECS_NETWORK}, .type = {ECS_CONNECTION}, .type2 = {ECS_START});
static const struct meaning ended = MEANS("mail_client_disconnected", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_END});
static const struct meaning talked = {.category = {ECS_NETWORK}, .type = {ECS_PROTOCOL}};
static const struct meaning banned = MEANS("address_banned", .category = {ECS_NETWORK},
	.category2 = {ECS_INTRUSION_DETECTION}, .type = {ECS_DENIED}, .outcome = {ECS_FAILURE});

static const struct phrase sentences[] = {
	{"Accepting {network.protocol+} connection from [{source:}] to [{destination:}]",
		&connected},
	{"Accepting {network.protocol+} connection from {source:} to {destination:}",
		&connected},
	{"Accepting {network.protocol+} connection from {source:}", &connected},
	{"{network.protocol+} session terminated{}", &ended},
	{"{network.protocol+} session successful{}", &ended},
	{"--> 535 {event.reason}", &smtp_login_failed},
	{"--> 235 {event.reason}", &smtp_login},
	{"--> 550 {event.reason}", &mail_rejected},
	{"--> 554 {event.reason}", &mail_rejected},
	{"--> -ERR {event.reason}", &talked},
	{"<-- {.command+} FROM:<{email.from.address*}>{}", &talked},
	{"<-- {.command+} TO:<{email.to.address*}>{}", &talked},
	{"<-- USER {user.name}", &talked},
	{"<-- {.command+}", &talked},
	{"<-- {.command+} {}", &talked},
	{"--> {event.reason}", &talked},
	{"Authenticated as {user.name}", &smtp_login},
	{"* Authenticated as {user.name}", &smtp_login},
	{"Authentication failed for {user.name}", &smtp_login_failed},
	{"* Authentication failed for {user.name}", &smtp_login_failed},
	{"Dynamic Screening: {source.ip} {event.reason}", &banned},
	{"* {source.ip} has been dynamically blocked{}", &banned},
	{"Message from {email.from.address} to {email.to.address} {}", &mail_noted},
};
static struct phrases phrases = PHRASES(sentences);

/* "Sat 2026-03-07 10:00:00.123: " */
static bool take_time(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct slice at = *rest;

	if (at.len < 26 || at.ptr[3] != ' ' || !is_digit(at.ptr[4]))
		return false;
	at = slice_from(at, 4);
	if (at.ptr[4] != '-' || at.ptr[10] != ' ' || !take_stamp_iso(&at, context, ns) ||
		!skip_lit(&at, ": "))
		return false;
	*rest = at;
	return true;
}

/* "05: [12:1] ", either or none */
static void take_session(struct slice *rest, struct slice *session)
{
	struct slice at = *rest, level;

	if (take_digits(&at, &level) && level.len == 2 && skip_lit(&at, ": "))
		*rest = at;
	at = *rest;
	if (skip_byte(&at, '[') && take_until(&at, ']', session) && skip_byte(&at, ' '))
		*rest = at;
	else
		*session = SLICE_NONE;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, session = SLICE_NONE;
	int64_t ns;

	if (!take_time(&rest, context, &ns))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	take_session(&rest, &session);
	skip_blanks(&rest);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("session"), session);
	put_over(record, context, FIELD_MESSAGE, rest);
	enum parse_result result = phrases_put(&phrases, record, context, rest, &mail_noted);
	struct slice protocol = record_get(record, FIELD_NETWORK_PROTOCOL);
	take_out(record, FIELD_NETWORK_PROTOCOL);
	put_lower(record, context, FIELD_NETWORK_PROTOCOL, protocol);
	context->message = SLICE_NONE;
	return result;
}

const struct parser parser_mdaemon = {
	.number = 142,
	.roles = PARSER_ENVELOPE,
	.name = "mdaemon",
	.module = "mdaemon",
	.summary = "MDaemon: SMTP, POP3 and IMAP sessions, log-ins, screening",
	.source = "MDaemon 17 to 24 documentation, Logging; Dynamic Screening",
	.first_bytes = "SMTWF",
	.parse = parse,
};
