/*
 * juniper - Junos: SRX firewalls, routers and switches
 *
 *	<14>1 2026-03-07T10:00:00Z srx RT_FLOW - RT_FLOW_SESSION_CREATE [junos@2636.1.1.1.2.129
 *		source-address="192.0.2.7" source-port="51000" ... policy-name="ra-internet"]
 *	RT_FLOW: RT_FLOW_SESSION_DENY: session denied 203.0.113.9/40000->192.0.2.7/22 None 6(0)
 *		chan-het untrust trust
 *	mgd[4153]: UI_COMMIT: User 'an' requested 'commit' operation (comment: none)
 *
 * A message has a tag. Its values stand in structured data with names, or in the tag's
 * sentence; those of the sessions' sentences are positional, and their number grew with the
 * releases: they are given the names that they have in structured data.
 */
#include "collector/normalize/families/device.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/phrases.h"

enum { TAG_MAX = 64 };

static const struct device device = {
	{SLICE_BYTES("Juniper")}, {SLICE_BYTES("Junos")}, {SLICE_BYTES("firewall")}};

/* ---- what the tags tell ----------------------------------------------------------------- */

/* How what a tag tells depends on its values. */
enum kind {
	KIND_PLAIN,
	KIND_ATTACK, /* stopped or not, by the action */
	KIND_MALWARE,
	KIND_URL,
};

struct tag {
	struct slice begin; /* the tag begins with it */
	enum telling telling;
	enum kind kind;
	enum attack_class attack;
};

