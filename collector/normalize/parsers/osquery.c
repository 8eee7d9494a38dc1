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
	{{SLICE_BYTES("columns.path")}, FIELD_FILE_PATH},
	{{SLICE_BYTES("columns.directory")}, FIELD_FILE_DIRECTORY},
	{{SLICE_BYTES("columns.filename")}, FIELD_FILE_NAME},
	{{SLICE_BYTES("columns.inode")}, FIELD_FILE_INODE},
	{{SLICE_BYTES("columns.uid")}, FIELD_FILE_UID},
	{{SLICE_BYTES("columns.gid")}, FIELD_FILE_GID},
	{{SLICE_BYTES("columns.mode")}, FIELD_FILE_MODE},
	{{SLICE_BYTES("columns.size")}, FIELD_FILE_SIZE},
	{{SLICE_BYTES("columns.type")}, FIELD_FILE_TYPE},
	{{SLICE_BYTES("columns.atime")}, FIELD_FILE_ACCESSED},
	{{SLICE_BYTES("columns.mtime")}, FIELD_FILE_MTIME},
	{{SLICE_BYTES("columns.ctime")}, FIELD_FILE_CREATED},
	{{SLICE_BYTES("columns.md5")}, FIELD_FILE_HASH_MD5},
	{{SLICE_BYTES("columns.sha1")}, FIELD_FILE_HASH_SHA1},
	{{SLICE_BYTES("columns.sha256")}, FIELD_FILE_HASH_SHA256},
};
static const struct column of_process[] = {
	{{SLICE_BYTES("columns.pid")}, FIELD_PROCESS_PID},
	{{SLICE_BYTES("columns.parent")}, FIELD_PROCESS_PARENT_PID},
	{{SLICE_BYTES("columns.name")}, FIELD_PROCESS_NAME},
	{{SLICE_BYTES("columns.path")}, FIELD_PROCESS_EXECUTABLE},
	{{SLICE_BYTES("columns.cmdline")}, FIELD_PROCESS_COMMAND_LINE},
	{{SLICE_BYTES("columns.cwd")}, FIELD_PROCESS_WORKING_DIRECTORY},
};

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
		struct slice value = pairs_get(context->pairs, columns[i].name);

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
			slice_starts(name, SLICE_LIT("snapshot")))
			put_other(record, context, FIELD_OTHER, name, pairs->items[i].value);
	}
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
	if (pairs->state == PAIRS_NOT_MINE || slice_absent(name) || slice_absent(host) ||
		!stamp_from_epoch(at, &ns))
		return PARSED_NOT_MINE;
	context->full = context->full || pairs->full;
	record->created_ns = ns;
	put_meaning(record, context, &result);
	put_some(record, context, FIELD_EVENT_ACTION, pairs_get_lit(pairs, "action"));
	put_some(record, context, FIELD_RULE_NAME, name);
	put_over(record, context, FIELD_HOST_HOSTNAME, host);
	put_some(record, context, FIELD_HOST_ID, pairs_get_lit(pairs, "decorations.host_uuid"));
	put_some(
		record, context, FIELD_USER_NAME, pairs_get_lit(pairs, "decorations.username"));
	if (pairs_have(pairs, SLICE_LIT("columns.pid")))
		put_columns(record, context, of_process, ARRAY_LEN(of_process));
	else if (pairs_have(pairs, SLICE_LIT("columns.path")))
		put_columns(record, context, of_file, ARRAY_LEN(of_file));
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
