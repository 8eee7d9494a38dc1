/*
 * acts - what people do about alerts, as records of the log
 *
 * An act is a note (RECORD_NOTE) of a stream only the collector writes: agency
 * and host 0, lane ACTS_LANE. Its event.action is the name of the act, its
 * message one JSON object:
 *
 *	act, who       its name; the person, and the user id that asked
 *	alert, rule, agency, host, subject
 *	               the alert: its number, and what it is of. A derive.db that was made
 *	               anew from a log whose beginning is gone numbers otherwise: then the
 *	               newest of the same rule, agency, host and subject is meant
 *	text           comment, or reason
 *	owner          to whom it is assigned; who answers for a standing order
 *	verdict        of a closing
 *	kind, number, made, begins, ends, prefix, user
 *	               of a standing order (standing.h); times in ns since 1970
 *
 * The deriving reader applies it when it meets it. One that fits nothing
 * changes nothing and is counted.
 */
#ifndef COLLECTOR_DERIVE_ACTS_H
#define COLLECTOR_DERIVE_ACTS_H

#include "collector/derive/standing.h"
#include "common/json.h"

enum { ACTS_LANE = 5, ACTS_EPOCH = 1, ACT_TEXT_MAX = 1000, ACT_NAME_MAX = 120 };

enum act_kind {
	ACT_ACKNOWLEDGE,
	ACT_WORK, /* in progress */
	ACT_ASSIGN,
	ACT_COMMENT,
	ACT_CLOSE,
	ACT_STANDING_ADD,
	ACT_STANDING_REMOVE,
	ACT_KINDS,
};

const char *act_name(enum act_kind kind); /* literal: "alert-close"; event.action */

struct act {
	enum act_kind kind;
	struct slice who;
	int64_t alert;
	struct slice rule, subject; /* of the alert */
	uint32_t agency, host;
	struct slice text, owner;
	uint8_t verdict;  /* enum alert_verdict */
	int64_t standing; /* number of the order that is taken back, made_ns in `order` */
	struct standing_order order;
};

/* The message. */
void act_put(struct json *json, const struct act *act);

struct alerts;

/* A record of the log that may be an act. */
bool act_is_of(const struct stream *stream);

/* For alerts.c: inside the step's transaction. */
MUST_USE bool act_apply(struct alerts *alerts, const struct record *record, struct err *err);

#endif
