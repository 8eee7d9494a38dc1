#include "collector/normalize/own/format.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "collector/normalize/own/fill.h"
#include "collector/normalize/own/meanings.h"
#include "collector/normalize/own/samples.h"
#include "collector/normalize/text/extract.h"
#include "common/netaddr.h"

enum { ARENA_MAX = 64 << 20 };

struct own_format {
	struct parser parser; /* first: the parser of a format leads to it */
	atomic_uint refs;
	struct conf *conf;
	struct written_format written;
	struct arena arena;
	char name[OWN_NAME_MAX + 1];
	const char *programs[OWN_PROGRAMS_MAX + 1];
	char first_bytes[257];
	struct zone zone;
	bool has_zone;
	struct own_tree *tree;
	struct own_fill fill;
};

/* ---- reading lines -------------------------------------------------------------- */

static bool is_of_program(const struct own_format *format, struct slice program)
{
	for (const char *const *name = format->programs; *name != NULL; name++) {
		if (slice_eq(slice_str(*name), program))
			return true;
	}
	return false;
}

static enum parse_result give_up(struct record *record, struct parse_context *context)
{
	put(record, context, FIELD_TAGS, SLICE_LIT("pattern_work_limit"));
	return PARSED_DAMAGED;
}

static enum parse_result read_line(
	const struct own_format *format, struct record *record, struct parse_context *context)
{
	struct own_values values;

	values.takes_part = context->named || is_of_program(format, context->program);
	const struct own_end *end =
		own_tree_match(format->tree, context->message, context, &values);
	if (end == NULL)
		return values.gave_up ? give_up(record, context) : PARSED_NOT_MINE;
	context->message = SLICE_NONE;
	return own_fill(&format->fill, end, &values, record, context);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	const struct own_format *format =
		(const struct own_format *)(const void *)context->parser;
	const struct zone *zone = context->zone;
	int32_t zone_seconds = context->zone_seconds;

	if (format->has_zone) {
		context->zone = format->zone.turns ? &format->zone : NULL;
		context->zone_seconds =
			zone_offset(&format->zone, context->now_ns / CLOCK_NS_PER_S);
	}
	enum parse_result result = read_line(format, record, context);
	context->zone = zone;
	context->zone_seconds = zone_seconds;
	return result;
}

bool own_format_continues(const struct parser *parser, struct slice line)
{
	if (parser == NULL || parser->parse != parse)
		return false;

	const struct own_format *format = (const struct own_format *)(const void *)parser;
	const struct setting_texts *marks = &format->written.continues;
	for (size_t i = 0; i < marks->n; i++) {
		if (slice_starts(line, slice_str(marks->items[i])))
			return true;
	}
	return false;
}

/* ---- compiling -------------------------------------------------------------------- */

struct compiling {
	struct own_format *format;
	struct mistakes mistakes;
	struct slice module;
	bool quiet;                            /* what is wrong here is told elsewhere */
	const struct written_pattern *pattern; /* NULL: the prefix alone */
	unsigned number;                       /* of the pattern */
};

static void wrong(struct compiling *compiling, const void *member, const char *words)
{
	if (!compiling->quiet)
		mistake_add(&compiling->mistakes, conf_at(compiling->format->conf, member),
			"%s", words);
}

static void *make(struct compiling *compiling, size_t n, size_t size)
{
	void *made = arena_alloc(&compiling->format->arena, n * size);

	if (made == NULL)
		mistake_add(&compiling->mistakes, (struct pos){0},
			"the file needs too much memory");
	else
		memset(made, 0, n * size);
	return made;
}

static bool find_target(
	struct compiling *compiling, const char *const *name, struct own_target *target)
{
	struct err err;

	if (own_target_find(slice_str(*name), compiling->module, target, &err))
		return true;
	wrong(compiling, name, err.text);
	return false;
}

