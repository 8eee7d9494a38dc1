/*
 * candidates - which parsers a text can be of, by how it begins
 *
 * Hundreds of formats are told apart by asking one parser after the other; most
 * lines begin with a stamp, an address or a brace, and only the few formats that
 * begin so are asked. Private to normalize.c.
 */
#ifndef COLLECTOR_NORMALIZE_CANDIDATES_H
#define COLLECTOR_NORMALIZE_CANDIDATES_H

#include "collector/normalize/own/folder.h"
#include "collector/normalize/parser.h"

enum {
	BEGINNINGS_BYTES = 256,
	BEGINNINGS_MAX =
		BEGINNINGS_BYTES + DIGITS_FORMS + 1, /* the last is of no byte at all */
	CANDIDATES_MAX = 64 + OWN_FORMATS_MAX,
};

/* Of one role. All zero is empty; each row ends with NULL. */
struct candidates {
	const struct parser *of[BEGINNINGS_MAX][CANDIDATES_MAX];
};

/* To be asked behind those that are there. */
void candidates_add(struct candidates *candidates, const struct parser *parser);

/* In the order they were added, ended by NULL. Any thread, once all are added. */
const struct parser *const *candidates_of(
	const struct candidates *candidates, struct slice text);

/* How a text that begins with a digit begins. */
MUST_USE enum digits_form digits_form_of(struct slice text);

#endif
