/*
 * webapps - web applications that say in a log of their own who was refused
 *
 *	wordpress(a.vn)[8]: Authentication failure for admin from 203.0.113.9      WP fail2ban
 *	2026/03/07 10:00:00 .../auth.go:201:SignInPost() [W] Failed authentication attempt for
 *an from 203.0.113.9:51000: user does not exist [uid: 0, name: an]     Gitea, Forgejo
 *	logger=context userId=0 t=2026-03-07T10:00:00+07:00 level=info msg="Request Completed"
 *... Grafana [2026-03-07 10:00:00.123][vaultwarden::api::identity][ERROR] text Vaultwarden
 *	[07-Mar-2026 10:00:00 +0700]: <x> Failed login for an from 203.0.113.9 ... Roundcube
 *	2026-03-07T03:00:00+00:00	INFO 203.0.113.9	joomlafailure	text  Joomla
 *
 * A name is what somebody typed: it reaches to the last place where the application goes on.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

#define LOGIN(how)                                                                             \
	{                                                                                      \
		.action = {SLICE_BYTES("web_login")}, .category = {ECS_AUTHENTICATION},        \
		.category2 = {ECS_WEB}, .type = {ECS_START}, .outcome = {                      \
			how                                                                    \
		}                                                                              \
	}
static const struct meaning let_in = LOGIN(ECS_SUCCESS);
static const struct meaning refused = LOGIN(ECS_FAILURE);
static const struct meaning probe = MEANS("web_application_probed", .category = {ECS_WEB},
	.category2 = {ECS_INTRUSION_DETECTION}, .type = {ECS_INFO}, .outcome = {ECS_FAILURE});
static const struct meaning noted = {.category = {ECS_WEB}, .type = {ECS_INFO}};

/* ---- by name ---------------------------------------------------------------------------- */

static const struct phrase sentences[] = {
	/* WP fail2ban, and plug-ins that write its sentences */
	{"Authentication failure for {user.name*} from {source.ip}", &refused},
	{"Authentication attempt for unknown user {user.name*} from {source.ip}", &refused},
	{"Blocked authentication attempt for {user.name*} from {source.ip}", &refused},
	{"Blocked username authentication attempt for {user.name*} from {source.ip}", &refused},
	{"REST authentication failure for {user.name*} from {source.ip}", &refused},
	{"XML-RPC authentication failure for {user.name*} from {source.ip}", &refused},
	{"XML-RPC authentication attempt for unknown user {user.name*} from {source.ip}",
		&refused},
	{"XML-RPC authentication failure from {source.ip}", &refused},
	{"XML-RPC multicall authentication failure from {source.ip}", &refused},
	{"Empty username from {source.ip}", &refused},
	{"Accepted password for {user.name*} from {source.ip}", &let_in},
	{"Blocked user enumeration attempt from {source.ip}", &probe},
	{"Blocked access from country '{}' from {source.ip}", &probe},
	{"Pingback error {} generated from {source.ip}", &probe},
	{"Spam comment {} from {source.ip}", &noted},
	/* phpMyAdmin */
	{"user denied: {user.name*} ({event.reason}) from {source.ip}", &refused},
	{"user authenticated: {user.name*} from {source.ip}", &let_in},
	/* Gitea, Forgejo, Gogs */
	{"{}Failed authentication attempt for {user.name} from {source:}: {event.reason}",
		&refused},
	{"{}Failed authentication attempt for {user.name*} from {source:}", &refused},
	{"{}Failed authentication attempt from {source:}", &refused},
	{"{}router: completed {http.request.method+} {url} for {source:}, "
	 "{http.response.status_code} {}",
		&noted},
	/* Roundcube */
	{"{}Failed login for {user.name*} from {source.ip} in session {}", &refused},
	{"{}Successful login for {user.name*} (ID: {user.id}) from {source.ip} in session {}",
		&let_in},
	{"{}IMAP Error: Login failed for {user.name*} against {} from {source.ip}"
	 "(X-Real-IP: {client},X-Forwarded-For: {}",
		&refused},
	{"{}IMAP Error: Login failed for {user.name*} against {} from {source.ip}"
	 "(X-Forwarded-For: {}). {event.reason}",
		&refused},
	{"{}IMAP Error: Login failed for {user.name*} against {} from {source.ip}. "
	 "{event.reason}",
		&refused},
	{"{}IMAP Error: Login failed for {user.name*} from {source.ip}. {event.reason}",
		&refused},
	/* Vaultwarden */
	{"Username or password is incorrect. Try again. IP: {source.ip}. Username: "
	 "{user.name*}.",
		&refused},
	{"Invalid admin token. IP: {source.ip}", &refused},
	{"Invalid TOTP code! Server time: {} IP: {source.ip}", &refused},
	{"User {user.name*} logged in successfully. IP: {source.ip}", &let_in},
};
static struct phrases phrases = PHRASES(sentences);

