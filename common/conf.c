/*
 * The YAML tree (tree.h) is walked beside the table: keys of the file in their
 * order, then defaults for what was not given. A default is read by the same
 * code as a value in the file. The tree is gone afterwards; texts and lists
 * live in the conf's arena, and a sorted array knows where each member stood.
 */
#include "common/conf.h"

#include <assert.h>
#include <stdlib.h>

#include "common/arena.h"
#include "common/conf_value.h"
#include "common/file.h"
#include "common/nearest.h"
#include "common/tree.h"

enum {
	ARENA_MAX = 256 << 20,
	TABLE_LINES_MAX = 128,
};

/* Where the value of a member was written. */
struct place {
	uintptr_t member;
	unsigned line, column;
};

struct conf {
	struct arena arena;
	char *name;
	struct place *places; /* sorted once all is read */
	size_t n_places, places_room;
};

struct reader {
	struct conf *conf;
	struct conf_values values;
};

static void read_table(struct reader *reader, const struct setting *table, const char *name,
	const struct tree_node *map, struct pos at, char *base);

static void remember(struct conf *conf, const void *member, const struct tree_node *node)
{
	if (node->line == 0)
		return;
	if (conf->n_places == conf->places_room) {
		conf->places_room = conf->places_room ? 2 * conf->places_room : 64;
		conf->places = realloc(conf->places, conf->places_room * sizeof(*conf->places));
		if (conf->places == NULL)
			abort();
	}
	conf->places[conf->n_places++] = (struct place){
		.member = (uintptr_t)member, .line = node->line, .column = node->column};
}

static bool check_n(
	struct reader *reader, const struct setting *setting, struct pos at, size_t n)
{
	struct strbuf range = STRBUF_INIT(128);

	if (conf_value_in_range(setting, n))
		return true;
	conf_value_range(setting, &range);
	mistake_add(reader->values.mistakes, at, "'%s' must have %s, not %zu", setting->key,
		strbuf_cstr(&range), n);
	strbuf_done(&range);
	return false;
}

/* Zeroed room for `n` items; NULL with a mistake when the file is too large. */
static void *make_items(struct reader *reader, struct pos at, size_t n, size_t size)
{
	size_t bytes = n * size; /* n <= TREE_NODES_MAX */
	void *items = arena_alloc(&reader->conf->arena, bytes);

	if (items == NULL)
		mistake_add(reader->values.mistakes, at, "too many items in one file");
	else
		memset(items, 0, bytes);
	return items;
}

static void read_texts(struct reader *reader, const struct setting *setting,
	const struct tree_node *list, struct setting_texts *member)
{
	bool paths = setting->kind == SETTING_PATHS;

	if (!conf_value_is(&reader->values, setting->key, list, TREE_LIST) ||
		!check_n(reader, setting, tree_pos(list), list->n))
		return;

	const char **items = make_items(reader, tree_pos(list), list->n, sizeof(*items));
	if (items == NULL)
		return;
	for (size_t i = 0; i < list->n; i++) {
		if (conf_value_text(
			    &reader->values, setting->key, paths, list->items[i], &items[i]))
			remember(reader->conf, &items[i], list->items[i]);
	}
	*member = (struct setting_texts){.items = items, .n = list->n};
}

static void read_sections(struct reader *reader, const struct setting *setting,
	const struct tree_node *list, struct setting_sections *member)
{
	if (!conf_value_is(&reader->values, setting->key, list, TREE_LIST) ||
		!check_n(reader, setting, tree_pos(list), list->n))
		return;

	char *items = make_items(reader, tree_pos(list), list->n, setting->size);
	if (items == NULL)
		return;
	for (size_t i = 0; i < list->n; i++) {
		const struct tree_node *item = list->items[i];

		if (conf_value_is(&reader->values, setting->key, item, TREE_MAP))
			read_table(reader, setting->table, setting->key, item, tree_pos(item),
				items + i * setting->size);
	}
	*member = (struct setting_sections){.items = items, .n = list->n};
}

static size_t count_values(const struct tree_node *map)
{
	size_t n = 0;

	for (size_t i = 0; i < map->n; i++) {
		const struct tree_node *value = tree_value(map, i);

		n += value->kind == TREE_LIST ? value->n : 1;
	}
	return n;
}

static void read_pair(struct reader *reader, const struct tree_node *key,
	const struct tree_node *value, struct setting_pair *pair)
{
	*pair = (struct setting_pair){.key = "", .value = ""};
	if (conf_value_text(&reader->values, "key", false, key, &pair->key))
		remember(reader->conf, &pair->key, key);
	if (conf_value_text(&reader->values, pair->key, false, value, &pair->value))
		remember(reader->conf, &pair->value, value);
}

