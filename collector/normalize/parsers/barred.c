/*
 * barred - devices that put bars between their values: Barracuda CloudGen Firewall (NG) and
 * McAfee's (Skyhigh's) Web Gateway
 *
 *	box_Firewall_Activity: Info ng1 Remove: type=FWD|proto=TCP|srcIF=p1|srcIP=192.0.2.7|...
 *	box_Firewall_Activity: Info ng1 Block: LIN|TCP|p1|203.0.113.9|40000|00:11:...|...
 *	mwg: McAfeeWG|time_stamp=[07/Mar/2026:10:00:00 +0700]|auth_user=an|src_ip=...|...
 *
 * CloudGen's values stand in order, with or without their names. The Web Gateway's URL and
 * browser are strangers' words and may hold bars: of a line that says a name twice only what
 * stands before the URL is taken, and the last that says how it was judged.
 */
#include "collector/normalize/families/named_device.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/stamp.h"

/* ---- Barracuda CloudGen Firewall -------------------------------------------------------- */

static const struct device cloudgen = {{SLICE_BYTES("Barracuda")},
	{SLICE_BYTES("CloudGen Firewall")}, {SLICE_BYTES("firewall")}};

/* The values of the firewall's activity log in their order. */
static const char *const order[] = {"type", "proto", "srcIF", "srcIP", "srcPort", "srcMAC",
	"dstIP", "dstPort", "dstService", "dstIF", "rule", "info", "srcNAT", "dstNAT",
	"duration", "count", "receivedBytes", "sentBytes", "receivedPackets", "sentPackets",
	"user", "protocol", "application", "target", "content", "urlcat"};

static const struct name_entry cloudgen_entries[] = {
	NAME("proto", NAMED_TRANSPORT),
	NAME("srcIF", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("srcIP", FIELD_SOURCE_IP),
	NAME("srcPort", FIELD_SOURCE_PORT),
	NAME("srcMAC", FIELD_SOURCE_MAC),
	NAME("dstIP", FIELD_DESTINATION_IP),
	NAME("dstPort", FIELD_DESTINATION_PORT),
	NAME("dstService", NAMED_PROTOCOL),
	NAME("dstIF", FIELD_OBSERVER_EGRESS_INTERFACE),
	NAME("rule", FIELD_RULE_NAME),
	NAME("info", FIELD_EVENT_REASON),
	NAME("srcNAT", FIELD_SOURCE_NAT_IP),
	NAME("dstNAT", FIELD_DESTINATION_NAT_IP),
	NAME("duration", NAMED_LATER),
	NAME("receivedBytes", FIELD_DESTINATION_BYTES),
	NAME("sentBytes", FIELD_SOURCE_BYTES),
	NAME("receivedPackets", FIELD_DESTINATION_PACKETS),
	NAME("sentPackets", FIELD_SOURCE_PACKETS),
	NAME("user", NAMED_USER),
	NAME("application", NAMED_APPLICATION),
	NAME("target", FIELD_URL_DOMAIN),
	NAME("urlcat", FIELD_RULE_CATEGORY),
};
static struct name_table cloudgen_names = NAME_TABLE(cloudgen_entries);

static const struct {
	struct slice action;
	enum telling telling;
} actions[] = {
	{{SLICE_BYTES("Allow")}, TELLS_STARTED},
	{{SLICE_BYTES("Remove")}, TELLS_ENDED},
	{{SLICE_BYTES("Block")}, TELLS_DENIED},
	{{SLICE_BYTES("Deny")}, TELLS_DENIED},
	{{SLICE_BYTES("Drop")}, TELLS_DENIED},
	{{SLICE_BYTES("Fail")}, TELLS_DENIED},
	{{SLICE_BYTES("Detect")}, TELLS_CONNECTION},
	{{SLICE_BYTES("Scan")}, TELLS_CONNECTION},
};

/* "LocalBlock" is a block of what was meant for the firewall itself. */
static bool telling_of(struct slice action, enum telling *telling)
{
	(void)skip_lit(&action, "Local");
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (slice_eq(actions[i].action, action)) {
			*telling = actions[i].telling;
			return true;
		}
	}
	return false;
}

/* ---- values ----------------------------------------------------------------------------- */

static bool is_name(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((text.ptr[i] | 0x20) < 'a' && text.ptr[i] != '_')
			return false;
		if ((text.ptr[i] | 0x20) > 'z' && text.ptr[i] != '_')
			return false;
	}
	return text.len > 0;
}

