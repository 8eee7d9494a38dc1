/*
 * squid - access log and cache log of the proxy Squid
 *
 *	1772852400.123    310 192.0.2.1 TCP_MISS/200 1020 GET http://a.vn/ an
 *HIER_DIRECT/192.0.2.80 text/html squid 192.0.2.1 - an [07/Mar/2026:10:00:00 +0700] "GET
 *http://a.vn/ HTTP/1.1" 200 1020
 *		["REFERER" "AGENT"] TCP_MISS:HIER_DIRECT                     common, combined
 *	2026/03/07 10:00:00 kid1| text                                               cache.log
 *
 * Whoever asks chooses the URL and, without authentication, the user's name; Squid writes
 * blanks in them as %20. What is written behind the type (custom logformat) is kept as it is.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct meaning denied = {
	.action = {SLICE_BYTES("proxy_request_denied")},
	.category = {ECS_WEB},
	.category2 = {ECS_NETWORK},
	.type = {ECS_ACCESS},
	.type2 = {ECS_DENIED},
	.outcome = {ECS_FAILURE},
};
/* Beside what the formats of web servers say. */
static const struct meaning denied_too = {
	.action = {SLICE_BYTES("proxy_request_denied")},
	.category = {ECS_NETWORK},
	.type = {ECS_DENIED},
};
static const struct meaning served = {
	.action = {SLICE_BYTES("proxy_request")},
	.category = {ECS_WEB},
	.category2 = {ECS_NETWORK},
	.type = {ECS_ACCESS},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning failed = {
	.action = {SLICE_BYTES("proxy_request")},
	.category = {ECS_WEB},
	.category2 = {ECS_NETWORK},
	.type = {ECS_ACCESS},
	.outcome = {ECS_FAILURE},
};
static const struct meaning noted = {
	.category = {ECS_WEB},
	.type = {ECS_INFO},
};
static const struct meaning error = {
	.category = {ECS_WEB},
	.type = {ECS_ERROR},
};

/* ---- access log ------------------------------------------------------------------------- */

/* "TCP_MISS", "UDP_HIT", "NONE_NONE", "NONE" */
static bool is_result(struct slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		if ((word.ptr[i] < 'A' || word.ptr[i] > 'Z') && word.ptr[i] != '_')
			return false;
	}
	return slice_starts(word, SLICE_LIT("TCP_")) || slice_starts(word, SLICE_LIT("UDP_")) ||
	       slice_starts(word, SLICE_LIT("NONE"));
}

static void put_outcome(struct record *record, struct parse_context *context,
	struct slice result, struct slice status)
{
	if (slice_search(result, SLICE_LIT("DENIED")) < result.len)
		put_meaning(record, context, &denied);
	else if (slice_starts(status, SLICE_LIT("000")) || status.ptr[0] >= '4')
		put_meaning(record, context, &failed);
	else
		put_meaning(record, context, &served);
	put_some(record, context, FIELD_EVENT_REASON, result);
	if (!slice_eq(status, SLICE_LIT("000")))
		put_digits(record, context, FIELD_HTTP_RESPONSE_STATUS_CODE, status);
}

/* "a.vn:443" of CONNECT; other methods have a whole URL. */
static void put_url(struct record *record, struct parse_context *context, struct slice method,
	struct slice url)
{
	struct slice host, port;

	if (!slice_eq(method, SLICE_LIT("CONNECT"))) {
		access_log_put_url(record, context, url);
		return;
	}
	put(record, context, FIELD_URL_ORIGINAL, url);
	if (!cut_last(url, SLICE_LIT(":"), &host, &port) || !all_digits(port))
		return;
	put(record, context, FIELD_URL_DOMAIN, host);
	put_digits(record, context, FIELD_URL_PORT, port);
}

/* "HIER_DIRECT/192.0.2.80": how it was fetched, and from whom */
static void put_hierarchy(
	struct record *record, struct parse_context *context, struct slice word)
{
	struct slice peer = word;

	if (take_until(&peer, '/', &word) && !slice_eq(peer, SLICE_LIT("-")))
		put_address(
			record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, peer);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("hierarchy_status"), word);
}

struct native {
	struct slice elapsed, client, result, status, bytes, method, url, user, hierarchy, type;
	int64_t ns;
};

static bool take_epoch(struct slice *rest, int64_t *ns)
{
	struct slice word = take_word(rest);

	return word.len > 11 && slice_find(word, '.') == 10 && stamp_from_epoch(word, ns) &&
	       skip_byte(rest, ' ');
}

