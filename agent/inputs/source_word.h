/*
 * source_word - what the settings of an input say of how its sources are to be read
 *
 * One word of a chunk's source, made once from format and zone (common/reading.h). A zone's
 * name is looked up here: the collector need not know this host's zones.
 */
#ifndef AGENT_INPUTS_SOURCE_WORD_H
#define AGENT_INPUTS_SOURCE_WORD_H

#include "common/charset.h"
#include "common/chunk.h"
#include "common/err.h"

struct source_word {
	char text[CHUNK_WORD_MAX + 1];
};

/* A file may tell by its first bytes that it is UTF-16: by charset, what is declared else. */
enum { WORD_DECLARED, WORD_UTF_16LE, WORD_UTF_16BE, WORDS };

struct source_words {
	enum charset declared;
	struct source_word of[WORDS];
};

MUST_USE bool source_words_make(const char *format, const char *zone, const char *charset,
	struct source_words *words, struct err *err);

static inline const char *source_words_get(
	const struct source_words *words, enum charset charset)
{
	if (charset == CHARSET_UTF_16LE && charset != words->declared)
		return words->of[WORD_UTF_16LE].text;
	if (charset == CHARSET_UTF_16BE && charset != words->declared)
		return words->of[WORD_UTF_16BE].text;
	return words->of[WORD_DECLARED].text;
}

/* `zone` and `charset` may be "". */
MUST_USE bool source_word_make(const char *format, const char *zone, const char *charset,
	struct source_word *word, struct err *err);

#endif
