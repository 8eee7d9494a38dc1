/* The Security channel: Microsoft, "Advanced security audit policy settings", events 1100-6424.
 * Actions are the words Winlogbeat's security module uses. */
#include "collector/normalize/families/winlog_events.h"
#include "collector/normalize/text/network.h"

/* Whose event it is, and upon whom. */
enum shape {
	SHAPE_SUBJECT,     /* the user who acts */
	SHAPE_LOGON,       /* the account that logs on, from where */
	SHAPE_EXPLICIT,    /* the user who acts, and the account whose credentials it uses */
	SHAPE_ACCOUNT,     /* the user who acts, and the account that is changed */
	SHAPE_GROUP,       /* the user who acts, the group, and the member */
	SHAPE_KERBEROS,    /* the account that asks for a ticket */
	SHAPE_NTLM,        /* the account that is checked, and its workstation */
	SHAPE_SESSION,     /* the account of a terminal session, and its client */
	SHAPE_PROCESS,     /* a process that starts or ends */
	SHAPE_OBJECT,      /* a file, key or other object and the process that wants it */
	SHAPE_SHARE,       /* a shared folder, from where */
	SHAPE_PACKET,      /* a connection the firewall saw */
	SHAPE_SERVICE,     /* a service that is installed */
	SHAPE_TASK,        /* a scheduled task */
	SHAPE_NPS,         /* the account that a device of the network asks about */
	SHAPE_CERTIFICATE, /* a request to the certification authority */
};

#define ADMIN               SLICE_BYTES("admin")
#define AUTHENTICATION(how) .category = {ECS_AUTHENTICATION}, .type = {how}
#define IAM(who, how)       .category = {ECS_IAM}, .type = {who}, .type2 = {how}
#define CONFIG(a, b)                                                                           \
	.category = {ECS_IAM}, .category2 = {ECS_CONFIGURATION}, .type = {a}, .type2 = {b}
#define SHARED                                                                                 \
	.category = {ECS_NETWORK}, .category2 = {ECS_FILE}, .type = {ECS_INFO},                \
	.type2 = {ECS_ACCESS}
#define NETWORK(a, b) .category = {ECS_NETWORK}, .type = {a}, .type2 = {b}

/* Sorted by id. */
static const struct winlog_event events[] = {
#include "collector/normalize/families/winlog_security.def"
};

#define DATA(name) WINLOG_DATA(winlog, name)

/* ---- users ---------------------------------------------------------------------------- */

static void put_subject(struct winlog *winlog)
{
	winlog_put_some(winlog, FIELD_USER_ID, DATA(SUBJECT_USER_SID));
	winlog_put_some(winlog, FIELD_USER_NAME, DATA(SUBJECT_USER_NAME));
	winlog_put_some(winlog, FIELD_USER_DOMAIN, DATA(SUBJECT_DOMAIN_NAME));
	winlog_put_some(winlog, FIELD_WINLOG_LOGON_ID, DATA(SUBJECT_LOGON_ID));
}

static void put_origin(struct winlog *winlog)
{
	struct slice port = DATA(IP_PORT);

	winlog_put_some(winlog, FIELD_SOURCE_DOMAIN, DATA(WORKSTATION_NAME));
	if (!slice_eq(DATA(IP_ADDRESS), SLICE_LIT("LOCAL")))
		put_address(winlog->record, winlog->context, FIELD_SOURCE_IP,
			FIELD_SOURCE_ADDRESS, DATA(IP_ADDRESS));
	if (!slice_eq(port, SLICE_LIT("0")))
		put_digits(winlog->record, winlog->context, FIELD_SOURCE_PORT, port);
}

/* The process that asked; not the one that a process event is about. */
static void put_asking_process(struct winlog *winlog)
{
	struct slice pid = DATA(PROCESS_ID);

	if (!slice_eq(pid, SLICE_LIT("0x0")))
		winlog_put_id(winlog, FIELD_PROCESS_PID, pid);
	winlog_put_executable(
		winlog, FIELD_PROCESS_EXECUTABLE, FIELD_PROCESS_NAME, DATA(PROCESS_NAME));
}