/* ---- files ------------------------------------------------------------------------------ */

/* "2026/03/07 10:00:00 " and somewhere "[W] ", of Gitea */
static bool take_gitea(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	return rest->len > 24 && rest->ptr[4] == '/' &&
	       (slice_search(*rest, SLICE_LIT(" [W] ")) < rest->len ||
		       slice_search(*rest, SLICE_LIT(" [I] ")) < rest->len) &&
	       take_stamp_slashed(rest, context, ns) && skip_byte(rest, ' ');
}

/* "[2026-03-07 10:00:00.123][vaultwarden::api::identity][ERROR] " */
static bool take_vaultwarden(struct slice *rest, const struct parse_context *context,
	struct slice *logger, struct slice *level, int64_t *ns)
{
	struct slice at = *rest;

	if (at.len < 40 || at.ptr[0] != '[' || at.ptr[5] != '-' || at.ptr[24] != ']')
		return false;
	at = slice_from(at, 1);
	if (!take_stamp_any(&at, context, ns) || !skip_lit(&at, "][") ||
		!take_until(&at, ']', logger) || !skip_byte(&at, '[') ||
		!take_until(&at, ']', level) || !skip_byte(&at, ' '))
		return false;
	*rest = at;
	return true;
}

/* "[07-Mar-2026 10:00:00 +0700]: ", PHP's own form has no colon */
static bool take_roundcube(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct slice at = *rest;

	if (at.len < 32 || at.ptr[0] != '[' || at.ptr[3] != '-')
		return false;
	at = slice_from(at, 1);
	if (!take_stamp_any(&at, context, ns) || !skip_lit(&at, "]: "))
		return false;
	*rest = at;
	return true;
}

/* Values between tabs: DATETIME, "PRIORITY CLIENTIP", CATEGORY, MESSAGE */
static bool read_joomla(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice at = rest, stamp, who, category, level;
	int64_t ns;

	if (rest.len < 40 || rest.ptr[10] != 'T' || !take_until(&at, '\t', &stamp) ||
		!take_stamp_iso(&stamp, context, &ns) || !take_until(&at, '\t', &who) ||
		!take_until(&at, '\t', &category))
		return false;
	level = take_word(&who);
	if (!skip_byte(&who, ' '))
		return false;
	record->created_ns = ns;
	put_meaning(record, context,
		slice_eq(category, SLICE_LIT("joomlafailure")) ? &refused : &noted);
	put(record, context, FIELD_LOG_LEVEL, level);
	put(record, context, FIELD_LOG_LOGGER, category);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, who);
	put_over(record, context, FIELD_MESSAGE, at);
	return true;
}

/* ---- Grafana ---------------------------------------------------------------------------- */

static const struct meaning *grafana_meaning(const struct pairs *pairs, struct slice status)
{
	struct slice error = pairs_get_lit(pairs, "error");
	bool login = slice_eq(pairs_get_lit(pairs, "path"), SLICE_LIT("/login"));

	if (slice_search(error, SLICE_LIT("password-auth.failed")) < error.len ||
		slice_eq_nocase(error, SLICE_LIT("Invalid Username or Password")) ||
		slice_eq_nocase(
			pairs_get_lit(pairs, "msg"), SLICE_LIT("Invalid username or password")))
		return &refused;
	if (login && slice_eq(status, SLICE_LIT("401")))
		return &refused;
	if (login && slice_eq(status, SLICE_LIT("200")) &&
		slice_eq(pairs_get_lit(pairs, "method"), SLICE_LIT("POST")))
		return &let_in;
	return &noted;
}

