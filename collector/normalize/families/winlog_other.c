/* Channels beside Security and Sysmon: services, PowerShell, Defender, terminal services,
 * scheduled tasks. An event that is not in the tables keeps what it says of itself. */
#include "collector/normalize/families/antivirus.h"
#include "collector/normalize/families/winlog_channels.h"
#include "collector/normalize/families/winlog_events.h"

enum shape {
	SHAPE_NONE,
	SHAPE_SERVICE,
	SHAPE_POWERSHELL,
	SHAPE_MALWARE,
	SHAPE_TERMINAL,
	SHAPE_TASK,
	SHAPE_CLEARED,
	SHAPE_SQL_LOGIN,
	SHAPE_SHUTDOWN,
};

#define HOST(how) .category = {ECS_HOST}, .type = {how}
#define MALWARE   .category = {ECS_MALWARE}, .type = {ECS_INFO}

/* Each sorted by id. */
static const struct winlog_event system_events[] = {
	EVENT(12, NONE, "system-started", HOST(ECS_START)),
	EVENT(13, NONE, "system-shutdown", HOST(ECS_END)),
	EVENT(41, NONE, "system-stopped-unexpectedly", HOST(ECS_ERROR)),
	EVENT(42, NONE, "system-sleeping", HOST(ECS_INFO)),
	EVENT(104, CLEARED, "log-cleared", CONFIGURE(ECS_DELETION)),
	EVENT(107, NONE, "system-resumed", HOST(ECS_INFO)),
	EVENT(109, NONE, "system-shutdown-requested", HOST(ECS_END)),
	EVENT(1074, SHUTDOWN, "system-shutdown-requested", HOST(ECS_END)),
	EVENT(6005, NONE, "event-log-started", HOST(ECS_START)),
	EVENT(6006, NONE, "event-log-stopped", HOST(ECS_END)),
	EVENT(6008, NONE, "system-stopped-unexpectedly", HOST(ECS_ERROR)),
	EVENT(6009, NONE, "system-version", HOST(ECS_INFO)),
	EVENT(6013, NONE, "system-uptime", HOST(ECS_INFO)),
	EVENT(7000, SERVICE, "service-start-failed", PROCESS(ECS_START),
		.outcome = {ECS_FAILURE}),
	EVENT(7009, SERVICE, "service-start-timeout", PROCESS(ECS_START),
		.outcome = {ECS_FAILURE}),
	EVENT(7023, SERVICE, "service-stopped-with-error", PROCESS(ECS_END),
		.outcome = {ECS_FAILURE}),
	EVENT(7024, SERVICE, "service-stopped-with-error", PROCESS(ECS_END),
		.outcome = {ECS_FAILURE}),
	EVENT(7026, NONE, "driver-load-failed", .category = {ECS_DRIVER}, .type = {ECS_START},
		.outcome = {ECS_FAILURE}),
	EVENT(7030, SERVICE, "service-interactive", CONFIGURE(ECS_INFO)),
	EVENT(7031, SERVICE, "service-crashed", PROCESS(ECS_END), .outcome = {ECS_FAILURE}),
	EVENT(7034, SERVICE, "service-crashed", PROCESS(ECS_ERROR)),
	EVENT(7035, SERVICE, "service-control-sent", PROCESS(ECS_INFO)),
	EVENT(7036, SERVICE, "service-state-changed", PROCESS(ECS_CHANGE)),
	EVENT(7038, SERVICE, "service-login", .category = {ECS_AUTHENTICATION},
		.type = {ECS_START}, .outcome = {ECS_FAILURE}),
	EVENT(7040, SERVICE, "service-start-type-changed", CONFIGURE(ECS_CHANGE)),
	EVENT(7045, SERVICE, "service-installed", CONFIGURE(ECS_CREATION)),
};
static const struct winlog_event powershell_events[] = {
	EVENT(400, POWERSHELL, "Engine Lifecycle", PROCESS(ECS_START)),
	EVENT(403, POWERSHELL, "Engine Lifecycle", PROCESS(ECS_END)),
	EVENT(600, POWERSHELL, "Provider Lifecycle", PROCESS(ECS_INFO)),
	EVENT(800, POWERSHELL, "Pipeline Execution Details", PROCESS(ECS_INFO)),
	EVENT(4103, POWERSHELL, "Executing Pipeline", PROCESS(ECS_INFO)),
	EVENT(4104, POWERSHELL, "Execute a Remote Command", PROCESS(ECS_INFO)),
	EVENT(4105, POWERSHELL, "Starting Command", PROCESS(ECS_START)),
	EVENT(4106, POWERSHELL, "Stopping Command", PROCESS(ECS_END)),
};
/* Microsoft, "Review event logs and error codes to troubleshoot issues with Microsoft Defender
 * Antivirus". */
