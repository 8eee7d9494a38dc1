/*
 * f5 - BIG-IP: ASM (web application firewall), LTM, APM and the audit of administrators
 *
 *	ASM:unit_hostname="big-1",attack_type="SQL-Injection",ip_client="203.0.113.9",...
 *	httpd[1]: 01070417:6: AUDIT - user an - RAW: httpd(mod_auth_pam): user=an(an) ...
 *	apmd[1]: 01490010:5: /Common/dvc:Common:1a2b3c4d: Username 'an'
 *
 * A value of ASM ends at the quote that a comma with the next name, or the end, follows: its
 * requests are a stranger's. Of a name that comes twice the first counts.
 */
#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/device.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/phrases.h"

static const struct device waf = {
	{SLICE_BYTES("F5")}, {SLICE_BYTES("BIG-IP ASM")}, {SLICE_BYTES("waf")}};
static const struct device balancer = {
	{SLICE_BYTES("F5")}, {SLICE_BYTES("BIG-IP")}, {SLICE_BYTES("load-balancer")}};

/* ---- ASM --------------------------------------------------------------------------------- */

enum value {
	VALUE_LATER = NAME_MEANING_END,
	VALUE_FORWARDED,
	VALUE_PROTOCOL,
};

/* K16509 and the storage formats of remote logging; the second names are Splunk's. */
static const struct name_entry entries[] = {
	NAME("date_time", NAME_TIME),
	NAME("unit_hostname", FIELD_OBSERVER_HOSTNAME),
	NAME("unit_host", FIELD_OBSERVER_HOSTNAME),
	NAME("management_ip_address", FIELD_OBSERVER_IP),
	NAME("manage_ip_addr", FIELD_OBSERVER_IP),
	NAME("software_version", FIELD_OBSERVER_VERSION),
	NAME("ip_client", FIELD_SOURCE_IP),
	NAME("src_port", FIELD_SOURCE_PORT),
	NAME("dest_ip", FIELD_DESTINATION_IP),
	NAME("dest_port", FIELD_DESTINATION_PORT),
	NAME("geo_location", FIELD_SOURCE_GEO_COUNTRY),
	NAME("geo_info", FIELD_SOURCE_GEO_COUNTRY),
	NAME("protocol", VALUE_PROTOCOL),
	NAME("method", FIELD_HTTP_REQUEST_METHOD),
	NAME("uri", VALUE_LATER),
	NAME("query_string", VALUE_LATER),
	NAME("query_str", VALUE_LATER),
	NAME("response_code", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("resp_code", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("policy_name", FIELD_RULE_RULESET),
	NAME("sig_ids", FIELD_RULE_ID),
	NAME("sig_names", FIELD_RULE_NAME),
	NAME("attack_type", FIELD_RULE_CATEGORY),
	NAME("anomaly_attack_type", FIELD_RULE_CATEGORY),
	NAME("violations", VALUE_LATER),
	NAME("request_status", VALUE_LATER),
	NAME("req_status", VALUE_LATER),
	NAME("severity", VALUE_LATER),
	NAME("support_id", FIELD_EVENT_ID),
	NAME("username", FIELD_USER_NAME),
	NAME("virus_name", FIELD_THREAT_NAME),
	NAME("x_forwarded_for_header_value", VALUE_FORWARDED),
	NAME("x_fwd_hdr_val", VALUE_FORWARDED),
};
static struct name_table table = NAME_TABLE(entries);

/* What ASM writes where there is nothing. */
static bool is_nothing(struct slice value)
{
	return value.len == 0 || slice_eq(value, SLICE_LIT("N/A")) ||
	       slice_eq(value, SLICE_LIT("0.0.0.0"));
}

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || is_digit(byte) ||
	       byte == '_';
}

/* The name and the '=' behind it. */
static bool take_name(struct slice *rest, struct slice *name)
{
	size_t len = 0;

	while (len < rest->len && is_name_byte(rest->ptr[len]))
		len++;
	if (len == 0 || len == rest->len || rest->ptr[len] != '=')
		return false;
	*name = slice_head(*rest, len);
	*rest = slice_from(*rest, len + 1);
	return true;
}

static bool ends_value(struct slice behind)
{
	struct slice name;

	skip_blanks(&behind);
	if (behind.len == 0)
		return true;
	if (!skip_byte(&behind, ','))
		return false;
	skip_blanks(&behind);
	return behind.len == 0 || take_name(&behind, &name);
}

static bool take_value(struct slice *rest, struct slice *value)
{
	struct slice at = *rest;

	if (slice_absent(at))
		return false;
	if (!skip_byte(&at, '"')) {
		size_t len = slice_find(at, ',');

		*value = slice_head(at, len);
		*rest = slice_from(at, len);
		return true;
	}
	for (size_t i = 0; i < at.len; i++) {
		if (at.ptr[i] != '"' || !ends_value(slice_from(at, i + 1)))
			continue;
		*value = slice_head(at, i);
		*rest = slice_from(at, i + 1);
		return true;
	}
	return false;
}

/* False when the text is no such pairs; a last value that was cut off is left out. */
static bool read_pairs(struct pairs *pairs, struct slice rest)
{
	struct slice name, value;

	pairs_reset(pairs, rest, PAIRS_NOTHING);
	while (take_name(&rest, &name) && take_value(&rest, &value)) {
		if (!pairs_have(pairs, name))
			pairs_add(pairs, name, value);
		while (rest.len > 0 && (rest.ptr[0] == ',' || rest.ptr[0] == ' '))
			rest = slice_from(rest, 1);
	}
	return pairs->n > 0;
}

static struct slice either(const struct pairs *pairs, const char *name, const char *other)
{
	struct slice value = pairs_get(pairs, slice_str(name));

	if (slice_absent(value))
		value = pairs_get(pairs, slice_str(other));
	return is_nothing(value) ? SLICE_NONE : value;
}

static void put_pair(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair)
{
	unsigned meaning = name_table_find(&table, pair->name, pair->hash);
	struct slice value = pair->value;

	if (is_nothing(value))
		return;
	switch (meaning) {
	case 0:
		put_other(record, context, FIELD_OTHER, pair->name, value);
		break;
	case VALUE_LATER:
		break;
	case VALUE_PROTOCOL:
		put_lower(record, context, FIELD_NETWORK_PROTOCOL, value);
		break;
	case VALUE_FORWARDED:
		put_only_address(record, context, FIELD_NETWORK_FORWARDED_IP,
			slice_trim(slice_head(value, slice_find(value, ','))));
		break;
	default:
		named_put(record, context, values, meaning, value);
	}
}

static void put_uri(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	struct slice uri = either(pairs, "uri", "uri");
	struct slice query = either(pairs, "query_string", "query_str");

	if (!slice_absent(uri))
		access_log_put_url(record, context, uri);
	if (slice_absent(record_get(record, FIELD_URL_QUERY)))
		put_some(record, context, FIELD_URL_QUERY, query);
}

static void tell_request(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	struct slice status = either(pairs, "request_status", "req_status");
	struct slice violations = either(pairs, "violations", "violations");
	struct slice attack = either(pairs, "attack_type", "anomaly_attack_type");
	bool stopped = verdict_of(status) == VERDICT_DENIED;

	put_other(record, context, FIELD_OTHER, SLICE_LIT("violations"), violations);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("request_status"), status);
	if (slice_absent(attack) && slice_absent(violations)) {
		put_telling(record, context, stopped ? TELLS_URL_DENIED : TELLS_URL);
		return;
	}
	put_telling(record, context, stopped ? TELLS_ATTACK_DENIED : TELLS_ATTACK);
	put_attack(record, context, attack_of_name(attack, CLASS_UNAUTHORIZED_ACCESS),
		severity_of_word(either(pairs, "severity", "severity")), stopped);
}

