/*
 * cisco-asa - Cisco ASA, PIX, FWSM and Firepower Threat Defense
 *
 *	%ASA-6-302013: Built outbound TCP connection 7 for outside:203.0.113.9/443 (...) to ...
 *	%ASA-vpn-5-722033: Group <x> User <an> IP <203.0.113.7> First TCP SVC connection ...
 *	%FTD-1-430003: EventPriority: Low, DeviceUUID: ..., AccessControlRuleAction: Allow, ...
 *
 * The number is the message; its class and severity stand before it.
 */
#include "collector/normalize/families/device_phrases.h"
#include "collector/normalize/families/named_device.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/stamp.h"
#include "common/clock.h"

enum { CODE_LEN = 6, NAME_MAX_BYTES = 48 };

static const struct device_phrase messages[] = {
#include "collector/normalize/families/asa_messages.def"
};
static struct device_phrases phrases = DEVICE_PHRASES(messages);

static const struct device firewall = {
	{SLICE_BYTES("Cisco")}, {SLICE_BYTES("asa")}, {SLICE_BYTES("firewall")}};
static const struct device threat_defense = {
	{SLICE_BYTES("Cisco")}, {SLICE_BYTES("ftd")}, {SLICE_BYTES("firewall")}};

/* ---- security events of FTD, 430001 to 430005 ------------------------------------------- */

enum ftd_value {
	FTD_USER = NAMED_END,
	FTD_DNS_TYPE,
	FTD_HTTP_HOST,
	FTD_TLS_VERSION,
};

/* "Security Event Syslog Messages", Cisco Secure Firewall Threat Defense. */
static const struct name_entry entries[] = {
	NAME("SrcIP", FIELD_SOURCE_IP),
	NAME("OriginalClientSrcIP", FIELD_CLIENT_IP),
	NAME("SrcPort", FIELD_SOURCE_PORT),
	NAME("DstIP", FIELD_DESTINATION_IP),
	NAME("DstPort", FIELD_DESTINATION_PORT),
	NAME("NAT_InitiatorIP", FIELD_SOURCE_NAT_IP),
	NAME("NAT_InitiatorPort", FIELD_SOURCE_NAT_PORT),
	NAME("NAT_ResponderIP", FIELD_DESTINATION_NAT_IP),
	NAME("NAT_ResponderPort", FIELD_DESTINATION_NAT_PORT),
	NAME("Protocol", NAMED_TRANSPORT),
	NAME("IngressInterface", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("EgressInterface", FIELD_OBSERVER_EGRESS_INTERFACE),
	NAME("IngressZone", FIELD_OBSERVER_INGRESS_ZONE),
	NAME("EgressZone", FIELD_OBSERVER_EGRESS_ZONE),
	NAME("DeviceUUID", FIELD_OBSERVER_SERIAL_NUMBER),
	NAME("ACPolicy", FIELD_RULE_RULESET),
	NAME("AccessControlRuleName", NAMED_LATER),
	NAME("AccessControlRuleAction", NAMED_LATER),
	NAME("AccessControlRuleReason", FIELD_EVENT_REASON),
	NAME("ApplicationProtocol", NAMED_PROTOCOL),
	NAME("Client", NAMED_APPLICATION),
	NAME("ConnectionDuration", NAMED_SECONDS),
	NAME("InitiatorPackets", FIELD_SOURCE_PACKETS),
	NAME("ResponderPackets", FIELD_DESTINATION_PACKETS),
	NAME("InitiatorBytes", FIELD_SOURCE_BYTES),
	NAME("ResponderBytes", FIELD_DESTINATION_BYTES),
	NAME("FirstPacketSecond", NAMED_LATER),
	NAME("User", FTD_USER),
	NAME("UserAgent", FIELD_USER_AGENT_ORIGINAL),
	NAME("HTTPReferer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("HTTPResponse", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("ReferencedHost", FIELD_DESTINATION_DOMAIN),
	NAME("URL", FIELD_URL_ORIGINAL),
	NAME("URI", FIELD_URL_ORIGINAL),
	NAME("URLCategory", FIELD_RULE_CATEGORY),
	NAME("DNSQuery", FIELD_DNS_QUESTION_NAME),
	NAME("DNSRecordType", FTD_DNS_TYPE),
	NAME("DNSResponseType", FIELD_DNS_RESPONSE_CODE),
	NAME("SSLServerName", FIELD_TLS_CLIENT_SERVER_NAME),
	NAME("SSLCipherSuite", FIELD_TLS_CIPHER),
	NAME("SSLVersion", FTD_TLS_VERSION),
	NAME("HTTP_Hostname", FTD_HTTP_HOST),
	NAME("HTTP_URI", FIELD_URL_ORIGINAL),
	NAME("SID", FIELD_RULE_ID),
	NAME("Revision", FIELD_RULE_VERSION),
	NAME("Message", NAMED_LATER),
	NAME("Classification", FIELD_RULE_CATEGORY),
	NAME("Priority", NAMED_LATER),
	NAME("InlineResult", NAMED_LATER),
	NAME("FileName", FIELD_FILE_NAME),
	NAME("FileSize", FIELD_FILE_SIZE),
	NAME("FileType", FIELD_FILE_TYPE),
	NAME("FileSHA256", NAMED_HASH),
	NAME("FileAction", NAMED_LATER),
	NAME("ThreatName", FIELD_THREAT_NAME),
	NAME("VLAN_ID", FIELD_NETWORK_VLAN_ID),
};
static struct name_table names = NAME_TABLE(entries);

/* The names of several words. */
static bool is_long_name(struct slice text)
{
	return slice_eq(text, SLICE_LIT("Prefilter Policy")) ||
	       slice_eq(text, SLICE_LIT("Tunnel or Prefilter Rule"));
}

static bool is_name(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == ' ')
			return is_long_name(text);
		if (!is_digit(text.ptr[i]) && text.ptr[i] != '_' && text.ptr[i] != '-' &&
			((text.ptr[i] | 0x20) < 'a' || (text.ptr[i] | 0x20) > 'z'))
			return false;
	}
	return text.len > 0 && text.len <= NAME_MAX_BYTES;
}

