/*
 * mongodb - the server log of MongoDB, as text until version 4.2 and as JSON since, and its
 * audit log
 *
 *	2026-03-07T10:00:00.123+0700 I NETWORK  [conn5] connection accepted from 192.0.2.1:4711
 *	{"t":{"$date":"2026-03-07T10:00:00.123+07:00"},"s":"I","c":"ACCESS","id":20249,
 *	 "ctx":"conn5","msg":"Authentication failed","attr":{"remote":"192.0.2.1:4711",...}}
 *	{"atype":"createUser","ts":{"$date":"..."},"remote":{"ip":"192.0.2.1","port":4711},
 *	 "users":[{"user":"admin","db":"admin"}],"param":{"user":"an",...},"result":0}
 */
#include "collector/normalize/families/database.h"
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/stamp.h"

struct line {
	struct slice severity, component, context, text;
	struct slice user, remote, id;
	int64_t ns;
};

static const struct meaning ended = {
	.action = {SLICE_BYTES("database_session_closed")},
	.category = {ECS_DATABASE},
	.type = {ECS_INFO},
};

static bool holds(struct slice text, struct slice words)
{
	return slice_search(text, words) < text.len;
}

static const struct meaning *meaning_of(const struct line *line)
{
	bool access = slice_eq(line->component, SLICE_LIT("ACCESS"));

	if (access && (holds(line->text, SLICE_LIT("uthentication failed")) ||
			      slice_starts(line->text, SLICE_LIT("Failed to authenticate"))))
		return &database_refused;
	if (access &&
		(slice_starts(line->text, SLICE_LIT("Authentication succeeded")) ||
			slice_starts(line->text, SLICE_LIT("Successfully authenticated"))))
		return &database_let_in;
	if (slice_starts(line->text, SLICE_LIT("connection accepted from ")) ||
		slice_starts(line->text, SLICE_LIT("Connection accepted")))
		return &database_connected;
	if (slice_starts(line->text, SLICE_LIT("Connection ended")) ||
		slice_starts(line->text, SLICE_LIT("end connection ")))
		return &ended;
	if (slice_eq(line->severity, SLICE_LIT("E")) ||
		slice_eq(line->severity, SLICE_LIT("F")))
		return &database_error;
	return &database_noted;
}

static void put_remote(
	struct record *record, struct parse_context *context, struct slice remote)
{
	struct slice host, port;

	if (cut_last(remote, SLICE_LIT(":"), &host, &port) && all_digits(port)) {
		put_digits(record, context, FIELD_SOURCE_PORT, port);
		remote = host;
	}
	if (remote.len > 0)
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, remote);
}

static void put_line(
	struct record *record, struct parse_context *context, const struct line *line)
{
	record->created_ns = line->ns;
	put_meaning(record, context, meaning_of(line));
	put(record, context, FIELD_LOG_LEVEL, line->severity);
	put_some(record, context, FIELD_LOG_LOGGER, line->component);
	put_some(record, context, FIELD_EVENT_CODE, line->id);
	if (line->context.len > 0)
		put_other(record, context, FIELD_OTHER, SLICE_LIT("context"), line->context);
	put_some(record, context, FIELD_USER_NAME, line->user);
	put_remote(record, context, line->remote);
	put_over(record, context, FIELD_MESSAGE, line->text);
}

/* ---- text ------------------------------------------------------------------------------- */

static bool is_component(struct slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		if ((word.ptr[i] < 'A' || word.ptr[i] > 'Z') && word.ptr[i] != '_' &&
			word.ptr[i] != '-')
			return false;
	}
	return word.len > 0;
}

/* The word behind `before`. */
static struct slice word_behind(struct slice text, struct slice before)
{
	size_t at = slice_search(text, before);

	if (at == text.len)
		return SLICE_NONE;
	text = slice_from(text, at + before.len);
	text = take_word(&text);
	return slice_head(text, slice_find(text, ')'));
}

