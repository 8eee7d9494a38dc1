/* request - a command whose options are what the collector is asked (control_asked.h) */
#ifndef COLLECTOR_CTL_COMMANDS_REQUEST_H
#define COLLECTOR_CTL_COMMANDS_REQUEST_H

#include "collector/ctl/asking.h"
#include "common/cli/arguments.h"

/*
 * Asks `word` with one JSON object: a text for each option that was given, true for a flag,
 * "number" for the one operand there can be or "numbers" for several, "kind" if it is not NULL.
 * Prints the answer, laid out for people on a terminal; an error of the collector goes to
 * standard error. The exit code.
 */
int request_run(const struct arguments *arguments, const char *word, const char *kind);

#define OPTIONS_SHOWN                                                                          \
	OPTION_SOCKET,                                                                         \
		{.name = "table",                                                              \
			.help = "lay it out for people also when the output is no "            \
				"terminal"},                                                   \
	{                                                                                      \
		.name = "json", .help = "JSON also when the output is a terminal"              \
	}

#endif
