/*
 * nginx-proxy - access logs of Nginx Proxy Manager and its kin, the stamp first
 *
 *	[STAMP] CACHE UPSTREAM STATUS - METHOD SCHEME HOST "URI" [Client ADDRESS] [Length N]
 *		[Gzip RATIO] [Sent-to SERVER] "AGENT" "REFERRER"
 *	[STAMP] STATUS - METHOD SCHEME HOST "URI" [Client ADDRESS] [Length N] [Gzip RATIO]
 *		"AGENT" "REFERRER"
 *	[STAMP] HOST ADDRESS SECONDS "REQUEST" STATUS BYTES[ LENGTH REFERRER AGENT]
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"

struct line {
	int64_t ns;
	struct slice address, host, status, bytes, agent, referrer;
	struct slice method, scheme, uri; /* or */
	struct slice request;
};

static bool is_status(struct slice word)
{
	return word.len == 3 && all_digits(word);
}

/* "[Client 192.0.2.1] " */
static bool take_labelled(struct slice *rest, struct slice label, struct slice *value)
{
	struct slice at = *rest;

	if (!skip_byte(&at, '[') || !skip_text(&at, label) || !skip_byte(&at, ' ') ||
		!take_until(&at, ']', value))
		return false;
	skip_blanks(&at);
	*rest = at;
	return true;
}

/* "HIT 200 200 - ", "- 404 200 - ", "200 - ": the status sent to the client is the last. */
static bool take_statuses(struct slice *rest, struct line *line)
{
	for (unsigned i = 0; i < 3; i++) {
		line->status = take_word(rest);
		if (!skip_byte(rest, ' '))
			return false;
		if (is_status(line->status) && skip_lit(rest, "- "))
			return true;
	}
	return false;
}

static bool read_labelled(struct slice rest, struct line *line)
{
	struct slice ignored;

	if (!take_statuses(&rest, line))
		return false;
	line->method = take_word(&rest);
	(void)skip_byte(&rest, ' ');
	line->scheme = take_word(&rest);
	(void)skip_byte(&rest, ' ');
	line->host = take_word(&rest);
	if (!skip_byte(&rest, ' ') || !access_log_take_quoted(&rest, &line->uri))
		return false;
	skip_blanks(&rest);
	if (!take_labelled(&rest, SLICE_LIT("Client"), &line->address))
		return false;
	(void)take_labelled(&rest, SLICE_LIT("Length"), &line->bytes);
	(void)take_labelled(&rest, SLICE_LIT("Gzip"), &ignored);
	(void)take_labelled(&rest, SLICE_LIT("Sent-to"), &ignored);
	if (access_log_take_quoted(&rest, &line->agent) && skip_byte(&rest, ' '))
		(void)access_log_take_quoted(&rest, &line->referrer);
	return true;
}

static bool read_plain(struct slice rest, struct line *line)
{
	struct slice seconds, length;

	line->host = take_word(&rest);
	(void)skip_byte(&rest, ' ');
	line->address = take_word(&rest);
	(void)skip_byte(&rest, ' ');
	seconds = take_word(&rest);
	if (seconds.len == 0 || !is_digit(seconds.ptr[0]) || !skip_byte(&rest, ' ') ||
		!access_log_take_quoted(&rest, &line->request) || !skip_byte(&rest, ' '))
		return false;
	line->status = take_word(&rest);
	(void)skip_byte(&rest, ' ');
	line->bytes = take_word(&rest);
	if (!is_status(line->status) || !all_digits(line->bytes))
		return false;
	if (skip_byte(&rest, ' ') && take_digits(&rest, &length) && skip_byte(&rest, ' ')) {
		line->referrer = take_word(&rest);
		if (skip_byte(&rest, ' '))
			line->agent = rest;
	}
	return true;
}

static void put_line(
	struct record *record, struct parse_context *context, const struct line *line)
{
	record->created_ns = line->ns;
	access_log_put_outcome(record, context, line->status);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, line->address);
	put_some(record, context, FIELD_URL_SCHEME, line->scheme);
	put_some(record, context, FIELD_URL_DOMAIN, line->host);
	if (slice_absent(line->uri)) {
		access_log_put_request(record, context, line->request);
	} else {
		put_some(record, context, FIELD_HTTP_REQUEST_METHOD, line->method);
		access_log_put_url(record, context, line->uri);
	}
	put_digits(record, context, FIELD_HTTP_RESPONSE_STATUS_CODE, line->status);
	put_digits(record, context, FIELD_HTTP_RESPONSE_BODY_BYTES, line->bytes);
	put_some(record, context, FIELD_HTTP_REQUEST_REFERRER, line->referrer);
	put_some(record, context, FIELD_USER_AGENT_ORIGINAL, line->agent);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	struct line labelled = {0}, plain = {0};
	int64_t ns;

	if (!skip_byte(&rest, '[') || !take_stamp_clf(&rest, context, &ns) ||
		!skip_lit(&rest, "] "))
		return PARSED_NOT_MINE;
	labelled.ns = plain.ns = ns;
	if (read_labelled(rest, &labelled))
		put_line(record, context, &labelled);
	else if (read_plain(rest, &plain))
		put_line(record, context, &plain);
	else
		return PARSED_NOT_MINE;
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_nginx_proxy = {
	.number = 32,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "nginx-proxy",
	.module = "nginx",
	.summary = "access logs of Nginx Proxy Manager, the stamp first",
	.source = "Nginx Proxy Manager 2, include/log-proxy.conf; NPMplus",
	.first_bytes = "[",
	.parse = parse,
};
