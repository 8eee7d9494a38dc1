/*
 * name_table - what the names of a format mean, found by hash
 *
 *	static const struct name_entry entries[] = {NAME("src", FIELD_SOURCE_IP), ...};
 *	static struct name_table table = NAME_TABLE(entries);
 *	...
 *	unsigned meaning = name_table_find(&table, pair->name, pair->hash);
 *
 * A table is made ready by the first who asks, and is immutable from then on;
 * its memory stays until the program ends. Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_NAME_TABLE_H
#define COLLECTOR_NORMALIZE_NAME_TABLE_H

#include "common/slice.h"

struct name_entry {
	struct slice name;
	unsigned meaning; /* never 0 */
};

#define NAME(text, what)                                                                       \
	{                                                                                      \
		{SLICE_BYTES(text)}, (what)                                                    \
	}

struct name_slots;

struct name_table {
	const struct name_entry *entries; /* of two with one name the earlier counts */
	size_t n;
	_Atomic(struct name_slots *) slots;
};

#define NAME_TABLE(list)                                                                       \
	{                                                                                      \
		.entries = (list), .n = ARRAY_LEN(list)                                        \
	}

/* `hash` is name_hash() of the name; 0 when the table lacks it. */
unsigned name_table_find(struct name_table *table, struct slice name, uint32_t hash);

#endif
