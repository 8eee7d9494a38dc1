/*
 * exim - main and reject log of the mail transfer agent Exim
 *
 *	2026-03-07 10:00:00 ID <= a@example H=mail.example (helo) [192.0.2.1]:25 ...
 *	2026-03-07 10:00:00 ID => b@example R=dnslookup T=smtp H=mx [192.0.2.2] C="250"
 *	2026-03-07 10:00:00 login authenticator failed for (helo) [192.0.2.1]:5: 535 ...
 *	2026-03-07 10:00:00 H=(helo) [192.0.2.1] F=<a@example> rejected RCPT <b@example>: ...
 *
 * HELO names, addresses, message ids and subjects are the sender's own: an IP address is
 * believed only where Exim writes it, in square brackets behind the names; what U= says of
 * another host's user is that host's own word; behind a message id there is the subject only.
 */
#include "collector/normalize/families/mail.h"
#include "collector/normalize/text/stamp.h"

/* What the two signs behind a message's id say. */
static const struct {
	struct slice sign;
	struct meaning meaning;
	enum field_id address; /* whose address follows */
} signs[] = {
	{{SLICE_BYTES("<= ")}, MAIL("mail_received"), FIELD_EMAIL_FROM_ADDRESS},
	{{SLICE_BYTES("=> ")}, MAIL_WITH(ECS_SUCCESS, "mail_sent"), FIELD_EMAIL_TO_ADDRESS},
	{{SLICE_BYTES("-> ")}, MAIL_WITH(ECS_SUCCESS, "mail_sent"), FIELD_EMAIL_TO_ADDRESS},
	{{SLICE_BYTES(">> ")}, MAIL_WITH(ECS_SUCCESS, "mail_sent"), FIELD_EMAIL_TO_ADDRESS},
	{{SLICE_BYTES("*> ")}, MAIL("mail_delivery_suppressed"), FIELD_EMAIL_TO_ADDRESS},
	{{SLICE_BYTES("** ")}, MAIL_WITH(ECS_FAILURE, "mail_bounced"), FIELD_EMAIL_TO_ADDRESS},
	{{SLICE_BYTES("== ")}, MAIL_WITH(ECS_FAILURE, "mail_deferred"), FIELD_EMAIL_TO_ADDRESS},
};

/* ---- pieces ---------------------------------------------------------------------------- */

static bool is_address(struct slice text)
{
	return text.len > 1 &&
	       (slice_find(text, ':') < text.len ||
		       (is_digit(text.ptr[0]) && slice_find(text, '.') < text.len));
}

/* Where a host ends at the latest: Exim goes on with one of these. */
static size_t host_end(struct slice text)
{
	static const struct slice behind[] = {{SLICE_BYTES(" F=")}, {SLICE_BYTES(" U=")},
		{SLICE_BYTES(" P=")}, {SLICE_BYTES(": ")}};

	for (size_t i = 0; i < ARRAY_LEN(behind); i++)
		text.len = slice_search(text, behind[i]);
	return text.len;
}

/*
 * "mail.example (helo) [192.0.2.1]:25", "(helo) [192.0.2.1]", "[192.0.2.1]:25": the name, and
 * the address behind the names. A HELO in its parentheses may be "[192.0.2.9]" itself.
 */
static bool put_host(
	struct record *record, struct parse_context *context, struct slice *rest, bool source)
{
	struct slice name = SLICE_NONE, helo, address, port, at = *rest;

