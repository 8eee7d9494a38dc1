/*
 * dovecot - the mailbox server Dovecot, in syslog and in files of its own
 *
 *	imap-login: Login: user=<an>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2, ...,
 *session=<x> imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<an>,
 *method=PLAIN, ... auth-worker(12): sql(an,192.0.2.1,<x>): unknown user imap(an)<77><x>: Logged
 *out in=50 out=600
 *
 * User names come from the network; the pairs are read up to the one that Dovecot's own
 * addresses follow.
 */
#include "collector/normalize/extract.h"

static const struct meaning login = {
	.action = {SLICE_BYTES("mailbox_login")},
	.category = {ECS_AUTHENTICATION},
	.category2 = {ECS_EMAIL},
	.type = {ECS_START},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning login_failed = {
	.action = {SLICE_BYTES("mailbox_login")},
	.category = {ECS_AUTHENTICATION},
	.category2 = {ECS_EMAIL},
	.type = {ECS_START},
	.outcome = {ECS_FAILURE},
};
static const struct meaning disconnected = {
	.action = {SLICE_BYTES("mailbox_disconnected")},
	.category = {ECS_NETWORK},
	.type = {ECS_CONNECTION},
	.type2 = {ECS_END},
};
/* What the password database said of the same attempt. */
static const struct meaning checked = {
	.action = {SLICE_BYTES("mailbox_password_refused")},
	.category = {ECS_AUTHENTICATION},
	.type = {ECS_INFO},
	.outcome = {ECS_FAILURE},
};
static const struct meaning session_ended = {
	.action = {SLICE_BYTES("mailbox_logout")},
	.category = {ECS_SESSION},
	.type = {ECS_END},
};
static const struct meaning delivered = {
	.action = {SLICE_BYTES("mail_delivered")},
	.category = {ECS_EMAIL},
	.type = {ECS_INFO},
	.outcome = {ECS_SUCCESS},
};

/* "user=<an>, " or "rip=192.0.2.1, "; a user name in brackets may hold both. */
static bool take_pair(struct slice *rest, struct slice *name, struct slice *value)
{
	size_t len = 0;

	while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == ','))
		*rest = slice_from(*rest, 1);
	while (len < rest->len &&
		((rest->ptr[len] >= 'a' && rest->ptr[len] <= 'z') || rest->ptr[len] == '_'))
		len++;
	if (len == 0 || len == rest->len || rest->ptr[len] != '=') {
		/* "TLS", "secured", "TLS handshaking: ...": words between pairs */
		len = slice_search(*rest, SLICE_LIT(", "));
		if (len == rest->len)
			return false;
		*rest = slice_from(*rest, len + 2);
		*name = *value = SLICE_LIT("");
		return true;
	}
	*name = slice_head(*rest, len);
	*rest = slice_from(*rest, len + 1);
	if (skip_byte(rest, '<')) {
		len = slice_search(*rest, SLICE_LIT(">, "));
		if (len == rest->len)
			len = slice_find(*rest, '>');
		*value = slice_head(*rest, len);
		*rest = slice_from(*rest, len < rest->len ? len + 1 : len);
		return true;
	}
	len = slice_find(*rest, ',');
	*value = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return true;
}

static void put_named(struct record *record, struct parse_context *context, struct slice name,
	struct slice value)
{
	if (slice_eq(name, SLICE_LIT("user")))
		put_some(record, context, FIELD_USER_NAME, value);
	else if (slice_eq(name, SLICE_LIT("rip")))
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, value);
	else if (slice_eq(name, SLICE_LIT("rport")))
		put_digits(record, context, FIELD_SOURCE_PORT, value);
	else if (slice_eq(name, SLICE_LIT("lip")))
		put_address(record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS,
			value);
	else if (slice_eq(name, SLICE_LIT("lport")))
		put_digits(record, context, FIELD_DESTINATION_PORT, value);
	else if (slice_eq(name, SLICE_LIT("mpid")))
		put_digits(record, context, FIELD_PROCESS_PID, value);
	else if (name.len > 0)
		put_other(record, context, FIELD_OTHER, name, value);
}

static void put_pairs(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice name, value;

	while (take_pair(&rest, &name, &value))
		put_named(record, context, name, value);
}

/* "imap-login", "pop3-login", "managesieve-login", "submission-login" */
static bool is_login_service(struct slice service)
{
	return slice_ends(service, SLICE_LIT("-login"));
}

static void put_protocol(
	struct record *record, struct parse_context *context, struct slice service)
{
	service = slice_head(service, slice_find(service, '-'));
	put_some(record, context, FIELD_NETWORK_PROTOCOL,
		slice_head(service, slice_find(service, '(')));
}

static bool says_failed(struct slice text)
{
	return slice_search(text, SLICE_LIT("auth failed")) < text.len ||
	       slice_search(text, SLICE_LIT("auth_failed")) < text.len ||
	       slice_search(text, SLICE_LIT("Authentication failed")) < text.len;
}

/* "Login: user=<an>, ...", "Disconnected (auth failed, ...): user=<an>, ..." */
static bool read_login(struct record *record, struct parse_context *context, struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT(": user=<"));
	struct slice words;

	if (at == text.len)
		return false;
	words = slice_head(text, at);
	if (slice_eq(words, SLICE_LIT("Login")))
		put_meaning(record, context, &login);
	else
		put_meaning(
			record, context, says_failed(words) ? &login_failed : &disconnected);
	if (!slice_eq(words, SLICE_LIT("Login")))
		put_some(record, context, FIELD_EVENT_REASON, words);
	put_pairs(record, context, slice_from(text, at + 2));
	return true;
}