/* Whether a written word can stand in the field. */
static bool check_word(
	struct compiling *compiling, const struct own_target *target, const char *const *word)
{
	struct slice text = slice_str(*word);
	struct netaddr addr;
	struct err err;

	if (!own_meaning_check(target->field, text, &err)) {
		wrong(compiling, word, err.text);
		return false;
	}
	if (target->field == OWN_TIMESTAMP || field_type(target->field) == FIELD_DATE)
		wrong(compiling, word, "a time is no constant");
	else if (field_type(target->field) == FIELD_LONG && !all_digits(text))
		wrong(compiling, word, "the field is a number");
	else if (field_type(target->field) == FIELD_IP && !netaddr_parse(text, &addr))
		wrong(compiling, word, "the field is an address");
	else if (field_type(target->field) == FIELD_BOOL &&
		 !slice_eq(text, SLICE_LIT("true")) && !slice_eq(text, SLICE_LIT("false")))
		wrong(compiling, word, "the field is true or false");
	else
		return true;
	return false;
}

/* ---- constants ------------------------------------------------------------------- */

static bool has_key(const struct setting_pairs *pairs, const char *key)
{
	for (size_t i = 0; pairs != NULL && i < pairs->n; i++) {
		if (strcmp(pairs->items[i].key, key) == 0)
			return true;
	}
	return false;
}

/* Constants of the file, checked once, and of one pattern, whose keys win. */
static void add_constants(struct compiling *compiling, const struct setting_pairs *pairs,
	const struct setting_pairs *winners, struct own_constants *constants,
	struct own_constant *items)
{
	for (size_t i = 0; pairs != NULL && i < pairs->n; i++) {
		const struct setting_pair *pair = &pairs->items[i];
		struct own_target target;

		if (!has_key(winners, pair->key) &&
			find_target(compiling, &pair->key, &target) &&
			check_word(compiling, &target, &pair->value))
			items[constants->n++] =
				(struct own_constant){target, slice_str(pair->value)};
	}
}

static void fill_constants(struct compiling *compiling, const struct setting_pairs *own,
	struct own_constants *constants)
{
	const struct setting_pairs *all = &compiling->format->written.set;
	struct own_constant *items =
		make(compiling, all->n + (own ? own->n : 0) + 1, sizeof(*items));

	if (items == NULL)
		return;
	constants->items = items;
	compiling->quiet = own != NULL; /* those of the prefix alone tell */
	add_constants(compiling, all, own, constants, items);
	compiling->quiet = false;
	add_constants(compiling, own, NULL, constants, items);
}

/* ---- names and tables --------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct own_name *one = a, *two = b;

	return own_compare(one->name, two->name);
}

/* Values of names come as they are, so that words ECS lists cannot be read from them. */
static bool can_be_named(const struct own_target *target)
{
	struct err err;

	return own_meaning_check(target->field, SLICE_LIT(""), &err);
}

static void compile_names(struct compiling *compiling)
{
	const struct setting_pairs *written = &compiling->format->written.names;
	struct own_fill *fill = &compiling->format->fill;
	struct own_name *names = make(compiling, written->n + 1, sizeof(*names));

	for (size_t i = 0; names != NULL && i < written->n; i++) {
		const struct setting_pair *pair = &written->items[i];
		struct own_name *name = &names[fill->n_names++];

		name->name = slice_str(pair->key);
		if (strcmp(pair->value, "-") == 0)
			continue;
		if (find_target(compiling, &pair->value, &name->target) &&
			!can_be_named(&name->target))
			wrong(compiling, &pair->value,
				"ECS allows listed words only here: keep the value below the "
				"module, and give a table under `values`");
	}
	if (names != NULL && fill->n_names > 0)
		qsort(names, fill->n_names, sizeof(*names), by_name);
	fill->names = names;
}

struct ordered_word {
	struct own_word word;
	unsigned number;
};

static int by_word(const void *a, const void *b)
{
	const struct ordered_word *one = a, *two = b;
	int order = own_compare(one->word.word, two->word.word);

	return order != 0 ? order : one->number < two->number ? -1 : one->number > two->number;
}

