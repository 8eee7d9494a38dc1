/*
 * modsecurity - what the web application firewall ModSecurity says of a request
 *
 *	[Access denied with code 403 (phase 2).] Pattern match "..." at ARGS:id. [file "..."]
 *		[line "45"] [id "942100"] [msg "SQL Injection ..."] [severity "CRITICAL"]
 *		[tag "attack-sqli"] [hostname "a.vn"] [uri "/"] [unique_id "Z8p..."]
 *
 * Stands in the error logs of web servers and in audit logs. Quotes that a client sent are
 * escaped, so that no value can end early.
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_MODSECURITY_H
#define COLLECTOR_NORMALIZE_MODSECURITY_H

#include "collector/normalize/text/extract.h"

/* "ModSecurity: " at the start of *text, which moves; nginx puts "[client 192.0.2.1] " before
 * it. */
bool modsecurity_take_mark(struct slice *text);

/* One message without its mark: action, rule, host and URL. */
void modsecurity_put(struct record *record, struct parse_context *context, struct slice text);

/* rule.id, and rule.category by the number when the rule set is OWASP's. */
void modsecurity_put_rule(
	struct record *record, struct parse_context *context, struct slice id);

/* One tag of a rule: "attack-sqli" is the rule's category. */
void modsecurity_put_tag(
	struct record *record, struct parse_context *context, struct slice tag);

/* event.action, category and type: the request was stopped, or let through with a warning. */
void modsecurity_put_verdict(struct record *record, struct parse_context *context, bool denied);

#endif
