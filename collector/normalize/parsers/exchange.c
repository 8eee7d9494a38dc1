/*
 * exchange - Microsoft Exchange: message tracking, SMTP protocol logs
 *
 *	2026-03-07T03:00:00.123Z,192.0.2.7,pc7,192.0.2.1,MX1,CONTEXT,CONNECTOR,SMTP,RECEIVE,12,
 *		<id@x>,GUID,an@so.vn;binh@so.vn,,1234,2,,,Subject,a@x.vn,a@x.vn,...
 *	2026-03-07T03:00:00.123Z,MX1\Default MX1,08D1,5,192.0.2.1:25,203.0.113.9:51000,<,MAIL
 *		FROM:<a@x.vn>,
 *
 *	2026-03-07T03:00:00.123Z,000000000000000E,2,192.0.2.1:143,203.0.113.9:51000,an,16,31,31,
 *		login,an *****,"R=""2 NO LOGIN failed."";Msg=...",                 IMAP4, POP3
 *
 * Values with commas or quotes stand in quotes, quotes in them are doubled. The columns are
 * named in a file's "#Fields:", and are these since Exchange 2007; 2013 put one more, the
 * network's id of the message, before the recipients. Files of other columns (OWA, ActiveSync
 * and all else that HttpProxy passes on) are read by their "#Fields:", which is the header
 * remembered. Times are UTC.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/mail.h"
#include "collector/normalize/families/w3c.h"
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/rows.h"
#include "collector/normalize/text/stamp.h"

enum { COLUMNS_MAX = 40, TRACKING_LEAST = 19, PROTOCOL_COLUMNS = 9, MAILBOX_COLUMNS = 12 };

struct row {
	struct slice columns[COLUMNS_MAX];
	unsigned n;
};

static bool take_row(struct slice text, struct row *row)
{
	while (row->n < COLUMNS_MAX && !slice_absent(text)) {
		if (!separated_take(&text, ',', &row->columns[row->n]))
			return false;
		row->n++;
	}
	return true;
}

/* ---- message tracking ------------------------------------------------------------------- */

static const struct value_meaning events[] = {
	VALUE("RECEIVE", .action = {SLICE_BYTES("mail_received")}, .category = {ECS_EMAIL},
		.type = {ECS_INFO}),
	VALUE("SUBMIT", .action = {SLICE_BYTES("mail_submitted")}, .category = {ECS_EMAIL},
		.type = {ECS_INFO}),
	VALUE("SEND", .action = {SLICE_BYTES("mail_sent")}, .category = {ECS_EMAIL},
		.type = {ECS_INFO}, .outcome = {ECS_SUCCESS}),
	VALUE("SENDEXTERNAL", .action = {SLICE_BYTES("mail_sent")}, .category = {ECS_EMAIL},
		.type = {ECS_INFO}, .outcome = {ECS_SUCCESS}),
	VALUE("DELIVER", .action = {SLICE_BYTES("mail_delivered")}, .category = {ECS_EMAIL},
		.type = {ECS_INFO}, .outcome = {ECS_SUCCESS}),
	VALUE("FAIL", .action = {SLICE_BYTES("mail_rejected")}, .category = {ECS_EMAIL},
		.type = {ECS_INFO}, .outcome = {ECS_FAILURE}),
	VALUE("BADMAIL", .action = {SLICE_BYTES("mail_rejected")}, .category = {ECS_EMAIL},
		.type = {ECS_INFO}, .outcome = {ECS_FAILURE}),
	VALUE("DROP", .action = {SLICE_BYTES("mail_rejected")}, .category = {ECS_EMAIL},
		.type = {ECS_INFO}, .outcome = {ECS_FAILURE}),
	VALUE("DEFER", .action = {SLICE_BYTES("mail_deferred")}, .category = {ECS_EMAIL},
		.type = {ECS_INFO}, .outcome = {ECS_FAILURE}),
};

