#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/cli/arguments.h"
#include "common/cli/command.h"
#include "common/cli/help.h"
#include "common/nearest.h"

const struct command *command_at(const struct program *program, size_t at)
{
	for (const struct command *const *table = program->tables; *table != NULL; table++) {
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

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
	       strcmp(word, "help") == 0;
}

static const struct command_group *group_of(const struct program *program, const char *word)
{
	for (const struct command_group *group = program->groups;
		group != NULL && group->name != NULL; group++) {
		if (strcmp(group->name, word) == 0)
			return group;
	}
	return NULL;
}

static const struct command *find_command(
	const struct program *program, const char *group, const char *name)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(program, i)) != NULL; i++) {
		if (command_in(command, group) && strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}

static void offer_words(
	const struct program *program, struct nearest *nearest, const char *group)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(program, i)) != NULL; i++) {
		if (command_in(command, group))
			nearest_offer(nearest, command->name);
	}
	for (const struct command_group *each = program->groups;
		group == NULL && each != NULL && each->name != NULL; each++)
		nearest_offer(nearest, each->name);
}

static int unknown_command(const struct program *program, const char *group, const char *word)
{
	struct nearest nearest = {.word = slice_str(word)};

	offer_words(program, &nearest, group);
	fprintf(stderr, "%s: unknown command '%s%s%s'", program->name,
		group != NULL ? group : "", group != NULL ? " " : "", word);
	if (nearest.best != NULL)
		fprintf(stderr, "; did you mean '%s'?", nearest.best);
	fprintf(stderr, "\ntry: %s %s%s--help\n", program->name, group != NULL ? group : "",
		group != NULL ? " " : "");
	return EXIT_USAGE;
}

static int run_with(
	const struct program *program, struct arguments *arguments, int n_words, char **words)
{
	const struct command *command = arguments->command;
	struct err err;
	char name[64];

	if (!arguments_read(arguments, n_words, words, &err)) {
		help_name(program, command, name, sizeof(name));
		fprintf(stderr, "%s: %s\ntry: %s --help\n", name, err.text, name);
		return EXIT_USAGE;
	}
	if (arguments->help) {
		help_command(stdout, program, command);
		return EXIT_DONE;
	}
	return command->run(arguments);
}

static int run_command(
	const struct program *program, const struct command *command, int n_words, char **words)
{
	struct arguments arguments = {.program = program, .command = command};
	int status = run_with(program, &arguments, n_words, words);

	arguments_done(&arguments);
	return status;
}

static int run_in_group(const struct program *program, const struct command_group *group,
	int n_words, char **words)
{
	if (n_words > 0 && is_help(words[0])) {
		help_group(stdout, program, group->name);
		return EXIT_DONE;
	}
	if (group->standard != NULL && (n_words == 0 || words[0][0] == '-')) {
		const struct command *standard =
			find_command(program, group->name, group->standard);

		assert(standard != NULL); /* it is in our table */
		return run_command(program, standard, n_words, words);
	}
	if (n_words == 0) {
		help_group(stderr, program, group->name);
		return EXIT_USAGE;
	}
	const struct command *command = find_command(program, group->name, words[0]);
	if (command == NULL)
		return unknown_command(program, group->name, words[0]);
	return run_command(program, command, n_words - 1, words + 1);
}

static int run(const struct program *program, int n_words, char **words)
{
	if (n_words == 0) {
		help_program(stderr, program);
		return EXIT_USAGE;
	}
	if (is_help(words[0])) {
		help_program(stdout, program);
		return EXIT_DONE;
	}
	if (strcmp(words[0], "--version") == 0) {
		printf("%s " SOC_VERSION "\n", program->name);
		return EXIT_DONE;
	}
	const struct command_group *group = group_of(program, words[0]);
	if (group != NULL)
		return run_in_group(program, group, n_words - 1, words + 1);
	const struct command *command = find_command(program, NULL, words[0]);
	if (command == NULL)
		return unknown_command(program, NULL, words[0]);
	return run_command(program, command, n_words - 1, words + 1);
}

/* Output that could not be written is a failure like any other. */
static int flushed(const struct program *program, int code)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return code;
	fprintf(stderr, "%s: writing to standard output: %s\n", program->name, strerror(errno));
	return code == EXIT_DONE ? EXIT_FAILED : code;
}

int program_main(const struct program *program, int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	return flushed(program, run(program, argc - 1, argv + 1));
}
