/*
 * caddy - access log and server log of the web server Caddy, in JSON
 *
 *	{"level":"info","ts":1772852400.123,"logger":"http.log.access","msg":"handled request",
 *	 "request":{"remote_ip":"192.0.2.1","method":"GET","host":"a.vn","uri":"/",
 *	 "headers":{"User-Agent":["curl/8.0"]}},"user_id":"","duration":0.0009,"status":200}
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/documents.h"

static const struct meaning noted = {.category = {ECS_WEB}, .type = {ECS_INFO}};
static const struct meaning error = {.category = {ECS_WEB}, .type = {ECS_ERROR}};

static const struct name_entry entries[] = {
	NAME("level", FIELD_LOG_LEVEL),
	NAME("ts", NAME_TIME),
	NAME("logger", FIELD_LOG_LOGGER),
	NAME("msg", NAME_MESSAGE),
	NAME("error", FIELD_ERROR_MESSAGE),
	NAME("err_id", FIELD_EVENT_ID),
	NAME("request.remote_ip", FIELD_SOURCE_IP),
	NAME("request.remote_addr", NAME_SOURCE), /* until 2.5 */
	NAME("request.remote_port", FIELD_SOURCE_PORT),
	NAME("request.client_ip", FIELD_CLIENT_IP),
	NAME("request.proto", NAME_HTTP_VERSION),
	NAME("request.method", FIELD_HTTP_REQUEST_METHOD),
	NAME("request.host", FIELD_URL_DOMAIN),
	NAME("request.uri", FIELD_URL_ORIGINAL),
	NAME("request.headers.User-Agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("request.headers.Referer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("request.headers.Authorization", NAME_DROPPED),
	NAME("request.headers.Cookie", NAME_DROPPED),
	NAME("request.tls.server_name", FIELD_TLS_CLIENT_SERVER_NAME),
	NAME("bytes_read", FIELD_HTTP_REQUEST_BODY_BYTES),
	NAME("user_id", FIELD_USER_NAME),
	NAME("size", FIELD_HTTP_RESPONSE_BODY_BYTES),
	NAME("status", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("resp_headers.Set-Cookie", NAME_DROPPED),
};
static struct name_table names = NAME_TABLE(entries);

/* A request, or what the server says in a logger of its own. */
static bool is_mine(struct parse_context *context)
{
	static const char *const request[] = {
		"logger", "msg", "request.method", "request.uri", NULL};
	static const char *const server[] = {"level", "ts", "logger", "msg", NULL};
	struct slice logger;

	if (document_read(context, request))
		return true;
	if (!document_read(context, server))
		return false;
	logger = pairs_get_lit(context->pairs, "logger");
	return slice_starts(logger, SLICE_LIT("http.")) ||
	       slice_starts(logger, SLICE_LIT("tls.")) ||
	       slice_eq(logger, SLICE_LIT("admin")) ||
	       slice_starts(logger, SLICE_LIT("admin.")) ||
	       slice_starts(logger, SLICE_LIT("caddy"));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	if (!is_mine(context))
		return PARSED_NOT_MINE;
	enum parse_result result = document_put(record, context, &names);
	struct slice status = record_get(record, FIELD_HTTP_RESPONSE_STATUS_CODE);

	if (status.len == 3)
		access_log_put_outcome(record, context, status);
	else
		put_meaning(record, context,
			slice_eq(record_get(record, FIELD_LOG_LEVEL), SLICE_LIT("error"))
				? &error
				: &noted);
	return result;
}

static const char *const programs[] = {"caddy", NULL};

const struct parser parser_caddy = {
	.number = 108,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "caddy",
	.module = "caddy",
	.summary = "Caddy: access and server log in JSON",
	.source =
		"Caddy 2.4 to 2.8, log directive; modules/caddyhttp/logging.go, marshalers.go",
	.programs = programs,
	.first_bytes = FIRST_BYTES_JSON,
	.parse = parse,
};
