#include "agent/commands.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "agent/settings.h"
#include "common/log.h"

enum { EXIT_USAGE = 2, TEXT_MAX = 1 << 20 };

/* "-c FILE"; NULL after saying what is wrong. */
static const char *read_config_option(int argc, char **argv)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
		{0},
	};
	const char *config = NULL;
	int letter;

	optind = 1;
	while ((letter = getopt_long(argc, argv, "c:", known, NULL)) != -1) {
		if (letter != 'c')
			return NULL;
		config = optarg;
	}
	if (config != NULL && optind == argc)
		return config;
	fprintf(stderr, "usage: soc-agent %s -c FILE\n", argv[0]);
	return NULL;
}

int command_run(int argc, char **argv)
{
	const char *config = read_config_option(argc, argv);
	struct err err;

	if (config == NULL)
		return EXIT_USAGE;
	log_open("soc-agent", LOG_INFO);

	struct agent *agent = agent_new(config, &err);
	bool good = agent != NULL && agent_run(agent, &err);
	if (!good)
		log_error("agent.failed", "reason=%s", LOG_TEXT(slice_str(err.text)));
	agent_free(agent);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_check(int argc, char **argv)
{
	const char *config = read_config_option(argc, argv);
	struct strbuf mistakes = STRBUF_INIT(TEXT_MAX);
	struct agent_settings settings;

	if (config == NULL)
		return EXIT_USAGE;

	struct conf *conf = agent_settings_load(config, &settings, &mistakes);
	bool good = conf != NULL;
	if (good)
		printf("%s: good\n", config);
	else
		fputs(strbuf_cstr(&mistakes), stderr);
	conf_free(conf);
	strbuf_done(&mistakes);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_config(int argc, char **argv)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);

	(void)argc;
	(void)argv;
	conf_print(agent_settings_table, agent_settings_head, &text);
	fwrite(text.ptr, 1, text.len, stdout);
	strbuf_done(&text);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
