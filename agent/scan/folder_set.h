/* folder_set - the folders a walk has entered, by device and inode */
#ifndef AGENT_SCAN_FOLDER_SET_H
#define AGENT_SCAN_FOLDER_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct folder_key {
	uint64_t dev, ino;
};

/* All zero is the empty set. */
struct folder_set {
	struct folder_key *slots; /* open addressing; ino 0 with dev 0 is an empty slot */
	size_t n, capacity;       /* capacity is a power of two */
};

/* False when it was in the set already. */
bool folder_set_add(struct folder_set *set, uint64_t dev, uint64_t ino);
void folder_set_done(struct folder_set *set);

#endif
