#include "collector/detect/sigma/rule_loading.h"

#include <stdlib.h>

#include "collector/detect/sigma/filter.h"
#include "collector/detect/sigma/meaning.h"
#include "collector/detect/sigma/references.h"
#include "collector/detect/sigma/rule_files.h"
#include "collector/detect/sigma/rule_set.h"

void *room_for_one(void *list, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return list;
	*room = *room ? 2 * *room : 64;
	list = realloc(list, *room * size);
	if (list == NULL)
		abort();
	return list;
}

/* ---- what detections ask for ------------------------------------------------------- */

static unsigned field_of(void *user, struct slice name, struct pos at)
{
	struct rule_loading *loading = user;
	struct slice names[PIPELINE_NAMES_MAX];
	size_t n = pipelines_names(
		loading->pipelines, loading->source, name, loading->arena, names);
	unsigned number = fields_number(loading->fields, name, names, n);

	for (size_t i = 0; i < n; i++)
		loading->meaning = meaning_of_text(names[i], loading->meaning);
	if (number < FIELDS_MAX)
		return number;
	mistake_add(loading->said, at, "too many fields in all rules");
	return FIELD_NUMBER_ANY;
}

static const struct slice *placeholder_of(void *user, struct slice name, size_t *n)
{
	struct rule_loading *loading = user;
	const struct slice *list = pipelines_placeholder(loading->pipelines, name, n);

	for (size_t i = 0; list != NULL && i < *n; i++)
		loading->meaning = meaning_of_text(list[i], loading->meaning);
	return list;
}

static bool keep_regex(void *user, struct regex *regex)
{
	struct rule_loading *loading = user;

	loading->regex_memory += regex_size(regex);
	if (loading->regex_memory > RULE_SET_REGEX_MAX) {
		loading->regex_memory -= regex_size(regex);
		regex_free(regex);
		return false;
	}

	loading->regexes = room_for_one(loading->regexes, loading->n_regexes,
		&loading->regexes_room, sizeof(struct regex *));
	loading->regexes[loading->n_regexes++] = regex;
	return true;
}

struct detection rule_loading_detection(
	struct rule_loading *loading, const struct log_source *source, struct mistakes *said)
{
	loading->source = source;
	loading->said = said;
	loading->meaning = 0;
	return (struct detection){.arena = loading->arena,
		.mistakes = said,
		.user = loading,
		.field = field_of,
		.placeholder = placeholder_of,
		.keep = keep_regex,
		.arena_start = loading->arena->used};
}

/* ---- rules ------------------------------------------------------------------------- */

/* What stands behind "file:line:column: " of the first line. */
static struct slice first_mistake(struct arena *arena, struct slice lines)
{
	struct slice line, copy = SLICE_NONE;

	if (slice_cut(&lines, '\n', &line))
		copy = arena_copy(arena, line);
	return slice_absent(copy) ? SLICE_LIT("unknown") : copy;
}

void rule_loading_refuse(
	struct rule_loading *loading, struct sigma_rule *rule, const struct strbuf *said)
{
	rule->expression = NULL;
	rule->correlation = NULL;
	rule->reason = first_mistake(loading->arena, strbuf_slice(said));
	strbuf_add(loading->mistakes, strbuf_slice(said));
}

static struct sigma_rule *add_rule(
	struct rule_loading *loading, const char *path, unsigned line)
{
	loading->rules = room_for_one(loading->rules, loading->n_rules, &loading->rules_room,
		sizeof(*loading->rules));
	loading->rules[loading->n_rules] = (struct sigma_rule){.path = path, .line = line};
	return &loading->rules[loading->n_rules++];
}

static bool read_detection(struct rule_loading *loading, const struct tree_node *document,
	struct sigma_rule *rule, struct mistakes *said)
{
	struct detection detection = rule_loading_detection(loading, &rule->source, said);

	if (!sigma_rule_read(document, &detection, rule))
		return false;
	loading->keywords |= rule->keywords;
	rule->version = meaning_short(meaning_of_rule(document, loading->meaning));
	return true;
}

static bool read_correlation(struct rule_loading *loading, const struct tree_node *document,
	struct sigma_rule *rule, struct mistakes *said)
{
	rule->kind = SIGMA_CORRELATION;
	if (!sigma_rule_read_head(document, loading->arena, rule, said))
		return false;
	rule->correlation = correlation_read(document, loading->arena, said);
	rule->version = meaning_short(meaning_of_rule(document, 0));
	return rule->correlation != NULL;
}

static bool read_filter(struct rule_loading *loading, const struct tree_node *document,
	struct sigma_rule *rule, struct mistakes *said)
{
	struct filter *filter;

