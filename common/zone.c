#include "common/zone.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/digits.h"
#include "common/file.h"

enum {
	DAY = 86400,
	NAME_LEAST = 3,
	SPOKEN_SIGN = 3, /* of "UTC+7": where it stands */
	SPOKEN_HOURS_MAX = 14,
	TURN_STANDARD = 2 * 3600, /* of a day whose time is not said */
	FILE_MOST = 1 << 20,      /* bytes; those of the system have a few thousand */
};

#define FOLDER "/usr/share/zoneinfo"

/* ---- a rule --------------------------------------------------------------------- */

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* "CET", "<+07>" */
static bool skip_name(struct slice text, size_t *at)
{
	size_t start = *at;

	if (byte_at(text, at, '<')) {
		while (*at < text.len && text.ptr[*at] != '>')
			++*at;
		return byte_at(text, at, '>');
	}
	while (*at < text.len && is_letter(text.ptr[*at]))
		++*at;
	return *at - start >= NAME_LEAST;
}

/* One to three digits. */
static bool small_at(struct slice text, size_t *at, unsigned most, unsigned *value)
{
	for (unsigned n = 3; n > 0; n--) {
		if (digits_at(text, at, n, value))
			return *value <= most;
	}
	return false;
}

/* "2", "-1:30", "+26:00:00" */
static bool time_at(struct slice text, size_t *at, unsigned hours_most, int32_t *seconds)
{
	bool negative = byte_at(text, at, '-');
	unsigned hours, minutes = 0, rest = 0;

	if (!negative)
		(void)byte_at(text, at, '+');
	if (!small_at(text, at, hours_most, &hours) ||
		(byte_at(text, at, ':') && !small_at(text, at, 59, &minutes)) ||
		(byte_at(text, at, ':') && !small_at(text, at, 59, &rest)))
		return false;
	*seconds = (int32_t)(hours * 3600 + minutes * 60 + rest) * (negative ? -1 : 1);
	return true;
}

static bool week_at(struct slice text, size_t *at, struct zone_turn *turn)
{
	unsigned month, week, day;

	if (!small_at(text, at, 12, &month) || month == 0 || !byte_at(text, at, '.') ||
		!small_at(text, at, 5, &week) || week == 0 || !byte_at(text, at, '.') ||
		!small_at(text, at, 6, &day))
		return false;
	turn->form = 'M';
	turn->month = (uint8_t)month;
	turn->week = (uint8_t)week;
	turn->day = (uint16_t)day;
	return true;
}

/* "J60" is 1 March always, "59" is the sixtieth day. */
static bool day_at(struct slice text, size_t *at, struct zone_turn *turn)
{
	bool julian = byte_at(text, at, 'J');
	unsigned day;

	if (!small_at(text, at, 365, &day) || (julian && day == 0))
		return false;
	turn->form = julian ? 'J' : '0';
	turn->day = (uint16_t)day;
	return true;
}

/* ",M3.5.0/3", ",J60", ",59/-1" */
static bool turn_at(struct slice text, size_t *at, struct zone_turn *turn)
{
	*turn = (struct zone_turn){.at_seconds = TURN_STANDARD};
	if (!byte_at(text, at, ',') ||
		!(byte_at(text, at, 'M') ? week_at(text, at, turn) : day_at(text, at, turn)))
		return false;
	return !byte_at(text, at, '/') || time_at(text, at, 167, &turn->at_seconds);
}

static bool parse_rule(struct slice text, struct zone *zone)
{
	struct zone found = {0};
	size_t at = 0;

	if (!skip_name(text, &at) || !time_at(text, &at, 24, &found.seconds))
		return false;
	found.seconds = -found.seconds; /* POSIX counts to the west */
	if (at < text.len) {
		found.turns = true;
		if (!skip_name(text, &at))
			return false;
		found.summer_seconds = found.seconds + 3600;
		if (at < text.len && text.ptr[at] != ',') {
			if (!time_at(text, &at, 24, &found.summer_seconds))
				return false;
			found.summer_seconds = -found.summer_seconds;
		}
		if (!turn_at(text, &at, &found.begins) || !turn_at(text, &at, &found.ends))
			return false;
	}
	if (at != text.len)
		return false;
	*zone = found;
	return true;
}

/* "UTC+7", "GMT-03:30": the sign as people write it, the other way round than in POSIX. */
static bool is_spoken(struct slice text)
{
	static const struct slice starts[] = {{SLICE_BYTES("UTC+")}, {SLICE_BYTES("UTC-")},
		{SLICE_BYTES("GMT+")}, {SLICE_BYTES("GMT-")}};
	bool starts_so = false;

	if (text.len <= SPOKEN_SIGN)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		starts_so |= slice_eq_nocase(slice_head(text, SPOKEN_SIGN + 1), starts[i]);
	return starts_so;
}

static bool parse_spoken(struct slice text, int32_t *seconds)
{
	const bool is_west = text.ptr[SPOKEN_SIGN] == '-';
	unsigned hours, minutes = 0;
	size_t at = SPOKEN_SIGN + 1;

	if (!digits_at(text, &at, 2, &hours) && !digits_at(text, &at, 1, &hours))
		return false;
	if (at < text.len) {
		(void)byte_at(text, &at, ':');
		if (!digits_at(text, &at, 2, &minutes))
			return false;
	}
	if (at != text.len || hours > SPOKEN_HOURS_MAX || minutes > 59)
		return false;
	*seconds = (int32_t)(hours * 3600 + minutes * 60) * (is_west ? -1 : 1);
	return true;
}

