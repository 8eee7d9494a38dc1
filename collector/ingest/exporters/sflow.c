/*
 * sFlow v5: sflow.org, "sFlow Version 5" (July 2004), and its "sFlow Host Structures" and
 * "Dropped Packet Notification Structures" as far as sizes go. All numbers are of 4 bytes
 *unless said otherwise; what is opaque is padded to 4.
 *
 *	datagram  version 5, agent (type, 4 or 16 bytes), sub-agent, sequence, uptime (ms),
 *samples sample    type (enterprise:20 format:12), length, then by format: 1       flow:
 *sequence, source (type:8 index:24), rate, pool, drops, input, output, records 2 counters:
 *sequence, source, records 3, 4    the same "expanded": source, input and output of two numbers
 *each 5       discarded packet: sequence, source (two), drops, input, output, reason, records
 *	record    type (like a sample's), length, data
 *
 * A sample becomes a line. Members that have no information element:
 *
 *	"sampleSequence" "sourceIdType" "sourceIdIndex" "samplePool" "sampleDrops"
 *	"ingressInterface" "egressInterface"   where the number is one (below 2^30 - 1)
 *	"discardReason"    why a packet was discarded, sFlow's number
 *	"egressInterfaces" to how many interfaces it went
 *	"dataLinkFrameSize" the packet's length before it was cut; then its head: packet.h
 *	"inputVlan" "inputPriority" "outputVlan" "outputPriority"   extended switch data
 *	"routerAsNumber" "bgpAsPath" (array), "destinationUserName", "url", "urlHost"
 *	names of IF-MIB and of sFlow's own for counters
 *
 * A record of another type, the second of one type, and one that its type does not fit are
 * octets named by enterprise and format, "0.1006", "0.1001.2".
 */
#include <stdio.h>

#include "collector/ingest/exporters/exporters_inner.h"
#include "collector/ingest/exporters/lines.h"
#include "collector/ingest/exporters/packet.h"
#include "collector/ingest/exporters/wire.h"

enum {
	VERSION = 5,
	ADDRESS_IPV4 = 1,
	ADDRESS_IPV6 = 2,
	SAMPLE_FLOW = 1,
	SAMPLE_COUNTERS = 2,
	SAMPLE_FLOW_EXPANDED = 3,
	SAMPLE_COUNTERS_EXPANDED = 4,
	SAMPLE_DISCARDED = 5,
	ENTERPRISE_SHIFT = 12,
	RECORDS_MAX = 64, /* of a sample; more are kept as bytes */
	INTERFACE_MASK = 0x3fffffff,
	INTERFACE_SHIFT = 30,
	INTERFACE_UNKNOWN = 0x3fffffff,
	INTERFACE_DISCARDED = 1,
	INTERFACE_SEVERAL = 2,
	NAME_MAX_SIZE = 32,
	PATH_MAX = 64, /* systems of a path that are kept */
};

/* ---- parts ----------------------------------------------------------------------------- */

static bool take_address(struct slice *rest, struct slice *bytes)
{
	uint32_t type;

	return wire_u32(rest, &type) && (type == ADDRESS_IPV4 || type == ADDRESS_IPV6) &&
	       wire_take(rest, type == ADDRESS_IPV4 ? 4 : 16, bytes);
}

static bool take_opaque(struct slice *rest, struct slice *bytes)
{
	struct slice padding;
	uint32_t len;

	if (!wire_u32(rest, &len) || !wire_take(rest, len, bytes))
		return false;
	const size_t odd = len % 4;
	return odd == 0 || wire_take(rest, 4 - odd, &padding);
}

static bool take_numbers(struct slice *rest, uint32_t *numbers, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (!wire_u32(rest, &numbers[i]))
			return false;
	}
	return true;
}

/* ---- records of flow samples ------------------------------------------------------------- */

static void put_packet(struct exporters *exporters, const struct packet *packet)
{
	for (unsigned i = 0; i < packet->n; i++)
		line_element(exporters, packet->members[i].number, packet->members[i].value);
}

static bool put_header(struct exporters *exporters, struct slice rest)
{
	uint32_t numbers[3]; /* protocol, length of the frame, bytes that were stripped */
	struct packet packet;
	struct slice header;

	if (!take_numbers(&rest, numbers, ARRAY_LEN(numbers)) || !take_opaque(&rest, &header) ||
		!packet_read(&packet, numbers[0], header))
		return false;
	line_number(exporters, "dataLinkFrameSize", numbers[1]);
	put_packet(exporters, &packet);
	return true;
}

