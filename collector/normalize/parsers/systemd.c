/*
 * systemd - what the service manager and logind say of units and sessions
 */
#include "collector/normalize/text/extract.h"

enum shape {
	SHAPE_UNIT,    /* prefix UNIT or its description */
	SHAPE_SESSION, /* N of user NAME. */
	SHAPE_PLAIN,
};

struct wording {
	struct slice text;
	enum shape shape;
	struct meaning meaning;
};

#define STATE(name, how)                                                                       \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_PROCESS}, .type = { how }      \
	}
#define FAILED(name)                                                                           \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_PROCESS}, .type = {ECS_INFO},  \
		.outcome = {                                                                   \
			ECS_FAILURE                                                            \
		}                                                                              \
	}

/* At the start: "Started OpenBSD Secure Shell server." */
static const struct wording starts[] = {
	{{SLICE_BYTES("Started ")}, SHAPE_UNIT, STATE("unit_started", ECS_START)},
	{{SLICE_BYTES("Starting ")}, SHAPE_UNIT, STATE("unit_starting", ECS_START)},
	{{SLICE_BYTES("Stopped target ")}, SHAPE_UNIT, STATE("unit_stopped", ECS_END)},
	{{SLICE_BYTES("Stopped ")}, SHAPE_UNIT, STATE("unit_stopped", ECS_END)},
	{{SLICE_BYTES("Stopping ")}, SHAPE_UNIT, STATE("unit_stopping", ECS_END)},
	{{SLICE_BYTES("Finished ")}, SHAPE_UNIT, STATE("unit_finished", ECS_END)},
	{{SLICE_BYTES("Failed to start ")}, SHAPE_UNIT, FAILED("unit_failed")},
	{{SLICE_BYTES("Dependency failed for ")}, SHAPE_UNIT, FAILED("unit_failed")},
	{{SLICE_BYTES("Reloading ")}, SHAPE_UNIT, STATE("unit_reloading", ECS_CHANGE)},
	{{SLICE_BYTES("Reloaded ")}, SHAPE_UNIT, STATE("unit_reloaded", ECS_CHANGE)},
	{{SLICE_BYTES("Reached target ")}, SHAPE_UNIT, STATE("unit_started", ECS_START)},
	{{SLICE_BYTES("Created slice ")}, SHAPE_UNIT, STATE("unit_started", ECS_START)},
	{{SLICE_BYTES("Removed slice ")}, SHAPE_UNIT, STATE("unit_stopped", ECS_END)},
	{{SLICE_BYTES("Listening on ")}, SHAPE_UNIT, STATE("unit_started", ECS_START)},
	{{SLICE_BYTES("Closed ")}, SHAPE_UNIT, STATE("unit_stopped", ECS_END)},
	{{SLICE_BYTES("Mounted ")}, SHAPE_UNIT, STATE("unit_started", ECS_START)},
	{{SLICE_BYTES("Mounting ")}, SHAPE_UNIT, STATE("unit_starting", ECS_START)},
	{{SLICE_BYTES("Unmounted ")}, SHAPE_UNIT, STATE("unit_stopped", ECS_END)},
	{{SLICE_BYTES("Unmounting ")}, SHAPE_UNIT, STATE("unit_stopping", ECS_END)},
	{{SLICE_BYTES("Activated swap ")}, SHAPE_UNIT, STATE("unit_started", ECS_START)},
	{{SLICE_BYTES("Deactivated swap ")}, SHAPE_UNIT, STATE("unit_stopped", ECS_END)},
	{{SLICE_BYTES("Failed to stop ")}, SHAPE_UNIT, FAILED("unit_failed")},
	{{SLICE_BYTES("Failed to mount ")}, SHAPE_UNIT, FAILED("unit_failed")},
	{{SLICE_BYTES("Failed to listen on ")}, SHAPE_UNIT, FAILED("unit_failed")},
	{{SLICE_BYTES("Condition check resulted in ")}, SHAPE_PLAIN,
		STATE("unit_skipped", ECS_INFO)},
	{{SLICE_BYTES("Reloading.")}, SHAPE_PLAIN, STATE("manager_reloading", ECS_CHANGE)},
	{{SLICE_BYTES("Reexecuting.")}, SHAPE_PLAIN, STATE("manager_reloading", ECS_CHANGE)},
	{{SLICE_BYTES("Time has been changed")}, SHAPE_PLAIN,
		{.action = {SLICE_BYTES("time_changed")},
			.category = {ECS_CONFIGURATION},
			.type = {ECS_CHANGE}}},
	{{SLICE_BYTES("Power key pressed")}, SHAPE_PLAIN,
		{.action = {SLICE_BYTES("power_key_pressed")},
			.category = {ECS_HOST},
			.type = {ECS_INFO}}},
	{{SLICE_BYTES("The system will power off now")}, SHAPE_PLAIN,
		{.action = {SLICE_BYTES("host_stopping")},
			.category = {ECS_HOST},
			.type = {ECS_END}}},
	{{SLICE_BYTES("The system will reboot now")}, SHAPE_PLAIN,
		{.action = {SLICE_BYTES("host_stopping")},
			.category = {ECS_HOST},
			.type = {ECS_END}}},
	{{SLICE_BYTES("Startup finished in ")}, SHAPE_PLAIN,
		{.action = {SLICE_BYTES("host_started")},
			.category = {ECS_HOST},
			.type = {ECS_START}}},
	{{SLICE_BYTES("New session ")}, SHAPE_SESSION,
		{.action = {SLICE_BYTES("session_opened")},
			.category = {ECS_SESSION},
			.type = {ECS_START}}},
	{{SLICE_BYTES("Removed session ")}, SHAPE_PLAIN,
		{.action = {SLICE_BYTES("session_closed")},
			.category = {ECS_SESSION},
			.type = {ECS_END}}},
	{{SLICE_BYTES("Session ")}, SHAPE_PLAIN,
		{.action = {SLICE_BYTES("session_closed")},
			.category = {ECS_SESSION},
			.type = {ECS_END}}},
	{{SLICE_BYTES("System is powering down")}, SHAPE_PLAIN,
		{.action = {SLICE_BYTES("host_stopping")},
			.category = {ECS_HOST},
			.type = {ECS_END}}},
	{{SLICE_BYTES("System is rebooting")}, SHAPE_PLAIN,
		{.action = {SLICE_BYTES("host_stopping")},
			.category = {ECS_HOST},
			.type = {ECS_END}}},
};

