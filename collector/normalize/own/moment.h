/*
 * moment - stamps of own formats, whose form a file describes
 *
 * The form is written as in Java and log4j:
 *
 *	yyyy yy   year                    HH H  hour 0..23     S    fraction, any digits
 *	MM M      month 1..12             hh h  hour 1..12     a    AM PM SA CH
 *	MMM       Jan, in English         mm m  minute         Z    +0700 +07:00 Z UTC GMT+7
 *	dd d      day                     ss s  second         EEE  a weekday, not looked at
 *
 * With a half of the day, before or behind it, the hour is 1..12 whatever its letter; another
 * is no such stamp, and a half needs the hour in the same form.
 *
 * Two letters are two digits, one letter is one or two; 'quoted' text and all
 * that is no letter stands for itself. A word instead of a form: any (what
 * stamp.h knows), iso, epoch (seconds to nanoseconds).
 *
 * Several stamps of one line make one moment: a date here, a time there.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_OWN_MOMENT_H
#define COLLECTOR_NORMALIZE_OWN_MOMENT_H

#include "collector/normalize/parser.h"
#include "common/clock.h"
#include "common/err.h"

enum { OWN_STAMP_PARTS_MAX = 32 };

struct own_stamp_part {
	char what; /* letter of the form, '\'' for a byte that stands for itself */
	char byte; /* that byte */
	uint8_t n; /* how many letters */
};

struct own_stamp {
	enum { OWN_STAMP_FORM, OWN_STAMP_ANY, OWN_STAMP_ISO, OWN_STAMP_EPOCH } kind;
	unsigned n;
	struct own_stamp_part parts[OWN_STAMP_PARTS_MAX];
};

enum own_moment_has {
	OWN_HAS_YEAR = 1,
	OWN_HAS_DATE = 2, /* month and day */
	OWN_HAS_TIME = 4,
	OWN_HAS_ALL = 8, /* `ns` is the moment */
};

struct own_moment {
	struct civil civil;
	unsigned has; /* enum own_moment_has */
	int64_t ns;
};

/* False with what is wrong with the form. */
MUST_USE bool own_stamp_compile(struct slice form, struct own_stamp *stamp, struct err *err);

/* The stamp at the start of *rest, which moves behind it; what it says is added to *moment. */
MUST_USE bool own_stamp_take(const struct own_stamp *stamp, const struct parse_context *context,
	struct slice *rest, struct own_moment *moment);

/* False when there is no such moment. */
MUST_USE bool own_moment_ns(
	const struct own_moment *moment, const struct parse_context *context, int64_t *ns);

#endif
