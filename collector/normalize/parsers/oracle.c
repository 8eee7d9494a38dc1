/*
 * oracle - audit trails, listener log and alert log of Oracle Database
 *
 *	Oracle Unified Audit[8]: LENGTH: '204' TYPE:"4" DBUSER:"AN" ACTION:"100" RETCODE:"1017"
 *	Oracle Audit[8]: LENGTH: "250" USERID:[2] "AN" ACTION:[3] "100" RETURNCODE:[4] "1017"
 *... <AuditRecord>...<DB_User>AN</DB_User><Action>100</Action>...</AuditRecord> 07-MAR-2026
 *10:00:00 * (CONNECT_DATA=...) * (ADDRESS=...(HOST=203.0.113.9)...) * establish
 *		* orcl * 0
 *	ORA-01017: invalid username/password; logon denied
 *
 * Quotes inside of a value of the audit trails are counted by the length before it or escaped
 * in XML; what a client said of itself stands before the address.
 */
#include "collector/normalize/families/database.h"
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

#define STATEMENT(what, kind)                                                                  \
	.action = {SLICE_BYTES(what)}, .category = {ECS_DATABASE}, .type = {kind}
#define ACCOUNT(what, kind)                                                                    \
	.action = {SLICE_BYTES(what)}, .category = {ECS_IAM}, .category2 = {ECS_DATABASE},     \
	.type = {ECS_USER}, .type2 = {kind}

static const struct meaning logged_off = {.action = {SLICE_BYTES("database_logout")},
	.category = {ECS_DATABASE},
	.category2 = {ECS_SESSION},
	.type = {ECS_END}};
static const struct meaning stopped = {.action = {SLICE_BYTES("listener_command")},
	.category = {ECS_CONFIGURATION},
	.category2 = {ECS_DATABASE},
	.type = {ECS_CHANGE}};

/* ---- audit trails ----------------------------------------------------------------------- */

/* AUDIT_ACTIONS of the data dictionary. */
static const struct value_meaning actions[] = {
	VALUE("1", STATEMENT("database_create", ECS_CHANGE)),
	VALUE("2", STATEMENT("database_write", ECS_CHANGE)),
	VALUE("3", STATEMENT("database_read", ECS_ACCESS)),
	VALUE("6", STATEMENT("database_write", ECS_CHANGE)),
	VALUE("7", STATEMENT("database_delete", ECS_CHANGE)),
	VALUE("12", STATEMENT("database_drop", ECS_CHANGE)),
	VALUE("15", STATEMENT("database_alter", ECS_CHANGE)),
	VALUE("17", ACCOUNT("privilege_granted", ECS_CHANGE)),
	VALUE("18", ACCOUNT("privilege_revoked", ECS_CHANGE)),
	VALUE("35", STATEMENT("database_configured", ECS_CHANGE)),
	VALUE("43", ACCOUNT("account_changed", ECS_CHANGE)),
	VALUE("47", STATEMENT("database_execute", ECS_ACCESS)),
	VALUE("49", STATEMENT("database_configured", ECS_CHANGE)),
	VALUE("51", ACCOUNT("account_created", ECS_CREATION)),
	VALUE("53", ACCOUNT("account_deleted", ECS_DELETION)),
	VALUE("85", STATEMENT("database_truncate", ECS_CHANGE)),
	VALUE("104", STATEMENT("audit_changed", ECS_CHANGE)),
	VALUE("105", STATEMENT("audit_changed", ECS_CHANGE)),
	VALUE("108", ACCOUNT("privilege_granted", ECS_CHANGE)),
	VALUE("109", ACCOUNT("privilege_revoked", ECS_CHANGE)),
	VALUE("114", ACCOUNT("privilege_granted", ECS_CHANGE)),
	VALUE("115", ACCOUNT("privilege_revoked", ECS_CHANGE)),
	VALUE("116", STATEMENT("database_execute", ECS_ACCESS)),
};

enum {
	AUDIT_USER = FIELD_ID_MAX,
	AUDIT_ACTION,
	AUDIT_CODE,
	AUDIT_COMMENT,
	AUDIT_TIME,
};

