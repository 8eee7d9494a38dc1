/*
 * zeek - logs of Zeek (Bro): tab-separated with a header, and JSON
 *
 *	#fields	ts	uid	id.orig_h	id.orig_p	id.resp_h	...
 *	1772852400.123456	CHhAvVGS1DHFjwGM9	192.0.2.7	51000	203.0.113.9
 *443	tcp	ssl	...
 *	{"ts":1772852400.123456,"uid":"CHhAvVGS1DHFjwGM9","id.orig_h":"192.0.2.7",...}
 *
 * A file names its columns at its head, which is remembered: its lines "#separator", "#path",
 * "#fields" and their like, each with its line end. Where it is not known, the line is of the
 *one of Zeek's logs by default whose columns all have the right form (zeek_logs.def). Unset
 *values are '-' unless the head says otherwise, sets are divided by commas.
 */
#include <stdlib.h>

#include "collector/normalize/families/ids.h"
#include "collector/normalize/families/named_device.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"
#include "common/netaddr.h"

enum { COLUMNS_MAX = 48, UID_MIN = 12, UID_MAX = 24 };

enum zeek_value {
	ZEEK_ANSWERS = NAMED_END,
};

static const struct name_entry entries[] = {
	NAME("ts", NAME_TIME),
	NAME("_path", NAMED_LATER),
	NAME("_system_name", FIELD_OBSERVER_NAME),
	NAME("_write_ts", NAME_DROPPED),
	NAME("uid", FIELD_EVENT_ID),
	NAME("id.orig_h", FIELD_SOURCE_IP),
	NAME("id.orig_p", FIELD_SOURCE_PORT),
	NAME("id.resp_h", FIELD_DESTINATION_IP),
	NAME("id.resp_p", FIELD_DESTINATION_PORT),
	NAME("tx_hosts", FIELD_SOURCE_IP),
	NAME("rx_hosts", FIELD_DESTINATION_IP),
	NAME("client_addr", FIELD_SOURCE_IP),
	NAME("server_addr", FIELD_DESTINATION_IP),
	NAME("mac", FIELD_SOURCE_MAC),
	NAME("host_name", FIELD_SOURCE_DOMAIN),
	NAME("proto", NAMED_TRANSPORT),
	NAME("service", NAMED_LATER),
	NAME("community_id", FIELD_NETWORK_COMMUNITY_ID),
	NAME("vlan", FIELD_NETWORK_VLAN_ID),
	NAME("duration", NAMED_SECONDS),
	NAME("local_orig", NAMED_LATER),
	NAME("local_resp", NAMED_LATER),
	NAME("orig_pkts", FIELD_SOURCE_PACKETS),
	NAME("resp_pkts", FIELD_DESTINATION_PACKETS),
	NAME("orig_ip_bytes", FIELD_SOURCE_BYTES),
	NAME("resp_ip_bytes", FIELD_DESTINATION_BYTES),
	NAME("orig_l2_addr", FIELD_SOURCE_MAC),
	NAME("resp_l2_addr", FIELD_DESTINATION_MAC),
	NAME("trans_id", FIELD_DNS_ID),
	NAME("query", FIELD_DNS_QUESTION_NAME),
	NAME("qclass_name", FIELD_DNS_QUESTION_CLASS),
	NAME("qtype_name", FIELD_DNS_QUESTION_TYPE),
	NAME("rcode_name", FIELD_DNS_RESPONSE_CODE),
	NAME("answers", ZEEK_ANSWERS),
	NAME("method", FIELD_HTTP_REQUEST_METHOD),
	NAME("host", NAMED_LATER),
	NAME("uri", NAMED_LATER),
	NAME("referrer", FIELD_HTTP_REQUEST_REFERRER),
	NAME("user_agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("request_body_len", FIELD_HTTP_REQUEST_BODY_BYTES),
	NAME("response_body_len", FIELD_HTTP_RESPONSE_BODY_BYTES),
	NAME("status_code", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("resp_mime_types", FIELD_HTTP_RESPONSE_MIME_TYPE),
	NAME("password", NAME_DROPPED),
	NAME("username", FIELD_USER_NAME),
	NAME("user", FIELD_USER_NAME),
	NAME("cookie", FIELD_USER_NAME),
	NAME("client", NAMED_LATER),
	NAME("domainname", FIELD_USER_DOMAIN),
	NAME("version", NAMED_LATER),
	NAME("cipher", FIELD_TLS_CIPHER),
	NAME("server_name", FIELD_TLS_CLIENT_SERVER_NAME),
	NAME("subject", NAMED_LATER),
	NAME("issuer", FIELD_TLS_SERVER_ISSUER),
	NAME("ja3", FIELD_TLS_CLIENT_JA3),
	NAME("ja3s", FIELD_TLS_SERVER_JA3S),
	NAME("certificate.subject", FIELD_TLS_SERVER_SUBJECT),
	NAME("certificate.issuer", FIELD_TLS_SERVER_ISSUER),
	NAME("mailfrom", FIELD_EMAIL_SENDER_ADDRESS),
	NAME("rcptto", NAMED_LATER),
	NAME("from", NAMED_LATER),
	NAME("to", FIELD_EMAIL_TO_ADDRESS),
	NAME("cc", FIELD_EMAIL_CC_ADDRESS),
	NAME("reply_to", FIELD_EMAIL_REPLY_TO_ADDRESS),
	NAME("msg_id", FIELD_EMAIL_MESSAGE_ID),
	NAME("filename", FIELD_FILE_NAME),
	NAME("total_bytes", FIELD_FILE_SIZE),
	NAME("md5", FIELD_FILE_HASH_MD5),
	NAME("sha1", FIELD_FILE_HASH_SHA1),
	NAME("sha256", FIELD_FILE_HASH_SHA256),
	NAME("note", NAMED_LATER),
	NAME("msg", NAME_MESSAGE),
	NAME("message", NAME_MESSAGE),
	NAME("src", NAMED_LATER),
	NAME("dst", NAMED_LATER),
	NAME("p", NAMED_LATER),
	NAME("error_msg", FIELD_EVENT_REASON),
};
static struct name_table table = NAME_TABLE(entries);

static const struct device sensor = {
	{SLICE_BYTES("Zeek")}, {SLICE_BYTES("Zeek")}, {SLICE_BYTES("ids")}};

static const struct log {
	struct slice path, key, columns;
} logs[] = {
#define LOG(path, key, columns)                                                                \
	{{SLICE_BYTES(path)}, {SLICE_BYTES(key)}, {SLICE_BYTES(columns)}},
#include "collector/normalize/families/zeek_logs.def"
#undef LOG
};

struct line {
	struct slice columns[COLUMNS_MAX];
	unsigned n;
};

/* ---- lines of columns ------------------------------------------------------------------- */

static bool is_unset(struct slice text)
{
	return slice_eq(text, SLICE_LIT("-")) || slice_eq(text, SLICE_LIT("(empty)"));
}

static bool is_fraction(struct slice text)
{
	(void)skip_byte(&text, '-');
	size_t dot = slice_find(text, '.');
	return all_digits(slice_head(text, dot)) &&
	       (dot == text.len || all_digits(slice_from(text, dot + 1)));
}

static bool is_time(struct slice text)
{
	return slice_find(text, '.') >= 9 && text.len >= 12 && is_fraction(text);
}

static bool is_uid(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.ptr[i]) && text.ptr[i] != ',' &&
			((text.ptr[i] | 0x20) < 'a' || (text.ptr[i] | 0x20) > 'z'))
			return false;
	}
	return text.len >= UID_MIN &&
	       (text.ptr[0] == 'C' || text.ptr[0] == 'F' || text.ptr[0] == 'H');
}

