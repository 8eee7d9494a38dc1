#include "collector/ingest/exporters/packet.h"

#include "collector/ingest/exporters/wire.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_SERVICE_VLAN = 0x88a8,
	VLANS_MAX = 2,
	VLAN_MASK = 0x0fff,
	MAC_SIZE = 6,
	IPV4_HEAD = 20,
	IPV6_HEAD = 40,
	FRAGMENT_MASK = 0x1fff,
	EXTENSIONS_MAX = 8,
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_SCTP = 132,
	PROTOCOL_ICMP6 = 58,
	EXTENSION_HOPS = 0,
	EXTENSION_ROUTING = 43,
	EXTENSION_FRAGMENT = 44,
	EXTENSION_AUTHENTICATION = 51,
	EXTENSION_DESTINATION = 60,
	TCP_FLAGS_AT = 12, /* bytes: 4 bits of offset, then flags */
	TCP_FLAGS_MASK = 0x0fff,
};

static void add(struct packet *packet, uint16_t number, struct slice value)
{
	if (packet->n < PACKET_MEMBERS_MAX)
		packet->members[packet->n++] = (struct packet_member){number, value};
}

static void add_number(struct packet *packet, uint16_t number, uint32_t value)
{
	unsigned char *own = packet->own + packet->n_own;

	if (packet->n_own + sizeof(value) > sizeof(packet->own))
		return;
	for (unsigned i = 0; i < sizeof(value); i++)
		own[i] = (unsigned char)(value >> (24 - 8 * i));
	packet->n_own += sizeof(value);
	add(packet, number, slice_of(own, sizeof(value)));
}

static struct slice part(struct slice bytes, size_t at, size_t len)
{
	return slice_head(slice_from(bytes, at), len);
}

static uint32_t number_at(struct slice bytes, size_t at, size_t len)
{
	return (uint32_t)wire_number(part(bytes, at, len));
}

/* As much of it as was sampled. */
static void read_transport(struct packet *packet, uint8_t protocol, struct slice bytes)
{
	switch (protocol) {
	case PROTOCOL_TCP:
	case PROTOCOL_UDP:
	case PROTOCOL_SCTP:
		if (bytes.len < 4)
			return;
		add(packet, 7, part(bytes, 0, 2));
		add(packet, 11, part(bytes, 2, 2));
		if (protocol == PROTOCOL_TCP && bytes.len >= TCP_FLAGS_AT + 2)
			add_number(
				packet, 6, number_at(bytes, TCP_FLAGS_AT, 2) & TCP_FLAGS_MASK);
		return;
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMP6:
		if (bytes.len < 2)
			return;
		add(packet, protocol == PROTOCOL_ICMP ? 176 : 178, part(bytes, 0, 1));
		add(packet, protocol == PROTOCOL_ICMP ? 177 : 179, part(bytes, 1, 1));
	}
}

/* RFC 791 3.1. */
static bool read_ipv4(struct packet *packet, struct slice bytes)
{
	if (bytes.len < IPV4_HEAD || (unsigned char)bytes.ptr[0] >> 4 != 4)
		return false;

	const size_t head = (size_t)(bytes.ptr[0] & 15) * 4;
	const uint32_t fragment = number_at(bytes, 6, 2) & FRAGMENT_MASK;
	add_number(packet, 60, 4);
	add(packet, 5, part(bytes, 1, 1));
	add(packet, 190, part(bytes, 2, 2));
	add(packet, 54, part(bytes, 4, 2));
	add_number(packet, 88, fragment);
	add(packet, 192, part(bytes, 8, 1));
	add(packet, 4, part(bytes, 9, 1));
	add(packet, 8, part(bytes, 12, 4));
	add(packet, 12, part(bytes, 16, 4));
	if (head >= IPV4_HEAD && head <= bytes.len && fragment == 0)
		read_transport(packet, (uint8_t)bytes.ptr[9], slice_from(bytes, head));
	return true;
}

/* Bytes of an extension header; 0 = it is none that leads on. RFC 8200 4, RFC 4302 2.2. */
static size_t extension_size(uint8_t kind, struct slice bytes)
{
	if (bytes.len < 8)
		return 0;

	const size_t len = (unsigned char)bytes.ptr[1];
	switch (kind) {
	case EXTENSION_HOPS:
	case EXTENSION_ROUTING:
	case EXTENSION_DESTINATION:
		return 8 + 8 * len;
	case EXTENSION_FRAGMENT: /* only the first one has ports */
		return number_at(bytes, 2, 2) >> 3 == 0 ? 8 : 0;
	case EXTENSION_AUTHENTICATION:
		return 8 + 4 * len;
	default:
		return 0;
	}
}

/* RFC 8200 3. */
static bool read_ipv6(struct packet *packet, struct slice bytes)
{
	if (bytes.len < IPV6_HEAD || (unsigned char)bytes.ptr[0] >> 4 != 6)
		return false;

	uint8_t kind = (uint8_t)bytes.ptr[6];
	struct slice rest = slice_from(bytes, IPV6_HEAD);
	size_t size;
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		size = extension_size(kind, rest);
		if (size == 0 || size > rest.len)
			break;
		kind = (uint8_t)rest.ptr[0];
		rest = slice_from(rest, size);
	}
	add_number(packet, 60, 6);
	add_number(packet, 5, number_at(bytes, 0, 2) >> 4 & 0xff);
	add_number(packet, 31, number_at(bytes, 0, 4) & 0xfffff);
	add(packet, 191, part(bytes, 4, 2));
	add(packet, 192, part(bytes, 7, 1));
	add_number(packet, 4, kind);
	add(packet, 27, part(bytes, 8, 16));
	add(packet, 28, part(bytes, 24, 16));
	read_transport(packet, kind, rest);
	return true;
}

static bool is_vlan(uint16_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_SERVICE_VLAN;
}

static bool read_ethernet(struct packet *packet, struct slice rest)
{
	struct slice to, from;
	uint16_t type, tag;

	if (!wire_take(&rest, MAC_SIZE, &to) || !wire_take(&rest, MAC_SIZE, &from) ||
		!wire_u16(&rest, &type))
		return false;
	add(packet, 56, from);
	add(packet, 80, to);
	for (int i = 0; i < VLANS_MAX && is_vlan(type); i++) {
		if (!wire_u16(&rest, &tag) || !wire_u16(&rest, &type))
			return true;
		add_number(packet, i == 0 ? 58 : 245, tag & VLAN_MASK);
	}
	add_number(packet, 256, type);
	if (type == ETHERTYPE_IPV4)
		(void)read_ipv4(packet, rest);
	else if (type == ETHERTYPE_IPV6)
		(void)read_ipv6(packet, rest);
	return true;
}

bool packet_read(struct packet *packet, uint32_t protocol, struct slice bytes)
{
	packet->n = packet->n_own = 0;
	switch (protocol) {
	case PACKET_ETHERNET:
		return read_ethernet(packet, bytes);
	case PACKET_IPV4:
		return read_ipv4(packet, bytes);
	case PACKET_IPV6:
		return read_ipv6(packet, bytes);
	default:
		return false;
	}
}