static bool is_source(struct slice word)
{
	static const char *const sources[] = {"SMTP", "STOREDRIVER", "ROUTING", "DNS", "AGENT",
		"DSN", "ADMIN", "GATEWAY", "PICKUP", "QUEUE", "REDUNDANCY", "SAFETYNET",
		"APPROVAL", "BOOTLOADER", "MAILBOXRULE", "MEETINGMESSAGEPROCESSOR", "ORAR",
		"POISONMESSAGE", "PUBLICFOLDER", "TRANSPORTSERVICE"};

	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		if (slice_eq(slice_str(sources[i]), word))
			return true;
	}
	return false;
}

/* "an@so.vn;binh@so.vn" */
static void put_recipients(
	struct record *record, struct parse_context *context, struct slice recipients)
{
	struct slice one;

	while (slice_cut(&recipients, ';', &one))
		put_some(record, context, FIELD_EMAIL_TO_ADDRESS, one);
}

static void put_tracking(
	struct record *record, struct parse_context *context, const struct row *row)
{
	const struct slice *columns = row->columns;
	/* Since 2013 a GUID stands where the recipients did. */
	unsigned at = slice_find(columns[11], '@') == columns[11].len && columns[11].len == 36
			      ? 12
			      : 11;
	const struct meaning *meaning = meaning_of_value(events, ARRAY_LEN(events), columns[8]);

	put_meaning(record, context, meaning ? meaning : &mail_noted);
	if (columns[1].len > 0)
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, columns[1]);
	put_some(record, context, FIELD_SOURCE_DOMAIN, columns[2]);
	if (columns[3].len > 0)
		put_address(record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS,
			columns[3]);
	put_over(record, context, FIELD_HOST_HOSTNAME, columns[4]);
	put_some(record, context, FIELD_EVENT_PROVIDER, columns[7]);
	put_some(record, context, FIELD_EVENT_CODE, columns[8]);
	put_some(record, context, FIELD_EMAIL_LOCAL_ID, columns[9]);
	put_some(record, context, FIELD_EMAIL_MESSAGE_ID, without_brackets(columns[10]));
	put_recipients(record, context, columns[at]);
	put_some(record, context, FIELD_EVENT_REASON, columns[at + 1]);
	put_digits(record, context, FIELD_NETWORK_BYTES, columns[at + 2]);
	if (row->n > at + 7) {
		put_some(record, context, FIELD_EMAIL_SUBJECT,
			rows_undoubled(context, columns[at + 6]));
		put_some(record, context, FIELD_EMAIL_FROM_ADDRESS, columns[at + 7]);
	}
}

/* ---- SMTP protocol ---------------------------------------------------------------------- */

static const struct meaning connected = MEANS("smtp_connected", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_START});
static const struct meaning disconnected = MEANS("smtp_disconnected", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_END});
static const struct meaning mailbox_connected = MEANS("mailbox_connected",
	.category = {ECS_NETWORK}, .type = {ECS_CONNECTION}, .type2 = {ECS_START});
static const struct meaning talked = {.category = {ECS_NETWORK}, .type = {ECS_PROTOCOL}};

/* What the server answers or notes; a client's lines mean nothing by themselves. */
static const struct meaning *protocol_meaning(const struct row *row)
{
	struct slice event = row->columns[6], data = row->columns[7];

	if (slice_eq(event, SLICE_LIT("+")))
		return &connected;
	if (slice_eq(event, SLICE_LIT("-")))
		return &disconnected;
	if (slice_eq(event, SLICE_LIT(">")) && slice_starts(data, SLICE_LIT("535 5.7.")))
		return &smtp_login_failed;
	if (slice_eq(event, SLICE_LIT(">")) && slice_starts(data, SLICE_LIT("235 2.7.0")))
		return &smtp_login;
	if (slice_eq(event, SLICE_LIT(">")) && (slice_starts(data, SLICE_LIT("550 ")) ||
						       slice_starts(data, SLICE_LIT("554 "))))
		return &mail_rejected;
	return &talked;
}

