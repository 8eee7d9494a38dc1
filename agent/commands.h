/* commands - what soc-agent does besides scanning: run, check, config */
#ifndef AGENT_COMMANDS_H
#define AGENT_COMMANDS_H

#include "common/cli/command.h"

extern const struct command agent_commands[]; /* ended by a zero entry */

#endif
