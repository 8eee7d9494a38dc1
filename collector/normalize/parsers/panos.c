/*
 * panos - Palo Alto Networks' PAN-OS, in its default syslog format
 *
 *	1,2026/03/07 10:00:00,0018...,TRAFFIC,end,2561,2026/03/07 10:00:00,192.0.2.7,...
 *	1,2026/03/07 10:00:00,0018...,THREAT,vulnerability,2561,...
 *
 * The fourth value is the log's type, which says what stands where. Later versions add values
 * at the end; what stands before keeps its place.
 */
#include "collector/normalize/families/device_phrases.h"
#include "collector/normalize/text/csv.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/stamp.h"

enum { RECEIVED = 1, SERIAL = 2, TYPE = 3, SUBTYPE = 4, GENERATED = 6, PANOS_MIN = 10 };

/* "Syslog Field Descriptions", PAN-OS 8.1 to 11.2. */
static const struct csv_column session_columns[] = {
	{7, FIELD_SOURCE_IP},
	{8, FIELD_DESTINATION_IP},
	{9, FIELD_SOURCE_NAT_IP},
	{10, FIELD_DESTINATION_NAT_IP},
	{14, CSV_APPLICATION},
	{16, FIELD_OBSERVER_INGRESS_ZONE},
	{17, FIELD_OBSERVER_EGRESS_ZONE},
	{18, FIELD_OBSERVER_INGRESS_INTERFACE},
	{19, FIELD_OBSERVER_EGRESS_INTERFACE},
	{22, FIELD_EVENT_ID},
	{24, FIELD_SOURCE_PORT},
	{25, FIELD_DESTINATION_PORT},
	{29, CSV_TRANSPORT},
};

static const struct csv_column traffic_columns[] = {
	{11, FIELD_RULE_NAME},
	{31, FIELD_NETWORK_BYTES},
	{32, FIELD_SOURCE_BYTES},
	{33, FIELD_DESTINATION_BYTES},
	{34, FIELD_NETWORK_PACKETS},
	{36, CSV_DURATION},
	{37, FIELD_RULE_CATEGORY},
	{39, FIELD_EVENT_SEQUENCE},
	{44, FIELD_SOURCE_PACKETS},
	{45, FIELD_DESTINATION_PACKETS},
	{46, FIELD_EVENT_REASON},
	{52, FIELD_OBSERVER_NAME},
	{65, FIELD_RULE_UUID},
};

static const struct csv_column threat_columns[] = {
	{33, FIELD_RULE_CATEGORY},
	{36, FIELD_EVENT_SEQUENCE},
	{41, FIELD_HTTP_RESPONSE_MIME_TYPE},
	{43, CSV_HASH},
	{46, FIELD_USER_AGENT_ORIGINAL},
	{47, FIELD_FILE_TYPE},
	{48, FIELD_NETWORK_FORWARDED_IP},
	{49, FIELD_HTTP_REQUEST_REFERRER},
	{50, FIELD_EMAIL_FROM_ADDRESS},
	{51, FIELD_EMAIL_SUBJECT},
	{52, FIELD_EMAIL_TO_ADDRESS},
	{59, FIELD_OBSERVER_NAME},
	{63, FIELD_HTTP_REQUEST_METHOD},
};

static const struct csv_column system_columns[] = {
	{8, FIELD_EVENT_CODE},
	{13, FIELD_LOG_LEVEL},
	{15, FIELD_EVENT_SEQUENCE},
	{22, FIELD_OBSERVER_NAME},
};

static const struct csv_column config_columns[] = {
	{7, FIELD_SOURCE_IP},
	{9, FIELD_PROCESS_COMMAND_LINE},
	{10, FIELD_USER_NAME},
	{12, FIELD_EVENT_REASON},
};

static const struct csv_column globalprotect_columns[] = {
	{8, FIELD_EVENT_CODE},
	{14, FIELD_SOURCE_DOMAIN},
	{15, FIELD_SOURCE_IP},
	{16, FIELD_SOURCE_IP},
	{17, FIELD_SOURCE_NAT_IP},
	{22, FIELD_HOST_OS_NAME},
	{23, FIELD_HOST_OS_FULL},
	{25, FIELD_EVENT_REASON},
	{26, FIELD_ERROR_MESSAGE},
	{30, CSV_DURATION},
	{33, FIELD_DESTINATION_DOMAIN},
};

