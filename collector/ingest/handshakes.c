#include "collector/ingest/handshakes.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <xxhash.h>

#include "common/clock.h"

enum { SLOTS = 4096, KNOWN = 65536, RESERVED_PART = 4 };

struct place {
	struct handshake handshake;
	bool known;                /* its address, when it began */
	struct place *prev, *next; /* of its slot, oldest first; or free, by next */
};

/* Those of one address, or of more that fall together. */
struct slot {
	unsigned n;
	struct place *oldest, *newest;
};

struct handshakes {
	struct handshakes_limits limits;
	uint64_t seed;
	pthread_mutex_t lock;
	unsigned n, n_unknown;
	struct place *places, *free;
	struct slot slots[SLOTS];
	uint32_t known[KNOWN]; /* marks of addresses agents came from; a later one may push out
				*/
};

struct handshakes *handshakes_new(const struct handshakes_limits *limits)
{
	struct handshakes *handshakes = calloc(1, sizeof(*handshakes));

	if (handshakes == NULL)
		abort();
	handshakes->limits = *limits;
	handshakes->places = calloc(limits->all, sizeof(struct place));
	if (handshakes->places == NULL)
		abort();
	for (unsigned i = 0; i < limits->all; i++) {
		handshakes->places[i].handshake.place = i;
		handshakes->places[i].next = handshakes->free;
		handshakes->free = &handshakes->places[i];
	}
	if (getrandom(&handshakes->seed, sizeof(handshakes->seed), 0) < 0)
		handshakes->seed = (uint64_t)clock_mono_ns();
	pthread_mutex_init(&handshakes->lock, NULL);
	return handshakes;
}

void handshakes_free(struct handshakes *handshakes)
{
	if (handshakes == NULL)
		return;
	pthread_mutex_destroy(&handshakes->lock);
	free(handshakes->places);
	free(handshakes);
}

/* ---- addresses -------------------------------------------------------------- */

uint64_t handshakes_address(const struct handshakes *handshakes, const struct netaddr *address)
{
	const bool is_v4 = netaddr_is_v4(address);
	const uint64_t words[] = {is_v4, is_v4 ? address->low : address->high};

	return XXH3_64bits_withSeed(words, sizeof(words), handshakes->seed);
}

static struct slot *slot_of(struct handshakes *handshakes, uint64_t address)
{
	return &handshakes->slots[address % SLOTS];
}

static uint32_t *known_at(struct handshakes *handshakes, uint64_t address)
{
	return &handshakes->known[address % KNOWN];
}

static uint32_t mark_of(uint64_t address)
{
	return (uint32_t)(address >> 32) | 1;
}

/* ---- places ----------------------------------------------------------------- */

static void take_place(struct handshakes *handshakes, struct handshake *handshake, bool known)
{
	struct slot *slot = slot_of(handshakes, handshake->address);
	struct place *place = handshakes->free;

	handshakes->free = place->next;
	handshake->place = place->handshake.place;
	*place = (struct place){.handshake = *handshake, .known = known, .prev = slot->newest};
	if (slot->newest != NULL)
		slot->newest->next = place;
	else
		slot->oldest = place;
	slot->newest = place;
	slot->n++;
	handshakes->n++;
	handshakes->n_unknown += !known;
}

static void leave_place(struct handshakes *handshakes, struct place *place)
{
	struct slot *slot = slot_of(handshakes, place->handshake.address);

	if (place->prev != NULL)
		place->prev->next = place->next;
	else
		slot->oldest = place->next;
	if (place->next != NULL)
		place->next->prev = place->prev;
	else
		slot->newest = place->prev;
	slot->n--;
	handshakes->n--;
	handshakes->n_unknown -= !place->known;
	place->handshake.session = 0;
	place->next = handshakes->free;
	handshakes->free = place;
}

/* ---- who gives way ---------------------------------------------------------- */

static bool goes_before(const struct slot *slot, const struct slot *other)
{
	return slot->n > other->n ||
	       (slot->n == other->n &&
		       slot->oldest->handshake.session < other->oldest->handshake.session);
}

/* The oldest of the address with the most; with `unknown`, of those no agent came from. */
static struct place *oldest_of_most(struct handshakes *handshakes, bool unknown)
{
	const struct slot *most = NULL;

	for (unsigned i = 0; i < SLOTS; i++) {
		const struct slot *slot = &handshakes->slots[i];

		if (slot->n == 0 || (unknown && slot->oldest->known))
			continue;
		if (most == NULL || goes_before(slot, most))
			most = slot;
	}
	return most != NULL ? most->oldest : NULL;
}

/* NULL: there is room. */
static struct place *who_goes(struct handshakes *handshakes, uint64_t address, bool known)
{
	const struct handshakes_limits *limits = &handshakes->limits;
	const struct slot *slot = slot_of(handshakes, address);
	struct place *goes = NULL;

	if (slot->n >= limits->address)
		return slot->oldest;
	if (!known && handshakes->n_unknown >= limits->all - limits->all / RESERVED_PART)
		goes = oldest_of_most(handshakes, true);
	if (goes == NULL && handshakes->n >= limits->all)
		goes = oldest_of_most(handshakes, false);
	return goes;
}

struct handshake handshakes_begin(struct handshakes *handshakes, struct handshake *handshake)
{
	struct handshake gone = {.session = 0};

	pthread_mutex_lock(&handshakes->lock);
	bool known = *known_at(handshakes, handshake->address) == mark_of(handshake->address);
	struct place *goes = who_goes(handshakes, handshake->address, known);
	if (goes != NULL) {
		gone = goes->handshake;
		leave_place(handshakes, goes);
	}
	take_place(handshakes, handshake, known);
	pthread_mutex_unlock(&handshakes->lock);
	return gone;
}

void handshakes_end(struct handshakes *handshakes, const struct handshake *handshake, bool good)
{
	struct place *place = &handshakes->places[handshake->place];

	pthread_mutex_lock(&handshakes->lock);
	if (place->handshake.session == handshake->session)
		leave_place(handshakes, place);
	if (good)
		*known_at(handshakes, handshake->address) = mark_of(handshake->address);
	pthread_mutex_unlock(&handshakes->lock);
}
