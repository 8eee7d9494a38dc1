/*
 * command - one thing soc-ctl can do, described once
 *
 * From the table come the dispatch, the reading of arguments, the help and the
 * proposal for a mistyped word. To add a command: a function and an entry in a
 * table in commands/, and the table in commands.c.
 *
 * A command writes what it did to standard output and what went wrong to
 * standard error, and returns one of enum exit_code.
 */
#ifndef COLLECTOR_CTL_COMMAND_H
#define COLLECTOR_CTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct arguments;

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* it could not be done: files, state, the collector */
	EXIT_USAGE = 2,  /* it was not understood */
};

struct option_spec {
	const char *name;  /* without the dashes */
	const char *value; /* what stands for the value in the help; NULL = a flag */
	const char *help;
	const char *standard; /* the value when it is not given; NULL = none */
	unsigned most;        /* how often it may be given; 0 = once */
};

struct command {
	const char *group; /* the word before the name; NULL = none */
	const char *name;
	const char *operands; /* in the usage line; NULL = there are none */
	unsigned operands_min, operands_max;
	const char *summary;
	const char *details;               /* paragraphs of the help; NULL = none */
	const struct option_spec *options; /* ended by a zero entry; NULL = none */
	enum exit_code (*run)(const struct arguments *arguments);
};

/* Number `at` of all commands, in the order of the help; NULL behind the last. */
const struct command *command_at(size_t at);

/* Is it one of `group`? NULL: one without a group. */
bool command_in(const struct command *command, const char *group);

/* What a group is about, for the help; ended by a zero entry. */
struct command_group {
	const char *name;
	const char *summary;
};

extern const struct command_group command_groups[];

#endif
