/*
 * normalizing - lines that a thread of its own normalizes while another reads what comes out
 *
 * For who wants events and has raw lines: `from` of normalizing_start() gives what
 * `soc-collector normalize` would write, one JSON object a line, so that line N of it is line N
 * of the input. One thread starts and ends it.
 */
#ifndef COLLECTOR_NORMALIZING_H
#define COLLECTOR_NORMALIZING_H

#include "collector/normalize/normalize_lines.h"

struct normalizing;

/* `lines->from` and what `lines` points to are borrowed until normalizing_end(); `to` is not
 * looked at. `*from` is to be read until its end; it is closed by normalizing_end(). NULL with
 * the reason. */
MUST_USE struct normalizing *normalizing_start(
	const struct normalize_lines *lines, int *from, struct err *err);

/* False, with the reason, when reading the lines failed. Whoever ends it before the end of the
 * input waits until the next line has come, and no failure is told. */
MUST_USE bool normalizing_end(struct normalizing *normalizing, struct err *err);

#endif
