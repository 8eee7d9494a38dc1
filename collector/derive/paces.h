/*
 * paces - how often each of many things happened lately, in bounded memory
 *
 * A pace counts what came within a window that moves in eighths, beginning
 * with the first of an episode: a burst after quiet is counted exactly, and
 * what lies between seven eighths of the window and all of it may be missed
 * later, never counted twice. Keys are hashed (XXH3, 128 bits, with a secret
 * start value, so that nobody who writes logs can choose keys that collide).
 * The memory is given at the start. When it is used up, whoever has the most
 * of it makes room with what was touched longest ago there: one agency that
 * is flooded forgets its own. One blob holds all of it, oldest of each first:
 *
 *	at	size
 *	0	4	"SPC2"
 *	4	4	CRC32C of bytes 8 to the end
 *	8	8	start value of the hash
 *	16	4	number of paces
 *	20	4	zero
 *	24	76	each: hash (16); begin of the newest slot, since, fired, touched
 *			(8 each); events, number of the newest slot (4 each); slots (8 of
 *			2); owner (4)
 *
 * Numbers are little-endian, times ns. Private to derive/; one thread.
 */
#ifndef COLLECTOR_DERIVE_PACES_H
#define COLLECTOR_DERIVE_PACES_H

#include "common/slice.h"
#include "common/strbuf.h"

enum {
	PACE_SLOTS = 8,
	PACE_MOST = UINT16_MAX, /* a slot counts no further */
	PACES_OWNERS = 1024,    /* told apart; those of equal remainder share */
};

#define PACES_AGE_NS (1000 * INT64_C(1000000)) /* how exactly ages are known */

struct pace {
	int64_t slot_ns;    /* where the newest slot begins */
	int64_t since_ns;   /* of the episode: nothing came for a window before */
	int64_t fired_ns;   /* the user's; CLOCK_NONE at the begin of an episode */
	int64_t touched_ns; /* by the user's clock, paces_touch() */
	uint32_t events;    /* the user's; 0 at the begin of an episode */
	uint32_t newest;
	uint16_t slots[PACE_SLOTS];
};

/* Moves the window on to `at_ns` and gives what came within it; what is out of order changes
 * nothing. */
unsigned pace_count(struct pace *pace, int64_t at_ns, int64_t window_ns);

/* So many more, now. */
void pace_add(struct pace *pace, unsigned times);

struct paces;

/* As many as go into `bytes`, at least 1. */
struct paces *paces_new(size_t bytes);
void paces_free(struct paces *paces); /* NULL is fine */

/*
 * The pace of a key; a new one has counted nothing. `kind` tells keys apart that look the
 * same; a new one is `owner`'s, an agency's. `now_ns` does not fall much. Valid until the next
 * call.
 */
struct pace *paces_touch(
	struct paces *paces, uint32_t owner, uint32_t kind, struct slice key, int64_t now_ns);

/* The same without making one, and without making it younger; NULL when there is none. */
const struct pace *paces_find(const struct paces *paces, uint32_t kind, struct slice key);

/* Forgets those not touched since. */
void paces_forget(struct paces *paces, int64_t before_ns);

size_t paces_count(const struct paces *paces);
size_t paces_most(const struct paces *paces);
uint64_t paces_evicted(const struct paces *paces); /* since it was made */

void paces_save(const struct paces *paces, struct strbuf *out);

/* Into an empty one; some go when there is no room for all. False: no such blob, and
 * nothing changed. */
MUST_USE bool paces_load(struct paces *paces, struct slice blob);

#endif
