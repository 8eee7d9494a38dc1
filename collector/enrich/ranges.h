/*
 * ranges - files that say which addresses are Viet Nam's
 *
 * Two formats, known by themselves line by line:
 *	1.52.0.0/14			a prefix or an address alone; '#' begins a comment
 *	apnic|VN|ipv4|1.52.0.0|262144|20080917|allocated[|...]
 * The second is the statistics exchange format of the regional registries
 * ("delegated-apnic-latest" at ftp.apnic.net/stats/apnic): version and summary
 * lines are passed over, and so is what is not VN's or not allocated or
 * assigned.
 */
#ifndef COLLECTOR_ENRICH_RANGES_H
#define COLLECTOR_ENRICH_RANGES_H

#include "common/address_map.h"
#include "common/strbuf.h"

enum {
	RANGES_FILE_MAX = 128 << 20, /* bytes */
	RANGES_MAX = 1000000,        /* of all files */
};

struct ranges {
	struct address_span *spans;
	size_t n, room;
};

/* Adds what the file has, with value 0. False with all mistakes; a file without any range of
 * Viet Nam is one. */
MUST_USE bool ranges_load(struct ranges *ranges, const char *path, struct strbuf *mistakes);

/* The same from memory; `name` stands for the file in messages. */
MUST_USE bool ranges_parse(
	struct ranges *ranges, const char *name, struct slice text, struct strbuf *mistakes);

void ranges_done(struct ranges *ranges);

#endif