static bool read_text(struct slice rest, const struct parse_context *context, struct line *line)
{
	struct slice stamp = take_word(&rest);

	if (stamp.len < 20 || !skip_byte(&rest, ' '))
		return false;
	line->severity = take_word(&rest);
	if (line->severity.len > 2 || line->severity.len == 0 ||
		slice_find(SLICE_LIT("FEWID"), line->severity.ptr[0]) == 5 ||
		!take_stamp_iso(&stamp, context, &line->ns) || stamp.len > 0 ||
		!skip_byte(&rest, ' '))
		return false;
	skip_blanks(&rest); /* 4.0 and 4.2 write two */
	line->component = take_word(&rest);
	skip_blanks(&rest);
	if (!is_component(line->component) || !skip_byte(&rest, '[') ||
		!take_until(&rest, ']', &line->context))
		return false;
	(void)skip_byte(&rest, ' ');
	line->text = rest;
	line->user = word_behind(rest, SLICE_LIT("authentication failed for "));
	if (slice_absent(line->user))
		line->user = word_behind(rest, SLICE_LIT(" as principal "));
	if (skip_lit(&rest, "end connection ")) {
		line->remote = take_word(&rest);
		return true;
	}
	line->remote = word_behind(rest, SLICE_LIT("from client "));
	if (slice_absent(line->remote))
		line->remote = word_behind(rest, SLICE_LIT("connection accepted from "));
	return true;
}

/* ---- JSON ------------------------------------------------------------------------------- */

static struct slice either(struct slice one, struct slice other)
{
	return slice_absent(one) ? other : one;
}

static bool read_json(struct parse_context *context, struct line *line)
{
	struct pairs *pairs = context->pairs;
	struct slice stamp;

	pairs_read_json(pairs, context->message, context->arena);
	stamp = pairs_get_lit(pairs, "t.$date");
	line->severity = pairs_get_lit(pairs, "s");
	line->component = pairs_get_lit(pairs, "c");
	line->context = pairs_get_lit(pairs, "ctx");
	line->text = pairs_get_lit(pairs, "msg");
	if (pairs->state != PAIRS_WHOLE || slice_absent(line->component) ||
		slice_absent(line->context) || slice_absent(line->text) ||
		!take_stamp_iso(&stamp, context, &line->ns))
		return false;
	line->id = pairs_get_lit(pairs, "id");
	line->remote = either(
		pairs_get_lit(pairs, "attr.remote"), pairs_get_lit(pairs, "attr.client"));
	line->user = either(
		pairs_get_lit(pairs, "attr.principalName"), pairs_get_lit(pairs, "attr.user"));
	return true;
}

/* ---- audit ------------------------------------------------------------------------------ */

#define STATEMENT(what, kind)                                                                  \
	.action = {SLICE_BYTES(what)}, .category = {ECS_DATABASE}, .type = {kind}
#define IAM(what, whom, kind)                                                                  \
	.action = {SLICE_BYTES(what)}, .category = {ECS_IAM}, .category2 = {ECS_DATABASE},     \
	.type = {whom}, .type2 = {kind}

/* System Event Audit Messages. */
static const struct value_meaning audit_types[] = {
	VALUE("logout", .action = {SLICE_BYTES("database_logout")}, .category = {ECS_DATABASE},
		.category2 = {ECS_SESSION}, .type = {ECS_END}),
	VALUE("authCheck", STATEMENT("database_query", ECS_ACCESS)),
	VALUE("createDatabase", STATEMENT("database_create", ECS_CHANGE)),
	VALUE("createCollection", STATEMENT("database_create", ECS_CHANGE)),
	VALUE("createIndex", STATEMENT("database_create", ECS_CHANGE)),
	VALUE("createView", STATEMENT("database_create", ECS_CHANGE)),
	VALUE("dropDatabase", STATEMENT("database_drop", ECS_CHANGE)),
	VALUE("dropCollection", STATEMENT("database_drop", ECS_CHANGE)),
	VALUE("dropIndex", STATEMENT("database_drop", ECS_CHANGE)),
	VALUE("dropView", STATEMENT("database_drop", ECS_CHANGE)),
	VALUE("renameCollection", STATEMENT("database_rename", ECS_CHANGE)),
	VALUE("importCollection", STATEMENT("database_write", ECS_CHANGE)),
	VALUE("directAuthMutation", STATEMENT("database_write", ECS_CHANGE)),
	VALUE("createUser", IAM("account_created", ECS_USER, ECS_CREATION)),
	VALUE("updateUser", IAM("account_changed", ECS_USER, ECS_CHANGE)),
	VALUE("dropUser", IAM("account_deleted", ECS_USER, ECS_DELETION)),
	VALUE("dropAllUsersFromDatabase", IAM("account_deleted", ECS_USER, ECS_DELETION)),
	VALUE("grantRolesToUser", IAM("privilege_granted", ECS_USER, ECS_CHANGE)),
	VALUE("revokeRolesFromUser", IAM("privilege_revoked", ECS_USER, ECS_CHANGE)),
	VALUE("createRole", IAM("role_created", ECS_GROUP, ECS_CREATION)),
	VALUE("updateRole", IAM("role_changed", ECS_GROUP, ECS_CHANGE)),
	VALUE("dropRole", IAM("role_deleted", ECS_GROUP, ECS_DELETION)),
	VALUE("dropAllRolesFromDatabase", IAM("role_deleted", ECS_GROUP, ECS_DELETION)),
	VALUE("grantRolesToRole", IAM("privilege_granted", ECS_GROUP, ECS_CHANGE)),
	VALUE("revokeRolesFromRole", IAM("privilege_revoked", ECS_GROUP, ECS_CHANGE)),
	VALUE("grantPrivilegesToRole", IAM("privilege_granted", ECS_GROUP, ECS_CHANGE)),
	VALUE("revokePrivilegesFromRole", IAM("privilege_revoked", ECS_GROUP, ECS_CHANGE)),
	VALUE("auditConfigure", STATEMENT("audit_changed", ECS_CHANGE)),
	VALUE("shutdown", STATEMENT("database_shutdown", ECS_INFO)),
	VALUE("startup", STATEMENT("database_startup", ECS_INFO)),
};

