#include "collector/normalize/families/products.h"

#include "collector/normalize/families/antivirus.h"
#include "collector/normalize/families/sign_in.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/network.h"

/* ---- values ------------------------------------------------------------------------------ */

enum { PRODUCT_SECONDS = FIELD_ID_MAX };

/* PAN-OS CEF Configuration Guide 10.0; Check Point sk122323; F5 storage formats; Imperva
 * "Log File Structure"; Barracuda "Configure Log Format"; UniFi "System Logs & SIEM". */
static const struct name_entry entries[] = {
	NAME("Rule", FIELD_RULE_NAME),
	NAME("rule", FIELD_RULE_NAME),
	NAME("Rule Name", FIELD_RULE_NAME),
	NAME("Rule name", FIELD_RULE_NAME),
	NAME("rule_name", FIELD_RULE_NAME),
	NAME("fwPolicy", FIELD_RULE_RULESET),
	NAME("fwRule", FIELD_RULE_NAME),
	NAME("Policy", FIELD_RULE_RULESET),
	NAME("policy_name", FIELD_RULE_RULESET),
	NAME("PolicyName", FIELD_RULE_RULESET),
	NAME("UNIFIpolicyName", FIELD_RULE_NAME),
	NAME("Source Zone", FIELD_OBSERVER_INGRESS_ZONE),
	NAME("ingressZone", FIELD_OBSERVER_INGRESS_ZONE),
	NAME("inzone", FIELD_OBSERVER_INGRESS_ZONE),
	NAME("Destination Zone", FIELD_OBSERVER_EGRESS_ZONE),
	NAME("egressZone", FIELD_OBSERVER_EGRESS_ZONE),
	NAME("outzone", FIELD_OBSERVER_EGRESS_ZONE),
	NAME("URL Category", FIELD_RULE_CATEGORY),
	NAME("attack_type", FIELD_RULE_CATEGORY),
	NAME("Threat Category", FIELD_RULE_CATEGORY),
	NAME("x_forwarded_for_header_value", FIELD_NETWORK_FORWARDED_IP),
	NAME("X-Forwarded-For", FIELD_NETWORK_FORWARDED_IP),
	NAME("xff", FIELD_NETWORK_FORWARDED_IP),
	NAME("response_code", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("Packets", FIELD_NETWORK_PACKETS),
	NAME("Total bytes", FIELD_NETWORK_BYTES),
	NAME("Elapsed time in seconds", PRODUCT_SECONDS),
	NAME("PanOSPacketsSent", FIELD_SOURCE_PACKETS),
	NAME("PanOSPacketsReceived", FIELD_DESTINATION_PACKETS),
	NAME("cpt", FIELD_SOURCE_PORT),
	NAME("service_id", FIELD_NETWORK_PROTOCOL),
	NAME("loguid", FIELD_EVENT_ID),
	NAME("originsicname", FIELD_OBSERVER_NAME),
	NAME("UNIFIhost", FIELD_OBSERVER_NAME),
	NAME("UNIFIadmin", FIELD_USER_NAME),
	NAME("UNIFIclientMac", FIELD_SOURCE_MAC),
	NAME("UNIFIclientIp", FIELD_SOURCE_IP),
	NAME("UNIFIclientHostname", FIELD_SOURCE_DOMAIN),
};
static struct name_table table = NAME_TABLE(entries);

unsigned product_field(struct slice name)
{
	enum { NAME_MAX_BYTES = 64 }; /* a label may be as long as a line */

	if (name.len > NAME_MAX_BYTES)
		return 0;
	return name_table_find(&table, name, name_hash(name));
}

void product_put(struct record *record, struct parse_context *context, unsigned field,
	struct slice value)
{
	enum field_id id = (enum field_id)field;

	if (field == PRODUCT_SECONDS) {
		put_seconds(record, context, value);
		return;
	}
	if (!slice_absent(record_get(record, id)) || slice_eq(value, SLICE_LIT("N/A")))
		return;
	if (field_type(id) == FIELD_LONG)
		put_digits(record, context, id, value);
	else if (field_type(id) == FIELD_IP)
		put_only_address(record, context, id, value);
	else
		put_some(record, context, id, value);
}

/* ---- what events tell ---------------------------------------------------------------------
 */

static bool has(struct slice text, const char *word)
{
	struct slice wanted = slice_str(word);

	for (size_t at = 0; at + wanted.len <= text.len; at++) {
		if (slice_eq_nocase(slice_of(text.ptr + at, wanted.len), wanted))
			return true;
	}
	return false;
}

struct telling_event {
	struct record *record;
	struct parse_context *context;
	const struct product_event *event;
	bool stopped, allowed;
};

static void tell(const struct telling_event *telling, enum telling what)
{
	put_telling(telling->record, telling->context, what);
}

/* 0 to 10 in four parts, as CEF has them. */
static enum severity severity_of(struct slice severity)
{
	uint64_t number;

	if (!slice_to_u64(severity, 10, &number))
		return severity_of_word(severity);
	if (number >= 9)
		return SEVERITY_CRITICAL;
	if (number >= 7)
		return SEVERITY_HIGH;
	return number >= 4 ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

static void tell_danger(const struct telling_event *telling, enum attack_class attack,
	enum telling open, enum telling stopped)
{
	const struct product_event *event = telling->event;

	tell(telling, telling->stopped ? stopped : open);
	put_attack(telling->record, telling->context, attack_of_name(event->name, attack),
		severity_of(event->severity), telling->stopped);
	if (slice_absent(record_get(telling->record, FIELD_RULE_NAME)))
		put_some(telling->record, telling->context, FIELD_RULE_NAME, event->name);
}

static void tell_attack(const struct telling_event *telling)
{
	tell_danger(telling, CLASS_UNAUTHORIZED_ACCESS, TELLS_ATTACK, TELLS_ATTACK_DENIED);
}

static void tell_malware(const struct telling_event *telling)
{
	tell_danger(telling, CLASS_MALWARE, TELLS_MALWARE, TELLS_MALWARE_DENIED);
}

static void tell_flood(const struct telling_event *telling)
{
	tell_danger(telling, CLASS_DOS, TELLS_ATTACK, TELLS_ATTACK_DENIED);
}

static void tell_url(const struct telling_event *telling)
{
	tell(telling, telling->stopped ? TELLS_URL_DENIED : TELLS_URL);
}

static void tell_connection(const struct telling_event *telling)
{
	if (telling->stopped)
		tell(telling, TELLS_DENIED);
	else
		tell(telling, telling->allowed ? TELLS_ALLOWED : TELLS_CONNECTION);
}

/* A request without a violation is logged too. */
static void tell_waf(const struct telling_event *telling)
{
	const struct product_event *event = telling->event;

	if (slice_eq_nocase(event->name, SLICE_LIT("Normal")) ||
		slice_eq_nocase(event->name, SLICE_LIT("Successful Request")) ||
		slice_eq(event->id, SLICE_LIT("TR")) ||
		slice_eq(event->id, SLICE_LIT("Access")))
		tell_url(telling);
	else
		tell_attack(telling);
}

/* The name is the log's type, the class its subtype. */
static void tell_panos(const struct telling_event *telling)
{
	struct slice id = telling->event->id, name = telling->event->name;
	struct product_event threat = *telling->event;
	struct telling_event named = *telling;

	if (!slice_eq(name, SLICE_LIT("THREAT"))) {
		tell_connection(telling);
		return;
	}
	threat.name = pairs_get_lit(threat.pairs, "cat");
	named.event = &threat;
	if (slice_eq(id, SLICE_LIT("url")))
		tell_url(telling);
	else if (slice_eq(id, SLICE_LIT("vulnerability")) || slice_eq(id, SLICE_LIT("packet")))
		tell_attack(&named);
	else if (slice_eq(id, SLICE_LIT("flood")))
		tell_flood(&named);
	else if (slice_eq(id, SLICE_LIT("scan")))
		tell_danger(&named, CLASS_RECON, TELLS_ATTACK, TELLS_ATTACK_DENIED);
	else if (slice_eq(id, SLICE_LIT("virus")) ||
		 slice_eq(id, SLICE_LIT("wildfire-virus")) ||
		 slice_eq(id, SLICE_LIT("spyware")))
		tell_malware(&named);
	else
		tell_connection(telling);
}

static void tell_unifi(const struct telling_event *telling)
{
	struct slice name = telling->event->name;
	struct telling_event named = *telling;

	named.stopped = telling->stopped || has(name, "Blocked");
	if (has(name, "Threat") || has(name, "Intrusion"))
		tell_attack(&named);
	else if (has(name, "Honeypot"))
		tell_danger(&named, CLASS_RECON, TELLS_ATTACK, TELLS_ATTACK_DENIED);
	else if (has(name, "Firewall"))
		tell_connection(&named);
	else if (has(name, "Admin Accessed"))
		tell(telling, TELLS_LOGIN);
	else if (has(name, "Config"))
		tell(telling, TELLS_CONFIG);
	else if (has(name, "VPN Client Connected"))
		tell(telling, TELLS_VPN);
	else if (has(name, "VPN Client Disconnected"))
		tell(telling, TELLS_VPN_ENDED);
	else if (has(name, "Failover"))
		tell(telling, TELLS_FAILOVER);
	else
		tell(telling, TELLS_SYSTEM);
}

/* CyberArk's vault: codes of its audit log. */
static void tell_vault(const struct telling_event *telling)
{
	struct slice id = telling->event->id;

	if (slice_eq(id, SLICE_LIT("7")))
		tell(telling, TELLS_LOGIN);
	else if (slice_eq(id, SLICE_LIT("8")))
		tell(telling, TELLS_LOGOUT);
	else if (slice_eq(id, SLICE_LIT("4")) || has(telling->event->name, "Failed logon") ||
		 has(telling->event->name, "Authentication failure"))
		tell(telling, TELLS_LOGIN_FAILED);
	else
		tell(telling, TELLS_SYSTEM);
}

/* A detection on a machine, or what an administrator did in the console. Both name a class of
 * malware at best. */
static void tell_endpoint(const struct telling_event *telling)
{
	struct slice name = telling->event->name;
	struct slice remedy = record_get(telling->record, FIELD_EVENT_ACTION);
	const struct antivirus said = {
		.kind = ANTIVIRUS_DETECTED,
		.remedy = remedy,
		.state = has(remedy, "killed") ? ANTIVIRUS_BLOCKED : antivirus_state_of(remedy),
	};

	if (has(telling->event->id, "Detection") || has(name, "threat"))
		antivirus_put(telling->record, telling->context, &said);
	else if (!slice_absent(record_get(telling->record, FIELD_EVENT_CATEGORY)) ||
		 !sign_in_take(telling->record, telling->context, name))
		tell(telling, TELLS_SYSTEM);
}

/* The first that fits counts. */
static const struct {
	struct slice vendor, product; /* both in either case; the product begins with it */
	void (*tell)(const struct telling_event *telling);
} products[] = {
	{{SLICE_BYTES("Imperva Inc.")}, {SLICE_BYTES("")}, tell_waf},
	{{SLICE_BYTES("Imperva")}, {SLICE_BYTES("")}, tell_waf},
	{{SLICE_BYTES("Incapsula")}, {SLICE_BYTES("")}, tell_waf},
	{{SLICE_BYTES("Barracuda")}, {SLICE_BYTES("WAF")}, tell_waf},
	{{SLICE_BYTES("Barracuda Networks")}, {SLICE_BYTES("WAF")}, tell_waf},
	{{SLICE_BYTES("Barracuda")}, {SLICE_BYTES("")}, tell_connection},
	{{SLICE_BYTES("F5")}, {SLICE_BYTES("ASM")}, tell_waf},
	{{SLICE_BYTES("Citrix")}, {SLICE_BYTES("NetScaler")}, tell_waf},
	{{SLICE_BYTES("Check Point")}, {SLICE_BYTES("SmartDefense")}, tell_attack},
	{{SLICE_BYTES("Check Point")}, {SLICE_BYTES("IPS")}, tell_attack},
	{{SLICE_BYTES("Check Point")}, {SLICE_BYTES("Anti-Bot")}, tell_malware},
	{{SLICE_BYTES("Check Point")}, {SLICE_BYTES("Anti-Virus")}, tell_malware},
	{{SLICE_BYTES("Check Point")}, {SLICE_BYTES("Anti Malware")}, tell_malware},
	{{SLICE_BYTES("Check Point")}, {SLICE_BYTES("New Anti Virus")}, tell_malware},
	{{SLICE_BYTES("Check Point")}, {SLICE_BYTES("DDoS")}, tell_flood},
	{{SLICE_BYTES("Check Point")}, {SLICE_BYTES("URL Filtering")}, tell_url},
	{{SLICE_BYTES("Check Point")}, {SLICE_BYTES("VPN-1")}, tell_connection},
	{{SLICE_BYTES("Check Point")}, {SLICE_BYTES("Firewall")}, tell_connection},
	{{SLICE_BYTES("Palo Alto Networks")}, {SLICE_BYTES("PAN-OS")}, tell_panos},
	{{SLICE_BYTES("Palo Alto Networks")}, {SLICE_BYTES("LF")}, tell_panos},
	{{SLICE_BYTES("Cisco")}, {SLICE_BYTES("Firepower")}, tell_attack},
	{{SLICE_BYTES("TippingPoint")}, {SLICE_BYTES("")}, tell_attack},
	{{SLICE_BYTES("Radware")}, {SLICE_BYTES("DefensePro")}, tell_flood},
	{{SLICE_BYTES("Ubiquiti")}, {SLICE_BYTES("")}, tell_unifi},
	{{SLICE_BYTES("Cyber-Ark")}, {SLICE_BYTES("Vault")}, tell_vault},
	{{SLICE_BYTES("CyberArk")}, {SLICE_BYTES("Vault")}, tell_vault},
	{{SLICE_BYTES("CrowdStrike")}, {SLICE_BYTES("Falcon")}, tell_endpoint},
	{{SLICE_BYTES("SentinelOne")}, {SLICE_BYTES("")}, tell_endpoint},
};

static bool begins(struct slice text, struct slice begin)
{
	return text.len >= begin.len && slice_eq_nocase(slice_head(text, begin.len), begin);
}

bool product_tell(
	struct record *record, struct parse_context *context, const struct product_event *event)
{
	struct slice action = record_get(record, FIELD_EVENT_ACTION);
	const struct telling_event telling = {
		.record = record,
		.context = context,
		.event = event,
		.stopped = verdict_of(action) == VERDICT_DENIED || has(action, "block"),
		.allowed = verdict_of(action) == VERDICT_ALLOWED,
	};

	for (size_t i = 0; i < ARRAY_LEN(products); i++) {
		if (!slice_eq_nocase(products[i].vendor, event->vendor) ||
			!begins(event->product, products[i].product))
			continue;
		products[i].tell(&telling);
		return true;
	}
	return slice_absent(record_get(record, FIELD_EVENT_CATEGORY)) &&
	       sign_in_take(record, context, event->name);
}
