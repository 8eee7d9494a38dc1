#include "collector/normalize/text/stamp.h"

#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp_parts.h"

enum { EPOCH_MAX = 64 /* bytes of a number with an exponent */ };

/* Three letters in one number, whatever their case. */
#define LETTERS(a, b, c)                                                                       \
	((uint32_t)(unsigned char)(a) << 16 | (uint32_t)(unsigned char)(b) << 8 |              \
		(uint32_t)(unsigned char)(c) | 0x202020)

unsigned month_at(struct slice text, size_t *at)
{
	static const uint32_t names[12] = {LETTERS('j', 'a', 'n'), LETTERS('f', 'e', 'b'),
		LETTERS('m', 'a', 'r'), LETTERS('a', 'p', 'r'), LETTERS('m', 'a', 'y'),
		LETTERS('j', 'u', 'n'), LETTERS('j', 'u', 'l'), LETTERS('a', 'u', 'g'),
		LETTERS('s', 'e', 'p'), LETTERS('o', 'c', 't'), LETTERS('n', 'o', 'v'),
		LETTERS('d', 'e', 'c')};

	if (text.len - *at < 3)
		return 0;
	uint32_t name = LETTERS(text.ptr[*at], text.ptr[*at + 1], text.ptr[*at + 2]);
	for (unsigned i = 0; i < 12; i++) {
		if (names[i] == name) {
			*at += 3;
			return i + 1;
		}
	}
	return 0;
}

void fraction_at(struct slice text, size_t *at, struct civil *civil)
{
	if (*at + 1 >= text.len || (text.ptr[*at] != '.' && text.ptr[*at] != ',') ||
		!is_digit(text.ptr[*at + 1]))
		return;
	++*at;
	(void)nanoseconds_at(text, at, &civil->nanosecond);
}

bool clock_at(struct slice text, size_t *at, struct civil *civil)
{
	if (!digits_at(text, at, 2, &civil->hour) || !byte_at(text, at, ':') ||
		!digits_at(text, at, 2, &civil->minute) || !byte_at(text, at, ':') ||
		!digits_at(text, at, 2, &civil->second))
		return false;
	fraction_at(text, at, civil);
	return true;
}

static bool is_local(const struct parse_context *context, const struct civil *civil)
{
	return civil->offset_seconds == STAMP_LOCAL && context->zone != NULL &&
	       context->zone->turns;
}

bool stamp_moment(const struct parse_context *context, const struct civil *civil, int64_t *ns)
{
	struct civil fixed = *civil;
	int64_t local_ns;

	if (!is_local(context, civil)) {
		if (fixed.offset_seconds == STAMP_LOCAL)
			fixed.offset_seconds = context->zone_seconds;
		return clock_from_civil(&fixed, ns);
	}
	fixed.offset_seconds = 0;
	fixed.nanosecond = 0;
	if (!clock_from_civil(&fixed, &local_ns) || civil->nanosecond > 999999999)
		return false;
	*ns = zone_moment(context->zone, local_ns / CLOCK_NS_PER_S,
		      context->now_ns / CLOCK_NS_PER_S) *
		      CLOCK_NS_PER_S +
	      civil->nanosecond;
	return true;
}

int64_t stamp_in_zone(const struct parse_context *context, int64_t ns, int32_t seconds)
{
	int32_t offset = context->zone_seconds;

	if (context->zone != NULL)
		offset = zone_offset(context->zone, ns / CLOCK_NS_PER_S);
	return ns + (int64_t)(offset - seconds) * CLOCK_NS_PER_S;
}

static bool finish(struct slice *rest, const struct parse_context *context, size_t used,
	bool known, const struct civil *civil, int64_t *ns)
{
	if (!known || !stamp_moment(context, civil, ns))
		return false;
	*rest = slice_from(*rest, used);
	return true;
}

/* Lines are read late, not early. */
bool complete_year(struct civil *civil, const struct parse_context *context)
{
	static const int64_t mean_year_s = 31556952;
	int64_t latest = context->now_ns + STAMP_AHEAD_DAYS * INT64_C(86400) * CLOCK_NS_PER_S;
	/* Two days more than enough for leap days and zones: never less than the year of
	 * `latest`. */
	int64_t latest_s = latest / CLOCK_NS_PER_S + INT64_C(4) * 86400;
	int next = (int)(1970 + latest_s / mean_year_s);

	/* 29 February may need to go back to a leap year. */
	for (int year = next; year > next - 10; year--) {
		int64_t ns;

		civil->year = year;
		if (stamp_moment(context, civil, &ns) && ns <= latest)
			return true;
	}
	return false;
}

