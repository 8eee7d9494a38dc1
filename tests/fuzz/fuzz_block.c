/*
 * Any bytes as the front of a block, unpacked: the first 12 are counts for the
 * head. Check sums and compression are put on by the target, so that the fuzzer
 * need not guess them.
 */
#include <assert.h>
#include <stdlib.h>
#include <zstd.h>

#include "collector/store/block.h"
#include "common/bytes.h"
#include "common/crc32c.h"

enum { ARENA_MAX = 64 << 20, COUNTS = 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct block_head *head, const struct block_front *front)
{
	uint64_t n_records = 0;

	for (uint32_t i = 0; i < head->n_parts; i++)
		n_records += front->parts[i].n_records;
	assert(n_records == head->n_records);
	for (uint32_t i = 0; i < head->n_records; i++)
		assert(front->columns[i].stream < front->n_streams);
	for (uint32_t i = 0; i < front->n_moves; i++)
		assert(front->moves[i].stream < front->n_streams);
	for (uint32_t i = 0; i < front->n_sources; i++)
		assert(front->sources[i].name.ptr != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct block_front front;
	struct arena arena;

	if (size < COUNTS)
		return 0;
	size_t room = ZSTD_compressBound(size);
	char *packed = malloc(room);
	if (packed == NULL)
		abort();
	size_t packed_size = ZSTD_compress(packed, room, data + COUNTS, size - COUNTS, 1);
	struct block_head head = {
		.kind = BLOCK_RECORDS,
		.class = 1,
		.n_parts = bytes_get_u16(data) + 1u,
		.n_records = bytes_get_u32(data + 2) % 4096,
		.bodies_size = bytes_get_u32(data + 6),
		.last_commit = bytes_get_u16(data + 10),
		.front_packed = (uint32_t)packed_size,
		.front_size = (uint32_t)(size - COUNTS),
		.front_crc = crc32c(0, packed, packed_size),
	};

	arena_init(&arena, ARENA_MAX);
	if (block_front_read(&head, slice_of(packed, packed_size), &arena, &front))
		walk(&head, &front);
	arena_done(&arena);
	free(packed);
	return 0;
}
