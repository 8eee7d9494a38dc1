#include "collector/enrich/enrich.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "collector/enrich/places.h"
#include "collector/enrich/ranges.h"
#include "collector/enrich/user_agent.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/file.h"
#include "common/suffixes.h"

static struct counter damaged = COUNTER(
	"enrich.geo_damaged", "look-ups that met damage in a geo database and gave nothing");
static struct counter no_room =
	COUNTER("enrich.no_room", "records that had no room for all that is known");

enum {
	FILES_MAX = 32,
	AS_NUMBER_MAX = 10, /* digits */
	CACHE_LINE = 64,
};

/* What one thread works with while it has a batch. */
struct scratch {
	struct place_cache places; /* first: its slots are lines of the processor's cache */
	struct user_agent_cache user_agents;
	struct scratch *next;
};

struct enricher {
	struct conf *conf; /* owns the paths */
	struct enrich_settings settings;
	struct networks *networks;
	struct address_map *vn;
	struct suffixes *suffixes;
	struct places places;
	struct enrich_file files[FILES_MAX];
	struct file_mark marks[FILES_MAX];
	unsigned n_files;
	pthread_mutex_t lock; /* of the list */
	struct scratch *idle;
};

/* ---- which fields matter ---------------------------------------------------- */

enum input {
	INPUT_NONE,
	INPUT_SOURCE,
	INPUT_DESTINATION,
	INPUT_CLIENT,
	INPUT_USER_AGENT,
	INPUT_URL_DOMAIN,
	INPUT_DNS_NAME,
	INPUTS,
	INPUT_CLAIMED, /* a field of ours that the record has already */
};

static const uint8_t inputs_of[FIELD_ID_MAX] = {
	[FIELD_SOURCE_IP] = INPUT_SOURCE,
	[FIELD_DESTINATION_IP] = INPUT_DESTINATION,
	[FIELD_CLIENT_IP] = INPUT_CLIENT,
	[FIELD_USER_AGENT_ORIGINAL] = INPUT_USER_AGENT,
	[FIELD_URL_DOMAIN] = INPUT_URL_DOMAIN,
	[FIELD_DNS_QUESTION_NAME] = INPUT_DNS_NAME,
	[FIELD_NETWORK_DIRECTION] = INPUT_CLAIMED,
	[FIELD_ENRICHED_FIRST... FIELD_ENRICHED_LAST] = INPUT_CLAIMED,
};

/* Of source, destination and client, in this order. */
enum side_field {
	SIDE_COUNTRY,
	SIDE_CITY,
	SIDE_AS_NUMBER,
	SIDE_AS_ORGANIZATION,
	SIDE_ORIGIN,
	SIDE_ZONE,
	SIDE_AGENCY,
	SIDE_SYSTEM,
	SIDE_LEVEL,
	SIDE_FIELDS,
};

_Static_assert(
	FIELD_DESTINATION_GEO_COUNTRY == FIELD_SOURCE_GEO_COUNTRY + SIDE_FIELDS &&
		FIELD_CLIENT_GEO_COUNTRY == FIELD_DESTINATION_GEO_COUNTRY + SIDE_FIELDS &&
		FIELD_SOC_CLIENT_LEVEL == FIELD_CLIENT_GEO_COUNTRY + SIDE_LEVEL,
	"fields of a side stand together");

/* An address of a record. */
struct side {
	bool known;
	struct netaddr addr;
};

struct work {
	const struct enricher *enricher;
	struct scratch *scratch;
	struct arena *arena;
	struct record *record;
	struct slice inputs[INPUTS];
	struct side sides[INPUT_CLIENT + 1];
	bool claimed;
	bool full;
};

static void gather(struct work *work)
{
	const struct record *record = work->record;

	for (unsigned i = 0; i < record->n_fields; i++) {
		unsigned input = inputs_of[record->fields[i].id];

		if (input == INPUT_NONE)
			continue;
		if (input == INPUT_CLAIMED)
			work->claimed = true;
		else if (slice_absent(work->inputs[input]))
			work->inputs[input] = field_value(&record->fields[i]);
	}
}

