/*
 * filterlog - packets that pf logs on pfSense and OPNsense
 *
 *	5,,,1000000103,igb0,match,block,in,4,0x0,,64,1,0,DF,6,tcp,60,SRC,DST,SPORT,DPORT,...
 *	5,,,1000000103,igb0,match,pass,out,6,0x00,0x00000,64,udp,17,60,SRC,DST,SPORT,DPORT,60
 *
 * rule, sub-rule, anchor, tracker, interface, reason, action, direction, version of IP; then by
 * version and protocol. OPNsense has the rule's own number where pfSense has the tracker.
 */
#include "collector/normalize/families/device.h"
#include "collector/normalize/text/csv.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/network.h"

enum { ACTION = 6, DIRECTION = 7, VERSION = 8, FIELDS_MIN = 17 };

static const struct csv_column common[] = {
	{0, FIELD_RULE_ID},
	{3, FIELD_RULE_UUID},
	{5, FIELD_EVENT_REASON},
};

static const struct csv_column version4[] = {
	{16, CSV_TRANSPORT},
	{17, FIELD_NETWORK_BYTES},
	{18, FIELD_SOURCE_IP},
	{19, FIELD_DESTINATION_IP},
};
static const struct csv_column ports4[] = {
	{20, FIELD_SOURCE_PORT},
	{21, FIELD_DESTINATION_PORT},
};

static const struct csv_column version6[] = {
	{12, CSV_TRANSPORT},
	{14, FIELD_NETWORK_BYTES},
	{15, FIELD_SOURCE_IP},
	{16, FIELD_DESTINATION_IP},
};
static const struct csv_column ports6[] = {
	{17, FIELD_SOURCE_PORT},
	{18, FIELD_DESTINATION_PORT},
};

static const struct device firewall = {
	{SLICE_BYTES("Netgate")}, {SLICE_BYTES("pf")}, {SLICE_BYTES("firewall")}};

static bool has_ports(struct slice protocol)
{
	return slice_eq_nocase(protocol, SLICE_LIT("tcp")) ||
	       slice_eq_nocase(protocol, SLICE_LIT("udp"));
}

static bool is_filterlog(const struct csv *csv)
{
	struct slice action = csv_at(csv, ACTION), direction = csv_at(csv, DIRECTION);
	struct slice version = csv_at(csv, VERSION);

	return csv->n >= FIELDS_MIN && verdict_of(action) != VERDICT_NONE &&
	       (slice_eq(direction, SLICE_LIT("in")) ||
		       slice_eq(direction, SLICE_LIT("out"))) &&
	       (slice_eq(version, SLICE_LIT("4")) || slice_eq(version, SLICE_LIT("6")));
}

static void put_packet(
	struct record *record, struct parse_context *context, const struct csv *csv)
{
	bool old = slice_eq(csv_at(csv, VERSION), SLICE_LIT("4"));
	struct slice protocol = csv_at(csv, old ? 16 : 12);

	if (old)
		csv_put(record, context, csv, version4, ARRAY_LEN(version4));
	else
		csv_put(record, context, csv, version6, ARRAY_LEN(version6));
	put(record, context, FIELD_NETWORK_TYPE, old ? SLICE_LIT("ipv4") : SLICE_LIT("ipv6"));
	if (has_ports(protocol))
		csv_put(record, context, csv, old ? ports4 : ports6, ARRAY_LEN(ports4));
	if (slice_eq_nocase(protocol, SLICE_LIT("tcp")))
		put_other(record, context, FIELD_OTHER, SLICE_LIT("tcp_flags"),
			csv_at(csv, old ? 23 : 20));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct csv csv;

	if (context->message.len == 0 || !is_digit(context->message.ptr[0]))
		return PARSED_NOT_MINE;
	csv_read(&csv, context->message, context);
	if (!is_filterlog(&csv))
		return PARSED_NOT_MINE;
	bool inward = slice_eq(csv_at(&csv, DIRECTION), SLICE_LIT("in"));
	put_device(record, context, &firewall);
	csv_put(record, context, &csv, common, ARRAY_LEN(common));
	put_some(record, context,
		inward ? FIELD_OBSERVER_INGRESS_INTERFACE : FIELD_OBSERVER_EGRESS_INTERFACE,
		csv_at(&csv, 4));
	put(record, context, FIELD_NETWORK_DIRECTION,
		inward ? SLICE_LIT("ingress") : SLICE_LIT("egress"));
	put_packet(record, context, &csv);
	put_some(record, context, FIELD_EVENT_ACTION, csv_at(&csv, ACTION));
	put_telling(record, context,
		verdict_of(csv_at(&csv, ACTION)) == VERDICT_DENIED ? TELLS_DENIED
								   : TELLS_ALLOWED);
	context->message = SLICE_NONE;
	return PARSED;
}

static const char *const programs[] = {"filterlog", NULL};

const struct parser parser_filterlog = {
	.number = 68,
	.roles = 0,
	.name = "filterlog",
	.module = "pfsense",
	.summary = "pf on pfSense and OPNsense",
	.source = "Netgate Docs, Raw Filter Log Format; OPNsense's filterlog",
	.programs = programs,
	.parse = parse,
};
