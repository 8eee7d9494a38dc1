/* settings - collector.yaml as a whole: the tables of the rooms put together */
#ifndef COLLECTOR_SETTINGS_H
#define COLLECTOR_SETTINGS_H

#include "collector/derive/derive.h"
#include "collector/detect/indicators/indicators.h"
#include "collector/forward/forward.h"
#include "collector/ingest/settings.h"
#include "collector/roles.h"
#include "collector/signer/signer.h"
#include "collector/store/store.h"
#include "common/conf.h"

struct collector_settings {
	int log_level;          /* enum log_level */
	const char *agencies;   /* the register */
	const char *national;   /* folder: profile, classes, dictionary, schemas */
	const char *masking;    /* the masking policy */
	const char *parsers;    /* folder of own formats */
	const char *sigma;      /* folder of Sigma rules and their pipelines */
	uint64_t sigma_cost_ms; /* CPU time a rule may take in a minute; 0 = any */
	const char *enrich;     /* what enrichment stands on */
	const char *control;    /* socket of control.h */
	int32_t zone_seconds;   /* filled in from the register */
	uint64_t presence_ms;
	uint64_t stop_ms;
	uint64_t silent_ms;
	uint64_t start_ms;
	struct roles_settings roles;
	struct ingest_settings ingest;
	struct store_settings store;
	struct indicators_settings indicators;
	struct derive_settings derive;
	struct forward_settings forward;
	struct signer_settings signer;
};

extern const struct setting collector_settings_table[];

extern const char collector_settings_head[]; /* what `config` prints above them */

/* NULL with the mistakes written to standard error. */
MUST_USE struct conf *collector_settings_load(
	const char *path, struct collector_settings *settings);

#endif
