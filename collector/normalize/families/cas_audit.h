/*
 * cas_audit - the audit trail of Apereo CAS, as its library Inspektr writes it into a log
 *
 *	Sat Mar 07 10:00:00 ICT 2026|CAS|Supplied credentials: [an]|AUTHENTICATION_FAILED|an|
 *		203.0.113.9|192.0.2.1                    one line: when, application, what,
 *		                                         action, who, client, server
 *	Audit trail record BEGIN                         several
 *	=============================================================
 *	WHO: an
 *	WHAT: Supplied credentials: [an]
 *	ACTION: AUTHENTICATION_FAILED
 *	APPLICATION: CAS
 *	WHEN: Sat Mar 07 10:00:00 ICT 2026
 *	CLIENT IP ADDRESS: 203.0.113.9
 *	SERVER IP ADDRESS: 192.0.2.1
 *	=============================================================
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_CAS_AUDIT_H
#define COLLECTOR_NORMALIZE_CAS_AUDIT_H

#include "collector/normalize/parser.h"

/* Whether that class of Java writes such records. */
bool cas_audit_is_logger(struct slice logger);

/* Adds what the record says; the log's own stamp, which record->created_ns is, is read again by
 * the zone that the record names. PARSED_NOT_MINE with nothing added when it is none,
 * PARSED_PARTLY when a value may be another's than it seems. */
enum parse_result cas_audit_take(
	struct record *record, struct parse_context *context, struct slice text);

/* Whether `line` is one of the several of a record. */
bool cas_audit_goes_on(struct slice line);

#endif
