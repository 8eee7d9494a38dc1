/*
 * watchguard - Firebox (Fireware)
 *
 *	<142>Mar  7 10:00:00 fb-1 firewall: msg_id="3000-0148" Deny 1-Ngoai 0-Firebox 52 tcp 20
 *		117 203.0.113.9 192.0.2.7 40000 22 offset 8 S 3150809646 win 32  (Mac dinh-00)
 *	... fb-1 801234567 fb-1 (2026-03-07T03:00:00) http-proxy[2345]: msg_id="1AFF-0024" Allow
 *		1-Trong 0-Ngoai tcp 192.0.2.7 203.0.113.9 51000 80 msg="..." (HTTP-00)
 *
 * What is said of a packet stands in order; names with values follow, and the policy in
 * brackets. Events are sentences. The stamp in brackets is UTC.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/device.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct device device = {
	{SLICE_BYTES("WatchGuard")}, {SLICE_BYTES("Firebox")}, {SLICE_BYTES("firewall")}};

enum value {
	VALUE_LATER = NAME_MEANING_END,
	VALUE_SECONDS,
	VALUE_URL,
	VALUE_APPLICATION,
};

/* Fireware Log Catalog. */
static const struct name_entry entries[] = {
	NAME("msg_id", VALUE_LATER),
	NAME("msg", VALUE_LATER),
	NAME("src_ip_nat", FIELD_SOURCE_NAT_IP),
	NAME("src_port_nat", FIELD_SOURCE_NAT_PORT),
	NAME("dst_ip_nat", FIELD_DESTINATION_NAT_IP),
	NAME("dst_port_nat", FIELD_DESTINATION_NAT_PORT),
	NAME("src_user", FIELD_USER_NAME),
	NAME("dst_user", FIELD_USER_TARGET_NAME),
	NAME("duration", VALUE_SECONDS),
	NAME("elapsed_time", VALUE_SECONDS),
	NAME("sent_pkts", FIELD_SOURCE_PACKETS),
	NAME("rcvd_pkts", FIELD_DESTINATION_PACKETS),
	NAME("sent_bytes", FIELD_SOURCE_BYTES),
	NAME("rcvd_bytes", FIELD_DESTINATION_BYTES),
	NAME("app_name", VALUE_APPLICATION),
	NAME("cats", FIELD_RULE_CATEGORY),
	NAME("op", FIELD_HTTP_REQUEST_METHOD),
	NAME("dstname", FIELD_URL_DOMAIN),
	NAME("path", FIELD_URL_PATH),
	NAME("arg", VALUE_URL),
	NAME("virus", FIELD_THREAT_NAME),
	NAME("signature_name", FIELD_RULE_NAME),
	NAME("signature_cat", FIELD_RULE_CATEGORY),
	NAME("signature_id", FIELD_RULE_ID),
	NAME("severity", FIELD_EVENT_SEVERITY),
	NAME("file_name", FIELD_FILE_NAME),
	NAME("md5", FIELD_FILE_HASH_MD5),
	NAME("sender", FIELD_EMAIL_FROM_ADDRESS),
	NAME("recipients", FIELD_EMAIL_TO_ADDRESS),
	NAME("query_name", FIELD_DNS_QUESTION_NAME),
	NAME("query_type", FIELD_DNS_QUESTION_TYPE),
	NAME("rule_name", VALUE_LATER),
	NAME("reason", FIELD_EVENT_REASON),
};
static struct name_table table = NAME_TABLE(entries);

struct reading {
	struct record *record;
	struct parse_context *context;
	struct named_values values;
	struct slice id, message;
	bool proxied;
};

/* ---- names with values --------------------------------------------------------------------
 */

static void put_pair(struct reading *reading, struct slice name, struct slice value)
{
	unsigned meaning = name_table_find(&table, name, name_hash(name));

	switch (meaning) {
	case 0:
		put_other(reading->record, reading->context, FIELD_OTHER, name, value);
		break;
	case VALUE_LATER:
		if (slice_eq(name, SLICE_LIT("msg")))
			reading->message = value;
		break;
	case VALUE_SECONDS:
		put_seconds(reading->record, reading->context, value);
		break;
	case VALUE_URL:
		put_some(reading->record, reading->context, FIELD_URL_PATH, value);
		break;
	case VALUE_APPLICATION:
		put_lower(reading->record, reading->context, FIELD_NETWORK_APPLICATION, value);
		break;
	default:
		if (value.len > 0)
			named_put(reading->record, reading->context, &reading->values, meaning,
				value);
	}
}

