/*
 * tail_bench - a file input beside a fake intake, on a folder of its own
 *
 * For the tests of agent/inputs/file_tail.h; nothing fails but by a failed check.
 */
#ifndef TESTS_AGENT_INPUTS_TAIL_BENCH_H
#define TESTS_AGENT_INPUTS_TAIL_BENCH_H

#include <event2/event.h>

#include "agent/inputs/file_tail.h"
#include "agent/settings.h"
#include "tests/agent/inputs/fake_intake.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

enum { PATIENCE_MS = 20000 };

struct bench {
	struct folder folder;
	struct intake intake;
	struct event_base *base;
	char patterns[2][PATH_MAX];
	const char *paths[2];
	struct file_settings group;
	struct agent_settings settings;
	void *input;
};

/* With the settings in `group` and `settings`, at the positions the intake has. */
void bench_start(struct bench *bench);

/* Of files of that pattern below its folder; not started. */
void bench_init(struct bench *bench, const char *pattern);
void bench_stop(struct bench *bench);

/* Nothing is read once more, as when the process is killed. */
void bench_kill(struct bench *bench);
void bench_done(struct bench *bench);

/* Runs the loop until there are so many items, or losses; more are a failure. */
void expect_items(struct bench *bench, size_t n);
void expect_losses(struct bench *bench, size_t n);
void expect_text(struct bench *bench, size_t i, const char *text);

/* What is there now is read; nothing is waited for. */
void read_once(struct bench *bench);

#endif
