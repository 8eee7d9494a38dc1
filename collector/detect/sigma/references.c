#include "collector/detect/sigma/references.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "collector/detect/sigma/meaning.h"
#include "collector/detect/sigma/rule_loading.h"
#include "collector/detect/sigma/rule_set.h"

/* ---- names -------------------------------------------------------------------------- */

struct name_use {
	uint32_t rule;
	uint32_t before; /* the use of this name before it, + 1; 0 = none */
};

static void add_name(struct rule_names *names, struct slice name, uint32_t rule)
{
	uint64_t key = XXH3_64bits(name.ptr ? name.ptr : "", name.len);
	uint32_t *last;

	if (name.len == 0)
		return;
	last = table_put(&names->by_name, &key, NULL);
	if (last == NULL)
		abort(); /* as many as there are names */
	names->uses[names->n_uses] = (struct name_use){.rule = rule, .before = *last};
	*last = (uint32_t)++names->n_uses;
}

void rule_names_init(struct rule_names *names, struct sigma_rule *rules, size_t n)
{
	*names = (struct rule_names){.rules = rules, .n = n};
	table_init(&names->by_name, sizeof(uint64_t), sizeof(uint32_t), 2 * n + 1);
	names->uses = calloc(2 * n + 1, sizeof(*names->uses));
	if (names->uses == NULL)
		abort();
	for (size_t i = n; i-- > 0;) {
		add_name(names, rules[i].id, (uint32_t)i);
		add_name(names, rules[i].name, (uint32_t)i);
	}
}

void rule_names_done(struct rule_names *names)
{
	table_done(&names->by_name);
	free(names->uses);
}

static bool is_called(const struct sigma_rule *rule, struct slice name)
{
	return slice_eq(rule->id, name) || slice_eq(rule->name, name);
}

enum { NAMESAKES_MAX = 1000 }; /* looked at: rules of one name are few, unless somebody plays */

struct sigma_rule *rule_names_find(
	const struct rule_names *names, struct slice name, const char *path)
{
	uint64_t key = XXH3_64bits(name.ptr ? name.ptr : "", name.len);
	const uint32_t *last = table_get(&names->by_name, &key);
	struct sigma_rule *found = NULL;
	unsigned n = 0;

	/* the first rule is the last use */
	for (uint32_t use = last ? *last : 0; use != 0 && n < NAMESAKES_MAX; n++) {
		struct sigma_rule *rule = &names->rules[names->uses[use - 1].rule];

		if (is_called(rule, name) && strcmp(rule->path, path) == 0)
			return rule;
		if (is_called(rule, name) && found == NULL)
			found = rule;
		use = names->uses[use - 1].before;
	}
	return found;
}

/* ---- an order: rules before those that refer to them --------------------------------- */

/* A correlation waits for another one. */
struct edge {
	uint32_t waits;
	uint32_t next; /* edge to the same one, + 1; 0 = none */
};

struct resolving {
	const struct rule_names *names;
	struct rule_loading *loading;
	struct edge *edges;
	size_t n_edges, edges_room;
	uint32_t *first; /* by rule: edge of those that wait for it, + 1 */
	uint32_t *waits; /* by rule: for how many */
	uint32_t *ready; /* rules whose turn it is, a queue */
	size_t n_ready;
	struct mistakes *said; /* of the rule whose turn it is */
};

static struct correlation *correlation_of(const struct resolving *resolving, uint32_t rule)
{
	return resolving->names->rules[rule].correlation;
}

static void add_edge(struct resolving *resolving, uint32_t from, uint32_t to)
{
	resolving->edges = room_for_one(resolving->edges, resolving->n_edges,
		&resolving->edges_room, sizeof(*resolving->edges));
	resolving->edges[resolving->n_edges++] =
		(struct edge){.waits = from, .next = resolving->first[to]};
	resolving->first[to] = (uint32_t)resolving->n_edges;
	resolving->waits[from]++;
}

