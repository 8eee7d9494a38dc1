#include "collector/normalize/families/w3c.h"

#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/device.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/stamp.h"
#include "common/netaddr.h"

enum { COLUMNS_MAX = 96, STATUS_DIGITS = 3 };

/* Meanings of columns beside those of names.h. */
enum column_meaning {
	COLUMN_DATE = NAME_MEANING_END,
	COLUMN_TIME,
	COLUMN_STAMP, /* both */
	COLUMN_CLIENT,
	COLUMN_SERVER,
	COLUMN_REMOTE, /* of a proxy: whom it asked */
	COLUMN_TOOK,
	COLUMN_URL,
	COLUMN_VERSION,
	COLUMN_AGENT,
	COLUMN_FORWARDED,
	COLUMN_HOST,
	COLUMN_TRANSPORT,
	COLUMN_LATER,   /* read with others */
	COLUMN_DROPPED, /* secrets of sessions */
};

static const struct name_entry entries[] = {
	NAME("date", COLUMN_DATE),
	NAME("time", COLUMN_TIME),
	NAME("gmttime", COLUMN_STAMP),
	NAME("x-timestamp", NAME_DROPPED),
	NAME("x-timestamp-unix", NAME_DROPPED),
	NAME("localtime", NAME_DROPPED),
	NAME("timestamp", NAME_DROPPED),
	NAME("time-taken", COLUMN_TOOK),
	NAME("c-ip", COLUMN_CLIENT),
	NAME("c-port", FIELD_SOURCE_PORT),
	NAME("c-dns", FIELD_SOURCE_DOMAIN),
	NAME("s-ip", COLUMN_SERVER),
	NAME("s-port", FIELD_DESTINATION_PORT),
	NAME("r-ip", COLUMN_REMOTE),
	NAME("r-port", FIELD_DESTINATION_PORT),
	NAME("r-dns", FIELD_DESTINATION_DOMAIN),
	NAME("s-computername", FIELD_HOST_HOSTNAME),
	NAME("cs-username", FIELD_USER_NAME),
	NAME("cs-userdn", FIELD_USER_FULL_NAME),
	NAME("cs-auth-group", FIELD_GROUP_NAME),
	NAME("cs-method", FIELD_HTTP_REQUEST_METHOD),
	NAME("cs-uri", COLUMN_URL),
	NAME("cs-uri-scheme", FIELD_URL_SCHEME),
	NAME("cs-uri-port", FIELD_URL_PORT),
	NAME("cs-uri-path", COLUMN_LATER),
	NAME("cs-uri-extension", NAME_DROPPED),
	NAME("cs-uri-stem", COLUMN_LATER),
	NAME("cs-uri-query", COLUMN_LATER),
	NAME("cs-version", COLUMN_VERSION),
	NAME("cs-protocol-version", COLUMN_VERSION),
	NAME("cs-protocol", NAME_DROPPED),
	NAME("cs-host", COLUMN_HOST),
	NAME("cs(Host)", COLUMN_HOST),
	NAME("x-host-header", COLUMN_HOST),
	NAME("cs(User-Agent)", COLUMN_AGENT),
	NAME("cs(Referer)", FIELD_HTTP_REQUEST_REFERRER),
	NAME("cs(Cookie)", COLUMN_DROPPED),
	NAME("cs(X-Forwarded-For)", COLUMN_FORWARDED),
	NAME("X-Forwarded-For", COLUMN_FORWARDED),
	NAME("x-forwarded-for", COLUMN_FORWARDED),
	NAME("rs(Content-Type)", FIELD_HTTP_RESPONSE_MIME_TYPE),
	NAME("sc-content-type", FIELD_HTTP_RESPONSE_MIME_TYPE),
	NAME("sc-status", COLUMN_LATER),
	NAME("sc-bytes", FIELD_HTTP_RESPONSE_BODY_BYTES),
	NAME("cs-bytes", FIELD_HTTP_REQUEST_BODY_BYTES),
	NAME("s-reason", FIELD_EVENT_REASON),
	NAME("ssl-protocol", NAME_DROPPED),
	NAME("ssl-cipher", FIELD_TLS_CIPHER),
	NAME("x-virus-id", COLUMN_LATER),
	NAME("sc-filter-result", COLUMN_LATER),
	NAME("action", COLUMN_LATER),
	NAME("protocol", COLUMN_TRANSPORT),
	NAME("src-ip", COLUMN_CLIENT),
	NAME("dst-ip", COLUMN_SERVER),
	NAME("src-port", FIELD_SOURCE_PORT),
	NAME("dst-port", FIELD_DESTINATION_PORT),
	NAME("size", FIELD_NETWORK_BYTES),
	NAME("path", COLUMN_LATER),
	NAME("x-fullpath", FIELD_FILE_PATH),
	NAME("pid", FIELD_PROCESS_PID),
};
static struct name_table table = NAME_TABLE(entries);