static bool is_address(struct slice text)
{
	struct netaddr address;

	return netaddr_parse(slice_head(text, slice_find(text, ',')), &address);
}

static bool is_one_of(struct slice text, const struct slice *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_eq(words[i], text))
			return true;
	}
	return false;
}

static bool is_transport(struct slice text)
{
	static const struct slice words[] = {{SLICE_BYTES("tcp")}, {SLICE_BYTES("udp")},
		{SLICE_BYTES("icmp")}, {SLICE_BYTES("unknown_transport")}};

	return is_one_of(text, words, ARRAY_LEN(words));
}

static bool is_state(struct slice text)
{
	static const struct slice words[] = {{SLICE_BYTES("S0")}, {SLICE_BYTES("S1")},
		{SLICE_BYTES("SF")}, {SLICE_BYTES("REJ")}, {SLICE_BYTES("S2")},
		{SLICE_BYTES("S3")}, {SLICE_BYTES("RSTO")}, {SLICE_BYTES("RSTR")},
		{SLICE_BYTES("RSTOS0")}, {SLICE_BYTES("RSTRH")}, {SLICE_BYTES("SH")},
		{SLICE_BYTES("SHR")}, {SLICE_BYTES("OTH")}};

	return is_one_of(text, words, ARRAY_LEN(words));
}

static bool is_tls(struct slice text)
{
	return slice_starts(text, SLICE_LIT("TLSv")) || slice_starts(text, SLICE_LIT("SSLv")) ||
	       slice_starts(text, SLICE_LIT("DTLSv")) ||
	       slice_starts(text, SLICE_LIT("unknown-"));
}

static bool is_method(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < 'A' || text.ptr[i] > 'Z')
			return false;
	}
	return text.len > 2;
}

