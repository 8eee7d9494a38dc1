/*
 * utf8 - is it text? (RFC 3629)
 *
 * Overlong forms, surrogates and values above U+10FFFF are not UTF-8. Control
 * characters of the C1 range and the bidirectional controls are valid UTF-8:
 * sinks that show text to people deal with them.
 *
 * Any thread.
 */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include "common/strbuf.h"

/* Bytes of the first character: 1..4, or 0 when `s` is empty or does not start with one. */
size_t utf8_width(struct slice s);

bool utf8_valid(struct slice s);

/* The first character can be shown to a person as it is: it is no control, also none of those
 * that end lines or turn the direction of writing. `s` is not empty. */
bool utf8_shown(struct slice s);

/* Append `s` for a person's eyes: what utf8_shown() refuses becomes \xNN, byte by byte. */
void utf8_show(struct strbuf *out, struct slice s);

/* The start of `s`, at most `max` bytes, that does not end inside of a character. */
struct slice utf8_head(struct slice s, size_t max);

#endif