static bool put_ethernet(struct exporters *exporters, struct slice rest)
{
	enum { MAC_SIZE = 6 };
	uint32_t len, type;
	struct slice from, to;

	if (!wire_u32(&rest, &len) || !wire_take(&rest, MAC_SIZE + 2, &from) ||
		!wire_take(&rest, MAC_SIZE + 2, &to) || !wire_u32(&rest, &type))
		return false;
	line_number(exporters, "dataLinkFrameSize", len);
	line_element(exporters, 56, slice_head(from, MAC_SIZE));
	line_element(exporters, 80, slice_head(to, MAC_SIZE));
	line_number(exporters, "ethernetType", type);
	return true;
}

/* Of 4 or 16 bytes an address. */
static bool put_ip(struct exporters *exporters, struct slice rest, size_t size)
{
	uint32_t head[2], tail[4]; /* length, protocol; ports, flags, class */
	struct slice from, to;

	if (!take_numbers(&rest, head, ARRAY_LEN(head)) || !wire_take(&rest, size, &from) ||
		!wire_take(&rest, size, &to) || !take_numbers(&rest, tail, ARRAY_LEN(tail)))
		return false;
	line_number(exporters, "ipTotalLength", head[0]);
	line_number(exporters, "protocolIdentifier", head[1]);
	line_element(exporters, size == 4 ? 8 : 27, from);
	line_element(exporters, size == 4 ? 12 : 28, to);
	line_number(exporters, "sourceTransportPort", tail[0]);
	line_number(exporters, "destinationTransportPort", tail[1]);
	line_number(exporters, "tcpControlBits", tail[2]);
	line_number(exporters, "ipClassOfService", tail[3]);
	return true;
}

static bool put_ipv4(struct exporters *exporters, struct slice rest)
{
	return put_ip(exporters, rest, 4);
}

static bool put_ipv6(struct exporters *exporters, struct slice rest)
{
	return put_ip(exporters, rest, 16);
}

static bool put_switch(struct exporters *exporters, struct slice rest)
{
	static const char *const names[] = {
		"inputVlan", "inputPriority", "outputVlan", "outputPriority"};
	uint32_t numbers[ARRAY_LEN(names)];

	if (!take_numbers(&rest, numbers, ARRAY_LEN(numbers)))
		return false;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		line_number(exporters, names[i], numbers[i]);
	return true;
}

static bool put_router(struct exporters *exporters, struct slice rest)
{
	uint32_t masks[2];
	struct slice hop;

	if (!take_address(&rest, &hop) || !take_numbers(&rest, masks, ARRAY_LEN(masks)))
		return false;
	const bool is_v4 = hop.len == 4;
	line_element(exporters, is_v4 ? 15 : 62, hop);
	line_number(exporters, is_v4 ? "sourceIPv4PrefixLength" : "sourceIPv6PrefixLength",
		masks[0]);
	line_number(exporters,
		is_v4 ? "destinationIPv4PrefixLength" : "destinationIPv6PrefixLength",
		masks[1]);
	return true;
}

/* The numbers of a path, whatever kind its segments are. */
static bool take_path(struct slice *rest, uint32_t path[PATH_MAX], unsigned *n)
{
	uint32_t segments, segment[2], number;

	*n = 0;
	if (!wire_u32(rest, &segments))
		return false;
	for (uint32_t i = 0; i < segments; i++) {
		if (!take_numbers(rest, segment, ARRAY_LEN(segment)))
			return false;
		for (uint32_t j = 0; j < segment[1]; j++) {
			if (!wire_u32(rest, &number))
				return false;
			if (*n < PATH_MAX)
				path[(*n)++] = number;
		}
	}
	return true;
}

static bool put_gateway(struct exporters *exporters, struct slice rest)
{
	uint32_t systems[3], path[PATH_MAX]; /* the router's, the source's, its peer's */
	struct slice hop;
	unsigned n;

	if (!take_address(&rest, &hop) || !take_numbers(&rest, systems, ARRAY_LEN(systems)) ||
		!take_path(&rest, path, &n))
		return false;
	line_element(exporters, hop.len == 4 ? 18 : 63, hop);
	line_number(exporters, "routerAsNumber", systems[0]);
	line_number(exporters, "bgpSourceAsNumber", systems[1]);
	line_number(exporters, "bgpPrevAdjacentAsNumber", systems[2]);
	if (n == 0)
		return true;
	line_number(exporters, "bgpNextAdjacentAsNumber", path[0]);
	line_number(exporters, "bgpDestinationAsNumber", path[n - 1]);
	line_numbers(exporters, "bgpAsPath", path, n);
	return true;
}

