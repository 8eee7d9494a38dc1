/*
 * csv - comma-separated values of devices, whose documents say what stands at which place
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_CSV_H
#define COLLECTOR_NORMALIZE_CSV_H

#include "collector/normalize/text/names.h"

enum { CSV_VALUES_MAX = 160 };

struct csv {
	unsigned n; /* values behind CSV_VALUES_MAX are not read */
	struct slice values[CSV_VALUES_MAX];
};

/* What stands at a place, counted from 0. */
struct csv_column {
	unsigned at;
	unsigned meaning; /* enum field_id, or enum csv_meaning */
};

enum csv_meaning {
	CSV_TRANSPORT = NAME_MEANING_END,
	CSV_PROTOCOL,    /* network.protocol, in lower case */
	CSV_APPLICATION, /* network.application, likewise */
	CSV_DURATION,    /* seconds */
	CSV_START,
	CSV_HASH,
	CSV_DIRECTION,
	CSV_URL,
};

/* Values in double quotes may hold commas, and "" for one quote. */
void csv_read(struct csv *csv, struct slice text, struct parse_context *context);

/* SLICE_NONE behind the end. */
static inline struct slice csv_at(const struct csv *csv, unsigned at)
{
	return at < csv->n ? csv->values[at] : SLICE_NONE;
}

/* Adds the values that are not empty. */
void csv_put(struct record *record, struct parse_context *context, const struct csv *csv,
	const struct csv_column *columns, size_t n);

#endif
