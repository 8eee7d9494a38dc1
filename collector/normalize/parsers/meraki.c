/*
 * meraki - Cisco Meraki's security appliances (MX), access points (MR) and switches (MS)
 *
 *	<134>1 1772852400.123456789 MX84 flows src=192.0.2.7 dst=203.0.113.9 mac=...
 *		protocol=tcp sport=51000 dport=443 pattern: allow all
 *	<134>1 1772852400.123456789 MX84 urls src=192.0.2.7:51000 dst=203.0.113.9:80 mac=...
 *		agent='Mozilla/5.0' request: GET http://example.com/a
 *	<134>1 1772852400.123456789 MX84 security_event ids_alerted signature=1:28423:1 ...
 *	<134>1 1772852400.123456789 MR18 events type=association vap='1' ...
 *
 * The stamp is seconds since 1970. The kind of the line stands behind the device's name, words
 * and values with names behind it; "NAME: " before the last makes all of the rest its value.
 * Names of networks and browsers are strangers' and may hold quotes: of a line whose quotes do
 * not pair nothing is taken from the first value that the device did not choose itself.
 */
#include "collector/normalize/families/ids.h"
#include "collector/normalize/families/named_device.h"
#include "collector/normalize/text/endpoint.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct device appliance = {
	{SLICE_BYTES("Cisco")}, {SLICE_BYTES("Meraki")}, {SLICE_BYTES("firewall")}};

enum { VALUE_URL = NAMED_END };

