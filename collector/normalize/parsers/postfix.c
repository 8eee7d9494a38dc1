/*
 * postfix - the mail transfer agent Postfix, all its daemons
 *
 *	connect from mail.example[192.0.2.1]
 *	4Bx0Yz1: client=mail.example[192.0.2.1], sasl_method=LOGIN, sasl_username=an
 *	4Bx0Yz1: from=<a@example>, size=320, nrcpt=1 (queue active)
 *	4Bx0Yz1: to=<b@example>, relay=mx.example[192.0.2.2]:25, ..., status=sent (250 ok)
 *	NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 ...; from=<a> to=<b> helo=<c>
 *	warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: ...
 *
 * A remote host chooses its HELO, its reverse name, the addresses (a quoted one holds anything)
 * and what it says in replies: a line gives the names that Postfix writes in a line of its
 * kind, each of them once.
 */
#include "collector/normalize/families/mail.h"

enum shape {
	SHAPE_PLAIN,
	SHAPE_PEER,   /* name[address]:port */
	SHAPE_BEHIND, /* ... from name[address]:port */
};

struct wording {
	struct slice prefix;
	enum shape shape;
	struct meaning meaning;
};

#define CONNECTION(name, how)                                                                  \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_NETWORK},                      \
		.type = {ECS_CONNECTION}, .type2 = {                                           \
			how                                                                    \
		}                                                                              \
	}
/* Without a queue id before them. */
static const struct wording wordings[] = {
	{{SLICE_BYTES("connect from ")}, SHAPE_PEER, CONNECTION("smtp_connected", ECS_START)},
	{{SLICE_BYTES("disconnect from ")}, SHAPE_PEER,
		CONNECTION("smtp_disconnected", ECS_END)},
	{{SLICE_BYTES("lost connection after ")}, SHAPE_BEHIND,
		CONNECTION("smtp_connection_lost", ECS_END)},
	{{SLICE_BYTES("timeout after ")}, SHAPE_BEHIND, CONNECTION("smtp_timeout", ECS_END)},
	{{SLICE_BYTES("too many errors after ")}, SHAPE_BEHIND,
		CONNECTION("smtp_too_many_errors", ECS_DENIED)},
	{{SLICE_BYTES("improper command pipelining after ")}, SHAPE_BEHIND,
		CONNECTION("smtp_protocol_error", ECS_INFO)},
	{{SLICE_BYTES("SSL_accept error from ")}, SHAPE_PEER,
		CONNECTION("smtp_tls_error", ECS_INFO)},
	{{SLICE_BYTES("warning: non-SMTP command from ")}, SHAPE_PEER,
		CONNECTION("smtp_protocol_error", ECS_INFO)},
	{{SLICE_BYTES("warning: Connection rate limit exceeded: ")}, SHAPE_BEHIND,
		CONNECTION("smtp_rate_limited", ECS_DENIED)},
	{{SLICE_BYTES("warning: Connection concurrency limit exceeded: ")}, SHAPE_BEHIND,
		CONNECTION("smtp_rate_limited", ECS_DENIED)},
	{{SLICE_BYTES("CONNECT from ")}, SHAPE_PEER, CONNECTION("smtp_connected", ECS_START)},
	{{SLICE_BYTES("DISCONNECT ")}, SHAPE_PEER, CONNECTION("smtp_disconnected", ECS_END)},
	{{SLICE_BYTES("HANGUP after ")}, SHAPE_BEHIND,
		CONNECTION("smtp_connection_lost", ECS_END)},
	{{SLICE_BYTES("PASS NEW ")}, SHAPE_PEER, CONNECTION("smtp_passed", ECS_ALLOWED)},
	{{SLICE_BYTES("PASS OLD ")}, SHAPE_PEER, CONNECTION("smtp_passed", ECS_ALLOWED)},
	{{SLICE_BYTES("WHITELISTED ")}, SHAPE_PEER, CONNECTION("smtp_passed", ECS_ALLOWED)},
	{{SLICE_BYTES("ALLOWLISTED ")}, SHAPE_PEER, CONNECTION("smtp_passed", ECS_ALLOWED)},
	{{SLICE_BYTES("BLACKLISTED ")}, SHAPE_PEER, CONNECTION("smtp_blocked", ECS_DENIED)},
	{{SLICE_BYTES("DENYLISTED ")}, SHAPE_PEER, CONNECTION("smtp_blocked", ECS_DENIED)},
	{{SLICE_BYTES("PREGREET ")}, SHAPE_BEHIND, CONNECTION("smtp_protocol_error", ECS_INFO)},
	{{SLICE_BYTES("DNSBL rank ")}, SHAPE_BEHIND, CONNECTION("smtp_listed", ECS_INFO)},
	{{SLICE_BYTES("NON-SMTP COMMAND from ")}, SHAPE_PEER,
		CONNECTION("smtp_protocol_error", ECS_INFO)},
	{{SLICE_BYTES("BARE NEWLINE from ")}, SHAPE_PEER,
		CONNECTION("smtp_protocol_error", ECS_INFO)},
	{{SLICE_BYTES("COMMAND PIPELINING from ")}, SHAPE_PEER,
		CONNECTION("smtp_protocol_error", ECS_INFO)},
	{{SLICE_BYTES("COMMAND TIME LIMIT from ")}, SHAPE_PEER,
		CONNECTION("smtp_timeout", ECS_END)},
	{{SLICE_BYTES("statistics: ")}, SHAPE_PLAIN,
		{.action = {SLICE_BYTES("smtp_statistics")}, .type = {ECS_INFO}}},
	{{SLICE_BYTES("daemon started ")}, SHAPE_PLAIN,
		{.action = {SLICE_BYTES("mail_server_started")},
			.category = {ECS_PROCESS},
			.type = {ECS_START}}},
	{{SLICE_BYTES("terminating on signal ")}, SHAPE_PLAIN,
		{.action = {SLICE_BYTES("mail_server_stopped")},
			.category = {ECS_PROCESS},
			.type = {ECS_END}}},
};

