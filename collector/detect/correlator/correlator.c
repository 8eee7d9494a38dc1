#include "collector/detect/correlator/correlator.h"

#include <stdlib.h>

#include "collector/detect/correlator/correlator_inner.h"
#include "collector/detect/correlator/trigger.h"
#include "collector/detect/correlator/window.h"
#include "common/clock.h"

enum {
	KEY_MAX = 4 << 20,      /* bytes of all values of a group */
	COMBINATIONS_MAX = 256, /* values of one event that are counted */
	WALK_S = 1,             /* all groups are looked at as often */
};

bool correlator_sigma_value(const void *user, unsigned field, unsigned nth, struct slice *value)
{
	const struct sigma_event *event = user;
	const struct event_item *item = event_first(event, field);

	while (item != NULL && nth-- > 0)
		item = event_next(event, item);
	if (item != NULL)
		*value = event->values[item->value].text;
	return item != NULL;
}

struct correlator *correlator_new(
	const struct rule_set *set, size_t bytes, conclusion_made *made, void *user)
{
	struct correlator *correlator = calloc(1, sizeof(*correlator));

	if (correlator == NULL)
		abort();
	correlator->made = made;
	correlator->user = user;
	correlator->walked_ns = CLOCK_NONE;
	strbuf_init(&correlator->folded, KEY_MAX);
	groups_init(&correlator->groups, bytes);
	routes_init(&correlator->routes, set);
	return correlator;
}

void correlator_free(struct correlator *correlator)
{
	if (correlator == NULL)
		return;
	groups_done(&correlator->groups);
	routes_done(&correlator->routes);
	strbuf_done(&correlator->folded);
	free(correlator);
}

/* ---- conclusions ------------------------------------------------------------------------- */

/* What came about, to correlations of this one. */
static void feed(struct correlator *correlator, uint32_t rule, const struct trigger *trigger,
	bool began);

/* Of a share: the events and values that have it. */
static size_t choose_shares(const struct group *group, const struct correlation *correlation,
	struct conclusion_evidence *evidence, struct slice *values, size_t *n_values)
{
	size_t n = 0;

	*n_values = 0;
	for (uint32_t i = group->n_cells; i-- > 0;) {
		const struct cell *cell = &group->cells[i];

		if (!window_share_holds(group, correlation, cell))
			continue;
		if (n < CONCLUSION_EVIDENCE_MAX)
			evidence[n++] = (struct conclusion_evidence){.ref = cell->ref,
				.time_ns = cell->time_ns,
				.rule = group->rule};
		for (unsigned k = 0; k < group->n_shown; k++) {
			if (group->shown[k]->what == cell->what)
				values[(*n_values)++] =
					slice_of(group->shown[k]->text, group->shown[k]->len);
		}
	}
	return n;
}

static void conclude(struct correlator *correlator, struct group *group, double value)
{
	const struct correlation *correlation = correlation_of_group(correlator, group);
	struct conclusion_evidence shares[CONCLUSION_EVIDENCE_MAX];
	struct slice texts[CORRELATION_GROUP_MAX], values[CONCLUSION_VALUES_MAX];
	struct conclusion conclusion = {.rule = group->rule,
		.correlation = correlation,
		.owner = group->owner,
		.group = texts,
		.events = group->events,
		.value = value,
		.saturated = group->saturated,
		.first_ns = !correlation->closes && group->n_evidence > 0
				    ? group->evidence[0].time_ns
				    : group->first_ns,
		.last_ns = group->newest_ns,
		.evidence = group->evidence,
		.n_evidence = group->n_evidence,
		.values = values,
		.n_values = group->n_shown};

	if (correlator->routes.rules[group->rule].silent)
		return;
	texts_read(group, texts, correlation->n_group);
	for (unsigned i = 0; i < group->n_shown; i++)
		values[i] = slice_of(group->shown[i]->text, group->shown[i]->len);
	if (correlation->type == CORRELATION_VALUE_PERCENTILE) {
		conclusion.evidence = shares;
		conclusion.n_evidence =
			choose_shares(group, correlation, shares, values, &conclusion.n_values);
	}
	correlator->figures.concluded++;
	correlator->made(correlator->user, &conclusion);
}

/* ---- what closes ---------------------------------------------------------------------------
 */

static bool close_holds(
	struct group *group, const struct correlation *correlation, double *value)
{
	if (correlation->type != CORRELATION_VALUE_PERCENTILE) {
		*value = window_value(group, correlation);
		return correlation_holds(correlation, *value);
	}
	*value = 0; /* so many values have the share */
	for (uint32_t i = 0; i < group->n_cells; i++)
		*value += window_share_holds(group, correlation, &group->cells[i]);
	return *value > 0;
}

