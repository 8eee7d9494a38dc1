/*
 * chain - SHA-256 over sealed blocks, each bound to all before it
 *
 *	link = SHA-256(link before | block head | SHA-256(front) | SHA-256(bodies))
 *
 * The bodies enter by their hash alone: they can be erased, and what is left
 * still proves that they were there. One thread at a time per object.
 */
#ifndef COLLECTOR_STORE_CHAIN_H
#define COLLECTOR_STORE_CHAIN_H

#include "collector/store/block.h"

enum { CHAIN_SIZE = 32 };

struct chain_link {
	unsigned char bytes[CHAIN_SIZE];
};

/* Behind the head of a sealed block. */
struct chain_seal {
	struct chain_link front, bodies; /* hashes as stored (packed) */
	struct chain_link link;
};

enum { CHAIN_SEAL_SIZE = 3 * CHAIN_SIZE };
_Static_assert(sizeof(struct chain_seal) == CHAIN_SEAL_SIZE, "on disk");

struct chain;

MUST_USE struct chain *chain_new(void);
void chain_free(struct chain *chain); /* NULL is fine */

/* The link before the first block of a class whose log has this id. */
struct chain_link chain_start(struct chain *chain, uint8_t class, const unsigned char id[16]);

/* `head` has BLOCK_HEAD_SIZE bytes. */
struct chain_seal chain_seal_block(struct chain *chain, const struct chain_link *before,
	const char *head, struct slice front, struct slice bodies);

static inline bool chain_same(const struct chain_link *a, const struct chain_link *b)
{
	return memcmp(a->bytes, b->bytes, CHAIN_SIZE) == 0;
}

#endif
