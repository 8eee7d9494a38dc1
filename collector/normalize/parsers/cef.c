/*
 * cef - Common Event Format
 *
 *	CEF:0|Vendor|Product|Version|Class ID|Name|Severity|src=192.0.2.1 msg=any text act=block
 *
 * In the header \| and \\ stand for one byte, in values \=, \\, \n and \r. A value may hold
 * blanks; it ends where a blank and the next name with its '=' begin. Custom fields (cs1, cn2,
 * ...) are named by their labels (cs1Label).
 */
#include "collector/normalize/families/antivirus.h"
#include "collector/normalize/families/fortigate.h"
#include "collector/normalize/families/products.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"

enum { HEADER_PARTS = 7, NAME_MAX_BYTES = 128 };

enum header_part { VERSION, VENDOR, PRODUCT, DEVICE_VERSION, CLASS_ID, EVENT_NAME, SEVERITY };

/* Meanings that are no field; above those of names.h. */
enum cef_meaning {
	CEF_END_TIME = NAME_MEANING_END, /* event.end, and the time if there is no other */
	CEF_START_TIME,                  /* event.start, likewise */
	CEF_DIRECTION,
	CEF_OUTCOME,
	CEF_TRANSPORT,
	CEF_SOURCE_USER,
	CEF_DESTINATION_USER,
	CEF_HASH,
};

