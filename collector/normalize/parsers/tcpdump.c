/*
 * tcpdump - packets as tcpdump prints them
 *
 *	10:00:00.123456 IP 203.0.113.9.43436 > 192.0.2.1.22: Flags [S], seq 1, length 0
 *	2026-03-07 10:00:00.123456 eth0  In  IP6 2001:db8::9.53 > 2001:db8::1.4711: UDP, ...
 *	1772852400.123456 IP 203.0.113.9 > 192.0.2.1: ICMP echo request, id 1, seq 1, length 64
 *	10:00:00.123456 ARP, Request who-has 192.0.2.1 tell 192.0.2.9, length 28
 *	10:00:00.123456 02:00:00:00:00:09 > 02:00:00:00:00:01, ethertype IPv4 (0x0800),
 *		length 74: 203.0.113.9.4711 > 192.0.2.1.53: 812+ A? example.gov.vn. (32)
 *
 * With -v two lines:
 *
 *	IP (tos 0x0, ttl 64, id 1, offset 0, flags [DF], proto TCP (6), length 60)
 *	    203.0.113.9.43436 > 192.0.2.1.22: Flags [S], ...
 *
 * A port stands behind the last point; a time of day is of the day the line was received.
 */
#include "collector/normalize/text/endpoint.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

enum { HEAD_MAX = 160, MAC_LEN = 17, NAME_MAX_LEN = 256, EPOCH_MIN = 10 };

static const struct meaning seen =
	MEANS("packet_seen", .category = {ECS_NETWORK}, .type = {ECS_CONNECTION});
static const struct meaning opened = MEANS("packet_seen", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_START});
static const struct meaning closed = MEANS(
	"packet_seen", .category = {ECS_NETWORK}, .type = {ECS_CONNECTION}, .type2 = {ECS_END});
static const struct meaning asked = MEANS("packet_seen", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_PROTOCOL});

struct packet {
	int64_t ns; /* CLOCK_NONE: printed without */
	bool time_only;
	struct slice interface, from_mac, to_mac, bytes;
	struct slice network, transport; /* "ipv4", "TCP"; or absent */
	struct slice from, to, text;
};

/* ---- what stands before the addresses --------------------------------------------------- */

static void take_time(
	struct slice *rest, const struct parse_context *context, struct packet *packet)
{
	struct slice at = *rest, word;

	(void)skip_byte(&at, ' ');
	word = at;
	word = take_word(&word);
	if (word.len > EPOCH_MIN && slice_find(word, '.') == EPOCH_MIN &&
		stamp_from_epoch(word, &packet->ns))
		at = slice_from(at, word.len);
	else if (take_stamp_time(&at, context, &packet->ns))
		packet->time_only = true;
	else if (!take_stamp_any(&at, context, &packet->ns))
		return;
	if (skip_byte(&at, ' '))
		*rest = at;
	else
		packet->ns = CLOCK_NONE;
}

/* "eth0  In  ", of the capture of all interfaces */
static void take_interface(struct slice *rest, struct packet *packet)
{
	static const char *const ways[] = {"In  ", "Out ", "M   ", "B   ", "P   "};
	struct slice at = *rest, name = take_word(&at);

	if (name.len == 0 || !skip_byte(&at, ' '))
		return;
	skip_blanks(&at);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		if (!skip_text(&at, slice_str(ways[i])))
			continue;
		packet->interface = name;
		*rest = at;
		return;
	}
}

static bool take_mac(struct slice *rest, struct slice *mac)
{
	if (rest->len <= MAC_LEN)
		return false;
	for (size_t i = 0; i < MAC_LEN; i++) {
		const char byte = rest->ptr[i];

		if (i % 3 == 2 ? byte != ':' : !is_digit(byte) && (byte < 'a' || byte > 'f'))
			return false;
	}
	*mac = slice_head(*rest, MAC_LEN);
	*rest = slice_from(*rest, MAC_LEN);
	return true;
}

/* "ipv4" for "IPv4 (0x0800)" */
static struct slice network_of(struct slice name)
{
	if (slice_starts(name, SLICE_LIT("IPv4")))
		return SLICE_LIT("ipv4");
	return slice_starts(name, SLICE_LIT("IPv6")) ? SLICE_LIT("ipv6") : SLICE_NONE;
}

/* "MAC > MAC, ethertype IPv4 (0x0800), length 74: ", with "vlan 8, p 0, ethertype IPv4
 * (0x0800), " behind it where the frame has a tag */
