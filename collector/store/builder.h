/*
 * builder - puts a block together and packs it
 *
 *	builder_reset(builder, class, first);
 *	stream = builder_stream(builder, &batch->stream);
 *	builder_records(builder, columns, n, bodies); ... builder_move() ... builder_gap()
 *	builder_part(builder, &part);          a commit is complete; the next may follow
 *	builder_pack(builder, level, &packed);
 *
 * Everything is copied in. Memory is kept from block to block, so that the
 * steady state allocates nothing. One thread at a time.
 */
#ifndef COLLECTOR_STORE_BUILDER_H
#define COLLECTOR_STORE_BUILDER_H

#include "collector/store/block.h"

struct builder;

MUST_USE struct builder *builder_new(void);
void builder_free(struct builder *builder); /* NULL is fine */

/* Starts a block. `first` is the number of its first record in the class. */
void builder_reset(
	struct builder *builder, enum block_kind kind, uint8_t class, uint64_t first);

/* Numbers in the block's tables; the same for the same. At most BLOCK_STREAMS_MAX streams. */
uint32_t builder_stream(struct builder *builder, const struct stream *stream);
uint32_t builder_source(struct builder *builder, const struct record_source *source);

/*
 * Appends records whose bodies lie one after the other in `bodies`, and returns where their
 * columns are now: the caller sets `stream` and `source` to this block's numbers.
 */
struct columns *builder_records(struct builder *builder, const struct columns *columns,
	uint32_t n, struct slice bodies);

void builder_move(struct builder *builder, const struct block_move *move);
void builder_gap(struct builder *builder, uint32_t stream, const struct store_block_gap *gap);

/* Ends a part; its n_records, n_moves and n_gaps are filled in from what was added. */
void builder_part(struct builder *builder, const struct block_part *part);

uint32_t builder_n_records(const struct builder *builder);
uint32_t builder_n_parts(const struct builder *builder);
uint32_t builder_n_streams(const struct builder *builder);
uint64_t builder_next_record(const struct builder *builder); /* behind those added */

/* Bytes of what was added, before packing; a packed block is never larger by more than 1 %. */
size_t builder_size(const struct builder *builder);
size_t builder_bodies_size(const struct builder *builder);

struct packed_block {
	struct block_head head;
	char head_bytes[BLOCK_HEAD_SIZE];
	struct slice front, bodies; /* in the builder, until its next reset */
};

/* Spoils what was added: reset comes next. At least one part was ended. */
void builder_pack(struct builder *builder, int level, struct packed_block *packed);

#endif
