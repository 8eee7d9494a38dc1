/*
 * sophos - Sophos Firewall (SFOS, XG) and Sophos UTM
 *
 *	device="SFW" date=2026-03-07 time=10:00:00 timezone="+07" log_type="Firewall" ...
 *	device_name="SFW" timestamp="2026-03-07T10:00:00+0700" log_type="IDP" ...
 *	ulogd[1]: id="2001" severity="info" sys="SecureNet" sub="packetfilter" name="Packet ...
 */
#include "collector/normalize/families/named_device.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/network.h"

/* Sophos Firewall, "Syslog guide" 17.5 to 21. */
static const struct name_entry firewall_entries[] = {
	NAME("date", NAME_DATE),
	NAME("time", NAME_TIME),
	NAME("timestamp", NAME_TIME),
	NAME("timezone", NAMED_LATER),
	NAME("device_name", FIELD_OBSERVER_NAME),
	NAME("device_id", FIELD_OBSERVER_SERIAL_NUMBER),
	NAME("device_serial_id", FIELD_OBSERVER_SERIAL_NUMBER),
	NAME("log_id", FIELD_EVENT_CODE),
	NAME("log_type", NAMED_LATER),
	NAME("log_component", NAMED_LATER),
	NAME("log_subtype", NAMED_LATER),
	NAME("status", NAMED_LATER),
	NAME("priority", FIELD_LOG_LEVEL),
	NAME("severity", FIELD_LOG_LEVEL),
	NAME("src_ip", FIELD_SOURCE_IP),
	NAME("src_port", FIELD_SOURCE_PORT),
	NAME("src_mac", FIELD_SOURCE_MAC),
	NAME("tran_src_ip", FIELD_SOURCE_NAT_IP),
	NAME("tran_src_port", FIELD_SOURCE_NAT_PORT),
	NAME("dst_ip", FIELD_DESTINATION_IP),
	NAME("dst_port", FIELD_DESTINATION_PORT),
	NAME("dst_mac", FIELD_DESTINATION_MAC),
	NAME("tran_dst_ip", FIELD_DESTINATION_NAT_IP),
	NAME("tran_dst_port", FIELD_DESTINATION_NAT_PORT),
	NAME("protocol", NAMED_TRANSPORT),
	NAME("application", NAMED_APPLICATION),
	NAME("application_name", NAMED_APPLICATION),
	NAME("app_name", NAMED_APPLICATION),
	NAME("in_interface", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("out_interface", FIELD_OBSERVER_EGRESS_INTERFACE),
	NAME("src_zone", FIELD_OBSERVER_INGRESS_ZONE),
	NAME("srczone", FIELD_OBSERVER_INGRESS_ZONE),
	NAME("dst_zone", FIELD_OBSERVER_EGRESS_ZONE),
	NAME("dstzone", FIELD_OBSERVER_EGRESS_ZONE),
	NAME("fw_rule_id", NAMED_LATER),
	NAME("fw_rule_name", NAMED_LATER),
	NAME("signature_id", NAMED_LATER),
	NAME("signature_msg", NAMED_LATER),
	NAME("classification", FIELD_RULE_CATEGORY),
	NAME("category", FIELD_RULE_CATEGORY),
	NAME("user_name", NAMED_USER),
	NAME("user", NAMED_USER),
	NAME("usergroupname", FIELD_USER_GROUP_NAME),
	NAME("user_group", FIELD_USER_GROUP_NAME),
	NAME("user_full_name", FIELD_USER_FULL_NAME),
	NAME("user_gp", FIELD_USER_GROUP_NAME),
	NAME("duration", NAMED_SECONDS),
	NAME("con_duration", NAMED_SECONDS),
	NAME("sent_bytes", FIELD_SOURCE_BYTES),
	NAME("bytes_sent", FIELD_SOURCE_BYTES),
	NAME("recv_bytes", FIELD_DESTINATION_BYTES),
	NAME("bytes_received", FIELD_DESTINATION_BYTES),
	NAME("sent_pkts", FIELD_SOURCE_PACKETS),
	NAME("packets_sent", FIELD_SOURCE_PACKETS),
	NAME("packets_received", FIELD_DESTINATION_PACKETS),
	NAME("recv_pkts", FIELD_DESTINATION_PACKETS),
	NAME("url", NAMED_LATER),
	NAME("domain", NAMED_LATER),
	NAME("domainname", NAMED_LATER),
	NAME("http_status", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("status_code", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("httpstatus", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("user_agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("http_user_agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("contenttype", FIELD_HTTP_RESPONSE_MIME_TYPE),
	NAME("content_type", FIELD_HTTP_RESPONSE_MIME_TYPE),
	NAME("referer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("http_referer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("httpreferer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("method", FIELD_HTTP_REQUEST_METHOD),
	NAME("http_method", FIELD_HTTP_REQUEST_METHOD),
	NAME("transaction_id", FIELD_HTTP_REQUEST_ID),
	NAME("virus", FIELD_THREAT_NAME),
	NAME("threatname", FIELD_THREAT_NAME),
	NAME("filename", FIELD_FILE_NAME),
	NAME("file_name", FIELD_FILE_NAME),
	NAME("file_size", FIELD_FILE_SIZE),
	NAME("sha256", NAMED_HASH),
	NAME("sha1sum", NAMED_HASH),
	NAME("from_email_address", FIELD_EMAIL_FROM_ADDRESS),
	NAME("to_email_address", FIELD_EMAIL_TO_ADDRESS),
	NAME("email_subject", FIELD_EMAIL_SUBJECT),
	NAME("sender", FIELD_EMAIL_FROM_ADDRESS),
	NAME("recipient", FIELD_EMAIL_TO_ADDRESS),
	NAME("subject", FIELD_EMAIL_SUBJECT),
	NAME("message", NAME_MESSAGE),
	NAME("reason", FIELD_EVENT_REASON),
};
static struct name_table firewall_table = NAME_TABLE(firewall_entries);

struct kind {
	struct slice type; /* log_type */
	enum telling open, stopped;
	enum attack_class attack; /* CLASS_NONE = none */
};

static const struct kind kinds[] = {
	{{SLICE_BYTES("Firewall")}, TELLS_ALLOWED, TELLS_DENIED, CLASS_NONE},
	{{SLICE_BYTES("IDP")}, TELLS_ATTACK, TELLS_ATTACK_DENIED, CLASS_UNAUTHORIZED_ACCESS},
	{{SLICE_BYTES("IPS")}, TELLS_ATTACK, TELLS_ATTACK_DENIED, CLASS_UNAUTHORIZED_ACCESS},
	{{SLICE_BYTES("WAF")}, TELLS_URL, TELLS_ATTACK_DENIED, CLASS_UNAUTHORIZED_ACCESS},
	{{SLICE_BYTES("Anti-Virus")}, TELLS_MALWARE, TELLS_MALWARE_DENIED, CLASS_MALWARE},
	{{SLICE_BYTES("Anti Virus")}, TELLS_MALWARE, TELLS_MALWARE_DENIED, CLASS_MALWARE},
	{{SLICE_BYTES("ATP")}, TELLS_MALWARE, TELLS_MALWARE_DENIED, CLASS_MALWARE},
	{{SLICE_BYTES("Sandbox")}, TELLS_CONNECTION, TELLS_MALWARE_DENIED, CLASS_MALWARE},
	{{SLICE_BYTES("Content Filtering")}, TELLS_URL, TELLS_URL_DENIED, CLASS_NONE},
	{{SLICE_BYTES("Anti-Spam")}, TELLS_CONNECTION, TELLS_DENIED, CLASS_NONE},
};

static bool is_stopped(const struct named_reading *reading)
{
	struct slice subtype = named_value(reading, "log_subtype");
	struct slice status = named_value(reading, "status");

	return verdict_of(subtype) == VERDICT_DENIED || verdict_of(status) == VERDICT_DENIED ||
	       slice_eq(subtype, SLICE_LIT("Virus")) ||
	       slice_eq(subtype, SLICE_LIT("Infected"));
}

static void tell(const struct named_reading *reading, enum telling telling)
{
	put_telling(reading->record, reading->context, telling);
}

/* Administration and authentication: component and status say it. */
static void tell_event(const struct named_reading *reading)
{
	struct slice component = named_value(reading, "log_component");
	struct slice subtype = named_value(reading, "log_subtype");
	struct slice status = named_value(reading, "status");
	struct slice message = named_value(reading, "message");
	bool failed = slice_starts(status, SLICE_LIT("Fail"));
	bool vpn = slice_search(component, SLICE_LIT("VPN")) < component.len ||
		   slice_eq(component, SLICE_LIT("IPSec")) ||
		   slice_eq(component, SLICE_LIT("L2TP")) ||
		   slice_eq(component, SLICE_LIT("PPTP"));

	if (slice_search(message, SLICE_LIT("logged out")) < message.len)
		tell(reading, TELLS_LOGOUT);
	else if (slice_eq(subtype, SLICE_LIT("Authentication")) ||
		 slice_search(message, SLICE_LIT("logged in")) < message.len ||
		 slice_search(message, SLICE_LIT("login")) < message.len)
		tell(reading, failed ? TELLS_LOGIN_FAILED : TELLS_LOGIN);
	else if (vpn && slice_eq(status, SLICE_LIT("Established")))
		tell(reading, TELLS_VPN);
	else if (vpn && slice_eq(status, SLICE_LIT("Terminated")))
		tell(reading, TELLS_VPN_ENDED);
	else if (vpn)
		tell(reading, failed ? TELLS_VPN_FAILED : TELLS_VPN_INFO);
	else if (slice_eq(subtype, SLICE_LIT("Admin")))
		tell(reading, failed ? TELLS_CONFIG_FAILED : TELLS_CONFIG);
	else if (slice_eq(component, SLICE_LIT("HA")))
		tell(reading, TELLS_FAILOVER);
	else
		tell(reading, TELLS_SYSTEM);
}

static void tell_kind(const struct named_reading *reading, const struct kind *kind)
{
	bool stopped = is_stopped(reading);
	struct slice signature = named_value(reading, "signature_msg");
	struct slice rule = named_value(reading, "fw_rule_name");
	enum attack_class attack = kind->attack;

	tell(reading, stopped ? kind->stopped : kind->open);
	put_some(reading->record, reading->context, FIELD_RULE_NAME,
		slice_absent(signature) ? rule : signature);
	if (attack == CLASS_NONE || (!stopped && kind->open == TELLS_URL) ||
		(!stopped && kind->open == TELLS_CONNECTION))
		return;
	put_attack(reading->record, reading->context, attack_of_name(signature, attack),
		severity_of_word(record_get(reading->record, FIELD_LOG_LEVEL)), stopped);
}

/* "N/A" and "0" where no rule decided. */
static void put_rule_id(const struct named_reading *reading)
{
	struct slice id = named_value(reading, "fw_rule_id");

	if (!slice_eq(id, SLICE_LIT("N/A")))
		put_some(reading->record, reading->context, FIELD_RULE_ID, id);
}

/* Threats name a host where the web filter has a URL. */
static void put_url(const struct named_reading *reading)
{
	struct slice url = named_value(reading, "url");
	struct named_values ignored = {0};

	if (slice_search(url, SLICE_LIT("/")) < url.len)
		named_put(reading->record, reading->context, &ignored, FIELD_URL_ORIGINAL, url);
	else
		put_url_host(reading->record, reading->context, url);
	put_url_host(reading->record, reading->context, named_value(reading, "domain"));
	put_url_host(reading->record, reading->context, named_value(reading, "domainname"));
}

static void finish_firewall(const struct named_reading *reading)
{
	static const char *const kept[] = {
		"log_type", "log_component", "log_subtype", "status", "signature_id"};
	struct slice type = named_value(reading, "log_type");

	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		put_other(reading->record, reading->context, FIELD_OTHER, slice_str(kept[i]),
			named_value(reading, kept[i]));
	put_rule_id(reading);
	put_url(reading);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (slice_eq(kinds[i].type, type)) {
			tell_kind(reading, &kinds[i]);
			return;
		}
	}
	tell_event(reading);
}

static const struct named_device sophos_firewall = {
	.device = {{SLICE_BYTES("Sophos")}, {SLICE_BYTES("Sophos Firewall")},
		{SLICE_BYTES("firewall")}},
	.required = {{SLICE_BYTES("log_type")}, {SLICE_BYTES("log_component")},
		{SLICE_BYTES("log_subtype")}},
	.table = &firewall_table,
	.finish = finish_firewall,
};

/* ---- UTM 9 ------------------------------------------------------------------------------ */

static const struct name_entry utm_entries[] = {
	NAME("id", FIELD_EVENT_CODE),
	NAME("severity", FIELD_LOG_LEVEL),
	NAME("name", NAME_MESSAGE),
	NAME("action", FIELD_EVENT_ACTION),
	NAME("fwrule", FIELD_RULE_ID),
	NAME("initf", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("outitf", FIELD_OBSERVER_EGRESS_INTERFACE),
	NAME("srcmac", FIELD_SOURCE_MAC),
	NAME("dstmac", FIELD_DESTINATION_MAC),
	NAME("srcip", FIELD_SOURCE_IP),
	NAME("dstip", FIELD_DESTINATION_IP),
	NAME("srcport", FIELD_SOURCE_PORT),
	NAME("dstport", FIELD_DESTINATION_PORT),
	NAME("proto", NAMED_TRANSPORT),
	NAME("length", FIELD_NETWORK_BYTES),
	NAME("user", NAMED_USER),
	NAME("username", NAMED_USER),
	NAME("url", FIELD_URL_ORIGINAL),
	NAME("method", FIELD_HTTP_REQUEST_METHOD),
	NAME("statuscode", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("referer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("ua", FIELD_USER_AGENT_ORIGINAL),
	NAME("size", FIELD_HTTP_RESPONSE_BODY_BYTES),
	NAME("content-type", FIELD_HTTP_RESPONSE_MIME_TYPE),
	NAME("application", NAMED_APPLICATION),
	NAME("virus", FIELD_THREAT_NAME),
	NAME("from", FIELD_EMAIL_FROM_ADDRESS),
	NAME("to", FIELD_EMAIL_TO_ADDRESS),
	NAME("subject", FIELD_EMAIL_SUBJECT),
	NAME("host", FIELD_SOURCE_DOMAIN),
	NAME("categoryname", FIELD_RULE_CATEGORY),
	NAME("reason", NAMED_LATER),
	NAME("group", NAMED_LATER),
	NAME("sid", FIELD_RULE_ID),
	NAME("class", FIELD_RULE_CATEGORY),
	NAME("threatname", FIELD_THREAT_NAME),
};
static struct name_table utm_table = NAME_TABLE(utm_entries);

static void finish_utm(const struct named_reading *reading)
{
	struct slice sub = named_value(reading, "sub");
	struct slice reason = named_value(reading, "reason");
	struct slice name = named_value(reading, "name");
	bool stopped = verdict_of(named_value(reading, "action")) == VERDICT_DENIED;

	put_some(reading->record, reading->context,
		slice_eq(sub, SLICE_LIT("ips")) ? FIELD_RULE_NAME : FIELD_EVENT_REASON, reason);
	if (slice_eq(sub, SLICE_LIT("ips"))) {
		tell(reading, stopped ? TELLS_ATTACK_DENIED : TELLS_ATTACK);
		put_attack(reading->record, reading->context,
			attack_of_name(reason, CLASS_UNAUTHORIZED_ACCESS), SEVERITY_MEDIUM,
			stopped);
	} else if (slice_eq(sub, SLICE_LIT("packetfilter"))) {
		tell(reading, stopped ? TELLS_DENIED : TELLS_ALLOWED);
	} else if (slice_eq(sub, SLICE_LIT("http"))) {
		tell(reading, slice_eq(named_value(reading, "action"), SLICE_LIT("block"))
				      ? TELLS_URL_DENIED
				      : TELLS_URL);
	} else if (slice_eq(sub, SLICE_LIT("auth"))) {
		tell(reading, slice_search(name, SLICE_LIT("uccessful")) < name.len
				      ? TELLS_LOGIN
				      : TELLS_LOGIN_FAILED);
	} else {
		tell(reading, TELLS_SYSTEM);
	}
}

static const struct named_device sophos_utm = {
	.device = {{SLICE_BYTES("Sophos")}, {SLICE_BYTES("UTM")}, {SLICE_BYTES("firewall")}},
	.required = {{SLICE_BYTES("id")}, {SLICE_BYTES("severity")}, {SLICE_BYTES("sys")},
		{SLICE_BYTES("sub")}},
	.table = &utm_table,
	.finish = finish_utm,
};

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	enum parse_result result = named_device_parse(record, context, &sophos_firewall);

	if (result == PARSED_NOT_MINE)
		result = named_device_parse(record, context, &sophos_utm);
	return result;
}

const struct parser parser_sophos = {
	.number = 71,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "sophos",
	.module = "sophos",
	.summary = "Sophos Firewall (SFOS) and UTM",
	.source = "Sophos Firewall Syslog guide; Sophos UTM 9 log format",
	.first_bytes = "dtil",
	.parse = parse,
};
