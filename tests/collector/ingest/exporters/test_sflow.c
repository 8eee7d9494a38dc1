#include "tests/collector/ingest/exporters/datagram.h"

static struct exporters *exporters;
static struct bytes bytes;

static void begin(void)
{
	exporters = exporters_new(EXPORT_SFLOW, hear, NULL);
}

static void end(void)
{
	exporters_free(exporters);
}

static void put_head(uint32_t sub_agent, uint32_t sequence, unsigned samples)
{
	bytes.n = 0;
	put32(&bytes, 5);
	put32(&bytes, 1);
	put32(&bytes, 0x0a000001);
	put32(&bytes, sub_agent);
	put32(&bytes, sequence);
	put32(&bytes, 777);
	put32(&bytes, samples);
}

/* A length that is not known yet: where it stands. */
static size_t begin_part(uint32_t type)
{
	put32(&bytes, type);
	put32(&bytes, 0);
	return bytes.n;
}

static void end_part(size_t at)
{
	const size_t len = bytes.n - at;

	for (unsigned i = 0; i < 4; i++)
		bytes.at[at - 4 + i] = (unsigned char)(len >> (24 - 8 * i));
}

static void put_sample_head(uint32_t input, uint32_t output, unsigned records)
{
	put32(&bytes, 11);         /* sequence */
	put32(&bytes, 0x00000003); /* ifIndex 3 */
	put32(&bytes, 512);
	put32(&bytes, 5120);
	put32(&bytes, 1);
	put32(&bytes, input);
	put32(&bytes, output);
	put32(&bytes, records);
}

static void put_ethernet_head(uint16_t type)
{
	put16(&bytes, 0x0000);
	put32(&bytes, 0x5e005302);
	put16(&bytes, 0x0000);
	put32(&bytes, 0x5e005301);
	put16(&bytes, type);
}

static void put_ipv4_head(uint8_t protocol, uint16_t fragment)
{
	put16(&bytes, 0x4510);
	put16(&bytes, 1500);
	put16(&bytes, 77);
	put16(&bytes, fragment);
	put8(&bytes, 63);
	put8(&bytes, protocol);
	put16(&bytes, 0);
	put32(&bytes, 0x0a000005);
	put32(&bytes, 0xcb007107);
}

static void put_tcp_head(void)
{
	put16(&bytes, 50000);
	put16(&bytes, 443);
	put32(&bytes, 1);
	put32(&bytes, 2);
	put16(&bytes, 0x5018);
	put16(&bytes, 1000);
	put32(&bytes, 0);
	put_text(&bytes, "secret", 6);
}

/* The sampled packet between these two. */
static size_t begin_header(size_t *record)
{
	*record = begin_part(1);
	put32(&bytes, 1);
	put32(&bytes, 1518);
	put32(&bytes, 4);
	put32(&bytes, 0);
	return bytes.n;
}

static void end_header(size_t record, size_t header)
{
	end_part(header);
	while (bytes.n % 4 != 0)
		put8(&bytes, 0);
	end_part(record);
}

#define HEAD(sample)                                                                           \
	"{\"flow\":{\"version\":\"sflow5\",\"exporter\":\"192.0.2.1\",\"domain\":2,"           \
	"\"agent\":\"10.0.0.1\",\"sequence\":9,\"uptime\":777,\"sample\":\"" sample "\"},"
#define SAMPLE                                                                                 \
	"\"sampleSequence\":11,\"sourceIdType\":0,\"sourceIdIndex\":3,"                        \
	"\"samplingInterval\":512,\"samplePool\":5120,\"sampleDrops\":1,"
#define PACKET                                                                                 \
	"\"dataLinkFrameSize\":1518,\"sourceMacAddress\":\"00:00:5e:00:53:01\","               \
	"\"destinationMacAddress\":\"00:00:5e:00:53:02\""
#define IPV4                                                                                   \
	"\"ethernetType\":2048,\"ipVersion\":4,\"ipClassOfService\":16,"                       \
	"\"totalLengthIPv4\":1500,\"fragmentIdentification\":77,"

static void put_flow_sample(void)
{
	size_t sample = begin_part(1), record;

	put_sample_head(3, 4, 2);
	size_t header = begin_header(&record);
	put_ethernet_head(0x8100);
	put16(&bytes, 0xa014); /* priority 5, VLAN 20 */
	put16(&bytes, 0x0800);
	put_ipv4_head(6, 0);
	put_tcp_head();
	end_header(record, header);
	record = begin_part(1002);
	put32(&bytes, 1);
	put32(&bytes, 0xc0000201);
	put32(&bytes, 24);
	put32(&bytes, 16);
	end_part(record);
	end_part(sample);
}

