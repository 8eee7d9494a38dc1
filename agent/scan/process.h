/*
 * process - a scan as a process of its own, and what it says, line by line
 *
 * Runs in the agent's loop; never waits for the scan. A scan that is silent too
 * long (a disk or a network file system that does not answer) is killed; when even that
 * takes long, its end is told when it comes.
 */
#ifndef AGENT_SCAN_PROCESS_H
#define AGENT_SCAN_PROCESS_H

#include "common/err.h"
#include "common/slice.h"

struct event_base;
struct scan_process;

struct scan_process_settings {
	uint64_t silence_ms; /* without a line; then it is killed */
	uint64_t stop_ms;    /* for its last words when it is stopped */
};

struct scan_process_user {
	/* False: no room; the same line comes again after scan_process_resume(). */
	bool (*on_line)(void *user, struct slice line);
	/* It is gone and everything it said was taken; `why` NULL = it ended by itself with
	 * `status` (exit status). Free it, here or later. */
	void (*on_end)(void *user, int status, const char *why);
	void *user;
};

/* `arguments` as in main(), ended by NULL; read before it returns. */
MUST_USE struct scan_process *scan_process_start(struct event_base *base,
	char *const *arguments, const struct scan_process_settings *settings,
	const struct scan_process_user *user, struct err *err);

void scan_process_resume(struct scan_process *process);

/* Asks it to stop, takes its last words, waits settings.stop_ms at most, frees. NULL is fine.
 * No on_end(). */
void scan_process_stop(struct scan_process *process);

/* After on_end(). */
void scan_process_free(struct scan_process *process);

#endif
