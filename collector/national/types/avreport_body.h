/*
 * avreport_body - the edXML envelope and AVReport of a malware report (M1)
 *
 * Sections that nothing is known about are left out: an empty one would say
 * that there was nothing. Private to national/.
 */
#ifndef COLLECTOR_NATIONAL_TYPES_AVREPORT_BODY_H
#define COLLECTOR_NATIONAL_TYPES_AVREPORT_BODY_H

#include "collector/derive/statistics.h"
#include "collector/national/message.h"
#include "common/strbuf.h"

enum { AVREPORT_ITEMS_MAX = 1000 };

struct avreport {
	const struct national_profile *profile;
	const struct agency_register *agencies;
	int64_t created_ns;
	struct statistics_hit *hits; /* sorted in place */
	size_t n_hits;
	uint64_t not_updated; /* machines */
};

/* Appends the document without its signature; *at is where that belongs. */
void avreport_body(struct avreport *report, struct strbuf *out, size_t *at);

/* Whether a report, as it was sent, tells of such a finding. Where it was found is not looked
 * at: what machines are called changes. */
MUST_USE bool avreport_tells(struct slice body, const struct statistics_hit *hit);

/* Bytes that one finding adds at most. */
size_t avreport_hit_size(const struct avreport *report, const struct statistics_hit *hit);

#endif