static const struct winlog_event defender_events[] = {
	EVENT(1000, NONE, "antivirus-scan-started", PROCESS(ECS_START)),
	EVENT(1001, NONE, "antivirus-scan-ended", PROCESS(ECS_END)),
	EVENT(1002, NONE, "antivirus-scan-stopped", PROCESS(ECS_END)),
	EVENT(1005, NONE, "antivirus-scan-failed", PROCESS(ECS_ERROR)),
	EVENT(1006, MALWARE, "malware-detected", MALWARE),
	EVENT(1007, MALWARE, "malware-action-taken", MALWARE),
	EVENT(1008, MALWARE, "malware-action-failed", MALWARE, .outcome = {ECS_FAILURE}),
	EVENT(1009, MALWARE, "malware-restored", MALWARE),
	EVENT(1010, MALWARE, "malware-restore-failed", MALWARE),
	EVENT(1011, MALWARE, "quarantine-deleted", MALWARE),
	EVENT(1012, MALWARE, "quarantine-delete-failed", MALWARE),
	EVENT(1013, NONE, "malware-history-deleted", CONFIGURE(ECS_DELETION)),
	EVENT(1015, MALWARE, "suspicious-behavior-detected", MALWARE),
	EVENT(1116, MALWARE, "malware-detected", MALWARE),
	EVENT(1117, MALWARE, "malware-action-taken", MALWARE),
	EVENT(1118, MALWARE, "malware-action-failed", MALWARE, .outcome = {ECS_FAILURE}),
	EVENT(1119, MALWARE, "malware-action-failed", MALWARE, .outcome = {ECS_FAILURE}),
	EVENT(1121, NONE, "attack-surface-reduction-blocked", MALWARE),
	EVENT(1122, NONE, "attack-surface-reduction-audited", MALWARE),
	EVENT(1123, NONE, "controlled-folder-access-blocked", MALWARE),
	EVENT(1124, NONE, "controlled-folder-access-audited", MALWARE),
	EVENT(1125, NONE, "network-protection-audited", MALWARE),
	EVENT(1126, NONE, "network-protection-blocked", MALWARE),
	EVENT(1127, NONE, "controlled-folder-access-blocked", MALWARE),
	EVENT(2000, NONE, "antivirus-updated", CONFIGURE(ECS_CHANGE)),
	EVENT(2001, NONE, "signature-update-failed", CONFIGURE(ECS_ERROR)),
	EVENT(2002, NONE, "antivirus-engine-updated", CONFIGURE(ECS_CHANGE)),
	EVENT(2003, NONE, "antivirus-engine-update-failed", CONFIGURE(ECS_ERROR)),
	EVENT(3002, NONE, "real-time-protection-failed", CONFIGURE(ECS_ERROR)),
	EVENT(5000, NONE, "real-time-protection-enabled", CONFIGURE(ECS_CHANGE)),
	EVENT(5001, NONE, "real-time-protection-disabled", CONFIGURE(ECS_CHANGE)),
	EVENT(5004, NONE, "real-time-protection-changed", CONFIGURE(ECS_CHANGE)),
	EVENT(5007, NONE, "antimalware-configuration-changed", CONFIGURE(ECS_CHANGE)),
	EVENT(5008, NONE, "antimalware-engine-failed", CONFIGURE(ECS_ERROR)),
	EVENT(5009, NONE, "antispyware-scanning-enabled", CONFIGURE(ECS_CHANGE)),
	EVENT(5010, NONE, "antispyware-scanning-disabled", CONFIGURE(ECS_CHANGE)),
	EVENT(5011, NONE, "antivirus-scanning-enabled", CONFIGURE(ECS_CHANGE)),
	EVENT(5012, NONE, "antivirus-scanning-disabled", CONFIGURE(ECS_CHANGE)),
	EVENT(5013, NONE, "tamper-protection-blocked-change", CONFIGURE(ECS_DENIED)),
	EVENT(5101, NONE, "antimalware-license-expired", CONFIGURE(ECS_ERROR)),
};
static const struct winlog_event session_events[] = {
	EVENT(21, TERMINAL, "session-logged-in", SESSION(ECS_START), .outcome = {ECS_SUCCESS}),
	EVENT(22, TERMINAL, "session-shell-started", SESSION(ECS_START)),
	EVENT(23, TERMINAL, "session-logged-out", SESSION(ECS_END)),
	EVENT(24, TERMINAL, "session-disconnected", SESSION(ECS_END)),
	EVENT(25, TERMINAL, "session-reconnected", SESSION(ECS_START),
		.outcome = {ECS_SUCCESS}),
	/* the Gateway's */
	EVENT(200, TERMINAL, "gateway-authorized", SESSION(ECS_INFO), .outcome = {ECS_SUCCESS}),
	EVENT(201, TERMINAL, "gateway-authorized", SESSION(ECS_INFO), .outcome = {ECS_FAILURE}),
	EVENT(300, TERMINAL, "gateway-resource-authorized", SESSION(ECS_INFO),
		.outcome = {ECS_SUCCESS}),
	EVENT(301, TERMINAL, "gateway-resource-authorized", SESSION(ECS_INFO),
		.outcome = {ECS_FAILURE}),
	EVENT(302, TERMINAL, "gateway-connected", SESSION(ECS_START), .outcome = {ECS_SUCCESS}),
	EVENT(303, TERMINAL, "gateway-disconnected", SESSION(ECS_END)),
	EVENT(304, TERMINAL, "gateway-connected", SESSION(ECS_START), .outcome = {ECS_FAILURE}),
	EVENT(1149, TERMINAL, "remote-desktop-authenticated", SESSION(ECS_INFO)),
};
static const struct winlog_event task_events[] = {
	EVENT(106, TASK, "scheduled-task-created", CONFIGURE(ECS_CREATION)),
	EVENT(140, TASK, "scheduled-task-updated", CONFIGURE(ECS_CHANGE)),
	EVENT(141, TASK, "scheduled-task-deleted", CONFIGURE(ECS_DELETION)),
	EVENT(200, TASK, "scheduled-task-started", PROCESS(ECS_START)),
	EVENT(201, TASK, "scheduled-task-completed", PROCESS(ECS_END)),
};
static const struct winlog_event sql_events[] = {
	EVENT(18453, SQL_LOGIN, "database-login", .category = {ECS_AUTHENTICATION},
		.category2 = {ECS_DATABASE}, .type = {ECS_START}, .outcome = {ECS_SUCCESS}),
	EVENT(18454, SQL_LOGIN, "database-login", .category = {ECS_AUTHENTICATION},
		.category2 = {ECS_DATABASE}, .type = {ECS_START}, .outcome = {ECS_SUCCESS}),
	EVENT(18456, SQL_LOGIN, "database-login", .category = {ECS_AUTHENTICATION},
		.category2 = {ECS_DATABASE}, .type = {ECS_START}, .outcome = {ECS_FAILURE}),
};

