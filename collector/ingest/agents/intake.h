/*
 * intake - a chunk of an agent into the records of a batch
 *
 * Identity comes from the session, never from the chunk; where the host stands
 * is the pipeline's. Private to
 * ingest/; any thread, one at a time per batch.
 */
#ifndef COLLECTOR_INGEST_INTAKE_H
#define COLLECTOR_INGEST_INTAKE_H

#include "collector/ingest/ingest.h"
#include "common/chunk.h"

struct intake_facts {
	uint32_t agency, host;
	int64_t received_ns;
};

/* Fills batch->records. NULL when all went well, else what is wrong with the chunk. */
MUST_USE const char *intake_unpack(struct batch *batch, struct chunk_reader *reader,
	struct slice chunk, const struct intake_facts *facts);

#endif
