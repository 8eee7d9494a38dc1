/*
 * undone - commits that were never whole
 *
 * A commit that a crash cut has its block in some of its classes and not in
 * others. It was never acknowledged, and its records come again; so what there
 * is of it must never be read. The start that finds it writes its number into
 * DIR/undone before anything else, and never uses the number again.
 *
 * One line a commit: its number and the CRC32C of that, "17 5f3d0c1e".
 */
#ifndef COLLECTOR_STORE_UNDONE_H
#define COLLECTOR_STORE_UNDONE_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct undone {
	uint64_t *commits;
	size_t n;
};

/* A missing file is an empty list; a damaged line is an error. */
MUST_USE bool undone_load(struct undone *undone, const char *dir, struct err *err);

/* Durable when it returns true. */
MUST_USE bool undone_add(
	struct undone *undone, const char *dir, uint64_t commit, struct err *err);

MUST_USE bool undone_has(const struct undone *undone, uint64_t commit);
void undone_done(struct undone *undone);

#endif
