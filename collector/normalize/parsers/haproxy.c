/*
 * haproxy - requests, connections and servers that come and go
 *
 *	CLIENT:PORT [STAMP] FRONTEND BACKEND/SERVER TR/Tw/Tc/Tr/Ta STATUS BYTES CC CS TERM
 *		A/F/B/S/R Q/Q [{REQUEST}] [{RESPONSE}] "GET / HTTP/1.1"
 *	CLIENT:PORT [STAMP] FRONTEND BACKEND/SERVER Tw/Tc/Tt BYTES TERM A/F/B/S/R Q/Q
 *	CLIENT:PORT [STAMP] FRONTEND/BIND: SSL handshake failure
 *	Connect from CLIENT:PORT to ADDRESS:PORT (FRONTEND/HTTP)
 *	Server BACKEND/SERVER is DOWN, reason: ...
 *
 * Administrators put words of their own between the parts: the times are found by their shape.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"

enum { WORDS_MAX = 8 };

static const struct meaning connection = {
	.action = {SLICE_BYTES("connection")},
	.category = {ECS_NETWORK},
	.category2 = {ECS_WEB},
	.type = {ECS_CONNECTION},
};
static const struct meaning broken = {
	.action = {SLICE_BYTES("connection_failed")},
	.category = {ECS_NETWORK},
	.category2 = {ECS_WEB},
	.type = {ECS_CONNECTION},
	.type2 = {ECS_ERROR},
};
static const struct meaning succeeded = {
	.category = {ECS_WEB},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning failed = {
	.category = {ECS_WEB},
	.outcome = {ECS_FAILURE},
};
static const struct meaning server_up = {
	.action = {SLICE_BYTES("server_up")},
	.category = {ECS_PROCESS},
	.type = {ECS_CHANGE},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning server_down = {
	.action = {SLICE_BYTES("server_down")},
	.category = {ECS_PROCESS},
	.type = {ECS_CHANGE},
	.outcome = {ECS_FAILURE},
};
static const struct meaning proxy_started = {
	.action = {SLICE_BYTES("proxy_started")},
	.category = {ECS_PROCESS},
	.type = {ECS_START},
};

struct line {
	struct slice host, port, frontend, backend, name;
	struct slice times, status, bytes, termination, request;
	int64_t ns;
};

/* "192.0.2.1:4711", "2001:db8::1:4711", "unix:1", "-:4711" */
static bool cut_endpoint(struct slice word, struct slice *host, struct slice *port)
{
	return cut_last(word, SLICE_LIT(":"), host, port) && all_digits(*port);
}

static void put_endpoint(struct record *record, struct parse_context *context, bool source,
	struct slice host, struct slice port)
{
	if (host.len > 1 && !slice_eq(host, SLICE_LIT("unix")))
		put_address(record, context, source ? FIELD_SOURCE_IP : FIELD_DESTINATION_IP,
			source ? FIELD_SOURCE_ADDRESS : FIELD_DESTINATION_ADDRESS, host);
	put_digits(record, context, source ? FIELD_SOURCE_PORT : FIELD_DESTINATION_PORT, port);
}

/* "0/0/1/0/2", "-1/-1/+300", of two or more numbers */
static bool is_times(struct slice word)
{
	bool slash = false;

	for (size_t i = 0; i < word.len; i++) {
		slash = slash || word.ptr[i] == '/';
		if (!is_digit(word.ptr[i]) && word.ptr[i] != '/' && word.ptr[i] != '-' &&
			word.ptr[i] != '+')
			return false;
	}
	return slash && is_digit(word.ptr[word.len - 1]);
}

static bool take_head(
	struct slice *rest, const struct parse_context *context, struct line *line)
{
	if (!cut_endpoint(take_word(rest), &line->host, &line->port) || !skip_lit(rest, " [") ||
		!take_stamp_clf(rest, context, &line->ns) || !skip_lit(rest, "] "))
		return false;
	line->frontend = take_word(rest);
	return line->frontend.len > 0;
}

/* "dvc.example.vn" */
static bool is_name(struct slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		char byte = (char)(word.ptr[i] | 0x20);

		if (!is_digit(word.ptr[i]) && (byte < 'a' || byte > 'z') &&
			word.ptr[i] != '.' && word.ptr[i] != '-')
			return false;
	}
	return slice_find(word, '.') < word.len && word.len > 3;
}

/* " backend/server ... times" */
static bool take_times(struct slice *rest, struct line *line)
{
	if (!skip_byte(rest, ' '))
		return false;
	line->backend = take_word(rest);
	if (slice_find(line->backend, '/') == line->backend.len)
		return false;
	for (unsigned i = 0; i < WORDS_MAX && skip_byte(rest, ' '); i++) {
		line->times = take_word(rest);
		if (is_times(line->times))
			return true;
		if (is_name(line->times)) /* the Host header, captured */
			line->name = line->times;
	}
	return false;
}