static void put(struct work *work, unsigned id, struct slice value)
{
	bool done = slice_absent(value) || value.len == 0;

	if (!done && work->claimed)
		done = record_set(work->record, work->arena, (enum field_id)id, value);
	else if (!done)
		done = record_add(work->record, work->arena, (enum field_id)id, value);
	work->full = work->full || !done;
}

/* ---- addresses -------------------------------------------------------------- */

static void put_as_number(struct work *work, unsigned id, uint32_t number)
{
	char *end, *at;

	if (number == 0)
		return;
	at = arena_alloc(work->arena, AS_NUMBER_MAX);
	if (at == NULL) {
		work->full = true;
		return;
	}
	end = at += AS_NUMBER_MAX;
	for (; number > 0; number /= 10)
		*--at = (char)('0' + number % 10);
	put(work, id, slice_of(at, (size_t)(end - at)));
}

static void put_place(struct work *work, unsigned first, const struct place *place)
{
	put(work, first + SIDE_COUNTRY, place->geo.country);
	put(work, first + SIDE_CITY, place->geo.city);
	put_as_number(work, first + SIDE_AS_NUMBER, place->geo.as_number);
	put(work, first + SIDE_AS_ORGANIZATION, place->geo.organization);
	put(work, first + SIDE_ORIGIN, place_origin_name(place->origin));
	if (place->network == NULL)
		return;
	put(work, first + SIDE_ZONE, place->network->zone);
	put(work, first + SIDE_AGENCY, place->network->agency);
	put(work, first + SIDE_SYSTEM, place->network->system);
	put(work, first + SIDE_LEVEL, place->network->level);
}

/* What put_address() will look for. "fe80::1%eth0" is fe80::1 (RFC 4007 §11). */
static void read_address(struct work *work, enum input input)
{
	struct slice text = work->inputs[input];
	struct side *side = &work->sides[input];

	side->known = !slice_absent(text) &&
		      netaddr_parse(slice_head(text, slice_find(text, '%')), &side->addr);
	if (side->known)
		places_expect(&work->scratch->places, &side->addr);
}

static enum place_origin put_address(struct work *work, enum input input, unsigned first)
{
	struct place place;

	if (!work->sides[input].known)
		return PLACE_UNKNOWN;
	places_find(&work->enricher->places, &work->scratch->places, &work->sides[input].addr,
		&place);
	put_place(work, first, &place);
	return place.origin;
}

static bool is_inside(enum place_origin origin)
{
	return origin == PLACE_INTERNAL || origin == PLACE_PRIVATE;
}

static bool is_outside(enum place_origin origin)
{
	return origin == PLACE_VN || origin == PLACE_FOREIGN;
}

/* As the province's border sees it. What a device says of direction is left: it stood there. */
static void put_direction(struct work *work, enum place_origin from, enum place_origin to)
{
	struct slice direction = SLICE_NONE;

	if (is_inside(from) && is_inside(to))
		direction = SLICE_LIT("internal");
	else if (is_outside(from) && is_inside(to))
		direction = SLICE_LIT("inbound");
	else if (is_inside(from) && is_outside(to))
		direction = SLICE_LIT("outbound");
	else if (is_outside(from) && is_outside(to))
		direction = SLICE_LIT("external");
	if (!work->claimed || slice_absent(record_get(work->record, FIELD_NETWORK_DIRECTION)))
		put(work, FIELD_NETWORK_DIRECTION, direction);
}

static void put_addresses(struct work *work)
{
	enum place_origin from = put_address(work, INPUT_SOURCE, FIELD_SOURCE_GEO_COUNTRY);
	enum place_origin to =
		put_address(work, INPUT_DESTINATION, FIELD_DESTINATION_GEO_COUNTRY);

	(void)put_address(work, INPUT_CLIENT, FIELD_CLIENT_GEO_COUNTRY);
	put_direction(work, from, to);
}

/* ---- user agents ------------------------------------------------------------ */

/* "16_5" is 16.5. */
static struct slice with_points(struct work *work, struct slice version)
{
	char *copy;

