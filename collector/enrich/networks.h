/*
 * networks - the province's plan of its networks: what a prefix is used for
 *
 * A YAML file (configs/networks.yaml is an example): prefixes with the zone,
 * agency, information system and level they belong to. Of prefixes that hold an
 * address the longest counts, alone: nothing is inherited from one that holds
 * it. A prefix that stands there twice is a mistake.
 *
 * Immutable once loaded. Any thread.
 */
#ifndef COLLECTOR_ENRICH_NETWORKS_H
#define COLLECTOR_ENRICH_NETWORKS_H

#include "collector/register/register.h"
#include "common/conf.h"

enum { NETWORKS_MAX = 100000 }; /* prefixes */

/* Values of fields; absent is what the plan does not say. */
struct network {
	struct slice zone;
	struct slice agency, system, level; /* numbers, as text */
};

struct networks;

extern const struct setting networks_settings_table[];

/* NULL when the file has mistakes: they are added to `mistakes`, a line each. Agencies and
 * systems must be in `agencies`, unless that is NULL. The caller frees. */
MUST_USE struct networks *networks_load(
	const char *path, const struct agency_register *agencies, struct strbuf *mistakes);

/* The same from memory; `name` stands for the file in messages. */
MUST_USE struct networks *networks_parse(const char *name, struct slice text,
	const struct agency_register *agencies, struct strbuf *mistakes);

void networks_free(struct networks *networks); /* NULL is fine */

/* NULL when no prefix holds it. Lives as long as the networks. */
const struct network *networks_find(
	const struct networks *networks, const struct netaddr *addr);

size_t networks_count(const struct networks *networks); /* prefixes */

#endif
