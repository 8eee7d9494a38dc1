/*
 * http_items - a body into what it consists of: lines, JSON objects, or a JSON array's
 * elements; or as one item, without the blanks around it
 *
 * Lines end with LF or CR LF, the last one perhaps with the body; empty ones do
 * not count. Elements are told apart by brackets, commas and strings alone
 * (RFC 8259 §2, §7) and are not looked at otherwise: damage in one is its parser's
 * to find. They come without the blanks around them. What is longer than `max` is
 * cut, and its length told.
 *
 * Objects stand one behind the other, each on one line or on many, with blanks or nothing
 * between them. One that does not end takes no others with it: a line that begins with '{',
 * where JSON has no place for an object within it, begins another. What stands between objects
 * is lines.
 *
 * A pure state machine: any split of the bytes gives the same items. Holds at most `max`
 * bytes. Not thread-safe. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_HTTP_ITEMS_H
#define COLLECTOR_INGEST_HTTP_ITEMS_H

#include "common/strbuf.h"

enum http_items_of {
	ITEMS_OF_LINES,
	ITEMS_OF_JSON, /* an array, objects; else lines: the first byte that is no blank says */
	ITEMS_OF_ALL,  /* one, on one line or many */
};

struct http_items {
	size_t max;
	enum {
		ITEMS_UNKNOWN, /* the first byte that is no blank decides: '[', '{', another */
		ITEMS_LINES,
		ITEMS_OBJECTS,
		ITEMS_ARRAY,
		ITEMS_BEHIND, /* the array's end: nothing but blanks may come */
		ITEMS_ALL,
	} kind;
	uint64_t number;    /* of the item that is arriving, empty lines count; from 1 on */
	uint64_t whole;     /* bytes of it so far */
	struct strbuf held; /* the first of them */
	size_t depth;       /* of an element, an object */
	bool in_string, in_escape;
	char last;     /* byte of an object that is no blank */
	bool at_line;  /* its next byte is a line's first, and no place for an object */
	size_t blanks; /* the last bytes of all that came, for ITEMS_ALL */
};

struct http_item {
	struct slice bytes; /* valid until the next call */
	uint64_t whole;     /* bytes before it was cut */
	uint64_t number;    /* line, or element, of the body; from 1 on */
};

enum http_items_got {
	ITEMS_MORE, /* all bytes were taken */
	ITEMS_ITEM,
	ITEMS_BROKEN, /* something stands behind the array, or it does not end */
};

void http_items_init(struct http_items *items, size_t max, enum http_items_of of);
void http_items_done(struct http_items *items);

/* Bytes of the item that has come half. */
size_t http_items_held(const struct http_items *items);

/* The next of what `bytes` holds, which moves behind what was taken. */
MUST_USE enum http_items_got http_items_next(
	struct http_items *items, struct slice *bytes, struct http_item *item);

/* The body is over: the last line, when nothing ended it. */
MUST_USE enum http_items_got http_items_end(struct http_items *items, struct http_item *item);

#endif
