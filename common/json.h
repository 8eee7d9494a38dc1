/*
 * json - writing JSON (RFC 8259) into a strbuf
 *
 * The writer puts the commas: begin objects and arrays, name keys, give
 * values. Any bytes become valid JSON text: invalid UTF-8 is repaired with
 * U+FFFD, controls are escaped. Reading is yyjson's work.
 *
 * Not thread-safe; one writer, one buffer.
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include "common/strbuf.h"

struct json {
	struct strbuf *out;
	bool comma; /* the next value or key needs one */
};

static inline struct json json_into(struct strbuf *out)
{
	return (struct json){.out = out};
}

void json_object(struct json *json);
void json_object_end(struct json *json);
void json_array(struct json *json);
void json_array_end(struct json *json);

void json_key(struct json *json, struct slice key);

/* An absent slice is written as null. */
void json_text(struct json *json, struct slice text);
void json_u64(struct json *json, uint64_t value);
void json_i64(struct json *json, int64_t value);
void json_double(struct json *json, double value); /* NaN and infinities become null */
void json_bool(struct json *json, bool value);
void json_null(struct json *json);

/* `value` is JSON already, of one value. */
void json_raw(struct json *json, struct slice value);

/* Key and value at once; keys are literals. */
void json_put_text(struct json *json, const char *key, struct slice text);
void json_put_str(struct json *json, const char *key, const char *text);
void json_put_u64(struct json *json, const char *key, uint64_t value);
void json_put_i64(struct json *json, const char *key, int64_t value);
void json_put_bool(struct json *json, const char *key, bool value);
/* RFC 3339, UTC, with `digits` of a second; null for what is not after 1970: not known. */
void json_put_time(struct json *json, const char *key, int64_t ns, unsigned digits);
void json_put_id(struct json *json, const char *key, uint64_t id); /* text: 16 digits, hex */

/* The inside of a JSON string, without the quotes. */
void json_escape(struct strbuf *out, struct slice text);

enum { JSON_ESCAPED_MAX = 6 }; /* bytes one byte becomes: "\u0000" */

/* The same at `to`, where JSON_ESCAPED_MAX bytes a byte have room; the place behind. */
char *json_escape_to(char *to, struct slice text);

#endif
