/*
 * pipeline - the walk every batch takes, top to bottom
 *
 * Runs on the worker that read the bytes, start to end, without a lock but one
 * look at the rules in force. The last line gives the batch to the store's writer
 * thread, which commits it and sends it home to be acknowledged and reused;
 * from the stored bytes everything else follows by cursor (derive/, then
 * national/ and forward/).
 */
#include "collector/pipeline.h"

#include <pthread.h>
#include <stdlib.h>

#include "collector/detect/match.h"
#include "collector/normalize/families/audit_events.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/counter.h"

static struct counter records = COUNTER("pipeline.records", "records that passed the pipeline");
static struct counter unknown =
	COUNTER("pipeline.unknown", "records no parser claimed; stored whole");
static struct counter unattributed = COUNTER("pipeline.unattributed",
	"records of shared sources that name no agency they may speak for");
static struct counter hosts_claimed = COUNTER("pipeline.hosts_claimed",
	"records of relays whose line names a host that whoever forwarded it does not, or "
	"that the register or the settings do not give it; kept as soc.claimed_host");
static struct counter matches_lost =
	COUNTER("pipeline.matches_lost", "tags of rules that found no room on their record");
static struct counter lines_lost = COUNTER("pipeline.lines_lost",
	"records whose line could not be masked in the memory there was: stored without it");
static struct counter without_fields = COUNTER("pipeline.without_fields",
	"records stored without their fields, which had outgrown the batch");

struct pipeline {
	struct pipeline_stages stages;
	struct audit_carry *carry;
	struct headers *headers;
	pthread_mutex_t lock; /* of the pointer */
	struct rules *rules;
	struct mask_ledger *masked;
};

struct rules *pipeline_rules(struct pipeline *pipeline)
{
	pthread_mutex_lock(&pipeline->lock);
	struct rules *rules = rules_ref(pipeline->rules);
	pthread_mutex_unlock(&pipeline->lock);
	return rules;
}

/* Which system the host belongs to, and its level, are those of this moment: the register may
 * have changed since it connected. */
static void place(const struct agency_register *agencies, struct batch *batch)
{
	struct agency_place place = {0};
	int64_t now_ns = batch->n_records > 0 ? batch->records[0].received_ns : 0;

	if (!agencies_place(agencies, batch->stream.agency, batch->stream.host, now_ns, &place))
		return; /* it left the register while this was under way */
	for (unsigned i = 0; i < batch->n_records; i++) {
		batch->records[i].system = place.system;
		batch->records[i].level = place.level;
	}
}

static bool may_name(const struct record_source *source, uint32_t host)
{
	for (size_t i = 0; i < source->n_hosts; i++) {
		if (source->hosts[i] == host)
			return true;
	}
	return source->n_hosts == 0;
}

/* Only of the agency that the relay is of: what it says reaches no other. */
static bool name_host(const struct agency_register *agencies, struct record *record)
{
	struct agency_place place;
	uint32_t host;

	if (!agencies_host_named(agencies, record->agency, record->forwarded_host, &host) ||
		!may_name(record->source, host) ||
		!agencies_place(agencies, record->agency, host, record->received_ns, &place))
		return false;
	record->host = host;
	record->system = place.system;
	record->level = place.level;
	return true;
}

static struct slice bare_name(struct slice name)
{
	return slice_head(name, slice_find(name, '.'));
}

/* A name in the line that is not the one its record stands under. */
static struct slice claimed_host(const struct record *record, bool is_placed)
{
	static const enum field_id names[] = {FIELD_HOST_HOSTNAME, FIELD_HOST_NAME};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct slice name = record_get(record, names[i]);

		if (name.len > 0 && !(is_placed && slice_eq_nocase(bare_name(name),
							   bare_name(record->forwarded_host))))
			return name;
	}
	return SLICE_NONE;
}

static void name_hosts(const struct agency_register *agencies, struct batch *batch)
{
	for (unsigned i = 0; i < batch->n_records; i++) {
		struct record *record = &batch->records[i];

		if (record->source == NULL || !record->source->names_host)
			continue;
		const struct slice claimed = claimed_host(record, name_host(agencies, record));
		if (claimed.len > 0)
			counter_add(&hosts_claimed, 1);
		if (!record_add(record, &batch->arena, FIELD_SOC_CLAIMED_HOST, claimed))
			record->status = PARSE_DAMAGED;
	}
}

/* Records of a shared source belong to the agency a rule of the register names. */
static void attribute_record(const struct agency_register *agencies, struct record *record)
{
	struct agencies_facts facts;
	struct agency_place place;

	agencies_facts_of(record, &facts);
	switch (agencies_attribute(agencies, record->agency, record->host, record->source->name,
		&facts, record->received_ns, &place)) {
	case AGENCIES_OWN:
		break;
	case AGENCIES_ATTRIBUTED:
		record->agency = place.agency;
		record->system = place.system;
		record->level = place.level;
		record->flags |= RECORD_SHARED;
		break;
	case AGENCIES_UNATTRIBUTED:
		record->flags |= RECORD_UNATTRIBUTED | RECORD_SHARED;
		counter_add(&unattributed, 1);
		break;
	}
}

