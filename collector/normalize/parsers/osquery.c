/*
 * osquery - results of scheduled queries, as osqueryd logs them
 *
 *	{"name":"pack_x","hostIdentifier":"web","calendarTime":"...","unixTime":"1515423115",
 *	 "decorations":{"host_uuid":"...","username":"an"},"columns":{...},"action":"added"}
 *
 * What the columns mean is told by those that a row has: a pid is a process', a path without
 * one a file's.
 */
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/stamp.h"
#include "common/clock.h"

static const struct meaning result = {
	.type = {ECS_INFO},
};

struct column {
	struct slice name;
	enum field_id id;
};

static const struct column of_file[] = {
	{{SLICE_BYTES("path")}, FIELD_FILE_PATH},
	{{SLICE_BYTES("directory")}, FIELD_FILE_DIRECTORY},
	{{SLICE_BYTES("filename")}, FIELD_FILE_NAME},
	{{SLICE_BYTES("inode")}, FIELD_FILE_INODE},
	{{SLICE_BYTES("uid")}, FIELD_FILE_UID},
	{{SLICE_BYTES("gid")}, FIELD_FILE_GID},
	{{SLICE_BYTES("mode")}, FIELD_FILE_MODE},
	{{SLICE_BYTES("size")}, FIELD_FILE_SIZE},
	{{SLICE_BYTES("type")}, FIELD_FILE_TYPE},
	{{SLICE_BYTES("atime")}, FIELD_FILE_ACCESSED},
	{{SLICE_BYTES("mtime")}, FIELD_FILE_MTIME},
	{{SLICE_BYTES("ctime")}, FIELD_FILE_CREATED},
	{{SLICE_BYTES("md5")}, FIELD_FILE_HASH_MD5},
	{{SLICE_BYTES("sha1")}, FIELD_FILE_HASH_SHA1},
	{{SLICE_BYTES("sha256")}, FIELD_FILE_HASH_SHA256},
};
static const struct column of_process[] = {
	{{SLICE_BYTES("pid")}, FIELD_PROCESS_PID},
	{{SLICE_BYTES("parent")}, FIELD_PROCESS_PARENT_PID},
	{{SLICE_BYTES("name")}, FIELD_PROCESS_NAME},
	{{SLICE_BYTES("path")}, FIELD_PROCESS_EXECUTABLE},
	{{SLICE_BYTES("cmdline")}, FIELD_PROCESS_COMMAND_LINE},
	{{SLICE_BYTES("cwd")}, FIELD_PROCESS_WORKING_DIRECTORY},
};

static const struct column of_socket[] = {
	{{SLICE_BYTES("local_address")}, FIELD_SOURCE_IP},
	{{SLICE_BYTES("local_port")}, FIELD_SOURCE_PORT},
	{{SLICE_BYTES("remote_address")}, FIELD_DESTINATION_IP},
	{{SLICE_BYTES("remote_port")}, FIELD_DESTINATION_PORT},
	{{SLICE_BYTES("uid")}, FIELD_USER_ID},
};
/* file_events: what happened to a path that is watched. */
static const struct column of_file_event[] = {
	{{SLICE_BYTES("target_path")}, FIELD_FILE_PATH},
	{{SLICE_BYTES("md5")}, FIELD_FILE_HASH_MD5},
	{{SLICE_BYTES("sha1")}, FIELD_FILE_HASH_SHA1},
	{{SLICE_BYTES("sha256")}, FIELD_FILE_HASH_SHA256},
	{{SLICE_BYTES("size")}, FIELD_FILE_SIZE},
};
/* logged_in_users, last. */
static const struct column of_session[] = {
	{{SLICE_BYTES("user")}, FIELD_USER_NAME},
	{{SLICE_BYTES("username")}, FIELD_USER_NAME},
	{{SLICE_BYTES("pid")}, FIELD_PROCESS_PID},
};
/* users, shadow, shell_history. */
static const struct column of_user[] = {
	{{SLICE_BYTES("username")}, FIELD_USER_NAME},
	{{SLICE_BYTES("uid")}, FIELD_USER_ID},
	{{SLICE_BYTES("description")}, FIELD_USER_FULL_NAME},
	{{SLICE_BYTES("command")}, FIELD_PROCESS_COMMAND_LINE},
};
/* deb_packages, rpm_packages, programs. */
static const struct column of_package[] = {
	{{SLICE_BYTES("name")}, FIELD_PACKAGE_NAME},
	{{SLICE_BYTES("version")}, FIELD_PACKAGE_VERSION},
	{{SLICE_BYTES("arch")}, FIELD_PACKAGE_ARCHITECTURE},
};

