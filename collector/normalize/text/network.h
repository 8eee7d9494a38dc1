/*
 * network - the words of firewalls and routers
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_NETWORK_H
#define COLLECTOR_NORMALIZE_NETWORK_H

#include "collector/normalize/parser.h"

enum verdict {
	VERDICT_NONE, /* the word says nothing of the kind */
	VERDICT_ALLOWED,
	VERDICT_DENIED,
};

/* "deny", "Blocked", "reset-both", "client-rst": what a device did with a connection. */
enum verdict verdict_of(struct slice action);

/* network.transport as ECS writes it, for a name or an IANA protocol number. */
void put_transport(struct record *record, struct parse_context *context, struct slice protocol);

/*
 * event.category network, event.type connection and the verdict, when the record has both
 * addresses. For devices that log connections; `action` is theirs.
 */
void put_connection(struct record *record, struct parse_context *context, struct slice action);

#endif
