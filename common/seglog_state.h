/*
 * seglog_state - the small file beside the segments: how far the log was released
 *
 * Inner part of seglog; the format is in common/README.md. Two slots are
 * written in turn, so that a torn write leaves the other. The file is a hint:
 * a log opens without it, and knows less.
 *
 * Used by the thread that appends.
 */
#ifndef COMMON_SEGLOG_STATE_H
#define COMMON_SEGLOG_STATE_H

#include "common/seglog.h"

enum { STATE_SLOT_SIZE = 4096 }; /* bytes: a slot has its page to itself */

struct state_values {
	unsigned char id[SEGLOG_ID_SIZE];
	uint64_t released; /* last sequence no longer needed */
	uint64_t next;     /* sequences below were durable, or declared lost */
};

struct state_file {
	int fd;
	uint64_t counter; /* of the slot written last; grows with every write */
};

/*
 * Opens or creates "state" in the folder. *known tells whether *values was found in it; a
 * missing, short or damaged file is not a failure, nor are slots the disk refuses to give.
 */
MUST_USE bool state_open(struct state_file *file, int dir_fd, struct state_values *values,
	bool *known, struct err *err);

/* The same, looking only; nothing stays open. */
MUST_USE bool state_peek(int dir_fd, struct state_values *values);

void state_close(struct state_file *file);

/* Writes the older slot: survives the end of the program. */
MUST_USE bool state_note(
	struct state_file *file, const struct state_values *values, struct err *err);

/* Writes both slots, one after the other is durable: no single damage takes it back. */
MUST_USE bool state_keep(
	struct state_file *file, const struct state_values *values, struct err *err);

#endif