static void put_protocol(
	struct record *record, struct parse_context *context, const struct row *row)
{
	const struct slice *columns = row->columns;
	struct slice user = columns[8];

	put_meaning(record, context, protocol_meaning(row));
	put_other(record, context, FIELD_OTHER, SLICE_LIT("connector"), columns[1]);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("session"), columns[2]);
	put_endpoint(record, context, &endpoint_destination, columns[4]);
	put_endpoint(record, context, &endpoint_source, columns[5]);
	put_some(record, context, FIELD_EVENT_REASON, columns[7]);
	if (skip_lit(&user, "User Name: "))
		put_some(record, context, FIELD_USER_NAME, user);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("context"), columns[8]);
	put(record, context, FIELD_NETWORK_PROTOCOL, SLICE_LIT("smtp"));
}

static bool is_protocol(const struct row *row)
{
	struct slice event = row->n == PROTOCOL_COLUMNS ? row->columns[6] : SLICE_LIT("");

	return event.len == 1 && memchr("+-<>*", event.ptr[0], 5) != NULL &&
	       all_digits(row->columns[3]);
}

/* ---- IMAP4, POP3 ------------------------------------------------------------------------ */

static bool is_mailbox(const struct row *row)
{
	const struct slice *columns = row->columns;

	return row->n >= MAILBOX_COLUMNS && all_digits(columns[2]) && all_digits(columns[6]) &&
	       all_digits(columns[7]) && all_digits(columns[8]) &&
	       slice_find(columns[3], ':') < columns[3].len;
}

/* "login", "authenticate" and POP3's "pass"; R= has the answer. */
static const struct meaning *mailbox_meaning(struct slice command, struct slice answer)
{
	static const char *const logins[] = {"login", "authenticate", "pass", "auth"};
	static const char *const refusals[] = {" NO ", "-ERR", "AuthFailed", "LogonFailed"};

	for (size_t i = 0; i < ARRAY_LEN(logins); i++) {
		if (!slice_eq(slice_str(logins[i]), command))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(refusals); k++) {
			if (slice_search(answer, slice_str(refusals[k])) < answer.len)
				return &mailbox_login_failed;
		}
		return slice_starts(answer, SLICE_LIT("R=ok")) ||
				       slice_starts(answer, SLICE_LIT("R=OK"))
			       ? &mailbox_login
			       : &talked;
	}
	return slice_eq(command, SLICE_LIT("OpenSession")) ? &mailbox_connected : &talked;
}

static void put_mailbox(
	struct record *record, struct parse_context *context, const struct row *row)
{
	const struct slice *columns = row->columns;
	struct slice answer = rows_undoubled(context, columns[11]);

	put_meaning(record, context, mailbox_meaning(columns[9], answer));
	put_other(record, context, FIELD_OTHER, SLICE_LIT("session"), columns[1]);
	put_endpoint(record, context, &endpoint_destination, columns[3]);
	put_endpoint(record, context, &endpoint_source, columns[4]);
	put_some(record, context, FIELD_USER_NAME, columns[5]);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("command"), columns[9]);
	put_some(record, context, FIELD_EVENT_REASON, answer);
}

/* ---- by the "#Fields:" of the file ------------------------------------------------------ */

static bool is_directive(const struct parse_context *context)
{
	struct slice line = context->message;

	return w3c_is_directive(line) &&
	       (!slice_absent(context->header) ||
		       slice_starts(line, SLICE_LIT("#Software: Microsoft Exchange")) ||
		       (skip_lit(&line, "#Fields: ") && separated_names(line) &&
			       slice_find(line, ',') < slice_find(line, ' ')));
}

static enum parse_result parse_directive(struct record *record, struct parse_context *context)
{
	struct slice line = context->message, name = slice_from(line, 1);

