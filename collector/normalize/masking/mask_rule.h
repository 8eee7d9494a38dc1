/* mask_rule - what the masking policy looks for; counted by these */
#ifndef COLLECTOR_NORMALIZE_MASK_RULE_H
#define COLLECTOR_NORMALIZE_MASK_RULE_H

#include <stdint.h>

enum mask_rule {
	MASK_SECRETS,
	MASK_COMMANDS,
	MASK_CITIZEN_IDS,
	MASK_OLD_IDS,
	MASK_PHONES,
	MASK_EMAILS,
	MASK_CARDS,
	MASK_ACCOUNTS,
	MASK_FIELDS,
	MASK_RULES,
};

enum mask_action { MASK_KEEP, MASK_HIDE, MASK_TOKEN };

/* How often each took something out. */
struct mask_tally {
	uint32_t n[MASK_RULES];
};

/* "citizen-ids": as the policy calls it. */
const char *mask_rule_name(enum mask_rule rule);

#endif
