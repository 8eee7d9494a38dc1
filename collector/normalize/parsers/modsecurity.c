/*
 * modsecurity - audit logs of ModSecurity 2, 3 and Coraza
 *
 *	--a1b2c3d4-A--
 *	[07/Mar/2026:10:00:00 +0700] Z8p... 192.0.2.1 51000 192.0.2.80 443
 *	--a1b2c3d4-B--
 *	GET /?id=1 HTTP/1.1
 *	Host: a.vn
 *	--a1b2c3d4-F--
 *	HTTP/1.1 403 Forbidden
 *	--a1b2c3d4-H--
 *	Message: Access denied with code 403 (phase 2). ... [id "942100"] ...
 *	--a1b2c3d4-Z--
 *
 *	{"transaction":{"client_ip":"192.0.2.1",...,"messages":[...]}}
 *
 * The parts of a serial log came together: its lines are one record. The boundary is drawn by
 * chance for each request, so that no body can hold it. Messages in the error logs of web
 * servers are read by those.
 */
#include "collector/normalize/families/modsecurity.h"

#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/stamp.h"

enum { BOUNDARY_MIN = 8, BOUNDARY_MAX = 32, MESSAGES_MAX = 16 };

/* ---- serial ----------------------------------------------------------------------------- */

/* "--a1b2c3d4-A--": the boundary and the part's letter. ModSecurity 3 writes three dashes. */
static bool read_boundary(struct slice line, struct slice *boundary, char *part)
{
	size_t len = 0;

	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (!skip_lit(&line, "--"))
		return false;
	(void)skip_byte(&line, '-');
	while (len < line.len && line.ptr[len] != '-')
		len++;
	if (len < BOUNDARY_MIN || len > BOUNDARY_MAX || line.len < len + 4 ||
		line.ptr[len + 1] < 'A' || line.ptr[len + 1] > 'Z' ||
		!slice_starts(slice_from(line, len + 2), SLICE_LIT("--")))
		return false;
	*boundary = slice_head(line, len);
	*part = line.ptr[len + 1];
	return true;
}

/* "[07/Mar/2026:10:00:00 +0700] Z8p... 192.0.2.1 51000 192.0.2.80 443" */
static bool put_header(struct record *record, struct parse_context *context, struct slice line)
{
	int64_t ns;

	if (!skip_byte(&line, '[') || !take_stamp_clf(&line, context, &ns) ||
		!skip_lit(&line, "] "))
		return false;
	record->created_ns = ns;
	put_some(record, context, FIELD_EVENT_ID, take_word(&line));
	skip_blanks(&line);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, take_word(&line));
	skip_blanks(&line);
	put_digits(record, context, FIELD_SOURCE_PORT, take_word(&line));
	skip_blanks(&line);
	put_address(record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS,
		take_word(&line));
	skip_blanks(&line);
	put_digits(record, context, FIELD_DESTINATION_PORT, slice_trim(line));
	return true;
}

/* "Host: a.vn" */
static void put_request_header(
	struct record *record, struct parse_context *context, struct slice line)
{
	struct slice name, value;

	if (!take_until(&line, ':', &name))
		return;
	value = slice_trim(line);
	if (slice_eq_nocase(name, SLICE_LIT("Host")))
		put_some(record, context, FIELD_URL_DOMAIN,
			slice_head(value, slice_find(value, ':')));
	else if (slice_eq_nocase(name, SLICE_LIT("User-Agent")))
		put_some(record, context, FIELD_USER_AGENT_ORIGINAL, value);
	else if (slice_eq_nocase(name, SLICE_LIT("Referer")))
		put_some(record, context, FIELD_HTTP_REQUEST_REFERRER, value);
}

static void put_status(struct record *record, struct parse_context *context, struct slice line)
{
	(void)take_word(&line);
	skip_blanks(&line);
	put_digits(record, context, FIELD_HTTP_RESPONSE_STATUS_CODE, take_word(&line));
}

struct audit_log {
	struct slice boundary;
	struct slice message; /* the one that stopped the request, or else the first */
	char part;
	bool fresh;  /* at the first line of its part */
	bool denied; /* intercepted */
	bool ended;  /* the part Z was there */
};

