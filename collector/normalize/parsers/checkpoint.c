/*
 * checkpoint - Check Point's Log Exporter, formats syslog, generic and splunk
 *
 *	... gw-1 CheckPoint 26144 - [action:"Drop"; ifdir:"inbound"; src:"203.0.113.9"; ...]
 *	time="1772852400" action="Accept" product="VPN-1 & FireWall-1" ... loguid="{0x...}"
 *	time=1772852400|hostname=gw-1|product=Firewall|action=Accept|...|src=203.0.113.9|
 *
 * The blade that logs stands as the product, and says what the values mean together.
 */
#include "collector/normalize/families/named_device.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"

/* sk144192, "Log Fields Description". */
static const struct name_entry entries[] = {
	NAME("time", NAME_TIME),
	NAME("action", NAMED_LATER),
	NAME("product", NAMED_LATER),
	NAME("severity", NAMED_LATER),
	NAME("src", FIELD_SOURCE_IP),
	NAME("client_ip", FIELD_SOURCE_IP),
	NAME("s_port", FIELD_SOURCE_PORT),
	NAME("src_machine_name", FIELD_SOURCE_DOMAIN),
	NAME("mac_source_address", FIELD_SOURCE_MAC),
	NAME("xlatesrc", FIELD_SOURCE_NAT_IP),
	NAME("xlatesport", FIELD_SOURCE_NAT_PORT),
	NAME("dst", FIELD_DESTINATION_IP),
	NAME("service", FIELD_DESTINATION_PORT),
	NAME("dst_machine_name", FIELD_DESTINATION_DOMAIN),
	NAME("dst_domain_name", FIELD_DESTINATION_DOMAIN),
	NAME("mac_destination_address", FIELD_DESTINATION_MAC),
	NAME("xlatedst", FIELD_DESTINATION_NAT_IP),
	NAME("xlatedport", FIELD_DESTINATION_NAT_PORT),
	NAME("proto", NAMED_TRANSPORT),
	NAME("service_id", NAMED_PROTOCOL),
	NAME("appi_name", NAMED_APPLICATION),
	NAME("ifdir", NAMED_DIRECTION),
	NAME("ifname", NAMED_LATER),
	NAME("inzone", FIELD_OBSERVER_INGRESS_ZONE),
	NAME("outzone", FIELD_OBSERVER_EGRESS_ZONE),
	NAME("origin", FIELD_OBSERVER_IP),
	NAME("originsicname", FIELD_OBSERVER_NAME),
	NAME("loguid", FIELD_EVENT_ID),
	NAME("sequencenum", FIELD_EVENT_SEQUENCE),
	NAME("rule", FIELD_RULE_ID),
	NAME("rule_uid", FIELD_RULE_UUID),
	NAME("rule_name", NAMED_LATER),
	NAME("policy", FIELD_RULE_RULESET),
	NAME("policy_name", FIELD_RULE_RULESET),
	NAME("matched_category", FIELD_RULE_CATEGORY),
	NAME("protection_name", NAMED_LATER),
	NAME("protection_id", NAMED_LATER),
	NAME("attack", NAMED_LATER),
	NAME("attack_info", FIELD_RULE_DESCRIPTION),
	NAME("malware_family", FIELD_THREAT_NAME),
	NAME("industry_reference", FIELD_VULNERABILITY_ID),
	NAME("user", NAMED_USER),
	NAME("src_user_name", NAMED_USER),
	NAME("administrator", NAMED_USER),
	NAME("vpn_user", NAMED_USER),
	NAME("dst_user_name", FIELD_USER_TARGET_NAME),
	NAME("user_group", FIELD_USER_GROUP_NAME),
	NAME("reason", FIELD_EVENT_REASON),
	NAME("description", NAME_MESSAGE),
	NAME("elapsed", NAMED_SECONDS),
	NAME("bytes", FIELD_NETWORK_BYTES),
	NAME("packets", FIELD_NETWORK_PACKETS),
	NAME("client_outbound_bytes", FIELD_SOURCE_BYTES),
	NAME("client_inbound_bytes", FIELD_DESTINATION_BYTES),
	NAME("sent_bytes", FIELD_SOURCE_BYTES),
	NAME("received_bytes", FIELD_DESTINATION_BYTES),
	NAME("client_outbound_packets", FIELD_SOURCE_PACKETS),
	NAME("client_inbound_packets", FIELD_DESTINATION_PACKETS),
	NAME("resource", FIELD_URL_ORIGINAL),
	NAME("method", FIELD_HTTP_REQUEST_METHOD),
	NAME("user_agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("http_host", NAMED_LATER),
	NAME("referrer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("dns_query", FIELD_DNS_QUESTION_NAME),
	NAME("domain_name", FIELD_DNS_QUESTION_NAME),
	NAME("file_name", FIELD_FILE_NAME),
	NAME("file_size", FIELD_FILE_SIZE),
	NAME("file_type", FIELD_FILE_TYPE),
	NAME("file_md5", FIELD_FILE_HASH_MD5),
	NAME("file_sha1", FIELD_FILE_HASH_SHA1),
	NAME("file_sha256", FIELD_FILE_HASH_SHA256),
	NAME("from", FIELD_EMAIL_FROM_ADDRESS),
	NAME("to", FIELD_EMAIL_TO_ADDRESS),
	NAME("email_subject", FIELD_EMAIL_SUBJECT),
};
static struct name_table table = NAME_TABLE(entries);

static const struct device firewall = {
	{SLICE_BYTES("Check Point")}, {SLICE_BYTES("Quantum")}, {SLICE_BYTES("firewall")}};

/* ---- what it tells ---------------------------------------------------------------------- */

struct reading {
	struct record *record;
	struct parse_context *context;
	const struct pairs *pairs;
	struct slice action;
	bool stopped;
};

#define value_of(reading, name) pairs_get((reading)->pairs, SLICE_LIT(name))

static void tell(const struct reading *reading, enum telling telling)
{
	put_telling(reading->record, reading->context, telling);
}

/* Numbers 0 to 4, or words. */
static enum severity severity_of(struct slice severity)
{
	static const enum severity numbers[] = {
		SEVERITY_LOW, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL};

	if (severity.len == 1 && severity.ptr[0] >= '0' && severity.ptr[0] <= '4')
		return numbers[severity.ptr[0] - '0'];
	return severity_of_word(severity);
}

static void put_rule(const struct reading *reading)
{
	put_some(reading->record, reading->context, FIELD_RULE_NAME,
		value_of(reading, "rule_name"));
}

/* The protection is the rule of an attack. */
static struct slice put_protection(const struct reading *reading)
{
	struct slice name = value_of(reading, "protection_name");

	if (slice_absent(name))
		name = value_of(reading, "attack");
	put_some(reading->record, reading->context, FIELD_RULE_NAME, name);
	put_other(reading->record, reading->context, FIELD_OTHER, SLICE_LIT("protection_id"),
		value_of(reading, "protection_id"));
	return name;
}

static void put_threat(const struct reading *reading, enum attack_class attack,
	enum telling open, enum telling stopped)
{
	tell(reading, reading->stopped ? stopped : open);
	put_attack(reading->record, reading->context, attack,
		severity_of(value_of(reading, "severity")), reading->stopped);
}

static void tell_connection(const struct reading *reading)
{
	static const struct {
		struct slice action;
		enum telling telling;
	} actions[] = {
		{{SLICE_BYTES("Log In")}, TELLS_LOGIN},
		{{SLICE_BYTES("Failed Log In")}, TELLS_LOGIN_FAILED},
		{{SLICE_BYTES("Log Out")}, TELLS_LOGOUT},
		{{SLICE_BYTES("Key Install")}, TELLS_VPN_INFO},
		{{SLICE_BYTES("Encrypt")}, TELLS_ALLOWED},
		{{SLICE_BYTES("Decrypt")}, TELLS_ALLOWED},
	};

	put_rule(reading);
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (slice_eq(actions[i].action, reading->action)) {
			tell(reading, actions[i].telling);
			return;
		}
	}
	if (reading->stopped)
		tell(reading, TELLS_DENIED);
	else
		tell(reading, verdict_of(reading->action) == VERDICT_ALLOWED
				      ? TELLS_ALLOWED
				      : TELLS_CONNECTION);
}

static void tell_attack(const struct reading *reading)
{
	struct slice name = put_protection(reading);

	put_threat(reading, attack_of_name(name, CLASS_UNAUTHORIZED_ACCESS), TELLS_ATTACK,
		TELLS_ATTACK_DENIED);
}

static void tell_malware(const struct reading *reading)
{
	struct slice name = put_protection(reading);

	if (slice_absent(name) && slice_absent(value_of(reading, "malware_action"))) {
		tell_connection(reading);
		return;
	}
	put_threat(reading, attack_of_name(name, CLASS_MALWARE), TELLS_MALWARE,
		TELLS_MALWARE_DENIED);
}

static void tell_flood(const struct reading *reading)
{
	put_protection(reading);
	put_threat(reading, CLASS_DOS, TELLS_ATTACK, TELLS_ATTACK_DENIED);
}

static void tell_url(const struct reading *reading)
{
	put_rule(reading);
	put_url_host(reading->record, reading->context, value_of(reading, "http_host"));
	tell(reading, reading->stopped ? TELLS_URL_DENIED : TELLS_URL);
}

/* What administrators do: "operation" says it, "audit_status" how it went. */
static void tell_audit(const struct reading *reading)
{
	struct slice operation = value_of(reading, "operation");
	struct slice status = value_of(reading, "audit_status");
	bool failed = slice_starts(status, SLICE_LIT("Fail"));

	if (slice_eq(operation, SLICE_LIT("Log In")))
		tell(reading, failed ? TELLS_LOGIN_FAILED : TELLS_LOGIN);
	else if (slice_eq(operation, SLICE_LIT("Log Out")))
		tell(reading, TELLS_LOGOUT);
	else if (slice_absent(operation))
		tell_connection(reading);
	else
		tell(reading, failed ? TELLS_CONFIG_FAILED : TELLS_CONFIG);
}

static const struct {
	struct slice product;
	void (*tell)(const struct reading *reading);
} blades[] = {
	{{SLICE_BYTES("SmartDefense")}, tell_attack},
	{{SLICE_BYTES("IPS")}, tell_attack},
	{{SLICE_BYTES("Anti-Virus")}, tell_malware},
	{{SLICE_BYTES("New Anti Virus")}, tell_malware},
	{{SLICE_BYTES("Anti Malware")}, tell_malware},
	{{SLICE_BYTES("Anti-Malware")}, tell_malware},
	{{SLICE_BYTES("Anti-Bot")}, tell_malware},
	{{SLICE_BYTES("Threat Emulation")}, tell_malware},
	{{SLICE_BYTES("Zero Phishing")}, tell_malware},
	{{SLICE_BYTES("DDoS Protector")}, tell_flood},
	{{SLICE_BYTES("URL Filtering")}, tell_url},
	{{SLICE_BYTES("SmartConsole")}, tell_audit},
	{{SLICE_BYTES("SmartDashboard")}, tell_audit},
	{{SLICE_BYTES("SmartUpdate")}, tell_audit},
	{{SLICE_BYTES("WEB_API")}, tell_audit},
	{{SLICE_BYTES("System Monitor")}, tell_audit},
	{{SLICE_BYTES("Security Management Server")}, tell_audit},
};

static void put_product_meaning(const struct reading *reading)
{
	struct slice product = value_of(reading, "product");

	put_other(
		reading->record, reading->context, FIELD_OTHER, SLICE_LIT("product"), product);
	for (size_t i = 0; i < ARRAY_LEN(blades); i++) {
		if (slice_eq(blades[i].product, product)) {
			blades[i].tell(reading);
			return;
		}
	}
	tell_connection(reading);
}

static void put_interface(const struct reading *reading)
{
	bool outward = slice_eq(value_of(reading, "ifdir"), SLICE_LIT("outbound"));

	put_some(reading->record, reading->context,
		outward ? FIELD_OBSERVER_EGRESS_INTERFACE : FIELD_OBSERVER_INGRESS_INTERFACE,
		value_of(reading, "ifname"));
}

/* "[action:"Drop"; src:"..."; ]" without the brackets */
static struct slice inside(struct slice text)
{
	text = slice_trim(text);
	if (text.len >= 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
		text = slice_trim(slice_of(text.ptr + 1, text.len - 2));
	return text;
}

/* ---- format splunk ---------------------------------------------------------------------- */

/* Up to the next '|' without a backslash before it. */
static struct slice take_part(struct slice *rest)
{
	size_t len = 0;

	while (len < rest->len && rest->ptr[len] != '|')
		len += rest->ptr[len] == '\\' && len + 1 < rest->len ? 2 : 1;
	struct slice part = slice_head(*rest, len);
	*rest = slice_from(*rest, len < rest->len ? len + 1 : len);
	return part;
}

/* "time=1772852400|hostname=gw-1|...|": the time comes twice. */
static bool read_bars(struct pairs *pairs, struct parse_context *context, struct slice text)
{
	struct slice rest = text, digits, name;

	if (!skip_lit(&rest, "time=") || !take_digits(&rest, &digits) || !skip_byte(&rest, '|'))
		return false;
	pairs_reset(pairs, text, PAIRS_NOTHING);
	pairs_add(pairs, SLICE_LIT("time"), digits);
	while (rest.len > 0) {
		struct slice part = take_part(&rest);

		if (take_until(&part, '=', &name) && !slice_eq(name, SLICE_LIT("time")))
			pairs_add(pairs, name, unescaped(context, part, '\\', NULL));
	}
	return true;
}

static bool is_checkpoint(const struct pairs *pairs, const struct parse_context *context)
{
	return (pairs->state == PAIRS_WHOLE || pairs->form == PAIRS_NOTHING) &&
	       (slice_eq(context->program, SLICE_LIT("CheckPoint")) ||
		       (pairs_have(pairs, SLICE_LIT("product")) &&
			       (pairs_have(pairs, SLICE_LIT("loguid")) ||
				       pairs_have(pairs, SLICE_LIT("originsicname")))));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = inside(context->message);
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};

	if (!read_bars(pairs, context, text))
		pairs_read_keyvalue(pairs, text, context->arena);
	if (!is_checkpoint(pairs, context))
		return PARSED_NOT_MINE;
	context->full = context->full || pairs->full;
	put_device(record, context, &firewall);
	for (unsigned i = 0; i < pairs->n; i++)
		named_device_put(record, context, &values, &pairs->items[i],
			name_table_find(&table, pairs->items[i].name, pairs->items[i].hash));
	struct reading reading = {.record = record, .context = context, .pairs = pairs};
	reading.action = value_of(&reading, "action");
	reading.stopped = verdict_of(reading.action) == VERDICT_DENIED;
	put_interface(&reading);
	put_product_meaning(&reading);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("action"), reading.action);
	put_totals(record, context);
	named_finish(record, context, &values);
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"CheckPoint", NULL};

const struct parser parser_checkpoint = {
	.number = 67,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "checkpoint",
	.module = "checkpoint",
	.summary = "Check Point gateways and management by Log Exporter",
	.source = "Check Point sk122323 (Log Exporter), sk144192 (log fields)",
	.programs = programs,
	.first_bytes = "[atl",
	.parse = parse,
};
