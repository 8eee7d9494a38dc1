#include "collector/normalize/names.h"

#include <threads.h>

#include "collector/normalize/access_log.h"
#include "collector/normalize/extract.h"
#include "collector/normalize/stamp.h"
#include "common/clock.h"

struct alias {
	struct slice name;
	unsigned meaning;
};

#define ALIAS(text, meaning)                                                                   \
	{                                                                                      \
		{SLICE_BYTES(text)}, (meaning)                                                 \
	}

static const struct alias aliases[] = {
#define FIELD(number, id, type, name) ALIAS(name, number),
#include "collector/record/fields.def"
#undef FIELD
	ALIAS("@timestamp", NAME_TIME),
	ALIAS("timestamp", NAME_TIME),
	ALIAS("time", NAME_TIME),
	ALIAS("ts", NAME_TIME),
	ALIAS("t", NAME_TIME),
	ALIAS("datetime", NAME_TIME),
	ALIAS("eventTime", NAME_TIME),
	ALIAS("eventtime", NAME_TIME),
	ALIAS("time_iso8601", NAME_TIME),
	ALIAS("timeLocal", NAME_TIME),
	ALIAS("time_local", NAME_TIME),
	ALIAS("_SOURCE_REALTIME_TIMESTAMP", NAME_TIME),
	ALIAS("__REALTIME_TIMESTAMP", NAME_TIME),
	ALIAS("date", NAME_DATE),
	ALIAS("tz", NAME_ZONE),
	ALIAS("timezone", NAME_ZONE),
	ALIAS("message", NAME_MESSAGE),
	ALIAS("MESSAGE", NAME_MESSAGE),
	ALIAS("msg", NAME_MESSAGE),
	ALIAS("log", NAME_MESSAGE),
	ALIAS("logdesc", FIELD_RULE_DESCRIPTION),
	ALIAS("SYSLOG_IDENTIFIER", NAME_PROGRAM),
	ALIAS("_COMM", NAME_COMMAND),
	ALIAS("program", NAME_PROGRAM),
	ALIAS("appname", NAME_PROGRAM),
	ALIAS("request", NAME_REQUEST),

	ALIAS("host", FIELD_HOST_HOSTNAME),
	ALIAS("hostname", FIELD_HOST_HOSTNAME),
	ALIAS("_HOSTNAME", FIELD_HOST_HOSTNAME),
	ALIAS("devname", FIELD_OBSERVER_NAME),
	ALIAS("pid", FIELD_PROCESS_PID),
	ALIAS("_PID", FIELD_PROCESS_PID),
	ALIAS("_EXE", FIELD_PROCESS_EXECUTABLE),
	ALIAS("exe", FIELD_PROCESS_EXECUTABLE),
	ALIAS("comm", NAME_COMMAND),
	ALIAS("_CMDLINE", FIELD_PROCESS_COMMAND_LINE),
	ALIAS("cwd", FIELD_PROCESS_WORKING_DIRECTORY),
	ALIAS("_SYSTEMD_UNIT", FIELD_SERVICE_NAME),
	ALIAS("PRIORITY", FIELD_LOG_SYSLOG_SEVERITY_CODE),
	ALIAS("SYSLOG_FACILITY", FIELD_LOG_SYSLOG_FACILITY_CODE),
	ALIAS("MESSAGE_ID", FIELD_EVENT_CODE),
	ALIAS("CONTAINER_ID", FIELD_CONTAINER_ID),
	ALIAS("container_id", FIELD_CONTAINER_ID),
	ALIAS("CONTAINER_NAME", FIELD_CONTAINER_NAME),
	ALIAS("container_name", FIELD_CONTAINER_NAME),
	ALIAS("level", FIELD_LOG_LEVEL),
	ALIAS("lvl", FIELD_LOG_LEVEL),
	ALIAS("severity", FIELD_LOG_LEVEL),
	ALIAS("logger", FIELD_LOG_LOGGER),
	ALIAS("caller", FIELD_LOG_LOGGER),
	ALIAS("error", FIELD_ERROR_MESSAGE),
	ALIAS("err", FIELD_ERROR_MESSAGE),
	ALIAS("action", FIELD_EVENT_ACTION),
	ALIAS("logid", FIELD_EVENT_CODE),
	ALIAS("reason", FIELD_EVENT_REASON),

	ALIAS("src", FIELD_SOURCE_IP),
	ALIAS("srcip", FIELD_SOURCE_IP),
	ALIAS("src_ip", FIELD_SOURCE_IP),
	ALIAS("source_ip", FIELD_SOURCE_IP),
	ALIAS("remote_addr", FIELD_SOURCE_IP),
	ALIAS("remote_ip", FIELD_SOURCE_IP),
	ALIAS("remip", FIELD_SOURCE_IP),
	ALIAS("client_ip", FIELD_SOURCE_IP),
	ALIAS("clientip", FIELD_SOURCE_IP),
	ALIAS("clientIp", FIELD_SOURCE_IP),
	ALIAS("ip", FIELD_SOURCE_IP),
	ALIAS("addr", FIELD_SOURCE_IP),
	ALIAS("rhost", FIELD_SOURCE_IP),
	ALIAS("SRC", FIELD_SOURCE_IP),
	ALIAS("sport", FIELD_SOURCE_PORT),
	ALIAS("srcport", FIELD_SOURCE_PORT),
	ALIAS("src_port", FIELD_SOURCE_PORT),
	ALIAS("spt", FIELD_SOURCE_PORT),
	ALIAS("SPT", FIELD_SOURCE_PORT),
	ALIAS("remote_port", FIELD_SOURCE_PORT),
	ALIAS("dst", FIELD_DESTINATION_IP),
	ALIAS("dstip", FIELD_DESTINATION_IP),
	ALIAS("dst_ip", FIELD_DESTINATION_IP),
	ALIAS("dest_ip", FIELD_DESTINATION_IP),
	ALIAS("destination_ip", FIELD_DESTINATION_IP),
	ALIAS("DST", FIELD_DESTINATION_IP),
	ALIAS("dport", FIELD_DESTINATION_PORT),
	ALIAS("dstport", FIELD_DESTINATION_PORT),
	ALIAS("dst_port", FIELD_DESTINATION_PORT),
	ALIAS("dest_port", FIELD_DESTINATION_PORT),
	ALIAS("dpt", FIELD_DESTINATION_PORT),
	ALIAS("DPT", FIELD_DESTINATION_PORT),
	ALIAS("srcintf", FIELD_OBSERVER_INGRESS_INTERFACE),
	ALIAS("dstintf", FIELD_OBSERVER_EGRESS_INTERFACE),
	ALIAS("service", FIELD_NETWORK_PROTOCOL),
	ALIAS("app", FIELD_NETWORK_APPLICATION),
	ALIAS("policyid", FIELD_RULE_ID),
	ALIAS("policyname", FIELD_RULE_NAME),
	ALIAS("attack", FIELD_RULE_NAME),
	ALIAS("attackid", FIELD_RULE_ID),
	ALIAS("virus", FIELD_THREAT_NAME),
	ALIAS("sentbyte", FIELD_SOURCE_BYTES),
	ALIAS("rcvdbyte", FIELD_DESTINATION_BYTES),
	ALIAS("qname", FIELD_DNS_QUESTION_NAME),

	ALIAS("user", FIELD_USER_NAME),
	ALIAS("usr", FIELD_USER_NAME),
	ALIAS("username", FIELD_USER_NAME),
	ALIAS("user_name", FIELD_USER_NAME),
	ALIAS("remote_user", FIELD_USER_NAME),
	ALIAS("acct", FIELD_USER_NAME),
	ALIAS("_UID", FIELD_USER_ID),
	ALIAS("uid", FIELD_USER_ID),
	ALIAS("group", FIELD_GROUP_NAME),

	ALIAS("method", FIELD_HTTP_REQUEST_METHOD),
	ALIAS("request_method", FIELD_HTTP_REQUEST_METHOD),
	ALIAS("http_method", FIELD_HTTP_REQUEST_METHOD),
	ALIAS("status", FIELD_HTTP_RESPONSE_STATUS_CODE),
	ALIAS("status_code", FIELD_HTTP_RESPONSE_STATUS_CODE),
	ALIAS("statusCode", FIELD_HTTP_RESPONSE_STATUS_CODE),
	ALIAS("body_bytes_sent", FIELD_HTTP_RESPONSE_BODY_BYTES),
	ALIAS("bytes_sent", FIELD_HTTP_RESPONSE_BODY_BYTES),
	ALIAS("url", FIELD_URL_ORIGINAL),
	ALIAS("uri", FIELD_URL_ORIGINAL),
	ALIAS("request_uri", FIELD_URL_ORIGINAL),
	ALIAS("path", FIELD_URL_PATH),
	ALIAS("query", FIELD_URL_QUERY),
	ALIAS("http_host", FIELD_URL_DOMAIN),
	ALIAS("server_name", FIELD_URL_DOMAIN),
	ALIAS("user_agent", FIELD_USER_AGENT_ORIGINAL),
	ALIAS("http_user_agent", FIELD_USER_AGENT_ORIGINAL),
	ALIAS("userAgent", FIELD_USER_AGENT_ORIGINAL),
	ALIAS("agent", FIELD_USER_AGENT_ORIGINAL),
	ALIAS("referer", FIELD_HTTP_REQUEST_REFERRER),
	ALIAS("referrer", FIELD_HTTP_REQUEST_REFERRER),
	ALIAS("http_referer", FIELD_HTTP_REQUEST_REFERRER),
	ALIAS("filename", FIELD_FILE_PATH),
	ALIAS("file", FIELD_FILE_PATH),
};

