/*
 * source_word - what the settings of an input say of how its sources are to be read
 *
 * One word of a chunk's source, made once from format and zone (common/reading.h). A zone's
 * name is looked up here: the collector need not know this host's zones.
 */
#ifndef AGENT_INPUTS_SOURCE_WORD_H
#define AGENT_INPUTS_SOURCE_WORD_H

#include "common/chunk.h"
#include "common/err.h"

struct source_word {
	char text[CHUNK_WORD_MAX + 1];
};

/* `zone` and `charset` may be "". */
MUST_USE bool source_word_make(const char *format, const char *zone, const char *charset,
	struct source_word *word, struct err *err);

#endif
