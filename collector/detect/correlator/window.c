#include "collector/detect/correlator/window.h"

#include <stdlib.h>

static struct cell *new_cell(struct group *group, uint32_t at, const struct sight *sight)
{
	if (group->n_cells == group->cells_room) {
		group->cells_room = group->cells_room ? 2 * group->cells_room : 4;
		group->cells = realloc(group->cells, group->cells_room * sizeof(*group->cells));
		if (group->cells == NULL)
			abort();
	}
	memmove(&group->cells[at + 1], &group->cells[at],
		(group->n_cells - at) * sizeof(*group->cells));
	group->n_cells++;
	group->cells[at] = (struct cell){.time_ns = sight->time_ns,
		.what = sight->what,
		.weight = sight->weight,
		.ref = sight->ref};
	return &group->cells[at];
}

static void remove_cells(struct group *group, uint32_t at, uint32_t n)
{
	memmove(&group->cells[at], &group->cells[at + n],
		(group->n_cells - at - n) * sizeof(*group->cells));
	group->n_cells -= n;
}

static int64_t since(const struct group *group, const struct correlation *correlation)
{
	return correlation->closes ? group->first_ns
				   : group->newest_ns - correlation->timespan_ns;
}

/* ---- times, in order ------------------------------------------------------------------- */

/* Where it goes: by time, then by rule, so that what is at one time stands in the order that
 * is asked for. */
static uint32_t place_of(const struct group *group, const struct sight *sight)
{
	uint32_t at = group->n_cells;

	while (at > 0 && (group->cells[at - 1].time_ns > sight->time_ns ||
				 (group->cells[at - 1].time_ns == sight->time_ns &&
					 group->cells[at - 1].what > sight->what)))
		at--;
	return at;
}

static void remove_before(struct group *group, int64_t time_ns)
{
	uint32_t n = 0;

	while (n < group->n_cells && group->cells[n].time_ns < time_ns)
		n++;
	if (n > 0)
		remove_cells(group, 0, n);
}

/* Two neighbours become one, at the time of the earlier; of all pairs, so that it happens once
 * in many events. */
static void halve(struct group *group, uint64_t *trimmed)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < group->n_cells; i += 2) {
		group->cells[n] = group->cells[i];
		if (i + 1 < group->n_cells) {
			group->cells[n].weight += group->cells[i + 1].weight;
			group->cells[n].ref = group->cells[i + 1].ref;
			++*trimmed;
		}
		n++;
	}
	group->n_cells = n;
}

/* So many newest times are enough to know whether a count is reached. */
static bool is_counted_out(const struct correlation *correlation)
{
	return correlation->type == CORRELATION_EVENT_COUNT &&
	       correlation_least(correlation) <= WINDOW_TIMES_MAX;
}

static void add_time(struct group *group, const struct correlation *correlation,
	const struct sight *sight, uint64_t *trimmed)
{
	remove_before(group, since(group, correlation));
	new_cell(group, place_of(group, sight), sight);
	if (is_counted_out(correlation)) {
		if (group->n_cells > (uint32_t)correlation_least(correlation))
			remove_cells(group, 0, 1);
	} else if (group->n_cells > WINDOW_TIMES_MAX) {
		halve(group, trimmed);
	}
}

/* Of the rule that has most events the oldest goes: what is rare decides orders. */
static void thin_out(struct group *group, uint64_t *trimmed)
{
	uint32_t count[CORRELATION_RULES_MAX] = {0}, at = 0;
	uint64_t most = 0;

	for (uint32_t i = 0; i < group->n_cells; i++) {
		uint64_t what = group->cells[i].what;

		count[what]++;
		if (count[what] > count[most])
			most = what;
	}
	while (group->cells[at].what != most)
		at++;
	remove_cells(group, at, 1);
	++*trimmed;
}

