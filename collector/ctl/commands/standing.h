/* standing - suppressions, maintenance windows, watch periods, over the collector's local
 * socket */
#ifndef COLLECTOR_CTL_COMMANDS_STANDING_H
#define COLLECTOR_CTL_COMMANDS_STANDING_H

#include "common/cli/command.h"

extern const struct command standing_commands[];

#endif
