/*
 * apache - access log of Apache httpd
 *
 * In auto mode a line goes to this parser when it looks like Apache's: no
 * agent (common format), a virtual host with port, or "-" for no bytes, which
 * nginx writes as 0.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"

/* "[STAMP] HOST PROTOCOL CIPHER "REQUEST" BYTES": ssl_request_log of mod_ssl */
static enum parse_result parse_ssl_request(struct record *record, struct parse_context *context)
{
	static const struct meaning access = {
		.category = {ECS_WEB},
		.type = {ECS_ACCESS},
	};
	struct slice rest = context->message, host, version, cipher, request;
	int64_t ns;

	if (!skip_byte(&rest, '[') || !take_stamp_clf(&rest, context, &ns) ||
		!skip_lit(&rest, "] "))
		return PARSED_NOT_MINE;
	host = take_word(&rest);
	skip_blanks(&rest);
	version = take_word(&rest);
	skip_blanks(&rest);
	cipher = take_word(&rest);
	if (!slice_starts(version, SLICE_LIT("TLSv")) &&
		!slice_starts(version, SLICE_LIT("SSLv")) && !slice_eq(version, SLICE_LIT("-")))
		return PARSED_NOT_MINE;
	if (!skip_lit(&rest, " \"") || !cut_last(rest, SLICE_LIT("\" "), &request, &rest))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put_meaning(record, context, &access);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, host);
	(void)skip_lit(&version, "TLSv");
	put_some(record, context, FIELD_TLS_VERSION, version);
	put_some(record, context, FIELD_TLS_CIPHER, cipher);
	access_log_put_request(record, context, request);
	put_digits(record, context, FIELD_HTTP_RESPONSE_BODY_BYTES, rest);
	context->message = SLICE_NONE;
	return PARSED;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	if (context->message.len > 0 && context->message.ptr[0] == '[')
		return parse_ssl_request(record, context);
	return access_log_parse(record, context, ACCESS_LOG_ANY);
}

static const char *const programs[] = {"apache", "apache2", "httpd", NULL};

const struct parser parser_apache = {
	.number = 14,
	.roles = PARSER_ENVELOPE,
	.name = "apache",
	.module = "apache",
	.summary = "Apache access log: common, combined, with virtual host; ssl_request_log",
	.source = "Apache httpd 2.2 and 2.4 mod_log_config, mod_ssl",
	.programs = programs,
	.parse = parse,
};
