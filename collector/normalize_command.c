#include "collector/normalize_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collector/normalize/normalize_lines.h"
#include "collector/normalize/own/folder.h"
#include "collector/rules.h"
#include "common/cli/arguments.h"
#include "common/clock.h"
#include "common/err.h"

enum {
	YEAR_LEAST = 1970,
	YEAR_MOST = 2261,
};

struct options {
	struct normalize_settings settings;
	struct collector_settings collector; /* of --config, and its conf; or NULL */
	struct conf *conf;
	struct rules *rules;
	struct own_formats *formats; /* of --parsers, or NULL */
	const struct parser *format;
	enum charset charset;
	const char *enrich; /* path of its settings, NULL = not wanted */
	struct masker *masker;
	const char *policy; /* "" = that of --config, or none */
	const char *path;   /* NULL = standard input */
};

static bool take_format(struct slice name, const struct own_formats *formats,
	const struct parser **format, struct err *err)
{
	if (slice_eq(name, SLICE_LIT("auto")))
		return true;
	*format = own_formats_by_name(formats, name);
	if (*format == NULL)
		*format = parser_by_name(name);
	if (*format == NULL)
		return err_set(err, "--format %.*s: no such parser; see normalize --list",
			SLICE_FMT(name));
	return true;
}

/* What is wrong in the folder is said; the formats that are good work. */
static void load_formats(const struct arguments *arguments, struct options *options)
{
	const char *dir = arguments_text(arguments, "parsers");
	struct strbuf mistakes = STRBUF_INIT(1 << 20);

	if (dir == NULL) {
		options->settings.formats = options->rules ? options->rules->formats : NULL;
		return;
	}
	if (access(dir, F_OK) != 0)
		strbuf_addf(&mistakes, "%s: %s\n", dir, strerror(errno));
	options->formats = own_formats_load(dir, NULL, &mistakes);
	options->settings.formats = options->formats;
	fputs(strbuf_cstr(&mistakes), stderr);
	strbuf_done(&mistakes);
}

/* The files that a collector with these settings reads. */
static bool load_rules(const char *config, struct options *options)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20), warnings = STRBUF_INIT(1 << 20);

	options->conf = collector_settings_load(config, &options->collector);
	if (options->conf != NULL)
		options->rules = rules_load(&options->collector, NULL, &mistakes, &warnings);
	fputs(strbuf_cstr(&warnings), stderr);
	fputs(strbuf_cstr(&mistakes), stderr);
	strbuf_done(&warnings);
	strbuf_done(&mistakes);
	return options->rules != NULL;
}

static bool take_zone(const char *text, struct zone *zone, struct err *err)
{
	char rule[ZONE_RULE_MAX];

	if (text == NULL)
		text = "Asia/Ho_Chi_Minh";
	if (!zone_find(text, rule, err))
		return err_within(err, "--tz");
	return zone_parse(slice_str(rule), zone);
}

static bool take_year(const struct arguments *arguments, int *year, struct err *err)
{
	uint32_t number = 0;

	if (!arguments_number(arguments, "year", YEAR_LEAST, YEAR_MOST, &number, err))
		return false;
	*year = (int)number;
	return true;
}

bool line_options_take(const struct arguments *arguments, struct normalize_settings *settings,
	const struct parser **format, struct err *err)
{
	return take_format(slice_str(arguments_text(arguments, "format")), settings->formats,
		       format, err) &&
	       take_zone(arguments_text(arguments, "tz"), &settings->zone, err) &&
	       take_year(arguments, &settings->year, err);
}

/* Without --tz the province's, when there is a configuration. */
static void take_province(const struct arguments *arguments, struct options *options)
{
	if (options->rules != NULL && arguments_text(arguments, "tz") == NULL)
		options->settings.zone = (struct zone){
			.seconds = agencies_province(options->rules->agencies)->zone_seconds};
}

static bool take_charset(
	const struct arguments *arguments, enum charset *charset, struct err *err)
{
	const char *name = arguments_text(arguments, "charset");

	return charset_by_name(slice_str(name), charset) ||
	       err_set(err,
		       "--charset %s: not utf-8, utf-16le, utf-16be, windows-1258, tcvn3 or "
		       "vni",
		       name);
}

static bool take_options(
	const struct arguments *arguments, struct options *options, struct err *err)
{
	if (arguments->n_operands > 0 && strcmp(arguments->operands[0], "-") != 0)
		options->path = arguments->operands[0];
	options->enrich = arguments_text(arguments, "enrich");
	options->policy = arguments_text(arguments, "policy");
	if (!line_options_take(arguments, &options->settings, &options->format, err))
		return false;
	take_province(arguments, options);
	return take_charset(arguments, &options->charset, err);
}

static void list_all(const struct parser *const *parser)
{
	for (; *parser != NULL; parser++)
		printf("%-14s %s (%s)\n", (*parser)->name, (*parser)->summary,
			(*parser)->source);
}

