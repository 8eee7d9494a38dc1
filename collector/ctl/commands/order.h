/* order - what an agent can be told to do without a signed bundle: a closed list */
#ifndef COLLECTOR_CTL_COMMANDS_ORDER_H
#define COLLECTOR_CTL_COMMANDS_ORDER_H

#include "common/cli/command.h"

extern const struct command order_commands[]; /* ended by a zero entry */

#endif
