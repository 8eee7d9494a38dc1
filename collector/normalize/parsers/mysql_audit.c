/*
 * mysql-audit - who did what in MySQL and MariaDB
 *
 *	20260307 10:00:00,db1,an,203.0.113.9,12,345,QUERY,ho_so,'SELECT 1',0      server_audit
 *	{"audit_record":{"name":"Connect","status":1045,"user":"an","ip":"..."}}  Percona
 *	{"timestamp":"...","class":"connection","event":"connect","login":{...}}  Enterprise
 *	<AUDIT_RECORD NAME="Connect" STATUS="1045" USER="an" IP="..."/>           both, old
 *style <AUDIT_RECORD><NAME>Connect</NAME><STATUS>1045</STATUS>...</AUDIT_RECORD> both, new
 *style
 *
 * A user's name is what the client said and may hold commas: the operation and what stands
 * before it are read from the end, unless it is somebody who is in.
 */
#include "collector/normalize/families/database.h"
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/references.h"
#include "collector/normalize/text/stamp.h"
#include "common/markup.h"

#define STATEMENT(what, kind)                                                                  \
	.action = {SLICE_BYTES(what)}, .category = {ECS_DATABASE}, .type = {kind}

static const struct meaning disconnected = {.action = {SLICE_BYTES("database_logout")},
	.category = {ECS_DATABASE},
	.category2 = {ECS_SESSION},
	.type = {ECS_END}};
static const struct meaning queried = {STATEMENT("database_query", ECS_ACCESS)};

/* ---- server_audit ----------------------------------------------------------------------- */

static const struct value_meaning operations[] = {
	VALUE("QUERY", STATEMENT("database_query", ECS_ACCESS)),
	VALUE("QUERY_DDL", STATEMENT("database_query", ECS_CHANGE)),
	VALUE("QUERY_DML", STATEMENT("database_query", ECS_ACCESS)),
	VALUE("QUERY_DCL", STATEMENT("database_query", ECS_CHANGE)),
	VALUE("READ", STATEMENT("database_read", ECS_ACCESS)),
	VALUE("WRITE", STATEMENT("database_write", ECS_CHANGE)),
	VALUE("CREATE", STATEMENT("database_create", ECS_CHANGE)),
	VALUE("ALTER", STATEMENT("database_alter", ECS_CHANGE)),
	VALUE("RENAME", STATEMENT("database_rename", ECS_CHANGE)),
	VALUE("DROP", STATEMENT("database_drop", ECS_CHANGE)),
};

static const struct {
	struct slice name;
	const struct meaning *meaning;
} connections[] = {
	{{SLICE_BYTES("CONNECT")}, &database_let_in},
	{{SLICE_BYTES("FAILED_CONNECT")}, &database_refused},
	{{SLICE_BYTES("DISCONNECT")}, &disconnected},
};

struct audit {
	struct slice server, user, host, connection, query, operation, database, object, code;
	const struct meaning *meaning;
};

/* "db1,an,203.0.113.9,12,345": the address and the numbers from the end */
static bool take_who(struct slice text, struct audit *audit)
{
	return cut_last(text, SLICE_LIT(","), &text, &audit->query) &&
	       cut_last(text, SLICE_LIT(","), &text, &audit->connection) &&
	       cut_last(text, SLICE_LIT(","), &text, &audit->host) &&
	       take_until(&text, ',', &audit->server) && all_digits(audit->connection) &&
	       all_digits(audit->query) && (audit->user = text, true);
}

/* ",CONNECT,ho_so,,0": the last of its kind, for what stands before was typed */
static bool read_connection(struct slice text, struct audit *audit)
{
	for (size_t i = 0; i < ARRAY_LEN(connections); i++) {
		struct slice before = text, after, code, name = connections[i].name;

		if (!cut_last(text, SLICE_LIT(","), &before, &code) || !all_digits(code) ||
			!slice_ends(before, SLICE_LIT(",")))
			return false;
		before.len--;
		if (!cut_last(before, SLICE_LIT(","), &before, &after) ||
			!slice_ends(before, name) || before.len <= name.len ||
			before.ptr[before.len - name.len - 1] != ',')
			continue;
		audit->database = after;
		audit->code = code;
		audit->operation = name;
		audit->meaning = connections[i].meaning;
		return take_who(slice_head(before, before.len - name.len - 1), audit);
	}
	return false;
}