static bool read_grafana(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct pairs *pairs = context->pairs;
	struct slice time, status;
	int64_t ns;

	if (!slice_starts(text, SLICE_LIT("logger=")) && !slice_starts(text, SLICE_LIT("t=20")))
		return false;
	pairs_read_keyvalue(pairs, text, context->arena);
	time = pairs_get_lit(pairs, "t");
	if (pairs->state == PAIRS_NOT_MINE || !pairs_have(pairs, SLICE_LIT("msg")) ||
		!pairs_have(pairs, SLICE_LIT("logger")) || !take_stamp_iso(&time, context, &ns))
		return false;
	record->created_ns = ns;
	status = pairs_get_lit(pairs, "status");
	put_meaning(record, context, grafana_meaning(pairs, status));
	put_some(record, context, FIELD_LOG_LEVEL, pairs_get_lit(pairs, "level"));
	put_some(record, context, FIELD_LOG_LOGGER, pairs_get_lit(pairs, "logger"));
	put_some(record, context, FIELD_USER_NAME, pairs_get_lit(pairs, "uname"));
	put_some(record, context, FIELD_HTTP_REQUEST_METHOD, pairs_get_lit(pairs, "method"));
	put_digits(record, context, FIELD_HTTP_RESPONSE_STATUS_CODE, status);
	put_some(record, context, FIELD_ERROR_MESSAGE, pairs_get_lit(pairs, "error"));
	if (pairs_have(pairs, SLICE_LIT("path")))
		access_log_put_url(record, context, pairs_get_lit(pairs, "path"));
	if (pairs_have(pairs, SLICE_LIT("remote_addr")))
		put_endpoint(
			record, context, &endpoint_source, pairs_get_lit(pairs, "remote_addr"));
	put_over(record, context, FIELD_MESSAGE, pairs_get_lit(pairs, "msg"));
	return true;
}

/* ---- any of them ------------------------------------------------------------------------ */

/* What somebody typed may go on as the application would: "x from 198.51.100.1:2: y". Where a
 * reason has another address, nobody knows which is whose. */
static void doubt_source(struct record *record)
{
	static const struct slice from = {SLICE_BYTES(" from ")};
	struct slice rest = record_get(record, FIELD_EVENT_REASON);
	size_t at = slice_search(rest, from);

	if (at == rest.len)
		return;
	take_out(record, FIELD_SOURCE_IP);
	take_out(record, FIELD_SOURCE_PORT);
	take_out(record, FIELD_SOURCE_ADDRESS);
}

/* A line of a file; one that no sentence knows is not claimed, but for Vaultwarden's. */
static enum parse_result read_file(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, logger = SLICE_NONE, level = SLICE_NONE;
	int64_t ns = record->created_ns;
	bool named = take_vaultwarden(&rest, context, &logger, &level, &ns) &&
		     (slice_starts(logger, SLICE_LIT("vaultwarden")) ||
			     slice_starts(logger, SLICE_LIT("bitwarden_rs")));
	bool taken =
		named || take_roundcube(&rest, context, &ns) || take_gitea(&rest, context, &ns);

	if (!taken && slice_absent(context->program) && !context->named)
		return PARSED_NOT_MINE;
	enum parse_result result = phrases_put(&phrases, record, context, rest, &noted);
	if (result == PARSED_PARTLY && !named && slice_absent(context->program))
		return PARSED_NOT_MINE;
	doubt_source(record);
	record->created_ns = ns;
	put(record, context, FIELD_LOG_LEVEL, level);
	put(record, context, FIELD_LOG_LOGGER, logger);
	put_over(record, context, FIELD_MESSAGE, rest);
	return result;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	enum parse_result result = PARSED;

	if (!read_grafana(record, context, context->message) &&
		!read_joomla(record, context, context->message))
		result = read_file(record, context);
	if (result != PARSED_NOT_MINE)
		context->message = SLICE_NONE;
	return result;
}

static const char *const programs[] = {"wordpress", "phpMyAdmin", "gitea", "forgejo", "gogs",
	"roundcube", "vaultwarden", "grafana", "grafana-server", "joomla", NULL};

const struct parser parser_webapps = {
	.number = 126,
	.roles = PARSER_ENVELOPE,
	.name = "webapps",
	.module = "webapps",
	.summary = "log-ins to WordPress, Joomla, phpMyAdmin, Gitea, Grafana, Vaultwarden, "
		   "Roundcube",
	.source = "WP fail2ban 4 and 5; Joomla 3 to 5, JLog formattedtext; phpMyAdmin 4.8 to "
		  "5.2, "
		  "AuthLog; Gitea 1.12 to 1.22, Fail2ban setup; Grafana 7 to 11, log; "
		  "Vaultwarden "
		  "wiki, Fail2Ban setup; Roundcube 1.2 to 1.6, log_logins",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS "[lt",
	.digits = DIGITS(ISO_T) | DIGITS(SLASHED),
	.parse = parse,
};
