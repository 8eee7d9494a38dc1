/*
 * documents - JSON objects of one product, read by a table of its names
 *
 *	static const struct name_entry entries[] = {NAME("remoteAddr", FIELD_SOURCE_IP), ...};
 *	static struct name_table names = NAME_TABLE(entries);
 *
 * Names that the table lacks are kept below the product's event.module, so that nothing a
 * product writes down for somebody else can name a field.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_DOCUMENTS_H
#define COLLECTOR_NORMALIZE_DOCUMENTS_H

#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"

/* The message as one JSON object in context->pairs; false when it is none, or lacks a value of
 * one of the names, which NULL ends. */
bool document_read(struct parse_context *context, const char *const *names);

/*
 * All values of context->pairs under the meanings of `names` (enum field_id or enum
 * name_meaning), and the time. PARSED or PARSED_DAMAGED; leaves no message, but the field.
 */
enum parse_result document_put(
	struct record *record, struct parse_context *context, struct name_table *names);

/* What a value of a product means. */
struct value_meaning {
	struct slice value;
	struct meaning meaning;
};

#define VALUE(text, ...)                                                                       \
	{                                                                                      \
		{SLICE_BYTES(text)},                                                           \
		{                                                                              \
			__VA_ARGS__                                                            \
		}                                                                              \
	}

/* NULL when the list lacks it. */
const struct meaning *meaning_of_value(
	const struct value_meaning *list, size_t n, struct slice value);

#endif