/* Behind ", " where "Name: " follows a value has ended; an URL's commas lead to no name. */
static size_t value_end(struct slice rest)
{
	for (size_t at = 0; at + 2 < rest.len;) {
		struct slice next = slice_from(rest, at);
		size_t len = slice_search(next, SLICE_LIT(", "));

		if (len == next.len)
			break;
		next = slice_from(next, len + 2);
		next = slice_head(next, next.len < NAME_MAX_BYTES ? next.len : NAME_MAX_BYTES);
		size_t colon = slice_find(next, ':');
		if (colon < next.len && is_name(slice_head(next, colon)))
			return at + len;
		at += len + 2;
	}
	return rest.len;
}

static struct slice without_quotes(struct slice text)
{
	if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
		return slice_of(text.ptr + 1, text.len - 2);
	return text;
}

static void read_pairs(struct pairs *pairs, struct slice rest)
{
	pairs_reset(pairs, SLICE_NONE, PAIRS_NOTHING);
	while (rest.len > 0) {
		size_t colon = slice_find(rest, ':');
		struct slice name = slice_head(rest, colon);

		if (colon == rest.len || !is_name(name))
			break;
		rest = slice_from(rest, colon + 1);
		size_t len = value_end(rest);
		pairs_add(pairs, name, without_quotes(slice_trim(slice_head(rest, len))));
		rest = slice_from(rest, len + 2 < rest.len ? len + 2 : rest.len);
	}
}

/* "No Authentication Required", "Unknown": nobody */
static bool is_nobody(struct slice user)
{
	return slice_starts(user, SLICE_LIT("No Authentication")) ||
	       slice_eq(user, SLICE_LIT("Unknown"));
}

