/*
 * huawei - VRP of Huawei's switches, routers and USG firewalls; Comware of H3C
 *
 *	%%01SHELL/4/LOGINFAILED(s)[12]:Failed to login. (Ip=203.0.113.9, UserName=root, ...)
 *	%%01POLICY/6/POLICYDENY(l)[0]:vsys=public, protocol=6, source-ip=203.0.113.9, ...
 *	%%10SHELL/5/SHELL_LOGIN: an logged in from 192.0.2.50.
 *	%%10FILTER/6/FILTER_ZONE_EXECUTION: SrcZoneName(1025)=Untrust;...;Event(1048)=Deny;
 *
 * Module, severity and mnemonic say what it is; what it concerns stands as name=value, in
 * brackets or alone. The names are spelled in many ways, and read without case and hyphens.
 */
#include "collector/normalize/families/device_phrases.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"

enum { NAME_MAX_BYTES = 32, CODE_MAX = 80 };

enum huawei_value {
	HUAWEI_TRANSPORT = FIELD_ID_MAX,
	HUAWEI_APPLICATION,
	HUAWEI_SEVERITY,
	HUAWEI_ACTION,
	HUAWEI_POLICY,
	HUAWEI_HOST,
	HUAWEI_PAGE,
	HUAWEI_HASH,
	HUAWEI_ENDPOINT_SOURCE,
	HUAWEI_ENDPOINT_DESTINATION,
};

