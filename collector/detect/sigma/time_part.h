/*
 * time_part - a number out of a time: Sigma's modifiers minute, hour, day, week, month, year
 *
 * As it is written (modifiers appendix 2.1, "Time Modifiers": no zones are
 * handled), in ISO 8601, the time of day may be left out.
 */
#ifndef COLLECTOR_DETECT_SIGMA_TIME_PART_H
#define COLLECTOR_DETECT_SIGMA_TIME_PART_H

#include "common/slice.h"

enum time_part {
	TIME_WHOLE,
	TIME_MINUTE,
	TIME_HOUR,
	TIME_DAY,
	TIME_WEEK, /* of ISO 8601: week 1 has the year's first Thursday */
	TIME_MONTH,
	TIME_YEAR,
};

/* False when `text` is no time. `part` is not TIME_WHOLE. */
MUST_USE bool time_part_of(struct slice text, enum time_part part, double *number);

#endif
