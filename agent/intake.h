/*
 * intake - what inputs give becomes chunks in the spool
 *
 * One chunk a lane is built at a time. It is sealed, appended and made durable
 * when it is large enough or INTAKE_*_LINGER_MS old, so one fdatasync covers
 * what came together. Only then do positions enter the bookmark (bookmark.h
 * says why nothing is lost or read twice).
 *
 * When the spool takes nothing, the chunk at hand is kept and tried again; the
 * lane refuses items meanwhile. Declared losses wait in the bookmark until there
 * is room (losses.h), and go before the chunk.
 *
 * The inputs' side is in input.h. One thread, that of the event base.
 */
#ifndef AGENT_INTAKE_H
#define AGENT_INTAKE_H

#include "agent/bookmark.h"
#include "agent/input.h"
#include "agent/spool.h"

enum {
	INTAKE_URGENT_LINGER_MS = 20,
	INTAKE_BULK_LINGER_MS = 200,
	INTAKE_RETRY_MS = 1000,
};

struct intake_user {
	void (*on_durable)(void *user, enum frame_lane lane);
	/* The lane refuses items from now on; `failed` has the words when the disk is the
	 * reason, else it is NULL and the spool is full. */
	void (*on_full)(void *user, enum frame_lane lane, const char *failed);
	void (*on_room)(void *user, enum frame_lane lane);
	void *user;
};

struct intake_state {
	uint64_t items;   /* taken since the start */
	uint64_t dropped; /* declared lost since the start */
	uint64_t moves;   /* grows when a position in the bookmark changed */
	uint64_t losses;  /* ... when a loss was added to it */
};

/* Spool and bookmark are borrowed. */
struct intake *intake_new(struct event_base *base, struct spool *spool,
	struct bookmark *bookmark, const struct intake_user *user);
void intake_free(struct intake *intake);

/* What intake_known_ns() tells. */
void intake_set_known(struct intake *intake, int64_t wall_ns);

/* Makes durable what is at hand; false when something had to stay in memory. */
bool intake_flush(struct intake *intake);

/* Nothing is in memory that the spool has not got. */
bool intake_is_empty(const struct intake *intake);

/*
 * The end: what the spool does not take even now. Items of sources without a position are
 * declared lost; what has one is read again by the next life. What is declared waits in the
 * bookmark, to be saved after this.
 */
void intake_give_up(struct intake *intake);

/* There may be room now. */
void intake_retry(struct intake *intake);

void intake_state(const struct intake *intake, struct intake_state *state);

#endif