/* Returns how many values there were; without names they have those of their places. */
static size_t read_values(struct pairs *pairs, struct slice rest, bool named)
{
	struct slice value, name;
	size_t n = 0;

	pairs_reset(pairs, SLICE_NONE, PAIRS_NOTHING);
	for (; slice_cut(&rest, '|', &value); n++) {
		size_t sign = slice_find(value, '=');

		name = slice_head(value, sign);
		if (named && sign < value.len && is_name(name))
			pairs_add(pairs, name, slice_from(value, sign + 1));
		else if (!named && n < ARRAY_LEN(order))
			pairs_add(pairs, slice_str(order[n]), value);
		if (slice_absent(rest)) {
			n++;
			break;
		}
	}
	return n;
}

static void put_values(
	struct record *record, struct parse_context *context, struct name_table *names)
{
	struct named_values ignored = {0};

	for (unsigned i = 0; i < context->pairs->n; i++) {
		const struct pair *pair = &context->pairs->items[i];

		named_device_put(record, context, &ignored, pair,
			name_table_find(names, pair->name, pair->hash));
	}
}

static void finish(struct record *record, struct parse_context *context)
{
	put_totals(record, context);
	pairs_reset(context->pairs, SLICE_NONE, PAIRS_NOTHING);
	context->message = SLICE_NONE;
}

/* Milliseconds */
static void put_duration(struct record *record, struct parse_context *context)
{
	enum { MS_MAX = 1000000000 };
	uint64_t ms;

	if (slice_to_u64(pairs_get_lit(context->pairs, "duration"), MS_MAX, &ms))
		put_number(record, context, FIELD_EVENT_DURATION, ms * 1000000);
}

/* "Info ng1 Remove: type=FWD|..." */
static enum parse_result parse_cloudgen(struct record *record, struct parse_context *context)
{
	enum { VALUES_MIN = 14 };
	struct slice rest = context->message, level = take_word(&rest), box, action;
	enum telling telling;

	skip_blanks(&rest);
	box = take_word(&rest);
	skip_blanks(&rest);
	if (box.len == 0 || !take_until(&rest, ':', &action) || !telling_of(action, &telling))
		return PARSED_NOT_MINE;
	skip_blanks(&rest);
	if (read_values(context->pairs, rest, slice_starts(rest, SLICE_LIT("type="))) <
		VALUES_MIN) {
		pairs_reset(context->pairs, SLICE_NONE, PAIRS_NOTHING);
		return PARSED_NOT_MINE;
	}
	context->module = SLICE_LIT("barracuda");
	put_device(record, context, &cloudgen);
	put(record, context, FIELD_OBSERVER_NAME, box);
	put(record, context, FIELD_LOG_LEVEL, level);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("action"), action);
	put_values(record, context, &cloudgen_names);
	put_duration(record, context);
	put_telling(record, context, telling);
	finish(record, context);
	return PARSED;
}

/* ---- McAfee Web Gateway ----------------------------------------------------------------- */

static const struct device gateway = {
	{SLICE_BYTES("McAfee")}, {SLICE_BYTES("Web Gateway")}, {SLICE_BYTES("proxy")}};

