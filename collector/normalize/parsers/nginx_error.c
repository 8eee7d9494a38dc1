/*
 * nginx-error - "2016/10/25 14:49:34 [error] 54053#0: *1 text, client: 192.0.2.1, server: x,
 * ..."
 *
 * The text may quote what a client sent; the pairs stand behind it, under the names nginx gives
 * them.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/modsecurity.h"
#include "collector/normalize/families/sign_in.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct meaning error = {
	.category = {ECS_WEB},
	.type = {ECS_ERROR},
};

#define LOGIN(what, how)                                                                       \
	{                                                                                      \
		.action = {SLICE_BYTES("web_login")}, .category = {ECS_AUTHENTICATION},        \
		.category2 = {what}, .type = {ECS_START}, .outcome = {                         \
			how                                                                    \
		}                                                                              \
	}
static const struct meaning refused = LOGIN(ECS_WEB, ECS_FAILURE);
static const struct meaning mail_refused = LOGIN(ECS_EMAIL, ECS_FAILURE);
static const struct meaning mail_let_in = LOGIN(ECS_EMAIL, ECS_SUCCESS);
static const struct meaning connected = MEANS("connection_opened", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_START});
static const struct meaning ended = MEANS("connection_closed", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_END});

/* Of the modules auth_basic, mail and stream; what stands before the pairs. */
static const struct phrase sentences[] = {
	{"user \"{user.name*}\": password mismatch", &refused},
	{"user \"{user.name*}\" was not found in \"{}\"", &refused},
	{"client login failed: {event.reason} while in http auth state", &mail_refused},
	{"client logged in", &mail_let_in},
	{"client {source:} connected to {destination:}", &connected},
	{"proxied session done", &ended},
	{"client disconnected", &ended},
};
static struct phrases phrases = PHRASES(sentences);

/* ---- the pairs at the end -----------------------------------------------------------------
 */

struct tail {
	struct slice text; /* what stands before them */
	struct slice client, server, request, host, referrer, login;
};

static void keep(struct tail *tail, struct slice name, struct slice value)
{
	if (slice_eq(name, SLICE_LIT("server")))
		tail->server = value;
	else if (slice_eq(name, SLICE_LIT("request")))
		tail->request = value;
	else if (slice_eq(name, SLICE_LIT("host")))
		tail->host = value;
	else if (slice_eq(name, SLICE_LIT("referrer")))
		tail->referrer = value;
	else if (slice_eq(name, SLICE_LIT("login")))
		tail->login = value;
}

/* In quotes, or up to the next comma. With `strict` no value holds a quote. */
static bool take_pair_value(struct slice *rest, bool strict, struct slice *value)
{
	size_t len;

	if (!skip_byte(rest, '"')) {
		len = slice_find(*rest, ',');
		*value = slice_head(*rest, len);
		*rest = slice_from(*rest, len);
		return slice_find(*value, '"') == value->len;
	}
	len = slice_find(*rest, '"');
	while (!strict && len + 1 < rest->len && rest->ptr[len + 1] != ',')
		len += 1 + slice_find(slice_from(*rest, len + 1), '"');
	*value = slice_head(*rest, len);
	if (len >= rest->len)
		return false;
	*rest = slice_from(*rest, len + 1);
	return rest->len == 0 || rest->ptr[0] == ',';
}

/* "203.0.113.10, server: a.vn, request: "GET / HTTP/1.1", host: "a.vn"", all of it. */
static bool read_tail(struct tail *tail, struct slice rest, bool strict)
{
	struct slice name, value;

	if (!take_pair_value(&rest, strict, &tail->client))
		return false;
	while (skip_lit(&rest, ", ")) {
		if (!take_until(&rest, ':', &name) || slice_find(name, '"') < name.len)
			return false;
		skip_blanks(&rest);
		if (!take_pair_value(&rest, strict, &value))
			return false;
		keep(tail, name, value);
	}
	return rest.len == 0;
}

enum { MARKS_MAX = 8 };

/* Where pairs may begin. */
struct marks {
	unsigned n;
	bool more; /* than these */
	size_t at[MARKS_MAX];
};

static const struct slice mark = {SLICE_BYTES(", client: ")};

static struct slice behind_mark(struct slice text, size_t at)
{
	return slice_from(text, at + mark.len);
}

/* nginx goes on with its server, or not at all; neither stands in quotes or holds one. */
static bool may_begin(struct slice rest)
{
	struct slice value;

	return take_pair_value(&rest, true, &value) &&
	       (rest.len == 0 ||
		       (skip_lit(&rest, ", server: ") && !slice_starts(rest, SLICE_LIT("\"")) &&
			       take_pair_value(&rest, true, &value)));
}