	if (at.len > 0 && !slice_starts(at, SLICE_LIT("(")) &&
		!slice_starts(at, SLICE_LIT("["))) {
		name = take_word(&at);
		skip_blanks(&at);
	}
	if (skip_byte(&at, '(')) {
		struct slice behind;

		if (!cut_last(slice_head(at, host_end(at)), SLICE_LIT(") ["), &helo, &behind))
			return false;
		at = slice_from(at, helo.len + 2);
		put_other(record, context, FIELD_OTHER, SLICE_LIT("helo"), helo);
	}
	if (!skip_byte(&at, '[') || !take_until(&at, ']', &address) || !is_address(address))
		return false;
	put_address(record, context, source ? FIELD_SOURCE_IP : FIELD_DESTINATION_IP,
		source ? FIELD_SOURCE_ADDRESS : FIELD_DESTINATION_ADDRESS, address);
	put_some(
		record, context, source ? FIELD_SOURCE_DOMAIN : FIELD_DESTINATION_DOMAIN, name);
	if (at.len > 1 && at.ptr[0] == ':' && is_digit(at.ptr[1])) {
		at = slice_from(at, 1);
		if (take_digits(&at, &port))
			put_digits(record, context,
				source ? FIELD_SOURCE_PORT : FIELD_DESTINATION_PORT, port);
	}
	*rest = at;
	return true;
}

/* "text with \" in it"; `rest` stands behind the opening quote. */
static struct slice take_quoted(struct slice *rest)
{
	for (size_t i = 0; i < rest->len; i++) {
		if (rest->ptr[i] == '\\') {
			i++;
		} else if (rest->ptr[i] == '"') {
			struct slice text = slice_head(*rest, i);

			*rest = slice_from(*rest, i + 1);
			return text;
		}
	}
	struct slice text = *rest;
	*rest = slice_from(*rest, rest->len);
	return text;
}

/* "plain:an", "login_server:an@example": the method and who */
static void put_authenticated(
	struct record *record, struct parse_context *context, struct slice value)
{
	struct slice method;

	if (!take_until(&value, ':', &method))
		method = value;
	else
		put_some(record, context, FIELD_USER_NAME,
			slice_head(value, slice_find(value, ':')));
	put_other(record, context, FIELD_OTHER, SLICE_LIT("auth_method"), method);
}

/* ---- name=value, with names of one letter or a few -----------------------------------------
 */

static void put_pair(struct record *record, struct parse_context *context, struct slice name,
	struct slice value)
{
	static const struct {
		struct slice name;
		enum field_id id;
	} known[] = {
		{{SLICE_BYTES("F")}, FIELD_EMAIL_FROM_ADDRESS},
		{{SLICE_BYTES("S")}, FIELD_NETWORK_BYTES},
		{{SLICE_BYTES("T")}, FIELD_EMAIL_SUBJECT},
		{{SLICE_BYTES("id")}, FIELD_EMAIL_MESSAGE_ID},
		{{SLICE_BYTES("U")}, FIELD_USER_NAME},
		{{SLICE_BYTES("P")}, FIELD_NETWORK_PROTOCOL},
		{{SLICE_BYTES("C")}, FIELD_EVENT_REASON},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!slice_eq(known[i].name, name))
			continue;
		put_some(record, context, known[i].id, without_brackets(value));
		return;
	}
	if (slice_eq(name, SLICE_LIT("A")))
		put_authenticated(record, context, value);
	else if (slice_eq(name, SLICE_LIT("R")) || slice_eq(name, SLICE_LIT("X")))
		put_other(record, context, FIELD_OTHER, name, value);
}

struct pairs_seen {
	bool arrival; /* T is the subject, else the transport; H whence it came */
	bool host, user, sender, id;
};

static bool take_name(struct slice *rest, struct slice *name)
{
	size_t len = 0;

	while (len < rest->len && len < 4 &&
		((rest->ptr[len] >= 'A' && rest->ptr[len] <= 'Z') ||
			(rest->ptr[len] >= 'a' && rest->ptr[len] <= 'z')))
		len++;
	if (len == 0 || len == rest->len || rest->ptr[len] != '=')
		return false;
	*name = slice_head(*rest, len);
	*rest = slice_from(*rest, len + 1);
	return true;
}

/* "H=mail.example (helo) [192.0.2.1]:25", whose value holds blanks, or another pair. */
static bool take_pair(struct record *record, struct parse_context *context, struct slice *rest,
	struct pairs_seen *seen)
{
	struct slice at = *rest, name, value;