enum { SLOTS = 1024 }; /* more than twice the aliases */

_Static_assert(ARRAY_LEN(aliases) * 2 < SLOTS, "the table of names is too full");

static uint16_t slots[SLOTS]; /* 1 + index of an alias; 0 = empty */
static once_flag made = ONCE_FLAG_INIT;

static uint32_t hash_of(struct slice name)
{
	uint32_t hash = 2166136261; /* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.ptr[i]) * 16777619;
	return (hash ^ hash >> 15) % SLOTS;
}

/* An earlier line stands before a later one of the same name: ECS names win. */
static void make_table(void)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
		uint32_t at = hash_of(aliases[i].name);

		while (slots[at] != 0)
			at = (at + 1) % SLOTS;
		slots[at] = (uint16_t)(i + 1);
	}
}

unsigned name_meaning(struct slice name)
{
	if (name.len == 0 || name.len > 64)
		return NAME_UNKNOWN;
	call_once(&made, make_table);
	for (uint32_t at = hash_of(name); slots[at] != 0; at = (at + 1) % SLOTS) {
		const struct alias *alias = &aliases[slots[at] - 1];

		if (slice_eq(alias->name, name))
			return alias->meaning;
	}
	return NAME_UNKNOWN;
}

/* Where the text of an address goes that is none. */
static enum field_id instead_of_address(unsigned id)
{
	switch (id) {
	case FIELD_SOURCE_IP:
		return FIELD_SOURCE_ADDRESS;
	case FIELD_DESTINATION_IP:
		return FIELD_DESTINATION_ADDRESS;
	case FIELD_CLIENT_IP:
		return FIELD_CLIENT_ADDRESS;
	default:
		return FIELD_HOST_NAME;
	}
}