static const struct name_entry audit_entries[] = {
	NAME("ts.$date", NAME_TIME),
	NAME("remote.ip", FIELD_SOURCE_IP),
	NAME("remote.port", FIELD_SOURCE_PORT),
	NAME("local.ip", FIELD_DESTINATION_IP),
	NAME("local.port", FIELD_DESTINATION_PORT),
	NAME("result", FIELD_EVENT_CODE),
	NAME("users.user", FIELD_USER_NAME),
	NAME("param.user", NAME_DROPPED), /* put_audit() */
	NAME("param.role", FIELD_GROUP_NAME),
	NAME("param.db", FIELD_SOC_DATABASE),
	NAME("uuid.$binary", NAME_DROPPED),
	NAME("uuid.$type", NAME_DROPPED),
};
static struct name_table audit_names = NAME_TABLE(audit_entries);

static void put_audit(struct record *record, struct parse_context *context)
{
	const struct pairs *pairs = context->pairs;
	struct slice type = pairs_get_lit(pairs, "atype"), whom;
	bool well = slice_eq(pairs_get_lit(pairs, "result"), SLICE_LIT("0"));
	bool enters = slice_eq(type, SLICE_LIT("authenticate"));
	const struct meaning *meaning =
		meaning_of_value(audit_types, ARRAY_LEN(audit_types), type);

	whom = pairs_get_lit(pairs, "param.user");
	if (!enters)
		put_some(record, context, FIELD_USER_TARGET_NAME, whom);
	else if (slice_absent(record_get(record, FIELD_USER_NAME)))
		put_some(record, context, FIELD_USER_NAME, whom);
	if (enters)
		meaning = well ? &database_let_in : &database_refused;
	put_meaning(record, context, meaning ? meaning : &database_noted);
	if (!enters)
		put(record, context, FIELD_EVENT_OUTCOME,
			well ? SLICE_LIT("success") : SLICE_LIT("failure"));
}

static enum parse_result read_audit(struct record *record, struct parse_context *context)
{
	static const char *const required[] = {"atype", "ts.$date", "result", NULL};
	enum parse_result result;

	if (!document_read(context, required))
		return PARSED_NOT_MINE;
	result = document_put(record, context, &audit_names);
	put_audit(record, context);
	return result;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	struct line line = {0};

	if (rest.len > 0 && is_digit(rest.ptr[0]) ? !read_text(rest, context, &line)
						  : !read_json(context, &line))
		return rest.len > 0 && rest.ptr[0] == '{' ? read_audit(record, context)
							  : PARSED_NOT_MINE;
	put_line(record, context, &line);
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"mongod", "mongos", NULL};

const struct parser parser_mongodb = {
	.number = 37,
	.roles = PARSER_ENVELOPE,
	.name = "mongodb",
	.module = "mongodb",
	.summary = "MongoDB: server log, text and JSON, and audit log",
	.source = "MongoDB Manual, Log Messages, versions 3.0 to 8.0; System Event Audit "
		  "Messages",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS FIRST_BYTES_JSON,
	.digits = DIGITS(ISO_T),
	.parse = parse,
};
