#include "collector/backtest_command.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/detect/sigma/record_event.h"
#include "collector/detect/sigma/rule_set.h"
#include "collector/option_time.h"
#include "collector/record/encode.h"
#include "collector/register/register.h"
#include "collector/settings.h"
#include "collector/store/store.h"
#include "common/arena.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/table.h"

enum {
	EXIT_LOST = 3,
	ARENA_MAX = 32 << 20,
	LINE_MAX_BYTES = 1 << 20,
	MISTAKES_BYTES_MAX = 16 << 20,
	TALLIES_MAX = 1000000, /* rules by days by agencies */
	HOSTS_MAX = 5000000,   /* of all of them */
	EVIDENCE_MOST = 5,     /* records that are named */
	PROGRESS_MS = 500,
	DEFAULT_ZONE = 7 * 3600,
};

struct tally_key {
	uint32_t rule, agency;
	int32_t day; /* since 1970, in the zone */
	uint32_t spare;
};

struct host_key {
	struct tally_key of;
	uint32_t host, spare;
};

struct evidence {
	uint64_t number;
	uint8_t class;
};

struct tally {
	uint64_t matches, hosts;
	int64_t first_ns, last_ns;
	unsigned n_evidence;
	struct evidence evidence[EVIDENCE_MOST];
};

struct backtest {
	struct store_reader *reader;
	struct store_block block;
	struct rule_set *set;
	struct rule_matcher *matcher;
	struct record_names names;
	struct table tallies, hosts;
	struct arena arena;
	int64_t from_ns, to_ns; /* CLOCK_NONE = no limit */
	int32_t zone;           /* seconds */
	uint64_t n_records, n_matches;
	uint64_t lost;
	uint64_t untold;     /* matches that found no room in the tables */
	bool hosts_are_more; /* than are counted */
	bool bar;
	int64_t drawn_ms;
};

/* ---- while it runs ---------------------------------------------------------- */

static void hide_bar(const struct backtest *backtest)
{
	if (backtest->bar)
		fputs("\r\033[K", stderr);
}

static void draw_bar(struct backtest *backtest, int64_t at_ns)
{
	const int64_t now_ms = clock_mono_ms();
	char text[CLOCK_TEXT_MAX];

	if (!backtest->bar || now_ms - backtest->drawn_ms < PROGRESS_MS)
		return;
	backtest->drawn_ms = now_ms;
	fprintf(stderr, "\r\033[K%s  %" PRIu64 " records, %" PRIu64 " matches",
		clock_format(at_ns, 0, backtest->zone, text), backtest->n_records,
		backtest->n_matches);
}

/* ---- counting --------------------------------------------------------------- */

static int32_t day_of(const struct backtest *backtest, int64_t at_ns)
{
	return (int32_t)((at_ns / CLOCK_NS_PER_S + backtest->zone) / 86400);
}

static void count_match(struct backtest *backtest, unsigned i, uint32_t rule)
{
	const struct columns *columns = &backtest->block.columns[i];
	const struct host_key host = {
		.of = {.rule = rule,
			.agency = columns->agency,
			.day = day_of(backtest, columns->received_ns)},
		.host = columns->host,
	};
	struct tally *tally = table_put(&backtest->tallies, &host.of, NULL);
	bool is_new;

	backtest->n_matches++;
	if (tally == NULL) {
		backtest->untold++;
		return;
	}
	if (tally->matches++ == 0)
		tally->first_ns = columns->received_ns;
	tally->last_ns = columns->received_ns;
	if (table_put(&backtest->hosts, &host, &is_new) == NULL)
		backtest->hosts_are_more = true;
	else if (is_new)
		tally->hosts++;
	if (tally->n_evidence < EVIDENCE_MOST)
		tally->evidence[tally->n_evidence++] =
			(struct evidence){backtest->block.first + i, backtest->block.class};
}