static bool find_rules(struct resolving *resolving, uint32_t number)
{
	struct correlation *correlation = correlation_of(resolving, number);
	const char *path = resolving->names->rules[number].path;

	for (size_t i = 0; i < correlation->n_rules; i++) {
		struct correlation_rule *one = &correlation->rules[i];
		struct sigma_rule *rule = rule_names_find(resolving->names, one->name, path);

		if (rule == NULL || rule->kind == SIGMA_FILTER) {
			mistake_add(resolving->said, one->at, "rules: there is no rule %s",
				MISTAKE_TEXT(one->name));
			return false;
		}
		one->rule = (uint32_t)(rule - resolving->names->rules);
	}
	return true;
}

static void wait_for_rules(struct resolving *resolving, uint32_t number)
{
	const struct correlation *correlation = correlation_of(resolving, number);

	for (size_t i = 0; i < correlation->n_rules; i++) {
		uint32_t rule = correlation->rules[i].rule;

		if (resolving->names->rules[rule].kind == SIGMA_CORRELATION &&
			sigma_rule_is_loaded(&resolving->names->rules[rule]))
			add_edge(resolving, number, rule);
	}
	if (resolving->waits[number] == 0)
		resolving->ready[resolving->n_ready++] = number;
}

/* ---- fields -------------------------------------------------------------------------- */

/* An alias names its rule by id or by name, and the list of rules by the other, perhaps. */
static bool settle_aliases(struct resolving *resolving, struct correlation *correlation)
{
	for (size_t i = 0; i < correlation->n_aliases; i++) {
		struct correlation_alias *alias = &correlation->aliases[i];
		size_t k = 0;

		while (k < correlation->n_rules &&
			!slice_eq(correlation->rules[k].name, alias->rule) &&
			!is_called(&resolving->names->rules[correlation->rules[k].rule],
				alias->rule))
			k++;
		if (k == correlation->n_rules) {
			mistake_add(resolving->said, alias->at,
				"aliases: %s is not among the rules",
				MISTAKE_TEXT(alias->rule));
			return false;
		}
		alias->rule = correlation->rules[k].name;
	}
	return true;
}

/* What an entry's sources are gathered from, and into. */
struct gathering {
	struct resolving *resolving;
	const struct correlation_rule *of;
	size_t n_fields;
	struct correlation_source sources[CORRELATION_SOURCES_MAX];
	size_t n;
};

static bool field_number(struct gathering *gathering, const struct sigma_rule *rule,
	struct slice name, uint16_t *number)
{
	struct resolving *resolving = gathering->resolving;
	struct detection detection =
		rule_loading_detection(resolving->loading, &rule->source, resolving->said);

	*number = (uint16_t)detection.field(detection.user, name, gathering->of->at);
	return *number != FIELD_NUMBER_ANY;
}

/* Where a correlation that closes has the field: among its group-by only. */
static bool group_number(struct gathering *gathering, const struct sigma_rule *rule,
	struct slice name, uint16_t *number)
{
	const struct correlation *closes = rule->correlation;

	for (size_t i = 0; i < closes->n_group; i++) {
		*number = (uint16_t)i;
		if (slice_eq(closes->group_by[i], name))
			return true;
	}
	mistake_add(gathering->resolving->said, gathering->of->at,
		"rules: %s is known when a timespan is over, and then has no field %s",
		MISTAKE_TEXT(gathering->of->name), MISTAKE_TEXT(name));
	return false;
}

static bool add_source(struct gathering *gathering, uint32_t number, const struct slice *names)
{
	const struct sigma_rule *rule = &gathering->resolving->names->rules[number];
	uint16_t *fields;

	if (gathering->n == CORRELATION_SOURCES_MAX) {
		mistake_add(gathering->resolving->said, gathering->of->at,
			"rules: more than %d rules below", CORRELATION_SOURCES_MAX);
		return false;
	}
	fields = arena_alloc(gathering->resolving->loading->arena,
		(gathering->n_fields + 1) * sizeof(*fields));
	if (fields == NULL) {
		mistake_add(gathering->resolving->said, gathering->of->at, "too many rules");
		return false;
	}
	for (size_t i = 0; i < gathering->n_fields; i++) {
		if (!(rule->correlation ? group_number(gathering, rule, names[i], &fields[i])
					: field_number(gathering, rule, names[i], &fields[i])))
			return false;
	}
	gathering->sources[gathering->n++] =
		(struct correlation_source){.rule = number, .fields = fields};
	return true;
}

