/* feed_cli - `soc-collector feed`: national messages in files, for people and tests */
#ifndef COLLECTOR_NATIONAL_FEED_CLI_H
#define COLLECTOR_NATIONAL_FEED_CLI_H

#include "common/cli/command.h"

extern const struct command feed_commands[]; /* ended by a zero entry */

#endif
