/*
 * sonicwall - SonicOS
 *
 *	id=firewall sn=18B169000001 time="2026-03-07 03:00:00 UTC" fw=198.51.100.1 pri=6
 *c=262144 m=98 msg="Connection Opened" n=1 src=192.0.2.7:51000:X0 dst=203.0.113.9:443:X1
 *		proto=tcp/https
 *
 * m is the message's number, c the bits of its category.
 */
#include "collector/normalize/families/named_device.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/stamp.h"
#include "common/netaddr.h"

/* SonicOS Log Events Reference Guide, "Index of Syslog Tag Field Descriptions". */
static const struct name_entry entries[] = {
	NAME("id", NAME_DROPPED),
	NAME("sn", FIELD_OBSERVER_SERIAL_NUMBER),
	NAME("time", NAMED_LATER),
	NAME("fw", FIELD_OBSERVER_IP),
	NAME("pri", FIELD_EVENT_SEVERITY),
	NAME("m", FIELD_EVENT_CODE),
	NAME("msg", NAME_MESSAGE),
	NAME("src", NAMED_LATER),
	NAME("dst", NAMED_LATER),
	NAME("srcMac", FIELD_SOURCE_MAC),
	NAME("dstMac", FIELD_DESTINATION_MAC),
	NAME("natSrc", NAMED_LATER),
	NAME("natDst", NAMED_LATER),
	NAME("srcZone", FIELD_OBSERVER_INGRESS_ZONE),
	NAME("dstZone", FIELD_OBSERVER_EGRESS_ZONE),
	NAME("proto", NAMED_LATER),
	NAME("sent", FIELD_SOURCE_BYTES),
	NAME("rcvd", FIELD_DESTINATION_BYTES),
	NAME("spkt", FIELD_SOURCE_PACKETS),
	NAME("rpkt", FIELD_DESTINATION_PACKETS),
	NAME("cdur", NAMED_LATER),
	NAME("rule", FIELD_RULE_NAME),
	NAME("usr", NAMED_USER),
	NAME("user", NAMED_USER),
	NAME("dstname", FIELD_URL_DOMAIN),
	NAME("arg", NAMED_LATER),
	NAME("Category", FIELD_RULE_CATEGORY),
	NAME("ipscat", FIELD_RULE_CATEGORY),
	NAME("sid", FIELD_RULE_ID),
	NAME("note", FIELD_EVENT_REASON),
	NAME("fw_action", NAMED_LATER),
	NAME("op", NAMED_LATER),
	NAME("result", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("uuid", FIELD_RULE_UUID),
	NAME("vpnpolicy", FIELD_RULE_NAME),
	NAME("sess", FIELD_SERVICE_NAME),
	NAME("dur", NAMED_SECONDS),
	NAME("catid", NAMED_LATER),
	NAME("appName", NAMED_APPLICATION),
};
static struct name_table table = NAME_TABLE(entries);

/* Messages by number; the others tell by their action, if they have one. */
static const struct {
	uint16_t number;
	enum telling telling;
	enum attack_class attack;
	enum severity severity;
} messages[] = {
	{14, TELLS_URL_DENIED, CLASS_NONE, SEVERITY_NONE},
	{16, TELLS_URL, CLASS_NONE, SEVERITY_NONE},
	{22, TELLS_ATTACK_DENIED, CLASS_DOS, SEVERITY_MEDIUM}, /* ping of death */
	{23, TELLS_ATTACK_DENIED, CLASS_UNAUTHORIZED_ACCESS, SEVERITY_MEDIUM}, /* spoof */
	{25, TELLS_ATTACK, CLASS_DOS, SEVERITY_MEDIUM},                        /* SYN flood */
	{27, TELLS_ATTACK_DENIED, CLASS_DOS, SEVERITY_MEDIUM},                 /* land */
	{29, TELLS_LOGIN, CLASS_NONE, SEVERITY_NONE}, /* administrator */
	{30, TELLS_LOGIN_FAILED, CLASS_NONE, SEVERITY_NONE},
	{31, TELLS_LOGIN, CLASS_NONE, SEVERITY_NONE}, /* user */
	{32, TELLS_LOGIN_FAILED, CLASS_NONE, SEVERITY_NONE},
	{33, TELLS_LOGIN_FAILED, CLASS_NONE, SEVERITY_NONE},
	{35, TELLS_LOGIN_FAILED, CLASS_NONE, SEVERITY_NONE},
	{36, TELLS_DENIED, CLASS_NONE, SEVERITY_NONE}, /* TCP packet dropped */
	{37, TELLS_DENIED, CLASS_NONE, SEVERITY_NONE},
	{38, TELLS_DENIED, CLASS_NONE, SEVERITY_NONE},
	{82, TELLS_ATTACK, CLASS_RECON, SEVERITY_MEDIUM}, /* possible port scan */
	{83, TELLS_ATTACK, CLASS_RECON, SEVERITY_HIGH},   /* probable port scan */
	{97, TELLS_URL, CLASS_NONE, SEVERITY_NONE},
	{98, TELLS_STARTED, CLASS_NONE, SEVERITY_NONE},
	{123, TELLS_MALWARE_DENIED, CLASS_MALWARE, SEVERITY_HIGH},
	{159, TELLS_MALWARE_DENIED, CLASS_MALWARE, SEVERITY_HIGH},
	{199, TELLS_LOGIN, CLASS_NONE, SEVERITY_NONE},
	{200, TELLS_LOGIN_FAILED, CLASS_NONE, SEVERITY_NONE},
	{236, TELLS_LOGIN, CLASS_NONE, SEVERITY_NONE},
	{238, TELLS_LOGIN_FAILED, CLASS_NONE, SEVERITY_NONE},
	{261, TELLS_LOGOUT, CLASS_NONE, SEVERITY_NONE},
	{263, TELLS_LOGOUT, CLASS_NONE, SEVERITY_NONE},
	{329, TELLS_LOCKED, CLASS_NONE, SEVERITY_NONE},
	{537, TELLS_ENDED, CLASS_NONE, SEVERITY_NONE},
	{608, TELLS_ATTACK, CLASS_UNAUTHORIZED_ACCESS, SEVERITY_MEDIUM}, /* IPS detection */
	{609, TELLS_ATTACK_DENIED, CLASS_UNAUTHORIZED_ACCESS, SEVERITY_HIGH},
	{794, TELLS_MALWARE, CLASS_MALWARE, SEVERITY_MEDIUM}, /* anti-spyware */
	{795, TELLS_MALWARE_DENIED, CLASS_MALWARE, SEVERITY_HIGH},
	{809, TELLS_MALWARE_DENIED, CLASS_MALWARE, SEVERITY_HIGH}, /* gateway anti-virus */
	{1080, TELLS_VPN, CLASS_NONE, SEVERITY_NONE},              /* SSL VPN */
	{1153, TELLS_VPN, CLASS_NONE, SEVERITY_NONE},
	{1235, TELLS_DENIED, CLASS_NONE, SEVERITY_NONE},
	{1336, TELLS_CONFIG, CLASS_NONE, SEVERITY_NONE},
	{1382, TELLS_CONFIG, CLASS_NONE, SEVERITY_NONE},
	{1383, TELLS_CONFIG_FAILED, CLASS_NONE, SEVERITY_NONE},
};

/* "192.0.2.7:51000:X0:host", or an address alone. */
struct endpoint {
	enum field_id ip, port, interface, domain;
};

static void put_endpoint(
	const struct named_reading *reading, struct slice text, const struct endpoint *endpoint)
{
	struct slice address, port, interface;
	struct netaddr whole;

	if (netaddr_parse(text, &whole)) {
		put_only_address(reading->record, reading->context, endpoint->ip, text);
		return;
	}
	if (text.len == 0 || !slice_cut(&text, ':', &address))
		return;
	put_only_address(reading->record, reading->context, endpoint->ip, address);
	if (!slice_absent(text) && slice_cut(&text, ':', &port))
		put_digits(reading->record, reading->context, endpoint->port, port);
	if (endpoint->interface != FIELD_NONE && !slice_absent(text) &&
		slice_cut(&text, ':', &interface))
		put_some(reading->record, reading->context, endpoint->interface, interface);
	if (endpoint->domain != FIELD_NONE && !slice_absent(text))
		put_some(reading->record, reading->context, endpoint->domain, text);
}

static void put_endpoints(const struct named_reading *reading)
{
	static const struct endpoint source = {FIELD_SOURCE_IP, FIELD_SOURCE_PORT,
		FIELD_OBSERVER_INGRESS_INTERFACE, FIELD_SOURCE_DOMAIN};
	static const struct endpoint destination = {FIELD_DESTINATION_IP,
		FIELD_DESTINATION_PORT, FIELD_OBSERVER_EGRESS_INTERFACE,
		FIELD_DESTINATION_DOMAIN};
	static const struct endpoint nat_source = {
		FIELD_SOURCE_NAT_IP, FIELD_SOURCE_NAT_PORT, FIELD_NONE, FIELD_NONE};
	static const struct endpoint nat_destination = {
		FIELD_DESTINATION_NAT_IP, FIELD_DESTINATION_NAT_PORT, FIELD_NONE, FIELD_NONE};

	put_endpoint(reading, named_value(reading, "src"), &source);
	put_endpoint(reading, named_value(reading, "dst"), &destination);
	put_endpoint(reading, named_value(reading, "natSrc"), &nat_source);
	put_endpoint(reading, named_value(reading, "natDst"), &nat_destination);
}

/* "tcp/https", "udp/53", "icmp" */
static void put_protocol(const struct named_reading *reading)
{
	struct slice protocol = named_value(reading, "proto"), transport;

	if (protocol.len == 0 || !slice_cut(&protocol, '/', &transport))
		return;
	put_transport(reading->record, reading->context, transport);
	if (!slice_absent(protocol) && !all_digits(protocol))
		put_lower(reading->record, reading->context, FIELD_NETWORK_PROTOCOL, protocol);
}

/* ARRAY_LEN(messages) when it is not among them. */
static size_t find_message(struct slice digits)
{
	uint64_t number;

	if (!slice_to_u64(digits, UINT16_MAX, &number))
		return ARRAY_LEN(messages);
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		if (messages[i].number == number)
			return i;
	}
	return ARRAY_LEN(messages);
}

