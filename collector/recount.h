/*
 * recount - `soc-collector recount`: count again from the store, compare with what was sent
 *
 * Builds the statistics messages of a span anew from the stored records alone,
 * in memory, and compares them, member by member, with the newest revision in
 * the outbox; when and from which position a message was made may differ,
 * nothing else. What was sent and is not counted again differs too. Findings
 * of malware are compared with those that were reported (recount_malware.h).
 * What derive.db keeps no more (messages-kept) cannot be compared: that is said,
 * and the span begins later. Works beside a running collector.
 */
#ifndef COLLECTOR_RECOUNT_H
#define COLLECTOR_RECOUNT_H

#include <stdint.h>

#include "common/err.h"

/* Prints what differs, a line each, and a summary. Exit status: 0 all equal, 1 not, 2 it could
 * not be told. Windows that lie within [from, to) are compared; CLOCK_NONE: of the day before
 * the moment until which a running collector has published everything. */
int recount(const char *config, int64_t from_ns, int64_t to_ns);

/* Nothing before kept_ns can be compared: *from_ns is raised, and that is printed. False when
 * nothing is left before to_ns. `what`: of what, in the plural. */
MUST_USE bool recount_limit(const char *what, int64_t kept_ns, int64_t *from_ns, int64_t to_ns);

#endif
