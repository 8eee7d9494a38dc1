/*
 * csv - tables whose first row names their columns, of whoever exports them (rows.h)
 *
 * A first row is one at the head of a file that names a time and something else that is known,
 * or, where the settings name this format, any row of names. Columns of antivirus consoles make
 * detections, others the fields that their names mean; the rest is kept under its name.
 */
#include "collector/normalize/families/antivirus.h"
#include "collector/normalize/families/sign_in.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/rows.h"
#include "collector/normalize/text/stamp.h"

/* Beside names.h: as exports call their columns, in small letters with underscores. */
static const struct name_entry entries[] = {
	NAME("event_time", NAME_TIME),
	NAME("event_date", NAME_TIME),
	NAME("log_time", NAME_TIME),
	NAME("time_created", NAME_TIME),
	NAME("date_and_time", NAME_TIME),
	NAME("date_time", NAME_TIME),
	NAME("date_occurred", NAME_TIME),
	NAME("occurred", NAME_TIME),
	NAME("created", NAME_TIME),
	NAME("created_at", NAME_TIME),
	NAME("received", NAME_TIME),
	NAME("thoi_gian", NAME_TIME),
	NAME("ngay_gio", NAME_TIME),
	NAME("source_ip_address", FIELD_SOURCE_IP),
	NAME("source_address", FIELD_SOURCE_IP),
	NAME("src_address", FIELD_SOURCE_IP),
	NAME("client_address", FIELD_SOURCE_IP),
	NAME("remote_address", FIELD_SOURCE_IP),
	NAME("ip_address", FIELD_SOURCE_IP),
	NAME("dia_chi_ip", FIELD_SOURCE_IP),
	NAME("source_port", FIELD_SOURCE_PORT),
	NAME("destination_ip_address", FIELD_DESTINATION_IP),
	NAME("destination_address", FIELD_DESTINATION_IP),
	NAME("dst_address", FIELD_DESTINATION_IP),
	NAME("destination_port", FIELD_DESTINATION_PORT),
	NAME("protocol", FIELD_NETWORK_TRANSPORT),
	NAME("computer", FIELD_HOST_NAME),
	NAME("computer_name", FIELD_HOST_NAME),
	NAME("host_name", FIELD_HOST_NAME),
	NAME("machine", FIELD_HOST_NAME),
	NAME("ten_may", FIELD_HOST_NAME),
	NAME("account", FIELD_USER_NAME),
	NAME("account_name", FIELD_USER_NAME),
	NAME("login", FIELD_USER_NAME),
	NAME("nguoi_dung", FIELD_USER_NAME),
	NAME("tai_khoan", FIELD_USER_NAME),
	NAME("event_id", FIELD_EVENT_CODE),
	NAME("event_code", FIELD_EVENT_CODE),
	NAME("event_name", FIELD_EVENT_ACTION),
	NAME("operation", FIELD_EVENT_ACTION),
	NAME("activity", FIELD_EVENT_ACTION),
	NAME("hanh_dong", FIELD_EVENT_ACTION),
	NAME("description", NAME_MESSAGE),
	NAME("details", NAME_MESSAGE),
	NAME("noi_dung", NAME_MESSAGE),
	NAME("url", FIELD_URL_ORIGINAL),
	NAME("user_full_name", FIELD_USER_FULL_NAME),
	NAME("ho_va_ten", FIELD_USER_FULL_NAME),
	NAME("user_agent", FIELD_USER_AGENT_ORIGINAL),
	NAME("status_code", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("file_name", FIELD_FILE_NAME),
	NAME("file_path", FIELD_FILE_PATH),
	NAME("process_name", FIELD_PROCESS_NAME),
	NAME("process_id", FIELD_PROCESS_PID),
	NAME("command_line", FIELD_PROCESS_COMMAND_LINE),
	NAME("rule_name", FIELD_RULE_NAME),
	NAME("md5", FIELD_FILE_HASH_MD5),
	NAME("sha1", FIELD_FILE_HASH_SHA1),
	NAME("sha256", FIELD_FILE_HASH_SHA256),
};
static struct name_table table = NAME_TABLE(entries);

/* Columns of a console that antivirus_names.def calls by another name. */
static const struct {
	struct slice theirs, ours;
} antivirus_names[] = {
	{{SLICE_BYTES("detected_object")}, {SLICE_BYTES("virus_name")}},
	{{SLICE_BYTES("threat")}, {SLICE_BYTES("threat_name")}},
	{{SLICE_BYTES("detection_name")}, {SLICE_BYTES("threat_name")}},
	{{SLICE_BYTES("risk_name")}, {SLICE_BYTES("threat_name")}},
	{{SLICE_BYTES("security_threat")}, {SLICE_BYTES("threat_name")}},
	{{SLICE_BYTES("ten_virus")}, {SLICE_BYTES("threat_name")}},
	{{SLICE_BYTES("ten_ma_doc")}, {SLICE_BYTES("threat_name")}},
	{{SLICE_BYTES("ma_doc")}, {SLICE_BYTES("threat_name")}},
	{{SLICE_BYTES("ten_may")}, {SLICE_BYTES("computer_name")}},
	{{SLICE_BYTES("may_tinh")}, {SLICE_BYTES("computer_name")}},
	{{SLICE_BYTES("duong_dan_tep")}, {SLICE_BYTES("file_path")}},
	{{SLICE_BYTES("duong_dan_file")}, {SLICE_BYTES("file_path")}},
	{{SLICE_BYTES("ket_qua_xu_ly")}, {SLICE_BYTES("action_taken")}},
	{{SLICE_BYTES("xu_ly")}, {SLICE_BYTES("action_taken")}},
	{{SLICE_BYTES("trang_thai")}, {SLICE_BYTES("action_taken")}},
	{{SLICE_BYTES("tai_khoan")}, {SLICE_BYTES("username")}},
	{{SLICE_BYTES("virus_malware")}, {SLICE_BYTES("threat_name")}},
	{{SLICE_BYTES("virus_malware_name")}, {SLICE_BYTES("threat_name")}},
	{{SLICE_BYTES("device")}, {SLICE_BYTES("computer_name")}},
	{{SLICE_BYTES("device_name")}, {SLICE_BYTES("computer_name")}},
	{{SLICE_BYTES("endpoint")}, {SLICE_BYTES("computer_name")}},
	{{SLICE_BYTES("computer")}, {SLICE_BYTES("computer_name")}},
	{{SLICE_BYTES("ip_address")}, {SLICE_BYTES("IP Address")}},
	{{SLICE_BYTES("object")}, {SLICE_BYTES("file_path")}},
	{{SLICE_BYTES("object_name")}, {SLICE_BYTES("file_path")}},
	{{SLICE_BYTES("path")}, {SLICE_BYTES("file_path")}},
	{{SLICE_BYTES("action")}, {SLICE_BYTES("action_taken")}},
	{{SLICE_BYTES("actual_action")}, {SLICE_BYTES("action_taken")}},
	{{SLICE_BYTES("result")}, {SLICE_BYTES("action_taken")}},
	{{SLICE_BYTES("action_result")}, {SLICE_BYTES("action_taken")}},
	{{SLICE_BYTES("group")}, {SLICE_BYTES("group_name")}},
	{{SLICE_BYTES("user_name")}, {SLICE_BYTES("username")}},
	{{SLICE_BYTES("user")}, {SLICE_BYTES("username")}},
	{{SLICE_BYTES("account")}, {SLICE_BYTES("username")}},
};

static struct slice antivirus_name(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(antivirus_names); i++) {
		if (slice_eq(name, antivirus_names[i].theirs))
			return antivirus_names[i].ours;
	}
	return name;
}

