/*
 * exporters - NetFlow v5 and v9, IPFIX and sFlow v5: datagrams into lines
 *
 *	exporters   who sends, what is remembered of each, and for how long
 *	netflow5    fixed records
 *	netflow9    v9 (RFC 3954) and IPFIX (RFC 7011): sets, templates, records
 *	templates   what records of a set are made of
 *	held        sets that came before their template
 *	told        names and sampling rates that options records tell
 *	sflow       sFlow v5 (sflow.org, "sFlow Version 5", 2004)
 *	packet      the head of a sampled packet
 *	lines       one record as one line
 *
 * Binary records have no line of their own: theirs is the JSON object described
 * in lines.h, one for each record. It says all that the record says and what
 * the head of its datagram says, so that a parser can read it years later.
 * What cannot be read becomes a line as well, with its bytes in hexadecimal
 * and why: nothing that arrives is thrown away here, and all of it is counted.
 *
 * Datagrams are not acknowledged. Their sequence numbers tell what did not
 * arrive, in units of their protocol: records of v5 and IPFIX, datagrams of v9
 * and sFlow. Anybody on the way can forge them.
 *
 * What is remembered is bounded for each exporter (its address), so that none
 * pushes out what another told, and for all. Addresses can be forged, within
 * what their sender may use: beyond the bound for all, who has most goes on
 * with less, so that no sender pushes out what others told. What is pushed out
 * is counted.
 * So are the lines of a datagram: what is left of it beyond EXPORT_LINES_MAX
 * becomes lines of bytes.
 *
 * Not thread-safe: a listener's worker has one.
 */
#ifndef COLLECTOR_INGEST_EXPORTERS_EXPORTERS_H
#define COLLECTOR_INGEST_EXPORTERS_EXPORTERS_H

#include "common/netaddr.h"

struct exporters;

enum export_protocol {
	EXPORT_NETFLOW, /* v5, v9 and IPFIX: each says which it is */
	EXPORT_SFLOW,
};

enum {
	EXPORTERS_MAX = 4096,        /* remembered; of who has most, the silent ones go */
	EXPORT_LINE_MAX = 1 << 19,   /* bytes of a line */
	EXPORT_LINES_MAX = 16 << 20, /* of those of a datagram, and of what waited for it */
	EXPORT_DATAGRAM_MAX = 65535,
	EXPORT_TEMPLATE_AGE_MS = 24 * 60 * 60 * 1000, /* without being told again */
	EXPORT_HOLD_MS = 10 * 60 * 1000,              /* data waits so long for its template */
};

struct export_datagram {
	struct netaddr exporter; /* where it came from */
	const void *owner;       /* whose address that is: what tells senders apart */
	struct slice bytes;      /* at most EXPORT_DATAGRAM_MAX */
	int64_t received_ns;     /* wall clock */
	int64_t now_ms;          /* monotonic */
};

struct export_line {
	struct netaddr exporter;
	struct slice json;   /* until the function returns */
	int64_t received_ns; /* of its datagram */
};

typedef void export_line_function(void *user, const struct export_line *line);

MUST_USE struct exporters *exporters_new(
	enum export_protocol protocol, export_line_function *on_line, void *user);
void exporters_free(struct exporters *exporters); /* NULL is fine */

/* How many units more than before are missing; < 0: some that were are here now. */
int64_t exporters_read(struct exporters *exporters, const struct export_datagram *datagram);

/* Once in a while: gives up sets that waited too long. */
void exporters_check(struct exporters *exporters, int64_t now_ms);

/* The end: all sets that wait are given up. */
void exporters_flush(struct exporters *exporters);

#endif