static void list_parsers(const struct options *options)
{
	const struct own_file *files;
	const struct own_formats *formats = options->settings.formats;
	size_t n = own_formats_files(formats, &files);

	list_all(own_formats_parsers(formats));
	for (size_t i = 0; i < n; i++) {
		if (files[i].state == OWN_REFUSED)
			printf("%-14s refused: %s\n", files[i].name, files[i].reason);
	}
	list_all(parsers);
}

static const struct masker *masker_of(const struct options *options)
{
	return options->masker != NULL || options->rules == NULL ? options->masker
								 : options->rules->masker;
}

static bool normalize_file(
	const struct options *options, struct enricher *enricher, struct err *err)
{
	struct normalize_lines lines = {
		.settings = options->settings,
		.format = options->format,
		.enricher = enricher != NULL || options->rules == NULL
				    ? enricher
				    : options->rules->enricher,
		.masker = masker_of(options),
		.charset = options->charset,
		.name = options->path ? options->path : "-",
		.from = STDIN_FILENO,
		.to = STDOUT_FILENO,
	};

	if (options->path == NULL)
		return normalize_lines(&lines, err);

	int fd = open(options->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "%s", options->path);
	lines.from = fd;
	bool ok = normalize_lines(&lines, err);
	close(fd);
	return ok || err_within(err, "%s", options->path);
}

/* Agencies of the network plan are not looked for: there is no register here. */
static bool load_enricher(const char *path, struct enricher **enricher)
{
	struct strbuf words = STRBUF_INIT(1 << 20);

	*enricher = path != NULL ? enricher_load(path, NULL, &words, &words) : NULL;
	fputs(strbuf_cstr(&words), stderr);
	strbuf_done(&words);
	return path == NULL || *enricher != NULL;
}

/* Mistakes of the file are told as by `check`. */
static bool load_policy(struct options *options)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 20);

	if (options->policy[0] == '\0')
		return true;
	options->masker = masker_load(options->policy, &mistakes);
	if (options->masker == NULL)
		fputs(strbuf_cstr(&mistakes), stderr);
	strbuf_done(&mistakes);
	return options->masker != NULL;
}

static int normalize_or_list(const struct arguments *arguments, struct options *options)
{
	struct err err = {0};

	if (arguments_flag(arguments, "list")) {
		list_parsers(options);
		return own_formats_wrong(options->settings.formats) > 0 ? EXIT_FAILED
									: EXIT_DONE;
	}
	if (!take_options(arguments, options, &err)) {
		fprintf(stderr, "soc-collector normalize: %s\n", err.text);
		return EXIT_USAGE;
	}
	struct enricher *enricher = NULL;
	bool ok = load_policy(options) && load_enricher(options->enrich, &enricher);
	bool done = ok && normalize_file(options, enricher, &err);
	if (ok && !done)
		fprintf(stderr, "soc-collector normalize: %s\n", err.text);
	enricher_free(enricher);
	masker_free(options->masker);
	return done ? EXIT_DONE : EXIT_FAILED;
}

static int run_normalize(const struct arguments *arguments)
{
	const char *config = arguments_text(arguments, "config");
	struct options options = {0};
	int status = EXIT_FAILED;

	if (config == NULL || load_rules(config, &options)) {
		load_formats(arguments, &options);
		status = normalize_or_list(arguments, &options);
	}
	own_formats_free(options.formats);
	rules_unref(options.rules);
	conf_free(options.conf);
	return status;
}

static const struct option_spec normalize_options[] = {
	{.name = "config",
		.letter = 'c',
		.value = "FILE",
		.help = "as a collector with these settings would: their zone, own formats, "
			"enrichment and masking, unless other options say otherwise"},
	LINE_OPTIONS,
	{.name = "enrich",
		.value = "FILE",
		.help = "add what enrich.yaml stands on: places, networks, user agents"},
	{.name = "parsers",
		.value = "DIR",
		.help = "with the own formats of this folder; says what is wrong with them"},
	{.name = "charset",
		.value = "NAME",
		.help = "of the text: utf-8, utf-16le, utf-16be, windows-1258, tcvn3, vni",
		.standard = "utf-8"},
	{.name = "policy",
		.value = "FILE",
		.help = "mask what this policy says, as before storing (masking.yaml)",
		.standard = ""},
	{.name = "list", .help = "list the parsers instead"},
	{0},
};

const struct command normalize_commands[] = {
	{.name = "normalize",
		.operands = "[FILE]",
		.operands_max = 1,
		.summary = "raw lines in, one JSON object a line out",
		.details = "Writes one object for every line, in order; `soc.parse_status` "
			   "says how\n"
			   "well it was understood, or that it goes on with line\n"
			   "`soc.joined_line`. Without FILE, or with '-': standard input.",
		.options = normalize_options,
		.run = run_normalize},
	{0},
};
