/*
 * joining - which lines of a file go on with the record that an earlier line began
 *
 * A line goes on by its text, whoever wrote it:
 *
 *	when it is indented and nobody's format: stack traces, wrapped messages
 *	when it belongs to the trace of an exception: Java, Python, PHP
 *	in an element or object that was opened on a line of its own, up to the line that
 *		closes it: Windows events, JSON indented for people
 *	when the container's line before it is a part: Docker, Kubernetes (CRI)
 *	in a record of ModSecurity's audit log, up to its last boundary
 *	in an alert of Snort (alert_full), up to the empty line
 *	in an entry of MySQL's slow query log, up to the next
 *	in a record of APT's history, up to its End-Date
 *
 * Lines of syslog, and others that stand alone, end what a line began that anybody may have
 * written into the same file.
 *
 * The agent asks this alone (its files' `multiline: {by: auto}`); the collector's normalize
 * command asks its parsers too.
 *
 * Any thread; a struct joining belongs to one.
 */
#ifndef COMMON_JOINING_H
#define COMMON_JOINING_H

#include "common/slice.h"

enum {
	JOINED_LINES_MAX = 4096, /* an element that is never closed ends here */

	/* Of the lines before: what has to be known of them at least. */
	JOINING_BEFORE_MAX = 1024,
};

struct joining {
	enum {
		JOINING_TEXT,
		JOINING_XML,
		JOINING_JSON,
		JOINING_DOCKER,  /* lines of Docker's json-file */
		JOINING_PARTS,   /* of a long line, CRI */
		JOINING_AUDIT,   /* of ModSecurity, its part A */
		JOINING_AUDITED, /* its other parts */
		JOINING_ALERT,   /* of Snort, up to an empty line */
		JOINING_SLOW,    /* an entry of a slow query log */
		JOINING_HISTORY,
		JOINING_TRACEBACK, /* Python's, up to the exception */
		JOINING_TRACED,    /* behind the exception: another may follow */
	} inside;
	bool is_error;    /* the parts are of the stream stderr */
	bool claimed;     /* the first line is a record's: what is indented goes on with it */
	unsigned n_lines; /* so far; 0 = none yet */
};

/* The line, without its end, begins a record; of a long one the first 4,096 bytes will do.
 * `claimed`: it is known to. */
void joining_begin(struct joining *joining, struct slice line, bool claimed);

/*
 * Whether the next line goes on with the record; if not, it begins the next. `before`: the
 * record's lines so far, without the last line end, or their last JOINING_BEFORE_MAX bytes.
 * `known`: the line is a record of some format.
 */
bool joining_take(struct joining *joining, struct slice before, struct slice line, bool known);

/* A line that nothing is expected to follow: of syslog, an object of JSON, the last part of a
 * container's line. */
bool joining_is_whole(struct slice line);

#endif
