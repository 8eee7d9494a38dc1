/*
 * lumberjack - a stream of bytes into the events in it, as Beats send them
 *
 * Version 2 of the Lumberjack protocol, as Filebeat and Winlogbeat speak it to
 * Logstash (elastic/go-lumber, client/v2/client.go). Numbers are big-endian,
 * 32 bits:
 *
 *	"2W" n                     a window: n events follow
 *	"2J" number, length, JSON  an event
 *	"2C" length, zlib stream   any number of "2J" frames, compressed
 *
 * and back: "2A" number acknowledges a window up to that event. Numbers of
 * events are the sender's: Beats begin at 1 in every window, other writers go
 * on counting.
 *
 * Version 1 (logstash-forwarder, gone since 2016), pairs of names and values
 * ("D") and frames in compressed ones that are no events are refused. An event
 * longer than `max` is cut and its length told; what it says is not looked at.
 * A compressed frame is unpacked piece by piece, as events are asked for, so
 * that no frame takes more memory than one event: bombs cost only the time up
 * to LUMBERJACK_UNPACKED_MAX or LUMBERJACK_RATIO_MAX.
 *
 * A pure state machine: any split of the bytes gives the same events. Not
 * thread-safe. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_LUMBERJACK_H
#define COLLECTOR_INGEST_LUMBERJACK_H

#include "common/strbuf.h"

struct lumberjack;

enum {
	LUMBERJACK_WINDOW_MAX = 1 << 20,         /* events */
	LUMBERJACK_FRAME_MAX = 64 << 20,         /* bytes of an event, of a compressed frame */
	LUMBERJACK_UNPACKED_MAX = 256 << 20,     /* bytes in a compressed frame */
	LUMBERJACK_RATIO_MAX = 500,              /* of these to its own, */
	LUMBERJACK_RATIO_COUNTS_FROM = 16 << 20, /* in a frame that unpacks to more than that */
	LUMBERJACK_ACK_SIZE = 6,
};

enum lumberjack_got {
	LUMBERJACK_MORE,   /* all bytes were taken and what they end with is not whole */
	LUMBERJACK_EVENT,  /* in `event` */
	LUMBERJACK_WINDOW, /* its size is in `window` */
	LUMBERJACK_BROKEN, /* nothing more can be taken; why, says lumberjack_trouble() */
};

enum lumberjack_trouble {
	LUMBERJACK_FINE,
	LUMBERJACK_VERSION_1,   /* the protocol of logstash-forwarder */
	LUMBERJACK_NO_FRAME,    /* another version, a type that nobody sends, an empty event */
	LUMBERJACK_TOO_LARGE,   /* a window, an event, a compressed frame beyond its limit */
	LUMBERJACK_NOT_IN_THAT, /* no event in a compressed frame: one within another, ... */
	LUMBERJACK_DAMAGED,     /* no zlib stream, or one that ends within an event */
	LUMBERJACK_BOMB,        /* unpacks to more than an honest one can */
};

struct lumberjack_event {
	uint32_t number;    /* its sender's */
	struct slice bytes; /* valid until the next call */
	uint64_t whole;     /* bytes of the event before it was cut */
};

/* `max`: bytes of an event. */
MUST_USE struct lumberjack *lumberjack_new(size_t max);
void lumberjack_free(struct lumberjack *lumberjack); /* NULL is fine */

/*
 * The next of what `bytes` holds, which moves behind what was taken. To be called until it says
 * LUMBERJACK_MORE: events may be waiting unpacked when `bytes` is empty.
 */
MUST_USE enum lumberjack_got lumberjack_next(struct lumberjack *lumberjack, struct slice *bytes,
	struct lumberjack_event *event, uint32_t *window);

enum lumberjack_trouble lumberjack_trouble(const struct lumberjack *lumberjack);

/* In words, for the log. */
const char *lumberjack_trouble_text(enum lumberjack_trouble trouble);

/* Part of a frame was given, and not all of it. */
bool lumberjack_is_within(const struct lumberjack *lumberjack);

/* Bytes of memory for what has come half: of an event, and for unpacking. */
size_t lumberjack_held(const struct lumberjack *lumberjack);

/* The frame that acknowledges a window up to that event. */
void lumberjack_ack(uint32_t number, unsigned char out[LUMBERJACK_ACK_SIZE]);

#endif