static const struct name_entry entries[] = {
	/* unified */
	NAME("DBUSER", AUDIT_USER),
	NAME("CURUSER", FIELD_USER_EFFECTIVE_NAME),
	NAME("ACTION", AUDIT_ACTION),
	NAME("RETCODE", AUDIT_CODE),
	NAME("SCHEMA", FIELD_SOC_DATABASE),
	NAME("CLIENTID", FIELD_OTHER_VALUE),
	/* traditional */
	NAME("USERID", AUDIT_USER),
	NAME("DATABASE USER", AUDIT_USER),
	NAME("USERHOST", FIELD_SOURCE_DOMAIN),
	NAME("CLIENT TERMINAL", FIELD_OTHER_VALUE),
	NAME("RETURNCODE", AUDIT_CODE),
	NAME("STATUS", AUDIT_CODE),
	NAME("COMMENT$TEXT", AUDIT_COMMENT),
	NAME("OS$USERID", FIELD_OTHER_VALUE),
	NAME("CLIENT USER", FIELD_OTHER_VALUE),
	/* XML */
	NAME("DB_User", AUDIT_USER),
	NAME("Userhost", FIELD_SOURCE_DOMAIN),
	NAME("Action", AUDIT_ACTION),
	NAME("Returncode", AUDIT_CODE),
	NAME("Comment_Text", AUDIT_COMMENT),
	NAME("Extended_Timestamp", AUDIT_TIME),
	NAME("Object_Schema", FIELD_SOC_DATABASE),
};
static struct name_table names = NAME_TABLE(entries);

struct audit {
	struct slice user, action, code;
	unsigned n;
};

/* The value behind `name` in "(HOST=203.0.113.9)"; the last one, which the server wrote. */
static struct slice address_part(struct slice text, struct slice name)
{
	struct slice before, value;

	if (!cut_last(text, name, &before, &value))
		return SLICE_NONE;
	return slice_head(value, slice_find(value, ')'));
}

static void put_client(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice host = address_part(text, SLICE_LIT("(HOST="));

	if (slice_absent(host))
		return;
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, host);
	put_digits(record, context, FIELD_SOURCE_PORT, address_part(text, SLICE_LIT("(PORT=")));
}

static void put_named(struct record *record, struct parse_context *context, struct audit *audit,
	struct slice name, struct slice value)
{
	unsigned meaning = name_table_find(&names, name, name_hash(name));
	int64_t ns;

	audit->n += meaning != 0;
	switch (meaning) {
	case AUDIT_USER:
		audit->user = value;
		break;
	case AUDIT_ACTION:
		audit->action = value;
		break;
	case AUDIT_CODE:
		audit->code = value;
		break;
	case AUDIT_COMMENT:
		put_client(record, context, value);
		break;
	case AUDIT_TIME:
		if (take_stamp_iso(&value, context, &ns))
			record->created_ns = ns;
		break;
	case 0:
	case FIELD_OTHER_VALUE:
		put_other(record, context, FIELD_OTHER, name, value);
		break;
	default:
		put_some(record, context, (enum field_id)meaning, value);
	}
}

static const struct meaning *meaning_of(const struct audit *audit)
{
	bool well = audit->code.len == 0 || slice_eq(audit->code, SLICE_LIT("0"));
	const struct meaning *meaning;

	if (slice_eq(audit->action, SLICE_LIT("100")) ||
		slice_eq_nocase(audit->action, SLICE_LIT("CONNECT")) ||
		slice_eq_nocase(audit->action, SLICE_LIT("LOGON")))
		return well ? &database_let_in : &database_refused;
	if (slice_eq(audit->action, SLICE_LIT("101")) ||
		slice_eq(audit->action, SLICE_LIT("102")))
		return &logged_off;
	meaning = meaning_of_value(actions, ARRAY_LEN(actions), audit->action);
	return meaning ? meaning : &database_noted;
}

static enum parse_result put_audit(
	struct record *record, struct parse_context *context, const struct audit *audit)
{
	const struct meaning *meaning = meaning_of(audit);

	if (audit->n == 0)
		return PARSED_NOT_MINE;
	put_meaning(record, context, meaning);
	put_some(record, context, FIELD_USER_NAME, audit->user);
	put_some(record, context, FIELD_EVENT_CODE, audit->code);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("action"), audit->action);
	if (slice_absent(meaning->outcome) && audit->code.len > 0)
		put(record, context, FIELD_EVENT_OUTCOME,
			slice_eq(audit->code, SLICE_LIT("0")) ? SLICE_LIT("success")
							      : SLICE_LIT("failure"));
	context->message = SLICE_NONE;
	return PARSED;
}

