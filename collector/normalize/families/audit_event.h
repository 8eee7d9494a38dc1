/*
 * audit_event - the records of one audit event, joined into one
 *
 * The kernel describes what happened in several records with one serial number: the system
 * call, the arguments, the paths, a socket's address. Each stays a record of its own; the last
 * one also carries the whole event: what the others say and it does not, who was connected to
 * whom, what the event means (soc.event.action), of how many records (soc.event.records).
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_AUDIT_EVENT_H
#define COLLECTOR_NORMALIZE_AUDIT_EVENT_H

#include "collector/normalize/families/audit_text.h"

enum { AUDIT_EVENT_RECORDS_MAX = 64 }; /* of one event; what is behind them is not joined */

/* Of a record that auditd's parser read; SLICE_NONE for others, and for one without a serial.
 */
struct slice audit_event_id(const struct record *record);

/* The text of its own, without what an envelope put before it. */
struct slice audit_event_text(const struct record *record);

/* Whether the kernel writes no other record of the event behind this one. */
bool audit_event_ends(struct slice text);

/* Whether it is an event by itself: of a program or auditd, not of the kernel. */
bool audit_event_is_one(struct slice text);

/*
 * Makes `record` the event of the `n` texts, the last of which is its own; 2..RECORDS_MAX. What
 * it says itself stays as it is. When the arena is full it stays the record it was.
 */
void audit_event_join(
	const struct slice *texts, unsigned n, struct arena *arena, struct record *record);

#endif