static bool take_link(struct slice *rest, struct packet *packet)
{
	static const struct slice type = {SLICE_BYTES("ethertype ")};
	struct slice at = *rest, head;
	size_t last;

	if (!take_mac(&at, &packet->from_mac) || !skip_lit(&at, " > ") ||
		!take_mac(&at, &packet->to_mac) || !skip_lit(&at, ", ethertype "))
		return false;
	packet->network = network_of(at);
	head = slice_head(at, slice_find(at, ':'));
	if (head.len == at.len ||
		!cut_last(head, SLICE_LIT(", length "), &head, &packet->bytes))
		return false;
	at = slice_from(at, slice_find(at, ':') + 1);
	skip_blanks(&at);
	head = slice_head(at, at.len < HEAD_MAX ? at.len : HEAD_MAX);
	last = slice_starts(head, SLICE_LIT("vlan ")) ? slice_search(head, type) : head.len;
	if (last < head.len) {
		at = slice_from(at, last + type.len);
		packet->network = network_of(at);
		at = slice_from(at, slice_search(at, SLICE_LIT(", ")));
		if (!skip_lit(&at, ", "))
			return false;
	}
	*rest = at;
	return true;
}

/* "(tos 0x0, ..., proto TCP (6), length 60)" and the line end behind it */
static bool take_details(struct slice *rest, struct packet *packet)
{
	static const char *const keys[] = {"proto ", "next-header "};
	struct slice inside;
	size_t depth = 0, end = 0;

	if (rest->len == 0 || rest->ptr[0] != '(')
		return true;
	for (; end < rest->len; end++) {
		if (rest->ptr[end] == '(')
			depth++;
		else if (rest->ptr[end] == ')' && --depth == 0)
			break;
	}
	if (end == rest->len)
		return false;
	inside = slice_head(*rest, end);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct slice key = slice_str(keys[i]);
		const size_t at = slice_search(inside, key);

		if (at == inside.len)
			continue;
		struct slice name = slice_from(inside, at + key.len);
		packet->transport = take_word(&name);
	}
	*rest = slice_from(*rest, end + 1);
	while (rest->len > 0 && memchr(" \r\n\t", rest->ptr[0], 4) != NULL)
		*rest = slice_from(*rest, 1);
	return true;
}

/* "IP ", "IP6 "; behind a frame's head it was said already. */
static bool take_version(struct slice *rest, struct packet *packet)
{
	if (!slice_absent(packet->from_mac))
		return !slice_absent(packet->network);
	if (skip_lit(rest, "IP "))
		packet->network = SLICE_LIT("ipv4");
	else if (skip_lit(rest, "IP6 "))
		packet->network = SLICE_LIT("ipv6");
	else
		return false;
	return true;
}

static bool take_ends(struct slice *rest, struct packet *packet)
{
	struct slice at = *rest;

	packet->from = take_word(&at);
	if (packet->from.len == 0 || packet->from.len > NAME_MAX_LEN || !skip_lit(&at, " > "))
		return false;
	packet->to = take_word(&at);
	if (packet->to.len < 2 || packet->to.len > NAME_MAX_LEN ||
		packet->to.ptr[packet->to.len - 1] != ':' || !skip_byte(&at, ' '))
		return false;
	packet->to.len--;
	packet->text = at;
	return true;
}

/* ---- what is put ------------------------------------------------------------------------ */

/* "02:00:00:00:00:09" as ECS has it: "02-00-00-00-00-09" */
static void put_mac(struct record *record, struct parse_context *context, enum field_id id,
	struct slice mac)
{
	char *text;

	if (slice_absent(mac))
		return;
	text = arena_alloc(context->arena, mac.len);
	if (text == NULL) {
		context->full = true;
		return;
	}
	for (size_t i = 0; i < mac.len; i++) {
		const char byte = mac.ptr[i];

		text[i] = byte == ':' ? '-' : byte >= 'a' ? (char)(byte - 'a' + 'A') : byte;
	}
	put(record, context, id, slice_of(text, mac.len));
}

