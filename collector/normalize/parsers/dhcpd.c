/*
 * dhcpd - ISC DHCP server, and Kea
 *
 *	dhcpd[7]: DHCPACK on 192.0.2.7 to 02:00:00:00:00:07 (pc7) via eth0
 *	2026-03-07 10:00:00.123 INFO  [kea-dhcp4.leases/7.139] DHCP4_LEASE_ALLOC [hwtype=1
 *		02:00:00:00:00:07], cid=[no info], tid=0x1: lease 192.0.2.7 has been allocated
 *...
 *
 * The name in brackets is the client's own choice: what follows is read from the end.
 */
#include "collector/normalize/families/dhcp.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

static const struct phrase sentences[] = {
	{"DHCPDISCOVER from {source.mac+}[[ ({client.domain*})]] via {.interface}: "
	 "{event.reason}",
		&dhcp_failed},
	{"DHCPDISCOVER from {source.mac+} ({client.domain*}) via {.interface}", &dhcp_discover},
	{"DHCPDISCOVER from {source.mac+} via {.interface}", &dhcp_discover},
	{"DHCPOFFER on {client.ip} to {source.mac+} ({client.domain*}) via {.interface}",
		&dhcp_offer},
	{"DHCPOFFER on {client.ip} to {source.mac+} via {.interface}", &dhcp_offer},
	{"DHCPREQUEST for {client.ip} ({server.ip}) from {source.mac+} ({client.domain*}) via "
	 "{.interface}",
		&dhcp_request},
	{"DHCPREQUEST for {client.ip} from {source.mac+} ({client.domain*}) via {.interface}",
		&dhcp_request},
	{"DHCPREQUEST for {client.ip}[[ ({server.ip})]] from {source.mac+} via {.interface}",
		&dhcp_request},
	{"DHCPACK on {client.ip} to {source.mac+} ({client.domain*}) via {.interface}",
		&dhcp_ack},
	{"DHCPACK on {client.ip} to {source.mac+}[[ via {.interface}]]", &dhcp_ack},
	{"DHCPACK to {client.ip} ({source.mac}) via {.interface}", &dhcp_ack},
	{"DHCPNAK on {client.ip} to {source.mac+} via {.interface}", &dhcp_nak},
	{"DHCPINFORM from {client.ip} via {.interface}", &dhcp_request},
	{"DHCPRELEASE of {client.ip} from {source.mac+} ({client.domain*}) via {.interface}[[ "
	 "({})]]",
		&dhcp_release},
	{"DHCPRELEASE of {client.ip} from {source.mac+} via {.interface}[[ ({})]]",
		&dhcp_release},
	{"DHCPDECLINE of {client.ip} from {source.mac+}[[ ({client.domain})]] via {.interface}",
		&dhcp_decline},
	{"DHCPEXPIRE on {client.ip} to {source.mac}", &dhcp_expired},
	{"Abandoning IP address {client.ip}: {event.reason}", &dhcp_failed},
	{"uid lease {client.ip} for client {source.mac+} is duplicate on {}", &dhcp_noted},
	{"reuse_lease: lease age {}", &dhcp_noted},
	{"Wrote {} to leases file.", &dhcp_noted},
	{"Internet Systems Consortium DHCP Server {.version}", &dhcp_started},
};
static struct phrases phrases = PHRASES(sentences);

/* What stands behind a message's name. */
#define KEA_CLIENT "[hwtype={} {source.mac}], cid=[{}], tid={+} "