static void tell_message(const struct named_reading *reading)
{
	struct slice verdict = named_value(reading, "fw_action");
	size_t i = find_message(named_value(reading, "m"));

	if (i < ARRAY_LEN(messages)) {
		put_telling(reading->record, reading->context, messages[i].telling);
		if (messages[i].attack != CLASS_NONE)
			put_attack(reading->record, reading->context, messages[i].attack,
				messages[i].severity,
				messages[i].telling == TELLS_ATTACK_DENIED ||
					messages[i].telling == TELLS_MALWARE_DENIED);
		return;
	}
	if (verdict_of(verdict) == VERDICT_DENIED)
		put_telling(reading->record, reading->context, TELLS_DENIED);
	else
		put_telling(reading->record, reading->context,
			verdict_of(verdict) == VERDICT_ALLOWED ? TELLS_ALLOWED : TELLS_NOTHING);
}

/* "/a?b=c" */
static void put_argument(const struct named_reading *reading)
{
	struct slice path = named_value(reading, "arg"), query = SLICE_NONE;
	size_t mark = slice_find(path, '?');

	if (path.len == 0)
		return;
	if (mark < path.len)
		query = slice_from(path, mark + 1);
	put_some(reading->record, reading->context, FIELD_URL_PATH, slice_head(path, mark));
	put_some(reading->record, reading->context, FIELD_URL_QUERY, query);
}

