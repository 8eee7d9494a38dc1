/*
 * unit - amounts with a unit, as people write them in settings
 *
 * "64KiB", "2 GiB", "512MB"; "500ms", "30s", "90d". One whole number and one
 * unit, at most one blank between them; only 0 may go without a unit.
 */
#ifndef COMMON_UNIT_H
#define COMMON_UNIT_H

#include "common/strbuf.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* Ended by a NULL name; the first is the one that all others are multiples of. */
extern const struct unit unit_bytes[];    /* B, KiB .. TiB of 1024; kB .. TB of 1000 */
extern const struct unit unit_duration[]; /* ms, s, m, h, d */

enum unit_status {
	UNIT_OK,
	UNIT_NO_NUMBER, /* does not start with a whole number */
	UNIT_MISSING,
	UNIT_UNKNOWN,
	UNIT_TOO_LARGE, /* beyond 64 bits */
};

/* *amount counts the first unit of `units`. */
MUST_USE enum unit_status unit_parse(
	const struct unit *units, struct slice text, uint64_t *amount);

/* Shortest exact form: 65536 becomes "64KiB". */
void unit_format(const struct unit *units, uint64_t amount, struct strbuf *out);

#endif
