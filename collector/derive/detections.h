/*
 * detections - matches of Sigma rules into findings
 *
 * A rule of at least the level `finding_level` that fits is a finding about
 * whom the record tells of: its address, else its user, its program, its file,
 * or else its host. One an episode, and one an hour while it goes on, which
 * says how often it was in all (concluding.h limits all of them together). The
 * finding has the rule's id, title, version and ATT&CK techniques, who was
 * involved as the record says, and which record it was (soc.evidence). Private
 * to derive/; one thread.
 */
#ifndef COLLECTOR_DERIVE_DETECTIONS_H
#define COLLECTOR_DERIVE_DETECTIONS_H

#include "collector/derive/concluding.h"

/* A match of a Sigma rule; the version in force of the rule counts, whatever it was when the
 * record came. Of a rule that is gone its key is known alone. */
MUST_USE bool detections_match(struct concluding *concluding, const struct sighting *sighting,
	const struct match *match, struct err *err);

/* Whom a record or a finding of a Sigma rule is about; "" = its host. */
struct slice detections_subject(const struct record *record);

#endif
