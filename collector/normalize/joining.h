/*
 * joining - which lines of a file go on with the record that an earlier line began
 *
 * A line goes on when it is indented and nobody's format (stack traces, wrapped
 * messages), when it belongs to the trace of an exception (Java, Python, PHP), when the element
 * or object that was opened on a line of its own has not been closed (Windows
 * events and JSON, indented for people), when the container's line it belongs
 * to came in parts, up to the last boundary of ModSecurity's audit log, up to the
 * empty line behind an alert of Snort (alert_full), or when the parser of the record says so
 * (parser.h).
 *
 * Any thread; a struct joining belongs to one.
 */
#ifndef COLLECTOR_NORMALIZE_JOINING_H
#define COLLECTOR_NORMALIZE_JOINING_H

#include "collector/normalize/parser.h"

enum { JOINED_LINES_MAX = 4096 }; /* an element that is never closed ends here */

struct joining {
	enum {
		JOINING_TEXT,
		JOINING_XML,
		JOINING_JSON,
		JOINING_PARTS,     /* of a long line of a container */
		JOINING_AUDIT,     /* of ModSecurity */
		JOINING_ALERT,     /* of Snort, up to an empty line */
		JOINING_TRACEBACK, /* Python's, up to the exception */
		JOINING_TRACED,    /* behind the exception: another may follow */
	} inside;
	bool is_error;               /* the parts are of the stream stderr */
	bool claimed;                /* a parser knew the first line, or it opens something */
	const struct parser *parser; /* of the first line, or NULL */
	unsigned n_lines;            /* so far; 0 = none yet */
};

/* The line begins a record. `parser` knows it, or NULL. */
void joining_begin(struct joining *joining, struct slice line, const struct parser *parser);

/*
 * Whether the next line goes on with the record, all of whose lines so far `text` is; if not,
 * it begins the next. `known`: some parser claims it.
 */
bool joining_take(struct joining *joining, struct slice text, struct slice line, bool known);

#endif
