/*
 * audit_gather - audit events joined line by line, without the records being at hand any more
 *
 * Some events at a time, since their records come mixed. The record that ends an event can be
 * made the event at once. Where ends are never written down (kernels before 3.16) an event is
 * over when the next begins.
 *
 * Any thread; a struct audit_gather belongs to one. Memory is kept from event to event.
 */
#ifndef COLLECTOR_NORMALIZE_AUDIT_GATHER_H
#define COLLECTOR_NORMALIZE_AUDIT_GATHER_H

#include "collector/normalize/families/audit_event.h"
#include "common/strbuf.h"

enum { GATHERED_MAX = 4, GATHERED_BYTES = 1 << 16 };

struct gathered {
	struct strbuf id, bytes;              /* id empty: the place is free */
	size_t ends[AUDIT_EVENT_RECORDS_MAX]; /* of each text in bytes */
	unsigned n;
	uint64_t used; /* by which line */
};

struct audit_gather {
	struct gathered events[GATHERED_MAX];
	struct gathered *open; /* whose last record was added last, and it has not ended */
	uint64_t n_added;
	bool ends_said; /* an end was seen: no other record is taken for one */
};

void audit_gather_init(struct audit_gather *gather);
void audit_gather_done(struct audit_gather *gather);

/* Whether it goes on with the open event. */
bool audit_gather_is_open(const struct audit_gather *gather, const struct record *record);

/* Adds a record, which becomes its event when it ends one; any other record is left alone. */
void audit_gather_add(struct audit_gather *gather, struct arena *arena, struct record *record);

/* The open event can be more than its last record, which the caller has again. */
bool audit_gather_waits(const struct audit_gather *gather);
void audit_gather_close(
	struct audit_gather *gather, struct arena *arena, struct record *record);

#endif