/* Sorted by nothing: few, and read once a value. */
static const struct {
	struct slice name;
	unsigned meaning;
} names[] = {
	{{SLICE_BYTES("ip")}, FIELD_SOURCE_IP},
	{{SLICE_BYTES("ipaddress")}, FIELD_SOURCE_IP},
	{{SLICE_BYTES("srcip")}, FIELD_SOURCE_IP},
	{{SLICE_BYTES("sourceip")}, FIELD_SOURCE_IP},
	{{SLICE_BYTES("userip")}, FIELD_SOURCE_IP},
	{{SLICE_BYTES("remoteip")}, FIELD_SOURCE_IP},
	{{SLICE_BYTES("sourceaddress")}, FIELD_SOURCE_IP},
	{{SLICE_BYTES("useraddress")}, FIELD_SOURCE_IP},
	{{SLICE_BYTES("srcipaddr")}, FIELD_SOURCE_IP},
	{{SLICE_BYTES("srcport")}, FIELD_SOURCE_PORT},
	{{SLICE_BYTES("sourceport")}, FIELD_SOURCE_PORT},
	{{SLICE_BYTES("dstip")}, FIELD_DESTINATION_IP},
	{{SLICE_BYTES("destip")}, FIELD_DESTINATION_IP},
	{{SLICE_BYTES("destinationip")}, FIELD_DESTINATION_IP},
	{{SLICE_BYTES("destinationaddress")}, FIELD_DESTINATION_IP},
	{{SLICE_BYTES("localaddress")}, FIELD_DESTINATION_IP},
	{{SLICE_BYTES("dstipaddr")}, FIELD_DESTINATION_IP},
	{{SLICE_BYTES("dstport")}, FIELD_DESTINATION_PORT},
	{{SLICE_BYTES("destport")}, FIELD_DESTINATION_PORT},
	{{SLICE_BYTES("destinationport")}, FIELD_DESTINATION_PORT},
	{{SLICE_BYTES("sourcenatip")}, FIELD_SOURCE_NAT_IP},
	{{SLICE_BYTES("sourcenatport")}, FIELD_SOURCE_NAT_PORT},
	{{SLICE_BYTES("destinationnatip")}, FIELD_DESTINATION_NAT_IP},
	{{SLICE_BYTES("destinationnatport")}, FIELD_DESTINATION_NAT_PORT},
	{{SLICE_BYTES("natsrcipaddr")}, FIELD_SOURCE_NAT_IP},
	{{SLICE_BYTES("natsrcport")}, FIELD_SOURCE_NAT_PORT},
	{{SLICE_BYTES("natdstipaddr")}, FIELD_DESTINATION_NAT_IP},
	{{SLICE_BYTES("natdstport")}, FIELD_DESTINATION_NAT_PORT},
	{{SLICE_BYTES("src")}, HUAWEI_ENDPOINT_SOURCE},
	{{SLICE_BYTES("dst")}, HUAWEI_ENDPOINT_DESTINATION},
	{{SLICE_BYTES("protocol")}, HUAWEI_TRANSPORT},
	{{SLICE_BYTES("proto")}, HUAWEI_TRANSPORT},
	{{SLICE_BYTES("application")}, HUAWEI_APPLICATION},
	{{SLICE_BYTES("applicationname")}, HUAWEI_APPLICATION},
	{{SLICE_BYTES("srczone")}, FIELD_OBSERVER_INGRESS_ZONE},
	{{SLICE_BYTES("sourcezone")}, FIELD_OBSERVER_INGRESS_ZONE},
	{{SLICE_BYTES("srczonename")}, FIELD_OBSERVER_INGRESS_ZONE},
	{{SLICE_BYTES("dstzonename")}, FIELD_OBSERVER_EGRESS_ZONE},
	{{SLICE_BYTES("dstzone")}, FIELD_OBSERVER_EGRESS_ZONE},
	{{SLICE_BYTES("destinationzone")}, FIELD_OBSERVER_EGRESS_ZONE},
	{{SLICE_BYTES("interfacename")}, FIELD_OBSERVER_INGRESS_INTERFACE},
	{{SLICE_BYTES("receiveinterface")}, FIELD_OBSERVER_INGRESS_INTERFACE},
	{{SLICE_BYTES("user")}, FIELD_USER_NAME},
	{{SLICE_BYTES("username")}, FIELD_USER_NAME},
	{{SLICE_BYTES("rulename")}, FIELD_RULE_NAME},
	{{SLICE_BYTES("policy")}, HUAWEI_POLICY},
	{{SLICE_BYTES("policyname")}, HUAWEI_POLICY},
	{{SLICE_BYTES("securitypolicy")}, HUAWEI_POLICY},
	{{SLICE_BYTES("host")}, HUAWEI_HOST},
	{{SLICE_BYTES("hostname")}, HUAWEI_HOST},
	{{SLICE_BYTES("page")}, HUAWEI_PAGE},
	{{SLICE_BYTES("url")}, HUAWEI_PAGE},
	{{SLICE_BYTES("referer")}, FIELD_HTTP_REQUEST_REFERRER},
	{{SLICE_BYTES("filetype")}, FIELD_FILE_TYPE},
	{{SLICE_BYTES("md5")}, HUAWEI_HASH},
	{{SLICE_BYTES("md5value")}, HUAWEI_HASH},
	{{SLICE_BYTES("hash")}, HUAWEI_HASH},
	{{SLICE_BYTES("cve")}, FIELD_VULNERABILITY_ID},
	{{SLICE_BYTES("closereason")}, FIELD_EVENT_REASON},
	{{SLICE_BYTES("srcmacaddr")}, FIELD_SOURCE_MAC},
	{{SLICE_BYTES("dstmacaddr")}, FIELD_DESTINATION_MAC},
	{{SLICE_BYTES("usermac")}, FIELD_SOURCE_MAC},
	{{SLICE_BYTES("signname")}, FIELD_RULE_NAME},
	{{SLICE_BYTES("attacktype")}, FIELD_RULE_NAME},
	{{SLICE_BYTES("attackname")}, FIELD_RULE_NAME},
	{{SLICE_BYTES("attackid")}, FIELD_RULE_ID},
	{{SLICE_BYTES("ruleid")}, FIELD_RULE_ID},
	{{SLICE_BYTES("signid")}, FIELD_RULE_ID},
	{{SLICE_BYTES("category")}, FIELD_RULE_CATEGORY},
	{{SLICE_BYTES("severity")}, HUAWEI_SEVERITY},
	{{SLICE_BYTES("action")}, HUAWEI_ACTION},
	{{SLICE_BYTES("event")}, HUAWEI_ACTION},
	{{SLICE_BYTES("virusname")}, FIELD_THREAT_NAME},
	{{SLICE_BYTES("filename")}, FIELD_FILE_NAME},
	{{SLICE_BYTES("command")}, FIELD_PROCESS_COMMAND_LINE},
	{{SLICE_BYTES("sendpkts")}, FIELD_SOURCE_PACKETS},
	{{SLICE_BYTES("sendbytes")}, FIELD_SOURCE_BYTES},
	{{SLICE_BYTES("rcvpkts")}, FIELD_DESTINATION_PACKETS},
	{{SLICE_BYTES("rcvbytes")}, FIELD_DESTINATION_BYTES},
	{{SLICE_BYTES("initpktcount")}, FIELD_SOURCE_PACKETS},
	{{SLICE_BYTES("initbytecount")}, FIELD_SOURCE_BYTES},
	{{SLICE_BYTES("rplypktcount")}, FIELD_DESTINATION_PACKETS},
	{{SLICE_BYTES("rplybytecount")}, FIELD_DESTINATION_BYTES},
	{{SLICE_BYTES("failedreason")}, FIELD_EVENT_REASON},
	{{SLICE_BYTES("reason")}, FIELD_EVENT_REASON},
};

