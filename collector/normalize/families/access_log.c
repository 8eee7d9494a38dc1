/*
 *	[VHOST[:PORT] ]HOST IDENT USER [STAMP] "REQUEST" STATUS BYTES["REFERRER" "AGENT"[...]]
 *
 * The request is what the client sent and may be anything; both servers escape
 * quotes and controls in it. A user name is not escaped and may hold blanks.
 */
#include "collector/normalize/families/access_log.h"

#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"
#include "common/fold.h"

enum { EXTENSION_MAX = 10 }; /* bytes */

static const struct meaning succeeded = {
	.category = {ECS_WEB},
	.type = {ECS_ACCESS},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning failed = {
	.category = {ECS_WEB},
	.type = {ECS_ACCESS},
	.outcome = {ECS_FAILURE},
};

struct request_line {
	struct slice vhost, host, user, request, status, bytes;
	struct slice referrer, agent, forwarded;
	int64_t ns;
};

bool access_log_take_quoted(struct slice *rest, struct slice *text)
{
	if (rest->len == 0 || rest->ptr[0] != '"')
		return false;

	struct slice inside = slice_from(*rest, 1);
	size_t from = 0;
	for (;;) {
		size_t at = from + slice_find(slice_from(inside, from), '"');
		size_t slashes = 0;

		if (at == inside.len)
			return false;
		while (slashes < at && inside.ptr[at - slashes - 1] == '\\')
			slashes++;
		if (slashes % 2 == 0) {
			*text = slice_head(inside, at);
			*rest = slice_from(inside, at + 1);
			return true;
		}
		from = at + 1;
	}
}

/* "HOST IDENT USER" of a server that asks for IDENT (RFC 1413). */
static bool read_ident(struct slice who, struct request_line *line)
{
	line->host = take_word(&who);
	(void)(skip_byte(&who, ' ') && take_word(&who).len > 0);
	line->user = who;
	return skip_byte(&line->user, ' ') && line->host.len > 0 && line->user.len > 0 &&
	       slice_find(line->user, ' ') == line->user.len;
}

/* The words before the stamp: "HOST IDENT USER" or "VHOST HOST IDENT USER". Hardly anybody
 * answers IDENT any more: the "-" in its place tells where the words stand. HOST may be a list
 * as X-Forwarded-For has it, "client, proxy": the client says the first itself, the last one is
 * whom the nearest proxy saw. */
static bool read_who(struct slice who, struct request_line *line)
{
	struct slice all = who;

	line->host = take_word(&who);
	while (line->host.len > 0 && line->host.ptr[line->host.len - 1] == ',' &&
		skip_byte(&who, ' ')) {
		struct slice next;

		skip_blanks(&who);
		next = take_word(&who);

		line->host.len = (size_t)(next.ptr - line->host.ptr) + next.len;
	}
	if (!skip_lit(&who, " - ")) {
		line->vhost = line->host;
		if (!skip_byte(&who, ' '))
			return false;
		line->host = take_word(&who);
		if (!skip_lit(&who, " - ")) {
			line->vhost = SLICE_NONE;
			return read_ident(all, line);
		}
	}
	line->user = who;
	return line->host.len > 0 && line->user.len > 0;
}

/* The stamp's bracket: the first "[dd/" behind the words. */
static bool take_who(struct slice *rest, struct request_line *line)
{
	size_t at = slice_search(*rest, SLICE_LIT(" ["));

	if (at == rest->len || at == 0)
		return false;
	struct slice who = slice_head(*rest, at);
	*rest = slice_from(*rest, at + 2);
	return read_who(who, line);
}

static bool take_line(
	struct slice rest, const struct parse_context *context, struct request_line *line)
{
	if (!take_who(&rest, line) || !take_stamp_clf(&rest, context, &line->ns) ||
		!skip_lit(&rest, "] ") || !access_log_take_quoted(&rest, &line->request) ||
		!skip_byte(&rest, ' '))
		return false;
	line->status = take_word(&rest);
	/* Traefik writes "-" when nobody answered. */
	if ((line->status.len != 3 || !all_digits(line->status)) &&
		!slice_eq(line->status, SLICE_LIT("-")))
		return false;
	if (!skip_byte(&rest, ' '))
		return false;
	line->bytes = take_word(&rest);
	if (!all_digits(line->bytes) && !slice_eq(line->bytes, SLICE_LIT("-")))
		return false;
	if (skip_byte(&rest, ' ') && access_log_take_quoted(&rest, &line->referrer) &&
		skip_byte(&rest, ' ') && access_log_take_quoted(&rest, &line->agent) &&
		skip_byte(&rest, ' '))
		(void)access_log_take_quoted(&rest, &line->forwarded);
	return true;
}

static bool is_method(struct slice word)
{
	if (word.len < 3 || word.len > 20)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		char byte = word.ptr[i];

		if ((byte < 'A' || byte > 'Z') && byte != '_' && byte != '-')
			return false;
	}
	return true;
}

