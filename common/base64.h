/*
 * base64 - bytes as text (RFC 4648)
 *
 * Reading is strict: no blanks, no foreign bytes, no bits left over, and '='
 * exactly where the alphabet wants it, so that every value has one text.
 */
#ifndef COMMON_BASE64_H
#define COMMON_BASE64_H

#include "common/strbuf.h"

enum base64_alphabet {
	BASE64_PLAIN, /* section 4: + / and padding */
	BASE64_URL,   /* section 5: - _ without padding, as RFC 7515 uses it */
};

void base64_add(struct strbuf *out, enum base64_alphabet alphabet, struct slice bytes);

/* Appends the bytes. False: `text` is not base64, or `out` is full; what was appended is taken
 * back. */
MUST_USE bool base64_read(struct strbuf *out, enum base64_alphabet alphabet, struct slice text);

#endif