/* Behind "UNIT: " */
static const struct wording of_units[] = {
	{{SLICE_BYTES("Main process exited")}, SHAPE_PLAIN, STATE("unit_exited", ECS_END)},
	{{SLICE_BYTES("main process exited")}, SHAPE_PLAIN, STATE("unit_exited", ECS_END)},
	{{SLICE_BYTES("Control process exited")}, SHAPE_PLAIN, STATE("unit_exited", ECS_END)},
	{{SLICE_BYTES("Failed with result ")}, SHAPE_PLAIN, FAILED("unit_failed")},
	{{SLICE_BYTES("Unit entered failed state")}, SHAPE_PLAIN, FAILED("unit_failed")},
	{{SLICE_BYTES("Succeeded")}, SHAPE_PLAIN, STATE("unit_finished", ECS_END)},
	{{SLICE_BYTES("Deactivated successfully")}, SHAPE_PLAIN,
		STATE("unit_finished", ECS_END)},
	{{SLICE_BYTES("Scheduled restart job")}, SHAPE_PLAIN,
		STATE("unit_restarting", ECS_INFO)},
	{{SLICE_BYTES("Service RestartSec=")}, SHAPE_PLAIN, STATE("unit_restarting", ECS_INFO)},
	{{SLICE_BYTES("Start request repeated too quickly")}, SHAPE_PLAIN,
		FAILED("unit_failed")},
	{{SLICE_BYTES("Consumed ")}, SHAPE_PLAIN, STATE("unit_accounting", ECS_INFO)},
	{{SLICE_BYTES("Killing process ")}, SHAPE_PLAIN, STATE("unit_killed", ECS_END)},
	{{SLICE_BYTES("State '")}, SHAPE_PLAIN, FAILED("unit_timeout")},
	{{SLICE_BYTES("start operation timed out")}, SHAPE_PLAIN, FAILED("unit_timeout")},
	{{SLICE_BYTES("Failed at step ")}, SHAPE_PLAIN, FAILED("unit_failed")},
	{{SLICE_BYTES("A process of this unit has been killed by the OOM killer")}, SHAPE_PLAIN,
		FAILED("out_of_memory")},
	{{SLICE_BYTES("Watchdog timeout")}, SHAPE_PLAIN, FAILED("unit_failed")},
};

