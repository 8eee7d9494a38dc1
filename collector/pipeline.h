/*
 * pipeline - the walk every batch takes; see pipeline.c
 *
 * Any thread; every worker walks its own batch under the rules in force when
 * it began.
 */
#ifndef COLLECTOR_PIPELINE_H
#define COLLECTOR_PIPELINE_H

#include "collector/normalize/masking/mask_ledger.h"
#include "collector/normalize/normalize.h"
#include "collector/record/batch.h"
#include "collector/rules.h"
#include "collector/store/store.h"

struct pipeline;

struct pipeline_stages { /* borrowed */
	struct store *store;
};

MUST_USE struct pipeline *pipeline_new(
	const struct pipeline_stages *stages, struct rules *rules);
void pipeline_free(struct pipeline *pipeline);

/* Takes the batch; it goes home when its outcome is known. */
void pipeline_run(struct pipeline *pipeline, struct batch *batch);

/* A reference to the rules in force; the caller gives it back. */
MUST_USE struct rules *pipeline_rules(struct pipeline *pipeline);

/* What the masking policy took out of the records that passed. */
struct mask_ledger *pipeline_masked(struct pipeline *pipeline);

/* What the heads of sources told of their lines. */
struct headers *pipeline_headers(struct pipeline *pipeline);

/* From the next batch on. Takes a reference. */
void pipeline_use_rules(struct pipeline *pipeline, struct rules *rules);

/* Where a host stands by the register in force; false when its agency is not in it. */
MUST_USE bool pipeline_place(struct pipeline *pipeline, uint32_t agency, uint32_t host,
	int64_t at_ns, struct agency_place *place);

#endif