static const struct csv_column authentication_columns[] = {
	{8, FIELD_SOURCE_IP},
	{12, FIELD_RULE_NAME},
	{14, FIELD_EVENT_ID},
	{17, FIELD_SERVICE_NAME},
	{18, FIELD_EVENT_REASON},
};

static const struct csv_column user_columns[] = {
	{8, FIELD_SOURCE_IP},
	{10, FIELD_SERVICE_NAME},
};

static const struct csv_column host_columns[] = {
	{9, FIELD_SOURCE_DOMAIN},
	{10, FIELD_HOST_OS_NAME},
	{11, FIELD_SOURCE_IP},
	{12, FIELD_RULE_NAME},
};

static const struct csv_column decryption_columns[] = {
	{11, FIELD_RULE_NAME},
	{36, FIELD_RULE_UUID},
	{39, FIELD_TLS_VERSION},
	{60, FIELD_TLS_SERVER_SUBJECT},
	{61, FIELD_TLS_SERVER_ISSUER},
	{63, FIELD_TLS_CLIENT_SERVER_NAME},
	{64, FIELD_EVENT_REASON},
};

static const struct csv_column correlation_columns[] = {
	{7, FIELD_SOURCE_IP},
	{10, FIELD_RULE_CATEGORY},
	{11, FIELD_LOG_LEVEL},
	{17, FIELD_OBSERVER_NAME},
	{19, FIELD_RULE_NAME},
	{20, FIELD_RULE_ID},
	{21, FIELD_EVENT_REASON},
};

/* Descriptions of system logs by their event; those of no event here have no values. */
static const struct device_phrase descriptions[] = {
/* What stands behind the user's name is anchored at its end: the name is anybody's. */
#define WHO(way, result)                                                                       \
	"GlobalProtect " way " user authentication " result ". Login from: {source+}, {}User " \
	"name: {user.name*}, "
#define AUTHENTICATES(way)                                                                     \
	SAYS("globalprotect" way "-auth-fail", LOGIN_FAILED,                                   \
		WHO(way, "failed") "Client OS version: {}, Reason: {event.reason}"             \
				   "[[, Auth type: {}]]"),                                     \
		SAYS("globalprotect" way "-auth-fail", LOGIN_FAILED,                           \
			WHO(way, "failed") "Reason: {event.reason}[[, Auth type: {}]]"),       \
		SAYS("globalprotect" way "-auth-succ", LOGIN,                                  \
			WHO(way, "succeeded") "Auth type: {}, Client OS version: {}"),         \
		SAYS("globalprotect" way "-auth-succ", LOGIN,                                  \
			WHO(way, "succeeded") "Client OS version: {}"),                        \
		SAYS("globalprotect" way "-auth-succ", LOGIN,                                  \
			WHO(way, "succeeded") "Auth type: {}")
	SAYS("auth-success", LOGIN,
		"authenticated for user '{user.name*}'.{} From: {source+}{}"),
	SAYS("auth-success", LOGIN, "{event.reason}"),
	SAYS("auth-fail", LOGIN_FAILED,
		"failed authentication for user '{user.name*}'. Reason: {event.reason}.{} "
		"From: {source+}{}"),
	SAYS("auth-fail", LOGIN_FAILED,
		"{}failed authentication for user '{user.name*}'.{} From: {source+}{}"),
	SAYS("auth-fail", LOGIN_FAILED, "{event.reason}"),
	SAYS("general", LOGIN,
		"User {user.name*} logged in via {.way} from {source+} using {protocol}"),
	SAYS("general", LOGOUT, "User {user.name*} logged out via {.way} from {source+}{}"),
	SAYS("general", LOGOUT,
		"Session for user {user.name*} via {.way} from {source+} timed out{}"),
	SAYS("general", CONFIG, "Commit job {event.reason}"),
	SAYS("general", LOG_CLEARED, "{} log cleared by user {user.name}"),
	SAYS("link-change", LINK_DOWN, "Port {in}: Down {event.reason}"),
	SAYS("link-change", LINK_UP, "Port {in}: Up {event.reason}"),
	SAYS("if-down", LINK_DOWN, "{event.reason}"),
	AUTHENTICATES("portal"),
	AUTHENTICATES("gateway"),
	SAYS("globalprotectgateway-logout-succ", VPN_ENDED,
		"GlobalProtect gateway user logout succeeded. User name: {user.name*}, Client "
		"OS version: {}"),
	SAYS("globalprotectgateway-logout-succ", VPN_ENDED,
		"GlobalProtect gateway user logout succeeded. User name: {user.name*}, Reason: "
		"{}"),
	SAYS("lease-start", LEASE, "DHCP lease started {event.reason}"),
	SAYS("session-start", VPN_INFO, "{event.reason}"),
#undef AUTHENTICATES
#undef WHO
};
static struct device_phrases phrases = DEVICE_PHRASES(descriptions);

