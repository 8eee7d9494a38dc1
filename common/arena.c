#include "common/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum { BLOCK_SIZE_MIN = 16 * 1024 };

struct arena_block {
	struct arena_block *next;
	size_t size; /* bytes of data */
	size_t used;
	alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){.limit = limit};
}

static void free_blocks(struct arena_block *block)
{
	while (block != NULL) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void arena_done(struct arena *arena)
{
	free_blocks(arena->blocks);
	*arena = (struct arena){0};
}

/* The newest block is the largest: each is at least twice the one before. */
void arena_reset(struct arena *arena)
{
	arena->used = 0;
	if (arena->blocks == NULL)
		return;
	free_blocks(arena->blocks->next);
	arena->blocks->next = NULL;
	arena->blocks->used = 0;
}

static struct arena_block *grow(struct arena *arena, size_t size)
{
	size_t wanted = arena->blocks ? arena->blocks->size * 2 : BLOCK_SIZE_MIN;

	if (wanted < size)
		wanted = size;

	struct arena_block *block = malloc(sizeof(*block) + wanted);
	if (block == NULL)
		abort();
	*block = (struct arena_block){.next = arena->blocks, .size = wanted};
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > arena->limit || arena->used > arena->limit - size)
		return NULL;

	size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct arena_block *block = arena->blocks;
	if (block == NULL || rounded > block->size - block->used)
		block = grow(arena, rounded);

	void *memory = block->data + block->used;
	block->used += rounded;
	arena->used += size;
	return memory;
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
	char *copy = arena_alloc(arena, bytes.len);

	if (copy == NULL)
		return SLICE_NONE;
	if (bytes.len > 0)
		memcpy(copy, bytes.ptr, bytes.len);
	return slice_of(copy, bytes.len);
}

bool arena_holds(const struct arena *arena, struct slice bytes)
{
	uintptr_t at = (uintptr_t)bytes.ptr;

	for (const struct arena_block *block = arena->blocks; block; block = block->next) {
		uintptr_t start = (uintptr_t)block->data;

		if (at >= start && bytes.len <= block->used &&
			at - start <= block->used - bytes.len)
			return true;
	}
	return false;
}
