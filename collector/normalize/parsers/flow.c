/*
 * flow - flow records of NetFlow, IPFIX and sFlow, as our listeners write them
 *
 *	{"flow":{"version":"netflow9","exporter":"192.0.2.1","domain":7,"sequence":1,
 *	 "uptime":100500,"time":"2026-03-07T03:00:00Z","template":256},
 *	 "sourceIPv4Address":"10.0.0.1",...,"known":{"ingressInterfaceName":"Gi0/1"}}
 *
 * collector/ingest/exporters/lines.h has the format byte for byte. Counts are those of the
 * record: where packets were sampled, netflow.samplingInterval or netflow.sampling tells of how
 * many each stands for, and nothing is multiplied here.
 */
#include "collector/normalize/families/device.h"
#include "collector/normalize/text/documents.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/names.h"
#include "collector/normalize/text/network.h"
#include "collector/normalize/text/stamp.h"

enum { FLOW_LATER = NAME_MEANING_END };

static const struct name_entry entries[] = {
	NAME("flow.version", FLOW_LATER),
	NAME("flow.exporter", FIELD_OBSERVER_IP),
	NAME("flow.time", NAME_TIME),
	NAME("flow.damaged", FIELD_ERROR_MESSAGE),
	NAME("flow.options", FLOW_LATER),
	NAME("octets", NAME_DROPPED),
	NAME("sourceIPv4Address", FIELD_SOURCE_IP),
	NAME("sourceIPv6Address", FIELD_SOURCE_IP),
	NAME("destinationIPv4Address", FIELD_DESTINATION_IP),
	NAME("destinationIPv6Address", FIELD_DESTINATION_IP),
	NAME("sourceTransportPort", FIELD_SOURCE_PORT),
	NAME("udpSourcePort", FIELD_SOURCE_PORT),
	NAME("tcpSourcePort", FIELD_SOURCE_PORT),
	NAME("destinationTransportPort", FIELD_DESTINATION_PORT),
	NAME("udpDestinationPort", FIELD_DESTINATION_PORT),
	NAME("tcpDestinationPort", FIELD_DESTINATION_PORT),
	NAME("postNATSourceIPv4Address", FIELD_SOURCE_NAT_IP),
	NAME("postNATSourceIPv6Address", FIELD_SOURCE_NAT_IP),
	NAME("postNATDestinationIPv4Address", FIELD_DESTINATION_NAT_IP),
	NAME("postNATDestinationIPv6Address", FIELD_DESTINATION_NAT_IP),
	NAME("postNAPTSourceTransportPort", FIELD_SOURCE_NAT_PORT),
	NAME("postNAPTDestinationTransportPort", FIELD_DESTINATION_NAT_PORT),
	NAME("sourceMacAddress", FIELD_SOURCE_MAC),
	NAME("destinationMacAddress", FIELD_DESTINATION_MAC),
	NAME("postDestinationMacAddress", FIELD_DESTINATION_MAC),
	NAME("vlanId", FIELD_NETWORK_VLAN_ID),
	NAME("dot1qVlanId", FIELD_NETWORK_VLAN_ID),
	NAME("octetDeltaCount", FIELD_SOURCE_BYTES),
	NAME("octetTotalCount", FIELD_SOURCE_BYTES),
	NAME("initiatorOctets", FIELD_SOURCE_BYTES),
	NAME("packetDeltaCount", FIELD_SOURCE_PACKETS),
	NAME("packetTotalCount", FIELD_SOURCE_PACKETS),
	NAME("initiatorPackets", FIELD_SOURCE_PACKETS),
	NAME("responderOctets", FIELD_DESTINATION_BYTES),
	NAME("reverseOctetDeltaCount", FIELD_DESTINATION_BYTES),
	NAME("reverseOctetTotalCount", FIELD_DESTINATION_BYTES),
	NAME("responderPackets", FIELD_DESTINATION_PACKETS),
	NAME("reversePacketDeltaCount", FIELD_DESTINATION_PACKETS),
	NAME("reversePacketTotalCount", FIELD_DESTINATION_PACKETS),
	NAME("protocolIdentifier", FLOW_LATER),
	NAME("userName", FIELD_USER_NAME),
	NAME("interfaceName", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("known.ingressInterfaceName", FIELD_OBSERVER_INGRESS_INTERFACE),
	NAME("known.egressInterfaceName", FIELD_OBSERVER_EGRESS_INTERFACE),
	NAME("applicationName", FLOW_LATER),
	NAME("known.applicationName", FLOW_LATER),
	NAME("flowDirection", FLOW_LATER),
	NAME("flowStartSeconds", FLOW_LATER),
	NAME("flowStartMilliseconds", FLOW_LATER),
	NAME("flowStartMicroseconds", FLOW_LATER),
	NAME("flowStartNanoseconds", FLOW_LATER),
	NAME("flowEndSeconds", FLOW_LATER),
	NAME("flowEndMilliseconds", FLOW_LATER),
	NAME("flowEndMicroseconds", FLOW_LATER),
	NAME("flowEndNanoseconds", FLOW_LATER),
	NAME("dataLinkFrameSize", FIELD_SOURCE_BYTES),
	NAME("url", FIELD_URL_ORIGINAL),
	NAME("urlHost", FIELD_URL_DOMAIN),
	NAME("inputVlan", FIELD_NETWORK_VLAN_ID),
	NAME("httpRequestMethod", FIELD_HTTP_REQUEST_METHOD),
	NAME("httpRequestHost", FIELD_URL_DOMAIN),
	NAME("httpRequestTarget", FIELD_URL_ORIGINAL),
	NAME("httpStatusCode", FIELD_HTTP_RESPONSE_STATUS_CODE),
	NAME("httpUserAgent", FIELD_USER_AGENT_ORIGINAL),
};
static struct name_table table = NAME_TABLE(entries);

/* ---- times ---------------------------------------------------------------------------- */

/* The members that tell a moment, the most exact first; NULL ends them. */
struct moment_names {
	const char *absolute[8];
	const char *delta, *uptime;
};

static const struct moment_names starts = {
	{"flowStartNanoseconds", "flowStartMicroseconds", "flowStartMilliseconds",
		"flowStartSeconds", NULL},
	"flowStartDeltaMicroseconds", "flowStartSysUpTime"};
static const struct moment_names ends = {
	{"flowEndNanoseconds", "flowEndMicroseconds", "flowEndMilliseconds", "flowEndSeconds",
		"observationTimeMilliseconds", "observationTimeSeconds", NULL},
	"flowEndDeltaMicroseconds", "flowEndSysUpTime"};

static bool read_moment(const struct parse_context *context, struct slice text, int64_t *ns)
{
	return !slice_absent(text) && take_stamp_iso(&text, context, ns) && text.len == 0;
}

static bool read_number(const struct pairs *pairs, const char *name, uint64_t *number)
{
	struct slice text = pairs_get(pairs, slice_str(name));

	return !slice_absent(text) && slice_to_u64(text, INT64_MAX, number);
}

/* What its exporter's clock of uptimes showed when the record was exported; it starts again
 * from 0 after 2^32 milliseconds. IPFIX tells when that clock was started instead. */
static bool uptime_at_export(
	const struct parse_context *context, int64_t exported_ns, uint32_t *uptime_ms)
{
	const struct pairs *pairs = context->pairs;
	struct slice started = pairs_get_lit(pairs, "systemInitTimeMilliseconds");
	int64_t started_ns;
	uint64_t number;

	if (read_number(pairs, "flow.uptime", &number)) {
		*uptime_ms = (uint32_t)number;
		return true;
	}
	if (slice_absent(started))
		started = pairs_get_lit(pairs, "known.systemInitTimeMilliseconds");
	if (!read_moment(context, started, &started_ns))
		return false;
	*uptime_ms = (uint32_t)((exported_ns - started_ns) / CLOCK_NS_PER_MS);
	return true;
}

/* An uptime is at most 24 days away from that of its export, before or behind. */
static bool moment_of_uptime(
	const struct parse_context *context, const char *name, int64_t exported_ns, int64_t *ns)
{
	uint32_t exported_ms;
	uint64_t number;

	if (!read_number(context->pairs, name, &number) ||
		!uptime_at_export(context, exported_ns, &exported_ms))
		return false;
	*ns = exported_ns - (int32_t)(exported_ms - (uint32_t)number) * CLOCK_NS_PER_MS;
	return true;
}

/* RFC 7011 and the registry: so many microseconds before the export. */
static bool moment_before(
	const struct parse_context *context, const char *name, int64_t exported_ns, int64_t *ns)
{
	uint64_t number;

	if (!read_number(context->pairs, name, &number) || number > UINT32_MAX)
		return false;
	*ns = exported_ns - (int64_t)number * 1000;
	return true;
}

static bool find_moment(
	const struct parse_context *context, const struct moment_names *names, int64_t *ns)
{
	const struct pairs *pairs = context->pairs;
	int64_t exported_ns;

	for (const char *const *name = names->absolute; *name != NULL; name++) {
		if (read_moment(context, pairs_get(pairs, slice_str(*name)), ns))
			return true;
	}
	return read_moment(context, pairs_get_lit(pairs, "flow.time"), &exported_ns) &&
	       (moment_before(context, names->delta, exported_ns, ns) ||
		       moment_of_uptime(context, names->uptime, exported_ns, ns));
}

static void put_moment(
	struct record *record, struct parse_context *context, enum field_id id, int64_t ns)
{
	const unsigned digits = ns % CLOCK_NS_PER_MS == 0 ? 3 : 9;
	char text[CLOCK_TEXT_MAX];
	struct slice copy =
		arena_copy(context->arena, slice_str(clock_format_utc(ns, digits, text)));

	context->full = context->full || slice_absent(copy);
	put(record, context, id, copy);
}

/* In nanoseconds; false when it is not told. */
static bool read_duration(const struct pairs *pairs, int64_t *duration_ns)
{
	const uint64_t most = (uint64_t)INT64_MAX / CLOCK_NS_PER_MS;
	uint64_t number;

	if (read_number(pairs, "flowDurationMilliseconds", &number) && number < most) {
		*duration_ns = (int64_t)number * CLOCK_NS_PER_MS;
		return true;
	}
	if (read_number(pairs, "flowDurationMicroseconds", &number) && number < most) {
		*duration_ns = (int64_t)number * 1000;
		return true;
	}
	return false;
}

/* Two of three tell the third. */
static void put_times(struct record *record, struct parse_context *context)
{
	int64_t start_ns = 0, end_ns = 0, duration_ns = 0;
	const bool starts_at = find_moment(context, &starts, &start_ns);
	bool ends_at = find_moment(context, &ends, &end_ns);
	bool lasts = read_duration(context->pairs, &duration_ns);

	if (!ends_at && starts_at && lasts)
		ends_at = !__builtin_add_overflow(start_ns, duration_ns, &end_ns);
	if (!lasts && starts_at && ends_at)
		lasts = !__builtin_sub_overflow(end_ns, start_ns, &duration_ns);
	if (starts_at)
		put_moment(record, context, FIELD_EVENT_START, start_ns);
	if (ends_at)
		put_moment(record, context, FIELD_EVENT_END, end_ns);
	if (lasts && duration_ns >= 0)
		put_number(record, context, FIELD_EVENT_DURATION, (uint64_t)duration_ns);
}

/* ---- meanings --------------------------------------------------------------------------- */

struct number_telling {
	uint64_t number;
	enum telling telling;
};

static bool telling_of(
	const struct number_telling *list, size_t n, uint64_t number, enum telling *telling)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].number != number)
			continue;
		*telling = list[i].telling;
		return true;
	}
	return false;
}

