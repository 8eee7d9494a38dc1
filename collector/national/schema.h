/*
 * schema - JSON Schema (draft 2020-12), the part our schemas use
 *
 * The published schema file is what checks: there is no second description of
 * a message in C. Keywords: $ref to #/$defs/NAME, type, const (texts), enum (of
 * texts), pattern (the part that POSIX extended regular expressions and
 * ECMA-262 share), minLength, maxLength, minimum, maximum, minItems, maxItems,
 * items, properties, required, additionalProperties: false, oneOf; titles and
 * descriptions are passed over. Any other keyword makes schema_read() fail: a
 * rule is never silently left out. A test holds it against another
 * implementation over many changed documents.
 *
 * Not thread-safe: one thread at a time per schema.
 */
#ifndef COLLECTOR_NATIONAL_SCHEMA_H
#define COLLECTOR_NATIONAL_SCHEMA_H

#include "collector/national/json_file.h"

struct schema;

/* NULL on failure. The caller frees. */
MUST_USE struct schema *schema_read(struct slice text, struct err *err);

/* NULL is fine. */
void schema_free(struct schema *schema);

/* False when the document does not fit: every mistake is added, with the way to the value. */
MUST_USE bool schema_check(
	struct schema *schema, const struct json_file *file, struct mistakes *mistakes);

#endif