/* The first that fits counts. */
static const struct tag tags[] = {
	{{SLICE_BYTES("RT_FLOW_SESSION_CREATE")}, TELLS_STARTED},
	{{SLICE_BYTES("RT_FLOW_SESSION_CLOSE")}, TELLS_ENDED},
	{{SLICE_BYTES("RT_FLOW_SESSION_DENY")}, TELLS_DENIED},
	{{SLICE_BYTES("APPTRACK_SESSION_CREATE")}, TELLS_STARTED},
	{{SLICE_BYTES("APPTRACK_SESSION_CLOSE")}, TELLS_ENDED},
	{{SLICE_BYTES("APPTRACK_SESSION")}, TELLS_CONNECTION},
	{{SLICE_BYTES("RT_FLOW_NEXTHOP")}, TELLS_CONNECTION},
	{{SLICE_BYTES("RT_SRC_NAT")}, TELLS_TRANSLATION},
	{{SLICE_BYTES("RT_DST_NAT")}, TELLS_TRANSLATION},
	{{SLICE_BYTES("RT_SCREEN")}, TELLS_ATTACK_DENIED, KIND_ATTACK, CLASS_DOS},
	{{SLICE_BYTES("IDP_APPDDOS")}, TELLS_ATTACK_DENIED, KIND_ATTACK, CLASS_DOS},
	{{SLICE_BYTES("IDP_ATTACK_LOG_EVENT")}, TELLS_ATTACK, KIND_ATTACK,
		CLASS_UNAUTHORIZED_ACCESS},
	{{SLICE_BYTES("AV_VIRUS_DETECTED")}, TELLS_MALWARE_DENIED, KIND_MALWARE, CLASS_MALWARE},
	{{SLICE_BYTES("AAMW_MALWARE")}, TELLS_MALWARE, KIND_MALWARE, CLASS_MALWARE},
	{{SLICE_BYTES("AAMW_HOST_INFECTED")}, TELLS_MALWARE, KIND_MALWARE, CLASS_MALWARE},
	{{SLICE_BYTES("AAMW_ACTION")}, TELLS_MALWARE, KIND_MALWARE, CLASS_MALWARE},
	{{SLICE_BYTES("SECINTEL_ACTION")}, TELLS_MALWARE, KIND_MALWARE, CLASS_MALWARE},
	{{SLICE_BYTES("WEBFILTER_URL_BLOCKED")}, TELLS_URL_DENIED, KIND_URL},
	{{SLICE_BYTES("WEBFILTER_URL")}, TELLS_URL, KIND_URL},
	{{SLICE_BYTES("CONTENT_FILTERING_BLOCKED")}, TELLS_DENIED},
	{{SLICE_BYTES("ANTISPAM_SPAM_DETECTED")}, TELLS_DENIED},
	{{SLICE_BYTES("UI_COMMIT_NOT_CONFIRMED")}, TELLS_CONFIG_FAILED},
	{{SLICE_BYTES("UI_COMMIT_PROGRESS")}, TELLS_SYSTEM},
	{{SLICE_BYTES("UI_COMMIT")}, TELLS_CONFIG},
	{{SLICE_BYTES("UI_LOAD_EVENT")}, TELLS_CONFIG},
	{{SLICE_BYTES("UI_CFG_AUDIT")}, TELLS_CONFIG},
	{{SLICE_BYTES("UI_DBASE_LOGIN_EVENT")}, TELLS_COMMAND},
	{{SLICE_BYTES("UI_DBASE_LOGOUT_EVENT")}, TELLS_COMMAND},
	{{SLICE_BYTES("UI_CMDLINE_READ_LINE")}, TELLS_COMMAND},
	{{SLICE_BYTES("UI_JUNOSCRIPT_CMD")}, TELLS_COMMAND},
	{{SLICE_BYTES("UI_NETCONF_CMD")}, TELLS_COMMAND},
	{{SLICE_BYTES("UI_REBOOT_EVENT")}, TELLS_RESTART},
	{{SLICE_BYTES("UI_HALT_EVENT")}, TELLS_RESTART},
	{{SLICE_BYTES("UI_LOGIN_EVENT")}, TELLS_LOGIN},
	{{SLICE_BYTES("UI_AUTH_EVENT")}, TELLS_LOGIN},
	{{SLICE_BYTES("UI_LOGOUT_EVENT")}, TELLS_LOGOUT},
	{{SLICE_BYTES("UI_AUTH_INVALID_CHALLENGE")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("SSHD_LOGIN_FAILED")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("SSHD_LOGIN_ATTEMPTS_THRESHOLD")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("LOGIN_INFORMATION")}, TELLS_LOGIN},
	{{SLICE_BYTES("LOGIN_ROOT")}, TELLS_LOGIN},
	{{SLICE_BYTES("LOGIN_ABORTED")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("LOGIN_ATTEMPTS_THRESHOLD")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("LOGIN_FAILED")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("LOGIN_PAM")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("LOGIN_REFUSED")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("LOGIN_TIMED_OUT")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("LIBJNX_LOGIN_ACCOUNT_LOCKED")}, TELLS_LOCKED},
	{{SLICE_BYTES("WEB_AUTH_SUCCESS")}, TELLS_LOGIN},
	{{SLICE_BYTES("WEB_AUTH_FAIL")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("FWAUTH_FTP_USER_AUTH_ACCEPTED")}, TELLS_LOGIN},
	{{SLICE_BYTES("FWAUTH_FTP_USER_AUTH_FAIL")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("FWAUTH_HTTP_USER_AUTH_ACCEPTED")}, TELLS_LOGIN},
	{{SLICE_BYTES("FWAUTH_HTTP_USER_AUTH_FAIL")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("FWAUTH_TELNET_USER_AUTH_ACCEPTED")}, TELLS_LOGIN},
	{{SLICE_BYTES("FWAUTH_TELNET_USER_AUTH_FAIL")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("FWAUTH_WEBAUTH_SUCCESS")}, TELLS_LOGIN},
	{{SLICE_BYTES("FWAUTH_WEBAUTH_FAIL")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("DYNAMIC_VPN_AUTH_OK")}, TELLS_LOGIN},
	{{SLICE_BYTES("DYNAMIC_VPN_AUTH_FAIL")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("DYNAMIC_VPN_AUTH_INVALID")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("SNMPD_AUTH_FAILURE")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("PAM_USER_LOCK_LOGIN_REQUESTS_DENIED")}, TELLS_LOGIN_FAILED},
	{{SLICE_BYTES("KMD_VPN_UP")}, TELLS_VPN},
	{{SLICE_BYTES("KMD_VPN_DOWN")}, TELLS_VPN_ENDED},
	{{SLICE_BYTES("KMD_PM_SA_ESTABLISHED")}, TELLS_VPN_INFO},
	{{SLICE_BYTES("IKE_VPN_UP")}, TELLS_VPN},
	{{SLICE_BYTES("IKE_VPN_DOWN")}, TELLS_VPN_ENDED},
	{{SLICE_BYTES("KMD_")}, TELLS_VPN_INFO},
	{{SLICE_BYTES("SNMP_TRAP_LINK_UP")}, TELLS_LINK_UP},
	{{SLICE_BYTES("SNMP_TRAP_LINK_DOWN")}, TELLS_LINK_DOWN},
	{{SLICE_BYTES("RPD_BGP_NEIGHBOR_STATE_CHANGED")}, TELLS_NEIGHBOR},
	{{SLICE_BYTES("RPD_OSPF_NBR")}, TELLS_NEIGHBOR},
	{{SLICE_BYTES("RPD_ISIS_ADJ")}, TELLS_NEIGHBOR},
	{{SLICE_BYTES("JSRPD_")}, TELLS_FAILOVER},
	{{SLICE_BYTES("CHASSISD_")}, TELLS_FAULT},
	{{SLICE_BYTES("SYSTEM_REBOOT")}, TELLS_RESTART},
};