static void read_pairs(struct reader *reader, const struct setting *setting,
	const struct tree_node *map, struct setting_pairs *member)
{
	size_t n = 0;

	if (!conf_value_is(&reader->values, setting->key, map, TREE_MAP) ||
		!check_n(reader, setting, tree_pos(map), map->n))
		return;

	struct setting_pair *items =
		make_items(reader, tree_pos(map), count_values(map), sizeof(*items));
	for (size_t i = 0; items != NULL && i < map->n; i++) {
		const struct tree_node *key = tree_key(map, i), *value = tree_value(map, i);

		if (value->kind != TREE_LIST)
			read_pair(reader, key, value, &items[n++]);
		for (size_t j = 0; value->kind == TREE_LIST && j < value->n; j++)
			read_pair(reader, key, value->items[j], &items[n++]);
	}
	*member = (struct setting_pairs){.items = items, .n = n};
}

/* A section of which every line is commented out is there, with its defaults. */
static void read_section(struct reader *reader, const struct setting *setting,
	const struct tree_node *map, char *member)
{
	struct pos at = tree_pos(map);

	if (tree_is_null(map))
		map = NULL;
	else if (!conf_value_is(&reader->values, setting->key, map, TREE_MAP))
		return;
	read_table(reader, setting->table, setting->key, map, at, member);
}

static void read_member(struct reader *reader, const struct setting *setting,
	const struct tree_node *node, char *base)
{
	void *member = base + setting->offset;

	switch (setting->kind) {
	case SETTING_SECTION:
		read_section(reader, setting, node, member);
		return; /* its first member has the same address */
	case SETTING_SECTIONS:
		read_sections(reader, setting, node, member);
		break;
	case SETTING_TEXTS:
	case SETTING_PATHS:
		read_texts(reader, setting, node, member);
		break;
	case SETTING_PAIRS:
		read_pairs(reader, setting, node, member);
		break;
	case SETTING_END:
	case SETTING_TEXT:
	case SETTING_PATH:
	case SETTING_FLAG:
	case SETTING_COUNT:
	case SETTING_BYTES:
	case SETTING_DURATION:
	case SETTING_CHOICE:
		if (!conf_value_read(&reader->values, setting, node, member))
			return;
		break;
	}
	remember(reader->conf, member, node);
}

/* ---- defaults ------------------------------------------------------------- */

static bool is_list(enum setting_kind kind)
{
	return kind == SETTING_TEXTS || kind == SETTING_PATHS || kind == SETTING_SECTIONS ||
	       kind == SETTING_PAIRS;
}

/* Positions of a default are of its own text: line 0 says so to remember(). */
static void read_standard_list(struct reader *reader, const struct setting *setting, char *base)
{
	struct tree *tree = tree_parse(slice_str(setting->standard), reader->values.mistakes);

	assert(tree != NULL && tree_root(tree) != NULL);

	size_t n_places = reader->conf->n_places;
	read_member(reader, setting, tree_root(tree), base);
	reader->conf->n_places = n_places;
	tree_free(tree);
}

static void read_standard(struct reader *reader, const struct setting *setting, char *base)
{
	struct tree_node node = {
		.kind = TREE_TEXT,
		.plain = setting->kind == SETTING_COUNT || setting->kind == SETTING_FLAG,
		.text = slice_str(setting->standard),
	};
	unsigned before = reader->values.mistakes->n;

	if (is_list(setting->kind))
		read_standard_list(reader, setting, base);
	else
		read_member(reader, setting, &node, base);
	assert(reader->values.mistakes->n == before); /* else the table is wrong */
	(void)before;
}

static void report_missing(struct reader *reader, const struct setting *setting,
	const char *section, struct pos at)
{
	if (section == NULL)
		mistake_add(reader->values.mistakes, at, "key '%s' is missing", setting->key);
	else
		mistake_add(reader->values.mistakes, at, "key '%s' is missing in '%s'",
			setting->key, section);
}

static void read_absent(struct reader *reader, const struct setting *setting,
	const char *section, struct pos at, char *base)
{
	if (setting->kind == SETTING_SECTION)
		read_table(
			reader, setting->table, setting->key, NULL, at, base + setting->offset);
	else if (setting->standard != NULL)
		read_standard(reader, setting, base);
	else if (!is_list(setting->kind) || setting->min > 0)
		report_missing(reader, setting, section, at);
}

/* ---- tables --------------------------------------------------------------- */

static const struct setting *find_setting(const struct setting *table, struct slice key)
{
	for (const struct setting *setting = table; setting->key != NULL; setting++) {
		if (slice_eq(key, slice_str(setting->key)))
			return setting;
	}
	return NULL;
}

