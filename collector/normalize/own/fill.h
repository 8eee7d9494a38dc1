/*
 * fill - what was read of a line into the fields of its record
 *
 * Constants first, then the values in their order, then tables. Of a field
 * that takes one value the later wins; an empty value or "-" is none.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_OWN_FILL_H
#define COLLECTOR_NORMALIZE_OWN_FILL_H

#include "collector/normalize/own/tree.h"

struct own_constant {
	struct own_target target;
	struct slice value;
};

struct own_constants {
	const struct own_constant *items;
	unsigned n;
};

/* A name of a key=value or JSON tail. FIELD_NONE: its value is left out. */
struct own_name {
	struct slice name;
	struct own_target target;
};

struct own_word {
	struct slice word, value;
};

struct own_table {
	struct own_target from, to;
	const struct own_word *words; /* sorted; equal words in their order */
	unsigned n;
	struct slice otherwise; /* or absent */
};

struct own_fill {
	const struct own_constants *constants; /* by pattern */
	const struct own_name *names;          /* sorted */
	unsigned n_names;
	const struct own_table *tables;
	unsigned n_tables;
};

/* By bytes, the shorter of two equal starts first. */
int own_compare(struct slice a, struct slice b);

enum parse_result own_fill(const struct own_fill *fill, const struct own_end *end,
	const struct own_values *values, struct record *record, struct parse_context *context);

#endif