/* `name="value"` at the start, the value up to a quote that a blank or the end follows; one
 * that is not closed goes to the end. */
static bool take_pair(struct slice *rest, struct slice *name, struct slice *value)
{
	struct slice at = *rest, word = slice_head(at, slice_find(at, ' '));
	size_t len = slice_search(word, SLICE_LIT("=\""));

	if (len == word.len)
		return false;
	*name = slice_head(at, len);
	at = slice_from(at, len + 2);
	for (len = 0; len < at.len; len++) {
		if (at.ptr[len] == '"' && (len + 1 == at.len || at.ptr[len + 1] == ' '))
			break;
	}
	*value = slice_head(at, len);
	*rest = slice_from(at, len < at.len ? len + 1 : len);
	return true;
}

/* Of an attack the rule is its signature. */
static void put_policy(const struct reading *reading, struct slice policy)
{
	bool signature = !slice_absent(record_get(reading->record, FIELD_RULE_NAME));

	put_some(reading->record, reading->context,
		signature ? FIELD_RULE_RULESET : FIELD_RULE_NAME, policy);
}

/* Pairs and the policy "(HTTP-00)"; words between are of the packet's header. */
static void put_rest(struct reading *reading, struct slice rest)
{
	struct slice name, value;

	for (skip_blanks(&rest); rest.len > 0; skip_blanks(&rest)) {
		if (rest.ptr[0] == '(' && rest.ptr[rest.len - 1] == ')') {
			put_policy(reading, slice_of(rest.ptr + 1, rest.len - 2));
			return;
		}
		if (take_pair(&rest, &name, &value))
			put_pair(reading, name, value);
		else
			(void)take_word(&rest);
	}
}

/* ---- traffic -------------------------------------------------------------------------------
 */

static struct slice next_word(struct slice *rest)
{
	skip_blanks(rest);
	return take_word(rest);
}

static bool is_verdict(struct slice word)
{
	return slice_eq(word, SLICE_LIT("Allow")) || slice_eq(word, SLICE_LIT("Deny"));
}

static bool skip_number(struct slice *rest)
{
	struct slice at = *rest;

	if (!all_digits(next_word(&at)))
		return false;
	*rest = at;
	return true;
}

/* "52 tcp 20 117 203.0.113.9 192.0.2.7 40000 22", of a proxy "tcp 192.0.2.7 203.0.113.9 51000
 * 80", of ICMP type and code in the place of the ports. */
static bool put_packet(struct reading *reading, struct slice *rest)
{
	struct record *record = reading->record;
	struct parse_context *context = reading->context;
	struct slice at = *rest, length = next_word(&at), source, destination;

	if (all_digits(length))
		put_digits(record, context, FIELD_NETWORK_BYTES, length);
	else
		at = *rest;
	struct slice transport = next_word(&at);
	(void)(skip_number(&at) && skip_number(&at)); /* header's length and time to live */
	source = next_word(&at);
	destination = next_word(&at);
	if (transport.len == 0 || source.len == 0 || destination.len == 0)
		return false;
	put_transport(record, context, transport);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, source);
	put_address(
		record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, destination);
	*rest = at;
	struct slice from = next_word(&at), to = next_word(&at);
	if (!all_digits(from) || !all_digits(to))
		return true;
	*rest = at;
	if (!slice_starts(transport, SLICE_LIT("icmp"))) {
		put_digits(record, context, FIELD_SOURCE_PORT, from);
		put_digits(record, context, FIELD_DESTINATION_PORT, to);
	}
	return true;
}

static bool says(const struct reading *reading, const char *words)
{
	return slice_search(reading->message, slice_str(words)) < reading->message.len;
}

static void tell_attack(const struct reading *reading, enum telling open, enum telling stopped,
	enum attack_class attack, bool denied)
{
	put_telling(reading->record, reading->context, denied ? stopped : open);
	put_attack(reading->record, reading->context, attack_of_name(reading->message, attack),
		SEVERITY_HIGH, denied);
}

