/* token - a secret for a sender of HTTP, and what the settings know of it */
#ifndef COLLECTOR_CTL_COMMANDS_TOKEN_H
#define COLLECTOR_CTL_COMMANDS_TOKEN_H

#include "common/cli/command.h"

extern const struct command token_commands[];

#endif
