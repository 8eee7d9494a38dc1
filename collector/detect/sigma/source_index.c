#include "collector/detect/sigma/source_index.h"

#include <stdlib.h>
#include <xxhash.h>

#include "collector/detect/sigma/rule_loading.h"

/* A log source as pipelines define it; one of its alternatives must hold. */
struct group {
	const struct log_source *what;
	uint32_t *sources; /* that need it first */
	size_t n_sources, room;
};

/* A log source of rules. */
struct source {
	uint32_t needs[LOG_SOURCE_PARTS]; /* groups, all of which must hold */
	unsigned n_needs;
};

/* What of a field decides which definitions hold: its values, or, where they would be too many,
 * whether these atoms hold. */
struct key_field {
	uint16_t field; /* FIELD_NUMBER_ANY: keywords */
	bool by_value;
	const struct expression **atoms;
	size_t n_atoms, room;
};

struct source_index {
	const struct definition *definitions;
	const struct expression *const *expressions;
	size_t n_definitions;
	uint32_t *group_of; /* by definition */
	struct prefilter *prefilter;

	struct group *groups;
	size_t n_groups;
	struct source *sources;
	size_t n_sources, sources_room;
	uint32_t *everywhere; /* sources of any event */
	size_t n_everywhere, everywhere_room;

	struct key_field *keys;
	size_t n_keys, keys_room;
};

/* ---- what decides ------------------------------------------------------------------ */

static struct key_field *key_of(struct source_index *index, uint16_t field)
{
	for (size_t i = 0; i < index->n_keys; i++) {
		if (index->keys[i].field == field)
			return &index->keys[i];
	}
	index->keys = room_for_one(
		index->keys, index->n_keys, &index->keys_room, sizeof(*index->keys));
	index->keys[index->n_keys] = (struct key_field){.field = field};
	return &index->keys[index->n_keys++];
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void collect_atoms(struct source_index *index, const struct expression *expression)
{
	struct key_field *key;

	if (expression->kind != EXPRESSION_ATOM) {
		for (unsigned i = 0; i < expression->n_parts; i++)
			collect_atoms(index, expression->parts[i]);
		return;
	}
	key = key_of(index, expression->atom.field);
	key->atoms = room_for_one(key->atoms, key->n_atoms, &key->room, sizeof(*key->atoms));
	key->atoms[key->n_atoms++] = expression;
}

/* Fields compared with whole texts have few values; what is searched for something in it may
 * have a new one in every event. What asks for more than the value itself is asked. */
static bool is_by_value(const struct key_field *key)
{
	bool whole = false;

	for (size_t i = 0; i < key->n_atoms; i++) {
		const struct atom *atom = &key->atoms[i]->atom;

		if (atom->field == FIELD_NUMBER_ANY || atom->test == ATOM_REGEX ||
			atom->test == ATOM_FIELD)
			return false;
		whole |= atom->test == ATOM_NUMBER ||
			 (atom->test == ATOM_PATTERN && atom->pattern.kind == PATTERN_WHOLE);
	}
	return whole;
}

static void find_keys(struct source_index *index)
{
	for (size_t i = 0; i < index->n_definitions; i++)
		collect_atoms(index, index->expressions[i]);
	for (size_t i = 0; i < index->n_keys; i++)
		index->keys[i].by_value = is_by_value(&index->keys[i]);
}

/* ---- groups and sources ------------------------------------------------------------ */

static uint32_t group_of(struct source_index *index, const struct log_source *what)
{
	for (size_t i = 0; i < index->n_groups; i++) {
		if (log_source_eq(index->groups[i].what, what))
			return (uint32_t)i;
	}
	index->groups[index->n_groups] = (struct group){.what = what};
	return (uint32_t)index->n_groups++;
}

static void make_groups(struct source_index *index)
{
	index->groups = calloc(index->n_definitions + 1, sizeof(*index->groups));
	index->group_of = calloc(index->n_definitions + 1, sizeof(*index->group_of));
	if (index->groups == NULL || index->group_of == NULL)
		abort();
	for (size_t i = 0; i < index->n_definitions; i++)
		index->group_of[i] = group_of(index, &index->definitions[i].source);
}

struct source_index *source_index_new(const struct pipelines *pipelines,
	const struct expression *const *expressions, struct err *err)
{
	struct source_index *index = calloc(1, sizeof(*index));

	if (index == NULL)
		abort();
	index->n_definitions = pipelines_definitions(pipelines, &index->definitions);
	index->expressions = expressions;
	make_groups(index);
	find_keys(index);
	index->prefilter = prefilter_new(expressions, index->n_definitions, err);
	if (index->prefilter != NULL)
		return index;
	source_index_free(index);
	return NULL;
}

void source_index_free(struct source_index *index)
{
	if (index == NULL)
		return;
	for (size_t i = 0; i < index->n_keys; i++)
		free(index->keys[i].atoms);
	for (size_t i = 0; i < index->n_groups; i++)
		free(index->groups[i].sources);
	prefilter_free(index->prefilter);
	free(index->everywhere);
	free(index->group_of);
	free(index->groups);
	free(index->sources);
	free(index->keys);
	free(index);
}

/* Parts that are given, as bits. */
static unsigned parts_of(const struct log_source *what)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < LOG_SOURCE_PARTS; i++)
		bits |= (unsigned)!slice_absent(what->parts[i]) << i;
	return bits;
}

