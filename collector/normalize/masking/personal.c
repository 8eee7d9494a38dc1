#include "collector/normalize/masking/personal.h"

enum {
	CITIZEN_DIGITS = 12,
	CARD_DIGITS_MIN = 13,
	MOBILE_DIGITS = 10,
	LANDLINE_DIGITS = 11,
	LOCAL_MAX = 64, /* bytes before the '@' */
	DOMAIN_MAX = 253,
};

/* ---- bytes ---------------------------------------------------------------------- */

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_word_byte(char byte)
{
	return is_digit(byte) || is_letter(byte) || byte == '_';
}

static char byte_at(struct slice text, size_t at)
{
	return at < text.len ? text.ptr[at] : '\0';
}

static char byte_before(struct slice text, size_t at)
{
	return at > 0 ? text.ptr[at - 1] : '\0';
}

static bool is_between(char byte)
{
	return byte == ' ' || byte == '.' || byte == '-';
}

/* Bytes between two groups of one number that begin at `at`; 0 = a digit or the end. */
static size_t gap_at(struct slice text, size_t at)
{
	size_t len = 0;

	if (byte_at(text, at) == ')')
		len++;
	if (is_between(byte_at(text, at + len)))
		len++;
	return len > 0 && is_digit(byte_at(text, at + len)) ? len : 0;
}

/* ---- numbers --------------------------------------------------------------------- */

/* What has been read of one. */
struct number {
	char digits[PERSONAL_DIGITS_MAX];
	unsigned n;
	unsigned group_least; /* digits of the shortest group but the last */
	unsigned group_last;
	bool grouped;
};

static unsigned value_of(const char *digits, unsigned n)
{
	unsigned value = 0;

	for (unsigned i = 0; i < n; i++)
		value = value * 10 + (unsigned)(digits[i] - '0');
	return value;
}

/* Circular 59/2021/TT-BCA, annex 1: provinces as they were when the numbers were given. */
static bool is_province(unsigned code)
{
	static const uint8_t codes[] = {1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24,
		25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40, 42, 44, 45, 46, 48, 49, 51, 52,
		54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83, 84, 86,
		87, 89, 91, 92, 93, 94, 95, 96};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (codes[i] == code)
			return true;
	}
	return false;
}

/* Province of birth, century and sex (0, 1: 1900-1999; 2, 3: 2000-2099), year, six by chance.
 */
static bool is_citizen_id(const struct personal *personal, const struct number *number)
{
	const char *digits = number->digits;
	int century = 1900 + (digits[3] - '0') / 2 * 100;

	return number->n == CITIZEN_DIGITS &&
	       (!number->grouped || (number->group_least >= 3 && number->group_last >= 3)) &&
	       digits[3] <= '3' && is_province(value_of(digits, 3)) &&
	       century + (int)value_of(digits + 4, 2) <= personal->year;
}

/* Digits before the national number, where the 0 would stand; 0 = it is none. */
static unsigned trunk_len(const struct number *number, bool plus)
{
	const char *digits = number->digits;

	if (number->n < MOBILE_DIGITS - 1)
		return 0;
	if (memcmp(digits, "84", 2) == 0)
		return 2;
	if (plus)
		return 0;
	if (memcmp(digits, "0084", 4) == 0)
		return 4;
	return digits[0] == '0' ? 1 : 0;
}

static bool is_phone(const struct personal *personal, const struct number *number, bool plus)
{
	unsigned trunk = trunk_len(number, plus);

	if (trunk == 0 || number->n < trunk + 3 ||
		(number->grouped && (number->group_least < 2 || number->group_last < 2)))
		return false;
	return personal->phone_digits[value_of(number->digits + trunk, 3)] ==
	       number->n - trunk + 1;
}

/* ISO/IEC 7812-1, annex B. */
static bool has_check_digit(const struct number *number)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < number->n; i++) {
		unsigned digit = (unsigned)(number->digits[number->n - 1 - i] - '0');

		if (i % 2 == 1)
			digit = digit > 4 ? digit * 2 - 9 : digit * 2;
		sum += digit;
	}
	return sum % 10 == 0;
}

