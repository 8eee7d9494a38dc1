/* soc-agent - reads the logs of a host, keeps them safe, brings them to the collector */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/commands.h"
#include "agent/scan/command.h"
#include "common/slice.h"

enum { EXIT_USAGE = 2 };

static const struct {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the command's name */
	const char *usage;
	const char *summary;
} commands[] = {
	{"run", command_run, "run -c FILE", "be the daemon; SIGHUP reloads, SIGTERM drains"},
	{"check", command_check, "check -c FILE", "say what is wrong with the settings"},
	{"config", command_config, "config", "print the commented default settings"},
	{"scan", scan_command, "scan [--rules FILE|DIR]... [--json] PATH...",
		"look into files with YARA rules; --help says more"},
};

static int usage(FILE *out, int status)
{
	fputs("usage: soc-agent COMMAND [OPTION]...\n\n", out);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %s\n        %s\n", commands[i].usage, commands[i].summary);
	fputs("\n  --help, --version\n", out);
	return status;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2)
		return usage(stderr, EXIT_USAGE);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
		return usage(stdout, EXIT_SUCCESS);
	if (strcmp(argv[1], "--version") == 0) {
		puts("soc-agent " SOC_VERSION);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "soc-agent: unknown command '%s'\n", argv[1]);
	return usage(stderr, EXIT_USAGE);
}
