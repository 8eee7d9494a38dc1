#include "collector/rules.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"

static void load_formats(struct rules *rules, const struct collector_settings *settings,
	const struct rules *before, struct strbuf *warnings)
{
	rules->formats =
		own_formats_load(settings->parsers, before ? before->formats : NULL, warnings);
	rules->normalizer =
		normalizer_new(&(struct normalize_settings){.formats = rules->formats,
			.zone.seconds = agencies_province(rules->agencies)->zone_seconds});
}

static bool load_detector(struct rules *rules, const struct collector_settings *settings,
	const struct rules *before, struct strbuf *mistakes, struct strbuf *warnings)
{
	struct err err;

	rules->detector = detector_load(
		settings->sigma, before ? before->detector : NULL, warnings, &err);
	if (rules->detector == NULL)
		strbuf_addf(mistakes, "%s: %s\n", settings->sigma, err.text);
	else
		detector_limit(rules->detector, settings->sigma_cost_ms, &rule_clock_real);
	return rules->detector != NULL;
}

/* Lists that cannot be read leave those that were read before in force. */
static void load_indicators(struct rules *rules, const struct collector_settings *settings,
	const struct rules *before, struct strbuf *warnings)
{
	struct indicators *old = before ? before->indicators : NULL;
	struct err err;

	if (settings->indicators.lists.n == 0)
		return;
	rules->indicators =
		indicators_load(&settings->indicators, old, clock_wall_ns(), warnings, &err);
	if (rules->indicators != NULL)
		return;
	strbuf_addf(warnings, "indicators: %s; %s\n", err.text,
		old != NULL ? "those in force stay" : "there are none");
	rules->indicators = indicators_ref(old);
}

struct rules *rules_load(const struct collector_settings *settings, const struct rules *before,
	struct strbuf *mistakes, struct strbuf *warnings)
{
	struct rules *rules = calloc(1, sizeof(*rules));
	char classes[PATH_MAX];

	if (rules == NULL)
		abort();
	snprintf(classes, sizeof(classes), "%s/classes.yaml", settings->national);
	atomic_init(&rules->refs, 1);
	rules->agencies = agencies_load(settings->agencies, mistakes, warnings);
	rules->enricher = enricher_load(settings->enrich, rules->agencies, mistakes, warnings);
	rules->classifier = classifier_load(classes, mistakes);
	rules->masker = masker_load(settings->masking, mistakes);
	rules->profile = national_profile_load(settings->national, mistakes);
	if (rules->agencies != NULL && rules->enricher != NULL && rules->classifier != NULL &&
		rules->masker != NULL && rules->profile != NULL &&
		load_detector(rules, settings, before, mistakes, warnings)) {
		load_formats(rules, settings, before, warnings);
		load_indicators(rules, settings, before, warnings);
		return rules;
	}
	rules_unref(rules);
	return NULL;
}

struct rules *rules_ref(struct rules *rules)
{
	atomic_fetch_add(&rules->refs, 1);
	return rules;
}

void rules_unref(struct rules *rules)
{
	if (rules == NULL || atomic_fetch_sub(&rules->refs, 1) > 1)
		return;
	normalizer_free(rules->normalizer);
	own_formats_free(rules->formats);
	agencies_unref(rules->agencies);
	enricher_free(rules->enricher);
	classifier_free(rules->classifier);
	detector_unref(rules->detector);
	indicators_unref(rules->indicators);
	masker_free(rules->masker);
	national_profile_free(rules->profile);
	free(rules);
}