	skip_blanks(&at);
	if (!take_name(&at, &name))
		return false;
	if (slice_eq(name, SLICE_LIT("H"))) {
		if (!put_host(record, context, &at, seen->arrival))
			return false;
		seen->host = true;
	} else {
		bool subject = slice_eq(name, SLICE_LIT("T"));

		value = skip_byte(&at, '"') ? take_quoted(&at) : take_word(&at);
		if (subject ? seen->arrival
			    : !seen->id && !(seen->host && slice_eq(name, SLICE_LIT("U"))))
			put_pair(record, context, name, value);
		seen->id = seen->id || slice_eq(name, SLICE_LIT("id"));
		seen->user = seen->user || slice_eq(name, SLICE_LIT("U"));
		seen->sender = seen->sender || slice_eq(name, SLICE_LIT("F"));
	}
	*rest = at;
	return true;
}

/* Up to the first word that is no pair. */
static void put_pairs(struct record *record, struct parse_context *context, struct slice *rest,
	struct pairs_seen *seen)
{
	while (take_pair(record, context, rest, seen))
		;
}

/* ---- lines ----------------------------------------------------------------------------------
 */

/* "1o6Xab-0001Ab-Cd", since version 4.97 "1rA2bC-00000001abc-2dEf" */
static bool take_id(struct slice *rest, struct slice *id)
{
	struct slice at = *rest, word = take_word(&at);

	if ((word.len != 16 && word.len != 23) || word.ptr[6] != '-' ||
		word.ptr[word.len == 16 ? 13 : 18] != '-' || !skip_byte(&at, ' '))
		return false;
	for (size_t i = 0; i < word.len; i++) {
		char byte = (char)(word.ptr[i] | 0x20);

		if (!is_digit(word.ptr[i]) && (byte < 'a' || byte > 'z') && word.ptr[i] != '-')
			return false;
	}
	*id = word;
	*rest = at;
	return true;
}

/* What else Exim says of a message, from the start; by then it is a line of Exim's own. */
static const struct {
	struct slice words;
	struct meaning meaning;
} states[] = {
	{{SLICE_BYTES("Completed")}, MAIL("mail_removed")},
	{{SLICE_BYTES("Frozen")}, MAIL("mail_held")},
	{{SLICE_BYTES("*** Frozen")}, MAIL("mail_held")},
	{{SLICE_BYTES("frozen by ")}, MAIL("mail_held")},
	{{SLICE_BYTES("Message is frozen")}, MAIL("mail_held")},
	{{SLICE_BYTES("Unfrozen")}, MAIL("mail_released")},
	{{SLICE_BYTES("unfrozen by ")}, MAIL("mail_released")},
	{{SLICE_BYTES("no immediate delivery: ")}, MAIL("mail_queued")},
	{{SLICE_BYTES("removed by ")}, MAIL("mail_removed")},
	{{SLICE_BYTES("cancelled by ")}, MAIL("mail_removed")},
	{{SLICE_BYTES("discarded by ")}, MAIL_WITH(ECS_FAILURE, "mail_rejected")},
};

static enum parse_result read_state(
	struct record *record, struct parse_context *context, struct slice text)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (!slice_starts(text, states[i].words))
			continue;
		put_meaning(record, context, &states[i].meaning);
		return PARSED;
	}
	put_meaning(record, context, &mail_noted);
	put_some(record, context, FIELD_EVENT_REASON, text);
	return PARSED_PARTLY;
}

static enum parse_result read_message(
	struct record *record, struct parse_context *context, struct slice rest)
{
	for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
		struct slice at = rest, address;
		struct pairs_seen seen = {0};

		if (!skip_text(&at, signs[i].sign))
			continue;
		address = take_word(&at);
		put_meaning(record, context, &signs[i].meaning);
		put_some(record, context, signs[i].address, without_brackets(address));
		skip_blanks(&at);
		if (at.len > 0 && at.ptr[0] == '<') /* the address before it was rewritten */
			(void)take_word(&at);
		seen.arrival = signs[i].address == FIELD_EMAIL_FROM_ADDRESS;
		put_pairs(record, context, &at, &seen);
		if (skip_lit(&at, ": ") && signs[i].address == FIELD_EMAIL_TO_ADDRESS)
			put_some(record, context, FIELD_EVENT_REASON, at);
		return PARSED;
	}
	return read_state(record, context, rest);
}