/* IANA, "firewallEvent (Value 233)". */
static const struct number_telling firewall_events[] = {{1, TELLS_STARTED}, {2, TELLS_ENDED},
	{3, TELLS_DENIED}, {4, TELLS_CONNECTION}, {5, TELLS_CONNECTION}};

/* IANA, "NAT Event Type (Value 230)": addresses, sessions, bindings. */
static const struct number_telling nat_events[] = {{1, TELLS_TRANSLATION},
	{2, TELLS_TRANSLATION_ENDED}, {4, TELLS_TRANSLATION}, {5, TELLS_TRANSLATION_ENDED},
	{6, TELLS_TRANSLATION}, {7, TELLS_TRANSLATION_ENDED}, {8, TELLS_TRANSLATION},
	{9, TELLS_TRANSLATION_ENDED}, {10, TELLS_TRANSLATION}, {11, TELLS_TRANSLATION_ENDED}};

/* IANA, "flowEndReason (Value 136)": 2, the active timeout, is no end. */
static const struct number_telling end_reasons[] = {
	{1, TELLS_ENDED}, {3, TELLS_ENDED}, {4, TELLS_ENDED}, {5, TELLS_ENDED}};

static bool ask(const struct pairs *pairs, const char *name, const struct number_telling *list,
	size_t n, enum telling *telling)
{
	uint64_t number;

	return read_number(pairs, name, &number) && telling_of(list, n, number, telling);
}

