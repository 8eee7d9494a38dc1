/*
 * warning_lists - what lists of indicators often name by mistake: public resolvers, CDNs, top
 * sites, files that everybody has
 *
 * The lists of the MISP project's form (github.com/MISP/misp-warninglists): a
 * type, the attribute types they are for, and values.
 *
 *	string     the whole value
 *	hostname   a name and all below it
 *	substring  anywhere in the value
 *	cidr       an address or a prefix and what lies in it
 *	regex      PCRE, "/expression/flags" or bare
 *
 * A URL with a path, on a host that a list names, is not covered: shared hosts
 * are on these lists, and one page of theirs is what an indicator means. Only a
 * list of whole URLs, of substrings or expressions covers it.
 *
 * Filled by one thread, then immutable but for the counters; any thread.
 */
#ifndef COLLECTOR_DETECT_INDICATORS_WARNING_LISTS_H
#define COLLECTOR_DETECT_INDICATORS_WARNING_LISTS_H

#include "collector/detect/indicators/indicator.h"

enum {
	WARNING_LISTS_MAX = 2000,
	WARNING_VALUES_MAX = 4000000, /* of all lists */
	WARNING_SUBSTRINGS_MAX = 20000,
	WARNING_REGEXES_MAX = 1000,
};

/* What a list is for, as bits. */
enum warning_family {
	WARNING_ADDRESSES = 1,
	WARNING_DOMAINS = 2,
	WARNING_URLS = 4,
	WARNING_HASHES = 8,
	WARNING_EMAILS = 16,
	WARNING_ALL = 31,
	/* Of hosts and addresses: URLs with a path and mailboxes on them too. For our own. */
	WARNING_PAGES = 32,
};

enum warning_kind {
	WARNING_STRING,
	WARNING_HOSTNAME,
	WARNING_SUBSTRING,
	WARNING_CIDR,
	WARNING_REGEX,
	WARNING_KINDS,
};

struct warning_lists;

MUST_USE struct warning_lists *warning_lists_new(void);
void warning_lists_free(struct warning_lists *lists); /* NULL is fine */

/* "hostname"; WARNING_KINDS for none. */
enum warning_kind warning_kind_by_name(struct slice name);

/* The families of a MISP attribute type; 0 for one that nothing here has. */
unsigned warning_families_of(struct slice attribute);

/* A new list; UINT32_MAX when there are too many. */
MUST_USE uint32_t warning_lists_begin(struct warning_lists *lists, struct slice name,
	enum warning_kind kind, unsigned families);

/* NULL, or why the value cannot be used. */
const char *warning_lists_add(struct warning_lists *lists, uint32_t list, struct slice value);

/* After the last list. */
void warning_lists_finish(struct warning_lists *lists);

size_t warning_lists_count(const struct warning_lists *lists);
size_t warning_lists_memory(const struct warning_lists *lists);

struct warning_list_figures {
	struct slice name;
	size_t values;  /* in use */
	size_t covered; /* indicators */
	uint64_t hits;  /* that were no match because of it */
};
struct warning_list_figures warning_list_figures(
	const struct warning_lists *lists, uint32_t list);

#define WARNING_NONE UINT32_MAX

/* The first list that covers an indicator, or WARNING_NONE. One thread: expressions too. */
uint32_t warning_lists_cover(
	struct warning_lists *lists, enum indicator_type type, struct slice bytes);

/* The same without expressions and substrings; any thread. For values of records. */
uint32_t warning_lists_find(
	const struct warning_lists *lists, enum indicator_type type, struct slice bytes);

void warning_list_count_covered(struct warning_lists *lists, uint32_t list);
void warning_list_count_hit(struct warning_lists *lists, uint32_t list); /* any thread */

#endif