/* "...,12,345,QUERY,ho_so,'SELECT 1',0" of somebody who is in */
static bool read_statement(struct slice text, struct audit *audit)
{
	struct slice fields[6];

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (!take_until(&text, ',', &fields[i]))
			return false;
	}
	const struct meaning *meaning =
		meaning_of_value(operations, ARRAY_LEN(operations), fields[5]);
	if (meaning == NULL || !all_digits(fields[3]) || !all_digits(fields[4]) ||
		!take_until(&text, ',', &audit->database))
		return false;
	audit->server = fields[0];
	audit->user = fields[1];
	audit->host = fields[2];
	audit->connection = fields[3];
	audit->operation = fields[5];
	audit->meaning = meaning;
	audit->object = text;
	if (cut_last(text, SLICE_LIT(","), &text, &audit->code) &&
		(all_digits(audit->code) || audit->code.len == 0))
		audit->object = text;
	return true;
}

/* "'SELECT \'x\''": without the quotes around it */
static struct slice without_quotes(struct slice text)
{
	if (text.len >= 2 && text.ptr[0] == '\'' && text.ptr[text.len - 1] == '\'')
		return slice_of(text.ptr + 1, text.len - 2);
	return text;
}

static void put_audit(
	struct record *record, struct parse_context *context, const struct audit *audit)
{
	put_meaning(record, context, audit->meaning);
	put_over(record, context, FIELD_HOST_HOSTNAME, audit->server);
	put_some(record, context, FIELD_USER_NAME, audit->user);
	if (audit->host.len > 0)
		put_address(
			record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, audit->host);
	put_digits(record, context, FIELD_PROCESS_THREAD_ID, audit->connection);
	put_some(record, context, FIELD_SOC_DATABASE, audit->database);
	put_some(record, context, FIELD_EVENT_CODE, audit->code);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("operation"), audit->operation);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("object"),
		without_quotes(audit->object));
}

/* "20260307 10:00:00," */
static bool take_time(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	return rest->len > 20 && rest->ptr[8] == ' ' && rest->ptr[17] == ',' &&
	       take_stamp_any(rest, context, ns) && skip_byte(rest, ',');
}

static enum parse_result read_plugin(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	struct audit audit = {.code = SLICE_NONE};
	int64_t ns = record->created_ns;

	if (!take_time(&rest, context, &ns)) {
		if (slice_absent(context->program))
			return PARSED_NOT_MINE;
		skip_blanks(&rest);
	}
	if (!read_connection(rest, &audit) && !read_statement(rest, &audit))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put_audit(record, context, &audit);
	context->message = SLICE_NONE;
	return PARSED;
}

/* ---- JSON ------------------------------------------------------------------------------- */

static const struct name_entry entries[] = {
	/* Percona */
	NAME("audit_record.timestamp", NAME_TIME),
	NAME("audit_record.record", FIELD_EVENT_ID),
	NAME("audit_record.connection_id", FIELD_PROCESS_THREAD_ID),
	NAME("audit_record.status", FIELD_EVENT_CODE),
	NAME("audit_record.user", NAME_DROPPED), /* read below */
	NAME("audit_record.ip", FIELD_SOURCE_IP),
	NAME("audit_record.host", NAME_DROPPED),
	NAME("audit_record.db", FIELD_SOC_DATABASE),
	/* Enterprise */
	NAME("timestamp", NAME_TIME),
	NAME("id", FIELD_EVENT_ID),
	NAME("connection_id", FIELD_PROCESS_THREAD_ID),
	NAME("account.user", NAME_DROPPED),
	NAME("login.user", FIELD_USER_NAME),
	NAME("login.ip", FIELD_SOURCE_IP),
	NAME("connection_data.status", FIELD_EVENT_CODE),
	NAME("connection_data.db", FIELD_SOC_DATABASE),
	NAME("general_data.status", FIELD_EVENT_CODE),
	NAME("table_access_data.db", FIELD_SOC_DATABASE),
};
static struct name_table names = NAME_TABLE(entries);

