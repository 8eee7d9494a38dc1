/*
 * inflow - messages of one sender on their way into batches
 *
 * A queue of parcels, each as large as a batch may be. What finds no room is
 * dropped, the newest, and stands as a loss behind the messages that came
 * before it. Memory follows what waits and goes when that goes.
 *
 * One worker's thread. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_INFLOW_H
#define COLLECTOR_INGEST_INFLOW_H

#include "collector/ingest/senders/receipts.h"
#include "collector/ingest/senders/senders.h"
#include "common/strbuf.h"

struct door;

enum {
	PARCEL_LINES_MAX = 2048,
	PARCEL_BYTES_MAX = 1 << 20,
	PARCEL_ORIGINS_MAX = 64,
	INFLOW_LINE_COST = 64, /* bytes a waiting message counts beside its own */
};

/* Where messages came from. */
struct inflow_origin {
	const struct door *door;
	struct netaddr address;
	bool wrapped; /* record_source.wrapped */
	const char
		*forwarder; /* record_source.forwarder; NULL = absent; a parcel has its own */
};

struct inflow_line {
	uint32_t at, len;    /* in the parcel's bytes */
	uint64_t whole;      /* before it was cut */
	int64_t received_ns; /* wall clock */
	uint16_t flags;      /* enum record_flag */
	uint16_t origin;
};

struct parcel {
	struct parcel *next;
	struct strbuf bytes;
	struct inflow_line *lines;
	unsigned n_lines, lines_room;
	struct inflow_origin origins[PARCEL_ORIGINS_MAX];
	unsigned n_origins;
	struct receipt_list receipts; /* of its lines, where they are acknowledged */
	/* Behind them, dropped. */
	uint64_t lost, lost_bytes;
	const struct door *lost_at;
};

struct inflow {
	struct parcel *head, *tail;
	size_t held; /* bytes of all, as they are counted against limits */
};

struct inflow_message {
	struct inflow_origin origin;
	uint64_t peer; /* a number for its address and port */
	struct slice bytes;
	uint64_t whole;
	int64_t received_ns;
	uint16_t flags;
	/* Of a protocol that acknowledges; else NULL. */
	struct receipts *receipts;
	uint32_t number;
	bool ends_window;
};

void inflow_add(struct inflow *inflow, const struct inflow_message *message);

/* It was not added. */
void inflow_lose(
	struct inflow *inflow, const struct door *door, uint64_t messages, uint64_t bytes);

/* More came behind the first parcel, or it is full: no use to wait for company. */
static inline bool inflow_is_full(const struct inflow *inflow)
{
	return inflow->head != inflow->tail;
}

static inline size_t inflow_cost(size_t len)
{
	return len + INFLOW_LINE_COST;
}

/* The oldest parcel; NULL when nothing waits. It is the caller's then. */
struct parcel *inflow_take(struct inflow *inflow);

/* Receipts that are still with it are settled: its lines were not stored. */
void parcel_free(struct parcel *parcel);

/* What its messages count against limits. */
size_t parcel_cost(const struct parcel *parcel);

void inflow_done(struct inflow *inflow);

#endif
