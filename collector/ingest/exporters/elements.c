#include "collector/ingest/exporters/elements.h"

enum { NUMBERS = 512 };

static const struct element elements[NUMBERS] = {
#define ELEMENT(number, kind, text) [number] = {{SLICE_BYTES(text)}, ELEMENT_##kind},
#include "collector/ingest/exporters/elements.def"
#undef ELEMENT
};

/* Cisco ASA: "NetFlow Implementation Guide", before IANA had numbers for them; Palo Alto:
 * "NetFlow Templates" of PAN-OS. */
static const struct {
	uint16_t type, number; /* number: IANA's; 0 = none */
	struct element element;
} of_makers[] = {
	{33000, 0, {{SLICE_BYTES("ingressAclId")}, ELEMENT_OCTETS}},
	{33001, 0, {{SLICE_BYTES("egressAclId")}, ELEMENT_OCTETS}},
	{33002, 0, {{SLICE_BYTES("firewallExtendedEvent")}, ELEMENT_UNSIGNED}},
	{40000, 371, {{SLICE_BYTES("userName")}, ELEMENT_STRING}},
	{40001, 225, {{SLICE_BYTES("postNATSourceIPv4Address")}, ELEMENT_IPV4}},
	{40002, 226, {{SLICE_BYTES("postNATDestinationIPv4Address")}, ELEMENT_IPV4}},
	{40003, 227, {{SLICE_BYTES("postNAPTSourceTransportPort")}, ELEMENT_UNSIGNED}},
	{40004, 228, {{SLICE_BYTES("postNAPTDestinationTransportPort")}, ELEMENT_UNSIGNED}},
	{40005, 233, {{SLICE_BYTES("firewallEvent")}, ELEMENT_UNSIGNED}},
	{56701, 96, {{SLICE_BYTES("applicationName")}, ELEMENT_STRING}},
	{56702, 371, {{SLICE_BYTES("userName")}, ELEMENT_STRING}},
};

const struct element *element_find(uint16_t number)
{
	if (number >= NUMBERS || slice_absent(elements[number].name))
		return NULL;
	return &elements[number];
}

const struct element *element_of_netflow9(uint16_t *number)
{
	for (size_t i = 0; i < ARRAY_LEN(of_makers); i++) {
		if (of_makers[i].type != *number)
			continue;
		if (of_makers[i].number != 0)
			*number = of_makers[i].number;
		return &of_makers[i].element;
	}
	return element_find(*number);
}
