#include "collector/ingest/senders/sender_index.h"

#include <stdlib.h>

static struct netaddr head_of(const struct netaddr *address, unsigned bits)
{
	struct netaddr head = *address;

	if (bits < 64) {
		head.low = 0;
		head.high = bits == 0 ? 0 : head.high & ~UINT64_C(0) << (64 - bits);
	} else if (bits < 128) {
		head.low = bits == 64 ? 0 : head.low & ~UINT64_C(0) << (128 - bits);
	}
	return head;
}

void sender_index_add(
	struct sender_index *index, const struct netprefix *prefix, const struct sender *sender)
{
	index->entries[index->n] =
		(struct sender_index_entry){*prefix, sender, .order = index->n};
	index->n++;
}

static int compare(const void *left, const void *right)
{
	const struct sender_index_entry *a = left, *b = right;

	if (a->prefix.bits != b->prefix.bits)
		return a->prefix.bits > b->prefix.bits ? -1 : 1;
	const int by_address = netaddr_compare(&a->prefix.first, &b->prefix.first);
	if (by_address != 0)
		return by_address;
	return a->order < b->order ? -1 : a->order > b->order;
}

void sender_index_sort(struct sender_index *index)
{
	if (index->n > 0)
		qsort(index->entries, index->n, sizeof(*index->entries), compare);
	for (size_t i = 0; i < index->n; i++) {
		const uint8_t bits = index->entries[i].prefix.bits;

		if (i == 0 || index->entries[i - 1].prefix.bits != bits) {
			index->lengths[index->n_lengths].at = i;
			index->lengths[index->n_lengths++].bits = bits;
		}
		index->lengths[index->n_lengths - 1].n++;
	}
}

/* The first of `n` entries that is not before `first`. */
static size_t lower_bound(
	const struct sender_index_entry *entries, size_t n, const struct netaddr *first)
{
	size_t from = 0;

	while (from < n) {
		const size_t middle = from + (n - from) / 2;

		if (netaddr_compare(&entries[middle].prefix.first, first) < 0)
			from = middle + 1;
		else
			n = middle;
	}
	return from;
}

const struct sender *sender_index_find(const struct sender_index *index,
	const struct netaddr *address, bool (*visit)(void *user, const struct sender *sender),
	void *user)
{
	for (unsigned i = 0; i < index->n_lengths; i++) {
		const struct sender_index_entry *entries =
			&index->entries[index->lengths[i].at];
		const size_t n = index->lengths[i].n;
		const struct netaddr head = head_of(address, index->lengths[i].bits);

		for (size_t at = lower_bound(entries, n, &head);
			at < n && netaddr_eq(&entries[at].prefix.first, &head); at++) {
			if (netprefix_holds(&entries[at].prefix, address) &&
				visit(user, entries[at].sender))
				return entries[at].sender;
		}
	}
	return NULL;
}
