/*
 * alerts - findings of the log, grouped into what somebody has to look at
 *
 * The deriving reader shows every finding and every hit of malware it meets in
 * the log (alert_finding.h) and every act of a person (acts.h); alerts are rows
 * of derive.db, written in the step's transaction beside the cursor. Both come
 * from the log alone and are taken in its order, so a derive.db that is lost
 * is made again from the log as it was.
 *
 * Findings of one rule about one subject (an address, a user, a file) at one
 * host are one alert while no more than `alert_window_ms` lie between them, by
 * the time they were received. An alert that was closed opens again when one
 * comes within `alert_reopen_ms` of its last; the verdict it was closed with
 * is kept. Otherwise a new one begins. An alert is as grave as the gravest of
 * its findings (and new again to whoever had seen it), one grade more after `alert_raise` of
 * them and another after ten times as many, but high at most by that.
 *
 * What somebody can repeat costs no row each. Of each alert the first
 * ALERT_EVIDENCE_FIRST findings are kept as evidence, then the 8th, 16th, 32nd
 * ..., those that make it graver, and critical ones up to
 * ALERT_EVIDENCE_CRITICAL rows; its latest ALERT_HISTORY_MOST changes, people's
 * before others, and ALERT_DAYS days. Of one rule at one host `alerts_of_rule`
 * are open at a time, at one agency a quarter of `alerts_most`; what comes
 * beyond goes into one of rule and agency whose subject is "*". Critical
 * findings are counted among themselves and have a quarter of `alerts_most`
 * that others cannot take. When there are `alerts_most`, those of which all
 * findings are suppressed go first, then the one closed first; when there is
 * none, findings that would be another alert go into the one of their agency
 * whose rule is "*". Nothing open that is shown is ever forgotten. All of that
 * is counted. With other limits the log would give other alerts.
 *
 * Private to derive/; derive's thread.
 */
#ifndef COLLECTOR_DERIVE_ALERTS_H
#define COLLECTOR_DERIVE_ALERTS_H

#include "collector/derive/alert_finding.h"
#include "collector/derive/database.h"
#include "collector/derive/derive.h"
#include "collector/derive/standing.h"

enum {
	ALERT_EVIDENCE_FIRST = 4,
	ALERT_EVIDENCE_CRITICAL = 64, /* critical findings are kept until there are so many */
	ALERT_HISTORY_MOST = 200,
	ALERT_DAYS = 31,
};

#define ALERTS_BEGAN "alerts-began" /* in meta: when the first finding was received */

/* The numbers stand in the database. */
enum alert_status {
	ALERT_NEW = 0,
	ALERT_ACKNOWLEDGED = 1,
	ALERT_IN_PROGRESS = 2,
	ALERT_CLOSED = 3,
	ALERT_STATUSES,
};

enum alert_verdict {
	ALERT_NO_VERDICT = 0,
	ALERT_TRUE = 1,
	ALERT_FALSE = 2,
	ALERT_BENIGN = 3, /* it happened, and was meant to */
	ALERT_VERDICTS,
};

const char *alert_status_name(enum alert_status status);    /* "new", "in-progress", ... */
const char *alert_verdict_name(enum alert_verdict verdict); /* "none", "true", ... */

/* False for a word that is none. */
MUST_USE bool alert_status_from(struct slice name, enum alert_status *status);
MUST_USE bool alert_verdict_from(struct slice name, enum alert_verdict *verdict);

struct alerts {
	const struct derive_settings *settings;
	struct database *database;
	struct standings standings;
	int64_t n;
};

/* As the database has them. False: it could not be read; alerts_done() may follow. */
MUST_USE bool alerts_begin(struct alerts *alerts, const struct derive_settings *settings,
	struct database *database, struct err *err);
void alerts_done(struct alerts *alerts); /* a zero one is fine */

/* Whether alerts_record() wants to see its body: findings, hits, acts. */
bool alerts_want(const struct store_block *block, unsigned i);

/* Such a record. Inside the step's transaction. */
MUST_USE bool alerts_record(struct alerts *alerts, const struct store_block *block, unsigned i,
	const struct record *record, struct err *err);

/* A line of the history of an alert; `who` empty: the collector. For acts.c too. */
struct alert_change {
	int64_t alert, at_ns;
	struct slice who, what, text;
};
MUST_USE bool alert_history_add(
	struct database *database, const struct alert_change *change, struct err *err);

#endif