	if (skip_lit(&line, "#Fields: "))
		context->header = line;
	else if (slice_absent(context->header))
		context->header = SLICE_LIT(""); /* the columns are to come */
	put_other(record, context, FIELD_OTHER, SLICE_LIT("header"),
		slice_head(name, slice_find(name, ':')));
	context->message = SLICE_NONE;
	return PARSED;
}

static const struct name_entry entries[] = {
	NAME("datetime", NAME_TIME),
	NAME("date_time", NAME_TIME),
	NAME("protocol", FIELD_NETWORK_APPLICATION),
	NAME("urlhost", FIELD_URL_DOMAIN),
	NAME("urlstem", FIELD_URL_PATH),
	NAME("urlquery", FIELD_URL_QUERY),
	NAME("authenticateduser", FIELD_USER_NAME),
	NAME("user", FIELD_USER_NAME),
	NAME("useragent", FIELD_USER_AGENT_ORIGINAL),
	NAME("clientipaddress", FIELD_SOURCE_IP),
	NAME("clientip", FIELD_SOURCE_IP),
	NAME("client_ip", FIELD_SOURCE_IP),
	NAME("serverhostname", FIELD_HOST_HOSTNAME),
	NAME("server_hostname", FIELD_HOST_HOSTNAME),
	NAME("httpstatus", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("method", FIELD_HTTP_REQUEST_METHOD),
	NAME("requestbytes", FIELD_HTTP_REQUEST_BODY_BYTES),
	NAME("responsebytes", FIELD_HTTP_RESPONSE_BODY_BYTES),
};
static struct name_table names = NAME_TABLE(entries);

static enum parse_result read_headed(struct record *record, struct parse_context *context)
{
	if (slice_absent(context->header) || context->header.len == 0 ||
		!rows_read(context, context->header, context->message))
		return PARSED_NOT_MINE;
	struct slice time = pairs_get_lit(context->pairs, "datetime");
	if (slice_absent(time))
		time = pairs_get_lit(context->pairs, "date_time");
	struct slice rest = time;
	int64_t ns;
	if (slice_absent(time) || !take_stamp_iso(&rest, context, &ns) || rest.len > 0)
		return PARSED_NOT_MINE;
	enum parse_result result = document_put(record, context, &names);
	record->created_ns = ns;
	struct slice status = record_get(record, FIELD_HTTP_RESPONSE_STATUS_CODE);
	if (slice_absent(status))
		put_meaning(record, context, &talked);
	else
		access_log_put_outcome(record, context, status);
	return result;
}

/* ---- all of them ------------------------------------------------------------------------ */

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	struct row row = {.n = 0};
	int64_t ns;

	if (is_directive(context))
		return parse_directive(record, context);
	if (rest.len < 40 || rest.ptr[10] != 'T' || rest.ptr[23] != 'Z' ||
		rest.ptr[24] != ',' || !take_stamp_iso(&rest, context, &ns) ||
		!take_row(slice_of(context->message.ptr, context->message.len), &row))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	if (row.n >= TRACKING_LEAST && is_source(row.columns[7]))
		put_tracking(record, context, &row);
	else if (is_protocol(&row))
		put_protocol(record, context, &row);
	else if (is_mailbox(&row))
		put_mailbox(record, context, &row);
	else
		return read_headed(record, context);
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_exchange = {
	.number = 134,
	.roles = PARSER_ENVELOPE,
	.name = "exchange",
	.module = "exchange",
	.summary = "Microsoft Exchange: message tracking, SMTP, IMAP4 and POP3 logs, HttpProxy",
	.source = "Exchange Server 2010 to 2019: Message tracking, Protocol logging (SMTP, "
		  "POP3 and IMAP4)",
	.first_bytes = FIRST_BYTES_DIGITS "#",
	.digits = DIGITS(ISO_T),
	.parse = parse,
};
