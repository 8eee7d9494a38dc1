/*
 * yara - what an agent's scanner found; agent/README.md, "What items say"
 *
 * What the rule's author says of the malware decides how it is counted:
 * `malware` is its name (else the rule's), `type`, `behavior`, `severity` (low,
 * medium, high, critical; high when it says nothing of the kind).
 */
#include "collector/normalize/extract.h"
#include "collector/normalize/flatten.h"
#include "collector/normalize/names.h"

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

static void on_value(void *user, struct slice name, struct slice value)
{
	struct reading *reading = user;

	if (skip_lit(&name, "soc.yara.meta.")) {
		put_meta(reading, name, value);
		return;
	}
	unsigned meaning = name_meaning(name);
	if (meaning > NAME_UNKNOWN && meaning < FIELD_ID_MAX && meaning != FIELD_EVENT_MODULE)
		named_put(reading->record, reading->context, &reading->values, meaning, value);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct reading reading = {.record = record, .context = context};
	enum flatten_result result =
		flatten(context->message, context->arena, on_value, &reading);

	if (result == FLATTEN_NO_OBJECT)
		return PARSED_NOT_MINE;
	context->full = context->full || result == FLATTEN_FULL;
	context->message = SLICE_NONE;
	struct slice rule = record_get(record, FIELD_RULE_NAME);
	if (result == FLATTEN_OK && slice_absent(rule))
		return PARSED_NOT_MINE;
	put_meaning(record, context, &found);
	put(record, context, FIELD_SOC_MALWARE_SEVERITY, severity_of(reading.severity));
	if (slice_absent(record_get(record, FIELD_THREAT_NAME)))
		put(record, context, FIELD_THREAT_NAME, rule);
	return result == FLATTEN_OK ? PARSED : PARSED_DAMAGED;
}

const struct parser parser_yara = {
	.number = 18,
	.name = "yara",
	.module = "yara",
	.summary = "hits of the agents' YARA scanner",
	.source = "agent/README.md, What items say",
	.parse = parse,
};