/* "Implementing ArcSight Common Event Format", chapter 2, by key and by full name. */
static const struct name_entry entries[] = {
	NAME("act", FIELD_EVENT_ACTION),
	NAME("deviceAction", FIELD_EVENT_ACTION),
	NAME("app", FIELD_NETWORK_PROTOCOL),
	NAME("applicationProtocol", FIELD_NETWORK_PROTOCOL),
	NAME("cnt", NAME_DROPPED),
	NAME("deviceDirection", CEF_DIRECTION),
	NAME("deviceInboundInterface", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("deviceOutboundInterface", FIELD_OBSERVER_EGRESS_INTERFACE),
	NAME("deviceProcessName", FIELD_PROCESS_NAME),
	NAME("dvcpid", FIELD_PROCESS_PID),
	NAME("deviceProcessId", FIELD_PROCESS_PID),
	NAME("dvc", FIELD_OBSERVER_IP),
	NAME("deviceAddress", FIELD_OBSERVER_IP),
	NAME("dvchost", FIELD_OBSERVER_HOSTNAME),
	NAME("deviceHostName", FIELD_OBSERVER_HOSTNAME),
	NAME("dvcmac", FIELD_OBSERVER_MAC),
	NAME("deviceMacAddress", FIELD_OBSERVER_MAC),
	NAME("deviceExternalId", FIELD_OBSERVER_NAME),
	NAME("dst", FIELD_DESTINATION_IP),
	NAME("destinationAddress", FIELD_DESTINATION_IP),
	NAME("c6a3", FIELD_DESTINATION_IP),
	NAME("dhost", FIELD_DESTINATION_DOMAIN),
	NAME("destinationHostName", FIELD_DESTINATION_DOMAIN),
	NAME("dmac", FIELD_DESTINATION_MAC),
	NAME("destinationMacAddress", FIELD_DESTINATION_MAC),
	NAME("dpt", FIELD_DESTINATION_PORT),
	NAME("destinationPort", FIELD_DESTINATION_PORT),
	NAME("destinationTranslatedAddress", FIELD_DESTINATION_NAT_IP),
	NAME("destinationTranslatedPort", FIELD_DESTINATION_NAT_PORT),
	NAME("destinationServiceName", FIELD_SERVICE_NAME),
	NAME("dproc", FIELD_PROCESS_NAME),
	NAME("destinationProcessName", FIELD_PROCESS_NAME),
	NAME("dpid", FIELD_PROCESS_PID),
	NAME("destinationProcessId", FIELD_PROCESS_PID),
	NAME("duid", FIELD_USER_TARGET_ID),
	NAME("destinationUserId", FIELD_USER_TARGET_ID),
	NAME("duser", CEF_DESTINATION_USER),
	NAME("destinationUserName", CEF_DESTINATION_USER),
	NAME("dntdom", FIELD_USER_TARGET_DOMAIN),
	NAME("destinationNtDomain", FIELD_USER_TARGET_DOMAIN),
	NAME("src", FIELD_SOURCE_IP),
	NAME("sourceAddress", FIELD_SOURCE_IP),
	NAME("c6a2", FIELD_SOURCE_IP),
	NAME("shost", FIELD_SOURCE_DOMAIN),
	NAME("sourceHostName", FIELD_SOURCE_DOMAIN),
	NAME("smac", FIELD_SOURCE_MAC),
	NAME("sourceMacAddress", FIELD_SOURCE_MAC),
	NAME("spt", FIELD_SOURCE_PORT),
	NAME("sourcePort", FIELD_SOURCE_PORT),
	NAME("sourceTranslatedAddress", FIELD_SOURCE_NAT_IP),
	NAME("sourceTranslatedPort", FIELD_SOURCE_NAT_PORT),
	NAME("sourceServiceName", FIELD_SERVICE_NAME),
	NAME("sproc", FIELD_PROCESS_NAME),
	NAME("sourceProcessName", FIELD_PROCESS_NAME),
	NAME("spid", FIELD_PROCESS_PID),
	NAME("sourceProcessId", FIELD_PROCESS_PID),
	NAME("suid", FIELD_USER_ID),
	NAME("sourceUserId", FIELD_USER_ID),
	NAME("suser", CEF_SOURCE_USER),
	NAME("sourceUserName", CEF_SOURCE_USER),
	NAME("sntdom", FIELD_USER_DOMAIN),
	NAME("sourceNtDomain", FIELD_USER_DOMAIN),
	NAME("proto", CEF_TRANSPORT),
	NAME("transportProtocol", CEF_TRANSPORT),
	NAME("in", FIELD_SOURCE_BYTES),
	NAME("bytesIn", FIELD_SOURCE_BYTES),
	NAME("out", FIELD_DESTINATION_BYTES),
	NAME("bytesOut", FIELD_DESTINATION_BYTES),
	NAME("externalId", FIELD_EVENT_ID),
	NAME("fname", FIELD_FILE_NAME),
	NAME("filename", FIELD_FILE_NAME),
	NAME("filePath", FIELD_FILE_PATH),
	NAME("fsize", FIELD_FILE_SIZE),
	NAME("fileSize", FIELD_FILE_SIZE),
	NAME("fileType", FIELD_FILE_TYPE),
	NAME("fileHash", CEF_HASH),
	NAME("msg", NAME_MESSAGE),
	NAME("message", NAME_MESSAGE),
	NAME("outcome", CEF_OUTCOME),
	NAME("eventOutcome", CEF_OUTCOME),
	NAME("reason", FIELD_EVENT_REASON),
	NAME("request", FIELD_URL_ORIGINAL),
	NAME("requestUrl", FIELD_URL_ORIGINAL),
	NAME("requestClientApplication", FIELD_USER_AGENT_ORIGINAL),
	NAME("requestContext", FIELD_HTTP_REQUEST_REFERRER),
	NAME("requestMethod", FIELD_HTTP_REQUEST_METHOD),
	NAME("rt", NAME_TIME),
	NAME("deviceReceiptTime", NAME_TIME),
	NAME("start", CEF_START_TIME),
	NAME("startTime", CEF_START_TIME),
	NAME("end", CEF_END_TIME),
	NAME("endTime", CEF_END_TIME),
	NAME("dtz", FIELD_EVENT_TIMEZONE),
	NAME("deviceTimeZone", FIELD_EVENT_TIMEZONE),
};
static struct name_table table = NAME_TABLE(entries);

/* A product whose extension has names of its own. */
struct dialect {
	struct slice vendor, product; /* the product begins with it, in either case */
	struct slice module;
	struct slice prefix; /* of its own names */
	bool reversed; /* "in" and "out" are what the device got and sent, not the source */
	unsigned (*meaning)(struct slice name, uint32_t hash);
	void (*put)(struct record *record, struct parse_context *context,
		struct named_values *values, const struct pair *pair, unsigned meaning);
	void (*finish)(struct record *record, struct parse_context *context,
		const struct pairs *pairs, bool cef);
};

static const struct dialect dialects[] = {
	{{SLICE_BYTES("Fortinet")}, {SLICE_BYTES("Forti")}, {SLICE_BYTES("fortinet")},
		{SLICE_BYTES("FTNTFGT")}, true, fortigate_meaning, fortigate_put,
		fortigate_finish},
};

struct reading {
	struct record *record;
	struct parse_context *context;
	const struct dialect *dialect; /* or NULL */
	struct named_values values;
	struct slice start, end, source_user, destination_user;
};

/* ---- the line ------------------------------------------------------------------- */

static struct slice unescape(struct parse_context *context, struct slice text)
{
	return unescaped(context, text, '\\', "\\\\==||n\nr\r");
}

/* Offset of the next `byte` without a backslash before it, or the length. */
static size_t find_bare(struct slice text, char byte)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\')
			i++;
		else if (text.ptr[i] == byte)
			return i;
	}
	return text.len;
}

