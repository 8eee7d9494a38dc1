#include "collector/commands.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/collector.h"
#include "collector/normalize/normalize.h"
#include "collector/recount.h"
#include "collector/rules.h"
#include "collector/settings.h"
#include "collector/store/verify.h"
#include "collector/supervise.h"
#include "common/clock.h"
#include "common/log.h"

enum { EXIT_USAGE = 2 };

struct config_options {
	const char *config;
	const char *role;
	const char *from, *to; /* times, RFC 3339 */
};

/* "-c FILE" and what the command takes besides; false after saying what is wrong. */
static bool read_options(int argc, char **argv, struct config_options *options)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
		{"role", required_argument, NULL, 'r'},
		{"from", required_argument, NULL, 'f'},
		{"to", required_argument, NULL, 't'},
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
		case 'f':
			options->from = optarg;
			break;
		case 't':
			options->to = optarg;
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

/* ---- recount, verify-store -------------------------------------------------- */

/* `text` NULL: the default. */
static bool read_time(const char *text, int64_t standard_ns, int64_t *ns)
{
	size_t used;

	*ns = standard_ns;
	if (text == NULL)
		return true;
	if (clock_parse_iso(slice_str(text), 0, ns, &used) && used == strlen(text))
		return true;
	fprintf(stderr, "soc-collector: '%s' is no time like 2026-11-22T00:00:00+07:00\n",
		text);
	return false;
}

int command_recount(int argc, char **argv)
{
	const int64_t day_ns = 86400 * CLOCK_NS_PER_S;
	struct config_options options;
	int64_t from_ns, to_ns, now_ns = clock_wall_ns();

	if (!read_options(argc, argv, &options) ||
		!read_time(options.from, now_ns - day_ns, &from_ns) ||
		!read_time(options.to, now_ns, &to_ns))
		return EXIT_USAGE;
	return recount(options.config, from_ns, to_ns);
}

static void print_fault(void *user, const struct store_fault *fault)
{
	(void)user;
	printf("%s:%" PRIu64 ": %s\n", fault->file, fault->offset, fault->what);
}

int command_verify_store(int argc, char **argv)
{
	struct config_options options;
	struct collector_settings settings;
	struct store_verified verified = {0};
	struct err err;

	if (!read_options(argc, argv, &options))
		return EXIT_USAGE;
	struct conf *conf = collector_settings_load(options.config, &settings);
	if (conf == NULL)
		return EXIT_USAGE;
	bool read = store_verify(settings.store.dir, print_fault, NULL, &verified, &err);
	conf_free(conf);
	if (!read) {
		fprintf(stderr, "soc-collector verify-store: %s\n", err.text);
		return EXIT_USAGE;
	}
	printf("%" PRIu64 " records in %" PRIu64 " blocks of %" PRIu64 " files: %" PRIu64
	       " faults\n",
		verified.records, verified.blocks, verified.files, verified.faults);
	return verified.faults == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
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