/* RFC 7270 4.12: two bits of status above six of a reason. */
static bool is_dropped(const struct pairs *pairs)
{
	enum { STATUS_SHIFT = 6, STATUS_MASK = 3, STATUS_DROPPED = 2 };
	uint64_t number;

	return read_number(pairs, "forwardingStatus", &number) &&
	       (number >> STATUS_SHIFT & STATUS_MASK) == STATUS_DROPPED;
}

/* sFlow: codes of ICMP's "unreachable" and some beyond; of these, those of a rule. */
static bool is_discarded(const struct pairs *pairs)
{
	enum { NETWORK_PROHIBITED = 9, HOST_PROHIBITED, PROHIBITED = 13, ACCESS_LIST = 258 };
	uint64_t reason;

	return read_number(pairs, "discardReason", &reason) &&
	       (reason == NETWORK_PROHIBITED || reason == HOST_PROHIBITED ||
		       reason == PROHIBITED || reason == ACCESS_LIST);
}

static enum telling telling_of_flow(const struct pairs *pairs)
{
	enum telling telling = TELLS_CONNECTION;

	if (ask(pairs, "firewallEvent", firewall_events, ARRAY_LEN(firewall_events),
		    &telling) ||
		ask(pairs, "natEvent", nat_events, ARRAY_LEN(nat_events), &telling))
		return telling;
	if (is_dropped(pairs) || is_discarded(pairs))
		return TELLS_DENIED;
	(void)ask(pairs, "flowEndReason", end_reasons, ARRAY_LEN(end_reasons), &telling);
	return telling;
}