/* Messages whose sentence carries values, and what those and the others tell. */
static const struct device_phrase messages[] = {
#define IS(code, telling) SAYS(code, telling, "{}")
	SAYS("SHELL/SHELL_LOGIN", LOGIN, "{user.name*} logged in from {source.ip+}{}"),
	SAYS("SHELL/SHELL_LOGIN", LOGIN, "{user.name*} logged in from {.terminal}"),
	SAYS("SHELL/SHELL_LOGOUT", LOGOUT, "{user.name*} logged out from {source.ip+}{}"),
	SAYS("SHELL/SHELL_LOGOUT", LOGOUT, "{user.name*} logged out from {.terminal}"),
	SAYS("SHELL/SHELL_CMD", COMMAND,
		"-Line={}-IPAddr={source+}-User={user.name}; Command is "
		"{process.command_line}"),
	SAYS("LOGIN/LOGIN_FAILED", LOGIN_FAILED,
		"{user.name*} failed to log in from {source.ip+}{}"),
	SAYS("LOGIN/LOGIN_FAILED", LOGIN_FAILED,
		"{user.name*} failed to log in from {.terminal}"),
	SAYS("LOGIN/LOGIN_INVALID_USERNAME_PWD", LOGIN_FAILED,
		"Invalid username or password from {source.ip+}{}"),
	SAYS("LOGIN/LOGIN_INVALID_USERNAME_PWD", LOGIN_FAILED,
		"Invalid username or password from {.terminal}"),
	SAYS("SSHS/SSHS_LOG", LOGIN_FAILED,
		"Authentication failed for user {user.name*} from {source.ip+} port "
		"{source.port} because of {event.reason*}.{}"),
	SAYS("SSHS/SSHS_CONNECT", LOGIN,
		"SSH user {user.name*} (IP: {source.ip+}) connected to the server "
		"successfully{}"),
	SAYS("SSHS/SSHS_DISCONNECT", LOGOUT,
		"SSH user {user.name*} (IP: {source.ip+}) disconnected from the server{}"),
	SAYS("SSHS/SSHS_AUTH_FAIL", LOGIN_FAILED,
		"SSH user {user.name*} (IP: {source+}) failed authentication{}"),
	SAYS("IFNET/PHY_UPDOWN", LINK_UP,
		"Physical state on the interface {in} changed to up{}"),
	SAYS("IFNET/PHY_UPDOWN", LINK_DOWN,
		"Physical state on the interface {in} changed to down{}"),
	SAYS("IFNET/LINK_UPDOWN", LINK_UP,
		"Line protocol state on the interface {in} changed to up{}"),
	SAYS("IFNET/LINK_UPDOWN", LINK_DOWN,
		"Line protocol state on the interface {in} changed to down{}"),
	IS("SHELL/LOGIN", LOGIN),
	IS("SHELL/LOGINFAIL", LOGIN_FAILED),
	IS("SHELL/LOGINFAILED", LOGIN_FAILED),
	IS("SHELL/LOGOUT", LOGOUT),
	IS("SHELL/CMDRECORD", COMMAND),
	IS("SHELL/CMDCONFIRM_NOUNIFORMRECORD", COMMAND),
	IS("SSH/LOGIN", LOGIN),
	IS("SSH/SSH_USER_LOGIN", LOGIN),
	IS("SSH/SSH_USER_LOGIN_FAIL", LOGIN_FAILED),
	IS("SSH/SSH_USER_LOGOUT", LOGOUT),
	IS("SSH/SSH_FAIL", LOGIN_FAILED),
	IS("SSH/LOGINFAIL", LOGIN_FAILED),
	IS("SSH/LOGOUT", LOGOUT),
	IS("HTTP/LOGIN", LOGIN),
	IS("HTTP/LOGINFAIL", LOGIN_FAILED),
	IS("HTTP/LOGINSUCCEED", LOGIN),
	IS("WEB/LOGIN", LOGIN),
	IS("AAA/LOGIN_FAIL", LOGIN_FAILED),
	IS("AAA/LOCAL_ACCOUNT_LOCK", LOCKED),
	IS("CM/USER_ACCESSRESULT", LOGIN),
	IS("CFM/SAVE", CONFIG),
	IS("CONFIGURATION/CFGCHANGED", CONFIG),
	IS("POLICY/POLICYPERMIT", ALLOWED),
	IS("POLICY/POLICYDENY", DENIED),
	IS("SESSION/SESSION_IPV4_FLOW", CONNECTION),
	IS("SECLOG/SESSION_CREATE", STARTED),
	IS("SECLOG/SESSION_TEARDOWN", ENDED),
	SAYS("IFPDT/IF_STATE", LINK_UP, "Interface {in} has turned into UP state{}"),
	SAYS("IFPDT/IF_STATE", LINK_DOWN, "Interface {in} has turned into {} state{}"),
	IS("IFPDT/IF_STATE", LINK_DOWN),
	SAYS("IFNET/IF_STATE", LINK_UP, "Interface {in} has turned into UP state{}"),
	SAYS("IFNET/IF_STATE", LINK_DOWN, "Interface {in} has turned into {} state{}"),
	SAYS("IFNET/LINK_STATE", LINK_UP,
		"The line protocol {} on the interface {in} has entered the UP state{}"),
	SAYS("IFNET/LINK_STATE", LINK_DOWN,
		"The line protocol {} on the interface {in} has entered the {} state{}"),
	IS("IFNET/LINK_STATE", LINK_DOWN),
	IS("HRP/CORE_STATE", FAILOVER),
#undef IS
};
static struct device_phrases phrases = DEVICE_PHRASES(messages);