	if (slice_absent(version) || slice_find(version, '_') == version.len)
		return version;
	copy = arena_alloc(work->arena, version.len);
	if (copy == NULL) {
		work->full = true;
		return SLICE_NONE;
	}
	for (size_t i = 0; i < version.len; i++)
		copy[i] = (char)(version.ptr[i] == '_' ? '.' : version.ptr[i]);
	return slice_of(copy, version.len);
}

static void put_user_agent(struct work *work)
{
	struct slice text = work->inputs[INPUT_USER_AGENT];
	struct user_agent agent;

	if (slice_absent(text) || text.len == 0 || slice_eq(text, SLICE_LIT("-")) ||
		!work->enricher->settings.user_agents)
		return;
	user_agent_find(&work->scratch->user_agents, text, &agent);
	put(work, FIELD_USER_AGENT_NAME, agent.name);
	put(work, FIELD_USER_AGENT_VERSION, agent.version);
	put(work, FIELD_USER_AGENT_OS_NAME, agent.os_name);
	put(work, FIELD_USER_AGENT_OS_VERSION, with_points(work, agent.os_version));
	put(work, FIELD_USER_AGENT_DEVICE_NAME, agent.device);
	put(work, FIELD_SOC_USER_AGENT_CLASS, user_agent_class_name(agent.class));
}

/* ---- names ------------------------------------------------------------------ */

static bool has_capital(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z')
			return true;
	}
	return false;
}

/* Itself, or a copy in lower case; absent when there was no room. */
static struct slice in_lower_case(struct work *work, struct slice text)
{
	char *copy;

	if (!has_capital(text))
		return text;
	copy = arena_alloc(work->arena, text.len);
	if (copy == NULL) {
		work->full = true;
		return SLICE_NONE;
	}
	for (size_t i = 0; i < text.len; i++)
		copy[i] = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? (char)(text.ptr[i] | 0x20)
								   : text.ptr[i];
	return slice_of(copy, text.len);
}

static void put_domain(struct work *work, enum input input, unsigned registered,
	unsigned subdomain, unsigned top_level)
{
	struct slice name = work->inputs[input];
	struct domain_parts parts;

	if (slice_absent(name) || name.len > DOMAIN_NAME_MAX + 1)
		return;
	name = in_lower_case(work, name);
	if (slice_absent(name) || !suffixes_split(work->enricher->suffixes, name, &parts))
		return;
	put(work, registered, parts.registered);
	put(work, subdomain, parts.subdomain);
	put(work, top_level, parts.top_level);
}

/* ---- records ---------------------------------------------------------------- */

static void begin(struct work *work)
{
	gather(work);
	read_address(work, INPUT_SOURCE);
	read_address(work, INPUT_DESTINATION);
	read_address(work, INPUT_CLIENT);
}

static void finish(struct work *work)
{
	put_addresses(work);
	put_user_agent(work);
	put_domain(work, INPUT_URL_DOMAIN, FIELD_URL_REGISTERED_DOMAIN, FIELD_URL_SUBDOMAIN,
		FIELD_URL_TOP_LEVEL_DOMAIN);
	put_domain(work, INPUT_DNS_NAME, FIELD_DNS_QUESTION_REGISTERED_DOMAIN,
		FIELD_DNS_QUESTION_SUBDOMAIN, FIELD_DNS_QUESTION_TOP_LEVEL_DOMAIN);
}

/* A few records at once: what their addresses are is fetched from memory meanwhile, which by
 * itself takes half of the time. Gives the number of those that had no room. */
enum { TOGETHER = 8 };

static unsigned enrich_some(struct enricher *enricher, struct scratch *scratch,
	struct arena *arena, struct record *records, unsigned n)
{
	struct work work[TOGETHER];
	unsigned n_cut = 0;

	for (unsigned i = 0; i < n; i++) {
		work[i] = (struct work){.enricher = enricher,
			.scratch = scratch,
			.arena = arena,
			.record = &records[i]};
		begin(&work[i]);
	}
	for (unsigned i = 0; i < n; i++) {
		finish(&work[i]);
		n_cut += work[i].full;
	}
	return n_cut;
}

