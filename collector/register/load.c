/*
 * load - the file into an agency_register, with the checks that tables cannot express
 *
 * The written structs (settings.h) stay: mistakes are reported where they were
 * written. A part with a mistake is left as it is, so that the checks behind it
 * find theirs too; the half-built register is thrown away at the end.
 */
#include <stdlib.h>

#include "collector/register/private.h"
#include "common/clock.h"
#include "common/file.h"

enum { ARENA_MAX = 256 << 20 };

void *register_alloc(struct register_build *build, size_t n, size_t size)
{
	void *items = arena_alloc(&build->agencies->arena, n * size);

	if (items == NULL)
		mistake_add(build->mistakes, (struct pos){0}, "too many entries");
	else
		memset(items, 0, n * size);
	return items;
}

bool register_number(struct register_build *build, const char *const *text, uint32_t *number)
{
	uint64_t value;

	if (!slice_to_u64(slice_str(*text), UINT32_MAX, &value)) {
		REGISTER_WRONG(build, text, "must be the number of an agency, not %s",
			MISTAKE_TEXT(slice_str(*text)));
		return false;
	}
	*number = (uint32_t)value;
	return true;
}

/* ---- dates and zones ------------------------------------------------------ */

static bool two_digits(struct slice text, size_t at, unsigned *value)
{
	uint64_t number;

	if (!slice_to_u64(slice_of(text.ptr + at, 2), 99, &number))
		return false;
	*value = (unsigned)number;
	return true;
}

/* "2025-07-01" is its first moment in the province. */
static bool parse_day(struct slice text, int32_t zone_seconds, int64_t *ns)
{
	struct civil civil = {.offset_seconds = zone_seconds};
	uint64_t year;

	if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-' ||
		!slice_to_u64(slice_head(text, 4), 9999, &year))
		return false;
	civil.year = (int)year;
	return two_digits(text, 5, &civil.month) && two_digits(text, 8, &civil.day) &&
	       clock_from_civil(&civil, ns);
}

static bool read_day(struct register_build *build, const char *const *text, int64_t *ns)
{
	if (parse_day(slice_str(*text), build->agencies->province.zone_seconds, ns))
		return true;
	REGISTER_WRONG(build, text, "must be a day like 2025-07-01, not %s",
		MISTAKE_TEXT(slice_str(*text)));
	return false;
}

/* "+07:00" */
static bool parse_zone(struct slice text, int32_t *seconds)
{
	unsigned hours, minutes;

	if (text.len != 6 || (text.ptr[0] != '+' && text.ptr[0] != '-') || text.ptr[3] != ':' ||
		!two_digits(text, 1, &hours) || !two_digits(text, 4, &minutes) || hours > 14 ||
		minutes > 59)
		return false;
	*seconds = (int32_t)(hours * 3600 + minutes * 60) * (text.ptr[0] == '-' ? -1 : 1);
	return true;
}

/* ---- identifiers ---------------------------------------------------------- */

/* ^[0-9A-Z]+(\.[0-9A-Z]+)*$ */
static bool is_identifier(struct slice text)
{
	struct slice rest = text, part;

	while (slice_cut(&rest, '.', &part)) {
		if (part.len == 0)
			return false;
		for (size_t i = 0; i < part.len; i++) {
			char byte = part.ptr[i];

			if (!(byte >= '0' && byte <= '9') && !(byte >= 'A' && byte <= 'Z'))
				return false;
		}
	}
	return text.len > 0;
}

static void add_warning(
	struct register_build *build, const void *member, const char *words, struct slice text)
{
	mistake_add(build->warnings, conf_at(build->agencies->conf, member), "%s %s",
		MISTAKE_TEXT(text), words);
}

/* Does it begin (new form) or end (old form) with the province's code? */
static bool is_of_province(struct slice identifier, struct slice code)
{
	if (slice_starts(identifier, code))
		return identifier.len == code.len || identifier.ptr[code.len] == '.';
	return slice_ends(identifier, code) &&
	       identifier.ptr[identifier.len - code.len - 1] == '.';
}

