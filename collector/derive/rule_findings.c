#include "collector/derive/rule_findings.h"

#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

#include "collector/derive/findings.h"
#include "collector/detect/sigma/pipelines.h"

enum {
	SUBJECT_MAX = 256, /* bytes that count */
	VALUE_MAX = 512,   /* bytes of a value that a finding repeats */
	CLASS_BITS = 3,    /* of a reference: retention classes are 1 to 5 */
	NAMES_ARENA_MAX = 1 << 16,
};

/* Rules that are built in have their own numbers, below. */
#define SIGMA_NUMBER UINT32_C(0x80000000)

#define RULE_OF_INDICATORS "indicator"

/* The first of these that the record has. */
static const enum field_id subjects[] = {
	FIELD_SOURCE_IP,
	FIELD_USER_NAME,
	FIELD_PROCESS_EXECUTABLE,
	FIELD_FILE_PATH,
};

/* What a finding repeats of the record. */
static const enum field_id repeated[] = {
	FIELD_SOURCE_IP,
	FIELD_DESTINATION_IP,
	FIELD_DESTINATION_DOMAIN,
	FIELD_USER_NAME,
	FIELD_PROCESS_EXECUTABLE,
	FIELD_PROCESS_COMMAND_LINE,
	FIELD_FILE_PATH,
	FIELD_FILE_HASH_SHA256,
	FIELD_URL_FULL,
	FIELD_DNS_QUESTION_NAME,
};

static struct slice at_most(struct slice text, size_t len)
{
	return text.len > len ? slice_head(text, len) : text;
}

struct slice rule_findings_subject(const struct record *record)
{
	const struct slice indicator = record_get(record, FIELD_INDICATOR_NAME);

	if (indicator.len > 0 &&
		slice_eq(record_get(record, FIELD_RULE_ID), SLICE_LIT(RULE_OF_INDICATORS)))
		return at_most(indicator, SUBJECT_MAX);
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
		const struct slice value = record_get(record, subjects[i]);

		if (value.len > 0)
			return at_most(value, SUBJECT_MAX);
	}
	return SLICE_LIT("");
}

/* ---- evidence ------------------------------------------------------------------- */

uint64_t rule_findings_ref(const struct matched *matched)
{
	return matched->number << CLASS_BITS | matched->class;
}

static void put_evidence(struct strbuf *fields, uint64_t ref)
{
	char text[32];

	snprintf(text, sizeof(text), "%u-%" PRIu64, (unsigned)(ref & ((1u << CLASS_BITS) - 1)),
		ref >> CLASS_BITS);
	findings_put_field(fields, FIELD_SOC_EVIDENCE, slice_str(text));
}

/* ---- the rule ------------------------------------------------------------------- */

/* "attack.t1059.001" is T1059.001; "attack.execution" and others are no techniques. */
static bool technique_of(struct slice tag, char technique[static 16])
{
	const struct slice head = SLICE_LIT("attack.t");

	if (tag.len <= head.len || tag.len - head.len > 12 ||
		!slice_eq_nocase(slice_head(tag, head.len), head))
		return false;
	const struct slice number = slice_from(tag, head.len);
	for (size_t i = 0; i < number.len; i++) {
		if (number.ptr[i] != '.' && (number.ptr[i] < '0' || number.ptr[i] > '9'))
			return false;
	}
	snprintf(technique, 16, "T%.*s", SLICE_FMT(number));
	return true;
}

static void put_techniques(struct strbuf *fields, const struct sigma_rule *rule)
{
	char technique[16];

	for (size_t i = 0; i < rule->n_tags; i++) {
		if (technique_of(rule->tags[i], technique))
			findings_put_field(
				fields, FIELD_THREAT_TECHNIQUE_ID, slice_str(technique));
	}
}

static enum severity severity_of(const struct sigma_rule *rule)
{
	static const enum severity severities[] = {
		[SIGMA_INFORMATIONAL] = SEVERITY_LOW,
		[SIGMA_LOW] = SEVERITY_LOW,
		[SIGMA_MEDIUM] = SEVERITY_MEDIUM,
		[SIGMA_HIGH] = SEVERITY_HIGH,
		[SIGMA_CRITICAL] = SEVERITY_CRITICAL,
	};

	return severities[sigma_rule_level(rule)];
}

static void put_rule(struct finding *finding, struct strbuf *fields, struct slice key,
	struct slice version, const struct detector *detector, const struct sigma_rule *rule)
{
	findings_put_field(fields, FIELD_RULE_ID, at_most(key, VALUE_MAX));
	findings_put_field(fields, FIELD_RULE_VERSION, version);
	finding->rule_number = SIGMA_NUMBER | XXH32(key.ptr, key.len, 0);
	finding->rule =
		at_most(rule != NULL && rule->title.len > 0 ? rule->title : key, VALUE_MAX);
	finding->attack = CLASS_OTHER;
	finding->severity = SEVERITY_MEDIUM;
	if (rule == NULL)
		return;
	finding->severity = severity_of(rule);
	finding->attack = detector_class(detector, rule);
	put_techniques(fields, rule);
}

/* ---- a match -------------------------------------------------------------------- */

static void put_record(struct strbuf *fields, const struct record *record)
{
	for (size_t i = 0; i < ARRAY_LEN(repeated); i++) {
		const struct slice value = record_get(record, repeated[i]);

		if (value.len > 0)
			findings_put_field(fields, repeated[i], at_most(value, VALUE_MAX));
	}
}

