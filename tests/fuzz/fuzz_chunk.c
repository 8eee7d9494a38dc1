/*
 * First byte 's': the rest is a sealed chunk. Otherwise the rest is what is inside, and is
 * compressed here. What reads must build, and read again, to the same.
 */
#include <assert.h>
#include <stdlib.h>
#include <zstd.h>

#include "common/chunk.h"

enum { ARENA_MAX = 8 << 20, SEALED_MAX = 5 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void seal(struct strbuf *out, struct slice raw)
{
	size_t bound = ZSTD_compressBound(raw.len);

	strbuf_add(out, SLICE_LIT("\1\0\0\0"));
	char *to = strbuf_reserve(out, bound);
	assert(to != NULL);
	size_t size = ZSTD_compress(to, bound, raw.ptr, raw.len, 1);
	assert(!ZSTD_isError(size));
	strbuf_extend(out, size);
}

static void rebuild(struct chunk_builder *builder, const struct chunk *chunk)
{
	chunk_builder_reset(builder);
	for (unsigned i = 0; i < chunk->n_sources; i++) {
		const struct chunk_source *source = &chunk->sources[i];
		unsigned number = chunk_builder_source(builder, source);

		assert(number <= i);
		chunk_builder_position(builder, number, source->position);
	}
	for (unsigned i = 0; i < chunk->n_items; i++) {
		struct chunk_item item = chunk->items[i];

		item.source = chunk_builder_source(builder, &chunk->sources[item.source]);
		bool added = chunk_builder_add(builder, &item);
		assert(added);
	}
}

static void expect_same(const struct chunk *a, const struct chunk *b)
{
	assert(a->n_items == b->n_items);
	for (unsigned i = 0; i < a->n_items; i++) {
		const struct chunk_item *x = &a->items[i], *y = &b->items[i];

		assert(x->kind == y->kind && x->flags == y->flags);
		assert(x->read_ns == y->read_ns && x->offset == y->offset);
		assert(x->whole == y->whole && slice_eq(x->bytes, y->bytes));
		assert(slice_eq(a->sources[x->source].name, b->sources[y->source].name));
		assert(slice_eq(a->sources[x->source].input, b->sources[y->source].input));
	}
}

static void check_chunk(struct slice sealed)
{
	static struct chunk_reader *reader; /* kept from run to run, as in the programs */
	static struct chunk_builder *builder;
	struct arena arena;
	struct chunk chunk, again;

	if (reader == NULL) {
		reader = chunk_reader_new();
		builder = chunk_builder_new();
	}
	arena_init(&arena, 2 * ARENA_MAX);
	if (chunk_read(reader, sealed, &arena, &chunk) == CHUNK_OK) {
		assert(arena.used <= ARENA_MAX);
		rebuild(builder, &chunk);
		enum chunk_status status =
			chunk_read(reader, chunk_builder_seal(builder), &arena, &again);
		assert(status == CHUNK_OK);
		expect_same(&chunk, &again);
	}
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf made = STRBUF_INIT(SEALED_MAX);

	if (size == 0)
		return 0;

	struct slice rest = slice_of(data + 1, size - 1);
	if (data[0] == 's') {
		check_chunk(rest);
	} else {
		seal(&made, rest);
		check_chunk(strbuf_slice(&made));
	}
	strbuf_done(&made);
	return 0;
}