static void check_identifier(struct register_build *build, const char *const *member)
{
	struct slice text = slice_str(*member);

	if (!is_identifier(text)) {
		REGISTER_WRONG(build, member,
			"identifier %s must be groups of 0-9 and A-Z with points between them",
			MISTAKE_TEXT(text));
		return;
	}
	if (text.len > AGENCY_IDENTIFIER_FINE)
		add_warning(build, member,
			"is longer than 13 characters; some receivers refuse that", text);
	if (!is_of_province(text, slice_str(build->agencies->province.code)))
		add_warning(build, member, "does not hold the code of the province", text);
}

/* ---- agencies ------------------------------------------------------------- */

static void build_province(struct register_build *build)
{
	struct written_register *written = &build->agencies->written;
	struct agency_province *province = &build->agencies->province;

	province->code = written->province.code;
	province->name = written->province.name;
	province->name_en = written->province.name_en;
	if (!is_identifier(slice_str(province->code)) || strchr(province->code, '.') != NULL)
		REGISTER_WRONG(build, &written->province.code,
			"the code of a province is one group of 0-9 and A-Z");
	if (!parse_zone(slice_str(written->province.utc_offset), &province->zone_seconds))
		REGISTER_WRONG(build, &written->province.utc_offset,
			"must be an offset like +07:00, not %s",
			MISTAKE_TEXT(slice_str(written->province.utc_offset)));
}

/* Reads the day of an entry of a dated list; it must be later than the one before. */
static bool read_later_day(
	struct register_build *build, const char *const *text, int64_t before_ns, int64_t *ns)
{
	if (!read_day(build, text, ns))
		return false;
	if (*ns > before_ns)
		return true;
	REGISTER_WRONG(build, text, "must be later than the day of the entry before it");
	return false;
}

static bool build_attributes(struct register_build *build, struct agency *agency,
	const struct written_agency *written)
{
	const struct written_attributes *items = written->attributes.items;
	struct agency_attributes *built =
		register_alloc(build, written->attributes.n, sizeof(*built));
	int64_t before_ns = INT64_MIN;

	if (built == NULL)
		return false;
	for (size_t i = 0; i < written->attributes.n; i++) {
		built[i] = (struct agency_attributes){
			.from_ns = before_ns,
			.identifier = items[i].identifier,
			.name = items[i].name,
			.name_en = items[i].name_en,
			.parent = items[i].parent,
		};
		check_identifier(build, &items[i].identifier);
		if (read_later_day(build, &items[i].from, before_ns, &built[i].from_ns))
			before_ns = built[i].from_ns;
	}
	agency->attributes = built;
	agency->n_attributes = written->attributes.n;
	return true;
}

static bool build_levels(struct register_build *build, struct agency_system *system,
	const struct written_system *written)
{
	const struct written_level *changes = written->changes.items;
	struct agency_level *built =
		register_alloc(build, written->changes.n + 1, sizeof(*built));

	if (built == NULL)
		return false;
	built[0] = (struct agency_level){INT64_MIN, (uint8_t)written->level};
	for (size_t i = 0; i < written->changes.n; i++) {
		built[i + 1].level = (uint8_t)changes[i].level;
		if (!read_later_day(
			    build, &changes[i].from, built[i].from_ns, &built[i + 1].from_ns))
			built[i + 1].from_ns = built[i].from_ns;
	}
	system->levels = built;
	system->n_levels = written->changes.n + 1;
	return true;
}

static int by_system_number(const void *a, const void *b)
{
	const struct written_system *one = *(const struct written_system *const *)a;
	const struct written_system *two = *(const struct written_system *const *)b;

	if (one->number != two->number)
		return one->number < two->number ? -1 : 1;
	return one < two ? -1 : one > two;
}

/* Pointers to the items of a written list, sorted. */
static const void **sorted(struct register_build *build, const struct setting_sections *list,
	size_t size, int (*compare)(const void *, const void *))
{
	const void **pointers = register_alloc(build, list->n, sizeof(*pointers));

	if (pointers == NULL)
		return NULL;
	for (size_t i = 0; i < list->n; i++)
		pointers[i] = (const char *)list->items + i * size;
	qsort(pointers, list->n, sizeof(*pointers), compare);
	return pointers;
}