static const struct meaning answered = {
	.category = {ECS_WEB},
	.category2 = {ECS_NETWORK},
	.type = {ECS_CONNECTION},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning failed = {
	.category = {ECS_WEB},
	.category2 = {ECS_NETWORK},
	.type = {ECS_CONNECTION},
	.outcome = {ECS_FAILURE},
};
static const struct meaning unanswered = {
	.category = {ECS_WEB},
	.category2 = {ECS_NETWORK},
	.type = {ECS_CONNECTION},
};
static const struct meaning transferred = {
	.action = {SLICE_BYTES("ftp-command")},
	.category = {ECS_NETWORK},
	.type = {ECS_CONNECTION},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning not_transferred = {
	.action = {SLICE_BYTES("ftp-command")},
	.category = {ECS_NETWORK},
	.type = {ECS_CONNECTION},
	.outcome = {ECS_FAILURE},
};

/* ---- values that lines without a header have too ----------------------------------------- */

struct slice w3c_with_blanks(struct parse_context *context, struct slice text)
{
	if (slice_find(text, '+') == text.len)
		return text;
	struct slice copy = arena_copy(context->arena, text);
	if (slice_absent(copy)) {
		context->full = true;
		return copy;
	}
	char *at = (char *)(uintptr_t)copy.ptr;
	for (size_t i = 0; i < copy.len; i++) {
		if (at[i] == '+')
			at[i] = ' ';
	}
	return copy;
}

void w3c_put_version(struct record *record, struct parse_context *context, struct slice text)
{
	if (skip_lit(&text, "HTTP/"))
		put_some(record, context, FIELD_HTTP_VERSION, text);
}

static bool is_status(struct slice text)
{
	return text.len == STATUS_DIGITS && all_digits(text);
}

void w3c_put_status(struct record *record, struct parse_context *context, struct slice status)
{
	if (!is_status(status)) {
		put_meaning(record, context, &unanswered);
		return;
	}
	put_meaning(record, context, status.ptr[0] < '4' ? &answered : &failed);
	put_digits(record, context, FIELD_HTTP_RESPONSE_STATUS_CODE, status);
}

void w3c_put_target(struct record *record, struct parse_context *context, struct slice stem,
	struct slice query)
{
	query = w3c_with_blanks(context, query);
	put_some(record, context, FIELD_URL_ORIGINAL, stem);
	put_some(record, context, FIELD_URL_PATH, stem);
	access_log_put_extension(record, context, stem);
	put_some(record, context, FIELD_URL_QUERY, query);
}

/* ---- directives ---------------------------------------------------------------------------
 */

static bool directive(struct slice line, struct slice *name, struct slice *value)
{
	if (!skip_byte(&line, '#') || !take_until(&line, ':', name))
		return false;
	*value = slice_trim(line);
	return true;
}

bool w3c_is_directive(struct slice line)
{
	static const struct slice names[] = {{SLICE_BYTES("Fields")}, {SLICE_BYTES("Version")},
		{SLICE_BYTES("Software")}, {SLICE_BYTES("Date")}, {SLICE_BYTES("Start-Date")},
		{SLICE_BYTES("End-Date")}, {SLICE_BYTES("Remark")},
		{SLICE_BYTES("Time Format")}, {SLICE_BYTES("Log-type")}};
	struct slice name, value;

	if (!directive(line, &name, &value))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (slice_eq(names[i], name))
			return true;
	}
	return false;
}

static struct slice software_of(struct slice header)
{
	return slice_head(header, slice_find(header, '\n'));
}

static struct slice fields_of(struct slice header)
{
	size_t len = slice_find(header, '\n');

	return len < header.len ? slice_from(header, len + 1) : SLICE_LIT("");
}

static bool is_of(struct slice text, const char *what)
{
	return slice_search(text, slice_str(what)) < text.len;
}

static bool is_microsoft(struct slice software)
{
	return is_of(software, "Internet Information Services") ||
	       is_of(software, "Microsoft HTTP");
}

bool w3c_is_microsoft(struct slice header, struct slice line)
{
	struct slice name, value;

	if (!directive(line, &name, &value))
		return false;
	if (slice_eq(name, SLICE_LIT("Software")))
		return is_microsoft(value);
	return is_microsoft(software_of(header)) ||
	       (slice_eq(name, SLICE_LIT("Fields")) && is_of(value, " s-ip ") &&
		       is_of(value, " cs-uri-stem "));
}

static void remember(struct parse_context *context, struct slice software, struct slice fields)
{
	char *text = arena_alloc(context->arena, software.len + 1 + fields.len);

	if (text == NULL) {
		context->full = true;
		return;
	}
	if (software.len > 0)
		memcpy(text, software.ptr, software.len);
	text[software.len] = '\n';
	if (fields.len > 0)
		memcpy(text + software.len + 1, fields.ptr, fields.len);
	context->header = slice_of(text, software.len + 1 + fields.len);
}

static bool is_local(struct slice software)
{
	return is_of(software, "Windows Firewall") || is_of(software, "(local time)");
}

static void put_module(struct parse_context *context, struct slice software)
{
	if (is_microsoft(software))
		context->module = SLICE_LIT("iis");
	else if (is_of(software, "Windows Firewall"))
		context->module = SLICE_LIT("windows_firewall");
	else if (slice_starts(software, SLICE_LIT("SGOS")))
		context->module = SLICE_LIT("bluecoat");
}

enum parse_result w3c_parse_directive(struct record *record, struct parse_context *context)
{
	struct slice software = software_of(context->header), name, value;

	if (!directive(context->message, &name, &value))
		return PARSED_NOT_MINE;
	if (software.len == 0 && w3c_is_microsoft(context->header, context->message))
		software = SLICE_LIT("Internet Information Services");
	if (slice_eq(name, SLICE_LIT("Software")))
		remember(context, software = value, SLICE_LIT(""));
	else if (slice_eq(name, SLICE_LIT("Fields")))
		remember(context, software, value);
	else if (slice_absent(context->header))
		remember(context, SLICE_LIT(""), SLICE_LIT(""));
	put_module(context, software);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("header"), name);
	context->message = SLICE_NONE;
	return PARSED;
}

