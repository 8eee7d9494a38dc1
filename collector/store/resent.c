#include "collector/store/resent.h"

#include <stdlib.h>

enum { SLOTS = 2 * RESENT_MOST, HEADS = 1 << 12 };

#define NONE UINT32_MAX

/* An id, in the list of its sender's by age. */
struct entry {
	struct event_id id;
	uint32_t owner;
	uint32_t older, newer; /* `newer` also of those that are free */
	uint32_t commit;       /* it was added in; 0 = it is free */
};

/* A sender. In the list of those that have as many ids as it. */
struct owner {
	uint32_t agency, host;
	uint32_t n;
	uint32_t oldest, newest;
	uint32_t before, behind;
	uint32_t next; /* of a hash chain, and of those that are free */
};

struct resent {
	struct entry *entries;
	uint32_t *slots;   /* entry + 1 by the id's hash, with linear probing; 0 = empty */
	uint32_t *with;    /* by a number of ids: the first sender that has as many */
	uint32_t *pending; /* entries of this commit, in order; some may be gone, or twice */
	uint32_t n_pending, commit;
	bool has_too_many; /* for `pending` */
	uint32_t n, free_entry, most;
	struct owner *owners;
	uint32_t n_owners, free_owner;
	uint32_t heads[HEADS];
};

struct resent *resent_new(void)
{
	struct resent *resent = calloc(1, sizeof(*resent));

	if (resent == NULL)
		abort();
	resent->commit = 1;
	return resent;
}

void resent_free(struct resent *resent)
{
	if (resent == NULL)
		return;
	free(resent->entries);
	free(resent->slots);
	free(resent->with);
	free(resent->pending);
	free(resent->owners);
	free(resent);
}

static void *array_of(size_t n, size_t size)
{
	void *array = calloc(n, size);

	if (array == NULL)
		abort();
	return array;
}

static void fill(uint32_t *array, size_t n)
{
	for (size_t i = 0; i < n; i++)
		array[i] = NONE;
}

static void forget_all(struct resent *resent)
{
	memset(resent->slots, 0, SLOTS * sizeof(*resent->slots));
	fill(resent->with, RESENT_MOST + 1);
	fill(resent->heads, HEADS);
	for (uint32_t i = 0; i < RESENT_MOST; i++)
		resent->entries[i] = (struct entry){.newer = i + 1};
	resent->entries[RESENT_MOST - 1].newer = NONE;
	resent->n = resent->most = resent->free_entry = resent->n_owners = 0;
	resent->free_owner = NONE;
}

static void take_memory(struct resent *resent)
{
	if (resent->entries != NULL)
		return;
	resent->entries = array_of(RESENT_MOST, sizeof(*resent->entries));
	resent->slots = array_of(SLOTS, sizeof(*resent->slots));
	resent->with = array_of(RESENT_MOST + 1, sizeof(*resent->with));
	resent->pending = array_of(RESENT_MOST, sizeof(*resent->pending));
	forget_all(resent);
}

/* ---- ids ------------------------------------------------------------------------------ */

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

	while (resent->slots[at] != 0 &&
		!is_same(resent->entries[resent->slots[at] - 1].id, id))
		at = (at + 1) % SLOTS;
	return at;
}

/* Those behind it move up as far as they may. */
static void remove_slot(struct resent *resent, uint32_t hole)
{
	for (uint32_t at = (hole + 1) % SLOTS; resent->slots[at] != 0; at = (at + 1) % SLOTS) {
		const uint32_t home = home_of(resent->entries[resent->slots[at] - 1].id);

		if ((at - home) % SLOTS < (at - hole) % SLOTS)
			continue;
		resent->slots[hole] = resent->slots[at];
		hole = at;
	}
	resent->slots[hole] = 0;
}

/* ---- senders -------------------------------------------------------------------------- */

static uint32_t *head_of(struct resent *resent, uint32_t agency, uint32_t host)
{
	const uint64_t key = ((uint64_t)agency << 32 | host) * UINT64_C(0x9e3779b97f4a7c15);

	return &resent->heads[key >> 52];
}

static uint32_t new_owner(struct resent *resent)
{
	const uint32_t at = resent->free_owner;

	if (at != NONE) {
		resent->free_owner = resent->owners[at].next;
		return at;
	}
	if ((resent->n_owners & (resent->n_owners - 1)) == 0) {
		const size_t room = resent->n_owners > 0 ? 2 * (size_t)resent->n_owners : 1;

		resent->owners = reallocarray(resent->owners, room, sizeof(*resent->owners));
		if (resent->owners == NULL)
			abort();
	}
	return resent->n_owners++;
}

