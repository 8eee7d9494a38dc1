#include "agent/scan/folder_set.h"

#include <stdlib.h>

enum { CAPACITY_FIRST = 256 };

static struct folder_key *find(const struct folder_set *set, struct folder_key key)
{
	uint64_t hash = (key.ino ^ (key.dev * UINT64_C(0x9e3779b97f4a7c15))) *
			UINT64_C(0xff51afd7ed558ccd);
	size_t mask = set->capacity - 1;

	for (size_t i = (size_t)(hash >> 20) & mask;; i = (i + 1) & mask) {
		struct folder_key *slot = &set->slots[i];

		if ((slot->dev == key.dev && slot->ino == key.ino) ||
			(slot->dev == 0 && slot->ino == 0))
			return slot;
	}
}

static void grow(struct folder_set *set)
{
	struct folder_set larger = {
		.n = set->n, .capacity = set->capacity ? set->capacity * 2 : CAPACITY_FIRST};

	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (larger.slots == NULL)
		abort();
	for (size_t i = 0; i < set->capacity; i++) {
		if (set->slots[i].dev != 0 || set->slots[i].ino != 0)
			*find(&larger, set->slots[i]) = set->slots[i];
	}
	free(set->slots);
	*set = larger;
}

bool folder_set_add(struct folder_set *set, uint64_t dev, uint64_t ino)
{
	if (set->n * 4 >= set->capacity * 3)
		grow(set);

	struct folder_key *slot = find(set, (struct folder_key){dev, ino});
	if (slot->dev != 0 || slot->ino != 0)
		return false;
	*slot = (struct folder_key){dev, ino};
	set->n++;
	return true;
}

void folder_set_done(struct folder_set *set)
{
	free(set->slots);
	*set = (struct folder_set){0};
}
