#include "collector/detect/sigma/detection.h"

#include <math.h>
#include <stdlib.h>

#include "collector/detect/sigma/modifiers.h"

/* Expressions that will be linked. */
struct row {
	const struct expression **parts;
	size_t n, room;
};

/* One key of a map with its values. */
struct item {
	struct detection *detection;
	struct modifiers modifiers;
	uint16_t field;
	struct row row;
};

static bool wrong(struct detection *detection, const struct tree_node *node, const char *what)
{
	mistake_add(detection->mistakes, tree_pos(node), "%s", what);
	return false;
}

static bool row_add(struct detection *detection, struct row *row, const struct tree_node *node,
	const struct expression *part)
{
	if (part == NULL)
		return wrong(detection, node, "the rule is too large");
	if (row->n == row->room) {
		row->room = row->room ? 2 * row->room : 8;
		row->parts = realloc(row->parts, row->room * sizeof(*row->parts));
		if (row->parts == NULL)
			abort();
	}
	row->parts[row->n++] = part;
	return true;
}

/* Frees the row. */
static const struct expression *row_end(struct detection *detection, struct row *row,
	const struct tree_node *node, enum expression_kind kind)
{
	const struct expression *made =
		expression_of_parts(detection->arena, kind, row->parts, row->n);

	free(row->parts);
	*row = (struct row){0};
	if (made == NULL)
		wrong(detection, node, "the rule is too large");
	return made;
}

/* ---- values into atoms ------------------------------------------------------ */

/* For one value more. */
static bool has_room(struct detection *detection, const struct tree_node *node)
{
	if (detection->n_values++ >= DETECTION_VALUES_MAX)
		return wrong(detection, node, "too many values for one rule");
	if (detection->arena->used - detection->arena_start > DETECTION_MEMORY_MAX)
		return wrong(detection, node, "the rule is too large");
	return true;
}

static bool add_atom(struct item *item, const struct tree_node *node, struct atom atom)
{
	struct detection *detection = item->detection;
	struct expression *expression;

	if (!has_room(detection, node))
		return false;
	expression = arena_alloc(detection->arena, sizeof(*expression));
	if (expression == NULL)
		return wrong(detection, node, "the rule is too large");
	atom.field = item->field;
	atom.cased = item->modifiers.cased;
	*expression = (struct expression){.kind = EXPRESSION_ATOM, .weight = 1, .atom = atom};
	return row_add(detection, &item->row, node, expression);
}

/* The last `n` parts of the row, which one value became, are alternatives. */
static bool join_last(struct item *item, const struct tree_node *node, size_t n)
{
	struct row *row = &item->row;

	row->n -= n;
	return row_add(item->detection, row, node,
		expression_of_parts(
			item->detection->arena, EXPRESSION_OR, row->parts + row->n, n));
}

static bool add_pattern(struct item *item, const struct tree_node *node, struct symbols value)
{
	struct arena *arena = item->detection->arena;
	struct symbols texts[MODIFIERS_TEXTS_MAX];
	struct err err;
	unsigned n = modifiers_apply(&item->modifiers, arena, value, texts, &err);

	if (n == 0)
		return wrong(item->detection, node, err.text);
	for (unsigned i = 0; i < n; i++) {
		struct atom atom = {.test = ATOM_PATTERN};

		if (!pattern_compile(arena, texts[i], item->modifiers.cased, &atom.pattern))
			return wrong(item->detection, node, "the rule is too large");
		if (!add_atom(item, node, atom))
			return false;
	}
	return n == 1 || join_last(item, node, n);
}

static bool add_regex(struct item *item, const struct tree_node *node, struct slice text)
{
	struct detection *detection = item->detection;
	struct regex_flags flags = item->modifiers.regex;
	struct err err;
	struct regex *regex;

	regex = regex_new(text, flags, &err);
	if (regex == NULL)
		return wrong(detection, node, err.text);
	if (!detection->keep(detection->user, regex))
		return wrong(
			detection, node, "the regular expressions of all rules are too large");
	return add_atom(item, node, (struct atom){.test = ATOM_REGEX, .regex = regex});
}

static bool add_prefix(struct item *item, const struct tree_node *node, struct slice text)
{
	struct atom atom = {.test = ATOM_PREFIX};
	struct err err;

	if (!netprefix_parse(text, &atom.prefix, &err))
		return wrong(item->detection, node, err.text);
	return add_atom(item, node, atom);
}

static bool add_number(struct item *item, const struct tree_node *node, struct slice text)
{
	struct atom atom = {.test = ATOM_NUMBER,
		.number.comparison = item->modifiers.comparison,
		.number.part = item->modifiers.part};
	char *end;

	/* texts of a tree have a NUL behind them */
	atom.number.value = text.len > 0 ? strtod(text.ptr, &end) : 0;
	if (text.len == 0 || end != text.ptr + text.len || !isfinite(atom.number.value))
		return wrong(item->detection, node, "a number should stand here");
	return add_atom(item, node, atom);
}

