#include "collector/ctl/help.h"

enum { COLUMN = 24 };

const char *help_name(const struct command *command, char *out, size_t size)
{
	if (command->group != NULL)
		snprintf(out, size, "soc-ctl %s %s", command->group, command->name);
	else
		snprintf(out, size, "soc-ctl %s", command->name);
	return out;
}

static void list_commands(FILE *out, const char *group)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		if (command_in(command, group))
			fprintf(out, "  %-12s %s\n", command->name, command->summary);
	}
}

void help_program(FILE *out)
{
	fputs("usage: soc-ctl GROUP COMMAND [options]\n"
	      "       soc-ctl [GROUP [COMMAND]] --help\n"
	      "       soc-ctl --version\n\n",
		out);
	for (const struct command_group *group = command_groups; group->name != NULL; group++) {
		fprintf(out, "%s: %s\n", group->name, group->summary);
		list_commands(out, group->name);
	}
	list_commands(out, NULL);
	fputs("\nexit: 0 done, 1 it could not be done, 2 not understood\n", out);
}

void help_group(FILE *out, const char *group)
{
	fprintf(out, "usage: soc-ctl %s COMMAND [options]\n\n", group);
	list_commands(out, group);
	fprintf(out, "\nsoc-ctl %s COMMAND --help tells more.\n", group);
}

static void help_option(FILE *out, const struct option_spec *option)
{
	char left[64];

	if (option->value != NULL)
		snprintf(left, sizeof(left), "--%s %s", option->name, option->value);
	else
		snprintf(left, sizeof(left), "--%s", option->name);
	fprintf(out, "  %-*s %s", COLUMN, left, option->help);
	if (option->standard != NULL)
		fprintf(out, " (default: %s)", option->standard);
	if (option->most > 1)
		fprintf(out, "; up to %u times", option->most);
	fputc('\n', out);
}

void help_command(FILE *out, const struct command *command)
{
	char name[64];

	fprintf(out, "usage: %s [options]%s%s\n\n%s\n", help_name(command, name, sizeof(name)),
		command->operands != NULL ? " " : "",
		command->operands != NULL ? command->operands : "", command->summary);
	if (command->details != NULL)
		fprintf(out, "\n%s\n", command->details);
	fputs("\noptions:\n", out);
	for (const struct option_spec *option = command->options;
		option != NULL && option->name != NULL; option++)
		help_option(out, option);
	fprintf(out, "  %-*s %s\n", COLUMN, "--help", "this text");
}
