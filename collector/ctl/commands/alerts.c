#include "collector/ctl/commands/alerts.h"

#include "collector/ctl/commands/request.h"

/* Of a list, open ones are the standard; acts ask which are meant. */
#define OPTIONS_FILTER(status)                                                                 \
	{.name = "status",                                                                     \
		.value = "WORD",                                                               \
		.help = "new, acknowledged, in-progress, closed, open (all but closed), "      \
			"suppressed, all",                                                     \
		.standard = (status)},                                                         \
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
	return request_run(arguments, "alerts", NULL);
}

static int run_show(const struct arguments *arguments)
{
	return request_run(arguments, "alert", NULL);
}

static int run_noisy(const struct arguments *arguments)
{
	return request_run(arguments, "alerts-noisy", NULL);
}

static int run_summary(const struct arguments *arguments)
{
	return request_run(arguments, "alerts-summary", NULL);
}

static int run_ack(const struct arguments *arguments)
{
	return request_run(arguments, "alerts-ack", NULL);
}

static int run_work(const struct arguments *arguments)
{
	return request_run(arguments, "alerts-work", NULL);
}

static int run_assign(const struct arguments *arguments)
{
	return request_run(arguments, "alerts-assign", NULL);
}

static int run_comment(const struct arguments *arguments)
{
	return request_run(arguments, "alerts-comment", NULL);
}

static int run_close(const struct arguments *arguments)
{
	return request_run(arguments, "alerts-close", NULL);
}

#define DETAILS_ACT                                                                            \
	"Of the alerts of those numbers or, without, of all that the filter fits: at most\n"   \
	"1,000 at a time. What is done is a record of the log, with who did it: the user\n"    \
	"id that asked, and the name it claims. It is answered when that is durable."

static const struct option_spec shown_options[] = {OPTIONS_SHOWN, {0}};
static const struct option_spec list_options[] = {OPTIONS_FILTER("open"), OPTIONS_SHOWN, {0}};

#define OPTION_TEXT                                                                            \
	{                                                                                      \
		.name = "text", .value = "TEXT", .help = "why; stands in its history"          \
	}

static const struct option_spec act_options[] = {
	OPTION_TEXT, OPTIONS_FILTER(NULL), OPTIONS_SHOWN, {0}};

static const struct option_spec assign_options[] = {
	{.name = "to", .value = "NAME", .help = "who looks at it", .required = true},
	OPTION_TEXT,
	OPTIONS_FILTER(NULL),
	OPTIONS_SHOWN,
	{0},
};

static const struct option_spec comment_options[] = {
	{.name = "text", .value = "TEXT", .help = "the comment", .required = true},
	OPTIONS_FILTER(NULL),
	OPTIONS_SHOWN,
	{0},
};

static const struct option_spec close_options[] = {
	{.name = "verdict",
		.value = "WORD",
		.help = "true: it was an attack; false: the rule is wrong; benign: it was "
			"meant",
		.required = true},
	OPTION_TEXT,
	OPTIONS_FILTER(NULL),
	OPTIONS_SHOWN,
	{0},
};

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
		.name = "ack",
		.operands = "[NUMBER...]",
		.operands_max = ARGUMENTS_ANY,
		.summary = "somebody has seen it",
		.details = DETAILS_ACT,
		.options = act_options,
		.run = run_ack,
	},
	{
		.group = "alerts",
		.name = "work",
		.operands = "[NUMBER...]",
		.operands_max = ARGUMENTS_ANY,
		.summary = "somebody works on it",
		.details = DETAILS_ACT,
		.options = act_options,
		.run = run_work,
	},
	{
		.group = "alerts",
		.name = "assign",
		.operands = "[NUMBER...]",
		.operands_max = ARGUMENTS_ANY,
		.summary = "who looks at it",
		.details = DETAILS_ACT,
		.options = assign_options,
		.run = run_assign,
	},
	{
		.group = "alerts",
		.name = "comment",
		.operands = "[NUMBER...]",
		.operands_max = ARGUMENTS_ANY,
		.summary = "what others should know",
		.details = DETAILS_ACT,
		.options = comment_options,
		.run = run_comment,
	},
	{
		.group = "alerts",
		.name = "close",
		.operands = "[NUMBER...]",
		.operands_max = ARGUMENTS_ANY,
		.summary = "with a verdict; opens again when it comes again",
		.details = DETAILS_ACT,
		.options = close_options,
		.run = run_close,
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
