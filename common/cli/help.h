/* help - what a program says about itself, from the tables of command.h */
#ifndef COMMON_CLI_HELP_H
#define COMMON_CLI_HELP_H

#include <stdio.h>

#include "common/cli/command.h"

void help_program(FILE *out, const struct program *program);
void help_group(FILE *out, const struct program *program, const char *group);
void help_command(FILE *out, const struct program *program, const struct command *command);

/* "soc-ctl pki issue" */
const char *help_name(
	const struct program *program, const struct command *command, char *out, size_t size);

#endif