static void sort_words(struct compiling *compiling, struct own_word *words, unsigned n)
{
	struct ordered_word *ordered = make(compiling, n + 1, sizeof(*ordered));

	for (unsigned i = 0; ordered != NULL && i < n; i++)
		ordered[i] = (struct ordered_word){words[i], i};
	if (ordered == NULL || n == 0)
		return;
	qsort(ordered, n, sizeof(*ordered), by_word);
	for (unsigned i = 0; i < n; i++)
		words[i] = ordered[i].word;
}

static void compile_table(struct compiling *compiling, const struct written_values *written,
	struct own_table *table)
{
	struct own_word *words = make(compiling, written->table.n + 1, sizeof(*words));

	if (words == NULL || !find_target(compiling, &written->from, &table->from) ||
		!find_target(compiling, &written->to, &table->to))
		return;
	if (table->from.field == OWN_TIMESTAMP)
		wrong(compiling, &written->from, "a time is no word");
	if (written->otherwise[0] != '\0' &&
		check_word(compiling, &table->to, &written->otherwise))
		table->otherwise = slice_str(written->otherwise);
	for (size_t i = 0; i < written->table.n; i++) {
		const struct setting_pair *pair = &written->table.items[i];

		(void)check_word(compiling, &table->to, &pair->value);
		words[table->n++] =
			(struct own_word){slice_str(pair->key), slice_str(pair->value)};
		if (i > 0 && strcmp(pair->key, pair[-1].key) == 0 &&
			!own_field_is_list(table->to.field))
			wrong(compiling, &pair->value, "the field takes one value");
	}
	sort_words(compiling, words, table->n);
	table->words = words;
}

static void compile_tables(struct compiling *compiling)
{
	const struct setting_sections *written = &compiling->format->written.values;
	const struct written_values *items = written->items;
	struct own_fill *fill = &compiling->format->fill;
	struct own_table *tables = make(compiling, written->n + 1, sizeof(*tables));

	for (size_t i = 0; tables != NULL && i < written->n; i++)
		compile_table(compiling, &items[i], &tables[fill->n_tables++]);
	fill->tables = tables;
}

/* ---- patterns ------------------------------------------------------------------------ */

static struct own_end *make_end(
	struct compiling *compiling, const struct own_part *parts, unsigned n)
{
	struct own_end *end = make(compiling, 1, sizeof(*end));
	struct own_target *targets = make(compiling, n + 1, sizeof(*targets));

	if (end == NULL || targets == NULL)
		return NULL;
	*end = (struct own_end){.targets = targets,
		.pattern = compiling->number,
		.partly = compiling->pattern == NULL};
	for (unsigned i = 0; i < n; i++) {
		if (parts[i].shape.kind != OWN_LITERAL)
			targets[end->n++] = parts[i].target;
	}
	return end;
}

/* Of a pattern that every line fits nothing can be learnt. */
static bool says_something(const struct own_part *parts, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		enum own_kind kind = parts[i].shape.kind;
		bool is_text = kind == OWN_LITERAL && slice_trim(parts[i].shape.text).len > 0;

		if (is_text || (kind > OWN_BLANKS && kind < OWN_PATH) || kind == OWN_KEYVALUE)
			return true;
	}
	return false;
}

static bool on_way(void *user, const struct own_part *parts, unsigned n, struct err *err)
{
	struct compiling *compiling = user;
	const struct own_end *end = make_end(compiling, parts, n), *same = NULL;

	if (end == NULL)
		return err_set(err, "the file needs too much memory");
	if (!end->partly && !says_something(parts, n))
		return err_set(err, "any line fits the pattern: give it some text, or a type "
				    "that not every word is");
	if (own_tree_add(compiling->format->tree, parts, n, end, &same, err))
		return true;
	/* What can be left out or not may come to the same; a pattern that takes any rest does
	 * what the prefix alone would. */
	if (same != NULL && (same->pattern == compiling->number || end->partly))
		return true;
	if (same != NULL)
		return err_set(err, "the pattern fits the same lines as pattern %u",
			same->pattern + 1);
	return false;
}