void rule_findings_of_match(struct finding *finding, struct strbuf *fields,
	const struct detector *detector, const struct sigma_rule *rule,
	const struct match *match, const struct matched *matched)
{
	struct slice key, version;

	if (!detector_tag(match, &key, &version))
		key = version = SLICE_LIT("");
	put_rule(finding, fields, key, version, detector, rule);
	put_record(fields, matched->record);
	put_evidence(fields, rule_findings_ref(matched));
	finding->subject = rule_findings_subject(matched->record);
	finding->fields = strbuf_slice(fields);
}

/* ---- an indicator ----------------------------------------------------------------- */

/* The more the list trusts it, the graver. */
static enum severity severity_of_confidence(unsigned confidence)
{
	if (confidence >= 80)
		return SEVERITY_HIGH;
	return confidence >= 40 ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

void rule_findings_of_indicator(struct finding *finding, struct strbuf *fields,
	const struct indicator_tag *tag, const struct matched *matched)
{
	char confidence[8];

	snprintf(confidence, sizeof(confidence), "%u", tag->confidence);
	findings_put_field(fields, FIELD_RULE_ID, SLICE_LIT(RULE_OF_INDICATORS));
	findings_put_field(fields, FIELD_INDICATOR_TYPE, tag->type);
	findings_put_field(fields, FIELD_INDICATOR_NAME, at_most(tag->text, VALUE_MAX));
	findings_put_field(fields, FIELD_INDICATOR_PROVIDER, at_most(tag->source, VALUE_MAX));
	findings_put_field(fields, FIELD_SOC_CONFIDENCE, slice_str(confidence));
	put_record(fields, matched->record);
	put_evidence(fields, rule_findings_ref(matched));
	finding->rule_number = SIGMA_NUMBER | XXH32(tag->source.ptr, tag->source.len, 1);
	finding->rule = SLICE_LIT(RULE_OF_INDICATORS);
	finding->subject = at_most(tag->text, SUBJECT_MAX);
	finding->attack = tag->attack != CLASS_NONE ? tag->attack : CLASS_MALWARE;
	finding->severity = severity_of_confidence(tag->confidence);
	finding->fields = strbuf_slice(fields);
}

/* ---- a conclusion ----------------------------------------------------------------- */

/* The dictionary's field that stands for the correlation's group-by field, or FIELD_NONE. */
static enum field_id field_of(
	const struct detector *detector, const struct correlation *correlation, size_t group)
{
	const struct correlation_source *source = correlation->rules[0].sources;
	struct slice names[PIPELINE_NAMES_MAX];
	enum field_id found = FIELD_NONE;
	struct arena arena;

	if (correlation->height != 1 || correlation->rules[0].n_sources == 0)
		return field_by_name(correlation->group_by[group]);
	arena_init(&arena, NAMES_ARENA_MAX);
	const size_t n = rule_set_names(
		detector_set(detector), source->rule, source->fields[group], &arena, names);
	for (size_t i = 0; i < n && found == FIELD_NONE; i++)
		found = field_by_name(names[i]);
	arena_done(&arena);
	return found;
}

static bool is_subject(enum field_id id)
{
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
		if (subjects[i] == id)
			return true;
	}
	return false;
}

/* "SourceIP=192.0.2.1", and source.ip where that is what it means. */
static void put_group(struct finding *finding, struct strbuf *fields,
	const struct detector *detector, const struct conclusion *conclusion)
{
	const struct correlation *correlation = conclusion->correlation;

	for (size_t i = 0; i < correlation->n_group; i++) {
		const enum field_id id = field_of(detector, correlation, i);
		const struct slice value = at_most(conclusion->group[i], SUBJECT_MAX);
		struct strbuf text = STRBUF_INIT(4 * VALUE_MAX);

		strbuf_add(&text, at_most(correlation->group_by[i], VALUE_MAX));
		strbuf_add_byte(&text, '=');
		strbuf_add(&text, value);
		findings_put_field(fields, FIELD_SOC_GROUP, strbuf_slice(&text));
		strbuf_done(&text);
		if (id != FIELD_NONE)
			findings_put_field(fields, id, value);
		if (is_subject(id) && finding->subject.len == 0)
			finding->subject = value;
	}
}

void rule_findings_of_conclusion(struct finding *finding, struct strbuf *fields,
	const struct detector *detector, const struct conclusion *conclusion)
{
	const struct sigma_rule *rules;
	char version[DETECTOR_VERSION_LEN + 1];

	rule_set_rules(detector_set(detector), &rules);
	const struct sigma_rule *rule = &rules[conclusion->rule];
	snprintf(version, sizeof(version), "%08" PRIx32, rule->version);
	put_rule(finding, fields, sigma_rule_key(rule), slice_str(version), detector, rule);
	finding->subject = SLICE_LIT("");
	put_group(finding, fields, detector, conclusion);
	for (size_t i = 0; i < conclusion->n_values; i++)
		findings_put_field(
			fields, FIELD_SOC_VALUES, at_most(conclusion->values[i], VALUE_MAX));
	for (size_t i = 0; i < conclusion->n_evidence; i++)
		put_evidence(fields, conclusion->evidence[i].ref);
	finding->events = conclusion->events;
	finding->since_ns = conclusion->first_ns;
	finding->at_ns = conclusion->last_ns;
	finding->fields = strbuf_slice(fields);
}
