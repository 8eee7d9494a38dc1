/*
 * clock - wall time, monotonic time, and civil time written out
 *
 * Inside, a moment is int64_t nanoseconds since 1970-01-01T00:00:00Z (UTC, no
 * leap seconds), good for the years 1678..2262. Timers use monotonic time; the
 * wall clock is data. Any thread.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

#include "common/slice.h"

#define CLOCK_NS_PER_S  INT64_C(1000000000)
#define CLOCK_NS_PER_MS INT64_C(1000000)
#define CLOCK_NONE      INT64_MIN /* "no time known" */

enum { CLOCK_TEXT_MAX = 40 };

int64_t clock_wall_ns(void);
int64_t clock_mono_ns(void);

static inline int64_t clock_mono_ms(void)
{
	return clock_mono_ns() / CLOCK_NS_PER_MS;
}

#define CLOCK_FOREIGN_MAX (INT64_C(1) << 62) /* in the year 2116 */

/* What another machine says its clock shows, brought into 1970..2116: sums and differences of
 * two such never overflow. */
static inline int64_t clock_foreign(int64_t ns)
{
	if (ns < 0)
		return 0;
	return ns < CLOCK_FOREIGN_MAX ? ns : CLOCK_FOREIGN_MAX;
}

struct civil {
	int year;               /* proleptic Gregorian */
	unsigned month, day;    /* 1..12, 1..31 */
	unsigned hour, minute;  /* 0..23, 0..59 */
	unsigned second;        /* 0..60; 60 becomes the next second */
	uint32_t nanosecond;    /* 0..999999999 */
	int32_t offset_seconds; /* east of UTC */
};

/* False when a member is out of range, the day does not exist, or the year is outside
 * 1678..2261. */
MUST_USE bool clock_from_civil(const struct civil *civil, int64_t *ns);

void clock_to_civil(int64_t ns, int32_t offset_seconds, struct civil *civil);

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
int64_t clock_days(int year, unsigned month, unsigned day);

/*
 * RFC 3339: "2026-11-22T01:02:03.123Z" with `digits` 0, 3, 6 or 9 behind the point. `out` has
 * CLOCK_TEXT_MAX bytes and is returned.
 */
const char *clock_format_utc(int64_t ns, unsigned digits, char *out);

/* The same with a fixed offset: "...+07:00". */
const char *clock_format(int64_t ns, unsigned digits, int32_t offset_seconds, char *out);

/*
 * RFC 3339 / ISO 8601 date-time at the start of `text`: 'T' or blank between date and time,
 * point or comma before the fraction (1..9 digits used, more ignored), "Z", "+07:00",
 * "+0700" or "+07". Without a zone `default_offset_seconds` is taken. *used = bytes read.
 */
MUST_USE bool clock_parse_iso(
	struct slice text, int32_t default_offset_seconds, int64_t *ns, size_t *used);

/* The same; *zoned tells whether it named its zone. */
MUST_USE bool clock_parse_iso_zone(struct slice text, int32_t default_offset_seconds,
	int64_t *ns, size_t *used, bool *zoned);

/* All of `text` is a zone without summer time: "UTC", "Z", "+07:00", "-0330", "+07",
 * "Asia/Ho_Chi_Minh", "Asia/Saigon". *seconds east of UTC is left alone otherwise. */
MUST_USE bool clock_zone(struct slice text, int32_t *seconds);

#endif
