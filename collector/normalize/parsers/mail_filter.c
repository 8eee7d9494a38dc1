/*
 * mail-filter - what filters of mail decided: amavis, SpamAssassin's spamd, rspamd
 *
 *	amavis[8]: (8-01) Blocked INFECTED (Eicar) {DiscardedInbound}, [203.0.113.9]:51000
 *		[203.0.113.9] <a@x.vn> -> <an@so.vn>, Queue-ID: 4A, Message-ID: <m@x>, ...
 *	spamd[8]: spamd: identified spam (12.3/5.0) for an:1000 in 1.2 seconds, 1234 bytes.
 *	rspamd[8]: <a1>; task; rspamd_task_write_log: id: <m@x>, qid: <4A>, ip: 203.0.113.9, ...
 *
 * Addresses of mail are what somebody sent, and come after the address of the host.
 */
#include "collector/normalize/families/mail.h"
#include "collector/normalize/text/phrases.h"

static const struct meaning passed = MAIL_WITH(ECS_SUCCESS, "mail_passed");
static const struct meaning spam = MAIL_WITH(ECS_SUCCESS, "mail_is_spam");
static const struct meaning banned = MAIL_WITH(ECS_SUCCESS, "mail_is_banned");
static const struct meaning infected = {.action = {SLICE_BYTES("mail_is_infected")},
	.category = {ECS_EMAIL},
	.category2 = {ECS_MALWARE},
	.type = {ECS_INFO},
	.outcome = {ECS_SUCCESS}};

static const struct phrase sentences[] = {
	/* spamd */
	{"spamd: identified spam ({.score}/{.required}) for {user.name*}:{} in {} seconds, {} "
	 "bytes.",
		&spam},
	{"spamd: clean message ({.score}/{.required}) for {user.name*}:{} in {} seconds, {} "
	 "bytes.",
		&passed},
	{"spamd: result: Y {.score} - {.tests} {}", &spam},
	{"spamd: result: . {.score} - {.tests} {}", &passed},
	{"spamd: {}", &mail_noted},
	/* rspamd */
	{"{}rspamd_task_write_log: id: <{email.message_id}>, qid: <{email.local_id}>, ip: "
	 "{source.ip}, {}(default: {.spam} ({.action}): [{.score}/{.required}] {}",
		&mail_noted},
	{"{}rspamd_task_write_log: id: <{email.message_id}>, {}ip: {source.ip}, {}",
		&mail_noted},
};
static struct phrases phrases = PHRASES(sentences);

/* ---- amavis ----------------------------------------------------------------------------- */

static const struct {
	struct slice word;
	const struct meaning *meaning;
} verdicts[] = {
	{{SLICE_BYTES("INFECTED")}, &infected},
	{{SLICE_BYTES("BANNED")}, &banned},
	{{SLICE_BYTES("SPAMMY")}, &spam},
	{{SLICE_BYTES("SPAM")}, &spam},
	{{SLICE_BYTES("CLEAN")}, &passed},
	{{SLICE_BYTES("BAD-HEADER")}, &mail_noted},
	{{SLICE_BYTES("UNCHECKED")}, &mail_noted},
	{{SLICE_BYTES("OVERSIZED")}, &mail_noted},
	{{SLICE_BYTES("MTA-BLOCKED")}, &mail_noted},
	{{SLICE_BYTES("TEMPFAIL")}, &mail_noted},
};

static const struct meaning *take_verdict(struct slice *rest)
{
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		if (skip_text(rest, verdicts[i].word))
			return verdicts[i].meaning;
	}
	return NULL;
}

/* "[203.0.113.9]:51000 [198.51.100.7] <a@x> -> <an@so.vn>,<binh@so.vn>, ": the first address is
 * of the host that delivers */
static void put_envelope(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice address, port, from, to;
	size_t bracket = slice_find(rest, '['), angle = slice_find(rest, '<');

	if (bracket < angle) /* behind "LOCAL", "ORIGINATING" */
		rest = slice_from(rest, bracket);
	if (skip_byte(&rest, '[') && take_until(&rest, ']', &address)) {
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, address);
		if (skip_byte(&rest, ':') && take_digits(&rest, &port))
			put_digits(record, context, FIELD_SOURCE_PORT, port);
	}
	rest = slice_from(rest, slice_find(rest, '<'));
	if (!skip_byte(&rest, '<') || !take_until(&rest, '>', &from) ||
		!skip_lit(&rest, " -> "))
		return;
	put_some(record, context, FIELD_EMAIL_FROM_ADDRESS, from);
	while (skip_byte(&rest, '<') && take_until(&rest, '>', &to)) {
		put_some(record, context, FIELD_EMAIL_TO_ADDRESS, to);
		(void)skip_byte(&rest, ',');
	}
}

static void put_labelled(struct record *record, struct parse_context *context, enum field_id id,
	struct slice text, struct slice label)
{
	struct slice before, value;

	if (cut_last(text, label, &before, &value))
		put_some(record, context, id,
			without_brackets(slice_head(value, slice_find(value, ','))));
}

static void put_kind(struct record *record, struct parse_context *context,
	const struct meaning *meaning, struct slice kind)
{
	if (meaning == &infected)
		put_some(record, context, FIELD_THREAT_NAME,
			slice_head(kind, slice_find(kind, ',')));
	else
		put_some(record, context, FIELD_EVENT_REASON, kind);
}

/* "(8-01) Blocked INFECTED (Eicar) {DiscardedInbound,Quarantined}, [203.0.113.9]:51000 ..." */
static bool read_amavis(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice id, kind = SLICE_NONE, what, rest_of;
	bool blocked;

	if (!skip_byte(&rest, '(') || !take_until(&rest, ')', &id) || !skip_byte(&rest, ' '))
		return false;
	blocked = skip_lit(&rest, "Blocked ");
	if (!blocked && !skip_lit(&rest, "Passed "))
		return false;
	const struct meaning *meaning = take_verdict(&rest);
	if (meaning == NULL)
		return false;
	skip_blanks(&rest);
	rest_of = rest;
	size_t end = slice_search(rest, SLICE_LIT(") {"));
	if (skip_byte(&rest_of, '(') && end < rest.len) {
		kind = slice_of(rest.ptr + 1, end - 1);
		rest = slice_from(rest, end + 2);
	}
	if (!skip_byte(&rest, '{') || !take_until(&rest, '}', &what) || !skip_lit(&rest, ", "))
		return false;
	put_meaning(record, context, meaning);
	put_kind(record, context, meaning, kind);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("what"), what);
	put_envelope(record, context, rest);
	put_labelled(record, context, FIELD_EMAIL_LOCAL_ID, rest, SLICE_LIT(", Queue-ID: "));
	put_labelled(
		record, context, FIELD_EMAIL_MESSAGE_ID, rest, SLICE_LIT(", Message-ID: "));
	return true;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	if (read_amavis(record, context, context->message))
		return PARSED;
	return phrases_put(&phrases, record, context, context->message, &mail_noted);
}

static const char *const programs[] = {
	"amavis", "amavisd", "amavisd-new", "spamd", "rspamd", "rspamd_proxy", NULL};

const struct parser parser_mail_filter = {
	.number = 136,
	.name = "mail-filter",
	.module = "mail_filter",
	.summary = "amavis, SpamAssassin, rspamd: what a message was found to be",
	.source = "amavisd-new 2.6 to 2.13, log templates; SpamAssassin 3.3 to 4.0, spamd; "
		  "rspamd "
		  "1.6 to 3.9, log format",
	.programs = programs,
	.parse = parse,
};
