/*
 * normalize_command - `soc-collector normalize`: raw lines in, one JSON object a line out
 *
 * What it needs to know of lines, other commands that take raw lines ask for in the same words.
 */
#ifndef COLLECTOR_NORMALIZE_COMMAND_H
#define COLLECTOR_NORMALIZE_COMMAND_H

#include "collector/normalize/normalize.h"
#include "common/cli/arguments.h"

extern const struct command normalize_commands[]; /* ended by a zero entry */

/* Entries of a command's options, for line_options_take(). */
#define LINE_OPTIONS                                                                           \
	{.name = "format",                                                                     \
		.value = "NAME",                                                               \
		.help = "ask this parser first; `normalize --list` shows them",                \
		.standard = "auto"},                                                           \
		{.name = "tz",                                                                 \
			.value = "ZONE",                                                       \
			.help = "of stamps without one: UTC, +07:00, Europe/Berlin "           \
				"(Asia/Ho_Chi_Minh)"},                                         \
	{                                                                                      \
		.name = "year", .value = "Y",                                                  \
		.help = "of stamps without one (the one that makes them nearest to now)"       \
	}

/* Fills settings->zone and year, and *format with the parser to be asked first, or NULL;
 * settings->formats is set. */
MUST_USE bool line_options_take(const struct arguments *arguments,
	struct normalize_settings *settings, const struct parser **format, struct err *err);

#endif
