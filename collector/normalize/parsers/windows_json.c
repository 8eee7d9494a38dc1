/*
 * windows-json - events of the Windows event log in JSON, by several shippers
 *
 *	{"winlog":{"event_id":4625,"event_data":{"TargetUserName":"an"}},...}     Winlogbeat
 *	{"EventID":4625,"SourceName":"Microsoft-...","TargetUserName":"an",...}   NXLog
 *	{"Event":{"System":{"EventID":4625,...},"EventData":{...}}}               of XML
 *	{"win":{"system":{"eventID":"4625"},"eventdata":{"targetUserName":"an"}}} Wazuh
 *
 * A table says for each shipper which names are the event log's own; the others are values of
 * the event, where the shipper keeps them apart below a name of their own.
 */
#include "collector/normalize/families/winlog.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"

/* What a name means; members of struct winlog by their offset. */
enum part {
	PART_DROPPED = 1,
	PART_KEYWORDS,
	PART_AUDIT, /* "AUDIT_FAILURE" */
	PART_TIME,  /* if there is no other */
	PART_MEMBER = 16,
};
#define MEMBER(name) (PART_MEMBER + (unsigned)offsetof(struct winlog, name))

struct shipper {
	struct slice marker[2]; /* names that all its events have */
	struct slice data[3];   /* what names of values begin with; absent: everything else */
	struct slice around;    /* what stands before all these names */
	struct name_table *table;
};

static const struct name_entry winlogbeat_names[] = {
	NAME("winlog.event_id", MEMBER(event_id)),
	NAME("winlog.channel", MEMBER(channel)),
	NAME("winlog.provider_name", MEMBER(provider)),
	NAME("winlog.provider_guid", PART_DROPPED),
	NAME("winlog.api", PART_DROPPED),
	NAME("winlog.version", PART_DROPPED),
	NAME("winlog.computer_name", MEMBER(computer)),
	NAME("winlog.record_id", MEMBER(record_id)),
	NAME("winlog.task", MEMBER(task)),
	NAME("winlog.opcode", MEMBER(opcode)),
	NAME("winlog.keywords", PART_KEYWORDS),
	NAME("winlog.activity_id", MEMBER(activity_id)),
	NAME("winlog.process.pid", MEMBER(pid)),
	NAME("winlog.process.thread.id", MEMBER(thread_id)),
	NAME("winlog.user.identifier", MEMBER(user_id)),
	NAME("winlog.user.name", MEMBER(user_name)),
	NAME("winlog.user.domain", MEMBER(user_domain)),
	NAME("winlog.user.type", PART_DROPPED),
	NAME("winlog.time_created", MEMBER(time)),
	NAME("@timestamp", PART_TIME),
	NAME("event.outcome", MEMBER(outcome)),
	NAME("log.level", MEMBER(level)),
	NAME("message", MEMBER(message)),
	NAME("event.code", PART_DROPPED),
	NAME("event.action", PART_DROPPED),
	NAME("event.kind", PART_DROPPED),
	NAME("event.provider", PART_DROPPED),
	NAME("event.created", PART_DROPPED),
	NAME("event.original", PART_DROPPED),
	NAME("event.module", PART_DROPPED),
	NAME("host.name", PART_DROPPED),
	NAME("ecs.version", PART_DROPPED),
};
static const struct name_entry nxlog_names[] = {
	NAME("EventID", MEMBER(event_id)),
	NAME("Channel", MEMBER(channel)),
	NAME("SourceName", MEMBER(provider)),
	NAME("ProviderName", MEMBER(provider)),
	NAME("ProviderGuid", PART_DROPPED),
	NAME("Hostname", MEMBER(computer)),
	NAME("Computer", MEMBER(computer)),
	NAME("RecordNumber", MEMBER(record_id)),
	NAME("RecordID", MEMBER(record_id)),
	NAME("EventRecordID", MEMBER(record_id)),
	NAME("EventTime", MEMBER(time)),
	NAME("TimeCreated", MEMBER(time)),
	NAME("@timestamp", PART_TIME),
	NAME("EventReceivedTime", PART_DROPPED),
	NAME("SourceModuleName", PART_DROPPED),
	NAME("SourceModuleType", PART_DROPPED),
	NAME("@version", PART_DROPPED),
	NAME("tags", PART_DROPPED),
	NAME("host", PART_DROPPED),
	NAME("port", PART_DROPPED),
	NAME("Level", MEMBER(level)),
	NAME("Severity", MEMBER(level)),
	NAME("SeverityValue", PART_DROPPED),
	NAME("EventType", PART_AUDIT),
	NAME("Keywords", PART_KEYWORDS),
	NAME("Task", PART_DROPPED),
	NAME("Category", MEMBER(task)),
	NAME("Opcode", MEMBER(opcode)),
	NAME("OpcodeValue", PART_DROPPED),
	NAME("Version", PART_DROPPED),
	NAME("ActivityID", MEMBER(activity_id)),
	NAME("ExecutionProcessID", MEMBER(pid)),
	NAME("ProcessID", MEMBER(pid)),
	NAME("ThreadID", MEMBER(thread_id)),
	NAME("UserID", MEMBER(user_id)),
	NAME("AccountType", PART_DROPPED),
	NAME("Domain", MEMBER(user_domain)),
	NAME("Message", MEMBER(message)),
	NAME("Domain", MEMBER(user_domain)),
};
static const struct name_entry tree_names[] = {
	NAME("Event.System.EventID", MEMBER(event_id)),
	NAME("Event.System.EventID.#text", MEMBER(event_id)),
	NAME("Event.System.EventID.text", MEMBER(event_id)),
	NAME("Event.System.Channel", MEMBER(channel)),
	NAME("Event.System.Provider.#attributes.Name", MEMBER(provider)),
	NAME("Event.System.Provider.@Name", MEMBER(provider)),
	NAME("Event.System.Provider.Name", MEMBER(provider)),
	NAME("Event.System.Provider_attributes.Name", MEMBER(provider)),
	NAME("Event.System.Computer", MEMBER(computer)),
	NAME("Event.System.EventRecordID", MEMBER(record_id)),
	NAME("Event.System.Level", MEMBER(level)),
	NAME("Event.System.Keywords", PART_KEYWORDS),
	NAME("Event.System.TimeCreated.#attributes.SystemTime", MEMBER(time)),
	NAME("Event.System.TimeCreated.@SystemTime", MEMBER(time)),
	NAME("Event.System.TimeCreated.SystemTime", MEMBER(time)),
	NAME("Event.System.TimeCreated_attributes.SystemTime", MEMBER(time)),
	NAME("Event.System.Execution.#attributes.ProcessID", MEMBER(pid)),
	NAME("Event.System.Execution.@ProcessID", MEMBER(pid)),
	NAME("Event.System.Execution.#attributes.ThreadID", MEMBER(thread_id)),
	NAME("Event.System.Execution.@ThreadID", MEMBER(thread_id)),
	NAME("Event.System.Security.#attributes.UserID", MEMBER(user_id)),
	NAME("Event.System.Security.@UserID", MEMBER(user_id)),
	NAME("Event.System.Correlation.#attributes.ActivityID", MEMBER(activity_id)),
};
static const struct name_entry wazuh_names[] = {
	NAME("win.system.eventID", MEMBER(event_id)),
	NAME("win.system.channel", MEMBER(channel)),
	NAME("win.system.providerName", MEMBER(provider)),
	NAME("win.system.computer", MEMBER(computer)),
	NAME("win.system.eventRecordID", MEMBER(record_id)),
	NAME("win.system.level", MEMBER(level)),
	NAME("win.system.severityValue", PART_AUDIT),
	NAME("win.system.keywords", PART_KEYWORDS),
	NAME("win.system.systemTime", MEMBER(time)),
	NAME("win.system.processID", MEMBER(pid)),
	NAME("win.system.threadID", MEMBER(thread_id)),
	NAME("win.system.message", MEMBER(message)),
};
static struct name_table winlogbeat_table = NAME_TABLE(winlogbeat_names);
static struct name_table nxlog_table = NAME_TABLE(nxlog_names);
static struct name_table tree_table = NAME_TABLE(tree_names);
static struct name_table wazuh_table = NAME_TABLE(wazuh_names);

