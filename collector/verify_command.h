/* verify_command - `soc-collector verify-store`: is the store what was written into it */
#ifndef COLLECTOR_VERIFY_COMMAND_H
#define COLLECTOR_VERIFY_COMMAND_H

#include "common/cli/command.h"

extern const struct command verify_commands[];

#endif
