#include "collector/detect/sigma/time_part.h"

#include "common/clock.h"

enum { DATE_LEN = 10, TIME_LEN = 19 }; /* "2026-11-22", "2026-11-22T01:02:03" */

static bool civil_of(struct slice text, struct civil *civil)
{
	char whole[TIME_LEN] = "0000-00-00T00:00:00";
	int64_t ns;
	size_t used;

	if (text.len < DATE_LEN || (text.len > DATE_LEN && text.len < TIME_LEN))
		return false;
	memcpy(whole, text.ptr, text.len < TIME_LEN ? DATE_LEN : TIME_LEN);
	if (!clock_parse_iso(slice_of(whole, TIME_LEN), 0, &ns, &used))
		return false;
	clock_to_civil(ns, 0, civil);
	return true;
}

/* Of the Thursday in the same week: its day in its year tells the week. */
static unsigned week_of(const struct civil *civil)
{
	int64_t days = clock_days(civil->year, civil->month, civil->day);
	int64_t weekday = ((days + 3) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; Monday = 0 */
	struct civil thursday;

	clock_to_civil((days - weekday + 3) * 86400 * CLOCK_NS_PER_S, 0, &thursday);
	return (unsigned)(days - weekday + 3 - clock_days(thursday.year, 1, 1)) / 7 + 1;
}

bool time_part_of(struct slice text, enum time_part part, double *number)
{
	struct civil civil;

	if (!civil_of(text, &civil))
		return false;
	switch (part) {
	case TIME_WHOLE:
		return false;
	case TIME_MINUTE:
		*number = civil.minute;
		break;
	case TIME_HOUR:
		*number = civil.hour;
		break;
	case TIME_DAY:
		*number = civil.day;
		break;
	case TIME_WEEK:
		*number = week_of(&civil);
		break;
	case TIME_MONTH:
		*number = civil.month;
		break;
	case TIME_YEAR:
		*number = civil.year;
		break;
	}
	return true;
}