/* "192.0.2.1.22", "2001:db8::1.22", "192.0.2.1", "web-1.example.gov.vn.https" */
static void put_end(struct record *record, struct parse_context *context,
	const struct endpoint_fields *fields, struct slice text)
{
	struct slice host, port;

	if (is_address(text) || !cut_last(text, SLICE_LIT("."), &host, &port) ||
		(!is_address(host) && !all_digits(port))) {
		put_address(record, context, fields->ip, fields->other, text);
		return;
	}
	put_address(record, context, fields->ip, fields->other, host);
	if (all_digits(port))
		put_digits(record, context, fields->port, port);
	else
		put_other(record, context, FIELD_OTHER,
			fields == &endpoint_source ? SLICE_LIT("source_service")
						   : SLICE_LIT("destination_service"),
			port);
}

/* "812+ [1au] A? example.gov.vn. (32)" */
static bool put_question(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice id, type, name;

	if (!take_digits(&text, &id))
		return false;
	while (text.len > 0 && memchr("+-*%|$", text.ptr[0], 6) != NULL)
		text = slice_from(text, 1);
	if (!skip_byte(&text, ' '))
		return false;
	if (skip_byte(&text, '[') && (!take_until(&text, ']', &name) || !skip_byte(&text, ' ')))
		return false;
	type = take_word(&text);
	if (type.len < 2 || type.ptr[type.len - 1] != '?' || !skip_byte(&text, ' '))
		return false;
	type.len--;
	name = take_word(&text);
	if (name.len > 1 && name.ptr[name.len - 1] == '.')
		name.len--;
	put(record, context, FIELD_NETWORK_PROTOCOL, SLICE_LIT("dns"));
	put(record, context, FIELD_DNS_QUESTION_TYPE, type);
	put(record, context, FIELD_DNS_QUESTION_NAME, name);
	return true;
}

/* "Flags [S], seq 1": SYN alone opens, FIN and RST close. */
static const struct meaning *read_flags(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice flags;

	if (!skip_lit(&text, "Flags [") || !take_until(&text, ']', &flags))
		return NULL;
	put_other(record, context, FIELD_OTHER, SLICE_LIT("tcp_flags"), flags);
	if (slice_eq(flags, SLICE_LIT("S")))
		return &opened;
	return slice_find(flags, 'F') < flags.len || slice_find(flags, 'R') < flags.len
		       ? &closed
		       : &seen;
}

/* What of the packet's text its transport is told by. */
static struct slice transport_in(struct slice text)
{
	static const struct {
		struct slice begin, name;
	} begins[] = {
		{{SLICE_BYTES("Flags [")}, {SLICE_BYTES("tcp")}},
		{{SLICE_BYTES("UDP, ")}, {SLICE_BYTES("udp")}},
		{{SLICE_BYTES("ICMP6, ")}, {SLICE_BYTES("ipv6-icmp")}},
		{{SLICE_BYTES("ICMP ")}, {SLICE_BYTES("icmp")}},
		{{SLICE_BYTES("igmp ")}, {SLICE_BYTES("igmp")}},
		{{SLICE_BYTES("BOOTP/DHCP, ")}, {SLICE_BYTES("udp")}},
		{{SLICE_BYTES("NTPv")}, {SLICE_BYTES("udp")}},
	};

	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		if (slice_starts(text, begins[i].begin))
			return begins[i].name;
	}
	return SLICE_NONE;
}

static void put_network(struct record *record, struct parse_context *context,
	const struct packet *packet, const struct meaning *meaning)
{
	put_meaning(record, context, meaning);
	put(record, context, FIELD_NETWORK_TYPE, packet->network);
	if (!slice_absent(packet->transport))
		put_transport(record, context, packet->transport);
}

/* Whether the packet's text is one that tcpdump writes. */
static bool put_packet(
	struct record *record, struct parse_context *context, struct packet *packet)
{
	const struct meaning *meaning;

	put_end(record, context, &endpoint_source, packet->from);
	put_end(record, context, &endpoint_destination, packet->to);
	meaning = read_flags(record, context, packet->text);
	if (slice_absent(packet->transport))
		packet->transport = transport_in(packet->text);
	if (meaning == NULL && put_question(record, context, packet->text)) {
		meaning = &asked;
		if (slice_absent(packet->transport))
			packet->transport = SLICE_LIT("udp"); /* in TCP it has flags */
	}
	put_network(record, context, packet, meaning == NULL ? &seen : meaning);
	return !slice_absent(packet->transport);
}