	rule->kind = SIGMA_FILTER;
	if (!sigma_rule_read_head(document, loading->arena, rule, said))
		return false;
	filter = filter_read(document, loading->arena, said);
	if (filter == NULL)
		return false;
	filter->rule = (uint32_t)(rule - loading->rules);
	loading->filters = room_for_one(loading->filters, loading->n_filters,
		&loading->filters_room, sizeof(struct filter *));
	loading->filters[loading->n_filters++] = filter;
	return true;
}

/* Sigma 1 put what stands in one document into those behind it; without that they would be
 * other rules. */
static bool read_action(struct rule_loading *loading, const struct tree_node *action,
	const struct tree_node *document, struct mistakes *said)
{
	if (action == NULL) {
		mistake_add(said, tree_pos(document),
			"stands behind the 'action' of line %u, which is not read: write the "
			"rule in full",
			loading->global_line);
		return false;
	}
	loading->global_line = slice_eq(action->text, SLICE_LIT("reset")) ? 0 : document->line;
	mistake_add(said, tree_pos(action),
		"action: collections of Sigma 1 (global, reset, repeat) are not read: write "
		"each rule in full");
	return false;
}

static bool read_rule(struct rule_loading *loading, const struct tree_node *document,
	struct sigma_rule *rule, struct mistakes *said)
{
	const struct tree_node *detection = map_value(document, "detection"),
			       *correlation = map_value(document, "correlation"),
			       *filter = map_value(document, "filter"),
			       *action = map_value(document, "action");

	if (action != NULL || loading->global_line > 0)
		return read_action(loading, action, document, said);
	if ((detection != NULL) + (correlation != NULL) + (filter != NULL) > 1) {
		mistake_add(said, tree_pos(document),
			"one of detection, correlation and filter should stand here");
		return false;
	}
	if (correlation != NULL)
		return read_correlation(loading, document, rule, said);
	if (filter != NULL)
		return read_filter(loading, document, rule, said);
	if (detection != NULL)
		return read_detection(loading, document, rule, said);
	mistake_add(said, tree_pos(document),
		"no Sigma rule: there is no detection, correlation or filter");
	return false;
}

static void read_document(
	struct rule_loading *loading, const char *path, const struct tree_node *document)
{
	struct strbuf text = STRBUF_INIT(1 << 16);
	struct mistakes said = mistakes_into(&text, path);
	struct sigma_rule *rule;

	if (tree_is_null(document))
		return;
	if (loading->n_rules == RULE_SET_RULES_MAX) {
		strbuf_addf(loading->mistakes, "%s:%u: more than %d rules\n", path,
			document->line, RULE_SET_RULES_MAX);
		return;
	}
	rule = add_rule(loading, path, document->line);
	if (!read_rule(loading, document, rule, &said))
		rule_loading_refuse(loading, rule, &text);
	strbuf_done(&text);
}

/* Filters are read anew for each log source of the rules they are put to. */
static void keep_tree(struct rule_loading *loading, struct tree *tree)
{
	loading->trees = room_for_one(
		loading->trees, loading->n_trees, &loading->trees_room, sizeof(struct tree *));
	loading->trees[loading->n_trees++] = tree;
}

static void read_file(void *user, const char *path, struct slice text, struct strbuf *mistakes)
{
	struct rule_loading *loading = user;
	struct slice copy = arena_copy(loading->arena, slice_of(path, strlen(path) + 1));
	struct strbuf lines = STRBUF_INIT(1 << 16);
	struct mistakes said = mistakes_into(&lines, path);
	struct tree *tree = tree_parse_documents(text, &said);
	size_t filters = loading->n_filters;

	loading->global_line = 0;
	if (slice_absent(copy))
		strbuf_addf(mistakes, "%s: too many rules\n", path);
	else if (tree == NULL || said.n > 0) {
		rule_loading_refuse(loading, add_rule(loading, copy.ptr, 1), &lines);
	} else {
		for (size_t i = 0; i < tree_documents(tree); i++)
			read_document(loading, copy.ptr, tree_document(tree, i));
	}
	if (loading->n_filters > filters)
		keep_tree(loading, tree);
	else
		tree_free(tree);
	strbuf_done(&lines);
}

void rule_loading_read(struct rule_loading *loading, const char *path)
{
	rule_files_read(path, read_file, loading, loading->mistakes);
}

void rule_loading_end(struct rule_loading *loading)
{
	struct rule_names names;

	rule_names_init(&names, loading->rules, loading->n_rules);
	for (size_t i = 0; i < loading->n_filters; i++)
		filter_apply(loading->filters[i], &names, loading);
	references_resolve(&names, loading);
	rule_names_done(&names);
	for (size_t i = 0; i < loading->n_trees; i++)
		tree_free(loading->trees[i]);
	free(loading->trees);
	free(loading->filters);
}
