/*
 * sender_index - senders by the prefixes they send from, longest first
 *
 * Prefixes are sorted by length, then by address: an address is looked for by
 * binary search once for every length there is, whatever number of senders.
 * Those of one prefix come in the order they were added.
 *
 * Immutable after sender_index_sort(); then any thread. Private to ingest/.
 */
#ifndef COLLECTOR_INGEST_SENDER_INDEX_H
#define COLLECTOR_INGEST_SENDER_INDEX_H

#include "common/netaddr.h"

struct sender;

enum { SENDER_INDEX_LENGTHS = 129 };

struct sender_index_entry {
	struct netprefix prefix;
	const struct sender *sender;
	size_t order;
};

struct sender_index {
	struct sender_index_entry *entries; /* room for all that will be added; the caller's */
	size_t n;
	struct {
		size_t at, n;
		uint8_t bits;
	} lengths[SENDER_INDEX_LENGTHS]; /* longest first */
	unsigned n_lengths;
};

void sender_index_add(struct sender_index *index, const struct netprefix *prefix,
	const struct sender *sender);
void sender_index_sort(struct sender_index *index);

/* Those that may send from there, until `visit` returns true: that one; NULL = it never did. */
const struct sender *sender_index_find(const struct sender_index *index,
	const struct netaddr *address, bool (*visit)(void *user, const struct sender *sender),
	void *user);

#endif