/* Seven parts; the last may lack its '|' when there is no extension. */
static bool take_header(struct slice *rest, struct slice *parts)
{
	for (unsigned i = 0; i < HEADER_PARTS; i++) {
		size_t len = find_bare(*rest, '|');

		if (len == rest->len && i + 1 < HEADER_PARTS)
			return false;
		parts[i] = slice_head(*rest, len);
		*rest = slice_from(*rest, len < rest->len ? len + 1 : len);
	}
	return true;
}

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || is_digit(byte) ||
	       byte == '_' || byte == '.' || byte == '-' || byte == '[' || byte == ']';
}

/* Where the name before the '=' at `equals` begins; `equals` when there is none. */
static size_t name_start(struct slice text, size_t equals)
{
	size_t at = equals;

	while (at > 0 && is_name_byte(text.ptr[at - 1]) && equals - at < NAME_MAX_BYTES)
		at--;
	return at == 0 || text.ptr[at - 1] == ' ' ? at : equals;
}

/* The name and the '=' behind which a value begins; a '=' without a name before it belongs to
 * the value it stands in. */
static bool find_name(struct slice text, size_t from, size_t *start, size_t *equals)
{
	while (from < text.len) {
		*equals = from + find_bare(slice_from(text, from), '=');
		if (*equals == text.len)
			return false;
		*start = name_start(text, *equals);
		if (*start < *equals && *start >= from)
			return true;
		from = *equals + 1;
	}
	return false;
}

static void read_extension(
	struct pairs *pairs, struct parse_context *context, struct slice text)
{
	size_t start = 0, equals = 0, next = 0;
	bool more = find_name(text, 0, &start, &equals);

	pairs_reset(pairs, text, PAIRS_CEF);
	while (more) {
		struct slice name = slice_of(text.ptr + start, equals - start);
		size_t from = equals + 1;

		more = find_name(text, from, &start, &equals);
		next = more ? start : text.len;
		pairs_add(pairs, name,
			unescape(context, slice_trim(slice_of(text.ptr + from, next - from))));
	}
}

/* "CEF:0|...", "CEF: 0|...", and what an envelope leaves when it took "CEF:" for a tag */
static bool take_prefix(struct slice *rest, const struct parse_context *context)
{
	bool prefixed = skip_lit(rest, "CEF:") ||
			slice_eq(context->program, SLICE_LIT("CEF")) || context->named;

	skip_blanks(rest);
	return rest->len > 2 && (rest->ptr[0] == '0' || (rest->ptr[0] == '1' && prefixed)) &&
	       rest->ptr[1] == '|';
}

/* ---- meaning -------------------------------------------------------------------- */

/* cs1 to cs6 and their like have a label of their own: its value, or SLICE_NONE. */
static struct slice label_of(const struct pairs *pairs, struct slice name)
{
	char buf[NAME_MAX_BYTES + 8];

	if (name.len < 3 || name.len > 24 || !is_digit(name.ptr[name.len - 1]))
		return SLICE_NONE;
	memcpy(buf, name.ptr, name.len);
	memcpy(buf + name.len, "Label", 5);
	return pairs_get(pairs, slice_of(buf, name.len + 5));
}

static bool is_label(struct slice name)
{
	return slice_ends(name, SLICE_LIT("Label"));
}

static void put_flow(struct reading *reading, struct slice value)
{
	if (slice_eq(value, SLICE_LIT("0")))
		put(reading->record, reading->context, FIELD_NETWORK_DIRECTION,
			SLICE_LIT("inbound"));
	else if (slice_eq(value, SLICE_LIT("1")))
		put(reading->record, reading->context, FIELD_NETWORK_DIRECTION,
			SLICE_LIT("outbound"));
}