static bool add_exists(struct item *item, const struct tree_node *node, struct slice text)
{
	bool yes = slice_eq_nocase(text, SLICE_LIT("true"));

	if (!yes && !slice_eq_nocase(text, SLICE_LIT("false")))
		return wrong(item->detection, node, "true or false should stand here");
	return add_atom(item, node, (struct atom){.test = yes ? ATOM_EXISTS : ATOM_ABSENT});
}

static bool add_field(struct item *item, const struct tree_node *node, struct slice text)
{
	struct detection *detection = item->detection;
	unsigned number = detection->field(detection->user, text, tree_pos(node));

	if (number == FIELD_NUMBER_ANY)
		return false;
	return add_atom(item, node,
		(struct atom){.test = ATOM_FIELD,
			.other.field = (uint16_t)number,
			.other.place = item->modifiers.place});
}

/* ---- placeholders ----------------------------------------------------------- */

/* A value with placeholders: what stands before the first one, its list, the rest. */
struct holes {
	struct slice before, after;
	const struct slice *list;
	size_t n;
};

/* False when there is none. One without a list has an empty one. */
static bool find_hole(struct detection *detection, struct slice text, struct holes *holes)
{
	size_t start = slice_find(text, '%'), len;
	struct slice rest;

	if (start == text.len)
		return false;
	rest = slice_from(text, start + 1);
	len = slice_find(rest, '%');
	if (len == rest.len || len == 0)
		return false;
	holes->before = slice_head(text, start);
	holes->after = slice_from(rest, len + 1);
	holes->list = detection->placeholder(detection->user, slice_head(rest, len), &holes->n);
	if (holes->list == NULL) {
		holes->n = 0;
		if (slice_absent(detection->no_list))
			detection->no_list =
				arena_copy(detection->arena, slice_head(rest, len));
	}
	return true;
}

/* `before` has no placeholder any more; each value of a list makes a text of its own. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bool add_expanded(struct item *item, const struct tree_node *node, struct symbols before,
	struct slice text, unsigned depth)
{
	struct detection *detection = item->detection;
	struct arena *arena = detection->arena;
	struct holes holes;

	if (depth > DETECTION_DEPTH_MAX)
		return wrong(detection, node, "too many placeholders in one value");
	if (!find_hole(detection, text, &holes)) {
		struct symbols parts[] = {before, symbols_of(arena, text)};

		return add_pattern(
			item, node, parts[1].at ? symbols_join(arena, parts, 2) : parts[1]);
	}
	for (size_t i = 0; i < holes.n; i++) {
		struct symbols parts[] = {before, symbols_of(arena, holes.before),
			symbols_of_bytes(arena, holes.list[i])};
		struct symbols all = {0};

		if (parts[1].at != NULL && parts[2].at != NULL)
			all = symbols_join(arena, parts, 3);
		if (all.at == NULL)
			return wrong(detection, node, "the value is too long");
		if (!has_room(detection, node))
			return false;
		if (!add_expanded(item, node, all, holes.after, depth + 1))
			return false;
	}
	return true;
}

/* In a regular expression a placeholder is one group of its list. */
static bool add_expanded_regex(
	struct item *item, const struct tree_node *node, struct slice text)
{
	struct strbuf out = STRBUF_INIT(REGEX_TEXT_MAX + 1);
	struct holes holes;
	bool ok = true;

	while (find_hole(item->detection, text, &holes)) {
		strbuf_add(&out, holes.before);
		strbuf_add_str(&out, "(?:");
		for (size_t i = 0; i < holes.n; i++) {
			strbuf_add_str(&out, i ? "|\\Q" : "\\Q");
			strbuf_add(&out, holes.list[i]);
			strbuf_add_str(&out, "\\E");
		}
		strbuf_add_str(&out, holes.n ? ")" : "(?!))");
		text = holes.after;
	}
	strbuf_add(&out, text);
	if (out.overflow)
		ok = wrong(item->detection, node, "the regular expression is too long");
	ok = ok && add_regex(item, node, strbuf_slice(&out));
	strbuf_done(&out);
	return ok;
}

/* ---- items -------------------------------------------------------------------- */