static bool has_type(struct slice text, char type)
{
	if (type == 't')
		return is_time(text);
	if (type == 's' || is_unset(text))
		return type != 'w' && type != '!';
	switch (type) {
	case 'u':
		return is_uid(text);
	case 'a':
		return is_address(text);
	case 'n':
		return all_digits(text);
	case 'f':
		return is_fraction(text);
	case 'b':
		return slice_eq(text, SLICE_LIT("T")) || slice_eq(text, SLICE_LIT("F"));
	case 'p':
		return is_transport(text);
	case 'c':
		return is_state(text);
	case 'v':
		return is_tls(text);
	case 'm':
		return is_method(text);
	case 'k':
		return slice_eq(text, SLICE_LIT("AS")) || slice_eq(text, SLICE_LIT("TGS"));
	case 'w':
		return slice_search(text, SLICE_LIT("::")) < text.len;
	default:
		return false;
	}
}

/* "name:type " of the list; false at its end. */
static bool next_column(struct slice *list, struct slice *name, char *type)
{
	struct slice word;

	skip_blanks(list);
	word = take_word(list);
	if (word.len < 3)
		return false;
	*name = slice_head(word, word.len - 2);
	*type = word.ptr[word.len - 1];
	return true;
}

static bool skip_bar(struct slice *list)
{
	skip_blanks(list);
	return skip_byte(list, '|');
}

static bool has_form(const struct line *line, const struct log *log)
{
	struct slice list = log->columns, name;
	bool may_end = false;
	char type;

	for (unsigned i = 0;; i++) {
		may_end = skip_bar(&list) || may_end;
		if (!next_column(&list, &name, &type))
			return true; /* sites add columns of their own */
		if (i == line->n)
			return may_end;
		if (!has_type(line->columns[i], type))
			return false;
	}
}

static void split(struct slice rest, struct line *line)
{
	while (line->n < COLUMNS_MAX && slice_cut(&rest, '\t', &line->columns[line->n]))
		line->n++;
}

/* ---- by the head of the file --------------------------------------------------------------
 */

struct head {
	char divider;
	struct slice path, names, unset, empty;
};

/* "\\x09"; no blank, which other lines have as well */
static char divider_of(struct slice text)
{
	unsigned byte = 0;

	if (!skip_lit(&text, "\\x") || text.len != 2)
		return text.len == 1 && text.ptr[0] != ' ' ? text.ptr[0] : '\t';
	for (size_t i = 0; i < 2; i++) {
		char digit = text.ptr[i];
		unsigned value = is_digit(digit) ? (unsigned)(digit - '0')
						 : (unsigned)((digit | 0x20) - 'a') + 10;
		if (value > 15)
			return '\t';
		byte = byte << 4 | value;
	}
	return byte == ' ' ? '\t' : (char)byte;
}

/* "NAME\tVALUES"; behind "#separator" stands a blank. */
static bool take_head_line(
	struct slice line, char divider, struct slice *name, struct slice *rest)
{
	size_t len =
		slice_find(line, slice_starts(line, SLICE_LIT("#separator")) ? ' ' : divider);

	if (len == line.len)
		return false;
	*name = slice_head(line, len);
	*rest = slice_from(line, len + 1);
	return true;
}

static struct head head_of(struct slice text)
{
	struct head head = {.divider = '\t',
		.path = SLICE_LIT(""),
		.names = SLICE_NONE,
		.unset = SLICE_LIT("-"),
		.empty = SLICE_LIT("(empty)")};
	struct slice line, name, value;

	while (slice_cut(&text, '\n', &line)) {
		if (!take_head_line(line, head.divider, &name, &value))
			continue;
		if (slice_eq(name, SLICE_LIT("#separator")))
			head.divider = divider_of(value);
		else if (slice_eq(name, SLICE_LIT("#path")))
			head.path = value;
		else if (slice_eq(name, SLICE_LIT("#fields")))
			head.names = value;
		else if (slice_eq(name, SLICE_LIT("#unset_field")))
			head.unset = value;
		else if (slice_eq(name, SLICE_LIT("#empty_field")))
			head.empty = value;
	}
	return head;
}

/* All columns, the first of which is the time; or it is another line. */
static bool read_headed(struct pairs *pairs, const struct head *head, struct slice text)
{
	struct slice names = head->names, name, value;

	if (slice_absent(names) || !slice_starts(names, SLICE_LIT("ts")) ||
		slice_find(names, head->divider) != 2 || names.len == 2 ||
		!is_time(slice_head(text, slice_find(text, head->divider))))
		return false;
	pairs_reset(pairs, SLICE_NONE, PAIRS_NOTHING);
	while (slice_cut(&names, head->divider, &name)) {
		if (!slice_cut(&text, head->divider, &value))
			return false;
		if (slice_eq(value, head->unset) || slice_eq(value, head->empty))
			continue;
		if (slice_starts(name, SLICE_LIT("id.")) && slice_ends(name, SLICE_LIT("_h")) &&
			!is_address(value))
			return false;
		pairs_add(pairs, name, value);
	}
	return slice_absent(text);
}

