/*
 * nginx - access log; in auto mode also that of any server that writes like it
 */
#include "collector/normalize/families/access_log.h"

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	return access_log_parse(record, context, ACCESS_LOG_NGINX);
}

static const char *const programs[] = {"nginx", NULL};

const struct parser parser_nginx = {
	.number = 12,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "nginx",
	.module = "nginx",
	.summary = "nginx access log, also with virtual host and forwarded address",
	.source = "nginx ngx_http_log_module, format \"combined\"",
	.programs = programs,
	.parse = parse,
};