#define FLOW_SAMPLE                                                                            \
	HEAD("flow")                                                                           \
	SAMPLE "\"ingressInterface\":3,\"egressInterface\":4," PACKET ",\"vlanId\":20," IPV4   \
	       "\"fragmentOffset\":0,\"ipTTL\":63,\"protocolIdentifier\":6,"                   \
	       "\"sourceIPv4Address\":\"10.0.0.5\",\"destinationIPv4Address\":\"203.0.113.7\"" \
	       ",\"sourceTransportPort\":50000,\"destinationTransportPort\":443,"              \
	       "\"tcpControlBits\":24,\"ipNextHopIPv4Address\":\"192.0.2.1\","                 \
	       "\"sourceIPv4PrefixLength\":24,\"destinationIPv4PrefixLength\":16}\n"

START_TEST(a_sampled_packet_is_a_line_without_its_payload)
{
	begin();
	put_head(2, 9, 1);
	put_flow_sample();
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	check_heard(FLOW_SAMPLE);
	end();
}
END_TEST

START_TEST(later_fragments_have_no_ports)
{
	begin();
	put_head(2, 9, 1);
	size_t sample = begin_part(1), record;
	put_sample_head(3, 0x40000102, 1); /* discarded by an access list */
	size_t header = begin_header(&record);
	put_ethernet_head(0x0800);
	put_ipv4_head(17, 0x0010);
	put_tcp_head();
	end_header(record, header);
	end_part(sample);
	(void)read_bytes(exporters, &bytes);
	check_heard(HEAD("flow") SAMPLE
		"\"ingressInterface\":3,\"discardReason\":258," PACKET "," IPV4
		"\"fragmentOffset\":16,\"ipTTL\":63,\"protocolIdentifier\":17,"
		"\"sourceIPv4Address\":\"10.0.0.5\","
		"\"destinationIPv4Address\":\"203.0.113.7\"}\n");
	end();
}
END_TEST

START_TEST(extension_headers_lead_to_the_transport)
{
	begin();
	put_head(2, 9, 1);
	size_t sample = begin_part(3), record; /* expanded */
	put32(&bytes, 11);
	put32(&bytes, 0);
	put32(&bytes, 3);
	put32(&bytes, 512);
	put32(&bytes, 5120);
	put32(&bytes, 1);
	put32(&bytes, 0);
	put32(&bytes, 0x3fffffff); /* a number here */
	put32(&bytes, 2);
	put32(&bytes, 5);
	put32(&bytes, 1);
	size_t header = begin_header(&record);
	put_ethernet_head(0x86dd);
	put32(&bytes, 0x6b800007);
	put16(&bytes, 40);
	put8(&bytes, 0); /* hop by hop */
	put8(&bytes, 64);
	put64(&bytes, 0x20010db800000000);
	put64(&bytes, 1);
	put64(&bytes, 0x20010db800000000);
	put64(&bytes, 2);
	put64(&bytes, 0x3a00000000000000); /* then ICMPv6 */
	put16(&bytes, 0x8000);
	end_header(record, header);
	end_part(sample);
	(void)read_bytes(exporters, &bytes);
	check_heard(HEAD("flow") SAMPLE
		"\"ingressInterface\":1073741823,\"egressInterfaces\":5," PACKET
		",\"ethernetType\":34525,\"ipVersion\":6,\"ipClassOfService\":184,"
		"\"flowLabelIPv6\":7,\"payloadLengthIPv6\":40,\"ipTTL\":64,"
		"\"protocolIdentifier\":58,\"sourceIPv6Address\":\"2001:db8::1\","
		"\"destinationIPv6Address\":\"2001:db8::2\",\"icmpTypeIPv6\":128,"
		"\"icmpCodeIPv6\":0}\n");
	end();
}
END_TEST

/* Switch, gateway, user, URL; one of nobody's, and the second of a kind. */
START_TEST(what_devices_add_is_read)
{
	begin();
	put_head(2, 9, 1);
	size_t sample = begin_part(1);
	put_sample_head(0x3fffffff, 4, 6);
	size_t record = begin_part(1001);
	for (unsigned i = 1; i <= 4; i++)
		put32(&bytes, i);
	end_part(record);
	record = begin_part(1003);
	put32(&bytes, 1);
	put32(&bytes, 0xc0000202);
	put32(&bytes, 64500);
	put32(&bytes, 64501);
	put32(&bytes, 64502);
	put32(&bytes, 1);
	put32(&bytes, 2);
	put32(&bytes, 2);
	put32(&bytes, 64503);
	put32(&bytes, 64504);
	put32(&bytes, 0);
	put32(&bytes, 100);
	end_part(record);
	record = begin_part(1004);
	put32(&bytes, 106);
	put32(&bytes, 3);
	put_text(&bytes, "an\"", 4);
	put32(&bytes, 106);
	put32(&bytes, 0);
	end_part(record);
	record = begin_part(1005);
	put32(&bytes, 1);
	put32(&bytes, 2);
	put_text(&bytes, "/a", 4);
	put32(&bytes, 1);
	put_text(&bytes, "h", 4);
	end_part(record);
	record = begin_part(0x00867001);
	put16(&bytes, 0xbeef);
	put16(&bytes, 0);
	end_part(record);
	record = begin_part(1001);
	put32(&bytes, 1);
	end_part(record);
	end_part(sample);
	(void)read_bytes(exporters, &bytes);
	check_heard(HEAD("flow") SAMPLE
		"\"egressInterface\":4,\"inputVlan\":1,\"inputPriority\":2,\"outputVlan\":3,"
		"\"outputPriority\":4,\"bgpNextHopIPv4Address\":\"192.0.2.2\","
		"\"routerAsNumber\":64500,\"bgpSourceAsNumber\":64501,"
		"\"bgpPrevAdjacentAsNumber\":64502,\"bgpNextAdjacentAsNumber\":64503,"
		"\"bgpDestinationAsNumber\":64504,\"bgpAsPath\":[64503,64504],"
		"\"userName\":\"an\\\"\",\"destinationUserName\":\"\",\"url\":\"/a\","
		"\"urlHost\":\"h\",\"2151.1\":\"beef0000\",\"0.1001.2\":\"00000001\"}\n");
	end();
}
END_TEST