/* The method, which older releases number: 1 GET, 2 POST, 3 HEAD. */
static void put_method(const struct named_reading *reading)
{
	static const struct slice methods[] = {
		{SLICE_BYTES("GET")}, {SLICE_BYTES("POST")}, {SLICE_BYTES("HEAD")}};
	struct slice op = named_value(reading, "op");

	if (op.len == 1 && op.ptr[0] >= '1' && op.ptr[0] <= '3')
		op = methods[op.ptr[0] - '1'];
	if (op.len > 1)
		put(reading->record, reading->context, FIELD_HTTP_REQUEST_METHOD, op);
}

/* "NA": no rule was asked. */
static void put_action(const struct named_reading *reading)
{
	struct slice action = named_value(reading, "fw_action");

	if (!slice_eq(action, SLICE_LIT("NA")))
		put_some(reading->record, reading->context, FIELD_EVENT_ACTION, action);
}

/* "IPS Detection Alert: NAME", "Gateway Anti-Virus Alert: NAME (Trojan) blocked." */
static void put_signature(const struct named_reading *reading)
{
	struct slice name = named_value(reading, "msg");
	size_t i = find_message(named_value(reading, "m"));
	size_t at = slice_search(name, SLICE_LIT("Alert: "));

	if (i == ARRAY_LEN(messages) || messages[i].attack == CLASS_NONE || at == name.len)
		return;
	name = slice_from(name, at + sizeof("Alert: ") - 1);
	if (messages[i].attack != CLASS_MALWARE) {
		put_some(reading->record, reading->context, FIELD_RULE_NAME, name);
		return;
	}
	if (slice_ends(name, SLICE_LIT(" blocked.")))
		name = slice_head(name, name.len - (sizeof(" blocked.") - 1));
	put_some(reading->record, reading->context, FIELD_THREAT_NAME, name);
}

static void finish(const struct named_reading *reading)
{
	struct slice time = named_value(reading, "time"), zone;
	struct parse_context context = *reading->context;
	int64_t ns;

	put_endpoints(reading);
	put_protocol(reading);
	put_argument(reading);
	put_method(reading);
	put_signature(reading);
	put_action(reading);
	tell_message(reading);
	if (cut_last(time, SLICE_LIT(" "), &time, &zone) && slice_eq(zone, SLICE_LIT("UTC")))
		context.zone_seconds = 0;
	else
		time = named_value(reading, "time");
	if (take_stamp_iso(&time, &context, &ns))
		reading->record->created_ns = ns;
}

static const struct named_device device = {
	.device = {{SLICE_BYTES("SonicWall")}, {SLICE_BYTES("SonicOS")},
		{SLICE_BYTES("firewall")}},
	.required = {{SLICE_BYTES("sn")}, {SLICE_BYTES("fw")}, {SLICE_BYTES("pri")},
		{SLICE_BYTES("m")}},
	.table = &table,
	.finish = finish,
};

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	enum parse_result result = named_device_parse(record, context, &device);

	if (result == PARSED &&
		find_message(pairs_get_lit(context->pairs, "m")) == ARRAY_LEN(messages))
		return PARSED_PARTLY;
	return result;
}

const struct parser parser_sonicwall = {
	.number = 75,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "sonicwall",
	.module = "sonicwall",
	.summary = "SonicWall SonicOS",
	.source = "SonicOS 6.5 and 7 Log Events Reference Guide",
	.first_bytes = "is",
	.parse = parse,
};
