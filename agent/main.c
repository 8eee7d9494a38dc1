/* soc-agent - reads the logs of a host, keeps them safe, brings them to the collector */

#include "agent/commands.h"
#include "agent/scan/command.h"
#include "common/cli/command.h"

static const struct command *const tables[] = {agent_commands, scan_commands, NULL};

static const struct program program = {
	.name = "soc-agent",
	.about = "reads the logs of a host, keeps them safe, brings them to the collector",
	.tables = tables,
};

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}
