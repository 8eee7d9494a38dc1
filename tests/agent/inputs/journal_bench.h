/*
 * journal_bench - the journal's input beside a fake intake, on a journal of its own
 *
 * Journal files are made by systemd's own tool. Nothing fails but by a failed check.
 */
#ifndef TESTS_AGENT_INPUTS_JOURNAL_BENCH_H
#define TESTS_AGENT_INPUTS_JOURNAL_BENCH_H

#include <event2/event.h>

#include "agent/inputs/journal.h"
#include "agent/settings.h"
#include "common/clock.h"
#include "tests/agent/inputs/fake_intake.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"
#include "tests/support/journal.h"

enum { PATIENCE_MS = 20000 };

struct bench {
	struct folder folder;
	struct intake intake;
	struct event_base *base;
	struct journal_text text;
	char dir[PATH_MAX];
	struct journal_settings journal;
	struct agent_settings settings;
	void *input;
};

void bench_init(struct bench *bench);
void bench_start(struct bench *bench);
void bench_stop(struct bench *bench);

/* What was not durable is forgotten, as when the process is killed. */
void bench_kill(struct bench *bench);
void bench_done(struct bench *bench);

/* Of a file of the journal; good until folder_path() is called again. */
const char *file_path(struct bench *bench, const char *name);

/* Entries of the file `name` of the journal, from "line FIRST" on. */
void save_lines(struct bench *bench, const char *name, int first, int n);

/* The same, in a file that continues the numbering of another; it appears whole. */
void save_more(struct bench *bench, const char *name, const char *before, uint64_t gap,
	int first, int n);

/* Runs the loop until *number is n; more is a failure. */
void run_until(struct bench *bench, const size_t *number, size_t n);
void expect_items(struct bench *bench, size_t n);

/* Stops, which reads what is there; nothing more may have come. */
void expect_no_more(struct bench *bench);
void expect_line(const struct bench *bench, size_t i, int number);
void expect_lines(const struct bench *bench, int first, int n);
void expect_loss(const struct bench *bench, size_t i, uint64_t count, unsigned reason);

/* Runs the tests, unless the tool is missing: meson's exit status for "skipped" then. */
int journal_main(const char *name, const TTest *const *tests, size_t n);

#endif
