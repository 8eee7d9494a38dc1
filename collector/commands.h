/* commands - what soc-collector does with its settings: run, check, config, recount, ... */
#ifndef COLLECTOR_COMMANDS_H
#define COLLECTOR_COMMANDS_H

#include "common/cli/command.h"

extern const struct command collector_commands[]; /* ended by a zero entry */

#endif
