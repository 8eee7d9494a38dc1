/*
 * fold - texts that people take for the same: without case and diacritics
 *
 * "Nguyễn", "NGUYEN", "nguyễn" with its marks behind the letters in any order (NFD) are one:
 * Vietnamese and Western European letters become small letters of ASCII, đ becomes d, combining
 * marks (U+0300..U+036F) go, but for one behind a byte that is no UTF-8. Other characters, and
 * bytes that are no UTF-8, stay as they are.
 *
 * For comparing and searching; what is stored and shown is never folded. Any thread; allocates
 * nothing; linear.
 */
#ifndef COMMON_FOLD_H
#define COMMON_FOLD_H

#include "common/slice.h"

/* `out` has as many bytes as `text`; gives how many were written. */
size_t fold_text(struct slice text, char *out);

bool fold_eq(struct slice a, struct slice b);

#endif
