/*
 * scan - one pass over some paths with some rules
 *
 * Ties the walker (what there is), the crew (who looks) and the rules together,
 * keeps the budget, and tells its user about every hit and every object that
 * was not scanned. Blocks until it is over; runs in a process of its own, never
 * in the agent's thread.
 */
#ifndef AGENT_SCAN_SCAN_H
#define AGENT_SCAN_SCAN_H

#include "agent/scan/crew.h"
#include "agent/scan/verdict.h"
#include "agent/scan/walker.h"

struct scan_plan {
	struct walk_plan walk;
	const char *const *rules; /* files and folders */
	size_t n_rules;
	uint64_t size_max;   /* larger files are not scanned */
	uint64_t memory_max; /* a worker's, beside the file it looks at; 0 = no limit */
	unsigned timeout_s;  /* for one file */
	unsigned n_workers;
	unsigned cpu_percent;    /* of one processor, all together; 0 = no limit */
	const char *memory_file; /* memory.h; NULL = none */
};

struct scan_counts {
	uint64_t files; /* scanned */
	uint64_t bytes; /* looked at */
	uint64_t hits;  /* rule and file */
	uint64_t hit_files;
	uint64_t unlisted;                /* hits beyond RESULT_HITS_MAX of one file */
	uint64_t partial;                 /* files in which a string matched too often */
	uint64_t verdicts[VERDICT_COUNT]; /* objects; [VERDICT_SCANNED] = files */
	uint64_t restarts;                /* of workers */
};

/* A file with a hit, or not scanned. */
struct scan_object {
	struct slice path;
	const struct stat *st;       /* NULL when it was not opened */
	const char *owner, *group;   /* names, or NULL when the host has none */
	const unsigned char *sha256; /* NULL: not known, or the file changed under the scan */
};

struct scan_user {
	/* The rules are ready; sources that are refused are marked. */
	void (*on_rules)(void *user, const struct rules *rules, uint64_t n_rules,
		unsigned sandbox_missing);
	void (*on_hit)(void *user, const struct scan_object *object, const struct hit *hit);
	void (*on_unscanned)(void *user, const struct scan_object *object, enum verdict verdict,
		struct slice why);
	/* Now and then: at least every SCAN_PROGRESS_MS. `path` is under work. */
	void (*on_progress)(void *user, const struct scan_counts *counts, struct slice path);
	/* Not fatal: the memory file cannot be read or written. */
	void (*on_trouble)(void *user, const char *words);
	void *user;
};

enum { SCAN_PROGRESS_MS = 200 };

enum scan_end {
	SCAN_DONE,
	SCAN_STOPPED, /* *stop became true */
	SCAN_FAILED,  /* nothing could be scanned; err has the words */
};

/* `stop` may be set by a signal handler. Without paths only the rules are
 * tried. */
MUST_USE enum scan_end scan_run(const struct scan_plan *plan, const struct scan_user *user,
	const volatile int *stop, struct scan_counts *counts, struct err *err);

#endif
