#include "collector/derive/weekly.h"

#include <math.h>
#include <string.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/digits.h"

#define FORGET      0.25f /* of a week */
#define FORGET_LONG 0.1f  /* of the longest silence, a week */

enum {
	BURST_TIMES = 4,  /* more than before is cut */
	BURST_MEAN = 3,   /* unless the mean is a third of it */
	BURST_LINES = 20, /* and so much is no burst */
	LONGER_TIMES = 2, /* a silence is told when it is longer than the longest */
	TOLD_TIMES = 4,   /* what was told makes the longest no longer than this much */
	SUNDAY = 6,
	MEAN_HOURS = WEEK_HOURS,
};

/* ---- days -------------------------------------------------------------------- */

static bool read_dash(struct slice text, size_t *at)
{
	return *at < text.len && text.ptr[(*at)++] == '-';
}

static bool read_day(struct slice text, unsigned *year, unsigned *month, unsigned *day)
{
	size_t at = 0;
	int64_t ns;

	*year = 0;
	if (text.len == sizeof("2027-02-06") - 1 &&
		(!digits_at(text, &at, 4, year) || !read_dash(text, &at) || *year == 0))
		return false;
	if (!digits_at(text, &at, 2, month) || !read_dash(text, &at) ||
		!digits_at(text, &at, 2, day) || at != text.len)
		return false;
	const struct civil civil = {
		.year = *year > 0 ? (int)*year : 2000, /* a leap year */
		.month = *month,
		.day = *day,
	};
	return clock_from_civil(&civil, &ns);
}

bool holiday_is_day(struct slice text)
{
	unsigned year, month, day;

	return read_day(text, &year, &month, &day);
}

static bool add_day(struct holidays *holidays, struct slice text)
{
	unsigned year, month, day;

	if (!read_day(text, &year, &month, &day))
		return false;
	holidays->days[holidays->n].year = (uint16_t)year;
	holidays->days[holidays->n].month = (uint8_t)month;
	holidays->days[holidays->n++].day = (uint8_t)day;
	return true;
}

bool holidays_read(struct holidays *holidays, const struct setting_texts *texts,
	int32_t zone_seconds, struct err *err)
{
	holidays->zone_seconds = zone_seconds;
	holidays->n = 0;
	for (size_t i = 0; i < texts->n; i++) {
		if (holidays->n == HOLIDAYS_MAX)
			return err_set(err, "more than %d holidays", HOLIDAYS_MAX);
		if (!add_day(holidays, slice_str(texts->items[i])))
			return err_set(err,
				"holiday '%s' is no day: write 09-02 (every year) or "
				"2027-02-06",
				texts->items[i]);
	}
	return true;
}

static bool is_holiday(const struct holidays *holidays, int64_t local_day)
{
	struct civil civil;

	if (holidays->n == 0)
		return false;
	clock_to_civil(local_day * 86400 * CLOCK_NS_PER_S, 0, &civil);
	for (unsigned i = 0; i < holidays->n; i++) {
		if ((holidays->days[i].year == 0 || holidays->days[i].year == civil.year) &&
			holidays->days[i].month == civil.month &&
			holidays->days[i].day == civil.day)
			return true;
	}
	return false;
}

bool holidays_contain(const struct holidays *holidays, int64_t local_hour)
{
	return is_holiday(holidays, local_hour / 24);
}

unsigned holidays_week_hour(const struct holidays *holidays, int64_t local_hour)
{
	enum { FIRST_OF_1970 = 3 /* a Thursday; Monday is 0 */ };
	const int64_t day = local_hour / 24;
	const unsigned of_week =
		is_holiday(holidays, day) ? SUNDAY : (unsigned)((day + FIRST_OF_1970) % 7);

	return of_week * 24 + (unsigned)(local_hour % 24);
}

/* ---- learning ---------------------------------------------------------------- */

static float larger(float a, float b)
{
	return a > b ? a : b;
}

static float without_burst(const struct weekly *weekly, unsigned hour, uint64_t lines)
{
	const float most = larger(BURST_TIMES * weekly->rate[hour], BURST_MEAN * weekly->mean) +
			   BURST_LINES;

	return (float)lines < most ? (float)lines : most;
}

void weekly_learn(struct weekly *weekly, unsigned week_hour, uint64_t lines)
{
	const float n = without_burst(weekly, week_hour, lines);
	const float part = larger(1.0f / (float)(weekly->weeks[week_hour] + 1), FORGET);

	weekly->rate[week_hour] += part * (n - weekly->rate[week_hour]);
	weekly->usual[week_hour] *= 1 - FORGET_LONG;
	if (weekly->weeks[week_hour] < UINT8_MAX)
		weekly->weeks[week_hour]++;
	if (weekly->hours < UINT32_MAX)
		weekly->hours++;
	weekly->mean += (n - weekly->mean) /
			(float)(weekly->hours < MEAN_HOURS ? weekly->hours : MEAN_HOURS);
}

/* In that hour and the one before it, of any day: one day of the week is seen too seldom. */
static float most_usual(const struct weekly *weekly, unsigned week_hour)
{
	const unsigned hour = week_hour % 24, before = (week_hour + 23) % 24;
	float most = 0;

	for (unsigned day = 0; day < WEEK_HOURS; day += 24)
		most = larger(
			most, larger(weekly->usual[day + hour], weekly->usual[day + before]));
	return most;
}

void weekly_heard(struct weekly *weekly, unsigned week_hour, double missed, bool told)
{
	const float most = larger(TOLD_TIMES * most_usual(weekly, week_hour), BURST_LINES);
	const float n = told && missed > (double)most ? most : (float)missed;

	weekly->usual[week_hour] = larger(weekly->usual[week_hour], n);
}

double weekly_limit(const struct weekly *weekly, unsigned week_hour, double least)
{
	const double longer = LONGER_TIMES * (double)most_usual(weekly, week_hour);

	return longer > least ? longer : least;
}

/* ---- saving ------------------------------------------------------------------ */

static void put_float(char *to, float value)
{
	memcpy(to, &value, sizeof(value));
}

/* What is damaged is 0. */
static float get_float(const char *from)
{
	float value;

	memcpy(&value, from, sizeof(value));
	return isfinite(value) && value >= 0 ? value : 0;
}

void weekly_save(const struct weekly *weekly, char out[WEEKLY_SIZE])
{
	for (unsigned i = 0; i < WEEK_HOURS; i++, out += 9) {
		put_float(out, weekly->rate[i]);
		put_float(out + 4, weekly->usual[i]);
		out[8] = (char)weekly->weeks[i];
	}
	put_float(out, weekly->mean);
	bytes_put_u32(out + 4, weekly->hours);
}

void weekly_load(struct weekly *weekly, struct slice bytes)
{
	const char *from = bytes.ptr;

	*weekly = (struct weekly){.mean = 0};
	if (bytes.len != WEEKLY_SIZE)
		return;
	for (unsigned i = 0; i < WEEK_HOURS; i++, from += 9) {
		weekly->rate[i] = get_float(from);
		weekly->usual[i] = get_float(from + 4);
		weekly->weeks[i] = (uint8_t)from[8];
	}
	weekly->mean = get_float(from);
	weekly->hours = bytes_get_u32(from + 4);
}