/* The request stands behind the first quote, since HAProxy escapes those of captured headers,
 * and goes on to the end; it may hold quotes itself. */
static void take_request(struct slice rest, struct line *line)
{
	size_t at = slice_search(rest, SLICE_LIT(" \""));

	if (at == rest.len)
		return;
	rest = slice_from(rest, at + 2);
	line->request = slice_head(rest, rest.len - slice_ends(rest, SLICE_LIT("\"")));
}

static bool read_traffic(struct slice rest, struct line *line)
{
	if (!take_times(&rest, line) || !skip_byte(&rest, ' '))
		return false;
	struct slice first = take_word(&rest);
	(void)skip_byte(&rest, ' ');
	struct slice second = take_word(&rest);
	if (!slice_eq(first, SLICE_LIT("-1")) && !all_digits(first))
		return false;
	if (!all_digits(second)) {
		line->bytes = first;
		line->termination = second;
		return second.len == 2;
	}
	line->status = first;
	line->bytes = second;
	for (unsigned i = 0; i < 3 && skip_byte(&rest, ' '); i++)
		line->termination = take_word(&rest);
	take_request(rest, line);
	return true;
}

static void put_traffic(
	struct record *record, struct parse_context *context, const struct line *line)
{
	if (slice_absent(line->status))
		put_meaning(record, context, &connection);
	else
		put_meaning(record, context,
			line->status.len == 3 && line->status.ptr[0] < '4' ? &succeeded
									   : &failed);
	put_digits(record, context, FIELD_HTTP_RESPONSE_STATUS_CODE, line->status);
	put_digits(record, context,
		slice_absent(line->status) ? FIELD_DESTINATION_BYTES
					   : FIELD_HTTP_RESPONSE_BYTES,
		line->bytes);
	if (!slice_absent(line->request))
		access_log_put_request(record, context, line->request);
	put_some(record, context, FIELD_DESTINATION_DOMAIN, line->name);
	put_some(record, context, FIELD_DESTINATION_ADDRESS, line->name);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("frontend"), line->frontend);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("backend"), line->backend);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("termination_state"),
		line->termination);
}

static bool read_line(struct record *record, struct parse_context *context, struct slice rest)
{
	struct line line = {0};

	if (!take_head(&rest, context, &line))
		return false;
	bool error = slice_ends(line.frontend, SLICE_LIT(":")) && skip_byte(&rest, ' ');
	if (!error && !read_traffic(rest, &line))
		return false;
	record->created_ns = line.ns;
	if (error) {
		put_meaning(record, context, &broken);
		put_over(record, context, FIELD_MESSAGE, rest);
		put(record, context, FIELD_EVENT_REASON, rest);
	} else {
		put_traffic(record, context, &line);
	}
	put_endpoint(record, context, true, line.host, line.port);
	return true;
}

/* "192.0.2.1:4711 to 192.0.2.2:80 (frontend/HTTP)" */
static bool read_connect(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice from = take_word(&rest), host, port;

	if (!cut_endpoint(from, &host, &port) || !skip_lit(&rest, " to "))
		return false;
	put_meaning(record, context, &connection);
	put_endpoint(record, context, true, host, port);
	if (cut_endpoint(take_word(&rest), &host, &port))
		put_endpoint(record, context, false, host, port);
	return true;
}

/* "web/node1 is DOWN, reason: Layer4 timeout" */
static bool read_server(struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice name = take_word(&rest);
	bool up = skip_lit(&rest, " is UP");

	if (!up && !skip_lit(&rest, " is DOWN") && !skip_lit(&rest, " has no server available"))
		return false;
	put_meaning(record, context, up ? &server_up : &server_down);
	put_some(record, context, FIELD_SERVICE_NAME, name);
	return true;
}

static bool read_notice(struct record *record, struct parse_context *context, struct slice rest)
{
	if (skip_lit(&rest, "Connect from "))
		return read_connect(record, context, rest);
	if (skip_lit(&rest, "Server ") || skip_lit(&rest, "backend ") ||
		skip_lit(&rest, "proxy "))
		return read_server(record, context, rest);
	if (skip_lit(&rest, "Proxy ") && slice_ends(rest, SLICE_LIT(" started."))) {
		put_meaning(record, context, &proxy_started);
		put_some(record, context, FIELD_SERVICE_NAME, take_word(&rest));
		return true;
	}
	return false;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;

	if (!read_line(record, context, rest) && !read_notice(record, context, rest))
		return PARSED_NOT_MINE;
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"haproxy", NULL};

const struct parser parser_haproxy = {
	.number = 35,
	.roles = PARSER_ENVELOPE,
	.name = "haproxy",
	.module = "haproxy",
	.summary = "HAProxy: requests, connections, errors, servers up and down",
	.source = "HAProxy 1.5 to 3.0 Configuration Manual, chapter 8",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS "abcdefABCDEFu:-",
	.digits = DIGITS_ADDRESS,
	.parse = parse,
};
