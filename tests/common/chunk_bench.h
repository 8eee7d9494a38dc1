/*
 * chunk_bench - a builder of chunks, a reader, and the arena of what was read
 */
#ifndef TESTS_COMMON_CHUNK_BENCH_H
#define TESTS_COMMON_CHUNK_BENCH_H

#include "common/chunk.h"
#include "tests/support/check.h"

enum { ARENA_MAX = 8 << 20 };

struct rig {
	struct chunk_builder *builder;
	struct chunk_reader *reader;
	struct arena arena;
	struct chunk chunk;
};

void rig_init(struct rig *rig);
void rig_done(struct rig *rig);

/* What was read before is gone. */
enum chunk_status read_chunk(struct rig *rig, struct slice sealed);

/* A source of that name; gives its number. */
unsigned add_file(struct rig *rig, const char *name);
struct chunk_item line(unsigned source, struct slice bytes);

void assert_item_eq(const struct chunk_item *got, const struct chunk_item *want);

/* Builds, seals, reads; every item is as it was. */
void assert_comes_back(struct rig *rig, const struct chunk_item *items, unsigned n);

/* Bytes that do not compress, the same for a seed. To be freed. */
char *noise(size_t len, uint64_t seed);

#endif
