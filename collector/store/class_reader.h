/*
 * class_reader - the blocks of one class, commit by commit
 *
 * Goes through the class from a commit on, first its sealed segments, then the
 * running ones, and stands at one part of a block at a time. A segment that is
 * sealed meanwhile is found sealed. Blocks that cannot be read are passed over: who reads sees
 * it from the records' numbers. Parts of commits that were undone are not given.
 *
 * One thread; the log must outlive it.
 */
#ifndef COLLECTOR_STORE_CLASS_READER_H
#define COLLECTOR_STORE_CLASS_READER_H

#include "collector/store/segments.h"
#include "collector/store/undone.h"
#include "common/seglog.h"

struct class_part {
	const struct block_part *part;
	uint64_t first;       /* number of its first record */
	uint32_t at, gaps_at; /* of its first record and gap in the front's */
	const struct block_front *front;
};

/* What a reader learns on the way to where it starts. */
struct class_start {
	uint64_t commit; /* at or before the start; 0 = nothing learnt */
	uint64_t next[STORE_CLASSES];
};

struct class_reader;

/* Where a class is; borrowed. */
struct class_place {
	uint8_t class;
	struct seglog *log;
	struct segments *segments;
	bool refresh; /* another process seals: list the segments again when one is missing */
	const struct undone *undone;
};

/* Gives parts of commits behind `after`. */
MUST_USE struct class_reader *class_reader_new(const struct class_place *place, uint64_t after);
void class_reader_free(struct class_reader *reader); /* NULL is fine */

enum class_read {
	CLASS_PART,
	CLASS_END, /* nothing durable beyond; later calls may find more */
	CLASS_FAILED,
};

/*
 * The part it stands at: the first that has not been passed. `start` is filled until a part
 * was found.
 */
MUST_USE enum class_read class_reader_look(
	struct class_reader *reader, struct class_part *part, struct err *err);

/* Goes on behind the part it stands at; what was given of it is gone. */
void class_reader_pass(struct class_reader *reader);

const struct class_start *class_reader_start(const struct class_reader *reader);

/* All bodies of the block it stands at, unpacked at the first call; absent when damaged. */
struct slice class_reader_bodies(struct class_reader *reader);

#endif