static void attribute(const struct agency_register *agencies, struct batch *batch)
{
	if (!agencies_is_shared(agencies, batch->stream.agency, batch->stream.host))
		return;
	for (unsigned i = 0; i < batch->n_records; i++)
		attribute_record(agencies, &batch->records[i]);
}

static void match(struct batch *batch)
{
	counter_add(&matches_lost, match_batch(batch));
}

static void detect(struct detector *detector, struct batch *batch)
{
	counter_add(&matches_lost, detector_match_batch(detector, batch));
}

static void look_up(struct indicators *indicators, struct batch *batch)
{
	const int64_t now_ns = batch->n_records > 0 ? batch->records[0].received_ns : 0;

	if (indicators != NULL)
		counter_add(&matches_lost,
			indicators_match_batch(indicators, batch, now_ns / CLOCK_NS_PER_S));
}

static struct slice conceal(void *masker, struct arena *arena, struct slice value)
{
	return masker_token(masker, arena, value);
}

static void mask(struct masker *masker, struct mask_ledger *ledger, struct batch *batch)
{
	counter_add(&lines_lost, mask_batch(masker, batch, mask_ledger_count, ledger));
	counter_add(&matches_lost, match_conceal_batch(batch, conceal, masker));
}

static void count(const struct batch *batch)
{
	unsigned n_unknown = 0;

	for (unsigned i = 0; i < batch->n_records; i++)
		n_unknown += batch->records[i].status == PARSE_UNKNOWN;
	counter_add(&records, batch->n_records);
	counter_add(&unknown, n_unknown);
}

/*
 * Fields that outgrow a batch are left out, and the records say so: refusing the batch would
 * only bring it back. Their lines, with tokens and in UTF-8, are a few times what came at most.
 */
static void encode(struct batch *batch)
{
	if (encode_batch(batch))
		return;
	counter_add(&without_fields, batch->n_records);
	for (unsigned i = 0; i < batch->n_records; i++) {
		batch->records[i].n_fields = 0;
		batch->records[i].status = PARSE_DAMAGED;
	}
	if (!encode_batch(batch))
		abort(); /* BATCH_ENCODED_MAX holds any chunk */
}

void pipeline_run(struct pipeline *pipeline, struct batch *batch)
{
	const struct pipeline_stages *stages = &pipeline->stages;
	struct rules *rules = pipeline_rules(pipeline);

	place(rules->agencies, batch); /* host -> system, level         */
	/* raw bytes -> fields */
	normalize_batch(rules->normalizer, pipeline->headers, batch);
	audit_events_join(pipeline->carry, batch);    /* records of an event -> event  */
	name_hosts(rules->agencies, batch);           /* a relay's records -> host     */
	attribute(rules->agencies, batch);            /* shared sources -> agency      */
	enrich_batch(rules->enricher, batch);         /* where, whose, what kind       */
	classify_batch(rules->classifier, batch);     /* fields -> class, severity     */
	match(batch);                                 /* fields -> tags to correlate   */
	detect(rules->detector, batch);               /* fields -> tags of Sigma rules */
	look_up(rules->indicators, batch);            /* fields -> tags of indicators  */
	mask(rules->masker, pipeline->masked, batch); /* secrets go, for good          */
	count(batch);                                 /* what passed by                */
	encode(batch);                                /* fields -> stored form, once   */
	store_submit(stages->store, batch);           /* durable, then everything else */
	rules_unref(rules);
}

/* ---- life ------------------------------------------------------------------- */

struct pipeline *pipeline_new(const struct pipeline_stages *stages, struct rules *rules)
{
	struct pipeline *pipeline = calloc(1, sizeof(*pipeline));

	if (pipeline == NULL)
		abort();
	pthread_mutex_init(&pipeline->lock, NULL);
	pipeline->stages = *stages;
	pipeline->carry = audit_carry_new();
	pipeline->headers = headers_new();
	pipeline->rules = rules_ref(rules);
	pipeline->masked = mask_ledger_new();
	return pipeline;
}

void pipeline_free(struct pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	rules_unref(pipeline->rules);
	audit_carry_free(pipeline->carry);
	headers_free(pipeline->headers);
	mask_ledger_free(pipeline->masked);
	pthread_mutex_destroy(&pipeline->lock);
	free(pipeline);
}

struct mask_ledger *pipeline_masked(struct pipeline *pipeline)
{
	return pipeline->masked;
}

struct headers *pipeline_headers(struct pipeline *pipeline)
{
	return pipeline->headers;
}

void pipeline_use_rules(struct pipeline *pipeline, struct rules *rules)
{
	pthread_mutex_lock(&pipeline->lock);
	struct rules *old = pipeline->rules;
	pipeline->rules = rules_ref(rules);
	pthread_mutex_unlock(&pipeline->lock);
	rules_unref(old);
}

bool pipeline_place(struct pipeline *pipeline, uint32_t agency, uint32_t host, int64_t at_ns,
	struct agency_place *place)
{
	struct rules *rules = pipeline_rules(pipeline);
	bool known = agencies_place(rules->agencies, agency, host, at_ns, place);

	rules_unref(rules);
	return known;
}