static const struct meaning queued = MAIL("mail_queued");
static const struct meaning identified = MAIL("mail_identified");
static const struct meaning submitted = MAIL("mail_submitted");

/* ---- pieces --------------------------------------------------------------------------- */

/* "mail.example[192.0.2.1]:25", "unknown[2001:db8::1]", "[192.0.2.1]:4242"; `rest` moves
 * behind it. */
static bool take_peer(
	struct slice *rest, struct slice *name, struct slice *address, struct slice *port)
{
	struct slice at = *rest;

	*port = SLICE_NONE;
	if (!take_until(&at, '[', name) || slice_find(*name, ' ') < name->len ||
		!take_until(&at, ']', address))
		return false;
	if (at.len > 1 && at.ptr[0] == ':' && is_digit(at.ptr[1])) {
		at = slice_from(at, 1);
		(void)take_digits(&at, port);
	}
	*rest = at;
	return true;
}

static void put_source(struct record *record, struct parse_context *context, struct slice *rest)
{
	struct slice name, address, port;

	if (!take_peer(rest, &name, &address, &port))
		return;
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, address);
	put_digits(record, context, FIELD_SOURCE_PORT, port);
	if (!slice_eq(name, SLICE_LIT("unknown")))
		put_some(record, context, FIELD_SOURCE_DOMAIN, name);
}

/* "mx.example[192.0.2.2]:25", "none", "local", "virtual" */
static void put_relay(struct record *record, struct parse_context *context, struct slice relay)
{
	struct slice name, address, port;

	if (!take_peer(&relay, &name, &address, &port))
		return;
	put_address(record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, address);
	put_digits(record, context, FIELD_DESTINATION_PORT, port);
	put_some(record, context, FIELD_DESTINATION_DOMAIN, name);
}

