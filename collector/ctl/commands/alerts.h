/* alerts - what somebody has to look at, over the collector's local socket */
#ifndef COLLECTOR_CTL_COMMANDS_ALERTS_H
#define COLLECTOR_CTL_COMMANDS_ALERTS_H

#include "common/cli/command.h"

extern const struct command alerts_commands[];

#endif
