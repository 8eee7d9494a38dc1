/*
 * sudo - who ran what as whom
 *
 *	an : TTY=pts/0 ; PWD=/home/an ; USER=root ; COMMAND=/bin/cat /etc/shadow
 *	an : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh
 *
 * COMMAND is last and may hold anything, " ; USER=" too.
 */
#include "collector/normalize/text/extract.h"

static const struct meaning ran = {
	.action = {SLICE_BYTES("sudo_command")},
	.category = {ECS_PROCESS},
	.type = {ECS_START},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning refused = {
	.action = {SLICE_BYTES("sudo_command")},
	.category = {ECS_AUTHENTICATION},
	.category2 = {ECS_PROCESS},
	.type = {ECS_INFO},
	.outcome = {ECS_FAILURE},
};
static const struct meaning continued = {
	.action = {SLICE_BYTES("sudo_command_continued")},
	.category = {ECS_PROCESS},
	.type = {ECS_INFO},
};

static const struct meaning problem = {
	.action = {SLICE_BYTES("sudo_problem")},
	.category = {ECS_PROCESS},
	.type = {ECS_INFO},
};

struct request {
	struct slice reason, tty, directory, user, group, command;
};

static void take_part(struct request *request, struct slice part)
{
	if (skip_lit(&part, "TTY="))
		request->tty = part;
	else if (skip_lit(&part, "PWD="))
		request->directory = part;
	else if (skip_lit(&part, "USER="))
		request->user = part;
	else if (skip_lit(&part, "GROUP="))
		request->group = part;
	else if (slice_absent(request->reason) && slice_find(part, '=') == part.len)
		request->reason = part;
}

/* Part by part up to COMMAND, which takes the rest. */
static bool read_request(struct slice rest, struct request *request)
{
	for (;;) {
		if (skip_lit(&rest, "COMMAND=")) {
			request->command = rest;
			return true;
		}
		size_t len = slice_search(rest, SLICE_LIT(" ; "));

		if (len == rest.len) {
			/* A problem with its settings, not with a command: "PWD=/ ;" */
			(void)(slice_ends(rest, SLICE_LIT(" ;")) && (rest.len -= 2));
			take_part(request, rest);
			return !slice_absent(request->directory);
		}
		take_part(request, slice_head(rest, len));
		rest = slice_from(rest, len + 3);
	}
}

static const struct meaning *meaning_of(const struct request *request)
{
	if (slice_absent(request->command))
		return &problem;
	return slice_absent(request->reason) ? &ran : &refused;
}

static void put_request(
	struct record *record, struct parse_context *context, const struct request *request)
{
	put_meaning(record, context, meaning_of(request));
	put_some(record, context, FIELD_EVENT_REASON, request->reason);
	put_some(record, context, FIELD_SOC_TTY, request->tty);
	put_some(record, context, FIELD_PROCESS_WORKING_DIRECTORY, request->directory);
	put_some(record, context, FIELD_USER_EFFECTIVE_NAME, request->user);
	put_some(record, context, FIELD_GROUP_NAME, request->group);
	put_some(record, context, FIELD_PROCESS_COMMAND_LINE, request->command);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, user;
	struct request request = {0};

	skip_blanks(&rest);
	user = take_word(&rest);
	if (user.len == 0 || !skip_lit(&rest, " : "))
		return PARSED_NOT_MINE;
	if (slice_starts(rest, SLICE_LIT("(command continued)"))) {
		put_meaning(record, context, &continued);
	} else {
		if (!read_request(rest, &request))
			return PARSED_NOT_MINE;
		put_request(record, context, &request);
	}
	put(record, context, FIELD_USER_NAME, user);
	return PARSED;
}

static const char *const programs[] = {"sudo", NULL};

const struct parser parser_sudo = {
	.number = 5,
	.name = "sudo",
	.module = "sudo",
	.summary = "sudo: commands run and refused",
	.source = "sudo 1.8 and 1.9: plugins/sudoers/logging.c, sudoers(5) \"LOG FORMAT\"",
	.programs = programs,
	.parse = parse,
};