static bool is_counters(const struct pairs *pairs)
{
	return slice_eq(pairs_get_lit(pairs, "flow.sample"), SLICE_LIT("counters"));
}

static void tell(struct record *record, struct parse_context *context)
{
	const struct pairs *pairs = context->pairs;
	enum telling telling = TELLS_SYSTEM;

	if (is_counters(pairs))
		put(record, context, FIELD_EVENT_KIND, SLICE_LIT("metric"));
	else if (pairs_have(pairs, SLICE_LIT("flow.options")))
		put(record, context, FIELD_EVENT_KIND, SLICE_LIT("state"));
	else if (pairs_have(pairs, SLICE_LIT("flow.damaged")))
		telling = TELLS_NOTHING;
	else
		telling = telling_of_flow(pairs);
	put_telling(record, context, telling);
}

/* ---- the rest ------------------------------------------------------------------------------
 */

static void put_protocol(struct record *record, struct parse_context *context)
{
	struct slice number = pairs_get_lit(context->pairs, "protocolIdentifier");

	if (slice_absent(number))
		return;
	put_transport(record, context, number);
	if (slice_absent(record_get(record, FIELD_NETWORK_IANA_NUMBER)))
		put(record, context, FIELD_NETWORK_IANA_NUMBER, number);
}

static void put_network(struct record *record, struct parse_context *context)
{
	struct slice source = record_get(record, FIELD_SOURCE_IP);
	struct slice direction = pairs_get_lit(context->pairs, "flowDirection");
	struct slice application = pairs_get_lit(context->pairs, "applicationName");

	put_protocol(record, context);
	if (slice_absent(application))
		application = pairs_get_lit(context->pairs, "known.applicationName");
	if (application.len > 0)
		put_lower(record, context, FIELD_NETWORK_APPLICATION, application);
	if (!slice_absent(source))
		put(record, context, FIELD_NETWORK_TYPE,
			slice_find(source, ':') < source.len ? SLICE_LIT("ipv6")
							     : SLICE_LIT("ipv4"));
	if (slice_eq(direction, SLICE_LIT("0")))
		put(record, context, FIELD_NETWORK_DIRECTION, SLICE_LIT("inbound"));
	else if (slice_eq(direction, SLICE_LIT("1")))
		put(record, context, FIELD_NETWORK_DIRECTION, SLICE_LIT("outbound"));
}