static bool take_native(struct slice rest, struct native *native)
{
	struct slice word;

	if (!take_epoch(&rest, &native->ns))
		return false;
	skip_blanks(&rest);
	if (!take_digits(&rest, &native->elapsed) || !skip_byte(&rest, ' '))
		return false;
	native->client = take_word(&rest);
	if (!skip_byte(&rest, ' '))
		return false;
	word = take_word(&rest);
	if (!take_until(&word, '/', &native->result) || !is_result(native->result) ||
		word.len != 3 || !all_digits(word) || !skip_byte(&rest, ' '))
		return false;
	native->status = word;
	native->bytes = take_word(&rest);
	skip_blanks(&rest);
	native->method = take_word(&rest);
	skip_blanks(&rest);
	native->url = take_word(&rest);
	skip_blanks(&rest);
	native->user = take_word(&rest);
	skip_blanks(&rest);
	native->hierarchy = take_word(&rest);
	skip_blanks(&rest);
	native->type = rest;
	return native->hierarchy.len > 0;
}

/* Nanoseconds of so many milliseconds. */
static void put_duration(
	struct record *record, struct parse_context *context, struct slice elapsed)
{
	uint64_t ms;

	if (slice_to_u64(elapsed, UINT32_MAX, &ms))
		put_number(record, context, FIELD_EVENT_DURATION, ms * 1000000);
}

static bool read_native(struct record *record, struct parse_context *context, struct slice text)
{
	struct native native;

	if (!take_native(text, &native))
		return false;
	record->created_ns = native.ns;
	put_outcome(record, context, native.result, native.status);
	put_duration(record, context, native.elapsed);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, native.client);
	put_digits(record, context, FIELD_HTTP_RESPONSE_BYTES, native.bytes);
	put_some(record, context, FIELD_HTTP_REQUEST_METHOD, native.method);
	put_url(record, context, native.method, native.url);
	put_some(record, context, FIELD_USER_NAME, native.user);
	put_hierarchy(record, context, native.hierarchy);
	put_some(record, context, FIELD_HTTP_RESPONSE_MIME_TYPE,
		slice_head(native.type, slice_find(native.type, ' ')));
	return true;
}

/* Behind the formats of web servers stands "TCP_MISS:HIER_DIRECT". */
static bool read_common(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice line, codes, result;

	if (!cut_last(text, SLICE_LIT(" "), &line, &codes) ||
		!take_until(&codes, ':', &result) || !is_result(result))
		return false;
	context->message = line;
	if (access_log_parse(record, context, ACCESS_LOG_ANY) != PARSED)
		return false;
	put_some(record, context, FIELD_EVENT_REASON, result);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("hierarchy_status"), codes);
	if (slice_search(result, SLICE_LIT("DENIED")) < result.len)
		put_meaning(record, context, &denied_too);
	return true;
}

/* ---- cache log -------------------------------------------------------------------------- */

static const struct phrase sentences[] = {
	{"WARNING: Forwarding loop detected for:{}", &error},
	{"WARNING: {error.message}", &error},
	{"ERROR: {error.message}", &error},
	{"FATAL: {error.message}", &error},
	{"BUG{error.message}", &error},
	{"assertion failed: {error.message}", &error},
	{"TCP connection to {destination}/{destination.port} failed", &error},
	{"Error negotiating SSL connection on FD {}: {error.message}", &error},
	{"Starting Squid Cache version {service.version}...{}", &noted},
};
static struct phrases phrases = PHRASES(sentences);

/* "2026/03/07 10:00:00 kid1| text", in syslog without the stamp */
static bool read_cache(struct record *record, struct parse_context *context, struct slice rest,
	enum parse_result *result)
{
	int64_t ns = record->created_ns;
	struct slice worker;

	if (rest.len < 22 || rest.ptr[4] != '/' || !take_stamp_slashed(&rest, context, &ns))
		return false;
	if (skip_lit(&rest, " kid") && !take_digits(&rest, &worker))
		return false;
	if (!skip_lit(&rest, "| "))
		return false;
	record->created_ns = ns;
	put_over(record, context, FIELD_MESSAGE, rest);
	*result = phrases_put(&phrases, record, context, rest, &noted);
	return true;
}

/* ---- any of them ------------------------------------------------------------------------ */

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;
	enum parse_result result = PARSED;

	if (!read_native(record, context, text) &&
		!read_cache(record, context, text, &result) &&
		!read_common(record, context, text))
		return PARSED_NOT_MINE;
	context->message = SLICE_NONE;
	return result;
}

static const char *const programs[] = {"squid", "squid3", NULL};

const struct parser parser_squid = {
	.number = 102,
	.roles = PARSER_ENVELOPE,
	.name = "squid",
	.module = "squid",
	.summary = "Squid: access log (squid, common, combined), cache.log",
	.source = "Squid 3 to 6, logformat and access_log directives; src/debug/debug.cc",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS "abcdef:[",
	.digits = DIGITS(RUN) | DIGITS(SLASHED) | DIGITS_ADDRESS,
	.parse = parse,
};
