/*
 * table - the indicators in memory, for look-ups at line rate
 *
 * Filled by one thread, then immutable: any thread looks up. Of an indicator
 * that several lists have, the surest counts, of equally sure ones the one that
 * lives longest.
 *
 * Memory, each: an entry of 16 bytes, its key with 3 bytes before it, and 1.4
 * slots of 8 bytes (half of a 64-bit hash, seeded at each start, and the number
 * of the entry), and one byte of a filter; a prefix has 80 bytes more. Two million are about
 * 100 MiB. What passes the limit is refused.
 */
#ifndef COLLECTOR_DETECT_INDICATORS_TABLE_H
#define COLLECTOR_DETECT_INDICATORS_TABLE_H

#include "collector/detect/indicators/indicator.h"
#include "collector/record/record.h"

enum {
	INDICATORS_MAX = 20000000,
	INDICATOR_PREFIXES_MAX = 500000,
	INDICATOR_ORIGINS_MAX = 1 << 20,
	INDICATOR_LISTS_MAX = 2000, /* warning lists */
	INDICATOR_LABEL_MAX = 120,  /* bytes, the rest is cut */
};

struct table_limits {
	size_t indicators;
	size_t memory; /* bytes */
};

/* What many indicators have in common. */
struct indicator_origin {
	uint32_t source;    /* number of the list it came from */
	uint32_t label;     /* of texts: length in one byte, then what it is called */
	uint8_t attack;     /* enum attack_class; CLASS_NONE = not said */
	uint8_t confidence; /* 0..100 */
};

/* An indicator as a list has it. */
struct indicator_fact {
	uint32_t source;
	struct slice label; /* malware family, name of the event; may be absent */
	enum attack_class attack;
	uint8_t confidence;       /* 0..100 */
	uint32_t until_s, seen_s; /* since 1970; 0 = for ever, not known */
};

struct indicator_entry {
	uint32_t text; /* of the key in texts: length in two bytes, type, bytes */
	uint32_t until_s, seen_s;
	uint32_t origin : 20;
	uint32_t list : 11; /* warning list that covers it, + 1; 0 = none */
	uint32_t alone : 1; /* a domain without those below it */
};

struct indicator_table;

MUST_USE struct indicator_table *indicator_table_new(struct table_limits limits);
void indicator_table_free(struct indicator_table *table); /* NULL is fine */

enum table_outcome {
	TABLE_ADDED,
	TABLE_KNOWN, /* another list has it: one of them counts */
	TABLE_FULL,  /* refused */
};

enum table_outcome indicator_table_add(struct indicator_table *table,
	const struct indicator_key *key, const struct indicator_fact *fact, bool alone);

size_t indicator_table_count(const struct indicator_table *table);

/* Number `i` < count, in order of arrival. */
struct indicator_entry *indicator_table_entry(struct indicator_table *table, size_t i);

/* After the last was added and warning lists were set: what is left over is given back, and
 * prefixes, but for those a warning list covers, are made ready. */
void indicator_table_finish(struct indicator_table *table);

size_t indicator_table_memory(const struct indicator_table *table); /* bytes */

/* NULL when there is none. After indicator_table_finish(), like the next. */
const struct indicator_entry *indicator_table_find(
	const struct indicator_table *table, enum indicator_type type, struct slice bytes);

/* The longest prefix that holds it. */
const struct indicator_entry *indicator_table_find_prefix(
	const struct indicator_table *table, const struct netaddr *addr);

/* Of its key; they live as long as the table. */
enum indicator_type indicator_entry_type(
	const struct indicator_table *table, const struct indicator_entry *entry);
struct slice indicator_entry_bytes(
	const struct indicator_table *table, const struct indicator_entry *entry);

const struct indicator_origin *indicator_entry_origin(
	const struct indicator_table *table, const struct indicator_entry *entry);
struct slice indicator_origin_label(
	const struct indicator_table *table, const struct indicator_origin *origin);

#endif
