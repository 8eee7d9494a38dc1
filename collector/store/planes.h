/*
 * planes - columns of many records, byte by byte beside each other
 *
 * Byte 0 of all records, then byte 1 of all records, and so on; a byte that is
 * the same in all of them is written once. Times and sequences are written as
 * the difference from the record before; where a body lies follows from the
 * sizes and is not written. zstd makes little of what is left.
 */
#ifndef COLLECTOR_STORE_PLANES_H
#define COLLECTOR_STORE_PLANES_H

#include "collector/record/columns.h"
#include "common/slice.h"

/* Most bytes that planes of `n` records take. */
static inline size_t planes_size_max(size_t n)
{
	return sizeof(uint64_t) + n * sizeof(struct columns);
}

/* Writes to `to` and returns behind it; `columns` is spoilt. `n` is at least 1. */
char *planes_write(char *to, struct columns *columns, size_t n);

/* Reads planes of `n` >= 1 records at the start of `bytes`; returns how many bytes they took,
 * 0 when there are too few. */
MUST_USE size_t planes_read(struct slice bytes, struct columns *columns, size_t n);

#endif
