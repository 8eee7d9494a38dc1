/*
 * arguments - the words after a command, read by its table of options
 *
 * Options are "--name value", "--name=value", a flag "--name", or "-n" where
 * the option has a letter; "--" ends them. The words are borrowed from argv.
 * Mistakes are usage errors in words, with the nearest known option.
 */
#ifndef COMMON_CLI_ARGUMENTS_H
#define COMMON_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cli/command.h"
#include "common/err.h"

enum { ARGUMENTS_ANY = 1 << 30 }; /* operands_max: any number */

struct given {
	const struct option_spec *option;
	const char *value; /* NULL of a flag */
};

struct arguments {
	const struct program *program;
	const struct command *command;
	struct given *given;
	size_t n_given;
	const char **operands;
	size_t n_operands;
	bool help; /* --help was among them; nothing else was checked */
};

/* `words` are what follows the command's name; `arguments->program` and `command` are set. */
MUST_USE bool arguments_read(
	struct arguments *arguments, int n_words, char **words, struct err *err);
void arguments_done(struct arguments *arguments); /* after a failure too */

/* Asking for a name that is not in the command's table is our mistake. */
bool arguments_flag(const struct arguments *arguments, const char *name);

/* The value given, or the standard one, or NULL. */
const char *arguments_text(const struct arguments *arguments, const char *name);

/* All values of an option that may be repeated, `max` at least its `most`; how many. */
size_t arguments_list(
	const struct arguments *arguments, const char *name, const char **values, size_t max);

/* A decimal number in min..max; `*number` stays as it is when the option has no value. */
MUST_USE bool arguments_number(const struct arguments *arguments, const char *name,
	uint32_t min, uint32_t max, uint32_t *number, struct err *err);

#endif
