/*
 * pam - what PAM modules say in any program's log
 *
 *	pam_unix(sshd:session): session opened for user root(uid=0) by an(uid=1000)
 *	pam_unix(sshd:auth): authentication failure; logname= uid=0 ... rhost=192.0.2.1 user=an
 *	PAM 2 more authentication failures; logname= uid=0 ...
 *
 * The user who acts is user.name; when one becomes another, the other is
 * user.effective.name.
 */
#include "collector/normalize/text/extract.h"

static const struct meaning session_opened = {
	.action = {SLICE_BYTES("session_opened")},
	.category = {ECS_SESSION},
	.type = {ECS_START},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning session_closed = {
	.action = {SLICE_BYTES("session_closed")},
	.category = {ECS_SESSION},
	.type = {ECS_END},
};
static const struct meaning failed = {
	.action = {SLICE_BYTES("pam_authentication")},
	.category = {ECS_AUTHENTICATION},
	.type = {ECS_INFO},
	.outcome = {ECS_FAILURE},
};
static const struct meaning requirement_failed = {
	.action = {SLICE_BYTES("pam_requirement")},
	.category = {ECS_AUTHENTICATION},
	.type = {ECS_INFO},
	.outcome = {ECS_FAILURE},
};
static const struct meaning locked = {
	.action = {SLICE_BYTES("account_locked")},
	.category = {ECS_AUTHENTICATION},
	.type = {ECS_INFO},
	.outcome = {ECS_FAILURE},
};
static const struct meaning password_changed = {
	.action = {SLICE_BYTES("password_changed")},
	.category = {ECS_IAM},
	.type = {ECS_USER},
	.type2 = {ECS_CHANGE},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning noted = {
	.action = {SLICE_BYTES("pam_notice")},
	.type = {ECS_INFO},
};

/* "root", "root(uid=0)", "(uid=0)": the name, and the number when there is one. */
static struct slice take_account(struct slice *rest, struct slice *uid)
{
	struct slice word = take_word(rest);
	struct slice name = slice_head(word, slice_find(word, '('));
	struct slice number = slice_from(word, name.len);

	if (skip_lit(&number, "(uid="))
		(void)take_digits(&number, uid);
	return name;
}

static void put_session(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice whose_uid = SLICE_NONE, by_uid = SLICE_NONE, by = SLICE_NONE;
	struct slice whose = take_account(&rest, &whose_uid);

	if (skip_lit(&rest, " by "))
		by = take_account(&rest, &by_uid);
	if (by.len > 0) {
		put(record, context, FIELD_USER_NAME, by);
		put(record, context, FIELD_USER_ID, by_uid);
		put(record, context, FIELD_USER_EFFECTIVE_NAME, whose);
		put(record, context, FIELD_USER_EFFECTIVE_ID, whose_uid);
	} else {
		put_some(record, context, FIELD_USER_NAME, whose);
		put(record, context, FIELD_USER_ID, whose_uid);
	}
}

/*
 * "logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root": who tries to log in
 * chooses the name, which stands last and may hold anything; each name counts where it stands
 * first.
 */
static void put_pairs(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice tty = SLICE_NONE, host = SLICE_NONE, user = SLICE_NONE;

	skip_blanks(&rest);
	while (rest.len > 0 && slice_absent(user)) {
		struct slice word = rest;

		if (skip_lit(&word, "user=")) {
			user = slice_trim(word);
			break;
		}
		word = take_word(&rest);
		if (slice_absent(host) && skip_lit(&word, "rhost="))
			host = word;
		else if (slice_absent(tty) && skip_lit(&word, "tty="))
			tty = word;
		skip_blanks(&rest);
	}
	put_some(record, context, FIELD_SOC_TTY, tty);
	if (host.len > 0)
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, host);
	put_some(record, context, FIELD_USER_NAME, user);
}

static void put_failure(struct record *record, struct parse_context *context, struct slice rest)
{
	put_meaning(record, context, &failed);
	put_pairs(record, context, rest);
}

/* "user root (0) tally 5, deny 4", "user an locked out" */
static void put_locked(struct record *record, struct parse_context *context, struct slice user)
{
	put_meaning(record, context, &locked);
	put_some(record, context, FIELD_USER_NAME, take_word(&user));
}

/* What modules say of one user: the words before the name, behind it, and what that means. */
struct sentence {
	struct slice module; /* without "pam_" */
	struct slice before, behind;
	const struct meaning *meaning;
};

static const struct meaning granted = {
	.action = {SLICE_BYTES("pam_authentication")},
	.category = {ECS_AUTHENTICATION},
	.type = {ECS_INFO},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning refused = {
	.action = {SLICE_BYTES("pam_access")},
	.category = {ECS_AUTHENTICATION},
	.type = {ECS_INFO},
	.outcome = {ECS_FAILURE},
};

#define OF(name) .module = {SLICE_BYTES(name)}
static const struct sentence sentences[] = {
	{OF("unix"), {SLICE_BYTES("auth could not identify password for [")},
		{SLICE_BYTES("]")}, &failed},
	{OF("unix"), {SLICE_BYTES("bad username [")}, {SLICE_BYTES("]")}, &failed},
	{OF("unix"), {SLICE_BYTES("account ")}, {SLICE_BYTES(" has expired")}, &refused},
	{OF("unix"), {SLICE_BYTES("expired password for user ")}, {SLICE_BYTES(" (")},
		&refused},
	{OF("access"), {SLICE_BYTES("access denied for user `")}, {SLICE_BYTES("' from `")},
		&refused},
	{OF("listfile"), {SLICE_BYTES("Refused user ")}, {SLICE_BYTES(" for service ")},
		&refused},
	{OF("sss"), {SLICE_BYTES("received for user ")}, {SLICE_BYTES(": ")}, &failed},
	{OF("sss"), {SLICE_BYTES("Access denied for user ")}, {SLICE_BYTES(": ")}, &refused},
	{OF("winbind"), {SLICE_BYTES("user '")}, {SLICE_BYTES("' granted access")}, &granted},
	{OF("winbind"), {SLICE_BYTES("user '")}, {SLICE_BYTES("' denied access")}, &failed},
	{OF("winbind"), {SLICE_BYTES("user `")}, {SLICE_BYTES("' granted access")}, &granted},
	{OF("winbind"), {SLICE_BYTES("user `")}, {SLICE_BYTES("' denied access")}, &failed},
	{OF("krb5"), {SLICE_BYTES("user ")}, {SLICE_BYTES(" authenticated as ")}, &granted},
	{OF("wheel"), {SLICE_BYTES("Access granted to '")}, {SLICE_BYTES("' for '")}, &granted},
	{OF("wheel"), {SLICE_BYTES("Access denied to '")}, {SLICE_BYTES("' for '")}, &refused},
	{OF("google_authenticator"), {SLICE_BYTES("Accepted google_authenticator code for ")},
		{SLICE_BYTES("")}, &granted},
	{OF("google_authenticator"), {SLICE_BYTES("Invalid verification code for ")},
		{SLICE_BYTES("")}, &failed},
};

/* "`an' from `192.0.2.1'": the place, for pam_access. */
static void put_place(struct record *record, struct parse_context *context, struct slice rest)
{
	rest = slice_head(rest, slice_find(rest, '\''));
	if (rest.len > 0 && rest.ptr[0] != '/' && !slice_starts(rest, SLICE_LIT("tty")))
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, rest);
}

static bool read_sentence(struct record *record, struct parse_context *context,
	struct slice module, struct slice text)
{
	for (size_t i = 0; i < ARRAY_LEN(sentences); i++) {
		const struct sentence *sentence = &sentences[i];
		struct slice rest = text;

		if (!slice_ends(module, sentence->module) ||
			!skip_text(&rest, sentence->before))
			continue;
		size_t len =
			sentence->behind.len ? slice_search(rest, sentence->behind) : rest.len;
		if (sentence->behind.len > 0 && len == rest.len)
			continue;
		put_meaning(record, context, sentence->meaning);
		put_some(record, context, FIELD_USER_NAME, slice_head(rest, len));
		if (slice_ends(module, SLICE_LIT("access")))
			put_place(
				record, context, slice_from(rest, len + sentence->behind.len));
		return true;
	}
	return false;
}

static enum parse_result read_unix(
	struct record *record, struct parse_context *context, struct slice text)
{
	if (skip_lit(&text, "session opened for user ")) {
		put_meaning(record, context, &session_opened);
		put_session(record, context, text);
	} else if (skip_lit(&text, "session closed for user ")) {
		put_meaning(record, context, &session_closed);
		put_session(record, context, text);
	} else if (skip_lit(&text, "authentication failure; ")) {
		put_failure(record, context, text);
	} else if (skip_lit(&text, "authentication success; ")) {
		put_meaning(record, context, &granted);
		put_pairs(record, context, text);
	} else if (skip_lit(&text, "password changed for ")) {
		put_meaning(record, context, &password_changed);
		put_some(record, context, FIELD_USER_NAME, take_word(&text));
	} else if (skip_lit(&text, "check pass; user unknown")) {
		put_meaning(record, context, &failed);
		put(record, context, FIELD_EVENT_REASON, SLICE_LIT("invalid user"));
	} else {
		put_meaning(record, context, &noted);
		put_some(record, context, FIELD_EVENT_REASON, text);
		return PARSED_PARTLY;
	}
	return PARSED;
}

/* requirement "uid >= 1000" not met by user "root" */
static void read_requirement(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice before, user;

	put_meaning(record, context, &requirement_failed);
	if (cut_last(text, SLICE_LIT(" by user \""), &before, &user))
		put_some(record, context, FIELD_USER_NAME,
			slice_head(user, slice_find(user, '"')));
}

static enum parse_result read_module(struct record *record, struct parse_context *context,
	struct slice module, struct slice text)
{
	bool tally = slice_starts(module, SLICE_LIT("pam_tally")) ||
		     slice_eq(module, SLICE_LIT("pam_faillock"));

	if (slice_eq(module, SLICE_LIT("pam_succeed_if"))) {
		read_requirement(record, context, text);
	} else if (tally &&
		   (skip_lit(&text, "user ") || skip_lit(&text, "Consecutive login "
								"failures for user "))) {
		put_locked(record, context, text);
	} else if (!read_sentence(record, context, module, text)) {
		return read_unix(record, context, text);
	}
	return PARSED;
}

/* "pam_unix(sshd:session): ..." */
static bool take_head(struct slice *rest, struct slice *module, struct slice *service)
{
	size_t len = slice_find(*rest, '(');

	if (len == rest->len || len > 32)
		return false;
	*module = slice_head(*rest, len);
	*rest = slice_from(*rest, len + 1);
	if (!take_until(rest, ')', service) || !skip_byte(rest, ':'))
		return false;
	skip_blanks(rest);
	return true;
}

/* The module stands in the tag: "sshd(pam_unix)[12750]: session ..." of Red Hat before 5, and
 * of modules that call syslog() themselves. */
static enum parse_result read_tagged(
	struct record *record, struct parse_context *context, struct slice rest)
{
	size_t at = slice_search(context->program, SLICE_LIT("(pam_"));

	if (at == context->program.len || !slice_ends(context->program, SLICE_LIT(")")))
		return PARSED_NOT_MINE;
	struct slice module = slice_from(context->program, at + 1);
	module.len--;
	put(record, context, FIELD_SOC_PAM_SERVICE, slice_head(context->program, at));
	return read_module(record, context, module, rest);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, module, service, times;

	if (slice_starts(rest, SLICE_LIT("pam_"))) {
		if (!take_head(&rest, &module, &service))
			return PARSED_NOT_MINE;
		put(record, context, FIELD_SOC_PAM_SERVICE,
			slice_head(service, slice_find(service, ':')));
		return read_module(record, context, module, rest);
	}
	if (skip_lit(&rest, "PAM ") && take_digits(&rest, &times) &&
		skip_lit(&rest, " more authentication failure") &&
		take_until(&rest, ';', &times)) {
		put_failure(record, context, rest);
		return PARSED;
	}
	return read_tagged(record, context, rest);
}

const struct parser parser_pam = {
	.number = 4,
	.roles = PARSER_ANY_PROGRAM,
	.name = "pam",
	.module = "pam",
	.summary = "PAM modules in any program's log: sessions, failures, locks",
	.source = "Linux-PAM 1.0 to 1.7: pam_unix, pam_succeed_if, pam_faillock, pam_tally2, "
		  "pam_access, pam_listfile, pam_wheel; pam_sss, pam_winbind, pam_krb5, "
		  "pam_google_authenticator",
	.parse = parse,
};
