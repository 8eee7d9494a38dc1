/*
 * command - `soc-agent scan`: the one-shot scanner, the agent's scanner, and its workers
 *
 * The same program is started again as "PROGRAM scan --worker" by itself
 * (worker.h) and as "PROGRAM scan --feed ..." by the agent (feed.h).
 */
#ifndef AGENT_SCAN_COMMAND_H
#define AGENT_SCAN_COMMAND_H

#include "common/cli/command.h"

enum scan_status {
	SCAN_STATUS_CLEAN = 0,
	SCAN_STATUS_HITS = 1,
	SCAN_STATUS_ERRORS = 2, /* no hit, and something could not be scanned or understood */
};

extern const struct command scan_commands[]; /* ended by a zero entry */

#endif