static enum parse_result parse_asm(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};

	if (!read_pairs(pairs, rest))
		return PARSED_NOT_MINE;
	if (slice_absent(either(pairs, "request_status", "req_status")) &&
		!pairs_have(pairs, SLICE_LIT("anomaly_attack_type")))
		return PARSED_NOT_MINE;
	put_device(record, context, &waf);
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(record, context, &values, &pairs->items[i]);
	put_uri(record, context, pairs);
	tell_request(record, context, pairs);
	named_finish(record, context, &values);
	context->message = SLICE_NONE;
	return PARSED;
}

/* ---- TMOS -------------------------------------------------------------------------------- */

#define APM "{.policy}:{.partition}:{.session}: "

/* BIG-IP error message catalog; K7816, K11124. */
static const struct phrase sentences[] = {
	{"AUDIT - user {user.name*} - RAW: {.service}: user={}({}) partition={.partition} "
	 "level={.level} tty={.tty} host={source} attempts={} start=\"{}\" end=\"{}\"{}",
		MEANS_TELLING(LOGOUT)},
	{"AUDIT - user {user.name*} - RAW: {.service}: user={}({}) partition={.partition} "
	 "level={.level} tty={.tty} host={source} attempts={} start=\"{}\"{}",
		MEANS_TELLING(LOGIN)},
	{"AUDIT - user {user.name*} - RAW: {.service}: User={} tty={.tty} host={source} failed "
	 "to "
	 "login after {} attempts{}",
		MEANS_TELLING(LOGIN_FAILED)},
	{"AUDIT - client {.client}, user {user.name*} - transaction #{.transaction} - object "
	 "{} - "
	 "{process.command_line*} [Status={.status}]",
		MEANS_TELLING(CONFIG)},
	{"AUDIT - pid={process.pid} user={user.name} folder={.folder} module={.module} "
	 "status=[{.status}] cmd_data={process.command_line*}",
		MEANS_TELLING(COMMAND)},
	{"AUDIT - user {user.name*} - {process.command_line*}", MEANS_TELLING(COMMAND)},
	{APM "New session from client IP {source} (ST={}) at VIP {destination} Listener {.vs} "
	     "(Reputation={})",
		MEANS_TELLING(VPN_INFO)},
	{APM "Username '{user.name*}'", MEANS_TELLING(VPN_INFO)},
	{APM "Access policy result: Logon_Deny", MEANS_TELLING(LOGIN_FAILED)},
	{APM "Access policy result: {.result}", MEANS_TELLING(LOGIN)},
	{APM "{.agent} agent: Auth (logon attempt:{}): authenticate with '{user.name*}' failed",
		MEANS_TELLING(LOGIN_FAILED)},
	{APM "{.agent} agent: Auth (logon attempt:{}): authenticate with '{user.name*}' "
	     "successful",
		MEANS_TELLING(LOGIN)},
	{APM "{.agent} module: authentication with '{user.name*}' failed{}: {event.reason*}",
		MEANS_TELLING(LOGIN_FAILED)},
	{APM "Session deleted due to {event.reason}.", MEANS_TELLING(LOGOUT)},
	{APM "Session deleted ({event.reason}).", MEANS_TELLING(LOGOUT)},
	{APM "Assigned PPP Dynamic IPv4: {client} ID: {} Tunnel Type: {}", MEANS_TELLING(VPN)},
	{APM "PPP tunnel {} closed{}", MEANS_TELLING(VPN_ENDED)},
	{APM "Session statistics - bytes in: {source.bytes}, bytes out: {destination.bytes}",
		MEANS_TELLING(VPN_INFO)},
	{"Pool {.pool} member {.member} monitor status {.status}. {}", MEANS_TELLING(FAULT)},
	{"Pool {.pool} member {.member} monitor status {.status}.", MEANS_TELLING(FAULT)},
	{"No members available for pool {.pool}", MEANS_TELLING(FAULT)},
	{"Syncookie HW mode activated, {}", MEANS_TELLING(FAULT)},
	{"A {.network} flood attack {}", MEANS_TELLING(ATTACK)},
	{"Active", MEANS_TELLING(FAILOVER)},
	{"Standby", MEANS_TELLING(FAILOVER)},
};
static struct phrases phrases = PHRASES(sentences);

