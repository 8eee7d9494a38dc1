#include "agent/scan/command.h"

#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/scan/feed.h"
#include "agent/scan/report.h"
#include "agent/scan/worker.h"
#include "common/cli/arguments.h"
#include "common/clock.h"
#include "common/unit.h"

enum {
	LIST_MAX = 4096, /* rules, patterns */
	TIMEOUT_MOST_S = 86400,
	COUNT_FILES_MOST_MS = 3000,
	IDLE_CLASS = 3 << 13, /* ioprio_set(2): IOPRIO_CLASS_IDLE, no data */
};

#define RULES_DEFAULT "/etc/soc-agent/yara"

struct list {
	const char *items[LIST_MAX];
	size_t n;
};

struct options {
	struct scan_plan plan;
	struct list rules, exclude;
	struct report_settings report;
	struct feed_settings feed; /* .reason NULL: for a person */
};

/* ---- options ------------------------------------------------------------------------------
 */

static const struct option_spec scan_options[] = {
	{.name = "rules",
		.value = "FILE|DIR",
		.help = "rule sources, .yar and .yara below a folder (" RULES_DEFAULT ")",
		.most = LIST_MAX},
	{.name = "json",
		.help = "one JSON object per hit on standard output, the rest on standard "
			"error"},
	{.name = "exclude",
		.value = "PATTERN",
		.help = "leave out; with '/' held against the whole path, else against the "
			"name",
		.most = LIST_MAX},
	{.name = "max-size",
		.value = "SIZE",
		.help = "do not scan larger files",
		.standard = "1GiB"},
	{.name = "timeout", .value = "SECONDS", .help = "for one file", .standard = "60"},
	{.name = "memory",
		.value = "SIZE",
		.help = "address space of a worker, beside the file it looks at",
		.standard = "2GiB"},
	{.name = "jobs", .value = "N", .help = "workers (one per processor)"},
	{.name = "cpu",
		.value = "PERCENT",
		.help = "use so much of one processor in all; means --jobs 1"},
	{.name = "depth", .value = "N", .help = "folders below a path", .standard = "2048"},
	{.name = "one-filesystem", .help = "stay on the file system of each path"},
	{.name = "network", .help = "enter network file systems below a path"},
	{.name = "remember",
		.value = "FILE",
		.help = "keep there which files crashed or stopped a worker; leave them out"},
	{.name = "background", .help = "lowest priority, disk only when idle"},
	{.name = "verbose", .help = "name every object that is not scanned"},
	/* For the agent: see feed.h and worker.h. */
	{.name = "feed", .value = "REASON"},
	{.name = "rules-known", .value = "HEX"},
	{.name = "scan-id", .value = "HEX"},
	{.name = WORKER_OPTION},
	{0},
};

static void take_list(const struct arguments *arguments, const char *name, struct list *list)
{
	list->n = arguments_list(arguments, name, list->items, LIST_MAX);
}

static bool take_size(
	const struct arguments *arguments, const char *name, uint64_t *size, struct err *err)
{
	struct slice text = slice_str(arguments_text(arguments, name));

	if (unit_parse(unit_bytes, text, size) == UNIT_OK ||
		slice_to_u64(text, UINT64_MAX, size))
		return true;
	return err_set(err, "--%s %.*s: not a size like 64MiB", name, SLICE_FMT(text));
}

static bool take_id(
	const struct arguments *arguments, const char *name, uint64_t *id, struct err *err)
{
	const char *text = arguments_text(arguments, name);
	char *end;

	if (text == NULL)
		return true;
	*id = strtoull(text, &end, 16);
	return *end == '\0' || err_set(err, "--%s %s: not hexadecimal", name, text);
}

static unsigned processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	int n = CPU_COUNT(&set);
	return n > CREW_WORKERS_MAX ? CREW_WORKERS_MAX : (unsigned)n;
}

/* Everything that has a limit. */
static bool take_limits(
	const struct arguments *arguments, struct scan_plan *plan, struct err *err)
{
	return take_size(arguments, "max-size", &plan->size_max, err) &&
	       take_size(arguments, "memory", &plan->memory_max, err) &&
	       arguments_number(
		       arguments, "timeout", 1, TIMEOUT_MOST_S, &plan->timeout_s, err) &&
	       arguments_number(
		       arguments, "jobs", 1, CREW_WORKERS_MAX, &plan->n_workers, err) &&
	       arguments_number(arguments, "cpu", 1, 100, &plan->cpu_percent, err) &&
	       arguments_number(
		       arguments, "depth", 1, WALK_DEPTH_MAX, &plan->walk.depth_max, err);
}

static void fill_in(struct options *options, const struct arguments *arguments)
{
	struct scan_plan *plan = &options->plan;

	take_list(arguments, "rules", &options->rules);
	take_list(arguments, "exclude", &options->exclude);
	if (options->rules.n == 0)
		options->rules.items[options->rules.n++] = RULES_DEFAULT;
	plan->rules = options->rules.items;
	plan->n_rules = options->rules.n;
	plan->memory_file = arguments_text(arguments, "remember");
	plan->walk.one_filesystem = arguments_flag(arguments, "one-filesystem");
	plan->walk.network = arguments_flag(arguments, "network");
	plan->walk.exclude = options->exclude.items;
	plan->walk.n_exclude = options->exclude.n;
	plan->walk.paths = arguments->operands;
	plan->walk.n_paths = arguments->n_operands;
	if (plan->cpu_percent > 0)
		plan->n_workers = 1;
	if (plan->n_workers == 0)
		plan->n_workers = processors();
	options->feed.reason = arguments_text(arguments, "feed");
	options->feed.rules_only = plan->walk.n_paths == 0;
	options->report.json = arguments_flag(arguments, "json");
	options->report.verbose = arguments_flag(arguments, "verbose");
	options->report.progress = isatty(STDERR_FILENO) && !options->report.verbose &&
				   options->feed.reason == NULL;
}

