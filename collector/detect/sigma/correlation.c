#include "collector/detect/sigma/correlation.h"

#include <math.h>

#include "collector/detect/sigma/log_source.h"
#include "common/clock.h"

const char *const correlation_type_names[CORRELATION_TYPES] = {
	[CORRELATION_EVENT_COUNT] = "event_count",
	[CORRELATION_VALUE_COUNT] = "value_count",
	[CORRELATION_VALUE_SUM] = "value_sum",
	[CORRELATION_VALUE_AVG] = "value_avg",
	[CORRELATION_VALUE_PERCENTILE] = "value_percentile",
	[CORRELATION_TEMPORAL] = "temporal",
	[CORRELATION_TEMPORAL_ORDERED] = "temporal_ordered",
};

struct reading {
	const struct tree_node *map; /* what stands under "correlation" */
	struct arena *arena;
	struct mistakes *mistakes;
	struct correlation *made;
};

static bool wrong(const struct reading *reading, const struct tree_node *at, const char *what)
{
	mistake_add(reading->mistakes, tree_pos(at), "%s", what);
	return false;
}

static const struct tree_node *value_of(const struct reading *reading, const char *key)
{
	const struct tree_node *node = map_value(reading->map, key);

	return node == NULL || tree_is_null(node) ? NULL : node;
}

/* A misspelt "group-by" would put everything into one group. */
static bool check_keys(const struct reading *reading)
{
	static const char *const keys[] = {
		"type", "rules", "aliases", "group-by", "timespan", "condition", "generate"};

	for (size_t i = 0; i < reading->map->n; i++) {
		const struct tree_node *key = tree_key(reading->map, i);
		bool known = false;

		for (size_t k = 0; k < ARRAY_LEN(keys); k++)
			known |= slice_eq(key->text, slice_str(keys[k]));
		if (!known) {
			mistake_add(reading->mistakes, tree_pos(key),
				"correlation: there is no %s", MISTAKE_TEXT(key->text));
			return false;
		}
	}
	return true;
}

static bool keep_text(
	const struct reading *reading, const struct tree_node *node, struct slice *text)
{
	if (node->kind != TREE_TEXT || node->text.len == 0 || tree_is_null(node))
		return wrong(reading, node, "a name should stand here");
	*text = arena_copy(reading->arena, node->text);
	return !slice_absent(*text) || wrong(reading, node, "too many rules");
}

/* One text, or a list of up to `most`. */
static bool read_names(const struct reading *reading, const struct tree_node *node,
	struct slice *names, size_t most, size_t *n)
{
	bool list = node->kind == TREE_LIST;
	size_t given = list ? node->n : 1;

	if (given > most) {
		mistake_add(reading->mistakes, tree_pos(node), "more than %zu names", most);
		return false;
	}
	for (*n = 0; *n < given; ++*n) {
		if (!keep_text(reading, list ? node->items[*n] : node, &names[*n]))
			return false;
	}
	return true;
}

/* ---- type, rules, timespan -------------------------------------------------------- */

static bool read_type(const struct reading *reading)
{
	const struct tree_node *node = value_of(reading, "type");

	if (node == NULL)
		return wrong(reading, reading->map, "correlation: the type is missing");
	for (unsigned i = 0; node->kind == TREE_TEXT && i < CORRELATION_TYPES; i++) {
		if (slice_eq(node->text, slice_str(correlation_type_names[i]))) {
			reading->made->type = (enum correlation_type)i;
			return true;
		}
	}
	return wrong(reading, node,
		"type: event_count, value_count, value_sum, value_avg, value_percentile, "
		"temporal or temporal_ordered should stand here");
}

static bool is_named_twice(const struct correlation *made)
{
	for (size_t i = 0; i + 1 < made->n_rules; i++) {
		if (slice_eq(made->rules[i].name, made->rules[made->n_rules - 1].name))
			return true;
	}
	return false;
}

