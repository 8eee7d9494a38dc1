#include "collector/store/index.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 256 };

uint32_t index_find(const struct index *index, uint64_t hash,
	bool (*same)(const void *user, uint32_t number), const void *user)
{
	if (index->slots == NULL)
		return INDEX_NONE;
	for (uint32_t at = (uint32_t)hash & index->mask;; at = (at + 1) & index->mask) {
		const struct index_slot *slot = &index->slots[at];

		if (slot->number == 0)
			return INDEX_NONE;
		if (slot->hash == (uint32_t)hash && same(user, slot->number - 1))
			return slot->number - 1;
	}
}

static void put(struct index *index, struct index_slot slot)
{
	uint32_t at = slot.hash & index->mask;

	while (index->slots[at].number != 0)
		at = (at + 1) & index->mask;
	index->slots[at] = slot;
}

/* Never more than half full. */
static void grow(struct index *index)
{
	struct index old = *index;
	size_t n = old.slots ? ((size_t)old.mask + 1) * 2 : SLOTS_FIRST;

	index->slots = calloc(n, sizeof(*index->slots));
	if (index->slots == NULL)
		abort();
	index->mask = (uint32_t)(n - 1);
	for (size_t i = 0; old.slots != NULL && i <= old.mask; i++) {
		if (old.slots[i].number != 0)
			put(index, old.slots[i]);
	}
	free(old.slots);
}

void index_put(struct index *index, uint64_t hash, uint32_t number)
{
	if (index->slots == NULL || index->used * 2 > index->mask)
		grow(index);
	put(index, (struct index_slot){.hash = (uint32_t)hash, .number = number + 1});
	index->used++;
}

void index_reset(struct index *index)
{
	if (index->used > 0)
		memset(index->slots, 0, ((size_t)index->mask + 1) * sizeof(*index->slots));
	index->used = 0;
}

void index_done(struct index *index)
{
	free(index->slots);
	*index = (struct index){0};
}
