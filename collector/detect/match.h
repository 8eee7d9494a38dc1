/*
 * match - rules that fire on single records and are counted together
 *
 * A match is a tag on the record: the rule's number and the values it is
 * grouped by, with NUL between. Workers make it in parallel; the correlator
 * (derive/) reads it out of the stored record in one thread and decides when
 * many matches are one finding.
 *
 * The rules are built in. Their numbers are written into the store: never
 * changed, never used again. Any thread.
 */
#ifndef COLLECTOR_DETECT_MATCH_H
#define COLLECTOR_DETECT_MATCH_H

#include "collector/record/batch.h"

enum match_rule {
	/* A failed login on sshd, or a refused user: group agency, host, source.ip, the first
	 * two as decimal numbers. */
	MATCH_SSH_FAILED_LOGIN = 1,
};

/* "ssh-failed-login"; SLICE_NONE for a number that is no rule. */
struct slice match_rule_name(uint32_t rule);

/* Tags every record of the batch that a rule fires on. A match that finds no room in the
 * arena is left out; the number of those is returned. */
unsigned match_batch(struct batch *batch);

#endif
