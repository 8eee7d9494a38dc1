#include "collector/derive/paces.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>
#include <xxhash.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/crc32c.h"

#define PACES_MAGIC UINT32_C(0x32435053) /* "SPC2" */

enum { HEAD_SIZE = 24, ENTRY_SIZE = 76, CRC_FROM = 8, NOBODY = 0 };

struct entry {
	struct pace pace;
	XXH128_hash_t hash;
	uint32_t chain;        /* next of the same head */
	uint32_t older, newer; /* by time of touching, of one owner */
	uint32_t owner;
};

struct owner {
	uint32_t n;
	uint32_t oldest, newest; /* numbers of entries, from 1 */
	uint16_t at;             /* in the heap */
};

struct paces {
	uint64_t seed;
	uint32_t n, most, n_heads; /* heads: a power of two */
	uint32_t free, n_made;     /* forgotten ones, chained; entries ever used */
	size_t room;
	struct entry *entries; /* number 1 is the first */
	uint32_t *heads;
	uint64_t evicted;
	struct owner owners[PACES_OWNERS];
	uint16_t heap[PACES_OWNERS]; /* numbers of owners; who has most is first */
};

static uint32_t power_of_two(size_t at_least)
{
	uint32_t n = 1;

	while (n < at_least)
		n *= 2;
	return n;
}

struct paces *paces_new(size_t bytes)
{
	struct paces *paces = calloc(1, sizeof(*paces));
	size_t most = bytes / (sizeof(struct entry) + 2 * sizeof(*paces->heads));

	if (paces == NULL)
		abort();
	for (unsigned i = 0; i < PACES_OWNERS; i++)
		paces->owners[i].at = paces->heap[i] = (uint16_t)i;
	paces->most = most == 0 ? 1 : most < UINT32_MAX / 2 ? (uint32_t)most : UINT32_MAX / 2;
	paces->n_heads = power_of_two(paces->most);
	paces->heads = calloc(paces->n_heads, sizeof(*paces->heads));
	if (paces->heads == NULL ||
		getrandom(&paces->seed, sizeof(paces->seed), 0) != (ssize_t)sizeof(paces->seed))
		abort();
	return paces;
}

void paces_free(struct paces *paces)
{
	if (paces == NULL)
		return;
	free(paces->entries);
	free(paces->heads);
	free(paces);
}

/* ---- lists ------------------------------------------------------------------ */

static struct entry *entry_at(const struct paces *paces, uint32_t number)
{
	return &paces->entries[number - 1];
}

static uint32_t *head_of(const struct paces *paces, XXH128_hash_t hash)
{
	return &paces->heads[hash.low64 & (paces->n_heads - 1)];
}

static struct owner *owner_of(struct paces *paces, const struct entry *entry)
{
	return &paces->owners[entry->owner % PACES_OWNERS];
}

static void unlink_age(struct paces *paces, uint32_t number)
{
	struct entry *entry = entry_at(paces, number);
	struct owner *owner = owner_of(paces, entry);

	if (entry->older != NOBODY)
		entry_at(paces, entry->older)->newer = entry->newer;
	else
		owner->oldest = entry->newer;
	if (entry->newer != NOBODY)
		entry_at(paces, entry->newer)->older = entry->older;
	else
		owner->newest = entry->older;
}

static void link_newest(struct paces *paces, uint32_t number)
{
	struct entry *entry = entry_at(paces, number);
	struct owner *owner = owner_of(paces, entry);

	entry->older = owner->newest;
	entry->newer = NOBODY;
	if (owner->newest != NOBODY)
		entry_at(paces, owner->newest)->newer = number;
	else
		owner->oldest = number;
	owner->newest = number;
}

/* ---- who has most: a heap, in which one more or less moves an owner a little ------- */

static uint32_t n_at(const struct paces *paces, unsigned at)
{
	return paces->owners[paces->heap[at]].n;
}

static void swap_owners(struct paces *paces, unsigned a, unsigned b)
{
	uint16_t owner = paces->heap[a];

	paces->heap[a] = paces->heap[b];
	paces->heap[b] = owner;
	paces->owners[paces->heap[a]].at = (uint16_t)a;
	paces->owners[paces->heap[b]].at = (uint16_t)b;
}

static void owner_grew(struct paces *paces, struct owner *owner)
{
	owner->n++;
	for (unsigned at = owner->at; at > 0 && n_at(paces, at) > n_at(paces, (at - 1) / 2);
		at = (at - 1) / 2)
		swap_owners(paces, at, (at - 1) / 2);
}

static unsigned larger_below(const struct paces *paces, unsigned at)
{
	unsigned left = 2 * at + 1, right = left + 1;

	return right < PACES_OWNERS && n_at(paces, right) > n_at(paces, left) ? right : left;
}

