/*
 * rules - what the files beside the settings say, and a reload can change
 *
 * The register of agencies, own formats, what enriches records, the classes of attacks, Sigma
 * rules, lists of indicators, the masking policy and the national profile, loaded together,
 * checked together, swapped together: one immutable object, reference counted. Any thread.
 */
#ifndef COLLECTOR_RULES_H
#define COLLECTOR_RULES_H

#include <stdatomic.h>

#include "collector/detect/classify.h"
#include "collector/detect/detector.h"
#include "collector/detect/indicators/indicators.h"
#include "collector/enrich/enrich.h"
#include "collector/national/profile.h"
#include "collector/normalize/masking/masking.h"
#include "collector/normalize/normalize.h"
#include "collector/normalize/own/folder.h"
#include "collector/register/register.h"
#include "collector/settings.h"

struct rules {
	atomic_uint refs;
	struct agency_register *agencies;
	struct classifier *classifier;
	struct detector *detector;
	struct enricher *enricher;
	struct indicators *indicators; /* NULL: there are no lists */
	struct masker *masker;
	struct national_profile *profile;
	struct own_formats *formats;
	struct normalizer *normalizer; /* with these formats */
};

/*
 * NULL when a file has mistakes: all of all files are added to `mistakes`, a line each. What is
 * allowed but may surprise is added to `warnings`, and so are the mistakes of own formats and
 * of Sigma rules: a file of formats that has some keeps what it gave `before` (NULL: the first
 * time) or gives nothing, a rule is refused, and neither harms anything else. The caller holds
 * one reference.
 */
MUST_USE struct rules *rules_load(const struct collector_settings *settings,
	const struct rules *before, struct strbuf *mistakes, struct strbuf *warnings);

struct rules *rules_ref(struct rules *rules);

/* The last one frees. NULL is fine. */
void rules_unref(struct rules *rules);

#endif