static void report_unknown(
	struct reader *reader, const struct setting *table, const struct tree_node *key)
{
	struct nearest nearest = {.word = key->text};
	struct strbuf known = STRBUF_INIT(ERR_TEXT_MAX);

	for (const struct setting *setting = table; setting->key != NULL; setting++) {
		nearest_offer(&nearest, setting->key);
		strbuf_addf(&known, "%s%s", setting == table ? "" : ", ", setting->key);
	}
	if (nearest.best != NULL)
		mistake_add(reader->values.mistakes, tree_pos(key),
			"unknown key %s, nearest is '%s'", MISTAKE_TEXT(key->text),
			nearest.best);
	else
		mistake_add(reader->values.mistakes, tree_pos(key),
			"unknown key %s; known here: %s", MISTAKE_TEXT(key->text),
			strbuf_cstr(&known));
	strbuf_done(&known);
}

static void read_table(struct reader *reader, const struct setting *table, const char *name,
	const struct tree_node *map, struct pos at, char *base)
{
	bool given[TABLE_LINES_MAX] = {false};

	for (size_t i = 0; map != NULL && i < map->n; i++) {
		const struct tree_node *key = tree_key(map, i);
		const struct setting *setting = find_setting(table, key->text);

		if (setting == NULL) {
			report_unknown(reader, table, key);
			continue;
		}
		given[setting - table] = true;
		read_member(reader, setting, tree_value(map, i), base);
	}
	for (size_t i = 0; table[i].key != NULL; i++) {
		assert(i < TABLE_LINES_MAX);
		if (!given[i])
			read_absent(reader, &table[i], name, at, base);
	}
}

/* ---- files ---------------------------------------------------------------- */

static int by_member(const void *a, const void *b)
{
	const struct place *one = a, *two = b;

	return one->member < two->member ? -1 : one->member > two->member;
}

static struct conf *conf_new(const char *name)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	if (conf == NULL || (conf->name = strdup(name)) == NULL)
		abort();
	arena_init(&conf->arena, ARENA_MAX);
	return conf;
}

void conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	arena_done(&conf->arena);
	free(conf->places);
	free(conf->name);
	free(conf);
}

static struct slice folder_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slice_of(name, (size_t)(slash - name) + 1) : SLICE_NONE;
}

static void read_root(struct reader *reader, const struct setting *table,
	const struct tree *tree, void *settings)
{
	const struct tree_node *root = tree_root(tree);
	struct pos at = {.line = 1, .column = 1};

	if (root != NULL && tree_is_null(root))
		root = NULL;
	if (root != NULL && root->kind != TREE_MAP) {
		mistake_add(reader->values.mistakes, tree_pos(root),
			"a settings file is a mapping of keys, not %s "
			"(is a blank missing behind a ':'?)",
			tree_kind_name(root));
		return;
	}
	read_table(reader, table, NULL, root, root ? tree_pos(root) : at, settings);
}

struct conf *conf_parse(const char *name, struct slice text, const struct setting *table,
	void *settings, struct strbuf *mistakes)
{
	struct conf *conf = conf_new(name);
	struct mistakes found = mistakes_into(mistakes, conf->name);
	struct reader reader = {
		.conf = conf,
		.values = {.arena = &conf->arena,
			.folder = folder_of(name),
			.mistakes = &found},
	};
	struct tree *tree = tree_parse(text, &found);

	if (tree != NULL)
		read_root(&reader, table, tree, settings);
	tree_free(tree);
	if (!mistakes_end(&found)) {
		conf_free(conf);
		return NULL;
	}
	if (conf->n_places > 0)
		qsort(conf->places, conf->n_places, sizeof(*conf->places), by_member);
	return conf;
}

struct conf *conf_load(
	const char *path, const struct setting *table, void *settings, struct strbuf *mistakes)
{
	struct strbuf text = STRBUF_INIT(CONF_FILE_MAX);
	struct conf *conf = NULL;
	struct err err;

	if (file_read(path, &text, &err))
		conf = conf_parse(path, strbuf_slice(&text), table, settings, mistakes);
	else
		strbuf_addf(mistakes, "%s\n", err.text);
	strbuf_done(&text);
	return conf;
}

struct pos conf_at(const struct conf *conf, const void *member)
{
	struct place wanted = {.member = (uintptr_t)member};
	const struct place *place = NULL;

	if (conf->n_places > 0)
		place = bsearch(
			&wanted, conf->places, conf->n_places, sizeof(wanted), by_member);
	return (struct pos){.file = conf->name,
		.line = place ? place->line : 0,
		.column = place ? place->column : 0};
}