static struct scratch *new_scratch(void)
{
	const size_t size =
		(sizeof(struct scratch) + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	struct scratch *scratch = aligned_alloc(CACHE_LINE, size);

	if (scratch != NULL)
		memset(scratch, 0, size);
	if (scratch == NULL || getrandom(&scratch->places.seed, sizeof(scratch->places.seed),
				       0) != (ssize_t)sizeof(scratch->places.seed))
		abort();
	return scratch;
}

/* The one given back last: what it knows is still in the processor's caches. */
static struct scratch *borrow(struct enricher *enricher)
{
	pthread_mutex_lock(&enricher->lock);
	struct scratch *scratch = enricher->idle;
	if (scratch != NULL)
		enricher->idle = scratch->next;
	pthread_mutex_unlock(&enricher->lock);
	return scratch != NULL ? scratch : new_scratch();
}

static void give_back(struct enricher *enricher, struct scratch *scratch)
{
	if (scratch->places.damaged > 0)
		counter_add(&damaged, scratch->places.damaged);
	scratch->places.damaged = 0;
	pthread_mutex_lock(&enricher->lock);
	scratch->next = enricher->idle;
	enricher->idle = scratch;
	pthread_mutex_unlock(&enricher->lock);
}

bool enrich_record(struct enricher *enricher, struct arena *arena, struct record *record)
{
	struct scratch *scratch = borrow(enricher);
	bool whole = enrich_some(enricher, scratch, arena, record, 1) == 0;

	give_back(enricher, scratch);
	return whole;
}

void enrich_batch(struct enricher *enricher, struct batch *batch)
{
	struct scratch *scratch = borrow(enricher);
	size_t limit = batch->arena.limit;
	unsigned n_cut = 0;

	batch->arena.limit = BATCH_FIELDS_MAX; /* the masked line has to find room as well */
	for (unsigned i = 0; i < batch->n_records; i += TOGETHER) {
		unsigned left = batch->n_records - i;

		n_cut += enrich_some(enricher, scratch, &batch->arena, &batch->records[i],
			left < TOGETHER ? left : TOGETHER);
	}
	batch->arena.limit = limit;
	if (n_cut > 0)
		counter_add(&no_room, n_cut);
	give_back(enricher, scratch);
}

/* ---- loading ---------------------------------------------------------------- */

struct loading {
	struct enricher *enricher;
	struct strbuf *mistakes, *warnings;
	bool good;
};

/* Its mark is taken before it is read: what changes in between shows as changed. */
static struct enrich_file *note_file(
	struct loading *loading, const char *what, const char *path)
{
	struct enricher *enricher = loading->enricher;
	struct enrich_file *file = &enricher->files[enricher->n_files];
	struct file_mark *mark = &enricher->marks[enricher->n_files];

