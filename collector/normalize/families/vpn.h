/*
 * vpn - what the logs of VPN servers mean, in the words of ECS
 *
 * For the parsers of their logs; constants.
 */
#ifndef COLLECTOR_NORMALIZE_VPN_H
#define COLLECTOR_NORMALIZE_VPN_H

#include "collector/normalize/text/extract.h"

extern const struct meaning vpn_attempt;      /* somebody begins to talk */
extern const struct meaning vpn_let_in;       /* who it is was proved */
extern const struct meaning vpn_refused;      /* it was not */
extern const struct meaning vpn_connected;    /* the tunnel stands */
extern const struct meaning vpn_address;      /* an address inside was given */
extern const struct meaning vpn_disconnected; /* the tunnel ended */
extern const struct meaning vpn_failed;       /* it did not come up, or broke */
extern const struct meaning vpn_bad_packet;   /* what came is no packet of a peer */
extern const struct meaning vpn_noted;        /* anything the server says */

#endif