static struct slice action_of_status(struct slice status)
{
	if (slice_eq(status, SLICE_LIT("sent")))
		return SLICE_LIT("mail_sent");
	if (slice_eq(status, SLICE_LIT("deferred")))
		return SLICE_LIT("mail_deferred");
	if (slice_eq(status, SLICE_LIT("bounced")))
		return SLICE_LIT("mail_bounced");
	return slice_eq(status, SLICE_LIT("expired")) ? SLICE_LIT("mail_expired")
						      : SLICE_LIT("mail_delivery");
}

/* What the other side answered stands in brackets behind the status. */
static void put_status(struct record *record, struct parse_context *context,
	struct slice status, struct slice rest)
{
	bool sent = slice_eq(status, SLICE_LIT("sent"));
	const struct meaning delivery = {
		.action = action_of_status(status),
		.category = {ECS_EMAIL},
		.type = {ECS_INFO},
		.outcome = sent ? SLICE_LIT("success") : SLICE_LIT("failure"),
	};

	put_meaning(record, context, &delivery);
	if (skip_lit(&rest, " (") && rest.len > 0 && rest.ptr[rest.len - 1] == ')')
		put_some(record, context, FIELD_EVENT_REASON, slice_head(rest, rest.len - 1));
}

static void put_named(struct record *record, struct parse_context *context, struct slice name,
	struct slice value)
{
	static const struct {
		struct slice name;
		enum field_id id;
	} known[] = {
		{{SLICE_BYTES("from")}, FIELD_EMAIL_FROM_ADDRESS},
		{{SLICE_BYTES("to")}, FIELD_EMAIL_TO_ADDRESS},
		{{SLICE_BYTES("message-id")}, FIELD_EMAIL_MESSAGE_ID},
		{{SLICE_BYTES("sasl_username")}, FIELD_USER_NAME},
		{{SLICE_BYTES("proto")}, FIELD_NETWORK_PROTOCOL},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!slice_eq(known[i].name, name))
			continue;
		put_some(record, context, known[i].id, without_brackets(value));
		return;
	}
	if (slice_eq(name, SLICE_LIT("relay")))
		put_relay(record, context, value);
	else if (slice_eq(name, SLICE_LIT("client")))
		put_source(record, context, &value);
	else if (!slice_eq(name, SLICE_LIT("delays")) && !slice_eq(name, SLICE_LIT("conn_use")))
		put_other(record, context, FIELD_OTHER, name, without_brackets(value));
}

/* ---- name=value ------------------------------------------------------------------------ */

enum { NAMES_MAX = 8 };

/* A kind of line: what it is, and the names in it; the first one tells the kind. */
struct kind {
	const struct meaning *meaning; /* status= says it better */
	struct slice names[NAMES_MAX];
};

static const struct kind kinds[] = {
	{&mail_received, {{SLICE_BYTES("client")}, {SLICE_BYTES("sasl_method")},
				 {SLICE_BYTES("sasl_username")}, {SLICE_BYTES("sasl_sender")},
				 {SLICE_BYTES("orig_queue_id")}, {SLICE_BYTES("orig_client")}}},
	{&queued, {{SLICE_BYTES("from")}, {SLICE_BYTES("size")}, {SLICE_BYTES("nrcpt")},
			  {SLICE_BYTES("status")}}},
	{&mail_noted, {{SLICE_BYTES("to")}, {SLICE_BYTES("orig_to")}, {SLICE_BYTES("relay")},
			      {SLICE_BYTES("conn_use")}, {SLICE_BYTES("delay")},
			      {SLICE_BYTES("delays")}, {SLICE_BYTES("dsn")},
			      {SLICE_BYTES("status")}}},
	{&submitted, {{SLICE_BYTES("uid")}, {SLICE_BYTES("from")}}},
};

static const struct kind of_rejected = {
	&mail_rejected, {{SLICE_BYTES("from")}, {SLICE_BYTES("to")}, {SLICE_BYTES("proto")},
				{SLICE_BYTES("helo")}}};