/* Other tags that begin so are Junos's too. */
static const struct slice families[] = {{SLICE_BYTES("RT_")}, {SLICE_BYTES("UI_")},
	{SLICE_BYTES("RPD_")}, {SLICE_BYTES("SNMPD_")}, {SLICE_BYTES("SNMP_TRAP_")},
	{SLICE_BYTES("SSHD_")}, {SLICE_BYTES("LOGIN_")}, {SLICE_BYTES("LIBJNX_")},
	{SLICE_BYTES("IDP_")}, {SLICE_BYTES("AAMW_")}, {SLICE_BYTES("APPID_")},
	{SLICE_BYTES("AV_")}, {SLICE_BYTES("PFE_")}, {SLICE_BYTES("PFED_")},
	{SLICE_BYTES("DCD_")}, {SLICE_BYTES("NSD_")}, {SLICE_BYTES("EVENTD_")},
	{SLICE_BYTES("ESWD_")}, {SLICE_BYTES("DOT1XD_")}, {SLICE_BYTES("LICENSE_")},
	{SLICE_BYTES("MIB2D_")}, {SLICE_BYTES("PING_TEST_")}, {SLICE_BYTES("JTASK_")},
	{SLICE_BYTES("JAM_")}, {SLICE_BYTES("UTMD_")}, {SLICE_BYTES("SECINTEL_")},
	{SLICE_BYTES("AUTHD_")}, {SLICE_BYTES("FWAUTH_")}, {SLICE_BYTES("SYSTEM_")}};

static const struct tag *tag_of(struct slice text)
{
	for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
		if (slice_starts(text, tags[i].begin))
			return &tags[i];
	}
	return NULL;
}

static bool is_tag(struct slice text)
{
	if (tag_of(text) != NULL)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		if (slice_starts(text, families[i]))
			return true;
	}
	return false;
}

/* ---- values with names ------------------------------------------------------------------ */

enum value {
	VALUE_LATER = NAME_MEANING_END, /* finish() reads it */
	VALUE_TRANSPORT,
	VALUE_PROTOCOL,
	VALUE_APPLICATION,
	VALUE_SECONDS,
	VALUE_USER,
	VALUE_ADDRESS, /* an address or a name */
};

