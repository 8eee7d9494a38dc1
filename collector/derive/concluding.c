#include "collector/derive/concluding.h"

#include "collector/derive/spread.h"
#include "collector/derive/tally.h"
#include "common/clock.h"
#include "common/counter.h"

static struct counter findings = COUNTER("derive.findings", "findings concluded");
static struct counter held_back = COUNTER(
	"derive.findings_held_back", "findings beyond what one host may have in an hour");

/* False when the allowance is used up for now. */
static bool may_tell(struct concluding *concluding, const struct columns *columns,
	const struct finding *finding, uint64_t *n_held)
{
	const uint32_t where[] = {finding->rule_number, columns->agency, columns->host};
	struct pace *limit = paces_touch(concluding->paces, columns->agency, KIND_LIMIT,
		slice_of((const char *)where, sizeof(where)), columns->received_ns);

	if (pace_count(limit, finding->at_ns, CONCLUDING_HOUR_MS * CLOCK_NS_PER_MS) >=
		concluding->settings->findings_most) {
		limit->events++;
		return false;
	}
	pace_add(limit, 1);
	*n_held = limit->events;
	limit->events = 0;
	return true;
}

static bool add_row(struct concluding *concluding, const struct matched *matched,
	const struct finding *finding, uint64_t n_held, struct err *err)
{
	const struct columns *columns = matched->columns;

	return database_run(concluding->database, err,
		matched->how == CORRELATE_NEW ? STATEMENT_EMIT_ADD : STATEMENT_DOUBT_ADD,
		"iiiiiiittiiib", (int64_t)columns->agency, (int64_t)columns->host,
		(int64_t)columns->system, (int64_t)columns->level, (int64_t)finding->attack,
		(int64_t)finding->severity, finding->at_ns, finding->rule, finding->subject,
		(int64_t)finding->events, finding->since_ns, (int64_t)n_held, finding->fields);
}

bool concluding_add(struct concluding *concluding, const struct matched *matched,
	const struct finding *finding, struct err *err)
{
	uint64_t n_held;
	const bool may = may_tell(concluding, matched->columns, finding, &n_held);

	if (matched->how == CORRELATE_AGAIN)
		return true;
	if (matched->how == CORRELATE_NEW)
		counter_add(may ? &findings : &held_back, 1);
	return !may || add_row(concluding, matched, finding, n_held, err);
}

bool concluding_tell(struct concluding *concluding, const struct matched *matched,
	const struct finding *finding, struct err *err)
{
	return concluding_add(concluding, matched, finding, err) &&
	       spread_note(concluding, matched, finding, err);
}

int64_t concluding_time(const struct concluding *concluding, const struct matched *matched)
{
	bool late;

	return tally_time(concluding->settings, matched->columns, &late);
}

bool concluding_is_in_hour_of(int64_t before_ns, int64_t at_ns)
{
	return before_ns != CLOCK_NONE &&
	       at_ns - before_ns < CONCLUDING_HOUR_MS * CLOCK_NS_PER_MS;
}
