#include "collector/detect/sigma/rule_class.h"

#include <stdlib.h>

#include "collector/detect/sigma/class_files.h"
#include "common/file.h"

enum { TEXTS_SIZE_MAX = 4 << 20 }; /* bytes of tags and log sources */

/* Without tags any rule fits, without sources likewise. */
struct entry {
	enum attack_class class;
	struct slice *tags;
	size_t n_tags;
	struct log_source *sources;
	size_t n_sources;
};

struct rule_classes {
	struct arena arena;
	struct entry entries[RULE_CLASSES_MAX];
	size_t n;
};

struct reading {
	struct rule_classes *classes;
	struct mistakes *mistakes;
};

/* ---- reading --------------------------------------------------------------------- */

static bool wrong(struct reading *reading, const struct tree_node *node, const char *what)
{
	mistake_add(reading->mistakes, tree_pos(node), "%s", what);
	return false;
}

/* CLASS_COUNT when no attack has the name. */
static enum attack_class class_named(struct slice name)
{
	for (enum attack_class class = CLASS_NONE + 1; class < CLASS_COUNT; class ++) {
		if (slice_eq_nocase(name, slice_str(attack_class_name(class))))
			return class;
	}
	return CLASS_COUNT;
}

/* Room for one of each item of the list `node`, which must be one. */
static void *make_room(struct reading *reading, const struct tree_node *node, size_t size)
{
	void *room;

	if (node->kind != TREE_LIST || node->n == 0) {
		(void)wrong(reading, node, "a list should stand here");
		return NULL;
	}
	room = arena_alloc(&reading->classes->arena, node->n * size);
	if (room == NULL)
		(void)wrong(reading, node, "too many of them");
	return room;
}

static bool read_tags(
	struct reading *reading, const struct tree_node *list, struct entry *entry)
{
	entry->tags = make_room(reading, list, sizeof(*entry->tags));
	for (size_t i = 0; entry->tags != NULL && i < list->n; i++) {
		const struct tree_node *tag = list->items[i];

		if (tag->kind != TREE_TEXT || tag->text.len == 0)
			return wrong(reading, tag, "a tag like attack.t1059 should stand here");
		entry->tags[i] = arena_copy(&reading->classes->arena, tag->text);
		if (slice_absent(entry->tags[i]))
			return wrong(reading, tag, "too many tags");
		entry->n_tags++;
	}
	return entry->tags != NULL;
}

static bool read_sources(
	struct reading *reading, const struct tree_node *list, struct entry *entry)
{
	entry->sources = make_room(reading, list, sizeof(*entry->sources));
	for (size_t i = 0; entry->sources != NULL && i < list->n; i++) {
		const struct tree_node *source = list->items[i];

		if (source->kind != TREE_MAP)
			return wrong(reading, source,
				"a log source like {category: antivirus} should stand here");
		if (!log_source_read(source, &reading->classes->arena, &entry->sources[i],
			    reading->mistakes))
			return false;
		if (log_source_parts(&entry->sources[i]) == 0)
			return wrong(
				reading, source, "neither category nor product nor service");
		entry->n_sources++;
	}
	return entry->sources != NULL;
}

static bool read_class(
	struct reading *reading, const struct tree_node *map, struct entry *entry)
{
	const struct tree_node *name = map_value(map, "class");

	if (name == NULL || name->kind != TREE_TEXT)
		return wrong(reading, map, "class: the name of a class is missing");
	entry->class = class_named(name->text);
	if (entry->class == CLASS_COUNT)
		mistake_add(reading->mistakes, tree_pos(name), "no class is called %s",
			MISTAKE_TEXT(name->text));
	return entry->class != CLASS_COUNT;
}

static bool check_keys(struct reading *reading, const struct tree_node *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct tree_node *key = tree_key(map, i);

		if (!slice_eq(key->text, SLICE_LIT("class")) &&
			!slice_eq(key->text, SLICE_LIT("tags")) &&
			!slice_eq(key->text, SLICE_LIT("log-sources"))) {
			mistake_add(reading->mistakes, tree_pos(key), "unknown key %s",
				MISTAKE_TEXT(key->text));
			return false;
		}
	}
	return true;
}

