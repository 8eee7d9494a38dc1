/*
 * apache-error - error log of Apache httpd
 *
 *	[Mon Dec 26 16:22:08 2016] [error] [client 192.0.2.1] text                          2.2
 *	[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 7:tid 43] [client 192.0.2.1:80] text
 */
#include "collector/normalize/families/modsecurity.h"
#include "collector/normalize/families/sign_in.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct meaning refused = {
	.action = {SLICE_BYTES("web_login")},
	.category = {ECS_AUTHENTICATION},
	.category2 = {ECS_WEB},
	.type = {ECS_START},
	.outcome = {ECS_FAILURE},
};
static const struct meaning error = {
	.category = {ECS_WEB},
	.type = {ECS_ERROR},
};
static const struct meaning info = {
	.category = {ECS_WEB},
	.type = {ECS_INFO},
};

/* "[text] " */
static bool take_bracket(struct slice *rest, struct slice *text)
{
	struct slice at = *rest;

	if (!skip_byte(&at, '[') || !take_until(&at, ']', text))
		return false;
	skip_blanks(&at);
	*rest = at;
	return true;
}

/* notice, info, debug and trace are not errors */
static const struct meaning *meaning_of(struct slice level)
{
	bool harmless = slice_eq(level, SLICE_LIT("notice")) ||
			slice_eq(level, SLICE_LIT("info")) ||
			slice_starts(level, SLICE_LIT("debug")) ||
			slice_starts(level, SLICE_LIT("trace"));

	return harmless ? &info : &error;
}

/* "pid 35708:tid 4328636416" */
static void put_process(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice pid, thread;

	if (take_digits(&text, &pid))
		put_digits(record, context, FIELD_PROCESS_PID, pid);
	if (skip_lit(&text, ":tid ") && take_digits(&text, &thread))
		put_digits(record, context, FIELD_PROCESS_THREAD_ID, thread);
}

/* "192.0.2.1:12345", "192.0.2.1", "2001:db8::1:80" (2.4 puts the port behind a colon) */
static void put_client(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice host, port;

	if (!slice_absent(record_get(record, FIELD_SOURCE_IP)))
		return; /* ModSecurity says it again */
	if (cut_last(text, SLICE_LIT(":"), &host, &port) && all_digits(port)) {
		text = host;
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, text);
		put_digits(record, context, FIELD_SOURCE_PORT, port);
		return;
	}
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, text);
}

/* "AH01234: " */
static void put_code(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice digits, rest = text;

	if (skip_lit(&rest, "AH") && take_digits(&rest, &digits) && skip_byte(&rest, ':'))
		put(record, context, FIELD_EVENT_CODE, slice_head(text, digits.len + 2));
}

/* mod_auth_basic and mod_auth_digest, since 2.4 behind their numbers */
static const struct phrase sentences[] = {
	{"AH01617: user {user.name*}: authentication failure for \"{}\": Password Mismatch",
		&refused},
	{"AH01618: user {user.name*} not found: {}", &refused},
	{"AH01790: user `{user.name*}' in realm `{}' not found: {}", &refused},
	{"AH01791: user `{user.name*}' in realm `{}' denied by provider: {}", &refused},
	{"AH01794: user `{user.name*}': password mismatch: {}", &refused},
	{"user {user.name*}: authentication failure for \"{}\": Password Mismatch", &refused},
	{"user {user.name*} not found: {}", &refused},
};
static struct phrases phrases = PHRASES(sentences);

/* What an application of PHP wrote into the server's log, of a sign-in. */
static bool put_application(
	struct record *record, struct parse_context *context, struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT("PHP message: "));

	return at < text.len && sign_in_take(record, context, slice_from(text, at));
}

static struct slice without_referrer(struct slice text)
{
	struct slice before, referrer;

	return cut_last(text, SLICE_LIT(", referer: "), &before, &referrer) ? before : text;
}

static void put_text(struct record *record, struct parse_context *context, struct slice text,
	const struct meaning *meaning)
{
	struct slice path = text;

	if (modsecurity_take_mark(&path)) {
		put_over(record, context, FIELD_MESSAGE, path);
		modsecurity_put(record, context, path);
		return;
	}
	if (phrases_read(&phrases, record, context, without_referrer(text)) == NULL &&
		!put_application(record, context, text))
		put_meaning(record, context, meaning);
	put_over(record, context, FIELD_MESSAGE, text);
	put_code(record, context, text);
	size_t at = slice_search(path, SLICE_LIT("File does not exist: "));
	if (at < path.len) {
		path = slice_from(path, at + sizeof("File does not exist: ") - 1);
		put_some(record, context, FIELD_FILE_PATH,
			slice_head(path, slice_find(path, ',')));
	}
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, level, bracket, module;
	int64_t ns;

	if (!skip_byte(&rest, '[') || !take_stamp_ctime(&rest, context, &ns) ||
		!skip_lit(&rest, "] ") || !take_bracket(&rest, &level))
		return PARSED_NOT_MINE;
	if (slice_find(level, ':') < level.len) {
		(void)take_until(&level, ':', &module);
		put_some(record, context, FIELD_LOG_LOGGER, module);
	}
	record->created_ns = ns;
	put_some(record, context, FIELD_LOG_LEVEL, level);
	while (take_bracket(&rest, &bracket)) {
		if (skip_lit(&bracket, "pid "))
			put_process(record, context, bracket);
		else if (skip_lit(&bracket, "client "))
			put_client(record, context, bracket);
		else
			break;
	}
	put_text(record, context, rest, meaning_of(level));
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"apache", "apache2", "httpd", NULL};

const struct parser parser_apache_error = {
	.number = 15,
	.roles = PARSER_ENVELOPE,
	.name = "apache-error",
	.module = "apache",
	.summary = "Apache error log, 2.2 and 2.4",
	.source = "Apache httpd ErrorLogFormat, mod_log_debug",
	.programs = programs,
	.first_bytes = "[",
	.parse = parse,
};
