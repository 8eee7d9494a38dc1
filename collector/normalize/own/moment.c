#include "collector/normalize/own/moment.h"

#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"
#include "collector/normalize/text/stamp_parts.h"

/* What a form can hold, and how many letters of it. */
static const struct {
	char letter;
	uint8_t least, most;
	unsigned has;
} letters[] = {
	{'y', 2, 4, OWN_HAS_YEAR},
	{'M', 1, 3, OWN_HAS_DATE},
	{'d', 1, 2, OWN_HAS_DATE},
	{'H', 1, 2, OWN_HAS_TIME},
	{'h', 1, 2, OWN_HAS_TIME},
	{'m', 1, 2, OWN_HAS_TIME},
	{'s', 1, 2, OWN_HAS_TIME},
	{'S', 1, 9, 0},
	{'a', 1, 1, 0},
	{'Z', 1, 1, 0},
	{'E', 3, 3, 0},
};

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* ---- forms ------------------------------------------------------------------ */

static bool add_part(struct own_stamp *stamp, char what, char byte, size_t n, struct err *err)
{
	if (stamp->n == OWN_STAMP_PARTS_MAX)
		return err_set(err, "the form of the stamp has more than %d parts",
			OWN_STAMP_PARTS_MAX);
	stamp->parts[stamp->n++] =
		(struct own_stamp_part){.what = what, .byte = byte, .n = (uint8_t)n};
	return true;
}

static bool add_letters(struct own_stamp *stamp, char letter, size_t n, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(letters); i++) {
		if (letters[i].letter != letter)
			continue;
		if (n < letters[i].least || n > letters[i].most || (letter == 'y' && n == 3))
			return err_set(
				err, "a stamp has no part of %zu letters '%c'", n, letter);
		return add_part(stamp, letter, 0, n, err);
	}
	return err_set(
		err, "'%c' is no part of a stamp (text stands in single quotes)", letter);
}

static size_t letters_at(struct slice form)
{
	size_t n = 1;

	while (n < form.len && form.ptr[n] == form.ptr[0])
		n++;
	return n;
}

/* 'text', or one byte; *form moves. */
static bool add_text(struct own_stamp *stamp, struct slice *form, struct err *err)
{
	struct slice text = slice_head(*form, 1);

	*form = slice_from(*form, 1);
	if (text.ptr[0] == '\'' && !take_until(form, '\'', &text))
		return err_set(err, "a single quote is not closed in the form of the stamp");
	for (size_t i = 0; i < text.len; i++) {
		if (!add_part(stamp, '\'', text.ptr[i], 1, err))
			return false;
	}
	return true;
}

static bool compile_form(struct slice form, struct own_stamp *stamp, struct err *err)
{
	while (form.len > 0) {
		bool good;

		if (is_letter(form.ptr[0])) {
			size_t n = letters_at(form);

			good = add_letters(stamp, form.ptr[0], n, err);
			form = slice_from(form, n);
		} else {
			good = add_text(stamp, &form, err);
		}
		if (!good)
			return false;
	}
	return true;
}

static bool has_part(const struct own_stamp *stamp, char what)
{
	bool has = false;

	for (unsigned i = 0; i < stamp->n; i++)
		has |= stamp->parts[i].what == what;
	return has;
}

static unsigned has_of(const struct own_stamp *stamp)
{
	unsigned has = 0;

	for (unsigned i = 0; i < stamp->n; i++) {
		for (size_t j = 0; j < ARRAY_LEN(letters); j++) {
			if (letters[j].letter == stamp->parts[i].what)
				has |= letters[j].has;
		}
	}
	return has;
}

bool own_stamp_compile(struct slice form, struct own_stamp *stamp, struct err *err)
{
	static const struct slice words[] = {[OWN_STAMP_ANY] = {SLICE_BYTES("any")},
		[OWN_STAMP_ISO] = {SLICE_BYTES("iso")},
		[OWN_STAMP_EPOCH] = {SLICE_BYTES("epoch")}};

	*stamp = (struct own_stamp){.kind = OWN_STAMP_FORM};
	for (unsigned i = OWN_STAMP_ANY; i < ARRAY_LEN(words); i++) {
		if (slice_eq(form, words[i])) {
			stamp->kind = i;
			return true;
		}
	}
	if (!compile_form(form, stamp, err))
		return false;
	if (has_of(stamp) == 0)
		return err_set(err, "the form of the stamp has neither a date nor a time");
	if (has_part(stamp, 'a') && !has_part(stamp, 'h') && !has_part(stamp, 'H'))
		return err_set(
			err, "the half of the day ('a') needs its hour in the same form");
	return true;
}

/* ---- reading ------------------------------------------------------------------ */

/* Of `n` letters: two digits for two, one or two for one. */
static bool number_at(struct slice text, size_t *at, unsigned n, unsigned *value)
{
	if (n == 1 && digits_at(text, at, 2, value))
		return true;
	return digits_at(text, at, n, value);
}

static bool year_at(struct slice text, size_t *at, unsigned n, struct own_moment *moment)
{
	unsigned year;

	if (!digits_at(text, at, n, &year))
		return false;
	if (n == 2)
		year += year < 70 ? 2000 : 1900; /* as POSIX has it */
	moment->civil.year = (int)year;
	moment->has |= OWN_HAS_YEAR;
	return true;
}

