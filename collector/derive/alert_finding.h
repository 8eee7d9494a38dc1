/*
 * alert_finding - what a record says that an alert is made of
 *
 * Findings of correlation and rules (RECORD_FINDING) by their fields, hits of
 * scanners and findings of security products by the malware they name. Texts
 * are of the record and cut to what is kept. Private to derive/.
 */
#ifndef COLLECTOR_DERIVE_ALERT_FINDING_H
#define COLLECTOR_DERIVE_ALERT_FINDING_H

#include "collector/store/store.h"

enum {
	FINDING_TEXT_MAX = 255,   /* bytes of a name, an address, a user */
	FINDING_ABOUT_MAX = 1024, /* of what an analyst reads of one finding */
	FINDING_TECHNIQUES_MAX = 255,
};

struct alert_finding {
	struct slice rule;         /* rule.id, else rule.name; "malware" of a hit */
	struct slice title;        /* for people */
	struct slice version;      /* of the rule, or empty */
	struct slice subject;      /* address, else user, file, destination; may be empty */
	struct slice source, user; /* address and user as far as they are known, or empty */
	struct slice event; /* the record it was concluded from, "class-number", or empty */
	struct slice about;
	char techniques[FINDING_TECHNIQUES_MAX + 1]; /* of ATT&CK, blanks between */
	uint32_t agency, host;
	uint16_t system;
	uint8_t level, attack, severity;
	int64_t at_ns;       /* event time; no later than received */
	int64_t received_ns; /* by our clock */
	bool resolved;       /* it says that what was found is over */
	uint8_t class;       /* where it stands in the log: retention class ... */
	uint64_t number;     /* ... and the number of the record in that */
};

/* Findings and hits that are no test. */
bool alert_finding_is(const struct columns *columns);

/* Borrows from the record. */
struct alert_finding alert_finding_of(
	const struct store_block *block, unsigned i, const struct record *record);

#endif
