/*
 * pipeline - the walk every batch takes; see pipeline.c
 *
 * Its stages are immutable and shared by all workers, each on its own batch.
 * The register is swapped whole on a reload. Any thread.
 */
#ifndef COLLECTOR_PIPELINE_H
#define COLLECTOR_PIPELINE_H

#include "collector/normalize/normalize.h"
#include "collector/record/batch.h"
#include "collector/register/register.h"
#include "collector/store/store.h"

struct pipeline;

struct pipeline_stages { /* borrowed */
	const struct normalizer *normalizer;
	struct store *store;
};

MUST_USE struct pipeline *pipeline_new(
	const struct pipeline_stages *stages, struct agency_register *agencies);
void pipeline_free(struct pipeline *pipeline);

/* Takes the batch; it goes home when its outcome is known. */
void pipeline_run(struct pipeline *pipeline, struct batch *batch);

/* From the next batch on. Takes a reference. */
void pipeline_use_register(struct pipeline *pipeline, struct agency_register *agencies);

/* Where a host stands by the register in force; false when its agency is not in it. */
MUST_USE bool pipeline_place(struct pipeline *pipeline, uint32_t agency, uint32_t host,
	int64_t at_ns, struct agency_place *place);

#endif
