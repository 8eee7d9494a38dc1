#include "collector/register/register.h"

#include <stdlib.h>

#include "collector/register/private.h"

struct agency_register *agencies_ref(struct agency_register *agencies)
{
	atomic_fetch_add_explicit(&agencies->references, 1, memory_order_relaxed);
	return agencies;
}

void agencies_unref(struct agency_register *agencies)
{
	if (agencies == NULL ||
		atomic_fetch_sub_explicit(&agencies->references, 1, memory_order_acq_rel) > 1)
		return;
	arena_done(&agencies->arena);
	conf_free(agencies->conf);
	free(agencies);
}

const struct agency_province *agencies_province(const struct agency_register *agencies)
{
	return &agencies->province;
}

size_t agencies_count(const struct agency_register *agencies)
{
	return agencies->n_agencies;
}

const struct agency *agencies_at(const struct agency_register *agencies, size_t i)
{
	return &agencies->agencies[i];
}

const struct agency *agencies_find(const struct agency_register *agencies, uint32_t number)
{
	size_t low = 0, high = agencies->n_agencies;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (agencies->agencies[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == agencies->n_agencies || agencies->agencies[low].number != number)
		return NULL;
	return &agencies->agencies[low];
}

bool agency_exists(const struct agency *agency, int64_t at_ns)
{
	return at_ns >= agency->attributes[0].from_ns && at_ns < agency->closed_ns;
}

const struct agency_attributes *agency_attributes_at(const struct agency *agency, int64_t at_ns)
{
	size_t i = agency->n_attributes - 1;

	while (i > 0 && agency->attributes[i].from_ns > at_ns)
		i--;
	return &agency->attributes[i];
}

const struct agency_system *agency_system(const struct agency *agency, uint16_t number)
{
	size_t low = 0, high = agency->n_systems;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (agency->systems[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == agency->n_systems || agency->systems[low].number != number)
		return NULL;
	return &agency->systems[low];
}

uint8_t agency_system_level(const struct agency_system *system, int64_t at_ns)
{
	size_t i = system->n_levels - 1;

	while (i > 0 && system->levels[i].from_ns > at_ns)
		i--;
	return system->levels[i].level;
}

/* Does the entry stand at or before (agency, host, at_ns)? */
static bool stands_before(
	const struct host_entry *entry, uint32_t agency, uint32_t host, int64_t at_ns)
{
	if (entry->agency != agency)
		return entry->agency < agency;
	if (entry->host != host)
		return entry->host < host;
	return entry->from_ns <= at_ns;
}

/* The entry that counts at that time; NULL when the host is not listed then. */
static const struct host_entry *find_host(
	const struct agency_register *agencies, uint32_t agency, uint32_t host, int64_t at_ns)
{
	size_t low = 0, high = agencies->n_hosts;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (stands_before(&agencies->hosts[middle], agency, host, at_ns))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;

	const struct host_entry *entry = &agencies->hosts[low - 1];
	return entry->agency == agency && entry->host == host ? entry : NULL;
}

bool agencies_place(const struct agency_register *agencies, uint32_t agency, uint32_t host,
	int64_t at_ns, struct agency_place *place)
{
	const struct agency *found = agencies_find(agencies, agency);

	if (found == NULL)
		return false;

	const struct host_entry *entry = find_host(agencies, agency, host, at_ns);
	const struct agency_system *system =
		entry ? agency_system(found, entry->system) : found->default_system;

	*place = (struct agency_place){
		.agency = agency,
		.system = system->number,
		.level = agency_system_level(system, at_ns),
		.listed = entry != NULL,
	};
	return true;
}

/* ---- by name ------------------------------------------------------------------ */

static int small_letter(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : (unsigned char)byte;
}

static int compare_nocase(struct slice a, struct slice b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++) {
		const int differ = small_letter(a.ptr[i]) - small_letter(b.ptr[i]);

		if (differ != 0)
			return differ;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

int register_compare_named(const struct host_entry *entry, uint32_t agency, struct slice name)
{
	if (entry->agency != agency)
		return entry->agency < agency ? -1 : 1;
	return compare_nocase(slice_str(entry->written->name), name);
}

/* The first one that is not before; n_named when all are. */
static size_t first_named(
	const struct agency_register *agencies, uint32_t agency, struct slice name)
{
	size_t low = 0, high = agencies->n_named;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (register_compare_named(agencies->named[middle], agency, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A host that moved stands there several times: they have to be one. */
static bool is_one_named(const struct agency_register *agencies, uint32_t agency,
	struct slice name, uint32_t *host)
{
	const size_t first = first_named(agencies, agency, name);
	size_t n = 0;

	for (size_t i = first; i < agencies->n_named &&
			       register_compare_named(agencies->named[i], agency, name) == 0;
		i++, n++) {
		if (agencies->named[i]->host != agencies->named[first]->host)
			return false;
	}
	if (n > 0)
		*host = agencies->named[first]->host;
	return n > 0;
}

bool agencies_host_named(const struct agency_register *agencies, uint32_t agency,
	struct slice name, uint32_t *host)
{
	const struct slice bare = slice_head(name, slice_find(name, '.'));

	if (name.len == 0)
		return false;
	return is_one_named(agencies, agency, name, host) ||
	       (bare.len > 0 && bare.len < name.len &&
		       is_one_named(agencies, agency, bare, host));
}
