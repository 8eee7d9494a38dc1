#include "collector/normalize/families/dns.h"

#define DNS(what, kind, ...)                                                                   \
	{                                                                                      \
		.action = {SLICE_BYTES(what)}, .category = {ECS_NETWORK}, .type = {kind},      \
		__VA_ARGS__                                                                    \
	}

const struct meaning dns_queried = DNS("dns_query", ECS_PROTOCOL);
const struct meaning dns_answered = DNS("dns_answer", ECS_PROTOCOL, .outcome = {ECS_SUCCESS});
const struct meaning dns_refused =
	DNS("dns_query_refused", ECS_PROTOCOL, .type2 = {ECS_DENIED}, .outcome = {ECS_FAILURE});
const struct meaning dns_blocked =
	DNS("dns_query_blocked", ECS_PROTOCOL, .type2 = {ECS_DENIED}, .outcome = {ECS_SUCCESS});
const struct meaning dns_limited =
	DNS("dns_rate_limited", ECS_PROTOCOL, .type2 = {ECS_DENIED}, .outcome = {ECS_SUCCESS});
const struct meaning dns_failed =
	DNS("dns_query_failed", ECS_PROTOCOL, .outcome = {ECS_FAILURE});
const struct meaning dns_transfer =
	DNS("dns_zone_transfer", ECS_PROTOCOL, .outcome = {ECS_SUCCESS});
const struct meaning dns_transfer_refused = DNS("dns_zone_transfer_refused", ECS_PROTOCOL,
	.type2 = {ECS_DENIED}, .outcome = {ECS_FAILURE});
const struct meaning dns_updated =
	DNS("dns_zone_updated", ECS_PROTOCOL, .outcome = {ECS_SUCCESS});
const struct meaning dns_update_refused = DNS("dns_zone_update_refused", ECS_PROTOCOL,
	.type2 = {ECS_DENIED}, .outcome = {ECS_FAILURE});
const struct meaning dns_rebinding =
	DNS("dns_rebinding_blocked", ECS_PROTOCOL, .type2 = {ECS_DENIED});
const struct meaning dns_noted = {.category = {ECS_NETWORK}, .type = {ECS_INFO}};
const struct meaning dns_error = {
	.category = {ECS_NETWORK}, .type = {ECS_INFO}, .outcome = {ECS_FAILURE}};

void dns_put_question(struct record *record, struct parse_context *context, struct slice name)
{
	if (name.len > 1 && name.ptr[name.len - 1] == '.')
		name.len--;
	put_some(record, context, FIELD_DNS_QUESTION_NAME, name);
}

void dns_finish(struct record *record, struct parse_context *context)
{
	put(record, context, FIELD_NETWORK_PROTOCOL, SLICE_LIT("dns"));
	if (slice_absent(record_get(record, FIELD_DNS_QUESTION_NAME)) ||
		slice_absent(record_get(record, FIELD_EVENT_ACTION)) ||
		!slice_absent(record_get(record, FIELD_DNS_TYPE)))
		return;
	put(record, context, FIELD_DNS_TYPE,
		slice_absent(record_get(record, FIELD_DNS_RESPONSE_CODE)) &&
				slice_absent(record_get(record, FIELD_DNS_ANSWERS_DATA))
			? SLICE_LIT("query")
			: SLICE_LIT("answer"));
}