static void put_logon_type(struct winlog *winlog)
{
	static const char *const names[] = {"System", NULL, "Interactive", "Network", "Batch",
		"Service", NULL, "Unlock", "NetworkCleartext", "NewCredentials",
		"RemoteInteractive", "CachedInteractive", "CachedRemoteInteractive",
		"CachedUnlock"};
	uint64_t number;

	if (!slice_to_u64(DATA(LOGON_TYPE), ARRAY_LEN(names) - 1, &number) ||
		names[number] == NULL)
		winlog_put_some(winlog, FIELD_WINLOG_LOGON_TYPE, DATA(LOGON_TYPE));
	else
		put(winlog->record, winlog->context, FIELD_WINLOG_LOGON_TYPE,
			slice_str(names[number]));
}

/* NTSTATUS values that refuse a log-on, as event 4625's documentation explains them. */
static const struct {
	struct slice code, reason;
} refusals[] = {
	{{SLICE_BYTES("0xc000005e")}, {SLICE_BYTES("no logon servers available")}},
	{{SLICE_BYTES("0xc0000064")}, {SLICE_BYTES("user name does not exist")}},
	{{SLICE_BYTES("0xc000006a")}, {SLICE_BYTES("wrong password")}},
	{{SLICE_BYTES("0xc000006d")}, {SLICE_BYTES("bad user name or authentication data")}},
	{{SLICE_BYTES("0xc000006e")}, {SLICE_BYTES("account restriction")}},
	{{SLICE_BYTES("0xc000006f")}, {SLICE_BYTES("outside authorized hours")}},
	{{SLICE_BYTES("0xc0000070")}, {SLICE_BYTES("unauthorized workstation")}},
	{{SLICE_BYTES("0xc0000071")}, {SLICE_BYTES("expired password")}},
	{{SLICE_BYTES("0xc0000072")}, {SLICE_BYTES("account disabled")}},
	{{SLICE_BYTES("0xc00000dc")}, {SLICE_BYTES("server in wrong state")}},
	{{SLICE_BYTES("0xc0000133")}, {SLICE_BYTES("clocks out of sync")}},
	{{SLICE_BYTES("0xc000015b")}, {SLICE_BYTES("logon type not granted")}},
	{{SLICE_BYTES("0xc000018c")}, {SLICE_BYTES("trust relationship failed")}},
	{{SLICE_BYTES("0xc0000192")}, {SLICE_BYTES("netlogon service not started")}},
	{{SLICE_BYTES("0xc0000193")}, {SLICE_BYTES("expired account")}},
	{{SLICE_BYTES("0xc0000224")}, {SLICE_BYTES("password must change")}},
	{{SLICE_BYTES("0xc0000225")}, {SLICE_BYTES("windows bug")}},
	{{SLICE_BYTES("0xc0000234")}, {SLICE_BYTES("account locked out")}},
	{{SLICE_BYTES("0xc0000413")}, {SLICE_BYTES("authentication firewall")}},
	/* KDC errors, RFC 4120 section 7.5.9 */
	{{SLICE_BYTES("0x6")}, {SLICE_BYTES("user name does not exist")}},
	{{SLICE_BYTES("0x7")}, {SLICE_BYTES("server not found in Kerberos database")}},
	{{SLICE_BYTES("0xc")}, {SLICE_BYTES("workstation or time restriction")}},
	{{SLICE_BYTES("0xe")}, {SLICE_BYTES("encryption type not supported")}},
	{{SLICE_BYTES("0x12")}, {SLICE_BYTES("account disabled, expired or locked out")}},
	{{SLICE_BYTES("0x17")}, {SLICE_BYTES("expired password")}},
	{{SLICE_BYTES("0x18")}, {SLICE_BYTES("wrong password")}},
	{{SLICE_BYTES("0x1b")}, {SLICE_BYTES("user to user only")}},
	{{SLICE_BYTES("0x20")}, {SLICE_BYTES("ticket expired")}},
	{{SLICE_BYTES("0x25")}, {SLICE_BYTES("clocks out of sync")}},
};

static void put_reason(struct winlog *winlog, struct slice code)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		if (slice_eq_nocase(refusals[i].code, code))
			put(winlog->record, winlog->context, FIELD_EVENT_REASON,
				refusals[i].reason);
	}
}

static void put_refusal(struct winlog *winlog)
{
	struct slice code = DATA(SUB_STATUS);

	winlog_put_some(winlog, FIELD_WINLOG_LOGON_FAILURE_STATUS, DATA(STATUS));
	winlog_put_some(winlog, FIELD_WINLOG_LOGON_FAILURE_SUB_STATUS, DATA(SUB_STATUS));
	winlog_put_some(winlog, FIELD_WINLOG_LOGON_FAILURE_REASON, DATA(FAILURE_REASON));
	if (slice_absent(code) || slice_eq(code, SLICE_LIT("0x0")))
		code = DATA(STATUS);
	put_reason(winlog, code);
}

