#include "agent/scan/command.h"

#include <getopt.h>
#include <inttypes.h>
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
#include "common/clock.h"
#include "common/unit.h"

enum {
	LIST_MAX = 4096, /* rules, patterns */
	TIMEOUT_S = 60,
	TIMEOUT_MOST_S = 86400,
	DEPTH = 2048,
	COUNT_FILES_MOST_MS = 3000,
	IDLE_CLASS = 3 << 13, /* ioprio_set(2): IOPRIO_CLASS_IDLE, no data */
};

#define SIZE_DEFAULT   (UINT64_C(1) << 30)
#define MEMORY_DEFAULT (UINT64_C(2) << 30)
#define RULES_DEFAULT  "/etc/soc-agent/yara"

struct list {
	const char *items[LIST_MAX];
	size_t n;
};

struct options {
	struct scan_plan plan;
	struct list rules, exclude;
	struct report_settings report;
	struct feed_settings feed; /* .reason NULL: for a person */
	bool background;
	bool help;
};

static const char usage[] =
	"usage: soc-agent scan [--rules FILE|DIR]... [OPTION]... PATH...\n"
	"\n"
	"Looks into every regular file at and below the paths with YARA rules. Writes the\n"
	"hits, then what was not scanned and why. Exit status: 0 no hit, 1 hits, 2 no hit but\n"
	"errors.\n"
	"\n"
	"  --rules FILE|DIR   rule sources (.yar, .yara below a folder); may be repeated\n"
	"                     (" RULES_DEFAULT ")\n"
	"  --json             one JSON object per hit on standard output, the rest on\n"
	"                     standard error\n"
	"  --exclude PATTERN  leave out; a pattern with '/' is held against the whole path,\n"
	"                     else against the name; may be repeated\n"
	"  --max-size SIZE    do not scan larger files (1GiB)\n"
	"  --timeout SECONDS  for one file (60)\n"
	"  --memory SIZE      address space of a worker, beside the file it looks at (2GiB)\n"
	"  --jobs N           workers (one per processor)\n"
	"  --cpu PERCENT      use so much of one processor in all; means --jobs 1\n"
	"  --depth N          folders below a path (2048)\n"
	"  --one-filesystem   stay on the file system of each path\n"
	"  --network          enter network file systems below a path\n"
	"  --remember FILE    keep there which files crashed or stopped a worker, and\n"
	"                     leave them out next time\n"
	"  --background       lowest priority, disk only when idle\n"
	"  --verbose          name every object that is not scanned\n";

enum option_id {
	OPTION_RULES = 256,
	OPTION_JSON,
	OPTION_EXCLUDE,
	OPTION_MAX_SIZE,
	OPTION_TIMEOUT,
	OPTION_MEMORY,
	OPTION_JOBS,
	OPTION_CPU,
	OPTION_DEPTH,
	OPTION_ONE_FILESYSTEM,
	OPTION_NETWORK,
	OPTION_REMEMBER,
	OPTION_BACKGROUND,
	OPTION_VERBOSE,
	OPTION_HELP,
	/* for the agent, not for people: see feed.h */
	OPTION_FEED,
	OPTION_RULES_KNOWN,
	OPTION_SCAN_ID,
};

static const struct option option_table[] = {
	{"rules", required_argument, NULL, OPTION_RULES},
	{"json", no_argument, NULL, OPTION_JSON},
	{"exclude", required_argument, NULL, OPTION_EXCLUDE},
	{"max-size", required_argument, NULL, OPTION_MAX_SIZE},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"memory", required_argument, NULL, OPTION_MEMORY},
	{"jobs", required_argument, NULL, OPTION_JOBS},
	{"cpu", required_argument, NULL, OPTION_CPU},
	{"depth", required_argument, NULL, OPTION_DEPTH},
	{"one-filesystem", no_argument, NULL, OPTION_ONE_FILESYSTEM},
	{"network", no_argument, NULL, OPTION_NETWORK},
	{"remember", required_argument, NULL, OPTION_REMEMBER},
	{"background", no_argument, NULL, OPTION_BACKGROUND},
	{"verbose", no_argument, NULL, OPTION_VERBOSE},
	{"help", no_argument, NULL, OPTION_HELP},
	{"feed", required_argument, NULL, OPTION_FEED},
	{"rules-known", required_argument, NULL, OPTION_RULES_KNOWN},
	{"scan-id", required_argument, NULL, OPTION_SCAN_ID},
	{0},
};

/* ---- options ------------------------------------------------------------------------------
 */

static bool add_to(struct list *list, const char *name, struct err *err)
{
	if (list->n == LIST_MAX)
		return err_set(err, "--%s: more than %d", name, LIST_MAX);
	list->items[list->n++] = optarg;
	return true;
}

static bool take_size(const char *name, uint64_t *size, struct err *err)
{
	if (unit_parse(unit_bytes, slice_str(optarg), size) == UNIT_OK ||
		slice_to_u64(slice_str(optarg), UINT64_MAX, size))
		return true;
	return err_set(err, "--%s %s: not a size like 64MiB", name, optarg);
}

