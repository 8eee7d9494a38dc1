/*
 * journal - entries of systemd-journald, by cursor
 *
 * Pull input: what the spool refuses is offered again. Every entry becomes one
 * line of JSON with all its fields (journal_entry.h), source position = its
 * cursor, offset = its number. Without libsystemd on the host the input fails
 * to start, which the agent reports, and it goes on without.
 */
#ifndef AGENT_INPUTS_JOURNAL_H
#define AGENT_INPUTS_JOURNAL_H

#include <stdbool.h>

#include "agent/input.h"

enum { JOURNALS_MAX = 16 };

/* One journal; `directory`, `files` and `namespace` exclude each other, none = the host's. */
struct journal_settings {
	const char *name; /* of the source */
	const char *directory;
	struct setting_texts files;
	const char *name_space;
	struct setting_texts units;
	struct setting_texts matches; /* "FIELD=value"; same field: or, others: and */
	uint64_t since_ms;            /* a first start reads entries up to so old */
	uint64_t record_max;          /* bytes of a line */
	bool test;                    /* records are marked as test or drill */
};

struct journals_settings {
	struct setting_sections journals; /* struct journal_settings */
};

extern const struct setting journals_settings_table[];

/* What a table cannot say about the n-th journal. */
MUST_USE bool journal_settings_check(
	const struct journals_settings *settings, size_t n, struct err *err);

extern const struct input journal_input;

#endif