static uint32_t owner_of(struct resent *resent, uint32_t agency, uint32_t host)
{
	uint32_t *head = head_of(resent, agency, host), at = *head;

	while (at != NONE &&
		(resent->owners[at].agency != agency || resent->owners[at].host != host))
		at = resent->owners[at].next;
	if (at != NONE)
		return at;
	at = new_owner(resent);
	resent->owners[at] = (struct owner){
		.agency = agency, .host = host, .oldest = NONE, .newest = NONE, .next = *head};
	*head = at;
	return at;
}

static void free_owner(struct resent *resent, uint32_t owner)
{
	struct owner *gone = &resent->owners[owner];
	uint32_t *at = head_of(resent, gone->agency, gone->host);

	while (*at != owner)
		at = &resent->owners[*at].next;
	*at = gone->next;
	gone->next = resent->free_owner;
	resent->free_owner = owner;
}

/* From the list of those that have as many as it had to that of those that have `n`; 0 is in
 * no list. */
static void count_owner(struct resent *resent, uint32_t owner, uint32_t n)
{
	struct owner *one = &resent->owners[owner], *owners = resent->owners;

	if (one->n > 0) {
		*(one->before == NONE ? &resent->with[one->n] : &owners[one->before].behind) =
			one->behind;
		if (one->behind != NONE)
			owners[one->behind].before = one->before;
	}
	one->n = n;
	if (n == 0)
		return;
	one->before = NONE;
	one->behind = resent->with[n];
	if (one->behind != NONE)
		owners[one->behind].before = owner;
	resent->with[n] = owner;
	if (n > resent->most)
		resent->most = n;
}

/* ---- entries --------------------------------------------------------------------------- */

/* It is its sender's oldest or newest. */
static void remove_entry(struct resent *resent, uint32_t at)
{
	struct entry *entry = &resent->entries[at];
	struct owner *owner = &resent->owners[entry->owner];

	remove_slot(resent, find(resent, entry->id));
	*(entry->older == NONE ? &owner->oldest : &resent->entries[entry->older].newer) =
		entry->newer;
	*(entry->newer == NONE ? &owner->newest : &resent->entries[entry->newer].older) =
		entry->older;
	count_owner(resent, entry->owner, owner->n - 1);
	if (owner->n == 0)
		free_owner(resent, entry->owner);
	entry->commit = 0;
	entry->newer = resent->free_entry;
	resent->free_entry = at;
	resent->n--;
}

/* The oldest of a sender that has the most. */
static void forget_one(struct resent *resent)
{
	while (resent->with[resent->most] == NONE)
		resent->most--;
	remove_entry(resent, resent->owners[resent->with[resent->most]].oldest);
}

static uint32_t add_entry(struct resent *resent, uint32_t owner, struct event_id id)
{
	const uint32_t at = resent->free_entry;
	struct entry *entry = &resent->entries[at];
	struct owner *of = &resent->owners[owner];

	resent->free_entry = entry->newer;
	*entry = (struct entry){id, owner, of->newest, NONE, resent->commit};
	*(of->newest == NONE ? &of->oldest : &resent->entries[of->newest].newer) = at;
	of->newest = at;
	count_owner(resent, owner, of->n + 1);
	resent->slots[find(resent, id)] = at + 1;
	resent->n++;
	return at;
}

bool resent_add(struct resent *resent, uint32_t agency, uint32_t host, struct event_id id)
{
	if (id.low == 0 && id.high == 0)
		return true;
	take_memory(resent);
	if (resent->slots[find(resent, id)] != 0)
		return false;
	if (resent->n == RESENT_MOST)
		forget_one(resent);
	const uint32_t at = add_entry(resent, owner_of(resent, agency, host), id);
	resent->has_too_many |= resent->n_pending == RESENT_MOST;
	if (!resent->has_too_many)
		resent->pending[resent->n_pending++] = at;
	return true;
}

void resent_keep(struct resent *resent)
{
	resent->n_pending = 0;
	resent->has_too_many = false;
	if (++resent->commit == 0)
		resent->commit = 1;
}

/* A commit of more than can be taken back takes all with it: what is not known is stored. */
void resent_undo(struct resent *resent)
{
	if (resent->has_too_many) {
		forget_all(resent);
		resent->n_pending = 0;
	}
	while (resent->n_pending > 0) {
		const uint32_t at = resent->pending[--resent->n_pending];

		if (resent->entries[at].commit == resent->commit)
			remove_entry(resent, at);
	}
	resent_keep(resent);
}
