/*
 * geo - where in the world an address is, and whose network it is in, by an MMDB file
 *
 * Any file of the MaxMind DB format 2.0 that the operator supplies: GeoLite2, GeoIP2, DB-IP,
 * IPinfo, IP2Location and the like, for country, city or autonomous system; what it has is
 * found under the names these use.
 *
 * The file is copied into memory that nobody can change (a sealed memfd) and
 * looked through as a whole when it is loaded: a file that is overwritten in
 * place, cut or damaged cannot hurt the running program. Immutable once
 * loaded; any thread; a look-up allocates nothing.
 */
#ifndef COLLECTOR_ENRICH_GEO_H
#define COLLECTOR_ENRICH_GEO_H

#include "common/err.h"
#include "common/netaddr.h"

enum {
	GEO_FILE_MAX = 2000 << 20, /* bytes */
	GEO_TEXT_MAX = 200,        /* bytes of a name; longer ones are cut */
};

struct geo;

/* Absent or 0 is what is not known. Slices live as long as the database. */
struct geo_answer {
	struct slice country;      /* ISO 3166-1 alpha-2: two capitals */
	struct slice city;         /* English */
	struct slice organization; /* that runs the autonomous system */
	uint32_t as_number;
};

/* NULL when it cannot be read or is no whole database. The caller frees. */
MUST_USE struct geo *geo_load(const char *path, struct err *err);

/* The same from memory, which is copied. */
MUST_USE struct geo *geo_from_bytes(struct slice bytes, struct err *err);

void geo_free(struct geo *geo); /* NULL is fine */

/* Fills what `answer` does not have yet. False when the database is damaged where the address
 * stands. */
bool geo_find(const struct geo *geo, const struct netaddr *addr, struct geo_answer *answer);

const char *geo_type(const struct geo *geo); /* "GeoLite2-City", as the file says */
int64_t geo_built_ns(const struct geo *geo); /* when, as the file says; 0 = it does not */

#endif
