/*
 * feed - what a scan tells the agent that started it, a line each on standard output
 *
 *	H {…}   a hit, the item for the urgent lane
 *	S {…}   a state of the agent, the item
 *	F {…}   the state scan-finished of a scan that came to its end, the last line
 *	R VERSION RULES   the rules in force: 16 digits, how many
 *	P FILES           alive; after FEED_PROGRESS_MS at the latest while it moves on
 *
 * Items are as agent/README.md says; none has a newline in it. What the agent knows
 * already (rules of the same version) is not said again.
 */
#ifndef AGENT_SCAN_FEED_H
#define AGENT_SCAN_FEED_H

#include "agent/scan/scan.h"

enum {
	FEED_LINE_MAX = (64 << 10) + 16,
	FEED_PROGRESS_MS = 1000,
	FEED_REFUSED_MAX = 64,   /* sources named one by one */
	FEED_UNSCANNED_MAX = 64, /* files that failed, named one by one */
};

struct feed;

struct feed_settings {
	const char *reason;   /* "schedule", "order" */
	uint64_t scan_id;     /* 0 = draw one */
	uint64_t rules_known; /* 0 = none */
	bool rules_only;      /* the rules are tried, nothing is scanned */
};

MUST_USE struct feed *feed_new(const struct feed_settings *settings);
void feed_free(struct feed *feed);

struct scan_user feed_user(struct feed *feed);

void feed_end(struct feed *feed, enum scan_end how, const struct scan_counts *counts,
	const char *words);

#endif