static void match_record(struct backtest *backtest, unsigned i)
{
	const struct columns *columns = &backtest->block.columns[i];
	const struct slice body = store_reader_body(backtest->reader, i);
	struct record record;
	const uint32_t *rules;

	arena_reset(&backtest->arena);
	if (slice_absent(body) || !decode_record(body, columns, &backtest->arena, &record)) {
		backtest->lost++;
		return;
	}
	backtest->n_records++;
	record_event_fill(rule_matcher_event(backtest->matcher), &backtest->names, &record);
	const size_t n = rule_matcher_match(backtest->matcher, &rules);
	for (size_t k = 0; k < n; k++)
		count_match(backtest, i, rules[k]);
}

static bool is_asked_for(const struct backtest *backtest, const struct columns *columns)
{
	return columns->kind == RECORD_LOG &&
	       (backtest->from_ns == CLOCK_NONE || columns->received_ns >= backtest->from_ns) &&
	       (backtest->to_ns == CLOCK_NONE || columns->received_ns < backtest->to_ns);
}

static void match_block(struct backtest *backtest)
{
	for (unsigned i = 0; i < backtest->block.n_records; i++) {
		if (is_asked_for(backtest, &backtest->block.columns[i]))
			match_record(backtest, i);
	}
	if (backtest->block.n_records > 0)
		draw_bar(backtest, backtest->block.columns[0].received_ns);
}

static bool read_store(struct backtest *backtest, struct err *err)
{
	for (;;) {
		switch (store_reader_next(backtest->reader, &backtest->block, err)) {
		case STORE_BLOCK:
			match_block(backtest);
			break;
		case STORE_LOST:
			backtest->lost += backtest->block.n_records;
			break;
		case STORE_COMMIT:
			break;
		case STORE_END:
			return true;
		case STORE_READ_FAILED:
			return false;
		}
	}
}

/* ---- telling ---------------------------------------------------------------- */

static void put_evidence(struct json *json, const struct tally *tally)
{
	char text[40];

	json_key(json, SLICE_LIT("evidence"));
	json_array(json);
	for (unsigned i = 0; i < tally->n_evidence; i++) {
		snprintf(text, sizeof(text), "%u-%" PRIu64, tally->evidence[i].class,
			tally->evidence[i].number);
		json_text(json, slice_str(text));
	}
	json_array_end(json);
}

static void put_tally(const struct backtest *backtest, struct json *json, size_t i)
{
	const struct tally_key *key = table_key(&backtest->tallies, i);
	const struct tally *tally = table_value(&backtest->tallies, i);
	const struct sigma_rule *rules;
	char day[CLOCK_TEXT_MAX], at[CLOCK_TEXT_MAX];

	rule_set_rules(backtest->set, &rules);
	clock_format_utc((int64_t)key->day * 86400 * CLOCK_NS_PER_S, 0, day);
	json_object(json);
	json_put_text(json, "rule", sigma_rule_key(&rules[key->rule]));
	json_put_text(json, "title", rules[key->rule].title);
	json_put_text(json, "level", rules[key->rule].level);
	json_put_text(json, "day", slice_head(slice_str(day), strlen("2026-11-20")));
	json_put_u64(json, "agency", key->agency);
	json_put_u64(json, "matches", tally->matches);
	json_put_u64(json, "hosts", tally->hosts);
	json_put_str(json, "first", clock_format(tally->first_ns, 3, backtest->zone, at));
	json_put_str(json, "last", clock_format(tally->last_ns, 3, backtest->zone, at));
	put_evidence(json, tally);
	json_object_end(json);
}

static const struct table *sorted_table; /* qsort() has no place for it */

static int by_rule_day_agency(const void *a, const void *b)
{
	const struct tally_key *one = table_key(sorted_table, *(const uint32_t *)a),
			       *two = table_key(sorted_table, *(const uint32_t *)b);

	if (one->rule != two->rule)
		return one->rule < two->rule ? -1 : 1;
	if (one->day != two->day)
		return one->day < two->day ? -1 : 1;
	return one->agency < two->agency ? -1 : one->agency > two->agency;
}

