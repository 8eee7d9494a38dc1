/*
 * elements - names and types of the values in flow records
 *
 * IANA's registry of information elements (RFC 7012), whose numbers up to 127
 * are those of NetFlow v9 as well (RFC 3954 8), and the few that makers use in
 * NetFlow v9 above them. Any thread.
 */
#ifndef COLLECTOR_INGEST_EXPORTERS_ELEMENTS_H
#define COLLECTOR_INGEST_EXPORTERS_ELEMENTS_H

#include <stdint.h>

#include "common/slice.h"

/* RFC 7012 3.1. */
enum element_type {
	ELEMENT_UNSIGNED,
	ELEMENT_SIGNED,
	ELEMENT_FLOAT,
	ELEMENT_BOOLEAN,
	ELEMENT_MAC,
	ELEMENT_OCTETS,
	ELEMENT_STRING,
	ELEMENT_SECONDS,
	ELEMENT_MILLISECONDS,
	ELEMENT_MICROSECONDS,
	ELEMENT_NANOSECONDS,
	ELEMENT_IPV4,
	ELEMENT_IPV6,
	ELEMENT_BASIC_LIST, /* RFC 6313 */
	ELEMENT_TEMPLATE_LIST,
	ELEMENT_TEMPLATE_MULTI_LIST,
};

struct element {
	struct slice name;
	enum element_type type;
};

/* Numbers that are asked for by name elsewhere. */
enum {
	IE_INGRESS_INTERFACE = 10,
	IE_EGRESS_INTERFACE = 14,
	IE_SAMPLING_INTERVAL = 34,
	IE_SAMPLER_ID = 48,
	IE_SAMPLER_RANDOM_INTERVAL = 50,
	IE_INTERFACE_NAME = 82,
	IE_INTERFACE_DESCRIPTION = 83,
	IE_APPLICATION_ID = 95,
	IE_APPLICATION_NAME = 96,
	IE_SYSTEM_INIT_TIME = 160,
	IE_PADDING = 210,
	IE_SELECTOR_ID = 302,
	IE_SAMPLING_PACKET_INTERVAL = 305,
	IE_SAMPLING_PACKET_SPACE = 306,
};

enum { PEN_REVERSE = 29305 /* the other direction of a biflow, RFC 5103 6.1 */ };

/* NULL when the registry as we know it lacks it. */
const struct element *element_find(uint16_t number);

/* The same of a field type of NetFlow v9; *number becomes IANA's where it has one. */
const struct element *element_of_netflow9(uint16_t *number);

#endif
