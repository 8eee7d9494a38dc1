/*
 * leef - Log Event Extended Format of IBM QRadar
 *
 *	LEEF:1.0|Vendor|Product|Version|Event ID|src=192.0.2.1<tab>usrName=an
 *	LEEF:2.0|Vendor|Product|Version|Event ID|^|src=192.0.2.1^usrName=an
 *
 * The delimiter of 2.0 is one byte or its number, "x5E" or "0x5E"; a tab when it is empty or
 * left out. Nothing is escaped.
 */
#include "collector/normalize/families/antivirus.h"
#include "collector/normalize/families/products.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"

enum { HEADER_PARTS = 5 };

enum header_part { VERSION, VENDOR, PRODUCT, DEVICE_VERSION, EVENT_ID };

enum leef_meaning {
	LEEF_TRANSPORT = NAME_MEANING_END,
	LEEF_IS_LOGIN,
	LEEF_IS_LOGOUT,
	LEEF_USER_IF_NONE, /* accountName beside usrName */
};

/* "LEEF event attributes" of IBM's guide, and keys its partners add. */
static const struct name_entry entries[] = {
	NAME("devTime", NAME_TIME),
	NAME("devTimeFormat", NAME_DROPPED), /* stamps are told by shape */
	NAME("calLanguage", NAME_DROPPED),
	NAME("calCountryOrRegion", NAME_DROPPED),
	NAME("src", FIELD_SOURCE_IP),
	NAME("srcPort", FIELD_SOURCE_PORT),
	NAME("srcMAC", FIELD_SOURCE_MAC),
	NAME("srcBytes", FIELD_SOURCE_BYTES),
	NAME("srcPackets", FIELD_SOURCE_PACKETS),
	NAME("srcPostNAT", FIELD_SOURCE_NAT_IP),
	NAME("srcPostNATPort", FIELD_SOURCE_NAT_PORT),
	NAME("dst", FIELD_DESTINATION_IP),
	NAME("dstPort", FIELD_DESTINATION_PORT),
	NAME("dstMAC", FIELD_DESTINATION_MAC),
	NAME("dstBytes", FIELD_DESTINATION_BYTES),
	NAME("dstPackets", FIELD_DESTINATION_PACKETS),
	NAME("dstPostNAT", FIELD_DESTINATION_NAT_IP),
	NAME("dstPostNATPort", FIELD_DESTINATION_NAT_PORT),
	NAME("totalPackets", FIELD_NETWORK_PACKETS),
	NAME("proto", LEEF_TRANSPORT),
	NAME("sev", FIELD_EVENT_SEVERITY),
	NAME("usrName", FIELD_USER_NAME),
	NAME("accountName", LEEF_USER_IF_NONE),
	NAME("role", FIELD_USER_ROLES),
	NAME("domain", FIELD_USER_DOMAIN),
	NAME("groupID", FIELD_GROUP_ID),
	NAME("identHostName", FIELD_HOST_NAME),
	NAME("identSrc", FIELD_HOST_IP),
	NAME("identMAC", FIELD_HOST_MAC),
	NAME("policy", FIELD_RULE_NAME),
	NAME("resource", FIELD_FILE_PATH),
	NAME("url", FIELD_URL_ORIGINAL),
	NAME("isLoginEvent", LEEF_IS_LOGIN),
	NAME("isLogoutEvent", LEEF_IS_LOGOUT),
	NAME("action", FIELD_EVENT_ACTION),
	NAME("act", FIELD_EVENT_ACTION),
	NAME("msg", NAME_MESSAGE),
	NAME("reason", FIELD_EVENT_REASON),
	NAME("srcHostName", FIELD_SOURCE_DOMAIN),
	NAME("dstHostName", FIELD_DESTINATION_DOMAIN),
	NAME("fileName", FIELD_FILE_NAME),
	NAME("filePath", FIELD_FILE_PATH),
	NAME("userAgent", FIELD_USER_AGENT_ORIGINAL),
};
static struct name_table table = NAME_TABLE(entries);

static const struct meaning login = {
	.category = {ECS_AUTHENTICATION},
	.type = {ECS_START},
};
static const struct meaning logout = {
	.category = {ECS_AUTHENTICATION},
	.type = {ECS_END},
};

/* An envelope may have taken "LEEF:" for a tag. */
static bool take_prefix(struct slice *rest, const struct parse_context *context)
{
	if (!skip_lit(rest, "LEEF:") && !slice_eq(context->program, SLICE_LIT("LEEF")))
		return false;
	skip_blanks(rest);
	return rest->len > 1 && is_digit(rest->ptr[0]);
}

static bool take_header(struct slice *rest, struct slice *parts)
{
	for (unsigned i = 0; i < HEADER_PARTS; i++) {
		if (!take_until(rest, '|', &parts[i]))
			return false;
	}
	return true;
}

