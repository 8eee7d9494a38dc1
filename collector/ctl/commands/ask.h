/* ask - questions to the running collector, over its local socket */
#ifndef COLLECTOR_CTL_COMMANDS_ASK_H
#define COLLECTOR_CTL_COMMANDS_ASK_H

#include "common/cli/command.h"

extern const struct command ask_commands[];

#endif
