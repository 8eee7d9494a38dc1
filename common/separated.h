/*
 * separated - lines of values with a byte between them: CSV (RFC 4180) and its like
 *
 * Values are divided by commas, semicolons, tabs or bars, whichever the first row of a table
 * has most of. A value in double quotes may hold the divider, line ends, and "" for one quote.
 *
 * Any thread; allocates nothing; linear.
 */
#ifndef COMMON_SEPARATED_H
#define COMMON_SEPARATED_H

#include "common/slice.h"

enum {
	SEPARATED_COLUMNS_MAX = 128,
	SEPARATED_NAME_MAX = 64, /* bytes of a column's name */
};

/* The divider of a table by its first row. */
char separated_divider(struct slice first);

/*
 * The next value of `rest`, which becomes absent behind the last; of a quoted one the inside,
 * with its quotes still doubled. False when there is none, or a quote has no end, or something
 * stands behind it.
 */
MUST_USE bool separated_take(struct slice *rest, char divider, struct slice *value);

/* Whether `line` can be the first row of a table: three columns or more, each with a name. */
MUST_USE bool separated_names(struct slice line);

/* The text behind a byte order mark of UTF-8. */
struct slice separated_without_mark(struct slice text);

/* ASCII's, and each byte of a letter beyond. */
static inline bool separated_is_letter(char byte)
{
	return ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') || (unsigned char)byte >= 0x80;
}

#endif