bool take_stamp_bsd(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct civil civil = {.offset_seconds = STAMP_LOCAL, .year = context->year};
	size_t at = 0;
	unsigned year;

	civil.month = month_at(*rest, &at);
	if (civil.month == 0 || !byte_at(*rest, &at, ' '))
		return false;
	(void)byte_at(*rest, &at, ' ');
	if (!digits_at(*rest, &at, 2, &civil.day) && !digits_at(*rest, &at, 1, &civil.day))
		return false;
	if (!byte_at(*rest, &at, ' '))
		return false;

	size_t behind = at;
	if (digits_at(*rest, &behind, 4, &year) && byte_at(*rest, &behind, ' ')) {
		civil.year = (int)year;
		at = behind;
	}
	if (!clock_at(*rest, &at, &civil))
		return false;
	bool known = civil.year != 0 || complete_year(&civil, context);
	return finish(rest, context, at, known, &civil, ns);
}

/* Read with zone_seconds, but clocks there are put forward and back. */
static int64_t in_turning_zone(const struct parse_context *context, int64_t ns)
{
	int64_t shown_ns = ns + context->zone_seconds * CLOCK_NS_PER_S;
	int64_t rest_ns = (shown_ns % CLOCK_NS_PER_S + CLOCK_NS_PER_S) % CLOCK_NS_PER_S;
	int64_t moment_s = zone_moment(context->zone, (shown_ns - rest_ns) / CLOCK_NS_PER_S,
		context->now_ns / CLOCK_NS_PER_S);

	return moment_s * CLOCK_NS_PER_S + rest_ns;
}

static bool was_seen(
	const struct seen_stamp *seen, struct slice text, const struct parse_context *context)
{
	return seen->text.ptr == text.ptr && seen->text.len == text.len &&
	       seen->zone_seconds == context->zone_seconds && seen->zone == context->zone &&
	       seen->year == context->year;
}

bool stamp_once(struct slice *rest, const struct parse_context *context, int64_t *ns,
	struct seen_stamp *seen, stamp_reader *read)
{
	struct slice text = *rest;

	/* a text of the caller's own may be another one at the same place */
	if (seen == NULL || !slice_is_within(text, context->message))
		return read(rest, context, ns);
	if (!was_seen(seen, text, context)) {
		*seen = (struct seen_stamp){.text = text,
			.zone_seconds = context->zone_seconds,
			.zone = context->zone,
			.year = context->year};
		if (read(&text, context, &seen->ns))
			seen->len = (size_t)(text.ptr - seen->text.ptr);
	}
	if (seen->len == 0)
		return false;
	*rest = slice_from(*rest, seen->len);
	*ns = seen->ns;
	return true;
}

static bool read_iso(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	size_t used;
	bool zoned;

	if (rest->len < 19 || rest->ptr[4] != '-' ||
		!clock_parse_iso_zone(*rest, context->zone_seconds, ns, &used, &zoned))
		return false;
	if (!zoned && context->zone != NULL)
		*ns = in_turning_zone(context, *ns);
	*rest = slice_from(*rest, used);
	return true;
}

bool take_stamp_iso(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	return stamp_once(
		rest, context, ns, context->seen ? &context->seen->iso : NULL, read_iso);
}

