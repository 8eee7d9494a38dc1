/* normalize_command - `soc-collector normalize`: raw lines in, one JSON object a line out */
#ifndef COLLECTOR_NORMALIZE_COMMAND_H
#define COLLECTOR_NORMALIZE_COMMAND_H

#include "common/cli/command.h"

extern const struct command normalize_commands[]; /* ended by a zero entry */

#endif
