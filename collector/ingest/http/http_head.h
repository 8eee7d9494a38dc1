/*
 * http_head - the head of an HTTP/1.1 request, read strictly (RFC 9112, RFC 9110)
 *
 * What two programs could read in two ways is refused, so that no proxy in front
 * of us sees other requests than we do: folded lines, blanks before a colon,
 * bare line feeds, both a length and chunks, two lengths, two hosts.
 *
 * Slices point into the text that was given. Any thread. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_HTTP_HEAD_H
#define COLLECTOR_INGEST_HTTP_HEAD_H

#include "common/slice.h"

enum { HTTP_FIELDS_MAX = 100 };

enum http_method {
	HTTP_GET = 1 << 0,
	HTTP_HEAD = 1 << 1,
	HTTP_POST = 1 << 2,
	HTTP_PUT = 1 << 3,
	HTTP_DELETE = 1 << 4,
	HTTP_OTHER_METHOD = 1 << 5,
};

enum http_framing {
	HTTP_NO_BODY, /* neither a length nor chunks were said */
	HTTP_LENGTH,
	HTTP_CHUNKED,
};

/* Absent where the request has no such field. */
struct http_head {
	enum http_method method;
	unsigned minor;     /* of HTTP/1 */
	struct slice path;  /* begins with '/'; as it was sent, %XX too */
	struct slice query; /* behind the '?'; absent = there is none */
	struct slice host, content_type, content_encoding, authorization;
	struct slice user_agent;
	enum http_framing framing;
	uint64_t length; /* of HTTP_LENGTH */
	bool expects_continue;
	bool keeps_alive; /* the connection, after its answer */
};

/* What is wrong with a request: how it is answered, and in words. */
struct http_trouble {
	unsigned status; /* 0 = nothing */
	const char *why; /* a constant of the program */
};

/* `text`: request line and fields, each with its CR LF, without the empty line. */
struct http_trouble http_head_parse(struct slice text, struct http_head *head);

/* A trailer field may be anything that is a field. */
MUST_USE bool http_is_field(struct slice line);

/* May the byte stand in a head? */
static inline bool http_is_head_byte(unsigned char byte)
{
	return (byte >= ' ' && byte != 0x7f) || byte == '\t' || byte == '\r' || byte == '\n';
}

/* The value of a query's parameter, as it was sent; absent: it is not there. */
struct slice http_query_value(struct slice query, struct slice name);

#endif
