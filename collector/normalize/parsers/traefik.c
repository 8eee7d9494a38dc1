/*
 * traefik - access log of the proxy Traefik
 *
 *	192.0.2.1 - an [07/Mar/2026:03:00:00 +0000] "GET / HTTP/1.1" 200 19 "-" "-" 1
 *		"portal@docker" "http://192.0.2.80:80" 3ms                        common
 *	{"ClientAddr":"192.0.2.1:51000","RequestPath":"/",...}                    json
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/endpoint.h"
#include "collector/normalize/text/phrases.h"

static const struct meaning served = {
	.category = {ECS_WEB}, .type = {ECS_ACCESS}, .outcome = {ECS_SUCCESS}};
static const struct meaning failed = {
	.category = {ECS_WEB}, .type = {ECS_ACCESS}, .outcome = {ECS_FAILURE}};

static const struct name_entry entries[] = {
	NAME("time", NAME_TIME),
	NAME("StartUTC", NAME_TIME),
	NAME("StartLocal", NAME_DROPPED),
	NAME("level", FIELD_LOG_LEVEL),
	NAME("msg", NAME_MESSAGE),
	NAME("ClientAddr", NAME_SOURCE),
	NAME("ClientHost", NAME_DROPPED),
	NAME("ClientPort", NAME_DROPPED),
	NAME("ClientUsername", FIELD_OTHER_VALUE),
	NAME("DownstreamContentSize", FIELD_HTTP_RESPONSE_BODY_BYTES),
	NAME("DownstreamStatus", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("Duration", FIELD_EVENT_DURATION),
	NAME("RequestAddr", NAME_DROPPED),
	NAME("RequestContentSize", FIELD_HTTP_REQUEST_BODY_BYTES),
	NAME("RequestHost", FIELD_URL_DOMAIN),
	NAME("RequestMethod", FIELD_HTTP_REQUEST_METHOD),
	NAME("RequestPath", FIELD_URL_ORIGINAL),
	NAME("RequestPort", FIELD_OTHER_VALUE),
	NAME("RequestProtocol", NAME_HTTP_VERSION),
	NAME("RequestScheme", FIELD_URL_SCHEME),
	NAME("TLSVersion", FIELD_TLS_VERSION),
	NAME("TLSCipher", FIELD_TLS_CIPHER),
	NAME("ServiceAddr", NAME_DROPPED), /* read below */
	NAME("ServiceURL", NAME_DROPPED),
	NAME("ServiceURL.Host", NAME_DROPPED),
	NAME("request_User-Agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("request_Referer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("request_X-Forwarded-For", NAME_FORWARDED),
};
static struct name_table names = NAME_TABLE(entries);

/* "http://192.0.2.80:80", "192.0.2.80:80" */
static void put_server(struct record *record, struct parse_context *context, struct slice url)
{
	if (slice_absent(url) || slice_eq(url, SLICE_LIT("-")))
		return;
	size_t at = slice_search(url, SLICE_LIT("://"));
	struct slice host = at < url.len ? slice_from(url, at + 3) : url;
	put_endpoint(
		record, context, &endpoint_server, slice_head(host, slice_find(host, '/')));
}

static enum parse_result read_json(struct record *record, struct parse_context *context)
{
	static const char *const needed[] = {
		"DownstreamStatus", "RequestMethod", "RequestPath", NULL};

	if (!document_read(context, needed))
		return PARSED_NOT_MINE;
	struct slice status = pairs_get_lit(context->pairs, "DownstreamStatus");
	enum parse_result result = document_put(record, context, &names);

	put_meaning(record, context,
		status.len == 3 && status.ptr[0] < '4' && status.ptr[0] > '0' ? &served
									      : &failed);
	put_some(record, context, FIELD_USER_NAME,
		pairs_get_lit(context->pairs, "ClientUsername"));
	put_server(record, context, pairs_get_lit(context->pairs, "ServiceAddr"));
	return result;
}

/* The end of a line in common format: COUNT "ROUTER" "SERVER" MSms. No name holds a quote. */
struct tail {
	struct slice router, server, elapsed;
};

static bool take_tail(struct slice text, struct slice *line, struct tail *tail)
{
	struct slice count;

	if (!slice_ends(text, SLICE_LIT("ms")) ||
		!cut_last(text, SLICE_LIT("\" "), &text, &tail->elapsed) ||
		!cut_last(text, SLICE_LIT(" \""), &text, &tail->server) ||
		!slice_ends(text, SLICE_LIT("\"")))
		return false;
	text.len--;
	tail->elapsed.len -= 2;
	return all_digits(tail->elapsed) &&
	       cut_last(text, SLICE_LIT(" \""), &text, &tail->router) &&
	       cut_last(text, SLICE_LIT(" "), line, &count) && all_digits(count);
}

static enum parse_result read_common(struct record *record, struct parse_context *context)
{
	struct slice line;
	struct tail tail;
	uint64_t ms;

	if (!take_tail(context->message, &line, &tail))
		return PARSED_NOT_MINE;
	context->message = line;
	if (access_log_parse(record, context, ACCESS_LOG_ANY) != PARSED)
		return PARSED_NOT_MINE;
	if (!slice_eq(tail.router, SLICE_LIT("-")))
		put_other(record, context, FIELD_OTHER, SLICE_LIT("RouterName"), tail.router);
	put_server(record, context, tail.server);
	if (slice_to_u64(tail.elapsed, UINT32_MAX, &ms))
		put_number(record, context, FIELD_EVENT_DURATION, ms * 1000000);
	return PARSED;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;

	return text.len > 0 && text.ptr[0] == '{' ? read_json(record, context)
						  : read_common(record, context);
}

static const char *const programs[] = {"traefik", NULL};

const struct parser parser_traefik = {
	.number = 107,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "traefik",
	.module = "traefik",
	.summary = "Traefik: access log, common and JSON",
	.source = "Traefik 2 and 3, Access Logs; pkg/middlewares/accesslog/logdata.go",
	.programs = programs,
	.first_bytes = FIRST_BYTES_JSON FIRST_BYTES_DIGITS "abcdef:[",
	.digits = DIGITS_ADDRESS,
	.parse = parse,
};
