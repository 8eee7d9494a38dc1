/*
 * places - all that is known of an address: network plan, Viet Nam or not, country, operator
 *
 * Private, reserved and other addresses that are nowhere in the Internet are
 * never looked for in databases. An IPv4 address within an IPv6 one (NAT64,
 * 6to4, Teredo) is looked for as itself, unless the plan has the whole.
 *
 * Immutable; any thread. A cache belongs to one thread at a time.
 */
#ifndef COLLECTOR_ENRICH_PLACES_H
#define COLLECTOR_ENRICH_PLACES_H

#include "collector/enrich/geo.h"
#include "collector/enrich/networks.h"
#include "common/address_map.h"

enum { PLACES_DATABASES_MAX = 8, PLACE_CACHE_SIZE = 8192 };

enum place_origin {
	PLACE_UNKNOWN,  /* nothing says */
	PLACE_INTERNAL, /* the network plan has it */
	PLACE_PRIVATE,  /* private, loopback or link-local, and not in the plan */
	PLACE_VN,       /* Viet Nam */
	PLACE_FOREIGN,
	PLACE_RESERVED, /* no host in the Internet can have it: documentation, multicast, ... */
};

struct places { /* borrowed; NULL and 0 are fine */
	const struct networks *networks;
	const struct address_map *vn;
	struct geo *geo[PLACES_DATABASES_MAX]; /* the first that has an answer gives it */
	unsigned n_geo;
};

struct place {
	enum place_origin origin;
	const struct network *network; /* NULL = not in the plan */
	struct geo_answer geo;
};

/* A line of the processor's cache each. */
struct place_slot {
	struct netaddr addr;
	const struct network *network;
	const char *city, *organization; /* NULL = absent */
	uint32_t as_number;
	char country[2]; /* 0 = absent */
	uint8_t city_len, organization_len, origin;
	bool used;
};

_Static_assert(sizeof(struct place_slot) <= 64 && GEO_TEXT_MAX <= UINT8_MAX, "as said");

struct place_cache {
	struct place_slot slots[PLACE_CACHE_SIZE]; /* pairs: the later one first */
	uint64_t seed;    /* nobody outside knows which addresses share a slot */
	unsigned damaged; /* look-ups that met damage in a database, since it was last zeroed */
};

/* The cache is zeroed at first but for its seed. Slices live as long as the databases. */
void places_find(const struct places *places, struct place_cache *cache,
	const struct netaddr *addr, struct place *place);

/* That address will be looked for in a moment: what the cache may know is fetched meanwhile. */
void places_expect(const struct place_cache *cache, const struct netaddr *addr);

struct slice place_origin_name(enum place_origin origin); /* absent for PLACE_UNKNOWN */

/* The IPv4 address within a NAT64, 6to4 or Teredo address, else itself. */
struct netaddr place_inner(const struct netaddr *addr);

#endif