/* NAME:"value", NAME:[4] "value", NAME:'value', LENGTH: '204' */
static bool take_pair(struct slice *rest, struct slice *name, struct slice *value)
{
	struct slice digits;
	uint64_t len;
	char quote;

	skip_blanks(rest);
	if (!take_until(rest, ':', name))
		return false;
	bool counted = skip_byte(rest, '[') && take_digits(rest, &digits) &&
		       skip_byte(rest, ']') && slice_to_u64(digits, UINT32_MAX, &len);
	skip_blanks(rest);
	if (rest->len < 2 || (rest->ptr[0] != '"' && rest->ptr[0] != '\''))
		return false;
	quote = rest->ptr[0];
	*rest = slice_from(*rest, 1);
	if (!counted || len > rest->len)
		len = slice_find(*rest, quote);
	*value = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return skip_byte(rest, quote);
}

static enum parse_result read_trail(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, name, value, pid;
	struct audit audit = {.n = 0};

	/* Of the tag "Oracle Audit[8]:" syslog takes the first word. */
	(void)skip_lit(&rest, "Oracle ");
	if ((skip_lit(&rest, "Audit[") || skip_lit(&rest, "Unified Audit[")) &&
		take_digits(&rest, &pid) && skip_lit(&rest, "]: "))
		put_digits(record, context, FIELD_PROCESS_PID, pid);
	if (!slice_starts(rest, SLICE_LIT("LENGTH")))
		return PARSED_NOT_MINE;
	while (take_pair(&rest, &name, &value))
		put_named(record, context, &audit, name, value);
	return put_audit(record, context, &audit);
}

/* "ORA-01017: invalid username/password; logon denied", "TNS-12514: ..." */
static enum parse_result read_error(struct record *record, struct parse_context *context)
{
	struct slice text = context->message, code, number;

	if (!skip_lit(&text, "ORA-") && !skip_lit(&text, "TNS-"))
		return PARSED_NOT_MINE;
	if (!take_digits(&text, &number) || !skip_lit(&text, ": "))
		return PARSED_NOT_MINE;
	code = slice_of(number.ptr - 4, number.len + 4);
	put_meaning(record, context,
		slice_eq(number, SLICE_LIT("01017")) || slice_eq(number, SLICE_LIT("28000"))
			? &database_refused
			: &database_error);
	put(record, context, FIELD_EVENT_CODE, code);
	put_some(record, context, FIELD_ERROR_MESSAGE, text);
	put_over(record, context, FIELD_MESSAGE, context->message);
	context->message = SLICE_NONE;
	return PARSED;
}

/* The value of name='...' in a tag. */
static struct slice attribute(struct slice tag, struct slice name)
{
	size_t at = slice_search(tag, name);
	struct slice rest = slice_from(tag, at), value;

	return skip_text(&rest, name) && skip_lit(&rest, "='") &&
			       take_until(&rest, '\'', &value)
		       ? value
		       : SLICE_NONE;
}

/* "<msg time='...' comp_id='rdbms' host_id='db1' ...><txt>ORA-00600: ...</txt></msg>" of
 * log.xml: the lines of one message may stand apart. */
static enum parse_result read_alert(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, tag, stamp, text;
	int64_t ns;

	if (!skip_lit(&rest, "<msg "))
		return PARSED_NOT_MINE;
	if (!take_until(&rest, '>', &tag)) {
		tag = rest; /* its other lines may come */
		rest = SLICE_LIT("");
	}
	stamp = attribute(tag, SLICE_LIT("time"));
	if (!take_stamp_iso(&stamp, context, &ns) ||
		slice_absent(attribute(tag, SLICE_LIT(" comp_id"))))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put_some(record, context, FIELD_HOST_HOSTNAME, attribute(tag, SLICE_LIT(" host_id")));
	put_only_address(
		record, context, FIELD_HOST_IP, attribute(tag, SLICE_LIT(" host_addr")));
	put_digits(record, context, FIELD_PROCESS_PID, attribute(tag, SLICE_LIT(" pid")));
	put_some(record, context, FIELD_LOG_LOGGER, attribute(tag, SLICE_LIT(" comp_id")));
	text = slice_from(rest, slice_search(rest, SLICE_LIT("<txt>")));
	(void)skip_lit(&text, "<txt>");
	text = slice_trim(slice_head(text, slice_search(text, SLICE_LIT("</txt>"))));
	while (slice_ends(text, SLICE_LIT("\n")))
		text.len--;
	if (text.len > 0)
		context->message = text;
	if (read_error(record, context) == PARSED)
		return PARSED;
	put_meaning(record, context, &database_noted);
	put_over(record, context, FIELD_MESSAGE, text);
	context->message = SLICE_NONE;
	return PARSED;
}