/* Into pairs, so that the rest need not know where a value came from. */
static const struct log *read_columns(struct pairs *pairs, struct slice text)
{
	struct line line = {.n = 0};
	const struct log *log = NULL;

	if (text.len < 16 ||
		slice_find(slice_head(text, 24 < text.len ? 24 : text.len), '\t') >= 24)
		return NULL;
	split(text, &line);
	if (line.n < 4 || !is_time(line.columns[0]))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(logs) && log == NULL; i++) {
		if (has_form(&line, &logs[i]))
			log = &logs[i];
	}
	if (log == NULL)
		return NULL;
	pairs_reset(pairs, SLICE_NONE, PAIRS_NOTHING);
	struct slice list = log->columns, name;
	char type;
	for (unsigned i = 0; i < line.n; i++) {
		(void)skip_bar(&list);
		if (!next_column(&list, &name, &type))
			break;
		if (!is_unset(line.columns[i]))
			pairs_add(pairs, name, line.columns[i]);
	}
	return log;
}

/* ---- JSON ------------------------------------------------------------------------------- */

static const struct log *log_named(struct slice path)
{
	for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
		if (slice_eq(path, logs[i].path))
			return &logs[i];
	}
	return NULL;
}

static const struct log *log_of_json(const struct pairs *pairs)
{
	struct slice path = pairs_get_lit(pairs, "_path");

	for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
		if (slice_absent(path) ? pairs_have(pairs, logs[i].key)
				       : slice_eq(path, logs[i].path))
			return &logs[i];
	}
	return NULL;
}

/* Zeek's JSON has "ts" and either a connection or the log's path. */
static bool is_notice(const struct pairs *pairs)
{
	struct slice note = pairs_get_lit(pairs, "note");

	return !slice_absent(note) && slice_search(note, SLICE_LIT("::")) < note.len;
}

static bool read_json(
	struct pairs *pairs, struct parse_context *context, const struct log **log)
{
	pairs_read_json(pairs, context->message, context->arena);
	if (pairs->state != PAIRS_WHOLE || !pairs_have(pairs, SLICE_LIT("ts")) ||
		(!pairs_have(pairs, SLICE_LIT("id.orig_h")) &&
			!pairs_have(pairs, SLICE_LIT("_path")) &&
			!pairs_have(pairs, SLICE_LIT("fuid")) &&
			!pairs_have(pairs, SLICE_LIT("certificate.serial")) &&
			!pairs_have(pairs, SLICE_LIT("msg_types")) && !is_notice(pairs)))
		return false;
	*log = log_of_json(pairs);
	context->full = context->full || pairs->full;
	return true;
}

/* ---- meaning ---------------------------------------------------------------------------- */

/* JSON leaves out what is not known: logs whose names of log_of_json() may be missing are told
 * by others, which only they have. */
static struct slice path_of_json(const struct pairs *pairs)
{
	static const struct {
		struct slice name, path;
	} own[] = {
		{{SLICE_BYTES("auth_attempts")}, {SLICE_BYTES("ssh")}},
		{{SLICE_BYTES("hassh")}, {SLICE_BYTES("ssh")}},
		{{SLICE_BYTES("mailfrom")}, {SLICE_BYTES("smtp")}},
		{{SLICE_BYTES("request_from")}, {SLICE_BYTES("sip")}},
		{{SLICE_BYTES("call_id")}, {SLICE_BYTES("sip")}},
		{{SLICE_BYTES("data_channel.passive")}, {SLICE_BYTES("ftp")}},
		{{SLICE_BYTES("framed_addr")}, {SLICE_BYTES("radius")}},
		{{SLICE_BYTES("connect_info")}, {SLICE_BYTES("radius")}},
		{{SLICE_BYTES("domainname")}, {SLICE_BYTES("ntlm")}},
		{{SLICE_BYTES("assigned_addr")}, {SLICE_BYTES("dhcp")}},
		{{SLICE_BYTES("func")}, {SLICE_BYTES("modbus")}},
		{{SLICE_BYTES("fc_request")}, {SLICE_BYTES("dnp3")}},
		{{SLICE_BYTES("get_bulk_requests")}, {SLICE_BYTES("snmp")}},
		{{SLICE_BYTES("stratum")}, {SLICE_BYTES("ntp")}},
		{{SLICE_BYTES("nick")}, {SLICE_BYTES("irc")}},
		{{SLICE_BYTES("software_type")}, {SLICE_BYTES("software")}},
		{{SLICE_BYTES("compile_ts")}, {SLICE_BYTES("pe")}},
		{{SLICE_BYTES("operation")}, {SLICE_BYTES("dce_rpc")}},
		{{SLICE_BYTES("cookie")}, {SLICE_BYTES("rdp")}},
	};
	struct slice path = pairs_get_lit(pairs, "_path");