static void add_in_order(struct group *group, const struct correlation *correlation,
	const struct sight *sight, uint64_t *trimmed)
{
	remove_before(group, since(group, correlation));
	new_cell(group, place_of(group, sight), sight);
	if (group->n_cells > WINDOW_ORDER_MAX)
		thin_out(group, trimmed);
}

/* ---- distinct things, newest time of each ---------------------------------------------- */

/* Distinct ones that are kept: as many as decide. */
static uint32_t distinct_most(const struct correlation *correlation)
{
	if (correlation->closes || correlation->type == CORRELATION_TEMPORAL)
		return CORRELATION_VALUES_MAX;
	return (uint32_t)correlation_least(correlation);
}

static void add_distinct(
	struct group *group, const struct correlation *correlation, const struct sight *sight)
{
	uint32_t oldest = 0;

	for (uint32_t i = 0; i < group->n_cells; i++) {
		struct cell *cell = &group->cells[i];

		if (cell->what == sight->what) {
			cell->weight += sight->weight;
			if (cell->time_ns <= sight->time_ns) {
				cell->time_ns = sight->time_ns;
				cell->ref = sight->ref;
			}
			return;
		}
		if (cell->time_ns < group->cells[oldest].time_ns)
			oldest = i;
	}
	if (group->n_cells < distinct_most(correlation)) {
		new_cell(group, group->n_cells, sight);
	} else if (correlation->closes) {
		group->saturated = true;
	} else if (group->cells[oldest].time_ns <= sight->time_ns) {
		remove_cells(group, oldest, 1);
		new_cell(group, group->n_cells, sight);
	}
}

/* ---- all of them ------------------------------------------------------------------------ */

static void add_up(struct group *group, const struct sight *sight)
{
	if (group->n_cells == 0)
		new_cell(group, 0, sight);
	else
		group->cells[0].weight += sight->weight;
}

void window_add(struct group *group, const struct correlation *correlation,
	const struct sight *sight, uint64_t *trimmed)
{
	switch (correlation->type) {
	case CORRELATION_EVENT_COUNT:
	case CORRELATION_VALUE_SUM:
	case CORRELATION_VALUE_AVG:
		if (correlation->closes)
			add_up(group, sight);
		else
			add_time(group, correlation, sight, trimmed);
		break;
	case CORRELATION_TEMPORAL_ORDERED:
		add_in_order(group, correlation, sight, trimmed);
		break;
	case CORRELATION_VALUE_COUNT:
	case CORRELATION_VALUE_PERCENTILE:
	case CORRELATION_TEMPORAL:
	case CORRELATION_TYPES:
		add_distinct(group, correlation, sight);
		break;
	}
}

static double sum(const struct group *group)
{
	double all = 0;

	for (uint32_t i = 0; i < group->n_cells; i++)
		all += group->cells[i].weight;
	return all;
}

static double distinct(const struct group *group, int64_t since_ns)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < group->n_cells; i++)
		n += group->cells[i].time_ns >= since_ns;
	return group->saturated ? CORRELATION_VALUES_MAX + 1 : n;
}

/* How many of the rules follow each other at most, in the order they are written. */
static double longest_order(const struct group *group)
{
	unsigned longest[CORRELATION_RULES_MAX + 1] = {0}; /* that ends with the rule before */
	unsigned all = 0;

	for (uint32_t i = 0; i < group->n_cells; i++) {
		uint64_t rule = group->cells[i].what;
		unsigned before = 0;

		for (uint64_t k = 0; k < rule; k++)
			before = longest[k] > before ? longest[k] : before;
		if (before + 1 > longest[rule])
			longest[rule] = before + 1;
		all = longest[rule] > all ? longest[rule] : all;
	}
	return all;
}

double window_value(struct group *group, const struct correlation *correlation)
{
	switch (correlation->type) {
	case CORRELATION_EVENT_COUNT:
	case CORRELATION_VALUE_SUM:
		remove_before(group, since(group, correlation));
		return sum(group);
	case CORRELATION_VALUE_AVG:
		return sum(group) / (double)group->events;
	case CORRELATION_TEMPORAL_ORDERED:
		remove_before(group, since(group, correlation));
		return longest_order(group);
	case CORRELATION_VALUE_COUNT:
	case CORRELATION_TEMPORAL:
	case CORRELATION_VALUE_PERCENTILE:
	case CORRELATION_TYPES:
		break;
	}
	return distinct(group, since(group, correlation));
}

