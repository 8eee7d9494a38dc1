/*
 * rows - tables whose first row names their columns: exports of consoles, reports
 *
 *	Time,"User full name","Event name",Origin,"IP address"
 *	"7/03/26, 10:00:00",An,"User login failed",web,203.0.113.10
 *
 * How a row is divided, and which line can be a first row, says common/separated.h. The header
 * remembered is the first row as it stands (parse_context.header).
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_ROWS_H
#define COLLECTOR_NORMALIZE_ROWS_H

#include "collector/normalize/parser.h"
#include "common/separated.h"

enum {
	ROWS_COLUMNS_MAX = SEPARATED_COLUMNS_MAX,
	ROWS_NAME_MAX = SEPARATED_NAME_MAX,
	ROWS_TEXT_MAX = 64 << 10, /* bytes of a row that goes on in further lines */
};

/* Whether a first row has a column of that name: in small letters without diacritics, with
 * underscores between words, "dia_chi_ip". */
bool rows_have(struct slice header, struct slice name);

/*
 * A row into context->pairs, by the names of the header as rows_have() knows them; values that
 * are empty or "-" are left out. False when it has other columns.
 */
bool rows_read(struct parse_context *context, struct slice header, struct slice row);

/* Doubled quotes made one, in the arena: what a value in quotes says. */
struct slice rows_undoubled(struct parse_context *context, struct slice text);

/* Whether a quote of the row is still open: it goes on in the next line. */
bool rows_is_open(struct slice row);

#endif
