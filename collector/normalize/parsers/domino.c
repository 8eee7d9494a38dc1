/*
 * domino - HCL (Lotus, IBM) Domino's console log, in a file: console.log, log.txt
 *
 *	[1234:0002-0ABC] 03/07/2026 10:00:00 AM  http: an [203.0.113.9] authentication failure
 *		using internet password
 *	03/07/2026 10:00:00   SMTP Server: Authentication failed for user an ; connecting host
 *		203.0.113.9
 *	07.03.2026 10:00:00   Opened session for An Nguyen/SO (Release 12.0.2)
 *
 * Which form dates have is the operating system's choice. Names are what was typed, or those of
 * the directory; they reach to the last place where the server goes on.
 */
#include "collector/normalize/families/mail.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

#define LOGIN(what, how)                                                                       \
	{                                                                                      \
		.action = {SLICE_BYTES(what)}, .category = {ECS_AUTHENTICATION},               \
		.type = {ECS_START}, .outcome = {                                              \
			how                                                                    \
		}                                                                              \
	}
static const struct meaning refused = LOGIN("domino_login", ECS_FAILURE);
static const struct meaning opened = {
	.action = {SLICE_BYTES("domino_session_opened")},
	.category = {ECS_SESSION},
	.type = {ECS_START},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning closed =
	MEANS("domino_session_closed", .category = {ECS_SESSION}, .type = {ECS_END});
static const struct meaning connected = MEANS("smtp_connected", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_START});
static const struct meaning disconnected = MEANS("smtp_disconnected", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_END});

static const struct phrase sentences[] = {
	{"{.task}: {user.name*} [{source.ip}] authentication failure using internet password{}",
		&refused},
	{"{.task}: [{source.ip}] authentication failure using internet password{}", &refused},
	{"SMTP Server: Authentication failed for user {user.name*} ; connecting host "
	 "[{source.ip}]",
		&smtp_login_failed},
	{"SMTP Server: Authentication failed for user {user.name*} ; connecting host {source}",
		&smtp_login_failed},
	{"SMTP Server: Connection from [{source.ip}] rejected for policy reasons{}",
		&mail_rejected},
	{"SMTP Server: Connection from {source} rejected for policy reasons{}", &mail_rejected},
	{"SMTP Server: {source.domain} ({source.ip}) connected", &connected},
	{"SMTP Server: {source.domain} ({source.ip}) disconnected{}", &disconnected},
	{"SMTP Server: {source} disconnected{}", &disconnected},
	{"SMTP Server: Message {email.local_id} ({email.message_id}) received", &mail_noted},
	{"Router: Message {email.local_id} delivered to {email.to.address}", &mail_noted},
	{"ATTEMPT TO ACCESS SERVER by {user.name*} was denied{}", &refused},
	{"ATTEMPT TO ACCESS DATABASE {file.path} by {user.name*} was denied{}", &refused},
	{"Opened session for {user.name*} (Release {}", &opened},
	{"Opened session for {user.name*} (Build {}", &opened},
	{"Closed session for {user.name*} Databases accessed:{}", &closed},
};
static struct phrases phrases = PHRASES(sentences);

/* "[1234:0002-0ABC] ", of the process and its threads */
static bool take_process(struct slice *rest, struct slice *pid)
{
	struct slice at = *rest, inside;

	if (!skip_byte(&at, '[') || !take_until(&at, ']', &inside) ||
		!take_until(&inside, ':', pid) || slice_find(inside, '-') == inside.len)
		return false;
	skip_blanks(&at);
	*rest = at;
	return true;
}

/* The stamp is followed by two blanks or more, as in no other log. */
static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, pid = SLICE_NONE;
	bool has_process = take_process(&rest, &pid);
	int64_t ns;

	if (rest.len == 0 || !is_digit(rest.ptr[0]) || !take_stamp_any(&rest, context, &ns) ||
		!skip_lit(&rest, "  "))
		return PARSED_NOT_MINE;
	skip_blanks(&rest);
	const struct phrase *phrase = phrases_read(&phrases, record, context, rest);
	if (phrase == NULL && !has_process && !context->named)
		return PARSED_NOT_MINE;
	if (phrase == NULL)
		put_meaning(record, context, &mail_noted);
	record->created_ns = ns;
	put_over(record, context, FIELD_MESSAGE, rest);
	context->message = SLICE_NONE;
	return phrase ? PARSED : PARSED_PARTLY;
}

const struct parser parser_domino = {
	.number = 141,
	.roles = PARSER_ENVELOPE,
	.name = "domino",
	.module = "domino",
	.summary = "HCL Domino console log: log-ins, sessions, SMTP",
	.source =
		"HCL Domino 9 to 12 documentation, Viewing the log; fail2ban.org wiki, Domino",
	.first_bytes = FIRST_BYTES_DIGITS "[",
	.digits = DIGITS(DAY) | DIGITS(DOTTED) | DIGITS(SLASHED),
	.parse = parse,
};