static bool put_tallies(const struct backtest *backtest, struct err *err)
{
	struct strbuf line = STRBUF_INIT(LINE_MAX_BYTES);
	const size_t n = backtest->tallies.n;
	uint32_t *order = calloc(n + 1, sizeof(*order));
	bool written = true;

	if (order == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		order[i] = (uint32_t)i;
	sorted_table = &backtest->tallies;
	qsort(order, n, sizeof(*order), by_rule_day_agency);
	for (size_t i = 0; i < n && written; i++) {
		struct json json = json_into(&line);

		strbuf_reset(&line);
		put_tally(backtest, &json, order[i]);
		strbuf_add_byte(&line, '\n');
		written = fwrite(line.ptr, 1, line.len, stdout) == line.len;
	}
	free(order);
	strbuf_done(&line);
	return (written && fflush(stdout) == 0) || err_sys(err, "writing");
}

static void tell(const struct backtest *backtest)
{
	fprintf(stderr, "%" PRIu64 " records, %" PRIu64 " matches\n", backtest->n_records,
		backtest->n_matches);
	if (backtest->untold > 0)
		fprintf(stderr,
			"%" PRIu64 " matches are in no line: there are too many days, rules "
			"and agencies\n",
			backtest->untold);
	if (backtest->hosts_are_more)
		fputs("there are more hosts than the lines say: too many to count\n", stderr);
	if (backtest->lost > 0)
		fprintf(stderr, "%" PRIu64 " records are lost, and were not looked at\n",
			backtest->lost);
}

/* ---- the command ------------------------------------------------------------ */

static struct rule_set *load_rules(const struct rule_paths *paths, struct err *err)
{
	struct strbuf mistakes = STRBUF_INIT(MISTAKES_BYTES_MAX);
	struct rule_set *set = rule_set_load(paths, &mistakes, err);

	fputs(strbuf_cstr(&mistakes), stderr);
	if (set != NULL && (mistakes.len > 0 || rule_set_figures(set).loaded == 0)) {
		err_set(err, mistakes.len > 0 ? "the rules have mistakes" : "there is no rule");
		rule_set_free(set);
		set = NULL;
	}
	strbuf_done(&mistakes);
	return set;
}

static bool open_all(struct backtest *backtest, const struct rule_paths *paths, const char *dir,
	struct err *err)
{
	backtest->set = load_rules(paths, err);
	if (backtest->set == NULL)
		return false;
	record_names_init(&backtest->names, rule_set_fields(backtest->set));
	/* A rule under test that no pipeline knows is tried on everything. */
	backtest->matcher = rule_matcher_new(backtest->set, true, err);
	if (backtest->matcher == NULL)
		return false;
	backtest->reader = store_reader_open_dir(dir, 0, err);
	return backtest->reader != NULL;
}

static int run(struct backtest *backtest, const struct rule_paths *paths, const char *dir)
{
	struct err err = {0};

	table_init(&backtest->tallies, sizeof(struct tally_key), sizeof(struct tally),
		TALLIES_MAX);
	table_init(&backtest->hosts, sizeof(struct host_key), sizeof(uint8_t), HOSTS_MAX);
	arena_init(&backtest->arena, ARENA_MAX);
	bool good = open_all(backtest, paths, dir, &err) && read_store(backtest, &err);
	hide_bar(backtest);
	good = good && put_tallies(backtest, &err);
	if (good)
		tell(backtest);
	else
		fprintf(stderr, "soc-collector sigma backtest: %s\n", err.text);
	store_reader_close(backtest->reader);
	rule_matcher_free(backtest->matcher);
	rule_set_free(backtest->set);
	table_done(&backtest->tallies);
	table_done(&backtest->hosts);
	arena_done(&backtest->arena);
	if (!good)
		return EXIT_FAILED;
	return backtest->lost > 0 ? EXIT_LOST : EXIT_DONE;
}

/* Of the store the settings name, in the register's zone, with the pipelines in force. */
static int run_configured(
	struct backtest *backtest, const struct rule_paths *paths, const char *config)
{
	char pipelines[PATH_MAX];
	struct strbuf words = STRBUF_INIT(1 << 20);
	struct collector_settings settings;
	struct conf *conf = collector_settings_load(config, &settings);
	struct agency_register *agencies =
		conf ? agencies_load(settings.agencies, &words, &words) : NULL;
	int status = EXIT_FAILED;

	if (conf != NULL && agencies == NULL)
		fputs(strbuf_cstr(&words), stderr);
	if (agencies != NULL) {
		backtest->zone = agencies_province(agencies)->zone_seconds;
		snprintf(pipelines, sizeof(pipelines), "%s/pipelines", settings.sigma);
		struct rule_paths of_settings = *paths;
		if (paths->pipelines == NULL && access(pipelines, R_OK) == 0)
			of_settings.pipelines = pipelines;
		status = run(backtest, &of_settings, settings.store.dir);
	}
	agencies_unref(agencies);
	strbuf_done(&words);
	conf_free(conf);
	return status;
}

static bool read_paths(const struct arguments *arguments, struct rule_paths *paths)
{
	paths->pipelines = arguments_text(arguments, "pipelines");
	if (paths->pipelines != NULL && access(paths->pipelines, R_OK) != 0) {
		fprintf(stderr, "soc-collector sigma backtest: --pipelines %s: %s\n",
			paths->pipelines, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < arguments->n_operands; i++) {
		paths->rules[paths->n_rules++] = arguments->operands[i];
		if (access(arguments->operands[i], R_OK) == 0)
			continue;
		fprintf(stderr, "soc-collector sigma backtest: %s: %s\n",
			arguments->operands[i], strerror(errno));
		return false;
	}
	return true;
}

static int run_backtest(const struct arguments *arguments)
{
	const char *config = arguments_text(arguments, "config");
	const char *dir = arguments_text(arguments, "store");
	struct backtest backtest = {.zone = DEFAULT_ZONE, .bar = isatty(STDERR_FILENO)};
	struct rule_paths paths = {0};

	if ((config == NULL) == (dir == NULL)) {
		fputs("soc-collector sigma backtest: one of --config and --store is needed\n",
			stderr);
		return EXIT_USAGE;
	}
	if (!option_time(arguments, "from", &backtest.from_ns) ||
		!option_time(arguments, "to", &backtest.to_ns))
		return EXIT_USAGE;
	if (!read_paths(arguments, &paths))
		return EXIT_FAILED;
	return config != NULL ? run_configured(&backtest, &paths, config)
			      : run(&backtest, &paths, dir);
}

static const struct option_spec backtest_options[] = {
	{.name = "config",
		.letter = 'c',
		.value = "FILE",
		.help = "the collector's settings name the store and the province's zone"},
	{.name = "store", .value = "DIR", .help = "the store's folder"},
	{.name = "pipelines",
		.value = "DIR",
		.help = "what log sources and fields are called in events (those that are "
			"built in; with --config, those in force)"},
	{.name = "from", .value = "TIME", .help = "only records received then or later"},
	{.name = "to", .value = "TIME", .help = "only records received before"},
	{0},
};

const struct command backtest_commands[] = {
	{.group = "sigma",
		.name = "backtest",
		.operands = "RULE...",
		.operands_min = 1,
		.operands_max = RULE_PATHS_MAX,
		.summary = "run rules over what the store holds: matches by day and agency",
		.details =
			"RULE is a file, or a folder with all that is in it. One JSON object "
			"a line for\neach rule, day and agency with a match, when all is "
			"read. Also beside a running\ncollector. Times are like "
			"2026-11-22T00:00:00+07:00.\n"
			"Exit status: 0 all was read, 1 a rule is wrong or reading failed, 2 "
			"not\nunderstood, 3 some records are lost and were not looked at.",
		.options = backtest_options,
		.run = run_backtest},
	{0},
};
