#include "common/clock.h"

#include <time.h>

#include "common/digits.h"

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

int64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_of_month(int year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Years run from March here, so that the leap day is the last of its year. */
int64_t clock_days(int year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? (int64_t)year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era =
		year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, struct civil *civil)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) /
		365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;

	civil->day = (unsigned)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
	civil->month =
		(unsigned)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
	civil->year = (int)(year_of_era + era * 400 + (civil->month <= 2));
}

bool clock_from_civil(const struct civil *civil, int64_t *ns)
{
	if (civil->year < 1678 || civil->year > 2261 || civil->month < 1 || civil->month > 12 ||
		civil->day < 1 || civil->day > days_of_month(civil->year, civil->month) ||
		civil->hour > 23 || civil->minute > 59 || civil->second > 60 ||
		civil->nanosecond > 999999999)
		return false;

	int64_t seconds = clock_days(civil->year, civil->month, civil->day) * 86400 +
			  (int64_t)civil->hour * 3600 + (int64_t)civil->minute * 60 +
			  civil->second - civil->offset_seconds;
	*ns = seconds * CLOCK_NS_PER_S + civil->nanosecond;
	return true;
}

void clock_to_civil(int64_t ns, int32_t offset_seconds, struct civil *civil)
{
	int64_t seconds = ns / CLOCK_NS_PER_S;
	int64_t fraction = ns % CLOCK_NS_PER_S;

	if (fraction < 0) {
		fraction += CLOCK_NS_PER_S;
		seconds--;
	}
	seconds += offset_seconds;

	int64_t days = seconds / 86400;
	int64_t of_day = seconds % 86400;
	if (of_day < 0) {
		of_day += 86400;
		days--;
	}
	civil_from_days(days, civil);
	civil->hour = (unsigned)(of_day / 3600);
	civil->minute = (unsigned)(of_day / 60 % 60);
	civil->second = (unsigned)(of_day % 60);
	civil->nanosecond = (uint32_t)fraction;
	civil->offset_seconds = offset_seconds;
}

/* `n` decimal digits; the place behind them. */
static char *put_digits(char *to, uint32_t value, unsigned n)
{
	for (unsigned i = n; i-- > 0; value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + n;
}

static char *put_fraction(char *to, uint32_t nanosecond, unsigned digits)
{
	if (digits == 0)
		return to;
	for (unsigned i = 9; i > digits; i--)
		nanosecond /= 10;
	*to++ = '.';
	return put_digits(to, nanosecond, digits);
}

static char *put_date_time(char *to, const struct civil *civil, unsigned digits)
{
	to = put_digits(to, (uint32_t)civil->year, 4);
	*to++ = '-';
	to = put_digits(to, civil->month, 2);
	*to++ = '-';
	to = put_digits(to, civil->day, 2);
	*to++ = 'T';
	to = put_digits(to, civil->hour, 2);
	*to++ = ':';
	to = put_digits(to, civil->minute, 2);
	*to++ = ':';
	to = put_digits(to, civil->second, 2);
	return put_fraction(to, civil->nanosecond, digits);
}

const char *clock_format_utc(int64_t ns, unsigned digits, char *out)
{
	struct civil civil;

	clock_to_civil(ns, 0, &civil);
	char *end = put_date_time(out, &civil, digits);
	end[0] = 'Z';
	end[1] = '\0';
	return out;
}

const char *clock_format(int64_t ns, unsigned digits, int32_t offset_seconds, char *out)
{
	struct civil civil;
	int32_t minutes = (offset_seconds < 0 ? -offset_seconds : offset_seconds) / 60;

	clock_to_civil(ns, offset_seconds, &civil);
	char *end = put_date_time(out, &civil, digits);
	*end++ = offset_seconds < 0 ? '-' : '+';
	end = put_digits(end, (uint32_t)(minutes / 60 % 100), 2);
	*end++ = ':';
	*put_digits(end, (uint32_t)(minutes % 60), 2) = '\0';
	return out;
}

/* "Z", "+07:00", "+0700", "+07"; leaves *at alone when there is none. */
static bool zone_at(struct slice text, size_t *at, int32_t *offset_seconds)
{
	unsigned hours, minutes = 0;
	size_t end = *at;

	if (byte_at(text, at, 'Z') || byte_at(text, at, 'z')) {
		*offset_seconds = 0;
		return true;
	}
	bool west = byte_at(text, &end, '-');
	if (!west && !byte_at(text, &end, '+'))
		return true;
	if (!digits_at(text, &end, 2, &hours))
		return false;
	(void)byte_at(text, &end, ':');
	(void)digits_at(text, &end, 2, &minutes);
	if (hours > 23 || minutes > 59)
		return false;
	*offset_seconds = (int32_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
	*at = end;
	return true;
}

bool clock_parse_iso(
	struct slice text, int32_t default_offset_seconds, int64_t *ns, size_t *used)
{
	bool zoned;

	return clock_parse_iso_zone(text, default_offset_seconds, ns, used, &zoned);
}

bool clock_parse_iso_zone(struct slice text, int32_t default_offset_seconds, int64_t *ns,
	size_t *used, bool *zoned)
{
	struct civil civil = {.offset_seconds = default_offset_seconds};
	unsigned year;
	size_t at = 0;

	if (!digits_at(text, &at, 4, &year) || !byte_at(text, &at, '-') ||
		!digits_at(text, &at, 2, &civil.month) || !byte_at(text, &at, '-') ||
		!digits_at(text, &at, 2, &civil.day))
		return false;
	if (!byte_at(text, &at, 'T') && !byte_at(text, &at, 't') && !byte_at(text, &at, ' '))
		return false;
	if (!digits_at(text, &at, 2, &civil.hour) || !byte_at(text, &at, ':') ||
		!digits_at(text, &at, 2, &civil.minute) || !byte_at(text, &at, ':') ||
		!digits_at(text, &at, 2, &civil.second))
		return false;
	if ((byte_at(text, &at, '.') || byte_at(text, &at, ',')) &&
		!nanoseconds_at(text, &at, &civil.nanosecond))
		return false;
	size_t before_zone = at;
	if (!zone_at(text, &at, &civil.offset_seconds))
		return false;
	*zoned = at > before_zone;
	civil.year = (int)year;
	if (!clock_from_civil(&civil, ns))
		return false;
	*used = at;
	return true;
}

bool clock_zone(struct slice text, int32_t *seconds)
{
	enum { VIETNAM = 7 * 3600 };
	int32_t offset = 0;
	size_t at = 0;

	if (slice_eq(text, SLICE_LIT("Asia/Ho_Chi_Minh")) ||
		slice_eq(text, SLICE_LIT("Asia/Saigon")))
		offset = VIETNAM;
	else if (!slice_eq(text, SLICE_LIT("UTC")) &&
		 (!zone_at(text, &at, &offset) || at == 0 || at != text.len))
		return false;
	*seconds = offset;
	return true;
}
