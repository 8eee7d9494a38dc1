/*
 * stix_pattern - what of a STIX pattern is an indicator by itself
 *
 * STIX 2.1 part 9 (the patterning language) describes events; here single
 * values are looked for. So a pattern is taken as far as one value decides:
 *
 *	[ipv4-addr:value = '198.51.100.7']              =, IN, ISSUBSET, LIKE without
 *	[domain-name:value IN ('a.example', 'b.c')]     wildcards or with '%.' before a
 *	[a OR b], [a] OR [b]                            domain; each one of an OR
 *	[file:name = 'x' AND file:hashes.MD5 = '...']   of an AND the hash, which
 *	                                                decides alone
 *	[ipv4-addr:value = '...' AND network-traffic:dst_port = 80]
 *	                                                address and port together
 *
 * The rest (NOT, !=, <, MATCHES, ISSUPERSET, EXISTS, an AND of others, AND and
 * FOLLOWEDBY between observations, WITHIN, REPEATS, START) is not an indicator
 * and is named. Any thread; bounded: nesting, comparisons, bytes.
 */
#ifndef COLLECTOR_DETECT_INDICATORS_STIX_PATTERN_H
#define COLLECTOR_DETECT_INDICATORS_STIX_PATTERN_H

#include "collector/detect/indicators/indicator.h"
#include "common/arena.h"

enum {
	STIX_PATTERN_SIZE_MAX = 1 << 20, /* bytes */
	STIX_NESTING_MAX = 64,
	STIX_VALUES_MAX = 10000, /* of one pattern */
};

struct stix_value {
	enum indicator_type type;
	struct slice text; /* in the arena */
};

struct stix_values {
	struct stix_value *items; /* STIX_VALUES_MAX */
	size_t n;
	const char *unusable; /* the first thing that could not be used, or NULL */
	size_t n_unusable;
};

/* False when it is no pattern: *why says where. `values->items` is in the arena. */
MUST_USE bool stix_pattern_read(
	struct slice pattern, struct arena *arena, struct stix_values *values, struct err *why);

#endif