static const struct wording *find(
	const struct wording *list, size_t n, struct slice text, struct slice *rest)
{
	for (size_t i = 0; i < n; i++) {
		*rest = text;
		if (skip_text(rest, list[i].text))
			return &list[i];
	}
	return NULL;
}

static struct slice without_dots(struct slice text)
{
	while (text.len > 0 && text.ptr[text.len - 1] == '.')
		text.len--;
	return text;
}

/* Since version 246: "Started ssh.service - OpenBSD Secure Shell server." */
static void put_unit(struct record *record, struct parse_context *context, struct slice text)
{
	size_t dash = slice_search(text, SLICE_LIT(" - "));

	put_some(record, context, FIELD_SERVICE_NAME, without_dots(slice_head(text, dash)));
}

/* "12 of user an.", since version 257 "'12' of user 'an' with class 'user' and type 'tty'." */
static void put_session(struct record *record, struct parse_context *context, struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT(" of user "));

	if (at == text.len)
		return;
	struct slice user = slice_from(text, at + sizeof(" of user ") - 1);
	if (skip_byte(&user, '\''))
		user = slice_head(user, slice_find(user, '\''));
	else
		user = without_dots(user);
	put_some(record, context, FIELD_USER_NAME, user);
}

static void put_shape(struct record *record, struct parse_context *context,
	const struct wording *wording, struct slice rest)
{
	put_meaning(record, context, &wording->meaning);
	switch (wording->shape) {
	case SHAPE_UNIT:
		put_unit(record, context, rest);
		break;
	case SHAPE_SESSION:
		put_session(record, context, rest);
		break;
	case SHAPE_PLAIN:
		break;
	}
}

/* "nginx.service: Main process exited, code=exited, status=1/FAILURE" */
static bool read_unit_line(
	struct record *record, struct parse_context *context, struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT(": "));
	struct slice rest, status;

	if (at == text.len || slice_find(slice_head(text, at), ' ') < at)
		return false;
	const struct wording *wording =
		find(of_units, ARRAY_LEN(of_units), slice_from(text, at + 2), &rest);
	if (wording == NULL)
		return false;
	put_shape(record, context, wording, rest);
	put(record, context, FIELD_SERVICE_NAME, slice_head(text, at));
	at = slice_search(rest, SLICE_LIT("status="));
	if (at < rest.len) {
		rest = slice_from(rest, at + sizeof("status=") - 1);
		if (take_digits(&rest, &status))
			put_digits(record, context, FIELD_PROCESS_EXIT_CODE, status);
	}
	return true;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest;
	const struct wording *wording =
		find(starts, ARRAY_LEN(starts), context->message, &rest);

	if (wording != NULL) {
		put_shape(record, context, wording, rest);
		return PARSED;
	}
	return read_unit_line(record, context, context->message) ? PARSED : PARSED_NOT_MINE;
}

static const char *const programs[] = {"systemd", "systemd-logind", "systemd-shutdown", NULL};

const struct parser parser_systemd = {
	.number = 8,
	.name = "systemd",
	.module = "systemd",
	.summary = "systemd and logind: units that start, stop, fail; sessions",
	.source = "systemd 219 to 257: src/core/job.c, unit.c, service.c; src/login",
	.programs = programs,
	.parse = parse,
};