/* Whose cards begin so, by the first six digits, and how long they are. */
static bool has_issuer(const struct number *number)
{
	static const struct {
		unsigned from, to;
		unsigned lengths; /* bit n: n digits */
	} issuers[] = {
		{400000, 499999, 1U << 13 | 1U << 16 | 1U << 19}, /* Visa */
		{510000, 559999, 1U << 16},                       /* Mastercard */
		{222100, 272099, 1U << 16},
		{970400, 970499, 1U << 16 | 1U << 19}, /* NAPAS, Viet Nam */
		{340000, 349999, 1U << 15},            /* American Express */
		{370000, 379999, 1U << 15},
		{352800, 358999, 1U << 16 | 1U << 17 | 1U << 18 | 1U << 19}, /* JCB */
		{620000, 629999, 1U << 16 | 1U << 17 | 1U << 18 | 1U << 19}, /* UnionPay */
		{300000, 305999, 1U << 14},                                  /* Diners Club */
		{360000, 369999, 1U << 14},
		{380000, 399999, 1U << 14 | 1U << 16},
		{601100, 601199, 1U << 16}, /* Discover */
		{644000, 659999, 1U << 16},
	};
	unsigned head = value_of(number->digits, 6);

	for (size_t i = 0; i < ARRAY_LEN(issuers); i++) {
		if (head >= issuers[i].from && head <= issuers[i].to)
			return issuers[i].lengths >> number->n & 1;
	}
	return false;
}

static bool is_card(const struct number *number)
{
	return number->n >= CARD_DIGITS_MIN && (!number->grouped || number->group_least >= 4) &&
	       has_issuer(number) && has_check_digit(number);
}

static bool is_wanted_number(const struct personal *personal, const struct number *number,
	bool plus, enum personal_kind *kind)
{
	if (personal->wanted[PERSONAL_CITIZEN_ID] && !plus && is_citizen_id(personal, number))
		*kind = PERSONAL_CITIZEN_ID;
	else if (personal->wanted[PERSONAL_PHONE] && is_phone(personal, number, plus))
		*kind = PERSONAL_PHONE;
	else if (personal->wanted[PERSONAL_CARD] && !plus && is_card(number))
		*kind = PERSONAL_CARD;
	else
		return false;
	return true;
}

/* One group of digits; false when it is longer than any number. */
static bool take_group(struct slice text, size_t *at, struct number *number)
{
	unsigned before = number->n;

	while (is_digit(byte_at(text, *at))) {
		if (number->n == PERSONAL_DIGITS_MAX)
			return false;
		number->digits[number->n++] = text.ptr[(*at)++];
	}
	number->group_last = number->n - before;
	return true;
}

/* Whether a number may end there: neither a word nor, but for a blank, a number goes on. */
static bool ends_number(struct slice text, size_t at)
{
	size_t gap = gap_at(text, at);

	return !is_word_byte(byte_at(text, at)) && (gap == 0 || byte_at(text, at) == ' ');
}

/* The number that begins at `from`, in one group or several. */
static bool match_at(const struct personal *personal, struct slice text, size_t from,
	enum personal_kind *kind, size_t *to)
{
	const bool plus = byte_before(text, from) == '+';
	struct number number = {.group_least = PERSONAL_DIGITS_MAX};

	for (size_t at = from;;) {
		if (!take_group(text, &at, &number))
			return false;
		if (ends_number(text, at) && is_wanted_number(personal, &number, plus, kind)) {
			*to = at;
			return true;
		}
		size_t gap = gap_at(text, at);
		if (gap == 0 || number.n == PERSONAL_DIGITS_MAX)
			return false;
		at += gap;
		if (number.group_last < number.group_least)
			number.group_least = number.group_last;
		number.grouped = true;
	}
}

/* "\n", "\r", "\t" as in JSON before `at`. */
static bool is_line_end_escaped(struct slice text, size_t at)
{
	return at >= 2 && text.ptr[at - 2] == '\\' &&
	       (text.ptr[at - 1] == 'n' || text.ptr[at - 1] == 'r' || text.ptr[at - 1] == 't');
}

/* Whether a number may begin at this digit. */
static bool begins_number(struct slice text, size_t at)
{
	char before = byte_before(text, at);

	if (is_line_end_escaped(text, at))
		return true;
	if (is_word_byte(before))
		return false;
	return (before != '.' && before != '-') || at < 2 || !is_digit(text.ptr[at - 2]);
}

