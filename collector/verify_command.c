#include "collector/verify_command.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "collector/settings.h"
#include "collector/store/verify.h"
#include "common/cli/arguments.h"
#include "common/clock.h"

enum {
	EXIT_FAULTS = 1,
	EXIT_UNKNOWN = 2,
	FAULT_TEXT_MAX = PATH_MAX + 512,
	PROGRESS_MS = 200,
};

struct verification {
	char first[FAULT_TEXT_MAX]; /* the first fault, in words */
	uint64_t first_after;
	bool has_first;
	bool bar; /* standard error is a terminal */
	int64_t started_ms, drawn_ms;
};

static double mebibytes(uint64_t bytes)
{
	return (double)bytes / (1 << 20);
}

/* ---- while it runs ---------------------------------------------------------- */

static void hide_bar(const struct verification *verification)
{
	if (verification->bar)
		fputs("\r\033[K", stderr);
}

static void on_progress(void *user, uint64_t done, uint64_t total)
{
	struct verification *verification = user;
	int64_t now_ms = clock_mono_ms(), took_ms = now_ms - verification->started_ms + 1;

	if (!verification->bar || now_ms - verification->drawn_ms < PROGRESS_MS)
		return;
	verification->drawn_ms = now_ms;
	fprintf(stderr, "\r\033[Kverifying %3.0f %% of %.0f MiB, %.0f MiB/s",
		total > done ? 100.0 * (double)done / (double)total : 100.0, mebibytes(total),
		mebibytes(done) * 1000 / (double)took_ms);
}

/* Faults come level by level; the first is the one with the oldest commit before it. */
static void on_fault(void *user, const struct store_fault *fault)
{
	struct verification *verification = user;
	char text[FAULT_TEXT_MAX];

	snprintf(text, sizeof(text), "%s:%" PRIu64 ": %s (level %u, behind commit %" PRIu64 ")",
		fault->file, fault->offset, fault->what, fault->class, fault->after);
	if (fault->class == 0)
		snprintf(text, sizeof(text), "%s:%" PRIu64 ": %s", fault->file, fault->offset,
			fault->what);
	hide_bar(verification);
	puts(text);
	if (verification->has_first && verification->first_after <= fault->after)
		return;
	verification->has_first = true;
	verification->first_after = fault->after;
	snprintf(verification->first, sizeof(verification->first), "%s", text);
}

/* ---- the end ---------------------------------------------------------------- */

static void say_chain(const struct store_chain_head *head)
{
	printf("         chain ");
	for (unsigned i = 0; i < sizeof(head->sha256); i++)
		printf("%02x", head->sha256[i]);
	if (head->commit > 0)
		printf(" behind commit %" PRIu64 "\n", head->commit);
	else
		printf(", nothing is sealed yet\n");
}

static void say_class(const struct store_verified_class *of, unsigned level)
{
	if (of->blocks + of->sealed + of->removed == 0) {
		printf("level %u: nothing\n", level);
		return;
	}
	printf("level %u: %" PRIu64 " records in %" PRIu64 " blocks (%.1f MiB), ", level,
		of->records, of->blocks, mebibytes(of->bytes));
	if (of->blocks > 0)
		printf("commits %" PRIu64 " to %" PRIu64 ", ", of->first_commit,
			of->last_commit);
	printf("%" PRIu64 " segments sealed, %" PRIu64 " running, %" PRIu64
	       " removed by retention\n",
		of->sealed, of->running, of->removed);
	say_chain(&of->head);
}

static void say_all(
	const struct verification *verification, const struct store_verified *verified)
{
	for (unsigned i = 0; i < STORE_CLASSES; i++)
		say_class(&verified->classes[i], i + 1);
	if (verified->commits_undone > 0)
		printf("%" PRIu64 " commits were cut by a crash and undone: nobody had an "
		       "acknowledgement for them\n",
			verified->commits_undone);
	if (verified->faults > 0)
		printf("%" PRIu64 " fault%s, the first: %s\n", verified->faults,
			verified->faults == 1 ? "" : "s", verification->first);
	else
		printf("intact: %" PRIu64 " records in %" PRIu64 " blocks of %" PRIu64
		       " segments, 0 faults\n",
			store_verified_records(verified), store_verified_blocks(verified),
			store_verified_segments(verified));
}

static int verify_dir(const char *dir)
{
	struct verification verification = {
		.bar = isatty(STDERR_FILENO),
		.started_ms = clock_mono_ms(),
	};
	const struct store_verify_user user = {on_fault, on_progress, &verification};
	struct store_verified verified;
	struct err err;
	bool read = store_verify(dir, &user, &verified, &err);

	hide_bar(&verification);
	if (!read) {
		fprintf(stderr, "soc-collector verify-store: %s\n", err.text);
		return EXIT_UNKNOWN;
	}
	say_all(&verification, &verified);
	return verified.faults == 0 ? EXIT_DONE : EXIT_FAULTS;
}

/* Of the store the settings name. */
static int verify_configured(const char *config)
{
	struct collector_settings settings;
	struct conf *conf = collector_settings_load(config, &settings);

	if (conf == NULL)
		return EXIT_UNKNOWN;
	int status = verify_dir(settings.store.dir);
	conf_free(conf);
	return status;
}

static int run_verify(const struct arguments *arguments)
{
	const char *config = arguments_text(arguments, "config");
	const char *dir = arguments_text(arguments, "store");

	if ((config == NULL) == (dir == NULL)) {
		fputs("soc-collector verify-store: one of --config and --store is needed\n",
			stderr);
		return EXIT_USAGE;
	}
	return config != NULL ? verify_configured(config) : verify_dir(dir);
}

static const struct option_spec verify_options[] = {
	{.name = "config",
		.letter = 'c',
		.value = "FILE",
		.help = "the collector's settings name the store"},
	{.name = "store", .value = "DIR", .help = "the store's folder"},
	{0},
};

const struct command verify_commands[] = {
	{.name = "verify-store",
		.summary = "check every block, hash and chain of the store",
		.details =
			"Only reads, also beside a running collector. A line for each fault:\n"
			"FILE:OFFSET: what is wrong. Then a line for each level with the head\n"
			"of its chain: compare it with heads that were published elsewhere, "
			"an\n"
			"end that was cut off shows nowhere else.\n"
			"Exit status: 0 intact, 1 faults were found, 2 it could not be told.",
		.options = verify_options,
		.run = run_verify},
	{0},
};
