/*
 * report - what a scan tells a person or a program on standard output
 *
 * Hits go to standard output as they are found; the summary follows there, or
 * goes to standard error when the hits are JSON. On a terminal a bar shows how far
 * it is. Names are escaped: a file name cannot move the cursor.
 */
#ifndef AGENT_SCAN_REPORT_H
#define AGENT_SCAN_REPORT_H

#include "agent/scan/scan.h"

struct report;

struct report_settings {
	bool json;               /* one object per hit */
	bool verbose;            /* name every object that was not scanned */
	bool progress;           /* standard error is a terminal */
	uint64_t files_expected; /* 0 = unknown: progress without a bar */
};

MUST_USE struct report *report_new(const struct report_settings *settings);
void report_free(struct report *report);

/* Calls for scan_run(). */
struct scan_user report_user(struct report *report);

/* Says how it ended. `words`: why, when it failed. */
void report_end(struct report *report, enum scan_end how, const struct scan_counts *counts,
	const char *words);

/* Rule sources were refused, or paths given could not be looked at. */
bool report_has_errors(const struct report *report);

#endif
