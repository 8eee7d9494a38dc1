/*
 * reserve - disk that is kept for the moment when there is none left
 *
 * A file of zeros in the state folder. Replacing the bookmark needs room for a
 * second one; on a disk that the spool has filled nothing could be released
 * without it. One thread.
 */
#ifndef AGENT_RESERVE_H
#define AGENT_RESERVE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct reserve {
	char path[PATH_MAX];
	uint64_t size; /* bytes it holds; 0 = none */
};

/* What an earlier run left of it is taken over. */
void reserve_init(struct reserve *reserve, const char *dir);

/* Sees to it that `file` can be written once more. As far as the disk has room. */
void reserve_keep(struct reserve *reserve, const char *file);

/* Gives it back to the disk; false when there was none. */
bool reserve_spend(struct reserve *reserve);

#endif
