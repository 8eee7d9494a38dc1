#include "collector/normalize/families/vpn.h"

#define LOGIN(how)                                                                             \
	{                                                                                      \
		.action = {SLICE_BYTES("vpn_login")}, .category = {ECS_AUTHENTICATION},        \
		.category2 = {ECS_NETWORK}, .type = {ECS_START}, .outcome = {                  \
			how                                                                    \
		}                                                                              \
	}
#define TUNNEL(what, kind, ...)                                                                \
	{                                                                                      \
		.action = {SLICE_BYTES(what)}, .category = {ECS_NETWORK},                      \
		.category2 = {ECS_SESSION}, .type = {ECS_CONNECTION}, .type2 = {kind},         \
		__VA_ARGS__                                                                    \
	}

const struct meaning vpn_let_in = LOGIN(ECS_SUCCESS);
const struct meaning vpn_refused = LOGIN(ECS_FAILURE);
const struct meaning vpn_attempt = {.action = {SLICE_BYTES("vpn_attempt")},
	.category = {ECS_NETWORK},
	.type = {ECS_CONNECTION},
	.type2 = {ECS_START}};
const struct meaning vpn_connected =
	TUNNEL("vpn_connected", ECS_START, .outcome = {ECS_SUCCESS});
const struct meaning vpn_address = TUNNEL("vpn_address_given", ECS_INFO);
const struct meaning vpn_disconnected = TUNNEL("vpn_disconnected", ECS_END);
const struct meaning vpn_failed = {.action = {SLICE_BYTES("vpn_failed")},
	.category = {ECS_NETWORK},
	.type = {ECS_CONNECTION},
	.outcome = {ECS_FAILURE}};
const struct meaning vpn_bad_packet = {.action = {SLICE_BYTES("vpn_bad_packet")},
	.category = {ECS_NETWORK},
	.type = {ECS_CONNECTION},
	.type2 = {ECS_DENIED},
	.outcome = {ECS_FAILURE}};
const struct meaning vpn_noted = {.category = {ECS_NETWORK}, .type = {ECS_INFO}};
