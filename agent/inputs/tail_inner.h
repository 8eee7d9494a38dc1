/* tail_inner - what the parts of a tail (tail.h) are to each other */
#ifndef AGENT_INPUTS_TAIL_INNER_H
#define AGENT_INPUTS_TAIL_INNER_H

#include "agent/inputs/tail.h"

/* A rotated file is looked at often so long after it was written. */
enum { TAIL_LATE_MS = 60000 };

extern struct counter tail_files_lost;

void tail_close_source(struct tails *tails, struct file_source *source);

/* ---- tail_read.c: records out of the file at hand, into the intake --------- */

enum tail_reading { READ_MORE, READ_END, READ_REFUSED, READ_FAILED, READ_TRUNCATED };

enum tail_reading tail_read(struct tails *tails, struct tail *tail, int64_t now_ms);

/* Gives what is unfinished as it is. False when the intake refuses. */
MUST_USE bool tail_flush(struct tails *tails, struct tail *tail);

/* The rotated file before: looked at often for a while, then when the others are polled. False
 * when the intake refuses. */
MUST_USE bool tail_read_late(struct tails *tails, struct tail *tail, int64_t now_ms);

/* What a slow writer put into the rotated file and will not be read any more, is declared. */
void tail_close_late(struct tails *tails, struct tail *tail);

void tail_tell_position(struct tails *tails, const struct tail *tail);
void tail_declare_loss(struct tails *tails, const struct tail *tail, uint8_t reason);

/* ---- tail_find.c: which file, among all that rotation left ----------------- */

enum moved {
	MOVED_ON,
	MOVED_NOWHERE, /* there is nothing to go on with */
	MOVE_LATER,    /* ... now; or files are being renamed just now */
	MOVE_BLOCKED,  /* the intake refuses what is unfinished */
	MOVE_FAILED,   /* err */
};

bool tail_path_names_source(const struct tail *tail);

/* The path names the file at hand: counts from here what comes to it. False when it does not,
 * after all. */
bool tail_count_from_here(struct tails *tails, struct tail *tail);

/* What came to the path and was not found is declared. */
void tail_declare_removed(struct tails *tails, const struct tail *tail, size_t removed);

/* Finds the file of the position again. */
MUST_USE enum moved tail_locate(
	struct tails *tails, struct tail *tail, int64_t now_ms, struct err *err);

/* Begins with a path that is new to us. */
enum moved tail_begin_new(struct tails *tails, struct tail *tail, struct err *err);

/* The file at hand is done with: goes on with the next one. */
MUST_USE enum moved tail_next(struct tails *tails, struct tail *tail, struct err *err);

/* The folder may not be mounted yet, the next file not yet made. */
bool tail_still_patient(struct tail *tail, int64_t now_ms);

#endif
