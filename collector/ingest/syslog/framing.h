/*
 * framing - a stream of bytes into the syslog messages in it
 *
 * Octet counting ("52 <34>1 ...", RFC 6587 3.4.1, RFC 5425 4.3) and lines
 * ended by LF (RFC 6587 3.4.2), message by message, mixed as they come:
 * senders that change between them exist, and so do relays of both kinds.
 *
 *	a message begins with     and is
 *	1..9, digits, ' ', '<'    counted: so many bytes, the '<' is the first
 *	anything else             a line: up to LF, or to the end of the stream
 *	LF, CR, NUL               skipped: what some write behind counted messages
 *
 * The '<' of the priority is part of the test because lines may begin with
 * digits too ("2026 Nov 22 ..."); FRAMING_COUNTED asks for counts alone and
 * then needs no '<'. CR, LF and NUL at the end of a message are no part of it.
 * Line ends within a counted message, and NUL within either, are.
 *
 * A message longer than `max` is cut; the rest of it is skipped and its length
 * told. A count above FRAMING_COUNT_MAX is no message but a stream that lost
 * its beat, or a trap: the connection has to end.
 *
 * A pure state machine: any split of the bytes gives the same messages. Holds
 * at most `max` bytes. Not thread-safe. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_FRAMING_H
#define COLLECTOR_INGEST_FRAMING_H

#include "common/strbuf.h"

enum {
	FRAMING_COUNT_DIGITS = 10,    /* more are the beginning of a line */
	FRAMING_COUNT_MAX = 16 << 20, /* bytes */
};

enum framing_mode {
	FRAMING_AUTO,
	FRAMING_LINES,   /* a count is part of the line */
	FRAMING_COUNTED, /* something else than a count is an error */
};

struct framed {
	struct slice bytes; /* valid during the call */
	uint64_t whole;     /* bytes of the message before it was cut */
	bool unterminated;  /* the stream ended within it */
};

struct framing {
	enum framing_mode mode;
	size_t max; /* bytes of a message */
	void (*take)(void *user, const struct framed *framed);
	void *user;
	enum {
		FRAMING_BETWEEN,
		FRAMING_DIGITS,
		FRAMING_BLANK,
		FRAMING_COUNT,
		FRAMING_LINE
	} state;
	uint64_t count;     /* of the message */
	uint64_t whole;     /* bytes of the message so far */
	struct strbuf held; /* the first of them */
};

/* `take` gets every message; none is empty. */
void framing_init(struct framing *framing, enum framing_mode mode, size_t max,
	void (*take)(void *user, const struct framed *framed), void *user);
void framing_done(struct framing *framing);

/* False: the stream makes no sense; nothing more can be taken from it. */
MUST_USE bool framing_push(struct framing *framing, struct slice bytes);

/* The stream ended: what there is of a message is given. */
void framing_end(struct framing *framing);

/* Something of a message was pushed, and not all of it. */
static inline bool framing_is_within(const struct framing *framing)
{
	return framing->state != FRAMING_BETWEEN;
}

/* Without the line end of whichever kind; of a datagram too. */
struct slice framing_without_end(struct slice message);

#endif