/* Of a proxy's request: "http://host:port/path". */
static void put_origin(
	struct record *record, struct parse_context *context, struct slice *target)
{
	size_t scheme = slice_search(*target, SLICE_LIT("://"));

	if (target->len == 0 || target->ptr[0] == '/' || scheme > 10 || scheme == target->len)
		return;
	put(record, context, FIELD_URL_SCHEME, slice_head(*target, scheme));
	*target = slice_from(*target, scheme + 3);
	struct slice origin = slice_head(*target, slice_find(*target, '/'));
	put_some(
		record, context, FIELD_URL_DOMAIN, slice_head(origin, slice_find(origin, ':')));
	*target = slice_from(*target, origin.len);
}

/* "html" of "/a.b/c.html"; letters and digits, as extensions are. */
void access_log_put_extension(
	struct record *record, struct parse_context *context, struct slice path)
{
	for (size_t i = path.len; i-- > 0 && path.len - i <= EXTENSION_MAX + 1;) {
		char byte = (char)(path.ptr[i] | 0x20);

		if (path.ptr[i] == '.') {
			if (i + 1 < path.len)
				put(record, context, FIELD_URL_EXTENSION,
					slice_from(path, i + 1));
			return;
		}
		if (!is_digit(path.ptr[i]) && (byte < 'a' || byte > 'z'))
			return;
	}
}

static void put_path(struct record *record, struct parse_context *context, struct slice url)
{
	struct slice path = slice_head(url, slice_find(url, '?'));
	if (path.len > 0)
		put(record, context, FIELD_URL_PATH, path);
	access_log_put_extension(record, context, path);
	if (path.len < url.len)
		put(record, context, FIELD_URL_QUERY, slice_from(url, path.len + 1));
}

void access_log_put_url(struct record *record, struct parse_context *context, struct slice url)
{
	put(record, context, FIELD_URL_ORIGINAL, url);
	put_origin(record, context, &url);
	put_path(record, context, url);
}

void access_log_put_bare_url(
	struct record *record, struct parse_context *context, struct slice url)
{
	struct slice origin = slice_head(url, slice_find(url, '/')), host, port;

	origin = slice_head(origin, slice_find(origin, '?'));
	if (origin.len == 0 ||
		slice_starts(slice_from(url, origin.len - 1), SLICE_LIT("://"))) {
		access_log_put_url(record, context, url);
		return;
	}
	put(record, context, FIELD_URL_ORIGINAL, url);
	host = origin;
	if (cut_last(origin, SLICE_LIT(":"), &host, &port) && all_digits(port))
		put_digits(record, context, FIELD_URL_PORT, port);
	else
		host = origin;
	put_some(record, context, FIELD_URL_DOMAIN, host);
	put_path(record, context, slice_from(url, origin.len));
}

void access_log_put_request(
	struct record *record, struct parse_context *context, struct slice request)
{
	struct slice whole = request, method = take_word(&request), url, version;

	if (!is_method(method) || !skip_byte(&request, ' ')) {
		/* What a client sent that speaks another protocol, or none. */
		put_some(record, context, FIELD_URL_ORIGINAL, whole);
		return;
	}
	put(record, context, FIELD_HTTP_REQUEST_METHOD, method);
	if (cut_last(request, SLICE_LIT(" HTTP/"), &url, &version))
		put(record, context, FIELD_HTTP_VERSION, version);
	else
		url = request;
	access_log_put_url(record, context, url);
}

