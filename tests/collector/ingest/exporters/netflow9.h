/* netflow9 - datagrams of NetFlow v9 and IPFIX by hand, for the tests of both */
#ifndef TESTS_COLLECTOR_INGEST_EXPORTERS_NETFLOW9_H
#define TESTS_COLLECTOR_INGEST_EXPORTERS_NETFLOW9_H

#include "tests/collector/ingest/exporters/datagram.h"

static inline void put_head9(struct bytes *bytes, uint32_t sequence, uint32_t source)
{
	*bytes = (struct bytes){.n = 0};
	put16(bytes, 9);
	put16(bytes, 1);
	put32(bytes, 100500);
	put32(bytes, 1772852400);
	put32(bytes, sequence);
	put32(bytes, source);
}

static inline void put_head10(struct bytes *bytes, uint32_t sequence, uint32_t domain)
{
	*bytes = (struct bytes){.n = 0};
	put16(bytes, 10);
	put16(bytes, 0);
	put32(bytes, 1772852400);
	put32(bytes, sequence);
	put32(bytes, domain);
}

/* Fields as pairs of number and length; 0, 0 ends them. */
static inline void put_template(struct bytes *bytes, unsigned id, const unsigned (*fields)[2])
{
	unsigned n = 0;

	while (fields[n][1] != 0)
		n++;
	put16(bytes, id);
	put16(bytes, n);
	for (unsigned i = 0; i < n; i++) {
		put16(bytes, fields[i][0]);
		put16(bytes, fields[i][1]);
	}
}

/* A set of one template: `kind` is 0 of v9, 2 of IPFIX. */
static inline void put_template_set(
	struct bytes *bytes, unsigned kind, unsigned id, const unsigned (*fields)[2])
{
	size_t set = begin_set(bytes, kind);

	put_template(bytes, id, fields);
	end_set(bytes, set);
}

static const unsigned simple[][2] = {{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {1, 4}, {0, 0}};

static inline void put_simple(struct bytes *bytes, unsigned host)
{
	put32(bytes, 0x0a000000 + host);
	put32(bytes, 0xcb007107);
	put16(bytes, 50000);
	put16(bytes, 443);
	put8(bytes, 6);
	put32(bytes, 5000);
}

#define SIMPLE(host)                                                                           \
	"\"sourceIPv4Address\":\"10.0.0." host                                                 \
	"\",\"destinationIPv4Address\":\"203.0.113.7\","                                       \
	"\"sourceTransportPort\":50000,\"destinationTransportPort\":443,"                      \
	"\"protocolIdentifier\":6,\"octetDeltaCount\":5000"
#define HEAD9(sequence, template)                                                              \
	"{\"flow\":{\"version\":\"netflow9\",\"exporter\":\"192.0.2.1\",\"domain\":7,"         \
	"\"sequence\":" sequence                                                               \
	",\"uptime\":100500,\"time\":\"2026-03-07T03:00:00Z\",\"template\":" template
#define HEAD10(sequence, template)                                                             \
	"{\"flow\":{\"version\":\"ipfix\",\"exporter\":\"192.0.2.1\",\"domain\":7,"            \
	"\"sequence\":" sequence ",\"time\":\"2026-03-07T03:00:00Z\",\"template\":" template

static inline void put_simple_template9(struct bytes *bytes)
{
	put_template_set(bytes, 0, 256, simple);
}

static inline void put_simple_data(struct bytes *bytes, unsigned host, unsigned padding)
{
	size_t set = begin_set(bytes, 256);

	put_simple(bytes, host);
	for (unsigned i = 0; i < padding; i++)
		put8(bytes, 0);
	end_set(bytes, set);
}

static struct exporters *exporters;
static struct bytes bytes;

static inline void begin(void)
{
	exporters = exporters_new(EXPORT_NETFLOW, hear, NULL);
}

static inline void end(void)
{
	exporters_free(exporters);
}

#endif
