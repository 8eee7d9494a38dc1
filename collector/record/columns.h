/*
 * columns - what readers need of a record without decoding its body
 *
 * 64 bytes a record in memory; in a store block they stand one column after
 * the other (collector/README.md). The deriving reader, search and retention
 * work on these; bodies are unpacked only when somebody wants to see them.
 */
#ifndef COLLECTOR_RECORD_COLUMNS_H
#define COLLECTOR_RECORD_COLUMNS_H

#include <stdint.h>

struct columns {
	int64_t created_ns; /* CLOCK_NONE = the record claims none */
	int64_t received_ns;
	uint64_t sequence; /* in its stream */
	uint32_t agency, host;
	uint32_t body_at; /* in the block's bodies */
	uint32_t body_size;
	uint16_t stream; /* number in the block's table of streams */
	uint16_t system;
	uint16_t parser;
	uint16_t flags; /* enum record_flag */
	uint8_t level, kind, status, attack;
	uint8_t severity, strength, n_matches;
	uint8_t repeats;  /* so many times more than once the record says it happened */
	uint32_t skew_ms; /* |agent's clock - ours| when it arrived; UINT32_MAX = unknown */
	uint32_t source;  /* number in the block's table of sources; COLUMNS_NO_SOURCE */
};

#define COLUMNS_NO_SOURCE UINT32_MAX

_Static_assert(sizeof(struct columns) == 64, "eight to a page line, no padding");

#endif