/* "login authenticator failed for mail.example (helo) [192.0.2.1]:5: 535 text (set_id=an)" */
static bool read_login(struct record *record, struct parse_context *context, struct slice text)
{
	static const struct slice words = {SLICE_BYTES(" authenticator failed for ")};
	size_t at = slice_search(text, words);
	struct slice rest, before, user;

	if (at == text.len || slice_find(slice_head(text, at), ' ') < at)
		return false;
	put_meaning(record, context, &smtp_login_failed);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("auth_method"), slice_head(text, at));
	rest = slice_from(text, at + words.len);
	(void)skip_lit(&rest, "H=");
	if (!put_host(record, context, &rest, true))
		return true;
	if (cut_last(rest, SLICE_LIT("(set_id="), &before, &user) && user.len > 0 &&
		user.ptr[user.len - 1] == ')') {
		put_some(record, context, FIELD_USER_NAME, slice_head(user, user.len - 1));
		rest = slice_trim(before);
	}
	at = slice_search(rest, SLICE_LIT(": "));
	if (at < rest.len)
		put_some(record, context, FIELD_EVENT_REASON, slice_from(rest, at + 2));
	return true;
}

/* Other remarks about a host that was named, an administrator's own among them. */
static enum parse_result read_noted(
	struct record *record, struct parse_context *context, struct slice rest)
{
	if (rest.len == 0)
		return PARSED_NOT_MINE;
	put_meaning(record, context, &mail_noted);
	put_some(record, context, FIELD_EVENT_REASON, rest);
	return PARSED_PARTLY;
}

/* "H=... F=<a> rejected RCPT <b>: reason", "... temporarily rejected ...", "... rejected EHLO"
 */
static enum parse_result read_rejected(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct pairs_seen seen = {.arrival = true};
	struct slice rest = text, command, to;

	put_pairs(record, context, &rest, &seen);
	if (!seen.host && !(seen.user && seen.sender))
		return PARSED_NOT_MINE; /* anybody writes name=value */
	skip_blanks(&rest);
	(void)skip_lit(&rest, "temporarily ");
	if (!skip_lit(&rest, "rejected ") && !skip_lit(&rest, "sender verify fail for "))
		return read_noted(record, context, rest);
	put_meaning(record, context, &mail_rejected);
	command = slice_head(rest, slice_find(rest, ' '));
	if (command.len > 0 && command.ptr[0] == '<') /* whose sender was not verified */
		put_some(record, context, FIELD_EMAIL_FROM_ADDRESS,
			without_brackets(slice_head(command, slice_find(command, ':'))));
	if (slice_eq(command, SLICE_LIT("RCPT"))) {
		to = slice_from(rest, 4);
		skip_blanks(&to);
		to = slice_head(to, slice_search(to, SLICE_LIT(": ")));
		put_some(record, context, FIELD_EMAIL_TO_ADDRESS, without_brackets(to));
	}
	if (command.len > 0 && command.ptr[0] != '<')
		put_other(record, context, FIELD_OTHER, SLICE_LIT("command"), command);
	size_t at = slice_search(rest, SLICE_LIT(": "));
	if (at < rest.len)
		put_some(record, context, FIELD_EVENT_REASON, slice_from(rest, at + 2));
	return PARSED;
}

/* Connections that end early; the peer stands behind "from ". */
static bool read_connection(
	struct record *record, struct parse_context *context, struct slice text)
{
	static const char *const begins[] = {"SMTP connection from ",
		"unexpected disconnection while reading SMTP command from ",
		"SMTP protocol synchronization error ", "SMTP call from ",
		"TLS error on connection from ", "SMTP command timeout on connection from ",
		"SMTP syntax error in ", "too many connections from "};

	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		struct slice rest = text;
		size_t at;

