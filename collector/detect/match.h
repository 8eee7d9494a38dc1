/*
 * match - rules that fire on single records and are counted together
 *
 * A match is a tag on the record: the rule's number and the values it is
 * grouped by, with NUL between, the last one what it is about: an address or a
 * user. Workers make it in parallel; the correlator (derive/) reads it out of
 * the stored record in one thread and decides when many matches are one
 * finding.
 *
 * Sign-ins are matched by their meaning (event.category authentication and its
 * outcome), whichever program wrote the line. One attempt may be told by
 * several lines: by sshd and by PAM, by a 4776 and a 4625 of Windows. So what
 * one program says of one action is a group of its own, and the correlator
 * takes the first that is full; it never adds them up. Where PAM and auditd
 * know no address, the program they speak of says more, and they are left out.
 *
 * The rules are built in (enum match_rule of record.h). Any thread.
 */
#ifndef COLLECTOR_DETECT_MATCH_H
#define COLLECTOR_DETECT_MATCH_H

#include "collector/record/batch.h"

/* "ssh-failed-login"; SLICE_NONE for a number that is no rule. */
struct slice match_rule_name(uint32_t rule);

/* Tags every record of the batch that a rule fires on. A match that finds no room in the
 * arena is left out; the number of those is returned. */
unsigned match_batch(struct batch *batch);

/* A token that is the same for the same value, or SLICE_NONE without room. */
typedef struct slice match_conceal(void *user, struct arena *arena, struct slice value);

/* After masking: groups are of what their records show now; one whose subject its record does
 * not show any more has a token instead.
 * Matches left out for want of room are counted likewise. */
unsigned match_conceal_batch(struct batch *batch, match_conceal *conceal, void *user);

#endif
