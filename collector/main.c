/* soc-collector - receives logs, understands them, keeps them, counts, passes statistics on */

#include "collector/backtest_command.h"
#include "collector/commands.h"
#include "collector/detect_command.h"
#include "collector/export.h"
#include "collector/indicators_command.h"
#include "collector/national/feed_cli.h"
#include "collector/normalize_command.h"
#include "collector/sigma_command.h"
#include "collector/verify_command.h"
#include "common/cli/command.h"

static const struct command *const tables[] = {
	collector_commands,
	normalize_commands,
	detect_commands,
	backtest_commands,
	indicators_commands,
	sigma_commands,
	verify_commands,
	export_commands,
	feed_commands,
	NULL,
};

static const struct command_group groups[] = {
	{"sigma", "rules: run their tests, or the rules over what the store holds", NULL},
	{"feed", "national messages in files: check, print, verify", NULL},
	{"indicators", "lists of addresses, domains, URLs, hashes: check them", NULL},
	{0},
};

static const struct program program = {
	.name = "soc-collector",
	.about = "receives logs, understands them, keeps them, counts, passes statistics on",
	.tables = tables,
	.groups = groups,
};

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}