	if (!slice_absent(path))
		return path;
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		if (pairs_have(pairs, own[i].name))
			return own[i].path;
	}
	if (pairs_have(pairs, SLICE_LIT("cmd")) && pairs_have(pairs, SLICE_LIT("success")))
		return SLICE_LIT("mysql");
	if (pairs_have(pairs, SLICE_LIT("command")) && pairs_have(pairs, SLICE_LIT("user")))
		return SLICE_LIT("ftp");
	if (pairs_have(pairs, SLICE_LIT("result")) && pairs_have(pairs, SLICE_LIT("username")))
		return SLICE_LIT("radius");
	if (pairs_have(pairs, SLICE_LIT("action")) && pairs_have(pairs, SLICE_LIT("name")))
		return SLICE_LIT("smb_files");
	return pairs_have(pairs, SLICE_LIT("name")) && pairs_have(pairs, SLICE_LIT("notice"))
		       ? SLICE_LIT("weird")
		       : SLICE_NONE;
}

static void put_answers(
	struct record *record, struct parse_context *context, struct slice answers)
{
	struct slice answer;

	while (slice_cut(&answers, ',', &answer)) {
		put_some(record, context, FIELD_DNS_ANSWERS_DATA, answer);
		put_only_address(record, context, FIELD_DNS_RESOLVED_IP, answer);
	}
}

static void put_pair(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair)
{
	unsigned meaning = name_table_find(&table, pair->name, pair->hash);

	if (meaning == ZEEK_ANSWERS)
		put_answers(record, context, pair->value);
	else
		named_device_put(record, context, values, pair, meaning);
}

static bool is_true(struct slice value)
{
	return slice_eq(value, SLICE_LIT("T")) || slice_eq(value, SLICE_LIT("true"));
}

struct reading {
	struct record *record;
	struct parse_context *context;
	const struct pairs *pairs;
	struct slice path;
};

#define value_of(reading, name) pairs_get((reading)->pairs, SLICE_LIT(name))

static void put_value(const struct reading *reading, enum field_id id, struct slice value)
{
	put_some(reading->record, reading->context, id, value);
}

static void tell(const struct reading *reading, enum telling telling)
{
	put_telling(reading->record, reading->context, telling);
}

/* The protocol of a connection; in other logs a service is something else. */
static void put_service(const struct reading *reading)
{
	struct slice service = value_of(reading, "service");

	if (!slice_absent(service) && !slice_eq(service, SLICE_LIT("-")))
		put_lower(reading->record, reading->context, FIELD_NETWORK_PROTOCOL, service);
}

static void tell_connection(const struct reading *reading)
{
	put_service(reading);
	struct slice from = value_of(reading, "local_orig"),
		     to = value_of(reading, "local_resp");
	bool ended = slice_eq(value_of(reading, "conn_state"), SLICE_LIT("SF"));

	tell(reading, ended ? TELLS_ENDED : TELLS_CONNECTION);
	if (slice_absent(from) || slice_absent(to))
		return;
	if (is_true(from))
		put_value(reading, FIELD_NETWORK_DIRECTION,
			is_true(to) ? SLICE_LIT("internal") : SLICE_LIT("outbound"));
	else
		put_value(reading, FIELD_NETWORK_DIRECTION,
			is_true(to) ? SLICE_LIT("inbound") : SLICE_LIT("external"));
}

static void tell_request(const struct reading *reading)
{
	struct slice uri = value_of(reading, "uri");
	struct named_values ignored = {0};

	put_value(reading, FIELD_HTTP_VERSION, value_of(reading, "version"));
	if (uri.len > 0)
		named_put(reading->record, reading->context, &ignored, FIELD_URL_ORIGINAL, uri);
	put_url_host(reading->record, reading->context, value_of(reading, "host"));
	tell(reading, TELLS_URL);
}

static void tell_tls(const struct reading *reading)
{
	struct slice version = value_of(reading, "version");

	if (!slice_absent(version))
		put_tls_version(reading->record, reading->context, version);
	put_value(reading, FIELD_TLS_SERVER_SUBJECT, value_of(reading, "subject"));
	tell(reading, TELLS_CONNECTION);
}

/* Whether a log-in went well, where Zeek could tell. */
static void tell_login(const struct reading *reading, struct slice success)
{
	if (slice_absent(success))
		tell(reading, TELLS_CONNECTION);
	else
		tell(reading, is_true(success) ? TELLS_LOGIN : TELLS_LOGIN_FAILED);
}

static void tell_ssh(const struct reading *reading)
{
	put_other(reading->record, reading->context, FIELD_OTHER, SLICE_LIT("client"),
		value_of(reading, "client"));
	tell_login(reading, value_of(reading, "auth_success"));
}

static void tell_kerberos(const struct reading *reading)
{
	put_value(reading, FIELD_USER_NAME, value_of(reading, "client"));
	tell_login(reading, value_of(reading, "success"));
}

static void tell_ntlm(const struct reading *reading)
{
	tell_login(reading, value_of(reading, "success"));
}

static void tell_radius(const struct reading *reading)
{
	struct slice result = value_of(reading, "result");

	if (slice_eq(result, SLICE_LIT("success")))
		tell(reading, TELLS_LOGIN);
	else
		tell(reading, slice_eq(result, SLICE_LIT("failed")) ? TELLS_LOGIN_FAILED
								    : TELLS_CONNECTION);
}

