/*
 * take - one value of an own format at one place of a line
 *
 * From one place a value has one end, whatever follows: reading never comes
 * back. The work is the bytes looked at, at most a few times those that are
 * left of the line.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_OWN_TAKE_H
#define COLLECTOR_NORMALIZE_OWN_TAKE_H

#include "collector/normalize/own/pattern.h"

/* *rest moves behind the value when it is there; `value` is the value as it stands in the line,
 * without its quotes. *work grows by the bytes looked at, also when it is not. */
MUST_USE bool own_take(const struct own_shape *shape, struct parse_context *context,
	struct slice *rest, struct slice *value, size_t *work);

/* Marks the bytes that it can begin with; false when that may be any. */
MUST_USE bool own_first_bytes(const struct own_shape *shape, bool can[256]);

#endif