static const struct device firewall = {{SLICE_BYTES("Palo Alto Networks")},
	{SLICE_BYTES("PAN-OS")}, {SLICE_BYTES("firewall")}};

struct log {
	struct record *record;
	struct parse_context *context;
	struct csv csv;
	struct slice subtype, action;
	bool partly; /* the event is known, its sentence is not */
};

#define put_columns(log, columns)                                                              \
	csv_put((log)->record, (log)->context, &(log)->csv, (columns), ARRAY_LEN(columns))

static void tell(const struct log *log, enum telling telling)
{
	put_telling(log->record, log->context, telling);
}

static void put_value(const struct log *log, enum field_id id, struct slice value)
{
	put_some(log->record, log->context, id, value);
}

/* "domain\name" */
static void put_user(
	const struct log *log, enum field_id name, enum field_id domain, struct slice user)
{
	struct slice before, after;

	if (cut_last(user, SLICE_LIT("\\"), &before, &after)) {
		put_value(log, domain, before);
		user = after;
	}
	put_value(log, name, user);
}

static void put_session(struct log *log)
{
	const struct csv *csv = &log->csv;

	put_columns(log, session_columns);
	if (!slice_eq(csv_at(csv, 26), SLICE_LIT("0")))
		put_digits(log->record, log->context, FIELD_SOURCE_NAT_PORT, csv_at(csv, 26));
	if (!slice_eq(csv_at(csv, 27), SLICE_LIT("0")))
		put_digits(
			log->record, log->context, FIELD_DESTINATION_NAT_PORT, csv_at(csv, 27));
	put_user(log, FIELD_USER_NAME, FIELD_USER_DOMAIN, csv_at(csv, 12));
	put_user(log, FIELD_USER_TARGET_NAME, FIELD_USER_TARGET_DOMAIN, csv_at(csv, 13));
	log->action = csv_at(csv, 30);
	put_value(log, FIELD_EVENT_ACTION, log->action);
}

static void read_traffic(struct log *log)
{
	put_session(log);
	put_columns(log, traffic_columns);
	put_date(log->record, log->context, FIELD_EVENT_START, csv_at(&log->csv, 35));
	if (verdict_of(log->action) == VERDICT_DENIED)
		tell(log, TELLS_DENIED);
	else if (slice_eq(log->subtype, SLICE_LIT("start")))
		tell(log, TELLS_STARTED);
	else
		tell(log, TELLS_ALLOWED);
}

/* "Apache Log4j Remote Code Execution Vulnerability(91991)" */
static struct slice put_signature(const struct log *log)
{
	struct slice name = csv_at(&log->csv, 32), before, id;

	if (cut_last(name, SLICE_LIT("("), &before, &id) && id.len > 1 &&
		all_digits(slice_head(id, id.len - 1))) {
		put(log->record, log->context, FIELD_RULE_ID, slice_head(id, id.len - 1));
		name = before;
	}
	put_value(log, FIELD_RULE_NAME, name);
	put_other(log->record, log->context, FIELD_OTHER, SLICE_LIT("policy"),
		csv_at(&log->csv, 11));
	return name;
}

