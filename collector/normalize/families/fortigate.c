/*
 * A log has a type and a subtype: traffic (forward, local, ...), utm (virus, ips, ...), event
 * (system, vpn, ...). The meaning of traffic is its action, of utm its subtype and whether the
 * action stopped it, of events the message id, which is the end of "logid".
 */
#include "collector/normalize/families/fortigate.h"

#include <stdlib.h>

#include "collector/normalize/families/device.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/stamp.h"

enum fortigate_value {
	FORTI_LATER = NAME_MEANING_END, /* fortigate_finish() reads it */
	FORTI_TRANSPORT,
	FORTI_PROTOCOL,
	FORTI_APPLICATION,
	FORTI_DIRECTION,
	FORTI_DURATION,
	FORTI_HASH,
	FORTI_USER,
	FORTI_RESOLVED,
	FORTI_ZONE_IN,
	FORTI_ZONE_OUT,
};

/* FortiOS Log Message Reference 5.4 to 7.6; names of FortiOS 4 and 5.0 at the end. */
static const struct name_entry entries[] = {
	NAME("date", FORTI_LATER),
	NAME("time", FORTI_LATER),
	NAME("eventtime", FORTI_LATER),
	NAME("tz", FIELD_EVENT_TIMEZONE),
	NAME("itime", NAME_DROPPED),
	NAME("devname", FIELD_OBSERVER_NAME),
	NAME("devid", FIELD_OBSERVER_SERIAL_NUMBER),
	NAME("logid", FIELD_EVENT_CODE),
	NAME("level", FIELD_LOG_LEVEL),
	NAME("logdesc", FIELD_RULE_DESCRIPTION),
	NAME("msg", NAME_MESSAGE),
	NAME("action", FIELD_EVENT_ACTION),
	NAME("reason", FIELD_EVENT_REASON),

	NAME("srcip", FIELD_SOURCE_IP),
	NAME("srcport", FIELD_SOURCE_PORT),
	NAME("srcname", FIELD_SOURCE_DOMAIN),
	NAME("srcmac", FIELD_SOURCE_MAC),
	NAME("srcintf", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("srcintfrole", FORTI_ZONE_IN),
	NAME("transip", FIELD_SOURCE_NAT_IP),
	NAME("transport", FIELD_SOURCE_NAT_PORT),
	NAME("dstip", FIELD_DESTINATION_IP),
	NAME("dstport", FIELD_DESTINATION_PORT),
	NAME("dstname", FIELD_DESTINATION_DOMAIN),
	NAME("dstmac", FIELD_DESTINATION_MAC),
	NAME("dstintf", FIELD_OBSERVER_EGRESS_INTERFACE),
	NAME("dstintfrole", FORTI_ZONE_OUT),
	NAME("tranip", FIELD_DESTINATION_NAT_IP),
	NAME("tranport", FIELD_DESTINATION_NAT_PORT),
	NAME("proto", FORTI_TRANSPORT),
	NAME("service", FORTI_PROTOCOL),
	NAME("app", FORTI_APPLICATION),
	NAME("direction", FORTI_DIRECTION),
	NAME("duration", FORTI_DURATION),
	NAME("sentbyte", FIELD_SOURCE_BYTES),
	NAME("rcvdbyte", FIELD_DESTINATION_BYTES),
	NAME("sentpkt", FIELD_SOURCE_PACKETS),
	NAME("rcvdpkt", FIELD_DESTINATION_PACKETS),
	NAME("vlanid", FIELD_NETWORK_VLAN_ID),
	NAME("forwardedfor", FIELD_NETWORK_FORWARDED_IP),

	NAME("policyid", FORTI_LATER),
	NAME("policyname", FORTI_LATER),
	NAME("poluuid", FIELD_RULE_UUID),
	NAME("policytype", FIELD_RULE_RULESET),

	NAME("user", FORTI_USER),
	NAME("unauthuser", FORTI_USER),
	NAME("xauthuser", FORTI_USER),
	NAME("dstuser", FIELD_USER_TARGET_NAME),
	NAME("group", FIELD_USER_GROUP_NAME),
	NAME("adminprof", FIELD_USER_ROLES),
	NAME("remip", FIELD_SOURCE_IP),
	NAME("remport", FIELD_SOURCE_PORT),
	NAME("locip", FIELD_DESTINATION_IP),
	NAME("locport", FIELD_DESTINATION_PORT),
	NAME("ui", FORTI_LATER),

	NAME("attack", FORTI_LATER),
	NAME("attackid", FORTI_LATER),
	NAME("severity", FORTI_LATER),
	NAME("ref", FIELD_RULE_REFERENCE),
	NAME("virus", FIELD_THREAT_NAME),
	NAME("filename", FIELD_FILE_NAME),
	NAME("filesize", FIELD_FILE_SIZE),
	NAME("filetype", FIELD_FILE_TYPE),
	NAME("filehash", FORTI_HASH),
	NAME("analyticscksum", FORTI_HASH),
	NAME("catdesc", FIELD_RULE_CATEGORY),

	NAME("url", FORTI_LATER),
	NAME("hostname", FORTI_LATER),
	NAME("httpmethod", FIELD_HTTP_REQUEST_METHOD),
	NAME("httpcode", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("referralurl", FIELD_HTTP_REQUEST_REFERRER),
	NAME("contenttype", FIELD_HTTP_RESPONSE_MIME_TYPE),
	NAME("qname", FIELD_DNS_QUESTION_NAME),
	NAME("qtype", FIELD_DNS_QUESTION_TYPE),
	NAME("qclass", FIELD_DNS_QUESTION_CLASS),
	NAME("xid", FIELD_DNS_ID),
	NAME("ipaddr", FORTI_RESOLVED),
	NAME("rcode", FIELD_DNS_RESPONSE_CODE),
	NAME("from", FORTI_LATER),
	NAME("to", FORTI_LATER),
	NAME("cc", FIELD_EMAIL_CC_ADDRESS),
	NAME("sender", FIELD_EMAIL_SENDER_ADDRESS),
	NAME("recipient", FORTI_LATER),
	NAME("subject", FIELD_EMAIL_SUBJECT),
	NAME("sni", FIELD_TLS_CLIENT_SERVER_NAME),

	NAME("src", FIELD_SOURCE_IP),
	NAME("src_port", FIELD_SOURCE_PORT),
	NAME("src_int", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("dst", FIELD_DESTINATION_IP),
	NAME("dst_port", FIELD_DESTINATION_PORT),
	NAME("dst_int", FIELD_OBSERVER_EGRESS_INTERFACE),
	NAME("tran_sip", FIELD_SOURCE_NAT_IP),
	NAME("tran_sport", FIELD_SOURCE_NAT_PORT),
	NAME("tran_ip", FIELD_DESTINATION_NAT_IP),
	NAME("tran_port", FIELD_DESTINATION_NAT_PORT),
	NAME("sent", FIELD_SOURCE_BYTES),
	NAME("rcvd", FIELD_DESTINATION_BYTES),
	NAME("sent_pkt", FIELD_SOURCE_PACKETS),
	NAME("rcvd_pkt", FIELD_DESTINATION_PACKETS),
	NAME("device_id", FIELD_OBSERVER_SERIAL_NUMBER),
	NAME("log_id", FIELD_EVENT_CODE),
	NAME("pri", FIELD_LOG_LEVEL),
	NAME("attack_name", FORTI_LATER),
	NAME("attack_id", FORTI_LATER),
};
static struct name_table table = NAME_TABLE(entries);

unsigned fortigate_meaning(struct slice name, uint32_t hash)
{
	return name_table_find(&table, name, hash);
}

static void put_user(struct record *record, struct parse_context *context, struct slice value)
{
	if (!slice_eq(value, SLICE_LIT("N/A")) &&
		slice_absent(record_get(record, FIELD_USER_NAME)))
		put_some(record, context, FIELD_USER_NAME, value);
}

/* "192.0.2.1, 192.0.2.2" */
static void put_resolved(
	struct record *record, struct parse_context *context, struct slice value)
{
	struct slice address;

	while (slice_cut(&value, ',', &address))
		put_only_address(record, context, FIELD_DNS_RESOLVED_IP, slice_trim(address));
}

void fortigate_put(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair, unsigned meaning)
{
	struct slice value = pair->value;

	switch (meaning) {
	case FORTI_LATER:
		break;
	case FORTI_TRANSPORT:
		put_transport(record, context, value);
		break;
	case FORTI_PROTOCOL:
		put_lower(record, context, FIELD_NETWORK_PROTOCOL, value);
		break;
	case FORTI_APPLICATION:
		put_lower(record, context, FIELD_NETWORK_APPLICATION, value);
		break;
	case FORTI_DIRECTION:
		put_direction(record, context, value);
		break;
	case FORTI_DURATION:
		put_seconds(record, context, value);
		break;
	case FORTI_HASH:
		put_hash(record, context, value);
		break;
	case FORTI_USER:
		put_user(record, context, value);
		break;
	case FORTI_ZONE_IN:
	case FORTI_ZONE_OUT: /* of interfaces with no role: "undefined" */
		if (!slice_eq(value, SLICE_LIT("undefined")))
			put_some(record, context,
				meaning == FORTI_ZONE_IN ? FIELD_OBSERVER_INGRESS_ZONE
							 : FIELD_OBSERVER_EGRESS_ZONE,
				value);
		break;
	case FIELD_EVENT_CODE: /* CEF's header has other ones */
	case FIELD_LOG_LEVEL:
		put_over(record, context, (enum field_id)meaning, value);
		break;
	case FORTI_RESOLVED:
		put_resolved(record, context, value);
		break;
	default:
		if (!slice_eq(value, SLICE_LIT("N/A")))
			named_put(record, context, values, meaning, value);
	}
}

/* ---- what it tells ---------------------------------------------------------------------- */

struct reading {
	struct record *record;
	struct parse_context *context;
	const struct pairs *pairs;
	bool cef;
	struct slice type, subtype, action;
	bool stopped;
};

/* By its own name, or behind CEF's prefix. */
static struct slice value_of(const struct reading *reading, struct slice name)
{
	static const struct slice prefix = {SLICE_BYTES("FTNTFGT")};
	char buf[64];
	struct slice value = SLICE_NONE;

	if (reading->cef && prefix.len + name.len <= sizeof(buf)) {
		memcpy(buf, prefix.ptr, prefix.len);
		memcpy(buf + prefix.len, name.ptr, name.len);
		value = pairs_get(reading->pairs, slice_of(buf, prefix.len + name.len));
	}
	return slice_absent(value) ? pairs_get(reading->pairs, name) : value;
}

static struct slice first_of(
	const struct reading *reading, struct slice name, struct slice other)
{
	struct slice value = value_of(reading, name);

	return slice_absent(value) ? value_of(reading, other) : value;
}

/* What stopped nothing: FortiOS' other actions of profiles stop what they are about. */
static bool is_stopped(struct slice action)
{
	static const struct slice open[] = {
		{SLICE_BYTES("passthrough")},
		{SLICE_BYTES("pass")},
		{SLICE_BYTES("detected")},
		{SLICE_BYTES("monitored")},
		{SLICE_BYTES("monitor-scan")},
		{SLICE_BYTES("analytics")},
		{SLICE_BYTES("log-only")},
		{SLICE_BYTES("logged")},
		{SLICE_BYTES("exempt")},
		{SLICE_BYTES("accept")},
		{SLICE_BYTES("permit")},
		{SLICE_BYTES("info")},
		{SLICE_BYTES("content-archive")},
	};

	for (size_t i = 0; i < ARRAY_LEN(open); i++) {
		if (slice_eq(open[i], action))
			return false;
	}
	return action.len > 0;
}

static void tell(const struct reading *reading, enum telling telling)
{
	put_telling(reading->record, reading->context, telling);
}

static void put_policy(const struct reading *reading)
{
	put_some(reading->record, reading->context, FIELD_RULE_ID,
		value_of(reading, SLICE_LIT("policyid")));
	put_some(reading->record, reading->context, FIELD_RULE_NAME,
		value_of(reading, SLICE_LIT("policyname")));
}

/* The rule of an attack is the signature; the policy stands beside it. */
static void put_signature(const struct reading *reading, struct slice name)
{
	put_some(reading->record, reading->context, FIELD_RULE_NAME, name);
	put_some(reading->record, reading->context, FIELD_RULE_ID,
		first_of(reading, SLICE_LIT("attackid"), SLICE_LIT("attack_id")));
	put_other(reading->record, reading->context, FIELD_OTHER, SLICE_LIT("policyid"),
		value_of(reading, SLICE_LIT("policyid")));
}

static void put_threat(const struct reading *reading, enum telling open, enum telling stopped,
	enum attack_class attack, struct slice severity)
{
	tell(reading, reading->stopped ? stopped : open);
	put_attack(reading->record, reading->context, attack,
		slice_absent(severity) ? SEVERITY_MEDIUM : severity_of_word(severity),
		reading->stopped);
}

static void tell_traffic(const struct reading *reading)
{
	struct slice action = reading->action;

	put_policy(reading);
	if (slice_eq(action, SLICE_LIT("start")))
		tell(reading, TELLS_STARTED);
	else if (slice_eq(action, SLICE_LIT("deny")) || verdict_of(action) == VERDICT_DENIED)
		tell(reading, TELLS_DENIED);
	else
		tell(reading, TELLS_ALLOWED);
}

static void tell_signature(const struct reading *reading)
{
	struct slice name = first_of(reading, SLICE_LIT("attack"), SLICE_LIT("attack_name"));

	put_signature(reading, name);
	put_threat(reading, TELLS_ATTACK, TELLS_ATTACK_DENIED,
		attack_of_name(name, CLASS_UNAUTHORIZED_ACCESS),
		value_of(reading, SLICE_LIT("severity")));
}

/* Thresholds of DoS policies: floods, sessions of one address, scans. */
static void tell_anomaly(const struct reading *reading)
{
	struct slice name = first_of(reading, SLICE_LIT("attack"), SLICE_LIT("attack_name"));

	put_signature(reading, name);
	put_threat(reading, TELLS_ATTACK, TELLS_ATTACK_DENIED, attack_of_name(name, CLASS_DOS),
		value_of(reading, SLICE_LIT("severity")));
}

/* Oversized or encrypted files are this profile's business too, and no virus. */
static void tell_virus(const struct reading *reading)
{
	struct slice virus = value_of(reading, SLICE_LIT("virus"));

	put_policy(reading);
	if (virus.len > 0)
		put_threat(reading, TELLS_MALWARE, TELLS_MALWARE_DENIED,
			attack_of_name(virus, CLASS_MALWARE), SLICE_LIT("high"));
	else
		tell(reading, reading->stopped ? TELLS_DENIED : TELLS_CONNECTION);
}

/* A category that is an attack by its name: "Malicious Websites", "Phishing". */
static void put_bad_category(const struct reading *reading)
{
	enum attack_class attack =
		attack_of_name(value_of(reading, SLICE_LIT("catdesc")), CLASS_NONE);

	if (attack != CLASS_NONE)
		put_attack(reading->record, reading->context, attack, SEVERITY_HIGH,
			reading->stopped);
}

static void tell_url(const struct reading *reading)
{
	put_policy(reading);
	tell(reading, reading->stopped ? TELLS_URL_DENIED : TELLS_URL);
	put_bad_category(reading);
}

static void put_dns_type(const struct reading *reading)
{
	struct slice event = value_of(reading, SLICE_LIT("eventtype"));

	if (slice_eq(event, SLICE_LIT("dns-query")))
		put(reading->record, reading->context, FIELD_DNS_TYPE, SLICE_LIT("query"));
	else if (slice_eq(event, SLICE_LIT("dns-response")))
		put(reading->record, reading->context, FIELD_DNS_TYPE, SLICE_LIT("answer"));
}

/* A name or address of FortiGuard's list of botnets was asked for. */
static void tell_dns(const struct reading *reading)
{
	struct slice botnet =
		first_of(reading, SLICE_LIT("botnetdomain"), SLICE_LIT("botnetip"));

	put_policy(reading);
	put(reading->record, reading->context, FIELD_NETWORK_PROTOCOL, SLICE_LIT("dns"));
	put_dns_type(reading);
	if (!slice_absent(botnet)) {
		put_threat(reading, TELLS_MALWARE, TELLS_MALWARE_DENIED, CLASS_MALWARE,
			SLICE_LIT("high"));
		return;
	}
	tell(reading, reading->stopped ? TELLS_DENIED : TELLS_CONNECTION);
	put_bad_category(reading);
}

static void tell_application(const struct reading *reading)
{
	struct slice category = value_of(reading, SLICE_LIT("appcat"));

	put_policy(reading);
	tell(reading, reading->stopped ? TELLS_DENIED : TELLS_ALLOWED);
	put_some(reading->record, reading->context, FIELD_RULE_CATEGORY, category);
	if (slice_eq_nocase(category, SLICE_LIT("botnet")))
		put_attack(reading->record, reading->context, CLASS_MALWARE, SEVERITY_HIGH,
			reading->stopped);
}

/* Data that may not leave: no attack by itself, a breach of a rule. */
static void tell_leak(const struct reading *reading)
{
	put_policy(reading);
	tell(reading, reading->stopped ? TELLS_DENIED : TELLS_CONNECTION);
	put_attack(reading->record, reading->context, CLASS_POLICY_VIOLATION,
		severity_of_word(value_of(reading, SLICE_LIT("severity"))), reading->stopped);
}

static void tell_profile(const struct reading *reading)
{
	put_policy(reading);
	tell(reading, reading->stopped ? TELLS_DENIED : TELLS_CONNECTION);
}

static const struct {
	uint32_t id;
	enum telling telling;
} events[] = {
#define EVENT(id, telling) {(id), TELLS_##telling},
#include "collector/normalize/families/fortigate_events.def"
#undef EVENT
};

/* The last six of ten digits; FortiOS 4 wrote five alone. */
static uint32_t message_id(struct slice logid)
{
	uint64_t id;

	if (logid.len > 6)
		logid = slice_from(logid, logid.len - 6);
	return slice_to_u64(logid, 999999, &id) ? (uint32_t)id : 0;
}

static enum telling telling_of_id(uint32_t id)
{
	size_t low = 0, high = ARRAY_LEN(events);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (events[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ARRAY_LEN(events) && events[low].id == id ? events[low].telling
							       : TELLS_NOTHING;
}

/* What the message id leaves open, by action and status. */
static enum telling telling_of_action(const struct reading *reading)
{
	static const struct {
		struct slice action;
		enum telling telling, failed;
	} actions[] = {
		{{SLICE_BYTES("login")}, TELLS_LOGIN, TELLS_LOGIN_FAILED},
		{{SLICE_BYTES("logout")}, TELLS_LOGOUT, TELLS_LOGOUT},
		{{SLICE_BYTES("authentication")}, TELLS_LOGIN, TELLS_LOGIN_FAILED},
		{{SLICE_BYTES("auth-logon")}, TELLS_LOGIN, TELLS_LOGIN_FAILED},
		{{SLICE_BYTES("auth-logout")}, TELLS_LOGOUT, TELLS_LOGOUT},
		{{SLICE_BYTES("FSSO-logon")}, TELLS_LOGIN, TELLS_LOGIN_FAILED},
		{{SLICE_BYTES("FSSO-logoff")}, TELLS_LOGOUT, TELLS_LOGOUT},
		{{SLICE_BYTES("ssl-login-fail")}, TELLS_LOGIN_FAILED, TELLS_LOGIN_FAILED},
		{{SLICE_BYTES("tunnel-up")}, TELLS_VPN, TELLS_VPN_FAILED},
		{{SLICE_BYTES("tunnel-down")}, TELLS_VPN_ENDED, TELLS_VPN_ENDED},
		{{SLICE_BYTES("negotiate")}, TELLS_VPN_INFO, TELLS_VPN_FAILED},
		{{SLICE_BYTES("interface-stat-change")}, TELLS_LINK_DOWN, TELLS_LINK_DOWN},
		{{SLICE_BYTES("Add")}, TELLS_CONFIG, TELLS_CONFIG_FAILED},
		{{SLICE_BYTES("Edit")}, TELLS_CONFIG, TELLS_CONFIG_FAILED},
		{{SLICE_BYTES("Delete")}, TELLS_CONFIG, TELLS_CONFIG_FAILED},
		{{SLICE_BYTES("reboot")}, TELLS_RESTART, TELLS_RESTART},
		{{SLICE_BYTES("shutdown")}, TELLS_RESTART, TELLS_RESTART},
	};
	struct slice status = value_of(reading, SLICE_LIT("status"));
	bool failed = slice_starts(status, SLICE_LIT("fail")) ||
		      slice_starts(status, SLICE_LIT("negotiate_error"));

	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (slice_eq(actions[i].action, reading->action))
			return failed ? actions[i].failed : actions[i].telling;
	}
	return TELLS_SYSTEM;
}

/* "https(192.0.2.7)", "ssh(192.0.2.7)", "console": where an administrator came from. */
static void put_interface(const struct reading *reading)
{
	struct slice ui = value_of(reading, SLICE_LIT("ui")), way = ui, address;

	put_other(reading->record, reading->context, FIELD_OTHER, SLICE_LIT("ui"), ui);
	if (slice_absent(record_get(reading->record, FIELD_SOURCE_IP)) &&
		take_until(&way, '(', &address) && take_until(&way, ')', &address))
		put_only_address(reading->record, reading->context, FIELD_SOURCE_IP, address);
}

/* The vendor's own word for what was done stays with events as a value of its own: the action
 * is what is known of the message. */
static void tell_event(const struct reading *reading)
{
	struct slice logid = record_get(reading->record, FIELD_EVENT_CODE);
	enum telling telling = telling_of_id(message_id(logid));

	if (telling == TELLS_NOTHING || telling == TELLS_VPN_INFO ||
		telling == TELLS_LINK_DOWN) {
		enum telling other = telling_of_action(reading);

		telling = telling == TELLS_NOTHING || other != TELLS_SYSTEM ? other : telling;
	}
	put_policy(reading);
	put_interface(reading);
	if (telling != TELLS_SYSTEM && !slice_absent(reading->action)) {
		take_out(reading->record, FIELD_EVENT_ACTION);
		put_other(reading->record, reading->context, FIELD_OTHER, SLICE_LIT("action"),
			reading->action);
	}
	tell(reading, telling);
}

static const struct {
	struct slice subtype;
	void (*tell)(const struct reading *reading);
} profiles[] = {
	{{SLICE_BYTES("ips")}, tell_signature},
	{{SLICE_BYTES("signature")}, tell_signature},
	{{SLICE_BYTES("waf")}, tell_signature},
	{{SLICE_BYTES("virtual-patch")}, tell_signature},
	{{SLICE_BYTES("anomaly")}, tell_anomaly},
	{{SLICE_BYTES("virus")}, tell_virus},
	{{SLICE_BYTES("infected")}, tell_virus},
	{{SLICE_BYTES("webfilter")}, tell_url},
	{{SLICE_BYTES("ftgd_blk")}, tell_url},
	{{SLICE_BYTES("ftgd_allow")}, tell_url},
	{{SLICE_BYTES("urlfilter")}, tell_url},
	{{SLICE_BYTES("dns")}, tell_dns},
	{{SLICE_BYTES("app-ctrl")}, tell_application},
	{{SLICE_BYTES("app-ctrl-all")}, tell_application},
	{{SLICE_BYTES("dlp")}, tell_leak},
};

static void tell_security(const struct reading *reading)
{
	for (size_t i = 0; i < ARRAY_LEN(profiles); i++) {
		if (slice_eq(profiles[i].subtype, reading->subtype)) {
			profiles[i].tell(reading);
			return;
		}
	}
	tell_profile(reading);
}

static void put_kind(const struct reading *reading)
{
	if (slice_eq(reading->type, SLICE_LIT("traffic")))
		tell_traffic(reading);
	else if (slice_eq(reading->type, SLICE_LIT("event")))
		tell_event(reading);
	else if (slice_eq(reading->type, SLICE_LIT("anomaly")))
		tell_anomaly(reading);
	else
		tell_security(reading);
}

/* ---- the rest --------------------------------------------------------------------------- */

/* "/a?b" beside a host name is the path of a URL; an event's host is a machine. */
static void put_url(const struct reading *reading)
{
	struct slice url = value_of(reading, SLICE_LIT("url"));
	struct slice host = value_of(reading, SLICE_LIT("hostname"));
	struct named_values ignored = {0};

	if (slice_eq(reading->type, SLICE_LIT("event"))) {
		put_some(reading->record, reading->context, FIELD_HOST_NAME, host);
		return;
	}
	if (url.len > 0 && slice_absent(record_get(reading->record, FIELD_URL_ORIGINAL)))
		named_put(reading->record, reading->context, &ignored, FIELD_URL_ORIGINAL, url);
	put_url_host(reading->record, reading->context, host);
}

/* "from" and "to" of a mail are addresses; of a call (voip) and others they are not, and stay
 * values of their own. "recipient" is another word for "to". */
static void put_mail(const struct reading *reading)
{
	struct slice from = value_of(reading, SLICE_LIT("from"));
	struct slice to = value_of(reading, SLICE_LIT("to"));
	struct slice recipient = value_of(reading, SLICE_LIT("recipient"));
	bool mail = !slice_eq(reading->subtype, SLICE_LIT("voip"));

	if (slice_absent(to))
		to = recipient;
	if (mail) {
		put_some(reading->record, reading->context, FIELD_EMAIL_FROM_ADDRESS, from);
		put_some(reading->record, reading->context, FIELD_EMAIL_TO_ADDRESS, to);
		return;
	}
	put_other(reading->record, reading->context, FIELD_OTHER, SLICE_LIT("from"), from);
	put_other(reading->record, reading->context, FIELD_OTHER, SLICE_LIT("to"), to);
}

static bool join_date(const struct reading *reading, int64_t *ns)
{
	struct slice date = value_of(reading, SLICE_LIT("date"));
	struct slice time = value_of(reading, SLICE_LIT("time"));
	struct slice tz = value_of(reading, SLICE_LIT("tz"));
	char text[32];

	if (date.len != 10 || time.len != 8 || tz.len > 6)
		return false;
	memcpy(text, date.ptr, 10);
	text[10] = 'T';
	memcpy(text + 11, time.ptr, 8);
	if (tz.len > 0)
		memcpy(text + 19, tz.ptr, tz.len);
	struct slice stamp = slice_of(text, 19 + tz.len);
	return take_stamp_iso(&stamp, reading->context, ns);
}

/* "eventtime" is UTC and finer; FortiOS before 6.0 has none. */
static void put_time(const struct reading *reading)
{
	int64_t ns;

	if (stamp_from_epoch(value_of(reading, SLICE_LIT("eventtime")), &ns) ||
		join_date(reading, &ns))
		reading->record->created_ns = ns;
}

void fortigate_finish(struct record *record, struct parse_context *context,
	const struct pairs *pairs, bool cef)
{
	static const struct device device = {{SLICE_BYTES("Fortinet")},
		{SLICE_BYTES("FortiGate")}, {SLICE_BYTES("firewall")}};
	struct reading reading = {
		.record = record, .context = context, .pairs = pairs, .cef = cef};

	reading.type = value_of(&reading, SLICE_LIT("type"));
	reading.subtype = value_of(&reading, SLICE_LIT("subtype"));
	reading.action = record_get(record, FIELD_EVENT_ACTION);
	reading.stopped = is_stopped(reading.action);
	if (cef) { /* "utm:ips signature", "traffic:forward close" */
		struct slice category = value_of(&reading, SLICE_LIT("cat"));

		reading.type = slice_head(category, slice_find(category, ':'));
	} else {
		put_device(record, context, &device);
	}
	put_url(&reading);
	put_mail(&reading);
	put_kind(&reading);
	put_totals(record, context);
	put_time(&reading);
}
