/*
 * joining - which lines of a file go on with the record that an earlier line began
 *
 * A line goes on when it is indented and nobody's format (stack traces, wrapped
 * messages), when it is the cause of a stack trace, when the element or
 * object that was opened on a line of its own has not been closed (Windows
 * events and JSON, indented for people), when the container's line it belongs
 * to came in parts, up to the last boundary of ModSecurity's audit log, or up
 * to the empty line behind an alert of Snort (alert_full).
 *
 * Any thread; a struct joining belongs to one.
 */
#ifndef COLLECTOR_NORMALIZE_JOINING_H
#define COLLECTOR_NORMALIZE_JOINING_H

#include <stdbool.h>

#include "common/slice.h"

enum { JOINED_LINES_MAX = 4096 }; /* an element that is never closed ends here */

struct joining {
	enum {
		JOINING_TEXT,
		JOINING_XML,
		JOINING_JSON,
		JOINING_PARTS, /* of a long line of a container */
		JOINING_AUDIT, /* of ModSecurity */
		JOINING_ALERT, /* of Snort, up to an empty line */
	} inside;
	bool is_error;    /* the parts are of the stream stderr */
	bool claimed;     /* a parser knew the first line, or it opens something */
	unsigned n_lines; /* so far; 0 = none yet */
};

/* The line begins a record. `claimed` says that a parser knows it. */
void joining_begin(struct joining *joining, struct slice line, bool claimed);

/* Whether the next line goes on with the record; if not, it begins the next. */
bool joining_take(struct joining *joining, struct slice line, bool claimed);

#endif
