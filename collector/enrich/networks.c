#include "collector/enrich/networks.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/address_map.h"

struct written_network {
	struct setting_texts prefixes;
	const char *zone;
	uint32_t agency, system, level; /* 0 = not said */
};

struct written_networks {
	struct setting_sections networks;
};

#define AT(member) offsetof(struct written_network, member)
static const struct setting network_table[] = {
	{"prefixes", SETTING_TEXTS, AT(prefixes), .min = 1, .max = NETWORKS_MAX,
		.help = "Addresses of the network, as 10.47.0.0/16 or 2001:db8:47::/48.",
		.example = "[10.47.0.0/16]"},
	{"zone", SETTING_TEXT, AT(zone), "", 0, 60,
		"What kind of network it is, in the province's own words: lan, dmz, server, "
		"wifi, citizens."},
	{"agency", SETTING_COUNT, AT(agency), "0", 0, 0,
		"Number of the agency in the register; 0: not one agency's."},
	{"system", SETTING_COUNT, AT(system), "0", 0, UINT16_MAX,
		"Number of the information system in the agency; 0: not one system's."},
	{"level", SETTING_COUNT, AT(level), "0", 0, 5,
		"Security level of what stands there; 0: not said."},
	{0},
};
#undef AT

const struct setting networks_settings_table[] = {
	{"networks", SETTING_SECTIONS, offsetof(struct written_networks, networks), .min = 1,
		.max = NETWORKS_MAX, .table = network_table,
		.size = sizeof(struct written_network),
		.help = "The province's networks; of prefixes within one another the longest "
			"counts."},
	{0},
};

struct networks {
	struct conf *conf; /* owns the zones */
	struct written_networks written;
	struct network *items;
	char *numbers; /* their text */
	size_t n_prefixes;
	struct address_map *map;
};

/* A prefix and where it was written. */
struct placed {
	struct netprefix prefix;
	const char *const *text;
	uint32_t network;
};

struct build {
	struct networks *networks;
	const struct agency_register *agencies;
	struct mistakes mistakes;
	struct placed *placed;
	size_t n;
};

#define WRONG(build, member, ...)                                                              \
	mistake_add(&(build)->mistakes, conf_at((build)->networks->conf, (member)), __VA_ARGS__)

static void *alloc(size_t n, size_t size)
{
	void *items = calloc(n ? n : 1, size);

	if (items == NULL)
		abort();
	return items;
}

static void check_register(struct build *build, const struct written_network *written)
{
	const struct agency *agency;

	if (written->system != 0 && written->agency == 0)
		WRONG(build, &written->system, "a system needs its agency beside it");
	if (written->agency == 0 || build->agencies == NULL)
		return;
	agency = agencies_find(build->agencies, written->agency);
	if (agency == NULL)
		WRONG(build, &written->agency, "there is no agency %u in the register",
			(unsigned)written->agency);
	else if (written->system != 0 &&
		 agency_system(agency, (uint16_t)written->system) == NULL)
		WRONG(build, &written->system, "agency %u has no system %u",
			(unsigned)written->agency, (unsigned)written->system);
}

static void place_prefixes(
	struct build *build, const struct written_network *written, uint32_t number)
{
	for (size_t i = 0; i < written->prefixes.n; i++) {
		struct placed *placed = &build->placed[build->n];
		struct err err;

		placed->text = &written->prefixes.items[i];
		placed->network = number;
		if (netprefix_parse(slice_str(*placed->text), &placed->prefix, &err))
			build->n++;
		else
			WRONG(build, placed->text, "%s: %s",
				MISTAKE_TEXT(slice_str(*placed->text)), err.text);
	}
}

/* By prefix, then as written. */
static int in_order(const void *left, const void *right)
{
	const struct placed *a = left, *b = right;
	int by_first = netaddr_compare(&a->prefix.first, &b->prefix.first);

	if (by_first != 0)
		return by_first;
	if (a->prefix.bits != b->prefix.bits)
		return a->prefix.bits < b->prefix.bits ? -1 : 1;
	return a->network < b->network ? -1 : a->network > b->network;
}

