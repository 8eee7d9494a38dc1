/*
 * iis - Internet Information Services: W3C extended log files, and HTTP.sys' HTTPERR
 *
 *	DATE TIME [SITE] [COMPUTER] S-IP METHOD STEM QUERY S-PORT USER C-IP [VERSION] AGENT
 *		[COOKIE] [REFERER] [HOST] STATUS SUBSTATUS WIN32 [SENT] [RECEIVED] [MS] [CLIENT]
 *	DATE TIME C-IP C-PORT S-IP S-PORT VERSION METHOD URI [STREAM] STATUS SITE REASON QUEUE
 *
 * The administrator chooses the columns, and a file names them in its "#Fields:" (w3c.h). Where
 * that is not known, since a shipper left it out, they are told by their shape. Values hold no
 * blanks; '+' stands for one. Times are UTC.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/w3c.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"
#include "common/netaddr.h"

enum { WORDS_MAX = 32, PORT_DIGITS = 5 };

struct line {
	struct slice words[WORDS_MAX];
	unsigned n;
};

static struct slice word(const struct line *line, unsigned at)
{
	return at < line->n ? line->words[at] : SLICE_NONE;
}

static void split(struct slice rest, struct line *line)
{
	while (line->n < WORDS_MAX && slice_cut(&rest, ' ', &line->words[line->n])) {
		if (line->words[line->n].len > 0)
			line->n++;
	}
}

static bool is_address(struct slice text)
{
	struct netaddr address;

	text = slice_head(text, slice_find(text, '%'));
	return text.len > 1 && netaddr_parse(text, &address);
}

static bool is_method(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((text.ptr[i] < 'A' || text.ptr[i] > 'Z') && text.ptr[i] != '_' &&
			text.ptr[i] != '-')
			return false;
	}
	return text.len > 2;
}

static bool is_port(struct slice text)
{
	return text.len <= PORT_DIGITS && all_digits(text);
}

static bool is_status(struct slice text)
{
	return text.len == 3 && all_digits(text);
}

/* ---- W3C -------------------------------------------------------------------------------- */

/* Where METHOD stands: behind the server's address or, without it, the site's name. */
static unsigned method_at(const struct line *line)
{
	for (unsigned at = 1; at < 4 && at + 7 < line->n; at++) {
		struct slice before = line->words[at - 1];

		if ((is_address(before) || slice_starts(before, SLICE_LIT("W3SVC"))) &&
			is_method(line->words[at]) && is_port(line->words[at + 3]) &&
			is_address(line->words[at + 5]))
			return at;
	}
	return 0;
}

/* Where STATUS SUBSTATUS WIN32 stand, from `at` on; the number of words when nowhere. */
static unsigned status_at(const struct line *line, unsigned at)
{
	for (; at + 2 < line->n; at++) {
		if (is_status(line->words[at]) && all_digits(line->words[at + 1]) &&
			all_digits(line->words[at + 2]))
			return at;
	}
	return line->n;
}

/* Between AGENT and STATUS: [COOKIE] [REFERER] [HOST]. */
static void put_between(struct record *record, struct parse_context *context,
	const struct line *line, unsigned from, unsigned to)
{
	struct slice referer = word(line, from);

	if (from >= to)
		return;
	bool is_url = slice_search(referer, SLICE_LIT("://")) < referer.len;
	if (to - from >= 3 ||
		(to - from == 2 && !is_url && slice_find(referer, '=') < referer.len))
		referer = word(line, ++from);
	put_some(record, context, FIELD_HTTP_REQUEST_REFERRER, referer);
	if (from + 1 < to) {
		put_some(record, context, FIELD_URL_DOMAIN, word(line, to - 1));
		put_some(record, context, FIELD_DESTINATION_DOMAIN, word(line, to - 1));
	}
}

/* Behind WIN32: MS; SENT RECEIVED; all three; then a forwarded address. */
static void put_behind(struct record *record, struct parse_context *context,
	const struct line *line, unsigned from)
{
	unsigned n = 0;

	while (from + n < line->n && all_digits(line->words[from + n]))
		n++;
	if (n >= 2) {
		put_digits(record, context, FIELD_HTTP_RESPONSE_BODY_BYTES, line->words[from]);
		put_digits(
			record, context, FIELD_HTTP_REQUEST_BODY_BYTES, line->words[from + 1]);
	}
	struct slice forwarded = word(line, from + n);
	forwarded = slice_head(forwarded, slice_find(forwarded, ','));
	if (is_address(forwarded))
		put_address(record, context, FIELD_CLIENT_IP, FIELD_CLIENT_ADDRESS, forwarded);
}

