/*
 * journal_open - the journal that settings name, open and filtered
 *
 * One thread.
 */
#ifndef AGENT_INPUTS_JOURNAL_OPEN_H
#define AGENT_INPUTS_JOURNAL_OPEN_H

#include "agent/inputs/journal.h"
#include "agent/inputs/journal_library.h"

/* NULL with err set when there is none, or it may not be read. */
MUST_USE struct sd_journal *journal_open(const struct journal_library *library,
	const struct journal_settings *settings, struct err *err);

/* How many files of the journal may not be read by us. */
unsigned journal_unreadable(const struct journal_settings *settings);

/* Whether we have journal files open that were removed: closing them loses what is unread. */
bool journal_holds_removed(void);

#endif
