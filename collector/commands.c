#include "collector/commands.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/collector.h"
#include "collector/normalize/normalize.h"
#include "collector/rules.h"
#include "collector/settings.h"
#include "collector/supervise.h"
#include "common/log.h"

enum { EXIT_USAGE = 2 };

struct config_options {
	const char *config;
	const char *role;
};

/* "-c FILE [--role NAME]"; false after saying what is wrong. */
static bool read_options(int argc, char **argv, struct config_options *options)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
		{"role", required_argument, NULL, 'r'},
		{0},
	};
	int letter;

	*options = (struct config_options){0};
	optind = 1;
	while ((letter = getopt_long(argc, argv, "c:", known, NULL)) != -1) {
		switch (letter) {
		case 'c':
			options->config = optarg;
			break;
		case 'r':
			options->role = optarg;
			break;
		default:
			return false;
		}
	}
	if (options->config == NULL || optind < argc) {
		fprintf(stderr, "usage: soc-collector %s -c FILE\n", argv[0]);
		return false;
	}
	return true;
}

/* ---- check, config ---------------------------------------------------------- */

/* The files the settings name. */
static bool check_rules(const struct collector_settings *settings)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20), warnings = STRBUF_INIT(1 << 20);
	struct rules *rules = rules_load(settings, &mistakes, &warnings);

	fputs(strbuf_cstr(&warnings), stderr);
	fputs(strbuf_cstr(&mistakes), stderr);
	strbuf_done(&warnings);
	strbuf_done(&mistakes);
	rules_unref(rules);
	return rules != NULL;
}

static bool check_all(const char *config)
{
	struct collector_settings settings;
	struct conf *conf = collector_settings_load(config, &settings);

	if (conf == NULL)
		return false;
	bool good = check_rules(&settings);
	conf_free(conf);
	return good;
}

int command_check(int argc, char **argv)
{
	struct config_options options;

	if (!read_options(argc, argv, &options))
		return EXIT_USAGE;
	if (!check_all(options.config))
		return EXIT_FAILURE;
	printf("%s: good\n", options.config);
	return EXIT_SUCCESS;
}

int command_config(int argc, char **argv)
{
	struct strbuf text = STRBUF_INIT(1 << 20);

	(void)argc;
	(void)argv;
	conf_print(collector_settings_table, collector_settings_head, &text);
	fwrite(text.ptr, 1, text.len, stdout);
	strbuf_done(&text);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_normalize(int argc, char **argv)
{
	return normalize_command(argc, argv);
}

/* ---- run -------------------------------------------------------------------- */

static int run_ingest(const char *config)
{
	struct err err;
	struct collector *collector = collector_new(config, &err);
	bool good = collector != NULL && collector_run(collector, &err);

	if (!good)
		log_error("collector.failed", "reason=\"%s\"", err.text);
	collector_free(collector);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_signer(const char *config)
{
	struct collector_settings settings;
	struct conf *conf = collector_settings_load(config, &settings);
	int status = EXIT_FAILURE;

	if (conf != NULL)
		status = signer_run(&settings.signer, ROLE_SIGNER_FD, role_ready);
	conf_free(conf);
	return status;
}

static const struct {
	const char *name;
	int (*run)(const char *config);
} roles[] = {
	{"ingest", run_ingest},
	{"signer", run_signer},
};

static int run_role(const struct config_options *options)
{
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		if (strcmp(options->role, roles[i].name) == 0)
			return roles[i].run(options->config);
	}
	fprintf(stderr, "soc-collector: unknown role '%s'\n", options->role);
	return EXIT_USAGE;
}

static int run_all(const char *config)
{
	struct collector_settings settings;
	struct conf *conf = collector_settings_load(config, &settings);

	if (conf == NULL || !check_rules(&settings)) {
		conf_free(conf);
		return EXIT_FAILURE;
	}
	log_open("soc-collector", (enum log_level)settings.log_level);
	const struct supervise_settings supervised = {
		.config = config,
		.stop_ms = settings.stop_ms,
		.check = check_all,
	};
	conf_free(conf);
	return supervise(&supervised);
}

int command_run(int argc, char **argv)
{
	struct config_options options;

	if (!read_options(argc, argv, &options))
		return EXIT_USAGE;
	log_open("soc-collector", LOG_INFO);
	return options.role != NULL ? run_role(&options) : run_all(options.config);
}