/* Events of detections pass through correlations that do not close; their aliases count. As
 * deep as CORRELATION_DEPTH_MAX. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bool gather(struct gathering *gathering, uint32_t number, const struct slice *names)
{
	const struct correlation *inner =
		gathering->resolving->names->rules[number].correlation;
	struct slice below[CORRELATION_GROUP_MAX + CORRELATION_FIELDS_MAX];

	if (inner == NULL || inner->closes)
		return add_source(gathering, number, names);
	for (size_t i = 0; i < inner->n_rules; i++) {
		for (size_t k = 0; k < gathering->n_fields; k++)
			below[k] = correlation_field(inner, &inner->rules[i], names[k]);
		if (!gather(gathering, inner->rules[i].rule, below))
			return false;
	}
	return true;
}

static bool find_sources(struct gathering *gathering, struct correlation *correlation,
	struct correlation_rule *of)
{
	struct slice names[CORRELATION_GROUP_MAX + CORRELATION_FIELDS_MAX];
	struct correlation_source *sources;

	gathering->of = of;
	gathering->n = gathering->n_fields = 0;
	for (size_t i = 0; i < correlation->n_group; i++)
		names[gathering->n_fields++] =
			correlation_field(correlation, of, correlation->group_by[i]);
	for (size_t i = 0; i < correlation->n_values; i++)
		names[gathering->n_fields++] =
			correlation_field(correlation, of, correlation->values[i]);
	if (!gather(gathering, of->rule, names))
		return false;
	sources = arena_alloc(
		gathering->resolving->loading->arena, (gathering->n + 1) * sizeof(*sources));
	if (sources == NULL) {
		mistake_add(gathering->resolving->said, of->at, "too many rules");
		return false;
	}
	memcpy(sources, gathering->sources, gathering->n * sizeof(*sources));
	of->sources = sources;
	of->n_sources = gathering->n;
	return true;
}

/* ---- one correlation ------------------------------------------------------------------ */

/* Its rules are resolved by now, if they are to be. */
static bool check_rules(struct resolving *resolving, struct correlation *correlation)
{
	for (size_t i = 0; i < correlation->n_rules; i++) {
		const struct correlation_rule *one = &correlation->rules[i];
		const struct sigma_rule *rule = &resolving->names->rules[one->rule];

		if (!sigma_rule_is_loaded(rule)) {
			mistake_add(resolving->said, one->at, "rules: %s was refused (%s:%u)",
				MISTAKE_TEXT(one->name), rule->path, rule->line);
			return false;
		}
		if (rule->correlation && rule->correlation->height >= correlation->height)
			correlation->height = rule->correlation->height + 1;
	}
	if (correlation->height > CORRELATION_DEPTH_MAX) {
		mistake_add(resolving->said, correlation->rules[0].at,
			"rules: more than %d correlations of correlations",
			CORRELATION_DEPTH_MAX);
		return false;
	}
	return true;
}

static bool find_fields(struct resolving *resolving, struct correlation *correlation)
{
	struct gathering gathering = {.resolving = resolving};

	for (size_t i = 0; i < correlation->n_rules; i++) {
		if (!find_sources(&gathering, correlation, &correlation->rules[i]))
			return false;
	}
	return true;
}

/* With those of the rules it refers to. */
static uint32_t version_of(struct resolving *resolving, uint32_t number)
{
	const struct correlation *correlation = correlation_of(resolving, number);
	uint64_t meaning = resolving->names->rules[number].version;

	for (size_t i = 0; i < correlation->n_rules; i++) {
		uint32_t of = resolving->names->rules[correlation->rules[i].rule].version;

		meaning = meaning_of_text(slice_of(&of, sizeof(of)), meaning);
	}
	return meaning_short(meaning);
}

