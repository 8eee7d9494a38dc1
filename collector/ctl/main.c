/* soc-ctl - administration from the shell */

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "collector/ctl/arguments.h"
#include "collector/ctl/command.h"
#include "collector/ctl/help.h"
#include "common/nearest.h"

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
	       strcmp(word, "help") == 0;
}

static bool is_group(const char *word)
{
	for (const struct command_group *group = command_groups; group->name != NULL; group++) {
		if (strcmp(group->name, word) == 0)
			return true;
	}
	return false;
}

static const struct command *find_command(const char *group, const char *name)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		if (command_in(command, group) && strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}

static void offer_words(struct nearest *nearest, const char *group)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		if (command_in(command, group))
			nearest_offer(nearest, command->name);
	}
	for (const struct command_group *each = command_groups;
		group == NULL && each->name != NULL; each++)
		nearest_offer(nearest, each->name);
}

static enum exit_code unknown_command(const char *group, const char *word)
{
	struct nearest nearest = {.word = slice_str(word)};

	offer_words(&nearest, group);
	fprintf(stderr, "soc-ctl: unknown command '%s%s%s'", group != NULL ? group : "",
		group != NULL ? " " : "", word);
	if (nearest.best != NULL)
		fprintf(stderr, "; did you mean '%s'?", nearest.best);
	fprintf(stderr, "\ntry: soc-ctl %s%s--help\n", group != NULL ? group : "",
		group != NULL ? " " : "");
	return EXIT_USAGE;
}

static enum exit_code run_command(const struct command *command, int n_words, char **words)
{
	struct arguments arguments;
	struct err err;
	char name[64];

	if (!arguments_read(&arguments, command, n_words, words, &err)) {
		help_name(command, name, sizeof(name));
		fprintf(stderr, "%s: %s\ntry: %s --help\n", name, err.text, name);
		return EXIT_USAGE;
	}
	if (arguments.help) {
		help_command(stdout, command);
		return EXIT_DONE;
	}
	return command->run(&arguments);
}

static enum exit_code run_in_group(const char *group, int n_words, char **words)
{
	if (n_words == 0) {
		help_group(stderr, group);
		return EXIT_USAGE;
	}
	if (is_help(words[0])) {
		help_group(stdout, group);
		return EXIT_DONE;
	}
	const struct command *command = find_command(group, words[0]);
	if (command == NULL)
		return unknown_command(group, words[0]);
	return run_command(command, n_words - 1, words + 1);
}

static enum exit_code run(int n_words, char **words)
{
	if (n_words == 0) {
		help_program(stderr);
		return EXIT_USAGE;
	}
	if (is_help(words[0])) {
		help_program(stdout);
		return EXIT_DONE;
	}
	if (strcmp(words[0], "--version") == 0) {
		puts("soc-ctl " SOC_VERSION);
		return EXIT_DONE;
	}
	if (is_group(words[0]))
		return run_in_group(words[0], n_words - 1, words + 1);
	const struct command *command = find_command(NULL, words[0]);
	if (command == NULL)
		return unknown_command(NULL, words[0]);
	return run_command(command, n_words - 1, words + 1);
}

/* Output that could not be written is a failure like any other. */
static enum exit_code flushed(enum exit_code code)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return code;
	perror("soc-ctl: standard output");
	return code == EXIT_DONE ? EXIT_FAILED : code;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	return (int)flushed(run(argc - 1, argv + 1));
}
