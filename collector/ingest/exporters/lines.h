/*
 * lines - the line of a flow record: what stands for its original
 *
 * One JSON object (RFC 8259) in UTF-8, without blanks or line ends, members in
 * this order:
 *
 *	{"flow":{HEAD},MEMBERS,"known":{KNOWN}}
 *
 * HEAD, in this order, those that there are:
 *
 *	"version"    "netflow5", "netflow9", "ipfix", "sflow5"
 *	"exporter"   text, the address that the datagram came from
 *	"domain"     number: engine type * 256 + engine id of v5, source id of v9,
 *	             observation domain of IPFIX, sub-agent of sFlow
 *	"agent"      text, sFlow's agent address
 *	"sequence"   number, of the datagram
 *	"uptime"     number, milliseconds since the exporter's start (v5, v9, sFlow)
 *	"time"       text, when it was exported (v5, v9, IPFIX)
 *	"sampling"   number, v5: one of so many packets was looked at
 *	"template"   number (v9, IPFIX)
 *	"options"    true: a record about the exporter, by an options template
 *	"sample"     "flow", "counters" or "discarded" (sFlow)
 *	"damaged"    text: it could not be read, and why
 *
 * MEMBERS are the values of the record in its order, each named as IANA's
 * registry of information elements has it; "reverse" stands before the name of
 * a value of the other direction (RFC 5103); one that the registry lacks is
 * named by its enterprise and number, "9.12232" (0.NUMBER: IANA's own or, in
 * v9, nobody's); scopes of v9 are "scope.interface" and so on. The second of
 * one name has ".2" behind it, and so on. Padding is left out. v5's fields have
 * the names of the elements that mean the same; members of sFlow that have no
 * element are described in sflow.c. Values, by their type:
 *
 *	numbers      decimal; floats as JSON numbers
 *	boolean      true, false
 *	addresses    text: dotted, RFC 5952; MAC "00:00:5e:00:53:01"
 *	text         text, without NULs at its end; invalid UTF-8 is repaired
 *	times        text, RFC 3339 in UTC with 0, 3, 6 or 9 digits of a second, as the
 *	             type has; system uptimes are numbers (milliseconds)
 *	lists        of one element: an array of its values (RFC 6313)
 *	others       text, two hexadecimal digits a byte; so is a value whose length its
 *	             type does not allow
 *
 * KNOWN, only where options records told it before: "ingressInterfaceName",
 * "egressInterfaceName", "applicationName", "samplingInterval" (number) and
 * "systemInitTimeMilliseconds".
 *
 * A damaged one has "octets", its bytes in hexadecimal, instead of MEMBERS.
 *
 * Not thread-safe. Private to exporters/.
 */
#ifndef COLLECTOR_INGEST_EXPORTERS_LINES_H
#define COLLECTOR_INGEST_EXPORTERS_LINES_H

#include "collector/ingest/exporters/templates.h"

/* Why bytes could not be read. */
enum line_damage {
	LINE_VERSION,     /* of no version we know */
	LINE_HEAD,        /* the head of the datagram is cut */
	LINE_SET,         /* a set is longer than the datagram, or of no known kind */
	LINE_TEMPLATE,    /* a template makes no sense, or is too large */
	LINE_NO_TEMPLATE, /* the template of a set did not come */
	LINE_RECORD,      /* a record is cut */
	LINE_BEHIND,      /* bytes behind the last record */
	LINE_LONG, /* a record of so many small values that its line is too long, or so many of
		      so few, or more lines than a datagram may become */
	LINE_DAMAGE_COUNT,
};

/* The line of `bytes` that could not be read. `id`: of their set; 0 = none. */
void line_damaged(
	const struct export_head *head, enum line_damage why, uint16_t id, struct slice bytes);

/* What stands before the members, for all records of a set: where the members begin. */
size_t line_open(const struct export_head *head, uint16_t id, bool is_options);

/* The same for a sample of sFlow. */
size_t line_open_sample(const struct export_head *head, const char *sample);

/* Behind line_open(), for each record: members, then the end. */
void line_begin(struct exporters *exporters, size_t open);
void line_member(
	struct exporters *exporters, const struct template_field *field, struct slice value);
void line_number(struct exporters *exporters, const char *name, uint64_t number);
void line_numbers(
	struct exporters *exporters, const char *name, const uint32_t *numbers, unsigned n);
void line_text(struct exporters *exporters, const char *name, struct slice text);
void line_element(struct exporters *exporters, uint16_t number, struct slice value);
void line_octets(struct exporters *exporters, const char *name, struct slice value);

/* Members found no room: it has to be a damaged one. */
bool line_is_too_long(const struct exporters *exporters);

/* The datagram has become more than EXPORT_LINES_MAX bytes of them. */
bool lines_are_too_many(const struct exporters *exporters);

/* What options told, by the numbers in the record. */
struct line_known {
	struct slice ingress, egress, application, sampling, started;
};
void line_end(const struct export_head *head, const struct line_known *known);

#endif
