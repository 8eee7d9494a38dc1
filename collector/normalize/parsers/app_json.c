/*
 * app-json - audit and alert documents of the services of a data centre, one object a line
 *
 *	{"time":"...","type":"response","request":{"operation":"update",...}}     Vault
 *	{"kind":"Event","auditID":"...","verb":"get","requestURI":"/api/v1/..."}   Kubernetes
 *	{"rule":{"id":"5760",...},"agent":{...},"full_log":"..."}                 Wazuh
 *	{"rule":"Terminal shell in container","priority":"Warning","output":...}  Falco
 *	{"process_exec":{"process":{"binary":"/usr/bin/curl",...}},"time":...}    Tetragon
 *	{"api":{"name":"GetObject",...},"remotehost":"192.0.2.1",...}             MinIO
 *	{"action":"login_failed","client_ip":"192.0.2.1","logger":"authentik..."}
 *	{"initiator":"an/192.0.2.1","domain":"security.user","type":"created"}    Nexus
 *	{"eventid":"cowrie.login.failed","src_ip":"192.0.2.1",...}
 *	{"sudo":{"accept":{"submituser":"an","command":"/usr/bin/id",...}}}
 *
 * Each product has names that its documents never lack, a table of what its names mean, and
 * what happened by one of them.
 */
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/phrases.h"

#define LOGIN(how)                                                                             \
	.action = {SLICE_BYTES("application_login")}, .category = {ECS_AUTHENTICATION},        \
	.type = {ECS_START}, .outcome = {how}
#define ACCOUNT(what, kind, how)                                                               \
	.action = {SLICE_BYTES(what)}, .category = {ECS_IAM}, .type = {kind}, .type2 = {how}
#define PLAIN(what, kind) .category = {what}, .type = {kind}

static void put_result(struct record *record, struct parse_context *context, bool well)
{
	static const struct slice success = {ECS_SUCCESS}, failure = {ECS_FAILURE};

	put_over(record, context, FIELD_EVENT_OUTCOME, well ? success : failure);
}

/* Of a code of HTTP; another text tells nothing. */
static void put_result_of_status(
	struct record *record, struct parse_context *context, struct slice status)
{
	if (status.len == 3 && all_digits(status))
		put_result(record, context, status.ptr[0] < '4');
}

static bool is_true(const struct pairs *pairs, const char *name, const char *value)
{
	return slice_eq(pairs_get(pairs, slice_str(name)), slice_str(value));
}

/* ---- HashiCorp Vault, OpenBao ------------------------------------------------------------ */

static const char *const vault_needs[] = {
	"type", "request.id", "request.operation", "request.path", NULL};
static const struct name_entry vault_entries[] = {
	NAME("time", NAME_TIME),
	NAME("error", FIELD_ERROR_MESSAGE),
	NAME("request.id", FIELD_HTTP_REQUEST_ID),
	NAME("request.remote_address", FIELD_SOURCE_IP),
	NAME("request.remote_port", FIELD_SOURCE_PORT),
	NAME("auth.display_name", FIELD_USER_NAME),
	NAME("auth.entity_id", FIELD_USER_ID),
	NAME("auth.policies", FIELD_USER_ROLES),
	NAME("auth.token_policies", NAME_DROPPED),
	NAME("request.client_token", NAME_DROPPED),
	NAME("auth.client_token", NAME_DROPPED),
	NAME("response.auth.client_token", NAME_DROPPED),
};
static struct name_table vault_names = NAME_TABLE(vault_entries);
static const struct meaning vault_login = {LOGIN(ECS_SUCCESS)};
static const struct meaning vault_asked = {PLAIN(ECS_CONFIGURATION, ECS_ACCESS)};
static const struct value_meaning vault_operations[] = {
	VALUE("read", .action = {SLICE_BYTES("secret_read")},
		PLAIN(ECS_CONFIGURATION, ECS_ACCESS)),
	VALUE("list", .action = {SLICE_BYTES("secret_listed")},
		PLAIN(ECS_CONFIGURATION, ECS_ACCESS)),
	VALUE("create", .action = {SLICE_BYTES("secret_created")},
		PLAIN(ECS_CONFIGURATION, ECS_CREATION)),
	VALUE("update", .action = {SLICE_BYTES("secret_changed")},
		PLAIN(ECS_CONFIGURATION, ECS_CHANGE)),
	VALUE("delete", .action = {SLICE_BYTES("secret_deleted")},
		PLAIN(ECS_CONFIGURATION, ECS_DELETION)),
};