static void owner_shrank(struct paces *paces, struct owner *owner)
{
	unsigned at = owner->at, below;

	owner->n--;
	for (; (below = larger_below(paces, at)) < PACES_OWNERS &&
		n_at(paces, below) > n_at(paces, at);
		at = below)
		swap_owners(paces, at, below);
}

static void remove_entry(struct paces *paces, uint32_t number)
{
	struct entry *entry = entry_at(paces, number);
	uint32_t *at = head_of(paces, entry->hash);

	while (*at != number)
		at = &entry_at(paces, *at)->chain;
	*at = entry->chain;
	unlink_age(paces, number);
	owner_shrank(paces, owner_of(paces, entry));
	entry->chain = paces->free;
	paces->free = number;
	paces->n--;
}

static void make_entry(struct paces *paces)
{
	if (paces->n_made == paces->room) {
		paces->room = paces->room ? paces->room * 2 : 64;
		if (paces->room > paces->most)
			paces->room = paces->most;
		paces->entries =
			reallocarray(paces->entries, paces->room, sizeof(*paces->entries));
		if (paces->entries == NULL)
			abort();
	}
	paces->n_made++;
	entry_at(paces, paces->n_made)->chain = paces->free;
	paces->free = paces->n_made;
}

/* The oldest of whoever has most. */
static void evict(struct paces *paces)
{
	remove_entry(paces, paces->owners[paces->heap[0]].oldest);
	paces->evicted++;
}

/* A new entry; another makes room when there is none. */
static struct entry *add_entry(struct paces *paces, uint32_t owner, XXH128_hash_t hash)
{
	if (paces->n == paces->most)
		evict(paces);
	if (paces->free == NOBODY)
		make_entry(paces);

	uint32_t number = paces->free, *head = head_of(paces, hash);
	struct entry *entry = entry_at(paces, number);

	paces->free = entry->chain;
	*entry = (struct entry){
		.pace = {.fired_ns = CLOCK_NONE},
		.hash = hash,
		.chain = *head,
		.owner = owner,
	};
	*head = number;
	link_newest(paces, number);
	owner_grew(paces, owner_of(paces, entry));
	paces->n++;
	return entry;
}

/* ---- paces ---------------------------------------------------------------- */

static uint32_t find(const struct paces *paces, XXH128_hash_t hash)
{
	uint32_t number = *head_of(paces, hash);

	while (number != NOBODY && !XXH128_isEqual(entry_at(paces, number)->hash, hash))
		number = entry_at(paces, number)->chain;
	return number;
}

/* Moving up touches two neighbours: not more often than age has to be known. */
static void renew(struct paces *paces, uint32_t number, int64_t now_ns)
{
	struct entry *entry = entry_at(paces, number);

	if (now_ns - entry->pace.touched_ns < PACES_AGE_NS)
		return;
	entry->pace.touched_ns = now_ns;
	if (entry->newer == NOBODY)
		return;
	unlink_age(paces, number);
	link_newest(paces, number);
}

static XXH128_hash_t hash_of(const struct paces *paces, uint32_t kind, struct slice key)
{
	const uint64_t spread = UINT64_C(0x9e3779b97f4a7c15);

	return XXH3_128bits_withSeed(key.ptr, key.len, paces->seed + kind * spread);
}

const struct pace *paces_find(const struct paces *paces, uint32_t kind, struct slice key)
{
	const uint32_t number = find(paces, hash_of(paces, kind, key));

	return number == NOBODY ? NULL : &entry_at(paces, number)->pace;
}

struct pace *paces_touch(
	struct paces *paces, uint32_t owner, uint32_t kind, struct slice key, int64_t now_ns)
{
	const XXH128_hash_t hash = hash_of(paces, kind, key);
	uint32_t number = find(paces, hash);

	if (number != NOBODY) {
		renew(paces, number, now_ns);
		return &entry_at(paces, number)->pace;
	}
	struct pace *pace = &add_entry(paces, owner, hash)->pace;
	pace->touched_ns = now_ns;
	return pace;
}

static void begin_episode(struct pace *pace, int64_t at_ns)
{
	memset(pace->slots, 0, sizeof(pace->slots));
	pace->newest = 0;
	pace->slot_ns = pace->since_ns = at_ns;
	pace->fired_ns = CLOCK_NONE;
	pace->events = 0;
}

static unsigned sum(const struct pace *pace)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PACE_SLOTS; i++)
		n += pace->slots[i];
	return n;
}

unsigned pace_count(struct pace *pace, int64_t at_ns, int64_t window_ns)
{
	int64_t width_ns = window_ns / PACE_SLOTS;

	for (unsigned i = 0; i < PACE_SLOTS && at_ns - pace->slot_ns >= width_ns; i++) {
		pace->newest = (pace->newest + 1) % PACE_SLOTS;
		pace->slots[pace->newest] = 0;
		pace->slot_ns += width_ns;
	}
	unsigned n = sum(pace);
	if (n == 0)
		begin_episode(pace, at_ns);
	return n;
}