/* Meraki, "Syslog Event Types and Log Samples". */
static const struct name_entry entries[] = {
	NAME("src", NAMED_LATER),
	NAME("dst", NAMED_LATER),
	NAME("sport", FIELD_SOURCE_PORT),
	NAME("dport", FIELD_DESTINATION_PORT),
	NAME("translated_src_ip", FIELD_SOURCE_NAT_IP),
	NAME("translated_dst_ip", FIELD_DESTINATION_NAT_IP),
	NAME("translated_port", NAMED_LATER),
	NAME("mac", FIELD_SOURCE_MAC),
	NAME("client_mac", FIELD_SOURCE_MAC),
	NAME("src_mac", FIELD_SOURCE_MAC),
	NAME("dhost", FIELD_DESTINATION_MAC),
	NAME("protocol", NAMED_LATER),
	NAME("direction", NAMED_LATER),
	NAME("agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("request", NAMED_LATER),
	NAME("url", VALUE_URL),
	NAME("pattern", NAMED_LATER),
	NAME("message", NAMED_LATER),
	NAME("signature", NAMED_LATER),
	NAME("priority", NAMED_LATER),
	NAME("decision", NAMED_LATER),
	NAME("timestamp", NAMED_LATER),
	NAME("name", NAMED_LATER),
	NAME("sha256", NAMED_HASH),
	NAME("disposition", NAMED_LATER),
	NAME("action", NAMED_LATER),
	NAME("type", NAMED_LATER),
	NAME("category0", FIELD_RULE_CATEGORY),
	NAME("server", NAMED_LATER),
	NAME("peer_contact", NAMED_LATER),
	NAME("connectivity", NAMED_LATER),
	NAME("identity", NAMED_USER),
	NAME("user", NAMED_USER),
	NAME("username", NAMED_USER),
	NAME("user_id", NAMED_USER),
	NAME("client_ip", FIELD_SOURCE_IP),
	NAME("peer_ip", FIELD_SOURCE_IP),
	NAME("ip", FIELD_SOURCE_IP),
	NAME("ssid", FIELD_NETWORK_NAME),
	NAME("vlan", FIELD_NETWORK_VLAN_ID),
	NAME("vlan_id", FIELD_NETWORK_VLAN_ID),
	NAME("duration", NAMED_SECONDS),
	NAME("reason", FIELD_EVENT_REASON),
};
static struct name_table names = NAME_TABLE(entries);

struct reading;

struct kind {
	struct slice name;
	void (*tell)(const struct reading *reading);
	bool nobody; /* its lines name no user, and addresses as src and dst only */
	bool on_air; /* the same, and these are stations of radio */
	bool agent;  /* a browser's name stands last before the request */
};

struct reading {
	const struct kind *kind;
	struct record *record;
	struct parse_context *context;
	const struct pairs *pairs;
	struct slice words; /* what stands before the values */
};

static struct slice value_of(const struct reading *reading, const char *name)
{
	return pairs_get(reading->pairs, slice_str(name));
}

static void tell(const struct reading *reading, enum telling telling)
{
	put_telling(reading->record, reading->context, telling);
}

/* MAC addresses of what the radio heard, or addresses with or without a port. */
static void put_end(const struct reading *reading, const char *name, enum field_id ip,
	enum field_id port, enum field_id mac)
{
	enum { MAC_LEN = 17 };
	struct slice value = value_of(reading, name);

	if (slice_absent(value))
		return;
	if (value.len == MAC_LEN && value.ptr[2] == ':' && value.ptr[14] == ':')
		put(reading->record, reading->context, mac, value);
	else if (!reading->kind->on_air)
		put_ids_address(reading->record, reading->context, value, ip, port);
}

/* ---- what a kind tells ------------------------------------------------------------------ */

/* "allow all", "deny dst 203.0.113.9", "1 all": of rules for what comes in 1 is deny. */
static enum verdict verdict_of_rule(struct slice text)
{
	struct slice word = take_word(&text);

	if (slice_eq(word, SLICE_LIT("1")))
		return VERDICT_DENIED;
	if (slice_eq(word, SLICE_LIT("0")))
		return VERDICT_ALLOWED;
	return verdict_of(word);
}

static void tell_flow(const struct reading *reading)
{
	struct slice pattern = value_of(reading, "pattern");
	enum verdict verdict =
		verdict_of_rule(slice_absent(pattern) ? reading->words : pattern);

	put_some(reading->record, reading->context, FIELD_RULE_NAME, pattern);
	if (verdict == VERDICT_NONE)
		tell(reading, TELLS_CONNECTION);
	else
		tell(reading, verdict == VERDICT_DENIED ? TELLS_DENIED : TELLS_ALLOWED);
}

static void tell_start(const struct reading *reading)
{
	tell(reading, TELLS_STARTED);
}

static void tell_end(const struct reading *reading)
{
	tell(reading, TELLS_ENDED);
}

static void put_url(const struct reading *reading, struct slice url)
{
	struct named_values ignored = {0};

	if (url.len > 0)
		named_put(reading->record, reading->context, &ignored, FIELD_URL_ORIGINAL, url);
}

/* "GET http://example.com/a"; "UNKNOWN https://example.com/..." of what is encrypted */
static void tell_url(const struct reading *reading)
{
	struct slice url = value_of(reading, "request"), method = SLICE_NONE;

	if (!slice_absent(url)) {
		method = take_word(&url);
		skip_blanks(&url);
	}
	if (!slice_eq(method, SLICE_LIT("UNKNOWN")))
		put_some(reading->record, reading->context, FIELD_HTTP_REQUEST_METHOD, method);
	put_url(reading, url);
	tell(reading, TELLS_URL);
}

/* "1:28423:1": generator, signature, revision */
static void put_signature(const struct reading *reading)
{
	struct slice rest = value_of(reading, "signature"), generator, id;

	if (slice_absent(rest) || !slice_cut(&rest, ':', &generator) || slice_absent(rest) ||
		!slice_cut(&rest, ':', &id))
		return;
	put_other(reading->record, reading->context, FIELD_OTHER, SLICE_LIT("gid"), generator);
	put_some(reading->record, reading->context, FIELD_RULE_ID, id);
	put_some(reading->record, reading->context, FIELD_RULE_VERSION, rest);
}

static void tell_intrusion(const struct reading *reading)
{
	const struct ids_alert alert = {
		.signature = value_of(reading, "message"),
		.priority = value_of(reading, "priority"),
		.stopped = verdict_of(value_of(reading, "decision")) == VERDICT_DENIED,
	};

	put_signature(reading);
	put_some(reading->record, reading->context, FIELD_EVENT_ACTION,
		value_of(reading, "decision"));
	put_ids_alert(reading->record, reading->context, &alert);
}

/* What malware protection says of a file. */
static void tell_file(const struct reading *reading)
{
	struct slice disposition = value_of(reading, "disposition");
	struct slice action = value_of(reading, "action");
	bool stopped = verdict_of(action) == VERDICT_DENIED;

	put_some(reading->record, reading->context, FIELD_EVENT_ACTION, action);
	put_other(reading->record, reading->context, FIELD_OTHER, SLICE_LIT("disposition"),
		disposition);
	if (!slice_eq(disposition, SLICE_LIT("malicious"))) {
		put_some(reading->record, reading->context, FIELD_FILE_NAME,
			value_of(reading, "name"));
		tell(reading, stopped ? TELLS_DENIED : TELLS_CONNECTION);
		return;
	}
	put_some(reading->record, reading->context, FIELD_THREAT_NAME,
		value_of(reading, "name"));
	tell(reading, stopped ? TELLS_MALWARE_DENIED : TELLS_MALWARE);
	put_attack(reading->record, reading->context, CLASS_MALWARE, SEVERITY_HIGH, stopped);
}

static void tell_security(const struct reading *reading)
{
	if (slice_starts(reading->words, SLICE_LIT("ids_alert")))
		tell_intrusion(reading);
	else
		tell_file(reading);
}

static const struct {
	struct slice type;
	enum telling telling;
	enum attack_class attack;
} events[] = {
	{{SLICE_BYTES("association")}, TELLS_STARTED, CLASS_NONE},
	{{SLICE_BYTES("disassociation")}, TELLS_ENDED, CLASS_NONE},
	{{SLICE_BYTES("wpa_auth")}, TELLS_LOGIN, CLASS_NONE},
	{{SLICE_BYTES("wpa_deauth")}, TELLS_LOGOUT, CLASS_NONE},
	{{SLICE_BYTES("8021x_auth")}, TELLS_AUTHENTICATION, CLASS_NONE},
	{{SLICE_BYTES("8021x_deauth")}, TELLS_LOGOUT, CLASS_NONE},
	{{SLICE_BYTES("8021x_client_deauth")}, TELLS_LOGOUT, CLASS_NONE},
	{{SLICE_BYTES("8021x_eap_success")}, TELLS_LOGIN, CLASS_NONE},
	{{SLICE_BYTES("8021x_eap_failure")}, TELLS_LOGIN_FAILED, CLASS_NONE},
	{{SLICE_BYTES("splash_auth")}, TELLS_LOGIN, CLASS_NONE},
	{{SLICE_BYTES("client_vpn_connect")}, TELLS_VPN, CLASS_NONE},
	{{SLICE_BYTES("client_vpn_disconnect")}, TELLS_VPN_ENDED, CLASS_NONE},
	{{SLICE_BYTES("anyconnect_vpn_auth_success")}, TELLS_LOGIN, CLASS_NONE},
	{{SLICE_BYTES("anyconnect_vpn_auth_failure")}, TELLS_LOGIN_FAILED, CLASS_NONE},
	{{SLICE_BYTES("anyconnect_vpn_connect")}, TELLS_VPN, CLASS_NONE},
	{{SLICE_BYTES("anyconnect_vpn_disconnect")}, TELLS_VPN_ENDED, CLASS_NONE},
	{{SLICE_BYTES("vpn_registry_change")}, TELLS_VPN_INFO, CLASS_NONE},
	{{SLICE_BYTES("device_packet_flood")}, TELLS_ATTACK, CLASS_DOS},
	{{SLICE_BYTES("rogue_ssid_detected")}, TELLS_ATTACK, CLASS_UNAUTHORIZED_ACCESS},
	{{SLICE_BYTES("ssid_spoofing_detected")}, TELLS_ATTACK, CLASS_UNAUTHORIZED_ACCESS},
};

/* Of events without a type. */
static const struct {
	const char *text;
	enum telling telling;
} sentences[] = {
	{"dhcp lease of ip ", TELLS_LEASE},
	{"dhcp release ", TELLS_LEASE_ENDED},
	{"dhcp no offers ", TELLS_FAULT},
	{"content_filtering_block", TELLS_URL_DENIED},
	{"client_vpn_connect", TELLS_VPN},
	{"client_vpn_disconnect", TELLS_VPN_ENDED},
	{"Site-to-site VPN", TELLS_VPN_INFO},
	{"failover to ", TELLS_FAILOVER},
	{"Cellular connection up", TELLS_LINK_UP},
	{"Cellular connection down", TELLS_LINK_DOWN},
	{"Virtual router ", TELLS_FAILOVER},
	{"Auth success", TELLS_LOGIN},
	{"Auth failure", TELLS_LOGIN_FAILED},
	{"Blocked DHCP server response", TELLS_DENIED},
};

static const struct phrase values_of_words[] = {
	{"dhcp lease of ip {.assigned} from server mac {} for client mac {source.mac} from "
	 "router {} on subnet {} with dns {}",
		NULL},
	{"dhcp lease of ip {.assigned} from server mac {} for client mac {source.mac} {}",
		NULL},
	{"dhcp lease of ip {.assigned} from mac {} for client mac {source.mac} {}", NULL},
	{"dhcp no offers for mac {source.mac+}{}", NULL},
	{"failover to {out}", NULL},
	{"port {in} status changed from {.before} to {.status}", NULL},
	{"Port {in} received an STP BPDU from {source.mac+} {}", NULL},
	{"Blocked DHCP server response from {source.mac+} on VLAN {network.vlan.id}", NULL},
};
static struct phrases words_phrases = PHRASES(values_of_words);

static bool tell_type(const struct reading *reading, struct slice type)
{
	put_some(reading->record, reading->context, FIELD_EVENT_CODE, type);
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		if (!slice_eq(events[i].type, type))
			continue;
		tell(reading, events[i].telling);
		if (events[i].attack != CLASS_NONE)
			put_attack(reading->record, reading->context, events[i].attack,
				SEVERITY_LOW, false);
		return true;
	}
	return false;
}