/* Of the envelope, where the message's own are not known. */
static void put_recipients(const struct reading *reading)
{
	const struct pairs *pairs = reading->pairs;
	const bool told = !slice_absent(record_get(reading->record, FIELD_EMAIL_TO_ADDRESS));

	for (unsigned i = 0; i < pairs->n; i++) {
		const struct pair *pair = &pairs->items[i];

		if (!slice_eq(pair->name, SLICE_LIT("rcptto")))
			continue;
		if (told)
			put_other(reading->record, reading->context, FIELD_OTHER, pair->name,
				pair->value);
		else
			put_value(reading, FIELD_EMAIL_TO_ADDRESS, pair->value);
	}
}

static void tell_mail(const struct reading *reading)
{
	put_value(reading, FIELD_EMAIL_SUBJECT, value_of(reading, "subject"));
	put_value(reading, FIELD_EMAIL_FROM_ADDRESS, value_of(reading, "from"));
	put_recipients(reading);
	tell(reading, TELLS_CONNECTION);
}

/* "\\\\srv\\share" and the name in it */
static void tell_share(const struct reading *reading)
{
	struct slice name = value_of(reading, "name");

	put_value(reading, FIELD_FILE_NAME, name);
	put_value(reading, FIELD_FILE_DIRECTORY, value_of(reading, "path"));
	if (all_digits(value_of(reading, "size")))
		put_digits(reading->record, reading->context, FIELD_FILE_SIZE,
			value_of(reading, "size"));
	put_value(reading, FIELD_EVENT_ACTION, value_of(reading, "action"));
	tell(reading, TELLS_CONNECTION);
}

/* "ftp://203.0.113.9/a.txt" of a command that moves a file */
static void tell_ftp(const struct reading *reading)
{
	struct slice argument = value_of(reading, "arg");
	struct named_values ignored = {0};

	if (slice_starts(argument, SLICE_LIT("ftp://")))
		named_put(reading->record, reading->context, &ignored, FIELD_URL_ORIGINAL,
			argument);
	if (all_digits(value_of(reading, "file_size")))
		put_digits(reading->record, reading->context, FIELD_FILE_SIZE,
			value_of(reading, "file_size"));
	put_value(reading, FIELD_EVENT_ACTION, value_of(reading, "command"));
	tell(reading, TELLS_CONNECTION);
}

/* Notices of Zeek's own scripts that are attacks; most others are remarks. */
static enum attack_class attack_of_notice(struct slice note)
{
	static const struct {
		struct slice note;
		enum attack_class attack;
	} notices[] = {
		{{SLICE_BYTES("Scan::")}, CLASS_RECON},
		{{SLICE_BYTES("Traceroute::")}, CLASS_RECON},
		{{SLICE_BYTES("SSH::Password_Guessing")}, CLASS_UNAUTHORIZED_ACCESS},
		{{SLICE_BYTES("SSH::Login_By_Password_Guesser")}, CLASS_UNAUTHORIZED_ACCESS},
		{{SLICE_BYTES("FTP::Bruteforcing")}, CLASS_UNAUTHORIZED_ACCESS},
		{{SLICE_BYTES("HTTP::SQL_Injection")}, CLASS_UNAUTHORIZED_ACCESS},
		{{SLICE_BYTES("Heartbleed::SSL_Heartbeat_Attack")}, CLASS_UNAUTHORIZED_ACCESS},
		{{SLICE_BYTES("Signatures::")}, CLASS_OTHER},
		{{SLICE_BYTES("Intel::Notice")}, CLASS_MALWARE},
		{{SLICE_BYTES("TeamCymruMalwareHashRegistry::Match")}, CLASS_MALWARE},
		{{SLICE_BYTES("ATTACK::")}, CLASS_UNAUTHORIZED_ACCESS},
	};

	for (size_t i = 0; i < ARRAY_LEN(notices); i++) {
		if (slice_starts(note, notices[i].note))
			return notices[i].attack;
	}
	return attack_of_name(note, CLASS_NONE);
}

static void put_notice_address(
	const struct reading *reading, enum field_id id, struct slice address)
{
	if (slice_absent(record_get(reading->record, id)))
		put_only_address(reading->record, reading->context, id, address);
}

static void tell_notice(const struct reading *reading)
{
	struct slice note = value_of(reading, "note");
	enum attack_class attack = attack_of_notice(note);

	put_value(reading, FIELD_RULE_NAME, note);
	put_notice_address(reading, FIELD_SOURCE_IP, value_of(reading, "src"));
	put_notice_address(reading, FIELD_DESTINATION_IP, value_of(reading, "dst"));
	if (slice_absent(record_get(reading->record, FIELD_DESTINATION_PORT)))
		put_digits(reading->record, reading->context, FIELD_DESTINATION_PORT,
			value_of(reading, "p"));
	if (attack == CLASS_NONE) {
		put(reading->record, reading->context, FIELD_EVENT_KIND, SLICE_LIT("alert"));
		tell(reading, TELLS_CONNECTION);
		return;
	}
	tell(reading, attack == CLASS_MALWARE ? TELLS_MALWARE : TELLS_ATTACK);
	put_attack(reading->record, reading->context, attack, SEVERITY_MEDIUM, false);
}

