#include "collector/normalize/text/network.h"

#include "collector/normalize/text/extract.h"

static const struct {
	struct slice word; /* the action begins with it, in either case */
	enum verdict verdict;
} verdicts[] = {
	{{SLICE_BYTES("accept")}, VERDICT_ALLOWED},
	{{SLICE_BYTES("allow")}, VERDICT_ALLOWED},
	{{SLICE_BYTES("pass")}, VERDICT_ALLOWED},
	{{SLICE_BYTES("permit")}, VERDICT_ALLOWED},
	{{SLICE_BYTES("grant")}, VERDICT_ALLOWED},
	{{SLICE_BYTES("forward")}, VERDICT_ALLOWED},
	{{SLICE_BYTES("built")}, VERDICT_ALLOWED},
	{{SLICE_BYTES("teardown")}, VERDICT_ALLOWED},
	{{SLICE_BYTES("client-rst")},
		VERDICT_ALLOWED}, /* FortiGate: how an allowed one ended */
	{{SLICE_BYTES("server-rst")}, VERDICT_ALLOWED},
	{{SLICE_BYTES("close")}, VERDICT_ALLOWED},
	{{SLICE_BYTES("timeout")}, VERDICT_ALLOWED},
	{{SLICE_BYTES("deny")}, VERDICT_DENIED},
	{{SLICE_BYTES("denied")}, VERDICT_DENIED},
	{{SLICE_BYTES("drop")}, VERDICT_DENIED},
	{{SLICE_BYTES("block")}, VERDICT_DENIED},
	{{SLICE_BYTES("reject")}, VERDICT_DENIED},
	{{SLICE_BYTES("refuse")}, VERDICT_DENIED},
	{{SLICE_BYTES("reset")}, VERDICT_DENIED},
	{{SLICE_BYTES("discard")}, VERDICT_DENIED},
	{{SLICE_BYTES("prevent")}, VERDICT_DENIED},
};

enum verdict verdict_of(struct slice action)
{
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		struct slice word = verdicts[i].word;

		if (action.len >= word.len &&
			slice_eq_nocase(slice_head(action, word.len), word))
			return verdicts[i].verdict;
	}
	return VERDICT_NONE;
}

/* IANA protocol numbers; the first name of a line is the one ECS has. */
static const struct {
	struct slice ecs, other, number;
} transports[] = {
	{{SLICE_BYTES("tcp")}, {SLICE_BYTES("TCP")}, {SLICE_BYTES("6")}},
	{{SLICE_BYTES("udp")}, {SLICE_BYTES("UDP")}, {SLICE_BYTES("17")}},
	{{SLICE_BYTES("icmp")}, {SLICE_BYTES("ICMP")}, {SLICE_BYTES("1")}},
	{{SLICE_BYTES("ipv6-icmp")}, {SLICE_BYTES("ICMPv6")}, {SLICE_BYTES("58")}},
	{{SLICE_BYTES("igmp")}, {SLICE_BYTES("IGMP")}, {SLICE_BYTES("2")}},
	{{SLICE_BYTES("gre")}, {SLICE_BYTES("GRE")}, {SLICE_BYTES("47")}},
	{{SLICE_BYTES("esp")}, {SLICE_BYTES("ESP")}, {SLICE_BYTES("50")}},
	{{SLICE_BYTES("ah")}, {SLICE_BYTES("AH")}, {SLICE_BYTES("51")}},
	{{SLICE_BYTES("ospf")}, {SLICE_BYTES("OSPF")}, {SLICE_BYTES("89")}},
	{{SLICE_BYTES("pim")}, {SLICE_BYTES("PIM")}, {SLICE_BYTES("103")}},
	{{SLICE_BYTES("vrrp")}, {SLICE_BYTES("VRRP")}, {SLICE_BYTES("112")}},
	{{SLICE_BYTES("sctp")}, {SLICE_BYTES("SCTP")}, {SLICE_BYTES("132")}},
	{{SLICE_BYTES("ipv6-icmp")}, {SLICE_BYTES("icmp6")}, {SLICE_BYTES("58")}},
};

void put_transport(struct record *record, struct parse_context *context, struct slice protocol)
{
	for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
		if (!slice_eq_nocase(transports[i].other, protocol) &&
			!slice_eq(transports[i].number, protocol) &&
			!slice_eq_nocase(transports[i].ecs, protocol))
			continue;
		put(record, context, FIELD_NETWORK_TRANSPORT, transports[i].ecs);
		return;
	}
	if (all_digits(protocol))
		put(record, context, FIELD_NETWORK_IANA_NUMBER, protocol);
	else
		put_some(record, context, FIELD_NETWORK_TRANSPORT, protocol);
}

void put_connection(struct record *record, struct parse_context *context, struct slice action)
{
	static const struct meaning connection = {
		.category = {ECS_NETWORK}, .type = {ECS_CONNECTION}};
	enum verdict verdict = verdict_of(action);

	if (slice_absent(record_get(record, FIELD_SOURCE_IP)) ||
		slice_absent(record_get(record, FIELD_DESTINATION_IP)))
		return;
	put_meaning(record, context, &connection);
	if (verdict == VERDICT_ALLOWED)
		put(record, context, FIELD_EVENT_TYPE, SLICE_LIT("allowed"));
	else if (verdict == VERDICT_DENIED)
		put(record, context, FIELD_EVENT_TYPE, SLICE_LIT("denied"));
}
