/*
 * digits - fixed places of a stamp: digits and bytes at an offset
 *
 * Each moves *at behind what it read, or leaves it and says false. Any bytes may be given;
 * *at <= text.len.
 */
#ifndef COMMON_DIGITS_H
#define COMMON_DIGITS_H

#include "common/slice.h"

/* Exactly `n` decimal digits, at most 9; *value is left alone when they are not there. */
static inline bool digits_at(struct slice text, size_t *at, unsigned n, unsigned *value)
{
	unsigned sum = 0;

	if (text.len - *at < n)
		return false;
	for (unsigned i = 0; i < n; i++) {
		unsigned digit = (unsigned)((unsigned char)text.ptr[*at + i]) - '0';

		if (digit > 9)
			return false;
		sum = sum * 10 + digit;
	}
	*at += n;
	*value = sum;
	return true;
}

static inline bool byte_at(struct slice text, size_t *at, char byte)
{
	if (*at >= text.len || text.ptr[*at] != byte)
		return false;
	++*at;
	return true;
}

/* All digits that follow, as a part of a second; those beyond the ninth do not count. */
static inline bool nanoseconds_at(struct slice text, size_t *at, uint32_t *nanosecond)
{
	unsigned digit, n = 0;

	*nanosecond = 0;
	while (digits_at(text, at, 1, &digit)) {
		if (n < 9)
			*nanosecond = *nanosecond * 10 + digit;
		n++;
	}
	for (unsigned i = n; i < 9; i++)
		*nanosecond *= 10;
	return n > 0;
}

#endif
