/*
 * cron - "(user) VERB (detail)" of Vixie cron and its heirs
 */
#include "collector/normalize/text/extract.h"

struct verb {
	struct slice name;
	struct meaning meaning;
	enum field_id detail;
};

static const struct verb verbs[] = {
	{{SLICE_BYTES("CMD")},
		{.action = {SLICE_BYTES("cron_command")},
			.category = {ECS_PROCESS},
			.type = {ECS_START}},
		FIELD_PROCESS_COMMAND_LINE},
	{{SLICE_BYTES("CMDEND")},
		{.action = {SLICE_BYTES("cron_command_ended")},
			.category = {ECS_PROCESS},
			.type = {ECS_END}},
		FIELD_PROCESS_COMMAND_LINE},
	{{SLICE_BYTES("CMDOUT")},
		{.action = {SLICE_BYTES("cron_command_output")},
			.category = {ECS_PROCESS},
			.type = {ECS_INFO}},
		FIELD_EVENT_REASON},
	{{SLICE_BYTES("STARTUP")},
		{.action = {SLICE_BYTES("cron_started")},
			.category = {ECS_PROCESS},
			.type = {ECS_START}},
		FIELD_EVENT_REASON},
	{{SLICE_BYTES("REPLACE")},
		{.action = {SLICE_BYTES("crontab_changed")},
			.category = {ECS_CONFIGURATION},
			.type = {ECS_CHANGE}},
		FIELD_USER_TARGET_NAME},
	{{SLICE_BYTES("DELETE")},
		{.action = {SLICE_BYTES("crontab_deleted")},
			.category = {ECS_CONFIGURATION},
			.type = {ECS_DELETION}},
		FIELD_USER_TARGET_NAME},
	{{SLICE_BYTES("BEGIN EDIT")},
		{.action = {SLICE_BYTES("crontab_edit_begun")},
			.category = {ECS_CONFIGURATION},
			.type = {ECS_ACCESS}},
		FIELD_USER_TARGET_NAME},
	{{SLICE_BYTES("END EDIT")},
		{.action = {SLICE_BYTES("crontab_edit_ended")},
			.category = {ECS_CONFIGURATION},
			.type = {ECS_ACCESS}},
		FIELD_USER_TARGET_NAME},
	{{SLICE_BYTES("LIST")},
		{.action = {SLICE_BYTES("crontab_listed")},
			.category = {ECS_CONFIGURATION},
			.type = {ECS_ACCESS}},
		FIELD_USER_TARGET_NAME},
	{{SLICE_BYTES("RELOAD")},
		{.action = {SLICE_BYTES("crontab_reloaded")},
			.category = {ECS_CONFIGURATION},
			.type = {ECS_INFO}},
		FIELD_FILE_PATH},
	{{SLICE_BYTES("AUTH")},
		{.action = {SLICE_BYTES("crontab_refused")},
			.category = {ECS_CONFIGURATION},
			.type = {ECS_INFO},
			.outcome = {ECS_FAILURE}},
		FIELD_EVENT_REASON},
};

static const struct verb other = {
	.meaning = {.action = {SLICE_BYTES("cron_notice")}, .type = {ECS_INFO}},
	.detail = FIELD_EVENT_REASON,
};

static const struct verb *find_verb(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (slice_eq(verbs[i].name, name))
			return &verbs[i];
	}
	return &other;
}

static const struct meaning started = {
	.action = {SLICE_BYTES("cron_command")},
	.category = {ECS_PROCESS},
	.type = {ECS_START},
};
static const struct meaning ended = {
	.action = {SLICE_BYTES("cron_command_ended")},
	.category = {ECS_PROCESS},
	.type = {ECS_END},
};

/* "Job `cron.daily' started" */
static bool read_anacron(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice job;

	if (!skip_lit(&rest, "Job `") || !take_until(&rest, '\'', &job))
		return false;
	if (!slice_eq(rest, SLICE_LIT(" started")) &&
		!slice_starts(rest, SLICE_LIT(" terminated")))
		return false;
	put_meaning(record, context, rest.ptr[1] == 's' ? &started : &ended);
	put_some(record, context, FIELD_PROCESS_COMMAND_LINE, job);
	return true;
}

/* "USER root pid 12 cmd run-parts /etc/periodic/15min" */
static bool read_busybox(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice user, pid;

	if (!skip_lit(&rest, "USER "))
		return false;
	user = take_word(&rest);
	if (!skip_lit(&rest, " pid "))
		return false;
	skip_blanks(&rest);
	if (!take_digits(&rest, &pid) || !skip_lit(&rest, " cmd "))
		return false;
	put_meaning(record, context, &started);
	put_some(record, context, FIELD_USER_NAME, user);
	put_some(record, context, FIELD_PROCESS_COMMAND_LINE, rest);
	return true;
}

/* "(/etc/cron.daily) starting logrotate" */
static bool read_run_parts(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice folder;

	if (!skip_byte(&rest, '(') || !take_until(&rest, ')', &folder))
		return false;
	bool starts = skip_lit(&rest, " starting ");
	if (!starts && !skip_lit(&rest, " finished "))
		return false;
	put_meaning(record, context, starts ? &started : &ended);
	put_some(record, context, FIELD_PROCESS_COMMAND_LINE, rest);
	return true;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, user, name, detail;

	if (read_anacron(record, context, rest) || read_busybox(record, context, rest) ||
		read_run_parts(record, context, rest))
		return PARSED;
	if (!skip_byte(&rest, '(') || !take_until(&rest, ')', &user) || !skip_byte(&rest, ' '))
		return PARSED_NOT_MINE;
	if (!take_until(&rest, '(', &name) || rest.len == 0 || rest.ptr[rest.len - 1] != ')')
		return PARSED_NOT_MINE;
	name = slice_trim(name);
	detail = slice_head(rest, rest.len - 1);

	const struct verb *verb = find_verb(name);
	put_meaning(record, context, &verb->meaning);
	if (!slice_eq(user, SLICE_LIT("CRON")))
		put_some(record, context, FIELD_USER_NAME, user);
	put_some(record, context, verb->detail, detail);
	return PARSED;
}

static const char *const programs[] = {
	"CRON", "cron", "crond", "CROND", "crontab", "anacron", "run-parts", NULL};

const struct parser parser_cron = {
	.number = 7,
	.name = "cron",
	.module = "cron",
	.summary = "cron and crontab: commands started, tables changed",
	.source = "Vixie cron 3.0 misc.c log_it(), cronie, Debian's cron",
	.programs = programs,
	.parse = parse,
};
