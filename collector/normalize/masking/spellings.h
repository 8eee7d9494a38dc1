/*
 * spellings - the ways in which one Vietnamese name is written
 *
 * A letter with its marks is one character (Unicode NFC), or a letter and the
 * marks behind it (NFD, as macOS and some browsers send it), or the vowel and
 * only its tone apart (as windows-1258 has it); each in small letters, in
 * capitals, and as the name is given. Letters of ASCII stay as they are: their
 * case is never told apart.
 */
#ifndef COLLECTOR_NORMALIZE_SPELLINGS_H
#define COLLECTOR_NORMALIZE_SPELLINGS_H

#include "common/slice.h"

enum { SPELLINGS = 9, SPELLING_GROWTH = 3 /* times as many bytes, at most */ };

/* `name` in composed letters, which 0..SPELLINGS - 1, 0 as it is; what is no Vietnamese letter
 * stays. Gives how many bytes `out` got. */
size_t spelling_write(struct slice name, unsigned which, char *out);

#endif
