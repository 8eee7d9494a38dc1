/*
 * cron - "(user) VERB (detail)" of Vixie cron and its heirs
 */
#include "collector/normalize/extract.h"

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

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, user, name, detail;

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
	"CRON", "cron", "crond", "CROND", "crontab", "anacron", NULL};

const struct parser parser_cron = {
	.number = 7,
	.name = "cron",
	.module = "cron",
	.summary = "cron and crontab: commands started, tables changed",
	.source = "Vixie cron 3.0 misc.c log_it(), cronie, Debian's cron",
	.programs = programs,
	.parse = parse,
};
