/*
 * correlate - matches over time into findings
 *
 * One thread, bounded state. What a match leads to say guessing.h (sign-ins)
 * and detections.h (Sigma rules), within what concluding.h lets be told. Their
 * counts live in `correlation_bytes`, groups of Sigma correlations in
 * `sigma_correlation_bytes`; when these are used up, the agency with the most
 * groups forgets the one that was quiet longest, which is counted and logged.
 *
 * What it concludes is a row to emit in the step's transaction. The state
 * itself is two blobs, saved in such a transaction every `correlation_ms`
 * together with the position it stands at. After a restart it reads again from
 * there to the statistics' own position, muted: what was concluded in between
 * is in rows already. So a restart loses nothing and repeats nothing. Private
 * to derive/.
 */
#ifndef COLLECTOR_DERIVE_CORRELATE_H
#define COLLECTOR_DERIVE_CORRELATE_H

#include "collector/derive/concluding.h"

struct correlate;

/* Loads the state; *position, where statistics stand, becomes where the state does when that
 * is earlier. NULL on failure. */
MUST_USE struct correlate *correlate_new(const struct derive_settings *settings,
	struct database *database, uint64_t *position, struct err *err);
void correlate_free(struct correlate *correlate);

/* The matches of a record. Inside the step's transaction. */
MUST_USE bool correlate_record(
	struct correlate *correlate, const struct matched *matched, struct err *err);

/* All up to `now_ns` has been read: what is over then is concluded. Inside a step. */
MUST_USE bool correlate_advance(struct correlate *correlate, const struct detector *detector,
	int64_t now_ns, enum correlate_how how, struct err *err);

/* At the end of a step that read up to `position`, inside its transaction. `now`: do not wait
 * until it is time. */
MUST_USE bool correlate_save(
	struct correlate *correlate, uint64_t position, bool now, struct err *err);

struct correlate_state {
	uint64_t groups, groups_most, evicted;
	uint64_t sigma_groups, sigma_bytes, sigma_evicted;
};
struct correlate_state correlate_state(const struct correlate *correlate);

#endif