static bool build_systems(struct register_build *build, struct agency *agency,
	const struct written_agency *written)
{
	size_t n = written->systems.n;
	const void **order = sorted(
		build, &written->systems, sizeof(struct written_system), by_system_number);
	struct agency_system *built = register_alloc(build, n, sizeof(*built));

	if (order == NULL || built == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct written_system *system = order[i];

		built[i].number = (uint16_t)system->number;
		built[i].name = system->name;
		if (!build_levels(build, &built[i], system))
			return false;
		if (i > 0 && built[i].number == built[i - 1].number)
			REGISTER_WRONG(build, &system->number,
				"system %u stands twice in agency %u", system->number,
				written->number);
	}
	agency->systems = built;
	agency->n_systems = n;
	return true;
}

static void build_default_system(struct register_build *build, struct agency *agency,
	const struct written_agency *written)
{
	const struct written_system *first = written->systems.items;
	uint32_t number = written->default_system ? written->default_system : first->number;

	agency->default_system = agency_system(agency, (uint16_t)number);
	if (agency->default_system == NULL)
		REGISTER_WRONG(build, &written->default_system, "agency %u has no system %u",
			written->number, number);
}

static bool build_agency(struct register_build *build, struct agency *agency,
	const struct written_agency *written)
{
	agency->number = written->number;
	agency->contacts = written->contacts;
	agency->closed_ns = INT64_MAX;
	if (!build_attributes(build, agency, written) || !build_systems(build, agency, written))
		return false;
	build_default_system(build, agency, written);
	if (written->closed[0] == '\0')
		return true;
	if (read_day(build, &written->closed, &agency->closed_ns) &&
		agency->closed_ns <= agency->attributes[agency->n_attributes - 1].from_ns)
		REGISTER_WRONG(build, &written->closed,
			"must be later than the day of its last attributes");
	return true;
}

static int by_agency_number(const void *a, const void *b)
{
	const struct written_agency *one = *(const struct written_agency *const *)a;
	const struct written_agency *two = *(const struct written_agency *const *)b;

	if (one->number != two->number)
		return one->number < two->number ? -1 : 1;
	return one < two ? -1 : one > two;
}

static bool build_agencies(struct register_build *build)
{
	const struct setting_sections *list = &build->agencies->written.agencies;
	const void **order =
		sorted(build, list, sizeof(struct written_agency), by_agency_number);
	struct agency *built = register_alloc(build, list->n, sizeof(*built));

	if (order == NULL || built == NULL)
		return false;
	for (size_t i = 0; i < list->n; i++) {
		const struct written_agency *written = order[i];

		if (!build_agency(build, &built[i], written))
			return false;
		if (i > 0 && built[i].number == built[i - 1].number)
			REGISTER_WRONG(build, &written->number,
				"agency %u stands twice; numbers are never used again",
				written->number);
	}
	build->order = order;
	build->agencies->agencies = built;
	build->agencies->n_agencies = list->n;
	return true;
}

/* What was written of agency number `i` of the array. */
static const struct written_agency *written_agency(const struct register_build *build, size_t i)
{
	return build->order[i];
}

/* ---- parents -------------------------------------------------------------- */

/* Every cycle is complete at the day its last edge began, so walking up from each entry on
 * its own first day finds all. */
static void check_parents_of(
	struct register_build *build, const struct written_attributes *written, int64_t at_ns)
{
	uint32_t parent = written->parent;

	for (unsigned height = 0; parent != 0; height++) {
		const struct agency *agency = agencies_find(build->agencies, parent);

		if (height == AGENCY_PARENTS_MAX) {
			REGISTER_WRONG(build, &written->parent,
				"parents form a circle, or stand more than %d high",
				AGENCY_PARENTS_MAX);
			return;
		}
		if (agency == NULL) {
			if (height == 0)
				REGISTER_WRONG(build, &written->parent, "there is no agency %u",
					parent);
			return;
		}
		parent = agency_attributes_at(agency, at_ns)->parent;
	}
}