static void put_url(struct record *record, struct parse_context *context, struct slice url)
{
	size_t query = slice_find(url, '?');

	put(record, context, FIELD_URL_ORIGINAL, url);
	if (url.len == 0 || url.ptr[0] != '/')
		return;
	put(record, context, FIELD_URL_PATH, slice_head(url, query));
	if (query < url.len)
		put(record, context, FIELD_URL_QUERY, slice_from(url, query + 1));
}

static void put_field(
	struct record *record, struct parse_context *context, unsigned id, struct slice value)
{
	if (value.len == 0)
		return;
	if (id == FIELD_URL_ORIGINAL)
		put_url(record, context, value);
	else if (field_type(id) == FIELD_IP)
		put_address(record, context, (enum field_id)id, instead_of_address(id), value);
	else
		put(record, context, (enum field_id)id, value);
}

void named_put(struct record *record, struct parse_context *context,
	struct named_values *values, unsigned meaning, struct slice value)
{
	values->n_known++;
	switch (meaning) {
	case NAME_TIME:
		/* A time of day stands beside a date; else the first that is a moment. */
		if (slice_absent(values->time) || !slice_absent(values->date))
			values->time = value;
		break;
	case NAME_DATE:
		values->date = value;
		break;
	case NAME_ZONE:
		values->zone = value;
		break;
	case NAME_MESSAGE:
		values->message = value;
		break;
	case NAME_PROGRAM:
		context->program = value;
		put_over(record, context, FIELD_PROCESS_NAME, value);
		break;
	case NAME_COMMAND:
		if (!slice_absent(context->program))
			break;
		context->program = value;
		put_over(record, context, FIELD_PROCESS_NAME, value);
		break;
	case NAME_REQUEST:
		access_log_put_request(record, context, value);
		break;
	default:
		put_field(record, context, meaning, value);
	}
}

/* "2026-11-22" "10:00:00" "+0700" joined into one stamp. */
static bool join_stamp(
	const struct parse_context *context, const struct named_values *values, int64_t *ns)
{
	char text[CLOCK_TEXT_MAX * 2];
	struct slice parts[] = {values->date, SLICE_LIT("T"), values->time,
		slice_absent(values->zone) ? SLICE_LIT("") : values->zone};
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (parts[i].len > sizeof(text) / ARRAY_LEN(parts))
			return false;
		memcpy(text + len, parts[i].ptr, parts[i].len);
		len += parts[i].len;
	}
	struct slice stamp = slice_of(text, len);
	return take_stamp_iso(&stamp, context, ns);
}

static bool stamp_from(
	const struct parse_context *context, const struct named_values *values, int64_t *ns)
{
	struct slice time = values->time;

	if (!slice_absent(values->date) && time.len >= 8 && time.ptr[2] == ':')
		return join_stamp(context, values, ns);
	if (slice_absent(time))
		time = values->date;
	if (slice_absent(time))
		return false;
	return take_stamp_iso(&time, context, ns) || stamp_from_epoch(time, ns) ||
	       take_stamp_clf(&time, context, ns) || take_stamp_slashed(&time, context, ns);
}

void named_finish(
	struct record *record, struct parse_context *context, const struct named_values *values)
{
	struct slice message = values->message;
	int64_t ns;

	if (stamp_from(context, values, &ns))
		record->created_ns = ns;
	while (message.len > 0 &&
		(message.ptr[message.len - 1] == '\n' || message.ptr[message.len - 1] == '\r'))
		message.len--;
	put_over(record, context, FIELD_MESSAGE, message);
	context->message = message.len > 0 ? message : SLICE_NONE;
}
