/*
 * personal - where numbers and addresses of people stand in a text
 *
 * What they look like is fixed by law, standards and number plans; what only
 * looks like them is sorted out by their checks as far as they have any:
 *
 * | kind | form | check |
 * |---|---|---|
 * | citizen's id (CCCD) | 12 digits (Decree 137/2015 art. 13, Circular 59/2021) | province,
 * century and sex, year of birth | | telephone | 0, 84, +84, 0084 and the national number
 * (Circular 22/2014 and changes) | prefix and length | | payment card | 13 to 19 digits
 * (ISO/IEC 7812-1) | issuer's range and length, Luhn | | e-mail | local@domain (RFC 5321,
 * without quoted local parts) | a domain of two labels |
 *
 * Numbers may be written in groups, with one blank, point or hyphen between them, telephones
 * with the area in brackets. A number inside of a word or a longer number is none. Old ids of
 * 9 digits and accounts of banks have no check worth its name: they are found by what is called
 * so before them, with personal_number_behind().
 *
 * One pass that looks at one byte in ten or more and reads around digits; linear in any text.
 * Immutable; any thread.
 */
#ifndef COLLECTOR_NORMALIZE_PERSONAL_H
#define COLLECTOR_NORMALIZE_PERSONAL_H

#include <stdint.h>

#include "common/slice.h"

enum personal_kind {
	PERSONAL_CITIZEN_ID,
	PERSONAL_PHONE,
	PERSONAL_CARD,
	PERSONAL_EMAIL,
	PERSONAL_KINDS,
};

enum { PERSONAL_DIGITS_MAX = 19, PERSONAL_EMAIL_MAX = 320 };

struct personal {
	bool wanted[PERSONAL_KINDS];
	int year; /* this one, with its century: nobody was born later */
	/* By the three digits behind the 0 of a telephone number: digits of the whole, 0 = no
	 * such prefix. */
	uint8_t phone_digits[1000];
};

/* "091", "0203": digits, a 0 first; false when it is no prefix. */
MUST_USE bool personal_add_phone_prefix(struct personal *personal, struct slice prefix);

/* text[from, to) is one. False ends the search. */
typedef bool personal_function(void *user, enum personal_kind kind, size_t from, size_t to);

/* All but e-mail addresses. False when `found` ended it. */
bool personal_find_numbers(const struct personal *personal, struct slice text,
	personal_function *found, void *user);

/* E-mail addresses. */
bool personal_find_emails(struct slice text, personal_function *found, void *user);

/* The first number of least..most digits that begins at most `within` bytes behind `at`, with
 * nothing but punctuation, blanks and words before it. */
bool personal_number_behind(struct slice text, size_t at, size_t within, unsigned least,
	unsigned most, size_t *from, size_t *to);

/*
 * The same number or address, however it was written: digits alone, telephones with a 0 first,
 * e-mail in small letters. `out` has PERSONAL_EMAIL_MAX bytes; what is longer is cut.
 */
struct slice personal_canonical(
	enum personal_kind kind, struct slice value, char out[PERSONAL_EMAIL_MAX]);

#endif