static const struct shipper shippers[] = {
	{
		.marker = {{SLICE_BYTES("winlog.event_id")}, {SLICE_BYTES("winlog.channel")}},
		.data = {{SLICE_BYTES("winlog.event_data.")},
			{SLICE_BYTES("winlog.user_data.")}},
		.table = &winlogbeat_table,
	},
	{
		.marker = {{SLICE_BYTES("EventID")}, {SLICE_BYTES("SourceName")}},
		.table = &nxlog_table,
	},
	{
		.marker = {{SLICE_BYTES("EventID")}, {SLICE_BYTES("Channel")}},
		.table = &nxlog_table,
	},
	{
		.marker = {{SLICE_BYTES("Event.System.Channel")},
			{SLICE_BYTES("Event.System.Computer")}},
		.data = {{SLICE_BYTES("Event.EventData.")}, {SLICE_BYTES("Event.UserData.")}},
		.table = &tree_table,
	},
	{
		.marker = {{SLICE_BYTES("win.system.eventID")},
			{SLICE_BYTES("win.system.channel")}},
		.data = {{SLICE_BYTES("win.eventdata.")}},
		.table = &wazuh_table,
	},
	{
		/* the manager's archives and alerts */
		.marker = {{SLICE_BYTES("data.win.system.eventID")},
			{SLICE_BYTES("data.win.system.channel")}},
		.data = {{SLICE_BYTES("win.eventdata.")}},
		.around = {SLICE_BYTES("data.")},
		.table = &wazuh_table,
	},
};

static const struct shipper *find_shipper(const struct pairs *pairs)
{
	for (size_t i = 0; i < ARRAY_LEN(shippers); i++) {
		if (pairs_have(pairs, shippers[i].marker[0]) &&
			pairs_have(pairs, shippers[i].marker[1]))
			return &shippers[i];
	}
	return NULL;
}

