/*
 * dns - what the logs of name servers mean, in the words of ECS
 *
 * For the parsers of their logs; any thread.
 */
#ifndef COLLECTOR_NORMALIZE_DNS_H
#define COLLECTOR_NORMALIZE_DNS_H

#include "collector/normalize/text/extract.h"

extern const struct meaning dns_queried;  /* somebody asked */
extern const struct meaning dns_answered; /* and got an answer */
extern const struct meaning dns_refused;  /* what somebody asked for is not for him */
extern const struct meaning dns_blocked;  /* a list of names forbids it */
extern const struct meaning dns_limited;  /* somebody asks too often */
extern const struct meaning dns_failed;   /* no answer could be had */
extern const struct meaning dns_transfer; /* a zone went to another server */
extern const struct meaning dns_transfer_refused;
extern const struct meaning dns_updated; /* a zone was changed from outside */
extern const struct meaning dns_update_refused;
extern const struct meaning dns_rebinding; /* a name of the world that points inside */
extern const struct meaning dns_noted;     /* anything the server says */
extern const struct meaning dns_error;     /* the same, of level error */

/* "a.vn." without the dot of the root; "." stays. */
void dns_put_question(struct record *record, struct parse_context *context, struct slice name);

/* network.protocol, and dns.type when somebody asked something. */
void dns_finish(struct record *record, struct parse_context *context);

#endif