static void refuse_twice(struct build *build)
{
	qsort(build->placed, build->n, sizeof(*build->placed), in_order);
	for (size_t i = 1; i < build->n; i++) {
		const struct placed *one = &build->placed[i - 1], *other = &build->placed[i];

		if (one->prefix.bits != other->prefix.bits ||
			!netaddr_eq(&one->prefix.first, &other->prefix.first))
			continue;
		if (conf_at(build->networks->conf, one->text).line >
			conf_at(build->networks->conf, other->text).line) {
			const struct placed *later = one;

			one = other;
			other = later;
		}
		WRONG(build, other->text, "%s stands on line %u already",
			MISTAKE_TEXT(slice_str(*other->text)),
			conf_at(build->networks->conf, one->text).line);
	}
}

enum { NUMBERS_SIZE = 24 }; /* of one network: agency, system, level with NUL */

static struct slice number_text(char **at, uint32_t number)
{
	struct slice text = slice_of(*at, 0);

	if (number == 0)
		return SLICE_NONE;
	text.len = (size_t)snprintf(*at, 11, "%u", (unsigned)number);
	*at += text.len + 1;
	return text;
}

static void fill(struct networks *networks)
{
	const struct written_network *written = networks->written.networks.items;
	size_t n = networks->written.networks.n;

	networks->items = alloc(n, sizeof(*networks->items));
	networks->numbers = alloc(n, NUMBERS_SIZE);
	for (size_t i = 0; i < n; i++) {
		char *at = networks->numbers + i * NUMBERS_SIZE;
		struct slice zone = slice_str(written[i].zone);

		networks->items[i] = (struct network){
			.zone = zone.len > 0 ? zone : SLICE_NONE,
			.agency = number_text(&at, written[i].agency),
			.system = number_text(&at, written[i].system),
			.level = number_text(&at, written[i].level),
		};
	}
}

static void map(struct build *build)
{
	struct address_span *spans = alloc(build->n, sizeof(*spans));

	for (size_t i = 0; i < build->n; i++)
		spans[i] = address_span_of(&build->placed[i].prefix, build->placed[i].network);
	build->networks->map = address_map_new(spans, build->n);
	build->networks->n_prefixes = build->n;
	free(spans);
}

static bool build_all(struct build *build)
{
	const struct written_network *written = build->networks->written.networks.items;
	size_t n = build->networks->written.networks.n, n_prefixes = 0;

	for (size_t i = 0; i < n; i++)
		n_prefixes += written[i].prefixes.n;
	build->placed = alloc(n_prefixes, sizeof(*build->placed));
	for (size_t i = 0; i < n; i++) {
		check_register(build, &written[i]);
		place_prefixes(build, &written[i], (uint32_t)i);
	}
	if (n_prefixes > NETWORKS_MAX)
		mistake_add(&build->mistakes, (struct pos){0}, "more than %d prefixes",
			NETWORKS_MAX);
	refuse_twice(build);
	fill(build->networks);
	map(build);
	free(build->placed);
	return mistakes_end(&build->mistakes);
}

/* Takes the networks, whose conf was read or not. */
static struct networks *finish(struct networks *networks, const char *name,
	const struct agency_register *agencies, struct strbuf *mistakes)
{
	struct build build = {.networks = networks,
		.agencies = agencies,
		.mistakes = mistakes_into(mistakes, name)};

	if (networks->conf != NULL && build_all(&build))
		return networks;
	networks_free(networks);
	return NULL;
}

struct networks *networks_load(
	const char *path, const struct agency_register *agencies, struct strbuf *mistakes)
{
	struct networks *networks = alloc(1, sizeof(*networks));

	networks->conf = conf_load(path, networks_settings_table, &networks->written, mistakes);
	return finish(networks, path, agencies, mistakes);
}

struct networks *networks_parse(const char *name, struct slice text,
	const struct agency_register *agencies, struct strbuf *mistakes)
{
	struct networks *networks = alloc(1, sizeof(*networks));

	networks->conf =
		conf_parse(name, text, networks_settings_table, &networks->written, mistakes);
	return finish(networks, name, agencies, mistakes);
}

void networks_free(struct networks *networks)
{
	if (networks == NULL)
		return;
	address_map_free(networks->map);
	free(networks->items);
	free(networks->numbers);
	conf_free(networks->conf);
	free(networks);
}

const struct network *networks_find(const struct networks *networks, const struct netaddr *addr)
{
	uint32_t at = address_map_find(networks->map, addr);

	return at != ADDRESS_MAP_NONE ? &networks->items[at] : NULL;
}

size_t networks_count(const struct networks *networks)
{
	return networks->n_prefixes;
}