/* The groups that tell most of the log source first, then those that tell what is still
 * missing. Returns the parts that are told. */
static unsigned resolve(
	const struct source_index *index, const struct log_source *what, struct source *source)
{
	unsigned told = 0;

	for (int parts = LOG_SOURCE_PARTS; parts > 0; parts--) {
		for (uint32_t i = 0; i < index->n_groups; i++) {
			const struct log_source *group = index->groups[i].what;
			unsigned bits = parts_of(group);

			if (__builtin_popcount(bits) != parts || (bits & ~told) == 0 ||
				!log_source_holds(group, what))
				continue;
			told |= bits;
			source->needs[source->n_needs++] = i;
		}
	}
	return told;
}

static void put_to_group(struct group *group, uint32_t source)
{
	group->sources = room_for_one(
		group->sources, group->n_sources, &group->room, sizeof(*group->sources));
	group->sources[group->n_sources++] = source;
}

bool source_index_add(struct source_index *index, const struct log_source *what)
{
	struct source source = {0};
	uint32_t number = (uint32_t)index->n_sources;
	bool known = resolve(index, what, &source) == parts_of(what);

	index->sources = room_for_one(index->sources, index->n_sources, &index->sources_room,
		sizeof(*index->sources));
	index->sources[index->n_sources++] = source;
	if (known && source.n_needs > 0) {
		put_to_group(&index->groups[source.needs[0]], number);
	} else if (known) {
		index->everywhere = room_for_one(index->everywhere, index->n_everywhere,
			&index->everywhere_room, sizeof(*index->everywhere));
		index->everywhere[index->n_everywhere++] = number;
	}
	return known;
}

/* ---- finding ----------------------------------------------------------------------- */

/* What came out for a key. */
struct memory {
	uint16_t key_len; /* 0 = none */
	uint16_t n_held;
	uint32_t held[SOURCE_HELD_MAX]; /* groups */
	char key[SOURCE_KEY_MAX];
};

struct source_finder {
	const struct source_index *index;
	struct prefilter_scratch *scratch;
	struct memory *memories; /* SOURCE_SLOTS */
	struct strbuf key;       /* of the event at hand */
	bool *holds;             /* by group */
	uint32_t *held;          /* groups that do */
	size_t n_held;
	uint32_t *sources;
};

struct source_finder *source_finder_new(
	const struct source_index *index, struct prefilter_scratch *scratch, struct err *err)
{
	struct source_finder *finder;

	if (!prefilter_scratch_fit(scratch, index->prefilter, err))
		return NULL;
	finder = calloc(1, sizeof(*finder));
	if (finder == NULL)
		abort();
	finder->index = index;
	finder->scratch = scratch;
	finder->memories = calloc(SOURCE_SLOTS, sizeof(*finder->memories));
	strbuf_init(&finder->key, SOURCE_KEY_MAX);
	finder->holds = calloc(index->n_groups + 1, sizeof(*finder->holds));
	finder->held = calloc(index->n_groups + 1, sizeof(*finder->held));
	finder->sources = calloc(index->n_sources + 1, sizeof(*finder->sources));
	if (finder->memories == NULL || finder->holds == NULL || finder->held == NULL ||
		finder->sources == NULL)
		abort();
	return finder;
}

void source_finder_free(struct source_finder *finder)
{
	if (finder == NULL)
		return;
	strbuf_done(&finder->key);
	free(finder->memories);
	free(finder->holds);
	free(finder->held);
	free(finder->sources);
	free(finder);
}

/* Length and bytes. */
static bool add_value(struct strbuf *key, struct slice text)
{
	uint16_t len = (uint16_t)text.len;

	if (text.len > SOURCE_KEY_MAX)
		return false;
	strbuf_add(key, slice_of((const char *)&len, sizeof(len)));
	strbuf_add(key, text);
	return !key->overflow;
}

