/*
 * sldc - unpacking Streaming Lossless Data Compression (ECMA-321)
 *
 * What Windows packs forwarded events with. A stream of bits, the highest of a
 * byte first, that fills a ring of the last 1024 bytes (the history):
 *
 *	scheme 1   0 bbbbbbbb                 a byte
 *	           1 count position           bytes of the history, from a place of the ring on
 *	scheme 2   bbbbbbbb                   a byte but FF
 *	           11111111 0                 that one
 *	both       1 1111 1111 cccc           a control symbol
 *
 *	count      0 n          2 and 3       1110 nnnn      16 to 31
 *	           10 nn        4 to 7        1111 nnnnnnnn  32 to 271
 *	           110 nnn      8 to 15
 *	position   10 bits
 *
 *	control    0 flush: zeros up to a multiple of 32 bits
 *	           1, 2      scheme 1, scheme 2 from here on
 *	           4         end of a record
 *	           5, 6      the same as 1 and 2, with an empty history
 *	           15        end of the stream
 *
 * File marks (3) are of tapes and refused. Any thread.
 */
#ifndef COLLECTOR_INGEST_SLDC_H
#define COLLECTOR_INGEST_SLDC_H

#include "common/strbuf.h"

/* Bytes that a packed one unpacks to, at most: a copy of 271 takes 23 bits. */
enum { SLDC_GROWTH = 95 };

/*
 * Appends the `size` bytes that `packed` has to unpack to. False: it is damaged or of another
 * size, or `out` has no room for them; nothing is appended then. Takes time and memory for
 * `size` bytes at most, and none for more than `packed` can hold.
 */
MUST_USE bool sldc_unpack(struct slice packed, size_t size, struct strbuf *out);

#endif