static void put_counters(void)
{
	size_t sample = begin_part(2);

	put32(&bytes, 12);
	put32(&bytes, 3);
	put32(&bytes, 1);
	size_t record = begin_part(1);
	put32(&bytes, 3);
	put32(&bytes, 6);
	put64(&bytes, 1000000000);
	put32(&bytes, 1);
	put32(&bytes, 3);
	put64(&bytes, 5000000000);
	for (unsigned i = 1; i <= 6; i++)
		put32(&bytes, i);
	put64(&bytes, 7);
	for (unsigned i = 8; i <= 12; i++)
		put32(&bytes, i);
	put32(&bytes, 2);
	end_part(record);
	end_part(sample);
}

START_TEST(counters_have_the_names_of_their_mib)
{
	begin();
	put_head(2, 9, 1);
	put_counters();
	(void)read_bytes(exporters, &bytes);
	check_heard(HEAD("counters") "\"sampleSequence\":12,\"sourceIdType\":0,"
				     "\"sourceIdIndex\":3,\"ifIndex\":3,\"ifType\":6,"
				     "\"ifSpeed\":1000000000,\"ifDirection\":1,\"ifStatus\":3,"
				     "\"ifInOctets\":5000000000,\"ifInUcastPkts\":1,"
				     "\"ifInMulticastPkts\":2,\"ifInBroadcastPkts\":3,"
				     "\"ifInDiscards\":4,\"ifInErrors\":5,"
				     "\"ifInUnknownProtos\":6,\"ifOutOctets\":7,"
				     "\"ifOutUcastPkts\":8,\"ifOutMulticastPkts\":9,"
				     "\"ifOutBroadcastPkts\":10,\"ifOutDiscards\":11,"
				     "\"ifOutErrors\":12,\"ifPromiscuousMode\":2}\n");
	end();
}
END_TEST

START_TEST(numbers_count_datagrams_of_an_agent)
{
	begin();
	put_head(2, 9, 0);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	put_head(3, 100, 0); /* another sub-agent */
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	put_head(2, 13, 0);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 3);
	put_head(2, 14, 0);
	bytes.at[11] = 2; /* another agent behind the same address */
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	end();
}
END_TEST

START_TEST(what_is_cut_or_unknown_is_kept_as_bytes)
{
	put_head(2, 9, 2);
	put_flow_sample();
	put_counters();
	for (size_t len = 0; len < bytes.n; len++) {
		begin();
		(void)read_at(exporters, "192.0.2.1", slice_of(bytes.at, len), 0);
		ck_assert_ptr_nonnull(strstr(strbuf_cstr(&heard), "\"damaged\":\""));
		ck_assert_uint_le(n_heard, 2);
		end();
	}
	begin();
	put_head(2, 9, 1);
	size_t sample = begin_part(0x00867001); /* an enterprise's */
	put16(&bytes, 0xbeef);
	put16(&bytes, 0);
	end_part(sample);
	(void)read_bytes(exporters, &bytes);
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&heard), "\"octets\":\"beef0000\"}"));
	put_head(2, 9, 0);
	bytes.at[3] = 4; /* version 4 */
	(void)read_bytes(exporters, &bytes);
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&heard), "\"damaged\":\"unknown version\"}"));
	end();
}
END_TEST

START_TEST(changed_bytes_do_no_harm)
{
	static const unsigned char changes[] = {0x01, 0x80, 0xff};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		put_head(2, 9, 2);
		put_flow_sample();
		put_counters();
		for (size_t at = 0; at < bytes.n; at++) {
			begin();
			bytes.at[at] ^= changes[i];
			(void)read_bytes(exporters, &bytes);
			bytes.at[at] ^= changes[i];
			end();
		}
	}
}
END_TEST

TEST_MAIN("sflow", a_sampled_packet_is_a_line_without_its_payload,
	later_fragments_have_no_ports, extension_headers_lead_to_the_transport,
	what_devices_add_is_read, counters_have_the_names_of_their_mib,
	numbers_count_datagrams_of_an_agent, what_is_cut_or_unknown_is_kept_as_bytes,
	changed_bytes_do_no_harm)