/* Of one direction the sum is that. */
static void put_one_side(struct record *record, struct parse_context *context)
{
	put_totals(record, context);
	if (slice_absent(record_get(record, FIELD_DESTINATION_BYTES)))
		put(record, context, FIELD_NETWORK_BYTES,
			record_get(record, FIELD_SOURCE_BYTES));
	if (slice_absent(record_get(record, FIELD_DESTINATION_PACKETS)))
		put(record, context, FIELD_NETWORK_PACKETS,
			record_get(record, FIELD_SOURCE_PACKETS));
}

/* "flow.sequence" is netflow.sequence, "known.samplingInterval" netflow.samplingInterval. */
static struct slice short_name(struct slice name)
{
	(void)(skip_lit(&name, "flow.") || skip_lit(&name, "known."));
	return name;
}

/* Of two that mean the same field the second is kept under its own name, and so is a number
 * that no field can hold. */
static bool fits_field(const struct record *record, unsigned meaning, struct slice value)
{
	uint64_t number;

	if (meaning >= FIELD_ID_MAX)
		return true;
	return slice_absent(record_get(record, (enum field_id)meaning)) &&
	       (field_type(meaning) != FIELD_LONG || slice_to_u64(value, INT64_MAX, &number));
}

static void put_pair(struct record *record, struct parse_context *context,
	struct named_values *values, const struct pair *pair)
{
	const unsigned meaning = name_table_find(&table, pair->name, pair->hash);

	if (meaning == FLOW_LATER)
		return;
	if (meaning == NAME_UNKNOWN || !fits_field(record, meaning, pair->value))
		put_other(record, context, FIELD_OTHER, short_name(pair->name), pair->value);
	else
		named_put(record, context, values, meaning, pair->value);
}

static const char *const wanted[] = {"flow.exporter", NULL};

static bool is_version(struct slice version)
{
	return slice_absent(version) || slice_starts(version, SLICE_LIT("netflow")) ||
	       slice_eq(version, SLICE_LIT("ipfix")) ||
	       slice_starts(version, SLICE_LIT("sflow"));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct named_values values = {0};

	if (!slice_starts(context->message, SLICE_LIT("{\"flow\":{")) ||
		!document_read(context, wanted))
		return PARSED_NOT_MINE;

	const struct pairs *pairs = context->pairs;
	struct slice version = pairs_get_lit(pairs, "flow.version");
	if (!is_version(version))
		return PARSED_NOT_MINE;
	if (slice_starts(version, SLICE_LIT("sflow")))
		context->module = SLICE_LIT("sflow");
	if (!slice_absent(version))
		put_other(record, context, FIELD_OTHER, SLICE_LIT("version"), version);
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(record, context, &values, &pairs->items[i]);
	if (pairs->left_out)
		put(record, context, FIELD_TAGS, SLICE_LIT("fields_left_out"));
	tell(record, context);
	put_network(record, context);
	put_times(record, context);
	put_one_side(record, context);
	named_finish(record, context, &values);
	context->message = SLICE_NONE;
	return pairs->state == PAIRS_BROKEN || pairs_have(pairs, SLICE_LIT("flow.damaged"))
		       ? PARSED_DAMAGED
		       : PARSED;
}

const struct parser parser_flow = {
	.number = 180,
	.roles = PARSER_ENVELOPE,
	.name = "flow",
	.module = "netflow",
	.summary = "Flow records of NetFlow, IPFIX and sFlow, from our listeners",
	.source = "collector/ingest/exporters/lines.h; RFC 3954, RFC 7011, IANA's registry of "
		  "information elements",
	.first_bytes = "{",
	.parse = parse,
};