/* A column for the name of the malware. */
static bool is_malware(struct slice name)
{
	name = antivirus_name(name);
	return slice_eq(name, SLICE_LIT("threat_name")) ||
	       slice_eq(name, SLICE_LIT("virus_name")) ||
	       slice_eq(name, SLICE_LIT("malware_name"));
}

static unsigned meaning_of(struct slice name, uint32_t hash)
{
	unsigned meaning = name_table_find(&table, name, hash);

	return meaning != 0 ? meaning : name_meaning_hashed(name, hash);
}

/* ---- the first row ------------------------------------------------------------------------
 */

/* A time, and something else that is known: a list of words by chance has neither. */
static bool is_of_events(struct parse_context *context)
{
	const struct pairs *pairs = context->pairs;
	unsigned n_times = 0, n_known = 0;

	if (!rows_read(context, context->message, context->message))
		return false;
	for (unsigned i = 0; i < pairs->n; i++) {
		unsigned meaning = meaning_of(pairs->items[i].name, pairs->items[i].hash);

		n_times += meaning == NAME_TIME || meaning == NAME_DATE;
		n_known += meaning != 0 || is_malware(pairs->items[i].name);
	}
	return n_times > 0 && n_known > 1;
}

static bool is_header(struct parse_context *context)
{
	return separated_names(context->message) &&
	       (is_of_events(context) || (context->named && context->starts_source));
}