/* The length of "<an@example>", of "<\"a> b\"@example>": its brackets too. */
static size_t bracketed_length(struct slice text)
{
	bool quoted = text.len > 1 && text.ptr[1] == '"';

	for (size_t at = quoted ? 2 : 1; at < text.len; at++) {
		if (quoted && text.ptr[at] == '\\')
			at++;
		else if (quoted && text.ptr[at] == '"')
			quoted = false;
		else if (!quoted && text.ptr[at] == '>' &&
			 (at + 1 == text.len || text.ptr[at + 1] == ' ' ||
				 text.ptr[at + 1] == ','))
			return at + 1;
	}
	return text.len;
}

/* "name=value" up to a blank or ','; an address in brackets may hold both. */
static bool take_pair(struct slice *rest, struct slice *name, struct slice *value)
{
	size_t len = 0;

	while (skip_byte(rest, ' ') || skip_byte(rest, ','))
		;
	while (len < rest->len && rest->ptr[len] >= '_' && rest->ptr[len] <= 'z')
		len++;
	if (len == 0 || len == rest->len || rest->ptr[len] != '=')
		return false;
	*name = slice_head(*rest, len);
	*rest = slice_from(*rest, len + 1);
	len = 0;
	if (rest->len > 0 && rest->ptr[0] == '<')
		len = bracketed_length(*rest);
	while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != ',')
		len++;
	*value = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return true;
}

/* The place of `name` in a line of this kind; NAMES_MAX when it has none. */
static unsigned place_of(const struct kind *kind, struct slice name)
{
	unsigned place = 0;

	while (place < NAMES_MAX && !slice_eq(kind->names[place], name))
		place++;
	return place;
}

/* NULL when no line of ours begins so. */
static const struct kind *kind_of(struct slice text)
{
	struct slice name, value;

	if (!take_pair(&text, &name, &value))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (slice_eq(kinds[i].names[0], name))
			return &kinds[i];
	}
	return NULL;
}

/* All pairs from here on; gives the meaning that they have together. */
static const struct meaning *put_pairs(struct record *record, struct parse_context *context,
	const struct kind *kind, struct slice rest)
{
	const struct meaning *meaning = kind->meaning;
	struct slice name, value;
	unsigned seen = 0;

	while (take_pair(&rest, &name, &value)) {
		unsigned place = place_of(kind, name);

		if (place == NAMES_MAX || (seen & 1U << place) != 0)
			continue;
		seen |= 1U << place;
		if (slice_eq(name, SLICE_LIT("helo"))) /* the last, and a stranger's own */
			value = slice_of(value.ptr, value.len + rest.len);
		put_named(record, context, name, value);
		if (slice_eq(name, SLICE_LIT("status"))) {
			put_status(record, context, value, rest);
			return NULL;
		}
		if (slice_eq(name, SLICE_LIT("helo")))
			break;
		if (slice_eq(name, SLICE_LIT("sasl_username")))
			meaning = &smtp_login;
	}
	return meaning;
}

/* ---- lines ---------------------------------------------------------------------------- */

/* "RCPT from unknown[192.0.2.1]: 554 5.7.1 <x>: text; from=<a> to=<b> proto=ESMTP helo=<c>".
 * The text may quote what the sender chose: the pairs stand behind the last "; from=". */
static void put_rejected(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice command, text, pairs;

	put_meaning(record, context, &mail_rejected);
	size_t at = slice_search(rest, SLICE_LIT(" from "));
	if (at == rest.len)
		return;
	command = slice_head(rest, at);
	rest = slice_from(rest, at + 6);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("command"), command);
	put_source(record, context, &rest);
	(void)skip_lit(&rest, ": ");
	if (cut_last(rest, SLICE_LIT("; from="), &text, &pairs)) {
		put_some(record, context, FIELD_EVENT_REASON, text);
		(void)put_pairs(record, context, &of_rejected,
			slice_of(pairs.ptr - 5, pairs.len + 5)); /* from "from=" on */
	} else {
		put_some(record, context, FIELD_EVENT_REASON, rest);
	}
}

