/*
 * named_device - devices that write name="value" pairs, told by the names they always have
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_NAMED_DEVICE_H
#define COLLECTOR_NORMALIZE_NAMED_DEVICE_H

#include "collector/normalize/families/device.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"

/* Meanings beside those of names.h; a product's own begin at NAMED_END. */
enum named_meaning {
	NAMED_LATER = NAME_MEANING_END, /* finish() reads it */
	NAMED_TRANSPORT,
	NAMED_PROTOCOL,
	NAMED_APPLICATION,
	NAMED_DIRECTION,
	NAMED_SECONDS,
	NAMED_HASH,
	NAMED_USER, /* the first of several */
	NAMED_END,
};

enum { NAMED_REQUIRED_MAX = 4 };

struct named_reading {
	struct record *record;
	struct parse_context *context;
	const struct pairs *pairs;
};

struct named_device {
	struct device device;
	struct slice required[NAMED_REQUIRED_MAX]; /* names every line has */
	struct name_table *table;
	void (*finish)(const struct named_reading *reading); /* what it tells */
};

/* Of context->message. Names not in the table become values of the module's own. */
enum parse_result named_device_parse(struct record *record, struct parse_context *context,
	const struct named_device *device);

/* For formats that read their pairs themselves: one of them under its meaning, which is of this
 * file or of names.h; 0 = its name is not known. */
void named_device_put(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair, unsigned meaning);

struct slice named_value(const struct named_reading *reading, const char *name);

#endif