static void empty(struct group *group)
{
	group->n_cells = 0;
	group->events = 0;
	group->saturated = false;
	window_forget(group, INT64_MAX);
}

/* An episode goes on while it holds again and again. */
static bool begins(struct group *group, const struct correlation *correlation)
{
	bool new = group->held_ns == CLOCK_NONE ||
		   group->newest_ns > group->held_ns + correlation->timespan_ns;

	if (new || group->newest_ns > group->held_ns)
		group->held_ns = group->newest_ns;
	return new;
}

/* The group may be forgotten when it returns. */
static void close_window(struct correlator *correlator, struct group *group)
{
	const struct correlation *correlation = correlation_of_group(correlator, group);
	struct conclusion_evidence evidence[CONCLUSION_EVIDENCE_MAX];
	struct slice texts[CORRELATION_GROUP_MAX];
	char bytes[CORRELATION_GROUP_MAX * (2 + CONCLUSION_VALUE_SIZE)];
	struct group copy = {.texts = bytes, .texts_len = group->texts_len};
	struct trigger trigger = {.time_ns = group->newest_ns,
		.turn = ++correlator->turn,
		.owner = group->owner,
		.scope = group->scope,
		.source = group->rule,
		.group = texts,
		.evidence = evidence,
		.n_evidence = group->n_evidence};
	double value;
	bool holds = close_holds(group, correlation, &value), began = false;

	if (holds) {
		began = begins(group, correlation);
		if (began)
			conclude(correlator, group, value);
	}
	memcpy(bytes, group->texts, group->texts_len);
	texts_read(&copy, texts, correlation->n_group);
	memcpy(evidence, group->evidence, group->n_evidence * sizeof(*evidence));
	if (trigger.n_evidence > 0)
		trigger.ref = evidence[trigger.n_evidence - 1].ref;
	empty(group);
	groups_settle(&correlator->groups, group);
	if (holds)
		feed(correlator, trigger.source, &trigger, began);
}

/* ---- counting ------------------------------------------------------------------------------
 */

static bool is_over(
	const struct group *group, const struct correlation *correlation, int64_t time_ns)
{
	return correlation->closes && group->events > 0 &&
	       time_ns > group->first_ns + correlation->timespan_ns;
}

/* The group of the event, at whose time no window has to close any more. */
static struct group *group_for(struct correlator *correlator, const struct route *route,
	const struct trigger *trigger, XXH128_hash_t key, const struct slice *values)
{
	const struct correlation *correlation =
		correlator->routes.rules[route->correlation].correlation;
	struct group *group = groups_find(&correlator->groups, key);

	if (group != NULL && is_over(group, correlation, trigger->time_ns)) {
		close_window(correlator, group);
		group = groups_find(&correlator->groups, key);
	}
	if (group != NULL)
		return group;
	group = groups_add(&correlator->groups, key, trigger->owner);
	group->rule = route->correlation;
	group->scope = trigger->scope;
	texts_keep(group, values, correlation->n_group);
	return group;
}

/* Moves the window on. False: the event is too late for it. */
static bool move_window(
	struct group *group, const struct correlation *correlation, int64_t time_ns)
{
	int64_t span = correlation->timespan_ns;

	if (group->events > 0 && time_ns < group->newest_ns - span)
		return false;
	if (group->events == 0 || (!correlation->closes && time_ns > group->newest_ns + span)) {
		group->events = 0;
		group->first_ns = group->newest_ns = time_ns;
	}
	if (time_ns > group->newest_ns)
		group->newest_ns = time_ns;
	if (time_ns < group->first_ns)
		group->first_ns = time_ns;
	if (!correlation->closes)
		window_forget(group, group->newest_ns - span);
	return true;
}

static bool is_of_rules(const struct correlation *correlation)
{
	return correlation->type == CORRELATION_TEMPORAL ||
	       correlation->type == CORRELATION_TEMPORAL_ORDERED;
}

static void add(struct correlator *correlator, struct group *group, const struct sight *sight)
{
	bool was = group->saturated;

	window_add(group, correlation_of_group(correlator, group), sight,
		&correlator->figures.trimmed);
	correlator->figures.saturated += group->saturated && !was;
}

