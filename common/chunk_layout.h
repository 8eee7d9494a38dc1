/*
 * chunk_layout - what chunk.c and chunk_read.c agree on; nobody else's business
 *
 * The layout is written down in agent/README.md.
 */
#ifndef COMMON_CHUNK_LAYOUT_H
#define COMMON_CHUNK_LAYOUT_H

#include <assert.h>

#include "common/bytes.h"
#include "common/chunk.h"

enum {
	CHUNK_LAYOUT = 1,

	/* Sealed: layout, 0, u16 padding; zstd frame; padding zeros. */
	SEAL_LAYOUT_AT = 0,
	SEAL_ZERO_AT = 1,
	SEAL_PADDING_AT = 2,
	SEAL_HEAD_SIZE = 4,

	/* Raw: u32 items, u32 sources, u32 size of heads, u32 size of sources; texts; heads;
	 * sources. */
	RAW_ITEMS_AT = 0,
	RAW_SOURCES_AT = 4,
	RAW_HEADS_SIZE_AT = 8,
	RAW_SOURCES_SIZE_AT = 12,
	RAW_HEAD_SIZE = 16,

	/* First byte of an item's head: its kind, and what need not be said. */
	HEAD_KIND_MASK = 0x07,
	HEAD_SAME_SOURCE = 0x08,
	HEAD_SAME_TIME = 0x10,
	HEAD_NEXT_OFFSET = 0x20, /* the offset is where the source's last item ended */
	HEAD_FLAGS = 0x40,       /* a byte of flags follows */
	HEAD_UNKNOWN = 0x80,

	ITEM_FLAGS_ALL = ITEM_TRUNCATED | ITEM_UNTERMINATED | ITEM_JOINED | ITEM_TEST,
};

/* Small differences of either sign become small numbers. */
static inline uint64_t zigzag(uint64_t from, uint64_t to)
{
	uint64_t difference = to - from;

	return difference << 1 ^ (0 - (difference >> 63));
}

static inline uint64_t unzigzag(uint64_t from, uint64_t folded)
{
	return from + (folded >> 1 ^ (0 - (folded & 1)));
}

/* Where the next item of a source starts if a newline is all that lies between. */
static inline uint64_t item_end(uint64_t offset, uint64_t whole)
{
	return offset + whole + 1;
}

/* The least a sealed chunk may weigh. */
static inline size_t sealed_size_min(size_t raw_size)
{
	return raw_size <= CHUNK_FREE_RAW ? 0 : (raw_size - CHUNK_FREE_RAW) / CHUNK_RATIO_MAX;
}

#endif
