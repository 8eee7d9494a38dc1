/*
 * journal_cursor - what a journal's cursor says about its entry
 *
 * sd_journal_get_cursor(3) calls the text opaque; it is "s=ID;i=NUMBER;b=BOOT;
 * m=MONOTONIC;t=REALTIME;x=HASH" in hexadecimal since 2011, and
 * sd_journal_seek_cursor() takes parts of it. What a library should write
 * differently one day is a cursor without parts: reading goes on, and how much
 * is missing is unknown.
 */
#ifndef AGENT_INPUTS_JOURNAL_CURSOR_H
#define AGENT_INPUTS_JOURNAL_CURSOR_H

#include "agent/inputs/journal_library.h"
#include "common/slice.h"

enum { JOURNAL_CURSOR_MAX = 512 }; /* bytes */

struct journal_cursor {
	unsigned parts;             /* enum cursor_part */
	union journal_id seqnum_id; /* of the numbering; kept when journald rotates */
	uint64_t seqnum;
	union journal_id boot_id;
	uint64_t monotonic_us, realtime_us;
	uint64_t xor_hash; /* of the entry's fields */
};

enum cursor_part {
	CURSOR_SEQNUM_ID = 1,
	CURSOR_SEQNUM = 2,
	CURSOR_BOOT = 4,
	CURSOR_MONOTONIC = 8,
	CURSOR_REALTIME = 16,
	CURSOR_HASH = 32,
	CURSOR_WHOLE = 63,
};

/* Without parts when it is not of that form; parts with other letters are passed over. */
struct journal_cursor journal_cursor_read(struct slice text);

/* One entry, also when journald copied it to another file under another number. */
bool journal_cursor_same(const struct journal_cursor *a, const struct journal_cursor *b);

/* Entries between `before` and `behind` by number; false when their numbers do not compare. */
MUST_USE bool journal_cursor_between(
	const struct journal_cursor *before, const struct journal_cursor *behind, uint64_t *n);

#endif
