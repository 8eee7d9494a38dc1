/*
 * index - from the hash of a key to the number of the thing that has it
 *
 * The things lie in an array of the user's, numbered from 0; the index only
 * finds their numbers. Nothing is ever taken out but all at once. Not
 * thread-safe. The machine out of memory aborts the program.
 */
#ifndef COLLECTOR_STORE_INDEX_H
#define COLLECTOR_STORE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

struct index_slot {
	uint32_t hash;
	uint32_t number; /* + 1; 0 = free */
};

struct index {
	struct index_slot *slots; /* NULL until the first is put in */
	uint32_t mask;            /* slots - 1 */
	uint32_t used;
};

#define INDEX_NONE UINT32_MAX

/* The number for which `same` says yes, or INDEX_NONE. */
uint32_t index_find(const struct index *index, uint64_t hash,
	bool (*same)(const void *user, uint32_t number), const void *user);

/* `number` is not in it yet. */
void index_put(struct index *index, uint64_t hash, uint32_t number);

void index_reset(struct index *index); /* memory is kept */
void index_done(struct index *index);

#endif
