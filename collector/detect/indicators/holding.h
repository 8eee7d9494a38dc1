/* holding - the inside of struct indicators, for indicators.c and match.c */
#ifndef COLLECTOR_DETECT_INDICATORS_HOLDING_H
#define COLLECTOR_DETECT_INDICATORS_HOLDING_H

#include <stdatomic.h>

#include "collector/detect/indicators/indicators.h"

struct indicator_source {
	char *name;
	const char *format; /* NULL before its first file */
	size_t files;
	struct list_counts counts;
};

struct indicators {
	_Atomic unsigned refs;
	struct indicator_table *table;
	struct warning_lists *warnings;
	struct suffixes *suffixes;
	struct indicator_source *sources; /* INDICATOR_SOURCES_MAX */
	size_t n_sources;
	size_t suppressed;
	uint64_t mark; /* of the files and settings it was read from */
	size_t by_type[INDICATOR_TYPES];
	_Atomic uint64_t matches, expired;
};

struct indicator_view indicator_view_of(
	const struct indicators *indicators, const struct indicator_entry *entry);

#endif
