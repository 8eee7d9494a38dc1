/*
 * wireguard - WireGuard in the kernel, when its dynamic debugging is on
 *
 *	kernel: [12.3] wireguard: wg0: Receiving handshake initiation from peer 7
 *(203.0.113.9:51000)
 */
#include "collector/normalize/families/vpn.h"
#include "collector/normalize/text/phrases.h"

#define HEAD "wireguard: {.interface}: "

static const struct phrase sentences[] = {
	{HEAD "Receiving handshake initiation from peer {.peer} ({source:})", &vpn_attempt},
	{HEAD "Sending handshake response to peer {.peer} ({source:})", &vpn_noted},
	{HEAD "Sending handshake initiation to peer {.peer} ({destination:})", &vpn_attempt},
	{HEAD "Receiving handshake response from peer {.peer} ({source:})", &vpn_noted},
	{HEAD "Keypair {} created for peer {.peer}", &vpn_connected},
	{HEAD "Keypair {} destroyed for peer {.peer}", &vpn_noted},
	{HEAD "Receiving keepalive packet from peer {.peer} ({source:})", &vpn_noted},
	{HEAD "Sending keepalive packet to peer {.peer} ({destination:})", &vpn_noted},
	{HEAD "Handshake for peer {.peer} ({destination:}) did not complete after {}",
		&vpn_failed},
	{HEAD "Zeroing out all keys for peer {.peer} ({source:}), since {event.reason}",
		&vpn_disconnected},
	{HEAD "Retrying handshake with peer {.peer} ({destination:}) because {event.reason}",
		&vpn_failed},
	{HEAD "Invalid handshake initiation from {source:}", &vpn_bad_packet},
	{HEAD "Invalid MAC of handshake, dropping packet from {source:}", &vpn_bad_packet},
	{HEAD "Packet has unallowed src IP ({client.ip}) from peer {.peer} ({source:})",
		&vpn_bad_packet},
	{HEAD "Dropping packet from {source:}{event.reason}", &vpn_bad_packet},
	{HEAD "Peer {.peer} created", &vpn_noted},
	{HEAD "Peer {.peer} ({source:}) destroyed", &vpn_noted},
	{HEAD "Interface created", &vpn_noted},
	{HEAD "Interface destroyed", &vpn_noted},
};
static struct phrases phrases = PHRASES(sentences);

/* "[   12.345678] " */
static void skip_uptime(struct slice *rest)
{
	struct slice at = *rest, uptime;

	if (!skip_byte(&at, '[') || !take_until(&at, ']', &uptime))
		return;
	skip_blanks(&at);
	*rest = at;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;

	skip_uptime(&rest);
	if (!slice_starts(rest, SLICE_LIT("wireguard: ")))
		return PARSED_NOT_MINE;
	put(record, context, FIELD_NETWORK_APPLICATION, SLICE_LIT("wireguard"));
	return phrases_put(&phrases, record, context, rest, &vpn_noted);
}

static const char *const programs[] = {"kernel", NULL};

const struct parser parser_wireguard = {
	.number = 117,
	.name = "wireguard",
	.module = "wireguard",
	.summary = "WireGuard: handshakes and refused packets, by the kernel",
	.source = "Linux 5.6 to 6.12, drivers/net/wireguard: net_dbg_ratelimited()",
	.programs = programs,
	.parse = parse,
};