/* ---- lines in columns ---------------------------------------------------------------------
 */

struct reading {
	struct record *record;
	struct parse_context *context;
	struct slice software;
	bool is_proxy;                           /* s-ip is the proxy's own */
	bool is_damaged;                         /* no value stands where one has to */
	struct slice date, time;                 /* together */
	struct slice stem, query, status;        /* of a request */
	struct slice filter, virus, action, way; /* of a proxy; of a firewall */
	struct slice method;
};

static bool is_none(struct slice value)
{
	return value.len == 0 || slice_eq(value, SLICE_LIT("-"));
}

/* One value of the line; of a quoted one the inside, behind whose quote a divider or the end
 * has to stand. False at the line's end, and at what is no value. */
static bool take_value(
	struct reading *reading, char divider, struct slice *rest, struct slice *value)
{
	if (slice_absent(*rest))
		return false;
	while (divider == ' ' && skip_byte(rest, ' '))
		;
	if (divider == ' ' && rest->len == 0)
		return false;
	if (!is_microsoft(reading->software) && skip_byte(rest, '"')) {
		reading->is_damaged = !take_until(rest, '"', value) ||
				      (rest->len > 0 && rest->ptr[0] != divider);
		if (reading->is_damaged)
			return false;
		if (!skip_byte(rest, divider))
			*rest = SLICE_NONE;
		return true;
	}
	return slice_cut(rest, divider, value);
}