static void tell_words(const struct reading *reading)
{
	(void)phrases_read(&words_phrases, reading->record, reading->context, reading->words);
	for (size_t i = 0; i < ARRAY_LEN(sentences); i++) {
		if (slice_starts(reading->words, slice_str(sentences[i].text))) {
			tell(reading, sentences[i].telling);
			return;
		}
	}
	tell(reading, TELLS_SYSTEM);
}

static void tell_event(const struct reading *reading)
{
	struct slice type = value_of(reading, "type");
	struct slice connectivity = value_of(reading, "connectivity");

	put_end(reading, "server", FIELD_DESTINATION_IP, FIELD_DESTINATION_PORT,
		FIELD_DESTINATION_MAC);
	put_end(reading, "peer_contact", FIELD_DESTINATION_IP, FIELD_DESTINATION_PORT,
		FIELD_DESTINATION_MAC);
	if (slice_absent(type)) {
		tell_words(reading);
		return;
	}
	if (tell_type(reading, type))
		return;
	if (slice_absent(connectivity))
		tell(reading, TELLS_SYSTEM);
	else
		tell(reading, slice_eq(connectivity, SLICE_LIT("true")) ? TELLS_VPN
									: TELLS_VPN_ENDED);
}

static const struct kind kinds[] = {
	{{SLICE_BYTES("flows")}, tell_flow, .nobody = true},
	{{SLICE_BYTES("firewall")}, tell_flow},
	{{SLICE_BYTES("vpn_firewall")}, tell_flow},
	{{SLICE_BYTES("cellular_firewall")}, tell_flow},
	{{SLICE_BYTES("bridge_anyconnect_client_vpn_firewall")}, tell_flow},
	{{SLICE_BYTES("l7_firewall")}, tell_flow},
	{{SLICE_BYTES("ip_flow_start")}, tell_start},
	{{SLICE_BYTES("ip_flow_end")}, tell_end},
	{{SLICE_BYTES("urls")}, tell_url, .nobody = true, .agent = true},
	{{SLICE_BYTES("ids-alerts")}, tell_intrusion},
	{{SLICE_BYTES("security_event")}, tell_security},
	{{SLICE_BYTES("events")}, tell_event},
	{{SLICE_BYTES("airmarshal_events")}, tell_event, .nobody = true, .on_air = true},
};

