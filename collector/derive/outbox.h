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

/*
 * Runs `build`, which puts messages, so that all or nothing of it counts: what it did is undone
 * when it fails, and the caller goes on with other things. *built and, when it is false, *why
 * tell how it went; false is a failure of the transaction itself, with err set.
 */
MUST_USE bool outbox_try(struct outbox *outbox, bool (*build)(void *user, struct err *err),
	void *user, bool *built, struct err *why, struct err *err);

/* `item` of `type` could not be built: it is left alone for a while, longer each time, until it
 * is released. Both are kept with the reason, and shown in the status. */
MUST_USE bool outbox_hold(struct outbox *outbox, struct slice type, struct slice item,
	int64_t now_ns, const struct err *why, struct err *err);
MUST_USE bool outbox_release(
	struct outbox *outbox, struct slice type, struct slice item, struct err *err);
MUST_USE bool outbox_is_held(struct outbox *outbox, struct slice type, struct slice item,
	int64_t now_ns, bool *held, struct err *err);

/* The mark that says since when messages are kept, in seconds since 1970; 0 = for ever. */
#define OUTBOX_KEPT_FROM SLICE_LIT("messages-from")

struct outbox_reader;

MUST_USE struct outbox_reader *outbox_reader_open(const char *dir, struct err *err);
void outbox_reader_close(struct outbox_reader *reader);

/*
 * The oldest unsent row of the type with a number above `after`; slices are valid until the
 * next call. 1 = a row, 0 = none, -1 = err.
 */
MUST_USE int outbox_reader_next(struct outbox_reader *reader, struct slice type, int64_t after,
	struct outbox_message *message, struct err *err);

/* The type of unsent rows that comes behind `after` ("" = the first), as above. */
MUST_USE int outbox_reader_type(
	struct outbox_reader *reader, struct slice after, struct slice *type, struct err *err);

/* Ends the reading transaction a row holds open: a snapshot must not be kept (design §5). */
void outbox_reader_rest(struct outbox_reader *reader);

/* As outbox_latest(). */
MUST_USE bool outbox_reader_latest(struct outbox_reader *reader, struct slice type,
	bool (*visit)(void *user, const struct outbox_message *message, bool sent), void *user,
	struct err *err);

struct outbox_state {
	uint64_t unsent, sent, refused;
	int64_t oldest_unsent_ns; /* 0 = none */
	uint64_t held;            /* things that could not be built */
};
MUST_USE bool outbox_reader_state(
	struct outbox_reader *reader, struct outbox_state *state, struct err *err);

struct outbox_waiting {
	struct slice type;
	uint64_t n;        /* not sent yet */
	int64_t oldest_ns; /* when the first of them was put */
};

/* Of each type that has unsent rows. */
MUST_USE bool outbox_reader_waiting(struct outbox_reader *reader,
	bool (*visit)(void *user, const struct outbox_waiting *waiting), void *user,
	struct err *err);

struct outbox_held {
	struct slice type, item, reason;
	int64_t since_ns, retry_ns;
	uint64_t tries;
};

/* What is held, at most `most`, longest first. */
MUST_USE bool outbox_reader_held(struct outbox_reader *reader, unsigned most,
	bool (*visit)(void *user, const struct outbox_held *held), void *user, struct err *err);

/* As outbox_get_mark(). */
MUST_USE bool outbox_reader_mark(
	struct outbox_reader *reader, struct slice name, uint64_t *value, struct err *err);

#endif
