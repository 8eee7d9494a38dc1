/*
 * endpoint - addresses with ports, as programs write them
 *
 * Any thread.
 */
#ifndef COLLECTOR_NORMALIZE_ENDPOINT_H
#define COLLECTOR_NORMALIZE_ENDPOINT_H

#include "collector/normalize/parser.h"

/* "192.0.2.1", "2001:db8::1", "[2001:db8::1]", "fe80::1%eth0" */
bool is_address(struct slice text);

struct endpoint_fields {
	enum field_id ip, other, port;
};

extern const struct endpoint_fields endpoint_source, endpoint_destination, endpoint_client,
	endpoint_server;

/* "192.0.2.1:4711", "[2001:db8::1]:4711", "host:80", an address or a name alone. */
void put_endpoint(struct record *record, struct parse_context *context,
	const struct endpoint_fields *fields, struct slice text);

#endif
