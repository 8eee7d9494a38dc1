/*
 * sequence_ids - the numbers that RFC 5424 senders may give their messages
 *
 * "[meta sequenceId="7"]" (RFC 5424 7.3.1) counts what an originator sent, from
 * 1 at its start to 2147483647 and again from 1: a jump tells how many did not
 * arrive. An originator is a HOSTNAME behind one peer (address and port):
 * relays have many behind them. What comes late (UDP changes the order) was
 * taken for missing before and is taken back; a number far behind is a new
 * start.
 *
 * As many originators as there is room for, in fixed memory: one that another
 * one pushed out begins anew. Nothing but RFC 5424 is looked at. Not
 * thread-safe. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_SEQUENCE_IDS_H
#define COLLECTOR_INGEST_SEQUENCE_IDS_H

#include "common/slice.h"

struct sequence_ids;

enum {
	SEQUENCE_IDS_LATE = 1000,     /* so far behind the last it is late, else a new start */
	SEQUENCE_IDS_JUMP = 10000000, /* so far ahead it is a new start too */
};

MUST_USE struct sequence_ids *sequence_ids_new(void);
void sequence_ids_free(struct sequence_ids *ids); /* NULL is fine */

/* How many messages more than before are missing; -1: one that was is here now. `peer`: a
 * number for address and port. */
int64_t sequence_ids_note(struct sequence_ids *ids, uint64_t peer, struct slice message);

/* The number in a message and its HOSTNAME; false when it has none. */
MUST_USE bool sequence_ids_read(struct slice message, uint32_t *number, struct slice *host);

#endif