/* "auth/userpass/login/an": the last part is the user; "auth/token/create" is none. */
static bool is_vault_login(struct slice path, struct slice *user)
{
	struct slice before;

	*user = SLICE_NONE;
	if (!slice_starts(path, SLICE_LIT("auth/")))
		return false;
	if (slice_ends(path, SLICE_LIT("/login")))
		return true;
	return cut_last(path, SLICE_LIT("/login/"), &before, user);
}

/* What other programs' requests lack. */
static bool is_vault(const struct pairs *pairs)
{
	if (!is_true(pairs, "type", "request") && !is_true(pairs, "type", "response"))
		return false;
	for (unsigned i = 0; i < pairs->n; i++) {
		struct slice name = pairs->items[i].name;

		if (slice_starts(name, SLICE_LIT("auth.")) ||
			slice_starts(name, SLICE_LIT("request.mount_")) ||
			slice_eq(name, SLICE_LIT("request.client_token")))
			return true;
	}
	return false;
}

static void tell_vault(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	const bool refused = pairs_get_lit(pairs, "error").len > 0;
	const struct meaning *meaning = meaning_of_value(vault_operations,
		ARRAY_LEN(vault_operations), pairs_get_lit(pairs, "request.operation"));
	struct slice user;

	if (is_vault_login(pairs_get_lit(pairs, "request.path"), &user)) {
		meaning = is_true(pairs, "type", "response") ? &vault_login : &vault_asked;
		if (slice_absent(record_get(record, FIELD_USER_NAME)))
			put_some(record, context, FIELD_USER_NAME, user);
	}
	put_meaning(record, context, meaning != NULL ? meaning : &vault_asked);
	if (refused || is_true(pairs, "type", "response"))
		put_result(record, context, !refused);
}

/* ---- Kubernetes, OpenShift, Rancher ------------------------------------------------------ */

static const char *const kubernetes_needs[] = {
	"auditID", "verb", "requestURI", "user.username", NULL};
static const struct name_entry kubernetes_entries[] = {
	NAME("requestReceivedTimestamp", NAME_TIME),
	NAME("auditID", FIELD_EVENT_ID),
	NAME("verb", FIELD_EVENT_ACTION),
	NAME("requestURI", FIELD_URL_ORIGINAL),
	NAME("user.username", FIELD_USER_NAME),
	NAME("user.uid", FIELD_USER_ID),
	NAME("impersonatedUser.username", FIELD_USER_EFFECTIVE_NAME),
	NAME("sourceIPs", NAME_DROPPED), /* read below */
	NAME("userAgent", FIELD_USER_AGENT_ORIGINAL),
	NAME("objectRef.resource", FIELD_ORCHESTRATOR_RESOURCE_TYPE),
	NAME("objectRef.name", FIELD_ORCHESTRATOR_RESOURCE_NAME),
	NAME("objectRef.namespace", FIELD_ORCHESTRATOR_NAMESPACE),
	NAME("responseStatus.code", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("responseStatus.reason", FIELD_EVENT_REASON),
	NAME("responseStatus.message", FIELD_ERROR_MESSAGE),
};
static struct name_table kubernetes_names = NAME_TABLE(kubernetes_entries);
static const struct value_meaning verbs[] = {
	VALUE("create", PLAIN(ECS_CONFIGURATION, ECS_CREATION)),
	VALUE("update", PLAIN(ECS_CONFIGURATION, ECS_CHANGE)),
	VALUE("patch", PLAIN(ECS_CONFIGURATION, ECS_CHANGE)),
	VALUE("delete", PLAIN(ECS_CONFIGURATION, ECS_DELETION)),
	VALUE("deletecollection", PLAIN(ECS_CONFIGURATION, ECS_DELETION)),
};
static const struct meaning looked_at = {PLAIN(ECS_CONFIGURATION, ECS_ACCESS)};
static const struct meaning went_inside = {PLAIN(ECS_PROCESS, ECS_START)};
static const struct meaning stranger = {PLAIN(ECS_AUTHENTICATION, ECS_START)};

static bool is_inside(const struct pairs *pairs)
{
	return is_true(pairs, "objectRef.subresource", "exec") ||
	       is_true(pairs, "objectRef.subresource", "attach");
}

/* The addresses a request came over; the last is the connection's, all others its words. */
static void put_addresses(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	struct slice first = SLICE_NONE, last = SLICE_NONE;

	for (unsigned i = 0; i < pairs->n; i++) {
		if (!slice_eq(pairs->items[i].name, SLICE_LIT("sourceIPs")))
			continue;
		last = pairs->items[i].value;
		if (slice_absent(first))
			first = last;
	}
	if (slice_absent(last))
		return;
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, last);
	if (first.ptr != last.ptr)
		put_address(record, context, FIELD_CLIENT_IP, FIELD_CLIENT_ADDRESS, first);
}

