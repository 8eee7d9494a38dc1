/*
 * reading - how a source is to be read: its parser, its time zone, its character set
 *
 * An agent's settings say it, the collector does it. It travels as one word, the format of a
 * chunk's source (chunk.h):
 *
 *	PARSER[;zone=RULE][;charset=NAME]
 *
 * PARSER is a parser's name, "auto" or nothing; RULE is what zone_parse() reads; NAME is one of
 * charset.h. What is not said is the collector's to know. Attributes of other names are passed
 * over: a younger agent may know more than we do.
 *
 * Any thread.
 */
#ifndef COMMON_READING_H
#define COMMON_READING_H

#include "common/chunk.h"
#include "common/slice.h"

struct reading {
	struct slice format, zone, charset; /* "" = not said */
};

/* False when they are longer than a word of a chunk together. */
MUST_USE bool reading_write(const struct reading *reading, char word[CHUNK_WORD_MAX + 1]);

/* Slices of `word`. */
struct reading reading_read(struct slice word);

#endif