/* "unknown[192.0.2.1]: SASL LOGIN authentication failed: reason[, sasl_username=an]" */
static bool read_sasl(struct record *record, struct parse_context *context, struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT(": SASL "));
	struct slice peer = text, method, reason, user;

	if (at == text.len)
		return false;
	struct slice rest = slice_from(text, at + sizeof(": SASL ") - 1);
	at = slice_search(rest, SLICE_LIT(" authentication failed"));
	if (at == rest.len)
		return false;
	method = slice_head(rest, at);
	reason = slice_from(rest, at + sizeof(" authentication failed") - 1);
	put_meaning(record, context, &smtp_login_failed);
	put_source(record, context, &peer);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("sasl_method"), method);
	if (cut_last(reason, SLICE_LIT(", sasl_username="), &reason, &user))
		put_some(record, context, FIELD_USER_NAME, user);
	(void)skip_lit(&reason, ": ");
	put_some(record, context, FIELD_EVENT_REASON, reason);
	return true;
}

/* "fatal", "warning" are no ids: an id has a digit, or is all capital hexadecimal digits, or a
 * long one of version 2.9, which has no vowels. */
static bool is_queue_id(struct slice word)
{
	bool digit = false, capitals = true, vowels = false;

	for (size_t i = 0; i < word.len; i++) {
		char byte = word.ptr[i], lower = (char)(byte | 0x20);

		if (!is_digit(byte) && (lower < 'a' || lower > 'z'))
			return false;
		digit = digit || is_digit(byte);
		capitals = capitals && (is_digit(byte) || (byte >= 'A' && byte <= 'F'));
		vowels = vowels || slice_find(SLICE_LIT("aeiou"), lower) < 5;
	}
	return word.len >= 5 && (digit || capitals || (word.len >= 10 && !vowels));
}

static bool take_queue_id(struct slice *rest, struct slice *id)
{
	struct slice head = slice_head(*rest, rest->len < 32 ? rest->len : 32);

	head.len = slice_search(head, SLICE_LIT(": "));
	if (head.len + 2 > rest->len || !is_queue_id(head))
		return false;
	*id = head;
	*rest = slice_from(*rest, head.len + 2);
	return true;
}

/* "fatal: no SASL authentication mechanisms": a daemon about itself */
static bool read_trouble(
	struct record *record, struct parse_context *context, struct slice text)
{
	static const struct slice levels[] = {
		{SLICE_BYTES("fatal")}, {SLICE_BYTES("panic")}, {SLICE_BYTES("error")}};
	static const struct meaning trouble = {
		.action = {SLICE_BYTES("mail_server_error")},
		.type = {ECS_ERROR},
	};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		struct slice rest = text;

		if (!skip_text(&rest, levels[i]) || !skip_lit(&rest, ": "))
			continue;
		put_meaning(record, context, &trouble);
		put(record, context, FIELD_LOG_LEVEL, levels[i]);
		put_some(record, context, FIELD_EVENT_REASON, rest);
		return true;
	}
	return false;
}

/* Other steps of a message: what bounce(8), cleanup(8), pickup(8), postsuper(1) say of it. */
static bool read_step(struct record *record, struct parse_context *context, struct slice text)
{
	static const struct {
		struct slice words;
		struct meaning meaning;
	} steps[] = {
		{{SLICE_BYTES("sender non-delivery notification: ")}, MAIL("mail_notified")},
		{{SLICE_BYTES("sender delivery status notification: ")}, MAIL("mail_notified")},
		{{SLICE_BYTES("sender delay notification: ")}, MAIL("mail_notified")},
		{{SLICE_BYTES("postmaster non-delivery notification: ")},
			MAIL("mail_notified")},
		{{SLICE_BYTES("postmaster delay notification: ")}, MAIL("mail_notified")},
		{{SLICE_BYTES("filter: ")}, MAIL("mail_filtered")},
		{{SLICE_BYTES("hold: ")}, MAIL("mail_held")},
		{{SLICE_BYTES("placed on hold")}, MAIL("mail_held")},
		{{SLICE_BYTES("released from hold")}, MAIL("mail_released")},
		{{SLICE_BYTES("requeued")}, MAIL("mail_queued")},
		{{SLICE_BYTES("prepend: ")}, MAIL("mail_changed")},
		{{SLICE_BYTES("replace: ")}, MAIL("mail_changed")},
		{{SLICE_BYTES("redirect: ")}, MAIL("mail_redirected")},
		{{SLICE_BYTES("skipped, still being delivered")}, MAIL("mail_queued")},
	};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		if (!slice_starts(text, steps[i].words))
			continue;
		put_meaning(record, context, &steps[i].meaning);
		put_some(record, context, FIELD_EVENT_REASON, text);
		return true;
	}
	return false;
}