static bool resolve(struct resolving *resolving, uint32_t number)
{
	struct correlation *correlation = correlation_of(resolving, number);

	correlation->height = 1;
	if (!check_rules(resolving, correlation) || !settle_aliases(resolving, correlation) ||
		!find_fields(resolving, correlation))
		return false;
	resolving->names->rules[number].version = version_of(resolving, number);
	return true;
}

/* ---- all of them ------------------------------------------------------------------------ */

typedef bool step(struct resolving *resolving, uint32_t number);

static void try(struct resolving *resolving, uint32_t number, step *one)
{
	struct sigma_rule *rule = &resolving->names->rules[number];
	struct strbuf text = STRBUF_INIT(1 << 16);
	struct mistakes said = mistakes_into(&text, rule->path);

	resolving->said = &said;
	if (!one(resolving, number))
		rule_loading_refuse(resolving->loading, rule, &text);
	resolving->said = NULL;
	strbuf_done(&text);
}

/* Those that wait for each other, or for such. */
static bool refuse_circle(struct resolving *resolving, uint32_t number)
{
	const struct correlation *correlation = correlation_of(resolving, number);
	const struct correlation_rule *back = &correlation->rules[0];

	for (size_t i = 0; i < correlation->n_rules; i++) {
		if (resolving->waits[correlation->rules[i].rule] > 0)
			back = &correlation->rules[i];
	}
	mistake_add(resolving->said, back->at,
		"rules: %s leads round in a circle of correlations", MISTAKE_TEXT(back->name));
	return false;
}

static bool is_correlation(const struct resolving *resolving, uint32_t number)
{
	return resolving->names->rules[number].correlation != NULL;
}

static void find_all(struct resolving *resolving)
{
	for (uint32_t i = 0; i < resolving->names->n; i++) {
		if (is_correlation(resolving, i))
			try(resolving, i, find_rules);
	}
	for (uint32_t i = 0; i < resolving->names->n; i++) {
		if (is_correlation(resolving, i))
			wait_for_rules(resolving, i);
	}
}

static void resolve_in_order(struct resolving *resolving)
{
	for (size_t i = 0; i < resolving->n_ready; i++) {
		uint32_t number = resolving->ready[i];

		try(resolving, number, resolve);
		for (uint32_t at = resolving->first[number]; at != 0;
			at = resolving->edges[at - 1].next) {
			uint32_t waits = resolving->edges[at - 1].waits;

			if (--resolving->waits[waits] == 0)
				resolving->ready[resolving->n_ready++] = waits;
		}
	}
	for (uint32_t i = 0; i < resolving->names->n; i++) {
		if (resolving->waits[i] > 0)
			try(resolving, i, refuse_circle);
	}
}

static void make_silent(const struct rule_names *names)
{
	bool *told = calloc(names->n + 1, sizeof(*told));

	if (told == NULL)
		abort();
	for (size_t i = 0; i < names->n; i++) {
		const struct correlation *correlation = names->rules[i].correlation;

		for (size_t k = 0; correlation != NULL && k < correlation->n_rules; k++) {
			names->rules[correlation->rules[k].rule].silent = true;
			told[correlation->rules[k].rule] |= correlation->generate;
		}
	}
	for (size_t i = 0; i < names->n; i++)
		names->rules[i].silent &= !told[i];
	free(told);
}

void references_resolve(const struct rule_names *names, struct rule_loading *loading)
{
	struct resolving resolving = {.names = names,
		.loading = loading,
		.first = calloc(names->n + 1, sizeof(uint32_t)),
		.waits = calloc(names->n + 1, sizeof(uint32_t)),
		.ready = calloc(names->n + 1, sizeof(uint32_t))};

	if (resolving.first == NULL || resolving.waits == NULL || resolving.ready == NULL)
		abort();
	find_all(&resolving);
	resolve_in_order(&resolving);
	make_silent(names);
	free(resolving.edges);
	free(resolving.first);
	free(resolving.waits);
	free(resolving.ready);
}