static bool is_stopped(struct slice action)
{
	return verdict_of(action) == VERDICT_DENIED ||
	       slice_eq(action, SLICE_LIT("sinkhole")) ||
	       slice_eq(action, SLICE_LIT("syncookie-sent"));
}

static void put_threat(const struct log *log, enum attack_class attack, enum telling open,
	enum telling stopped)
{
	bool was_stopped = is_stopped(log->action);

	tell(log, was_stopped ? stopped : open);
	if (attack != CLASS_NONE)
		put_attack(log->record, log->context, attack,
			severity_of_word(csv_at(&log->csv, 34)), was_stopped);
}

static void read_url(struct log *log)
{
	static const struct csv_column url[] = {{31, CSV_URL}};
	struct slice category = csv_at(&log->csv, 33);

	put_value(log, FIELD_RULE_NAME, csv_at(&log->csv, 11));
	put_columns(log, url);
	put_threat(log, attack_of_name(category, CLASS_NONE), TELLS_URL, TELLS_URL_DENIED);
}

static void read_malware(struct log *log)
{
	put_value(log, FIELD_FILE_NAME, csv_at(&log->csv, 31));
	put_value(log, FIELD_THREAT_NAME, put_signature(log));
	put_threat(log, attack_of_name(csv_at(&log->csv, 32), CLASS_MALWARE), TELLS_MALWARE,
		TELLS_MALWARE_DENIED);
}

/* WildFire's verdict stands as the category. */
static void read_verdict(struct log *log)
{
	struct slice verdict = csv_at(&log->csv, 33);

	put_value(log, FIELD_FILE_NAME, csv_at(&log->csv, 31));
	(void)put_signature(log);
	put_threat(
		log, attack_of_name(verdict, CLASS_NONE), TELLS_MALWARE, TELLS_MALWARE_DENIED);
}

static void read_vulnerability(struct log *log)
{
	struct slice name = put_signature(log);

	put_threat(log, attack_of_name(name, CLASS_UNAUTHORIZED_ACCESS), TELLS_ATTACK,
		TELLS_ATTACK_DENIED);
}

static void read_flood(struct log *log)
{
	(void)put_signature(log);
	put_threat(log, CLASS_DOS, TELLS_ATTACK, TELLS_ATTACK_DENIED);
}

static void read_scan(struct log *log)
{
	(void)put_signature(log);
	put_threat(log, CLASS_RECON, TELLS_ATTACK, TELLS_ATTACK_DENIED);
}

/* Files and data patterns: what a policy watches. */
static void read_file(struct log *log)
{
	put_value(log, FIELD_FILE_NAME, csv_at(&log->csv, 31));
	(void)put_signature(log);
	put_threat(log, CLASS_NONE, TELLS_CONNECTION, TELLS_DENIED);
}

static void read_threat(struct log *log)
{
	static const struct {
		struct slice subtype;
		void (*read)(struct log *log);
	} subtypes[] = {
		{{SLICE_BYTES("url")}, read_url},
		{{SLICE_BYTES("virus")}, read_malware},
		{{SLICE_BYTES("wildfire-virus")}, read_malware},
		{{SLICE_BYTES("ml-virus")}, read_malware},
		{{SLICE_BYTES("spyware")}, read_malware},
		{{SLICE_BYTES("wildfire")}, read_verdict},
		{{SLICE_BYTES("flood")}, read_flood},
		{{SLICE_BYTES("scan")}, read_scan},
		{{SLICE_BYTES("file")}, read_file},
		{{SLICE_BYTES("data")}, read_file},
	};

	put_session(log);
	put_columns(log, threat_columns);
	put_other(log->record, log->context, FIELD_OTHER, SLICE_LIT("severity"),
		csv_at(&log->csv, 34));
	for (size_t i = 0; i < ARRAY_LEN(subtypes); i++) {
		if (slice_eq(subtypes[i].subtype, log->subtype)) {
			subtypes[i].read(log);
			return;
		}
	}
	read_vulnerability(log);
}

