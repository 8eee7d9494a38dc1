/*
 * command - one thing a program can do, described once
 *
 * From the tables come the dispatch, the reading of arguments, the help and the
 * proposal for a mistyped word. To add a command: a function and an entry in a
 * table of the program.
 *
 * A command writes what it did to standard output and what went wrong to
 * standard error, and returns the program's exit code.
 */
#ifndef COMMON_CLI_COMMAND_H
#define COMMON_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct arguments;

/* What most commands return; a command may have more to say, and says so in its help. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* it could not be done: files, state, the other side */
	EXIT_USAGE = 2,  /* it was not understood */
};

struct option_spec {
	const char *name;     /* without the dashes */
	const char *value;    /* what stands for the value in the help; NULL = a flag */
	const char *help;     /* NULL: not for people, and not shown */
	const char *standard; /* the value when it is not given; NULL = none */
	unsigned most;        /* how often it may be given; 0 = once */
	bool required;
	char letter; /* of the short form; 0 = none */
};

struct command {
	const char *group; /* the word before the name; NULL = none */
	const char *name;
	const char *operands; /* in the usage line; NULL = there are none */
	unsigned operands_min, operands_max;
	const char *summary;
	const char *details;               /* paragraphs of the help; NULL = none */
	const struct option_spec *options; /* ended by a zero entry; NULL = none */
	int (*run)(const struct arguments *arguments);
};

/* Words that share a first word, for the help. */
struct command_group {
	const char *name;
	const char *summary;
	const char *standard; /* the command that no word or an option means; NULL = none */
};

struct program {
	const char *name; /* "soc-ctl" */
	const char *about;
	const struct command *const *tables; /* each ended by a zero entry; NULL ends them */
	const struct command_group *groups;  /* ended by a zero entry; NULL = none */
};

/* Number `at` of all commands, in the order of the help; NULL behind the last. */
const struct command *command_at(const struct program *program, size_t at);

/* Is it one of `group`? NULL: one without a group. */
bool command_in(const struct command *command, const char *group);

/* main() of the program: finds the command, reads its arguments, runs it. Output that could not
 * be written is a failure like any other. */
int program_main(const struct program *program, int argc, char **argv);

#endif