static bool is_address(struct slice text)
{
	struct netaddr address;

	text = slice_head(text, slice_find(text, '%'));
	return text.len > 1 && netaddr_parse(text, &address);
}

static bool is_date(struct slice text)
{
	return text.len == 10 && text.ptr[4] == '-' && text.ptr[7] == '-' &&
	       all_digits(slice_head(text, 4));
}

static bool is_time(struct slice text)
{
	return text.len >= 8 && text.ptr[2] == ':' && text.ptr[5] == ':';
}

/* What a column cannot hold shows that the line is in other columns, or no such line at all. */
static bool fits(unsigned meaning, struct slice value)
{
	if (meaning == COLUMN_DATE)
		return is_date(value);
	if (meaning == COLUMN_TIME)
		return is_time(value);
	if (is_none(value))
		return true;
	if (meaning == COLUMN_CLIENT)
		return is_address(value);
	if (meaning < FIELD_ID_MAX && field_type((enum field_id)meaning) == FIELD_LONG)
		return all_digits(value);
	return true;
}

static void put_field(const struct reading *reading, enum field_id id, struct slice value)
{
	if (field_type(id) == FIELD_LONG)
		put_digits(reading->record, reading->context, id, value);
	else
		put_some(reading->record, reading->context, id, value);
}

static void put_end(const struct reading *reading, enum field_id ip, enum field_id other,
	struct slice value)
{
	put_address(reading->record, reading->context, ip, other, value);
}

/* IIS and SGOS count milliseconds, the draft seconds. */
static void put_took(const struct reading *reading, struct slice value)
{
	uint64_t ms;

	if (!is_microsoft(reading->software) &&
		!slice_starts(reading->software, SLICE_LIT("SGOS")))
		put_seconds(reading->record, reading->context, value);
	else if (slice_to_u64(value, UINT32_MAX, &ms))
		put_number(reading->record, reading->context, FIELD_EVENT_DURATION,
			ms * CLOCK_NS_PER_MS);
}

static void put_host(const struct reading *reading, struct slice value)
{
	struct slice host = value, port;

	if (!cut_last(value, SLICE_LIT(":"), &host, &port) || !all_digits(port))
		host = value;
	put_over(reading->record, reading->context, FIELD_URL_DOMAIN, host);
	put_over(reading->record, reading->context, FIELD_DESTINATION_DOMAIN, host);
}

static void keep_later(struct reading *reading, struct slice name, struct slice value)
{
	if (slice_eq(name, SLICE_LIT("cs-uri-stem")) ||
		slice_eq(name, SLICE_LIT("cs-uri-path")))
		reading->stem = value;
	else if (slice_eq(name, SLICE_LIT("cs-uri-query")))
		reading->query = value;
	else if (slice_eq(name, SLICE_LIT("sc-status")))
		reading->status = value;
	else if (slice_eq(name, SLICE_LIT("sc-filter-result")))
		reading->filter = value;
	else if (slice_eq(name, SLICE_LIT("x-virus-id")))
		reading->virus = value;
	else if (slice_eq(name, SLICE_LIT("action")))
		reading->action = value;
	else if (slice_eq(name, SLICE_LIT("path")))
		reading->way = value;
}

static void put_column(
	struct reading *reading, struct slice name, unsigned meaning, struct slice value)
{
	struct record *record = reading->record;
	struct parse_context *context = reading->context;

