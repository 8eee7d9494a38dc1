/*
 * sources - what each source of lines delivers, hour by hour
 *
 * A source is what a host delivers lines from: a file, the journal, the address
 * a syslog sender has. Of a shared source (a firewall of many agencies) it is
 * the sender's agency and host that count. By hour of receive time, in the
 * province's zone, it is counted per source, parser and parse status: lines,
 * bytes as stored before compression, lines without a stamp. Beside that stands
 * when it was heard last, and how far its clock is off (offsets.h): three hours
 * in a row by `clock_wrong_ms` is a finding, one a host, until it is right again.
 * Who is silent is told by silence.h.
 *
 * Everything is written in the step's transaction beside the cursor: a kill
 * loses and repeats nothing. `sources_most` sources are kept apart, and
 * SOURCES_OF_HOST_MOST of a host; further ones of a host are one source without
 * a name, and beyond that one of their agency, counted
 * (derive.sources_unnamed). No agency has more than are left for all others: alone
 * it has half of them, the next one a quarter, and there is always room for one that
 * has none. Memory is about 2 KiB a source, and twice that during a reload; derive.db has
 * for each source rows of as much, and a row of 30 bytes an hour for each parser and status.
 *
 * Private to derive/; derive's thread.
 */
#ifndef COLLECTOR_DERIVE_SOURCES_H
#define COLLECTOR_DERIVE_SOURCES_H

#include "collector/derive/database.h"
#include "collector/derive/derive.h"
#include "collector/derive/silence.h"
#include "collector/store/store.h"

enum { SOURCES_OF_HOST_MOST = 64, SOURCE_TEXT_MAX = 160 /* bytes of input or name; cut */ };

struct sources;

/* As they were committed last. NULL on failure. */
MUST_USE struct sources *sources_new(
	const struct derive_settings *settings, struct database *database, struct err *err);
void sources_free(struct sources *sources); /* NULL is fine */

/* A record of a block that was not counted before. Inside the step's transaction. *looks: its
 * body is wanted, by sources_look(). */
MUST_USE bool sources_record(struct sources *sources, const struct store_block *block,
	unsigned i, bool *looks, struct err *err);

/* What is read from here on may have been told by a former derive.db: states change, and are
 * not told. */
void sources_mute(struct sources *sources, bool muted);

/* The record given last. */
void sources_look(struct sources *sources, const struct record *record);

/* At the end of a step, inside its transaction. */
MUST_USE bool sources_flush(struct sources *sources, struct err *err);

/* Looks who is silent; in the step's transaction, behind the flush. */
MUST_USE bool sources_watch(
	struct sources *sources, const struct silence_moment *moment, struct err *err);

/* prune.h has removed some from derive.db. Between two steps; on failure everything is as
 * before, and it may be tried again. */
MUST_USE bool sources_reload(struct sources *sources, struct err *err);

size_t sources_count(const struct sources *sources);

#endif
