/*
 * destinations - the topics messages go to: how far each got, when it is tried again
 *
 * Each type of message has a topic, and each topic a cursor, a window of rows
 * under way and a wait of its own: one that does not exist, is not authorized
 * or takes nothing holds up no other. A topic that failed waits, longer each
 * time; then one row is offered, and its delivery opens the window again.
 * Nothing is offered while rows from before the failure are under way, so that
 * a topic gets its rows in order, and a row twice rather than never.
 *
 * A row that fails by itself (not by its topic) again and again while it is
 * tried alone would hold up its topic for ever: it is set aside, those behind
 * it go out, and it is tried beside them at long intervals. It is never given
 * up. A newer revision of its key may so arrive before it: the receiver keeps
 * the highest.
 *
 * Everything but destinations_walk() is for the forward thread (and whoever
 * has joined it).
 */
#ifndef COLLECTOR_FORWARD_DESTINATIONS_H
#define COLLECTOR_FORWARD_DESTINATIONS_H

#include <pthread.h>

#include "common/backoff.h"
#include "common/slice.h"

enum {
	DESTINATIONS_MAX = 16,
	DESTINATION_TYPE_MAX = 64,
	DESTINATION_TOPIC_MAX = 200,
	DESTINATION_REASON_MAX = 256,
	DESTINATION_TRIES = 10, /* of a row that fails by itself, before it is set aside */
	DESTINATION_ASIDE_MAX = 64,
};

struct destination_aside {
	int64_t row;
	int64_t due_ms;   /* tried again then, monotonic */
	int64_t since_ns; /* wall clock */
};

struct destination {
	char type[DESTINATION_TYPE_MAX];   /* "statistics" */
	char topic[DESTINATION_TOPIC_MAX]; /* "soc.H47.statistics.v1" */
	int64_t after;                     /* rows up to here were offered */
	unsigned in_flight;                /* taken by the output and not reported */
	int64_t retry_ms;                  /* waits until then, monotonic; 0 = it does not */
	struct backoff backoff;
	int64_t stuck_row; /* that failed by itself at the last failure; 0 = none did */
	unsigned stuck;    /* so often in a row */
	/* Oldest first. When all places are taken, the next such row holds up the rest. */
	struct destination_aside aside[DESTINATION_ASIDE_MAX];
	unsigned n_aside;

	/* For people. */
	uint64_t sent, refused;                    /* since the start */
	uint64_t failures;                         /* one after the other; 0 = all is well */
	int64_t failing_ns;                        /* since when; wall clock, as the next one */
	int64_t sent_ns;                           /* the last one; 0 = none since the start */
	char reason[DESTINATION_REASON_MAX];       /* of the last failure; "" = all is well */
	char aside_reason[DESTINATION_REASON_MAX]; /* of the last one that was set aside */
};

struct destinations_settings {
	const char *prefix;               /* of topics: "soc.H47." */
	unsigned in_flight;               /* window of a topic that works */
	uint64_t retry_ms, retry_most_ms; /* first and longest wait */
	uint64_t retry_aside_ms;          /* of a row that was set aside */
};

struct destinations {
	struct destinations_settings settings;
	pthread_mutex_t lock; /* what destinations_walk() looks at */
	struct destination all[DESTINATIONS_MAX];
	unsigned n;
};

void destinations_init(
	struct destinations *destinations, const struct destinations_settings *settings);
void destinations_done(struct destinations *destinations);

/* That of the type, made when it is new. NULL: the name is too long, or there are too many. */
struct destination *destinations_of_type(struct destinations *destinations, struct slice type);

/* NULL when there is none. */
struct destination *destinations_of_topic(struct destinations *destinations, const char *topic);

/* Another row may be offered now. */
bool destination_is_open(const struct destinations *destinations,
	const struct destination *destination, int64_t now_ms);

/* Before the output gets the row; it may report at once. */
void destination_offered(
	struct destinations *destinations, struct destination *destination, int64_t row);

/* The output was busy and has not taken it. */
void destination_taken_back(
	struct destinations *destinations, struct destination *destination, int64_t row);

/* Reports of a row that was offered. */
void destination_delivered(
	struct destinations *destinations, struct destination *destination, int64_t row);
void destination_refused(
	struct destinations *destinations, struct destination *destination, int64_t row);

enum destination_failure {
	DESTINATION_BEGINS_TO_WAIT, /* the first failure after all was well */
	DESTINATION_WAITS_ON,
	DESTINATION_ROW_ASIDE, /* the row is set aside now; the next one may be offered */
};

/* It and all behind it are offered again, unless it is aside. `by_itself`: the error is the
 * row's own, others may well go. */
enum destination_failure destination_failed(struct destinations *destinations,
	struct destination *destination, int64_t row, bool by_itself, const char *why);

/* ---- rows that were set aside ----------------------------------------------- */

bool destination_is_aside(struct destination *destination, int64_t row);

/* One that may be tried again now, beside the others; 0 = none. */
int64_t destination_aside_due(const struct destinations *destinations,
	const struct destination *destination, int64_t now_ms);

/* It needs not be sent any more. */
void destination_forget_aside(
	struct destinations *destinations, struct destination *destination, int64_t row);

/* The row, which is aside, is not offered in turn: those behind it are. */
void destination_pass(
	struct destinations *destinations, struct destination *destination, int64_t row);

/* Waits `ms`, without the growth of destination_failed(). Nothing is under way of `row`. */
void destination_wait(struct destinations *destinations, struct destination *destination,
	uint64_t ms, const char *why);

/* The first end of a wait behind `now_ms`; INT64_MAX = there is none. */
int64_t destinations_next_ms(const struct destinations *destinations, int64_t now_ms);

/* A copy of each. Any thread. */
void destinations_walk(struct destinations *destinations,
	void (*visit)(void *user, const struct destination *destination), void *user);

#endif
