/*
 * dovecot - the mailbox server Dovecot, in syslog and in files of its own
 *
 *	imap-login: Login: user=<an>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2, ...
 *	imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<an>, method=...
 *	auth-worker(12): sql(an,192.0.2.1,<x>): unknown user
 *	imap(an)<77><x>: Logged out in=50 out=600
 *
 * User names and passwords come from the network, and by its settings Dovecot takes any byte:
 * a user's name is read up to the last place where Dovecot goes on by itself.
 */
#include "collector/normalize/families/mail.h"

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
static size_t name_length(struct slice text)
{
	size_t len = 0;

	while (len < text.len &&
		((text.ptr[len] >= 'a' && text.ptr[len] <= 'z') || text.ptr[len] == '_'))
		len++;
	return len;
}

/* "TLS", "secured", "TLS handshaking: ...": words between pairs */
static bool skip_words(struct slice *rest)
{
	size_t len = slice_search(*rest, SLICE_LIT(", "));

	*rest = slice_from(*rest, len);
	return rest->len > 0;
}

/* The next "rip=192.0.2.1" or "session=<x>", of Dovecot's own: a value holds no ',' and no '>'.
 */
static bool take_pair(struct slice *rest, struct slice *name, struct slice *value)
{
	for (;;) {
		while (skip_byte(rest, ' ') || skip_byte(rest, ','))
			;
		size_t len = name_length(*rest);

		if (len > 0 && len < rest->len && rest->ptr[len] == '=') {
			*name = slice_head(*rest, len);
			*rest = slice_from(*rest, len + 1);
			break;
		}
		if (!skip_words(rest))
			return false;
	}
	char end = skip_byte(rest, '<') ? '>' : ',';
	size_t len = slice_find(*rest, end);

	*value = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	(void)skip_byte(rest, '>');
	return true;
}

/* The name in "an>, method=PLAIN, rip=...": whatever it holds, Dovecot goes on behind the last
 * of these; with pairs of an administrator's choice, behind the first '>'. */
static struct slice take_user(struct slice *rest)
{
	static const struct slice behind[] = {
		{SLICE_BYTES(">, method=")}, {SLICE_BYTES(">, rip=")}};
	struct slice user, after;

	for (size_t i = 0; i < ARRAY_LEN(behind); i++) {
		if (!cut_last(*rest, behind[i], &user, &after))
			continue;
		*rest = slice_from(*rest, user.len + 1);
		return user;
	}
	user = slice_head(*rest, slice_find(*rest, '>'));
	*rest = slice_from(*rest, user.len);
	(void)skip_byte(rest, '>');
	return user;
}

static void put_named(struct record *record, struct parse_context *context, struct slice name,
	struct slice value)
{
	if (slice_eq(name, SLICE_LIT("rip")))
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
	else
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
	struct slice words, rest;

	if (at == text.len)
		return false;
	words = slice_head(text, at);
	rest = slice_from(text, at + sizeof(": user=<") - 1);
	if (slice_eq(words, SLICE_LIT("Login")))
		put_meaning(record, context, &mailbox_login);
	else
		put_meaning(record, context,
			says_failed(words) ? &mailbox_login_failed : &disconnected);
	if (!slice_eq(words, SLICE_LIT("Login")))
		put_some(record, context, FIELD_EVENT_REASON, words);
	put_some(record, context, FIELD_USER_NAME, take_user(&rest));
	put_pairs(record, context, rest);
	return true;
}

enum { DATABASE_MAX = 20 };

/* "sql(" of the database that speaks; not "auth-worker(99): ", which stands around it. */
static bool skip_database(struct slice *rest)
{
	struct slice head =
		slice_head(*rest, rest->len < DATABASE_MAX ? rest->len : DATABASE_MAX);
	size_t len = slice_find(head, '(');
	struct slice inside, number;

	if (len == head.len || len == 0 || slice_find(slice_head(head, len), ' ') < len)
		return false;
	inside = slice_from(*rest, len + 1);
	*rest = inside;
	return !take_digits(&inside, &number) || !slice_starts(inside, SLICE_LIT("): "));
}

/* What stands in the brackets of the first database of "conn unix:auth-worker (pid=1,uid=0):
 * auth-worker<1>: sql(an,192.0.2.1,<x>". */
static bool find_database(struct slice text, struct slice *inside)
{
	for (size_t at = 0; at < text.len; at += 2) {
		*inside = slice_from(text, at);
		if (skip_database(inside))
			return true;
		at += slice_search(slice_from(text, at), SLICE_LIT(": "));
	}
	return false;
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

/*
 * "sql(an,192.0.2.1,<x>): unknown user": the last "): " is Dovecot's, unless a password follows
 * it, and the address is the last in the brackets but the session.
 */
static bool read_auth(struct record *record, struct parse_context *context, struct slice text)
{
	size_t password = slice_search(text, SLICE_LIT(" (given password: "));
	struct slice inside, reason, user, address, session;

	if (!is_refusal(text) ||
		!cut_last(slice_head(text, password), SLICE_LIT("): "), &inside, &reason) ||
		!find_database(inside, &inside) ||
		!cut_last(inside, SLICE_LIT(","), &user, &address))
		return false;
	if (address.len > 0 && address.ptr[0] == '<' &&
		cut_last(user, SLICE_LIT(","), &user, &session))
		address = session;
	put_meaning(record, context, &checked);
	put_some(record, context, FIELD_USER_NAME, user);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, address);
	put_some(record, context, FIELD_EVENT_REASON,
		slice_of(reason.ptr, (size_t)(text.ptr + text.len - reason.ptr)));
	return true;
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
		put_meaning(record, context, &mail_delivered);
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