/* The descriptions that IANA's register of types has, which FTD writes. */
static struct slice dns_type_of(struct slice text)
{
	static const struct {
		struct slice text, type;
	} types[] = {
		{{SLICE_BYTES("a host address")}, {SLICE_BYTES("A")}},
		{{SLICE_BYTES("IP6 Address")}, {SLICE_BYTES("AAAA")}},
		{{SLICE_BYTES("an authoritative name server")}, {SLICE_BYTES("NS")}},
		{{SLICE_BYTES("the canonical name for an alias")}, {SLICE_BYTES("CNAME")}},
		{{SLICE_BYTES("marks the start of a zone of authority")}, {SLICE_BYTES("SOA")}},
		{{SLICE_BYTES("a domain name pointer")}, {SLICE_BYTES("PTR")}},
		{{SLICE_BYTES("mail exchange")}, {SLICE_BYTES("MX")}},
		{{SLICE_BYTES("text strings")}, {SLICE_BYTES("TXT")}},
		{{SLICE_BYTES("Server Selection")}, {SLICE_BYTES("SRV")}},
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (slice_eq_nocase(types[i].text, text))
			return types[i].type;
	}
	return text;
}

static void put_pair(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair)
{
	unsigned meaning = name_table_find(&names, pair->name, pair->hash);

	switch (meaning) {
	case FTD_USER:
		if (!is_nobody(pair->value))
			put_some(record, context, FIELD_USER_NAME, pair->value);
		break;
	case FTD_DNS_TYPE:
		put(record, context, FIELD_DNS_QUESTION_TYPE, dns_type_of(pair->value));
		break;
	case FTD_TLS_VERSION:
		put_tls_version(record, context, pair->value);
		break;
	case FTD_HTTP_HOST:
		put_url_host(record, context, pair->value);
		break;
	default:
		named_device_put(record, context, values, pair, meaning);
	}
}

/* 1 is the gravest of Snort's priorities. */
static enum severity severity_of_priority(struct slice priority)
{
	if (slice_eq(priority, SLICE_LIT("1")) || slice_eq_nocase(priority, SLICE_LIT("high")))
		return SEVERITY_HIGH;
	if (slice_eq(priority, SLICE_LIT("2")) ||
		slice_eq_nocase(priority, SLICE_LIT("medium")))
		return SEVERITY_MEDIUM;
	return SEVERITY_LOW;
}

static void tell_intrusion(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	struct slice name = pairs_get_lit(pairs, "Message");
	struct slice result = pairs_get_lit(pairs, "InlineResult");
	bool stopped = verdict_of(result) == VERDICT_DENIED;
	enum attack_class attack = attack_of_name(
		pairs_get_lit(pairs, "Classification"), CLASS_UNAUTHORIZED_ACCESS);

	put_some(record, context, FIELD_RULE_NAME, name);
	put_telling(record, context, stopped ? TELLS_ATTACK_DENIED : TELLS_ATTACK);
	put_attack(record, context, attack_of_name(name, attack),
		severity_of_priority(pairs_get_lit(pairs, "Priority")), stopped);
}

static void tell_connection(struct record *record, struct parse_context *context,
	const struct pairs *pairs, bool ended)
{
	struct slice action = pairs_get_lit(pairs, "AccessControlRuleAction");

	put_some(record, context, FIELD_RULE_NAME,
		pairs_get_lit(pairs, "AccessControlRuleName"));
	if (verdict_of(action) == VERDICT_DENIED)
		put_telling(record, context, TELLS_DENIED);
	else
		put_telling(record, context, ended ? TELLS_ENDED : TELLS_STARTED);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("AccessControlRuleAction"), action);
}

static void tell_file(struct record *record, struct parse_context *context,
	const struct pairs *pairs, bool malware)
{
	struct slice action = pairs_get_lit(pairs, "FileAction");
	bool stopped = slice_search(action, SLICE_LIT("Block")) < action.len;
	struct slice verdict = pairs_get_lit(pairs, "SHA_Disposition");

	put_other(record, context, FIELD_OTHER, SLICE_LIT("FileAction"), action);
	if (!malware || (!slice_absent(verdict) && !slice_eq(verdict, SLICE_LIT("Malware")))) {
		put_telling(record, context, stopped ? TELLS_DENIED : TELLS_CONNECTION);
		return;
	}
	put_telling(record, context, stopped ? TELLS_MALWARE_DENIED : TELLS_MALWARE);
	put_attack(record, context, CLASS_MALWARE, SEVERITY_HIGH, stopped);
}

