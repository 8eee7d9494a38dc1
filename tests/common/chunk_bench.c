#include "tests/common/chunk_bench.h"

#include <stdlib.h>

void rig_init(struct rig *rig)
{
	*rig = (struct rig){chunk_builder_new(), chunk_reader_new()};
	arena_init(&rig->arena, ARENA_MAX);
}

void rig_done(struct rig *rig)
{
	chunk_builder_free(rig->builder);
	chunk_reader_free(rig->reader);
	arena_done(&rig->arena);
}

enum chunk_status read_chunk(struct rig *rig, struct slice sealed)
{
	arena_reset(&rig->arena);
	return chunk_read(rig->reader, sealed, &rig->arena, &rig->chunk);
}

unsigned add_file(struct rig *rig, const char *name)
{
	return chunk_builder_source(
		rig->builder, &(struct chunk_source){SLICE_LIT("file"), slice_str(name),
				      SLICE_LIT("sshd"), SLICE_NONE});
}

struct chunk_item line(unsigned source, struct slice bytes)
{
	return (struct chunk_item){
		.kind = ITEM_LINE, .source = source, .whole = bytes.len, .bytes = bytes};
}

void assert_item_eq(const struct chunk_item *got, const struct chunk_item *want)
{
	ck_assert_int_eq(got->kind, want->kind);
	ck_assert_uint_eq(got->flags, want->flags);
	ck_assert_uint_eq(got->source, want->source);
	ck_assert_int_eq(got->read_ns, want->read_ns);
	ck_assert_uint_eq(got->offset, want->offset);
	ck_assert_uint_eq(got->whole, want->whole);
	ck_assert_slice_eq(got->bytes, want->bytes);
}

void assert_comes_back(struct rig *rig, const struct chunk_item *items, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ck_assert(chunk_builder_add(rig->builder, &items[i]));
	ck_assert_uint_eq(chunk_builder_items(rig->builder), n);
	ck_assert_int_eq(read_chunk(rig, chunk_builder_seal(rig->builder)), CHUNK_OK);
	ck_assert_uint_eq(rig->chunk.n_items, n);
	for (unsigned i = 0; i < n; i++)
		assert_item_eq(&rig->chunk.items[i], &items[i]);
}

char *noise(size_t len, uint64_t seed)
{
	char *bytes = malloc(len);

	for (size_t i = 0; i < len; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (char)(seed >> 56);
	}
	return bytes;
}
