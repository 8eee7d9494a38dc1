/*
 * block - what one commit, or several merged ones, put into one retention class
 *
 * A block is a fixed head, a front (tables and columns) and the bodies; front
 * and bodies are a zstd frame each, so that readers of columns unpack no
 * bodies. A block has one part for each commit in it. The same layout serves
 * a running segment (one part a block), a sealed one (small blocks merged to
 * one of many parts) and the snapshot of all streams that starts a segment
 * (one part, a move for each stream, no records). Byte by byte in
 * collector/README.md.
 *
 * Reading takes nothing on trust: every number is checked against the bytes
 * that are there, memory is bounded. One thread at a time per object.
 */
#ifndef COLLECTOR_STORE_BLOCK_H
#define COLLECTOR_STORE_BLOCK_H

#include "collector/store/store.h"

enum {
	BLOCK_HEAD_SIZE = 72,
	BLOCK_SIZE_MAX = 63 << 20,  /* bytes of head, front and bodies as they are stored */
	BLOCK_FRONT_MAX = 96 << 20, /* bytes of a front unpacked */
	BLOCK_BODIES_MAX = 96 << 20,
	BLOCK_RECORDS_MAX = 1 << 20,
	BLOCK_STREAMS_MAX = UINT16_MAX, /* columns' `stream` is 16 bits */
	COMMIT_BATCHES_MAX = 16384,     /* in one commit; each is of one stream */
	BLOCK_ARENA_MAX = 512 << 20,    /* bytes of a front taken apart */
};

#define BLOCK_MAGIC UINT32_C(0x314b4253) /* "SBK1" */

enum block_kind {
	BLOCK_RECORDS = 1,
	BLOCK_SNAPSHOT = 2,
};

struct block_head {
	uint8_t kind;  /* enum block_kind */
	uint8_t class; /* 1..5 */
	uint32_t n_parts;
	uint64_t commit, last_commit; /* of the first part and the last */
	uint64_t first;               /* number of the first record in its class */
	uint32_t n_records;
	uint32_t front_packed, front_size;   /* bytes as stored, unpacked */
	uint32_t bodies_packed, bodies_size; /* 0, 0 = no bodies */
	uint32_t front_crc, bodies_crc;      /* CRC32C as stored */
};

/* What one commit did in this class. */
struct block_part {
	uint64_t commit;
	uint8_t set; /* bit class - 1: the classes this commit has a block in */
	int64_t committed_ns;
	uint32_t n_records, n_moves, n_gaps;
	uint64_t next[STORE_CLASSES]; /* number of the next record of every class, behind it */
};

/* A stream went from `from` to position.stored. */
struct block_move {
	uint32_t stream; /* number in the table */
	uint8_t home;    /* class of its last record */
	uint64_t from;   /* first sequence stored or declared; 0 in a snapshot */
	struct stream_position position;
};

/* A front taken apart; all of it lies in the arena given. */
struct block_front {
	const struct stream *streams;
	const struct record_source *sources;
	const struct block_part *parts;
	const struct block_move *moves;     /* of all parts, one after the other */
	const struct store_block_gap *gaps; /* likewise */
	const struct columns *columns;      /* likewise */
	uint32_t n_streams, n_sources, n_moves, n_gaps;
};

void block_head_write(const struct block_head *head, char to[BLOCK_HEAD_SIZE]);

/* Reads the first BLOCK_HEAD_SIZE bytes of `bytes`; false when they are no sound head. */
MUST_USE bool block_head_read(struct slice bytes, struct block_head *head);

/* Bytes behind the head. */
static inline size_t block_tail_size(const struct block_head *head)
{
	return (size_t)head->front_packed + head->bodies_packed;
}

/* `packed` are the head->front_packed bytes behind the head. False when they are damaged. */
MUST_USE bool block_front_read(const struct block_head *head, struct slice packed,
	struct arena *arena, struct block_front *front);

/* The same without columns: front->columns is NULL. */
MUST_USE bool block_tables_read(const struct block_head *head, struct slice packed,
	struct arena *arena, struct block_front *front);

/* Reads the head and the front of a whole block. */
MUST_USE bool block_read(struct slice block, struct arena *arena, struct block_head *head,
	struct block_front *front);

/* The bodies of a whole block, packed. */
static inline struct slice block_bodies(const struct block_head *head, struct slice block)
{
	return slice_from(block, BLOCK_HEAD_SIZE + head->front_packed);
}

/* Unpacks the bodies to the end of `out`, whose limit must allow it. False when damaged. */
MUST_USE bool block_bodies_read(
	const struct block_head *head, struct slice packed, struct strbuf *out);

#endif
