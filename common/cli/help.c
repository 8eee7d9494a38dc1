#include "common/cli/help.h"

enum { COLUMN = 24, TIMES_TOLD = 64 };

const char *help_name(
	const struct program *program, const struct command *command, char *out, size_t size)
{
	if (command->group != NULL)
		snprintf(out, size, "%s %s %s", program->name, command->group, command->name);
	else
		snprintf(out, size, "%s %s", program->name, command->name);
	return out;
}

static void list_commands(FILE *out, const struct program *program, const char *group)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(program, i)) != NULL; i++) {
		if (command_in(command, group))
			fprintf(out, "  %-14s %s\n", command->name, command->summary);
	}
}

void help_program(FILE *out, const struct program *program)
{
	const char *name = program->name;

	fprintf(out,
		"%s - %s\n\nusage: %s COMMAND [options]\n       %s COMMAND --help\n"
		"       %s --version\n\n",
		name, program->about, name, name, name);
	list_commands(out, program, NULL);
	for (const struct command_group *group = program->groups;
		group != NULL && group->name != NULL; group++) {
		fprintf(out, "\n%s ...: %s\n", group->name, group->summary);
		list_commands(out, program, group->name);
	}
	fputs("\nexit: 0 done, 1 it could not be done, 2 not understood\n", out);
}

void help_group(FILE *out, const struct program *program, const char *group)
{
	fprintf(out, "usage: %s %s COMMAND [options]\n\n", program->name, group);
	list_commands(out, program, group);
	fprintf(out, "\n%s %s COMMAND --help tells more.\n", program->name, group);
}

static void help_option(FILE *out, const struct option_spec *option)
{
	char left[64], letter[8] = "";

	if (option->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, option->name,
		option->value != NULL ? " " : "", option->value != NULL ? option->value : "");
	fprintf(out, "  %-*s %s", COLUMN, left, option->help);
	if (option->standard != NULL)
		fprintf(out, " (default: %s)", option->standard);
	if (option->most > TIMES_TOLD)
		fputs("; may be repeated", out);
	else if (option->most > 1)
		fprintf(out, "; up to %u times", option->most);
	fputc('\n', out);
}

/* What has to be given stands in the usage line. */
static void help_usage(FILE *out, const struct program *program, const struct command *command)
{
	char name[64];

	fprintf(out, "usage: %s", help_name(program, command, name, sizeof(name)));
	for (const struct option_spec *option = command->options;
		option != NULL && option->name != NULL; option++) {
		if (option->required)
			fprintf(out, " --%s %s", option->name, option->value);
	}
	fprintf(out, " [options]%s%s\n", command->operands != NULL ? " " : "",
		command->operands != NULL ? command->operands : "");
}

void help_command(FILE *out, const struct program *program, const struct command *command)
{
	help_usage(out, program, command);
	fprintf(out, "\n%s\n", command->summary);
	if (command->details != NULL)
		fprintf(out, "\n%s\n", command->details);
	fputs("\noptions:\n", out);
	for (const struct option_spec *option = command->options;
		option != NULL && option->name != NULL; option++) {
		if (option->help != NULL)
			help_option(out, option);
	}
	fprintf(out, "  %-*s %s\n", COLUMN, "-h, --help", "this text");
}