/* The fewest digits, and so bytes, of what is looked for. */
static unsigned least_digits(const struct personal *personal)
{
	if (personal->wanted[PERSONAL_PHONE])
		return MOBILE_DIGITS;
	return personal->wanted[PERSONAL_CITIZEN_ID] ? CITIZEN_DIGITS : CARD_DIGITS_MIN;
}

/* Whether the byte may be one of a number: a digit, or one between two. */
static bool may_be_within(struct slice text, size_t at)
{
	char byte = text.ptr[at];

	if (is_digit(byte))
		return true;
	return (is_between(byte) || byte == ')') && gap_at(text, at) > 0 && at > 0 &&
	       (is_digit(text.ptr[at - 1]) || text.ptr[at - 1] == ')');
}

/* Groups of digits with gaps between them. */
struct span {
	size_t from, to;
	unsigned digits; /* as many or more than there are */
};

/* The span around a byte of one, nothing of it before `least`. */
static struct span span_around(struct slice text, size_t at, size_t least)
{
	struct span span = {at, at, 0};

	while (span.from > least && may_be_within(text, span.from - 1))
		span.from--;
	for (;;) {
		size_t gap;

		while (is_digit(byte_at(text, span.to)))
			span.to++;
		gap = gap_at(text, span.to);
		if (gap == 0)
			break;
		span.to += gap;
	}
	for (size_t i = span.from; i < span.to; i++)
		span.digits += is_digit(text.ptr[i]);
	return span;
}

/* What a number of any kind begins with. */
static bool is_first_digit(char byte)
{
	return byte != '1' && byte != '7';
}

/* Every group of the span may begin a number, or several groups together. */
static bool find_in_span(const struct personal *personal, struct slice text,
	const struct span *span, personal_function *found, void *user)
{
	size_t at = span->from;

	while (at < span->to) {
		enum personal_kind kind;
		size_t to;

		if (is_digit(text.ptr[at]) && is_first_digit(text.ptr[at]) &&
			begins_number(text, at) && match_at(personal, text, at, &kind, &to)) {
			if (!found(user, kind, at, to))
				return false;
			at = to;
			continue;
		}
		while (is_digit(byte_at(text, at)))
			at++;
		at += at < span->to;
	}
	return true;
}

static const bool number_bytes[256] = {
	['0'] = true,
	['1'] = true,
	['2'] = true,
	['3'] = true,
	['4'] = true,
	['5'] = true,
	['6'] = true,
	['7'] = true,
	['8'] = true,
	['9'] = true,
	[' '] = true,
	['.'] = true,
	['-'] = true,
	[')'] = true,
};

/* A cheap look: are there `least` bytes of numbers and gaps around `at`? */
static bool may_be_long(struct slice text, size_t at, size_t least)
{
	const unsigned char *bytes = (const unsigned char *)text.ptr;
	size_t behind = at, before = at;

	while (behind < text.len && behind - at < least && number_bytes[bytes[behind]])
		behind++;
	while (before > 0 && behind - before < least && number_bytes[bytes[before - 1]])
		before--;
	return behind - before >= least;
}

bool personal_find_numbers(const struct personal *personal, struct slice text,
	personal_function *found, void *user)
{
	const unsigned least = least_digits(personal);
	size_t done = 0; /* all before it was looked at */

	for (size_t probe = least - 1; probe < text.len; probe += least) {
		if (probe < done || !number_bytes[(unsigned char)text.ptr[probe]] ||
			!may_be_long(text, probe, least) || !may_be_within(text, probe))
			continue;
		const struct span span = span_around(text, probe, done);
		done = span.to;
		if (span.digits >= least && !find_in_span(personal, text, &span, found, user))
			return false;
	}
	return true;
}

bool personal_number_behind(struct slice text, size_t at, size_t within, unsigned least,
	unsigned most, size_t *from, size_t *to)
{
	size_t last = at + within < text.len ? at + within : text.len;

	while (at < last) {
		size_t start = at;

		while (is_digit(byte_at(text, at)))
			at++;
		if (at - start >= least && at - start <= most &&
			!is_word_byte(byte_before(text, start)) &&
			!is_word_byte(byte_at(text, at))) {
			*from = start;
			*to = at;
			return true;
		}
		if (at == start)
			at++;
	}
	return false;
}