static bool put_user(struct exporters *exporters, struct slice rest)
{
	struct slice from, to;
	uint32_t charset;

	if (!wire_u32(&rest, &charset) || !take_opaque(&rest, &from) ||
		!wire_u32(&rest, &charset) || !take_opaque(&rest, &to))
		return false;
	line_text(exporters, "userName", from);
	line_text(exporters, "destinationUserName", to);
	return true;
}

static bool put_url(struct exporters *exporters, struct slice rest)
{
	struct slice url, host;
	uint32_t direction;

	if (!wire_u32(&rest, &direction) || !take_opaque(&rest, &url) ||
		!take_opaque(&rest, &host))
		return false;
	line_text(exporters, "url", url);
	line_text(exporters, "urlHost", host);
	return true;
}

/* ---- records of counters --------------------------------------------------------------------
 */

/* Names and bytes, in the order of the record. */
struct counter_member {
	const char *name;
	size_t size;
};

static const struct counter_member interface_members[] = {{"ifIndex", 4}, {"ifType", 4},
	{"ifSpeed", 8}, {"ifDirection", 4}, {"ifStatus", 4}, {"ifInOctets", 8},
	{"ifInUcastPkts", 4}, {"ifInMulticastPkts", 4}, {"ifInBroadcastPkts", 4},
	{"ifInDiscards", 4}, {"ifInErrors", 4}, {"ifInUnknownProtos", 4}, {"ifOutOctets", 8},
	{"ifOutUcastPkts", 4}, {"ifOutMulticastPkts", 4}, {"ifOutBroadcastPkts", 4},
	{"ifOutDiscards", 4}, {"ifOutErrors", 4}, {"ifPromiscuousMode", 4}};

static const struct counter_member processor_members[] = {{"cpu5Seconds", 4}, {"cpu1Minute", 4},
	{"cpu5Minutes", 4}, {"totalMemory", 8}, {"freeMemory", 8}};

static bool put_counters(struct exporters *exporters, struct slice rest,
	const struct counter_member *members, unsigned n)
{
	size_t size = 0;

	for (unsigned i = 0; i < n; i++)
		size += members[i].size;
	if (rest.len < size)
		return false;
	for (unsigned i = 0; i < n; i++) {
		line_number(exporters, members[i].name,
			wire_number(slice_head(rest, members[i].size)));
		rest = slice_from(rest, members[i].size);
	}
	return true;
}

static bool put_interface(struct exporters *exporters, struct slice rest)
{
	return put_counters(exporters, rest, interface_members, ARRAY_LEN(interface_members));
}

static bool put_processor(struct exporters *exporters, struct slice rest)
{
	return put_counters(exporters, rest, processor_members, ARRAY_LEN(processor_members));
}

/* ---- samples ----------------------------------------------------------------------------- */

struct format {
	uint32_t type;
	bool is_packet; /* of several only the first one tells it */
	bool (*put)(struct exporters *exporters, struct slice rest);
};

static const struct format flow_formats[] = {{1, true, put_header}, {2, true, put_ethernet},
	{3, true, put_ipv4}, {4, true, put_ipv6}, {1001, false, put_switch},
	{1002, false, put_router}, {1003, false, put_gateway}, {1004, false, put_user},
	{1005, false, put_url}};
static const struct format counter_formats[] = {
	{1, false, put_interface}, {1001, false, put_processor}};

struct sample {
	const struct format *formats;
	size_t n_formats;
	uint32_t seen[RECORDS_MAX]; /* types of the records up to here */
	unsigned n_seen;
	bool has_packet;
};

static const struct format *format_of(const struct sample *sample, uint32_t type)
{
	for (size_t i = 0; i < sample->n_formats; i++) {
		if (sample->formats[i].type == type)
			return &sample->formats[i];
	}
	return NULL;
}

static unsigned occurrence(const struct sample *sample, uint32_t type)
{
	unsigned n = 1;

	for (unsigned i = 0; i < sample->n_seen; i++)
		n += sample->seen[i] == type;
	return n;
}

