/*
 * json_plain - the bytes of a JSON string that stand for themselves, eight at a time
 *
 * Printable ASCII but '"' and '\' (RFC 8259 §7). What else there is ends the string, is
 * escaped, or is a character of several bytes, which has to be looked at. Any thread.
 */
#ifndef COMMON_JSON_PLAIN_H
#define COMMON_JSON_PLAIN_H

#include "common/bytes.h"
#include "common/slice.h"

/* How many there are before the first other byte; `word` as it lies in memory. 8 = all. */
static inline size_t json_plain_of_word(uint64_t word)
{
	static const uint64_t ones = UINT64_C(0x0101010101010101);
	static const uint64_t tops = UINT64_C(0x8080808080808080);
	uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\',
		 del = word ^ ones * 0x7f;

	/* A byte below n borrows into its top bit, zero bytes are those below one. A borrow
	 * may reach bytes above, never the first one that is found. */
	uint64_t others = (word | ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
				  ((slash - ones) & ~slash) | ((del - ones) & ~del)) &
			  tops;
	return others == 0 ? sizeof(word) : (size_t)__builtin_ctzll(others) / 8;
}

/* How many there are at the start of `text`; its last seven bytes are not looked at. */
static inline size_t json_plain_len(struct slice text)
{
	size_t n = 0, found = sizeof(uint64_t);

	while (found == sizeof(uint64_t) && text.len - n >= sizeof(uint64_t)) {
		found = json_plain_of_word(bytes_get_u64(text.ptr + n));
		n += found;
	}
	return n;
}

#endif