static void put_audit(struct winlog *winlog, struct slice value)
{
	if (slice_eq(value, SLICE_LIT("AUDIT_SUCCESS")))
		winlog->outcome = SLICE_LIT("success");
	else if (slice_eq(value, SLICE_LIT("AUDIT_FAILURE")))
		winlog->outcome = SLICE_LIT("failure");
	else /* Sysmon's registry events have a value of this name */
		winlog_add_data(winlog, SLICE_LIT("EventType"), value);
}

/* "+07:00", "-05:00", "+0700" at the end; behind the day, whose parts have dashes too */
static bool ends_with_offset(struct slice time)
{
	struct slice clock = slice_from(time, slice_find(time, ':'));

	return slice_find(clock, '+') < clock.len || slice_find(clock, '-') < clock.len;
}

/* NXLog writes the time of the host without its zone, and what passes it on adds another. */
static bool is_zoned(struct slice time)
{
	return time.len > 6 &&
	       (slice_ends(time, SLICE_LIT("Z")) || all_digits(time) || ends_with_offset(time));
}

static void put_part(struct winlog *winlog, unsigned part, struct slice value)
{
	struct slice *member;

	switch (part) {
	case PART_DROPPED:
		break;
	case PART_KEYWORDS:
		winlog_take_keywords(winlog, value);
		break;
	case PART_AUDIT:
		put_audit(winlog, value);
		break;
	case PART_TIME:
	case MEMBER(time):
		if (!is_zoned(winlog->time))
			winlog->time = value;
		break;
	default:
		member = (struct slice *)(void *)((char *)winlog + (part - PART_MEMBER));
		if (slice_absent(*member))
			*member = value;
	}
}

/* UserData has an element of its own around its values: "Event.UserData.X.Name". */
static struct slice data_name(const struct shipper *shipper, struct slice name)
{
	struct slice before, last;

	for (size_t i = 0; i < ARRAY_LEN(shipper->data); i++) {
		if (slice_absent(shipper->data[i]) || !skip_text(&name, shipper->data[i]))
			continue;
		if (slice_starts(name, SLICE_LIT("#attributes")))
			return SLICE_NONE;
		return cut_last(name, SLICE_LIT("."), &before, &last) ? last : name;
	}
	return slice_absent(shipper->data[0]) ? name : SLICE_NONE;
}

/* "targetUserName" of Wazuh is Microsoft's "TargetUserName". */
static struct slice capitalized(struct winlog *winlog, struct slice name)
{
	char *copy;

	if (name.len == 0 || name.ptr[0] < 'a' || name.ptr[0] > 'z' ||
		slice_starts(name, SLICE_LIT("param")))
		return name;
	copy = arena_alloc(winlog->context->arena, name.len);
	if (copy == NULL) {
		winlog->context->full = true;
		return name;
	}
	memcpy(copy, name.ptr, name.len);
	copy[0] = (char)(copy[0] - 'a' + 'A');
	return slice_of(copy, name.len);
}

static void put_pair(
	struct winlog *winlog, const struct shipper *shipper, const struct pair *pair)
{
	struct slice name = pair->name;
	uint32_t hash = pair->hash;

	if (!slice_absent(shipper->around)) {
		if (!skip_text(&name, shipper->around))
			return;
		hash = name_hash(name);
	}
	unsigned part = name_table_find(shipper->table, name, hash);
	if (part != 0) {
		put_part(winlog, part, pair->value);
		return;
	}
	name = data_name(shipper, name);
	if (slice_absent(name) || slice_starts(name, SLICE_LIT("soc.")))
		return;
	if (shipper->table == &wazuh_table)
		name = capitalized(winlog, name);
	winlog_add_data(winlog, name, pair->value);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct pairs *pairs = context->pairs;

	pairs_read_json(pairs, context->message, context->arena);
	if (pairs->state == PAIRS_NOT_MINE || pairs->n < 3)
		return PARSED_NOT_MINE;
	const struct shipper *shipper = find_shipper(pairs);
	if (shipper == NULL)
		return PARSED_NOT_MINE;
	struct winlog winlog = {.record = record, .context = context};
	context->full = context->full || pairs->full;
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(&winlog, shipper, &pairs->items[i]);
	winlog_put(&winlog);
	context->message = winlog.inner;
	return pairs->state == PAIRS_BROKEN ? PARSED_DAMAGED : PARSED;
}

const struct parser parser_windows_json = {
	.number = 24,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM | PARSER_SHIPPER,
	.name = "windows-json",
	.module = "windows",
	.summary = "Windows events in JSON: Winlogbeat, NXLog, converted XML, Wazuh",
	.source = "Winlogbeat 7 and 8, exported fields; NXLog im_msvistalog; Microsoft Learn, "
		  "Windows Event Log schema and security auditing events",
	.first_bytes = FIRST_BYTES_JSON,
	.parse = parse,
};