/* What the message of a proxy or the handler of packets names stands before the verdict. */
static void tell_traffic(const struct reading *reading, bool denied)
{
	struct slice domain = record_get(reading->record, FIELD_URL_DOMAIN);

	if (!slice_absent(record_get(reading->record, FIELD_THREAT_NAME)) ||
		says(reading, "Virus found") || says(reading, "virus found") ||
		says(reading, "APT threat detected"))
		tell_attack(
			reading, TELLS_MALWARE, TELLS_MALWARE_DENIED, CLASS_MALWARE, denied);
	else if (says(reading, "IPS detected") || says(reading, "IPS Match"))
		tell_attack(reading, TELLS_ATTACK, TELLS_ATTACK_DENIED,
			CLASS_UNAUTHORIZED_ACCESS, denied);
	else if (says(reading, "flood") || says(reading, "ddos") ||
		 says(reading, "scan attack") || says(reading, "spoofing") ||
		 says(reading, "port scan") || says(reading, "ip scan"))
		tell_attack(reading, TELLS_ATTACK, TELLS_ATTACK_DENIED, CLASS_DOS, denied);
	else if (!slice_absent(domain))
		put_telling(reading->record, reading->context,
			denied ? TELLS_URL_DENIED : TELLS_URL);
	else
		put_telling(reading->record, reading->context,
			denied ? TELLS_DENIED : TELLS_ALLOWED);
}

static bool read_traffic(struct reading *reading, struct slice rest)
{
	struct slice verdict = next_word(&rest);
	struct slice in = next_word(&rest), out = next_word(&rest);

	if (!is_verdict(verdict) || out.len == 0)
		return false;
	put_some(reading->record, reading->context, FIELD_OBSERVER_INGRESS_INTERFACE, in);
	put_some(reading->record, reading->context, FIELD_OBSERVER_EGRESS_INTERFACE, out);
	if (!put_packet(reading, &rest))
		return false;
	put_rest(reading, rest);
	tell_traffic(reading, slice_eq(verdict, SLICE_LIT("Deny")));
	put_some(reading->record, reading->context, FIELD_EVENT_REASON, reading->message);
	return true;
}

/* ---- events ---------------------------------------------------------------------------- */

static const struct phrase sentences[] = {
	{"Authentication of {.kind} user [{user.name*}@{user.domain}] from {source.ip} was "
	 "accepted",
		MEANS_TELLING(LOGIN)},
	{"Authentication of {.kind} user [{user.name*}@{user.domain}] from {source.ip} was "
	 "rejected, {event.reason}",
		MEANS_TELLING(LOGIN_FAILED)},
	{"Authentication error. no matching session found for {user.name*}.",
		MEANS_TELLING(LOGIN_FAILED)},
	{"{.kind} user {user.name*}@{user.domain} from {source.ip} logged in {}",
		MEANS_TELLING(LOGIN)},
	{"{.kind} user {user.name*}@{user.domain} from {source.ip} logged in",
		MEANS_TELLING(LOGIN)},
	{"{.kind} user {user.name*}@{user.domain} from {source.ip} logged out{}",
		MEANS_TELLING(LOGOUT)},
	{"{.kind} user {user.name*}@{user.domain} from {source.ip} log in attempt was rejected "
	 "- {event.reason}",
		MEANS_TELLING(LOGIN_FAILED)},
	{"{.kind} user {user.name*}@{user.domain} from {source.ip} was rejected - "
	 "{event.reason}",
		MEANS_TELLING(LOGIN_FAILED)},
	{"Management user {user.name*} from {source.ip} logged in{}", MEANS_TELLING(LOGIN)},
	{"Management user {user.name*} from {source.ip} logged out{}", MEANS_TELLING(LOGOUT)},
	{"Device already has an administrator account logged in.{}",
		MEANS_TELLING(LOGIN_FAILED)},
	{"The account {user.name*} {}locked{}", MEANS_TELLING(LOCKED)},
	{"Management user {user.name*}@{user.domain} from {source.ip} modified {.object}",
		MEANS_TELLING(CONFIG)},
	{"Management user {user.name*}@{user.domain} from {source.ip} added {.object}",
		MEANS_TELLING(CONFIG)},
	{"Management user {user.name*}@{user.domain} from {source.ip} deleted {.object}",
		MEANS_TELLING(CONFIG)},
	{"User '{user.name*}' from '{source.ip}' changed {.object}", MEANS_TELLING(CONFIG)},
	{"Configuration restored{}", MEANS_TELLING(CONFIG)},
	{"Shutdown requested by system{}", MEANS_TELLING(RESTART)},
	{"System starting up", MEANS_TELLING(BOOTED)},
	{"Mobile VPN with SSL user {user.name*} logged in. Virtual IP address is {client}. "
	 "Real IP address is {source*}.",
		MEANS_TELLING(VPN)},
	{"Mobile VPN with SSL user {user.name*} logged out. Virtual IP address is {client*}.",
		MEANS_TELLING(VPN_ENDED)},
	{"({}) {.tunnel} tunnel established{}", MEANS_TELLING(VPN)},
};
static struct phrases phrases = PHRASES(sentences);