/* The last digit says which kind of event. */
static bool read_security_event(
	struct record *record, struct parse_context *context, struct slice code)
{
	struct named_values values = {0};
	struct pairs *pairs = context->pairs;
	struct slice first;
	int64_t ns;

	if (!slice_starts(code, SLICE_LIT("43000")))
		return false;
	read_pairs(pairs, context->message);
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(record, context, &values, &pairs->items[i]);
	switch (code.ptr[CODE_LEN - 1]) {
	case '1':
		tell_intrusion(record, context, pairs);
		break;
	case '2':
		tell_connection(record, context, pairs, false);
		break;
	case '3':
		tell_connection(record, context, pairs, true);
		break;
	default:
		tell_file(record, context, pairs, code.ptr[CODE_LEN - 1] == '5');
	}
	put_totals(record, context);
	first = pairs_get_lit(pairs, "FirstPacketSecond");
	if (record->created_ns == CLOCK_NONE && take_stamp_iso(&first, context, &ns))
		record->created_ns = ns;
	pairs_reset(pairs, SLICE_NONE, PAIRS_NOTHING);
	return true;
}

/* ---- the line --------------------------------------------------------------------------- */

struct head {
	const struct device *device;
	struct slice severity, code;
};

/* "%ASA-6-302013", "%ASA-session-6-302013" */
static bool read_head(struct slice tag, struct head *head)
{
	struct slice before;

	if (skip_lit(&tag, "%ASA-") || skip_lit(&tag, "%PIX-") || skip_lit(&tag, "%FWSM-"))
		head->device = &firewall;
	else if (skip_lit(&tag, "%FTD-") || skip_lit(&tag, "%NGIPS-"))
		head->device = &threat_defense;
	else
		return false;
	if (!cut_last(tag, SLICE_LIT("-"), &before, &head->code) ||
		head->code.len != CODE_LEN || !all_digits(head->code) || before.len == 0)
		return false;
	head->severity = slice_from(before, before.len - 1);
	return is_digit(head->severity.ptr[0]) && head->severity.ptr[0] < '8';
}

/* An envelope took the head for a tag, or the line begins with it. */
static bool take_head(struct parse_context *context, struct head *head)
{
	struct slice rest = context->message, tag;

	if (read_head(context->program, head))
		return true;
	if (!take_until(&rest, ':', &tag) || !read_head(slice_trim(tag), head))
		return false;
	skip_blanks(&rest);
	context->message = rest;
	return true;
}

/* Messages of a family stand under the start of their number. */
static bool read_message(
	struct record *record, struct parse_context *context, struct slice code)
{
	static const size_t lengths[] = {CODE_LEN, 4, 3};

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		if (device_phrases_read(&phrases, record, context, slice_head(code, lengths[i]),
			    context->message) != NULL)
			return true;
	}
	return false;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct head head;

	if (!take_head(context, &head))
		return PARSED_NOT_MINE;
	if (slice_eq(record_get(record, FIELD_PROCESS_NAME), context->program))
		take_out(record, FIELD_PROCESS_NAME);
	put_device(record, context, head.device);
	put(record, context, FIELD_EVENT_CODE, head.code);
	put(record, context, FIELD_EVENT_SEVERITY, head.severity);
	put_over(record, context, FIELD_MESSAGE, context->message);
	bool known = read_security_event(record, context, head.code) ||
		     read_message(record, context, head.code);
	put_totals(record, context);
	context->message = SLICE_NONE;
	return known ? PARSED : PARSED_PARTLY;
}

static const char *const programs[] = {"%ASA", "%FTD", "%PIX", "%FWSM", "%NGIPS", NULL};

const struct parser parser_cisco_asa = {
	.number = 61,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "cisco-asa",
	.module = "cisco",
	.summary = "Cisco ASA, PIX and Firepower Threat Defense",
	.source = "Cisco Secure Firewall ASA Series Syslog Messages; Secure Firewall Threat "
		  "Defense Syslog Messages, security events 430001 to 430005",
	.programs = programs,
	.first_bytes = "%",
	.parse = parse,
};