static int hex_digit(char byte)
{
	if (is_digit(byte))
		return byte - '0';
	byte = (char)(byte | 0x20);
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* "^", "x5E", "0x5E" */
static bool read_delimiter(struct slice text, char *delimiter)
{
	(void)(text.len > 2 && skip_byte(&text, '0'));
	if (text.len > 1 && (skip_byte(&text, 'x') || skip_byte(&text, 'X'))) {
		int value = 0;

		for (size_t i = 0; i < text.len; i++) {
			int digit = hex_digit(text.ptr[i]);

			if (digit < 0 || value > 0xff)
				return false;
			value = value * 16 + digit;
		}
		*delimiter = (char)value;
		return value > 0 && value < 0x100;
	}
	if (text.len == 1)
		*delimiter = text.ptr[0];
	return text.len <= 1;
}

/* "cat=THREAT|src=192.0.2.7|dst=...": Palo Alto's template of version 1.0 has bars for tabs. */
static bool is_barred(struct slice rest)
{
	size_t bar = slice_find(rest, '|'), tab = slice_find(rest, '\t');

	if (bar == rest.len || tab < rest.len)
		return false;
	struct slice next = slice_from(rest, bar + 1);
	next = slice_head(next, slice_find(next, '|'));
	return slice_find(slice_head(rest, bar), '=') < bar && slice_find(next, '=') < next.len;
}

/* Of version 2: "^|" before the attributes, which may be missing. */
static char take_delimiter(struct slice *rest, struct slice version)
{
	struct slice at = *rest, text;
	char delimiter = '\t';

	if (!slice_starts(version, SLICE_LIT("2")) || !take_until(&at, '|', &text) ||
		!read_delimiter(text, &delimiter))
		return is_barred(*rest) ? '|' : '\t';
	*rest = at;
	return delimiter;
}

static void read_attributes(struct pairs *pairs, struct slice rest, char delimiter)
{
	struct slice attribute, name;

	pairs_reset(pairs, rest, PAIRS_LEEF);
	while (slice_cut(&rest, delimiter, &attribute)) {
		attribute = slice_trim(attribute);
		if (take_until(&attribute, '=', &name))
			pairs_add(pairs, slice_trim(name), attribute);
	}
}

static void put_pair(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair)
{
	unsigned meaning = name_table_find(&table, pair->name, pair->hash);
	bool true_value = slice_eq_nocase(pair->value, SLICE_LIT("true"));

	switch (meaning) {
	case 0:
		if (product_field(pair->name) != 0)
			product_put(record, context, product_field(pair->name), pair->value);
		else
			put_other(record, context, FIELD_OTHER_LEEF, pair->name, pair->value);
		break;
	case LEEF_TRANSPORT:
		put_transport(record, context, pair->value);
		break;
	case LEEF_IS_LOGIN:
		if (true_value)
			put_meaning(record, context, &login);
		break;
	case LEEF_IS_LOGOUT:
		if (true_value)
			put_meaning(record, context, &logout);
		break;
	case LEEF_USER_IF_NONE:
		if (slice_absent(record_get(record, FIELD_USER_NAME)))
			put_some(record, context, FIELD_USER_NAME, pair->value);
		break;
	default:
		named_put(record, context, values, meaning, pair->value);
	}
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, parts[HEADER_PARTS];
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};

	if (!take_prefix(&rest, context))
		return PARSED_NOT_MINE;
	if (!take_header(&rest, parts))
		return PARSED_DAMAGED;
	take_out(record, FIELD_PROCESS_NAME);
	put_some(record, context, FIELD_OBSERVER_VENDOR, parts[VENDOR]);
	put_some(record, context, FIELD_OBSERVER_PRODUCT, parts[PRODUCT]);
	put_some(record, context, FIELD_OBSERVER_VERSION, parts[DEVICE_VERSION]);
	put_some(record, context, FIELD_EVENT_CODE, parts[EVENT_ID]);
	char delimiter = take_delimiter(&rest, parts[VERSION]);
	read_attributes(pairs, rest, delimiter);
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(record, context, &values, &pairs->items[i]);
	const struct antivirus_source source = {
		.vendor = parts[VENDOR], .product = parts[PRODUCT], .id = parts[EVENT_ID]};
	const struct product_event event = {
		.vendor = parts[VENDOR],
		.product = parts[PRODUCT],
		.id = pairs_get_lit(pairs, "cat"),
		.name = parts[EVENT_ID],
		.severity = pairs_get_lit(pairs, "sev"),
		.pairs = pairs,
	};
	if (!antivirus_put_pairs(record, context, &source) &&
		!product_tell(record, context, &event))
		put_connection(record, context, record_get(record, FIELD_EVENT_ACTION));
	named_finish(record, context, &values);
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"LEEF", NULL};

const struct parser parser_leef = {
	.number = 21,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "leef",
	.module = "leef",
	.summary = "Log Event Extended Format of QRadar, alone or in syslog",
	.source = "IBM, Log Event Extended Format (LEEF) Version 2",
	.programs = programs,
	.first_bytes = "L",
	.parse = parse,
};
