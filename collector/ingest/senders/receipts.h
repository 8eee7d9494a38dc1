/*
 * receipts - which events of a connection are durable, for acknowledging them in order
 *
 * Events of a connection go into parcels, in runs; a run gets a receipt. The
 * receipt travels with the parcel and its batch and is settled when that came
 * home. The connection takes its receipts in the order of its events, as far
 * as they are settled: batches may come home in another order.
 *
 *	inflow_add() ─► receipt ─► parcel ─► batch ─► receipts_settle() ─► receipts_take()
 *
 * Either may end first: a connection while its events are under way, or what
 * is under way without having been stored.
 *
 * One worker's thread. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_RECEIPTS_H
#define COLLECTOR_INGEST_RECEIPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/attr.h"

/* Of one connection. */
struct receipts {
	struct receipt *oldest, *newest;
	void (*on_settled)(void *user); /* the oldest may be settled now */
	void *user;
};

/* Of a run of its events that travels together. */
struct receipt {
	struct receipt *next;       /* of the connection's */
	struct receipt *next_along; /* of those that travel together */
	struct receipts *owner;     /* NULL: it ended */
	uint32_t number;            /* of the last event, its sender's */
	bool ends_window;           /* that event is the last one of a window */
	enum { RECEIPT_OPEN, RECEIPT_STORED, RECEIPT_REFUSED } state;
};

/* Those that travel with one parcel. */
struct receipt_list {
	struct receipt *first, *last;
};

/* An event more is in what the list travels with. */
void receipt_list_add(
	struct receipt_list *list, struct receipts *owner, uint32_t number, bool ends_window);

/* They travel no further; empties the list. */
void receipts_settle(struct receipt_list *list, bool stored);

/* The oldest one when it is settled, else NULL. The caller frees it. */
MUST_USE struct receipt *receipts_take(struct receipts *receipts);

/* The window ends with the events it has. False: it has none left to wait for. */
bool receipts_end_window(struct receipts *receipts);

/* Nobody asks for them any more. */
void receipts_close(struct receipts *receipts);

#endif
