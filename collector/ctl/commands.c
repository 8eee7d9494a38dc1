#include <string.h>

#include "collector/ctl/command.h"
#include "collector/ctl/commands/ask.h"
#include "collector/ctl/commands/pki.h"

/* Each ended by a zero entry. */
static const struct command *const tables[] = {
	ask_commands,
	pki_commands,
	NULL,
};

const struct command_group command_groups[] = {
	{"pki", "certificates of agents, collectors, signers; works offline on a folder"},
	{0},
};

const struct command *command_at(size_t at)
{
	for (const struct command *const *table = tables; *table != NULL; table++) {
		for (const struct command *command = *table; command->name != NULL; command++) {
			if (at-- == 0)
				return command;
		}
	}
	return NULL;
}

bool command_in(const struct command *command, const char *group)
{
	if (command->group == NULL || group == NULL)
		return command->group == group;
	return strcmp(command->group, group) == 0;
}
