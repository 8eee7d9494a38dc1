/*
 * correlate - matches over time into findings
 *
 * One thread, bounded state. Of each group of matches (rule and group-by
 * values) it is counted how many came within `brute_force_ms`, in event time as
 * the statistics see it; `brute_force_count` is a finding. One an episode, and
 * one an hour while it goes on; beyond `findings_most` an hour of one rule at
 * one host the next ones are held back, and the first that passes again says
 * how many: what an attacker can repeat fast costs no database row each
 * (decision 9). The counts live in `correlation_bytes`; when these are used
 * up, the agency with the most groups forgets the one that was quiet longest,
 * which is counted and logged.
 *
 * What it concludes is a row to emit in the step's transaction. The state
 * itself is one blob, saved in such a transaction every `correlation_ms`
 * together with the position it stands at. After a restart it reads again from
 * there to the statistics' own position, muted: what was concluded in between
 * is in rows already. So a restart loses nothing and repeats nothing. Private
 * to derive/.
 */
#ifndef COLLECTOR_DERIVE_CORRELATE_H
#define COLLECTOR_DERIVE_CORRELATE_H

#include "collector/derive/database.h"
#include "collector/derive/derive.h"

struct correlate;

/* Loads the state; *position, where statistics stand, becomes where the state does when that
 * is earlier. NULL on failure. */
MUST_USE struct correlate *correlate_new(const struct derive_settings *settings,
	struct database *database, uint64_t *position, struct err *err);
void correlate_free(struct correlate *correlate);

enum correlate_how {
	CORRELATE_NEW,   /* what follows from it is emitted */
	CORRELATE_DOUBT, /* or told already by the log behind it: findings.h decides */
	CORRELATE_AGAIN, /* it is read again: what follows from it is in rows already */
};

/* The matches of a record. Inside the step's transaction. */
MUST_USE bool correlate_record(struct correlate *correlate, const struct columns *columns,
	const struct record *record, enum correlate_how how, struct err *err);

/* At the end of a step that read up to `position`, inside its transaction. `now`: do not wait
 * until it is time. */
MUST_USE bool correlate_save(
	struct correlate *correlate, uint64_t position, bool now, struct err *err);

struct correlate_state {
	uint64_t groups, groups_most, evicted;
};
struct correlate_state correlate_state(const struct correlate *correlate);

#endif
