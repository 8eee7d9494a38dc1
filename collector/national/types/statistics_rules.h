/*
 * statistics_rules - what a statistics message must say beyond its schema
 *
 * The key is made of its parts, the id of key and revision, a window is one of
 * its kind, nothing stands twice, a manifest's totals are its sums. Private to
 * national/.
 */
#ifndef COLLECTOR_NATIONAL_TYPES_STATISTICS_RULES_H
#define COLLECTOR_NATIONAL_TYPES_STATISTICS_RULES_H

#include "collector/national/json_file.h"

/* `file` must fit the schema. */
void statistics_rules(const struct json_file *file, struct mistakes *mistakes);

#endif
