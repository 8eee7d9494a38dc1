/*
 * told - names and numbers that options records tell of a domain
 *
 * Names of interfaces and applications, how many packets a sampler leaves out,
 * when the exporter was started. The one told last counts. As many as there is
 * room for; what finds none is counted, and its flows have no name.
 *
 * Not thread-safe. Private to exporters/.
 */
#ifndef COLLECTOR_INGEST_EXPORTERS_TOLD_H
#define COLLECTOR_INGEST_EXPORTERS_TOLD_H

#include <stdint.h>

#include "common/slice.h"

enum told_kind { TOLD_INTERFACE = 1, TOLD_APPLICATION, TOLD_SAMPLING, TOLD_STARTED };

enum { TOLD_MAX = 2048, TOLD_TEXT_MAX = 54 };

struct told_entry {
	uint64_t key;
	uint8_t kind; /* enum told_kind; 0 = free */
	uint8_t len;
	char text[TOLD_TEXT_MAX]; /* longer ones are cut */
};

/* All zero but the seed: nothing is told. */
struct told {
	struct told_entry *entries;
	unsigned n, room; /* room: a power of two, or 0 */
	uint64_t seed;    /* of hashes; secret */
};

/* It may grow by `room_size` bytes; gives by how many it did. */
size_t told_put(struct told *told, enum told_kind kind, uint64_t key, struct slice text,
	size_t room_size);

size_t told_size(const struct told *told); /* bytes */

/* SLICE_NONE when nobody told; until the next told_put(). */
struct slice told_get(const struct told *told, enum told_kind kind, uint64_t key);

void told_done(struct told *told);

#endif