static enum parse_result parse_header(struct record *record, struct parse_context *context)
{
	context->header = context->message;
	put_other(record, context, FIELD_OTHER, SLICE_LIT("header"), context->message);
	context->message = SLICE_NONE;
	return PARSED;
}

/* ---- rows ---------------------------------------------------------------------------------
 */

/* What a console calls the malware makes its other columns those of a detection. */
static void rename_all(struct pairs *pairs)
{
	struct pair items[ROWS_COLUMNS_MAX];
	unsigned n = pairs->n < ROWS_COLUMNS_MAX ? pairs->n : ROWS_COLUMNS_MAX;

	memcpy(items, pairs->items, n * sizeof(items[0]));
	pairs_reset(pairs, SLICE_NONE, PAIRS_NOTHING);
	for (unsigned i = 0; i < n; i++)
		pairs_add(pairs, antivirus_name(items[i].name), items[i].value);
}

static bool is_detection(const struct pairs *pairs)
{
	bool found = false;

	for (unsigned i = 0; i < pairs->n && !found; i++)
		found = is_malware(pairs->items[i].name);
	return found;
}

static bool put_detection(struct record *record, struct parse_context *context)
{
	static const struct antivirus_source unknown = {.vendor = {.ptr = NULL}};

	if (!is_detection(context->pairs))
		return false;
	rename_all(context->pairs);
	return antivirus_put_pairs(record, context, &unknown);
}

/* In any form; a time of day alone waits for its date. */
static void put_time(struct record *record, struct parse_context *context,
	struct named_values *values, struct slice value)
{
	struct slice rest = value;
	int64_t ns;

	if (record->created_ns == CLOCK_NONE && take_stamp_any(&rest, context, &ns) &&
		slice_trim(rest).len == 0)
		record->created_ns = ns;
	else
		named_put(record, context, values, NAME_TIME, value);
}

static bool fits(unsigned meaning, struct slice value)
{
	return meaning >= FIELD_ID_MAX || field_type((enum field_id)meaning) != FIELD_LONG ||
	       all_digits(value);
}

static void put_column(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair, bool is_known)
{
	unsigned meaning = meaning_of(pair->name, pair->hash);

	if (meaning == NAME_TIME)
		put_time(record, context, values, pair->value);
	else if (is_known && antivirus_knows(pair))
		return;
	else if (meaning == FIELD_EVENT_MODULE || slice_starts(pair->name, SLICE_LIT("soc_")))
		return;
	else if (meaning == NAME_UNKNOWN || !fits(meaning, pair->value))
		put_other(record, context, FIELD_OTHER, pair->name, pair->value);
	else
		named_put(record, context, values, meaning, pair->value);
}

/* What a column for the event or the action says, where it is of a kind that many have. */
static void put_what_happened(struct record *record, struct parse_context *context)
{
	struct slice action = record_get(record, FIELD_EVENT_ACTION);

	if (!sign_in_take(record, context, action))
		put_connection(record, context, action);
}

static enum parse_result parse_row(struct record *record, struct parse_context *context)
{
	struct named_values values = {0};

	if (!rows_read(context, context->header, context->message))
		return PARSED_NOT_MINE;
	bool is_known = put_detection(record, context);
	for (unsigned i = 0; i < context->pairs->n; i++)
		put_column(record, context, &values, &context->pairs->items[i], is_known);
	named_finish(record, context, &values);
	if (!is_known)
		put_what_happened(record, context);
	context->message = SLICE_NONE;
	return is_known || values.n_known > 0 ? PARSED : PARSED_PARTLY;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	bool may_begin = context->starts_source || context->named;

	const bool is_headed = !slice_absent(context->header);

	if ((is_headed && slice_eq(context->header, context->message)) ||
		(may_begin && is_header(context)))
		return parse_header(record, context);
	/* A file that begins anew without one has not the old one's columns. */
	return is_headed && !context->starts_source ? parse_row(record, context)
						    : PARSED_NOT_MINE;
}

/* A value in quotes may hold line ends. */
static bool goes_on(struct slice text, struct slice line, bool known)
{
	(void)line;
	(void)known;
	return rows_is_open(text);
}

const struct parser parser_csv = {
	.number = 138,
	.roles = PARSER_ENVELOPE,
	.name = "csv",
	.module = "csv",
	.summary = "tables with a first row of names: exports of consoles, Moodle, antivirus",
	.source = "RFC 4180; MoodleDocs, Logs (download table data)",
	.parse = parse,
	.goes_on = goes_on,
};