static void read_system(struct log *log)
{
	struct slice description = csv_at(&log->csv, 14), event = csv_at(&log->csv, 8);

	put_columns(log, system_columns);
	put_over(log->record, log->context, FIELD_MESSAGE, description);
	if (device_phrases_read(&phrases, log->record, log->context, event, description) !=
		NULL)
		return;
	/* "general" is what has no event of its own. */
	log->partly =
		device_phrases_know(&phrases, event) && !slice_eq(event, SLICE_LIT("general"));
	if (slice_eq(log->subtype, SLICE_LIT("ha")))
		tell(log, TELLS_FAILOVER);
	else if (slice_eq(log->subtype, SLICE_LIT("hw")))
		tell(log, TELLS_FAULT);
	else if (slice_eq(log->subtype, SLICE_LIT("vpn")))
		tell(log, TELLS_VPN_INFO);
	else
		tell(log, TELLS_SYSTEM);
}

static void read_config(struct log *log)
{
	struct slice result = csv_at(&log->csv, 12);

	put_columns(log, config_columns);
	put_other(log->record, log->context, FIELD_OTHER, SLICE_LIT("client"),
		csv_at(&log->csv, 11));
	put_other(log->record, log->context, FIELD_OTHER, SLICE_LIT("path"),
		csv_at(&log->csv, 13));
	tell(log, slice_eq(result, SLICE_LIT("Succeeded")) ||
				  slice_eq(result, SLICE_LIT("Submitted"))
			  ? TELLS_CONFIG
			  : TELLS_CONFIG_FAILED);
}

static void read_globalprotect(struct log *log)
{
	struct slice event = csv_at(&log->csv, 8), status = csv_at(&log->csv, 28);
	bool failed = slice_eq(status, SLICE_LIT("failure"));

	put_columns(log, globalprotect_columns);
	put_user(log, FIELD_USER_NAME, FIELD_USER_DOMAIN, csv_at(&log->csv, 12));
	if (csv_at(&log->csv, 27).len > 0)
		put_over(log->record, log->context, FIELD_MESSAGE, csv_at(&log->csv, 27));
	if (slice_ends(event, SLICE_LIT("-auth")) || slice_ends(event, SLICE_LIT("-login")))
		tell(log, failed ? TELLS_LOGIN_FAILED : TELLS_LOGIN);
	else if (slice_ends(event, SLICE_LIT("-logout")))
		tell(log, TELLS_VPN_ENDED);
	else if (slice_ends(event, SLICE_LIT("-connected")))
		tell(log, TELLS_VPN);
	else
		tell(log, failed ? TELLS_VPN_FAILED : TELLS_VPN_INFO);
}

static void read_authentication(struct log *log)
{
	struct slice description = csv_at(&log->csv, 18);
	bool failed = slice_search(description, SLICE_LIT("fail")) < description.len ||
		      slice_search(description, SLICE_LIT("invalid")) < description.len;

	put_columns(log, authentication_columns);
	put_user(log, FIELD_USER_NAME, FIELD_USER_DOMAIN, csv_at(&log->csv, 9));
	tell(log, failed ? TELLS_LOGIN_FAILED : TELLS_LOGIN);
}

static void read_user(struct log *log)
{
	put_columns(log, user_columns);
	put_user(log, FIELD_USER_NAME, FIELD_USER_DOMAIN, csv_at(&log->csv, 9));
	tell(log, slice_eq(log->subtype, SLICE_LIT("logout")) ? TELLS_LOGOUT : TELLS_LOGIN);
}

static void read_host(struct log *log)
{
	put_columns(log, host_columns);
	put_user(log, FIELD_USER_NAME, FIELD_USER_DOMAIN, csv_at(&log->csv, 7));
	tell(log, TELLS_SYSTEM);
}

/* How far a session was decrypted. */
static void read_decryption(struct log *log)
{
	put_session(log);
	put_columns(log, decryption_columns);
	tell(log, verdict_of(log->action) == VERDICT_DENIED ? TELLS_DENIED : TELLS_CONNECTION);
}

