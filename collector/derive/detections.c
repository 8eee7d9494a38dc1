#include "collector/derive/detections.h"

#include <stdlib.h>

#include "collector/derive/rule_findings.h"
#include "common/clock.h"
#include "common/crc32c.h"
#include "common/log.h"

enum {
	KEY_MAX = 1024,           /* bytes of a rule's key, and of whom it is about */
	FIELDS_MAX_BYTES = 65536, /* of a finding */
	BLOB_MAX = 1 << 30,
};

#define SIGMA_STATE_DAMAGED                                                                    \
	"the saved state of Sigma correlations is damaged, starting from none"

struct detections {
	struct concluding *concluding;
	struct detector *detector;     /* a reference; whose rules the correlator has */
	struct correlator *correlator; /* NULL: no rules were there yet */
	struct sigma_event event;      /* of the record at hand; of `detector` */
	struct strbuf loaded;          /* groups as they were saved, until there are rules */

	/* While the correlator has the word: */
	const struct matched *matched;
	bool told, failed;
	struct err err;
};

/* ---- conclusions ------------------------------------------------------------ */

static bool is_told(const struct detections *detections, const struct sigma_rule *rule)
{
	return (int)sigma_rule_level(rule) >= detections->concluding->settings->finding_level;
}

static void on_conclusion(void *user, const struct conclusion *conclusion)
{
	struct detections *detections = user;
	struct strbuf fields = STRBUF_INIT(FIELDS_MAX_BYTES);
	struct finding finding = {0};
	const struct sigma_rule *rules;

	rule_set_rules(detector_set(detections->detector), &rules);
	detections->told = true;
	if (detections->failed || !is_told(detections, &rules[conclusion->rule]))
		return;
	rule_findings_of_conclusion(&finding, &fields, detections->detector, conclusion);
	struct columns columns = *detections->matched->columns;
	struct matched matched = *detections->matched;
	if (matched.record == NULL)
		columns.agency = conclusion->owner;
	matched.columns = &columns;
	detections->failed =
		!concluding_tell(detections->concluding, &matched, &finding, &detections->err);
	strbuf_done(&fields);
}

/* ---- rules in force ----------------------------------------------------------- */

static void leave(struct detections *detections)
{
	if (detections->detector == NULL)
		return;
	sigma_event_done(&detections->event);
	detector_unref(detections->detector);
	detections->detector = NULL;
}

static void begin(struct detections *detections, const struct rule_set *set)
{
	detections->correlator =
		correlator_new(set, detections->concluding->settings->sigma_correlation_bytes,
			on_conclusion, detections);
	if (detections->loaded.len > 0 &&
		!correlator_load(detections->correlator, strbuf_slice(&detections->loaded)))
		log_error("derive.correlation", SIGMA_STATE_DAMAGED);
	strbuf_reset(&detections->loaded);
}

/* NULL: those it had stay. */
static void use(struct detections *detections, const struct detector *detector)
{
	if (detector == NULL || detector == detections->detector)
		return;
	const struct rule_set *set = detector_set(detector);
	if (detections->correlator == NULL)
		begin(detections, set);
	else
		correlator_use(detections->correlator, set);
	leave(detections);
	detections->detector = detector_ref((struct detector *)(uintptr_t)detector);
	rule_set_event_init(set, &detections->event);
}

/* ---- matches ------------------------------------------------------------------ */

