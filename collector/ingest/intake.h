/*
 * intake - a chunk of an agent into the records of a batch
 *
 * Identity and place come from the session, never from the chunk. Private to
 * ingest/; any thread, one at a time per batch.
 */
#ifndef COLLECTOR_INGEST_INTAKE_H
#define COLLECTOR_INGEST_INTAKE_H

#include "collector/ingest/ingest.h"
#include "common/chunk.h"

struct intake_facts {
	uint32_t agency, host;
	struct ingest_place place;
	int64_t received_ns;
};

/* Fills batch->records. NULL when all went well, else what is wrong with the chunk. */
MUST_USE const char *intake_unpack(struct batch *batch, struct chunk_reader *reader,
	struct slice chunk, const struct intake_facts *facts);

#endif