static bool on_nothing(void *user, const struct own_part *parts, unsigned n, struct err *err)
{
	(void)user;
	(void)parts;
	(void)n;
	(void)err;
	return true;
}

/* Its mistakes are told once. */
static bool check_prefix(struct compiling *compiling)
{
	struct own_format *format = compiling->format;
	struct err err;

	if (own_pattern_read(slice_str(format->written.prefix), SLICE_LIT(""),
		    compiling->module, &format->arena, on_nothing, NULL, &err))
		return true;
	wrong(compiling, &format->written.prefix, err.text);
	return false;
}

static void compile_pattern(
	struct compiling *compiling, const struct written_pattern *pattern, unsigned number)
{
	struct own_format *format = compiling->format;
	struct err err;

	compiling->pattern = pattern;
	compiling->number = number;
	if (!own_pattern_read(slice_str(format->written.prefix), slice_str(pattern->match),
		    compiling->module, &format->arena, on_way, compiling, &err))
		wrong(compiling, &pattern->match, err.text);
}

/* For lines that have the prefix and a wording that no pattern knows. A prefix may need the
 * text that patterns begin with, and have no such rest. */
static void compile_prefix(struct compiling *compiling, unsigned number)
{
	struct own_format *format = compiling->format;
	struct err err;

	compiling->pattern = NULL;
	compiling->number = number;
	if (format->written.prefix[0] != '\0')
		(void)!own_pattern_read(slice_str(format->written.prefix),
			SLICE_LIT("%{rest:message}"), compiling->module, &format->arena, on_way,
			compiling, &err);
}

static void compile_all_constants(struct compiling *compiling)
{
	struct own_format *format = compiling->format;
	const struct written_pattern *patterns = format->written.patterns.items;
	size_t n = format->written.patterns.n;
	struct own_constants *constants = make(compiling, n + 1, sizeof(*constants));

	for (size_t i = 0; constants != NULL && i < n; i++)
		fill_constants(compiling, &patterns[i].set, &constants[i]);
	if (constants != NULL)
		fill_constants(compiling, NULL, &constants[n]);
	format->fill.constants = constants;
}

static void compile_patterns(struct compiling *compiling)
{
	struct own_format *format = compiling->format;
	const struct written_pattern *patterns = format->written.patterns.items;
	unsigned n = (unsigned)format->written.patterns.n;
	struct err err;

	format->tree = own_tree_new(&format->arena);
	if (format->tree == NULL || !check_prefix(compiling))
		return;
	for (unsigned i = 0; i < n; i++)
		compile_pattern(compiling, &patterns[i], i);
	compile_prefix(compiling, n);
	if (!own_tree_finish(format->tree, &err))
		wrong(compiling, &format->written.patterns, err.text);
}

/* ---- the parser ----------------------------------------------------------------------- */

static bool is_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		char byte = name.ptr[i];
		bool letter = (byte >= 'a' && byte <= 'z') || is_digit(byte);

		if (!letter && (i == 0 || (byte != '-' && byte != '_')))
			return false;
	}
	return name.len > 0 && name.len <= OWN_NAME_MAX;
}

bool own_name_check(struct slice name, struct err *err)
{
	if (!is_name(name))
		return err_set(err,
			"the name of a format is 1 to %d letters a-z, digits, '-' and '_'",
			OWN_NAME_MAX);
	if (parser_by_name(name) != NULL || slice_eq(name, SLICE_LIT("auto")))
		return err_set(err, "a format of that name is built in");
	return true;
}

