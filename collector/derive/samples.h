/*
 * samples - a few lines of each source that no parser knows, and the fields that came
 *
 * Of what a source delivers only some records are looked into, LOOKS_AN_HOUR
 * that were read and as many that were not: enough to write an own format for
 * them, and to tell which fields a source never fills. Lines are kept as they are
 * stored, after masking, cut to SAMPLE_LINE_MAX bytes, one of each shape:
 * words with a digit in them count as the same word, case does not. SAMPLES_OF_SOURCE
 * shapes are kept; the one seen least and longest ago gives way. They go with the hours
 * of their source (prune.h), nine days after they were seen last. Fields are one bit each, by
 * source, parser and week.
 *
 * Written in the step's transaction. Private to derive/; derive's thread.
 */
#ifndef COLLECTOR_DERIVE_SAMPLES_H
#define COLLECTOR_DERIVE_SAMPLES_H

#include "collector/derive/database.h"
#include "collector/record/record.h"
#include "common/strbuf.h"
#include "common/table.h"

enum {
	LOOKS_AN_HOUR = 128,
	SAMPLES_OF_SOURCE = 8,
	SAMPLE_LINE_MAX = 240,
	FIELD_BITS_SIZE = FIELD_ID_MAX / 8, /* bit n of byte n / 8: field n came */
};

struct samples {
	struct database *database;
	struct table lines, fields; /* of this step */
	struct strbuf text;         /* of the lines */
};

void samples_init(struct samples *samples, struct database *database);
void samples_done(struct samples *samples);

/* A stored record of a source that may be looked into. `local_hour` is when it was received. */
void samples_look(struct samples *samples, uint32_t source, int64_t local_hour,
	const struct record *record);

MUST_USE bool samples_flush(struct samples *samples, struct err *err);

/* Lines of one shape have one: a number that is not 0. */
uint64_t samples_shape(struct slice line);

static inline bool field_bit(struct slice bits, unsigned id)
{
	return id / 8 < bits.len && (unsigned char)bits.ptr[id / 8] >> id % 8 & 1;
}

#endif
