#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"
#include "collector/normalize/text/stamp_parts.h"

/* A stamp half read. Members of `civil` are filled as they come. */
struct reading {
	struct slice text;
	size_t at;
	struct civil civil; /* year 0 = not seen */
	bool either;        /* day and month may be the other way round */
	bool half;          /* AM or PM stood behind the clock */
};

static bool is_letter(char byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static char peek(const struct reading *reading, size_t ahead)
{
	size_t at = reading->at + ahead;

	return at < reading->text.len ? reading->text.ptr[at] : '\0';
}

static bool skip(struct reading *reading, char byte)
{
	return byte_at(reading->text, &reading->at, byte);
}

/* One or two digits. */
static bool take_small(struct reading *reading, unsigned *value)
{
	unsigned n = is_digit(peek(reading, 1)) ? 2 : 1;

	return digits_at(reading->text, &reading->at, n, value);
}

static bool take_year(struct reading *reading)
{
	size_t before = reading->at;
	unsigned year;

	if (digits_at(reading->text, &reading->at, 4, &year) && !is_digit(peek(reading, 0)) &&
		year >= 1970) {
		reading->civil.year = (int)year;
		return true;
	}
	reading->at = before;
	return false;
}

static bool take_month(struct reading *reading)
{
	reading->civil.month = month_at(reading->text, &reading->at);
	return reading->civil.month != 0;
}

/* ---- zones ------------------------------------------------------------------ */

/* Abbreviations that mean one offset; those that mean several (CST, IST, BST) are left out. */
static const struct {
	struct slice name;
	int32_t hours;
} zones[] = {
	{{SLICE_BYTES("UTC")}, 0},
	{{SLICE_BYTES("GMT")}, 0},
	{{SLICE_BYTES("Z")}, 0},
	{{SLICE_BYTES("ICT")}, 7},
	{{SLICE_BYTES("WIB")}, 7},
	{{SLICE_BYTES("SGT")}, 8},
	{{SLICE_BYTES("HKT")}, 8},
	{{SLICE_BYTES("JST")}, 9},
	{{SLICE_BYTES("KST")}, 9},
	{{SLICE_BYTES("AEST")}, 10},
	{{SLICE_BYTES("MSK")}, 3},
	{{SLICE_BYTES("CET")}, 1},
	{{SLICE_BYTES("CEST")}, 2},
	{{SLICE_BYTES("EET")}, 2},
	{{SLICE_BYTES("EEST")}, 3},
	{{SLICE_BYTES("WET")}, 0},
	{{SLICE_BYTES("WEST")}, 1},
	{{SLICE_BYTES("EST")}, -5},
	{{SLICE_BYTES("EDT")}, -4},
	{{SLICE_BYTES("CDT")}, -5},
	{{SLICE_BYTES("MST")}, -7},
	{{SLICE_BYTES("MDT")}, -6},
	{{SLICE_BYTES("PST")}, -8},
	{{SLICE_BYTES("PDT")}, -7},
};

/* "+07:00", "+0700", "+07", "+7" */
static bool take_offset(struct slice *rest, int32_t *seconds)
{
	size_t at = 0;
	unsigned hours, minutes = 0;
	bool west = rest->len > 0 && rest->ptr[0] == '-';

	if (rest->len < 2 || (!west && rest->ptr[0] != '+'))
		return false;
	if (!offset_at(*rest, &at, seconds)) {
		at = 1;
		if (!digits_at(*rest, &at, 2, &hours)) {
			at = 1;
			if (!digits_at(*rest, &at, 1, &hours))
				return false;
		}
		*seconds = (int32_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
	}
	if ((at < rest->len && is_digit(rest->ptr[at])) || *seconds > 15 * 3600 ||
		*seconds < -15 * 3600)
		return false;
	*rest = slice_from(*rest, at);
	return true;
}

static bool take_abbreviation(struct slice *rest, int32_t *seconds)
{
	size_t len = 0;

	while (len < rest->len && rest->ptr[len] >= 'A' && rest->ptr[len] <= 'Z')
		len++;
	if (len < rest->len && (is_letter(rest->ptr[len]) || is_digit(rest->ptr[len]) ||
				       rest->ptr[len] == '_' || rest->ptr[len] == '.'))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
		if (!slice_eq(zones[i].name, slice_head(*rest, len)))
			continue;
		*seconds = zones[i].hours * 3600;
		*rest = slice_from(*rest, len);
		return true;
	}
	return false;
}

bool take_zone(struct slice *rest, int32_t *seconds)
{
	struct slice after = *rest;

	if (take_offset(rest, seconds))
		return true;
	if (!take_abbreviation(&after, seconds))
		return false;
	if (*seconds == 0) /* "GMT+7" */
		(void)take_offset(&after, seconds);
	*rest = after;
	return true;
}

/* A zone at once or behind one blank. */
static void take_zone_if_any(struct reading *reading)
{
	struct slice rest = slice_from(reading->text, reading->at);

	(void)skip_byte(&rest, ' ');
	if (take_zone(&rest, &reading->civil.offset_seconds))
		reading->at = reading->text.len - rest.len;
}

/* ---- dates ------------------------------------------------------------------ */

/* "Sat ", "Sat, " */
static void skip_weekday(struct reading *reading)
{
	static const char days[7][4] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
	size_t at = reading->at;
	char folded[3];

	for (unsigned i = 0; i < 3; i++)
		folded[i] = (char)(peek(reading, i) | 0x20);
	for (unsigned i = 0; i < 7; i++) {
		if (memcmp(folded, days[i], 3) != 0)
			continue;
		at += 3;
		(void)byte_at(reading->text, &at, ',');
		if (byte_at(reading->text, &at, ' '))
			reading->at = at;
		return;
	}
}

static void take_year_after(struct reading *reading, char between)
{
	if (skip(reading, between) && !take_year(reading))
		reading->at--;
}

/* "Mar  7", "Mar 7 2026" */
static bool take_month_first(struct reading *reading)
{
	if (!take_month(reading) || !skip(reading, ' '))
		return false;
	(void)skip(reading, ' ');
	if (!take_small(reading, &reading->civil.day))
		return false;
	(void)skip(reading, ',');
	take_year_after(reading, ' ');
	return true;
}

/* "7 Mar 2026", "07-Mar-2026", "07/Mar/2026", "7 Mar" */
static bool take_day_first(struct reading *reading)
{
	if (!take_small(reading, &reading->civil.day))
		return false;
	char between = peek(reading, 0);
	if ((between != ' ' && between != '-' && between != '/') ||
		!is_letter(peek(reading, 1)))
		return false;
	reading->at++;
	if (!take_month(reading))
		return false;
	take_year_after(reading, between);
	return true;
}

/* "2026-03-07" and with other marks, also without; "2026 Mar  7" */
static bool take_year_first(struct reading *reading)
{
	if (!take_year(reading))
		return false;
	char between = peek(reading, 0);
	if (between == ' ') {
		reading->at++;
		return take_month_first(reading);
	}
	return (between == '-' || between == '/' || between == '.' || between == ':') &&
	       skip(reading, between) && take_small(reading, &reading->civil.month) &&
	       skip(reading, between) && take_small(reading, &reading->civil.day);
}

/* "20260307" */
static bool take_packed(struct reading *reading)
{
	unsigned year;

	if (!digits_at(reading->text, &reading->at, 4, &year) ||
		!digits_at(reading->text, &reading->at, 2, &reading->civil.month) ||
		!digits_at(reading->text, &reading->at, 2, &reading->civil.day) ||
		is_digit(peek(reading, 0)) || year < 1970)
		return false;
	reading->civil.year = (int)year;
	return true;
}

/* "26": of this century */
static bool take_short_year(struct reading *reading)
{
	unsigned year;

	if (take_year(reading))
		return true;
	if (!digits_at(reading->text, &reading->at, 2, &year) || is_digit(peek(reading, 0)))
		return false;
	reading->civil.year = (int)(2000 + year);
	return true;
}

/* "03/07/2026", "03/07-19:...", "07.03.2026", "13/07/2026" */
static bool take_numbers(struct reading *reading)
{
	struct civil *civil = &reading->civil;
	unsigned first, second;

	if (!take_small(reading, &first))
		return false;
	char between = peek(reading, 0);
	if ((between != '/' && between != '.' && between != '-') || !skip(reading, between) ||
		!take_small(reading, &second))
		return false;
	civil->month = between == '/' ? first : second;
	civil->day = between == '/' ? second : first;
	if (civil->month > 12) {
		civil->month = civil->day;
		civil->day = between == '/' ? first : second;
	}
	if (!skip(reading, between))
		return between == '/' && peek(reading, 0) == '-';
	reading->either = between == '/' && first <= 12 && second <= 12 && first != second;
	return take_short_year(reading);
}

static bool take_date(struct reading *reading)
{
	size_t start;

	skip_weekday(reading);
	start = reading->at;
	if (is_letter(peek(reading, 0)))
		return take_month_first(reading);
	if (!is_digit(peek(reading, 0)))
		return false;
	if (take_year_first(reading))
		return true;
	reading->civil.year = 0;
	reading->at = start;
	if (take_packed(reading))
		return true;
	reading->at = start;
	if (take_day_first(reading))
		return true;
	reading->at = start;
	return take_numbers(reading);
}

/* ---- the whole -------------------------------------------------------------- */

/* "7:06:53 PM" */
static void take_half(struct reading *reading)
{
	size_t at = reading->at;
	char half, m;

	(void)byte_at(reading->text, &at, ' ');
	if (at + 2 > reading->text.len)
		return;
	half = (char)(reading->text.ptr[at] | 0x20);
	m = (char)(reading->text.ptr[at + 1] | 0x20);
	if (m != 'm' || (half != 'a' && half != 'p') || reading->civil.hour > 12 ||
		(at + 2 < reading->text.len && is_letter(reading->text.ptr[at + 2])))
		return;
	reading->either = false; /* as in the USA */
	reading->half = true;
	reading->civil.hour = reading->civil.hour % 12 + (half == 'p' ? 12 : 0);
	reading->at = at + 2;
}

static bool take_clock(struct reading *reading)
{
	struct civil *civil = &reading->civil;
	bool packed = is_digit(peek(reading, 0)) && is_digit(peek(reading, 1)) &&
		      is_digit(peek(reading, 2));

	if (!(packed ? digits_at(reading->text, &reading->at, 2, &civil->hour)
		     : take_small(reading, &civil->hour)))
		return false;
	if (!packed && !skip(reading, ':'))
		return false;
	if (!digits_at(reading->text, &reading->at, 2, &civil->minute) ||
		(!packed && !skip(reading, ':')) ||
		!digits_at(reading->text, &reading->at, 2, &civil->second) ||
		is_digit(peek(reading, 0)))
		return false;
	fraction_at(reading->text, &reading->at, civil);
	take_half(reading);
	return true;
}

/* Of ctime(3) and some that forgot it: " 2026" behind the clock. */
static void take_year_behind(struct reading *reading)
{
	size_t before = reading->at;
	char behind;

	if (reading->civil.year != 0)
		return;
	if (skip(reading, ' ') && take_year(reading)) {
		behind = peek(reading, 0);
		if (behind == ' ' || behind == '\0' || behind == ']' || behind == ':' ||
			behind == ',')
			return;
	}
	reading->civil.year = 0;
	reading->at = before;
}

/* " MST.557710" behind AM or PM: the text of a locale, and what a program adds to it. A zone
 * that means several is none. */
static void take_locale_end(struct reading *reading)
{
	struct slice rest = slice_from(reading->text, reading->at), name;
	size_t at;

	if (!reading->half || !skip_byte(&rest, ' '))
		return;
	for (at = 0; at < rest.len && rest.ptr[at] >= 'A' && rest.ptr[at] <= 'Z'; at++)
		;
	if (at < 2 || at > 5 || at + 1 >= rest.len || rest.ptr[at] != '.' ||
		!is_digit(rest.ptr[at + 1]))
		return;
	name = slice_head(rest, at);
	(void)take_abbreviation(&name, &reading->civil.offset_seconds);
	reading->at += 1 + at;
	fraction_at(reading->text, &reading->at, &reading->civil);
}

static bool take_all(struct reading *reading, const struct parse_context *context)
{
	char between;

	if (!take_date(reading))
		return false;
	between = peek(reading, 0);
	if (between == ',' && peek(reading, 1) == ' ')
		reading->at++;
	else if (between != ' ' && between != 'T' && between != 't' && between != ':' &&
		 between != '-' && between != '_')
		return false;
	if (between == '-')
		reading->either = false; /* Snort's */
	reading->at++;
	if (!take_clock(reading))
		return false;
	take_zone_if_any(reading);
	take_locale_end(reading);
	take_year_behind(reading);
	if (reading->civil.year == 0)
		reading->civil.year = context->year;
	return reading->civil.year != 0 || complete_year(&reading->civil, context);
}

static uint64_t distance(int64_t a, int64_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

/* "03/07/2026" is in March or in July, whichever is nearer to when it was received. */
static void turn_round(struct civil *civil, const struct parse_context *context, int64_t *ns)
{
	const unsigned day = civil->day;
	int64_t other_ns;

	civil->day = civil->month;
	civil->month = day;
	if (stamp_moment(context, civil, &other_ns) &&
		distance(other_ns, context->now_ns) < distance(*ns, context->now_ns))
		*ns = other_ns;
}

static bool read_any(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct reading reading = {.text = *rest, .civil = local_civil()};

	if (!take_all(&reading, context) || !stamp_moment(context, &reading.civil, ns))
		return false;
	if (reading.either && context->now_ns > 0)
		turn_round(&reading.civil, context, ns);
	*rest = slice_from(*rest, reading.at);
	return true;
}

bool take_stamp_any(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	return stamp_once(
		rest, context, ns, context->seen ? &context->seen->any : NULL, read_any);
}

bool take_stamp_padded(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct civil civil = {.offset_seconds = STAMP_LOCAL};
	bool full = rest->len > 4 && rest->ptr[4] == '-';
	size_t at = 0;
	unsigned year;

	if (!digits_at(*rest, &at, full ? 4 : 2, &year) ||
		(full && !byte_at(*rest, &at, '-')) ||
		!digits_at(*rest, &at, 2, &civil.month) ||
		(full && !byte_at(*rest, &at, '-')) || !digits_at(*rest, &at, 2, &civil.day) ||
		!byte_at(*rest, &at, ' '))
		return false;
	bool padded = byte_at(*rest, &at, ' ');
	if (!digits_at(*rest, &at, padded ? 1 : 2, &civil.hour) || !byte_at(*rest, &at, ':') ||
		!digits_at(*rest, &at, 2, &civil.minute) || !byte_at(*rest, &at, ':') ||
		!digits_at(*rest, &at, 2, &civil.second))
		return false;
	civil.year = (int)year + (full ? 0 : 2000);
	if (!stamp_moment(context, &civil, ns))
		return false;
	*rest = slice_from(*rest, at);
	return true;
}
