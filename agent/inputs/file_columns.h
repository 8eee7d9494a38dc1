/*
 * file_columns - lines at the head of a file that name the columns of those behind them
 *
 * "#Fields: ..." of W3C and Exchange, "#separator" and what follows it in logs of Zeek, the
 * first row of a table. Whoever begins behind them has to know them all the same.
 *
 * A pure function; any thread.
 */
#ifndef AGENT_INPUTS_FILE_COLUMNS_H
#define AGENT_INPUTS_FILE_COLUMNS_H

#include "agent/inputs/file_record.h"

enum { FILE_COLUMNS_MAX = 8192 }; /* bytes of a file in which they are looked for */

/*
 * The line of `head`, the first bytes of a file, that begins at `at`, when it is one of them:
 * of those that begin with '#' and a letter, at the start and behind each other, or the first.
 * False when it is none, or has no end.
 */
MUST_USE bool file_columns_next(struct slice head, uint64_t at, struct file_record *record);

#endif