static void put_target_user(struct winlog *winlog)
{
	struct slice id = DATA(TARGET_USER_SID);

	winlog_put_some(winlog, FIELD_USER_ID, slice_absent(id) ? DATA(TARGET_SID) : id);
	winlog_put_some(winlog, FIELD_USER_NAME, DATA(TARGET_USER_NAME));
	winlog_put_some(winlog, FIELD_USER_DOMAIN, DATA(TARGET_DOMAIN_NAME));
	winlog_put_some(winlog, FIELD_WINLOG_LOGON_ID, DATA(TARGET_LOGON_ID));
}

static void put_logon(struct winlog *winlog)
{
	put_target_user(winlog);
	put_logon_type(winlog);
	put_origin(winlog);
	put_asking_process(winlog);
	if (slice_eq(winlog->event_id, SLICE_LIT("4625")))
		put_refusal(winlog);
}

static void put_explicit(struct winlog *winlog)
{
	put_subject(winlog);
	winlog_put_some(winlog, FIELD_USER_EFFECTIVE_NAME, DATA(TARGET_USER_NAME));
	winlog_put_some(winlog, FIELD_USER_EFFECTIVE_DOMAIN, DATA(TARGET_DOMAIN_NAME));
	winlog_put_some(winlog, FIELD_DESTINATION_DOMAIN, DATA(TARGET_SERVER_NAME));
	put_origin(winlog);
	put_asking_process(winlog);
}

/* Of 4798 and 4799; other events of accounts have none. */
static void put_calling_process(struct winlog *winlog)
{
	winlog_put_id(winlog, FIELD_PROCESS_PID, DATA(CALLER_PROCESS_ID));
	winlog_put_executable(winlog, FIELD_PROCESS_EXECUTABLE, FIELD_PROCESS_NAME,
		DATA(CALLER_PROCESS_NAME));
}

static void put_account(struct winlog *winlog)
{
	struct slice id = DATA(TARGET_SID);

	put_subject(winlog);
	winlog_put_some(
		winlog, FIELD_USER_TARGET_ID, slice_absent(id) ? DATA(TARGET_USER_SID) : id);
	winlog_put_some(winlog, FIELD_USER_TARGET_NAME, DATA(TARGET_USER_NAME));
	if (slice_eq(winlog->event_id, SLICE_LIT("4740"))) /* from which computer */
		winlog_put_some(winlog, FIELD_SOURCE_DOMAIN, DATA(TARGET_DOMAIN_NAME));
	else
		winlog_put_some(winlog, FIELD_USER_TARGET_DOMAIN, DATA(TARGET_DOMAIN_NAME));
	put_calling_process(winlog);
	if (slice_eq(winlog->event_id, SLICE_LIT("4781"))) {
		winlog_put_some(winlog, FIELD_USER_TARGET_NAME, DATA(OLD_TARGET_USER_NAME));
		winlog_put_some(winlog, FIELD_USER_CHANGES_NAME,
			winlog_other(winlog, SLICE_LIT("NewTargetUserName")));
	}
}

/* "CN=Nguyen An,OU=So,DC=tinh,DC=vn": the first part's value. */
static struct slice common_name(struct slice member)
{
	if (!skip_lit(&member, "CN=") && !skip_lit(&member, "cn="))
		return member;
	for (size_t i = 0; i < member.len; i++) {
		if (member.ptr[i] == '\\')
			i++;
		else if (member.ptr[i] == ',')
			return slice_head(member, i);
	}
	return member;
}

static void put_group(struct winlog *winlog)
{
	struct slice id =
		slice_absent(DATA(TARGET_SID)) ? DATA(TARGET_USER_SID) : DATA(TARGET_SID);

	put_subject(winlog);
	winlog_put_some(winlog, FIELD_GROUP_ID, id);
	winlog_put_some(winlog, FIELD_GROUP_NAME, DATA(TARGET_USER_NAME));
	winlog_put_some(winlog, FIELD_GROUP_DOMAIN, DATA(TARGET_DOMAIN_NAME));
	put_calling_process(winlog);
	if (slice_absent(DATA(MEMBER_SID)) && slice_absent(DATA(MEMBER_NAME)))
		return;
	winlog_put_some(winlog, FIELD_USER_TARGET_ID, DATA(MEMBER_SID));
	winlog_put_some(winlog, FIELD_USER_TARGET_NAME, common_name(DATA(MEMBER_NAME)));
	winlog_put_some(winlog, FIELD_USER_TARGET_GROUP_ID, id);
	winlog_put_some(winlog, FIELD_USER_TARGET_GROUP_NAME, DATA(TARGET_USER_NAME));
	winlog_put_some(winlog, FIELD_USER_TARGET_GROUP_DOMAIN, DATA(TARGET_DOMAIN_NAME));
}

