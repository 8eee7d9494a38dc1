/*
 * Nested spans become spans beside one another when the map is built: a sweep from the first
 * address to the last, with those that are open on a stack, the innermost on top.
 */
#include "common/address_map.h"

#include <stdlib.h>

struct family {
	struct address_span *spans; /* by address, none within another */
	size_t n;
};

struct address_map {
	struct family v4, v6;
};

static struct netaddr next_of(struct netaddr addr)
{
	addr.low++;
	addr.high += addr.low == 0;
	return addr;
}

static struct netaddr before_of(struct netaddr addr)
{
	addr.high -= addr.low == 0;
	addr.low--;
	return addr;
}

struct address_span address_span_of(const struct netprefix *prefix, uint32_t value)
{
	struct address_span span = {prefix->first, prefix->first, value};
	unsigned bits = prefix->bits;

	span.last.high |= bits >= 64 ? 0 : UINT64_MAX >> bits;
	span.last.low |= bits <= 64 ? UINT64_MAX : bits == 128 ? 0 : UINT64_MAX >> (bits - 64);
	return span;
}

/* Outer ones before those they hold. */
static int in_order(const void *left, const void *right)
{
	const struct address_span *a = left, *b = right;
	int by_first = netaddr_compare(&a->first, &b->first);

	return by_first != 0 ? by_first : netaddr_compare(&b->last, &a->last);
}

struct sweep {
	struct family *to;
	const struct address_span **open;
	size_t n_open;
	struct netaddr from; /* what is below is told */
	bool ended;          /* it was the last address there is */
};

static void tell(struct sweep *sweep, struct netaddr last, uint32_t value)
{
	if (sweep->ended || netaddr_compare(&sweep->from, &last) > 0)
		return;
	sweep->to->spans[sweep->to->n++] = (struct address_span){sweep->from, last, value};
	sweep->from = next_of(last);
	sweep->ended = sweep->from.high == 0 && sweep->from.low == 0;
}

static void close_before(struct sweep *sweep, const struct netaddr *first)
{
	while (sweep->n_open > 0) {
		const struct address_span *top = sweep->open[sweep->n_open - 1];

		if (first != NULL && netaddr_compare(&top->last, first) >= 0)
			return;
		tell(sweep, top->last, top->value);
		sweep->n_open--;
	}
}

static void take(struct sweep *sweep, const struct address_span *span)
{
	close_before(sweep, &span->first);
	if (sweep->n_open > 0 && netaddr_compare(&sweep->from, &span->first) < 0)
		tell(sweep, before_of(span->first), sweep->open[sweep->n_open - 1]->value);
	sweep->from = span->first;
	sweep->open[sweep->n_open++] = span;
}

static void *alloc(size_t n, size_t size)
{
	void *items = calloc(n ? n : 1, size);

	if (items == NULL)
		abort();
	return items;
}

/* Each span begins one and ends one at most. */
static void build(struct family *family, const struct address_span *spans, size_t n, bool v4)
{
	struct sweep sweep = {.to = family, .open = alloc(n, sizeof(*sweep.open))};

	family->spans = alloc(2 * n, sizeof(*family->spans));
	for (size_t i = 0; i < n; i++) {
		if (netaddr_is_v4(&spans[i].first) == v4)
			take(&sweep, &spans[i]);
	}
	close_before(&sweep, NULL);
	free(sweep.open);
}

struct address_map *address_map_new(struct address_span *spans, size_t n)
{
	struct address_map *map = alloc(1, sizeof(*map));

	if (n > 0)
		qsort(spans, n, sizeof(*spans), in_order);
	build(&map->v4, spans, n, true);
	build(&map->v6, spans, n, false);
	return map;
}

void address_map_free(struct address_map *map)
{
	if (map == NULL)
		return;
	free(map->v4.spans);
	free(map->v6.spans);
	free(map);
}

uint32_t address_map_find(const struct address_map *map, const struct netaddr *addr)
{
	const struct family *family = netaddr_is_v4(addr) ? &map->v4 : &map->v6;
	size_t low = 0, high = family->n; /* the last that begins at or before it */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (netaddr_compare(&family->spans[middle].first, addr) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || netaddr_compare(&family->spans[low - 1].last, addr) < 0)
		return ADDRESS_MAP_NONE;
	return family->spans[low - 1].value;
}
