#include "collector/ctl/commands/alerts.h"

#include "collector/ctl/commands/request.h"

#define OPTIONS_FILTER                                                                         \
	{.name = "status",                                                                     \
		.value = "WORD",                                                               \
		.help = "new, acknowledged, in-progress, closed, open (all but closed), "      \
			"suppressed, all",                                                     \
		.standard = "open"},                                                           \
		{.name = "severity",                                                           \
			.value = "WORD",                                                       \
			.help = "at least that grave: low, medium, high, critical"},           \
		{.name = "agency", .value = "N", .help = "internal number of the agency"},     \
		{.name = "host", .value = "M", .help = "internal number of the host"},         \
		{.name = "rule", .value = "NAME", .help = "id or title of the rule"},          \
		{.name = "owner", .value = "NAME", .help = "assigned to them"},                \
		{.name = "with-verdict",                                                       \
			.value = "WORD",                                                       \
			.help = "closed with it once: true, false, benign; none"},             \
		{.name = "since",                                                              \
			.value = "TIME",                                                       \
			.help = "with findings since then: 24h, 7d, 2026-02-16, "              \
				"2026-02-16T07:30:00"},                                        \
	{                                                                                      \
		.name = "until", .value = "TIME", .help = "with findings before then"          \
	}

static int run_list(const struct arguments *arguments)
{
	return request_run(arguments, "alerts");
}

static int run_show(const struct arguments *arguments)
{
	return request_run(arguments, "alert");
}

static int run_noisy(const struct arguments *arguments)
{
	return request_run(arguments, "alerts-noisy");
}

static int run_summary(const struct arguments *arguments)
{
	return request_run(arguments, "alerts-summary");
}

static const struct option_spec shown_options[] = {OPTIONS_SHOWN, {0}};
static const struct option_spec list_options[] = {OPTIONS_FILTER, OPTIONS_SHOWN, {0}};

static const struct option_spec noisy_options[] = {
	{.name = "days",
		.value = "N",
		.help = "of the last N days, today among them",
		.standard = "1"},
	OPTIONS_SHOWN,
	{0},
};

const struct command alerts_commands[] = {
	{
		.group = "alerts",
		.name = "list",
		.summary = "those that are open, the gravest first; also: soc-ctl alerts",
		.details = "Findings of one rule about one subject (an address, a user, a "
			   "file) at one\nhost are one alert. Subject * stands for many: more "
			   "were open of that rule at\nthat agency than settings allow. At "
			   "most 1,000 are shown.",
		.options = list_options,
		.run = run_list,
	},
	{
		.group = "alerts",
		.name = "show",
		.operands = "NUMBER",
		.operands_min = 1,
		.operands_max = 1,
		.summary = "all of one: rule, techniques, evidence, history",
		.details = "Evidence are the first findings, then each power of two of them. "
			   "Class and\nrecord say where in the log the finding stands, event "
			   "where the "
			   "record does that\nit was concluded from.",
		.options = shown_options,
		.run = run_show,
	},
	{
		.group = "alerts",
		.name = "noisy",
		.summary = "which rules told most, and a suppression to look at",
		.details = "The suggestion changes nothing: it shows what a suppression would "
			   "have hidden.",
		.options = noisy_options,
		.run = run_noisy,
	},
	{
		.group = "alerts",
		.name = "summary",
		.summary = "how many, learning mode, the day's budget of the analysts",
		.options = shown_options,
		.run = run_summary,
	},
	{0},
};
