/*
 * table - a hash table of fixed-size keys and values, for counting
 *
 * Keys are compared as bytes: zero a key struct before filling it. Entries
 * live in one array and are never removed one by one; table_clear() empties
 * it and keeps the memory. Grows by doubling up to `most` entries.
 *
 * Not thread-safe.
 */
#ifndef COMMON_TABLE_H
#define COMMON_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"

struct table {
	size_t key_size, value_size; /* bytes */
	size_t stride;               /* of an entry: value, key, padding to 8 */
	size_t n, most;              /* entries */
	size_t room;                 /* slots, a power of two; 0 before the first entry */
	char *entries;               /* n of (value, key) */
	uint32_t *slots;             /* number of the entry + 1; 0 = free */
	size_t entries_room;
};

void table_init(struct table *table, size_t key_size, size_t value_size, size_t most);
void table_done(struct table *table);
void table_clear(struct table *table);

/* The value of `key`, zeroed when it is new (*is_new, may be NULL). NULL when the table is
 * full. Valid until the next table_put(). */
MUST_USE void *table_put(struct table *table, const void *key, bool *is_new);

/* NULL when there is none. */
void *table_get(const struct table *table, const void *key);

/* Entry `i` < table->n, in order of arrival. */
static inline void *table_value(const struct table *table, size_t i)
{
	return table->entries + i * table->stride;
}

/* Of a value in the table: its `i`. */
static inline size_t table_index(const struct table *table, const void *value)
{
	return (size_t)((const char *)value - table->entries) / table->stride;
}

static inline const void *table_key(const struct table *table, size_t i)
{
	return (const char *)table_value(table, i) + table->value_size;
}

#endif