/* The table of a provider whose name begins so. */
static const struct {
	struct slice provider;
	const struct winlog_event *events;
	size_t n;
} providers[] = {
	{{SLICE_BYTES("Service Control Manager")}, system_events, ARRAY_LEN(system_events)},
	{{SLICE_BYTES("Microsoft-Windows-Eventlog")}, system_events, ARRAY_LEN(system_events)},
	{{SLICE_BYTES("Microsoft-Windows-Kernel-General")}, system_events,
		ARRAY_LEN(system_events)},
	{{SLICE_BYTES("Microsoft-Windows-Kernel-Power")}, system_events,
		ARRAY_LEN(system_events)},
	{{SLICE_BYTES("User32")}, system_events, ARRAY_LEN(system_events)},
	{{SLICE_BYTES("EventLog")}, system_events, ARRAY_LEN(system_events)},
	{{SLICE_BYTES("Microsoft-Windows-PowerShell")}, powershell_events,
		ARRAY_LEN(powershell_events)},
	{{SLICE_BYTES("PowerShell")}, powershell_events, ARRAY_LEN(powershell_events)},
	{{SLICE_BYTES("Microsoft-Windows-Windows Defender")}, defender_events,
		ARRAY_LEN(defender_events)},
	{{SLICE_BYTES("Microsoft-Windows-TerminalServices-")}, session_events,
		ARRAY_LEN(session_events)},
	{{SLICE_BYTES("Microsoft-Windows-TaskScheduler")}, task_events, ARRAY_LEN(task_events)},
	{{SLICE_BYTES("MSSQL")}, sql_events, ARRAY_LEN(sql_events)},
};