static void set_zone(struct compiling *compiling)
{
	struct own_format *format = compiling->format;
	char rule[ZONE_RULE_MAX];
	struct err err;

	if (format->written.zone[0] == '\0')
		return;
	format->has_zone = zone_find(format->written.zone, rule, &err) &&
			   zone_parse(slice_str(rule), &format->zone);
	if (!format->has_zone)
		wrong(compiling, &format->written.zone, "there is no such time zone");
}

static void set_module(struct compiling *compiling)
{
	struct own_format *format = compiling->format;

	compiling->module =
		slice_str(format->written.module[0] ? format->written.module : format->name);
	if (!is_name(compiling->module))
		wrong(compiling, &format->written.module,
			"a module is letters a-z, digits, '-' and '_'");
}

static void set_programs(struct compiling *compiling)
{
	const struct setting_texts *programs = &compiling->format->written.programs;

	for (size_t i = 0; i < programs->n; i++) {
		compiling->format->programs[i] = programs->items[i];
		if (programs->items[i][0] == '\0')
			wrong(compiling, &programs->items[i], "a program has a name");
	}
}

static void set_parser(struct compiling *compiling)
{
	struct own_format *format = compiling->format;
	const struct written_format *written = &format->written;

	format->parser = (struct parser){
		.number = (uint16_t)written->number,
		.roles = (written->lines ? (unsigned)PARSER_ENVELOPE : 0) |
			 (written->messages ? (unsigned)PARSER_ANY_PROGRAM : 0),
		.name = format->name,
		.module = compiling->module.ptr,
		.summary = written->summary,
		.source = written->source,
		.programs = format->programs,
		.parse = parse,
	};
	if (own_tree_first_bytes(format->tree, format->first_bytes))
		format->parser.first_bytes = format->first_bytes;
}

static void compile(struct compiling *compiling)
{
	set_module(compiling);
	set_zone(compiling);
	set_programs(compiling);
	compile_names(compiling);
	compile_tables(compiling);
	compile_all_constants(compiling);
	compile_patterns(compiling);
	if (compiling->mistakes.n > 0)
		return;
	set_parser(compiling);
	own_samples_check(&compiling->format->parser, compiling->format->conf,
		&compiling->format->written, &compiling->mistakes);
}

/* ---- life ------------------------------------------------------------------------------ */

static struct slice name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct slice name = slice_str(slash ? slash + 1 : path);

	return slice_ends(name, SLICE_LIT(".yaml")) ? slice_head(name, name.len - 5) : name;
}

static bool set_name(struct own_format *format, const char *path, struct strbuf *out)
{
	struct mistakes mistakes = mistakes_into(out, path);
	struct slice name = name_of(path);
	struct err err;

	if (!own_name_check(name, &err)) {
		mistake_add(&mistakes, (struct pos){0}, "%s", err.text);
		return false;
	}
	memcpy(format->name, name.ptr, name.len);
	return true;
}

struct own_format *own_format_parse(
	const char *path, struct slice text, struct strbuf *mistakes)
{
	struct own_format *format = calloc(1, sizeof(*format));
	struct compiling compiling = {
		.format = format, .mistakes = mistakes_into(mistakes, path)};
	bool good = false;

	if (format == NULL)
		abort();
	atomic_init(&format->refs, 1);
	arena_init(&format->arena, ARENA_MAX);
	if (set_name(format, path, mistakes))
		format->conf = conf_parse(
			path, text, written_format_table, &format->written, mistakes);
	if (format->conf != NULL) {
		compile(&compiling);
		good = mistakes_end(&compiling.mistakes);
	}
	if (good)
		return format;
	own_format_unref(format);
	return NULL;
}

struct own_format *own_format_ref(struct own_format *format)
{
	atomic_fetch_add(&format->refs, 1);
	return format;
}

void own_format_unref(struct own_format *format)
{
	if (format == NULL || atomic_fetch_sub(&format->refs, 1) > 1)
		return;
	conf_free(format->conf);
	arena_done(&format->arena);
	free(format);
}

const struct parser *own_format_parser(const struct own_format *format)
{
	return &format->parser;
}
