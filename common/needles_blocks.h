/*
 * needles_blocks - where needles may begin, sixteen places of a text at a time
 *
 * The search of Hyperscan's "Teddy": for each of the first bytes of the needles two
 * tables by nibble say to which of eight groups of needles the byte may belong;
 * a place where some group fits all bytes may begin a needle. Needs SSSE3
 * (every x86-64 processor since 2011); where it is missing nothing is lost but
 * speed. Part of needles.c; immutable after init, any thread.
 */
#ifndef COMMON_NEEDLES_BLOCKS_H
#define COMMON_NEEDLES_BLOCKS_H

#include "common/slice.h"

enum {
	BLOCK = 16,
	BLOCK_PREFIX = 4,                      /* bytes of a needle that are looked at */
	BLOCK_READ = BLOCK + BLOCK_PREFIX - 1, /* bytes that a look at one block reads */
};

struct needles_blocks {
	uint8_t low[BLOCK_PREFIX][BLOCK], high[BLOCK_PREFIX][BLOCK]; /* groups by nibble */
};

/* Can this processor do it? */
bool needles_blocks_possible(void);

/* Needles in lower case, of two bytes at least. */
void needles_blocks_init(struct needles_blocks *blocks);
void needles_blocks_add(struct needles_blocks *blocks, struct slice needle);

/* Bit i: a needle may begin at at[i]. Reads BLOCK_READ bytes. Only where it is possible. */
unsigned needles_blocks_look(const struct needles_blocks *blocks, const char *at);

#endif