static void read_entry(struct reading *reading, const struct tree_node *map)
{
	struct rule_classes *classes = reading->classes;
	const struct tree_node *tags = map_value(map, "tags");
	const struct tree_node *sources = map_value(map, "log-sources");
	struct entry entry = {0};

	if (map->kind != TREE_MAP || (tags == NULL && sources == NULL)) {
		(void)wrong(
			reading, map, "an entry has a class, and tags, log-sources or both");
		return;
	}
	if (!check_keys(reading, map) || !read_class(reading, map, &entry) ||
		(tags != NULL && !read_tags(reading, tags, &entry)) ||
		(sources != NULL && !read_sources(reading, sources, &entry)))
		return;
	if (classes->n == RULE_CLASSES_MAX)
		(void)wrong(reading, map, "too many entries");
	else
		classes->entries[classes->n++] = entry;
}

static void read_root(struct reading *reading, const struct tree_node *root)
{
	const struct tree_node *list = root ? map_value(root, "classes") : NULL;

	if (list == NULL || root->n != 1 || list->kind != TREE_LIST) {
		mistake_add(reading->mistakes, root ? tree_pos(root) : (struct pos){.line = 1},
			"one key should stand here, classes, with a list");
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		read_entry(reading, list->items[i]);
}

static void read_text(
	struct rule_classes *classes, const char *path, struct slice text, struct strbuf *said)
{
	struct mistakes mistakes = mistakes_into(said, path);
	struct reading reading = {.classes = classes, .mistakes = &mistakes};
	struct tree *tree = tree_parse(text, &mistakes);

	if (tree != NULL)
		read_root(&reading, tree_root(tree));
	tree_free(tree);
	mistakes_end(&mistakes);
}

struct rule_classes *rule_classes_load(const char *path, struct strbuf *mistakes)
{
	struct rule_classes *classes = calloc(1, sizeof(*classes));
	struct strbuf text = STRBUF_INIT(RULE_CLASSES_SIZE_MAX);
	struct err err;

	if (classes == NULL)
		abort();
	arena_init(&classes->arena, TEXTS_SIZE_MAX);
	if (path == NULL)
		read_text(classes, class_files[0].name, class_files[0].bytes, mistakes);
	else if (file_read(path, &text, &err))
		read_text(classes, path, strbuf_slice(&text), mistakes);
	else
		strbuf_addf(mistakes, "%s\n", err.text);
	strbuf_done(&text);
	return classes;
}

void rule_classes_free(struct rule_classes *classes)
{
	if (classes == NULL)
		return;
	arena_done(&classes->arena);
	free(classes);
}

/* ---- asking ------------------------------------------------------------------------ */

enum attack_class rule_class_of_tag(struct slice tag)
{
	const struct slice head = SLICE_LIT("soc.class.");

	if (tag.len < head.len || !slice_eq_nocase(slice_head(tag, head.len), head))
		return CLASS_NONE;
	return class_named(slice_from(tag, head.len));
}

/* "attack.t1059" is also "attack.t1059.001". */
static bool is_of_tag(struct slice tag, struct slice wide)
{
	return tag.len >= wide.len && slice_eq_nocase(slice_head(tag, wide.len), wide) &&
	       (tag.len == wide.len || tag.ptr[wide.len] == '.');
}

static bool has_tag(const struct entry *entry, const struct sigma_rule *rule)
{
	for (size_t i = 0; i < rule->n_tags; i++) {
		for (size_t k = 0; k < entry->n_tags; k++) {
			if (is_of_tag(rule->tags[i], entry->tags[k]))
				return true;
		}
	}
	return entry->n_tags == 0;
}

static bool has_source(const struct entry *entry, const struct sigma_rule *rule)
{
	for (size_t i = 0; i < entry->n_sources; i++) {
		if (log_source_holds(&entry->sources[i], &rule->source))
			return true;
	}
	return entry->n_sources == 0;
}

enum attack_class rule_class(const struct rule_classes *classes, const struct sigma_rule *rule)
{
	for (size_t i = 0; i < rule->n_tags; i++) {
		enum attack_class class = rule_class_of_tag(rule->tags[i]);

		if (class != CLASS_NONE && class != CLASS_COUNT)
			return class;
	}
	for (size_t i = 0; i < classes->n; i++) {
		const struct entry *entry = &classes->entries[i];

		if (has_tag(entry, rule) && has_source(entry, rule))
			return entry->class;
	}
	return CLASS_OTHER;
}