	switch (meaning) {
	case 0:
		put_other(record, context, FIELD_OTHER, name, value);
		break;
	case COLUMN_DATE:
		reading->date = value;
		break;
	case COLUMN_TIME:
		reading->time = value;
		break;
	case COLUMN_CLIENT:
		put_end(reading, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, value);
		break;
	case COLUMN_SERVER:
		if (reading->is_proxy)
			put_only_address(record, context, FIELD_OBSERVER_IP, value);
		else
			put_end(reading, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS,
				value);
		break;
	case COLUMN_REMOTE:
		put_end(reading, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, value);
		break;
	case COLUMN_TOOK:
		put_took(reading, value);
		break;
	case COLUMN_URL:
		access_log_put_url(record, context, value);
		break;
	case COLUMN_VERSION:
		w3c_put_version(record, context, value);
		break;
	case COLUMN_AGENT:
		put_field(reading, FIELD_USER_AGENT_ORIGINAL, w3c_with_blanks(context, value));
		break;
	case COLUMN_FORWARDED:
		value = slice_head(value, slice_find(value, ','));
		if (is_address(value))
			put_end(reading, FIELD_CLIENT_IP, FIELD_CLIENT_ADDRESS, value);
		break;
	case COLUMN_HOST:
		put_host(reading, value);
		break;
	case COLUMN_TRANSPORT:
		put_transport(record, context, value);
		break;
	case COLUMN_LATER:
		keep_later(reading, name, value);
		break;
	case COLUMN_STAMP:
	case COLUMN_DROPPED:
	case NAME_DROPPED:
		break;
	default:
		if (meaning == FIELD_HTTP_REQUEST_METHOD)
			reading->method = value;
		put_field(reading, (enum field_id)meaning, value);
	}
}

/* All columns, or up to the damage; or the line is another. */
static bool read_columns(struct reading *reading, struct slice fields, struct slice line)
{
	char divider = slice_find(line, '\t') < line.len ? '\t' : ' ';
	unsigned n = 0;

	for (; n < COLUMNS_MAX; n++) {
		struct slice name, value;

		do {
			name = take_word(&fields);
		} while (name.len == 0 && skip_byte(&fields, ' '));
		bool more = take_value(reading, divider, &line, &value);
		if (name.len == 0 || !more)
			return name.len == 0 && !more && n > 1 && !reading->is_damaged;
		unsigned meaning = name_table_find(&table, name, name_hash(name));
		if (!fits(meaning, value))
			return false;
		if (!is_none(value))
			put_column(reading, name, meaning, value);
	}
	return false;
}

static bool take_moment(const struct reading *reading)
{
	struct parse_context utc = *reading->context;
	char text[32];
	size_t len = 0;

	if (slice_absent(reading->date) || slice_absent(reading->time) ||
		reading->date.len + 1 + reading->time.len > sizeof(text))
		return false;
	memcpy(text, reading->date.ptr, reading->date.len);
	len = reading->date.len;
	text[len++] = ' ';
	memcpy(text + len, reading->time.ptr, reading->time.len);
	len += reading->time.len;
	struct slice stamp = slice_of(text, len);
	if (!is_local(reading->software))
		parse_in_utc(&utc);
	return take_stamp_iso(&stamp, &utc, &reading->record->created_ns);
}

/* ---- what it means ------------------------------------------------------------------------
 */

/* "DROP TCP ... RECEIVE" */
static void tell_packet(const struct reading *reading)
{
	struct record *record = reading->record;
	struct parse_context *context = reading->context;
	struct slice action = reading->action;

	if (slice_starts(action, SLICE_LIT("INFO-EVENTS")))
		put_telling(record, context, TELLS_FAULT);
	else if (slice_starts(action, SLICE_LIT("DROP")))
		put_telling(record, context, TELLS_DENIED);
	else if (slice_starts(action, SLICE_LIT("OPEN")))
		put_telling(record, context, TELLS_STARTED);
	else if (slice_starts(action, SLICE_LIT("CLOSE")))
		put_telling(record, context, TELLS_ENDED);
	else
		put_telling(record, context, TELLS_ALLOWED);
	if (slice_eq(reading->way, SLICE_LIT("RECEIVE")))
		put(record, context, FIELD_NETWORK_DIRECTION, SLICE_LIT("inbound"));
	else if (slice_eq(reading->way, SLICE_LIT("SEND")))
		put(record, context, FIELD_NETWORK_DIRECTION, SLICE_LIT("outbound"));
}