/* "event" of class table_access. */
static const struct value_meaning accesses[] = {
	VALUE("read", STATEMENT("database_read", ECS_ACCESS)),
	VALUE("insert", STATEMENT("database_write", ECS_CHANGE)),
	VALUE("update", STATEMENT("database_write", ECS_CHANGE)),
	VALUE("delete", STATEMENT("database_delete", ECS_CHANGE)),
};

static const struct meaning *json_meaning(const struct pairs *pairs, struct slice status)
{
	struct slice name = pairs_get_lit(pairs, "audit_record.name");

	if (slice_absent(name))
		name = pairs_get_lit(pairs, "event");
	if (slice_eq_nocase(name, SLICE_LIT("Connect")))
		return slice_eq(status, SLICE_LIT("0")) ? &database_let_in : &database_refused;
	if (slice_eq(name, SLICE_LIT("Quit")) || slice_eq(name, SLICE_LIT("disconnect")))
		return &disconnected;
	if (slice_eq(name, SLICE_LIT("Query")) || slice_eq(name, SLICE_LIT("Execute")) ||
		slice_eq(name, SLICE_LIT("status")))
		return &queried;
	const struct meaning *meaning = meaning_of_value(accesses, ARRAY_LEN(accesses), name);
	return meaning ? meaning : &database_noted;
}

/* "an[an] @ localhost [203.0.113.9]" of a query, "an" of a connection */
static void put_user(struct record *record, struct parse_context *context, struct slice user)
{
	struct slice before, after;

	if (cut_last(user, SLICE_LIT("] @ "), &before, &after))
		user = slice_head(before, slice_find(before, '['));
	put_some(record, context, FIELD_USER_NAME, user);
}

static enum parse_result put_pairs(struct record *record, struct parse_context *context)
{
	const struct pairs *pairs = context->pairs;
	struct slice user = pairs_get_lit(pairs, "audit_record.user");
	int32_t zone_seconds = context->zone_seconds;
	context->zone_seconds = 0; /* both write UTC */
	enum parse_result result = document_put(record, context, &names);
	context->zone_seconds = zone_seconds;
	put_meaning(record, context, json_meaning(pairs, record_get(record, FIELD_EVENT_CODE)));
	put_user(record, context, user);
	return result;
}

static enum parse_result read_json(struct record *record, struct parse_context *context)
{
	static const char *const percona[] = {"audit_record.name", NULL};
	static const char *const enterprise[] = {"class", "event", "connection_id", NULL};

	if (!document_read(context, percona) && !document_read(context, enterprise))
		return PARSED_NOT_MINE;
	return put_pairs(record, context);
}

/* ---- XML -------------------------------------------------------------------------------- */

/* The names of XML, and those of Percona's JSON that mean the same. */
static const struct {
	struct slice xml, json;
} elements[] = {
	{{SLICE_BYTES("NAME")}, {SLICE_BYTES("audit_record.name")}},
	{{SLICE_BYTES("TIMESTAMP")}, {SLICE_BYTES("audit_record.timestamp")}},
	{{SLICE_BYTES("RECORD")}, {SLICE_BYTES("audit_record.record")}},
	{{SLICE_BYTES("RECORD_ID")}, {SLICE_BYTES("audit_record.record")}},
	{{SLICE_BYTES("CONNECTION_ID")}, {SLICE_BYTES("audit_record.connection_id")}},
	{{SLICE_BYTES("STATUS")}, {SLICE_BYTES("audit_record.status")}},
	{{SLICE_BYTES("USER")}, {SLICE_BYTES("audit_record.user")}},
	{{SLICE_BYTES("HOST")}, {SLICE_BYTES("audit_record.host")}},
	{{SLICE_BYTES("IP")}, {SLICE_BYTES("audit_record.ip")}},
	{{SLICE_BYTES("DB")}, {SLICE_BYTES("audit_record.db")}},
	{{SLICE_BYTES("COMMAND_CLASS")}, {SLICE_BYTES("audit_record.command_class")}},
	{{SLICE_BYTES("SQLTEXT")}, {SLICE_BYTES("audit_record.sqltext")}},
	{{SLICE_BYTES("OS_USER")}, {SLICE_BYTES("audit_record.os_user")}},
	{{SLICE_BYTES("OS_LOGIN")}, {SLICE_BYTES("audit_record.os_login")}},
	{{SLICE_BYTES("PRIV_USER")}, {SLICE_BYTES("audit_record.priv_user")}},
	{{SLICE_BYTES("PROXY_USER")}, {SLICE_BYTES("audit_record.proxy_user")}},
};

