/*
 * access_log - one request of a web server: common, combined and vhost formats
 *
 * nginx and Apache write the same lines; their parsers differ in the module
 * they claim. Reads context->message.
 */
#ifndef COLLECTOR_NORMALIZE_ACCESS_LOG_H
#define COLLECTOR_NORMALIZE_ACCESS_LOG_H

#include "collector/normalize/parser.h"

enum access_log_style {
	ACCESS_LOG_NGINX, /* has an agent, "0" for no bytes, a virtual host without port */
	ACCESS_LOG_ANY,
};

/* A line of another style is not claimed. */
enum parse_result access_log_parse(
	struct record *record, struct parse_context *context, enum access_log_style style);

/* "GET /index.html HTTP/1.1", without the quotes, into its fields. */
void access_log_put_request(
	struct record *record, struct parse_context *context, struct slice request);

/* "..." with backslash escapes: the inside, still escaped. *rest moves only when it is true. */
bool access_log_take_quoted(struct slice *rest, struct slice *text);

/* "/a/b.html?c=d", "http://host/a": url.original and its parts. */
void access_log_put_url(struct record *record, struct parse_context *context, struct slice url);

/* The same where the scheme is left out, as firewalls do: "host:port/path". */
void access_log_put_bare_url(
	struct record *record, struct parse_context *context, struct slice url);

/* url.extension of a path, when it has one. */
void access_log_put_extension(
	struct record *record, struct parse_context *context, struct slice path);

/*
 * A POST to a page for log-ins that was answered 401 or 403: a refused password, and nothing
 * else. False, with nothing added, when the record's request is another.
 */
bool access_log_put_refused_login(struct record *record, struct parse_context *context);

/* event.category web, type access, and by the status code whether it went well. */
void access_log_put_outcome(
	struct record *record, struct parse_context *context, struct slice status);

#endif
