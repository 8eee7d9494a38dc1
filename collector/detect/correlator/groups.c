#include "collector/detect/correlator/groups.h"

#include <stdlib.h>
#include <sys/random.h>

#include "common/clock.h"

enum { HEADS_MIN = 1024, BLOCK_OVERHEAD = 16 /* bytes the allocator takes for each */ };

void groups_init(struct groups *groups, size_t bytes)
{
	*groups = (struct groups){.most_bytes = bytes, .n_heads = HEADS_MIN};
	groups->heads = calloc(groups->n_heads, sizeof(struct group *));
	if (groups->heads == NULL)
		abort();
	groups->bytes = groups->n_heads * sizeof(struct group *);
	if (getrandom(&groups->seed, sizeof(groups->seed), 0) != sizeof(groups->seed))
		abort();
}

static void group_free(struct group *group)
{
	for (unsigned i = 0; i < group->n_shown; i++)
		free(group->shown[i]);
	free(group->cells);
	free(group->evidence);
	free(group->texts);
	free(group);
}

void groups_done(struct groups *groups)
{
	for (size_t i = 0; i < GROUPS_OWNERS; i++) {
		while (groups->orders[i].oldest != NULL)
			groups_drop(groups, groups->orders[i].oldest);
	}
	free(groups->heads);
}

static struct group **head_of(const struct groups *groups, XXH128_hash_t hash)
{
	return &groups->heads[hash.low64 & (groups->n_heads - 1)];
}

static struct group_order *order_of(struct groups *groups, const struct group *group)
{
	return &groups->orders[group->owner % GROUPS_OWNERS];
}

/* ---- the order ------------------------------------------------------------------------ */

static void unlink_group(struct group_order *order, struct group *group)
{
	*(group->older ? &group->older->newer : &order->oldest) = group->newer;
	*(group->newer ? &group->newer->older : &order->newest) = group->older;
}

static void link_newest(struct group_order *order, struct group *group)
{
	group->older = order->newest;
	group->newer = NULL;
	*(order->newest ? &order->newest->newer : &order->oldest) = group;
	order->newest = group;
}

/* ---- finding -------------------------------------------------------------------------- */

struct group *groups_peek(const struct groups *groups, XXH128_hash_t hash)
{
	struct group *group = *head_of(groups, hash);

	while (group != NULL && !XXH128_isEqual(group->hash, hash))
		group = group->chain;
	return group;
}

struct group *groups_find(struct groups *groups, XXH128_hash_t hash)
{
	struct group *group = groups_peek(groups, hash);

	if (group != NULL) {
		unlink_group(order_of(groups, group), group);
		link_newest(order_of(groups, group), group);
	}
	return group;
}

static void grow(struct groups *groups)
{
	size_t before = groups->n_heads;
	struct group **old = groups->heads;

	groups->n_heads *= 2;
	groups->heads = calloc(groups->n_heads, sizeof(struct group *));
	if (groups->heads == NULL)
		abort();
	groups->bytes += before * sizeof(struct group *);
	for (size_t i = 0; i < before; i++) {
		for (struct group *group = old[i], *next; group != NULL; group = next) {
			struct group **head = head_of(groups, group->hash);

			next = group->chain;
			group->chain = *head;
			*head = group;
		}
	}
	free(old);
}

struct group *groups_add(struct groups *groups, XXH128_hash_t hash, uint32_t owner)
{
	struct group *group = calloc(1, sizeof(*group));
	struct group **head;

	if (group == NULL)
		abort();
	if (groups->n == groups->n_heads)
		grow(groups);
	head = head_of(groups, hash);
	group->hash = hash;
	group->owner = owner;
	group->held_ns = CLOCK_NONE;
	group->chain = *head;
	*head = group;
	link_newest(order_of(groups, group), group);
	groups->n++;
	return group;
}

void groups_drop(struct groups *groups, struct group *group)
{
	struct group **at = head_of(groups, group->hash);

	while (*at != group)
		at = &(*at)->chain;
	*at = group->chain;
	unlink_group(order_of(groups, group), group);
	order_of(groups, group)->bytes -= group->bytes;
	groups->bytes -= group->bytes;
	groups->n--;
	group_free(group);
}

/* ---- bytes ---------------------------------------------------------------------------- */

static size_t size_of(const struct group *group)
{
	size_t size = sizeof(*group) + group->cells_room * sizeof(*group->cells) +
		      group->evidence_room * sizeof(*group->evidence) + group->texts_len +
		      4 * BLOCK_OVERHEAD;

	for (unsigned i = 0; i < group->n_shown; i++)
		size += sizeof(struct shown) + group->shown[i]->len + BLOCK_OVERHEAD;
	return size;
}

/* The owner with most bytes gives its oldest; NULL: there is none but `keep`. */
static struct group *victim(struct groups *groups, const struct group *keep)
{
	const struct group_order *most = NULL;

	for (size_t i = 0; i < GROUPS_OWNERS; i++) {
		const struct group_order *order = &groups->orders[i];
		bool none = order->oldest == NULL ||
			    (order->oldest == keep && order->newest == keep);

		if (!none && (most == NULL || order->bytes > most->bytes))
			most = order;
	}
	if (most == NULL)
		return NULL;
	return most->oldest == keep ? most->oldest->newer : most->oldest;
}

void groups_settle(struct groups *groups, struct group *group)
{
	size_t size = size_of(group);

	groups->bytes += size - group->bytes;
	order_of(groups, group)->bytes += size - group->bytes;
	group->bytes = size;
	while (groups->bytes > groups->most_bytes) {
		struct group *out = victim(groups, group);

		if (out == NULL)
			return;
		groups_drop(groups, out);
		groups->evicted++;
	}
}

void groups_walk(
	struct groups *groups, void (*see)(void *user, struct group *group), void *user)
{
	for (size_t i = 0; i < GROUPS_OWNERS; i++) {
		for (struct group *group = groups->orders[i].oldest, *next; group != NULL;
			group = next) {
			next = group->newer;
			see(user, group);
		}
	}
}
