/*
 * fortigate - what FortiOS' fields mean, for its own format and for its CEF
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_FORTIGATE_H
#define COLLECTOR_NORMALIZE_FORTIGATE_H

#include "collector/normalize/text/names.h"

/* Of a field's name without CEF's prefix: enum field_id, enum name_meaning or a number above
 * them that fortigate_put() knows; 0 = no other than the name says. */
unsigned fortigate_meaning(struct slice name, uint32_t hash);

void fortigate_put(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair, unsigned meaning);

/* After all values, which are in `pairs`: what the log tells, and when. CEF writes most names
 * behind a prefix, `cef` says. */
void fortigate_finish(struct record *record, struct parse_context *context,
	const struct pairs *pairs, bool cef);

#endif