bool offset_at(struct slice text, size_t *at, int32_t *seconds)
{
	unsigned hours, minutes;
	bool west = byte_at(text, at, '-');

	if (!west && !byte_at(text, at, '+'))
		return false;
	if (!digits_at(text, at, 2, &hours))
		return false;
	(void)byte_at(text, at, ':');
	if (!digits_at(text, at, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*seconds = (int32_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

bool take_stamp_clf(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct civil civil = local_civil();
	size_t at = 0;
	unsigned year;

	if (!digits_at(*rest, &at, 2, &civil.day) || !byte_at(*rest, &at, '/'))
		return false;
	civil.month = month_at(*rest, &at);
	if (civil.month == 0 || !byte_at(*rest, &at, '/') || !digits_at(*rest, &at, 4, &year) ||
		!byte_at(*rest, &at, ':') || !clock_at(*rest, &at, &civil))
		return false;
	if (byte_at(*rest, &at, ' ') && !offset_at(*rest, &at, &civil.offset_seconds))
		return false;
	civil.year = (int)year;
	return finish(rest, context, at, true, &civil, ns);
}

bool take_stamp_time(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	static const int64_t second = 1000000000, ahead = 3600 * second, day = 86400 * second;
	const int64_t latest = context->now_ns + ahead;
	const int32_t offset = context->zone == NULL
				       ? context->zone_seconds
				       : zone_offset(context->zone, context->now_ns / second);
	struct civil time = local_civil(), date;
	size_t at = 0;

	if (!clock_at(*rest, &at, &time) ||
		(at < rest->len && memchr(" :]", rest->ptr[at], 3) == NULL))
		return false;
	for (int64_t back = 0; back <= day; back += day) {
		int64_t moment;

		clock_to_civil(latest - back, offset, &date);
		time.year = date.year;
		time.month = date.month;
		time.day = date.day;
		if (stamp_moment(context, &time, &moment) && moment <= latest) {
			*ns = moment;
			*rest = slice_from(*rest, at);
			return true;
		}
	}
	return false;
}

bool take_stamp_slashed(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct civil civil = local_civil();
	size_t at = 0;
	unsigned year;

	if (!digits_at(*rest, &at, 4, &year) || !byte_at(*rest, &at, '/') ||
		!digits_at(*rest, &at, 2, &civil.month) || !byte_at(*rest, &at, '/') ||
		!digits_at(*rest, &at, 2, &civil.day) || !byte_at(*rest, &at, ' ') ||
		!clock_at(*rest, &at, &civil))
		return false;
	civil.year = (int)year;
	return finish(rest, context, at, true, &civil, ns);
}

bool take_stamp_ctime(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	struct civil civil = local_civil();
	size_t at = 3; /* the day of the week says nothing new */
	unsigned year;

	if (rest->len < 24 || !byte_at(*rest, &at, ' '))
		return false;
	civil.month = month_at(*rest, &at);
	if (civil.month == 0 || !byte_at(*rest, &at, ' '))
		return false;
	(void)byte_at(*rest, &at, ' ');
	if (!digits_at(*rest, &at, 2, &civil.day) && !digits_at(*rest, &at, 1, &civil.day))
		return false;
	if (!byte_at(*rest, &at, ' ') || !clock_at(*rest, &at, &civil) ||
		!byte_at(*rest, &at, ' ') || !digits_at(*rest, &at, 4, &year))
		return false;
	civil.year = (int)year;
	return finish(rest, context, at, true, &civil, ns);
}

static bool plain_epoch(struct slice text, int64_t *ns)
{
	struct slice whole = slice_head(text, slice_find(text, '.'));
	struct slice fraction = slice_from(text, whole.len);
	uint64_t value, unit = (uint64_t)CLOCK_NS_PER_S;
	uint64_t nanoseconds = 0;

	if (!slice_to_u64(whole, INT64_MAX, &value) || value < 100000000)
		return false;
	for (; unit > 1 && value >= UINT64_C(100000000000) * ((uint64_t)CLOCK_NS_PER_S / unit);)
		unit /= 1000;
	if (value > (uint64_t)INT64_MAX / unit - 1)
		return false;
	if (fraction.len > 1) {
		fraction = slice_from(fraction, 1);
		uint64_t place = unit;
		for (size_t i = 0; i < fraction.len; i++) {
			if (!is_digit(fraction.ptr[i]))
				return false;
			place /= 10;
			nanoseconds += place * (uint64_t)(fraction.ptr[i] - '0');
		}
	}
	*ns = (int64_t)(value * unit + nanoseconds);
	return true;
}

/* "1.7000000005e9" with the point moved: "1700000000.5". */
static bool move_point(struct slice text, size_t exponent_at, char out[EPOCH_MAX], size_t *len)
{
	struct slice mantissa = slice_head(text, exponent_at);
	struct slice exponent = slice_from(text, exponent_at + 1);
	size_t point = slice_find(mantissa, '.'), n = 0;
	uint64_t shift;

	if (exponent.len > 0 && exponent.ptr[0] == '+')
		exponent = slice_from(exponent, 1);
	if (!slice_to_u64(exponent, 18, &shift) || mantissa.len + shift + 1 > EPOCH_MAX)
		return false;
	for (size_t i = 0; i < mantissa.len; i++) {
		if (i == point)
			continue;
		if (n == point + shift)
			out[n++] = '.';
		out[n++] = mantissa.ptr[i];
	}
	while (n < point + shift)
		out[n++] = '0';
	*len = n;
	return true;
}

bool stamp_from_epoch(struct slice text, int64_t *ns)
{
	size_t exponent = slice_find(text, 'e'), len;
	char plain[EPOCH_MAX];

	if (exponent == text.len)
		exponent = slice_find(text, 'E');
	if (exponent == text.len)
		return plain_epoch(text, ns);
	return text.len <= EPOCH_MAX && move_point(text, exponent, plain, &len) &&
	       plain_epoch(slice_of(plain, len), ns);
}
