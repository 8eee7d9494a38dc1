/*
 * packet - the head of a packet, sampled by a switch
 *
 * Ethernet with up to two VLAN tags, IPv4, IPv6 with its extension headers,
 * TCP, UDP, SCTP and ICMP. What follows, the payload, is not looked at and not
 * kept: it may hold secrets that no masking would find in hexadecimal. (Of a
 * packet that cannot be read at all the bytes are kept, as of everything.)
 *
 * Any thread. Private to exporters/.
 */
#ifndef COLLECTOR_INGEST_EXPORTERS_PACKET_H
#define COLLECTOR_INGEST_EXPORTERS_PACKET_H

#include <stdint.h>

#include "common/slice.h"

enum { PACKET_MEMBERS_MAX = 32 };

/* sFlow v5's header_protocol. */
enum packet_protocol { PACKET_ETHERNET = 1, PACKET_IPV4 = 11, PACKET_IPV6 = 12 };

/* An information element and its bytes. */
struct packet_member {
	uint16_t number;
	struct slice value; /* of the packet, or `own` */
};

struct packet {
	struct packet_member members[PACKET_MEMBERS_MAX];
	unsigned n;
	unsigned char own[32]; /* numbers that are no whole bytes */
	unsigned n_own;
};

/* As far as `bytes` go; false when they are of another protocol, or too short for its first
 * header. */
bool packet_read(struct packet *packet, uint32_t protocol, struct slice bytes);

#endif
