/*
 * stamp - the timestamps of log formats
 *
 * Each reader takes one form at the start of *rest, moves *rest behind it and
 * gives the moment in UTC. False, with *rest and *ns left alone, when the text
 * is no such stamp or names a moment that does not exist.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_STAMP_H
#define COLLECTOR_NORMALIZE_STAMP_H

#include "collector/normalize/parser.h"
#include "common/clock.h"

enum { STAMP_AHEAD_DAYS = 7 };

#define STAMP_LOCAL INT32_MAX /* civil.offset_seconds: in the context's zone */

/*
 * clock_from_civil() that knows STAMP_LOCAL. An hour that comes twice is the one nearer to the
 * receive time; an hour that never comes is read as if the clock had not been put forward yet.
 * A 60th second is the first of the next minute.
 */
MUST_USE bool stamp_moment(
	const struct parse_context *context, const struct civil *civil, int64_t *ns);

/* The civil time that a stamp without a zone gave, as if it were in another one: for formats
 * that say their zone behind it. */
int64_t stamp_in_zone(const struct parse_context *context, int64_t ns, int32_t seconds);

/*
 * RFC 3164 §4.1.2 and what is sent in its place: "Mar  7 19:06:53", "Mar 7 19:06:53.123",
 * "AUG 10 2009 22:18:24". Without a year the context's year is taken, or the latest that puts
 * the stamp at most STAMP_AHEAD_DAYS after the receive time.
 */
bool take_stamp_bsd(struct slice *rest, const struct parse_context *context, int64_t *ns);

/* ISO 8601 as clock_parse_iso() reads it; the context's zone when there is none. */
bool take_stamp_iso(struct slice *rest, const struct parse_context *context, int64_t *ns);

/* "26/Dec/2016:16:16:29 +0200", of access logs. */
bool take_stamp_clf(struct slice *rest, const struct parse_context *context, int64_t *ns);

/*
 * Any date and time that programs write at the start of a line, told apart by shape:
 *
 *	Mar  7 [2026] 19:06:53[.123] [ZONE] [2026]     Sat Mar  7 19:06:53 [ZONE] 2026
 *	2026-03-07T19:06:53,123+07:00    2026/3/7 19:06:53    2026.03.07 19:06:53
 *	2026:03:07-19:06:53    20260307 19:06:53    2026 Mar  7 19:06:53
 *	07-Mar-2026 19:06:53.123    07/Mar/2026:19:06:53 +0700    7 Mar [2026] 19:06:53
 *	Sat, 07 Mar 2026 19:06:53 +0700    07.03.2026 19:06:53
 *	03/07/2026-19:06:53.123456    03/07/26 7:06:53 PM    03/07/2026, 7:06:53 PM
 *
 * A zone is an offset, "UTC", "GMT+7" or an abbreviation that means one offset only. Numbers
 * with slashes and the year behind are month/day or day/month, whichever is a date, and of two
 * dates the one nearer to the receive time; with AM or PM they are month/day, as in the USA.
 */
bool take_stamp_any(struct slice *rest, const struct parse_context *context, int64_t *ns);

/* "Z", "+07:00", "-0700", "+07", "UTC", "GMT+7", "ICT" at the start of *rest, which moves. */
bool take_zone(struct slice *rest, int32_t *seconds);

/* "19:06:53[.123]", without a date: the last such time before the receive time, or up to an
 * hour behind it. A stamp of an envelope says more. */
bool take_stamp_time(struct slice *rest, const struct parse_context *context, int64_t *ns);

/* "2016/10/25 14:49:34", of nginx error logs. */
bool take_stamp_slashed(struct slice *rest, const struct parse_context *context, int64_t *ns);

/* "Mon Dec 26 16:22:08.103522 2016", of Apache error logs; ctime(3) with a fraction. */
bool take_stamp_ctime(struct slice *rest, const struct parse_context *context, int64_t *ns);

/* "2026-03-07  5:13:11", "260307  9:46:45", of MySQL: the hour may be padded with a blank. */
bool take_stamp_padded(struct slice *rest, const struct parse_context *context, int64_t *ns);

/* Seconds, milli-, micro- or nanoseconds since 1970, told apart by size (1973 to 2262), with
 * an optional fraction, or as JSON may write numbers: "1.7000000005e9". All of `text`. */
bool stamp_from_epoch(struct slice text, int64_t *ns);

#endif
