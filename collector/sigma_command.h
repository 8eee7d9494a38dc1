/* sigma_command - soc-collector sigma test: the tests that rules carry */
#ifndef COLLECTOR_SIGMA_COMMAND_H
#define COLLECTOR_SIGMA_COMMAND_H

#include "common/cli/command.h"

extern const struct command sigma_commands[];

#endif