static void take_trailer(struct audit_log *log, struct slice line)
{
	bool message = skip_lit(&line, "Message: ") || skip_lit(&line, "ModSecurity: ");

	if (message &&
		(slice_absent(log->message) || slice_starts(line, SLICE_LIT("Access denied"))))
		log->message = line;
	if (slice_starts(line, SLICE_LIT("Action: Intercepted")))
		log->denied = true;
}

static void take_line(struct record *record, struct parse_context *context,
	struct audit_log *log, struct slice line)
{
	switch (log->part) {
	case 'B':
		if (log->fresh)
			access_log_put_request(record, context, line);
		else
			put_request_header(record, context, line);
		break;
	case 'F':
		if (log->fresh)
			put_status(record, context, line);
		break;
	case 'H':
		take_trailer(log, line);
		break;
	default:
		break;
	}
	log->fresh = false;
}

static void take_lines(struct record *record, struct parse_context *context,
	struct audit_log *log, struct slice lines)
{
	struct slice line, boundary;
	char part;

	while (!log->ended && slice_cut(&lines, '\n', &line)) {
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (read_boundary(line, &boundary, &part) &&
			slice_eq(boundary, log->boundary)) {
			log->part = part;
			log->fresh = true;
			log->ended = part == 'Z';
		} else {
			take_line(record, context, log, line);
		}
	}
}

static enum parse_result read_serial(struct record *record, struct parse_context *context)
{
	struct audit_log log = {.part = 0};
	struct slice lines = context->message, line;

	(void)slice_cut(&lines, '\n', &line);
	if (!read_boundary(line, &log.boundary, &log.part) || log.part != 'A' ||
		!slice_cut(&lines, '\n', &line) || !put_header(record, context, line))
		return PARSED_NOT_MINE;
	take_lines(record, context, &log, lines);
	if (!slice_absent(log.message))
		modsecurity_put(record, context, log.message);
	else
		modsecurity_put_verdict(record, context, log.denied);
	context->message = SLICE_NONE;
	return log.ended ? PARSED : PARSED_PARTLY;
}

/* ---- JSON ------------------------------------------------------------------------------- */