/* "an@TINH.VN": the domain stands in a value of its own. */
static struct slice without_realm(struct slice name)
{
	return slice_head(name, slice_find(name, '@'));
}

/* Kerberos and NTLM say by a status whether they said yes. */
static void put_status(struct winlog *winlog, struct slice status)
{
	if (slice_eq(status, SLICE_LIT("0x0")) || slice_eq(status, SLICE_LIT("0")))
		winlog->outcome = SLICE_LIT("success");
	else if (status.len > 0)
		winlog->outcome = SLICE_LIT("failure");
}

static void put_kerberos(struct winlog *winlog)
{
	struct slice id = DATA(TARGET_SID);

	winlog_put_some(winlog, FIELD_USER_ID, slice_absent(id) ? DATA(TARGET_USER_SID) : id);
	winlog_put_some(winlog, FIELD_USER_NAME, without_realm(DATA(TARGET_USER_NAME)));
	winlog_put_some(winlog, FIELD_USER_DOMAIN, DATA(TARGET_DOMAIN_NAME));
	winlog_put_some(winlog, FIELD_SERVICE_NAME, DATA(SERVICE_NAME));
	put_origin(winlog);
	put_status(winlog, DATA(STATUS));
	put_reason(winlog, DATA(STATUS));
}

static void put_ntlm(struct winlog *winlog)
{
	struct slice workstation = DATA(WORKSTATION);

	winlog_put_some(winlog, FIELD_USER_NAME, DATA(TARGET_USER_NAME));
	while (skip_byte(&workstation, '\\'))
		continue;
	winlog_put_some(winlog, FIELD_SOURCE_DOMAIN, workstation);
	put_status(winlog, DATA(STATUS));
	put_reason(winlog, DATA(STATUS));
}

static void put_session(struct winlog *winlog)
{
	struct slice address = winlog_other(winlog, SLICE_LIT("ClientAddress"));

	winlog_put_some(winlog, FIELD_USER_NAME, DATA(ACCOUNT_NAME));
	winlog_put_some(
		winlog, FIELD_USER_DOMAIN, winlog_other(winlog, SLICE_LIT("AccountDomain")));
	winlog_put_some(
		winlog, FIELD_WINLOG_LOGON_ID, winlog_other(winlog, SLICE_LIT("LogonID")));
	winlog_put_some(
		winlog, FIELD_SOURCE_DOMAIN, winlog_other(winlog, SLICE_LIT("ClientName")));
	if (!slice_eq(address, SLICE_LIT("LOCAL")))
		put_address(winlog->record, winlog->context, FIELD_SOURCE_IP,
			FIELD_SOURCE_ADDRESS, address);
	if (slice_absent(DATA(ACCOUNT_NAME))) /* 4800 to 4803 */
		put_target_user(winlog);
}

/* ---- processes, objects, the network -------------------------------------------------- */

static void put_created_process(struct winlog *winlog)
{
	winlog_put_id(winlog, FIELD_PROCESS_PID, DATA(NEW_PROCESS_ID));
	winlog_put_executable(
		winlog, FIELD_PROCESS_EXECUTABLE, FIELD_PROCESS_NAME, DATA(NEW_PROCESS_NAME));
	winlog_put_command(
		winlog, FIELD_PROCESS_COMMAND_LINE, FIELD_PROCESS_ARGS, DATA(COMMAND_LINE));
	winlog_put_id(winlog, FIELD_PROCESS_PARENT_PID, DATA(PROCESS_ID));
	winlog_put_executable(winlog, FIELD_PROCESS_PARENT_EXECUTABLE,
		FIELD_PROCESS_PARENT_NAME, DATA(PARENT_PROCESS_NAME));
}

static void put_process(struct winlog *winlog)
{
	put_subject(winlog);
	winlog_put_some(winlog, FIELD_USER_EFFECTIVE_NAME, DATA(TARGET_USER_NAME));
	winlog_put_some(winlog, FIELD_USER_EFFECTIVE_DOMAIN, DATA(TARGET_DOMAIN_NAME));
	if (slice_absent(DATA(NEW_PROCESS_NAME)))
		put_asking_process(winlog);
	else
		put_created_process(winlog);
}

