#include "collector/normalize/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "collector/normalize/text/extract.h"

enum { ISO_DATE_LEN = 10, YEAR_LEN = 4, RUN_MIN = 6 };

/* "####-##-##", of which the first run is known. */
static bool is_iso_date(struct slice text)
{
	const char *at = text.ptr;

	return text.len > ISO_DATE_LEN && at[4] == '-' && is_digit(at[5]) && is_digit(at[6]) &&
	       at[7] == '-' && is_digit(at[8]) && is_digit(at[9]);
}

static enum digits_form form_of_year(struct slice text)
{
	if (is_iso_date(text) && text.ptr[ISO_DATE_LEN] == 'T')
		return DIGITS_ISO_T;
	if (is_iso_date(text) && text.ptr[ISO_DATE_LEN] == ' ')
		return DIGITS_ISO_BLANK;
	switch (text.ptr[YEAR_LEN]) {
	case '/':
		return DIGITS_SLASHED;
	case '.':
	case ' ':
		return DIGITS_YEAR;
	default:
		return DIGITS_REST;
	}
}

enum digits_form digits_form_of(struct slice text)
{
	size_t n = 0;

	while (n < text.len && n < RUN_MIN && is_digit(text.ptr[n]))
		n++;
	if (n == RUN_MIN)
		return DIGITS_RUN;
	if (n == text.len)
		return DIGITS_REST;
	if (n == YEAR_LEN)
		return form_of_year(text);
	if (n <= 3 && text.ptr[n] == '.')
		return DIGITS_DOTTED;
	if (n <= 2 && (text.ptr[n] == '-' || text.ptr[n] == '/' || text.ptr[n] == ' '))
		return DIGITS_DAY;
	return DIGITS_REST;
}

static unsigned beginning_of(struct slice text)
{
	if (text.len == 0)
		return BEGINNINGS_MAX - 1;
	if (!is_digit(text.ptr[0]))
		return (unsigned char)text.ptr[0];
	return BEGINNINGS_BYTES + digits_form_of(text);
}

const struct parser *const *candidates_of(
	const struct candidates *candidates, struct slice text)
{
	return candidates->of[beginning_of(text)];
}

static void append(const struct parser **row, const struct parser *parser)
{
	unsigned n = 0;

	while (row[n] != NULL)
		n++;
	if (n + 1 >= CANDIDATES_MAX)
		abort();
	row[n] = parser;
}

static bool can_begin_with(const struct parser *parser, int byte)
{
	return parser->first_bytes == NULL ||
	       (byte != '\0' && strchr(parser->first_bytes, byte) != NULL);
}

static bool can_begin_with_digit(const struct parser *parser)
{
	return parser->first_bytes == NULL ||
	       strpbrk(parser->first_bytes, FIRST_BYTES_DIGITS) != NULL;
}

void candidates_add(struct candidates *candidates, const struct parser *parser)
{
	for (int byte = 0; byte < BEGINNINGS_BYTES; byte++) {
		if (can_begin_with(parser, byte))
			append(candidates->of[byte], parser);
	}
	for (unsigned form = 0; can_begin_with_digit(parser) && form < DIGITS_FORMS; form++) {
		if (parser->digits == 0 || parser->digits & 1u << form)
			append(candidates->of[BEGINNINGS_BYTES + form], parser);
	}
	if (parser->first_bytes == NULL)
		append(candidates->of[BEGINNINGS_MAX - 1], parser);
}
