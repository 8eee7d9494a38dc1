#include "collector/normalize/text/names.h"

#include "collector/normalize/families/access_log.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/pairs.h"
#include "collector/normalize/text/stamp.h"
#include "common/clock.h"
#include "common/netaddr.h"

/* The earlier of two with one name counts. */
static const struct name_entry entries[] = {
	NAME("message", NAME_MESSAGE),
#define FIELD(number, id, type, name) NAME(name, number),
#include "collector/record/fields.def"
#undef FIELD
	NAME("@timestamp", NAME_TIME),
	NAME("timestamp", NAME_TIME),
	NAME("time", NAME_TIME),
	NAME("ts", NAME_TIME),
	NAME("t", NAME_TIME),
	NAME("datetime", NAME_TIME),
	NAME("eventTime", NAME_TIME),
	NAME("eventtime", NAME_TIME),
	NAME("time_iso8601", NAME_TIME),
	NAME("timeLocal", NAME_TIME),
	NAME("time_local", NAME_TIME),
	NAME("_SOURCE_REALTIME_TIMESTAMP", NAME_TIME),
	NAME("__REALTIME_TIMESTAMP", NAME_TIME),
	NAME("@t", NAME_TIME), /* Serilog's compact and full documents */
	NAME("@m", NAME_MESSAGE),
	NAME("@mt", NAME_MESSAGE),
	NAME("@l", FIELD_LOG_LEVEL),
	NAME("@x", FIELD_ERROR_MESSAGE),
	NAME("SourceContext", FIELD_LOG_LOGGER),
	NAME("Properties.SourceContext", FIELD_LOG_LOGGER),
	NAME("Timestamp", NAME_TIME),
	NAME("Level", FIELD_LOG_LEVEL),
	NAME("RenderedMessage", NAME_MESSAGE),
	NAME("instant.epochSecond", NAME_TIME), /* Log4j 2 */
	NAME("loggerName", FIELD_LOG_LOGGER),
	NAME("logger_name", FIELD_LOG_LOGGER), /* Logback, Logstash's encoder */
	NAME("thread_name", FIELD_PROCESS_THREAD_NAME),
	NAME("threadName", FIELD_PROCESS_THREAD_NAME),
	NAME("level_name", FIELD_LOG_LEVEL),  /* Monolog */
	NAME("started_at", NAME_TIME),        /* Kong */
	NAME("fields.message", NAME_MESSAGE), /* tracing, of Rust */
	NAME("date", NAME_DATE),
	NAME("tz", NAME_ZONE),
	NAME("timezone", NAME_ZONE),
	NAME("MESSAGE", NAME_MESSAGE),
	NAME("msg", NAME_MESSAGE),
	NAME("SyslogMessage", NAME_MESSAGE),
	NAME("TimeGenerated", NAME_TIME),
	NAME("HostName", FIELD_HOST_HOSTNAME),
	NAME("ProcessName", NAME_PROGRAM),
	NAME("log", NAME_MESSAGE),
	NAME("logdesc", FIELD_RULE_DESCRIPTION),
	NAME("SYSLOG_IDENTIFIER", NAME_PROGRAM),
	NAME("_COMM", NAME_COMMAND),
	NAME("program", NAME_PROGRAM),
	NAME("appname", NAME_PROGRAM),
	NAME("request", NAME_REQUEST),

	/* journald's book-keeping; systemd.journal-fields(7) */
	NAME("__CURSOR", NAME_DROPPED),
	NAME("__MONOTONIC_TIMESTAMP", NAME_DROPPED),
	NAME("__SEQNUM", NAME_DROPPED),
	NAME("__SEQNUM_ID", NAME_DROPPED),
	NAME("_BOOT_ID", NAME_DROPPED),
	NAME("_MACHINE_ID", NAME_DROPPED),
	NAME("_TRANSPORT", NAME_DROPPED),
	NAME("_STREAM_ID", NAME_DROPPED),
	NAME("_CAP_EFFECTIVE", NAME_DROPPED),
	NAME("_SELINUX_CONTEXT", NAME_DROPPED),
	NAME("_AUDIT_LOGINUID", NAME_DROPPED),
	NAME("_AUDIT_SESSION", NAME_DROPPED),
	NAME("_SYSTEMD_CGROUP", NAME_DROPPED),
	NAME("_SYSTEMD_INVOCATION_ID", NAME_DROPPED),
	NAME("_SYSTEMD_SLICE", NAME_DROPPED),
	NAME("_RUNTIME_SCOPE", NAME_DROPPED),
	NAME("_SOURCE_MONOTONIC_TIMESTAMP", NAME_DROPPED),
	NAME("SYSLOG_PID", NAME_DROPPED),
	NAME("SYSLOG_TIMESTAMP", NAME_DROPPED),
	NAME("SYSLOG_RAW", NAME_DROPPED),
	NAME("_GID", NAME_DROPPED),

	NAME("host", FIELD_HOST_HOSTNAME),
	NAME("hostname", FIELD_HOST_HOSTNAME),
	NAME("_HOSTNAME", FIELD_HOST_HOSTNAME),
	NAME("devname", FIELD_OBSERVER_NAME),
	NAME("pid", FIELD_PROCESS_PID),
	NAME("_PID", FIELD_PROCESS_PID),
	NAME("_EXE", FIELD_PROCESS_EXECUTABLE),
	NAME("exe", FIELD_PROCESS_EXECUTABLE),
	NAME("comm", NAME_COMMAND),
	NAME("_CMDLINE", FIELD_PROCESS_COMMAND_LINE),
	NAME("cwd", FIELD_PROCESS_WORKING_DIRECTORY),
	NAME("_SYSTEMD_UNIT", FIELD_SERVICE_NAME),
	NAME("PRIORITY", FIELD_LOG_SYSLOG_SEVERITY_CODE),
	NAME("SYSLOG_FACILITY", FIELD_LOG_SYSLOG_FACILITY_CODE),
	NAME("MESSAGE_ID", FIELD_EVENT_CODE),
	NAME("CONTAINER_ID", FIELD_CONTAINER_ID),
	NAME("container_id", FIELD_CONTAINER_ID),
	NAME("CONTAINER_NAME", FIELD_CONTAINER_NAME),
	NAME("container_name", FIELD_CONTAINER_NAME),
	NAME("level", FIELD_LOG_LEVEL),
	NAME("lvl", FIELD_LOG_LEVEL),
	NAME("severity", FIELD_LOG_LEVEL),
	NAME("logger", FIELD_LOG_LOGGER),
	NAME("caller", FIELD_LOG_LOGGER),
	NAME("error", FIELD_ERROR_MESSAGE),
	NAME("err", FIELD_ERROR_MESSAGE),
	NAME("action", FIELD_EVENT_ACTION),
	NAME("logid", FIELD_EVENT_CODE),
	NAME("reason", FIELD_EVENT_REASON),

	NAME("src", FIELD_SOURCE_IP),
	NAME("srcip", FIELD_SOURCE_IP),
	NAME("src_ip", FIELD_SOURCE_IP),
	NAME("source_ip", FIELD_SOURCE_IP),
	NAME("remote_addr", FIELD_SOURCE_IP),
	NAME("remote_ip", FIELD_SOURCE_IP),
	NAME("remip", FIELD_SOURCE_IP),
	NAME("client_ip", FIELD_SOURCE_IP),
	NAME("clientip", FIELD_SOURCE_IP),
	NAME("clientIp", FIELD_SOURCE_IP),
	NAME("ip", FIELD_SOURCE_IP),
	NAME("addr", FIELD_SOURCE_IP),
	NAME("ip_addr", FIELD_SOURCE_IP),
	NAME("ip_address", FIELD_SOURCE_IP),
	NAME("ipAddress", FIELD_SOURCE_IP),
	NAME("client_addr", FIELD_SOURCE_IP),
	NAME("clientAddr", FIELD_SOURCE_IP),
	NAME("client_address", FIELD_SOURCE_IP),
	NAME("remoteIp", FIELD_SOURCE_IP),
	NAME("remote_address", FIELD_SOURCE_IP),
	NAME("user_ip", FIELD_SOURCE_IP),
	NAME("ipaddr", FIELD_SOURCE_IP),
	NAME("rhost", FIELD_SOURCE_IP),
	NAME("remoteip", FIELD_SOURCE_IP),
	NAME("IP", FIELD_SOURCE_IP),
	NAME("IpAddress", FIELD_SOURCE_IP),
	NAME("ClientIp", FIELD_SOURCE_IP),
	NAME("RemoteIpAddress", FIELD_SOURCE_IP),
	NAME("remote-addr", NAME_SOURCE), /* etcd */
	NAME("peername", NAME_SOURCE),    /* EMQX */
	NAME("SRC", FIELD_SOURCE_IP),
	NAME("sport", FIELD_SOURCE_PORT),
	NAME("srcport", FIELD_SOURCE_PORT),
	NAME("src_port", FIELD_SOURCE_PORT),
	NAME("spt", FIELD_SOURCE_PORT),
	NAME("SPT", FIELD_SOURCE_PORT),
	NAME("remote_port", FIELD_SOURCE_PORT),
	NAME("dst", FIELD_DESTINATION_IP),
	NAME("dstip", FIELD_DESTINATION_IP),
	NAME("dst_ip", FIELD_DESTINATION_IP),
	NAME("dest_ip", FIELD_DESTINATION_IP),
	NAME("destination_ip", FIELD_DESTINATION_IP),
	NAME("DST", FIELD_DESTINATION_IP),
	NAME("dport", FIELD_DESTINATION_PORT),
	NAME("dstport", FIELD_DESTINATION_PORT),
	NAME("dst_port", FIELD_DESTINATION_PORT),
	NAME("dest_port", FIELD_DESTINATION_PORT),
	NAME("dpt", FIELD_DESTINATION_PORT),
	NAME("DPT", FIELD_DESTINATION_PORT),
	NAME("srcintf", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("dstintf", FIELD_OBSERVER_EGRESS_INTERFACE),
	NAME("service", FIELD_NETWORK_PROTOCOL),
	NAME("app", FIELD_NETWORK_APPLICATION),
	NAME("policyid", FIELD_RULE_ID),
	NAME("policyname", FIELD_RULE_NAME),
	NAME("attack", FIELD_RULE_NAME),
	NAME("attackid", FIELD_RULE_ID),
	NAME("virus", FIELD_THREAT_NAME),
	NAME("sentbyte", FIELD_SOURCE_BYTES),
	NAME("rcvdbyte", FIELD_DESTINATION_BYTES),
	NAME("qname", FIELD_DNS_QUESTION_NAME),

	NAME("user", FIELD_USER_NAME),
	NAME("usr", FIELD_USER_NAME),
	NAME("username", FIELD_USER_NAME),
	NAME("user_name", FIELD_USER_NAME),
	NAME("remote_user", FIELD_USER_NAME),
	NAME("acct", FIELD_USER_NAME),
	NAME("userName", FIELD_USER_NAME),
	NAME("UserName", FIELD_USER_NAME),
	NAME("User", FIELD_USER_NAME),
	NAME("loginName", FIELD_USER_NAME),
	NAME("login_name", FIELD_USER_NAME),
	NAME("user_login", FIELD_USER_NAME),
	NAME("user.username", FIELD_USER_NAME),
	NAME("user.login", FIELD_USER_NAME),
	NAME("_UID", FIELD_USER_ID),
	NAME("uid", FIELD_USER_ID),
	NAME("group", FIELD_GROUP_NAME),

	/* Caddy, Traefik, Envoy, Kong, HAProxy and nginx in JSON */
	NAME("request.remote_ip", FIELD_SOURCE_IP),
	NAME("request.remote_addr", NAME_SOURCE),
	NAME("request.remote_port", FIELD_SOURCE_PORT),
	NAME("request.client_ip", FIELD_CLIENT_IP),
	NAME("request.proto", NAME_HTTP_VERSION),
	NAME("request.method", FIELD_HTTP_REQUEST_METHOD),
	NAME("request.host", FIELD_URL_DOMAIN),
	NAME("request.uri", FIELD_URL_ORIGINAL),
	NAME("request.headers.User-Agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("request.headers.user-agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("request.headers.Referer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("request.headers.referer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("response.status", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("size", FIELD_HTTP_RESPONSE_BODY_BYTES),
	NAME("ClientHost", FIELD_SOURCE_IP),
	NAME("ClientAddr", NAME_SOURCE),
	NAME("remoteAddr", NAME_SOURCE),
	NAME("addr.remote", NAME_SOURCE), /* Teleport */
	NAME("remoteAddress", FIELD_SOURCE_IP),
	NAME("visitor_ip", FIELD_SOURCE_IP),
	NAME("sourceIPAddress", FIELD_SOURCE_IP), /* CloudTrail */
	NAME("userIdentity.userName", FIELD_USER_NAME),
	NAME("eventName", FIELD_EVENT_ACTION),
	NAME("req.remoteAddress", FIELD_SOURCE_IP), /* loggers of Node.js */
	NAME("req.method", FIELD_HTTP_REQUEST_METHOD),
	NAME("req.url", FIELD_URL_ORIGINAL),
	NAME("req.headers.user-agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("res.statusCode", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("httpStatus", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("http_status", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("path_info", FIELD_URL_ORIGINAL), /* of WSGI */
	NAME("request_ip", NAME_ASKER),
	NAME("http_path", FIELD_URL_ORIGINAL),
	NAME("asctime", NAME_TIME),       /* loggers of Python */
	NAME("srcaddr", FIELD_SOURCE_IP), /* records of flows */
	NAME("dstaddr", FIELD_DESTINATION_IP),
	NAME("destaddr", FIELD_DESTINATION_IP),
	NAME("destport", FIELD_DESTINATION_PORT),
	NAME("rule-id", FIELD_RULE_ID),
	NAME("rule_id", FIELD_RULE_ID),
	NAME("rule_name", FIELD_RULE_NAME),
	NAME("levelname", FIELD_LOG_LEVEL),
	NAME("ClientUsername", FIELD_USER_NAME),
	NAME("DownstreamStatus", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("DownstreamContentSize", FIELD_HTTP_RESPONSE_BODY_BYTES),
	NAME("RequestHost", FIELD_URL_DOMAIN),
	NAME("RequestMethod", FIELD_HTTP_REQUEST_METHOD),
	NAME("RequestPath", FIELD_URL_ORIGINAL),
	NAME("RequestProtocol", NAME_HTTP_VERSION),
	NAME("RequestScheme", FIELD_URL_SCHEME),
	NAME("request_User-Agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("request_Referer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("StartUTC", NAME_TIME),
	NAME("start_time", NAME_TIME),
	NAME("authority", FIELD_URL_DOMAIN),
	NAME("protocol", NAME_HTTP_VERSION),
	NAME("response_code", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("downstream_remote_address", NAME_SOURCE),
	NAME("x_forwarded_for", NAME_FORWARDED),
	NAME("http_x_forwarded_for", NAME_FORWARDED),
	NAME("server_protocol", NAME_HTTP_VERSION),
	NAME("scheme", FIELD_URL_SCHEME),

	/* Fastly, Cloudflare, Apache's and nginx' own variables */
	NAME("request_protocol", NAME_HTTP_VERSION),
	NAME("request_referer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("request_user_agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("response_status", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("response_body_size", FIELD_HTTP_RESPONSE_BODY_BYTES),
	NAME("ClientIP", FIELD_SOURCE_IP),
	NAME("ClientSrcPort", FIELD_SOURCE_PORT),
	NAME("ClientRequestHost", FIELD_URL_DOMAIN),
	NAME("ClientRequestMethod", FIELD_HTTP_REQUEST_METHOD),
	NAME("ClientRequestProtocol", NAME_HTTP_VERSION),
	NAME("ClientRequestReferer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("ClientRequestURI", FIELD_URL_ORIGINAL),
	NAME("ClientRequestUserAgent", FIELD_USER_AGENT_ORIGINAL),
	NAME("EdgeResponseBytes", FIELD_HTTP_RESPONSE_BODY_BYTES),
	NAME("EdgeResponseStatus", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("EdgeStartTimestamp", NAME_TIME),
	NAME("remoteIP", FIELD_SOURCE_IP),
	NAME("remoteHost", FIELD_SOURCE_IP),
	NAME("requestMethod", FIELD_HTTP_REQUEST_METHOD),
	NAME("requestUrl", FIELD_URL_ORIGINAL),
	NAME("http_referrer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("http_version", FIELD_HTTP_VERSION),
	NAME("useragent", FIELD_USER_AGENT_ORIGINAL),
	NAME("verb", FIELD_HTTP_REQUEST_METHOD),
	NAME("httpRequest.requestMethod", FIELD_HTTP_REQUEST_METHOD),
	NAME("httpRequest.requestUrl", FIELD_URL_ORIGINAL),
	NAME("httpRequest.status", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("httpRequest.userAgent", FIELD_USER_AGENT_ORIGINAL),
	NAME("httpRequest.remoteIp", FIELD_SOURCE_IP),
	NAME("httpRequest.referer", FIELD_HTTP_REQUEST_REFERRER),

	NAME("method", FIELD_HTTP_REQUEST_METHOD),
	NAME("request_method", FIELD_HTTP_REQUEST_METHOD),
	NAME("http_method", FIELD_HTTP_REQUEST_METHOD),
	NAME("status", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("status_code", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("statusCode", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("body_bytes_sent", FIELD_HTTP_RESPONSE_BODY_BYTES),
	NAME("bytes_sent", FIELD_HTTP_RESPONSE_BODY_BYTES),
	NAME("url", FIELD_URL_ORIGINAL),
	NAME("uri", FIELD_URL_ORIGINAL),
	NAME("request_uri", FIELD_URL_ORIGINAL),
	NAME("path", FIELD_URL_PATH),
	NAME("query", FIELD_URL_QUERY),
	NAME("http_host", FIELD_URL_DOMAIN),
	NAME("server_name", FIELD_URL_DOMAIN),
	NAME("user_agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("http_user_agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("userAgent", FIELD_USER_AGENT_ORIGINAL),
	NAME("agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("referer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("referrer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("http_referer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("filename", FIELD_FILE_PATH),
	NAME("file", FIELD_FILE_PATH),
};

static struct name_table table = NAME_TABLE(entries);

unsigned name_meaning_hashed(struct slice name, uint32_t hash)
{
	return name_table_find(&table, name, hash);
}

unsigned name_meaning(struct slice name)
{
	return name_meaning_hashed(name, name_hash(name));
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

/* "192.0.2.1:4711", "[2001:db8::1]:4711" */
static bool has_port(struct slice value)
{
	struct netaddr address;
	struct slice host, port;

	if (!cut_last(value, SLICE_LIT(":"), &host, &port) || !all_digits(port))
		return false;
	if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		return true;
	return slice_find(host, ':') == host.len && netaddr_parse(host, &address);
}

/* "192.0.2.1:4711", "[2001:db8::1]:4711", an address alone */
static void put_endpoint(
	struct record *record, struct parse_context *context, struct slice value)
{
	struct slice host, port;

	if (cut_last(value, SLICE_LIT(":"), &host, &port) && all_digits(port) &&
		(slice_find(host, ':') == host.len || host.ptr[0] == '[')) {
		put_digits(record, context, FIELD_SOURCE_PORT, port);
		value = host;
	}
	if (slice_absent(record_get(record, FIELD_SOURCE_IP)))
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, value);
}

static void put_field(
	struct record *record, struct parse_context *context, unsigned id, struct slice value)
{
	if (value.len == 0 || field_is_other(id) || id == FIELD_OTHER_VALUE)
		return;
	if (id == FIELD_URL_ORIGINAL)
		access_log_put_url(record, context, value);
	else if (id == FIELD_SOURCE_IP && has_port(value))
		put_endpoint(record, context, value);
	else if (field_type(id) == FIELD_IP)
		put_address(record, context, (enum field_id)id, instead_of_address(id), value);
	else
		put(record, context, (enum field_id)id, value);
}

/* "HTTP/1.1"; other protocols have no version here. */
static void put_http_version(
	struct record *record, struct parse_context *context, struct slice value)
{
	if (skip_lit(&value, "HTTP/"))
		put_some(record, context, FIELD_HTTP_VERSION, value);
	else
		put_some(record, context, FIELD_NETWORK_PROTOCOL, value);
}

/* "203.0.113.9, 192.0.2.1, 10.0.0.2": each proxy wrote down on the right who asked it, so that
 * what stands on the left of a public address is what that one said of itself. The last
 * public address, or the first of all. */
static void put_asker(struct record *record, struct parse_context *context, struct slice list)
{
	enum { PROXIES_MAX = 16 };
	struct slice asker = slice_trim(slice_head(list, slice_find(list, ','))), last;
	struct netaddr address;

	for (unsigned i = 0; i < PROXIES_MAX && list.len > 0; i++) {
		if (!cut_last(list, SLICE_LIT(","), &list, &last)) {
			last = list;
			list = SLICE_LIT("");
		}
		last = slice_trim(last);
		if (netaddr_parse(last, &address) &&
			netaddr_scope(&address) == NETADDR_GLOBAL) {
			asker = last;
			break;
		}
	}
	if (slice_absent(record_get(record, FIELD_SOURCE_IP)))
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, asker);
}

/* Levels by number: pino and Bunyan of Node.js, Monolog of PHP. */
static const struct {
	struct slice number, word;
} levels[] = {
	{{SLICE_BYTES("10")}, {SLICE_BYTES("trace")}},
	{{SLICE_BYTES("20")}, {SLICE_BYTES("debug")}},
	{{SLICE_BYTES("30")}, {SLICE_BYTES("info")}},
	{{SLICE_BYTES("40")}, {SLICE_BYTES("warn")}},
	{{SLICE_BYTES("50")}, {SLICE_BYTES("error")}},
	{{SLICE_BYTES("60")}, {SLICE_BYTES("fatal")}},
	{{SLICE_BYTES("100")}, {SLICE_BYTES("debug")}},
	{{SLICE_BYTES("200")}, {SLICE_BYTES("info")}},
	{{SLICE_BYTES("250")}, {SLICE_BYTES("notice")}},
	{{SLICE_BYTES("300")}, {SLICE_BYTES("warning")}},
	{{SLICE_BYTES("400")}, {SLICE_BYTES("error")}},
	{{SLICE_BYTES("500")}, {SLICE_BYTES("critical")}},
	{{SLICE_BYTES("550")}, {SLICE_BYTES("alert")}},
	{{SLICE_BYTES("600")}, {SLICE_BYTES("emergency")}},
};

static struct slice level_of(struct slice value)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (slice_eq(value, levels[i].number))
			return levels[i].word;
	}
	return value;
}

/* A word for it beside its number is the program's own. */
static void put_level(struct record *record, struct parse_context *context, struct slice value)
{
	struct slice said = record_get(record, FIELD_LOG_LEVEL);

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (said.ptr == levels[i].word.ptr) {
			put_over(record, context, FIELD_LOG_LEVEL, value);
			return;
		}
	}
	put_field(record, context, FIELD_LOG_LEVEL, level_of(value));
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
	case NAME_DROPPED:
		break;
	case NAME_HTTP_VERSION:
		put_http_version(record, context, value);
		break;
	case NAME_SOURCE:
		put_endpoint(record, context, value);
		break;
	case NAME_ASKER:
		put_asker(record, context, value);
		break;
	case NAME_FORWARDED:
		put_address(record, context, FIELD_CLIENT_IP, FIELD_CLIENT_ADDRESS,
			slice_trim(slice_head(value, slice_find(value, ','))));
		break;
	case NAME_REQUEST:
		access_log_put_request(record, context, value);
		break;
	case FIELD_LOG_LEVEL:
		put_level(record, context, value);
		break;
	default:
		put_field(record, context, meaning, value);
	}
}

/* What loggers put around the values of an event; of Monolog what its processors add before
 * what the program was told. */
static const char *const wrappings[] = {"extra.", "context.", "meta.", "metadata.", "fields.",
	"Properties.", "properties.", "data.", "attributes.", "details."};

/* Who it was and from where, of "context.username", "meta.ip": what a program says of an event
 * beside its text. */
static unsigned meaning_inside(struct slice name, struct slice wrapping)
{
	if (!slice_starts(name, wrapping))
		return NAME_UNKNOWN;
	const unsigned meaning = name_meaning(slice_from(name, wrapping.len));
	return meaning == FIELD_USER_NAME || meaning == FIELD_SOURCE_IP ||
			       meaning == FIELD_SOURCE_PORT || meaning == NAME_SOURCE
		       ? meaning
		       : NAME_UNKNOWN;
}

static bool is_wrapped(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(wrappings); i++) {
		if (meaning_inside(name, slice_str(wrappings[i])) != NAME_UNKNOWN)
			return true;
	}
	return false;
}

/* A value that stands outside of a wrapping says it better. */
static bool is_said(const struct record *record, unsigned meaning)
{
	const enum field_id field =
		meaning == NAME_SOURCE ? FIELD_SOURCE_IP : (enum field_id)meaning;

	return !slice_absent(record_get(record, field));
}

/* What our own records say of themselves. */
static bool is_own(struct slice name, unsigned meaning)
{
	return meaning == FIELD_EVENT_MODULE || slice_starts(name, SLICE_LIT("soc."));
}

void named_put_pair(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair, enum field_id other)
{
	const unsigned meaning = name_meaning_hashed(pair->name, pair->hash);

	if (is_own(pair->name, meaning))
		return;
	if (meaning != NAME_UNKNOWN)
		named_put(record, context, values, meaning, pair->value);
	else if (is_wrapped(pair->name))
		values->n_wrapped++;
	else
		put_other(record, context, other, pair->name, pair->value);
}

void named_put_wrapped(struct record *record, struct parse_context *context,
	const struct pairs *pairs, struct named_values *values, enum field_id other)
{
	for (size_t i = 0; i < ARRAY_LEN(wrappings) && values->n_wrapped > 0; i++) {
		for (unsigned k = 0; k < pairs->n; k++) {
			const struct pair *pair = &pairs->items[k];
			const unsigned meaning =
				meaning_inside(pair->name, slice_str(wrappings[i]));

			if (meaning == NAME_UNKNOWN ||
				name_meaning_hashed(pair->name, pair->hash) != NAME_UNKNOWN)
				continue;
			values->n_wrapped--;
			if (is_said(record, meaning))
				put_other(record, context, other, pair->name, pair->value);
			else
				named_put(record, context, values, meaning, pair->value);
		}
	}
}

void named_put_field(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair)
{
	unsigned meaning = name_meaning_hashed(pair->name, pair->hash);

	if (meaning > NAME_UNKNOWN && meaning < FIELD_ID_MAX && meaning != FIELD_EVENT_MODULE)
		named_put(record, context, values, meaning, pair->value);
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
	       take_stamp_any(&time, context, ns);
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
