#include "agent/flight.h"

#include <stdlib.h>

enum { CAPACITY_FIRST = 64 };

void flight_done(struct flight *flight)
{
	free(flight->entries);
	*flight = (struct flight){0};
}

void flight_reset(struct flight *flight)
{
	flight->head = 0;
	flight->n = 0;
	flight->last = 0;
	flight->bytes = 0;
}

static struct flight_entry *entry_at(const struct flight *flight, size_t i)
{
	return &flight->entries[(flight->head + i) % flight->capacity];
}

static void widen(struct flight *flight)
{
	size_t capacity = flight->capacity ? flight->capacity * 2 : CAPACITY_FIRST;
	struct flight_entry *entries = calloc(capacity, sizeof(*entries));

	if (entries == NULL)
		abort();
	for (size_t i = 0; i < flight->n; i++)
		entries[i] = *entry_at(flight, i);
	free(flight->entries);
	flight->entries = entries;
	flight->capacity = capacity;
	flight->head = 0;
}

void flight_sent(struct flight *flight, const struct flight_entry *entry)
{
	if (flight->n == flight->capacity)
		widen(flight);
	*entry_at(flight, flight->n++) = *entry;
	flight->last = entry->last;
	flight->bytes += entry->size;
}

bool flight_acked(struct flight *flight, uint64_t stored, uint32_t *crc)
{
	*crc = 0;
	if (stored > flight->last)
		return false;
	while (flight->n > 0 && entry_at(flight, 0)->last <= stored) {
		const struct flight_entry *entry = entry_at(flight, 0);

		if (entry->last == stored)
			*crc = entry->crc;
		flight->bytes -= entry->size;
		flight->head = (flight->head + 1) % flight->capacity;
		flight->n--;
	}
	return true;
}