/* The kinds of values, by their numbers among the texts of msobjs.dll. */
static struct slice registry_type(struct slice code)
{
	static const struct {
		struct slice code, type;
	} types[] = {
		{{SLICE_BYTES("%%1872")}, {SLICE_BYTES("REG_NONE")}},
		{{SLICE_BYTES("%%1873")}, {SLICE_BYTES("REG_SZ")}},
		{{SLICE_BYTES("%%1874")}, {SLICE_BYTES("REG_EXPAND_SZ")}},
		{{SLICE_BYTES("%%1875")}, {SLICE_BYTES("REG_BINARY")}},
		{{SLICE_BYTES("%%1876")}, {SLICE_BYTES("REG_DWORD")}},
		{{SLICE_BYTES("%%1877")}, {SLICE_BYTES("REG_DWORD_BIG_ENDIAN")}},
		{{SLICE_BYTES("%%1878")}, {SLICE_BYTES("REG_LINK")}},
		{{SLICE_BYTES("%%1879")}, {SLICE_BYTES("REG_MULTI_SZ")}},
		{{SLICE_BYTES("%%1883")}, {SLICE_BYTES("REG_QWORD")}},
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (slice_eq(types[i].code, code))
			return types[i].type;
	}
	return slice_starts(code, SLICE_LIT("REG_")) ? code : SLICE_NONE;
}

/* An event of a value names the key and the value apart. */
static void put_registry(struct winlog *winlog)
{
	winlog_put_registry(winlog, DATA(OBJECT_NAME));
	if (slice_absent(DATA(OBJECT_VALUE_NAME)))
		return;
	take_out(winlog->record, FIELD_REGISTRY_VALUE);
	winlog_put_some(winlog, FIELD_REGISTRY_VALUE, DATA(OBJECT_VALUE_NAME));
	winlog_put_some(winlog, FIELD_REGISTRY_DATA_STRINGS, DATA(NEW_VALUE));
	put_some(winlog->record, winlog->context, FIELD_REGISTRY_DATA_TYPE,
		registry_type(winlog_other(winlog, SLICE_LIT("NewValueType"))));
}

static void put_object(struct winlog *winlog)
{
	put_subject(winlog);
	put_asking_process(winlog);
	if (slice_eq(DATA(OBJECT_TYPE), SLICE_LIT("File")))
		winlog_put_file(winlog, DATA(OBJECT_NAME));
	else if (slice_eq(DATA(OBJECT_TYPE), SLICE_LIT("Key")) ||
		 slice_eq(winlog->event_id, SLICE_LIT("4657")))
		put_registry(winlog);
}

/* "\??\C:\chung" and "so\a.doc" of it */
static void put_shared_file(struct winlog *winlog)
{
	struct slice root = DATA(SHARE_LOCAL_PATH), name = DATA(RELATIVE_TARGET_NAME);
	struct arena *arena = winlog->context->arena;
	char *path;

	(void)skip_lit(&root, "\\??\\");
	if (name.len < 2 || root.len == 0) {
		winlog_put_some(winlog, FIELD_FILE_DIRECTORY, root);
		winlog_put_some(winlog, FIELD_FILE_PATH, name);
		return;
	}
	while (root.len > 0 && root.ptr[root.len - 1] == '\\')
		root.len--;
	path = arena_alloc(arena, root.len + 1 + name.len);
	if (path == NULL) {
		winlog->context->full = true;
		return;
	}
	memcpy(path, root.ptr, root.len);
	path[root.len] = '\\';
	memcpy(path + root.len + 1, name.ptr, name.len);
	winlog_put_file(winlog, slice_of(path, root.len + 1 + name.len));
}

static void put_share(struct winlog *winlog)
{
	put_subject(winlog);
	put_origin(winlog);
	put_shared_file(winlog);
}

static void put_side(
	struct winlog *winlog, struct slice address, struct slice port, bool source)
{
	put_address(winlog->record, winlog->context,
		source ? FIELD_SOURCE_IP : FIELD_DESTINATION_IP,
		source ? FIELD_SOURCE_ADDRESS : FIELD_DESTINATION_ADDRESS, address);
	put_digits(winlog->record, winlog->context,
		source ? FIELD_SOURCE_PORT : FIELD_DESTINATION_PORT, port);
}

