/*
 * audit_events - audit events joined in batches, also when a batch ends in the middle of one
 *
 * Within a batch the records of an event are found by source and serial number, whatever stands
 * between them, and the last of them carries the event (audit_event.h). Records are never held
 * back: an event whose end did not come with its batch is joined as far as it came, and its
 * text is remembered for some seconds, so that the record that ends it in a batch to come
 * carries the whole. A reader takes of one event.id the record with the most soc.event.records.
 *
 * Memory is fixed: AUDIT_CARRIED_MAX events of AUDIT_CARRIED_BYTES; the oldest is forgotten for
 * a new one, and what is longer is not remembered. Any thread; a lock is held for a copy only,
 * and taken by batches that begin or end with an event.
 */
#ifndef COLLECTOR_NORMALIZE_AUDIT_EVENTS_H
#define COLLECTOR_NORMALIZE_AUDIT_EVENTS_H

#include "collector/record/batch.h"

enum {
	AUDIT_CARRIED_MAX = 64,
	AUDIT_CARRIED_BYTES = 16384,
	AUDIT_CARRIED_SECONDS = 10,
};

struct audit_carry;

/* The machine out of memory aborts. */
struct audit_carry *audit_carry_new(void);
void audit_carry_free(struct audit_carry *carry); /* NULL is fine */

/* All records of a batch that was normalized; memory from its arena. */
void audit_events_join(struct audit_carry *carry, struct batch *batch);

#endif
