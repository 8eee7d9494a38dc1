#include "common/table.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { ROOM_FIRST = 64 };

void table_init(struct table *table, size_t key_size, size_t value_size, size_t most)
{
	*table = (struct table){
		.key_size = key_size,
		.value_size = value_size,
		.stride = (key_size + value_size + 7) & ~(size_t)7,
		.most = most,
	};
}

void table_done(struct table *table)
{
	free(table->entries);
	free(table->slots);
	*table = (struct table){0};
}

void table_clear(struct table *table)
{
	if (table->n > 0)
		memset(table->slots, 0, table->room * sizeof(*table->slots));
	table->n = 0;
}

/* The slot of the key, or the free one where it belongs. */
static uint32_t *slot_of(const struct table *table, const void *key)
{
	size_t at = XXH3_64bits(key, table->key_size) & (table->room - 1);

	while (table->slots[at] != 0 &&
		memcmp(table_key(table, table->slots[at] - 1), key, table->key_size) != 0)
		at = (at + 1) & (table->room - 1);
	return &table->slots[at];
}

static void grow(struct table *table)
{
	size_t room = table->room ? table->room * 2 : ROOM_FIRST;
	char *entries = realloc(table->entries, room / 2 * table->stride);
	uint32_t *slots = calloc(room, sizeof(*slots));

	if (entries == NULL || slots == NULL)
		abort();
	free(table->slots);
	table->entries = entries;
	table->entries_room = room / 2;
	table->slots = slots;
	table->room = room;
	for (size_t i = 0; i < table->n; i++)
		*slot_of(table, table_key(table, i)) = (uint32_t)(i + 1);
}

void *table_get(const struct table *table, const void *key)
{
	if (table->n == 0)
		return NULL;

	uint32_t slot = *slot_of(table, key);
	return slot ? table_value(table, slot - 1) : NULL;
}

void *table_put(struct table *table, const void *key, bool *is_new)
{
	void *value = table_get(table, key);

	if (is_new != NULL)
		*is_new = value == NULL;
	if (value != NULL)
		return value;
	if (table->n == table->most)
		return NULL;
	if (table->n == table->entries_room)
		grow(table);

	char *entry = table->entries + table->n * table->stride;
	memset(entry, 0, table->value_size);
	memcpy(entry + table->value_size, key, table->key_size);
	uint32_t *slot = slot_of(table, key);
	table->n++;
	*slot = (uint32_t)table->n;
	return entry;
}
