/*
 * zone - local time of a source: an offset, or two of them and the days they change
 *
 * A zone is a value of its own, without memory behind it. Only the rule in force
 * counts, not what was in force in former decades: logs are young.
 *
 * Any thread.
 */
#ifndef COMMON_ZONE_H
#define COMMON_ZONE_H

#include <stdint.h>

#include "common/err.h"
#include "common/slice.h"

enum { ZONE_RULE_MAX = 64 /* bytes of a rule with its NUL */ };

/* A day of the year and a time of that day, by the clock in force until then. */
struct zone_turn {
	char form;           /* 'M', 'J' or '0': see zone_parse() */
	uint8_t month, week; /* 1..12; 1..5, 5 is the last */
	uint16_t day;        /* of the week, 0 = Sunday; of the year */
	int32_t at_seconds;  /* of the day; may be of the days around it */
};

struct zone {
	int32_t seconds; /* east of UTC */
	bool turns;      /* there is a summer time: */
	int32_t summer_seconds;
	struct zone_turn begins, ends;
};

/*
 * All of `text`: what clock_zone() reads ("UTC", "+07:00", "Asia/Ho_Chi_Minh"); "UTC" or "GMT"
 * with hours as people write them, + to the east ("UTC+7", "gmt-3:30"); or a rule as in
 * POSIX.1-2017 §8.3 "TZ" with RFC 8536 §3.3.1 ("CET-1CEST,M3.5.0,M10.5.0/3"), where + is to the
 * west: one that begins with "UTC+" or the like is none, for nobody would mean that by it. A
 * summer time without its days is refused. *zone is left alone otherwise.
 */
MUST_USE bool zone_parse(struct slice text, struct zone *zone);

/*
 * The same, or a name of the system's time zones ("Europe/Berlin"): `rule` gets what
 * zone_parse() reads (of "UTC+7" the offset). False with err set when there is none of that
 * name.
 */
MUST_USE bool zone_find(const char *name, char rule[ZONE_RULE_MAX], struct err *err);

/* The rule in a file of time zones (RFC 8536: its footer), or SLICE_NONE. */
struct slice zone_footer(struct slice file);

/* East of UTC at a moment, seconds since 1970. */
int32_t zone_offset(const struct zone *zone, int64_t utc_s);

/*
 * The moment at which clocks of the zone show `local_s` (seconds since 1970 as if it were UTC).
 * In the hour that comes twice: the one nearer to `near_s`. In the hour that never comes: as if
 * the clock had not been put forward yet.
 */
int64_t zone_moment(const struct zone *zone, int64_t local_s, int64_t near_s);

#endif
