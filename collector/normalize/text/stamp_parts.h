/*
 * stamp_parts - what timestamps are made of; for stamp.c and stamp_any.c
 *
 * Each reads text at *at and moves *at behind what it took; false (0 for the
 * month) leaves *at undefined.
 */
#ifndef COLLECTOR_NORMALIZE_STAMP_PARTS_H
#define COLLECTOR_NORMALIZE_STAMP_PARTS_H

#include "collector/normalize/parser.h"
#include "common/clock.h"
#include "common/digits.h"
#include "common/slice.h"

typedef bool stamp_reader(struct slice *rest, const struct parse_context *context, int64_t *ns);

/* read(), but only once at a place: what came of it is kept in `seen`, unless that is NULL. */
bool stamp_once(struct slice *rest, const struct parse_context *context, int64_t *ns,
	struct seen_stamp *seen, stamp_reader *read);

/* English month of three letters, any case; 1..12. */
unsigned month_at(struct slice text, size_t *at);

/* A fraction of a second behind a point or comma, if there is one. */
void fraction_at(struct slice text, size_t *at, struct civil *civil);

/* "hh:mm:ss" and a fraction. */
bool clock_at(struct slice text, size_t *at, struct civil *civil);

/* "+0200", "-02:00" */
bool offset_at(struct slice text, size_t *at, int32_t *seconds);

/* A civil time in the zone of the context, whose offset is not known yet. */
static inline struct civil local_civil(void)
{
	return (struct civil){.offset_seconds = STAMP_LOCAL};
}

/* The latest year that puts the stamp no further than STAMP_AHEAD_DAYS ahead of the receive
 * time; false when there is none of the last ten. */
bool complete_year(struct civil *civil, const struct parse_context *context);

#endif
