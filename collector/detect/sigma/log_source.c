#include "collector/detect/sigma/log_source.h"

#include "collector/detect/sigma/pattern.h"
#include "common/utf8.h"

const char *const log_source_keys[LOG_SOURCE_PARTS] = {"category", "product", "service"};

const struct tree_node *map_value(const struct tree_node *map, const char *key)
{
	for (size_t i = 0; map->kind == TREE_MAP && i < map->n; i++) {
		if (slice_eq(tree_key(map, i)->text, slice_str(key)))
			return tree_value(map, i);
	}
	return NULL;
}

static bool read_part(const struct tree_node *node, const char *key, struct arena *arena,
	struct slice *part, struct mistakes *mistakes)
{
	char *copy;

	if (node == NULL || tree_is_null(node))
		return true;
	if (node->kind != TREE_TEXT) {
		mistake_add(mistakes, tree_pos(node), "%s: %s, where a text should stand", key,
			tree_kind_name(node));
		return false;
	}
	copy = arena_alloc(arena, node->text.len + 1);
	if (copy == NULL) {
		mistake_add(mistakes, tree_pos(node), "too many rules");
		return false;
	}
	fold_case(node->text, copy);
	*part = slice_of(copy, node->text.len);
	return true;
}

bool log_source_read(const struct tree_node *map, struct arena *arena,
	struct log_source *source, struct mistakes *mistakes)
{
	*source = (struct log_source){0};
	for (size_t i = 0; i < LOG_SOURCE_PARTS; i++) {
		const char *key = log_source_keys[i];

		if (!read_part(map_value(map, key), key, arena, &source->parts[i], mistakes))
			return false;
	}
	return true;
}

bool log_source_holds(const struct log_source *wide, const struct log_source *narrow)
{
	for (size_t i = 0; i < LOG_SOURCE_PARTS; i++) {
		if (!slice_absent(wide->parts[i]) &&
			!slice_eq(wide->parts[i], narrow->parts[i]))
			return false;
	}
	return true;
}

bool log_source_eq(const struct log_source *a, const struct log_source *b)
{
	return log_source_holds(a, b) && log_source_holds(b, a);
}

unsigned log_source_parts(const struct log_source *source)
{
	unsigned n = 0;

	for (size_t i = 0; i < LOG_SOURCE_PARTS; i++)
		n += !slice_absent(source->parts[i]);
	return n;
}

void log_source_show(const struct log_source *source, struct strbuf *out)
{
	size_t start = out->len;

	for (size_t i = 0; i < LOG_SOURCE_PARTS; i++) {
		if (slice_absent(source->parts[i]))
			continue;
		strbuf_addf(out, "%s%s ", out->len > start ? ", " : "", log_source_keys[i]);
		utf8_show(out, source->parts[i]);
	}
	if (out->len == start)
		strbuf_add_str(out, "any");
}
