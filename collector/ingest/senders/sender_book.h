/*
 * sender_book - what is known of every sender, and of those that are none
 *
 * Counts outlive a reload: they hang on a sender's name. Unknown peers are kept
 * by address, SENDER_STRANGERS_MAX of them; further ones are only counted.
 *
 * Any thread. What is atomic is counted without the lock.
 */
#ifndef COLLECTOR_INGEST_SENDER_BOOK_H
#define COLLECTOR_INGEST_SENDER_BOOK_H

#include <stdatomic.h>

#include "common/netaddr.h"

struct sender_book;

enum { SENDER_NAME_MAX = 65, SENDER_STRANGERS_MAX = 256 };

struct sender_state {
	struct sender_state *next;
	char name[SENDER_NAME_MAX];
	atomic_uint_fast64_t messages, bytes; /* taken */
	atomic_uint_fast64_t cut;             /* of these, longer than message-max */
	atomic_uint_fast64_t dropped;         /* datagrams without room; declared as gaps */
	atomic_uint_fast64_t held;            /* bytes of messages that have come half */
	atomic_uint_fast64_t resent;          /* came again and were not stored twice */
	atomic_int_fast64_t
		missing; /* as RFC 5424 sequenceId tells, where it is, or flow exports */
	atomic_uint_fast64_t waiting; /* bytes that are in no batch yet */
	atomic_uint connections;      /* open now */
	atomic_uint_fast64_t refused; /* connections too many */
	atomic_int_fast64_t heard_ns; /* wall clock; 0 = not since the start */
	/* Of what it does wrong: when the log had a line, monotonic; 0 = not since the start.
	 */
	atomic_int_fast64_t broken_told_ms, half_told_ms;
	atomic_int_fast64_t fault_told_ms, end_told_ms; /* of forwarding */
};

/* What all senders of an agency share. */
struct sender_agency {
	struct sender_agency *next;
	uint32_t number;
	atomic_uint_fast64_t waiting; /* bytes that are in no batch yet */
};

struct sender_stranger {
	struct netaddr address;
	char listener[41];
	uint64_t times; /* datagrams, connections */
	int64_t since_ns, heard_ns;
};

MUST_USE struct sender_book *sender_book_new(void);
void sender_book_free(struct sender_book *book); /* NULL is fine */

/* Its state, made when it is new; lives as long as the book. */
struct sender_state *sender_book_state(struct sender_book *book, const char *name);

/* The same of an agency. */
struct sender_agency *sender_book_agency(struct sender_book *book, uint32_t number);

/* May the log have another line of that kind of a sender? One a minute: its flood must not fill
 * that as well. Marks it. */
MUST_USE bool sender_may_tell(atomic_int_fast64_t *told_ms);

/* Nobody we know. True when it came for the first time, and there is room to say so. */
bool sender_book_stranger(
	struct sender_book *book, const struct netaddr *address, const char *listener);

/* A copy of those kept, by arrival; gives how many. */
size_t sender_book_strangers(
	struct sender_book *book, struct sender_stranger out[SENDER_STRANGERS_MAX]);

#endif
