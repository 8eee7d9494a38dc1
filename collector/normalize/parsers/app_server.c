/*
 * app-server - requests that small web servers and control panels log in forms of their own
 *
 *	INFO:     203.0.113.9:51000 - "POST /login HTTP/1.1" 401 Unauthorized         Uvicorn
 *	[2026-03-07 10:00:00 +0700] info [cpaneld] 203.0.113.9 - an "POST /login/ HTTP/1.1"
 *		FAILED LOGIN cpaneld: invalid cpanel user an                          cPanel
 *	2026/03/07 10:00:00 /api/login: 403 203.0.113.9 <nil>                    File Browser
 *	2026/03/07 10:00:00 [2026-03-07 10:00:00.1] [router:host-http] [origin:a.vn]
 *		[client: 203.0.113.9] [useragent: x] GET /a 200                        Zoraxy
 *	[GIN] 2026/03/07 - 10:00:00 | 401 | 13.1µs | 203.0.113.9 | POST     "/login"     Gin
 *	Started POST "/login" for 203.0.113.9 at 2026-03-07 10:00:00 +0700               Rails
 *	203.0.113.9 - - [07/Mar/2026 10:00:00] "POST /login HTTP/1.1" 401 -           Werkzeug
 *	[07/Mar/2026 10:00:00] "POST /login HTTP/1.1" 401 12                            Django
 *	[Sat Mar  7 10:00:00 2026] 203.0.113.9:4711 [200]: GET /index.php                  PHP
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/endpoint.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct meaning refused = MEANS("web_login", .category = {ECS_AUTHENTICATION},
	.category2 = {ECS_WEB}, .type = {ECS_START}, .outcome = {ECS_FAILURE});

/* Their meaning is that of the status. */
static const struct phrase requests[] = {
	{"{source:} - \"{request}\" {http.response.status_code}", NULL},
	{"{source:} - \"{request}\" {http.response.status_code} {}", NULL},
	{"{url+}: {http.response.status_code} {source.ip} {}", NULL},
	{"[{}] [router:{}] [origin:{url.domain}] [client: {source.ip}] "
	 "[useragent: {user_agent.original*}] {http.request.method+} {url+} "
	 "{http.response.status_code}",
		NULL},
};
static struct phrases request_phrases = PHRASES(requests);

static const struct phrase logins[] = {
	{"info [{.service}] {source.ip} - {user.name*} \"{request}\" FAILED LOGIN {}: "
	 "{event.reason}",
		&refused},
};
static struct phrases login_phrases = PHRASES(logins);

/* Behind a stamp in brackets: Django's and PHP's own servers; Werkzeug's, whose client stands
 * before it. */
static const struct phrase stamped[] = {
	{"\"{request}\" {http.response.status_code} {http.response.body.bytes}", NULL},
	{"\"{request}\" {http.response.status_code} -", NULL},
	{"{source:} [{http.response.status_code}]: {http.request.method+} {url}", NULL},
};
static struct phrases stamped_phrases = PHRASES(stamped);

static const struct phrase of_gin[] = {
	{"| {http.response.status_code} | {.elapsed+} | {source.ip} | {http.request.method+} "
	 "\"{url}\"",
		NULL},
};
static struct phrases gin_phrases = PHRASES(of_gin);

/* The answer is told in a line of its own. */
static const struct meaning requested = {.category = {ECS_WEB}, .type = {ECS_ACCESS}};
static const struct phrase of_rails[] = {
	{"Started {http.request.method+} \"{url}\" for {source.ip} at {}", &requested},
};
static struct phrases rails_phrases = PHRASES(of_rails);

struct head {
	struct slice level, client; /* or absent */
	int64_t ns;
};

/* "INFO:     ", of Uvicorn's own formatter */
static bool take_level(struct slice *rest, struct slice *level)
{
	struct slice at = *rest;

	if (!take_until(&at, ':', level) || level->len < 4 || level->len > 8 || at.len == 0 ||
		at.ptr[0] != ' ')
		return false;
	for (size_t i = 0; i < level->len; i++) {
		if (level->ptr[i] < 'A' || level->ptr[i] > 'Z')
			return false;
	}
	skip_blanks(&at);
	*rest = at;
	return true;
}

/* "[2026-03-07 10:00:00.123456] " behind the logger's own stamp: when it happened. */
static void read_finer(struct slice rest, const struct parse_context *context, int64_t *ns)
{
	int64_t finer;

	if (skip_byte(&rest, '[') && take_stamp_any(&rest, context, &finer) &&
		skip_lit(&rest, "] "))
		*ns = finer;
}

/* "203.0.113.9 - - [07/Mar/2026 10:00:00] ": a blank where others have a colon */
static bool take_werkzeug(struct slice *rest, const struct parse_context *context,
	struct slice *client, int64_t *ns)
{
	enum { DATE_LEN = sizeof("[07/Mar/2026") - 1 };
	const size_t bracket = slice_find(*rest, '[');
	struct slice at = *rest;