/* An offset from UTC that does not change. */
static bool parse_offset(struct slice text, int32_t *seconds)
{
	return is_spoken(text) ? parse_spoken(text, seconds) : clock_zone(text, seconds);
}

bool zone_parse(struct slice text, struct zone *zone)
{
	int32_t seconds;

	if (parse_offset(text, &seconds)) {
		*zone = (struct zone){.seconds = seconds};
		return true;
	}
	return !is_spoken(text) && text.len < ZONE_RULE_MAX && parse_rule(text, zone);
}

/* ---- names ------------------------------------------------------------------------ */

/* A name that stays inside of the folder: "America/Port-au-Prince", "Etc/GMT+7". */
static bool is_name(struct slice name)
{
	if (name.len == 0 || !is_letter(name.ptr[0]))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char byte = name.ptr[i];

		if (!is_letter(byte) && !(byte >= '0' && byte <= '9') && byte != '/' &&
			byte != '_' && byte != '-' && byte != '+')
			return false;
	}
	return true;
}

struct slice zone_footer(struct slice file)
{
	size_t end = file.len, start;

	if (!slice_starts(file, SLICE_LIT("TZif")) || file.len < 44 || file.ptr[4] < '2' ||
		file.ptr[end - 1] != '\n')
		return SLICE_NONE;
	end--;
	for (start = end; start > 0 && file.ptr[start - 1] != '\n'; start--)
		;
	return start == 0 ? SLICE_NONE : slice_of(file.ptr + start, end - start);
}

static bool read_footer(const char *name, char rule[ZONE_RULE_MAX])
{
	struct strbuf content = STRBUF_INIT(FILE_MOST);
	struct zone zone;
	struct err unread;
	char path[512];
	bool ok = false;

	snprintf(path, sizeof(path), FOLDER "/%s", name);
	if (file_read(path, &content, &unread)) {
		struct slice footer = zone_footer(strbuf_slice(&content));

		ok = footer.len < ZONE_RULE_MAX && zone_parse(footer, &zone);
		if (ok)
			snprintf(rule, ZONE_RULE_MAX, "%.*s", SLICE_FMT(footer));
	}
	strbuf_done(&content);
	return ok;
}

/* What is spoken goes out as an offset, which every reader takes for the same. */
static void write_rule(const char *name, const struct zone *zone, char rule[ZONE_RULE_MAX])
{
	const int32_t minutes = abs(zone->seconds) / 60;

	if (is_spoken(slice_str(name)))
		snprintf(rule, ZONE_RULE_MAX, "%c%02d:%02d", zone->seconds < 0 ? '-' : '+',
			minutes / 60, minutes % 60);
	else
		snprintf(rule, ZONE_RULE_MAX, "%s", name);
}

bool zone_find(const char *name, char rule[ZONE_RULE_MAX], struct err *err)
{
	const bool is_known_form = is_name(slice_str(name));
	struct zone zone;

	if (zone_parse(slice_str(name), &zone)) {
		write_rule(name, &zone, rule);
		return true;
	}
	if (is_known_form && read_footer(name, rule))
		return true;
	return err_set(err,
		"%s%s%s is neither UTC, an offset like +07:00 or UTC+7 nor a zone of " FOLDER,
		is_known_form ? "'" : "", is_known_form ? name : "it",
		is_known_form ? "'" : "");
}

/* ---- moments ----------------------------------------------------------------------- */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The day of a turn in a year, counted from 1970. */
static int64_t day_of(const struct zone_turn *turn, int year)
{
	int64_t first;

	if (turn->form != 'M') {
		bool behind_leap = turn->form == 'J' && is_leap(year) && turn->day >= 60;

		return clock_days(year, 1, 1) + turn->day - (turn->form == 'J') + behind_leap;
	}
	first = clock_days(year, turn->month, 1);
	/* 1970-01-01 was a Thursday. */
	int64_t ahead = ((int64_t)turn->day - (first + 4) % 7 + 14) % 7;
	int64_t day = first + ahead + (turn->week - 1) * 7;
	int64_t next = turn->month == 12 ? clock_days(year + 1, 1, 1)
					 : clock_days(year, turn->month + 1u, 1);
	return day < next ? day : day - 7;
}

static int64_t turn_s(const struct zone_turn *turn, int year, int32_t offset)
{
	return day_of(turn, year) * DAY + turn->at_seconds - offset;
}

int32_t zone_offset(const struct zone *zone, int64_t utc_s)
{
	struct civil civil;

	if (!zone->turns)
		return zone->seconds;
	clock_to_civil(utc_s * CLOCK_NS_PER_S, zone->seconds, &civil);
	int64_t begins = turn_s(&zone->begins, civil.year, zone->seconds);
	int64_t ends = turn_s(&zone->ends, civil.year, zone->summer_seconds);
	bool summer = begins < ends ? utc_s >= begins && utc_s < ends
				    : utc_s >= begins || utc_s < ends;
	return summer ? zone->summer_seconds : zone->seconds;
}

static int64_t distance(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

int64_t zone_moment(const struct zone *zone, int64_t local_s, int64_t near_s)
{
	int64_t standard = local_s - zone->seconds;
	int64_t summer = local_s - zone->summer_seconds;

	if (!zone->turns)
		return standard;
	bool is_standard = zone_offset(zone, standard) == zone->seconds;
	bool is_summer = zone_offset(zone, summer) == zone->summer_seconds;
	if (is_standard && is_summer)
		return distance(summer, near_s) < distance(standard, near_s) ? summer
									     : standard;
	if (is_standard || is_summer)
		return is_standard ? standard : summer;
	return standard > summer ? standard : summer;
}