static void check_parents(struct register_build *build)
{
	for (size_t i = 0; i < build->agencies->n_agencies; i++) {
		const struct agency *agency = &build->agencies->agencies[i];
		const struct written_attributes *items =
			written_agency(build, i)->attributes.items;

		for (size_t j = 0; j < agency->n_attributes; j++)
			check_parents_of(build, &items[j], agency->attributes[j].from_ns);
	}
}

/* ---- identifiers that two agencies have at the same time ------------------ */

struct bearing {
	const char *identifier;
	int64_t from_ns, until_ns;
	uint32_t agency;
	const char *const *written;
};

static int by_identifier(const void *a, const void *b)
{
	const struct bearing *one = a, *two = b;
	int order = strcmp(one->identifier, two->identifier);

	if (order != 0)
		return order;
	return one->from_ns < two->from_ns ? -1 : one->from_ns > two->from_ns;
}

static size_t count_attributes(const struct agency_register *agencies)
{
	size_t n = 0;

	for (size_t i = 0; i < agencies->n_agencies; i++)
		n += agencies->agencies[i].n_attributes;
	return n;
}

static size_t add_bearings(const struct agency *agency, const struct written_agency *written,
	struct bearing *bearings)
{
	const struct written_attributes *items = written->attributes.items;
	size_t n = agency->n_attributes;

	for (size_t i = 0; i < n; i++) {
		bearings[i] = (struct bearing){
			.identifier = agency->attributes[i].identifier,
			.from_ns = agency->attributes[i].from_ns,
			.until_ns = i + 1 < n ? agency->attributes[i + 1].from_ns
					      : agency->closed_ns,
			.agency = agency->number,
			.written = &items[i].identifier,
		};
	}
	return n;
}

static void report_shared_identifiers(
	struct register_build *build, const struct bearing *bearings, size_t n)
{
	const struct bearing *latest = &bearings[0]; /* that ends last, of this identifier */

	for (size_t i = 1; i < n; i++) {
		const struct bearing *next = &bearings[i];
		bool same = strcmp(next->identifier, latest->identifier) == 0;

		if (same && next->agency != latest->agency && next->from_ns < latest->until_ns)
			REGISTER_WRONG(build, next->written,
				"agency %u has the identifier %s at the same time",
				latest->agency, MISTAKE_TEXT(slice_str(next->identifier)));
		if (!same || next->until_ns > latest->until_ns)
			latest = next;
	}
}

static void check_identifiers(struct register_build *build)
{
	size_t n = 0, room = count_attributes(build->agencies);
	struct bearing *bearings = register_alloc(build, room, sizeof(*bearings));

	if (bearings == NULL)
		return;
	for (size_t i = 0; i < build->agencies->n_agencies; i++)
		n += add_bearings(
			&build->agencies->agencies[i], written_agency(build, i), bearings + n);
	qsort(bearings, n, sizeof(*bearings), by_identifier);
	report_shared_identifiers(build, bearings, n);
}

/* ---- hosts ---------------------------------------------------------------- */

static int by_host(const void *a, const void *b)
{
	const struct host_entry *one = a, *two = b;

	if (one->agency != two->agency)
		return one->agency < two->agency ? -1 : 1;
	if (one->host != two->host)
		return one->host < two->host ? -1 : 1;
	if (one->from_ns != two->from_ns)
		return one->from_ns < two->from_ns ? -1 : 1;
	return one->written < two->written ? -1 : one->written > two->written;
}

static void add_host(struct register_build *build, const struct agency *agency,
	const struct written_host *written, struct host_entry *entry)
{
	*entry = (struct host_entry){
		.agency = agency->number,
		.host = written->number,
		.from_ns = INT64_MIN,
		.system = (uint16_t)written->system,
		.written = written,
	};
	if (agency_system(agency, entry->system) == NULL)
		REGISTER_WRONG(build, &written->system, "agency %u has no system %u",
			agency->number, written->system);
	if (written->from[0] != '\0')
		(void)read_day(build, &written->from, &entry->from_ns);
}