/* %%14592 inbound, %%14593 outbound; the addresses stand as the packet has them. */
static void put_packet(struct winlog *winlog)
{
	bool inbound = slice_eq(DATA(DIRECTION), SLICE_LIT("%%14592"));
	bool outbound = slice_eq(DATA(DIRECTION), SLICE_LIT("%%14593"));

	put_side(winlog, DATA(SOURCE_ADDRESS), DATA(SOURCE_PORT), true);
	put_side(winlog, DATA(DEST_ADDRESS), DATA(DEST_PORT), false);
	put_transport(winlog->record, winlog->context, DATA(PROTOCOL));
	if (inbound || outbound)
		put(winlog->record, winlog->context, FIELD_NETWORK_DIRECTION,
			inbound ? SLICE_LIT("ingress") : SLICE_LIT("egress"));
	winlog_put_id(winlog, FIELD_PROCESS_PID, winlog_other(winlog, SLICE_LIT("ProcessID")));
	winlog_put_executable(
		winlog, FIELD_PROCESS_EXECUTABLE, FIELD_PROCESS_NAME, DATA(APPLICATION));
}

static void put_service(struct winlog *winlog)
{
	put_subject(winlog);
	winlog_put_some(winlog, FIELD_SERVICE_NAME, DATA(SERVICE_NAME));
	winlog_put_some(winlog, FIELD_SERVICE_TYPE, DATA(SERVICE_TYPE));
	winlog_put_image_path(winlog, DATA(SERVICE_FILE_NAME));
}

/* Network Policy Server: the user's machine, and the device that asks for it. */
static void put_policy(struct winlog *winlog)
{
	struct record *record = winlog->record;
	struct parse_context *context = winlog->context;

	put_subject(winlog);
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS,
		winlog_other(winlog, SLICE_LIT("CallingStationID")));
	put_address(record, context, FIELD_CLIENT_IP, FIELD_CLIENT_ADDRESS,
		winlog_other(winlog, SLICE_LIT("ClientIPAddress")));
	winlog_put_some(
		winlog, FIELD_RULE_NAME, winlog_other(winlog, SLICE_LIT("NetworkPolicyName")));
	winlog_put_some(winlog, FIELD_EVENT_REASON, winlog_other(winlog, SLICE_LIT("Reason")));
}

static void put_shape(struct winlog *winlog, enum shape shape)
{
	switch (shape) {
	case SHAPE_SUBJECT:
	case SHAPE_TASK:
		put_subject(winlog);
		put_asking_process(winlog);
		break;
	case SHAPE_LOGON:
		put_logon(winlog);
		break;
	case SHAPE_EXPLICIT:
		put_explicit(winlog);
		break;
	case SHAPE_ACCOUNT:
		put_account(winlog);
		break;
	case SHAPE_GROUP:
		put_group(winlog);
		break;
	case SHAPE_KERBEROS:
		put_kerberos(winlog);
		break;
	case SHAPE_NTLM:
		put_ntlm(winlog);
		break;
	case SHAPE_SESSION:
		put_session(winlog);
		break;
	case SHAPE_PROCESS:
		put_process(winlog);
		break;
	case SHAPE_OBJECT:
		put_object(winlog);
		break;
	case SHAPE_SHARE:
		put_share(winlog);
		break;
	case SHAPE_PACKET:
		put_packet(winlog);
		break;
	case SHAPE_SERVICE:
		put_service(winlog);
		break;
	case SHAPE_NPS:
		put_policy(winlog);
		break;
	case SHAPE_CERTIFICATE:
		winlog_put_account(winlog, winlog_other(winlog, SLICE_LIT("Requester")));
		break;
	}
}

void winlog_put_security(struct winlog *winlog, unsigned event_id)
{
	const struct winlog_event *event = winlog_find(events, ARRAY_LEN(events), event_id);
	struct meaning meaning = {0};

	put_shape(winlog, event ? (enum shape)event->shape : SHAPE_SUBJECT);
	if (event != NULL)
		meaning = event->meaning;
	if (event != NULL && event->shape == SHAPE_OBJECT &&
		slice_eq(DATA(OBJECT_TYPE), SLICE_LIT("Key")))
		meaning.category = (struct slice){ECS_REGISTRY};
	if (!slice_absent(winlog->outcome))
		meaning.outcome = winlog->outcome;
	put_meaning(winlog->record, winlog->context, &meaning);
}
