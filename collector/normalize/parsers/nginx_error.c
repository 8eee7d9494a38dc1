/*
 * nginx-error - "2016/10/25 14:49:34 [error] 54053#0: *1 text, client: 192.0.2.1, server: x,
 * ..."
 *
 * The text may quote what a client sent; the pairs are read from its end, by
 * the names nginx gives them.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/modsecurity.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"

static const struct meaning error = {
	.category = {ECS_WEB},
	.type = {ECS_ERROR},
};

/* The value behind the last `name`, quoted or up to the next comma. */
static struct slice pair(struct slice text, struct slice name)
{
	struct slice before, value, quoted;

	if (!cut_last(text, name, &before, &value))
		return SLICE_NONE;
	if (skip_byte(&value, '"'))
		return take_until(&value, '"', &quoted) ? quoted : SLICE_NONE;
	return slice_head(value, slice_find(value, ','));
}

/* "54053#0: " */
static bool take_process(
	struct slice *rest, struct slice *pid, struct slice *thread, struct slice *connection)
{
	if (!take_digits(rest, pid) || !skip_byte(rest, '#') || !take_digits(rest, thread) ||
		!skip_lit(rest, ": "))
		return false;
	if (skip_byte(rest, '*')) {
		(void)take_digits(rest, connection);
		skip_blanks(rest);
	}
	return true;
}

static void put_request(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice client = pair(text, SLICE_LIT(", client: "));

	if (slice_absent(client))
		return;
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, client);
	access_log_put_request(record, context, pair(text, SLICE_LIT(", request: ")));
	struct slice host = pair(text, SLICE_LIT(", host: "));
	if (slice_absent(host))
		host = pair(text, SLICE_LIT(", server: "));
	if (!slice_eq(host, SLICE_LIT("_"))) /* nginx's name for "any" */
		put_some(record, context, FIELD_URL_DOMAIN,
			slice_head(host, slice_find(host, ':')));
	put_some(record, context, FIELD_HTTP_REQUEST_REFERRER,
		pair(text, SLICE_LIT(", referrer: ")));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, level, pid, thread, connection;
	int64_t ns;

	if (!take_stamp_slashed(&rest, context, &ns) || !skip_lit(&rest, " [") ||
		!take_until(&rest, ']', &level) || !skip_byte(&rest, ' ') ||
		!take_process(&rest, &pid, &thread, &connection))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put(record, context, FIELD_LOG_LEVEL, level);
	put_digits(record, context, FIELD_PROCESS_PID, pid);
	put_digits(record, context, FIELD_PROCESS_THREAD_ID, thread);
	put_over(record, context, FIELD_MESSAGE, rest);
	put_request(record, context, rest);
	if (modsecurity_take_mark(&rest))
		modsecurity_put(record, context, rest);
	else
		put_meaning(record, context, &error);
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"nginx", NULL};

const struct parser parser_nginx_error = {
	.number = 13,
	.roles = PARSER_ENVELOPE,
	.name = "nginx-error",
	.module = "nginx",
	.summary = "nginx error log",
	.source = "nginx src/core/ngx_log.c, src/http/ngx_http_request.c",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS,
	.digits = DIGITS(SLASHED),
	.parse = parse,
};
