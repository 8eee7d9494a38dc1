/*
 * w3c - extended log files of whoever writes them, by the "#Fields:" of the file (w3c.h)
 *
 * IIS' own are the parser iis'; Exchange's, which have commas, are exchange's.
 */
#include "collector/normalize/families/w3c.h"
#include "collector/normalize/text/extract.h"

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	if (!w3c_is_directive(context->message))
		return w3c_parse_line(record, context);
	return w3c_parse_directive(record, context);
}

const struct parser parser_w3c = {
	.number = 137,
	.roles = PARSER_ENVELOPE,
	.name = "w3c",
	.module = "w3c",
	.summary = "W3C extended logs with #Fields: Windows firewall, Blue Coat, CloudFront",
	.source = "W3C WD-logfile-960323; Microsoft Learn, Windows Firewall logging; Broadcom, "
		  "ELFF of SGOS; AWS, CloudFront standard logs",
	.first_bytes = "#",
	.parse = parse,
};
