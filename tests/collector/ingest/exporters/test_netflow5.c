#include "tests/collector/ingest/exporters/datagram.h"

enum { RECORD = 48, HEAD = 24 };

static void put_head(struct bytes *bytes, unsigned count, uint32_t uptime, uint32_t sequence)
{
	*bytes = (struct bytes){.n = 0};
	put16(bytes, 5);
	put16(bytes, count);
	put32(bytes, uptime);
	put32(bytes, 1772852400);
	put32(bytes, 500000000);
	put32(bytes, sequence);
	put8(bytes, 1);
	put8(bytes, 2);
	put16(bytes, 0x4064); /* mode 1, one of 100 */
}

static void put_record(struct bytes *bytes, unsigned host)
{
	put32(bytes, 0x0a000000 + host);
	put32(bytes, 0xcb007107);
	put32(bytes, 0xc0000201);
	put16(bytes, 3);
	put16(bytes, 4);
	put32(bytes, 10);
	put32(bytes, 5000);
	put32(bytes, 99000);
	put32(bytes, 100000);
	put16(bytes, 50000);
	put16(bytes, 443);
	put8(bytes, 0);
	put8(bytes, 0x1b);
	put8(bytes, 6);
	put8(bytes, 0);
	put16(bytes, 64500);
	put16(bytes, 64501);
	put8(bytes, 8);
	put8(bytes, 24);
	put16(bytes, 0);
}

#define LINE_HEAD(sequence)                                                                    \
	"{\"flow\":{\"version\":\"netflow5\",\"exporter\":\"192.0.2.1\",\"domain\":258,"       \
	"\"sequence\":" sequence ",\"uptime\":100500,"                                         \
	"\"time\":\"2026-03-07T03:00:00.500000000Z\",\"sampling\":100"
#define LINE(sequence, host)                                                                   \
	LINE_HEAD(sequence)                                                                    \
	"},\"sourceIPv4Address\":\"10.0.0." host                                               \
	"\",\"destinationIPv4Address\":\"203.0.113.7\","                                       \
	"\"ipNextHopIPv4Address\":\"192.0.2.1\",\"ingressInterface\":3,"                       \
	"\"egressInterface\":4,\"packetDeltaCount\":10,\"octetDeltaCount\":5000,"              \
	"\"flowStartSysUpTime\":99000,\"flowEndSysUpTime\":100000,"                            \
	"\"sourceTransportPort\":50000,\"destinationTransportPort\":443,"                      \
	"\"tcpControlBits\":27,\"protocolIdentifier\":6,\"ipClassOfService\":0,"               \
	"\"bgpSourceAsNumber\":64500,\"bgpDestinationAsNumber\":64501,"                        \
	"\"sourceIPv4PrefixLength\":8,\"destinationIPv4PrefixLength\":24}\n"

START_TEST(each_record_is_a_line)
{
	struct exporters *exporters = exporters_new(EXPORT_NETFLOW, hear, NULL);
	static struct bytes bytes;

	put_head(&bytes, 2, 100500, 7);
	put_record(&bytes, 1);
	put_record(&bytes, 2);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	check_heard(LINE("7", "1") LINE("7", "2"));
	exporters_free(exporters);
}
END_TEST

START_TEST(numbers_count_records)
{
	struct exporters *exporters = exporters_new(EXPORT_NETFLOW, hear, NULL);
	static struct bytes bytes;

	put_head(&bytes, 2, 100500, UINT32_MAX - 1);
	put_record(&bytes, 1);
	put_record(&bytes, 2);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	bytes.at[19] = bytes.at[18] = bytes.at[17] = bytes.at[16] = 0; /* goes on at 0 */
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	bytes.at[19] = 12; /* 2 was due */
	ck_assert_int_eq(read_bytes(exporters, &bytes), 10);
	bytes.at[19] = 8; /* late */
	ck_assert_int_eq(read_bytes(exporters, &bytes), -2);
	bytes.at[19] = 14;
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	exporters_free(exporters);
}
END_TEST

START_TEST(what_comes_twice_hides_no_loss)
{
	struct exporters *exporters = exporters_new(EXPORT_NETFLOW, hear, NULL);
	static struct bytes bytes;

	put_head(&bytes, 2, 100500, 0);
	put_record(&bytes, 1);
	put_record(&bytes, 2);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	bytes.at[19] = 5;
	ck_assert_int_eq(read_bytes(exporters, &bytes), 3);
	bytes.at[19] = 2;
	ck_assert_int_eq(read_bytes(exporters, &bytes), -2);
	ck_assert_int_eq(read_bytes(exporters, &bytes), -1);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	exporters_free(exporters);
}
END_TEST

START_TEST(an_exporter_that_starts_anew_counts_anew)
{
	struct exporters *exporters = exporters_new(EXPORT_NETFLOW, hear, NULL);
	static struct bytes bytes;

	put_head(&bytes, 1, 100500, 500);
	put_record(&bytes, 1);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	put_head(&bytes, 1, 1000, 900);
	put_record(&bytes, 1);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	put_head(&bytes, 1, 1001, 903);
	put_record(&bytes, 1);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 2);
	exporters_free(exporters);
}
END_TEST

START_TEST(nothing_of_a_cut_one_is_lost)
{
	struct exporters *exporters = exporters_new(EXPORT_NETFLOW, hear, NULL);
	static struct bytes bytes;

	put_head(&bytes, 2, 100500, 7);
	put_record(&bytes, 1);
	put_record(&bytes, 2);
	for (size_t len = 0; len < bytes.n; len++) {
		(void)read_at(exporters, "192.0.2.1", slice_of(bytes.at, len), 0);
		const size_t records = len < HEAD ? 0 : (len - HEAD) / RECORD;

		ck_assert_uint_eq(n_heard, records + 1);
		ck_assert_ptr_nonnull(strstr(strbuf_cstr(&heard), "\"damaged\":\""));
	}
	exporters_free(exporters);
}
END_TEST

START_TEST(bytes_behind_the_last_record_are_kept)
{
	struct exporters *exporters = exporters_new(EXPORT_NETFLOW, hear, NULL);
	static struct bytes bytes;

	put_head(&bytes, 0, 100500, 7);
	put8(&bytes, 0xfe);
	(void)read_bytes(exporters, &bytes);
	check_heard(LINE_HEAD("7") ",\"damaged\":\"bytes behind the last record\"},"
				   "\"octets\":\"fe\"}\n");
	exporters_free(exporters);
}
END_TEST

START_TEST(other_versions_are_kept_as_bytes)
{
	struct exporters *exporters = exporters_new(EXPORT_NETFLOW, hear, NULL);

	(void)read_at(exporters, "2001:db8::1", SLICE_LIT("\x00\x08zz"), 0);
	check_heard("{\"flow\":{\"exporter\":\"2001:db8::1\",\"damaged\":\"unknown version\"},"
		    "\"octets\":\"00087a7a\"}\n");
	(void)read_at(exporters, "192.0.2.1", SLICE_LIT(""), 0);
	check_heard("{\"flow\":{\"exporter\":\"192.0.2.1\",\"damaged\":\"unknown version\"},"
		    "\"octets\":\"\"}\n");
	exporters_free(exporters);
}
END_TEST

TEST_MAIN("netflow5", each_record_is_a_line, numbers_count_records,
	what_comes_twice_hides_no_loss, an_exporter_that_starts_anew_counts_anew,
	nothing_of_a_cut_one_is_lost, bytes_behind_the_last_record_are_kept,
	other_versions_are_kept_as_bytes)
