/*
 * losses - what was lost and is not in the spool yet
 *
 * A lane's declared losses wait here for room. They are part of the bookmark,
 * so that neither the agent's end nor a crash takes them along: what the file
 * has of them is declared after the next start, less what the spool took since
 * it was saved (losses_settle()).
 *
 * Merged by source and reason; beyond LOSSES_MAX by reason alone. One thread.
 */
#ifndef AGENT_LOSSES_H
#define AGENT_LOSSES_H

#include "common/frame.h"
#include "common/strbuf.h"

enum { LOSSES_MAX = 64 };

struct loss {
	struct strbuf source; /* at most FRAME_TEXT_MAX bytes */
	/* Count 0: of bytes only. What is declared of it says 1, because an entry of the spool
	 * takes a sequence: the sum of all that is declared is one too high for each such
	 * entry, never too low. */
	uint64_t count, bytes;
	uint8_t reason; /* enum gap_reason */
	/* What the spool was offered and did not take: it gets the same again, because it may
	 * have it on disk after all. Part of `count` and `bytes`. */
	bool offered;
	uint32_t offered_count;
	uint64_t offered_bytes;
};

/* Zeroed is empty. */
struct losses {
	struct loss items[LOSSES_MAX]; /* the oldest first */
	size_t n;
};

void losses_done(struct losses *losses);

/* `source` longer than it may be is cut. */
void losses_add(struct losses *losses, struct slice source, uint8_t reason, uint64_t count,
	uint64_t bytes);

/* The oldest one, or as much of it as one entry of the spool can say: the same until it is
 * taken. Valid until the losses change. */
struct frame_gap losses_offer(struct losses *losses);

/* The spool has what was offered. */
void losses_taken(struct losses *losses);

/* The spool has a gap that was stored after these losses were written down. */
void losses_settle(struct losses *losses, struct slice source, uint8_t reason, uint64_t count,
	uint64_t bytes);

#endif
