/*
 * held - sets of an exporter that came before their template
 *
 * Over UDP data can overtake its template, and after a start of ours the next
 * one may be minutes away. Sets wait in the order of their arrival, bounded in
 * bytes and time; one that is given up becomes a line with its bytes.
 *
 * Not thread-safe. Private to exporters/.
 */
#ifndef COLLECTOR_INGEST_EXPORTERS_HELD_H
#define COLLECTOR_INGEST_EXPORTERS_HELD_H

#include <stdint.h>

#include "common/slice.h"

struct exporters;
struct export_domain;
struct export_head;
struct export_owner;
struct export_template;
struct held_set;

/* All zero: none waits. */
struct held {
	struct held_set *first, *last;
	size_t size; /* bytes */
	unsigned n;
};

/* A copy waits; older ones of the exporter make room, and of the owner that has most. */
void held_put(const struct export_head *head, uint16_t id, struct slice bytes);

/* A template of the head's domain is known now: those that wait for it are read. */
void held_read(const struct export_head *head, const struct export_template *template);

/* Those that came at `before_ms` or earlier (monotonic) are given up. */
void held_give_up(struct exporters *exporters, struct export_owner *owner, int64_t before_ms);

/* Those of a domain that is forgotten, likewise. */
void held_give_up_domain(struct exporters *exporters, struct export_domain *domain);

/* All of an exporter are that owner's, or are not any more. */
void held_join(const struct held *held, struct export_owner *owner);
void held_leave(const struct held *held, struct export_owner *owner);

#endif