static void find_marks(struct slice text, struct marks *marks)
{
	size_t at = slice_search(text, mark);

	for (; at < text.len && !marks->more;
		at += mark.len + slice_search(behind_mark(text, at), mark)) {
		if (!may_begin(behind_mark(text, at)))
			continue;
		marks->more = marks->n == MARKS_MAX;
		if (!marks->more)
			marks->at[marks->n++] = at;
	}
}

static struct slice client_at(struct slice text, size_t at)
{
	struct slice rest = behind_mark(text, at);

	rest = slice_head(rest, slice_find(rest, ','));
	return take_word(&rest);
}

static bool is_one_client(struct slice text, const struct marks *marks)
{
	bool same = !marks->more;

	for (unsigned i = 1; i < marks->n && same; i++)
		same = slice_eq(client_at(text, marks->at[0]), client_at(text, marks->at[i]));
	return same;
}

/* Whether the first mark is nginx's own: no stranger's text stands before it, or only such that
 * words without quotes follow, up to the pairs. */
static bool is_first_certain(struct slice text, const struct marks *marks)
{
	static const struct slice heads[] = {{SLICE_BYTES("open() \"")},
		{SLICE_BYTES("user \"")}, {SLICE_BYTES("directory index of \"")}};
	struct slice before = slice_head(text, marks->at[0]);
	bool is_known = false;
	struct tail tail;

	if (slice_find(before, '"') == before.len)
		return !slice_starts(before, SLICE_LIT("[")); /* "[lua]": a script's words */
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		is_known = is_known || slice_starts(before, heads[i]);
	return is_known && read_tail(&tail, behind_mark(text, marks->at[0]), true);
}

/*
 * Users, paths, requests and referrers are what a stranger wrote, and may hold all of it
 * too, and quotes: of several places with different clients nobody can tell nginx's own, unless
 * it is the first. Where they agree it is the first from which on all is pairs whose values
 * hold no quote: what a stranger wrote inside of quotes has one behind it. Only where there is
 * none such, quotes may stand in values.
 */
static bool find_tail(struct slice text, const struct marks *marks, struct tail *tail)
{
	const bool is_first = marks->n == 1 || is_first_certain(text, marks);
	const unsigned n = is_first ? 1 : marks->n;

	if (!is_first && !is_one_client(text, marks))
		return false;
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < n; i++) {
			*tail = (struct tail){.text = slice_head(text, marks->at[i])};
			if (read_tail(tail, behind_mark(text, marks->at[i]), pass == 0))
				return true;
		}
	}
	*tail = (struct tail){.text = slice_head(text, marks->at[0]),
		.client = client_at(text, marks->at[0])};
	return true;
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

static void put_tail(
	struct record *record, struct parse_context *context, const struct tail *tail)
{
	struct slice host = slice_absent(tail->host) ? tail->server : tail->host;
	struct slice client = tail->client; /* "203.0.113.9 using starttls" */

	put_endpoint(record, context, &endpoint_source, take_word(&client));
	if (slice_absent(tail->request) && slice_find(tail->server, ':') < tail->server.len) {
		put_endpoint(record, context, &endpoint_destination, tail->server);
		host = SLICE_NONE;
	}
	put_some(record, context, FIELD_USER_NAME, tail->login);
	access_log_put_request(record, context, tail->request);
	if (!slice_eq(host, SLICE_LIT("_"))) /* nginx's name for "any" */
		put_some(record, context, FIELD_URL_DOMAIN,
			slice_head(host, slice_find(host, ':')));
	put_some(record, context, FIELD_HTTP_REQUEST_REFERRER, tail->referrer);
}

static bool put_text(struct record *record, struct parse_context *context, struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT("PHP message: "));

	return phrases_read(&phrases, record, context, text) != NULL ||
	       (at < text.len && sign_in_take(record, context, slice_from(text, at)));
}

/* What happened, where the text says more than that something went wrong; of a text whose end
 * is in doubt, up to the first place where it does. */
static bool put_event(struct record *record, struct parse_context *context, struct slice text,
	const struct marks *marks)
{
	for (unsigned i = 0; i < marks->n; i++) {
		if (put_text(record, context, slice_head(text, marks->at[i])))
			return true;
	}
	return put_text(record, context, text);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, level, pid, thread, connection;
	struct marks marks = {.n = 0};
	struct tail tail;
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
	find_marks(rest, &marks);
	struct slice text = rest;
	if (marks.n > 0 && find_tail(rest, &marks, &tail)) {
		put_tail(record, context, &tail);
		text = tail.text;
		marks.n = 0; /* no doubt is left */
	}
	if (modsecurity_take_mark(&rest))
		modsecurity_put(record, context, rest);
	else if (!put_event(record, context, text, &marks))
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
