#include "collector/normalize/families/dhcp.h"

#define DHCP(what, ...)                                                                        \
	{                                                                                      \
		.action = {SLICE_BYTES(what)}, .category = {ECS_NETWORK},                      \
		.type = {ECS_PROTOCOL}, __VA_ARGS__                                            \
	}

const struct meaning dhcp_discover = DHCP("dhcp_discover", .outcome = {.ptr = NULL});
const struct meaning dhcp_offer = DHCP("dhcp_offer", .outcome = {.ptr = NULL});
const struct meaning dhcp_request = DHCP("dhcp_request", .outcome = {.ptr = NULL});
const struct meaning dhcp_ack = DHCP("dhcp_lease", .outcome = {ECS_SUCCESS});
const struct meaning dhcp_nak =
	DHCP("dhcp_lease", .type2 = {ECS_DENIED}, .outcome = {ECS_FAILURE});
const struct meaning dhcp_release = DHCP("dhcp_release", .type2 = {ECS_END});
const struct meaning dhcp_decline = DHCP("dhcp_decline", .outcome = {ECS_FAILURE});
const struct meaning dhcp_expired = DHCP("dhcp_expired", .type2 = {ECS_END});
const struct meaning dhcp_failed = DHCP("dhcp_lease", .outcome = {ECS_FAILURE});
const struct meaning dhcp_started = {.action = {SLICE_BYTES("service_started")},
	.category = {ECS_PROCESS},
	.type = {ECS_START}};
const struct meaning dhcp_noted = {.category = {ECS_NETWORK}, .type = {ECS_INFO}};
const struct meaning dhcp_error = {
	.category = {ECS_NETWORK}, .type = {ECS_INFO}, .outcome = {ECS_FAILURE}};

void dhcp_finish(struct record *record, struct parse_context *context)
{
	put(record, context, FIELD_NETWORK_PROTOCOL, SLICE_LIT("dhcp"));
}
