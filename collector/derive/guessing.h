/*
 * guessing - who guesses passwords, and who got in then
 *
 * Of each group of failed sign-ins (match.h in detect/) it is counted how many
 * came within `brute_force_ms`, in event time as the statistics see it;
 * `brute_force_count` is a finding. One an episode, and one an hour while it
 * goes on. A sign-in that succeeds within the hour is another. Private to
 * derive/; one thread.
 */
#ifndef COLLECTOR_DERIVE_GUESSING_H
#define COLLECTOR_DERIVE_GUESSING_H

#include "collector/derive/concluding.h"

/* A match of a sign-in; others are of no concern. */
MUST_USE bool guessing_match(struct concluding *concluding, const struct matched *matched,
	const struct match *match, struct err *err);

#endif