static const struct name_entry entries[] = {
	/* ModSecurity 3 */
	NAME("transaction.time_stamp", NAME_TIME),
	NAME("transaction.unique_id", FIELD_EVENT_ID),
	NAME("transaction.client_ip", FIELD_SOURCE_IP),
	NAME("transaction.client_port", FIELD_SOURCE_PORT),
	NAME("transaction.host_ip", FIELD_DESTINATION_IP),
	NAME("transaction.host_port", FIELD_DESTINATION_PORT),
	NAME("transaction.request.method", FIELD_HTTP_REQUEST_METHOD),
	NAME("transaction.request.http_version", FIELD_HTTP_VERSION),
	NAME("transaction.request.uri", FIELD_URL_ORIGINAL),
	NAME("transaction.request.headers.Host", FIELD_URL_DOMAIN),
	NAME("transaction.request.headers.host", FIELD_URL_DOMAIN),
	NAME("transaction.request.headers.User-Agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("transaction.request.headers.user-agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("transaction.request.headers.Referer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("transaction.request.body", NAME_DROPPED),
	NAME("transaction.response.http_code", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("transaction.response.body", NAME_DROPPED),
	/* read below, one message */
	NAME("transaction.messages.message", NAME_DROPPED),
	NAME("transaction.messages.details.ruleId", NAME_DROPPED),
	NAME("transaction.messages.details.tags", NAME_DROPPED),
	/* Coraza */
	NAME("transaction.timestamp", NAME_TIME),
	NAME("transaction.id", FIELD_EVENT_ID),
	NAME("transaction.response.status", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("messages.message", NAME_DROPPED),
	NAME("messages.data.id", NAME_DROPPED),
	NAME("messages.data.msg", NAME_DROPPED),
	NAME("messages.data.tags", NAME_DROPPED),
	/* ModSecurity 2 */
	NAME("transaction.time", NAME_TIME),
	NAME("transaction.transaction_id", FIELD_EVENT_ID),
	NAME("transaction.remote_address", FIELD_SOURCE_IP),
	NAME("transaction.remote_port", FIELD_SOURCE_PORT),
	NAME("transaction.local_address", FIELD_DESTINATION_IP),
	NAME("transaction.local_port", FIELD_DESTINATION_PORT),
	NAME("request.request_line", NAME_REQUEST),
	NAME("request.headers.Host", FIELD_URL_DOMAIN),
	NAME("request.headers.User-Agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("request.headers.Referer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("request.body", NAME_DROPPED),
	NAME("response.status", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("audit_data.messages", NAME_DROPPED),
};
static struct name_table names = NAME_TABLE(entries);

/* All values of one name, MESSAGES_MAX at most. */
static void put_all(struct record *record, struct parse_context *context, struct slice name,
	void (*put_one)(struct record *, struct parse_context *, struct slice))
{
	const struct pairs *pairs = context->pairs;
	unsigned n = 0;

	for (unsigned i = 0; i < pairs->n && n < MESSAGES_MAX; i++) {
		if (!slice_eq(pairs->items[i].name, name))
			continue;
		put_one(record, context, pairs->items[i].value);
		n++;
	}
}

static void put_name(struct record *record, struct parse_context *context, struct slice name)
{
	put_some(record, context, FIELD_RULE_NAME, name);
}

static bool is_true(struct slice value)
{
	return slice_eq(value, SLICE_LIT("true"));
}

static void put_rules(struct record *record, struct parse_context *context)
{
	const struct pairs *pairs = context->pairs;
	struct slice status = record_get(record, FIELD_HTTP_RESPONSE_STATUS_CODE);

	modsecurity_put_verdict(record, context,
		is_true(pairs_get_lit(pairs, "transaction.is_interrupted")) ||
			slice_eq(status, SLICE_LIT("403")));
	put_all(record, context, SLICE_LIT("transaction.messages.details.ruleId"),
		modsecurity_put_rule);
	put_all(record, context, SLICE_LIT("transaction.messages.message"), put_name);
	put_all(record, context, SLICE_LIT("transaction.messages.details.tags"),
		modsecurity_put_tag);
	put_all(record, context, SLICE_LIT("messages.data.id"), modsecurity_put_rule);
	put_all(record, context, SLICE_LIT("messages.data.msg"), put_name);
	put_all(record, context, SLICE_LIT("messages.data.tags"), modsecurity_put_tag);
}

/* Version 2 keeps its messages as texts: the first is taken. */
static void put_message(struct record *record, struct parse_context *context)
{
	struct slice message = pairs_get_lit(context->pairs, "audit_data.messages");

	if (!slice_absent(message))
		modsecurity_put(record, context, message);
	else
		modsecurity_put_verdict(record, context, false);
}

static enum parse_result read_json(struct record *record, struct parse_context *context)
{
	static const char *const of_3[] = {"transaction.client_ip", NULL};
	static const char *const of_2[] = {"transaction.remote_address", NULL};
	bool with_alerts = document_read(context, of_3);

	if (!with_alerts && !document_read(context, of_2))
		return PARSED_NOT_MINE;
	enum parse_result result = document_put(record, context, &names);
	if (with_alerts)
		put_rules(record, context);
	else
		put_message(record, context);
	return result;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;

	if (slice_starts(text, SLICE_LIT("--")))
		return read_serial(record, context);
	if (modsecurity_take_mark(&text)) {
		modsecurity_put(record, context, text);
		context->message = SLICE_NONE;
		return PARSED;
	}
	return text.len > 0 && text.ptr[0] == '{' ? read_json(record, context)
						  : PARSED_NOT_MINE;
}

const struct parser parser_modsecurity = {
	.number = 103,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "modsecurity",
	.module = "modsecurity",
	.summary = "ModSecurity and Coraza: audit logs, serial and JSON; alerts",
	.source = "ModSecurity 2 Data Formats; ModSecurity 3, src/transaction.cc, "
		  "src/rule_message.cc; Coraza, audit log formats; OWASP CRS 3 and 4",
	.first_bytes = FIRST_BYTES_JSON "-M",
	.parse = parse,
};