static const struct device huawei = {
	{SLICE_BYTES("Huawei")}, {SLICE_BYTES("VRP")}, {SLICE_BYTES("firewall")}};
static const struct device h3c = {
	{SLICE_BYTES("H3C")}, {SLICE_BYTES("Comware")}, {SLICE_BYTES("switch")}};

/* ---- the head --------------------------------------------------------------------------- */

struct head {
	struct slice version, module, severity, mnemonic;
	char code[CODE_MAX];
	size_t code_len;
};

/* "%%01SHELL/4/LOGINFAILED(s)", "%%10SHELL/5/SHELL_LOGIN" */
static bool read_head(struct slice tag, struct head *head)
{
	if (!skip_lit(&tag, "%%") || tag.len < 2 || !all_digits(slice_head(tag, 2)))
		return false;
	head->version = slice_head(tag, 2);
	tag = slice_from(tag, 2);
	if (!take_until(&tag, '/', &head->module) || !take_until(&tag, '/', &head->severity) ||
		head->severity.len != 1 || !is_digit(head->severity.ptr[0]))
		return false;
	head->mnemonic = slice_head(tag, slice_find(tag, '('));
	head->mnemonic = slice_head(head->mnemonic, slice_find(head->mnemonic, '['));
	size_t len = head->module.len;
	if (len == 0 || head->mnemonic.len == 0 || len + head->mnemonic.len + 1 > CODE_MAX)
		return false;
	memcpy(head->code, head->module.ptr, len);
	head->code[len] = '/';
	memcpy(head->code + len + 1, head->mnemonic.ptr, head->mnemonic.len);
	head->code_len = len + 1 + head->mnemonic.len;
	return true;
}

