/*
 * yara - what an agent's scanner found; agent/README.md, "What items say"
 *
 * What the rule's author says of the malware decides how it is counted:
 * `malware` is its name (else the rule's), `type`, `behavior`, `severity`.
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
	{{SLICE_BYTES("severity")}, FIELD_SOC_MALWARE_SEVERITY},
	{{SLICE_BYTES("description")}, FIELD_RULE_DESCRIPTION},
	{{SLICE_BYTES("reference")}, FIELD_RULE_REFERENCE},
	{{SLICE_BYTES("author")}, FIELD_RULE_AUTHOR},
	{{SLICE_BYTES("id")}, FIELD_RULE_ID},
};

struct reading {
	struct record *record;
	struct parse_context *context;
	struct named_values values;
};

static void put_meta(struct reading *reading, struct slice name, struct slice value)
{
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
