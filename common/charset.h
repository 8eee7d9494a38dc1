/*
 * charset - text of other character sets into UTF-8
 *
 *	utf-8           RFC 3629; left as it is
 *	utf-16le        Unicode, chapter 3.10 (also "utf-16"); a byte order mark at the start
 *	utf-16be        decides, and is taken off
 *	windows-1258    Unicode's table CP1258 (also "cp1258")
 *	tcvn3           TCVN 5712:1993, VN3 (fonts of ABC)
 *	vni             VNI for Windows: a letter and a byte for its marks; punctuation as in
 *	                windows-1252
 *
 * Marks that follow their letter are put together with it (NFC) where Vietnamese has such a
 * letter. TCVN3 has capitals with marks by their fonts only: they are small letters here. A
 * byte that means nothing is shown as \xNN and counted. Nothing is lost: the outcome says when
 * the text alone does not tell the bytes it was made of.
 *
 * Any thread; allocates nothing; linear.
 */
#ifndef COMMON_CHARSET_H
#define COMMON_CHARSET_H

#include <stdint.h>

#include "common/slice.h"

enum charset {
	CHARSET_UTF_8,
	CHARSET_UTF_16LE,
	CHARSET_UTF_16BE,
	CHARSET_WINDOWS_1258,
	CHARSET_TCVN3,
	CHARSET_VNI,
	CHARSET_COUNT,
};

enum { CHARSET_GROWTH = 4 /* bytes of UTF-8 for a byte, at most */ };

struct charset_outcome {
	size_t undecodable; /* bytes */
	bool exact;         /* the same text is never made of other bytes */
};

/* Case does not matter. False when there is none of that name. */
MUST_USE bool charset_by_name(struct slice name, enum charset *charset);

const char *charset_name(enum charset charset);

/* `out` has room for what is written, CHARSET_GROWTH times as many bytes as `text` at most;
 * gives how many were. With `out` NULL they are only counted. */
size_t charset_decode(
	enum charset charset, struct slice text, char *out, struct charset_outcome *outcome);

/* What a byte order mark at the start says; CHARSET_COUNT when there is none. */
enum charset charset_of_mark(struct slice text);

/* Bytes of a unit, and so of a newline: 1 or 2. */
static inline unsigned charset_unit(enum charset charset)
{
	return charset == CHARSET_UTF_16LE || charset == CHARSET_UTF_16BE ? 2 : 1;
}

/* The offset of the first newline at a whole number of units, or text.len. */
size_t charset_find_newline(enum charset charset, struct slice text);

/* The six forms of each Vietnamese vowel: without tone, grave, acute, hook, tilde, dot below;
 * ended by zeros. */
extern const uint16_t vietnamese_vowels[][6];

#endif
