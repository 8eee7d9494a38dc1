#include "collector/detect/sigma/rule.h"

#include <stdlib.h>

#include "collector/detect/sigma/condition.h"

static bool wrong(struct mistakes *mistakes, const struct tree_node *node, const char *what)
{
	mistake_add(mistakes, tree_pos(node), "%s", what);
	return false;
}

/* ---- what it says of itself -------------------------------------------------- */

static bool read_text(const struct tree_node *document, const char *key, struct arena *arena,
	struct slice *text, struct mistakes *mistakes)
{
	const struct tree_node *node = map_value(document, key);

	if (node == NULL || tree_is_null(node))
		return true;
	if (node->kind != TREE_TEXT) {
		mistake_add(mistakes, tree_pos(node), "%s: %s, where a text should stand", key,
			tree_kind_name(node));
		return false;
	}
	*text = arena_copy(arena, node->text);
	return !slice_absent(*text) || wrong(mistakes, node, "too many rules");
}

static bool read_tags(const struct tree_node *document, struct arena *arena,
	struct sigma_rule *rule, struct mistakes *mistakes)
{
	const struct tree_node *list = map_value(document, "tags");
	struct slice *tags;

	if (list == NULL || tree_is_null(list))
		return true;
	if (list->kind != TREE_LIST || list->n > RULE_TAGS_MAX)
		return wrong(mistakes, list, "tags: a list of at most 100 should stand here");
	tags = arena_alloc(arena, (list->n + 1) * sizeof(*tags));
	if (tags == NULL)
		return wrong(mistakes, list, "too many rules");
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i]->kind != TREE_TEXT)
			return wrong(mistakes, list->items[i], "a tag is a text");
		tags[i] = arena_copy(arena, list->items[i]->text);
	}
	rule->tags = tags;
	rule->n_tags = list->n;
	return true;
}

/* Sigma rules specification 2.1, "Level". */
static const struct slice levels[] = {
	[SIGMA_INFORMATIONAL] = {SLICE_BYTES("informational")},
	[SIGMA_LOW] = {SLICE_BYTES("low")},
	[SIGMA_MEDIUM] = {SLICE_BYTES("medium")},
	[SIGMA_HIGH] = {SLICE_BYTES("high")},
	[SIGMA_CRITICAL] = {SLICE_BYTES("critical")},
};

static bool find_level(const struct sigma_rule *rule, enum sigma_level *level)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (slice_eq_nocase(rule->level, levels[i])) {
			*level = (enum sigma_level)i;
			return true;
		}
	}
	return false;
}

enum sigma_level sigma_rule_level(const struct sigma_rule *rule)
{
	enum sigma_level level;

	return find_level(rule, &level) ? level : SIGMA_MEDIUM;
}

static bool check_level(const struct tree_node *document, const struct sigma_rule *rule,
	struct mistakes *mistakes)
{
	enum sigma_level level;

	return slice_absent(rule->level) || find_level(rule, &level) ||
	       wrong(mistakes, map_value(document, "level"),
		       "level: informational, low, medium, high or critical should stand here");
}

bool sigma_rule_read_head(const struct tree_node *document, struct arena *arena,
	struct sigma_rule *rule, struct mistakes *mistakes)
{
	struct {
		const char *key;
		struct slice *text;
	} texts[] = {{"id", &rule->id}, {"name", &rule->name}, {"title", &rule->title},
		{"level", &rule->level}, {"status", &rule->status}};

	rule->line = document->line;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (!read_text(document, texts[i].key, arena, texts[i].text, mistakes))
			return false;
	}
	return read_tags(document, arena, rule, mistakes) &&
	       check_level(document, rule, mistakes);
}

/* ---- its detection ------------------------------------------------------------ */

struct body {
	struct detection *detection;
	struct search searches[RULE_SEARCHES_MAX];
	size_t n;
};

static bool is_word(struct slice key, const char *word)
{
	return slice_eq(key, slice_str(word));
}

static bool read_searches(struct body *body, const struct tree_node *map, const char *besides)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct tree_node *key = tree_key(map, i);
		struct search *search = &body->searches[body->n];

		/* "timeframe" was of Sigma 1 and has no meaning without its aggregations */
		if (is_word(key->text, "condition") || is_word(key->text, "timeframe") ||
			is_word(key->text, besides))
			continue;
		if (body->n == RULE_SEARCHES_MAX)
			return wrong(body->detection->mistakes, key, "too many searches");
		*search = (struct search){.name = key->text,
			.expression = detection_parse(body->detection, tree_value(map, i))};
		if (search->expression == NULL)
			return false;
		body->n++;
	}
	return true;
}

static const struct expression *read_condition(struct body *body, const struct tree_node *node)
{
	const struct expression *parts[RULE_CONDITIONS_MAX];
	size_t n = node->kind == TREE_LIST ? node->n : 1;

	if (n == 0 || n > RULE_CONDITIONS_MAX) {
		wrong(body->detection->mistakes, node,
			"condition: 1 to 100 conditions should stand here");
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		const struct tree_node *one = node->kind == TREE_LIST ? node->items[i] : node;
		struct pos at = tree_pos(one);

		if (one->kind != TREE_TEXT) {
			wrong(body->detection->mistakes, one, "a condition is a text");
			return NULL;
		}
		at.column += !one->plain; /* behind the quote */
		parts[i] = condition_parse(body->detection->arena, one->text, at,
			body->searches, body->n, body->detection->mistakes);
		if (parts[i] == NULL)
			return NULL;
	}
	return expression_of_parts(body->detection->arena, EXPRESSION_OR, parts, n);
}

const struct expression *sigma_searches_read(
	const struct tree_node *map, struct detection *detection, const char *besides)
{
	struct body *body;
	const struct tree_node *condition = map_value(map, "condition");
	const struct expression *made = NULL;

	if (map->kind != TREE_MAP || condition == NULL) {
		wrong(detection->mistakes, map,
			"detection: a mapping of searches and their condition should stand "
			"here");
		return NULL;
	}
	body = calloc(1, sizeof(*body));
	if (body == NULL)
		abort();
	body->detection = detection;
	if (read_searches(body, map, besides))
		made = read_condition(body, condition);
	free(body);
	return made;
}

bool sigma_rule_read(
	const struct tree_node *document, struct detection *detection, struct sigma_rule *rule)
{
	const struct tree_node *source = map_value(document, "logsource");
	unsigned before = detection->mistakes->n;

	if (!sigma_rule_read_head(document, detection->arena, rule, detection->mistakes))
		return false;
	if (source != NULL && source->kind != TREE_MAP)
		return wrong(
			detection->mistakes, source, "logsource: a mapping should stand here");
	if (source != NULL &&
		!log_source_read(source, detection->arena, &rule->source, detection->mistakes))
		return false;
	rule->expression =
		sigma_searches_read(map_value(document, "detection"), detection, "condition");
	rule->keywords = detection->keywords;
	rule->no_list = detection->no_list;
	if (rule->expression == NULL && detection->mistakes->n == before)
		return wrong(detection->mistakes, document, "too many rules");
	return rule->expression != NULL;
}