/* Something on the list of indicators was seen. */
static void tell_indicator(const struct reading *reading)
{
	put_value(reading, FIELD_RULE_NAME, value_of(reading, "sources"));
	tell(reading, TELLS_MALWARE);
	put_attack(reading->record, reading->context, CLASS_MALWARE, SEVERITY_HIGH, false);
}

static void tell_weird(const struct reading *reading)
{
	put(reading->record, reading->context, FIELD_EVENT_ACTION, SLICE_LIT("weird"));
	tell(reading, TELLS_CONNECTION);
}

static void tell_lease(const struct reading *reading)
{
	tell(reading, TELLS_LEASE);
}

static const struct {
	struct slice path;
	void (*tell)(const struct reading *reading);
} meanings[] = {
	{{SLICE_BYTES("conn")}, tell_connection},
	{{SLICE_BYTES("http")}, tell_request},
	{{SLICE_BYTES("ssl")}, tell_tls},
	{{SLICE_BYTES("ssh")}, tell_ssh},
	{{SLICE_BYTES("smtp")}, tell_mail},
	{{SLICE_BYTES("notice")}, tell_notice},
	{{SLICE_BYTES("intel")}, tell_indicator},
	{{SLICE_BYTES("weird")}, tell_weird},
	{{SLICE_BYTES("dhcp")}, tell_lease},
	{{SLICE_BYTES("ntlm")}, tell_ntlm},
	{{SLICE_BYTES("kerberos")}, tell_kerberos},
	{{SLICE_BYTES("radius")}, tell_radius},
	{{SLICE_BYTES("smb_files")}, tell_share},
	{{SLICE_BYTES("ftp")}, tell_ftp},
};

/* The logs that are of one protocol. */
static void put_protocol(const struct reading *reading)
{
	static const struct {
		struct slice path, protocol;
	} protocols[] = {
		{{SLICE_BYTES("dns")}, {SLICE_BYTES("dns")}},
		{{SLICE_BYTES("http")}, {SLICE_BYTES("http")}},
		{{SLICE_BYTES("ssl")}, {SLICE_BYTES("tls")}},
		{{SLICE_BYTES("ssh")}, {SLICE_BYTES("ssh")}},
		{{SLICE_BYTES("smtp")}, {SLICE_BYTES("smtp")}},
		{{SLICE_BYTES("ftp")}, {SLICE_BYTES("ftp")}},
		{{SLICE_BYTES("rdp")}, {SLICE_BYTES("rdp")}},
		{{SLICE_BYTES("rfb")}, {SLICE_BYTES("rfb")}},
		{{SLICE_BYTES("smb_files")}, {SLICE_BYTES("smb")}},
		{{SLICE_BYTES("smb_mapping")}, {SLICE_BYTES("smb")}},
		{{SLICE_BYTES("smb_cmd")}, {SLICE_BYTES("smb")}},
		{{SLICE_BYTES("kerberos")}, {SLICE_BYTES("kerberos")}},
		{{SLICE_BYTES("ntlm")}, {SLICE_BYTES("ntlm")}},
		{{SLICE_BYTES("dce_rpc")}, {SLICE_BYTES("dce_rpc")}},
		{{SLICE_BYTES("dhcp")}, {SLICE_BYTES("dhcp")}},
		{{SLICE_BYTES("radius")}, {SLICE_BYTES("radius")}},
		{{SLICE_BYTES("sip")}, {SLICE_BYTES("sip")}},
		{{SLICE_BYTES("snmp")}, {SLICE_BYTES("snmp")}},
		{{SLICE_BYTES("modbus")}, {SLICE_BYTES("modbus")}},
		{{SLICE_BYTES("dnp3")}, {SLICE_BYTES("dnp3")}},
		{{SLICE_BYTES("mysql")}, {SLICE_BYTES("mysql")}},
		{{SLICE_BYTES("irc")}, {SLICE_BYTES("irc")}},
		{{SLICE_BYTES("ntp")}, {SLICE_BYTES("ntp")}},
		{{SLICE_BYTES("socks")}, {SLICE_BYTES("socks")}},
		{{SLICE_BYTES("syslog")}, {SLICE_BYTES("syslog")}},
		{{SLICE_BYTES("ldap")}, {SLICE_BYTES("ldap")}},
		{{SLICE_BYTES("quic")}, {SLICE_BYTES("quic")}},
		{{SLICE_BYTES("mqtt_connect")}, {SLICE_BYTES("mqtt")}},
		{{SLICE_BYTES("mqtt_publish")}, {SLICE_BYTES("mqtt")}},
	};

	for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
		if (slice_eq(protocols[i].path, reading->path)) {
			put_value(reading, FIELD_NETWORK_PROTOCOL, protocols[i].protocol);
			put_other(reading->record, reading->context, FIELD_OTHER,
				SLICE_LIT("service"), value_of(reading, "service"));
			return;
		}
	}
	if (!slice_eq(reading->path, SLICE_LIT("conn")))
		put_service(reading);
}