	*mark = file_mark(path);
	*file = (struct enrich_file){.what = what, .path = path, .built_ns = mark->mtime_ns};
	enricher->n_files++;
	return file;
}

static void load_networks(struct loading *loading, const struct agency_register *agencies)
{
	struct enricher *enricher = loading->enricher;
	const char *path = enricher->settings.networks;

	if (path[0] == '\0')
		return;
	struct enrich_file *file = note_file(loading, "network-plan", path);
	enricher->networks = networks_load(path, agencies, loading->mistakes);
	loading->good = loading->good && enricher->networks != NULL;
	if (enricher->networks != NULL)
		snprintf(file->detail, sizeof(file->detail), "%zu prefixes",
			networks_count(enricher->networks));
}

static void load_vn(struct loading *loading)
{
	const struct setting_texts *paths = &loading->enricher->settings.vn;
	struct ranges ranges = {0};

	if (paths->n == 0)
		return;
	for (size_t i = 0; i < paths->n; i++) {
		struct enrich_file *file =
			note_file(loading, "vietnam-ranges", paths->items[i]);
		size_t before = ranges.n;

		if (!ranges_load(&ranges, paths->items[i], loading->mistakes))
			loading->good = false;
		snprintf(file->detail, sizeof(file->detail), "%zu ranges", ranges.n - before);
	}
	loading->enricher->vn = address_map_new(ranges.spans, ranges.n);
	ranges_done(&ranges);
}

static void load_geo(struct loading *loading)
{
	struct enricher *enricher = loading->enricher;
	const struct setting_texts *paths = &enricher->settings.geo;

	for (size_t i = 0; i < paths->n; i++) {
		struct enrich_file *file = note_file(loading, "geo-database", paths->items[i]);
		struct err err;
		struct geo *geo = geo_load(paths->items[i], &err);

		if (geo == NULL) {
			strbuf_addf(loading->mistakes, "%s\n", err.text);
			loading->good = false;
			continue;
		}
		enricher->places.geo[enricher->places.n_geo++] = geo;
		snprintf(file->detail, sizeof(file->detail), "%s", geo_type(geo));
		file->built_ns = geo_built_ns(geo);
	}
}

static void load_suffixes(struct loading *loading)
{
	struct enricher *enricher = loading->enricher;
	const char *path = enricher->settings.public_suffixes;

	if (path[0] != '\0' && access(path, F_OK) != 0 && errno == ENOENT) {
		strbuf_addf(loading->warnings,
			"%s: there is no such file; names outside of .vn are divided before "
			"their last label\n",
			path);
		path = "";
	}
	struct enrich_file *file =
		path[0] != '\0' ? note_file(loading, "public-suffixes", path) : NULL;
	enricher->suffixes = suffixes_load(path, loading->mistakes);
	loading->good = loading->good && enricher->suffixes != NULL;
	if (file != NULL && enricher->suffixes != NULL)
		snprintf(file->detail, sizeof(file->detail), "%zu rules",
			suffixes_count(enricher->suffixes));
}

static bool load_settings(struct loading *loading, const char *path)
{
	struct enricher *enricher = loading->enricher;

	if (access(path, F_OK) != 0 && errno == ENOENT) {
		strbuf_addf(loading->warnings,
			"%s: there is no such file; no address is looked up\n", path);
		enricher->conf = conf_parse(path, SLICE_LIT(""), enrich_settings_table,
			&enricher->settings, loading->mistakes);
	} else {
		enricher->conf = conf_load(
			path, enrich_settings_table, &enricher->settings, loading->mistakes);
	}
	return enricher->conf != NULL;
}

struct enricher *enricher_load(const char *path, const struct agency_register *agencies,
	struct strbuf *mistakes, struct strbuf *warnings)
{
	struct enricher *enricher = calloc(1, sizeof(*enricher));
	struct loading loading = {enricher, mistakes, warnings, true};

	if (enricher == NULL)
		abort();
	pthread_mutex_init(&enricher->lock, NULL);
	if (load_settings(&loading, path)) {
		load_networks(&loading, agencies);
		load_vn(&loading);
		load_geo(&loading);
		load_suffixes(&loading);
		enricher->places.networks = enricher->networks;
		enricher->places.vn = enricher->vn;
		if (loading.good)
			return enricher;
	}
	enricher_free(enricher);
	return NULL;
}

void enricher_free(struct enricher *enricher)
{
	if (enricher == NULL)
		return;
	while (enricher->idle != NULL) {
		struct scratch *scratch = enricher->idle;

		enricher->idle = scratch->next;
		free(scratch);
	}
	for (unsigned i = 0; i < enricher->places.n_geo; i++)
		geo_free(enricher->places.geo[i]);
	networks_free(enricher->networks);
	address_map_free(enricher->vn);
	suffixes_free(enricher->suffixes);
	conf_free(enricher->conf);
	pthread_mutex_destroy(&enricher->lock);
	free(enricher);
}

void enricher_files(const struct enricher *enricher,
	bool (*visit)(void *user, const struct enrich_file *file), void *user)
{
	for (unsigned i = 0; i < enricher->n_files; i++) {
		struct enrich_file file = enricher->files[i];
		struct file_mark now = file_mark(file.path);

		file.changed = !file_mark_same(&now, &enricher->marks[i]);
		if (!visit(user, &file))
			return;
	}
}
