/*
 * address_map - which of many ranges an address lies in
 *
 * Of several that hold it the one that begins last (of two that begin alike, the smaller)
 * counts: of nested prefixes that is the longest. IPv4 and IPv6 are apart: ::/0 holds no IPv4
 * address. Immutable once built; any thread; a search by halves, no allocation.
 */
#ifndef COMMON_ADDRESS_MAP_H
#define COMMON_ADDRESS_MAP_H

#include "common/netaddr.h"

struct address_span {
	struct netaddr first, last; /* of one family; first <= last */
	uint32_t value;             /* below ADDRESS_MAP_NONE */
};

#define ADDRESS_MAP_NONE UINT32_MAX

struct address_map;

/* Puts `spans` in order. The caller frees. */
struct address_map *address_map_new(struct address_span *spans, size_t n);
void address_map_free(struct address_map *map); /* NULL is fine */

/* The value, or ADDRESS_MAP_NONE. */
uint32_t address_map_find(const struct address_map *map, const struct netaddr *addr);

struct address_span address_span_of(const struct netprefix *prefix, uint32_t value);

#endif
