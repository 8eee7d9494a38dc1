/*
 * flight - entries of a lane that were sent and not acknowledged
 *
 * Plain data, oldest first. One thread.
 */
#ifndef AGENT_FLIGHT_H
#define AGENT_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attr.h"

struct flight_entry {
	uint64_t last; /* sequence */
	uint32_t crc;  /* of the chunk; 0 = a gap */
	uint32_t size; /* bytes that count for the window */
};

struct flight {
	struct flight_entry *entries; /* a ring */
	size_t capacity, head, n;
	uint64_t last;  /* sequence sent last; 0 = none */
	uint64_t bytes; /* sum of sizes */
};

void flight_done(struct flight *flight);

/* Empty, memory kept. */
void flight_reset(struct flight *flight);

void flight_sent(struct flight *flight, const struct flight_entry *entry);

/* Everything up to `stored` is safe. The CRC of the entry that ends with it, 0 when none does.
 * False when so much was never sent. */
MUST_USE bool flight_acked(struct flight *flight, uint64_t stored, uint32_t *crc);

#endif