static bool read_rules(const struct reading *reading)
{
	struct correlation *made = reading->made;
	const struct tree_node *node = value_of(reading, "rules");
	size_t n;

	if (node == NULL)
		return wrong(reading, reading->map, "correlation: the rules are missing");
	n = node->kind == TREE_LIST ? node->n : 1;
	if (n == 0 || n > CORRELATION_RULES_MAX)
		return wrong(reading, node, "rules: 1 to 64 rules should stand here");
	made->rules = arena_alloc(reading->arena, n * sizeof(*made->rules));
	if (made->rules == NULL)
		return wrong(reading, node, "too many rules");
	while (made->n_rules < n) {
		const struct tree_node *one =
			node->kind == TREE_LIST ? node->items[made->n_rules] : node;
		struct correlation_rule *rule = &made->rules[made->n_rules];

		*rule = (struct correlation_rule){.at = tree_pos(one)};
		if (!keep_text(reading, one, &rule->name))
			return false;
		made->n_rules++;
		if (is_named_twice(made))
			return wrong(reading, one, "rules: the same rule twice");
	}
	return true;
}

static int64_t unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7 * 86400;
	case 'M':
		return 2629746;
	case 'y':
		return 31556952;
	default:
		return 0;
	}
}

static bool read_timespan(const struct reading *reading)
{
	const struct tree_node *node = value_of(reading, "timespan");
	uint64_t number = 0;
	int64_t unit;

	if (node == NULL)
		return wrong(reading, reading->map, "correlation: the timespan is missing");
	unit = node->kind == TREE_TEXT && node->text.len > 0
		       ? unit_seconds(node->text.ptr[node->text.len - 1])
		       : 0;
	if (unit == 0 ||
		!slice_to_u64(slice_head(node->text, node->text.len - 1),
			(uint64_t)(CORRELATION_SECONDS_MAX / unit), &number) ||
		number == 0)
		return wrong(reading, node,
			"timespan: a number above 0 and s, m, h, d, w, M or y, of at most two "
			"years, should stand here");
	reading->made->timespan_ns = (int64_t)number * unit * CLOCK_NS_PER_S;
	return true;
}

/* ---- group-by and aliases --------------------------------------------------------- */

static bool read_group(const struct reading *reading)
{
	const struct tree_node *node = value_of(reading, "group-by");

	return node == NULL || read_names(reading, node, reading->made->group_by,
				       CORRELATION_GROUP_MAX, &reading->made->n_group);
}

static bool read_alias(
	const struct reading *reading, struct slice alias, const struct tree_node *map)
{
	struct correlation *made = reading->made;

	if (map->kind != TREE_MAP)
		return wrong(reading, map,
			"aliases: a mapping of rules and their fields should stand here");
	for (size_t i = 0; i < map->n; i++) {
		struct correlation_alias *one = &made->aliases[made->n_aliases];

		if (made->n_aliases == CORRELATION_ALIASES_MAX)
			return wrong(reading, map, "aliases: more than 64");
		*one = (struct correlation_alias){
			.alias = alias, .at = tree_pos(tree_key(map, i))};
		if (!keep_text(reading, tree_key(map, i), &one->rule) ||
			!keep_text(reading, tree_value(map, i), &one->field))
			return false;
		made->n_aliases++;
	}
	return true;
}

static bool read_aliases(const struct reading *reading)
{
	const struct tree_node *node = value_of(reading, "aliases");
	struct correlation *made = reading->made;

	if (node == NULL)
		return true;
	if (node->kind != TREE_MAP)
		return wrong(reading, node, "aliases: a mapping should stand here");
	made->aliases =
		arena_alloc(reading->arena, CORRELATION_ALIASES_MAX * sizeof(*made->aliases));
	if (made->aliases == NULL)
		return wrong(reading, node, "too many rules");
	for (size_t i = 0; i < node->n; i++) {
		struct slice alias;

		if (!keep_text(reading, tree_key(node, i), &alias) ||
			!read_alias(reading, alias, tree_value(node, i)))
			return false;
	}
	return true;
}