static const struct name_entry gateway_entries[] = {
	NAME("time_stamp", NAMED_LATER),
	NAME("auth_user", NAMED_USER),
	NAME("src_ip", FIELD_SOURCE_IP),
	NAME("server_ip", FIELD_DESTINATION_IP),
	NAME("host", NAMED_LATER),
	NAME("url_port", FIELD_DESTINATION_PORT),
	NAME("status_code", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("bytes_from_client", FIELD_SOURCE_BYTES),
	NAME("bytes_to_client", FIELD_DESTINATION_BYTES),
	NAME("categories", FIELD_RULE_CATEGORY),
	NAME("method", FIELD_HTTP_REQUEST_METHOD),
	NAME("url", NAMED_LATER),
	NAME("media_type", FIELD_HTTP_RESPONSE_MIME_TYPE),
	NAME("application_name", NAMED_APPLICATION),
	NAME("user_agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("block_res", NAMED_LATER),
	NAME("block_reason", FIELD_EVENT_REASON),
	NAME("virus_name", FIELD_THREAT_NAME),
	NAME("hash", NAMED_HASH),
	NAME("filename", FIELD_FILE_NAME),
	NAME("filesize", FIELD_FILE_SIZE),
};
static struct name_table gateway_names = NAME_TABLE(gateway_entries);

static bool says_twice(const struct pairs *pairs)
{
	for (unsigned i = 0; i < pairs->n; i++) {
		const struct pair *pair = &pairs->items[i];

		if (name_table_find(&gateway_names, pair->name, pair->hash) != NAME_UNKNOWN &&
			pairs_get(pairs, pair->name).ptr != pair->value.ptr)
			return true;
	}
	return pairs->left_out;
}

/* What stands behind the browser's name. */
static bool is_judgement(struct slice name)
{
	static const struct slice names[] = {{SLICE_BYTES("block_res")},
		{SLICE_BYTES("block_reason")}, {SLICE_BYTES("virus_name")},
		{SLICE_BYTES("hash")}, {SLICE_BYTES("filename")}, {SLICE_BYTES("filesize")}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (slice_eq(names[i], name))
			return true;
	}
	return false;
}

static unsigned find_name(const struct pairs *pairs, struct slice name, unsigned from)
{
	const uint32_t hash = name_hash(name);

	while (from < pairs->n &&
		(pairs->items[from].hash != hash || !slice_eq(pairs->items[from].name, name)))
		from++;
	return from;
}

/* Leaves what no stranger can have said: before the URL what is said once, behind the browser
 * the last of each judgement. */
static void keep_certain(struct pairs *pairs)
{
	const unsigned url = find_name(pairs, SLICE_LIT("url"), 0);
	const unsigned agent = find_name(pairs, SLICE_LIT("user_agent"), url);
	bool certain[PAIRS_MAX];
	unsigned kept = 0;

	for (unsigned i = 0; i < pairs->n; i++) {
		struct slice name = pairs->items[i].name;
		unsigned again = find_name(pairs, name, i + 1);

		certain[i] = i < url ? find_name(pairs, name, 0) == i && again >= url
				     : i > agent && is_judgement(name) && again == pairs->n;
	}
	for (unsigned i = 0; i < pairs->n; i++) {
		if (certain[i])
			pairs->items[kept++] = pairs->items[i];
	}
	pairs->n = kept;
}

/* "[07/Mar/2026:10:00:00 +0700]" */
static void put_time(struct record *record, struct parse_context *context)
{
	struct slice stamp = pairs_get_lit(context->pairs, "time_stamp");
	int64_t ns;

	if (!slice_absent(stamp) && skip_byte(&stamp, '[') &&
		take_stamp_clf(&stamp, context, &ns))
		record->created_ns = ns;
}

static void put_url(struct record *record, struct parse_context *context)
{
	struct slice url = pairs_get_lit(context->pairs, "url");
	struct named_values ignored = {0};

	if (url.len > 0)
		named_put(record, context, &ignored, FIELD_URL_ORIGINAL, url);
	put_url_host(record, context, pairs_get_lit(context->pairs, "host"));
}

static void tell_gateway(struct record *record, struct parse_context *context)
{
	struct slice blocked = pairs_get_lit(context->pairs, "block_res");
	bool stopped = blocked.len > 0 && !slice_eq(blocked, SLICE_LIT("0"));

	if (slice_absent(record_get(record, FIELD_THREAT_NAME))) {
		put_telling(record, context, stopped ? TELLS_URL_DENIED : TELLS_URL);
		return;
	}
	put_telling(record, context, stopped ? TELLS_MALWARE_DENIED : TELLS_MALWARE);
	put_attack(record, context, CLASS_MALWARE, SEVERITY_HIGH, stopped);
}

static enum parse_result parse_gateway(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	enum parse_result result = PARSED;

	if (!skip_lit(&rest, "McAfeeWG|") || !slice_starts(rest, SLICE_LIT("time_stamp=")))
		return PARSED_NOT_MINE;
	(void)read_values(context->pairs, rest, true);
	if (says_twice(context->pairs)) {
		keep_certain(context->pairs);
		result = PARSED_PARTLY;
	}
	context->module = SLICE_LIT("mcafee");
	put_device(record, context, &gateway);
	put_values(record, context, &gateway_names);
	put_time(record, context);
	put_url(record, context);
	tell_gateway(record, context);
	finish(record, context);
	return result;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	enum parse_result result = parse_gateway(record, context);

	return result == PARSED_NOT_MINE ? parse_cloudgen(record, context) : result;
}

static const char *const programs[] = {"box_Firewall_Activity", "box_Firewall", "mwg", NULL};

const struct parser parser_barred = {
	.number = 87,
	.roles = PARSER_ENVELOPE,
	.name = "barred",
	.module = "barred",
	.summary = "Barracuda CloudGen Firewall, McAfee Web Gateway",
	.source = "Barracuda CloudGen Firewall, Available Log Files and Structure, firewall "
		  "activity; McAfee Web Gateway, syslog for SIEM",
	.programs = programs,
	.first_bytes = "M",
	.parse = parse,
};
