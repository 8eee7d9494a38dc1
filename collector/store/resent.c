#include "collector/store/resent.h"

#include <stdlib.h>

enum { SLOTS = 2 * RESENT_MOST };

/* A ring by age, and where each id of it stands, by hash with linear probing. */
struct resent {
	struct event_id *ring;
	uint32_t *slots; /* place in the ring + 1; 0 = empty */
	uint32_t next, n;
	uint32_t n_pending; /* the newest of them */
};

struct resent *resent_new(void)
{
	struct resent *resent = calloc(1, sizeof(*resent));

	if (resent == NULL)
		abort();
	return resent;
}

void resent_free(struct resent *resent)
{
	if (resent == NULL)
		return;
	free(resent->ring);
	free(resent->slots);
	free(resent);
}

static void take_memory(struct resent *resent)
{
	if (resent->ring != NULL)
		return;
	resent->ring = calloc(RESENT_MOST, sizeof(*resent->ring));
	resent->slots = calloc(SLOTS, sizeof(*resent->slots));
	if (resent->ring == NULL || resent->slots == NULL)
		abort();
}

/* Ids are keyed hashes: nobody chooses which of them collide. */
static uint32_t home_of(struct event_id id)
{
	return (uint32_t)id.low % SLOTS;
}

static bool is_same(struct event_id a, struct event_id b)
{
	return a.low == b.low && a.high == b.high;
}

/* Its slot, or the empty one where it belongs. */
static uint32_t find(const struct resent *resent, struct event_id id)
{
	uint32_t at = home_of(id);

	while (resent->slots[at] != 0 && !is_same(resent->ring[resent->slots[at] - 1], id))
		at = (at + 1) % SLOTS;
	return at;
}

/* Those behind it move up as far as they may. */
static void remove_slot(struct resent *resent, uint32_t hole)
{
	for (uint32_t at = (hole + 1) % SLOTS; resent->slots[at] != 0; at = (at + 1) % SLOTS) {
		const uint32_t home = home_of(resent->ring[resent->slots[at] - 1]);

		if ((at - home) % SLOTS < (at - hole) % SLOTS)
			continue;
		resent->slots[hole] = resent->slots[at];
		hole = at;
	}
	resent->slots[hole] = 0;
}

bool resent_add(struct resent *resent, struct event_id id)
{
	if (id.low == 0 && id.high == 0)
		return true;
	take_memory(resent);
	if (resent->slots[find(resent, id)] != 0)
		return false;
	if (resent->n == RESENT_MOST)
		remove_slot(resent, find(resent, resent->ring[resent->next]));
	else
		resent->n++;
	resent->ring[resent->next] = id;
	resent->slots[find(resent, id)] = resent->next + 1;
	resent->next = (resent->next + 1) % RESENT_MOST;
	if (resent->n_pending < RESENT_MOST)
		resent->n_pending++;
	return true;
}

void resent_keep(struct resent *resent)
{
	resent->n_pending = 0;
}

void resent_undo(struct resent *resent)
{
	for (; resent->n_pending > 0; resent->n_pending--) {
		resent->next = (resent->next + RESENT_MOST - 1) % RESENT_MOST;
		resent->n--;
		remove_slot(resent, find(resent, resent->ring[resent->next]));
	}
}