bool window_share_holds(const struct group *group, const struct correlation *correlation,
	const struct cell *cell)
{
	return correlation_holds(correlation, 100 * cell->weight / (double)group->events);
}

/* ---- what is shown ------------------------------------------------------------------------
 */

static void remove_evidence(struct group *group, unsigned at)
{
	memmove(&group->evidence[at], &group->evidence[at + 1],
		(group->n_evidence - at - 1u) * sizeof(*group->evidence));
	group->n_evidence--;
}

/* The oldest event of the rule that has most of them. */
static unsigned superfluous(const struct group *group)
{
	unsigned best = 0, most = 0;

	for (unsigned i = 0; i < group->n_evidence; i++) {
		unsigned n = 0;

		for (unsigned k = i; k < group->n_evidence; k++)
			n += group->evidence[k].rule == group->evidence[i].rule;
		if (n > most) {
			most = n;
			best = i;
		}
	}
	return best;
}

static bool has_evidence(const struct group *group, const struct conclusion_evidence *evidence)
{
	for (unsigned i = 0; i < group->n_evidence; i++) {
		if (group->evidence[i].ref == evidence->ref &&
			group->evidence[i].rule == evidence->rule)
			return true;
	}
	return false;
}

void window_keep_evidence(struct group *group, const struct conclusion_evidence *evidence)
{
	unsigned at;

	if (has_evidence(group, evidence))
		return;
	if (group->n_evidence == CONCLUSION_EVIDENCE_MAX)
		remove_evidence(group, superfluous(group));
	if (group->n_evidence == group->evidence_room) {
		group->evidence_room =
			group->evidence_room ? (uint16_t)(2 * group->evidence_room) : 2;
		group->evidence = realloc(
			group->evidence, group->evidence_room * sizeof(*group->evidence));
		if (group->evidence == NULL)
			abort();
	}
	for (at = group->n_evidence;
		at > 0 && group->evidence[at - 1].time_ns > evidence->time_ns; at--)
		group->evidence[at] = group->evidence[at - 1];
	group->evidence[at] = *evidence;
	group->n_evidence++;
}

static void remove_shown(struct group *group, unsigned at)
{
	free(group->shown[at]);
	group->shown[at] = group->shown[--group->n_shown];
}

void window_keep_shown(struct group *group, uint64_t what, int64_t time_ns, struct slice text)
{
	struct shown *made;
	unsigned oldest = 0;

	for (unsigned i = 0; i < group->n_shown; i++) {
		if (group->shown[i]->what == what) {
			if (time_ns > group->shown[i]->time_ns)
				group->shown[i]->time_ns = time_ns;
			return;
		}
		if (group->shown[i]->time_ns < group->shown[oldest]->time_ns)
			oldest = i;
	}
	if (group->n_shown == CONCLUSION_VALUES_MAX)
		remove_shown(group, oldest);
	if (text.len > CONCLUSION_VALUE_SIZE)
		text.len = CONCLUSION_VALUE_SIZE;
	made = malloc(sizeof(*made) + text.len);
	if (made == NULL)
		abort();
	*made = (struct shown){.time_ns = time_ns, .what = what, .len = (uint16_t)text.len};
	memcpy(made->text, text.ptr, text.len);
	group->shown[group->n_shown++] = made;
}

void window_forget(struct group *group, int64_t since_ns)
{
	while (group->n_evidence > 0 && group->evidence[0].time_ns < since_ns)
		remove_evidence(group, 0);
	for (unsigned i = group->n_shown; i-- > 0;) {
		if (group->shown[i]->time_ns < since_ns)
			remove_shown(group, i);
	}
}
