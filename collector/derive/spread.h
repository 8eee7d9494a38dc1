/*
 * spread - the same in several agencies within an hour
 *
 * Every finding is looked at: its rule, when the finding is of severity high
 * or above, and whom it is about, when that is a public address or a hash of a
 * file. The `spread_agencies`-th agency within an hour is a finding of its own
 * ("spread-of-rule", "spread-of-address", "spread-of-file"), once an hour while
 * it goes on. Private to derive/; one thread.
 */
#ifndef COLLECTOR_DERIVE_SPREAD_H
#define COLLECTOR_DERIVE_SPREAD_H

#include "collector/derive/concluding.h"

/* What was found at `matched`, told or held back. */
MUST_USE bool spread_note(struct concluding *concluding, const struct matched *matched,
	const struct finding *finding, struct err *err);

#endif
