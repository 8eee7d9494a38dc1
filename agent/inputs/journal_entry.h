/*
 * journal_entry - the fields of a journal entry as one line of JSON
 *
 * Named and written as `journalctl -o json` does, one object without line
 * ends, "__REALTIME_TIMESTAMP", "__MONOTONIC_TIMESTAMP" first, then the fields
 * by name; a field that stands there several times is an array. One thing
 * differs: a value that is no UTF-8 is a text too, its bytes as they are, not
 * an array of numbers. So a line is as much UTF-8 as its entry, and its bytes
 * can be had back from it.
 *
 * An entry that would be longer than the largest line loses fields that find
 * no room (those journald vouches for, "_...", are kept first), and then the end
 * of MESSAGE. The line stays whole JSON.
 *
 * One thread. Memory is kept from entry to entry.
 */
#ifndef AGENT_INPUTS_JOURNAL_ENTRY_H
#define AGENT_INPUTS_JOURNAL_ENTRY_H

#include "agent/inputs/journal_cursor.h"
#include "common/strbuf.h"

enum { JOURNAL_FIELDS_MAX = 1024 }; /* journald's own limit */

struct journal_field {
	size_t name, value; /* where they begin in `bytes` */
	size_t name_len, value_len;
	size_t size;    /* bytes of JSON it takes */
	unsigned order; /* it came as the n-th */
	bool left_out;
};

struct journal_entry {
	struct strbuf bytes;
	struct journal_field fields[JOURNAL_FIELDS_MAX];
	unsigned n_fields;
	uint64_t size;    /* bytes of JSON all fields would take */
	size_t value_max; /* bytes kept of a value */
	bool cut;         /* something was not kept */
};

void journal_entry_init(struct journal_entry *entry, size_t value_max);
void journal_entry_done(struct journal_entry *entry);
void journal_entry_reset(struct journal_entry *entry);

/* "NAME=value", copied. Names that begin with "__" are not for entries to say: passed over. */
void journal_entry_add(struct journal_entry *entry, struct slice data);

bool journal_entry_has(const struct journal_entry *entry, struct slice name);

/*
 * Appends the line to `out`, at most `max` (at least 1 KiB) bytes. Gives the bytes a whole line
 * would have had; more than what was written when something was cut.
 */
uint64_t journal_entry_write(struct journal_entry *entry, const struct journal_cursor *cursor,
	size_t max, struct strbuf *out);

#endif
