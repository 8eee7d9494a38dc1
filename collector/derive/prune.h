/*
 * prune - what derive.db keeps, and for how long
 *
 * Counts of five minutes and what stands beside them ("details") stay for `details_kept_ms`, at
 * least two days longer than a late stamp may reach back. Then a day of them becomes daily
 * counts, in one transaction with their removal; windows of that day are not published again.
 * Rows of the outbox that are done stay for `messages_kept_ms`, at least as long as details;
 * windows likewise, for recount. Findings of malware go with the details of their day, but not
 * before they were reported. Daily counts stay for `days_kept_ms`.
 *
 * A step is one short transaction: a day becomes daily counts, or some thousands of rows go.
 * Time is the clock of retention (store/age.h), so that a wall clock that jumped ahead removes
 * nothing. Private to derive/; derive's thread.
 */
#ifndef COLLECTOR_DERIVE_PRUNE_H
#define COLLECTOR_DERIVE_PRUNE_H

#include "collector/derive/database.h"
#include "collector/derive/derive.h"
#include "collector/store/age.h"

struct prune {
	struct database *database;
	const struct derive_settings *settings;
	struct age age;
	bool sources_removed; /* since the user set it back: sources.h has to be told */
	int64_t done_s;       /* nothing is left to do until details of this moment are old */
};

/* What was counted already says how old the clock of retention is when it was never kept. */
MUST_USE bool prune_init(struct prune *prune, const struct derive_settings *settings,
	struct database *database, struct err *err);

/* Outside of any transaction. On failure nothing was changed. */
MUST_USE bool prune_step(struct prune *prune, struct err *err);

/* The same by a given clock; *more: the next one has something to do. */
MUST_USE bool prune_step_at(struct prune *prune, int64_t now_ns, bool *more, struct err *err);

/* Messages and windows before this are not kept; 0 = all are. */
MUST_USE bool prune_kept_from(struct database *database, int64_t *from_ns, struct err *err);

#endif
