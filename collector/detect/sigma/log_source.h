/* log_source - which kind of events a rule is for: category, product and service, any absent */
#ifndef COLLECTOR_DETECT_SIGMA_LOG_SOURCE_H
#define COLLECTOR_DETECT_SIGMA_LOG_SOURCE_H

#include "common/arena.h"
#include "common/tree.h"

enum { LOG_SOURCE_PARTS = 3 };

struct log_source {
	struct slice parts[LOG_SOURCE_PARTS]; /* category, product, service; absent = any */
};

extern const char *const log_source_keys[LOG_SOURCE_PARTS];

/*
 * Reads these keys of a mapping; other keys ("definition") are left to the caller. Texts are
 * copied, letters made small. False after a mistake.
 */
MUST_USE bool log_source_read(const struct tree_node *map, struct arena *arena,
	struct log_source *source, struct mistakes *mistakes);

/* Every part of `wide` is the same in `narrow`. */
bool log_source_holds(const struct log_source *wide, const struct log_source *narrow);

bool log_source_eq(const struct log_source *a, const struct log_source *b);

/* How many parts are given. */
unsigned log_source_parts(const struct log_source *source);

/* "category process_creation, product windows"; "any" without parts. For people. */
void log_source_show(const struct log_source *source, struct strbuf *out);

/* The value of `key`, or NULL. */
const struct tree_node *map_value(const struct tree_node *map, const char *key);

#endif