#define DATA(name) WINLOG_DATA(winlog, name)

static const struct winlog_event *find_event(const struct winlog *winlog, unsigned event_id)
{
	for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
		if (slice_starts(winlog->provider, providers[i].provider))
			return winlog_find(providers[i].events, providers[i].n, event_id);
	}
	return NULL;
}

static struct slice first_of(struct slice a, struct slice b)
{
	return slice_absent(a) ? b : a;
}

/* ---- services ----------------------------------------------------------------------- */

static void put_service(struct winlog *winlog)
{
	bool renamed = slice_eq(winlog->event_id, SLICE_LIT("7040"));

	winlog_put_some(winlog, FIELD_SERVICE_NAME,
		first_of(DATA(SERVICE_NAME),
			renamed ? first_of(DATA(PARAM4), DATA(PARAM1)) : DATA(PARAM1)));
	winlog_put_some(winlog, FIELD_SERVICE_TYPE, DATA(SERVICE_TYPE));
	winlog_put_image_path(winlog, DATA(IMAGE_PATH));
	winlog_put_account(winlog, DATA(ACCOUNT_NAME));
}

/* ---- PowerShell ---------------------------------------------------------------------- */

/* Up to a line end, or a tab: what stood on lines comes with tabs alone from some shippers. */
static bool take_line(struct slice *text, struct slice *line)
{
	size_t len = 0;

	if (text->len == 0)
		return false;
	while (len < text->len && text->ptr[len] != '\n' && text->ptr[len] != '\t')
		len++;
	*line = slice_head(*text, len);
	*text = slice_from(*text, len < text->len ? len + 1 : len);
	return true;
}

/* "\tHostApplication=powershell.exe -c x\r\n": a line of the context, by its name. */
static struct slice context_value(struct slice text, struct slice name)
{
	struct slice line, key;