/* NULL: it was told within the hour. Valid until the next touch. */
static const struct pace *begin_episode(struct concluding *concluding,
	const struct matched *matched, struct slice rule, struct slice subject, int64_t at_ns)
{
	const struct columns *columns = matched->columns;
	const uint32_t where[] = {columns->agency, columns->host};
	struct strbuf key = STRBUF_INIT(KEY_MAX);

	strbuf_add(&key, slice_of((const char *)where, sizeof(where)));
	strbuf_add(&key, rule);
	strbuf_add_byte(&key, '\0');
	strbuf_add(&key, subject);
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

/* A rule that is gone is NULL. */
static bool tell_match(struct detections *detections, const struct matched *matched,
	const struct match *match, struct slice key, const struct sigma_rule *rule,
	struct err *err)
{
	struct concluding *concluding = detections->concluding;
	struct finding finding = {.at_ns = concluding_time(concluding, matched)};

	if (rule != NULL && (rule->silent || !is_told(detections, rule)))
		return true;
	const struct pace *pace = begin_episode(concluding, matched, key,
		rule_findings_subject(matched->record), finding.at_ns);
	if (pace == NULL)
		return true;
	finding.since_ns = pace->since_ns;
	finding.events = pace->events;
	struct strbuf fields = STRBUF_INIT(FIELDS_MAX_BYTES);
	rule_findings_of_match(&finding, &fields, detections->detector, rule, match, matched);
	bool told = concluding_tell(concluding, matched, &finding, err);
	strbuf_done(&fields);
	return told;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t one = *(const uint32_t *)a, two = *(const uint32_t *)b;

	return one < two ? -1 : one > two;
}

static bool correlate(struct detections *detections, const struct matched *matched,
	uint32_t *rules, size_t n, struct err *err)
{
	const struct correlator_event event = {
		.time_ns = concluding_time(detections->concluding, matched),
		.ref = rule_findings_ref(matched),
		.owner = matched->columns->agency,
		.scope = matched->columns->agency,
		.value = correlator_sigma_value,
		.user = &detections->event,
	};

	qsort(rules, n, sizeof(*rules), by_number);
	detector_fill(detections->detector, &detections->event, matched->record);
	detections->matched = matched;
	correlator_take(detections->correlator, &event, rules, n);
	if (detections->failed)
		*err = detections->err;
	return !detections->failed;
}

static bool tell_indicator(struct detections *detections, const struct matched *matched,
	const struct indicator_tag *tag, struct err *err)
{
	struct concluding *concluding = detections->concluding;
	struct finding finding = {.at_ns = concluding_time(concluding, matched)};
	const struct pace *pace =
		begin_episode(concluding, matched, tag->source, tag->text, finding.at_ns);

	if (pace == NULL)
		return true;
	finding.since_ns = pace->since_ns;
	finding.events = pace->events;
	struct strbuf fields = STRBUF_INIT(FIELDS_MAX_BYTES);
	rule_findings_of_indicator(&finding, &fields, tag, matched);
	bool told = concluding_tell(concluding, matched, &finding, err);
	strbuf_done(&fields);
	return told;
}

bool detections_take(
	struct detections *detections, const struct matched *matched, struct err *err)
{
	const struct record *record = matched->record;
	uint32_t rules[RECORD_MATCHES_MAX];
	size_t n = 0;

	use(detections, matched->detector);
	for (unsigned i = 0; i < record->n_matches; i++) {
		const struct sigma_rule *rule;
		struct slice key, version;
		struct indicator_tag tag;

		if (indicators_tag(&record->matches[i], &tag) &&
			!tell_indicator(detections, matched, &tag, err))
			return false;
		if (!detector_tag(&record->matches[i], &key, &version))
			continue;
		rule = detections->detector ? detector_rule(detections->detector, key) : NULL;
		if (!tell_match(detections, matched, &record->matches[i], key, rule, err))
			return false;
		if (rule != NULL && n < ARRAY_LEN(rules))
			rules[n++] = detector_number(detections->detector, rule);
	}
	return n == 0 || correlate(detections, matched, rules, n, err);
}

bool detections_advance(struct detections *detections, const struct detector *detector,
	int64_t now_ns, enum correlate_how how, bool *told, struct err *err)
{
	/* Of no record: whose the group is says the agency. */
	const struct columns columns = {.level = 1, .received_ns = now_ns};
	const struct matched matched = {.columns = &columns, .how = how};

	*told = false;
	use(detections, detector);
	if (detections->correlator == NULL)
		return true;
	detections->told = false;
	detections->matched = &matched;
	correlator_advance(detections->correlator, now_ns);
	*told = detections->told;
	if (detections->failed)
		*err = detections->err;
	return !detections->failed;
}

/* ---- life --------------------------------------------------------------------- */

struct detections *detections_new(struct concluding *concluding)
{
	struct detections *detections = calloc(1, sizeof(*detections));

	if (detections == NULL)
		abort();
	detections->concluding = concluding;
	strbuf_init(&detections->loaded, BLOB_MAX);
	return detections;
}

void detections_free(struct detections *detections)
{
	if (detections == NULL)
		return;
	correlator_free(detections->correlator);
	leave(detections);
	strbuf_done(&detections->loaded);
	free(detections);
}

/* A check sum of what follows. */
struct blob_head {
	uint32_t crc;
};

void detections_save(const struct detections *detections, struct strbuf *out)
{
	const size_t at = out->len;
	struct blob_head head = {0};

	strbuf_add(out, slice_of((const char *)&head, sizeof(head)));
	if (detections->correlator != NULL)
		correlator_save(detections->correlator, out);
	else
		strbuf_add(out, strbuf_slice(&detections->loaded));
	if (out->overflow || out->len - at == sizeof(head)) {
		strbuf_cut(out, at);
		return;
	}
	const struct slice blob = slice_from(strbuf_slice(out), at + sizeof(head));
	head.crc = crc32c(0, blob.ptr, blob.len);
	memcpy(out->ptr + at, &head, sizeof(head));
}

void detections_load(struct detections *detections, struct slice blob)
{
	struct blob_head head;

	if (blob.len == 0)
		return;
	if (blob.len > sizeof(head)) {
		memcpy(&head, blob.ptr, sizeof(head));
		blob = slice_from(blob, sizeof(head));
		if (crc32c(0, blob.ptr, blob.len) == head.crc) {
			strbuf_add(&detections->loaded, blob);
			return;
		}
	}
	log_error("derive.correlation", SIGMA_STATE_DAMAGED);
}

struct detections_state detections_state(const struct detections *detections)
{
	struct correlator_figures figures = {0};

	if (detections->correlator != NULL)
		figures = correlator_figures(detections->correlator);
	return (struct detections_state){figures.groups, figures.bytes, figures.evicted};
}