/* "Request who-has 192.0.2.1 tell 192.0.2.9, length 28", "Reply 192.0.2.1 is-at MAC, ..." */
static bool put_arp(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice who, tells, mac;

	if (skip_lit(&text, "Request who-has ")) {
		who = take_word(&text);
		text = slice_from(text, slice_search(text, SLICE_LIT(" tell ")));
		if (!skip_lit(&text, " tell "))
			return false;
		tells = take_word(&text);
		tells = slice_head(tells, slice_find(tells, ','));
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, tells);
		put_address(
			record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, who);
	} else if (skip_lit(&text, "Reply ")) {
		who = take_word(&text);
		if (!skip_lit(&text, " is-at ") || !take_mac(&text, &mac))
			return false;
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, who);
		if (slice_absent(record_get(record, FIELD_SOURCE_MAC)))
			put_mac(record, context, FIELD_SOURCE_MAC, mac);
	} else {
		return false;
	}
	put(record, context, FIELD_NETWORK_PROTOCOL, SLICE_LIT("arp"));
	put_meaning(record, context, &seen);
	return true;
}

static void put_frame(
	struct record *record, struct parse_context *context, const struct packet *packet)
{
	if (packet->ns != CLOCK_NONE &&
		!(packet->time_only && record->created_ns != CLOCK_NONE))
		record->created_ns = packet->ns;
	put_mac(record, context, FIELD_SOURCE_MAC, packet->from_mac);
	put_mac(record, context, FIELD_DESTINATION_MAC, packet->to_mac);
	if (!slice_absent(packet->bytes))
		put_digits(record, context, FIELD_NETWORK_BYTES, packet->bytes);
	if (!slice_absent(packet->interface))
		put_other(record, context, FIELD_OTHER, SLICE_LIT("interface"),
			packet->interface);
}

/* ---- the whole -------------------------------------------------------------------------- */

/* Most lines that begin with a stamp are others'. */
static bool can_be_mine(struct slice text)
{
	const struct slice head = slice_head(text, text.len < HEAD_MAX ? text.len : HEAD_MAX);

	struct slice rest = head, word;

	/* "IP ", "IP6 ", "ARP, " have one letter in common */
	for (size_t at; (at = slice_find(rest, 'P')) < rest.len;) {
		word = slice_from(rest, at);
		if (at > 0 && (rest.ptr[at - 1] == 'I' || slice_starts(word, SLICE_LIT("P, "))))
			return true;
		rest = slice_from(rest, at + 1);
	}
	return slice_search(head, SLICE_LIT(", ethertype ")) < head.len;
}

/* What stands behind the stamp and the frame's head. The first line of two is no more than a
 * beginning. */
static enum parse_result read_packet(struct record *record, struct parse_context *context,
	struct packet *packet, struct slice rest)
{
	const bool framed = !slice_absent(packet->from_mac);

	if (skip_lit(&rest, "ARP, ") || (framed && slice_absent(packet->network)))
		return put_arp(record, context, rest) ? PARSED : PARSED_NOT_MINE;
	if (!take_version(&rest, packet) || !take_details(&rest, packet))
		return PARSED_NOT_MINE;
	if (rest.len == 0 && !slice_absent(packet->transport)) {
		put_network(record, context, packet, &seen);
		return PARSED_PARTLY;
	}
	if (!take_ends(&rest, packet))
		return PARSED_NOT_MINE;
	/* Without a stamp anybody's text may begin like this. */
	const bool is_told = packet->ns != CLOCK_NONE || framed || context->named ||
			     !slice_absent(context->program);
	return put_packet(record, context, packet) || is_told ? PARSED : PARSED_NOT_MINE;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct packet packet = {.ns = CLOCK_NONE};
	struct slice rest = context->message;

	if (!can_be_mine(rest))
		return PARSED_NOT_MINE;
	take_time(&rest, context, &packet);
	take_interface(&rest, &packet);
	if (!take_link(&rest, &packet))
		packet.from_mac = packet.to_mac = packet.bytes = SLICE_NONE;
	const enum parse_result result = read_packet(record, context, &packet, rest);
	if (result == PARSED_NOT_MINE)
		return result;
	put_frame(record, context, &packet);
	context->message = SLICE_NONE;
	return result;
}

static const char *const programs[] = {"tcpdump", NULL};

const struct parser parser_tcpdump = {
	.number = 181,
	.roles = PARSER_ENVELOPE,
	.name = "tcpdump",
	.module = "tcpdump",
	.summary = "packets as tcpdump prints them",
	.source = "tcpdump(1) 4.9 to 4.99, OUTPUT FORMAT",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS "IA ",
	.digits = DIGITS(REST) | DIGITS(RUN) | DIGITS(ISO_BLANK),
	.parse = parse,
};