static void put_octets(
	struct exporters *exporters, uint32_t type, unsigned nth, struct slice bytes)
{
	const uint32_t enterprise = type >> ENTERPRISE_SHIFT;
	const uint32_t format = type & ((1U << ENTERPRISE_SHIFT) - 1);
	char name[NAME_MAX_SIZE];

	if (nth > 1)
		snprintf(name, sizeof(name), "%u.%u.%u", enterprise, format, nth);
	else
		snprintf(name, sizeof(name), "%u.%u", enterprise, format);
	line_octets(exporters, name, bytes);
}

static void put_record(
	struct exporters *exporters, struct sample *sample, uint32_t type, struct slice bytes)
{
	const struct format *format = format_of(sample, type);
	const unsigned nth = occurrence(sample, type);
	bool good = format != NULL && nth == 1 && !(format->is_packet && sample->has_packet);

	sample->seen[sample->n_seen++] = type;
	good = good && format->put(exporters, bytes);
	if (good)
		sample->has_packet |= format->is_packet;
	else
		put_octets(exporters, type, nth, bytes);
}

/* False when they are cut, or too many. */
static bool put_records(struct exporters *exporters, struct sample *sample, struct slice rest)
{
	uint32_t n, type, len;
	struct slice bytes;

	if (!wire_u32(&rest, &n) || n > RECORDS_MAX)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (!wire_u32(&rest, &type) || !wire_u32(&rest, &len) ||
			!wire_take(&rest, len, &bytes))
			return false;
		put_record(exporters, sample, type, bytes);
	}
	return rest.len == 0;
}

static bool put_source(struct exporters *exporters, struct slice *rest, bool is_expanded)
{
	enum { INDEX_BITS = 24 };
	uint32_t source[2];

	if (!wire_u32(rest, &source[0]))
		return false;
	source[1] = source[0] & ((1U << INDEX_BITS) - 1);
	if (is_expanded && !wire_u32(rest, &source[1]))
		return false;
	line_number(
		exporters, "sourceIdType", is_expanded ? source[0] : source[0] >> INDEX_BITS);
	line_number(exporters, "sourceIdIndex", source[1]);
	return true;
}

/* What an input or output is: a format of 2 bits and a value of 30, or a number for each. */
static bool put_interface_number(
	struct exporters *exporters, struct slice *rest, bool is_expanded, const char *name)
{
	uint32_t format, value;

	if (!wire_u32(rest, &value))
		return false;
	format = value >> INTERFACE_SHIFT;
	if (is_expanded) {
		format = value;
		if (!wire_u32(rest, &value))
			return false;
	} else {
		value &= INTERFACE_MASK;
	}
	if (format == 0 && (is_expanded || value != INTERFACE_UNKNOWN))
		line_number(exporters, name, value);
	else if (format == INTERFACE_DISCARDED)
		line_number(exporters, "discardReason", value);
	else if (format == INTERFACE_SEVERAL)
		line_number(exporters, "egressInterfaces", value);
	return true;
}

static bool put_flow_sample(struct exporters *exporters, struct slice rest, bool is_expanded)
{
	struct sample sample = {.formats = flow_formats, .n_formats = ARRAY_LEN(flow_formats)};
	uint32_t sequence, counts[3]; /* rate, pool, drops */

	if (!wire_u32(&rest, &sequence))
		return false;
	line_number(exporters, "sampleSequence", sequence);
	if (!put_source(exporters, &rest, is_expanded) ||
		!take_numbers(&rest, counts, ARRAY_LEN(counts)))
		return false;
	line_number(exporters, "samplingInterval", counts[0]);
	line_number(exporters, "samplePool", counts[1]);
	line_number(exporters, "sampleDrops", counts[2]);
	return put_interface_number(exporters, &rest, is_expanded, "ingressInterface") &&
	       put_interface_number(exporters, &rest, is_expanded, "egressInterface") &&
	       put_records(exporters, &sample, rest);
}

static bool put_discarded(struct exporters *exporters, struct slice rest)
{
	static const char *const names[] = {
		"sampleDrops", "ingressInterface", "egressInterface", "discardReason"};
	struct sample sample = {.formats = flow_formats, .n_formats = ARRAY_LEN(flow_formats)};
	uint32_t sequence, numbers[ARRAY_LEN(names)];

	if (!wire_u32(&rest, &sequence))
		return false;
	line_number(exporters, "sampleSequence", sequence);
	if (!put_source(exporters, &rest, true) ||
		!take_numbers(&rest, numbers, ARRAY_LEN(numbers)))
		return false;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		line_number(exporters, names[i], numbers[i]);
	return put_records(exporters, &sample, rest);
}

