/* soc-collector - receives logs, understands them, keeps them, counts, passes statistics on */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/commands.h"
#include "collector/export.h"
#include "collector/national/feed_cli.h"
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
	{"normalize", command_normalize,
		"normalize [--format NAME] [--tz ZONE] [--year Y] [FILE]",
		"raw lines in, one JSON object a line out"},
	{"recount", command_recount, "recount -c FILE [--from TIME] [--to TIME]",
		"count the last day again from the store, compare with what was sent"},
	{"verify-store", command_verify_store, "verify-store -c FILE",
		"check every block, hash and chain of the store"},
	{"export", export_command, "export (-c FILE | --store DIR) [--from POSITION]",
		"what the store holds, one JSON object a line"},
	{"feed", feed_main, "feed check|show|verify --type T FILE",
		"check a national message, print it, verify its signature; feed types"},
};

static int usage(FILE *out, int status)
{
	fputs("usage: soc-collector COMMAND [OPTION]...\n\n", out);
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
		puts("soc-collector " SOC_VERSION);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "soc-collector: unknown command '%s'\n", argv[1]);
	return usage(stderr, EXIT_USAGE);
}
