/*
 * tail - the newest of what the logs of the classes hold
 *
 * Read from the newest segment of a class alone, unless its snapshot cannot be
 * read. Used at start-up, and by readers of a store that does not run.
 */
#ifndef COLLECTOR_STORE_TAIL_H
#define COLLECTOR_STORE_TAIL_H

#include "collector/store/block.h"
#include "collector/store/undone.h"
#include "common/seglog.h"

struct tail {
	struct seglog *log;
	uint64_t start;    /* sequence where reading started */
	uint64_t snapshot; /* sequence of the newest snapshot; 0 = none */
	uint64_t snapshot_commit;
	uint64_t block; /* sequence of the last block; 0 = none */
	uint64_t commit;

	/* Of the running segment. */
	uint64_t bytes, n_blocks;
	bool has_snapshot;
};

MUST_USE bool tail_read(struct tail *tail, struct seglog *log, struct err *err);

/* The tail with the newest readable snapshot, or NULL. */
const struct tail *tails_snapshot(const struct tail tails[STORE_CLASSES]);

/*
 * *newest = the newest commit, 0 when there is none. *whole tells whether all of its classes
 * have their block; only the newest commit can lack one, because commits follow one another.
 */
MUST_USE bool tails_newest(const struct tail tails[STORE_CLASSES], const struct undone *undone,
	uint64_t *newest, bool *whole, struct err *err);

/* The same of a folder, whose store may run. */
MUST_USE bool tails_newest_in(const char *dir, const struct undone *undone, uint64_t *newest,
	bool *whole, struct err *err);

#endif
