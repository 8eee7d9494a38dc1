/*
 * yara - what an agent's scanner found; agent/README.md, "What items say"
 *
 * What the rule's author says of the malware decides how it is counted:
 * `malware` is its name (else the rule's), `type`, `behavior`, `severity` (low,
 * medium, high, critical; high when it says nothing of the kind).
 */
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/names.h"

static const struct meaning found = {
	.action = {SLICE_BYTES("yara_match")},
	.category = {ECS_MALWARE},
	.type = {ECS_INFO},
};

static const struct {
	struct slice name;
	enum field_id id;
} meta[] = {
	{{SLICE_BYTES("malware")}, FIELD_THREAT_NAME},
	{{SLICE_BYTES("type")}, FIELD_THREAT_TYPE},
	{{SLICE_BYTES("behavior")}, FIELD_SOC_MALWARE_BEHAVIOR},
	{{SLICE_BYTES("description")}, FIELD_RULE_DESCRIPTION},
	{{SLICE_BYTES("reference")}, FIELD_RULE_REFERENCE},
	{{SLICE_BYTES("author")}, FIELD_RULE_AUTHOR},
	{{SLICE_BYTES("id")}, FIELD_RULE_ID},
};

struct reading {
	struct record *record;
	struct parse_context *context;
	struct named_values values;
	struct slice severity; /* as the rule's author wrote it; absent when he did not */
};

static struct slice severity_of(struct slice text)
{
	static const struct slice known[] = {{SLICE_BYTES("low")}, {SLICE_BYTES("medium")},
		{SLICE_BYTES("high")}, {SLICE_BYTES("critical")}};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (slice_eq_nocase(known[i], text))
			return known[i];
	}
	return SLICE_LIT("high");
}

static void put_meta(struct reading *reading, struct slice name, struct slice value)
{
	if (slice_eq(name, SLICE_LIT("severity")))
		reading->severity = value;
	for (size_t i = 0; i < ARRAY_LEN(meta); i++) {
		if (slice_eq(meta[i].name, name))
			put_some(reading->record, reading->context, meta[i].id, value);
	}
}

static void put_pair(struct reading *reading, const struct pair *pair)
{
	struct slice name = pair->name;

	if (skip_lit(&name, "soc.yara.meta."))
		put_meta(reading, name, pair->value);
	else
		named_put_field(reading->record, reading->context, &reading->values, pair);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct reading reading = {.record = record, .context = context};
	struct pairs *pairs = context->pairs;

	pairs_read_json(pairs, context->message, context->arena);
	if (pairs->state == PAIRS_NOT_MINE)
		return PARSED_NOT_MINE;
	for (unsigned i = 0; i < pairs->n; i++)
		put_pair(&reading, &pairs->items[i]);
	context->full = context->full || pairs->full || pairs->left_out;
	context->message = SLICE_NONE;
	struct slice rule = record_get(record, FIELD_RULE_NAME);
	if (pairs->state == PAIRS_WHOLE && slice_absent(rule))
		return PARSED_NOT_MINE;
	put_meaning(record, context, &found);
	put(record, context, FIELD_SOC_MALWARE_SEVERITY, severity_of(reading.severity));
	if (slice_absent(record_get(record, FIELD_THREAT_NAME)))
		put(record, context, FIELD_THREAT_NAME, rule);
	return pairs->state == PAIRS_WHOLE ? PARSED : PARSED_DAMAGED;
}

const struct parser parser_yara = {
	.number = 18,
	.name = "yara",
	.module = "yara",
	.summary = "hits of the agents' YARA scanner",
	.source = "agent/README.md, What items say",
	.parse = parse,
};
