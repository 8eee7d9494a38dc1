/*
 * flatten - a JSON object (RFC 8259) into names with dots and values
 *
 *	{"host":{"name":"a"},"tags":["x","y"]}  ->  host.name=a  tags=x  tags=y
 *
 * No tree is built and little is copied: values and names of the outermost
 * object are slices of the text; strings with escapes and names with dots are
 * put together in the arena. Nesting, length of names and number of values are
 * bounded. Invalid UTF-8 is passed on.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_FLATTEN_H
#define COLLECTOR_NORMALIZE_FLATTEN_H

#include "common/arena.h"

enum {
	FLATTEN_DEPTH_MAX = 32,
	FLATTEN_NAME_MAX = 256,    /* bytes; values below longer names are left out */
	FLATTEN_VALUES_MAX = 8192, /* more are JSON too, but not read */
};

enum flatten_result {
	FLATTEN_OK,
	FLATTEN_NO_OBJECT, /* does not start with '{' */
	FLATTEN_BROKEN,    /* no JSON, or too deep; values up to there were given */
	FLATTEN_FULL,      /* the arena is full */
};

/* Strings, numbers and truth values; null is left out. Both live as long as the text and
 * the arena. */
typedef void flatten_function(void *user, struct slice name, struct slice value);

enum flatten_result flatten(
	struct slice text, struct arena *arena, flatten_function *on_value, void *user);

#endif