static void put_outcome(struct reading *reading, struct slice value)
{
	struct slice head = slice_head(value, value.len < 4 ? value.len : 4);

	if (slice_eq_nocase(head, SLICE_LIT("succ")))
		put(reading->record, reading->context, FIELD_EVENT_OUTCOME,
			SLICE_LIT("success"));
	else if (slice_eq_nocase(head, SLICE_LIT("fail")))
		put(reading->record, reading->context, FIELD_EVENT_OUTCOME,
			SLICE_LIT("failure"));
	else
		put_other(reading->record, reading->context, FIELD_OTHER_CEF,
			SLICE_LIT("outcome"), value);
}

static void put_named(struct reading *reading, unsigned meaning, struct slice value)
{
	switch (meaning) {
	case CEF_END_TIME:
		reading->end = value;
		break;
	case CEF_START_TIME:
		reading->start = value;
		put_date(reading->record, reading->context, FIELD_EVENT_START, value);
		break;
	case CEF_DIRECTION:
		put_flow(reading, value);
		break;
	case CEF_OUTCOME:
		put_outcome(reading, value);
		break;
	case CEF_TRANSPORT:
		put_transport(reading->record, reading->context, value);
		break;
	case CEF_SOURCE_USER:
		reading->source_user = value;
		break;
	case CEF_HASH:
		put_hash(reading->record, reading->context, value);
		break;
	case CEF_DESTINATION_USER:
		reading->destination_user = value;
		break;
	default:
		named_put(reading->record, reading->context, &reading->values, meaning, value);
	}
}

/* A name of the product's own: false when it is none. */
static bool put_own(struct reading *reading, const struct pair *pair)
{
	const struct dialect *dialect = reading->dialect;
	struct pair own = *pair;

	if (dialect == NULL || !skip_text(&own.name, dialect->prefix))
		return false;
	own.hash = name_hash(own.name);
	unsigned meaning = dialect->meaning(own.name, own.hash);
	if (meaning != 0)
		dialect->put(
			reading->record, reading->context, &reading->values, &own, meaning);
	else
		put_other(reading->record, reading->context, FIELD_OTHER, own.name, own.value);
	return true;
}

static unsigned other_side(unsigned meaning)
{
	switch (meaning) {
	case FIELD_SOURCE_BYTES:
		return FIELD_DESTINATION_BYTES;
	case FIELD_DESTINATION_BYTES:
		return FIELD_SOURCE_BYTES;
	default:
		return meaning;
	}
}

static void put_custom(struct reading *reading, struct slice name, struct slice value)
{
	unsigned field = product_field(name);

	if (field != 0)
		product_put(reading->record, reading->context, field, value);
	else
		put_other(reading->record, reading->context, FIELD_OTHER_CEF, name, value);
}

static void put_pair(
	struct reading *reading, const struct pairs *pairs, const struct pair *pair)
{
	unsigned meaning = name_table_find(&table, pair->name, pair->hash);
	struct slice label;

	if (put_own(reading, pair))
		return;
	if (reading->dialect != NULL && reading->dialect->reversed)
		meaning = other_side(meaning);
	if (meaning != 0) {
		put_named(reading, meaning, pair->value);
	} else if (!is_label(pair->name)) {
		label = label_of(pairs, pair->name);
		put_custom(reading, label.len > 0 ? label : pair->name, pair->value);
	}
}

/* The one who acts is user.name; one upon whom another acts is the target. */
static void put_users(struct reading *reading)
{
	bool both = reading->source_user.len > 0;

	put_some(reading->record, reading->context, FIELD_USER_NAME,
		both ? reading->source_user : reading->destination_user);
	if (both)
		put_some(reading->record, reading->context, FIELD_USER_TARGET_NAME,
			reading->destination_user);
}

/* 0 to 10; the words stand for the least of their ranges. */
static void put_severity(struct reading *reading, struct slice severity)
{
	static const struct {
		struct slice word, number;
	} words[] = {
		{{SLICE_BYTES("Unknown")}, {SLICE_BYTES("0")}},
		{{SLICE_BYTES("Low")}, {SLICE_BYTES("0")}},
		{{SLICE_BYTES("Medium")}, {SLICE_BYTES("4")}},
		{{SLICE_BYTES("High")}, {SLICE_BYTES("7")}},
		{{SLICE_BYTES("Very-High")}, {SLICE_BYTES("9")}},
	};

	put_digits(reading->record, reading->context, FIELD_EVENT_SEVERITY, severity);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_eq_nocase(words[i].word, severity))
			put(reading->record, reading->context, FIELD_EVENT_SEVERITY,
				words[i].number);
	}
	put_some(reading->record, reading->context, FIELD_LOG_LEVEL, severity);
}