/* ---- condition --------------------------------------------------------------------- */

static bool is_of_values(enum correlation_type type)
{
	return type == CORRELATION_VALUE_COUNT || type == CORRELATION_VALUE_SUM ||
	       type == CORRELATION_VALUE_AVG || type == CORRELATION_VALUE_PERCENTILE;
}

static bool is_of_rules(enum correlation_type type)
{
	return type == CORRELATION_TEMPORAL || type == CORRELATION_TEMPORAL_ORDERED;
}

static bool read_limit(const struct reading *reading, const struct tree_node *key,
	const struct tree_node *value)
{
	static const struct {
		const char *word;
		enum comparison comparison;
		bool negated;
	} words[CORRELATION_LIMITS_MAX] = {
		{"gt", COMPARE_GT, false},
		{"gte", COMPARE_GTE, false},
		{"lt", COMPARE_LT, false},
		{"lte", COMPARE_LTE, false},
		{"eq", COMPARE_EQ, false},
		{"neq", COMPARE_EQ, true},
	};
	struct correlation *made = reading->made;
	struct correlation_limit *limit = &made->limits[made->n_limits];
	size_t i = 0;

	while (i < ARRAY_LEN(words) && !slice_eq(key->text, slice_str(words[i].word)))
		i++;
	if (i == ARRAY_LEN(words)) {
		mistake_add(reading->mistakes, tree_pos(key),
			"condition: %s is none of gt, gte, lt, lte, eq, neq and field",
			MISTAKE_TEXT(key->text));
		return false;
	}
	if (made->n_limits == CORRELATION_LIMITS_MAX)
		return wrong(reading, key, "condition: more than six limits");
	*limit = (struct correlation_limit){
		.comparison = words[i].comparison, .negated = words[i].negated};
	if (value->kind != TREE_TEXT || !number_from(value->text, &limit->value))
		return wrong(reading, value, "condition: a number should stand here");
	made->n_limits++;
	return true;
}

static bool read_limits(const struct reading *reading, const struct tree_node *map)
{
	struct correlation *made = reading->made;

	if (map->kind != TREE_MAP)
		return wrong(reading, map,
			"condition: a mapping such as 'gte: 10' should stand here; rules named "
			"in a text are not of the specification 2.1");
	for (size_t i = 0; i < map->n; i++) {
		const struct tree_node *key = tree_key(map, i), *value = tree_value(map, i);
		bool field = slice_eq(key->text, SLICE_LIT("field"));

		if (field && !is_of_values(made->type))
			return wrong(reading, key,
				"condition: only correlations of values have a field");
		if (!(field ? read_names(reading, value, made->values, CORRELATION_FIELDS_MAX,
				      &made->n_values)
			    : read_limit(reading, key, value)))
			return false;
	}
	return made->n_limits > 0 || is_of_rules(made->type) ||
	       wrong(reading, map, "condition: one of gt, gte, lt, lte, eq and neq is missing");
}

static bool check_values(const struct reading *reading, const struct tree_node *at)
{
	const struct correlation *made = reading->made;

	if (!is_of_values(made->type))
		return true;
	if (made->n_values == 0)
		return wrong(reading, at, "condition: the field is missing");
	if (made->n_values > 1 && made->type != CORRELATION_VALUE_COUNT)
		return wrong(
			reading, at, "condition: only value_count takes more than one field");
	for (size_t i = 0; made->type == CORRELATION_VALUE_COUNT && i < made->n_limits; i++) {
		if (made->limits[i].value > CORRELATION_VALUES_MAX)
			return wrong(reading, at,
				"condition: not more than 4096 distinct values are told apart");
	}
	return true;
}

/* Whether more events can undo what holds. */
static bool must_close(const struct correlation *made)
{
	bool least = true;

	for (size_t i = 0; i < made->n_limits; i++)
		least &= made->limits[i].comparison == COMPARE_GT ||
			 made->limits[i].comparison == COMPARE_GTE;
	return !least || made->type == CORRELATION_VALUE_AVG ||
	       made->type == CORRELATION_VALUE_PERCENTILE;
}