static size_t count_hosts(const struct agency_register *agencies)
{
	const struct written_agency *written = agencies->written.agencies.items;
	size_t n = 0;

	for (size_t i = 0; i < agencies->written.agencies.n; i++)
		n += written[i].hosts.n;
	return n;
}

static void check_hosts(struct register_build *build)
{
	const struct host_entry *hosts = build->agencies->hosts;

	for (size_t i = 1; i < build->agencies->n_hosts; i++) {
		if (hosts[i].agency == hosts[i - 1].agency &&
			hosts[i].host == hosts[i - 1].host &&
			hosts[i].from_ns == hosts[i - 1].from_ns)
			REGISTER_WRONG(build, &hosts[i].written->number,
				"host %u of agency %u is in two systems from the same day on",
				hosts[i].host, hosts[i].agency);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct host_entry *one = *(const struct host_entry *const *)a;
	const struct host_entry *other = *(const struct host_entry *const *)b;

	return register_compare_named(one, other->agency, slice_str(other->written->name));
}

static void index_names(struct register_build *build)
{
	struct agency_register *agencies = build->agencies;
	const struct host_entry **named =
		register_alloc(build, agencies->n_hosts, sizeof(*named));

	if (named == NULL)
		return;
	for (size_t i = 0; i < agencies->n_hosts; i++) {
		if (agencies->hosts[i].written->name[0] != '\0')
			named[agencies->n_named++] = &agencies->hosts[i];
	}
	agencies->named = named;
	if (agencies->n_named > 0)
		qsort(named, agencies->n_named, sizeof(*named), by_name);
}

static void build_hosts(struct register_build *build)
{
	struct agency_register *agencies = build->agencies;
	size_t n = count_hosts(agencies);

	agencies->hosts = register_alloc(build, n, sizeof(*agencies->hosts));
	if (agencies->hosts == NULL)
		return;
	for (size_t i = 0; i < agencies->n_agencies; i++) {
		const struct written_agency *written = written_agency(build, i);
		const struct written_host *hosts = written->hosts.items;

		for (size_t j = 0; j < written->hosts.n; j++)
			add_host(build, &agencies->agencies[i], &hosts[j],
				&agencies->hosts[agencies->n_hosts++]);
	}
	if (n > 0)
		qsort(agencies->hosts, n, sizeof(*agencies->hosts), by_host);
	check_hosts(build);
	index_names(build);
}

/* ---- the whole ------------------------------------------------------------ */

static void build_register(struct register_build *build)
{
	build_province(build);
	if (!build_agencies(build))
		return;
	check_parents(build);
	check_identifiers(build);
	build_hosts(build);
	attribution_build(build);
}

static struct agency_register *register_new(void)
{
	struct agency_register *agencies = calloc(1, sizeof(*agencies));

	if (agencies == NULL)
		abort();
	atomic_init(&agencies->references, 1);
	arena_init(&agencies->arena, ARENA_MAX);
	return agencies;
}

struct agency_register *agencies_parse(
	const char *name, struct slice text, struct strbuf *mistakes, struct strbuf *warnings)
{
	struct agency_register *agencies = register_new();
	struct mistakes found = mistakes_into(mistakes, name);
	struct mistakes warned = mistakes_into(warnings, name);
	struct register_build build = {agencies, &found, &warned};

	agencies->conf =
		conf_parse(name, text, agencies_settings_table, &agencies->written, mistakes);
	if (agencies->conf != NULL)
		build_register(&build);
	mistakes_end(&warned);
	if (!mistakes_end(&found) || agencies->conf == NULL) {
		agencies_unref(agencies);
		return NULL;
	}
	return agencies;
}

struct agency_register *agencies_load(
	const char *path, struct strbuf *mistakes, struct strbuf *warnings)
{
	struct strbuf text = STRBUF_INIT(CONF_FILE_MAX);
	struct agency_register *agencies = NULL;
	struct err err;

	if (file_read(path, &text, &err))
		agencies = agencies_parse(path, strbuf_slice(&text), mistakes, warnings);
	else
		strbuf_addf(mistakes, "%s\n", err.text);
	strbuf_done(&text);
	return agencies;
}
