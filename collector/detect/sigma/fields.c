#include "collector/detect/sigma/fields.h"

#include <stdlib.h>
#include <xxhash.h>

void fields_init(struct fields *fields, struct arena *arena)
{
	*fields = (struct fields){.arena = arena};
	table_init(&fields->by_key, sizeof(uint64_t), sizeof(uint32_t), FIELDS_MAX);
	table_init(&fields->by_name, sizeof(uint64_t), sizeof(uint32_t), FIELD_NAMES_MAX);
}

void fields_done(struct fields *fields)
{
	table_done(&fields->by_key);
	table_done(&fields->by_name);
	free(fields->names);
	free(fields->uses);
}

static uint64_t hash_of(struct slice text, uint64_t seed)
{
	return XXH3_64bits_withSeed(text.len ? text.ptr : "", text.len, seed);
}

static void *grown(void *list, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return list;
	*room = *room ? 2 * *room : 256;
	list = realloc(list, *room * size);
	if (list == NULL)
		abort();
	return list;
}

static bool add_use(struct fields *fields, struct slice name, struct field_use use)
{
	uint64_t hash = hash_of(name, 0);
	uint32_t *first = table_put(&fields->by_name, &hash, NULL);

	if (first == NULL)
		return false;
	fields->stars |= slice_find(name, '*') < name.len;
	fields->uses =
		grown(fields->uses, fields->n_uses, &fields->uses_room, sizeof(*fields->uses));
	use.next = *first;
	fields->uses[fields->n_uses++] = use;
	*first = (uint32_t)fields->n_uses;
	return true;
}

/* "args[2]" becomes "args" and 3; 0 without a number in brackets. */
static uint16_t cut_place(struct slice *name)
{
	size_t open = slice_find(*name, '[');
	struct slice digits = slice_from(*name, open);
	uint64_t place;

	if (open == 0 || digits.len < 3 || digits.ptr[digits.len - 1] != ']')
		return 0;
	digits = slice_of(digits.ptr + 1, digits.len - 2);
	if (!slice_to_u64(digits, FIELD_PLACES_MAX - 1, &place))
		return 0;
	*name = slice_head(*name, open);
	return (uint16_t)(place + 1);
}

/* The field's name with this rank. */
static bool add_name(struct fields *fields, struct slice name, size_t rank)
{
	struct field_use use = {
		.field = (uint16_t)(fields->n - 1),
		.rank = (uint16_t)rank,
		.place = cut_place(&name),
	};

	return add_use(fields, name, use);
}

unsigned fields_number(
	struct fields *fields, struct slice name, const struct slice *names, size_t n_names)
{
	uint64_t key = 0;
	uint32_t *number;
	bool is_new;

	for (size_t i = 0; i < n_names; i++)
		key = hash_of(names[i], key + 1);
	if (fields->by_name.n + n_names > FIELD_NAMES_MAX)
		return FIELDS_MAX;
	number = table_put(&fields->by_key, &key, &is_new);
	if (number == NULL)
		return FIELDS_MAX;
	if (!is_new)
		return *number;
	*number = (uint32_t)fields->n;
	fields->names = grown(fields->names, fields->n, &fields->room, sizeof(*fields->names));
	fields->names[fields->n++] = arena_copy(fields->arena, name);
	for (size_t i = 0; i < n_names; i++) {
		if (!add_name(fields, names[i], i))
			return FIELDS_MAX;
	}
	return (unsigned)fields->n - 1;
}

const struct field_use *fields_use(const struct fields *fields, struct slice name)
{
	uint64_t hash = hash_of(name, 0);
	const uint32_t *first = table_get(&fields->by_name, &hash);

	return first ? &fields->uses[*first - 1] : NULL;
}
