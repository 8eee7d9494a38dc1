/* detect_command - `soc-collector detect`: JSON events in, one JSON object a match out */
#ifndef COLLECTOR_DETECT_COMMAND_H
#define COLLECTOR_DETECT_COMMAND_H

#include "common/cli/command.h"

extern const struct command detect_commands[]; /* ended by a zero entry */

#endif