static bool take_head(struct parse_context *context, struct head *head)
{
	struct slice rest = context->message, tag;

	if (read_head(context->program, head))
		return true;
	if (!take_until(&rest, ':', &tag) || !read_head(tag, head))
		return false;
	skip_blanks(&rest);
	context->message = rest;
	return true;
}

/* ---- values ----------------------------------------------------------------------------- */

struct reading {
	struct record *record;
	struct parse_context *context;
	struct slice severity, action, policy, host, page;
	bool command_last; /* whatever stands behind "Command=" is the command */
};

static char plain(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

/* "source-ip" and "SourceIP" are one name. */
static unsigned meaning_of(struct slice name)
{
	char buf[NAME_MAX_BYTES];
	size_t len = 0;

	if (name.len > NAME_MAX_BYTES)
		return 0;
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] != '-' && name.ptr[i] != '_' && name.ptr[i] != ' ')
			buf[len++] = plain(name.ptr[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (slice_eq(names[i].name, slice_of(buf, len)))
			return names[i].meaning;
	}
	return 0;
}

static struct slice without_quotes(struct slice text)
{
	text = slice_trim(text);
	if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
		text = slice_of(text.ptr + 1, text.len - 2);
	return slice_trim(text);
}

/* "192.0.2.1:40000" */
static void put_endpoint(
	const struct reading *reading, struct slice text, enum field_id ip, enum field_id port)
{
	struct slice address, number;

	if (cut_last(text, SLICE_LIT(":"), &address, &number) && all_digits(number)) {
		put_digits(reading->record, reading->context, port, number);
		text = address;
	}
	put_only_address(reading->record, reading->context, ip, text);
}

/* The first of a name counts: what stands behind may be text that somebody typed. */
static void put_field(const struct reading *reading, enum field_id id, struct slice value)
{
	if (!slice_absent(record_get(reading->record, id)))
		return;
	if (field_type(id) == FIELD_IP)
		put_only_address(reading->record, reading->context, id, value);
	else if (field_type(id) == FIELD_LONG)
		put_digits(reading->record, reading->context, id, value);
	else if (!slice_eq(value, SLICE_LIT("unknown")) && !slice_eq(value, SLICE_LIT("--")))
		put_some(reading->record, reading->context, id, value);
}

static void keep_first(struct slice *kept, struct slice value)
{
	if (slice_absent(*kept))
		*kept = value;
}

static void put_value(struct reading *reading, struct slice name, struct slice value)
{
	unsigned meaning = meaning_of(name);

	switch (meaning) {
	case 0:
		put_other(reading->record, reading->context, FIELD_OTHER, name, value);
		break;
	case HUAWEI_TRANSPORT:
		put_transport(reading->record, reading->context, value);
		break;
	case HUAWEI_APPLICATION:
		put_lower(reading->record, reading->context, FIELD_NETWORK_APPLICATION, value);
		break;
	case HUAWEI_SEVERITY:
		reading->severity = value;
		break;
	case HUAWEI_ACTION:
		reading->action = value;
		break;
	case HUAWEI_POLICY:
		keep_first(&reading->policy, value);
		break;
	case HUAWEI_HOST:
		keep_first(&reading->host, value);
		break;
	case HUAWEI_PAGE:
		keep_first(&reading->page, value);
		break;
	case HUAWEI_HASH:
		put_hash(reading->record, reading->context, value);
		break;
	case HUAWEI_ENDPOINT_SOURCE:
		put_endpoint(reading, value, FIELD_SOURCE_IP, FIELD_SOURCE_PORT);
		break;
	case HUAWEI_ENDPOINT_DESTINATION:
		put_endpoint(reading, value, FIELD_DESTINATION_IP, FIELD_DESTINATION_PORT);
		break;
	default:
		put_field(reading, (enum field_id)meaning, value);
	}
}

/* The values stand in the brackets at the end, or are all of the text. */
static struct slice values_in(struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT(" ("));

	text = slice_trim(text);
	while (text.len > 0 && text.ptr[text.len - 1] == '.')
		text.len--;
	if (at < text.len && text.ptr[text.len - 1] == ')')
		return slice_of(text.ptr + at + 2, text.len - at - 3);
	return text;
}