static const struct meaning process_started = {.category = {ECS_PROCESS}, .type = {ECS_START}};
static const struct meaning network_used = {
	.category = {ECS_NETWORK}, .type = {ECS_CONNECTION}, .type2 = {ECS_INFO}};
static const struct meaning file_created = {.category = {ECS_FILE}, .type = {ECS_CREATION}};
static const struct meaning file_deleted = {.category = {ECS_FILE}, .type = {ECS_DELETION}};
static const struct meaning file_changed = {.category = {ECS_FILE}, .type = {ECS_CHANGE}};

/* A row's value: of the one row of a result, however it is logged; several rows are kept as
 * they are. */
static struct slice row_value(const struct pairs *pairs, struct slice column)
{
	static const struct slice places[] = {{SLICE_BYTES("columns.")},
		{SLICE_BYTES("snapshot.")}, {SLICE_BYTES("diffResults.added.")},
		{SLICE_BYTES("diffResults.removed.")}};
	struct slice found = SLICE_NONE;

	for (unsigned i = 0; i < pairs->n; i++) {
		struct slice name = pairs->items[i].name;

		for (size_t k = 0; k < ARRAY_LEN(places); k++) {
			struct slice rest = name;

			if (!skip_text(&rest, places[k]) || !slice_eq(rest, column))
				continue;
			if (!slice_absent(found))
				return SLICE_NONE;
			found = pairs->items[i].value;
		}
	}
	return found;
}

static bool row_has(const struct pairs *pairs, struct slice column)
{
	return !slice_absent(row_value(pairs, column));
}

/* Seconds since 1970, as the table gives times, into the text of a date. */
static struct slice date_of(struct parse_context *context, struct slice seconds)
{
	char text[CLOCK_TEXT_MAX];
	int64_t ns;

	if (!stamp_from_epoch(seconds, &ns))
		return SLICE_NONE;
	struct slice date =
		arena_copy(context->arena, slice_str(clock_format_utc(ns, 3, text)));
	context->full = context->full || slice_absent(date);
	return date;
}

static void put_columns(struct record *record, struct parse_context *context,
	const struct column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slice value = row_value(context->pairs, columns[i].name);

		if (field_type(columns[i].id) == FIELD_DATE)
			value = date_of(context, value);
		put_some(record, context, columns[i].id, value);
	}
}

static void put_others(struct record *record, struct parse_context *context)
{
	const struct pairs *pairs = context->pairs;

	for (unsigned i = 0; i < pairs->n; i++) {
		struct slice name = pairs->items[i].name;

		if (slice_starts(name, SLICE_LIT("columns.")) ||
			slice_starts(name, SLICE_LIT("decorations.")) ||
			slice_starts(name, SLICE_LIT("diffResults")) ||
			slice_starts(name, SLICE_LIT("snapshot")))
			put_other(record, context, FIELD_OTHER, name, pairs->items[i].value);
	}
}

/* Tables of events say what happened; of the others a row is a state. */
static const struct meaning *meaning_of_row(const struct pairs *pairs, struct slice query)
{
	struct slice action = row_value(pairs, SLICE_LIT("action"));

	if (row_has(pairs, SLICE_LIT("target_path"))) {
		if (slice_eq(action, SLICE_LIT("CREATED")))
			return &file_created;
		return slice_eq(action, SLICE_LIT("DELETED")) ? &file_deleted : &file_changed;
	}
	if (row_has(pairs, SLICE_LIT("remote_address")))
		return &network_used;
	if (slice_search(query, SLICE_LIT("process_events")) < query.len ||
		(row_has(pairs, SLICE_LIT("auid")) && row_has(pairs, SLICE_LIT("cmdline"))))
		return &process_started;
	return &result;
}

static void put_socket(struct record *record, struct parse_context *context)
{
	put_columns(record, context, of_socket, ARRAY_LEN(of_socket));
	put_transport(record, context, row_value(context->pairs, SLICE_LIT("protocol")));
}