static void add_element(struct parse_context *context, struct slice name, struct slice value)
{
	for (size_t i = 0; i < ARRAY_LEN(elements); i++) {
		if (slice_eq(elements[i].xml, name) && value.len > 0)
			pairs_add(context->pairs, elements[i].json,
				put_references_in(context, value));
	}
}

static enum markup_got add_inside(struct parse_context *context, struct markup *xml)
{
	struct slice name = SLICE_NONE;
	enum markup_got got;

	while ((got = markup_next(xml)) != MARKUP_DONE && got != MARKUP_BROKEN) {
		if (got == MARKUP_START)
			name = xml->name;
		else if (got == MARKUP_TEXT && !slice_absent(name))
			add_element(context, name, slice_trim(xml->content));
		else
			name = SLICE_NONE;
	}
	return got;
}

static enum parse_result read_xml(struct record *record, struct parse_context *context)
{
	struct markup xml;
	enum parse_result result;
	enum markup_got got;

	if (!slice_starts(context->message, SLICE_LIT("<AUDIT_RECORD")))
		return PARSED_NOT_MINE;
	if (context->message.len <= sizeof("<AUDIT_RECORD>") - 1) {
		put_meaning(record, context, &database_noted); /* its other lines may come */
		context->message = SLICE_NONE;
		return PARSED_PARTLY;
	}
	markup_init(&xml, context->message);
	if (markup_next(&xml) != MARKUP_START || !slice_eq(xml.name, SLICE_LIT("AUDIT_RECORD")))
		return PARSED_NOT_MINE;
	pairs_reset(context->pairs, context->message, PAIRS_NOTHING);
	for (size_t i = 0; i < ARRAY_LEN(elements); i++)
		add_element(context, elements[i].xml, markup_attribute(&xml, elements[i].xml));
	got = add_inside(context, &xml);
	if (!pairs_have(context->pairs, SLICE_LIT("audit_record.name")))
		return PARSED_NOT_MINE;
	result = put_pairs(record, context);
	return got == MARKUP_BROKEN ? PARSED_DAMAGED : result;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;

	if (text.len > 0 && text.ptr[0] == '<')
		return read_xml(record, context);
	return text.len > 0 && text.ptr[0] == '{' ? read_json(record, context)
						  : read_plugin(record, context);
}

/* A record of XML, up to its end: "/>" when it is of the old style. */
static bool goes_on(struct slice text, struct slice line, bool known)
{
	(void)line;
	return !known && slice_starts(text, SLICE_LIT("<AUDIT_RECORD")) &&
	       !slice_ends(text, SLICE_LIT("</AUDIT_RECORD>")) &&
	       (slice_starts(text, SLICE_LIT("<AUDIT_RECORD>")) ||
		       !slice_ends(text, SLICE_LIT("/>")));
}

static const char *const programs[] = {
	"mysql-server_auditing", "mariadb-server_auditing", "percona-audit", NULL};

const struct parser parser_mysql_audit = {
	.number = 127,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "mysql-audit",
	.module = "mysql",
	.summary =
		"MariaDB server_audit, Percona and MySQL Enterprise audit logs, JSON and XML",
	.source = "MariaDB Audit Plugin, Log Format; Percona Server 5.7 to 8.4, Audit Log "
		  "Plugin; "
		  "MySQL 8.4 Reference Manual, Audit Log File Formats",
	.programs = programs,
	.first_bytes = FIRST_BYTES_JSON FIRST_BYTES_DIGITS "<",
	.digits = DIGITS(RUN),
	.parse = parse,
	.goes_on = goes_on,
};
