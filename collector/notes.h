/*
 * notes - what the collector says about itself, as records in the log
 *
 * Everything counted is a record (design decision 8): agents that come and go,
 * clones, new histories. Notes are gathered while a batch of them is under way
 * and written as one; NOTES_PENDING_MAX wait at most, more are dropped and
 * counted. Any thread.
 */
#ifndef COLLECTOR_NOTES_H
#define COLLECTOR_NOTES_H

#include "collector/record/record.h"
#include "collector/store/store.h"

enum { NOTES_PENDING_MAX = 65536, NOTE_DETAIL_MAX = 128 };

struct notes;

struct note {
	uint32_t agency, host; /* whom it is about; 0 = the collector */
	uint16_t system;
	uint8_t level;      /* of the host's system: decides the retention class */
	uint8_t severity;   /* enum severity */
	const char *action; /* literal: "agent-online"; becomes event.action */
	char detail[NOTE_DETAIL_MAX];
};

MUST_USE struct notes *notes_new(struct store *store);

/* Writes what waits and frees; the store must still run. NULL is fine. */
void notes_free(struct notes *notes);

void notes_add(struct notes *notes, const struct note *note);

/* Once a second: tries again what the store refused. */
void notes_tick(struct notes *notes);

#endif