static void tell_kubernetes(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	const struct meaning *meaning =
		meaning_of_value(verbs, ARRAY_LEN(verbs), pairs_get_lit(pairs, "verb"));
	struct slice status = pairs_get_lit(pairs, "responseStatus.code");

	put_addresses(record, context, pairs);
	if (slice_eq(status, SLICE_LIT("401")))
		meaning = &stranger;
	else if (is_inside(pairs))
		meaning = &went_inside;
	put_meaning(record, context, meaning != NULL ? meaning : &looked_at);
	put_result_of_status(record, context, status);
}

/* ---- Wazuh ------------------------------------------------------------------------------- */

static const char *const wazuh_needs[] = {
	"rule.id", "rule.level", "rule.description", "agent.id", NULL};
static const struct name_entry wazuh_entries[] = {
	NAME("timestamp", NAME_TIME),
	NAME("@timestamp", NAME_TIME),
	NAME("id", FIELD_EVENT_ID),
	NAME("rule.id", FIELD_RULE_ID),
	NAME("rule.level", FIELD_EVENT_SEVERITY),
	NAME("rule.description", NAME_MESSAGE),
	NAME("rule.groups", FIELD_RULE_CATEGORY),
	NAME("rule.mitre.id", FIELD_THREAT_TECHNIQUE_ID),
	NAME("agent.name", FIELD_HOST_NAME),
	NAME("agent.ip", FIELD_HOST_IP),
	NAME("manager.name", FIELD_OBSERVER_NAME),
	NAME("predecoder.program_name", NAME_DROPPED), /* read below */
	NAME("predecoder.timestamp", NAME_DROPPED),
	NAME("data.srcip", FIELD_SOURCE_IP),
	NAME("data.srcport", FIELD_SOURCE_PORT),
	NAME("data.dstip", FIELD_DESTINATION_IP),
	NAME("data.dstport", FIELD_DESTINATION_PORT),
	NAME("data.dstuser", NAME_DROPPED),
	NAME("data.srcuser", NAME_DROPPED),
	NAME("data.url", FIELD_URL_ORIGINAL),
	NAME("syscheck.path", FIELD_FILE_PATH),
	NAME("syscheck.sha256_after", FIELD_FILE_HASH_SHA256),
	NAME("syscheck.md5_after", FIELD_FILE_HASH_MD5),
	NAME("data.vulnerability.cve", FIELD_VULNERABILITY_ID),
};
static struct name_table wazuh_names = NAME_TABLE(wazuh_entries);
static const struct value_meaning groups[] = {
	VALUE("authentication_failed", LOGIN(ECS_FAILURE)),
	VALUE("authentication_failures", LOGIN(ECS_FAILURE)),
	VALUE("invalid_login", LOGIN(ECS_FAILURE)),
	VALUE("win_authentication_failed", LOGIN(ECS_FAILURE)),
	VALUE("authentication_success", LOGIN(ECS_SUCCESS)),
	VALUE("adduser", ACCOUNT("account_created", ECS_USER, ECS_CREATION)),
	VALUE("account_changed", ACCOUNT("account_changed", ECS_USER, ECS_CHANGE)),
	VALUE("syscheck", .action = {SLICE_BYTES("file_integrity_changed")},
		PLAIN(ECS_FILE, ECS_CHANGE)),
	VALUE("rootcheck", .action = {SLICE_BYTES("rootkit_suspected")},
		.category2 = {ECS_MALWARE}, PLAIN(ECS_INTRUSION_DETECTION, ECS_INFO)),
	VALUE("virus", PLAIN(ECS_MALWARE, ECS_INFO)),
	VALUE("malware", PLAIN(ECS_MALWARE, ECS_INFO)),
};
static const struct meaning alerted = {PLAIN(ECS_INTRUSION_DETECTION, ECS_INFO)};

static void tell_wazuh(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	struct slice user = pairs_get_lit(pairs, "data.dstuser");
	const struct meaning *meaning = NULL;

	put_over(record, context, FIELD_EVENT_KIND, SLICE_LIT("alert"));
	put_some(record, context, FIELD_RULE_NAME, pairs_get_lit(pairs, "rule.description"));
	put_some(record, context, FIELD_USER_NAME,
		slice_absent(user) ? pairs_get_lit(pairs, "data.srcuser") : user);
	put_over(record, context, FIELD_PROCESS_NAME,
		pairs_get_lit(pairs, "predecoder.program_name"));
	for (unsigned i = 0; i < pairs->n && meaning == NULL; i++) {
		if (slice_eq(pairs->items[i].name, SLICE_LIT("rule.groups")))
			meaning = meaning_of_value(
				groups, ARRAY_LEN(groups), pairs->items[i].value);
	}
	put_meaning(record, context, meaning != NULL ? meaning : &alerted);
}

