/*
 * app-server - requests that small web servers and control panels log in forms of their own
 *
 *	INFO:     203.0.113.9:51000 - "POST /login HTTP/1.1" 401 Unauthorized         Uvicorn
 *	[2026-03-07 10:00:00 +0700] info [cpaneld] 203.0.113.9 - an "POST /login/ HTTP/1.1"
 *		FAILED LOGIN cpaneld: invalid cpanel user an                          cPanel
 *	2026/03/07 10:00:00 /api/login: 403 203.0.113.9 <nil>                    File Browser
 *	2026/03/07 10:00:00 [2026-03-07 10:00:00.1] [router:host-http] [origin:a.vn]
 *		[client: 203.0.113.9] [useragent: x] GET /a 200                        Zoraxy
 */
#include "collector/normalize/families/access_log.h"
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

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, level = SLICE_NONE;
	struct phrases *phrases = &request_phrases;
	int64_t ns = record->created_ns;

	if (rest.len > 0 && is_digit(rest.ptr[0])) {
		if (!take_stamp_slashed(&rest, context, &ns) || !skip_byte(&rest, ' '))
			return PARSED_NOT_MINE;
		read_finer(rest, context, &ns);
	} else if (skip_byte(&rest, '[')) {
		if (!take_stamp_any(&rest, context, &ns) || !skip_lit(&rest, "] "))
			return PARSED_NOT_MINE;
		phrases = &login_phrases;
	} else if (!take_level(&rest, &level)) {
		return PARSED_NOT_MINE;
	}
	const struct phrase *phrase = phrases_read(phrases, record, context, rest);
	if (phrase == NULL)
		return PARSED_NOT_MINE;
	if (phrase->meaning == NULL && !access_log_put_refused_login(record, context))
		access_log_put_outcome(
			record, context, record_get(record, FIELD_HTTP_RESPONSE_STATUS_CODE));
	record->created_ns = ns;
	put(record, context, FIELD_LOG_LEVEL, level);
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_app_server = {
	.number = 140,
	.roles = PARSER_ENVELOPE,
	.name = "app-server",
	.module = "app_server",
	.summary = "requests and log-ins of Uvicorn, cPanel, File Browser, Zoraxy",
	.source = "Uvicorn, logging.py AccessFormatter; cPanel documentation, The cPanel Log "
		  "Files (login_log); File Browser http/http.go; Zoraxy logger/trafficlog.go",
	.first_bytes = FIRST_BYTES_DIGITS "[IWEDC",
	.digits = DIGITS(SLASHED),
	.parse = parse,
};
