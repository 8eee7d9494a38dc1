#include "collector/commands.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/collector.h"
#include "collector/option_time.h"
#include "collector/recount.h"
#include "collector/rules.h"
#include "collector/settings.h"
#include "collector/supervise.h"
#include "common/cli/arguments.h"
#include "common/clock.h"
#include "common/log.h"

/* ---- check, config ---------------------------------------------------------- */

/* The files the settings name. Own formats with mistakes are none that a running collector
 * stops for; who checks wants to know. */
static bool check_rules(const struct collector_settings *settings, bool formats_too)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20), warnings = STRBUF_INIT(1 << 20);
	struct rules *rules = rules_load(settings, NULL, &mistakes, &warnings);
	bool good = rules != NULL && (!formats_too || own_formats_wrong(rules->formats) == 0);

	fputs(strbuf_cstr(&warnings), stderr);
	fputs(strbuf_cstr(&mistakes), stderr);
	strbuf_done(&warnings);
	strbuf_done(&mistakes);
	rules_unref(rules);
	return good;
}

static bool check_files(const char *config, bool formats_too)
{
	struct collector_settings settings;
	struct conf *conf = collector_settings_load(config, &settings);

	if (conf == NULL)
		return false;
	bool good = check_rules(&settings, formats_too);
	conf_free(conf);
	return good;
}

/* Before a reload. */
static bool check_all(const char *config)
{
	return check_files(config, false);
}

static int run_check(const struct arguments *arguments)
{
	const char *config = arguments_text(arguments, "config");

	if (!check_files(config, true))
		return EXIT_FAILED;
	printf("%s: good\n", config);
	return EXIT_DONE;
}

static int run_config(const struct arguments *arguments)
{
	struct strbuf text = STRBUF_INIT(1 << 20);

	(void)arguments;
	conf_print(collector_settings_table, collector_settings_head, &text);
	fwrite(text.ptr, 1, text.len, stdout);
	strbuf_done(&text);
	return EXIT_DONE;
}

/* ---- recount ---------------------------------------------------------------- */

static int run_recount(const struct arguments *arguments)
{
	int64_t from_ns, to_ns;

	if (!option_time(arguments, "from", &from_ns) || !option_time(arguments, "to", &to_ns))
		return EXIT_USAGE;
	return recount(arguments_text(arguments, "config"), from_ns, to_ns);
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
	return good ? EXIT_DONE : EXIT_FAILED;
}

static int run_signer(const char *config)
{
	struct collector_settings settings;
	struct conf *conf = collector_settings_load(config, &settings);
	int status = EXIT_FAILED;

	if (conf != NULL)
		status = signer_run(&settings.signer, ROLE_SIGNER_FD, role_alive);
	conf_free(conf);
	return status;
}

static const struct {
	const char *name, *process; /* of at most 15 bytes */
	int (*run)(const char *config);
} roles[] = {
	{"ingest", "soc-ingest", run_ingest},
	{"signer", "soc-signer", run_signer},
};

/* Names the process in ps and top after its role; it was started as /proc/self/exe. */
static int run_role(const char *role, const char *config)
{
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		if (strcmp(role, roles[i].name) == 0) {
			(void)pthread_setname_np(pthread_self(), roles[i].process);
			return roles[i].run(config);
		}
	}
	fprintf(stderr, "soc-collector: unknown role '%s'\n", role);
	return EXIT_USAGE;
}

static int supervise_all(const char *config)
{
	struct role_identity identities[ROLES];
	struct collector_settings settings;
	struct conf *conf = collector_settings_load(config, &settings);
	const struct supervise_settings supervised = {
		.config = config,
		.stop_ms = settings.stop_ms,
		.silent_ms = settings.silent_ms,
		.start_ms = settings.start_ms,
		.check = check_all,
		.identities = identities,
	};
	bool good = conf != NULL && check_rules(&settings, false);

	if (good)
		log_open("soc-collector", (enum log_level)settings.log_level);
	good = good && roles_prepare(config, &settings, identities);
	conf_free(conf);
	return good ? supervise(&supervised) : EXIT_FAILED;
}

/* Roles find the settings from wherever they are started. */
static int run_all(const char *config)
{
	char *path = realpath(config, NULL);
	int status = supervise_all(path != NULL ? path : config);

	free(path);
	return status;
}

static int run_daemon(const struct arguments *arguments)
{
	const char *config = arguments_text(arguments, "config");
	const char *role = arguments_text(arguments, "role");

	log_open("soc-collector", LOG_INFO);
	return role != NULL ? run_role(role, config) : run_all(config);
}

/* ---- what they take ----------------------------------------------------------- */

#define OPTION_CONFIG                                                                          \
	{                                                                                      \
		.name = "config", .letter = 'c', .value = "FILE", .help = "the settings",      \
		.required = true                                                               \
	}

static const struct option_spec settings_options[] = {OPTION_CONFIG, {0}};

static const struct option_spec run_options[] = {
	OPTION_CONFIG,
	{.name = "role", .value = "NAME"}, /* for supervise.c */
	{0},
};

static const struct option_spec recount_options[] = {
	OPTION_CONFIG,
	{.name = "from",
		.value = "TIME",
		.help = "windows that begin then or later (a day before --to)"},
	{.name = "to",
		.value = "TIME",
		.help = "and end then or before (as far as everything is published)"},
	{0},
};

const struct command collector_commands[] = {
	{.name = "run",
		.summary = "be the daemon; SIGHUP reloads, SIGTERM drains",
		.options = run_options,
		.run = run_daemon},
	{.name = "check",
		.summary = "say what is wrong with the settings, as file:line:column",
		.options = settings_options,
		.run = run_check},
	{.name = "config",
		.summary = "print the commented default settings",
		.run = run_config},
	{.name = "recount",
		.summary = "count again from the store, compare with what was sent",
		.details = "Times are like 2026-11-22T00:00:00+07:00.\n"
			   "Exit status: 0 all equal, 1 something differs, 2 it could not be "
			   "told.",
		.options = recount_options,
		.run = run_recount},
	{0},
};