/* ---- Falco ------------------------------------------------------------------------------- */

static const char *const falco_needs[] = {"rule", "priority", "output", "time", NULL};
#define OUT(name) "output_fields." name
static const struct name_entry falco_entries[] = {
	NAME("time", NAME_TIME),
	NAME("rule", FIELD_RULE_NAME),
	NAME("priority", FIELD_LOG_LEVEL),
	NAME("output", NAME_MESSAGE),
	NAME("hostname", FIELD_HOST_HOSTNAME),
	NAME("tags", FIELD_RULE_CATEGORY),
	NAME(OUT("user.name"), FIELD_USER_NAME),
	NAME(OUT("user.uid"), FIELD_USER_ID),
	NAME(OUT("proc.name"), NAME_DROPPED), /* read below */
	NAME(OUT("proc.pid"), FIELD_PROCESS_PID),
	NAME(OUT("proc.cmdline"), FIELD_PROCESS_COMMAND_LINE),
	NAME(OUT("proc.exepath"), FIELD_PROCESS_EXECUTABLE),
	NAME(OUT("proc.pname"), FIELD_PROCESS_PARENT_NAME),
	NAME(OUT("fd.sip"), FIELD_DESTINATION_IP),
	NAME(OUT("fd.sport"), FIELD_DESTINATION_PORT),
	NAME(OUT("fd.cip"), FIELD_SOURCE_IP),
	NAME(OUT("fd.cport"), FIELD_SOURCE_PORT),
	NAME(OUT("container.id"), FIELD_CONTAINER_ID),
	NAME(OUT("container.name"), FIELD_CONTAINER_NAME),
	NAME(OUT("container.image.repository"), FIELD_CONTAINER_IMAGE_NAME),
	NAME(OUT("k8s.ns.name"), FIELD_ORCHESTRATOR_NAMESPACE),
	NAME(OUT("k8s.pod.name"), FIELD_ORCHESTRATOR_RESOURCE_NAME),
};
static struct name_table falco_names = NAME_TABLE(falco_entries);
static const struct meaning falco_rule = MEANS(
	"runtime_rule_matched", .category = {ECS_INTRUSION_DETECTION}, .type = {ECS_INFO});

/* Of what a rule says, and of nobody's else. */
static bool is_falco(const struct pairs *pairs)
{
	static const char *const priorities[] = {"Emergency", "Alert", "Critical", "Error",
		"Warning", "Notice", "Informational", "Info", "Debug"};
	struct slice priority = pairs_get_lit(pairs, "priority");
	bool known = false, fields = pairs_have(pairs, SLICE_LIT("source"));

	for (size_t i = 0; i < ARRAY_LEN(priorities); i++)
		known = known || slice_eq_nocase(slice_str(priorities[i]), priority);
	for (unsigned i = 0; i < pairs->n && !fields; i++)
		fields = slice_starts(pairs->items[i].name, SLICE_LIT(OUT("")));
	return known && fields;
}

static void tell_falco(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	struct slice file = pairs_get_lit(pairs, OUT("fd.name"));

	put_over(record, context, FIELD_EVENT_KIND, SLICE_LIT("alert"));
	put_over(record, context, FIELD_PROCESS_NAME, pairs_get_lit(pairs, OUT("proc.name")));
	if (slice_starts(file, SLICE_LIT("/")))
		put(record, context, FIELD_FILE_PATH, file);
	put_meaning(record, context, &falco_rule);
}

/* ---- Tetragon ---------------------------------------------------------------------------- */

