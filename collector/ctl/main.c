/* soc-ctl - administration from the shell */

#include "collector/ctl/commands/alerts.h"
#include "collector/ctl/commands/ask.h"
#include "collector/ctl/commands/order.h"
#include "collector/ctl/commands/pki.h"
#include "collector/ctl/commands/standing.h"
#include "collector/ctl/commands/token.h"
#include "common/cli/command.h"

static const struct command *const tables[] = {ask_commands, alerts_commands, order_commands,
	pki_commands, standing_commands, token_commands, NULL};

static const struct command_group groups[] = {
	{"alerts", "what somebody has to look at", "list"},
	{"feed", "messages to the national monitoring system", NULL},
	{"order", "the closed list of what a connected agent can be told to do", NULL},
	{"pki", "certificates of agents, collectors, signers; works offline on a folder", NULL},
	{"suppress", "findings that nobody has to look at for a time", "list"},
	{"maintenance", "times in which findings of a scope are expected", "list"},
	{"watch", "times in which findings count for more: holidays, events", "list"},
	{0},
};

static const struct program program = {
	.name = "soc-ctl",
	.about = "administration of the provincial SOC collector",
	.tables = tables,
	.groups = groups,
};

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}
