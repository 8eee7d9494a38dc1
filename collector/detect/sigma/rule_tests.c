#include "collector/detect/sigma/rule_tests.h"

#include "collector/detect/sigma/log_source.h"
#include "common/clock.h"

enum { SPAN_DIGITS_MAX = 6 };

static bool wrong(struct mistakes *mistakes, const struct tree_node *node, const char *what)
{
	mistake_add(mistakes, tree_pos(node), "%s", what);
	return false;
}

static bool is_known(const struct tree_node *map, const char *const *keys, size_t n_keys,
	struct mistakes *mistakes)
{
	if (map->kind != TREE_MAP)
		return wrong(mistakes, map, "a mapping should stand here");
	for (size_t i = 0; i < map->n; i++) {
		const struct tree_node *key = tree_key(map, i);
		bool known = false;

		for (size_t k = 0; k < n_keys; k++)
			known |= slice_eq(key->text, slice_str(keys[k]));
		if (known)
			continue;
		mistake_add(mistakes, tree_pos(key), "unknown key %s", MISTAKE_TEXT(key->text));
		return false;
	}
	return true;
}

static bool read_text(const struct tree_node *map, const char *key, struct slice *text,
	struct mistakes *mistakes)
{
	const struct tree_node *node = map_value(map, key);

	if (node == NULL)
		return true;
	if (node->kind != TREE_TEXT)
		return wrong(mistakes, node, "a text should stand here");
	*text = node->text;
	return true;
}

static bool parse_digits(struct slice text, uint32_t *number)
{
	*number = 0;
	if (text.len == 0 || text.len > SPAN_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		*number = *number * 10 + (uint32_t)(text.ptr[i] - '0');
	}
	return true;
}

static bool read_number(const struct tree_node *map, const char *key, uint32_t max,
	uint32_t *number, struct mistakes *mistakes)
{
	const struct tree_node *node = map_value(map, key);

	if (node == NULL)
		return true;
	if (node->kind == TREE_TEXT && parse_digits(node->text, number) && *number <= max)
		return true;
	mistake_add(
		mistakes, tree_pos(node), "%s: a number up to %u should stand here", key, max);
	return false;
}

/* "90s", "15m", "12h", "30d" */
static bool read_span(
	const struct tree_node *map, const char *key, int64_t *ns, struct mistakes *mistakes)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	const struct tree_node *node = map_value(map, key);
	uint32_t number;

	if (node == NULL)
		return true;
	if (node->kind == TREE_TEXT && node->text.len > 1 &&
		parse_digits(slice_head(node->text, node->text.len - 1), &number)) {
		for (size_t i = 0; i < ARRAY_LEN(units); i++) {
			if (node->text.ptr[node->text.len - 1] != units[i].unit)
				continue;
			*ns = number * units[i].seconds * CLOCK_NS_PER_S;
			return true;
		}
	}
	mistake_add(mistakes, tree_pos(node), "%s: a time like 90s, 15m, 12h or 30d", key);
	return false;
}

static bool read_event(
	const struct tree_node *map, struct rule_test_event *event, struct mistakes *mistakes)
{
	static const char *const keys[] = {
		"line", "format", "fields", "times", "every", "after"};

	*event = (struct rule_test_event){
		.at = tree_pos(map), .times = 1, .every_ns = CLOCK_NS_PER_S};
	if (!is_known(map, keys, ARRAY_LEN(keys), mistakes) ||
		!read_text(map, "line", &event->line, mistakes) ||
		!read_text(map, "format", &event->format, mistakes) ||
		!read_number(map, "times", RULE_TEST_TIMES_MAX, &event->times, mistakes) ||
		!read_span(map, "every", &event->every_ns, mistakes) ||
		!read_span(map, "after", &event->after_ns, mistakes))
		return false;
	event->fields = map_value(map, "fields");
	if (event->fields != NULL && event->fields->kind != TREE_MAP)
		return wrong(mistakes, event->fields, "a mapping of fields should stand here");
	if ((event->fields == NULL) == slice_absent(event->line))
		return wrong(mistakes, map, "an event has either a line or fields");
	return true;
}

static bool read_events(const struct tree_node *list, struct arena *arena,
	struct rule_test *test, struct mistakes *mistakes)
{
	if (list->kind != TREE_LIST || list->n == 0 || list->n > RULE_TEST_EVENTS_MAX)
		return wrong(mistakes, list, "events: a list of 1 to 1000 should stand here");
	test->events = arena_alloc(arena, list->n * sizeof(*test->events));
	if (test->events == NULL)
		return wrong(mistakes, list, "too many tests");
	for (size_t i = 0; i < list->n; i++) {
		if (!read_event(list->items[i], &test->events[i], mistakes))
			return false;
	}
	test->n_events = list->n;
	return true;
}

static bool read_expected(
	const struct tree_node *map, struct rule_test *test, struct mistakes *mistakes)
{
	const struct tree_node *match = map_value(map, "match");

	test->counted = map_value(map, "conclusions") != NULL;
	if (test->counted == (match != NULL))
		return wrong(mistakes, map, "a test has either match or conclusions");
	if (test->counted) {
		if (!read_number(map, "conclusions", RULE_TEST_TIMES_MAX, &test->conclusions,
			    mistakes))
			return false;
		test->match = test->conclusions > 0;
		return true;
	}
	test->match = match->kind == TREE_TEXT && slice_eq(match->text, SLICE_LIT("true"));
	return test->match ||
	       (match->kind == TREE_TEXT && slice_eq(match->text, SLICE_LIT("false"))) ||
	       wrong(mistakes, match, "match: true or false should stand here");
}

static bool read_test(const struct tree_node *map, struct arena *arena, struct rule_test *test,
	struct mistakes *mistakes)
{
	static const char *const keys[] = {"name", "match", "conclusions", "events"};
	const struct tree_node *events;

	*test = (struct rule_test){.at = tree_pos(map)};
	if (!is_known(map, keys, ARRAY_LEN(keys), mistakes) ||
		!read_text(map, "name", &test->name, mistakes) ||
		!read_expected(map, test, mistakes))
		return false;
	if (test->name.len == 0)
		return wrong(mistakes, map, "a test has a name");
	events = map_value(map, "events");
	if (events == NULL)
		return wrong(mistakes, map, "a test has events");
	return read_events(events, arena, test, mistakes);
}

bool rule_tests_read(const struct tree_node *document, struct arena *arena,
	struct rule_tests *tests, struct mistakes *mistakes)
{
	const struct tree_node *list = map_value(document, "tests");

	*tests = (struct rule_tests){0};
	if (list == NULL || tree_is_null(list))
		return true;
	if (list->kind != TREE_LIST || list->n > RULE_TESTS_MAX)
		return wrong(mistakes, list, "tests: a list of at most 200 should stand here");
	tests->tests = arena_alloc(arena, (list->n + 1) * sizeof(*tests->tests));
	if (tests->tests == NULL)
		return wrong(mistakes, list, "too many tests");
	for (size_t i = 0; i < list->n; i++) {
		if (!read_test(list->items[i], arena, &tests->tests[i], mistakes))
			return false;
		tests->positive |= tests->tests[i].match;
		tests->negative |= !tests->tests[i].match;
	}
	tests->n = list->n;
	return true;
}