/* ---- values ----------------------------------------------------------------------------- */

static bool is_name(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.ptr[i];

		if (!is_digit(byte) && byte != '_' &&
			((byte | 0x20) < 'a' || (byte | 0x20) > 'z'))
			return false;
	}
	return text.len > 0;
}

/* A value in single quotes ends at the quote that a blank or the end follows. */
static struct slice take_value(struct slice *rest)
{
	struct slice value;

	if (!skip_byte(rest, '\''))
		return take_word(rest);
	size_t end = slice_search(*rest, SLICE_LIT("' "));
	value = slice_head(*rest, end);
	*rest = slice_from(*rest, end < rest->len ? end + 1 : end);
	if (end == value.len && rest->len == 0 && value.len > 0 &&
		value.ptr[value.len - 1] == '\'')
		value.len--;
	return value;
}

/* "pattern: allow all", "message: TEXT": up to the end */
static bool take_tail(struct slice rest, struct pairs *pairs)
{
	struct slice word = take_word(&rest);

	if (word.len < 2 || word.ptr[word.len - 1] != ':')
		return false;
	word.len--;
	if (!is_name(word) || rest.len == 0)
		return false;
	pairs_add(pairs, word, slice_trim(rest));
	return true;
}

/* "src=192.0.2.7": the name of a value, absent in other words. */
static struct slice name_of(struct slice word)
{
	struct slice name = slice_head(word, slice_find(word, '='));

