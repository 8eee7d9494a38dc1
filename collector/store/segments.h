/*
 * segments - the sealed segments of one class, and those that were removed
 *
 * A list of names, kept in step with the folder: the sealer adds, retention
 * removes the oldest, readers look up. What is removed leaves an entry of 96
 * bytes in DIR/removed, durable before the file is unlinked: what it held and
 * the link of the chain behind it, so that the chain still has a beginning.
 *
 * Any thread.
 */
#ifndef COLLECTOR_STORE_SEGMENTS_H
#define COLLECTOR_STORE_SEGMENTS_H

#include "collector/store/sealed.h"

enum { REMOVED_SIZE = 96 }; /* bytes of an entry of DIR/removed */

struct segments;

/* Lists the folder. `clean` removes what an interrupted sealing left: for its owner alone. */
MUST_USE struct segments *segments_open(
	const char *dir, uint8_t class, bool clean, struct err *err);
void segments_close(struct segments *segments); /* NULL is fine */

/* Lists the folder again: another process changes it. */
MUST_USE bool segments_refresh(struct segments *segments, struct err *err);

const char *segments_dir(const struct segments *segments);
uint64_t segments_bytes(struct segments *segments);
size_t segments_count(struct segments *segments);

/* First commit of the segment number `i`, by age; false when there are fewer. */
MUST_USE bool segments_at(struct segments *segments, size_t i, uint64_t *first_commit);

/*
 * Where to read on for commits behind `after`, with the segments up to `done` read already:
 * the last segment that starts at `after` or before, else the first one. False: none.
 */
MUST_USE bool segments_find(
	struct segments *segments, uint64_t done, uint64_t after, uint64_t *first_commit);

void segments_add(struct segments *segments, uint64_t first_commit, uint64_t bytes);

/* What is behind all that is sealed or was removed; false when there is nothing. */
struct segments_end {
	uint64_t last_commit;
	uint64_t next_record;
	int64_t last_ns; /* 0 = not known */
	struct chain_link chain;
};

MUST_USE bool segments_end(
	struct segments *segments, struct segments_end *end, struct err *err);

/* Time of the last commit of the oldest segment; false when there is none. */
MUST_USE bool segments_oldest_ns(struct segments *segments, int64_t *last_ns);

/* ---- what is removed -------------------------------------------------------- */

struct removed {
	uint64_t first_commit, last_commit;
	uint64_t first_record, next_record;
	int64_t removed_ns;
	uint64_t bytes;
	struct chain_link chain; /* behind it */
};

/* Removes the oldest segment. */
MUST_USE bool segments_remove(
	struct segments *segments, int64_t now_ns, struct removed *removed, struct err *err);

/* The oldest removed segment that reaches beyond commit `after`; false when there is none. */
MUST_USE bool segments_removed_after(
	struct segments *segments, uint64_t after, struct removed *removed);

/* The youngest removed segment that starts before `commit`. */
MUST_USE bool segments_removed_before(
	struct segments *segments, uint64_t commit, struct removed *removed);

/* Whether every entry of DIR/removed is good; *n = how many there are, or are good before the
 * first that is not. */
MUST_USE bool segments_removed_check(struct segments *segments, uint64_t *n);

#endif
