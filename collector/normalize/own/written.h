/* written - a file of an own format as it was written; for format.c */
#ifndef COLLECTOR_NORMALIZE_OWN_WRITTEN_H
#define COLLECTOR_NORMALIZE_OWN_WRITTEN_H

#include "collector/record/record.h"
#include "common/conf.h"

enum {
	OWN_FILE_MAX = 1 << 20, /* bytes */
	OWN_NUMBER_MIN = PARSER_OWN_MIN,
	OWN_NUMBER_MAX = PARSER_OWN_MAX,
	OWN_PATTERNS_MAX = 1000,
	OWN_PROGRAMS_MAX = 16,
};

struct written_pattern {
	const char *match;
	struct setting_pairs set;
};

struct written_values {
	const char *from, *to;
	struct setting_pairs table;
	const char *otherwise; /* "" = nothing */
};

struct written_sample {
	const char *line;
	bool fits;
	struct setting_pairs fields;
};

struct written_format {
	uint32_t number;
	const char *summary, *source, *module, *zone, *prefix;
	bool lines, messages;
	struct setting_texts programs, continues;
	struct setting_pairs set, names;
	struct setting_sections values, patterns, samples;
};

extern const struct setting written_format_table[];

#endif