static bool read_event(struct reading *reading, struct slice rest)
{
	skip_blanks(&rest);
	put_over(reading->record, reading->context, FIELD_MESSAGE, rest);
	bool known = phrases_read(&phrases, reading->record, reading->context, rest) != NULL;
	if (!known)
		put_telling(reading->record, reading->context, TELLS_SYSTEM);
	return known;
}

/* ---- lines ----------------------------------------------------------------------------- */

/* "801234567 fb-1 (2026-03-07T03:00:00) http-proxy[2345]: msg_id=...", of which an envelope may
 * have taken the first words. */
static bool take_origin(
	struct slice *rest, struct record *record, struct parse_context *context)
{
	enum { NAMES_MAX = 80 };
	struct slice head = slice_head(*rest, rest->len < NAMES_MAX ? rest->len : NAMES_MAX);
	struct slice at = slice_from(*rest, slice_find(head, '(')), program;
	struct parse_context utc = *context;
	int64_t ns;

	parse_in_utc(&utc);
	if (!skip_lit(&at, "(2") || at.len == 0)
		return false;
	at = slice_of(at.ptr - 1, at.len + 1);
	if (!take_stamp_iso(&at, &utc, &ns) || !skip_lit(&at, ") ") ||
		!take_until(&at, ':', &program) || !slice_starts(at, SLICE_LIT(" msg_id=\"")))
		return false;
	record->created_ns = ns;
	put_over(record, context, FIELD_PROCESS_NAME,
		slice_head(program, slice_find(program, '[')));
	*rest = at;
	return true;
}

static bool take_id(struct slice *rest, struct slice *id)
{
	enum { ID_LEN = sizeof("3000-0148") - 1 };

	skip_blanks(rest);
	return skip_lit(rest, "msg_id=\"") && take_until(rest, '"', id) && id->len == ID_LEN &&
	       id->ptr[4] == '-';
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct reading reading = {.record = record, .context = context, .message = {"", 0}};
	struct slice rest = context->message;

	if (!slice_starts(rest, SLICE_LIT("msg_id=\"")) && !take_origin(&rest, record, context))
		return PARSED_NOT_MINE;
	if (!take_id(&rest, &reading.id))
		return PARSED_NOT_MINE;
	put_device(record, context, &device);
	put(record, context, FIELD_EVENT_CODE, reading.id);
	bool known = read_traffic(&reading, rest) || read_event(&reading, rest);
	put_totals(record, context);
	context->message = SLICE_NONE;
	return known ? PARSED : PARSED_PARTLY;
}

static const char *const programs[] = {"firewall", "http-proxy", "https-proxy", "smtp-proxy",
	"pop3-proxy", "imap-proxy", "ftp-proxy", "dns-proxy", "tcp-udp-proxy", "pxy",
	"sessiond", "admd", "loggerd", "iked", "sslvpn", "wgagent", "wgcgi", "configd",
	"link-mon", "sigd", "dvcpcd", "networkd", "spamd", NULL};

const struct parser parser_watchguard = {
	.number = 79,
	.roles = PARSER_ANY_PROGRAM,
	.name = "watchguard",
	.module = "watchguard",
	.summary = "WatchGuard Firebox (Fireware)",
	.source = "WatchGuard, Fireware Log Catalog 12.6; Read a Log Message",
	.programs = programs,
	.parse = parse,
};