	return name.len < word.len && is_name(name) ? name : SLICE_NONE;
}

/* What the device itself chose. */
static bool is_own(struct slice name)
{
	static const struct slice own[] = {{SLICE_BYTES("type")}, {SLICE_BYTES("radio")},
		{SLICE_BYTES("vap")}, {SLICE_BYTES("channel")}, {SLICE_BYTES("rssi")},
		{SLICE_BYTES("aid")}, {SLICE_BYTES("client_mac")}, {SLICE_BYTES("bssid")},
		{SLICE_BYTES("src")}, {SLICE_BYTES("dst")}, {SLICE_BYTES("mac")},
		{SLICE_BYTES("vpn_type")}, {SLICE_BYTES("peer_contact")}};

	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		if (slice_eq(own[i], name))
			return true;
	}
	return false;
}

/* Up to a text that is all of the rest, or up to the first value that is not the device's own
 * when the quotes behind it do not pair. */
static struct slice pairing_quotes(struct slice text)
{
	struct slice rest = text, strange = SLICE_NONE;
	bool unpaired = false;

	for (skip_blanks(&rest); rest.len > 0 && !unpaired; skip_blanks(&rest)) {
		struct slice start = rest, word = take_word(&rest), name = name_of(word);

		if (slice_absent(name) || word.len == name.len + 1 ||
			word.ptr[name.len + 1] != '\'') {
			unpaired = !slice_absent(strange) && slice_find(word, '\'') < word.len;
			continue;
		}
		if (slice_absent(strange) && !is_own(name))
			strange = start;
		rest = slice_from(start, name.len + 1);
		(void)take_value(&rest);
		unpaired = rest.ptr[-1] != '\'';
	}
	if (!unpaired || slice_absent(strange))
		return text;
	return slice_head(text, (size_t)(strange.ptr - text.ptr));
}