/* Several logs of one host that are an attack together. */
static void read_correlation(struct log *log)
{
	struct slice object = csv_at(&log->csv, 19);

	put_columns(log, correlation_columns);
	put_user(log, FIELD_USER_NAME, FIELD_USER_DOMAIN, csv_at(&log->csv, 8));
	tell(log, TELLS_ATTACK);
	put_attack(log->record, log->context, attack_of_name(object, CLASS_MALWARE),
		severity_of_word(csv_at(&log->csv, 11)), false);
}

static const struct {
	struct slice type;
	void (*read)(struct log *log);
} types[] = {
	{{SLICE_BYTES("TRAFFIC")}, read_traffic},
	{{SLICE_BYTES("THREAT")}, read_threat},
	{{SLICE_BYTES("SYSTEM")}, read_system},
	{{SLICE_BYTES("CONFIG")}, read_config},
	{{SLICE_BYTES("GLOBALPROTECT")}, read_globalprotect},
	{{SLICE_BYTES("AUTHENTICATION")}, read_authentication},
	{{SLICE_BYTES("AUTH")}, read_authentication},
	{{SLICE_BYTES("USERID")}, read_user},
	{{SLICE_BYTES("HIPMATCH")}, read_host},
	{{SLICE_BYTES("HIP-MATCH")}, read_host},
	{{SLICE_BYTES("DECRYPTION")}, read_decryption},
	{{SLICE_BYTES("CORRELATION")}, read_correlation},
	{{SLICE_BYTES("URL")}, read_threat},
	{{SLICE_BYTES("START")}, read_traffic},
	{{SLICE_BYTES("END")}, read_traffic},
};

/* "1,2026/03/07 10:00:00,serial,TYPE,", of Strata Logging "1,2026-03-07T03:00:00.000000Z,..."
 */
static bool begins_well(struct slice text)
{
	struct slice version, stamp, serial;

	return take_digits(&text, &version) && version.len <= 2 && skip_byte(&text, ',') &&
	       text.len > 20 && (text.ptr[4] == '/' || text.ptr[4] == '-') &&
	       text.ptr[7] == text.ptr[4] && take_until(&text, ',', &stamp) &&
	       take_until(&text, ',', &serial) && text.len > 3 && text.ptr[0] >= 'A' &&
	       text.ptr[0] <= 'Z';
}

static void put_time(const struct log *log)
{
	struct slice stamp = csv_at(&log->csv, GENERATED);
	int64_t ns;

	if (stamp.len == 0)
		stamp = csv_at(&log->csv, RECEIVED);
	if (take_stamp_any(&stamp, log->context, &ns))
		log->record->created_ns = ns;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct log log = {.record = record, .context = context};

	if (!begins_well(context->message))
		return PARSED_NOT_MINE;
	csv_read(&log.csv, context->message, context);
	log.subtype = csv_at(&log.csv, SUBTYPE);
	put_device(record, context, &firewall);
	put_some(record, context, FIELD_OBSERVER_SERIAL_NUMBER, csv_at(&log.csv, SERIAL));
	put_other(record, context, FIELD_OTHER, SLICE_LIT("type"), csv_at(&log.csv, TYPE));
	put_other(record, context, FIELD_OTHER, SLICE_LIT("subtype"), log.subtype);
	put_time(&log);
	bool short_line = log.csv.n < PANOS_MIN;
	context->message = SLICE_NONE;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (!slice_eq(types[i].type, csv_at(&log.csv, TYPE)))
			continue;
		types[i].read(&log);
		if (short_line)
			return PARSED_DAMAGED;
		return log.partly ? PARSED_PARTLY : PARSED;
	}
	return PARSED_PARTLY;
}

const struct parser parser_panos = {
	.number = 66,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "panos",
	.module = "panw",
	.summary = "Palo Alto Networks PAN-OS: traffic, threat, system, config, GlobalProtect",
	.source = "Palo Alto Networks, Syslog Field Descriptions, PAN-OS 8.1 to 11.2",
	.first_bytes = FIRST_BYTES_DIGITS,
	.digits = DIGITS(REST),
	.parse = parse,
};
