/*
 * command - `soc-agent scan`: the one-shot scanner, the agent's scanner, and its workers
 *
 * argv[0] is "scan". The same program is started again as "PROGRAM scan --worker" by
 * itself (worker.h) and as "PROGRAM scan --feed …" by the agent (feed.h): whoever
 * has a main() that offers `scan` passes it here.
 */
#ifndef AGENT_SCAN_COMMAND_H
#define AGENT_SCAN_COMMAND_H

enum scan_status {
	SCAN_STATUS_CLEAN = 0,
	SCAN_STATUS_HITS = 1,
	SCAN_STATUS_ERRORS = 2, /* no hit, and something could not be scanned or understood */
};

/* The exit status. */
int scan_command(int argc, char **argv);

#endif
