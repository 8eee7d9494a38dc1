#include "collector/detect/sigma/condition.h"

#include <stdlib.h>

struct parser {
	struct arena *arena;
	struct slice text, rest;
	struct slice word; /* the next one; empty at the end */
	struct pos at;
	const struct search *searches;
	size_t n_searches;
	struct mistakes *mistakes;
	unsigned depth;
};

/* ---- words --------------------------------------------------------------- */

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void next_word(struct parser *parser)
{
	struct slice rest = parser->rest;
	size_t n = 0;

	while (rest.len > 0 && is_blank(rest.ptr[0]))
		rest = slice_from(rest, 1);
	if (rest.len > 0 && strchr("()|", rest.ptr[0]) != NULL)
		n = 1;
	else
		while (n < rest.len && !is_blank(rest.ptr[n]) &&
			strchr("()|", rest.ptr[n]) == NULL)
			n++;
	parser->word = slice_head(rest, n);
	parser->rest = slice_from(rest, n);
}

static bool take(struct parser *parser, const char *word)
{
	if (!slice_eq_nocase(parser->word, slice_str(word)))
		return false;
	next_word(parser);
	return true;
}

static const struct expression *wrong(
	struct parser *parser, struct slice word, const char *what)
{
	struct pos at = parser->at;

	at.column += (unsigned)(word.ptr - parser->text.ptr);
	mistake_add(parser->mistakes, at, "condition: %s%s%s", what, word.len ? " " : "",
		word.len ? MISTAKE_TEXT(word) : "");
	return NULL;
}

static const struct expression *full(struct parser *parser)
{
	return wrong(parser, slice_head(parser->word, 0), "the rule is too large");
}

/* ---- searches by name ---------------------------------------------------- */

/* Only '*' has a meaning in such a name. */
static bool name_fits(struct slice pattern, struct slice name)
{
	size_t star = slice_find(pattern, '*');
	struct slice part;

	if (star == pattern.len)
		return slice_eq(pattern, name);
	if (!slice_starts(name, slice_head(pattern, star)))
		return false;
	name = slice_from(name, star);
	pattern = slice_from(pattern, star + 1);
	while ((star = slice_find(pattern, '*')) < pattern.len) {
		size_t at;

		part = slice_head(pattern, star);
		at = slice_search(name, part);
		if (at == name.len && part.len > 0)
			return false;
		name = slice_from(name, at + part.len);
		pattern = slice_from(pattern, star + 1);
	}
	return slice_ends(name, pattern);
}

static const struct expression *search_named(struct parser *parser, struct slice name)
{
	for (size_t i = 0; i < parser->n_searches; i++) {
		if (slice_eq(parser->searches[i].name, name))
			return parser->searches[i].expression;
	}
	return wrong(parser, name, "there is no search of the name");
}

struct count {
	bool all;
	unsigned least;
};

static const struct expression *counted(
	struct parser *parser, struct count count, struct slice name)
{
	bool them = slice_eq_nocase(name, SLICE_LIT("them"));
	bool hidden = !them && name.len > 0 && name.ptr[0] == '_';
	const struct expression **parts =
		arena_alloc(parser->arena, (parser->n_searches + 1) * sizeof(*parts));
	const struct expression *made;
	size_t n = 0;

	for (size_t i = 0; parts != NULL && i < parser->n_searches; i++) {
		const struct search *search = &parser->searches[i];

		if (!hidden && search->name.len > 0 && search->name.ptr[0] == '_')
			continue;
		if (them || name_fits(name, search->name))
			parts[n++] = search->expression;
	}
	if (n == 0)
		return wrong(parser, name, "no search fits the name");
	if (count.least > n)
		return wrong(parser, name, "fewer searches fit than are asked for of");
	if (!count.all && count.least > 1)
		made = expression_count(parser->arena, count.least, parts, n);
	else
		made = expression_of_parts(
			parser->arena, count.all ? EXPRESSION_AND : EXPRESSION_OR, parts, n);
	return made ? made : full(parser);
}

/* ---- the grammar ---------------------------------------------------------- */

static const struct expression *parse_or(struct parser *parser);