/* "SrcPort(1004)": Comware numbers its names. */
static struct slice without_number(struct slice name)
{
	size_t open = slice_find(name, '(');

	if (open + 2 < name.len && name.ptr[name.len - 1] == ')' &&
		all_digits(slice_of(name.ptr + open + 1, name.len - open - 2)))
		return slice_head(name, open);
	return name;
}

/* Up to the separator behind the closing quote, or the next one. */
static struct slice take_value(struct slice *rest, char separator)
{
	struct slice at = *rest, value;
	size_t end;

	skip_blanks(&at);
	if (!skip_byte(&at, '"'))
		return slice_cut(rest, separator, &value) ? value : SLICE_NONE;
	end = slice_search(at, slice_of((const char[]){'"', separator}, 2));
	if (end == at.len) {
		value = *rest;
		*rest = SLICE_NONE;
		return value;
	}
	value = slice_of(at.ptr - 1, end + 2);
	*rest = slice_from(at, end + 2);
	return value;
}

static bool is_name(struct slice name)
{
	return name.len > 0 && name.len <= NAME_MAX_BYTES && name.ptr[0] != '-';
}

/* "name=value, name=value"; of Comware's firewalls "Name(1001)=value;Name(1002)=value;". */
static void put_values(struct reading *reading, struct slice rest)
{
	bool comware = slice_search(rest, SLICE_LIT(")=")) < slice_find(rest, ',');
	char separator = comware ? ';' : ',';
	struct slice part, name;

	while (rest.len > 0) {
		size_t end = slice_find(rest, separator);
		size_t equals = slice_find(slice_head(rest, end), '=');

		if (equals == end) {
			(void)slice_cut(&rest, separator, &part);
			continue;
		}
		name = without_number(slice_trim(slice_head(rest, equals)));
		rest = slice_from(rest, equals + 1);
		if (reading->command_last && slice_eq(name, SLICE_LIT("Command"))) {
			part = rest;
			rest = SLICE_NONE;
		} else {
			part = take_value(&rest, separator);
		}
		if (is_name(name))
			put_value(reading, name, without_quotes(part));
	}
}

/* Packet filters and security policies of Comware's firewalls say it in the action. */
static bool tell_verdict(const struct reading *reading)
{
	enum verdict verdict = verdict_of(reading->action);

	if ((verdict != VERDICT_DENIED && verdict != VERDICT_ALLOWED) ||
		slice_absent(record_get(reading->record, FIELD_SOURCE_IP)))
		return false;
	put_telling(reading->record, reading->context,
		verdict == VERDICT_DENIED ? TELLS_DENIED : TELLS_ALLOWED);
	return true;
}

/* Comware's "(8)Session created" and "(1)Normal over" of translations and sessions. */
static bool tell_session(const struct reading *reading, struct slice module)
{
	struct slice event = reading->action;

	if ((!slice_eq(module, SLICE_LIT("NAT")) && !slice_eq(module, SLICE_LIT("SESSION"))) ||
		slice_absent(record_get(reading->record, FIELD_SOURCE_IP)) ||
		slice_absent(event))
		return false;
	put_telling(reading->record, reading->context,
		slice_search(event, SLICE_LIT("created")) < event.len ? TELLS_STARTED
								      : TELLS_ENDED);
	return true;
}

/* The web filters, whose host and page are those of a URL. */
static bool tell_url(const struct reading *reading, struct slice module)
{
	bool stopped = verdict_of(reading->action) == VERDICT_DENIED;
	struct named_values ignored = {0};

	if (!slice_eq(module, SLICE_LIT("URL")) && !slice_eq(module, SLICE_LIT("UFLT")))
		return false;
	if (reading->page.len > 0)
		named_put(reading->record, reading->context, &ignored, FIELD_URL_ORIGINAL,
			reading->page);
	put_url_host(reading->record, reading->context, reading->host);
	put_telling(reading->record, reading->context, stopped ? TELLS_URL_DENIED : TELLS_URL);
	return true;
}

/* What is left when the module has used its own: the policy is the rule where no signature is.
 */