	if (bracket + DATE_LEN >= rest->len || rest->ptr[bracket + DATE_LEN] != ' ')
		return false;
	*client = take_word(&at);
	if (!is_address(*client) || !skip_lit(&at, " - - [") ||
		!take_stamp_any(&at, context, ns) || !skip_lit(&at, "] "))
		return false;
	*rest = at;
	return true;
}

/* "[GIN] 2026/03/07 - 10:00:00 " */
static bool take_gin(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	enum { DATE_LEN = 10, TIME_LEN = 8 };
	char text[DATE_LEN + 1 + TIME_LEN];
	struct slice at = *rest, stamp = slice_of(text, sizeof(text));

	if (!skip_lit(&at, "[GIN] ") || at.len < DATE_LEN + 3 + TIME_LEN + 1 ||
		!slice_starts(slice_from(at, DATE_LEN), SLICE_LIT(" - ")))
		return false;
	memcpy(text, at.ptr, DATE_LEN);
	text[DATE_LEN] = ' ';
	memcpy(text + DATE_LEN + 1, at.ptr + DATE_LEN + 3, TIME_LEN);
	at = slice_from(at, DATE_LEN + 3 + TIME_LEN);
	if (!take_stamp_slashed(&stamp, context, ns) || stamp.len > 0 || !skip_byte(&at, ' '))
		return false;
	*rest = at;
	return true;
}

/* "Started GET ... at 2026-03-07 10:00:00 +0700" */
static bool take_rails(struct slice rest, const struct parse_context *context, int64_t *ns)
{
	struct slice before, stamp;

	return slice_starts(rest, SLICE_LIT("Started ")) &&
	       cut_last(rest, SLICE_LIT(" at "), &before, &stamp) &&
	       take_stamp_any(&stamp, context, ns);
}

/* "[2026-03-07 10:00:00 +0700] " and a log-in or a request */
static bool take_bracket(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct slice at = *rest;

	if (!skip_byte(&at, '[') || !take_stamp_any(&at, context, ns) || !skip_lit(&at, "] "))
		return false;
	*rest = at;
	return true;
}

/* The phrases that a line's head is followed by, and what the head says; NULL = not ours. */
static struct phrases *take_head(
	struct slice *rest, const struct parse_context *context, struct head *head)
{
	if (rest->len > 0 && is_digit(rest->ptr[0])) {
		if (take_werkzeug(rest, context, &head->client, &head->ns))
			return &stamped_phrases;
		head->client = SLICE_NONE;
		if (!take_stamp_slashed(rest, context, &head->ns) || !skip_byte(rest, ' '))
			return NULL;
		read_finer(*rest, context, &head->ns);
		return &request_phrases;
	}
	if (take_gin(rest, context, &head->ns))
		return &gin_phrases;
	if (take_bracket(rest, context, &head->ns))
		return slice_starts(*rest, SLICE_LIT("info [")) ? &login_phrases
								: &stamped_phrases;
	if (take_rails(*rest, context, &head->ns))
		return &rails_phrases;
	return take_level(rest, &head->level) ? &request_phrases : NULL;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct head head = {
		.level = SLICE_NONE, .client = SLICE_NONE, .ns = record->created_ns};
	struct slice rest = context->message;
	struct phrases *phrases = take_head(&rest, context, &head);
	const struct phrase *phrase =
		phrases == NULL ? NULL : phrases_read(phrases, record, context, rest);

	if (phrase == NULL)
		return PARSED_NOT_MINE;
	if (phrase->meaning == NULL && !access_log_put_refused_login(record, context))
		access_log_put_outcome(
			record, context, record_get(record, FIELD_HTTP_RESPONSE_STATUS_CODE));
	record->created_ns = head.ns;
	put(record, context, FIELD_LOG_LEVEL, head.level);
	if (!slice_absent(head.client))
		put_only_address(record, context, FIELD_SOURCE_IP, head.client);
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_app_server = {
	.number = 140,
	.roles = PARSER_ENVELOPE,
	.name = "app-server",
	.module = "app_server",
	.summary = "requests and log-ins of Uvicorn, cPanel, File Browser, Zoraxy, Gin, Rails, "
		   "and the servers that Django, Flask and PHP have for themselves",
	.source = "Uvicorn, logging.py AccessFormatter; cPanel documentation, The cPanel Log "
		  "Files (login_log); File Browser http/http.go; Zoraxy logger/trafficlog.go; "
		  "Gin 1.9, defaultLogFormatter; Rails 5 to 8, Rails::Rack::Logger; Werkzeug "
		  "serving.py; Django core/servers/basehttp.py; PHP 7 and 8, php_cli_server.c",
	.first_bytes = FIRST_BYTES_DIGITS "[IWEDCS",
	.digits = DIGITS(SLASHED) | DIGITS_ADDRESS,
	.parse = parse,
};
