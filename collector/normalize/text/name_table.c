#include "collector/normalize/text/name_table.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "collector/normalize/text/pairs.h"

struct name_slots {
	uint32_t mask; /* one less than a power of two, more than twice the entries */
	struct {
		uint32_t hash;
		uint32_t entry; /* 1 + its index; 0 = empty */
	} items[];
};

static void add(struct name_slots *slots, uint32_t hash, uint32_t entry)
{
	uint32_t at = hash & slots->mask;

	while (slots->items[at].entry != 0)
		at = (at + 1) & slots->mask;
	slots->items[at].hash = hash;
	slots->items[at].entry = entry;
}

static struct name_slots *make(const struct name_table *table)
{
	uint32_t n = 4;

	while (n <= 2 * table->n)
		n *= 2;
	struct name_slots *slots = calloc(1, sizeof(*slots) + n * sizeof(slots->items[0]));
	if (slots == NULL)
		abort();
	slots->mask = n - 1;
	for (size_t i = 0; i < table->n; i++)
		add(slots, name_hash(table->entries[i].name), (uint32_t)i + 1);
	return slots;
}

/* Of several who come first at once, one publishes. */
static struct name_slots *make_and_publish(struct name_table *table)
{
	struct name_slots *made = make(table), *published = NULL;

	if (atomic_compare_exchange_strong(&table->slots, &published, made))
		return made;
	free(made);
	return published;
}

unsigned name_table_find(struct name_table *table, struct slice name, uint32_t hash)
{
	struct name_slots *slots = atomic_load_explicit(&table->slots, memory_order_acquire);

	if (slots == NULL)
		slots = make_and_publish(table);
	for (uint32_t at = hash & slots->mask; slots->items[at].entry != 0;
		at = (at + 1) & slots->mask) {
		const struct name_entry *entry = &table->entries[slots->items[at].entry - 1];

		if (slots->items[at].hash == hash && slice_eq(entry->name, name))
			return entry->meaning;
	}
	return 0;
}