	while (take_line(&text, &line)) {
		line = slice_trim(line);
		while (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (take_until(&line, '=', &key) && slice_eq(slice_trim(key), name))
			return slice_trim(line);
	}
	return SLICE_NONE;
}

/* Lines of a context, as the classic log and the operational one call them. */
static const struct {
	struct slice classic, operational;
	enum field_id field;
} context_lines[] = {
	{{SLICE_BYTES("HostName")}, {SLICE_BYTES("Host Name")}, FIELD_PROCESS_TITLE},
	{{SLICE_BYTES("HostId")}, {SLICE_BYTES("Host ID")}, FIELD_PROCESS_ENTITY_ID},
	{{SLICE_BYTES("EngineVersion")}, {SLICE_BYTES("Engine Version")},
		FIELD_POWERSHELL_ENGINE_VERSION},
	{{SLICE_BYTES("RunspaceId")}, {SLICE_BYTES("Runspace ID")},
		FIELD_POWERSHELL_RUNSPACE_ID},
	{{SLICE_BYTES("PipelineId")}, {SLICE_BYTES("Pipeline ID")},
		FIELD_POWERSHELL_PIPELINE_ID},
	{{SLICE_BYTES("CommandName")}, {SLICE_BYTES("Command Name")},
		FIELD_POWERSHELL_COMMAND_NAME},
	{{SLICE_BYTES("CommandType")}, {SLICE_BYTES("Command Type")},
		FIELD_POWERSHELL_COMMAND_TYPE},
	{{SLICE_BYTES("SequenceNumber")}, {SLICE_BYTES("Sequence Number")},
		FIELD_EVENT_SEQUENCE},
};

static struct slice context_either(
	struct slice text, struct slice classic, struct slice operational)
{
	return first_of(context_value(text, classic), context_value(text, operational));
}

static void put_context(struct winlog *winlog, struct slice text)
{
	struct slice account = context_either(text, SLICE_LIT("UserId"), SLICE_LIT("User"));

	for (size_t i = 0; i < ARRAY_LEN(context_lines); i++)
		winlog_put_some(winlog, context_lines[i].field,
			context_either(
				text, context_lines[i].classic, context_lines[i].operational));
	winlog_put_command(winlog, FIELD_PROCESS_COMMAND_LINE, FIELD_PROCESS_ARGS,
		first_of(DATA(HOST_APPLICATION),
			context_either(text, SLICE_LIT("HostApplication"),
				SLICE_LIT("Host Application"))));
	winlog_put_file(
		winlog, first_of(DATA(PATH), context_either(text, SLICE_LIT("ScriptName"),
						     SLICE_LIT("Script Name"))));
	winlog_put_account(winlog, account);
	if (account.len > 0)
		winlog_put_some(winlog, FIELD_USER_ID, winlog->user_id);
}

/* Event 800 has the command first and its details last, the others end with the context; who
 * does not tell values apart writes them as one. */
static void put_powershell(struct winlog *winlog)
{
	bool details = slice_eq(winlog->event_id, SLICE_LIT("800"));
	struct slice text = first_of(DATA(CONTEXT_INFO), details ? DATA(PARAM2) : DATA(PARAM3));

	winlog_put_some(
		winlog, FIELD_POWERSHELL_FILE_SCRIPT_BLOCK_TEXT, DATA(SCRIPT_BLOCK_TEXT));
	winlog_put_some(winlog, FIELD_POWERSHELL_FILE_SCRIPT_BLOCK_ID, DATA(SCRIPT_BLOCK_ID));
	winlog_put_id(winlog, FIELD_POWERSHELL_SEQUENCE, DATA(MESSAGE_NUMBER));
	winlog_put_id(winlog, FIELD_POWERSHELL_TOTAL, DATA(MESSAGE_TOTAL));
	winlog_put_some(winlog, FIELD_POWERSHELL_RUNSPACE_ID,
		winlog_value(winlog, SLICE_LIT("RunspaceId")));
	winlog_put_some(winlog, FIELD_POWERSHELL_COMMAND_VALUE,
		first_of(DATA(PAYLOAD), details ? DATA(PARAM1) : SLICE_NONE));
	winlog_put_some(winlog, FIELD_POWERSHELL_ENGINE_VERSION, DATA(ENGINE_VERSION));
	put_context(winlog, first_of(first_of(text, DATA(DATA)), winlog->message));
}

/* ---- Defender -------------------------------------------------------------------------- */

/* "file:_C:\Users\a.exe; containerfile:_C:\..." */
static struct slice infected_path(struct slice path)
{
	struct slice kind, rest = slice_head(path, slice_search(path, SLICE_LIT("; ")));

	return take_until(&rest, '_', &kind) && slice_ends(kind, SLICE_LIT(":")) ? rest : path;
}

static struct slice named(struct winlog *winlog, struct slice spaced, struct slice joined)
{
	return first_of(winlog_other(winlog, spaced), winlog_other(winlog, joined));
}

/* Defender's words in the project's. */
static void put_severity(struct winlog *winlog, struct slice word)
{
	static const struct {
		struct slice theirs, ours;
	} words[] = {
		{{SLICE_BYTES("Severe")}, {SLICE_BYTES("critical")}},
		{{SLICE_BYTES("High")}, {SLICE_BYTES("high")}},
		{{SLICE_BYTES("Moderate")}, {SLICE_BYTES("medium")}},
		{{SLICE_BYTES("Low")}, {SLICE_BYTES("low")}},
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_eq(words[i].theirs, word))
			put(winlog->record, winlog->context, FIELD_SOC_MALWARE_SEVERITY,
				words[i].ours);
	}
}