		if (!slice_starts(text, slice_str(begins[i])))
			continue;
		at = slice_search(rest, SLICE_LIT(" from "));
		if (at == rest.len)
			at = slice_search(rest, SLICE_LIT(" H="));
		put_meaning(record, context, &smtp_connection_lost);
		if (at == rest.len)
			return true;
		rest = slice_from(rest, at + (rest.ptr[at + 1] == 'H' ? 1 : 6));
		(void)skip_lit(&rest, "H=");
		(void)put_host(record, context, &rest, true);
		return true;
	}
	return false;
}

/* "exim 4.97 daemon started: pid=812, -q30m", "Start queue run: pid=812" */
static bool read_daemon(struct record *record, struct parse_context *context, struct slice text)
{
	static const struct {
		struct slice words;
		struct meaning meaning;
	} daemon[] = {
		{{SLICE_BYTES("Start queue run: pid=")},
			{.action = {SLICE_BYTES("mail_queue_run_started")},
				.category = {ECS_PROCESS},
				.type = {ECS_START}}},
		{{SLICE_BYTES("End queue run: pid=")},
			{.action = {SLICE_BYTES("mail_queue_run_ended")},
				.category = {ECS_PROCESS},
				.type = {ECS_END}}},
		{{SLICE_BYTES(" daemon started: pid=")},
			{.action = {SLICE_BYTES("mail_server_started")},
				.category = {ECS_PROCESS},
				.type = {ECS_START}}},
	};

	if (skip_lit(&text, "exim "))
		text = slice_from(text, slice_find(text, ' ')); /* the version */
	for (size_t i = 0; i < ARRAY_LEN(daemon); i++) {
		struct slice rest = text, pid;

		if (!skip_text(&rest, daemon[i].words) || !take_digits(&rest, &pid))
			continue;
		put_meaning(record, context, &daemon[i].meaning);
		put_over(record, context, FIELD_PROCESS_PID, pid);
		return true;
	}
	return false;
}

/* "2026-03-07 10:00:00.123 +0700 [812] ": what log_selector adds */
static bool take_time(
	struct slice *rest, struct parse_context *context, int64_t *ns, struct slice *pid)
{
	struct slice at;

	*pid = SLICE_NONE;
	if (!take_stamp_any(rest, context, ns) || !skip_byte(rest, ' '))
		return false;
	at = *rest;
	if (skip_byte(&at, '[') && take_digits(&at, pid) && skip_lit(&at, "] "))
		*rest = at;
	return true;
}

/* Behind the stamp and, if it is about a message, its id. */
static enum parse_result read_line(
	struct record *record, struct parse_context *context, struct slice text, bool message)
{
	if (read_login(record, context, text) || read_connection(record, context, text) ||
		(!message && read_daemon(record, context, text)))
		return PARSED;
	enum parse_result result = read_rejected(record, context, text);
	return result == PARSED_NOT_MINE && message ? read_message(record, context, text)
						    : result;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, id = SLICE_NONE, pid = SLICE_NONE;
	int64_t ns = record->created_ns;
	bool enveloped = !slice_absent(context->program);
	bool stamped = take_time(&rest, context, &ns, &pid);

	if (!stamped && !enveloped)
		return PARSED_NOT_MINE;
	bool known = take_id(&rest, &id);
	if (known)
		put(record, context, FIELD_EMAIL_LOCAL_ID, id);
	put_digits(record, context, FIELD_PROCESS_PID, pid);
	record->created_ns = ns;
	enum parse_result result = read_line(record, context, rest, known);
	if (result != PARSED_NOT_MINE)
		context->message = SLICE_NONE;
	return result;
}

static const char *const programs[] = {"exim", "exim4", NULL};

const struct parser parser_exim = {
	.number = 29,
	.roles = PARSER_ENVELOPE,
	.name = "exim",
	.module = "exim",
	.summary = "Exim: log-ins, mail received, rejected, delivered",
	.source = "Exim specification 4.80 to 4.98, chapter Log files",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS,
	.digits = DIGITS(ISO_BLANK),
	.parse = parse,
};
