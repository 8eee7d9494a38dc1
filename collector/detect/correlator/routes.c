#include "collector/detect/correlator/routes.h"

#include <stdlib.h>
#include <xxhash.h>

static void add_route(struct routes *routes, uint32_t rule, uint32_t correlation, size_t entry)
{
	if (routes->n == routes->room) {
		routes->room = routes->room ? 2 * routes->room : 64;
		routes->list = realloc(routes->list, routes->room * sizeof(*routes->list));
		if (routes->list == NULL)
			abort();
	}
	routes->list[routes->n++] = (struct route){.correlation = correlation,
		.entry = (uint32_t)entry,
		.next = routes->first[rule]};
	routes->first[rule] = (uint32_t)routes->n;
}

/* Of several with one key and version each has its own: they count apart. */
static void identify(struct routes *routes, uint32_t number)
{
	const struct sigma_rule *rule = &routes->rules[number];
	struct slice key = sigma_rule_key(rule);
	uint64_t identity =
		XXH3_64bits_withSeed(key.ptr ? key.ptr : "", key.len, rule->version);
	uint32_t *found;
	bool is_new;

	identity += identity == 0;
	do {
		found = table_put(&routes->by_identity, &identity, &is_new);
		if (found == NULL)
			abort(); /* one a rule */
	} while (!is_new && ++identity);
	*found = number;
	routes->identities[number] = identity;
}

void routes_init(struct routes *routes, const struct rule_set *set)
{
	*routes = (struct routes){0};
	routes->n_rules = rule_set_rules(set, &routes->rules);
	routes->first = calloc(routes->n_rules + 1, sizeof(*routes->first));
	routes->identities = calloc(routes->n_rules + 1, sizeof(*routes->identities));
	if (routes->first == NULL || routes->identities == NULL)
		abort();
	table_init(
		&routes->by_identity, sizeof(uint64_t), sizeof(uint32_t), routes->n_rules + 1);
	for (uint32_t i = 0; i < routes->n_rules; i++) {
		if (sigma_rule_is_loaded(&routes->rules[i]))
			identify(routes, i);
	}
	for (uint32_t i = (uint32_t)routes->n_rules; i-- > 0;) {
		const struct correlation *correlation = routes->rules[i].correlation;

		for (size_t k = 0; correlation != NULL && k < correlation->n_rules; k++)
			add_route(routes, correlation->rules[k].rule, i, k);
	}
}

void routes_done(struct routes *routes)
{
	table_done(&routes->by_identity);
	free(routes->identities);
	free(routes->first);
	free(routes->list);
}

const struct route *routes_first(const struct routes *routes, uint32_t rule)
{
	uint32_t first = rule < routes->n_rules ? routes->first[rule] : 0;

	return first ? &routes->list[first - 1] : NULL;
}

const struct route *routes_next(const struct routes *routes, const struct route *route)
{
	return route->next ? &routes->list[route->next - 1] : NULL;
}

uint32_t routes_find(const struct routes *routes, uint64_t identity)
{
	const uint32_t *found = table_get(&routes->by_identity, &identity);

	return found ? *found : ROUTES_NONE;
}