static const struct phrase kea_sentences[] = {
	{"DHCP4_LEASE_ALLOC " KEA_CLIENT "lease {client.ip} has been allocated{}", &dhcp_ack},
	{"DHCP4_LEASE_OFFER " KEA_CLIENT "lease {client.ip} will be offered{}", &dhcp_offer},
	{"DHCP4_LEASE_ADVERT " KEA_CLIENT "lease {client.ip} will be advertised{}",
		&dhcp_offer},
	{"DHCP4_RELEASE " KEA_CLIENT "address {client.ip} was released{}", &dhcp_release},
	{"DHCP4_DECLINE_LEASE Received DHCPDECLINE for addr {client.ip} from client [hwtype={} "
	 "{source.mac}]{}",
		&dhcp_decline},
	{"DHCP4_NO_LEASE_INIT_REBOOT " KEA_CLIENT
	 "no lease for address {client.ip} requested by "
	 "INIT-REBOOT client",
		&dhcp_nak},
	{"DHCP4_LEASE_REUSE " KEA_CLIENT "lease {client.ip} has been reused{}", &dhcp_ack},
	{"DHCP4_INIT_REBOOT " KEA_CLIENT "client is in INIT-REBOOT state and requests address "
	 "{client.ip}",
		&dhcp_request},
	{"ALLOC_ENGINE_V4_ALLOC_FAIL{+} [hwtype={} {source.mac}], cid=[{}], tid={+} "
	 "{event.reason}",
		&dhcp_failed},
	{"DHCP4_PACKET_NAK_{+} [hwtype={} {source.mac}], cid=[{}], tid={+} {event.reason}",
		&dhcp_nak},
	{"DHCP6_LEASE_ALLOC {}lease for address {client.ip} and iaid={} has been allocated{}",
		&dhcp_ack},
};
static struct phrases kea_phrases = PHRASES(kea_sentences);

/* "INFO  [kea-dhcp4.leases/7.139] DHCP4_LEASE_ALLOC ..." */
static enum parse_result read_kea(
	struct record *record, struct parse_context *context, struct slice rest)
{
	struct slice level = take_word(&rest), logger, words;

	skip_blanks(&rest);
	if (!skip_lit(&rest, "[kea-") || !take_until(&rest, ']', &logger) ||
		!skip_byte(&rest, ' '))
		return PARSED_NOT_MINE;
	words = rest;
	put(record, context, FIELD_LOG_LEVEL, level);
	put(record, context, FIELD_LOG_LOGGER,
		slice_of(logger.ptr - 4, slice_find(logger, '/') + 4));
	put(record, context, FIELD_EVENT_CODE, take_word(&words));
	put_over(record, context, FIELD_MESSAGE, rest);
	bool wrong = slice_eq(level, SLICE_LIT("ERROR")) || slice_eq(level, SLICE_LIT("FATAL"));
	return phrases_put(
		&kea_phrases, record, context, rest, wrong ? &dhcp_error : &dhcp_noted);
}

/* "2026-03-07 10:00:00.123 " before Kea's line in a file of its own. */
static bool take_time(struct slice *rest, const struct parse_context *context, int64_t *ns)
{
	return rest->len > 40 && rest->ptr[4] == '-' && rest->ptr[10] == ' ' &&
	       slice_search(slice_head(*rest, 40), SLICE_LIT(" [kea-")) < 40 &&
	       take_stamp_any(rest, context, ns) && skip_byte(rest, ' ');
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message;
	int64_t ns = record->created_ns;
	bool timed = take_time(&rest, context, &ns);

	if (!timed && slice_absent(context->program))
		return PARSED_NOT_MINE;
	enum parse_result result = read_kea(record, context, rest);
	if (result == PARSED_NOT_MINE && !timed)
		result = phrases_put(&phrases, record, context, rest, &dhcp_noted);
	if (result == PARSED_NOT_MINE)
		return result;
	record->created_ns = ns;
	dhcp_finish(record, context);
	context->message = SLICE_NONE;
	return result;
}

static const char *const programs[] = {"dhcpd", "dhcpd3", "kea-dhcp4", "kea-dhcp6",
	"kea-dhcp-ddns", "kea-ctrl-agent", "dhcrelay", NULL};

const struct parser parser_dhcpd = {
	.number = 115,
	.roles = PARSER_ENVELOPE,
	.name = "dhcpd",
	.module = "dhcp",
	.summary = "ISC DHCP and Kea: offers, leases, refusals",
	.source = "ISC DHCP 4.1 to 4.4, server/dhcp.c; Kea 1.6 to 2.6, Messages Manual",
	.programs = programs,
	.first_bytes = FIRST_BYTES_DIGITS,
	.digits = DIGITS(ISO_BLANK),
	.parse = parse,
};
