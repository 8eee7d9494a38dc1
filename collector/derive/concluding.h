/*
 * concluding - what was found, within what may be told, as a row to emit
 *
 * Of one rule at one host `findings_most` conclusions an hour are told; those
 * beyond are held back, and the next that passes says how many: what an
 * attacker can repeat fast costs no database row each (decision 9). The row is
 * written in the step's transaction. Private to derive/; one thread.
 */
#ifndef COLLECTOR_DERIVE_CONCLUDING_H
#define COLLECTOR_DERIVE_CONCLUDING_H

#include "collector/derive/database.h"
#include "collector/derive/derive.h"
#include "collector/derive/paces.h"
#include "collector/record/columns.h"
#include "collector/record/record.h"

enum { CONCLUDING_HOUR_MS = 3600 * 1000 };

/* Kinds of keys in paces; a match's is its rule's number. */
#define KIND_LIMIT UINT32_C(0x80000000)
/* Who was found guessing at a host, whoever told of it, and who got in then. By an address they
 * are told apart from those by a user. */
#define KIND_GUESSING         UINT32_C(0x80000001)
#define KIND_GUESSING_OF_USER UINT32_C(0x80000002)
#define KIND_ENTERED          UINT32_C(0x80000003)
#define KIND_ENTERED_OF_USER  UINT32_C(0x80000004)
/* Whom a Sigma rule was told of lately. */
#define KIND_DETECTED UINT32_C(0x80000005)
/* What was found in an agency, and in any. */
#define KIND_SPREAD UINT32_C(0x80000006)

enum correlate_how {
	CORRELATE_NEW,   /* what follows from it is emitted */
	CORRELATE_DOUBT, /* or told already by the log behind it: findings.h decides */
	CORRELATE_AGAIN, /* it is read again: what follows from it is in rows already */
};

/* A stored record that has matches. */
struct matched {
	const struct columns *columns;
	const struct record *record;
	const struct detector *detector; /* rules in force; NULL = none */
	uint8_t class;                   /* with `number`: which record of the store it is */
	uint64_t number;
	enum correlate_how how;
};

struct concluding {
	const struct derive_settings *settings;
	struct database *database;
	struct paces *paces;
};

struct finding {
	uint32_t rule_number; /* of which the allowance is */
	int64_t at_ns, since_ns;
	uint64_t events; /* from `since_ns` on */
	struct slice rule, subject;
	enum attack_class attack;
	enum severity severity;
	struct slice fields; /* findings_put_field() */
};

/* Told now, or with the next that passes; and looked at for whether it spreads. `matched`: at
 * which it was concluded. */
MUST_USE bool concluding_tell(struct concluding *concluding, const struct matched *matched,
	const struct finding *finding, struct err *err);

/* The same without the look. */
MUST_USE bool concluding_add(struct concluding *concluding, const struct matched *matched,
	const struct finding *finding, struct err *err);

/* When the record is counted. */
int64_t concluding_time(const struct concluding *concluding, const struct matched *matched);

/* Within the hour after `before_ns`, which may be CLOCK_NONE. */
bool concluding_is_in_hour_of(int64_t before_ns, int64_t at_ns);

#endif