/* The words for what was done are in the language of that Windows, its number is not. */
static enum antivirus_state state_of_action(struct slice number, struct slice word)
{
	static const enum antivirus_state states[] = {
		[1] = ANTIVIRUS_CLEANED,
		[2] = ANTIVIRUS_QUARANTINED,
		[3] = ANTIVIRUS_DELETED,
		[6] = ANTIVIRUS_ACTIVE, /* allow */
		[9] = ANTIVIRUS_ACTIVE, /* no action */
		[10] = ANTIVIRUS_BLOCKED,
	};
	uint64_t n;

	return slice_to_u64(number, ARRAY_LEN(states) - 1, &n) ? states[n]
							       : antivirus_state_of(word);
}

/* A detection alone says nothing of what becomes of it: an event of its own does. */
static enum antivirus_state state_after(struct winlog *winlog, unsigned event_id)
{
	switch (event_id) {
	case 1007:
	case 1117:
		return state_of_action(
			named(winlog, SLICE_LIT("Action ID"), SLICE_LIT("ActionID")),
			named(winlog, SLICE_LIT("Action Name"), SLICE_LIT("ActionName")));
	case 1008:
	case 1009:
	case 1118:
	case 1119:
		return ANTIVIRUS_ACTIVE;
	default:
		return ANTIVIRUS_UNTOLD;
	}
}

static struct slice outcome_after(enum antivirus_state state)
{
	if (state == ANTIVIRUS_UNTOLD)
		return SLICE_NONE;
	return state == ANTIVIRUS_ACTIVE ? SLICE_LIT("failure") : SLICE_LIT("success");
}

static void put_malware(struct winlog *winlog, enum antivirus_state state)
{
	const struct antivirus said = {
		.state = state,
		.name = named(winlog, SLICE_LIT("Threat Name"), SLICE_LIT("ThreatName")),
		.type = named(winlog, SLICE_LIT("Category Name"), SLICE_LIT("CategoryName")),
		.remedy = state == ANTIVIRUS_UNTOLD ? SLICE_NONE
						    : named(winlog, SLICE_LIT("Action Name"),
							      SLICE_LIT("ActionName")),
	};

	antivirus_put_malware(winlog->record, winlog->context, &said);
	put_severity(
		winlog, named(winlog, SLICE_LIT("Severity Name"), SLICE_LIT("SeverityName")));
	winlog_put_file(winlog, infected_path(DATA(PATH)));
	winlog_put_account(
		winlog, named(winlog, SLICE_LIT("Detection User"), SLICE_LIT("DetectionUser")));
	winlog_put_executable(winlog, FIELD_PROCESS_EXECUTABLE, FIELD_PROCESS_NAME,
		first_of(winlog_other(winlog, SLICE_LIT("Process Name")), DATA(PROCESS_NAME)));
}

/* ---- terminal services, tasks, databases --------------------------------------------------
 */

static void put_terminal(struct winlog *winlog)
{
	struct slice address = first_of(winlog_other(winlog, SLICE_LIT("Address")),
		winlog_other(winlog, SLICE_LIT("Param3")));

	address = first_of(address, DATA(IP_ADDRESS));

	winlog_put_account(winlog,
		first_of(first_of(DATA(USER), winlog_other(winlog, SLICE_LIT("Username"))),
			winlog_other(winlog, SLICE_LIT("Param1"))));
	winlog_put_some(
		winlog, FIELD_DESTINATION_DOMAIN, winlog_other(winlog, SLICE_LIT("Resource")));
	winlog_put_some(winlog, FIELD_USER_DOMAIN, winlog_other(winlog, SLICE_LIT("Param2")));
	if (!slice_eq(address, SLICE_LIT("LOCAL")))
		put_address(winlog->record, winlog->context, FIELD_SOURCE_IP,
			FIELD_SOURCE_ADDRESS, address);
}