static bool take_number(
	const char *name, unsigned least, unsigned most, unsigned *number, struct err *err)
{
	uint64_t value;

	if (!slice_to_u64(slice_str(optarg), most, &value) || value < least)
		return err_set(
			err, "--%s %s: not a number from %u to %u", name, optarg, least, most);
	*number = (unsigned)value;
	return true;
}

static bool take_id(const char *name, uint64_t *id, struct err *err)
{
	char *end;

	*id = strtoull(optarg, &end, 16);
	return *end == '\0' || err_set(err, "--%s %s: not hexadecimal", name, optarg);
}

static bool take_option(struct options *options, int id, const char *name, struct err *err)
{
	struct scan_plan *plan = &options->plan;

	switch (id) {
	case OPTION_RULES:
		return add_to(&options->rules, name, err);
	case OPTION_EXCLUDE:
		return add_to(&options->exclude, name, err);
	case OPTION_JSON:
		options->report.json = true;
		return true;
	case OPTION_MAX_SIZE:
		return take_size(name, &plan->size_max, err);
	case OPTION_MEMORY:
		return take_size(name, &plan->memory_max, err);
	case OPTION_TIMEOUT:
		return take_number(name, 1, TIMEOUT_MOST_S, &plan->timeout_s, err);
	case OPTION_JOBS:
		return take_number(name, 1, CREW_WORKERS_MAX, &plan->n_workers, err);
	case OPTION_CPU:
		return take_number(name, 1, 100, &plan->cpu_percent, err);
	case OPTION_DEPTH:
		return take_number(name, 1, WALK_DEPTH_MAX, &plan->walk.depth_max, err);
	case OPTION_ONE_FILESYSTEM:
		plan->walk.one_filesystem = true;
		return true;
	case OPTION_NETWORK:
		plan->walk.network = true;
		return true;
	case OPTION_REMEMBER:
		plan->memory_file = optarg;
		return true;
	case OPTION_BACKGROUND:
		options->background = true;
		return true;
	case OPTION_VERBOSE:
		options->report.verbose = true;
		return true;
	case OPTION_FEED:
		options->feed.reason = optarg;
		return true;
	case OPTION_RULES_KNOWN:
		return take_id(name, &options->feed.rules_known, err);
	case OPTION_SCAN_ID:
		return take_id(name, &options->feed.scan_id, err);
	case OPTION_HELP:
		options->help = true;
		return true;
	default:
		return false;
	}
}

static unsigned processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	int n = CPU_COUNT(&set);
	return n > CREW_WORKERS_MAX ? CREW_WORKERS_MAX : (unsigned)n;
}

static void fill_in(struct options *options, int argc, char **argv)
{
	struct scan_plan *plan = &options->plan;

	if (options->rules.n == 0)
		options->rules.items[options->rules.n++] = RULES_DEFAULT;
	plan->rules = options->rules.items;
	plan->n_rules = options->rules.n;
	plan->walk.exclude = options->exclude.items;
	plan->walk.n_exclude = options->exclude.n;
	plan->walk.paths = (const char *const *)argv + optind;
	plan->walk.n_paths = (size_t)(argc - optind);
	if (plan->cpu_percent > 0)
		plan->n_workers = 1;
	if (plan->n_workers == 0)
		plan->n_workers = processors();
	options->feed.rules_only = plan->walk.n_paths == 0;
	options->report.progress = isatty(STDERR_FILENO) && !options->report.verbose &&
				   options->feed.reason == NULL;
}

static bool parse(struct options *options, int argc, char **argv, struct err *err)
{
	int id, at = 0;

	*options = (struct options){.plan = {.size_max = SIZE_DEFAULT,
					    .memory_max = MEMORY_DEFAULT,
					    .timeout_s = TIMEOUT_S,
					    .walk = {.depth_max = DEPTH}}};
	optind = 1;
	while ((id = getopt_long(argc, argv, "", option_table, &at)) != -1) {
		if (!take_option(options, id, option_table[at].name, err))
			return false;
	}
	if (options->help)
		return true;
	fill_in(options, argc, argv);
	if (optind == argc && options->feed.reason == NULL)
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

static int run_for_agent(struct options *options)
{
	struct scan_counts counts = {0};
	struct err err = {0};
	struct feed *feed = feed_new(&options->feed);
	struct scan_user user = feed_user(feed);

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0); /* the agent's end is ours */
	enum scan_end how = scan_run(&options->plan, &user, &stop, &counts, &err);
	feed_end(feed, how, &counts, err.text);
	feed_free(feed);
	return status_of(how, &counts, false);
}

int scan_command(int argc, char **argv)
{
	static struct options options;
	struct err err = {0};

	if (argc > 1 && strcmp(argv[1], WORKER_ARGUMENT) == 0)
		return worker_main();
	if (!parse(&options, argc, argv, &err)) {
		if (err.text[0] != '\0')
			fprintf(stderr, "soc-agent scan: %s\n", err.text);
		return SCAN_STATUS_ERRORS;
	}
	if (options.help) {
		fputs(usage, stdout);
		return SCAN_STATUS_CLEAN;
	}
	listen_to_signals();
	raise_open_limit();
	if (options.background)
		step_back();
	return options.feed.reason != NULL ? run_for_agent(&options) : run_for_person(&options);
}