/* "a.example.vn:443" */
static void put_vhost(struct record *record, struct parse_context *context, struct slice vhost)
{
	struct slice name, port;

	if (cut_last(vhost, SLICE_LIT(":"), &name, &port) && all_digits(port)) {
		put_digits(record, context, FIELD_URL_PORT, port);
		vhost = name;
	}
	put_some(record, context, FIELD_URL_DOMAIN, vhost);
}

/* The first of "client, proxy, proxy". */
static void put_forwarded(
	struct record *record, struct parse_context *context, struct slice forwarded)
{
	struct slice first = slice_head(forwarded, slice_find(forwarded, ','));

	put_address(record, context, FIELD_CLIENT_IP, FIELD_CLIENT_ADDRESS, first);
}

void access_log_put_outcome(
	struct record *record, struct parse_context *context, struct slice status)
{
	if (status.len == 3 && all_digits(status))
		put_meaning(record, context, status.ptr[0] < '4' ? &succeeded : &failed);
}

static bool is_login_page(struct slice path)
{
	static const char *const words[] = {"login", "logon", "signin", "sign_in", "sign-in",
		"authenticate", "dang-nhap", "dangnhap"};
	char folded[256];

	if (path.len > sizeof(folded))
		return false;
	size_t len = fold_text(path, folded);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_search(slice_of(folded, len), slice_str(words[i])) < len)
			return true;
	}
	return false;
}

bool access_log_put_refused_login(struct record *record, struct parse_context *context)
{
	static const struct meaning refused = {
		.category = {ECS_AUTHENTICATION},
		.category2 = {ECS_WEB},
		.type = {ECS_START},
		.outcome = {ECS_FAILURE},
	};
	struct slice status = record_get(record, FIELD_HTTP_RESPONSE_STATUS_CODE);
	struct slice method = record_get(record, FIELD_HTTP_REQUEST_METHOD);

	if ((!slice_eq(status, SLICE_LIT("401")) && !slice_eq(status, SLICE_LIT("403"))) ||
		(!slice_absent(method) && !slice_eq_nocase(method, SLICE_LIT("POST"))) ||
		!is_login_page(record_get(record, FIELD_URL_PATH)))
		return false;
	put_meaning(record, context, &refused);
	return true;
}

static void put_hosts(struct record *record, struct parse_context *context, struct slice hosts)
{
	struct slice first = slice_head(hosts, slice_find(hosts, ',')), others, last = hosts;

	if (cut_last(hosts, SLICE_LIT(","), &others, &last))
		put_address(record, context, FIELD_CLIENT_IP, FIELD_CLIENT_ADDRESS, first);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, slice_trim(last));
}

static void put_line(
	struct record *record, struct parse_context *context, const struct request_line *line)
{
	record->created_ns = line->ns;
	if (line->status.len == 3)
		access_log_put_outcome(record, context, line->status);
	else
		put_meaning(record, context, &failed);
	put_hosts(record, context, line->host);
	put_some(record, context, FIELD_USER_NAME, line->user);
	put_vhost(record, context, line->vhost);
	access_log_put_request(record, context, line->request);
	put_digits(record, context, FIELD_HTTP_RESPONSE_STATUS_CODE, line->status);
	put_digits(record, context, FIELD_HTTP_RESPONSE_BODY_BYTES, line->bytes);
	put_some(record, context, FIELD_HTTP_REQUEST_REFERRER, line->referrer);
	put_some(record, context, FIELD_USER_AGENT_ORIGINAL, line->agent);
	put_forwarded(record, context, line->forwarded);
}

static bool fits(const struct request_line *line, enum access_log_style style)
{
	return style == ACCESS_LOG_ANY ||
	       (!slice_absent(line->agent) && is_digit(line->bytes.ptr[0]) &&
		       slice_find(line->vhost, ':') == line->vhost.len);
}

enum parse_result access_log_parse(
	struct record *record, struct parse_context *context, enum access_log_style style)
{
	struct request_line line = {0};

	if (slice_find(context->message, '"') == context->message.len ||
		!take_line(context->message, context, &line) || !fits(&line, style))
		return PARSED_NOT_MINE;
	put_line(record, context, &line);
	context->message = SLICE_NONE;
	return PARSED;
}
