/* indicators_command - `soc-collector indicators`: what lists have, and what becomes of it */
#ifndef COLLECTOR_INDICATORS_COMMAND_H
#define COLLECTOR_INDICATORS_COMMAND_H

#include "common/cli/command.h"

extern const struct command indicators_commands[]; /* ended by a zero entry */

#endif