static const struct dialect *dialect_of(const struct slice *parts)
{
	for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
		const struct dialect *dialect = &dialects[i];
		struct slice product = parts[PRODUCT];

		if (slice_eq_nocase(parts[VENDOR], dialect->vendor) &&
			product.len >= dialect->product.len &&
			slice_eq_nocase(
				slice_head(product, dialect->product.len), dialect->product))
			return dialect;
	}
	return NULL;
}

static void put_header(struct reading *reading, const struct slice *parts)
{
	struct parse_context *context = reading->context;

	put_some(reading->record, context, FIELD_OBSERVER_VENDOR,
		unescape(context, parts[VENDOR]));
	put_some(reading->record, context, FIELD_OBSERVER_PRODUCT,
		unescape(context, parts[PRODUCT]));
	put_some(reading->record, context, FIELD_OBSERVER_VERSION,
		unescape(context, parts[DEVICE_VERSION]));
	put_some(
		reading->record, context, FIELD_EVENT_CODE, unescape(context, parts[CLASS_ID]));
	put_other(reading->record, context, FIELD_OTHER, SLICE_LIT("name"),
		unescape(context, parts[EVENT_NAME]));
	put_severity(reading, unescape(context, slice_trim(parts[SEVERITY])));
}

static void put_event(
	struct reading *reading, const struct pairs *pairs, const struct slice *parts)
{
	const struct antivirus_source source = {
		.vendor = parts[VENDOR],
		.product = parts[PRODUCT],
		.id = parts[CLASS_ID],
		.title = parts[EVENT_NAME],
	};

	const struct product_event event = {
		.vendor = parts[VENDOR],
		.product = parts[PRODUCT],
		.id = parts[CLASS_ID],
		.name = parts[EVENT_NAME],
		.severity = slice_trim(parts[SEVERITY]),
		.pairs = pairs,
	};

	if (!antivirus_put_pairs(reading->record, reading->context, &source) &&
		!product_tell(reading->record, reading->context, &event))
		put_connection(reading->record, reading->context,
			record_get(reading->record, FIELD_EVENT_ACTION));
}

static void put_extension(
	struct reading *reading, const struct pairs *pairs, const struct slice *parts)
{
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(reading, pairs, &pairs->items[i]);
	put_users(reading);
	if (slice_absent(reading->values.time))
		reading->values.time =
			slice_absent(reading->end) ? reading->start : reading->end;
	if (reading->dialect != NULL)
		reading->dialect->finish(reading->record, reading->context, pairs, true);
	else
		put_event(reading, pairs, parts);
	if (pairs->left_out)
		put(reading->record, reading->context, FIELD_TAGS,
			SLICE_LIT("fields_left_out"));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct reading reading = {.record = record, .context = context};
	struct slice rest = context->message, parts[HEADER_PARTS];

	if (!take_prefix(&rest, context))
		return PARSED_NOT_MINE;
	if (!take_header(&rest, parts))
		return slice_starts(context->message, SLICE_LIT("CEF:")) ? PARSED_DAMAGED
									 : PARSED_NOT_MINE;
	reading.dialect = dialect_of(parts);
	if (reading.dialect != NULL)
		context->module = reading.dialect->module;
	take_out(record, FIELD_PROCESS_NAME); /* an envelope took "CEF" for one */
	put_header(&reading, parts);
	read_extension(context->pairs, context, rest);
	put_extension(&reading, context->pairs, parts);
	if (slice_absent(reading.values.message))
		reading.values.message = unescape(context, parts[EVENT_NAME]);
	named_finish(record, context, &reading.values);
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"CEF", NULL};

const struct parser parser_cef = {
	.number = 20,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "cef",
	.module = "cef",
	.summary = "Common Event Format of ArcSight, alone or in syslog",
	.source = "Micro Focus, Implementing ArcSight Common Event Format, version 25 and 26",
	.programs = programs,
	.first_bytes = "C01 ",
	.parse = parse,
};
