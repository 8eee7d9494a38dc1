/*
 * silence - tells when a source is silent longer than it ever is at that time of the week
 *
 * Watched are sources, hosts, agencies, and all agencies together. What is silent
 * is told of once, at the highest level that is: a whole agency that is cut off,
 * of which two hosts at least should be heard, is one finding, not one a source.
 * It ends with the next line, which is told too.
 *
 * A silence counts in lines that were to be expected while it lasted (weekly.h):
 * it is told when these are `silence_lines` and more than twice what was
 * ever missed in that hour of the week, and it lasts `silence_least_ms`. Until
 * a source was watched for two weeks there is only an absolute rule: five times
 * its longest silence so far, and three days unless it never paused for an hour
 * in two days; for sources only.
 *
 * Time is what the collector watched: while it is stopped, does not count or
 * takes nothing from senders, nobody is silent, and a wall clock that jumps adds
 * nothing. State is rows of derive.db, written when an hour is over and when
 * a silence has doubled; the lines of the running hour are known from
 * source_hours. So a kill forgets half a silence at most, and no line.
 *
 * Memory and rows are 1.7 KiB each of source, host and agency. Private to
 * derive/; derive's thread.
 */
#ifndef COLLECTOR_DERIVE_SILENCE_H
#define COLLECTOR_DERIVE_SILENCE_H

#include "collector/derive/database.h"
#include "collector/derive/derive.h"

struct silence;

/* As it was committed last. NULL on failure. */
MUST_USE struct silence *silence_new(
	const struct derive_settings *settings, struct database *database, struct err *err);
void silence_free(struct silence *silence); /* NULL is fine */

/* Goes on where `former` is with all that both know: rows know a running silence in part only.
 * All places are made before. */
void silence_continue(struct silence *silence, const struct silence *former);

struct silence_source {
	uint32_t agency, host;
	uint32_t source; /* its number */
	uint16_t system;
	uint8_t level;
};

/* The place of a source, made when it is new; valid as long as `silence`. */
uint32_t silence_place(struct silence *silence, const struct silence_source *source);

/* So many lines of it were received in that local hour, the newest at `heard_ns`. Inside the
 * step's transaction. */
MUST_USE bool silence_heard(struct silence *silence, uint32_t place, int64_t local_hour,
	uint64_t lines, int64_t heard_ns, struct err *err);

/* While muted, a silence that ends is not told. */
void silence_mute(struct silence *silence, bool muted);

/* At the end of a step that heard some, inside its transaction. */
MUST_USE bool silence_save(struct silence *silence, struct err *err);

struct silence_moment {
	int64_t mono_ms;
	int64_t wall_ns;
	bool receives; /* lines that were sent would have been counted by now */
};

/* Looks who is silent, every `silence_look_ms` at most; inside the step's transaction. *n_told:
 * findings that were made. */
MUST_USE bool silence_watch(struct silence *silence, const struct silence_moment *moment,
	unsigned *n_told, struct err *err);

enum { SILENCE_LOOK_MS = 15000 };

#endif
