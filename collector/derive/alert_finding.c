#include "collector/derive/alert_finding.h"

#include "common/clock.h"
#include "common/utf8.h"

#define BACK_MOST_NS (INT64_C(72) * 3600 * CLOCK_NS_PER_S)

bool alert_finding_is(const struct columns *columns)
{
	const bool is_malware = columns->kind == RECORD_LOG && columns->flags & RECORD_MALWARE;

	return !(columns->flags & RECORD_TEST) &&
	       (columns->kind == RECORD_FINDING || columns->kind == RECORD_HIT || is_malware);
}

/* The first of them that the record has, cut. */
static struct slice first_of(
	const struct record *record, const enum field_id *ids, size_t n_ids, size_t max)
{
	for (size_t i = 0; i < n_ids; i++) {
		const struct slice value = record_get(record, ids[i]);

		if (!slice_absent(value) && value.len > 0)
			return utf8_head(value, max);
	}
	return SLICE_LIT("");
}

#define FIRST_OF(record, max, ...)                                                             \
	first_of(record, (const enum field_id[]){__VA_ARGS__},                                 \
		ARRAY_LEN(((const enum field_id[]){__VA_ARGS__})), max)

static void add_technique(struct alert_finding *finding, size_t *len, struct slice technique)
{
	const size_t blank = *len > 0;

	if (technique.len == 0 || technique.len > FINDING_TECHNIQUES_MAX - *len - blank)
		return;
	if (blank)
		finding->techniques[(*len)++] = ' ';
	memcpy(finding->techniques + *len, technique.ptr, technique.len);
	*len += technique.len;
}

static void take_techniques(struct alert_finding *finding, const struct record *record)
{
	size_t len = 0;

	for (unsigned i = 0; i < record->n_fields; i++) {
		if (record->fields[i].id == FIELD_THREAT_TECHNIQUE_ID &&
			len < FINDING_TECHNIQUES_MAX)
			add_technique(finding, &len, field_value(&record->fields[i]));
	}
	finding->techniques[len] = '\0';
}

/* Of a rule, the subject is whom it is about. */
static void name_finding(struct alert_finding *finding, const struct record *record)
{
	finding->rule = FIRST_OF(record, FINDING_TEXT_MAX, FIELD_RULE_ID, FIELD_RULE_NAME);
	finding->title = FIRST_OF(record, FINDING_TEXT_MAX, FIELD_RULE_NAME, FIELD_RULE_ID);
	finding->subject = FIRST_OF(record, FINDING_TEXT_MAX, FIELD_SOURCE_IP, FIELD_USER_NAME,
		FIELD_PROCESS_EXECUTABLE, FIELD_FILE_PATH, FIELD_FILE_HASH_SHA256,
		FIELD_DESTINATION_IP, FIELD_DESTINATION_DOMAIN, FIELD_URL_FULL);
}

/* Of malware it is the malware: at a host one alert for each. */
static void name_malware(struct alert_finding *finding, const struct record *record)
{
	finding->rule = SLICE_LIT("malware");
	finding->title = FIRST_OF(record, FINDING_TEXT_MAX, FIELD_THREAT_NAME, FIELD_RULE_NAME);
	finding->subject = finding->title;
}

/* As far back as a late order may still hold; else the stamp is not believed. */
static int64_t event_time(const struct columns *columns)
{
	return columns->created_ns == CLOCK_NONE ||
			       columns->created_ns > columns->received_ns ||
			       columns->created_ns < columns->received_ns - BACK_MOST_NS
		       ? columns->received_ns
		       : columns->created_ns;
}

struct alert_finding alert_finding_of(
	const struct store_block *block, unsigned i, const struct record *record)
{
	const struct columns *columns = &block->columns[i];
	struct alert_finding finding = {
		.version = FIRST_OF(record, FINDING_TEXT_MAX, FIELD_RULE_VERSION),
		.source = FIRST_OF(record, FINDING_TEXT_MAX, FIELD_SOURCE_IP),
		.user = FIRST_OF(record, FINDING_TEXT_MAX, FIELD_USER_NAME),
		.about = FIRST_OF(record, FINDING_ABOUT_MAX, FIELD_MESSAGE),
		.event = FIRST_OF(record, FINDING_TEXT_MAX, FIELD_SOC_EVIDENCE),
		.agency = columns->agency,
		.host = columns->host,
		.system = columns->system,
		.level = columns->level,
		.attack = columns->attack,
		.severity = columns->severity < SEVERITY_COUNT ? columns->severity : 0,
		.at_ns = event_time(columns),
		.received_ns = columns->received_ns,
		.resolved = columns->flags & RECORD_RESOLVED,
		.class = (uint8_t)block->class,
		.number = block->first + i,
	};

	if (columns->kind == RECORD_FINDING)
		name_finding(&finding, record);
	else
		name_malware(&finding, record);
	if (finding.about.len == 0)
		finding.about = utf8_head(record->raw, FINDING_ABOUT_MAX);
	take_techniques(&finding, record);
	return finding;
}