static const char *const exec_needs[] = {"process_exec.process.binary", "time", NULL};
static const char *const exit_needs[] = {"process_exit.process.binary", "time", NULL};
static const char *const probe_needs[] = {"process_kprobe.process.binary", "time", NULL};
#define OF_PROCESS(of)                                                                         \
	NAME(of ".process.binary", FIELD_PROCESS_EXECUTABLE),                                  \
		NAME(of ".process.pid", FIELD_PROCESS_PID),                                    \
		NAME(of ".process.uid", FIELD_USER_ID),                                        \
		NAME(of ".process.arguments", FIELD_PROCESS_ARGS),                             \
		NAME(of ".process.cwd", FIELD_PROCESS_WORKING_DIRECTORY),                      \
		NAME(of ".process.exec_id", FIELD_PROCESS_ENTITY_ID),                          \
		NAME(of ".process.start_time", NAME_DROPPED),                                  \
		NAME(of ".process.pod.namespace", FIELD_ORCHESTRATOR_NAMESPACE),               \
		NAME(of ".process.pod.name", FIELD_ORCHESTRATOR_RESOURCE_NAME),                \
		NAME(of ".process.pod.container.id", FIELD_CONTAINER_ID),                      \
		NAME(of ".process.pod.container.name", FIELD_CONTAINER_NAME),                  \
		NAME(of ".parent.binary", FIELD_PROCESS_PARENT_EXECUTABLE),                    \
		NAME(of ".parent.pid", FIELD_PROCESS_PARENT_PID)
static const struct name_entry tetragon_entries[] = {
	NAME("time", NAME_TIME),
	NAME("node_name", FIELD_HOST_NAME),
	OF_PROCESS("process_exec"),
	OF_PROCESS("process_exit"),
	OF_PROCESS("process_kprobe"),
	NAME("process_exit.status", FIELD_PROCESS_EXIT_CODE),
	NAME("process_kprobe.policy_name", FIELD_RULE_NAME),
};
static struct name_table tetragon_names = NAME_TABLE(tetragon_entries);
static const struct meaning executed =
	MEANS("process_executed", .category = {ECS_PROCESS}, .type = {ECS_START});
static const struct meaning ended =
	MEANS("process_ended", .category = {ECS_PROCESS}, .type = {ECS_END});
static const struct meaning probed =
	MEANS("runtime_rule_matched", .category = {ECS_PROCESS}, .type = {ECS_INFO});

static void tell_tetragon(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	if (pairs_have(pairs, SLICE_LIT("process_exec.process.binary")))
		put_meaning(record, context, &executed);
	else if (pairs_have(pairs, SLICE_LIT("process_exit.process.binary")))
		put_meaning(record, context, &ended);
	else
		put_meaning(record, context, &probed);
}

/* ---- MinIO ------------------------------------------------------------------------------- */

static const char *const minio_needs[] = {
	"api.name", "remotehost", "requestID", "deploymentid", NULL};
