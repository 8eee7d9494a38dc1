/*
 * pipeline - the walk every batch takes; see pipeline.c
 *
 * Any thread; every worker walks its own batch. What a reload can change (the
 * register, the classes) is one immutable object, swapped whole.
 */
#ifndef COLLECTOR_PIPELINE_H
#define COLLECTOR_PIPELINE_H

#include "collector/detect/classify.h"
#include "collector/normalize/normalize.h"
#include "collector/record/batch.h"
#include "collector/register/register.h"
#include "collector/store/store.h"

/* ---- what a reload replaces, reference counted ---------------------------- */

struct pipeline_rules;

/* Takes over one reference of the register, and the classifier. */
MUST_USE struct pipeline_rules *pipeline_rules_new(
	struct agency_register *agencies, struct classifier *classifier);
void pipeline_rules_unref(struct pipeline_rules *rules); /* NULL is fine */

/* Lives as long as the rules. */
struct agency_register *pipeline_rules_register(const struct pipeline_rules *rules);

/* ---- the pipeline --------------------------------------------------------- */

struct pipeline;

struct pipeline_stages { /* borrowed */
	const struct normalizer *normalizer;
	struct store *store;
};

MUST_USE struct pipeline *pipeline_new(
	const struct pipeline_stages *stages, struct pipeline_rules *rules);
void pipeline_free(struct pipeline *pipeline);

/* Takes the batch; it goes home when its outcome is known. */
void pipeline_run(struct pipeline *pipeline, struct batch *batch);

/* From the next batch on. Takes a reference. */
void pipeline_use_rules(struct pipeline *pipeline, struct pipeline_rules *rules);

/* Where a host stands by the register in force; false when its agency is not in it. */
MUST_USE bool pipeline_place(struct pipeline *pipeline, uint32_t agency, uint32_t host,
	int64_t at_ns, struct agency_place *place);

#endif