/* "sql(an,192.0.2.1,<x>): unknown user": the address is the last but the session. */
static bool read_database(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice inside, user, address, session, rest = text;
	size_t end = slice_search(text, SLICE_LIT("): "));

	if (end == text.len || !take_until(&rest, '(', &inside) || inside.len > 20 ||
		slice_find(inside, ' ') < inside.len)
		return false;
	inside = slice_of(rest.ptr, (size_t)(text.ptr + end - rest.ptr));
	if (end < (size_t)(rest.ptr - text.ptr) ||
		!cut_last(inside, SLICE_LIT(","), &user, &address))
		return false;
	if (address.len > 0 && address.ptr[0] == '<' &&
		cut_last(user, SLICE_LIT(","), &user, &session))
		address = session;
	put_meaning(record, context, &checked);
	put_some(record, context, FIELD_USER_NAME, user);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, address);
	put_some(record, context, FIELD_EVENT_REASON, slice_from(text, end + 3));
	return true;
}

static bool is_refusal(struct slice text)
{
	static const char *const words[] = {"unknown user", "Password mismatch",
		"password mismatch", "authenticate() failed", "invalid credentials",
		"pam_acct_mgmt() failed", "User is not allowed"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_search(text, slice_str(words[i])) < text.len)
			return true;
	}
	return false;
}

/* The last "name(...): " of a line: workers stand around the database that speaks. */
static bool read_auth(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice rest = text;

	if (!is_refusal(text))
		return false;
	for (;;) {
		size_t at = slice_search(rest, SLICE_LIT(": "));
		struct slice next = slice_from(rest, at < rest.len ? at + 2 : at);

		if (read_database(record, context, rest))
			return true;
		if (next.len == 0)
			return false;
		rest = next;
	}
}

/* "imap(an)<77><x>", "lmtp(77, an)": whose mailbox */
static bool put_owner(
	struct record *record, struct parse_context *context, struct slice service)
{
	struct slice before, user;

	if (!take_until(&service, '(', &before) || !take_until(&service, ')', &user))
		return false;
	if (slice_search(user, SLICE_LIT(", ")) < user.len)
		(void)cut_last(user, SLICE_LIT(", "), &before, &user);
	put_some(record, context, FIELD_USER_NAME, user);
	return true;
}

static bool read_session(struct record *record, struct parse_context *context,
	struct slice service, struct slice text)
{
	struct slice id;

	if (slice_starts(text, SLICE_LIT("Logged out")) ||
		slice_starts(text, SLICE_LIT("Disconnected")) ||
		slice_starts(text, SLICE_LIT("Connection closed"))) {
		put_meaning(record, context, &session_ended);
	} else if (slice_search(text, SLICE_LIT("saved mail to ")) < text.len ||
		   slice_search(text, SLICE_LIT("stored mail into ")) < text.len) {
		put_meaning(record, context, &delivered);
		size_t at = slice_search(text, SLICE_LIT("msgid="));
		if (at < text.len) {
			id = slice_from(text, at + sizeof("msgid=") - 1);
			(void)skip_byte(&id, '<');
			put_some(record, context, FIELD_EMAIL_MESSAGE_ID,
				slice_head(id, slice_find(id, '>')));
		}
	} else {
		return false;
	}
	put_protocol(record, context, service);
	return put_owner(record, context, service);
}

/* "Info: ", "Warning: ": Dovecot's own files say the level. */
static void take_level(struct record *record, struct parse_context *context, struct slice *text)
{
	static const char *const levels[] = {
		"Info", "Warning", "Error", "Fatal", "Panic", "Debug"};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		struct slice rest = *text, level = slice_str(levels[i]);

		if (!skip_text(&rest, level) || !skip_lit(&rest, ": "))
			continue;
		put(record, context, FIELD_LOG_LEVEL, level);
		*text = rest;
		return;
	}
}

/* In syslog the service stands in the text, in Dovecot's own file it is the tag. */
static struct slice take_service(struct slice *text, const struct parse_context *context)
{
	size_t at = slice_search(*text, SLICE_LIT(": "));
	struct slice service = slice_head(*text, at);

	if (!slice_eq(context->program, SLICE_LIT("dovecot")))
		return context->program;
	if (at == text->len)
		return SLICE_LIT("");
	*text = slice_from(*text, at + 2);
	return service;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;
	struct slice service = take_service(&text, context);

	take_level(record, context, &text);
	if (is_login_service(service) && read_login(record, context, text)) {
		put_protocol(record, context, service);
		return PARSED;
	}
	if (slice_starts(service, SLICE_LIT("auth")) && read_auth(record, context, text))
		return PARSED;
	return read_session(record, context, service, text) ? PARSED : PARSED_NOT_MINE;
}

static const char *const programs[] = {"dovecot", "imap-login", "pop3-login", "auth",
	"auth-worker", "imap", "pop3", "lmtp", "lda", "managesieve-login", "submission-login",
	NULL};

const struct parser parser_dovecot = {
	.number = 28,
	.name = "dovecot",
	.module = "dovecot",
	.summary = "Dovecot: log-ins to mailboxes, refusals, deliveries",
	.source = "Dovecot 2.0 to 2.4: login-common/client-common.c, auth/auth-request.c",
	.programs = programs,
	.parse = parse,
};