/* Junos System Log Explorer; "System Log Messages Reference". */
static const struct name_entry entries[] = {
	NAME("source-address", VALUE_ADDRESS),
	NAME("remote-address", VALUE_ADDRESS),
	NAME("host-address", VALUE_ADDRESS),
	NAME("source-port", FIELD_SOURCE_PORT),
	NAME("destination-address", FIELD_DESTINATION_IP),
	NAME("destination-port", FIELD_DESTINATION_PORT),
	NAME("nat-source-address", FIELD_SOURCE_NAT_IP),
	NAME("nat-source-port", FIELD_SOURCE_NAT_PORT),
	NAME("nat-destination-address", FIELD_DESTINATION_NAT_IP),
	NAME("nat-destination-port", FIELD_DESTINATION_NAT_PORT),
	NAME("protocol-id", VALUE_TRANSPORT),
	NAME("protocol-name", VALUE_TRANSPORT),
	NAME("application", VALUE_APPLICATION),
	NAME("protocol", VALUE_PROTOCOL),
	NAME("policy-name", VALUE_LATER),
	NAME("rule-name", VALUE_LATER),
	NAME("attack-name", VALUE_LATER),
	NAME("name", VALUE_LATER),
	NAME("url", VALUE_LATER),
	NAME("obj", VALUE_LATER),
	NAME("reason", FIELD_EVENT_REASON),
	NAME("source-zone-name", FIELD_OBSERVER_INGRESS_ZONE),
	NAME("source-zone", FIELD_OBSERVER_INGRESS_ZONE),
	NAME("destination-zone-name", FIELD_OBSERVER_EGRESS_ZONE),
	NAME("destination-zone", FIELD_OBSERVER_EGRESS_ZONE),
	NAME("packet-incoming-interface", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("source-interface-name", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("interface-name", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("destination-interface-name", FIELD_OBSERVER_EGRESS_INTERFACE),
	NAME("packets-from-client", FIELD_SOURCE_PACKETS),
	NAME("bytes-from-client", FIELD_SOURCE_BYTES),
	NAME("packets-from-server", FIELD_DESTINATION_PACKETS),
	NAME("bytes-from-server", FIELD_DESTINATION_BYTES),
	NAME("outbound-packets", FIELD_SOURCE_PACKETS),
	NAME("outbound-bytes", FIELD_SOURCE_BYTES),
	NAME("inbound-packets", FIELD_DESTINATION_PACKETS),
	NAME("inbound-bytes", FIELD_DESTINATION_BYTES),
	NAME("elapsed-time", VALUE_SECONDS),
	NAME("username", VALUE_USER),
	NAME("user-name", VALUE_USER),
	NAME("user", VALUE_USER),
	NAME("roles", FIELD_USER_ROLES),
	NAME("category", FIELD_RULE_CATEGORY),
	NAME("filename", FIELD_FILE_NAME),
	NAME("file-name", FIELD_FILE_NAME),
	NAME("command", FIELD_PROCESS_COMMAND_LINE),
	NAME("http-host", FIELD_URL_DOMAIN),
	NAME("hostname", FIELD_SOURCE_DOMAIN),
	NAME("client-mode", VALUE_LATER),
	NAME("ssh-connection", VALUE_LATER),
	NAME("threat-severity", VALUE_LATER),
};
static struct name_table table = NAME_TABLE(entries);

/* What Junos writes where there is nothing. */
static bool is_nothing(struct slice value)
{
	static const struct slice words[] = {{SLICE_BYTES("N/A")}, {SLICE_BYTES("None")},
		{SLICE_BYTES("UNKNOWN")}, {SLICE_BYTES("unknown")}, {SLICE_BYTES("")}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_eq(words[i], value))
			return true;
	}
	return false;
}

struct reading {
	struct record *record;
	struct parse_context *context;
	struct named_values values;
};

static struct slice value_of(const struct reading *reading, const char *name)
{
	struct slice value = pairs_get(reading->context->pairs, slice_str(name));

	return is_nothing(value) ? SLICE_NONE : value;
}

static void put_pair(struct reading *reading, const struct pair *pair)
{
	unsigned meaning = name_table_find(&table, pair->name, pair->hash);

	if (is_nothing(pair->value))
		return;
	switch (meaning) {
	case 0:
		put_other(reading->record, reading->context, FIELD_OTHER, pair->name,
			pair->value);
		break;
	case VALUE_LATER:
		break;
	case VALUE_TRANSPORT:
		put_transport(reading->record, reading->context, pair->value);
		break;
	case VALUE_PROTOCOL:
		put_lower(
			reading->record, reading->context, FIELD_NETWORK_PROTOCOL, pair->value);
		break;
	case VALUE_APPLICATION:
		put_lower(reading->record, reading->context, FIELD_NETWORK_APPLICATION,
			pair->value);
		break;
	case VALUE_SECONDS:
		put_seconds(reading->record, reading->context, pair->value);
		break;
	case VALUE_USER:
		put_some(reading->record, reading->context, FIELD_USER_NAME, pair->value);
		break;
	case VALUE_ADDRESS:
		put_address(reading->record, reading->context, FIELD_SOURCE_IP,
			FIELD_SOURCE_ADDRESS, pair->value);
		break;
	default:
		named_put(reading->record, reading->context, &reading->values, meaning,
			pair->value);
	}
}

static void put_rule(const struct reading *reading, enum kind kind)
{
	struct slice policy = value_of(reading, "policy-name");
	struct slice rule = value_of(reading, "rule-name");
	struct slice attack = value_of(reading, "attack-name");
	struct record *record = reading->record;

	if (kind == KIND_ATTACK) {
		put_some(record, reading->context, FIELD_RULE_NAME, attack);
		put_some(record, reading->context, FIELD_RULE_RULESET, policy);
		put_some(record, reading->context, FIELD_RULE_ID, rule);
		return;
	}
	put_some(record, reading->context, FIELD_RULE_NAME, slice_absent(rule) ? policy : rule);
	if (!slice_absent(rule))
		put_some(record, reading->context, FIELD_RULE_RULESET, policy);
	put_some(record, reading->context,
		kind == KIND_MALWARE ? FIELD_THREAT_NAME : FIELD_RULE_NAME,
		value_of(reading, "name"));
}

/* url="www.example.vn" obj="/path" */
static void put_web(const struct reading *reading)
{
	struct slice url = value_of(reading, "url"), path = value_of(reading, "obj");

	if (slice_find(url, '/') < url.len)
		put_some(reading->record, reading->context, FIELD_URL_ORIGINAL, url);
	else
		put_url_host(reading->record, reading->context, url);
	put_some(reading->record, reading->context, FIELD_URL_PATH, path);
}

/* "192.0.2.50 51000 192.0.2.1 22" */
static void put_ssh_connection(const struct reading *reading)
{
	struct slice rest = value_of(reading, "ssh-connection"), word;

	if (slice_absent(rest))
		return;
	word = take_word(&rest);
	put_only_address(reading->record, reading->context, FIELD_SOURCE_IP, word);
	skip_blanks(&rest);
	put_digits(reading->record, reading->context, FIELD_SOURCE_PORT, take_word(&rest));
	skip_blanks(&rest);
	word = take_word(&rest);
	put_only_address(reading->record, reading->context, FIELD_DESTINATION_IP, word);
	skip_blanks(&rest);
	put_digits(reading->record, reading->context, FIELD_DESTINATION_PORT, rest);
}

static bool is_stopped(struct slice action, enum telling telling)
{
	if (slice_absent(action))
		return telling == TELLS_ATTACK_DENIED || telling == TELLS_MALWARE_DENIED;
	return verdict_of(action) == VERDICT_DENIED || slice_starts(action, SLICE_LIT("CLOSE"));
}

/* Of ten; what is below the least threshold that can be set is clean. */
static bool is_harmless(const struct reading *reading)
{
	enum { VERDICT_MALWARE = 4 };
	uint64_t verdict;

	return slice_to_u64(value_of(reading, "verdict-number"), VERDICT_MALWARE - 1, &verdict);
}

static void tell_danger(const struct reading *reading, const struct tag *tag)
{
	struct slice action = value_of(reading, "action");
	struct slice name = value_of(reading, "attack-name");
	struct slice word = value_of(reading, "threat-severity");
	bool stopped = is_stopped(action, tag->telling);
	bool malware = tag->kind == KIND_MALWARE;

	if (malware && !stopped && is_harmless(reading)) {
		put_telling(reading->record, reading->context, TELLS_CONNECTION);
		return;
	}
	put_telling(reading->record, reading->context,
		malware ? (stopped ? TELLS_MALWARE_DENIED : TELLS_MALWARE)
			: (stopped ? TELLS_ATTACK_DENIED : TELLS_ATTACK));
	put_attack(reading->record, reading->context, attack_of_name(name, tag->attack),
		severity_of_word(word), stopped);
}

static void tell(const struct reading *reading, const struct tag *tag)
{
	static const struct tag other = {.telling = TELLS_SYSTEM};

	if (tag == NULL)
		tag = &other;
	put_rule(reading, tag->kind);
	put_web(reading);
	if (tag->kind == KIND_ATTACK || tag->kind == KIND_MALWARE)
		tell_danger(reading, tag);
	else
		put_telling(reading->record, reading->context, tag->telling);
}

static void put_pairs(struct reading *reading, const struct tag *tag)
{
	struct pairs *pairs = reading->context->pairs;

	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(reading, &pairs->items[i]);
	put_ssh_connection(reading);
	tell(reading, tag);
	put_totals(reading->record, reading->context);
}

/* Behind "[junos@2636.1.1.1.2.129 "; the quotes may hold brackets. */
static bool read_element(struct reading *reading, struct slice rest)
{
	struct parse_context *context = reading->context;
	struct slice name;
	bool quoted = false;
	size_t len = 0;

	if (!skip_lit(&rest, "[junos@2636."))
		return false;
	for (; len < rest.len && (quoted || rest.ptr[len] != ']'); len++) {
		if (quoted && rest.ptr[len] == '\\')
			len++;
		else if (rest.ptr[len] == '"')
			quoted = !quoted;
	}
	if (len >= rest.len)
		return false;
	rest = slice_head(rest, len);
	name = take_word(&rest);
	skip_blanks(&rest);
	pairs_reset(context->pairs, SLICE_NONE, PAIRS_NOTHING);
	if (rest.len == 0)
		return name.len > 0;
	pairs_read_keyvalue(context->pairs, rest, context->arena);
	return context->pairs->state == PAIRS_WHOLE;
}

/* ---- sessions' sentences ---------------------------------------------------------------- */

static struct slice next_word(struct slice *rest)
{
	skip_blanks(rest);
	return take_word(rest);
}

static void add(const struct reading *reading, const char *name, struct slice value)
{
	if (!slice_absent(value))
		pairs_add(reading->context->pairs, slice_str(name), value);
}

/* "192.0.2.7/51000->203.0.113.9/443" */
static bool add_tuple(
	const struct reading *reading, struct slice *rest, const char *const names[4])
{
	struct slice word = next_word(rest), from, to, part[4];
	size_t at = slice_search(word, SLICE_LIT("->"));

	if (at == word.len)
		return false;
	from = slice_head(word, at);
	to = slice_from(word, at + 2);
	if (!take_until(&from, '/', &part[0]) || !take_until(&to, '/', &part[2]))
		return false;
	part[1] = from;
	part[3] = to;
	for (unsigned i = 0; i < 4; i++)
		add(reading, names[i], part[i]);
	struct slice tag = *rest;
	if (slice_starts(next_word(&tag), SLICE_LIT("0x"))) /* the connection's tag */
		*rest = tag;
	return true;
}

static const char *const tuple[4] = {
	"source-address", "source-port", "destination-address", "destination-port"};
static const char *const nat_tuple[4] = {"nat-source-address", "nat-source-port",
	"nat-destination-address", "nat-destination-port"};

/* "source rule ra-ngoai N/A N/A 6 ...", or of releases before 12.1 "ra-ngoai None 6 ..." */
static void add_rules(const struct reading *reading, struct slice *rest)
{
	static const char *const names[2] = {"src-nat-rule-name", "dst-nat-rule-name"};
	struct slice at = *rest, word[3];

	for (unsigned i = 0; i < ARRAY_LEN(word); i++)
		word[i] = next_word(&at);
	bool typed = slice_eq(word[1], SLICE_LIT("rule")) || !all_digits(word[2]);
	for (unsigned i = 0; i < 2; i++) {
		struct slice name = next_word(rest), rule = *rest;

		if (typed && slice_eq(next_word(&rule), SLICE_LIT("rule")))
			*rest = rule;
		add(reading, names[i], typed ? next_word(rest) : name);
	}
}

/* "an(nhan-vien)" among what the releases have put behind */
static void add_user(const struct reading *reading, struct slice rest)
{
	while (rest.len > 0) {
		struct slice word = next_word(&rest), name;

		if (word.len < 3 || word.ptr[word.len - 1] != ')' ||
			!take_until(&word, '(', &name) || word.len < 2)
			continue;
		add(reading, "username", name);
		add(reading, "roles", slice_head(word, word.len - 1));
		add(reading, "packet-incoming-interface", next_word(&rest));
		return;
	}
}

/* "12(1840)" */
static void add_count(const struct reading *reading, struct slice *rest, const char *packets,
	const char *bytes)
{
	struct slice word = next_word(rest), count;

	if (!take_until(&word, '(', &count))
		return;
	add(reading, packets, count);
	add(reading, bytes, slice_head(word, slice_find(word, ')')));
}

static void add_policy(const struct reading *reading, struct slice *rest)
{
	struct slice protocol = next_word(rest);

	add(reading, "protocol-id", slice_head(protocol, slice_find(protocol, '(')));
	add(reading, "policy-name", next_word(rest));
	add(reading, "source-zone-name", next_word(rest));
	add(reading, "destination-zone-name", next_word(rest));
}

static bool read_session(struct reading *reading, struct slice rest)
{
	bool denied = skip_lit(&rest, "session denied");
	bool closed = !denied && skip_lit(&rest, "session closed ");
	struct slice reason;

	if (!denied && !closed && !skip_lit(&rest, "session created"))
		return false;
	pairs_reset(reading->context->pairs, rest, PAIRS_KEYVALUE);
	if (closed && take_until(&rest, ':', &reason))
		add(reading, "reason", reason);
	if (!add_tuple(reading, &rest, tuple))
		return false;
	add(reading, "service-name", next_word(&rest));
	if (!denied) {
		if (!add_tuple(reading, &rest, nat_tuple))
			return false;
		add_rules(reading, &rest);
	}
	add_policy(reading, &rest);
	if (!denied)
		add(reading, "session-id", next_word(&rest));
	if (closed) {
		add_count(reading, &rest, "packets-from-client", "bytes-from-client");
		add_count(reading, &rest, "packets-from-server", "bytes-from-server");
		add(reading, "elapsed-time", next_word(&rest));
	}
	add_user(reading, rest);
	return true;
}

/* ---- other sentences -------------------------------------------------------------------- */

/* What they mean their tags tell. */
static const struct phrase sentences[] = {
	{"{rule.name}! source: {source:}, destination: {destination:}[[, protocol-id: "
	 "{transport}]][[, zone name: {observer.ingress.zone}]][[, interface name: "
	 "{observer.ingress.interface.name}]][[, action: {.action}]]"},
	{"{rule.name}! destination: {destination:}, zone name: {observer.ingress.zone}, "
	 "interface name: {observer.ingress.interface.name}, action: {.action}"},
	{"{rule.name}! source: {source:}, zone name: {observer.ingress.zone}, interface name: "
	 "{observer.ingress.interface.name}, action: {.action}"},
	{"[[WebFilter: ]]ACTION=\"{.action}\" "
	 "{source.ip}({source.port})->{destination.ip}({destination.port})"
	 "[[ SESSION_ID={.session_id}]][[ APPLICATION=\"{}\"]][[ NESTED-APPLICATION=\"{}\"]] "
	 "CATEGORY=\"{rule.category}\" "
	 "REASON=\"{event.reason}\" PROFILE=\"{.profile}\" URL={url.domain} OBJ={url.path}"
	 "[[ username {user.name*} roles {}]]"},
	{"AntiVirus: Virus detected: from {source:} to {destination:} source-zone-name "
	 "{observer.ingress.zone} {url.original} file {file.name*} virus "
	 "{threat.software.name} "
	 "URL:{}"},
	{"AntiVirus: Virus detected: from {source:} to {destination:} source-zone-name "
	 "{observer.ingress.zone} {url.original} file {file.name*} virus {} "
	 "URL:{}"},
	{"Login failed for user '{user.name*}' from host '{source}'"},
	{"Login failed for user {user.name*} from host {source}"},
	{"Threshold for unsuccessful authentication attempts ({}) reached by user "
	 "'{user.name*}'"},
	{"User {user.name*} logged in from host {source} on device {.device}"},
	{"User '{user.name*}' login, class '{.class}' [{process.pid}][[, ssh-connection '"
	 "{source.ip} {source.port} {destination.ip} {destination.port}']]{}"},
	{"User '{user.name*}' login, class '{.class}' [{process.pid}]{}"},
	{"User '{user.name*}' logout"},
	{"User '{user.name*}' requested '{process.command_line}' operation (comment: "
	 "{.comment*})"},
	{"User '{user.name*}' requested '{process.command_line}' operation"},
	{"User '{user.name*}', command '{process.command_line*}'"},
	{"User '{user.name*}' used {.client} client to run command '{process.command_line*}'"},
	{"User '{user.name*}' entering configuration mode"},
	{"User '{user.name*}' exiting configuration mode"},
	{"User '{user.name*}' {.operation}: [{.path*}] {.change}"},
	{"User '{user.name*}' performed {.operation*}"},
	{"Authenticated user '{user.name*}' at permission level '{.level}'{}"},
	{"Authenticated user '{user.name*}' assigned to class '{.class}'"},
	{"Unable to authenticate user '{user.name*}' {event.reason}"},
	{"VPN {.vpn} from {source.ip} is {.state}. {}"},
	{"User {user.name*} of group {user.group.name} from {source.ip} {event.reason}"},
	{"User {user.name*} at {source.ip} {event.reason}"},
	{"BGP peer {destination.ip} ({}) changed state from {.old_state} to {.new_state} "
	 "(event {event.reason}) {}"},
	{"ifIndex {}, ifAdminStatus {.admin_status}, ifOperStatus {.status}, ifName "
	 "{observer.ingress.interface.name}"},
	{"nsa_log_community: unauthorized SNMP community from {source.ip} to {destination.ip} "
	 "{}"},
	{"FW: {observer.ingress.interface.name+} {.verdict+} {transport} {source.ip} "
	 "{destination.ip} {source.port} {destination.port} ({network.packets} packets)"},
};
static struct phrases phrases = PHRASES(sentences);

/* "at 1772852400, SIG Attack log <203.0.113.9/40000->192.0.2.7/80> for TCP protocol and service
 * HTTP by rule 1 of rulebase IPS in policy chuan. attack: id=12, repeat=0, action=DROP, ...":
 * many values, named as in structured data. */
static bool read_attack(struct reading *reading, struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT(" Attack log <"));
	struct slice rest, part, name;

	if (at == text.len)
		return false;
	pairs_reset(reading->context->pairs, text, PAIRS_KEYVALUE);
	rest = slice_from(text, at + sizeof(" Attack log <") - 1);
	at = slice_search(rest, SLICE_LIT("> for "));
	part = slice_head(rest, at);
	if (at == rest.len || !add_tuple(reading, &part, tuple))
		return false;
	rest = slice_from(rest, at + sizeof("> for ") - 1);
	add(reading, "protocol-name", next_word(&rest));
	at = slice_search(rest, SLICE_LIT(" attack: "));
	rest = slice_from(rest, at);
	(void)skip_lit(&rest, " attack: ");
	rest = slice_head(rest, slice_search(rest, SLICE_LIT(" and misc-message ")));
	while (slice_cut(&rest, ',', &part)) {
		part = slice_trim(part);
		if (!take_until(&part, '=', &name) || slice_find(name, ' ') < name.len)
			continue;
		if (slice_eq(name, SLICE_LIT("name")))
			name = SLICE_LIT("attack-name");
		pairs_add(reading->context->pairs, name, part);
	}
	return true;
}

/* ---- messages --------------------------------------------------------------------------- */

/* "UI_COMMIT: ", "%INTERACT-5-UI_COMMIT: " */
static bool take_tag(struct slice *rest, struct slice *tag)
{
	struct slice at = *rest, facility, severity;
	size_t len = 0;

	if (skip_byte(&at, '%') &&
		(!take_until(&at, '-', &facility) || !take_until(&at, '-', &severity)))
		return false;
	while (len < at.len && len < TAG_MAX &&
		((at.ptr[len] >= 'A' && at.ptr[len] <= 'Z') || is_digit(at.ptr[len]) ||
			at.ptr[len] == '_'))
		len++;
	*tag = slice_head(at, len);
	at = slice_from(at, len);
	if (!skip_byte(&at, ':') || !is_tag(*tag))
		return false;
	skip_blanks(&at);
	*rest = at;
	return true;
}

static void put_head(struct record *record, struct parse_context *context, struct slice tag)
{
	put_device(record, context, &device);
	put(record, context, FIELD_EVENT_CODE, tag);
}

static enum parse_result parse_element(struct record *record, struct parse_context *context)
{
	struct reading reading = {.record = record, .context = context};
	struct slice tag = record_get(record, FIELD_LOG_SYSLOG_MSGID);

	if (!read_element(&reading, context->message))
		return PARSED_NOT_MINE;
	put_head(record, context, tag);
	put_pairs(&reading, tag_of(tag));
	named_finish(record, context, &reading.values);
	context->message = SLICE_NONE;
	return PARSED;
}

static bool read_sentence(struct reading *reading, const struct tag *tag, struct slice rest)
{
	struct parse_context *context = reading->context;

	if (read_session(reading, rest) || read_attack(reading, rest)) {
		put_pairs(reading, tag);
		return true;
	}
	pairs_reset(context->pairs, rest, PAIRS_KEYVALUE);
	bool known = phrases_read(&phrases, reading->record, context, rest) != NULL;
	tell(reading, tag);
	return known;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct reading reading = {.record = record, .context = context};
	struct slice rest = context->message, tag;

	if (rest.len > 0 && rest.ptr[0] == '[')
		return parse_element(record, context);
	if (!take_tag(&rest, &tag))
		return PARSED_NOT_MINE;
	put_head(record, context, tag);
	put_over(record, context, FIELD_MESSAGE, rest);
	bool known = read_sentence(&reading, tag_of(tag), rest);
	context->message = SLICE_NONE;
	return known ? PARSED : PARSED_PARTLY;
}

static const char *const programs[] = {"RT_FLOW", "RT_IDS", "RT_IDP", "RT_UTM", "RT_AAMW",
	"RT_SECINTEL", "sshd", "login", "mgd", "kmd", "rpd", NULL};

const struct parser parser_juniper = {
	.number = 76,
	.roles = PARSER_ANY_PROGRAM,
	.name = "juniper",
	.module = "juniper",
	.summary = "Juniper Junos: SRX, MX, EX",
	.source =
		"Junos System Log Explorer; Junos OS System Log Messages Reference 10.1 to 22",
	.programs = programs,
	.first_bytes = "[RUSLAIKJCWPFDENMV%",
	.parse = parse,
};