static bool add_values(
	struct strbuf *key, const struct sigma_event *event, const struct key_field *field)
{
	const struct event_item *item = event_first(event, field->field);

	for (; item != NULL; item = event_next(event, item)) {
		if (!add_value(key, event->values[item->value].text))
			return false;
	}
	return true;
}

static bool add_outcomes(
	struct strbuf *key, struct sigma_event *event, const struct key_field *field)
{
	for (size_t i = 0; i < field->n_atoms; i++)
		strbuf_add_byte(key, expression_holds(field->atoms[i], event) ? '1' : '0');
	return !key->overflow;
}

/* All that definitions can see of the event: a field that is not named is absent. */
static bool make_key(struct source_finder *finder, struct sigma_event *event)
{
	struct strbuf *key = &finder->key;
	const struct source_index *index = finder->index;

	strbuf_reset(key);
	for (size_t i = 0; i < index->n_keys; i++) {
		const struct key_field *field = &index->keys[i];

		if (field->field != FIELD_NUMBER_ANY &&
			event_first(event, field->field) == NULL)
			continue;
		/* no value is as long as this number says */
		uint16_t mark = (uint16_t)(SOURCE_KEY_MAX + 1 + i);
		strbuf_add(key, slice_of((const char *)&mark, sizeof(mark)));
		if (field->by_value ? !add_values(key, event, field)
				    : !add_outcomes(key, event, field))
			return false;
	}
	return !key->overflow;
}

static void hold(struct source_finder *finder, uint32_t group)
{
	if (finder->holds[group])
		return;
	finder->holds[group] = true;
	finder->held[finder->n_held++] = group;
}

static void find_held(struct source_finder *finder, struct sigma_event *event)
{
	const struct source_index *index = finder->index;
	const uint32_t *candidates;
	size_t n = prefilter_scan(
		index->prefilter, finder->scratch, strbuf_slice(&event->folded), &candidates);

	for (size_t i = 0; i < n; i++) {
		uint32_t group = index->group_of[candidates[i]];

		if (!finder->holds[group] &&
			expression_holds(index->expressions[candidates[i]], event))
			hold(finder, group);
	}
}

static void remember(struct source_finder *finder, struct memory *memory)
{
	if (finder->n_held > SOURCE_HELD_MAX)
		return;
	memcpy(memory->key, finder->key.ptr, finder->key.len);
	memcpy(memory->held, finder->held, finder->n_held * sizeof(*finder->held));
	memory->key_len = (uint16_t)finder->key.len;
	memory->n_held = (uint16_t)finder->n_held;
}

/* The same by memory, where the event is like one before. */
static void recall_or_find_held(struct source_finder *finder, struct sigma_event *event)
{
	struct memory *memory;

	if (!make_key(finder, event) || finder->key.len == 0) {
		find_held(finder, event);
		return;
	}
	memory =
		&finder->memories[XXH3_64bits(finder->key.ptr, finder->key.len) % SOURCE_SLOTS];
	if (memory->key_len == finder->key.len &&
		memcmp(memory->key, finder->key.ptr, finder->key.len) == 0) {
		for (unsigned i = 0; i < memory->n_held; i++)
			hold(finder, memory->held[i]);
		return;
	}
	find_held(finder, event);
	remember(finder, memory);
}

static bool all_held(const struct source_finder *finder, const struct source *source)
{
	for (unsigned i = 0; i < source->n_needs; i++) {
		if (!finder->holds[source->needs[i]])
			return false;
	}
	return true;
}

static size_t sources_of_held(struct source_finder *finder)
{
	const struct source_index *index = finder->index;
	size_t n = 0;

	for (size_t i = 0; i < index->n_everywhere; i++)
		finder->sources[n++] = index->everywhere[i];
	for (size_t i = 0; i < finder->n_held; i++) {
		const struct group *group = &index->groups[finder->held[i]];

		for (size_t k = 0; k < group->n_sources; k++) {
			if (all_held(finder, &index->sources[group->sources[k]]))
				finder->sources[n++] = group->sources[k];
		}
	}
	return n;
}

size_t source_finder_find(struct source_finder *finder, struct sigma_event *event,
	const uint32_t **sources, bool *any)
{
	size_t n;

	for (size_t i = 0; i < finder->n_held; i++)
		finder->holds[finder->held[i]] = false;
	finder->n_held = 0;
	recall_or_find_held(finder, event);
	n = sources_of_held(finder);
	*sources = finder->sources;
	*any = finder->n_held > 0;
	return n;
}