static bool read_condition(const struct reading *reading)
{
	struct correlation *made = reading->made;
	const struct tree_node *node = value_of(reading, "condition");

	if (node == NULL && !is_of_rules(made->type))
		return wrong(reading, reading->map, "correlation: the condition is missing");
	if (node != NULL && (!read_limits(reading, node) || !check_values(reading, node)))
		return false;
	if (made->n_limits == 0)
		made->limits[made->n_limits++] = (struct correlation_limit){
			.comparison = COMPARE_GTE, .value = (double)made->n_rules};
	made->closes = must_close(made);
	if (!made->closes && is_of_rules(made->type) &&
		correlation_least(made) > (double)made->n_rules)
		return wrong(reading, node, "condition: more rules than there are");
	return true;
}

/* ---- the document ------------------------------------------------------------------ */

static bool read_generate(const struct reading *reading, const struct tree_node *node)
{
	if (node == NULL || tree_is_null(node))
		return true;
	reading->made->generate = slice_eq_nocase(node->text, SLICE_LIT("true"));
	return (node->kind == TREE_TEXT &&
		       (reading->made->generate ||
			       slice_eq_nocase(node->text, SLICE_LIT("false")))) ||
	       wrong(reading, node, "generate: true or false should stand here");
}

static bool has_name(const struct slice *names, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_eq(names[i], name))
			return true;
	}
	return false;
}

static bool names_agency(const struct correlation *correlation)
{
	const struct slice agency = SLICE_LIT("soc.agency");

	return has_name(correlation->group_by, correlation->n_group, agency) ||
	       has_name(correlation->values, correlation->n_values, agency);
}

struct correlation *correlation_read(
	const struct tree_node *document, struct arena *arena, struct mistakes *mistakes)
{
	struct reading reading = {.map = map_value(document, "correlation"),
		.arena = arena,
		.mistakes = mistakes,
		.made = arena_alloc(arena, sizeof(struct correlation))};

	if (reading.made == NULL || reading.map->kind != TREE_MAP) {
		wrong(&reading, reading.map,
			reading.made ? "correlation: a mapping should stand here"
				     : "too many rules");
		return NULL;
	}
	*reading.made = (struct correlation){0};
	if (!check_keys(&reading) || !read_type(&reading) || !read_rules(&reading) ||
		!read_timespan(&reading) || !read_group(&reading) || !read_aliases(&reading) ||
		!read_condition(&reading) ||
		!read_generate(&reading, map_value(document, "generate")) ||
		!read_generate(&reading, map_value(reading.map, "generate")))
		return NULL;
	reading.made->across = names_agency(reading.made);
	return reading.made;
}

struct slice correlation_field(const struct correlation *correlation,
	const struct correlation_rule *of, struct slice name)
{
	for (size_t i = 0; i < correlation->n_aliases; i++) {
		const struct correlation_alias *alias = &correlation->aliases[i];

		if (slice_eq(alias->alias, name) && slice_eq(alias->rule, of->name))
			return alias->field;
	}
	return name;
}

bool correlation_holds(const struct correlation *correlation, double value)
{
	for (size_t i = 0; i < correlation->n_limits; i++) {
		const struct correlation_limit *limit = &correlation->limits[i];

		if (comparison_holds(value, limit->comparison, limit->value) == limit->negated)
			return false;
	}
	return true;
}

double correlation_least(const struct correlation *correlation)
{
	double least = 1;

	for (size_t i = 0; i < correlation->n_limits; i++) {
		const struct correlation_limit *limit = &correlation->limits[i];
		double needs = limit->comparison == COMPARE_GT ? floor(limit->value) + 1
							       : ceil(limit->value);

		if (needs > least)
			least = needs;
	}
	return least;
}