static void put_meaning_of(const struct reading *reading)
{
	put_protocol(reading);
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
		if (!slice_eq(meanings[i].path, reading->path))
			continue;
		meanings[i].tell(reading);
		return;
	}
	tell(reading, TELLS_CONNECTION);
}

/* "#fields", "#open" and their like belong to the file, and say nothing by themselves. Without
 * a head that began with its separator they have tabs, and begin with the time. */
static bool is_header(struct slice text, struct slice head)
{
	static const struct slice words[] = {{SLICE_BYTES("#separator ")},
		{SLICE_BYTES("#set_separator\t")}, {SLICE_BYTES("#empty_field\t")},
		{SLICE_BYTES("#unset_field\t")}, {SLICE_BYTES("#path\t")},
		{SLICE_BYTES("#open\t")}, {SLICE_BYTES("#fields\tts\t")},
		{SLICE_BYTES("#types\ttime\t")}, {SLICE_BYTES("#close\t")}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_starts(text, words[i]))
			return true;
	}
	if (slice_absent(head))
		return false;
	for (size_t i = 1; i < ARRAY_LEN(words); i++) {
		struct slice word = slice_head(words[i], slice_find(words[i], '\t'));

		if (slice_starts(text, word) && text.len > word.len)
			return true;
	}
	return false;
}

/* A head begins with "#separator"; "#open" and "#close" tell nothing of the lines. */
static void remember(struct parse_context *context)
{
	struct slice line = context->message, before = context->header;

	if (slice_starts(line, SLICE_LIT("#open")) || slice_starts(line, SLICE_LIT("#close")) ||
		slice_starts(line, SLICE_LIT("#types")))
		return;
	if (slice_starts(line, SLICE_LIT("#separator")))
		before = SLICE_NONE;
	char *text = arena_alloc(context->arena, before.len + line.len + 1);
	if (text == NULL) {
		context->full = true;
		return;
	}
	if (before.len > 0)
		memcpy(text, before.ptr, before.len);
	memcpy(text + before.len, line.ptr, line.len);
	text[before.len + line.len] = '\n';
	context->header = slice_of(text, before.len + line.len + 1);
}

static enum parse_result parse_header(struct record *record, struct parse_context *context)
{
	struct slice line = slice_from(context->message, 1);
	struct slice name = slice_head(line, slice_find(line, '\t'));

	remember(context);
	put_device(record, context, &sensor);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("header"),
		slice_head(name, slice_find(name, ' ')));
	context->message = SLICE_NONE;
	return PARSED;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;
	struct pairs *pairs = context->pairs;
	struct named_values values = {0};
	struct head head = {.path = SLICE_LIT("")};
	const struct log *log = NULL;

	if (text.len > 0 && text.ptr[0] == '#')
		return is_header(text, context->header) ? parse_header(record, context)
							: PARSED_NOT_MINE;
	if (!slice_absent(context->header))
		head = head_of(context->header);
	if (read_headed(pairs, &head, text)) {
		log = log_named(head.path);
	} else if (text.len > 0 && is_digit(text.ptr[0])) {
		head.path = SLICE_LIT("");
		log = read_columns(pairs, text);
		if (log == NULL)
			return PARSED_NOT_MINE;
	} else if (!read_json(pairs, context, &log)) {
		return PARSED_NOT_MINE;
	} else {
		head.path = SLICE_LIT(""); /* of lines of columns */
	}
	struct reading reading = {.record = record, .context = context, .pairs = pairs};
	if (log != NULL)
		reading.path = log->path;
	else
		reading.path = head.path.len > 0 ? head.path : path_of_json(pairs);
	put_device(record, context, &sensor);
	put_some(record, context, FIELD_EVENT_DATASET, reading.path); /* "" = any */
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(record, context, &values, &pairs->items[i]);
	put_meaning_of(&reading);
	put_totals(record, context);
	named_finish(record, context, &values);
	context->message = SLICE_NONE;
	return reading.path.len > 0 ? PARSED : PARSED_PARTLY;
}

const struct parser parser_zeek = {
	.number = 64,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "zeek",
	.module = "zeek",
	.summary = "Zeek (Bro): logs of connections, protocols, files, notices",
	.source = "Book of Zeek, Log Formats and Zeek Logs; base scripts 2.6 to 7",
	.first_bytes = FIRST_BYTES_JSON FIRST_BYTES_DIGITS "#",
	.digits = DIGITS(RUN),
	.parse = parse,
};