static enum parse_result read_queued(
	struct record *record, struct parse_context *context, struct slice rest)
{
	const struct kind *kind = kind_of(rest);
	const struct meaning *meaning = NULL;

	if (skip_lit(&rest, "message-id=") || skip_lit(&rest, "resent-message-id=")) {
		put_meaning(record, context, &identified);
		put_some(record, context, FIELD_EMAIL_MESSAGE_ID, without_brackets(rest));
	} else if (slice_eq(rest, SLICE_LIT("removed"))) {
		put_meaning(record, context, &mail_removed);
	} else if (!read_step(record, context, rest)) {
		meaning = kind ? put_pairs(record, context, kind, rest) : &mail_noted;
		if (meaning != NULL)
			put_meaning(record, context, meaning);
	}
	return meaning == &mail_noted ? PARSED_PARTLY : PARSED;
}

/* "reject: ", "milter-reject: ", "discard: ", "hold: ", ... of a policy */
static bool skip_verdict(struct slice *rest)
{
	return skip_lit(rest, "reject: ") || skip_lit(rest, "milter-reject: ") ||
	       skip_lit(rest, "discard: ") || skip_lit(rest, "milter-discard: ") ||
	       skip_lit(rest, "reject_warning: ");
}

static bool read_wording(
	struct record *record, struct parse_context *context, struct slice text)
{
	for (size_t i = 0; i < ARRAY_LEN(wordings); i++) {
		struct slice rest = text;
		size_t at;

		if (!skip_text(&rest, wordings[i].prefix))
			continue;
		put_meaning(record, context, &wordings[i].meaning);
		if (wordings[i].shape == SHAPE_BEHIND) {
			at = slice_search(rest, SLICE_LIT(" from "));
			if (at == rest.len)
				at = slice_search(rest, SLICE_LIT(" for "));
			rest = at < rest.len
				       ? slice_from(rest,
						 slice_find(slice_from(rest, at + 1), ' ') +
							 at + 2)
				       : rest;
		}
		if (wordings[i].shape != SHAPE_PLAIN)
			put_source(record, context, &rest);
		return true;
	}
	return false;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, id;

	if (skip_lit(&rest, "NOQUEUE: ")) {
		if (!skip_verdict(&rest))
			return PARSED_NOT_MINE;
		put_rejected(record, context, rest);
		return PARSED;
	}
	if (read_wording(record, context, rest) || read_trouble(record, context, rest))
		return PARSED;
	if (slice_starts(rest, SLICE_LIT("warning: "))) {
		struct slice text = slice_from(rest, sizeof("warning: ") - 1);

		return read_sasl(record, context, text) ? PARSED : PARSED_NOT_MINE;
	}
	if (!take_queue_id(&rest, &id))
		return PARSED_NOT_MINE;
	put(record, context, FIELD_EMAIL_LOCAL_ID, id);
	if (!skip_verdict(&rest))
		return read_queued(record, context, rest);
	put_rejected(record, context, rest);
	return PARSED;
}

static const char *const programs[] = {"postfix", "smtpd", "qmgr", "cleanup", "postscreen",
	"lmtp", "smtp", "submission", NULL};

const struct parser parser_postfix = {
	.number = 27,
	.name = "postfix",
	.module = "postfix",
	.summary = "Postfix: connections, log-ins, mail received, rejected, delivered",
	.source =
		"Postfix 2.3 to 3.9: src/smtpd, qmgr, cleanup, global/log_adhoc.c, postscreen",
	.programs = programs,
	.parse = parse,
};