static bool read_w3c(
	struct record *record, struct parse_context *context, const struct line *line)
{
	unsigned method = method_at(line), agent = method + 6;

	if (method == 0)
		return false;
	if (slice_starts(line->words[agent], SLICE_LIT("HTTP/")))
		w3c_put_version(record, context, line->words[agent++]);
	unsigned status = status_at(line, agent + 1);
	if (status == line->n)
		status = status_at(line, agent); /* no agent */
	if (status == line->n)
		return false;
	w3c_put_status(record, context, line->words[status]);
	if (is_address(line->words[method - 1]))
		put_address(record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS,
			line->words[method - 1]);
	put_some(record, context, FIELD_HTTP_REQUEST_METHOD, line->words[method]);
	w3c_put_target(record, context, line->words[method + 1], line->words[method + 2]);
	put_digits(record, context, FIELD_DESTINATION_PORT, line->words[method + 3]);
	put_some(record, context, FIELD_USER_NAME, line->words[method + 4]);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS,
		line->words[method + 5]);
	if (agent < status)
		put_some(record, context, FIELD_USER_AGENT_ORIGINAL,
			w3c_with_blanks(context, line->words[agent]));
	put_between(record, context, line, agent + 1, status);
	put_behind(record, context, line, status + 3);
	return true;
}

/* ---- HTTPERR ---------------------------------------------------------------------------- */

static bool read_error(
	struct record *record, struct parse_context *context, const struct line *line)
{
	if (line->n < 11 || !is_address(line->words[0]) || !is_port(line->words[1]) ||
		!is_address(line->words[2]) || !is_port(line->words[3]))
		return false;
	unsigned stream = line->n > 11 && !is_status(line->words[7]); /* Windows 10 and later */
	struct slice uri = line->words[6];

	w3c_put_status(record, context, line->words[7 + stream]);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, line->words[0]);
	put_digits(record, context, FIELD_SOURCE_PORT, line->words[1]);
	put_address(record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS,
		line->words[2]);
	put_digits(record, context, FIELD_DESTINATION_PORT, line->words[3]);
	w3c_put_version(record, context, line->words[4]);
	put_some(record, context, FIELD_HTTP_REQUEST_METHOD, line->words[5]);
	if (!slice_eq(uri, SLICE_LIT("-")))
		access_log_put_url(record, context, uri);
	put_some(record, context, FIELD_EVENT_REASON, line->words[9 + stream]);
	return true;
}

static bool take_time(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct parse_context utc = *context;

	parse_in_utc(&utc);
	return rest->len > 20 && rest->ptr[10] == ' ' && take_stamp_iso(rest, &utc, ns) &&
	       skip_byte(rest, ' ');
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	struct line line = {.n = 0};
	uint16_t before = record->n_fields;
	int64_t ns;

	if (w3c_is_directive(rest))
		return context->named || w3c_is_microsoft(context->header, rest)
			       ? w3c_parse_directive(record, context)
			       : PARSED_NOT_MINE;
	if (!slice_absent(context->header) && w3c_parse_line(record, context) == PARSED)
		return PARSED;
	record->n_fields = before;
	if (!take_time(&rest, context, &ns))
		return PARSED_NOT_MINE;
	split(rest, &line);
	if (!read_w3c(record, context, &line)) {
		record->n_fields = before;
		if (!read_error(record, context, &line))
			return PARSED_NOT_MINE;
	}
	record->created_ns = ns;
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_iis = {
	.number = 36,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "iis",
	.module = "iis",
	.summary = "IIS: W3C extended access log, HTTPERR",
	.source = "Microsoft Learn, W3C Logging; Error logging in HTTP APIs",
	.first_bytes = FIRST_BYTES_DIGITS "#",
	.digits = DIGITS(ISO_BLANK),
	.parse = parse,
};
