/*
 * json_file - a JSON text whose values know where they were written
 *
 * Any bytes may be given: what is no JSON (RFC 8259), too large, or names a
 * member twice is a mistake.
 */
#ifndef COLLECTOR_NATIONAL_JSON_FILE_H
#define COLLECTOR_NATIONAL_JSON_FILE_H

#include <yyjson.h>

#include "common/mistakes.h"

enum { JSON_FILE_MAX = 16 << 20 };

struct json_file;

/* NULL after a mistake; the caller frees. */
MUST_USE struct json_file *json_file_read(struct slice text, struct mistakes *mistakes);

/* NULL is fine. */
void json_file_free(struct json_file *file);

yyjson_val *json_file_root(const struct json_file *file);

/* Where a text (also the key of a member) stands; line 0 for other values. */
struct pos json_file_at(const struct json_file *file, yyjson_val *text);

static inline struct slice json_file_text(yyjson_val *value)
{
	return yyjson_is_str(value) ? slice_of(yyjson_get_str(value), yyjson_get_len(value))
				    : SLICE_NONE;
}

#endif