/* One value after the other; of several fields their first ones together. */
static bool add_values(struct correlator *correlator, struct group *group,
	const uint16_t *fields, const struct trigger *trigger, struct sight *sight)
{
	const struct correlation *correlation = correlation_of_group(correlator, group);
	struct strbuf *folded = &correlator->folded;
	struct slice value = SLICE_LIT("");
	unsigned nth = 0;

	for (; nth < COMBINATIONS_MAX; nth++) {
		strbuf_reset(folded);
		for (size_t i = 0; i < correlation->n_values; i++) {
			if (!trigger_value(trigger, fields[i], nth, &value))
				return nth > 0;
			fold_value(folded, value);
		}
		sight->what =
			XXH3_64bits_withSeed(folded->ptr, folded->len, correlator->groups.seed);
		add(correlator, group, sight);
		window_keep_shown(group, sight->what, sight->time_ns, value);
		if (correlation->n_values > 1)
			return true;
	}
	return true;
}

/* False when the event has nothing to count. */
static bool add_sight(struct correlator *correlator, struct group *group,
	const struct route *route, const uint16_t *fields, const struct trigger *trigger)
{
	const struct correlation *correlation = correlation_of_group(correlator, group);
	struct sight sight = {.time_ns = trigger->time_ns, .ref = trigger->ref, .weight = 1};
	struct slice value;

	fields += correlation->n_group;
	switch (correlation->type) {
	case CORRELATION_VALUE_COUNT:
	case CORRELATION_VALUE_PERCENTILE:
		return add_values(correlator, group, fields, trigger, &sight);
	case CORRELATION_VALUE_SUM:
	case CORRELATION_VALUE_AVG:
		if (!trigger_value(trigger, fields[0], 0, &value) ||
			!number_from(value, &sight.weight))
			return false;
		break;
	case CORRELATION_TEMPORAL:
	case CORRELATION_TEMPORAL_ORDERED:
		sight.what = route->entry;
		break;
	case CORRELATION_EVENT_COUNT:
	case CORRELATION_TYPES:
		break;
	}
	add(correlator, group, &sight);
	return true;
}

static bool has_values(const struct correlation *correlation, const uint16_t *fields,
	const struct trigger *trigger)
{
	struct slice value;
	double number;

	for (size_t i = 0; i < correlation->n_values; i++) {
		if (!trigger_value(trigger, fields[correlation->n_group + i], 0, &value))
			return false;
	}
	return (correlation->type != CORRELATION_VALUE_SUM &&
		       correlation->type != CORRELATION_VALUE_AVG) ||
	       number_from(value, &number);
}

/* What follows from the group as it is now. */
static void judge(
	struct correlator *correlator, struct group *group, const struct trigger *trigger)
{
	const struct correlation *correlation = correlation_of_group(correlator, group);
	struct conclusion_evidence evidence[CONCLUSION_EVIDENCE_MAX];
	struct trigger next = *trigger;
	uint32_t rule = group->rule;
	double value = window_value(group, correlation);
	bool began;

	if (!correlation_holds(correlation, value))
		return;
	began = begins(group, correlation);
	if (began) {
		conclude(correlator, group, value);
		memcpy(evidence, group->evidence, group->n_evidence * sizeof(*evidence));
		next.evidence = evidence;
		next.n_evidence = group->n_evidence;
	}
	feed(correlator, rule, &next, began);
}

static void count(
	struct correlator *correlator, const struct route *route, const struct trigger *trigger)
{
	const struct correlation *correlation =
		correlator->routes.rules[route->correlation].correlation;
	const uint16_t *fields = trigger_fields(&correlation->rules[route->entry], trigger);
	struct slice values[CORRELATION_GROUP_MAX];
	struct group *group;
	XXH128_hash_t key;

	if (fields == NULL || !has_values(correlation, fields, trigger) ||
		!trigger_key(correlator, correlation, route->correlation, fields, trigger,
			values, &key)) {
		correlator->figures.without++;
		return;
	}
	group = group_for(correlator, route, trigger, key, values);
	if (!is_of_rules(correlation) && group->turn == trigger->turn)
		return; /* it fits two of the rules, and is one event */
	group->turn = trigger->turn;
	if (!move_window(group, correlation, trigger->time_ns)) {
		correlator->figures.late++;
		return;
	}
	group->events++;
	add_sight(correlator, group, route, fields, trigger);
	for (size_t i = 0; i < trigger->n_evidence; i++)
		window_keep_evidence(group, &trigger->evidence[i]);
	groups_settle(&correlator->groups, group);
	if (!correlation->closes)
		judge(correlator, group, trigger);
}

