/*
 * outbox - messages to the nation, committed before they are sent
 *
 * A row is a full replacement under a deterministic key (province, agency,
 * type, window); its revision is the store position it was computed from. A
 * newer revision of a key that was not sent yet takes the older one's place.
 * Rows are written in derive's transaction (outbox_put); forward/ reads them
 * over its own read-only connection and reports back (derive_mark_sent).
 * synchronous=FULL: what the nation acknowledged is never forgotten.
 */
#ifndef COLLECTOR_DERIVE_OUTBOX_H
#define COLLECTOR_DERIVE_OUTBOX_H

#include "common/err.h"
#include "common/slice.h"

struct outbox;

struct outbox_message {
	int64_t row;         /* set by the outbox */
	struct slice type;   /* "statistics", "malware", "heartbeat": picks the topic */
	struct slice key;    /* "H47/000.00.12.H47/statistics/5m/2026-11-22T01:00:00Z" */
	uint64_t revision;   /* larger replaces smaller */
	struct slice schema; /* "soc-statistics/1" */
	struct slice content_type;
	struct slice message_id; /* UUID of this key and revision: the same when sent again */
	struct slice body;
	bool needs_jws; /* JSON: signed by forward just before it is sent; XML carries its own
			 */
	int64_t created_ns;
};

/* In derive's transaction. A row with the same key and revision is left as it is. */
MUST_USE bool outbox_put(
	struct outbox *outbox, const struct outbox_message *message, struct err *err);

/* A number kept beside the outbox in the same transaction: how far a type has published. 0
 * when it was never set. */
MUST_USE bool outbox_get_mark(
	struct outbox *outbox, struct slice name, uint64_t *value, struct err *err);
MUST_USE bool outbox_set_mark(
	struct outbox *outbox, struct slice name, uint64_t value, struct err *err);

/* The newest revision of every key of a type that was sent or is to be, by key. */
MUST_USE bool outbox_latest(struct outbox *outbox, struct slice type,
	bool (*visit)(void *user, const struct outbox_message *message, bool sent), void *user,
	struct err *err);

struct outbox_reader;

MUST_USE struct outbox_reader *outbox_reader_open(const char *dir, struct err *err);
void outbox_reader_close(struct outbox_reader *reader);

/*
 * The oldest unsent row with a number above `after`; slices are valid until the next call.
 * 1 = a row, 0 = none, -1 = err.
 */
MUST_USE int outbox_reader_next(struct outbox_reader *reader, int64_t after,
	struct outbox_message *message, struct err *err);

/* Ends the reading transaction a row holds open: a snapshot must not be kept (design §5). */
void outbox_reader_rest(struct outbox_reader *reader);

/* As outbox_latest(). */
MUST_USE bool outbox_reader_latest(struct outbox_reader *reader, struct slice type,
	bool (*visit)(void *user, const struct outbox_message *message, bool sent), void *user,
	struct err *err);

struct outbox_state {
	uint64_t unsent, sent, refused;
	int64_t oldest_unsent_ns; /* 0 = none */
};
MUST_USE bool outbox_reader_state(
	struct outbox_reader *reader, struct outbox_state *state, struct err *err);

#endif