static void put_task(struct winlog *winlog)
{
	winlog_put_some(winlog, FIELD_SERVICE_NAME, DATA(TASK_NAME));
	winlog_put_account(winlog, first_of(DATA(USER_CONTEXT), DATA(USER_NAME)));
}

/* The user, a reason, and " [CLIENT: 192.0.2.1]" */
static void put_sql_login(struct winlog *winlog)
{
	struct slice client = DATA(PARAM3), before;

	winlog_put_some(winlog, FIELD_USER_NAME, DATA(PARAM1));
	if (cut_last(client, SLICE_LIT("CLIENT: "), &before, &client))
		put_address(winlog->record, winlog->context, FIELD_SOURCE_IP,
			FIELD_SOURCE_ADDRESS, slice_head(client, slice_find(client, ']')));
}

/* "C:\\Windows\\x.exe (HOST)", the machine, the reason; the account is the seventh value. */
static void put_shutdown(struct winlog *winlog)
{
	struct slice process = DATA(PARAM1);

	winlog_put_executable(winlog, FIELD_PROCESS_EXECUTABLE, FIELD_PROCESS_NAME,
		slice_head(process, slice_search(process, SLICE_LIT(" ("))));
	winlog_put_some(winlog, FIELD_EVENT_REASON, DATA(PARAM3));
	winlog_put_account(winlog, winlog_value(winlog, SLICE_LIT("param7")));
}

static void put_cleared(struct winlog *winlog)
{
	winlog_put_some(winlog, FIELD_USER_NAME, DATA(SUBJECT_USER_NAME));
	winlog_put_some(winlog, FIELD_USER_DOMAIN, DATA(SUBJECT_DOMAIN_NAME));
}

static void put_shape(struct winlog *winlog, enum shape shape, unsigned event_id)
{
	switch (shape) {
	case SHAPE_NONE:
		break;
	case SHAPE_SERVICE:
		put_service(winlog);
		break;
	case SHAPE_POWERSHELL:
		put_powershell(winlog);
		break;
	case SHAPE_MALWARE:
		put_malware(winlog, state_after(winlog, event_id));
		break;
	case SHAPE_TERMINAL:
		put_terminal(winlog);
		break;
	case SHAPE_TASK:
		put_task(winlog);
		break;
	case SHAPE_CLEARED:
		put_cleared(winlog);
		break;
	case SHAPE_SQL_LOGIN:
		put_sql_login(winlog);
		break;
	case SHAPE_SHUTDOWN:
		put_shutdown(winlog);
		break;
	}
}

void winlog_put_other(struct winlog *winlog, unsigned event_id)
{
	if (winlog_put_antivirus(winlog))
		return;

	const struct winlog_event *told = winlog_put_channel(winlog, event_id);
	const struct winlog_event *event = find_event(winlog, event_id);
	struct meaning meaning = {.action = winlog->task, .outcome = winlog->outcome};

	if (event != NULL) {
		put_shape(winlog, (enum shape)event->shape, event_id);
		meaning = event->meaning;
		if (event->shape == SHAPE_MALWARE && slice_absent(meaning.outcome))
			meaning.outcome = outcome_after(state_after(winlog, event_id));
	}
	if (told != NULL)
		meaning = told->meaning;
	if (slice_absent(winlog->inner)) /* else its parser says it */
		put_meaning(winlog->record, winlog->context, &meaning);
	if (slice_absent(winlog->inner) &&
		slice_absent(record_get(winlog->record, FIELD_USER_NAME))) {
		winlog_put_some(winlog, FIELD_USER_NAME, winlog->user_name);
		winlog_put_some(winlog, FIELD_USER_DOMAIN, winlog->user_domain);
		winlog_put_some(winlog, FIELD_USER_ID, winlog->user_id);
	}
	/* of who wrote the event, unless it is about another process */
	if (slice_absent(record_get(winlog->record, FIELD_PROCESS_PID)) &&
		slice_absent(record_get(winlog->record, FIELD_PROCESS_EXECUTABLE)))
		put_digits(winlog->record, winlog->context, FIELD_PROCESS_PID, winlog->pid);
}
