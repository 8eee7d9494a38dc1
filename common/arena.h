/*
 * arena - memory that is given back all at once
 *
 * Allocation moves a pointer; arena_reset() makes everything free and keeps
 * the largest block, so a steady stream of batches allocates nothing. The
 * arena refuses to grow past `limit`: input decides how much is used, never
 * how much there is. The machine out of memory aborts the program.
 *
 * Not thread-safe: one thread holds an arena at a time.
 */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include "common/slice.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used;                /* bytes handed out since the last reset */
	size_t limit;               /* bytes; 0 = not initialised */
};

void arena_init(struct arena *arena, size_t limit);
void arena_done(struct arena *arena);
void arena_reset(struct arena *arena);

/* Not zeroed, aligned for any type. NULL when `limit` would be passed. */
MUST_USE void *arena_alloc(struct arena *arena, size_t size);

/* Copy bytes in; SLICE_NONE when `limit` would be passed. */
MUST_USE struct slice arena_copy(struct arena *arena, struct slice bytes);

/* Whether all of `bytes` was handed out since the last reset; for tests of what points where.
 */
bool arena_holds(const struct arena *arena, struct slice bytes);

#endif
