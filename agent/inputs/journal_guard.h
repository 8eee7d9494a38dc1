/*
 * journal_guard - journal files that vanish under their memory mapping
 *
 * libsystemd reads journals through mmap(2). When a file was truncated, or its
 * disk cannot be read, touching the page is SIGBUS and the end of the process.
 * Between enter and leave such a page becomes zeros instead, which libsystemd
 * finds to be no journal; the journal must then be closed.
 *
 * Outside, and for whatever is no missing page, SIGBUS does what it did before.
 * For the one thread that reads journals.
 */
#ifndef AGENT_INPUTS_JOURNAL_GUARD_H
#define AGENT_INPUTS_JOURNAL_GUARD_H

#include <stdbool.h>

void journal_guard_enter(void);

/* True when a page was missing since enter: what was read after that may be zeros. */
bool journal_guard_missing(void);

/* The same, for the last time. */
bool journal_guard_leave(void);

#endif
