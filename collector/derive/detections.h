/*
 * detections - matches of Sigma rules and indicators, over time, into findings
 *
 * A rule of at least the level `finding_level` that fits is a finding about
 * whom the record tells of (rule_findings.h): one an episode, and one an hour
 * while it goes on, which says how often it was in all. A rule that is
 * correlated and not told of by itself ("silent") is none. What correlation
 * rules conclude of them (detect/correlator/) is a finding an episode.
 * concluding.h limits all of them together.
 *
 * An indicator in a record is a finding about the indicator, once an hour at a
 * host.
 *
 * Events of the correlator are stored records, in the order of the store, by
 * the time they are counted at; its groups live in `sigma_correlation_bytes`.
 * Private to derive/; one thread.
 */
#ifndef COLLECTOR_DERIVE_DETECTIONS_H
#define COLLECTOR_DERIVE_DETECTIONS_H

#include "collector/derive/concluding.h"

struct detections;

/* `concluding` outlives it. */
MUST_USE struct detections *detections_new(struct concluding *concluding);
void detections_free(struct detections *detections); /* NULL is fine */

/* The matches of Sigma rules and indicators of one record. */
MUST_USE bool detections_take(
	struct detections *detections, const struct matched *matched, struct err *err);

/* It is this late: correlations that count a whole timespan conclude. *told: some did, and the
 * state must be saved in this transaction, lest they do it again. */
MUST_USE bool detections_advance(struct detections *detections, const struct detector *detector,
	int64_t now_ns, enum correlate_how how, bool *told, struct err *err);

/* The correlator's groups; nothing when there is none. */
void detections_save(const struct detections *detections, struct strbuf *out);

/* Before anything was taken. Used when the first rules come; what does not fit them is left
 * out. */
void detections_load(struct detections *detections, struct slice blob);

struct detections_state {
	uint64_t groups, bytes, evicted;
};
struct detections_state detections_state(const struct detections *detections);

#endif