/* As deep as correlations stand on each other, CORRELATION_DEPTH_MAX. Where it is asked when
 * something is so, all that goes on is told; where it is counted, what begins. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void feed(
	struct correlator *correlator, uint32_t rule, const struct trigger *trigger, bool began)
{
	for (const struct route *route = routes_first(&correlator->routes, rule); route != NULL;
		route = routes_next(&correlator->routes, route)) {
		const struct correlation *correlation =
			correlator->routes.rules[route->correlation].correlation;

		if (began || is_of_rules(correlation) ||
			correlation->type == CORRELATION_VALUE_COUNT)
			count(correlator, route, trigger);
	}
}

void correlator_take(struct correlator *correlator, const struct correlator_event *event,
	const uint32_t *rules, size_t n)
{
	uint64_t turn = ++correlator->turn;

	for (size_t i = 0; i < n; i++) {
		int64_t time_ns = clock_foreign(event->time_ns);
		struct conclusion_evidence evidence = {
			.ref = event->ref, .time_ns = time_ns, .rule = rules[i]};
		struct trigger trigger = {.time_ns = time_ns,
			.ref = event->ref,
			.turn = turn,
			.owner = event->owner,
			.scope = event->scope,
			.source = rules[i],
			.event = event,
			.evidence = &evidence,
			.n_evidence = 1};

		feed(correlator, rules[i], &trigger, true);
	}
}

/* ---- time passes
 * ----------------------------------------------------------------------------- */

struct walk {
	struct correlator *correlator;
	int64_t now_ns;
	bool forgets;        /* what counts no more goes */
	XXH128_hash_t *over; /* groups whose window is over */
	size_t n, room;
};

static void look_at(void *user, struct group *group)
{
	struct walk *walk = user;
	const struct correlation *correlation = correlation_of_group(walk->correlator, group);

	if (is_over(group, correlation, walk->now_ns)) {
		if (walk->n == walk->room) {
			walk->room = walk->room ? 2 * walk->room : 64;
			walk->over = realloc(walk->over, walk->room * sizeof(*walk->over));
			if (walk->over == NULL)
				abort();
		}
		walk->over[walk->n++] = group->hash;
	} else if (walk->forgets &&
		   (walk->now_ns - group->newest_ns) / 2 > correlation->timespan_ns) {
		groups_drop(&walk->correlator->groups, group);
	}
}

/* What one that closes tells another may begin a window that is over, too. */
static size_t close_over(struct correlator *correlator, int64_t now_ns, bool forgets)
{
	struct walk walk = {.correlator = correlator, .now_ns = now_ns, .forgets = forgets};

	groups_walk(&correlator->groups, look_at, &walk);
	for (size_t i = 0; i < walk.n; i++) {
		struct group *group = groups_peek(&correlator->groups, walk.over[i]);

		if (group != NULL &&
			is_over(group, correlation_of_group(correlator, group), now_ns))
			close_window(correlator, group);
	}
	free(walk.over);
	return walk.n;
}

void correlator_advance(struct correlator *correlator, int64_t now_ns)
{
	now_ns = clock_foreign(now_ns);
	if (correlator->walked_ns != CLOCK_NONE &&
		now_ns < correlator->walked_ns + WALK_S * CLOCK_NS_PER_S)
		return;
	correlator->walked_ns = now_ns;
	(void)close_over(correlator, now_ns, true);
}

void correlator_finish(struct correlator *correlator)
{
	for (unsigned i = 0; i <= CORRELATION_DEPTH_MAX; i++) {
		if (close_over(correlator, INT64_MAX, false) == 0)
			break;
	}
}

/* ---- other rules
 * ------------------------------------------------------------------------------- */

struct move {
	struct correlator *correlator;
	const struct routes *before;
};

static void move_group(void *user, struct group *group)
{
	struct move *move = user;
	struct routes *now = &move->correlator->routes;
	uint32_t rule = routes_find(now, routes_identity(move->before, group->rule));

	if (rule == ROUTES_NONE) {
		groups_drop(&move->correlator->groups, group);
		return;
	}
	group->rule = rule;
	for (unsigned i = 0; i < group->n_evidence; i++)
		group->evidence[i].rule = routes_find(
			now, routes_identity(move->before, group->evidence[i].rule));
}

void correlator_use(struct correlator *correlator, const struct rule_set *set)
{
	struct routes before = correlator->routes;
	struct move move = {.correlator = correlator, .before = &before};

	routes_init(&correlator->routes, set);
	groups_walk(&correlator->groups, move_group, &move);
	routes_done(&before);
}

struct correlator_figures correlator_figures(const struct correlator *correlator)
{
	struct correlator_figures figures = correlator->figures;

	figures.groups = correlator->groups.n;
	figures.bytes = correlator->groups.bytes;
	figures.evicted = correlator->groups.evicted;
	return figures;
}
