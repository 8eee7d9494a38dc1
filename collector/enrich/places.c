#include "collector/enrich/places.h"

struct slice place_origin_name(enum place_origin origin)
{
	static const struct slice names[] = {
		[PLACE_INTERNAL] = {SLICE_BYTES("internal")},
		[PLACE_PRIVATE] = {SLICE_BYTES("private")},
		[PLACE_VN] = {SLICE_BYTES("vn")},
		[PLACE_FOREIGN] = {SLICE_BYTES("foreign")},
		[PLACE_RESERVED] = {SLICE_BYTES("reserved")},
	};

	return names[origin];
}

static struct netaddr v4(uint64_t number)
{
	return (struct netaddr){.low = UINT64_C(0xffff) << 32 | (number & UINT32_MAX)};
}

struct netaddr place_inner(const struct netaddr *addr)
{
	if (addr->high == UINT64_C(0x0064ff9b00000000) && addr->low >> 32 == 0)
		return v4(addr->low); /* RFC 6052 §2.1 */
	if (addr->high >> 48 == 0x2002)
		return v4(addr->high >> 16); /* RFC 3056 §2 */
	if (addr->high >> 32 == 0x20010000)
		return v4(~addr->low); /* of the client, RFC 4380 §4 */
	return *addr;
}

static enum place_origin origin_by_geo(struct slice country)
{
	if (slice_absent(country))
		return PLACE_UNKNOWN;
	return slice_eq(country, SLICE_LIT("VN")) ? PLACE_VN : PLACE_FOREIGN;
}

/* Of an address in the Internet. The registry's word counts before a database's. */
static enum place_origin origin_of(
	const struct places *places, const struct netaddr *addr, const struct geo_answer *geo)
{
	if (places->vn == NULL)
		return origin_by_geo(geo->country);
	return address_map_find(places->vn, addr) != ADDRESS_MAP_NONE ? PLACE_VN
								      : PLACE_FOREIGN;
}

static unsigned find_geo(
	const struct places *places, const struct netaddr *addr, struct geo_answer *answer)
{
	unsigned damaged = 0;

	for (unsigned i = 0; i < places->n_geo; i++)
		damaged += !geo_find(places->geo[i], addr, answer);
	return damaged;
}

static unsigned find(
	const struct places *places, const struct netaddr *addr, struct place *place)
{
	struct netaddr inner = place_inner(addr);
	unsigned damaged = 0;

	*place = (struct place){0};
	if (places->networks != NULL) {
		place->network = networks_find(places->networks, addr);
		if (place->network == NULL)
			place->network = networks_find(places->networks, &inner);
	}
	switch (netaddr_scope(&inner)) {
	case NETADDR_GLOBAL:
		damaged = find_geo(places, &inner, &place->geo);
		place->origin = origin_of(places, &inner, &place->geo);
		break;
	case NETADDR_PRIVATE:
	case NETADDR_LOOPBACK:
	case NETADDR_LINK_LOCAL:
		place->origin = PLACE_PRIVATE;
		break;
	case NETADDR_MULTICAST:
	case NETADDR_RESERVED:
		place->origin = PLACE_RESERVED;
		break;
	}
	if (place->network != NULL)
		place->origin = PLACE_INTERNAL;
	return damaged;
}

static uint64_t mix(uint64_t number)
{
	number ^= number >> 32;
	number *= UINT64_C(0x9e3779b97f4a7c15);
	return number ^ number >> 29;
}

/* Two capitals, for ever: what a slot holds goes with the next address. */
static struct slice country_text(const char *code)
{
#define ROW(a)                                                                                 \
	a "A" a "B" a "C" a "D" a "E" a "F" a "G" a "H" a "I" a "J" a "K" a "L" a "M" a "N" a  \
	  "O" a "P" a "Q" a "R" a "S" a "T" a "U" a "V" a "W" a "X" a "Y" a "Z"
	static const char all[] = ROW("A") ROW("B") ROW("C") ROW("D") ROW("E") ROW("F") ROW("G")
		ROW("H") ROW("I") ROW("J") ROW("K") ROW("L") ROW("M") ROW("N") ROW("O") ROW("P")
			ROW("Q") ROW("R") ROW("S") ROW("T") ROW("U") ROW("V") ROW("W") ROW("X")
				ROW("Y") ROW("Z");
#undef ROW

	if (code[0] == '\0')
		return SLICE_NONE;
	return slice_of(all + 2 * ((code[0] - 'A') * 26 + (code[1] - 'A')), 2);
}

static void keep(struct place_slot *slot, const struct netaddr *addr, const struct place *place)
{
	const struct geo_answer *geo = &place->geo;

	*slot = (struct place_slot){
		.addr = *addr,
		.network = place->network,
		.city = geo->city.ptr,
		.city_len = (uint8_t)geo->city.len,
		.organization = geo->organization.ptr,
		.organization_len = (uint8_t)geo->organization.len,
		.as_number = geo->as_number,
		.origin = (uint8_t)place->origin,
		.used = true,
	};
	if (!slice_absent(geo->country))
		memcpy(slot->country, geo->country.ptr, sizeof(slot->country));
}

static void recall(const struct place_slot *slot, struct place *place)
{
	*place = (struct place){
		.origin = (enum place_origin)slot->origin,
		.network = slot->network,
		.geo = {.country = country_text(slot->country),
			.city = {slot->city, slot->city_len},
			.organization = {slot->organization, slot->organization_len},
			.as_number = slot->as_number},
	};
}

static bool is_of(const struct place_slot *slot, const struct netaddr *addr)
{
	return slot->used && netaddr_eq(&slot->addr, addr);
}

/* Of the first slot that may hold it; the second is beside it. */
static size_t slot_of(const struct place_cache *cache, const struct netaddr *addr)
{
	uint64_t hash = mix(mix(addr->high ^ cache->seed) ^ addr->low);

	return hash >> 40 & (PLACE_CACHE_SIZE - 2);
}

void places_expect(const struct place_cache *cache, const struct netaddr *addr)
{
	const struct place_slot *pair = &cache->slots[slot_of(cache, addr)];

	__builtin_prefetch(&pair[0]);
	__builtin_prefetch(&pair[1]);
}

void places_find(const struct places *places, struct place_cache *cache,
	const struct netaddr *addr, struct place *place)
{
	struct place_slot *pair = &cache->slots[slot_of(cache, addr)];

	if (is_of(&pair[0], addr)) {
		recall(&pair[0], place);
	} else if (is_of(&pair[1], addr)) {
		recall(&pair[1], place);
	} else {
		cache->damaged += find(places, addr, place);
		pair[1] = pair[0];
		keep(&pair[0], addr, place);
	}
}