/* ---- telephones ------------------------------------------------------------------- */

bool personal_add_phone_prefix(struct personal *personal, struct slice prefix)
{
	uint64_t number;

	if (prefix.len < 3 || prefix.len > 4 || prefix.ptr[0] != '0' ||
		!slice_to_u64(slice_from(prefix, 1), 999, &number))
		return false;

	const unsigned span = prefix.len == 3 ? 10 : 1;
	for (unsigned i = 0; i < span; i++)
		personal->phone_digits[number * span + i] =
			prefix.ptr[1] == '2' ? LANDLINE_DIGITS : MOBILE_DIGITS;
	return true;
}

/* ---- e-mail ----------------------------------------------------------------------- */

static bool is_local_byte(char byte)
{
	return is_word_byte(byte) || byte == '.' || byte == '-' || byte == '+';
}

static bool is_domain_byte(char byte)
{
	return is_digit(byte) || is_letter(byte) || byte == '.' || byte == '-';
}

/* The last label of a domain is a word; there is one before it. */
static bool is_domain(struct slice domain)
{
	size_t letters = 0;

	while (letters < domain.len && is_letter(domain.ptr[domain.len - 1 - letters]))
		letters++;
	return letters >= 2 && letters + 1 < domain.len &&
	       domain.ptr[domain.len - 1 - letters] == '.' && domain.ptr[0] != '.' &&
	       domain.ptr[0] != '-';
}

static bool email_around(struct slice text, size_t sign, size_t *from, size_t *to)
{
	size_t start = sign, end = sign + 1;

	while (start > 0 && sign - start < LOCAL_MAX && is_local_byte(text.ptr[start - 1]))
		start--;
	while (end < text.len && end - sign <= DOMAIN_MAX && is_domain_byte(text.ptr[end]))
		end++;
	while (end > sign + 1 && !is_letter(text.ptr[end - 1]) && !is_digit(text.ptr[end - 1]))
		end--; /* the end of a sentence */
	while (start < sign && text.ptr[start] == '.')
		start++;
	if (start == sign || !is_domain(slice_of(text.ptr + sign + 1, end - sign - 1)))
		return false;
	*from = start;
	*to = end;
	return true;
}

bool personal_find_emails(struct slice text, personal_function *found, void *user)
{
	for (size_t at = 0; at < text.len; at++) {
		size_t from, to;

		at += slice_find(slice_from(text, at), '@');
		if (at < text.len && email_around(text, at, &from, &to) &&
			!found(user, PERSONAL_EMAIL, from, to))
			return false;
	}
	return true;
}

/* ---- one form ---------------------------------------------------------------------- */

static size_t digits_of(struct slice value, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < value.len && n < PERSONAL_DIGITS_MAX; i++) {
		if (is_digit(value.ptr[i]))
			out[n++] = value.ptr[i];
	}
	return n;
}

static struct slice phone_of(size_t n, char *out)
{
	size_t trunk = 0;

	if (n > 2 && memcmp(out, "84", 2) == 0)
		trunk = 2;
	else if (n > 4 && memcmp(out, "0084", 4) == 0)
		trunk = 4;
	if (trunk == 0)
		return slice_of(out, n);
	out[trunk - 1] = '0';
	return slice_of(out + trunk - 1, n - trunk + 1);
}

struct slice personal_canonical(
	enum personal_kind kind, struct slice value, char out[PERSONAL_EMAIL_MAX])
{
	size_t n;

	switch (kind) {
	case PERSONAL_PHONE:
		return phone_of(digits_of(value, out), out);
	case PERSONAL_CITIZEN_ID:
	case PERSONAL_CARD:
		return slice_of(out, digits_of(value, out));
	case PERSONAL_EMAIL:
	case PERSONAL_KINDS:
		break;
	}
	for (n = 0; n < value.len && n < PERSONAL_EMAIL_MAX; n++) {
		char byte = value.ptr[n];

		out[n] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
	}
	return slice_of(out, n);
}
