#include "agent/commands.h"

#include <stdio.h>

#include "agent/agent.h"
#include "agent/settings.h"
#include "common/cli/arguments.h"
#include "common/log.h"

enum { TEXT_MAX = 1 << 20 };

static int run_daemon(const struct arguments *arguments)
{
	const char *config = arguments_text(arguments, "config");
	struct err err;

	log_open("soc-agent", LOG_INFO);

	struct agent *agent = agent_new(config, &err);
	bool good = agent != NULL && agent_run(agent, &err);
	if (!good)
		log_error("agent.failed", "reason=%s", LOG_TEXT(slice_str(err.text)));
	agent_free(agent);
	return good ? EXIT_DONE : EXIT_FAILED;
}

static int run_check(const struct arguments *arguments)
{
	const char *config = arguments_text(arguments, "config");
	struct strbuf mistakes = STRBUF_INIT(TEXT_MAX);
	struct agent_settings settings;

	struct conf *conf = agent_settings_load(config, &settings, &mistakes);
	bool good = conf != NULL;
	if (good)
		printf("%s: good\n", config);
	else
		fputs(strbuf_cstr(&mistakes), stderr);
	conf_free(conf);
	strbuf_done(&mistakes);
	return good ? EXIT_DONE : EXIT_FAILED;
}

static int run_config(const struct arguments *arguments)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);

	(void)arguments;
	conf_print(agent_settings_table, agent_settings_head, &text);
	fwrite(text.ptr, 1, text.len, stdout);
	strbuf_done(&text);
	return EXIT_DONE;
}

static const struct option_spec settings_options[] = {
	{.name = "config",
		.letter = 'c',
		.value = "FILE",
		.help = "the settings",
		.required = true},
	{0},
};

const struct command agent_commands[] = {
	{.name = "run",
		.summary = "be the daemon; SIGHUP reloads, SIGTERM drains",
		.options = settings_options,
		.run = run_daemon},
	{.name = "check",
		.summary = "say what is wrong with the settings, as file:line:column",
		.options = settings_options,
		.run = run_check},
	{.name = "config",
		.summary = "print the commented default settings",
		.run = run_config},
	{0},
};
