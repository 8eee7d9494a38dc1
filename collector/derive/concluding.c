#include "collector/derive/concluding.h"

#include "collector/derive/tally.h"
#include "common/clock.h"
#include "common/counter.h"

static struct counter findings = COUNTER("derive.findings", "findings concluded");
static struct counter held_back = COUNTER(
	"derive.findings_held_back", "findings beyond what one host may have in an hour");

/* False when the allowance is used up for now. */
static bool may_tell(struct concluding *concluding, const struct columns *columns,
	const struct conclusion *conclusion, uint64_t *n_held)
{
	const uint32_t where[] = {conclusion->rule_number, columns->agency, columns->host};
	struct pace *limit = paces_touch(concluding->paces, columns->agency, KIND_LIMIT,
		slice_of((const char *)where, sizeof(where)), columns->received_ns);

	if (pace_count(limit, conclusion->at_ns, CONCLUDING_HOUR_MS * CLOCK_NS_PER_MS) >=
		concluding->settings->findings_most) {
		limit->events++;
		return false;
	}
	pace_add(limit, 1);
	*n_held = limit->events;
	limit->events = 0;
	return true;
}

static bool add_row(struct concluding *concluding, const struct sighting *sighting,
	const struct conclusion *conclusion, uint64_t n_held, struct err *err)
{
	const struct columns *columns = sighting->columns;

	return database_run(concluding->database, err,
		sighting->how == CORRELATE_NEW ? STATEMENT_EMIT_ADD : STATEMENT_DOUBT_ADD,
		"iiiiiiittiiib", (int64_t)columns->agency, (int64_t)columns->host,
		(int64_t)columns->system, (int64_t)columns->level, (int64_t)conclusion->attack,
		(int64_t)conclusion->severity, conclusion->at_ns, conclusion->rule,
		conclusion->subject, (int64_t)conclusion->events, conclusion->since_ns,
		(int64_t)n_held, conclusion->fields);
}

bool concluding_tell(struct concluding *concluding, const struct sighting *sighting,
	const struct conclusion *conclusion, struct err *err)
{
	uint64_t n_held;
	const bool may = may_tell(concluding, sighting->columns, conclusion, &n_held);

	if (sighting->how == CORRELATE_AGAIN)
		return true;
	if (sighting->how == CORRELATE_NEW)
		counter_add(may ? &findings : &held_back, 1);
	return !may || add_row(concluding, sighting, conclusion, n_held, err);
}

int64_t concluding_time(const struct concluding *concluding, const struct sighting *sighting)
{
	bool late;

	return tally_time(concluding->settings, sighting->columns, &late);
}

bool concluding_is_in_hour_of(int64_t before_ns, int64_t at_ns)
{
	return before_ns != CLOCK_NONE &&
	       at_ns - before_ns < CONCLUDING_HOUR_MS * CLOCK_NS_PER_MS;
}