static void put_session(struct record *record, struct parse_context *context)
{
	struct slice host = row_value(context->pairs, SLICE_LIT("host"));

	put_columns(record, context, of_session, ARRAY_LEN(of_session));
	if (host.len > 1)
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, host);
}

static void put_row(struct record *record, struct parse_context *context)
{
	const struct pairs *pairs = context->pairs;

	if (row_has(pairs, SLICE_LIT("target_path"))) {
		put_columns(record, context, of_file_event, ARRAY_LEN(of_file_event));
		return;
	}
	if (row_has(pairs, SLICE_LIT("tty")) && row_has(pairs, SLICE_LIT("host"))) {
		put_session(record, context);
		return;
	}
	if (row_has(pairs, SLICE_LIT("remote_address")))
		put_socket(record, context);
	if (row_has(pairs, SLICE_LIT("pid")))
		put_columns(record, context, of_process, ARRAY_LEN(of_process));
	else if (row_has(pairs, SLICE_LIT("path")))
		put_columns(record, context, of_file, ARRAY_LEN(of_file));
	else if (row_has(pairs, SLICE_LIT("username")) || row_has(pairs, SLICE_LIT("command")))
		put_columns(record, context, of_user, ARRAY_LEN(of_user));
	else if (row_has(pairs, SLICE_LIT("version")))
		put_columns(record, context, of_package, ARRAY_LEN(of_package));
}

/* What osqueryd says of itself: severity 0 to 2, where in its source. */
static enum parse_result read_status(struct record *record, struct parse_context *context)
{
	static const char *const levels[] = {"info", "warning", "error"};
	const struct pairs *pairs = context->pairs;
	uint64_t severity;
	int64_t ns;

	if (!pairs_have(pairs, SLICE_LIT("filename")) ||
		!pairs_have(pairs, SLICE_LIT("line")) ||
		!slice_to_u64(
			pairs_get_lit(pairs, "severity"), ARRAY_LEN(levels) - 1, &severity) ||
		!stamp_from_epoch(pairs_get_lit(pairs, "unixTime"), &ns))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put_meaning(record, context, &result);
	put(record, context, FIELD_LOG_LEVEL, slice_str(levels[severity]));
	put_over(record, context, FIELD_HOST_HOSTNAME, pairs_get_lit(pairs, "hostIdentifier"));
	put_some(record, context, FIELD_LOG_LOGGER, pairs_get_lit(pairs, "filename"));
	put_over(record, context, FIELD_MESSAGE, pairs_get_lit(pairs, "message"));
	context->message = SLICE_NONE;
	return PARSED;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct pairs *pairs = context->pairs;
	struct slice name, host, at;
	int64_t ns;

	pairs_read_json(pairs, context->message, context->arena);
	name = pairs_get_lit(pairs, "name");
	host = pairs_get_lit(pairs, "hostIdentifier");
	at = pairs_get_lit(pairs, "unixTime");
	if (pairs->state == PAIRS_WHOLE && slice_absent(name) && !slice_absent(host))
		return read_status(record, context);
	if (pairs->state == PAIRS_NOT_MINE || slice_absent(name) || slice_absent(host) ||
		!stamp_from_epoch(at, &ns))
		return PARSED_NOT_MINE;
	context->full = context->full || pairs->full;
	record->created_ns = ns;
	put_meaning(record, context, meaning_of_row(pairs, name));
	put_some(record, context, FIELD_EVENT_ACTION, pairs_get_lit(pairs, "action"));
	put_some(record, context, FIELD_RULE_NAME, name);
	put_over(record, context, FIELD_HOST_HOSTNAME, host);
	put_some(record, context, FIELD_HOST_ID, pairs_get_lit(pairs, "decorations.host_uuid"));
	put_some(
		record, context, FIELD_USER_NAME, pairs_get_lit(pairs, "decorations.username"));
	put_row(record, context);
	put_others(record, context);
	context->message = SLICE_NONE;
	return pairs->state == PAIRS_BROKEN ? PARSED_DAMAGED : PARSED;
}

static const char *const programs[] = {"osqueryd", NULL};

const struct parser parser_osquery = {
	.number = 39,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "osquery",
	.module = "osquery",
	.summary = "results of osquery's scheduled queries",
	.source = "osquery 4 and 5, Logging: differential and snapshot results",
	.programs = programs,
	.first_bytes = FIRST_BYTES_JSON,
	.parse = parse,
};
