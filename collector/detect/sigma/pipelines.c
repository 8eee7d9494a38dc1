#include "collector/detect/sigma/pipelines.h"

#include <stdlib.h>

#include "collector/detect/sigma/pipeline_files.h"
#include "collector/detect/sigma/rule_files.h"
#include "common/file.h"

/* A field's other names, or, without a field, names before it. */
struct row {
	struct log_source of;
	struct slice field;
	const struct slice *names;
	size_t n;
};

struct placeholder {
	struct slice name;
	const struct slice *values;
	size_t n;
};

struct pipelines {
	struct arena *arena;
	struct tree *trees[PIPELINE_FILES_MAX];
	size_t n_trees;
	struct definition *definitions;
	size_t n_definitions;
	struct row *rows;
	size_t n_rows;
	struct placeholder *placeholders;
	size_t n_placeholders;
};

/* ---- reading --------------------------------------------------------------- */

struct reading {
	struct pipelines *pipelines;
	struct mistakes *mistakes;
	const char *file;
};

static void wrong(struct reading *reading, const struct tree_node *node, const char *what)
{
	mistake_add(reading->mistakes, tree_pos(node), "%s", what);
}

/* One text, or a list of them. */
static bool read_texts(struct reading *reading, const struct tree_node *node,
	const struct slice **texts, size_t *n)
{
	size_t count = node->kind == TREE_LIST ? node->n : 1;
	struct slice *copy =
		arena_alloc(reading->pipelines->arena, (count + 1) * sizeof(*copy));

	for (size_t i = 0; copy != NULL && i < count; i++) {
		const struct tree_node *text = node->kind == TREE_LIST ? node->items[i] : node;

		if (text->kind != TREE_TEXT) {
			wrong(reading, text, "a text should stand here");
			return false;
		}
		copy[i] = arena_copy(reading->pipelines->arena, text->text);
	}
	*texts = copy;
	*n = copy ? count : 0;
	return copy != NULL;
}

static void add_row(struct reading *reading, const struct log_source *of, struct slice field,
	const struct tree_node *names)
{
	struct pipelines *pipelines = reading->pipelines;
	struct row row = {.of = *of, .field = field};

	if (pipelines->n_rows == PIPELINE_ROWS_MAX) {
		wrong(reading, names, "too many fields");
		return;
	}
	if (read_texts(reading, names, &row.names, &row.n))
		pipelines->rows[pipelines->n_rows++] = row;
}

static void read_names(
	struct reading *reading, const struct log_source *of, const struct tree_node *names)
{
	if (names->kind != TREE_MAP) {
		wrong(reading, names, "names: a mapping of fields should stand here");
		return;
	}
	for (size_t i = 0; i < names->n; i++)
		add_row(reading, of,
			arena_copy(reading->pipelines->arena, tree_key(names, i)->text),
			tree_value(names, i));
}

static void check_keys(
	struct reading *reading, const struct tree_node *map, const char *const *known)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct tree_node *key = tree_key(map, i);
		const char *const *one = known;

		while (*one != NULL && !slice_eq(key->text, slice_str(*one)))
			one++;
		if (*one == NULL)
			mistake_add(reading->mistakes, tree_pos(key), "unknown key %s",
				MISTAKE_TEXT(key->text));
	}
}

static void read_fields(struct reading *reading, const struct tree_node *entry)
{
	static const char *const known[] = {"of", "names", "under", NULL};
	const struct tree_node *of = map_value(entry, "of");
	const struct tree_node *names = map_value(entry, "names");
	const struct tree_node *under = map_value(entry, "under");
	struct log_source source = {0};

	if (entry->kind != TREE_MAP) {
		wrong(reading, entry, "an entry is a mapping: of, names, under");
		return;
	}
	check_keys(reading, entry, known);
	if (of != NULL &&
		!log_source_read(of, reading->pipelines->arena, &source, reading->mistakes))
		return;
	if (names != NULL)
		read_names(reading, &source, names);
	if (under != NULL)
		add_row(reading, &source, SLICE_NONE, under);
}

static void add_definition(
	struct reading *reading, const struct log_source *source, const struct tree_node *when)
{
	struct pipelines *pipelines = reading->pipelines;

	if (pipelines->n_definitions == PIPELINE_DEFINITIONS_MAX)
		wrong(reading, when, "too many log sources");
	else
		pipelines->definitions[pipelines->n_definitions++] = (struct definition){
			.source = *source, .when = when, .file = reading->file};
}

/* Each entry of a list is a definition of its own, so that each has its witness. */
static void read_definition(struct reading *reading, const struct tree_node *entry)
{
	static const char *const known[] = {"category", "product", "service", "when", NULL};
	const struct tree_node *when;
	struct log_source source;

	if (entry->kind != TREE_MAP || (when = map_value(entry, "when")) == NULL) {
		wrong(reading, entry, "an entry has category, product or service, and when");
		return;
	}
	check_keys(reading, entry, known);
	if (!log_source_read(entry, reading->pipelines->arena, &source, reading->mistakes))
		return;
	if (log_source_parts(&source) == 0)
		wrong(reading, entry, "neither category nor product nor service");
	else if (when->kind == TREE_LIST && when->n > 0)
		for (size_t i = 0; i < when->n; i++)
			add_definition(reading, &source, when->items[i]);
	else
		add_definition(reading, &source, when);
}

