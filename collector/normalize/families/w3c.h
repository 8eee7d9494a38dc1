/*
 * w3c - extended log files, which name their columns in a line of their own
 *
 *	#Software: Microsoft Internet Information Services 10.0
 *	#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip ...
 *
 * The W3C's working draft WD-logfile-960323, and what is written in its form: IIS and its FTP
 * site, HTTP.sys, the Windows firewall, Blue Coat (Edge SWG), CloudFront. Values are divided by
 * blanks, or by tabs; those with blanks stand in quotes, but for Microsoft's, where '+' stands
 * for a blank. Times are UTC, unless "#Time Format: Local" says otherwise.
 *
 * The header remembered is SOFTWARE, a line end, FIELDS.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_W3C_H
#define COLLECTOR_NORMALIZE_W3C_H

#include "collector/normalize/parser.h"

/* "#Fields: ...", "#Version: 1.0": one of the draft's directives, or of theirs above. */
bool w3c_is_directive(struct slice line);

/* Whether a directive line, with what is remembered, is of a web server of Microsoft's. */
bool w3c_is_microsoft(struct slice header, struct slice line);

/* A directive: remembered, and said. */
enum parse_result w3c_parse_directive(struct record *record, struct parse_context *context);

/* A line in the columns that context->header names; PARSED_NOT_MINE when it is not, and
 * PARSED_DAMAGED when a value in quotes goes on behind them: a stranger's quote would make the
 * columns to come. */
enum parse_result w3c_parse_line(struct record *record, struct parse_context *context);

/* ---- for lines whose columns are told by their shape ------------------------------------ */

/* '+' back into blanks; the arena's, or the text itself when there is none. */
struct slice w3c_with_blanks(struct parse_context *context, struct slice text);

/* "HTTP/1.1" */
void w3c_put_version(struct record *record, struct parse_context *context, struct slice text);

/* Of a request: three digits, or anything else when it was never answered. */
void w3c_put_status(struct record *record, struct parse_context *context, struct slice status);

/* "/a" and "b=c", of which either may be "-" */
void w3c_put_target(struct record *record, struct parse_context *context, struct slice stem,
	struct slice query);

#endif
