/* help - what soc-ctl says about itself, from the tables of command.h */
#ifndef COLLECTOR_CTL_HELP_H
#define COLLECTOR_CTL_HELP_H

#include <stdio.h>

#include "collector/ctl/command.h"

void help_program(FILE *out);
void help_group(FILE *out, const char *group);
void help_command(FILE *out, const struct command *command);

/* "soc-ctl pki issue" */
const char *help_name(const struct command *command, char *out, size_t size);

#endif
