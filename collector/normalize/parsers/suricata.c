/*
 * suricata - EVE, the JSON of Suricata
 *
 *	{"timestamp":"2026-03-07T10:00:00.123456+0700","flow_id":1,"event_type":"alert",
 *	 "src_ip":"203.0.113.9","src_port":40000,...,"alert":{"signature_id":2100498,...}}
 *
 * One object for each event; its type says which of the parts there are. Alerts carry the
 * parts of the protocol as well.
 */
#include "collector/normalize/families/ids.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"

enum eve_value {
	EVE_LATER = NAME_MEANING_END,
	EVE_TRANSPORT,
	EVE_PROTOCOL,
	EVE_DURATION,
	EVE_START,
	EVE_END,
	EVE_SENDER,
	EVE_RECIPIENT,
	EVE_DNS_TYPE,
	EVE_TLS_VERSION,
	EVE_ARGUMENT,
};

/* Suricata User Guide 4 to 8, "EVE JSON Format". */
static const struct name_entry entries[] = {
	NAME("timestamp", NAME_TIME),
	NAME("flow_id", EVE_LATER),
	NAME("event_type", EVE_LATER),
	NAME("in_iface", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("host", FIELD_OBSERVER_NAME),
	NAME("vlan", FIELD_NETWORK_VLAN_ID),
	NAME("src_ip", FIELD_SOURCE_IP),
	NAME("src_port", FIELD_SOURCE_PORT),
	NAME("dest_ip", FIELD_DESTINATION_IP),
	NAME("dest_port", FIELD_DESTINATION_PORT),
	NAME("proto", EVE_TRANSPORT),
	NAME("app_proto", EVE_PROTOCOL),
	NAME("community_id", FIELD_NETWORK_COMMUNITY_ID),
	NAME("ether.src_mac", FIELD_SOURCE_MAC),
	NAME("ether.dest_mac", FIELD_DESTINATION_MAC),
	NAME("alert.action", EVE_LATER),
	NAME("alert.signature", EVE_LATER),
	NAME("alert.category", EVE_LATER),
	NAME("alert.severity", EVE_LATER),
	NAME("alert.signature_id", FIELD_RULE_ID),
	NAME("alert.rev", FIELD_RULE_VERSION),
	NAME("alert.metadata.mitre_technique_id", FIELD_THREAT_TECHNIQUE_ID),
	NAME("alert.metadata.malware_family", FIELD_THREAT_NAME),
	NAME("flow.pkts_toserver", EVE_LATER),
	NAME("flow.pkts_toclient", EVE_LATER),
	NAME("flow.bytes_toserver", EVE_LATER),
	NAME("flow.bytes_toclient", EVE_LATER),
	NAME("flow.start", EVE_START),
	NAME("flow.end", EVE_END),
	NAME("flow.age", EVE_DURATION),
	NAME("flow.reason", FIELD_EVENT_REASON),
	NAME("netflow.pkts", FIELD_NETWORK_PACKETS),
	NAME("netflow.bytes", FIELD_NETWORK_BYTES),
	NAME("netflow.start", EVE_START),
	NAME("netflow.end", EVE_END),
	NAME("netflow.age", EVE_DURATION),
	NAME("http.hostname", EVE_LATER),
	NAME("http.url", EVE_LATER),
	NAME("http.http_user_agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("http.http_refer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("http.http_method", FIELD_HTTP_REQUEST_METHOD),
	NAME("http.protocol", NAME_HTTP_VERSION),
	NAME("http.status", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("http.length", FIELD_HTTP_RESPONSE_BODY_BYTES),
	NAME("http.http_content_type", FIELD_HTTP_RESPONSE_MIME_TYPE),
	NAME("http.xff", NAME_FORWARDED),
	NAME("dns.type", EVE_DNS_TYPE),
	NAME("dns.query.type", EVE_DNS_TYPE),
	NAME("dns.id", FIELD_DNS_ID),
	NAME("dns.rrname", FIELD_DNS_QUESTION_NAME),
	NAME("dns.rrtype", FIELD_DNS_QUESTION_TYPE),
	NAME("dns.rcode", FIELD_DNS_RESPONSE_CODE),
	NAME("dns.query.rrname", FIELD_DNS_QUESTION_NAME),
	NAME("dns.query.rrtype", FIELD_DNS_QUESTION_TYPE),
	NAME("dns.query.id", FIELD_DNS_ID),
	NAME("dns.queries.rrname", FIELD_DNS_QUESTION_NAME),
	NAME("dns.queries.rrtype", FIELD_DNS_QUESTION_TYPE),
	NAME("dns.answers.rrname", FIELD_DNS_ANSWERS_NAME),
	NAME("dns.answers.rrtype", FIELD_DNS_ANSWERS_TYPE),
	NAME("dns.answers.rdata", FIELD_DNS_ANSWERS_DATA),
	NAME("dns.grouped.A", FIELD_DNS_RESOLVED_IP),
	NAME("dns.grouped.AAAA", FIELD_DNS_RESOLVED_IP),
	NAME("dns.grouped.CNAME", FIELD_DNS_ANSWERS_DATA),
	NAME("tls.sni", FIELD_TLS_CLIENT_SERVER_NAME),
	NAME("tls.version", EVE_TLS_VERSION),
	NAME("quic.sni", FIELD_TLS_CLIENT_SERVER_NAME),
	NAME("quic.ja3.hash", FIELD_TLS_CLIENT_JA3),
	NAME("quic.ja3s.hash", FIELD_TLS_SERVER_JA3S),
	NAME("tls.subject", FIELD_TLS_SERVER_SUBJECT),
	NAME("tls.issuerdn", FIELD_TLS_SERVER_ISSUER),
	NAME("tls.ja3.hash", FIELD_TLS_CLIENT_JA3),
	NAME("tls.ja3s.hash", FIELD_TLS_SERVER_JA3S),
	NAME("fileinfo.filename", FIELD_FILE_PATH),
	NAME("fileinfo.size", FIELD_FILE_SIZE),
	NAME("fileinfo.md5", FIELD_FILE_HASH_MD5),
	NAME("fileinfo.sha1", FIELD_FILE_HASH_SHA1),
	NAME("fileinfo.sha256", FIELD_FILE_HASH_SHA256),
	NAME("fileinfo.magic", FIELD_FILE_TYPE),
	NAME("email.from", FIELD_EMAIL_FROM_ADDRESS),
	NAME("email.to", FIELD_EMAIL_TO_ADDRESS),
	NAME("email.cc", FIELD_EMAIL_CC_ADDRESS),
	NAME("email.subject", FIELD_EMAIL_SUBJECT),
	NAME("email.message_id", FIELD_EMAIL_MESSAGE_ID),
	NAME("email.attachment", FIELD_EMAIL_ATTACHMENTS_FILE_NAME),
	NAME("smtp.mail_from", EVE_SENDER),
	NAME("smtp.rcpt_to", EVE_RECIPIENT),
	NAME("krb5.cname", FIELD_USER_NAME),
	NAME("krb5.realm", FIELD_USER_DOMAIN),
	NAME("smb.ntlmssp.user", FIELD_USER_NAME),
	NAME("smb.ntlmssp.domain", FIELD_USER_DOMAIN),
	NAME("smb.filename", FIELD_FILE_PATH),
	NAME("ftp.command_data", EVE_ARGUMENT),
	NAME("ftp_data.filename", FIELD_FILE_PATH),
	NAME("nfs.filename", FIELD_FILE_PATH),
	NAME("tftp.file", FIELD_FILE_PATH),
	NAME("smb.ntlmssp.host", FIELD_SOURCE_DOMAIN),
	NAME("mqtt.connect.username", FIELD_USER_NAME),
	NAME("dhcp.client_mac", FIELD_SOURCE_MAC),
	NAME("dhcp.hostname", FIELD_SOURCE_DOMAIN),
};
static struct name_table table = NAME_TABLE(entries);

/* What the types that are no alert tell. */
static const struct {
	struct slice type;
	enum telling telling;
} types[] = {
	{{SLICE_BYTES("flow")}, TELLS_ENDED},
	{{SLICE_BYTES("netflow")}, TELLS_ENDED},
	{{SLICE_BYTES("drop")}, TELLS_DENIED},
	{{SLICE_BYTES("http")}, TELLS_URL},
	{{SLICE_BYTES("http2")}, TELLS_URL},
	{{SLICE_BYTES("dhcp")}, TELLS_LEASE},
	{{SLICE_BYTES("engine")}, TELLS_SYSTEM},
	{{SLICE_BYTES("stats")}, TELLS_SYSTEM},
};

static const struct device sensor = {
	{SLICE_BYTES("OISF")}, {SLICE_BYTES("Suricata")}, {SLICE_BYTES("ids")}};

/* Since version 3 of its DNS logs a query is a request, an answer a response. */
static void put_dns_type(
	struct record *record, struct parse_context *context, struct slice type)
{
	if (slice_eq(type, SLICE_LIT("request")))
		type = SLICE_LIT("query");
	else if (slice_eq(type, SLICE_LIT("response")))
		type = SLICE_LIT("answer");
	put_some(record, context, FIELD_DNS_TYPE, type);
}

/* Of a command of FTP: a user's name, a file's, or anything. */
static void put_argument(
	struct record *record, struct parse_context *context, const struct pair *pair)
{
	static const struct slice of_files[] = {{SLICE_BYTES("RETR")}, {SLICE_BYTES("STOR")},
		{SLICE_BYTES("APPE")}, {SLICE_BYTES("DELE")}, {SLICE_BYTES("STOU")},
		{SLICE_BYTES("RNFR")}, {SLICE_BYTES("RNTO")}, {SLICE_BYTES("SIZE")}};
	struct slice command = pairs_get_lit(context->pairs, "ftp.command");

	if (slice_eq(command, SLICE_LIT("USER"))) {
		put_some(record, context, FIELD_USER_NAME, pair->value);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(of_files); i++) {
		if (slice_eq(of_files[i], command)) {
			put_some(record, context, FIELD_FILE_PATH, pair->value);
			return;
		}
	}
	put_other(record, context, FIELD_OTHER, pair->name, pair->value);
}

static void put_pair(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair)
{
	unsigned meaning = name_table_find(&table, pair->name, pair->hash);
	struct named_values moment = {0};

	switch (meaning) {
	case 0:
		put_other(record, context, FIELD_OTHER, pair->name, pair->value);
		break;
	case EVE_LATER:
		break;
	case EVE_TRANSPORT:
		put_transport(record, context, pair->value);
		break;
	case EVE_PROTOCOL:
		if (!slice_eq(pair->value, SLICE_LIT("failed")))
			put_lower(record, context, FIELD_NETWORK_PROTOCOL, pair->value);
		break;
	case EVE_DURATION:
		put_seconds(record, context, pair->value);
		break;
	case EVE_SENDER:
		put_some(record, context, FIELD_EMAIL_SENDER_ADDRESS,
			without_brackets(pair->value));
		break;
	case EVE_RECIPIENT:
		if (pairs_have(context->pairs, SLICE_LIT("email.to")))
			put_other(record, context, FIELD_OTHER, pair->name, pair->value);
		else
			put_some(record, context, FIELD_EMAIL_TO_ADDRESS,
				without_brackets(pair->value));
		break;
	case EVE_DNS_TYPE:
		put_dns_type(record, context, pair->value);
		break;
	case EVE_TLS_VERSION:
		put_tls_version(record, context, pair->value);
		break;
	case EVE_ARGUMENT:
		put_argument(record, context, pair);
		break;
	case EVE_START:
		put_date(record, context, FIELD_EVENT_START, pair->value);
		break;
	case EVE_END:
		put_date(record, context, FIELD_EVENT_END, pair->value);
		break;
	case NAME_HTTP_VERSION:
		named_put(record, context, &moment, meaning, pair->value);
		break;
	default:
		named_put(record, context, values, meaning, pair->value);
	}
}

/* The types that are named after the protocol they tell of. */
static void put_protocol(
	struct record *record, struct parse_context *context, struct slice type)
{
	static const struct slice protocols[] = {{SLICE_BYTES("dns")}, {SLICE_BYTES("mdns")},
		{SLICE_BYTES("tls")}, {SLICE_BYTES("http")}, {SLICE_BYTES("http2")},
		{SLICE_BYTES("doh2")}, {SLICE_BYTES("ssh")}, {SLICE_BYTES("smtp")},
		{SLICE_BYTES("smb")}, {SLICE_BYTES("krb5")}, {SLICE_BYTES("rdp")},
		{SLICE_BYTES("ftp")}, {SLICE_BYTES("mqtt")}, {SLICE_BYTES("snmp")},
		{SLICE_BYTES("nfs")}, {SLICE_BYTES("ike")}, {SLICE_BYTES("quic")},
		{SLICE_BYTES("dhcp")}, {SLICE_BYTES("sip")}, {SLICE_BYTES("tftp")},
		{SLICE_BYTES("rfb")}, {SLICE_BYTES("modbus")}, {SLICE_BYTES("dnp3")},
		{SLICE_BYTES("pgsql")}, {SLICE_BYTES("ldap")}, {SLICE_BYTES("dcerpc")},
		{SLICE_BYTES("websocket")}, {SLICE_BYTES("telnet")}, {SLICE_BYTES("pop3")}};

	if (!slice_absent(record_get(record, FIELD_NETWORK_PROTOCOL)))
		return;
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
		if (slice_eq(protocols[i], type))
			put(record, context, FIELD_NETWORK_PROTOCOL, type);
	}
}

static void tell(struct record *record, struct parse_context *context, struct slice type)
{
	enum telling telling = TELLS_CONNECTION;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (slice_eq(types[i].type, type))
			telling = types[i].telling;
	}
	if (slice_eq(type, SLICE_LIT("stats")))
		put(record, context, FIELD_EVENT_KIND, SLICE_LIT("metric"));
	if (telling == TELLS_CONNECTION)
		put(record, context, FIELD_EVENT_ACTION, type);
	put_telling(record, context, telling);
}

/* The packet of an alert may go from the server to the client; the flow's counts are told from
 * the client's side. */
static bool is_reply(const struct pairs *pairs)
{
	struct slice client = pairs_get_lit(pairs, "flow.src_ip");

	if (slice_absent(client))
		return slice_eq(pairs_get_lit(pairs, "direction"), SLICE_LIT("to_client"));
	return !slice_eq(client, pairs_get_lit(pairs, "src_ip"));
}

static void put_flow(struct record *record, struct parse_context *context)
{
	const struct pairs *pairs = context->pairs;
	bool reply = is_reply(pairs);

	put_digits(record, context, reply ? FIELD_DESTINATION_PACKETS : FIELD_SOURCE_PACKETS,
		pairs_get_lit(pairs, "flow.pkts_toserver"));
	put_digits(record, context, reply ? FIELD_SOURCE_PACKETS : FIELD_DESTINATION_PACKETS,
		pairs_get_lit(pairs, "flow.pkts_toclient"));
	put_digits(record, context, reply ? FIELD_DESTINATION_BYTES : FIELD_SOURCE_BYTES,
		pairs_get_lit(pairs, "flow.bytes_toserver"));
	put_digits(record, context, reply ? FIELD_SOURCE_BYTES : FIELD_DESTINATION_BYTES,
		pairs_get_lit(pairs, "flow.bytes_toclient"));
}

static void put_url(struct record *record, struct parse_context *context)
{
	struct slice url = pairs_get_lit(context->pairs, "http.url");
	struct named_values ignored = {0};

	if (url.len > 0)
		named_put(record, context, &ignored, FIELD_URL_ORIGINAL, url);
	put_url_host(record, context, pairs_get_lit(context->pairs, "http.hostname"));
}

static void put_alert(struct record *record, struct parse_context *context)
{
	const struct pairs *pairs = context->pairs;
	struct slice action = pairs_get_lit(pairs, "alert.action");
	struct ids_alert alert = {
		.signature = pairs_get_lit(pairs, "alert.signature"),
		.category = pairs_get_lit(pairs, "alert.category"),
		.priority = pairs_get_lit(pairs, "alert.severity"),
		.stopped = slice_eq(action, SLICE_LIT("blocked")),
	};

	put_other(record, context, FIELD_OTHER, SLICE_LIT("alert.action"), action);
	put_ids_alert(record, context, &alert);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};

	pairs_read_json(pairs, context->message, context->arena);
	struct slice type = pairs_get_lit(pairs, "event_type");
	if (pairs->state == PAIRS_NOT_MINE || slice_absent(type) ||
		!pairs_have(pairs, SLICE_LIT("timestamp")))
		return PARSED_NOT_MINE;
	context->full = context->full || pairs->full;
	put_device(record, context, &sensor);
	put(record, context, FIELD_EVENT_DATASET, type);
	put_some(record, context, FIELD_EVENT_ID, pairs_get_lit(pairs, "flow_id"));
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(record, context, &values, &pairs->items[i]);
	put_flow(record, context);
	put_url(record, context);
	if (pairs_have(pairs, SLICE_LIT("alert.signature")))
		put_alert(record, context);
	else
		tell(record, context, type);
	put_protocol(record, context, type);
	put_totals(record, context);
	values.message = SLICE_NONE;
	named_finish(record, context, &values);
	context->message = SLICE_NONE;
	return pairs->state == PAIRS_BROKEN ? PARSED_DAMAGED : PARSED;
}

static const char *const programs[] = {"suricata", NULL};

const struct parser parser_suricata = {
	.number = 63,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "suricata",
	.module = "suricata",
	.summary = "Suricata's EVE: alerts, flows, protocols, files",
	.source = "Suricata User Guide 4 to 8, EVE JSON Format",
	.programs = programs,
	.first_bytes = FIRST_BYTES_JSON "@",
	.parse = parse,
};
