#include "collector/derive/detections.h"

#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

#include "collector/derive/findings.h"
#include "collector/detect/detector.h"
#include "common/clock.h"

enum {
	SUBJECT_MAX = 256,       /* bytes that count */
	KEY_MAX = 1024,          /* bytes of a rule's key, and of whom it is about */
	VALUE_MAX = 512,         /* bytes of a value that a finding repeats */
	FIELDS_SIZE_MAX = 16384, /* bytes of all of them */
	EVIDENCE_MAX = 32,
};

/* Rules that are built in have their own numbers, below. */
#define SIGMA_NUMBER UINT32_C(0x80000000)

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

struct slice detections_subject(const struct record *record)
{
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
		const struct slice value = record_get(record, subjects[i]);

		if (value.len > 0)
			return value.len > SUBJECT_MAX ? slice_head(value, SUBJECT_MAX) : value;
	}
	return SLICE_LIT("");
}

/* ---- what a finding says ------------------------------------------------------ */

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

static void put_rule(struct strbuf *fields, const struct sigma_rule *rule)
{
	char technique[16];

	for (size_t i = 0; i < rule->n_tags; i++) {
		if (technique_of(rule->tags[i], technique))
			findings_put_field(
				fields, FIELD_THREAT_TECHNIQUE_ID, slice_str(technique));
	}
}

static void put_record(struct strbuf *fields, const struct sighting *sighting)
{
	char evidence[EVIDENCE_MAX];

	for (size_t i = 0; i < ARRAY_LEN(repeated); i++) {
		struct slice value = record_get(sighting->record, repeated[i]);

		if (value.len > VALUE_MAX)
			value = slice_head(value, VALUE_MAX);
		if (value.len > 0)
			findings_put_field(fields, repeated[i], value);
	}
	snprintf(evidence, sizeof(evidence), "%u-%" PRIu64, sighting->class, sighting->number);
	findings_put_field(fields, FIELD_SOC_EVIDENCE, slice_str(evidence));
}

/* ---- whether it is told --------------------------------------------------------- */

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

static bool is_told(const struct derive_settings *settings, const struct sigma_rule *rule)
{
	return (int)sigma_rule_level(rule) >= settings->finding_level;
}

/* NULL: it was told within the hour. Valid until the next touch. */
static const struct pace *begin_episode(struct concluding *concluding,
	const struct sighting *sighting, struct slice rule, int64_t at_ns)
{
	const struct columns *columns = sighting->columns;
	const uint32_t where[] = {columns->agency, columns->host};
	struct strbuf key = STRBUF_INIT(KEY_MAX);

	strbuf_add(&key, slice_of((const char *)where, sizeof(where)));
	strbuf_add(&key, rule);
	strbuf_add_byte(&key, '\0');
	strbuf_add(&key, detections_subject(sighting->record));
	struct pace *pace = paces_touch(concluding->paces, columns->agency, KIND_DETECTED,
		strbuf_slice(&key), columns->received_ns);
	strbuf_done(&key);
	(void)pace_count(pace, at_ns, CONCLUDING_HOUR_MS * CLOCK_NS_PER_MS);
	pace_add(pace, 1u + columns->repeats);
	pace->events += 1u + columns->repeats;
	if (concluding_is_in_hour_of(pace->fired_ns, at_ns))
		return NULL;
	pace->fired_ns = at_ns;
	return pace;
}

static bool tell(struct concluding *concluding, const struct sighting *sighting,
	struct conclusion *conclusion, const struct sigma_rule *rule, struct slice key,
	struct slice version, struct err *err)
{
	struct strbuf fields = STRBUF_INIT(FIELDS_SIZE_MAX);

	findings_put_field(&fields, FIELD_RULE_ID, key);
	findings_put_field(&fields, FIELD_RULE_VERSION, version);
	if (rule != NULL)
		put_rule(&fields, rule);
	put_record(&fields, sighting);
	conclusion->rule = rule != NULL && rule->title.len > 0 ? rule->title : key;
	conclusion->subject = detections_subject(sighting->record);
	conclusion->attack =
		rule != NULL ? detector_class(sighting->detector, rule) : CLASS_OTHER;
	conclusion->severity = rule != NULL ? severity_of(rule) : SEVERITY_MEDIUM;
	conclusion->fields = strbuf_slice(&fields);
	bool told = concluding_tell(concluding, sighting, conclusion, err);
	strbuf_done(&fields);
	return told;
}

bool detections_match(struct concluding *concluding, const struct sighting *sighting,
	const struct match *match, struct err *err)
{
	const struct detector *detector = sighting->detector;
	struct slice key, version;

	if (!detector_tag(match, &key, &version))
		return true;
	const struct sigma_rule *rule = detector ? detector_rule(detector, key) : NULL;
	if (rule != NULL && !is_told(concluding->settings, rule))
		return true;

	struct conclusion conclusion = {
		.rule_number = SIGMA_NUMBER | XXH32(key.ptr, key.len, 0),
		.at_ns = concluding_time(concluding, sighting),
	};
	const struct pace *pace = begin_episode(concluding, sighting, key, conclusion.at_ns);
	if (pace == NULL)
		return true;
	conclusion.since_ns = pace->since_ns;
	conclusion.events = pace->events;
	return tell(concluding, sighting, &conclusion, rule, key, version, err);
}
