/* ask - questions to the running collector: status, agents, senders, forwarders, quality,
 * rules, feed status */
#include "collector/ctl/commands/ask.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collector/ctl/asking.h"
#include "collector/ctl/layout.h"
#include "common/cli/arguments.h"

enum { SHOWN_MAX = 256 << 20, REQUEST_MAX = 512 };

static int ask(const struct arguments *arguments, const char *request)
{
	struct strbuf answer = STRBUF_INIT(ANSWER_MAX);
	struct strbuf shown = STRBUF_INIT(SHOWN_MAX);
	struct err err = {0};
	bool ok = ask_collector(arguments_text(arguments, "socket"), request, &answer, &err);
	bool table = arguments_flag(arguments, "table") ||
		     (isatty(STDOUT_FILENO) && !arguments_flag(arguments, "json"));

	if (!ok)
		fprintf(stderr, "soc-ctl: %s\n", err.text);
	else if (table && layout_put(&shown, strbuf_slice(&answer)))
		fwrite(shown.ptr, 1, shown.len, stdout);
	else
		fwrite(answer.ptr, 1, answer.len, stdout);
	strbuf_done(&shown);
	strbuf_done(&answer);
	return ok ? EXIT_DONE : EXIT_FAILED;
}

static int run_ask(const struct arguments *arguments)
{
	return ask(arguments, arguments->command->name);
}

static int run_quality(const struct arguments *arguments)
{
	const char *source = arguments->n_operands > 0 ? arguments->operands[0] : "";
	char request[64];

	if (strspn(source, "0123456789") != strlen(source) || strlen(source) > 10) {
		fprintf(stderr, "soc-ctl: '%s' is no number of a source\n", source);
		return EXIT_USAGE;
	}
	snprintf(request, sizeof(request), "quality %s", source);
	return ask(arguments, request);
}

static int run_rules(const struct arguments *arguments)
{
	char request[REQUEST_MAX];
	int len = snprintf(request, sizeof(request), "rules %s",
		arguments->n_operands > 0 ? arguments->operands[0] : "");

	if (len < 0 || (size_t)len >= sizeof(request)) {
		fprintf(stderr, "soc-ctl: that is a long text to look for\n");
		return EXIT_USAGE;
	}
	return ask(arguments, request);
}

static int run_feed(const struct arguments *arguments)
{
	return ask(arguments, arguments->command->group);
}

static const struct option_spec options[] = {
	OPTION_SOCKET,
	{.name = "table", .help = "lay it out for people also when the output is no terminal"},
	{.name = "json", .help = "JSON also when the output is a terminal"},
	{0},
};

const struct command ask_commands[] = {
	{
		.name = "status",
		.summary = "how the collector is: store, agents, every counter",
		.options = options,
		.run = run_ask,
	},
	{
		.name = "agents",
		.summary = "every agent seen: online, clock offset, queue",
		.options = options,
		.run = run_ask,
	},
	{
		.name = "senders",
		.summary = "who sends without an agent: what came, what was dropped, who is "
			   "unknown",
		.options = options,
		.run = run_ask,
	},
	{
		.name = "forwarders",
		.summary =
			"Windows computers that forward their events: how far they are, who is "
			"silent",
		.options = options,
		.run = run_ask,
	},
	{
		.name = "malware",
		.summary =
			"the newest findings of malware: machine, name, files, whether it is "
			"still open",
		.options = options,
		.run = run_ask,
	},
	{
		.name = "masking",
		.summary = "by agency and source: what the masking policy took out since the "
			   "start",
		.options = options,
		.run = run_ask,
	},
	{
		.name = "ledger",
		.summary = "every stream: stored, declared missing, duplicates, lost",
		.options = options,
		.run = run_ask,
	},
	{
		.name = "quality",
		.operands = "[SOURCE]",
		.operands_max = 1,
		.summary = "every source of lines: how much comes, how much of it is read, "
			   "whose clock is off",
		.details = "SOURCE is the number in the first column; of one source its days "
			   "and the shares of its parsers are shown too.",
		.options = options,
		.run = run_quality,
	},
	{
		.name = "rules",
		.operands = "[TEXT]",
		.operands_max = 1,
		.summary =
			"every Sigma rule: whether it is in force, how often it fitted a line",
		.details =
			"Only those with TEXT in their id, title or path. Counts begin when "
			"the rules were\nread: at the start, or at the last reload that found "
			"them changed.",
		.options = options,
		.run = run_rules,
	},
	{
		.group = "feed",
		.name = "status",
		.summary =
			"every topic for the nation: what waits, what was sent, why it waits",
		.options = options,
		.run = run_feed,
	},
	{0},
};
