/*
 * markup - reading XML of others from left to right, and writing text into XML
 *
 * The subset that SOAP 1.2 allows (§5): no document type, no processing
 * instructions but the declaration, no entities but the five and numbers.
 * Well-formed with namespaces, or broken: tags nest, attributes are named
 * once, prefixes are bound. What a document says of its encoding is not
 * looked at: it is UTF-8 here. Control characters in text are let through:
 * Windows writes them into events, XML 1.0 or not.
 *
 *	while ((got = markup_next(&xml)) != MARKUP_DONE) ...
 *
 * Slices point into the document, as it is written: references are put in by
 * markup_decode(). No memory but the struct's, linear time, bounded depth. One
 * thread per struct.
 */
#ifndef COMMON_MARKUP_H
#define COMMON_MARKUP_H

#include "common/strbuf.h"

enum {
	MARKUP_DEPTH_MAX = 64,
	MARKUP_ATTRIBUTES_MAX = 32, /* of a tag */
	MARKUP_SPACES_MAX = 64,     /* bound at the same time */
	MARKUP_REFERENCE_MAX = 10,  /* bytes between & and ; */
};

enum markup_got {
	MARKUP_START, /* of an element: .space, .name, markup_attribute() */
	MARKUP_END,   /* of one: .space, .name; of <x/> too */
	MARKUP_TEXT,  /* .content, never empty; runs are not put together */
	MARKUP_DONE,  /* all of the document was read */
	MARKUP_BROKEN /* .trouble says why; nothing more is read */
};

struct markup_space {
	struct slice prefix, uri;
	unsigned depth; /* of the element that bound it */
};

struct markup {
	struct slice text;
	size_t at;

	struct slice space, name; /* namespace ("" = none) and local name */
	struct slice content;
	bool is_cdata;       /* the content has no references */
	const char *trouble; /* a constant of the program */

	/* Its own. */
	struct slice attributes;
	struct slice open[MARKUP_DEPTH_MAX]; /* names as written */
	struct markup_space spaces[MARKUP_SPACES_MAX];
	unsigned depth, n_spaces;
	bool is_empty; /* the tag was <x/>: its end comes next */
	bool has_root;
};

void markup_init(struct markup *xml, struct slice text);

MUST_USE enum markup_got markup_next(struct markup *xml);

bool markup_is(const struct markup *xml, struct slice space, struct slice name);

/* Of the start that was read last, by its name without prefix, as written; absent when it has
 * none. */
struct slice markup_attribute(const struct markup *xml, struct slice name);

/* Behind a start: all up to the end of that element, which is read too. False: broken. */
MUST_USE bool markup_take_inside(struct markup *xml, struct slice *inside);

/* The character that stands for "lt", "#10", "#x1F": 0 when there is none of that name. */
uint32_t markup_character(struct slice reference);

/* Append a character as UTF-8 to `to`, which has room for 4 bytes; gives how many. */
size_t markup_put_utf8(char *to, uint32_t character);

/* Append with references put in. False: one is none. */
MUST_USE bool markup_decode(struct slice written, struct strbuf *out);

/* Append as text, or as an attribute's value in whichever quotes. What XML cannot hold is
 * written as U+FFFD. */
void markup_escape(struct strbuf *out, struct slice text);

#endif
