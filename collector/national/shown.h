/*
 * shown - what others wrote, for a person at a terminal
 *
 * Controls, also those of Unicode that turn the direction of writing, and
 * bytes that are no UTF-8 become \xNN; long text is cut with "...".
 *
 * Any thread.
 */
#ifndef COLLECTOR_NATIONAL_SHOWN_H
#define COLLECTOR_NATIONAL_SHOWN_H

#include <stdio.h>

#include "common/slice.h"

enum {
	SHOWN_TEXT_MAX = 400, /* bytes of the original */
	SHOWN_COLUMNS = 96,
};

struct shown {
	char text[SHOWN_TEXT_MAX * 4 + 4];
};

/* NUL-terminated, in `shown`. */
const char *shown_text(struct shown *shown, struct slice text);

/* For one use inside a printf(). */
#define SHOWN(slice) shown_text(&(struct shown){{0}}, (slice))

/* "name value, name value": broken before SHOWN_COLUMNS, indented where it goes on. */
struct shown_list {
	FILE *out;
	unsigned indent; /* columns before every line but the first */
	size_t column;   /* where the first line is, bytes */
	unsigned n;
};

void shown_add(struct shown_list *list, struct slice name, struct slice value);
void shown_end(struct shown_list *list);

#endif
