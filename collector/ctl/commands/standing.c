#include "collector/ctl/commands/standing.h"

#include "collector/ctl/commands/request.h"

#define OPTIONS_SCOPE                                                                          \
	{.name = "rule", .value = "NAME", .help = "id or title of the rule"},                  \
		{.name = "agency", .value = "N", .help = "internal number of the agency"},     \
		{.name = "host",                                                               \
			.value = "M",                                                          \
			.help = "internal number of the host, with its agency"},               \
		{.name = "prefix",                                                             \
			.value = "PREFIX",                                                     \
			.help = "addresses findings are about: 192.0.2.0/24, 192.0.2.7"},      \
	{                                                                                      \
		.name = "user", .value = "NAME", .help = "user findings are about"             \
	}

#define OPTIONS_ORDER                                                                          \
	{.name = "owner", .value = "NAME", .help = "who answers for it", .required = true},    \
		{.name = "reason", .value = "TEXT", .help = "why", .required = true},          \
	{                                                                                      \
		.name = "until", .value = "TIME",                                              \
		.help = "its end, a year at most: 24h, 14d (from now), 2026-02-16, "           \
			"2026-02-16T07:30:00",                                                 \
		.required = true                                                               \
	}

#define OPTION_FROM                                                                            \
	{                                                                                      \
		.name = "from", .value = "TIME",                                               \
		.help = "its begin, as --until; without: this minute"                          \
	}

#define DETAILS_CRITICAL                                                                       \
	"What is hidden is counted here and at its alert (soc-ctl alerts --status\n"           \
	"suppressed), and stays in the log. Findings that are critical are never hidden:\n"    \
	"they are grouped into one alert of their rule and agency."

static int run_suppress_list(const struct arguments *arguments)
{
	return request_run(arguments, "standings", "suppression");
}

static int run_suppress_add(const struct arguments *arguments)
{
	return request_run(arguments, "suppress-add", NULL);
}

static int run_preview(const struct arguments *arguments)
{
	return request_run(arguments, "suppress-preview", NULL);
}

static int run_remove(const struct arguments *arguments)
{
	return request_run(arguments, "standing-remove", NULL);
}

static int run_maintenance_list(const struct arguments *arguments)
{
	return request_run(arguments, "standings", "maintenance");
}

static int run_maintenance_add(const struct arguments *arguments)
{
	return request_run(arguments, "maintenance-add", NULL);
}

static int run_watch_list(const struct arguments *arguments)
{
	return request_run(arguments, "standings", "watch");
}

static int run_watch_add(const struct arguments *arguments)
{
	return request_run(arguments, "watch-add", NULL);
}

static const struct option_spec shown_options[] = {OPTIONS_SHOWN, {0}};

static const struct option_spec add_options[] = {
	OPTIONS_SCOPE, OPTIONS_ORDER, OPTIONS_SHOWN, {0}};

static const struct option_spec add_from_options[] = {
	OPTIONS_SCOPE, OPTION_FROM, OPTIONS_ORDER, OPTIONS_SHOWN, {0}};

static const struct option_spec preview_options[] = {
	OPTIONS_SCOPE,
	{.name = "days",
		.value = "N",
		.help = "of the last N days, 31 at most",
		.standard = "7"},
	OPTIONS_SHOWN,
	{0},
};

const struct command standing_commands[] = {
	{
		.group = "suppress",
		.name = "list",
		.summary = "every suppression: scope, end, owner, what it hid",
		.options = shown_options,
		.run = run_suppress_list,
	},
	{
		.group = "suppress",
		.name = "preview",
		.summary = "what one of that scope would have hidden",
		.details = "Findings that another one hid already are not counted.",
		.options = preview_options,
		.run = run_preview,
	},
	{
		.group = "suppress",
		.name = "add",
		.summary = "hides findings of a scope from now on",
		.details = DETAILS_CRITICAL,
		.options = add_options,
		.run = run_suppress_add,
	},
	{
		.group = "suppress",
		.name = "remove",
		.operands = "NUMBER",
		.operands_min = 1,
		.operands_max = 1,
		.summary = "takes one back",
		.options = shown_options,
		.run = run_remove,
	},
	{
		.group = "maintenance",
		.name = "list",
		.summary = "every maintenance window",
		.options = shown_options,
		.run = run_maintenance_list,
	},
	{
		.group = "maintenance",
		.name = "add",
		.summary = "hides findings of a scope in a span of time",
		.details = DETAILS_CRITICAL,
		.options = add_from_options,
		.run = run_maintenance_add,
	},
	{
		.group = "maintenance",
		.name = "remove",
		.operands = "NUMBER",
		.operands_min = 1,
		.operands_max = 1,
		.summary = "takes one back",
		.options = shown_options,
		.run = run_remove,
	},
	{
		.group = "watch",
		.name = "list",
		.summary = "every watch period",
		.options = shown_options,
		.run = run_watch_list,
	},
	{
		.group = "watch",
		.name = "add",
		.summary = "findings of a scope, or all, are one grade graver in that time",
		.options = add_from_options,
		.run = run_watch_add,
	},
	{
		.group = "watch",
		.name = "remove",
		.operands = "NUMBER",
		.operands_min = 1,
		.operands_max = 1,
		.summary = "takes one back",
		.options = shown_options,
		.run = run_remove,
	},
	{0},
};
