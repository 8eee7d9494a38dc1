/*
 * arguments - the words after a command, read by its table of options
 *
 * Options are "--name value", "--name=value" or a flag "--name"; "--" ends
 * them. Everything borrowed from argv. Mistakes are usage errors in words, with
 * the nearest known option.
 */
#ifndef COLLECTOR_CTL_ARGUMENTS_H
#define COLLECTOR_CTL_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/ctl/command.h"
#include "common/err.h"

enum { ARGUMENTS_MAX = 256, ARGUMENTS_LIST_MAX = 64 };

struct given {
	const struct option_spec *option;
	const char *value; /* NULL of a flag */
};

struct arguments {
	const struct command *command;
	struct given given[ARGUMENTS_MAX];
	size_t n_given;
	const char *operands[ARGUMENTS_MAX];
	size_t n_operands;
	bool help; /* --help was among them; nothing else was checked */
};

/* `words` are what follows the command's name. */
MUST_USE bool arguments_read(struct arguments *arguments, const struct command *command,
	int n_words, char **words, struct err *err);

/* Asking for a name that is not in the command's table is our mistake. */
bool arguments_flag(const struct arguments *arguments, const char *name);

/* The value given, or the standard one, or NULL. */
const char *arguments_text(const struct arguments *arguments, const char *name);

/* All values of an option that may be repeated; returns how many. */
size_t arguments_list(const struct arguments *arguments, const char *name,
	const char *values[ARGUMENTS_LIST_MAX]);

/* A decimal number in min..max; `*number` stays as it is when the option has no value. */
MUST_USE bool arguments_number(const struct arguments *arguments, const char *name,
	uint32_t min, uint32_t max, uint32_t *number, struct err *err);

#endif
