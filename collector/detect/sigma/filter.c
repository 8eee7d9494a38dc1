#include "collector/detect/sigma/filter.h"

#include "collector/detect/sigma/meaning.h"
#include "collector/detect/sigma/references.h"
#include "collector/detect/sigma/rule_loading.h"

static struct filter *wrong(
	struct mistakes *mistakes, const struct tree_node *node, const char *what)
{
	mistake_add(mistakes, tree_pos(node), "%s", what);
	return NULL;
}

struct filter *filter_read(
	const struct tree_node *document, struct arena *arena, struct mistakes *mistakes)
{
	const struct tree_node *map = map_value(document, "filter"),
			       *source = map_value(document, "logsource"), *rules, *condition;
	struct filter *made = arena_alloc(arena, sizeof(*made));

	if (made == NULL)
		return wrong(mistakes, document, "too many rules");
	*made = (struct filter){.detection = map, .meaning = meaning_of_rule(document, 0)};
	if (source == NULL || source->kind != TREE_MAP)
		return wrong(mistakes, source ? source : document,
			"logsource: a mapping should stand here");
	if (!log_source_read(source, arena, &made->source, mistakes))
		return NULL;
	rules = made->rules = map_value(map, "rules");
	if (rules == NULL || rules->kind != TREE_LIST || rules->n == 0 ||
		rules->n > FILTER_RULES_MAX)
		return wrong(mistakes, rules ? rules : map,
			"filter: under 'rules' a list of 1 to 1000 rules should stand");
	for (size_t i = 0; i < rules->n; i++) {
		if (rules->items[i]->kind != TREE_TEXT)
			return wrong(mistakes, rules->items[i],
				"a rule's id or name should stand here");
	}
	condition = map_value(map, "condition");
	if (condition == NULL || condition->kind != TREE_TEXT)
		return wrong(mistakes, condition ? condition : map,
			"filter: a condition should stand here, a text");
	return made;
}

/* A selection may be a "not" by itself, by its modifiers: the text says who wrote it. */
static bool is_negated(const struct filter *filter, const struct expression *made)
{
	struct slice text = slice_trim(map_value(filter->detection, "condition")->text);

	return made->kind == EXPRESSION_NOT && text.len > 3 &&
	       slice_eq_nocase(slice_head(text, 3), SLICE_LIT("not")) &&
	       strchr(" \t\n\r(", text.ptr[3]) != NULL;
}

/* What must hold, too, for a rule of the log source. */
static const struct expression *expression_for(const struct filter *filter,
	const struct log_source *source, struct rule_loading *loading, struct mistakes *said)
{
	struct detection detection = rule_loading_detection(loading, source, said);
	const struct expression *made =
		sigma_searches_read(filter->detection, &detection, "rules");

	if (made == NULL)
		return NULL;
	if (!slice_absent(detection.no_list)) {
		mistake_add(said, tree_pos(filter->detection),
			"filter: no pipeline has a list for %s",
			MISTAKE_TEXT(detection.no_list));
		return NULL;
	}
	loading->keywords |= detection.keywords;
	return is_negated(filter, made) ? made : expression_not(loading->arena, made);
}

struct applying {
	const struct filter *filter;
	struct rule_loading *loading;
	struct mistakes *said;
	/* of the last rule: most have one log source */
	struct log_source source;
	const struct expression *expression;
	uint64_t meaning;
	bool failed;
};

static bool read_for(struct applying *applying, const struct log_source *source)
{
	if (applying->expression != NULL && log_source_eq(&applying->source, source))
		return true;
	applying->source = *source;
	applying->expression =
		expression_for(applying->filter, source, applying->loading, applying->said);
	applying->meaning = meaning_of_text(
		SLICE_LIT("filter"), applying->filter->meaning + applying->loading->meaning);
	applying->failed = applying->expression == NULL;
	return !applying->failed;
}

static const char *why_not(const struct filter *filter, const struct sigma_rule *rule)
{
	if (rule == NULL)
		return "there is no rule of this id or name";
	if (!sigma_rule_is_loaded(rule))
		return "the rule was refused";
	if (rule->kind != SIGMA_DETECTION)
		return "only detections are filtered, name those it correlates";
	if (!log_source_holds(&filter->source, &rule->source))
		return "the rule is of another log source";
	return NULL;
}

/* False when the filter itself is wrong. */
static bool apply_to(
	struct applying *applying, struct sigma_rule *rule, const struct tree_node *node)
{
	struct arena *arena = applying->loading->arena;
	const struct expression *both[2];

	if (!read_for(applying, &rule->source))
		return false;
	both[0] = rule->expression;
	both[1] = applying->expression;
	both[0] = expression_of_parts(arena, EXPRESSION_AND, both, 2);
	if (both[0] == NULL || both[0]->weight > EXPRESSION_WEIGHT_MAX) {
		mistake_add(applying->said, tree_pos(node), "the rule gets too large");
		return false;
	}
	rule->expression = both[0];
	rule->version = meaning_short(meaning_of_text(
		slice_of(&applying->meaning, sizeof(applying->meaning)), rule->version));
	return true;
}

void filter_apply(const struct filter *filter, const struct rule_names *names,
	struct rule_loading *loading)
{
	struct sigma_rule *self = &loading->rules[filter->rule];
	struct strbuf text = STRBUF_INIT(1 << 16);
	struct mistakes said = mistakes_into(&text, self->path);
	struct applying applying = {.filter = filter, .loading = loading, .said = &said};
	size_t n_applied = 0;

	for (size_t i = 0; i < filter->rules->n && !applying.failed; i++) {
		const struct tree_node *node = filter->rules->items[i];
		struct sigma_rule *rule = rule_names_find(names, node->text, self->path);
		const char *why = why_not(filter, rule);

		if (why != NULL)
			mistake_add(&said, tree_pos(node), "filter: %s: %s",
				MISTAKE_TEXT(node->text), why);
		else
			n_applied += apply_to(&applying, rule, node);
	}
	if (applying.failed || n_applied == 0)
		rule_loading_refuse(loading, self, &text);
	else
		strbuf_add(loading->mistakes, strbuf_slice(&text));
	strbuf_done(&text);
}