static bool month_part_at(struct slice text, size_t *at, unsigned n, struct own_moment *moment)
{
	moment->has |= OWN_HAS_DATE;
	if (n < 3)
		return number_at(text, at, n, &moment->civil.month);
	moment->civil.month = month_at(text, at);
	return moment->civil.month != 0;
}

enum half { HALF_UNSAID, HALF_FIRST, HALF_SECOND };

/* AM and PM, SA (sáng) and CH (chiều). */
static bool half_at(struct slice text, size_t *at, enum half *half)
{
	struct slice word = slice_from(text, *at);

	if (word.len < 2)
		return false;
	word = slice_head(word, 2);
	if (slice_eq_nocase(word, SLICE_LIT("PM")) || slice_eq_nocase(word, SLICE_LIT("CH")))
		*half = HALF_SECOND;
	else if (slice_eq_nocase(word, SLICE_LIT("AM")) ||
		 slice_eq_nocase(word, SLICE_LIT("SA")))
		*half = HALF_FIRST;
	else
		return false;
	*at += 2;
	return true;
}

/* The half may stand before the hour. Midnight and noon are 12 o'clock. */
static bool apply_half(enum half half, unsigned *hour)
{
	if (half == HALF_UNSAID)
		return true;
	if (*hour == 0 || *hour > 12)
		return false;
	*hour = *hour % 12 + (half == HALF_SECOND ? 12 : 0);
	return true;
}

static bool zone_at(struct slice text, size_t *at, struct own_moment *moment)
{
	struct slice rest = slice_from(text, *at);

	if (!take_zone(&rest, &moment->civil.offset_seconds))
		return false;
	*at = text.len - rest.len;
	return true;
}

static bool weekday_at(struct slice text, size_t *at)
{
	for (unsigned i = 0; i < 3; i++) {
		if (*at == text.len || !is_letter(text.ptr[*at]))
			return false;
		++*at;
	}
	return true;
}

static bool time_at(
	struct slice text, size_t *at, unsigned n, unsigned *value, struct own_moment *moment)
{
	moment->has |= OWN_HAS_TIME;
	return number_at(text, at, n, value);
}

static bool part_at(const struct own_stamp_part *part, struct slice text, size_t *at,
	struct own_moment *moment, enum half *half)
{
	struct civil *civil = &moment->civil;

	switch (part->what) {
	case '\'':
		return byte_at(text, at, part->byte);
	case 'y':
		return year_at(text, at, part->n, moment);
	case 'M':
		return month_part_at(text, at, part->n, moment);
	case 'd':
		return number_at(text, at, part->n, &civil->day);
	case 'H':
	case 'h':
		return time_at(text, at, part->n, &civil->hour, moment);
	case 'm':
		return time_at(text, at, part->n, &civil->minute, moment);
	case 's':
		return time_at(text, at, part->n, &civil->second, moment);
	case 'S':
		return nanoseconds_at(text, at, &civil->nanosecond);
	case 'a':
		return half_at(text, at, half);
	case 'Z':
		return zone_at(text, at, moment);
	default: /* 'E': compile_form() lets no other pass */
		return weekday_at(text, at);
	}
}

static bool take_form(
	const struct own_stamp *stamp, struct slice *rest, struct own_moment *moment)
{
	struct own_moment read = *moment;
	enum half half = HALF_UNSAID;
	size_t at = 0;

	for (unsigned i = 0; i < stamp->n; i++) {
		if (!part_at(&stamp->parts[i], *rest, &at, &read, &half))
			return false;
	}
	if (!apply_half(half, &read.civil.hour))
		return false;
	*moment = read;
	*rest = slice_from(*rest, at);
	return true;
}

/* Digits with a fraction or without. */
static bool take_epoch(struct slice *rest, int64_t *ns)
{
	size_t len = 0;

	while (len < rest->len &&
		(is_digit(rest->ptr[len]) || (rest->ptr[len] == '.' && len + 1 < rest->len &&
						     is_digit(rest->ptr[len + 1]))))
		len++;
	if (!stamp_from_epoch(slice_head(*rest, len), ns))
		return false;
	*rest = slice_from(*rest, len);
	return true;
}

bool own_stamp_take(const struct own_stamp *stamp, const struct parse_context *context,
	struct slice *rest, struct own_moment *moment)
{
	bool taken = false;

	if (moment->has == 0)
		moment->civil = local_civil();
	switch (stamp->kind) {
	case OWN_STAMP_FORM:
		return take_form(stamp, rest, moment);
	case OWN_STAMP_ANY:
		taken = take_stamp_any(rest, context, &moment->ns);
		break;
	case OWN_STAMP_ISO:
		taken = take_stamp_iso(rest, context, &moment->ns);
		break;
	case OWN_STAMP_EPOCH:
		taken = take_epoch(rest, &moment->ns);
		break;
	}
	moment->has |= taken ? OWN_HAS_ALL : 0;
	return taken;
}

bool own_moment_ns(
	const struct own_moment *moment, const struct parse_context *context, int64_t *ns)
{
	struct civil civil = moment->civil;

	if (moment->has & OWN_HAS_ALL) {
		*ns = moment->ns;
		return true;
	}
	if (!(moment->has & OWN_HAS_DATE))
		return false;
	if (!(moment->has & OWN_HAS_YEAR)) {
		civil.year = context->year;
		if (context->year == 0 && !complete_year(&civil, context))
			return false;
	}
	return stamp_moment(context, &civil, ns);
}
