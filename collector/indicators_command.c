#include "collector/indicators_command.h"

#include <stdio.h>

#include "collector/detect_indicators.h"
#include "common/clock.h"
#include "common/conf.h"
#include "common/utf8.h"

/* ---- check ----------------------------------------------------------------------- */

static void show_sources(const struct indicators *indicators)
{
	struct strbuf text = STRBUF_INIT(1 << 12);

	puts("source                     format       files   loaded    known  expired  "
	     "refused   unused     full");
	for (size_t i = 0; i < indicators_sources(indicators); i++) {
		struct indicator_source_figures figures = indicators_source(indicators, i);
		const struct list_counts *counts = &figures.counts;

		strbuf_reset(&text);
		utf8_show(&text, figures.name);
		printf("%-26s %-12.*s %5zu %8zu %8zu %8zu %8zu %8zu %8zu\n", strbuf_cstr(&text),
			SLICE_FMT(figures.format), figures.files, counts->added, counts->known,
			counts->expired, counts->refused, counts->unused, counts->full);
	}
	strbuf_done(&text);
}

static void show_types(const struct indicators *indicators)
{
	struct indicators_figures figures = indicators_figures(indicators);

	puts("\ntype              loaded");
	for (unsigned i = INDICATOR_ANY + 1; i < INDICATOR_TYPES; i++) {
		if (figures.by_type[i] > 0)
			printf("%-14s %9zu\n", indicator_type_name((enum indicator_type)i),
				figures.by_type[i]);
	}
}

static void show_warning_lists(const struct indicators *indicators)
{
	const struct warning_lists *lists = indicators_warning_lists(indicators);
	struct strbuf text = STRBUF_INIT(1 << 12);

	puts("\nsuppressed  values  warning list");
	for (uint32_t i = 0; i < warning_lists_count(lists); i++) {
		struct warning_list_figures figures = warning_list_figures(lists, i);

		if (figures.covered == 0)
			continue;
		strbuf_reset(&text);
		utf8_show(&text, figures.name);
		printf("%10zu %7zu  %s\n", figures.covered, figures.values, strbuf_cstr(&text));
	}
	strbuf_done(&text);
}

static void put_time(struct strbuf *out, const char *what, uint32_t at_s)
{
	char text[CLOCK_TEXT_MAX];

	if (at_s != 0)
		strbuf_addf(out, " %s %s", what,
			clock_format_utc((int64_t)at_s * CLOCK_NS_PER_S, 0, text));
}

/* "domain  evil.example  50 malware of maltrail (family) [suppressed by ...]" */
static void show_one(const struct indicators *indicators, const struct indicator_view *view,
	struct strbuf *text)
{
	strbuf_reset(text);
	strbuf_addf(text, "%s ", indicator_type_name(view->type));
	indicator_show(view->type, view->bytes, text);
	strbuf_addf(text, " %u %s of ", view->confidence,
		view->attack == CLASS_NONE ? "-" : attack_class_name(view->attack));
	utf8_show(text, view->source);
	if (view->label.len > 0) {
		strbuf_add_str(text, ": ");
		utf8_show(text, view->label);
	}
	put_time(text, "seen", view->seen_s);
	put_time(text, "until", view->until_s);
	if (view->warning_list != WARNING_NONE) {
		strbuf_add_str(text, " [suppressed by ");
		utf8_show(text, warning_list_figures(indicators_warning_lists(indicators),
					view->warning_list)
					.name);
		strbuf_add_byte(text, ']');
	}
	puts(strbuf_cstr(text));
}

static void show_all(const struct indicators *indicators)
{
	struct strbuf text = STRBUF_INIT(1 << 16);
	size_t n = indicators_figures(indicators).loaded;

	for (size_t i = 0; i < n; i++) {
		struct indicator_view view = indicators_view(indicators, i);

		show_one(indicators, &view, &text);
	}
	strbuf_done(&text);
}

static void show_summary(const struct indicators *indicators, int64_t took_ns)
{
	struct indicators_figures figures = indicators_figures(indicators);

	printf("\n%zu indicators, %zu of them suppressed; %.1f MiB", figures.loaded,
		figures.suppressed, (double)figures.memory / (1 << 20));
	if (figures.loaded > 0)
		printf(", %.0f bytes each", (double)figures.memory / (double)figures.loaded);
	printf("; read in %.1f s\n", (double)took_ns / 1e9);
}

static bool refused_any(const struct indicators *indicators)
{
	for (size_t i = 0; i < indicators_sources(indicators); i++) {
		struct list_counts counts = indicators_source(indicators, i).counts;

		if (counts.refused > 0 || counts.full > 0)
			return true;
	}
	return false;
}

static int run_check(const struct arguments *arguments)
{
	struct indicators *indicators = NULL;
	int64_t started_ns = clock_mono_ns();
	struct err err = {0};
	bool refused;

	if (!detect_indicators_load(
		    arguments, arguments->operands, arguments->n_operands, &indicators, &err) ||
		indicators == NULL) {
		fprintf(stderr, "soc-collector indicators: %s\n",
			err.text[0] != '\0' ? err.text : "no list was named");
		return EXIT_FAILED;
	}
	if (arguments_flag(arguments, "list")) {
		show_all(indicators);
	} else {
		show_sources(indicators);
		show_types(indicators);
		show_warning_lists(indicators);
		show_summary(indicators, clock_mono_ns() - started_ns);
	}
	refused = refused_any(indicators);
	indicators_unref(indicators);
	return refused ? EXIT_FAILED : EXIT_DONE;
}

/* ---- config ----------------------------------------------------------------------- */

static int run_config(const struct arguments *arguments)
{
	struct strbuf text = STRBUF_INIT(1 << 16);

	(void)arguments;
	conf_print(indicators_settings_table,
		"Lists of indicators and of warnings: configs/indicators/README.md.", &text);
	fputs(strbuf_cstr(&text), stdout);
	strbuf_done(&text);
	return EXIT_DONE;
}

static const struct option_spec check_options[] = {
	DETECT_INDICATORS_SETTINGS_OPTION,
	{.name = "list", .help = "every indicator, a line each, instead"},
	{0},
};

const struct command indicators_commands[] = {
	{.group = "indicators",
		.name = "check",
		.operands = "[FILE...]",
		.operands_max = ARGUMENTS_ANY,
		.summary = "read lists, and say what they have and what becomes of it",
		.details =
			"FILE is a list, a warning list, or a folder with such. What cannot be "
			"read is\nsaid with its place on standard error; the exit code is 1 "
			"then.",
		.options = check_options,
		.run = run_check},
	{.group = "indicators",
		.name = "config",
		.summary = "print the settings of lists, with comments",
		.run = run_config},
	{0},
};
