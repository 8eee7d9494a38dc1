/*
 * bookmark - how far each source was read, what was lost, what the lanes of the spool are
 *
 * One file in the state folder, replaced as a whole. Why nothing is lost and
 * nothing read twice, whenever the agent is killed:
 *
 *   1. A chunk in the spool carries, for each of its sources, the position
 *      behind the last item of that source in it. Items and positions become
 *      durable in one entry, or not at all.
 *   2. A position enters this bookmark only after the entry that carries it is
 *      durable; the file names, per lane, the last entry it covers.
 *   3. At start the entries behind that one are read and their positions put
 *      over those of the file, in order. The result is exactly the positions
 *      of what is durable: an input goes on behind it.
 *   4. Entries are released only up to what the file on disk covers, so what
 *      step 3 needs is there, however old the file is.
 *   5. Items that were in memory are not durable, nor are their positions:
 *      they are read again from their source.
 *
 * Declared losses wait here until the spool has them. A position that was moved
 * across a loss and that loss are in one file; in the spool a loss is durable
 * before any chunk that comes behind it. So a loss may be declared twice by a
 * crash (its input finds it again), never not at all.
 *
 * A damaged entry takes its positions with it: its items are declared lost,
 * and read again if their source still has them. A position that moved without
 * an item (a rotated file was left) may be forgotten by a crash; its input
 * finds the same way again without giving an item twice.
 *
 * The file, little-endian:
 *
 *	u32 magic "SBK3"
 *	u32 number of lanes, 2
 *	i64 wall clock when it was saved, ns
 *	lanes: 16 bytes id of the lane's log, u64 epoch, u64 first sequence of the
 *	       epoch, u64 acknowledged, u32 CRC32C of the chunk that ended with it,
 *	       u64 covered
 *	u32 number of sources
 *	sources: u16 length of input, u16 of name, u16 of position, their bytes
 *	u32 number of losses
 *	losses: u8 lane, u8 reason, u16 length of the source, u64 count, u64 bytes, source
 *	u32 CRC32C of all before
 *
 * One thread.
 */
#ifndef AGENT_BOOKMARK_H
#define AGENT_BOOKMARK_H

#include "agent/losses.h"
#include "common/frame.h"
#include "common/seglog.h"
#include "common/strbuf.h"

enum { BOOKMARK_FILE_MAX = 256 << 20 }; /* bytes */

struct bookmark_lane {
	unsigned char log_id[SEGLOG_ID_SIZE];
	uint64_t epoch;
	uint64_t begin;     /* first sequence of the epoch */
	uint64_t acked;     /* last acknowledged one of the epoch, 0 = none */
	uint32_t acked_crc; /* of the chunk that ended with it, 0 = unknown or a gap */
	uint64_t covered;   /* positions include all entries up to here */
};

/* Positions are at most CHUNK_POSITION_MAX bytes. */
struct bookmark_source {
	struct bookmark_source *next; /* in its bucket */
	struct slice input, name;     /* owned */
	struct strbuf position;       /* of what is durable; empty = none yet */
	struct strbuf pending;        /* behind the last item in the chunk being built */
	unsigned number[LANE_COUNT];  /* in that chunk; the intake knows whether it holds */
	bool forgotten;               /* to be dropped when that chunk is durable */
};

struct bookmark;

struct bookmark *bookmark_new(void);
void bookmark_free(struct bookmark *bookmark);

/* The source of that name, made when missing. */
struct bookmark_source *bookmark_source(
	struct bookmark *bookmark, struct slice input, struct slice name);

/* NULL when there is none. */
struct bookmark_source *bookmark_find(
	const struct bookmark *bookmark, struct slice input, struct slice name);

void bookmark_drop(struct bookmark *bookmark, struct bookmark_source *source);

/* `visit` may drop the source it is given. */
void bookmark_walk(const struct bookmark *bookmark,
	void (*visit)(void *user, const struct bookmark_source *source), void *user);

/* What waits to be declared of a lane; also what bookmark_load() found. */
struct losses *bookmark_losses(struct bookmark *bookmark, enum frame_lane lane);

enum bookmark_status {
	BOOKMARK_READ,
	BOOKMARK_MISSING, /* a first start */
	BOOKMARK_DAMAGED, /* not ours, torn, flipped, or the disk refuses it */
	BOOKMARK_FAILED,  /* err: it could not be read */
};

/* Sources and losses are added to `bookmark`; on anything but BOOKMARK_READ nothing is, and
 * `lanes` stays as it is. */
MUST_USE enum bookmark_status bookmark_load(struct bookmark *bookmark, const char *path,
	struct bookmark_lane lanes[LANE_COUNT], struct err *err);
MUST_USE enum bookmark_status bookmark_parse(
	struct bookmark *bookmark, struct slice bytes, struct bookmark_lane lanes[LANE_COUNT]);

/* Wall clock when what was loaded had been saved; 0 = nothing was loaded. */
int64_t bookmark_loaded_ns(const struct bookmark *bookmark);

MUST_USE bool bookmark_save(const struct bookmark *bookmark, const char *path,
	const struct bookmark_lane lanes[LANE_COUNT], struct err *err);

#endif