/* "agent='TEXT' request: METHOD URL" at the end, which are taken off. */
static void read_agent(struct slice *rest, struct pairs *pairs)
{
	size_t at = slice_search(*rest, SLICE_LIT(" agent='"));
	struct slice agent = slice_from(*rest, at), request;

	if (!skip_lit(&agent, " agent='") ||
		!cut_last(agent, SLICE_LIT("' request: "), &agent, &request))
		return;
	pairs_add(pairs, SLICE_LIT("agent"), agent);
	pairs_add(pairs, SLICE_LIT("request"), slice_trim(request));
	*rest = slice_head(*rest, at);
}

/* "type= rogue_ssid_detected": some firmware leaves a blank behind the sign. */
static struct slice take_type(struct slice *rest)
{
	struct slice value = take_value(rest), at = *rest, word;

	if (value.len > 0)
		return value;
	skip_blanks(&at);
	word = take_word(&at);
	if (!is_name(word))
		return value;
	*rest = at;
	return word;
}

/* The words before the first value are left; words between values mean nothing. */
static struct slice read_values(struct slice rest, struct pairs *pairs, const struct kind *kind)
{
	struct slice all = rest;
	size_t words = all.len;

	pairs_reset(pairs, SLICE_NONE, PAIRS_NOTHING);
	if (kind->agent)
		read_agent(&rest, pairs);
	rest = pairing_quotes(rest);
	for (skip_blanks(&rest); rest.len > 0; skip_blanks(&rest)) {
		const size_t here = (size_t)(rest.ptr - all.ptr);
		struct slice start = rest, name = name_of(take_word(&rest));

		if (!slice_absent(name)) {
			rest = slice_from(start, name.len + 1);
			pairs_add(pairs, name,
				slice_eq(name, SLICE_LIT("type")) ? take_type(&rest)
								  : take_value(&rest));
		} else if (take_tail(start, pairs)) {
			rest = SLICE_LIT("");
		} else {
			continue;
		}
		words = here < words ? here : words;
	}
	return slice_trim(slice_head(all, words));
}

/* "tcp/ip" */
static void put_protocol(const struct reading *reading)
{
	struct slice protocol = value_of(reading, "protocol");

	if (!slice_absent(protocol))
		put_transport(reading->record, reading->context,
			slice_head(protocol, slice_find(protocol, '/')));
}

/* "ingress" is what comes from the Internet. */
static void put_way(const struct reading *reading)
{
	struct slice way = value_of(reading, "direction");

	if (slice_eq(way, SLICE_LIT("ingress")))
		put(reading->record, reading->context, FIELD_NETWORK_DIRECTION,
			SLICE_LIT("inbound"));
	else if (slice_eq(way, SLICE_LIT("egress")))
		put(reading->record, reading->context, FIELD_NETWORK_DIRECTION,
			SLICE_LIT("outbound"));
	else
		put_direction(reading->record, reading->context, way);
}

/* Whether a line of its kind may say that; else a stranger said it. */
static bool may_say(const struct kind *kind, unsigned meaning)
{
	if (kind->on_air)
		return meaning == NAME_UNKNOWN || meaning == NAMED_LATER ||
		       meaning == FIELD_NETWORK_NAME || meaning == FIELD_NETWORK_VLAN_ID ||
		       meaning == FIELD_SOURCE_MAC;
	return !kind->nobody || (meaning != NAMED_USER && meaning != FIELD_SOURCE_IP);
}

