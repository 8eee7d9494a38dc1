/*
 * seal - closed segments of a class become sealed ones
 *
 * Takes the blocks of closed segments, leaves out what was undone, merges
 * small ones to about SEAL_MERGE_SIZE bytes of bodies, keeps large ones as they
 * are, chains them and writes a sealed segment for each closed one. Only then
 * may the closed one be released. Interrupted anywhere, it starts again at the
 * first commit that is not sealed.
 *
 * One thread (the sealer's).
 */
#ifndef COLLECTOR_STORE_SEAL_H
#define COLLECTOR_STORE_SEAL_H

#include "collector/store/segments.h"
#include "collector/store/undone.h"
#include "common/seglog.h"

enum {
	SEAL_MERGE_SIZE = 1 << 20,   /* bytes of bodies before packing */
	SEAL_LARGE_SIZE = 512 << 10, /* blocks from here on are kept as they are */
};

struct seal {
	uint8_t class;
	struct seglog *log;
	struct segments *segments;
	const struct undone *undone;
	struct chain *chain;
	struct builder *builder;
	struct segments_end end; /* what is sealed so far */
	int64_t now_ns;          /* of this turn */
	uint64_t sealed_to;      /* last sequence of the log that is, since seal_init() */

	/* Of the segment being written. */
	struct sealed_writer *writer;
	uint64_t writer_first;  /* its first commit */
	struct strbuf snapshot; /* to come before its first block */
	struct arena arena;
	uint64_t n_lost; /* blocks of closed segments that could not be read */
};

/* False when what is sealed already cannot be read. The pointers are borrowed. */
MUST_USE bool seal_init(struct seal *seal, uint8_t class, struct seglog *log,
	struct segments *segments, const struct undone *undone, struct chain *chain,
	struct err *err);
void seal_done(struct seal *seal);

/*
 * Seals the next closed segment, of those up to sequence `closed_to` of the log. *released =
 * what may be released then; 0 when there was nothing to do. No segment is dated before the
 * one in front of it, nor behind `now_ns`, whatever the clock said when it was written. False:
 * nothing changed, it can be tried again.
 */
MUST_USE bool seal_next(struct seal *seal, uint64_t closed_to, int64_t now_ns,
	uint64_t *released, struct err *err);

#endif