static void put_rest(const struct reading *reading, bool of_url)
{
	if (slice_absent(record_get(reading->record, FIELD_RULE_NAME)))
		put_some(reading->record, reading->context, FIELD_RULE_NAME, reading->policy);
	else
		put_some(
			reading->record, reading->context, FIELD_RULE_RULESET, reading->policy);
	if (of_url)
		return;
	put_other(reading->record, reading->context, FIELD_OTHER, SLICE_LIT("host"),
		reading->host);
	put_other(reading->record, reading->context, FIELD_OTHER, SLICE_LIT("page"),
		reading->page);
}

static bool is_antivirus(struct slice module)
{
	return slice_eq(module, SLICE_LIT("AV")) || slice_eq(module, SLICE_LIT("ANTI-VIR"));
}

static bool is_intrusion(struct slice module)
{
	return slice_eq(module, SLICE_LIT("IPS")) || slice_eq(module, SLICE_LIT("ATK")) ||
	       slice_eq(module, SLICE_LIT("WAF"));
}

/* Modules of the firewall that see attacks. */
static bool tell_attack(const struct reading *reading, struct slice module)
{
	bool stopped = verdict_of(reading->action) == VERDICT_DENIED;
	struct slice rule = record_get(reading->record, FIELD_RULE_NAME);
	enum severity severity = slice_absent(reading->severity)
					 ? SEVERITY_MEDIUM
					 : severity_of_word(reading->severity);

	if (is_antivirus(module)) {
		put_telling(reading->record, reading->context,
			stopped ? TELLS_MALWARE_DENIED : TELLS_MALWARE);
		put_attack(reading->record, reading->context, CLASS_MALWARE, SEVERITY_HIGH,
			stopped);
		return true;
	}
	if (!is_intrusion(module))
		return false;
	put_telling(reading->record, reading->context,
		stopped ? TELLS_ATTACK_DENIED : TELLS_ATTACK);
	put_attack(reading->record, reading->context,
		attack_of_name(rule, slice_eq(module, SLICE_LIT("ATK"))
					     ? CLASS_DOS
					     : CLASS_UNAUTHORIZED_ACCESS),
		severity, stopped);
	return true;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct reading reading = {.record = record, .context = context};
	struct head head;

	if (!take_head(context, &head))
		return PARSED_NOT_MINE;
	bool comware = slice_eq(head.version, SLICE_LIT("10"));
	struct slice text = context->message, code = slice_of(head.code, head.code_len);
	if (slice_eq(record_get(record, FIELD_PROCESS_NAME), context->program)) {
		take_out(record, FIELD_PROCESS_NAME);
		take_out(record, FIELD_PROCESS_PID); /* the log's number in brackets */
	}
	if (comware)
		context->module = SLICE_LIT("h3c");
	put_device(record, context, comware ? &h3c : &huawei);
	put(record, context, FIELD_EVENT_CODE, head.mnemonic);
	put(record, context, FIELD_EVENT_PROVIDER, head.module);
	put(record, context, FIELD_EVENT_SEVERITY, head.severity);
	put_over(record, context, FIELD_MESSAGE, text);
	reading.command_last = slice_eq(head.mnemonic, SLICE_LIT("CMDRECORD"));
	put_values(&reading, values_in(text));
	const bool of_url = tell_url(&reading, head.module);
	bool known = of_url || tell_attack(&reading, head.module) ||
		     tell_session(&reading, head.module) ||
		     device_phrases_read(&phrases, record, context, code, text) != NULL ||
		     tell_verdict(&reading);
	put_rest(&reading, of_url);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("action"), reading.action);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("severity"), reading.severity);
	put_totals(record, context);
	context->message = SLICE_NONE;
	return known ? PARSED : PARSED_PARTLY;
}

static const char *const programs[] = {"%%", NULL};

const struct parser parser_huawei = {
	.number = 72,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "huawei",
	.module = "huawei",
	.summary = "Huawei VRP and USG, H3C Comware",
	.source =
		"Huawei, Log Reference of VRP8, S-series and USG6000; H3C Comware 7 System Log "
		"Messages Reference",
	.programs = programs,
	.first_bytes = "%",
	.parse = parse,
};