static void put_values(const struct reading *reading)
{
	struct named_values ignored = {0};
	struct slice port = value_of(reading, "translated_port");

	for (unsigned i = 0; i < reading->pairs->n; i++) {
		const struct pair *pair = &reading->pairs->items[i];
		unsigned meaning = name_table_find(&names, pair->name, pair->hash);

		if (!may_say(reading->kind, meaning))
			continue;
		if (meaning == VALUE_URL)
			put_url(reading, pair->value);
		else
			named_device_put(
				reading->record, reading->context, &ignored, pair, meaning);
	}
	put_end(reading, "src", FIELD_SOURCE_IP, FIELD_SOURCE_PORT, FIELD_SOURCE_MAC);
	put_end(reading, "dst", FIELD_DESTINATION_IP, FIELD_DESTINATION_PORT,
		FIELD_DESTINATION_MAC);
	if (reading->kind->on_air)
		return;
	put_protocol(reading);
	put_way(reading);
	put_digits(reading->record, reading->context,
		pairs_have(reading->pairs, SLICE_LIT("translated_dst_ip"))
			? FIELD_DESTINATION_NAT_PORT
			: FIELD_SOURCE_NAT_PORT,
		port);
}

/* ---- the line --------------------------------------------------------------------------- */

struct head {
	struct slice digits, device;
	uint64_t priority;
	int64_t ns;
	const struct kind *kind;
};

static bool take_kind(struct slice *rest, struct head *head)
{
	struct slice word = take_word(rest);

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (slice_eq(kinds[i].name, word)) {
			head->kind = &kinds[i];
			return true;
		}
	}
	return false;
}

/* "1772852400.123456789 " */
static bool take_epoch(struct slice *rest, int64_t *ns)
{
	enum { SECONDS_LEN = 10 };
	struct slice word = take_word(rest);

	return slice_find(word, '.') == SECONDS_LEN && word.len > SECONDS_LEN + 1 &&
	       stamp_from_epoch(word, ns) && skip_byte(rest, ' ');
}

/* "<134>1 1772852400.123456789 MX84 flows "; a relay took the priority, and the version for a
 * tag. */
static bool take_head(struct slice *rest, struct head *head)
{
	enum { PRIORITY_MAX = 191 };

	if (skip_byte(rest, '<') &&
		(!take_until(rest, '>', &head->digits) ||
			!slice_to_u64(head->digits, PRIORITY_MAX, &head->priority)))
		return false;
	(void)skip_lit(rest, "1 ");
	if (!take_epoch(rest, &head->ns))
		return false;
	head->device = take_word(rest);
	return head->device.len > 0 && skip_byte(rest, ' ') && take_kind(rest, head);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct head head = {.kind = NULL};
	struct slice rest = context->message;

	if (!take_head(&rest, &head))
		return PARSED_NOT_MINE;
	struct reading reading = {head.kind, record, context, context->pairs, SLICE_NONE};
	reading.words = read_values(rest, context->pairs, head.kind);
	record->created_ns = head.ns;
	if (!slice_absent(head.digits))
		put_priority(record, context, head.digits, (unsigned)head.priority);
	if (slice_eq(record_get(record, FIELD_PROCESS_NAME), SLICE_LIT("1")))
		take_out(record, FIELD_PROCESS_NAME);
	put_device(record, context, &appliance);
	put(record, context, FIELD_OBSERVER_NAME, head.device);
	put(record, context, FIELD_EVENT_PROVIDER, head.kind->name);
	put_over(record, context, FIELD_MESSAGE, slice_trim(rest));
	put_values(&reading);
	head.kind->tell(&reading);
	put_totals(record, context);
	pairs_reset(context->pairs, SLICE_NONE, PAIRS_NOTHING);
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_meraki = {
	.number = 80,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "meraki",
	.module = "cisco",
	.summary = "Cisco Meraki: flows, URLs, alerts and events",
	.source = "Cisco Meraki, Syslog Event Types and Log Samples; Syslog Server Overview",
	.first_bytes = "<" FIRST_BYTES_DIGITS,
	.digits = DIGITS(RUN) | DIGITS(DAY),
	.parse = parse,
};