static bool add_text(struct item *item, const struct tree_node *node)
{
	struct arena *arena = item->detection->arena;
	const struct modifiers *modifiers = &item->modifiers;

	switch (modifiers->test) {
	case ATOM_REGEX:
		return modifiers->expand ? add_expanded_regex(item, node, node->text)
					 : add_regex(item, node, node->text);
	case ATOM_PREFIX:
		return add_prefix(item, node, node->text);
	case ATOM_EXISTS:
		return add_exists(item, node, node->text);
	case ATOM_FIELD:
		return add_field(item, node, node->text);
	case ATOM_NUMBER:
		return add_number(item, node, node->text);
	case ATOM_PATTERN:
	case ATOM_ABSENT:
		break;
	}
	if (modifiers->expand)
		return add_expanded(
			item, node, symbols_of_bytes(arena, SLICE_LIT("")), node->text, 0);
	return add_pattern(item, node, symbols_of(arena, node->text));
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static bool add_value(struct item *item, const struct tree_node *node, unsigned depth)
{
	if (depth > DETECTION_DEPTH_MAX)
		return wrong(item->detection, node, "nested too deeply");
	if (node->kind == TREE_MAP)
		return wrong(item->detection, node,
			"a mapping, where a value or a list of values should stand");
	if (node->kind == TREE_LIST) {
		for (size_t i = 0; i < node->n; i++) {
			if (!add_value(item, node->items[i], depth + 1))
				return false;
		}
		return true;
	}
	if (item->field == FIELD_NUMBER_ANY && node->text.len == 0)
		return wrong(item->detection, node, "an empty keyword fits every event");
	if (tree_is_null(node) && item->modifiers.test == ATOM_PATTERN &&
		item->field != FIELD_NUMBER_ANY)
		return add_atom(item, node, (struct atom){.test = ATOM_ABSENT});
	return add_text(item, node);
}

static const struct expression *link_item(struct item *item, const struct tree_node *node)
{
	struct detection *detection = item->detection;
	const struct expression *made = row_end(detection, &item->row, node,
		item->modifiers.all ? EXPRESSION_AND : EXPRESSION_OR);

	if (made != NULL && item->modifiers.negate) {
		made = expression_not(detection->arena, made);
		if (made == NULL)
			wrong(detection, node, "the rule is too large");
	}
	return made;
}

/* Values of a field, or keywords where `field` is FIELD_NUMBER_ANY. */
static const struct expression *parse_values(
	struct item *item, const struct tree_node *key, const struct tree_node *value)
{
	if (item->field == FIELD_NUMBER_ANY) {
		item->detection->keywords = true;
		if (item->modifiers.place == PATTERN_WHOLE)
			item->modifiers.place = PATTERN_WITHIN;
	}
	if (value->kind == TREE_LIST && value->n == 0) {
		wrong(item->detection, value, "the list is empty");
		return NULL;
	}
	if (!add_value(item, value, 0)) {
		free(item->row.parts);
		return NULL;
	}
	return link_item(item, key);
}

static const struct expression *parse_item(
	struct detection *detection, const struct tree_node *key, const struct tree_node *value)
{
	struct item item = {.detection = detection, .field = FIELD_NUMBER_ANY};
	size_t bar = slice_find(key->text, '|');
	struct slice name = slice_head(key->text, bar);
	struct slice rest =
		bar < key->text.len ? slice_from(key->text, bar + 1) : SLICE_LIT("");

	if (!modifiers_parse(rest, tree_pos(key), &item.modifiers, detection->mistakes))
		return NULL;
	if (name.len > 0) {
		unsigned number = detection->field(detection->user, name, tree_pos(key));

		if (number == FIELD_NUMBER_ANY)
			return NULL;
		item.field = (uint16_t)number;
	} else if (item.modifiers.test != ATOM_PATTERN && item.modifiers.test != ATOM_REGEX) {
		wrong(detection, key, "keywords are texts");
		return NULL;
	}
	return parse_values(&item, key, value);
}

static const struct expression *parse_keyword(
	struct detection *detection, const struct tree_node *node)
{
	struct item item = {.detection = detection,
		.field = FIELD_NUMBER_ANY,
		.modifiers = {.test = ATOM_PATTERN, .place = PATTERN_WITHIN}};

	return parse_values(&item, node, node);
}

static const struct expression *parse_map(
	struct detection *detection, const struct tree_node *map)
{
	struct row row = {0};

	if (map->n == 0) {
		wrong(detection, map, "the mapping is empty");
		return NULL;
	}
	for (size_t i = 0; i < map->n; i++) {
		const struct expression *part =
			parse_item(detection, tree_key(map, i), tree_value(map, i));

		if (part == NULL || !row_add(detection, &row, map, part)) {
			free(row.parts);
			return NULL;
		}
	}
	return row_end(detection, &row, map, EXPRESSION_AND);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static const struct expression *parse_search(
	struct detection *detection, const struct tree_node *node, unsigned depth)
{
	struct row row = {0};

	if (node->kind == TREE_MAP)
		return parse_map(detection, node);
	if (node->kind == TREE_TEXT)
		return parse_keyword(detection, node);
	if (node->n == 0 || depth > DETECTION_DEPTH_MAX) {
		wrong(detection, node, node->n ? "nested too deeply" : "the list is empty");
		return NULL;
	}
	for (size_t i = 0; i < node->n; i++) {
		const struct expression *part =
			parse_search(detection, node->items[i], depth + 1);

		if (part == NULL || !row_add(detection, &row, node, part)) {
			free(row.parts);
			return NULL;
		}
	}
	return row_end(detection, &row, node, EXPRESSION_OR);
}

const struct expression *detection_parse(
	struct detection *detection, const struct tree_node *search)
{
	return parse_search(detection, search, 0);
}