/* "01070417:6: " */
static bool take_code(struct slice *rest, struct slice *code, struct slice *severity)
{
	enum { CODE_LEN = 8 };
	struct slice at = *rest;

	if (at.len < CODE_LEN + 4 || at.ptr[0] != '0' || at.ptr[CODE_LEN] != ':' ||
		at.ptr[CODE_LEN + 2] != ':' || !is_digit(at.ptr[CODE_LEN + 1]))
		return false;
	*code = slice_head(at, CODE_LEN);
	for (size_t i = 0; i < CODE_LEN; i++) {
		if (!is_digit(at.ptr[i]) && (at.ptr[i] < 'a' || at.ptr[i] > 'f'))
			return false;
	}
	*severity = slice_of(at.ptr + CODE_LEN + 1, 1);
	*rest = slice_from(at, CODE_LEN + 3);
	skip_blanks(rest);
	return true;
}

static enum parse_result parse_tmos(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice code, severity;

	if (!take_code(&rest, &code, &severity))
		return PARSED_NOT_MINE;
	put_device(record, context, &balancer);
	put(record, context, FIELD_EVENT_CODE, code);
	put(record, context, FIELD_EVENT_SEVERITY, severity);
	put_over(record, context, FIELD_MESSAGE, rest);
	const struct phrase *phrase = phrases_read(&phrases, record, context, rest);
	if (phrase == NULL)
		put_telling(record, context, TELLS_SYSTEM);
	else if (phrase->meaning == MEANS_TELLING(ATTACK))
		put_attack(record, context, CLASS_DOS, SEVERITY_MEDIUM, false);
	context->message = SLICE_NONE;
	return phrase != NULL ? PARSED : PARSED_PARTLY;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;

	if (rest.len > 0 && rest.ptr[0] == '0')
		return parse_tmos(record, context, rest);
	(void)skip_lit(&rest, "ASM:");
	if (!slice_eq(context->program, SLICE_LIT("ASM")) &&
		!slice_starts(context->message, SLICE_LIT("ASM:")) &&
		!slice_starts(rest, SLICE_LIT("f5_asm=")) &&
		!slice_starts(rest, SLICE_LIT("unit_hostname=")) &&
		!slice_starts(rest, SLICE_LIT("software_version=")))
		return PARSED_NOT_MINE;
	return parse_asm(record, context, rest);
}

static const char *const programs[] = {
	"ASM", "tmm", "tmm1", "tmm2", "tmm3", "mcpd", "apmd", "apm", "tmsh", NULL};

const struct parser parser_f5 = {
	.number = 81,
	.roles = PARSER_ANY_PROGRAM,
	.name = "f5",
	.module = "f5",
	.summary = "F5 BIG-IP: ASM, LTM, APM, audit",
	.source = "F5 storage formats of remote logging; BIG-IP error message catalog",
	.programs = programs,
	.first_bytes = "0Afus",
	.parse = parse,
};