static bool take_options(
	struct options *options, const struct arguments *arguments, struct err *err)
{
	*options = (struct options){0};
	if (!take_limits(arguments, &options->plan, err) ||
		!take_id(arguments, "rules-known", &options->feed.rules_known, err) ||
		!take_id(arguments, "scan-id", &options->feed.scan_id, err))
		return false;
	fill_in(options, arguments);
	if (options->plan.walk.n_paths == 0 && options->feed.reason == NULL)
		return err_set(err, "no path to scan; see --help");
	return true;
}

/* ---- running --------------------------------------------------------------------------------
 */

static volatile sig_atomic_t stop;

static void on_stop(int number)
{
	(void)number;
	stop = 1;
}

static void listen_to_signals(void)
{
	struct sigaction action = {.sa_handler = on_stop}; /* poll() is interrupted */

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void step_back(void)
{
	(void)setpriority(PRIO_PROCESS, 0, 19);
	(void)syscall(SYS_ioprio_set, 1, 0, IDLE_CLASS);
}

/* Descriptors of three places: two of a channel each, and the files on their way. */
static void raise_open_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	rlim_t wanted = CREW_WORKERS_MAX * (CREW_WAITING_MAX + 2) + 256;
	if (limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* For the bar; a tree that takes long to count is scanned without one. */
static uint64_t count_files(const struct walk_plan *plan)
{
	struct walk_plan counting = *plan;
	struct walk_object object;
	enum walk_step step;
	uint64_t n = 0;
	int64_t until_ms = clock_mono_ms() + COUNT_FILES_MOST_MS;

	counting.count_only = true;
	struct walker *walker = walker_new(&counting);
	while ((step = walker_next(walker, &object)) != WALK_END && !stop) {
		n += step == WALK_FILE;
		if (clock_mono_ms() > until_ms)
			break;
	}
	walker_free(walker);
	return step == WALK_END ? n : 0;
}

static bool had_failures(const struct scan_counts *counts)
{
	for (unsigned i = 0; i < VERDICT_COUNT; i++) {
		if (counts->verdicts[i] > 0 && verdict_is_failure((enum verdict)i))
			return true;
	}
	return counts->partial > 0;
}

static int status_of(enum scan_end how, const struct scan_counts *counts, bool errors)
{
	if (counts->hits > 0)
		return SCAN_STATUS_HITS;
	return how == SCAN_DONE && !errors && !had_failures(counts) ? SCAN_STATUS_CLEAN
								    : SCAN_STATUS_ERRORS;
}

static int run_for_person(struct options *options)
{
	struct scan_counts counts = {0};
	struct err err = {0};

	if (options->report.progress)
		options->report.files_expected = count_files(&options->plan.walk);
	struct report *report = report_new(&options->report);
	struct scan_user user = report_user(report);
	enum scan_end how = scan_run(&options->plan, &user, &stop, &counts, &err);
	report_end(report, how, &counts, err.text);
	int status = status_of(how, &counts, report_has_errors(report));
	report_free(report);
	return status;
}

/* The agent was gone before we asked to be told. */
static bool nobody_listens(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO};

	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

static int run_for_agent(struct options *options)
{
	struct scan_counts counts = {0};
	struct err err = {0};
	struct feed *feed = feed_new(&options->feed);
	struct scan_user user = feed_user(feed);

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0); /* the agent's end is ours */
	if (nobody_listens())
		stop = true;
	enum scan_end how = scan_run(&options->plan, &user, &stop, &counts, &err);
	feed_end(feed, how, &counts, err.text);
	feed_free(feed);
	return status_of(how, &counts, false);
}

static int run_scan(const struct arguments *arguments)
{
	static struct options options;
	struct err err = {0};

	if (arguments_flag(arguments, WORKER_OPTION))
		return worker_main();
	if (!take_options(&options, arguments, &err)) {
		fprintf(stderr, "soc-agent scan: %s\n", err.text);
		return SCAN_STATUS_ERRORS;
	}
	listen_to_signals();
	raise_open_limit();
	if (arguments_flag(arguments, "background"))
		step_back();
	return options.feed.reason != NULL ? run_for_agent(&options) : run_for_person(&options);
}

const struct command scan_commands[] = {
	{.name = "scan",
		.operands = "PATH...",
		.operands_max = ARGUMENTS_ANY,
		.summary = "look into files with YARA rules",
		.details = "Looks into every regular file at and below the paths. Writes the "
			   "hits, then\n"
			   "what was not scanned and why.\n"
			   "Exit status: 0 no hit, 1 hits, 2 no hit but errors.",
		.options = scan_options,
		.run = run_scan},
	{0},
};