void pace_add(struct pace *pace, unsigned times)
{
	uint16_t *slot = &pace->slots[pace->newest];
	unsigned room = (unsigned)(PACE_MOST - *slot);

	*slot = (uint16_t)(*slot + (times < room ? times : room));
}

void paces_forget(struct paces *paces, int64_t before_ns)
{
	for (unsigned i = 0; i < PACES_OWNERS; i++) {
		const struct owner *owner = &paces->owners[i];

		while (owner->oldest != NOBODY &&
			entry_at(paces, owner->oldest)->pace.touched_ns < before_ns)
			remove_entry(paces, owner->oldest);
	}
}

size_t paces_count(const struct paces *paces)
{
	return paces->n;
}

size_t paces_most(const struct paces *paces)
{
	return paces->most;
}

uint64_t paces_evicted(const struct paces *paces)
{
	return paces->evicted;
}

/* ---- the blob --------------------------------------------------------------- */

static void write_entry(const struct entry *entry, char *to)
{
	const struct pace *pace = &entry->pace;

	bytes_put_u64(to, entry->hash.low64);
	bytes_put_u64(to + 8, entry->hash.high64);
	bytes_put_u64(to + 16, (uint64_t)pace->slot_ns);
	bytes_put_u64(to + 24, (uint64_t)pace->since_ns);
	bytes_put_u64(to + 32, (uint64_t)pace->fired_ns);
	bytes_put_u64(to + 40, (uint64_t)pace->touched_ns);
	bytes_put_u32(to + 48, pace->events);
	bytes_put_u32(to + 52, pace->newest);
	for (unsigned i = 0; i < PACE_SLOTS; i++)
		bytes_put_u16(to + 56 + 2 * i, pace->slots[i]);
	bytes_put_u32(to + 72, entry->owner);
}

/* Behind what was written. */
static char *write_owner(const struct paces *paces, const struct owner *owner, char *to)
{
	for (uint32_t number = owner->oldest; number != NOBODY; to += ENTRY_SIZE) {
		write_entry(entry_at(paces, number), to);
		number = entry_at(paces, number)->newer;
	}
	return to;
}

static void read_entry(struct paces *paces, const char *from)
{
	XXH128_hash_t hash = {.low64 = bytes_get_u64(from), .high64 = bytes_get_u64(from + 8)};
	struct pace *pace = &add_entry(paces, bytes_get_u32(from + 72), hash)->pace;

	pace->slot_ns = (int64_t)bytes_get_u64(from + 16);
	pace->since_ns = (int64_t)bytes_get_u64(from + 24);
	pace->fired_ns = (int64_t)bytes_get_u64(from + 32);
	pace->touched_ns = (int64_t)bytes_get_u64(from + 40);
	pace->events = bytes_get_u32(from + 48);
	pace->newest = bytes_get_u32(from + 52) % PACE_SLOTS;
	for (unsigned i = 0; i < PACE_SLOTS; i++)
		pace->slots[i] = bytes_get_u16(from + 56 + 2 * i);
}

void paces_save(const struct paces *paces, struct strbuf *out)
{
	size_t size = HEAD_SIZE + (size_t)paces->n * ENTRY_SIZE;
	char *to = strbuf_reserve(out, size), *at = to;

	if (to == NULL)
		return;
	bytes_put_u32(to, PACES_MAGIC);
	bytes_put_u64(to + 8, paces->seed);
	bytes_put_u32(to + 16, paces->n);
	bytes_put_u32(to + 20, 0);
	at += HEAD_SIZE;
	for (unsigned i = 0; i < PACES_OWNERS; i++)
		at = write_owner(paces, &paces->owners[i], at);
	bytes_put_u32(to + 4, crc32c(0, to + CRC_FROM, size - CRC_FROM));
	strbuf_extend(out, size);
}

bool paces_load(struct paces *paces, struct slice blob)
{
	assert(paces->n == 0);
	if (blob.len < HEAD_SIZE || bytes_get_u32(blob.ptr) != PACES_MAGIC ||
		bytes_get_u32(blob.ptr + 4) !=
			crc32c(0, blob.ptr + CRC_FROM, blob.len - CRC_FROM))
		return false;

	uint32_t n = bytes_get_u32(blob.ptr + 16);
	if ((blob.len - HEAD_SIZE) / ENTRY_SIZE != n)
		return false;
	paces->seed = bytes_get_u64(blob.ptr + 8);
	for (uint32_t i = 0; i < n; i++)
		read_entry(paces, blob.ptr + HEAD_SIZE + (size_t)i * ENTRY_SIZE);
	return true;
}