/* The log-in of FTP is the answer to its password: 230 or not. */
static void tell_transfer(const struct reading *reading)
{
	struct record *record = reading->record;
	struct parse_context *context = reading->context;

	bool refused = reading->status.len > 0 && reading->status.ptr[0] >= '4';

	take_out(record, FIELD_HTTP_REQUEST_METHOD);
	put(record, context, FIELD_NETWORK_PROTOCOL, SLICE_LIT("ftp"));
	put_other(record, context, FIELD_OTHER, SLICE_LIT("cs-method"), reading->method);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("sc-status"), reading->status);
	if (slice_eq(reading->method, SLICE_LIT("USER")) &&
		slice_absent(record_get(record, FIELD_USER_NAME)))
		put_some(record, context, FIELD_USER_NAME, reading->stem);
	if (!slice_eq(reading->method, SLICE_LIT("PASS")))
		put_meaning(record, context, refused ? &not_transferred : &transferred);
	else
		put_telling(record, context,
			slice_eq(reading->status, SLICE_LIT("230")) ? TELLS_LOGIN
								    : TELLS_LOGIN_FAILED);
}

static void tell_request(const struct reading *reading)
{
	struct record *record = reading->record;
	struct parse_context *context = reading->context;

	struct slice query = reading->query;

	(void)skip_byte(&query, '?');
	w3c_put_target(record, context, reading->stem, query);
	if (!is_none(reading->virus)) {
		put(record, context, FIELD_RULE_NAME, reading->virus);
		put_telling(record, context, TELLS_MALWARE);
		put_attack(record, context, CLASS_MALWARE, SEVERITY_HIGH, true);
		put_digits(record, context, FIELD_HTTP_RESPONSE_STATUS_CODE, reading->status);
	} else if (slice_eq(reading->filter, SLICE_LIT("DENIED"))) {
		put_telling(record, context, TELLS_URL_DENIED);
		put_digits(record, context, FIELD_HTTP_RESPONSE_STATUS_CODE, reading->status);
	} else {
		w3c_put_status(record, context, reading->status);
	}
}

static bool is_of_ftp(struct slice fields)
{
	return is_of(fields, " x-session") || is_of(fields, " x-fullpath");
}

static void tell(const struct reading *reading, struct slice fields)
{
	if (is_of(fields, " src-ip ") && !slice_absent(reading->action))
		tell_packet(reading);
	else if (is_of_ftp(fields))
		tell_transfer(reading);
	else if (is_of(fields, "cs-method") || is_of(fields, "sc-status"))
		tell_request(reading);
	else
		put_telling(reading->record, reading->context, TELLS_CONNECTION);
}

enum parse_result w3c_parse_line(struct record *record, struct parse_context *context)
{
	struct slice fields = fields_of(context->header);
	struct reading reading = {.record = record,
		.context = context,
		.software = software_of(context->header),
		.is_proxy = is_of(fields, " r-ip") || is_of(fields, " r-dns") ||
			    is_of(fields, " sc-filter-result"),
		.date = SLICE_NONE};

	if (fields.len == 0 || slice_starts(context->message, SLICE_LIT("#")))
		return PARSED_NOT_MINE;
	put_module(context, reading.software);
	bool is_whole = read_columns(&reading, fields, context->message);
	if ((!is_whole && !reading.is_damaged) || !take_moment(&reading))
		return PARSED_NOT_MINE;
	if (is_whole)
		tell(&reading, fields);
	context->message = SLICE_NONE;
	return is_whole ? PARSED : PARSED_DAMAGED;
}