static const struct name_entry minio_entries[] = {
	NAME("time", NAME_TIME),
	NAME("api.name", FIELD_EVENT_ACTION),
	NAME("api.statusCode", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("api.object", FIELD_FILE_PATH),
	NAME("remotehost", NAME_SOURCE),
	NAME("requestID", FIELD_HTTP_REQUEST_ID),
	NAME("requestPath", FIELD_URL_ORIGINAL),
	NAME("requestHost", NAME_DROPPED),
	NAME("userAgent", FIELD_USER_AGENT_ORIGINAL),
	NAME("accessKey", FIELD_USER_NAME),
	NAME("error", FIELD_ERROR_MESSAGE),
};
static struct name_table minio_names = NAME_TABLE(minio_entries);
static const struct {
	struct slice head;
	struct meaning meaning;
} calls[] = {
	{{SLICE_BYTES("Get")}, {PLAIN(ECS_FILE, ECS_ACCESS)}},
	{{SLICE_BYTES("Head")}, {PLAIN(ECS_FILE, ECS_ACCESS)}},
	{{SLICE_BYTES("List")}, {PLAIN(ECS_FILE, ECS_ACCESS)}},
	{{SLICE_BYTES("Delete")}, {PLAIN(ECS_FILE, ECS_DELETION)}},
	{{SLICE_BYTES("Put")}, {PLAIN(ECS_FILE, ECS_CHANGE)}},
	{{SLICE_BYTES("")}, {PLAIN(ECS_FILE, ECS_INFO)}},
};

static void tell_minio(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	struct slice name = pairs_get_lit(pairs, "api.name");
	size_t i = 0;

	while (!slice_starts(name, calls[i].head))
		i++;
	put_meaning(record, context, &calls[i].meaning);
	put_result_of_status(record, context, pairs_get_lit(pairs, "api.statusCode"));
}

/* ---- authentik --------------------------------------------------------------------------- */

static const char *const authentik_needs[] = {"action", "client_ip", "event", "logger", NULL};
static const struct name_entry authentik_entries[] = {
	NAME("timestamp", NAME_TIME),
	NAME("level", FIELD_LOG_LEVEL),
	NAME("logger", FIELD_LOG_LOGGER),
	NAME("pid", FIELD_PROCESS_PID),
	NAME("action", FIELD_EVENT_CODE),
	NAME("event", NAME_MESSAGE),
	NAME("client_ip", FIELD_SOURCE_IP),
	NAME("host", FIELD_URL_DOMAIN),
	NAME("request_id", FIELD_HTTP_REQUEST_ID),
	NAME("user.username", NAME_DROPPED), /* read below */
	NAME("identifier", NAME_DROPPED),
	NAME("user.email", FIELD_USER_EMAIL),
	NAME("user.pk", FIELD_USER_ID),
	NAME("context.http_request.path", FIELD_URL_ORIGINAL),
};
static struct name_table authentik_names = NAME_TABLE(authentik_entries);
static const struct value_meaning authentik_actions[] = {
	VALUE("login", LOGIN(ECS_SUCCESS)),
	VALUE("login_failed", LOGIN(ECS_FAILURE)),
	VALUE("invalid_identifier", LOGIN(ECS_FAILURE)), /* there is no such account */
	VALUE("logout", .action = {SLICE_BYTES("application_logout")},
		PLAIN(ECS_AUTHENTICATION, ECS_END)),
	VALUE("user_write", ACCOUNT("account_changed", ECS_USER, ECS_CHANGE)),
	VALUE("password_set", ACCOUNT("password_changed", ECS_USER, ECS_CHANGE)),
	VALUE("impersonation_started", .action = {SLICE_BYTES("impersonation_started")},
		PLAIN(ECS_AUTHENTICATION, ECS_START)),
	VALUE("suspicious_request", .action = {SLICE_BYTES("web_application_probed")},
		PLAIN(ECS_INTRUSION_DETECTION, ECS_INFO)),
	VALUE("model_created", PLAIN(ECS_CONFIGURATION, ECS_CREATION)),
	VALUE("model_updated", PLAIN(ECS_CONFIGURATION, ECS_CHANGE)),
	VALUE("model_deleted", PLAIN(ECS_CONFIGURATION, ECS_DELETION)),
	VALUE("secret_view", .action = {SLICE_BYTES("secret_read")},
		PLAIN(ECS_CONFIGURATION, ECS_ACCESS)),
};
static const struct meaning web_noted = {PLAIN(ECS_WEB, ECS_INFO)};

static void tell_authentik(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	struct slice user = pairs_get_lit(pairs, "user.username");
	const struct meaning *meaning = meaning_of_value(authentik_actions,
		ARRAY_LEN(authentik_actions), pairs_get_lit(pairs, "action"));

	if (slice_absent(user) || slice_eq(user, SLICE_LIT("AnonymousUser")))
		user = pairs_get_lit(pairs, "context.username");
	if (slice_absent(user))
		user = pairs_get_lit(pairs, "identifier");
	put_some(record, context, FIELD_USER_NAME, user);
	put_meaning(record, context, meaning != NULL ? meaning : &web_noted);
}

/* ---- Sonatype Nexus ---------------------------------------------------------------------- */

static const char *const nexus_needs[] = {
	"nodeId", "initiator", "domain", "type", "timestamp", NULL};
static const struct name_entry nexus_entries[] = {
	NAME("timestamp", NAME_TIME),
	NAME("domain", FIELD_EVENT_CODE),
	NAME("type", FIELD_EVENT_ACTION),
	NAME("initiator", NAME_DROPPED), /* read below */
	NAME("thread", FIELD_PROCESS_THREAD_NAME),
};
static struct name_table nexus_names = NAME_TABLE(nexus_entries);
static const struct value_meaning nexus_accounts[] = {
	VALUE("created", PLAIN(ECS_IAM, ECS_CREATION)),
	VALUE("updated", PLAIN(ECS_IAM, ECS_CHANGE)),
	VALUE("deleted", PLAIN(ECS_IAM, ECS_DELETION)),
};
static const struct value_meaning nexus_things[] = {
	VALUE("created", PLAIN(ECS_CONFIGURATION, ECS_CREATION)),
	VALUE("updated", PLAIN(ECS_CONFIGURATION, ECS_CHANGE)),
	VALUE("deleted", PLAIN(ECS_CONFIGURATION, ECS_DELETION)),
};

static void tell_nexus(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	struct slice initiator = pairs_get_lit(pairs, "initiator"), user, address,
		     type = pairs_get_lit(pairs, "type");
	const bool account =
		slice_starts(pairs_get_lit(pairs, "domain"), SLICE_LIT("security."));
	const struct meaning *meaning =
		meaning_of_value(account ? nexus_accounts : nexus_things,
			account ? ARRAY_LEN(nexus_accounts) : ARRAY_LEN(nexus_things), type);

	if (cut_last(initiator, SLICE_LIT("/"), &user, &address)) {
		put_only_address(record, context, FIELD_SOURCE_IP, address);
		put_some(record, context, FIELD_USER_NAME, user);
	} else {
		put_some(record, context, FIELD_USER_NAME, initiator);
	}
	if (account)
		put_some(record, context, FIELD_USER_TARGET_NAME,
			pairs_get_lit(pairs, "context"));
	put_meaning(record, context, meaning != NULL ? meaning : &web_noted);
}

/* ---- Cowrie ------------------------------------------------------------------------------ */

static const char *const cowrie_needs[] = {"eventid", "session", "sensor", "src_ip", NULL};
static const struct name_entry cowrie_entries[] = {
	NAME("timestamp", NAME_TIME),
	NAME("eventid", FIELD_EVENT_CODE),
	NAME("message", NAME_MESSAGE),
	NAME("sensor", FIELD_OBSERVER_NAME),
	NAME("src_ip", FIELD_SOURCE_IP),
	NAME("src_port", FIELD_SOURCE_PORT),
	NAME("dst_ip", FIELD_DESTINATION_IP),
	NAME("dst_port", FIELD_DESTINATION_PORT),
	NAME("protocol", FIELD_NETWORK_PROTOCOL),
	NAME("username", FIELD_USER_NAME),
	NAME("input", FIELD_PROCESS_COMMAND_LINE),
	NAME("url", FIELD_URL_ORIGINAL),
	NAME("shasum", FIELD_FILE_HASH_SHA256),
	NAME("outfile", FIELD_FILE_PATH),
};
static struct name_table cowrie_names = NAME_TABLE(cowrie_entries);
#define TRAP(what, kind, more)                                                                 \
	.action = {SLICE_BYTES(what)}, .category = {ECS_INTRUSION_DETECTION},                  \
	.category2 = {kind}, .type = {more}
static const struct value_meaning traps[] = {
	VALUE("cowrie.login.failed", TRAP("honeypot_login", ECS_AUTHENTICATION, ECS_START),
		.outcome = {ECS_FAILURE}),
	VALUE("cowrie.login.success", TRAP("honeypot_login", ECS_AUTHENTICATION, ECS_START),
		.outcome = {ECS_SUCCESS}),
	VALUE("cowrie.session.connect", TRAP("honeypot_connection", ECS_NETWORK, ECS_START)),
	VALUE("cowrie.session.closed", TRAP("honeypot_connection", ECS_NETWORK, ECS_END)),
	VALUE("cowrie.command.input", TRAP("honeypot_command", ECS_PROCESS, ECS_START)),
	VALUE("cowrie.command.failed", TRAP("honeypot_command", ECS_PROCESS, ECS_START),
		.outcome = {ECS_FAILURE}),
	VALUE("cowrie.session.file_download",
		TRAP("honeypot_download", ECS_FILE, ECS_CREATION)),
	VALUE("cowrie.session.file_upload", TRAP("honeypot_upload", ECS_FILE, ECS_CREATION)),
};
static const struct meaning trapped = {PLAIN(ECS_INTRUSION_DETECTION, ECS_INFO)};

static void tell_cowrie(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	const struct meaning *meaning =
		meaning_of_value(traps, ARRAY_LEN(traps), pairs_get_lit(pairs, "eventid"));

	put_meaning(record, context, meaning != NULL ? meaning : &trapped);
}

/* ---- sudo -------------------------------------------------------------------------------- */

static const char *const accept_needs[] = {"sudo.accept.submituser", NULL};
static const char *const reject_needs[] = {"sudo.reject.submituser", NULL};
static const char *const alert_needs[] = {"sudo.alert.submituser", NULL};
#define OF_SUDO(of)                                                                            \
	NAME(of ".server_time.seconds", NAME_TIME), NAME(of ".submituser", FIELD_USER_NAME),   \
		NAME(of ".runuser", FIELD_USER_EFFECTIVE_NAME),                                \
		NAME(of ".runuid", FIELD_USER_EFFECTIVE_ID),                                   \
		NAME(of ".command", FIELD_PROCESS_EXECUTABLE),                                 \
		NAME(of ".runargv", FIELD_PROCESS_ARGS),                                       \
		NAME(of ".submitcwd", FIELD_PROCESS_WORKING_DIRECTORY),                        \
		NAME(of ".submithost", NAME_DROPPED), NAME(of ".reason", FIELD_EVENT_REASON),  \
		NAME(of ".ttyname", FIELD_SOC_TTY)
static const struct name_entry sudo_entries[] = {
	OF_SUDO("sudo.accept"),
	OF_SUDO("sudo.reject"),
	OF_SUDO("sudo.alert"),
};
static struct name_table sudo_names = NAME_TABLE(sudo_entries);
#define SUDO(how)                                                                              \
	MEANS("sudo_command", .category = {ECS_PROCESS}, .type = {ECS_START}, .outcome = {how})
static const struct meaning allowed = SUDO(ECS_SUCCESS);
static const struct meaning denied = SUDO(ECS_FAILURE);

static void tell_sudo(
	struct record *record, struct parse_context *context, const struct pairs *pairs)
{
	static const char *const hosts[] = {
		"sudo.accept.submithost", "sudo.reject.submithost", "sudo.alert.submithost"};

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		put_over(record, context, FIELD_HOST_HOSTNAME,
			pairs_get(pairs, slice_str(hosts[i])));
	put_meaning(record, context,
		pairs_have(pairs, SLICE_LIT("sudo.accept.submituser")) ? &allowed : &denied);
}

/* ---- any of them ------------------------------------------------------------------------- */

static const struct product {
	const char *module;
	const char *const *needs;
	struct name_table *names;
	void (*tell)(struct record *, struct parse_context *, const struct pairs *);
	struct slice name,
		begins; /* a value that tells the product from others; absent: none */
	bool (*is)(const struct pairs *pairs); /* what else does; NULL = nothing */
} products[] = {
	{"vault", vault_needs, &vault_names, tell_vault, {0}, {0}, is_vault},
	{"kubernetes", kubernetes_needs, &kubernetes_names, tell_kubernetes, {0}, {0}},
	{"wazuh", wazuh_needs, &wazuh_names, tell_wazuh, {0}, {0}},
	{"falco", falco_needs, &falco_names, tell_falco, {0}, {0}, is_falco},
	{"tetragon", exec_needs, &tetragon_names, tell_tetragon, {0}, {0}},
	{"tetragon", exit_needs, &tetragon_names, tell_tetragon, {0}, {0}},
	{"tetragon", probe_needs, &tetragon_names, tell_tetragon, {0}, {0}},
	{"minio", minio_needs, &minio_names, tell_minio, {0}, {0}},
	{"authentik", authentik_needs, &authentik_names, tell_authentik,
		{SLICE_BYTES("logger")}, {SLICE_BYTES("authentik.")}},
	{"nexus", nexus_needs, &nexus_names, tell_nexus, {0}, {0}},
	{"cowrie", cowrie_needs, &cowrie_names, tell_cowrie, {SLICE_BYTES("eventid")},
		{SLICE_BYTES("cowrie.")}},
	{"sudo", accept_needs, &sudo_names, tell_sudo, {0}, {0}},
	{"sudo", reject_needs, &sudo_names, tell_sudo, {0}, {0}},
	{"sudo", alert_needs, &sudo_names, tell_sudo, {0}, {0}},
};

static const struct product *find_product(struct parse_context *context)
{
	for (size_t i = 0; i < ARRAY_LEN(products); i++) {
		const struct product *product = &products[i];

		if (document_read(context, product->needs) &&
			(slice_absent(product->name) ||
				slice_starts(pairs_get(context->pairs, product->name),
					product->begins)) &&
			(product->is == NULL || product->is(context->pairs)))
			return product;
	}
	return NULL;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	const struct slice message = context->message;

	if (skip_lit(&context->message, "@cee:"))
		skip_blanks(&context->message);
	const struct product *product = find_product(context);
	if (product == NULL) {
		context->message = message;
		return PARSED_NOT_MINE;
	}
	context->module = slice_str(product->module);
	enum parse_result result = document_put(record, context, product->names);
	if (result != PARSED_DAMAGED)
		product->tell(record, context, context->pairs);
	return result;
}

const struct parser parser_app_json = {
	.number = 145,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "app-json",
	.module = "app-json",
	.summary =
		"audit and alerts in JSON: Vault, Kubernetes, Wazuh, Falco, Tetragon, MinIO, "
		"authentik, Nexus, Cowrie, sudo",
	.source = "Vault 1, Audit devices; Kubernetes audit.k8s.io/v1; Wazuh 4, alerts.json; "
		  "Falco, JSON output; Tetragon events; MinIO audit webhook; authentik events; "
		  "Nexus Repository 3 audit log; Cowrie output events; sudo_logsrvd JSON",
	.first_bytes = FIRST_BYTES_JSON "@",
	.parse = parse,
};
