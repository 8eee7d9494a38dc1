/*
 * NetFlow v5: Cisco, "NetFlow Export Datagram Format"; 24 bytes of head, then up to 30 records
 * of 48 bytes. They are read like those of a template that never changes.
 */
#include <stdlib.h>

#include "collector/ingest/exporters/exporters_inner.h"
#include "collector/ingest/exporters/lines.h"
#include "collector/ingest/exporters/templates.h"
#include "collector/ingest/exporters/wire.h"
#include "common/clock.h"

enum {
	HEAD_SIZE = 24,
	RECORD_SIZE = 48,
	SAMPLING_MASK = 0x3fff, /* below the two bits of the mode */
};

/* In the order of the record: type of v9 that means the same, bytes. */
static const struct told_field fields[] = {
	{.number = 8, .len = 4},          /* srcaddr */
	{.number = 12, .len = 4},         /* dstaddr */
	{.number = 15, .len = 4},         /* nexthop */
	{.number = 10, .len = 2},         /* input */
	{.number = 14, .len = 2},         /* output */
	{.number = 2, .len = 4},          /* dPkts */
	{.number = 1, .len = 4},          /* dOctets */
	{.number = 22, .len = 4},         /* First */
	{.number = 21, .len = 4},         /* Last */
	{.number = 7, .len = 2},          /* srcport */
	{.number = 11, .len = 2},         /* dstport */
	{.number = IE_PADDING, .len = 1}, /* pad1 */
	{.number = 6, .len = 1},          /* tcp_flags */
	{.number = 4, .len = 1},          /* prot */
	{.number = 5, .len = 1},          /* tos */
	{.number = 16, .len = 2},         /* src_as */
	{.number = 17, .len = 2},         /* dst_as */
	{.number = 9, .len = 1},          /* src_mask */
	{.number = 13, .len = 1},         /* dst_mask */
	{.number = IE_PADDING, .len = 2}, /* pad2 */
};

static bool read_head(struct export_head *head, struct slice *rest, uint16_t *count)
{
	uint16_t version, sampling;
	uint32_t seconds, nanoseconds;
	uint8_t type, id;

	if (!wire_u16(rest, &version) || !wire_u16(rest, count) ||
		!wire_u32(rest, &head->uptime_ms) || !wire_u32(rest, &seconds) ||
		!wire_u32(rest, &nanoseconds) || !wire_u32(rest, &head->sequence) ||
		!wire_u8(rest, &type) || !wire_u8(rest, &id) || !wire_u16(rest, &sampling))
		return false;
	head->number = (uint64_t)type << 8 | id;
	head->sampling = sampling & SAMPLING_MASK;
	head->exported_ns = seconds * CLOCK_NS_PER_S;
	if (nanoseconds < CLOCK_NS_PER_S)
		head->exported_ns += nanoseconds;
	return true;
}

int64_t netflow5_read(struct export_head *head, struct slice bytes)
{
	struct slice rest = bytes, records;
	uint16_t count;

	head->version = VERSION_NETFLOW5;
	head->versioned = true;
	if (!read_head(head, &rest, &count)) {
		line_damaged(head, LINE_HEAD, 0, bytes);
		return 0;
	}
	head->domain = exporters_domain(head->exporters, head);
	export_domain_uptime(head->exporters, head->domain, head->uptime_ms);

	const size_t whole = rest.len / RECORD_SIZE, n = count < whole ? count : whole;
	if (head->exporters->netflow5 == NULL)
		head->exporters->netflow5 =
			template_new(VERSION_NETFLOW5, fields, ARRAY_LEN(fields));
	if (wire_take(&rest, n * RECORD_SIZE, &records) && n > 0)
		(void)records_read(head, head->exporters->netflow5, records);
	if (rest.len > 0 || n < count)
		line_damaged(head, n < count ? LINE_RECORD : LINE_BEHIND, 0, rest);
	return export_domain_count(head->domain, head->sequence, count, true);
}