static bool is_count(struct slice word, struct count *count)
{
	uint64_t number;

	*count = (struct count){.least = 1};
	if (slice_eq_nocase(word, SLICE_LIT("all"))) {
		count->all = true;
		return true;
	}
	if (slice_eq_nocase(word, SLICE_LIT("any")))
		return true;
	if (!slice_to_u64(word, 1000000, &number) || number == 0)
		return false;
	count->least = (unsigned)number;
	return true;
}

static bool is_operator(struct slice word)
{
	return slice_eq_nocase(word, SLICE_LIT("and")) ||
	       slice_eq_nocase(word, SLICE_LIT("or")) ||
	       slice_eq_nocase(word, SLICE_LIT("not")) ||
	       slice_eq_nocase(word, SLICE_LIT("of")) || slice_eq(word, SLICE_LIT(")")) ||
	       slice_eq(word, SLICE_LIT("|"));
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static const struct expression *parse_item(struct parser *parser)
{
	struct slice word = parser->word;
	struct parser before = *parser;
	const struct expression *inner;
	struct count count;

	if (word.len == 0)
		return wrong(parser, word, "it ends where a search should stand");
	if (is_operator(word))
		return wrong(parser, word, "a search should stand before");
	next_word(parser);
	if (slice_eq(word, SLICE_LIT("("))) {
		inner = parse_or(parser);
		if (inner != NULL && !take(parser, ")"))
			return wrong(parser, word, "there is no closing bracket for");
		return inner;
	}
	if (is_count(word, &count) && take(parser, "of")) {
		word = parser->word;
		if (word.len == 0 || slice_eq(word, SLICE_LIT("(")) || is_operator(word))
			return wrong(parser, word, "a name should stand behind \"of\"");
		next_word(parser);
		return counted(parser, count, word);
	}
	*parser = before;
	next_word(parser);
	return search_named(parser, word);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static const struct expression *parse_not(struct parser *parser)
{
	bool negated = false;
	const struct expression *item;

	if (++parser->depth > CONDITION_DEPTH_MAX)
		return wrong(parser, parser->word, "nested too deeply");
	while (take(parser, "not"))
		negated = !negated;
	item = parse_item(parser);
	parser->depth--;
	if (item != NULL && negated && (item = expression_not(parser->arena, item)) == NULL)
		return full(parser);
	return item;
}

/* Items with one word between them; `one` reads an item. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static const struct expression *parse_row(struct parser *parser, const char *word,
	enum expression_kind kind, const struct expression *(*one)(struct parser *))
{
	const struct expression **parts = NULL, *item = NULL, *made = NULL;
	size_t n = 0;

	do {
		const struct expression **more = realloc(parts, (n + 1) * sizeof(*parts));

		if (more == NULL)
			abort();
		parts = more;
		item = one(parser);
		parts[n++] = item;
	} while (item != NULL && take(parser, word));
	if (item != NULL) {
		made = expression_of_parts(parser->arena, kind, parts, n);
		if (made == NULL)
			made = full(parser);
	}
	free(parts);
	return made;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static const struct expression *parse_and(struct parser *parser)
{
	return parse_row(parser, "and", EXPRESSION_AND, parse_not);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static const struct expression *parse_or(struct parser *parser)
{
	return parse_row(parser, "or", EXPRESSION_OR, parse_and);
}

const struct expression *condition_parse(struct arena *arena, struct slice text, struct pos at,
	const struct search *searches, size_t n_searches, struct mistakes *mistakes)
{
	struct parser parser = {.arena = arena,
		.text = text,
		.rest = text,
		.at = at,
		.searches = searches,
		.n_searches = n_searches,
		.mistakes = mistakes};
	const struct expression *whole;

	if (text.len > CONDITION_SIZE_MAX)
		return wrong(&parser, slice_head(text, 0), "too long");
	next_word(&parser);
	whole = parse_or(&parser);
	if (whole == NULL)
		return NULL;
	if (slice_eq(parser.word, SLICE_LIT("|")))
		return wrong(&parser, parser.word,
			"counting behind a bar is not in Sigma 2; write a correlation rule:");
	if (parser.word.len > 0)
		return wrong(&parser, parser.word, "\"and\" or \"or\" should stand before");
	if (whole->weight > EXPRESSION_WEIGHT_MAX)
		return wrong(&parser, slice_head(text, 0),
			"it names searches so often that too many values would be compared");
	return whole;
}