static void read_list(struct reading *reading, const struct tree_node *list,
	void (*one)(struct reading *, const struct tree_node *))
{
	if (list->kind != TREE_LIST) {
		wrong(reading, list, "a list should stand here");
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		one(reading, list->items[i]);
}

static void read_placeholders(struct reading *reading, const struct tree_node *map)
{
	struct pipelines *pipelines = reading->pipelines;

	if (map->kind != TREE_MAP) {
		wrong(reading, map, "placeholders: a mapping of lists should stand here");
		return;
	}
	for (size_t i = 0; i < map->n; i++) {
		struct placeholder read = {
			.name = arena_copy(pipelines->arena, tree_key(map, i)->text)};

		if (pipelines->n_placeholders == PIPELINE_ROWS_MAX) {
			wrong(reading, map, "too many placeholders");
			return;
		}
		if (read_texts(reading, tree_value(map, i), &read.values, &read.n))
			pipelines->placeholders[pipelines->n_placeholders++] = read;
	}
}

static void read_root(struct reading *reading, const struct tree_node *root)
{
	static const char *const known[] = {"log-sources", "fields", "placeholders", NULL};
	const struct tree_node *node;

	if (root->kind != TREE_MAP) {
		wrong(reading, root,
			"a mapping should stand here: log-sources, fields, placeholders");
		return;
	}
	check_keys(reading, root, known);
	if ((node = map_value(root, "log-sources")) != NULL)
		read_list(reading, node, read_definition);
	if ((node = map_value(root, "fields")) != NULL)
		read_list(reading, node, read_fields);
	if ((node = map_value(root, "placeholders")) != NULL)
		read_placeholders(reading, node);
}

static void read_file(void *user, const char *path, struct slice text, struct strbuf *said)
{
	struct pipelines *pipelines = user;
	struct slice name = arena_copy(pipelines->arena, slice_of(path, strlen(path) + 1));
	struct mistakes mistakes;
	struct reading reading;
	struct tree *tree;

	if (slice_absent(name) || pipelines->n_trees == PIPELINE_FILES_MAX) {
		strbuf_addf(said, "%s: too many pipelines\n", path);
		return;
	}
	mistakes = mistakes_into(said, name.ptr);
	reading = (struct reading){
		.pipelines = pipelines, .mistakes = &mistakes, .file = name.ptr};
	tree = tree_parse(text, &mistakes);
	if (tree != NULL) {
		pipelines->trees[pipelines->n_trees++] = tree;
		if (tree_root(tree) != NULL)
			read_root(&reading, tree_root(tree));
	}
	mistakes_end(&mistakes);
}

struct pipelines *pipelines_load(const char *dir, struct arena *arena, struct strbuf *mistakes)
{
	struct pipelines *pipelines = calloc(1, sizeof(*pipelines));

	if (pipelines == NULL)
		abort();
	pipelines->arena = arena;
	pipelines->definitions =
		calloc(PIPELINE_DEFINITIONS_MAX, sizeof(*pipelines->definitions));
	pipelines->rows = calloc(PIPELINE_ROWS_MAX, sizeof(*pipelines->rows));
	pipelines->placeholders = calloc(PIPELINE_ROWS_MAX, sizeof(*pipelines->placeholders));
	if (pipelines->definitions == NULL || pipelines->rows == NULL ||
		pipelines->placeholders == NULL)
		abort();
	if (dir != NULL)
		rule_files_read(dir, read_file, pipelines, mistakes);
	else
		for (const struct builtin_file *file = pipeline_files; file->name != NULL;
			file++)
			read_file(pipelines, file->name, file->bytes, mistakes);
	return pipelines;
}

void pipelines_free(struct pipelines *pipelines)
{
	if (pipelines == NULL)
		return;
	for (size_t i = 0; i < pipelines->n_trees; i++)
		tree_free(pipelines->trees[i]);
	free(pipelines->definitions);
	free(pipelines->rows);
	free(pipelines->placeholders);
	free(pipelines);
}

/* ---- asking ------------------------------------------------------------------ */

size_t pipelines_definitions(
	const struct pipelines *pipelines, const struct definition **definitions)
{
	*definitions = pipelines->definitions;
	return pipelines->n_definitions;
}

static struct slice name_under(struct arena *arena, struct slice before, struct slice field)
{
	char *name = arena_alloc(arena, before.len + 1 + field.len);

	if (name == NULL)
		return SLICE_NONE;
	memcpy(name, before.ptr, before.len);
	name[before.len] = '.';
	memcpy(name + before.len + 1, field.ptr, field.len);
	return slice_of(name, before.len + 1 + field.len);
}

size_t pipelines_names(const struct pipelines *pipelines, const struct log_source *source,
	struct slice field, struct arena *arena, struct slice *names)
{
	size_t n = 0;

	names[n++] = field;
	for (int under = 0; under < 2; under++) {
		for (size_t i = 0; i < pipelines->n_rows; i++) {
			const struct row *row = &pipelines->rows[i];

			if (slice_absent(row->field) != (under == 1) ||
				!log_source_holds(&row->of, source) ||
				(!under && !slice_eq(row->field, field)))
				continue;
			for (size_t k = 0; k < row->n && n < PIPELINE_NAMES_MAX; k++)
				names[n++] = under ? name_under(arena, row->names[k], field)
						   : row->names[k];
		}
	}
	return n;
}

const struct slice *pipelines_placeholder(
	const struct pipelines *pipelines, struct slice name, size_t *n)
{
	for (size_t i = 0; i < pipelines->n_placeholders; i++) {
		if (slice_eq(pipelines->placeholders[i].name, name)) {
			*n = pipelines->placeholders[i].n;
			return pipelines->placeholders[i].values;
		}
	}
	return NULL;
}
