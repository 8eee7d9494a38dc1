/*
 * dhcp - what the logs of DHCP servers mean, in the words of ECS
 *
 * client.ip is the address that is offered or leased, source.mac the hardware that asks.
 * For the parsers of their logs; any thread.
 */
#ifndef COLLECTOR_NORMALIZE_DHCP_H
#define COLLECTOR_NORMALIZE_DHCP_H

#include "collector/normalize/text/extract.h"

extern const struct meaning dhcp_discover, dhcp_offer, dhcp_request, dhcp_ack, dhcp_nak;
extern const struct meaning dhcp_release, dhcp_decline, dhcp_expired;
extern const struct meaning dhcp_failed; /* no lease could be given */
extern const struct meaning dhcp_started;
extern const struct meaning dhcp_noted; /* anything the server says */
extern const struct meaning dhcp_error; /* the same, of level error */

/* network.protocol */
void dhcp_finish(struct record *record, struct parse_context *context);

#endif