/* <Name>value</Name>; nothing else stands in a record of the audit trail */
static enum parse_result read_xml(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, name, value, end;
	struct audit audit = {.n = 0};

	if (!skip_lit(&rest, "<AuditRecord>"))
		return read_alert(record, context);
	for (;;) {
		rest = slice_from(rest, slice_find(rest, '<'));
		if (!skip_byte(&rest, '<') || !take_until(&rest, '>', &name) ||
			slice_starts(name, SLICE_LIT("/")) || !take_until(&rest, '<', &value) ||
			!take_until(&rest, '>', &end))
			break;
		put_named(record, context, &audit, name, value);
	}
	return put_audit(record, context, &audit);
}

/* ---- listener --------------------------------------------------------------------------- */

/* "07-MAR-2026 10:00:00 * ... * establish * orcl * 0" */
static enum parse_result read_listener(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, code, service, command, before;
	int64_t ns;

	if (rest.len < 30 || rest.ptr[2] != '-' || rest.ptr[6] != '-' ||
		!take_stamp_any(&rest, context, &ns) || !skip_lit(&rest, " * ") ||
		!cut_last(rest, SLICE_LIT(" * "), &rest, &code) || !all_digits(code))
		return PARSED_NOT_MINE;
	bool well = slice_eq(code, SLICE_LIT("0"));
	record->created_ns = ns;
	put(record, context, FIELD_EVENT_CODE, code);
	context->message = SLICE_NONE;
	if (cut_last(rest, SLICE_LIT(" * "), &before, &service) &&
		cut_last(before, SLICE_LIT(" * "), &before, &command) &&
		slice_eq(command, SLICE_LIT("establish"))) {
		put_meaning(record, context, &database_connected);
		put_some(record, context, FIELD_SOC_DATABASE, service);
		put_client(record, context, before);
		put_other(record, context, FIELD_OTHER, SLICE_LIT("client_program"),
			address_part(before, SLICE_LIT("(PROGRAM=")));
	} else {
		put_meaning(record, context,
			slice_search(rest, SLICE_LIT("stop")) < rest.len ? &stopped
									 : &database_noted);
	}
	put(record, context, FIELD_EVENT_OUTCOME,
		well ? SLICE_LIT("success") : SLICE_LIT("failure"));
	return PARSED;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;

	switch (text.len > 0 ? text.ptr[0] : ' ') {
	case '<':
		return read_xml(record, context);
	case 'L':
	case 'A':
	case 'U':
		return read_trail(record, context);
	case 'O':
	case 'T':
		return read_error(record, context);
	default:
		return read_listener(record, context);
	}
}

/* A message of log.xml, up to its end; errors stand in it as in the old alert log. */
static bool goes_on(struct slice text, struct slice line, bool known)
{
	return slice_starts(text, SLICE_LIT("<msg ")) &&
	       (!known || slice_starts(line, SLICE_LIT("ORA-"))) &&
	       !slice_ends(slice_trim(text), SLICE_LIT("</msg>"));
}

static const char *const programs[] = {"Oracle", NULL};

const struct parser parser_oracle = {
	.number = 129,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "oracle",
	.module = "oracle",
	.summary = "Oracle Database: audit trails in syslog and XML, listener, alerts, errors",
	.source = "Oracle Database 11g to 23ai Security Guide, Auditing; Net Services "
		  "Administrator's Guide, Listener Log; Error Messages",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS "<LOT",
	.digits = DIGITS(DAY),
	.parse = parse,
	.goes_on = goes_on,
};
