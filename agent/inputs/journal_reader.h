/*
 * journal_reader - follows one journal through rotation, vacuum and damage
 *
 * Reads in turns of a bounded number of entries, waits for journald's inotify
 * descriptor, stops when the intake is full and goes on where it was. It is
 * always behind one entry, the last given; after a start, and whenever journald
 * changed its files, that entry is looked for again:
 *
 *   found           nothing is missing;
 *   gone            files were removed. By the numbers of entries it is known how
 *                   many were not read, and declared (rotated); where numbers do
 *                   not compare, one loss of unknown size is declared, unless
 *                   everything had been read before;
 *   all is older    the journal was replaced, or the clock went back with a boot:
 *                   reading goes on with the newest boot (or, in the same boot,
 *                   behind the entry's monotonic time), and a loss of unknown size
 *                   is declared.
 *
 * Numbers missing between entries read one after the other are damage and
 * declared as such. Counting needs all entries: not with units or matches, nor
 * when some files of the journal may not be read.
 *
 * journald can write an entry twice when it rotates (systemd issue 29016); the
 * second is passed over if its source stamped it. Entries of programs' standard
 * output have no such stamp and may be equal by right.
 *
 * A journal that cannot be opened or read is opened again with growing delay.
 * It is also opened anew after every quiet REOPEN_MS, so that what was not heard
 * of is found, and in a long reading between turns, so that mapped memory is given
 * back; but not while that would lose files already removed. While the intake is
 * full, removed files stay readable for HOLD_MS, then they are given back.
 *
 * One thread.
 */
#ifndef AGENT_INPUTS_JOURNAL_READER_H
#define AGENT_INPUTS_JOURNAL_READER_H

#include "agent/inputs/journal.h"
#include "agent/inputs/journal_library.h"

struct event_base;
struct journal_reader;

/* Library, settings and intake are borrowed. */
struct journal_reader *journal_reader_new(const struct journal_library *library,
	const struct journal_settings *settings, struct event_base *base,
	struct intake *intake);
void journal_reader_free(struct journal_reader *reader);

/* Where a bookmark says it was; before begin. */
void journal_reader_place(struct journal_reader *reader, struct slice position);

void journal_reader_begin(struct journal_reader *reader);
void journal_reader_resume(struct journal_reader *reader);

/* Reads what is there now, until `end_ms` of the monotonic clock. */
void journal_reader_drain(struct journal_reader *reader, int64_t end_ms);

#endif