static bool put_counter_sample(struct exporters *exporters, struct slice rest, bool is_expanded)
{
	struct sample sample = {
		.formats = counter_formats, .n_formats = ARRAY_LEN(counter_formats)};
	uint32_t sequence;

	if (!wire_u32(&rest, &sequence))
		return false;
	line_number(exporters, "sampleSequence", sequence);
	return put_source(exporters, &rest, is_expanded) &&
	       put_records(exporters, &sample, rest);
}

static const char *name_of_sample(uint32_t type)
{
	switch (type) {
	case SAMPLE_FLOW:
	case SAMPLE_FLOW_EXPANDED:
		return "flow";
	case SAMPLE_COUNTERS:
	case SAMPLE_COUNTERS_EXPANDED:
		return "counters";
	case SAMPLE_DISCARDED:
		return "discarded";
	default:
		return NULL;
	}
}

static bool put_sample(struct exporters *exporters, uint32_t type, struct slice bytes)
{
	switch (type) {
	case SAMPLE_FLOW:
	case SAMPLE_FLOW_EXPANDED:
		return put_flow_sample(exporters, bytes, type == SAMPLE_FLOW_EXPANDED);
	case SAMPLE_COUNTERS:
	case SAMPLE_COUNTERS_EXPANDED:
		return put_counter_sample(exporters, bytes, type == SAMPLE_COUNTERS_EXPANDED);
	case SAMPLE_DISCARDED:
		return put_discarded(exporters, bytes);
	default:
		return false;
	}
}

static void read_sample(const struct export_head *head, uint32_t type, struct slice bytes)
{
	struct exporters *exporters = head->exporters;
	const char *name = name_of_sample(type);

	if (name == NULL) {
		line_damaged(head, LINE_SET, 0, bytes);
		return;
	}
	line_begin(exporters, line_open_sample(head, name));
	if (!put_sample(exporters, type, bytes))
		line_damaged(head, LINE_RECORD, 0, bytes);
	else if (line_is_too_long(exporters))
		line_damaged(head, LINE_LONG, 0, bytes);
	else
		line_end(head, &(struct line_known){0});
}

static void read_samples(const struct export_head *head, uint32_t n, struct slice rest)
{
	struct slice bytes;
	uint32_t type, len;

	for (uint32_t i = 0; i < n; i++) {
		struct slice whole = rest;

		if (!wire_u32(&rest, &type) || !wire_u32(&rest, &len) ||
			!wire_take(&rest, len, &bytes)) {
			line_damaged(head, LINE_SET, 0, whole);
			return;
		}
		read_sample(head, type, bytes);
	}
	if (rest.len > 0)
		line_damaged(head, LINE_BEHIND, 0, rest);
}

/* ---- datagrams -----------------------------------------------------------------------------
 */

static struct netaddr address_of(struct slice bytes)
{
	if (bytes.len == 4)
		return (struct netaddr){0, UINT64_C(0xffff) << 32 | wire_number(bytes)};
	return (struct netaddr){
		wire_number(slice_head(bytes, 8)), wire_number(slice_from(bytes, 8))};
}

int64_t sflow_read(struct export_head *head, struct slice bytes)
{
	struct slice rest = bytes, agent;
	uint32_t version, sub_agent, n;

	if (!wire_u32(&rest, &version) || version != VERSION) {
		line_damaged(head, LINE_VERSION, 0, bytes);
		return 0;
	}
	head->version = VERSION_SFLOW5;
	head->versioned = true;
	if (!take_address(&rest, &agent) || !wire_u32(&rest, &sub_agent) ||
		!wire_u32(&rest, &head->sequence) || !wire_u32(&rest, &head->uptime_ms) ||
		!wire_u32(&rest, &n)) {
		line_damaged(head, LINE_HEAD, 0, bytes);
		return 0;
	}
	head->number = sub_agent;
	head->agent = address_of(agent);
	head->domain = exporters_domain(head->exporters, head);
	export_domain_uptime(head->exporters, head->domain, head->uptime_ms);
	read_samples(head, n, rest);
	return export_domain_count(head->domain, head->sequence, 1, true);
}
